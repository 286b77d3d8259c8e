//! Composites, forms and addresses end to end, over four fake ministries and the repository's own files.

use std::time::Duration;

use adapter_api::diagnostic::Source;
use adapter_api::{Claim, Fault, Party, Reason, Waiting};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::conflict::Difference;
use super::{Answered, Composites, Together, plan};
use crate::audit::Entry;
use crate::fakes::ministries::{Manner, Ministries, read};
use crate::fakes::world::PERSONAL_ID;
use crate::refusal::{Failure, Refusal};

fn words(together: &Together) -> Vec<(&str, &str)> {
    together.parts.iter().map(|part| (part.name.as_str(), part.status.word())).collect()
}

fn data(together: &Together) -> &Value {
    together.data.as_ref().unwrap()
}

fn unavailable() -> Fault {
    Fault::Unavailable { party: Party::Agency, retry_after_s: None }
}

fn findings(failure: Failure) -> Vec<(Option<String>, Option<String>)> {
    let Failure::Refusal(Refusal::Invalid { findings }) = failure else { panic!("{failure:?}") };
    findings.into_iter().map(|finding| (finding.pointer, finding.code)).collect()
}

#[tokio::test(start_paused = true)]
async fn ministries_answer_as_one_and_each_is_audited() {
    let world = Ministries::default().build();
    let began = Instant::now();
    let profile = world.profile().await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_millis(200), "tax beside residence, insurance after it");
    assert_eq!(words(&profile), [("residence", "ok"), ("social_insurance", "ok"), ("tax", "ok")]);
    assert!(profile.complete && profile.conflicts.is_empty(), "{:?}", profile.conflicts);
    assert_eq!(data(&profile)["social_insurance"]["insurance_number"], "3800000001");
    assert_eq!(data(&profile)["tax"]["tax_code"], PERSONAL_ID);
    assert_eq!(data(&profile)["birth_date"], "1942", "residence first");
    assert_eq!(data(&profile).get("ethnicity"), None, "masked on its own road, though the whole may show it");
    let after = json!({ "full_name": "Nguyễn Văn Mẫu", "birth_date": "1942", "sex": "male", "birth_province": "38",
        "birth_district": "380", "birth_commune": "14812" });
    assert_eq!(world.asked_of("social-insurance"), [after]);
    assert!(world.asked_of("civil-status").is_empty());

    let permitted = |record: &crate::audit::Record| match &record.entry {
        Entry::Permitted { services, .. } => services.join(" "),
        Entry::Ended { result, .. } => result.clone(),
    };
    let mut appended: Vec<String> = world.audit.appended.lock().unwrap().iter().map(permitted).collect();
    appended.sort();
    assert_eq!(appended, ["residence.person", "social-insurance.person", "tax.taxpayer"]);
    let noted: Vec<String> = world.audit.noted.lock().unwrap().iter().map(permitted).collect();
    assert_eq!(noted, ["found"; 4], "three parts and the whole");
}

#[tokio::test(start_paused = true)]
async fn civil_status_is_asked_only_if_a_record_is_named() {
    let record = json!({ "id": "1", "kind": "birth", "number": "7", "book": "01/1942", "registered_on": "1942-03-20",
        "registered_at": "14812", "birth": { "full_name": "NGUYỄN VĂN MẨU", "sex": "male", "birth_date": "1942" } });
    let world = Ministries::default().with("civil-status", Manner::Answers(Some(record))).build();
    let query = json!({ "personal_id": PERSONAL_ID, "full_name": "Nguyễn Văn Mẫu", "birth_date": "1942",
        "registration": { "kind": "birth", "number": "7", "book": "01/1942" } });
    let profile = world.together("person.profile", query).await.unwrap();
    assert_eq!(words(&profile).last(), Some(&("civil_status", "ok")));
    assert_eq!(
        world.asked_of("civil-status"),
        [json!({ "kind": "birth", "number": "7", "book": "01/1942" })]
    );
    let [conflict] = profile.conflicts.as_slice() else { panic!("{:?}", profile.conflicts) };
    assert_eq!((conflict.field.as_str(), conflict.title.as_str()), ("full_name", "Họ và tên"));
    let said: Vec<(&str, &Value)> =
        conflict.values.iter().map(|said| (said.agency.as_str(), &said.value)).collect();
    assert_eq!(said.len(), 4);
    assert!(
        said.contains(&("residence", &json!("NGUYỄN VĂN MẪU")))
            && said.contains(&("civil-status", &json!("NGUYỄN VĂN MẨU")))
    );
}

#[tokio::test(start_paused = true)]
async fn an_optional_part_that_fails_makes_a_partial_answer() {
    let world = Ministries::default().with("tax", Manner::Fails(unavailable())).build();
    let profile = world.profile().await.unwrap();
    assert_eq!(words(&profile), [("residence", "ok"), ("social_insurance", "ok"), ("tax", "failed")]);
    assert!(!profile.complete);
    assert_eq!(data(&profile).get("tax"), None);
    let noted = world.audit.noted.lock().unwrap();
    assert_eq!(
        noted.back().map(|record| record.entry.clone()),
        Some(Entry::Ended {
            service: "person.profile".into(),
            result: "partial".into(),
            cache: Some("miss".into())
        })
    );
}

#[tokio::test(start_paused = true)]
async fn a_required_part_that_fails_is_the_wholes_fault() {
    let world = Ministries::default().with("residence", Manner::Fails(unavailable())).build();
    let Failure::Fault { fault, agency, .. } = world.profile().await.unwrap_err() else { panic!() };
    assert_eq!((fault, agency.as_str()), (unavailable(), "residence"));
    assert!(world.asked_of("social-insurance").is_empty(), "nothing to go by");
}

#[tokio::test(start_paused = true)]
async fn p7_a_hung_part_is_answered_for_by_the_deadline() {
    let world = Ministries::default().with("tax", Manner::Hangs).build();
    let began = Instant::now();
    let profile = world.profile().await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    assert_eq!(words(&profile), [("residence", "ok"), ("social_insurance", "ok"), ("tax", "failed")]);
    let failed = &profile.parts[2].status;
    let super::PartStatus::Failed(Failure::Fault { fault, agency, .. }) = failed else {
        panic!("{failed:?}")
    };
    assert_eq!((fault, agency.as_str()), (&Fault::DeadlineExceeded { waiting_for: Waiting::Agency }, "tax"));

    let world = Ministries::default().with("residence", Manner::Hangs).build();
    let began = Instant::now();
    let failure = world.profile().await.unwrap_err();
    assert_eq!((began.elapsed(), failure.code()), (Duration::from_secs(5), "deadline-exceeded"));
}

#[tokio::test(start_paused = true)]
async fn a_true_no_of_every_agency_is_absent_and_complete() {
    let nobody = || Manner::Answers(None);
    let world = Ministries::default().with("residence", nobody()).with("tax", nobody()).build();
    let profile = world.profile().await.unwrap();
    assert_eq!(words(&profile), [("residence", "absent"), ("social_insurance", "absent"), ("tax", "absent")]);
    assert!(profile.complete && profile.data.is_none());
}

#[tokio::test(start_paused = true)]
async fn differences_are_shown_with_each_agencys_value() {
    let other = |answer: &mut Value| {
        answer["birth_date"] = json!("1942-01-01");
        answer["sex"] = json!("female");
    };
    let profile = Ministries::default().answering("social-insurance", other).build().profile().await.unwrap();
    let found: Vec<(&str, Difference)> =
        profile.conflicts.iter().map(|conflict| (conflict.field.as_str(), conflict.kind)).collect();
    assert_eq!(found, [("birth_date", Difference::InventedDay), ("sex", Difference::Different)]);
}

#[tokio::test(start_paused = true)]
async fn conflicts_name_only_agencies_whose_field_is_permitted() {
    let wrong = |answer: &mut Value| answer["full_name"] = json!("TRẦN VĂN KHÁC");
    let rules = |insurance: &str, whole: &str| {
        format!(
            "{}\n{}",
            rule("parts", &["residence.*", "tax.*"], "[\"*\"]", "[]"),
            rule("insurance", &["social-insurance.*"], "[\"*\"]", insurance)
                + &rule("whole", &["person.profile"], "[\"*\"]", whole)
        )
    };
    let ask = |policy: String| async {
        let world = Ministries { policy, ..Ministries::default() }.answering("social-insurance", wrong);
        world.build().profile().await.unwrap()
    };
    assert_eq!(ask(rules("[]", "[]")).await.conflicts.len(), 1, "all permitted");
    assert!(ask(rules("[\"full_name\"]", "[]")).await.conflicts.is_empty(), "hidden at the agency");
    let hidden = ask(rules("[]", "[\"full_name\"]")).await;
    assert!(
        hidden.conflicts.is_empty() && hidden.data.unwrap().get("full_name").is_none(),
        "hidden in the whole"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_seen_in_part_of_the_whole_is_no_conflict_of_the_whole() {
    let born_in = |commune: &'static str| {
        move |answer: &mut Value| {
            answer["birth_registration"] = json!({ "province": "38", "commune": commune })
        }
    };
    let ask = |fields: &str| {
        let policy = rule("parts", &["residence.*", "tax.*", "social-insurance.*"], "[\"*\"]", "[]")
            + &rule("whole", &["person.profile"], fields, "[]");
        let world = Ministries { policy, ..Ministries::default() };
        let world =
            world.answering("residence", born_in("14812")).answering("social-insurance", born_in("14813"));
        let world = world.build();
        async move { world.profile().await.unwrap().conflicts.len() }
    };
    assert_eq!(ask("[\"birth_registration\"]").await, 1);
    assert_eq!(ask("[\"birth_registration.province\"]").await, 0, "an agency's value would tell the commune");
}

#[tokio::test(start_paused = true)]
async fn what_a_refused_record_contradicts_is_shown_to_whom_it_may_be() {
    let piece = json!({ "full_name": "TRẦN VĂN KHÁC", "birth_date": "1942" });
    let contradicting = || {
        let claim = Some(Claim::new(piece.clone()));
        Manner::Fails(Fault::Malformed(Reason { claim, ..Reason::default() }))
    };
    let told =
        Ministries::default().with("social-insurance", contradicting()).build().profile().await.unwrap();
    assert_eq!(words(&told)[1], ("social_insurance", "failed"));
    assert_eq!(told.data.unwrap().get("social_insurance"), None, "nothing of such a record is taken over");
    let [conflict] = told.conflicts.as_slice() else { panic!("{:?}", told.conflicts) };
    let of_insurance = conflict.values.iter().find(|said| said.agency == "social-insurance").unwrap();
    assert_eq!((conflict.field.as_str(), &of_insurance.value), ("full_name", &json!("TRẦN VĂN KHÁC")));

    let policy = rule("parts", &["residence.*", "tax.*", "person.profile"], "[\"*\"]", "[]")
        + &rule("insurance", &["social-insurance.*"], "[\"*\"]", "[\"full_name\"]");
    let hidden = Ministries { policy, ..Ministries::default() }.with("social-insurance", contradicting());
    assert!(hidden.build().profile().await.unwrap().conflicts.is_empty(), "hidden at the agency");
}

fn rule(name: &str, services: &[&str], fields: &str, except: &str) -> String {
    format!(
        "\n[[rules]]\nname = \"{name}\"\nclient = \"desk\"\nservices = {services:?}\nprocedures = [\"*\"]\n\
         fields = {fields}\nexcept = {except}\n"
    )
}

#[tokio::test(start_paused = true)]
async fn a_denied_part_says_so_and_a_hidden_field_is_not_used_either() {
    let policy = rule("whole", &["person.profile"], "[\"*\"]", "[]")
        + &rule("parts", &["social-insurance.*"], "[\"*\"]", "[]")
        + &rule("no sex", &["residence.*"], "[\"*\"]", "[\"sex\"]");
    let world = Ministries { policy, ..Ministries::default() }.build();
    let profile = world.profile().await.unwrap();
    assert_eq!(words(&profile), [("residence", "ok"), ("social_insurance", "denied"), ("tax", "denied")]);
    assert!(world.asked_of("tax").is_empty() && world.asked_of("social-insurance").is_empty());
    assert!(!profile.complete);
    let why = |at: usize| match &profile.parts[at].status {
        super::PartStatus::Denied(Refusal::Denied { what }) => *what,
        other => panic!("{other:?}"),
    };
    assert_eq!((why(1), why(2)), ("field", "service"));

    let only_parts = rule("parts", &["residence.*"], "[\"*\"]", "[]");
    let world = Ministries { policy: only_parts, ..Ministries::default() }.build();
    assert_eq!(world.profile().await.unwrap_err().code(), "denied", "the whole needs a right of its own");
}

#[tokio::test(start_paused = true)]
async fn an_earlier_answer_without_what_is_needed_fails_the_later_part_alone() {
    let query = "[answer]\nfull_name = \"$part.one.full_name\"\n[part.one]\nservice = \"residence.person\"\nrequired = true\n\
        query = { personal_id = \"personal_id\", full_name = \"full_name\", birth_date = \"birth_date\" }\n\
        [part.two]\nservice = \"tax.taxpayer\"\nafter = [\"one\"]\nquery = { tax_code = \"$part.one.old_id\" }\n";
    let file = Source { name: "x.toml".into(), text: format!("service = \"person.profile\"\n{query}") };
    let composite = plan::read(&file).unwrap();
    let services = [("person.profile".to_owned(), composite.into())].into();
    let composites = Composites { services, ..Composites::default() };
    let policy = rule("all", &["person.profile", "residence.*", "tax.*"], "[\"*\"]", "[]");
    let world = Ministries { composites, policy, ..Ministries::default() }.build();
    let profile = world.profile().await.unwrap();
    assert_eq!(words(&profile), [("one", "ok"), ("two", "failed")]);
    let failed = &profile.parts[1].status;
    assert!(
        matches!(
            failed,
            super::PartStatus::Failed(Failure::Fault { fault: Fault::Rejected { sent: false, .. }, .. })
        ),
        "{failed:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_before_the_question_is_sound() {
    let world = Ministries::default().build();
    let wrong = json!({ "personal_id": "038142000001", "full_name": "Nguyễn Văn Mẫu", "birth_date": "2942" });
    let told = findings(world.together("person.profile", wrong).await.unwrap_err());
    assert!(told.contains(&(Some("/query/birth_date".into()), Some("date-in-future".into()))), "{told:?}");
    assert!(world.asked.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_optional_part_nobody_answers_here_is_told_and_a_required_one_refused() {
    let policy = rule("all", &["person.profile", "residence.*"], "[\"*\"]", "[]");
    let mut few = Ministries { policy: policy.clone(), ..Ministries::default() };
    few.manners.remove("tax");
    let profile = few.build().profile().await.unwrap();
    assert_eq!(profile.parts[2].status.word(), "failed");
    assert_eq!(profile.parts[2].agency, "tax");

    let mut none = Ministries { policy: String::new(), ..Ministries::default() };
    none.manners.remove("residence");
    let unfit = none.try_build().err().unwrap();
    assert!(unfit.iter().any(|unfit| unfit.why.contains("nobody answers residence.person")), "{unfit:?}");
}

#[test]
fn a_write_is_no_part() {
    let world = Ministries { writes: &["tax.taxpayer"], policy: String::new(), ..Ministries::default() };
    let told: Vec<String> = world.try_build().err().unwrap().iter().map(|unfit| unfit.why.clone()).collect();
    assert!(told.contains(&"part.tax: tax.taxpayer writes and can be no part".to_owned()), "{told:?}");
}

fn person() -> Value {
    json!({ "personal_id": PERSONAL_ID, "full_name": "Nguyễn Văn Mẫu", "birth_date": "1942" })
}

#[tokio::test(start_paused = true)]
async fn a_form_is_filled_with_the_source_of_each_value() {
    let world = Ministries::default().build();
    let query = json!({ "procedure": "1.000656", "people": { "deceased": person() } });
    let form = world.together("forms.prefill", query).await.unwrap();
    assert_eq!(words(&form), [("deceased", "ok")], "nobody else is named");
    let fields = data(&form)["fields"].as_array().unwrap();
    let value = |name: &str| fields.iter().find(|field| field["name"] == name).map(|field| &field["value"]);
    assert_eq!(value("deceased_full_name"), Some(&json!("NGUYỄN VĂN MẪU")));
    assert_eq!(value("deceased_birth_date"), Some(&json!("1942")), "as far as it is known");
    assert_eq!(value("deceased_sex"), Some(&json!("Nam")), "in the form's own words");
    assert_eq!(value("deceased_nationality"), Some(&json!("Việt Nam")));
    assert_eq!(value("deceased_ethnicity"), None, "sensitive, and no rule allows it");
    assert_eq!(value("requester_full_name"), None);
    for field in fields {
        let source = json!({ "part": "deceased", "agency": "residence", "service": "residence.person",
            "retrieved_at": "2025-08-12T09:00:00.000+07:00" });
        assert_eq!(field["source"], source, "{field}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_birth_form_shows_whose_marriage_it_is_not() {
    let ask = |wife: &str| {
        let record = json!({ "id": "3", "kind": "marriage", "number": "3", "book": "01/2020", "registered_on": "2020-02-03",
            "registered_at": "14812", "marriage": { "husband": { "full_name": "LÊ VĂN THỬ" }, "wife": { "full_name": wife } } });
        let world = Ministries::default().with("civil-status", Manner::Answers(Some(record))).build();
        let query = json!({ "procedure": "1.001193", "people": { "mother": person() },
            "registration": { "kind": "marriage", "number": "3", "book": "01/2020" } });
        async move { world.together("forms.prefill", query).await.unwrap() }
    };
    let own = ask("Nguyễn Văn Mẫu").await;
    assert_eq!(own.conflicts, []);
    let fields = data(&own)["fields"].as_array().unwrap();
    let field = |name: &str| fields.iter().find(|field| field["name"] == name);
    assert_eq!(field("mother_full_name").unwrap()["source"]["part"], "mother");
    assert_eq!(field("marriage_registered_on").unwrap()["value"], "03/02/2020");
    assert_eq!(field("father_full_name"), None, "a husband is not the father before somebody says so");

    let others = ask("TRẦN THỊ THỬ").await;
    let [conflict] = others.conflicts.as_slice() else { panic!("{:?}", others.conflicts) };
    assert_eq!(
        (conflict.field.as_str(), conflict.title.as_str()),
        ("mother_full_name", "Họ, chữ đệm, tên mẹ")
    );
    let said: Vec<&str> = conflict.values.iter().map(|said| said.agency.as_str()).collect();
    assert_eq!(said, ["residence", "civil-status"]);
}

#[tokio::test(start_paused = true)]
async fn a_form_without_its_person_or_of_another_procedure_is_refused_before_anybody_is_asked() {
    let world = Ministries::default().build();
    let nobody = json!({ "procedure": "1.000656", "people": {} });
    let told = findings(world.together("forms.prefill", nobody).await.unwrap_err());
    assert_eq!(told, [(Some("/query/people/deceased/personal_id".into()), Some("required".into()))]);
    let other = json!({ "procedure": "1.000894", "people": { "deceased": person() } });
    let told = findings(world.together("forms.prefill", other).await.unwrap_err());
    assert_eq!(told, [(Some("/query/procedure".into()), Some("not-in-list".into()))]);
    assert!(world.asked.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_address_goes_the_same_road_and_asks_nobody() {
    let world = Ministries::default().build();
    let query = json!({ "province": "01", "district": "001", "commune": "00007" });
    let Answered::One(answer) = world.ask("address.convert", query).await.unwrap() else { panic!() };
    let data = answer.data.unwrap();
    assert_eq!((&data["commune"], &data["approximate"]), (&json!("00008"), &json!(true)));
    assert_eq!(data["candidates"].as_array().unwrap().len(), 2);
    assert_eq!(answer.source.agency, "lienthong");
    let strange = json!({ "province": "01", "district": "002", "commune": "00007" });
    let Answered::One(answer) = world.ask("address.convert", strange).await.unwrap() else { panic!() };
    assert_eq!(answer.data, None);
    assert!(world.asked.lock().unwrap().is_empty());
    assert_eq!(world.audit.appended.lock().unwrap().len(), 2, "audited like every other");
    assert!(world.engine.agencies().agencies.iter().all(|view| view.name != "lienthong"));
}

#[test]
fn every_name_in_a_composite_is_checked_when_it_is_loaded() {
    let text = r#"
        service = "person.profile"
        [part.residence]
        service = "residence.person"
        required = true
        query = { personal_id = "personal_nr", name = "full_name" }
        [part.tax]
        service = "tax.taxpayer"
        query = { tax_code = "$part.residence.personal_id" }
        [answer]
        full_name = "$part.residence.fullname"
        nickname = "$part.nobody.full_name"
        sex = "$parts.residence.sex"
        marital_status = { path = "$part.residence.marital_status", table = "martial" }
        [table.marital]
        single = "độc thân"
        [compare]
        sex = { as = "text", in = { residence = "sex" } }
    "#;
    let composite = plan::read(&Source { name: "x.toml".into(), text: text.into() }).unwrap();
    let mut composites = Composites::default();
    composites.services.insert("person.profile".into(), composite.into());
    let world = Ministries { composites, policy: String::new(), ..Ministries::default() };
    let told: Vec<String> = world.try_build().err().unwrap().iter().map(|unfit| unfit.why.clone()).collect();
    let expected = [
        "part.residence.query: the schema has no field name",
        "part.residence: the query has no field personal_nr",
        "part.tax: $part.residence.personal_id is drawn from, but not named in `after`",
        "answer: the schema has no field nickname",
        "answer: residence.person answers no field fullname",
        "answer: there is no part nobody",
        "answer: $parts.residence.sex begins with no root of a composite",
        "there is no table martial",
        "table.marital is used by nobody",
        "compare.sex: one part alone contradicts nobody",
    ];
    assert_eq!(told, expected);
    assert_eq!(read("forms/1.001193.toml").name, "1.001193");
}
