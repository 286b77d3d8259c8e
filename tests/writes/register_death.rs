//! A death is pushed to the Ministry of Justice, polled, and registered once.

use super::*;

const SERVICE: &str = "civil-status.register-death";
const PUSH: &str = "nhanHoSoDKHT";
const POLL: &str = "traTrangThaiHoSoDKHT";

/// The dossier of this person's death, under the liên thông code of this number.
pub fn query(country: &Country, person: &Person, number: u32) -> Value {
    let place = json!({
        "province": person.place.new_province, "commune": person.place.new_commune, "detail": "Thôn 1",
    });
    json!({
        "chain_code": lt(number), "office": person.place.new_commune, "received_at": "2025-08-12T09:01:00+07:00",
        "kind": "on_time", "copies": 2,
        "deceased": {
            "full_name": person.name.full(), "sex": if person.sex.code() == "1" { "male" } else { "female" },
            "birth_date": person.born.iso(), "ethnicity": "Kinh", "nationality": "Việt Nam",
            "residence_kind": "permanent", "residence": place, "id_kind": "personal_id", "id_number": person.id,
        },
        "death": { "died_on": died().iso(), "died_at": "05:30", "place": place, "cause": "Tuổi già" },
        "notice": { "kind": "death_notice", "number": "12/GBT", "issued_on": "2025-08-11", "issuer": "Trạm y tế" },
        "declarant": {
            "full_name": "Nguyễn Văn Thử", "relation": "Con", "id_kind": "personal_id", "id_number": "038070000002",
            "residence": place,
        },
        "documents": [{
            "kind": "death_notice", "title": "Giấy báo tử", "file_name": "gbt.pdf", "file": country.paper(),
        }],
    })
}

pub fn push<'a>(country: &'a Country, person: &Person, number: u32) -> Write<'a> {
    Write::of(country, SERVICE, code(number), query(country, person, number))
}

/// Pushes a death and looks until it is registered; the result.
pub async fn register(country: &Country, person: &Person, number: u32) -> Value {
    let write = push(country, person, number);
    accepted(&write.send().await);
    pending(&write.look().await);
    pending(&write.look().await);
    completed(write.look().await)
}

fn done(country: &Country, number: u32) -> u64 {
    country.sims().civil_status().effects_of(PUSH, &lt(number))
}

#[tokio::test]
async fn it_is_received_worked_on_and_registered_with_its_certificate() {
    let country = Country::usual();
    let person = country.dying(0);
    let result = register(&country, &person, 7).await;
    let act = country.sims().death_of(&person.id).unwrap();
    assert_eq!((&result["number"], &result["book"]), (&json!(act.number), &json!(act.book)));
    assert_eq!(
        (&result["deceased"]["id_number"], &result["deceased"]["died_on"]),
        (&json!(person.id), &json!(died().iso()))
    );
    assert!(country.bytes(&result["certificate"]).starts_with(b"%PDF-"), "{result}");
    assert_eq!(done(&country, 7), 1);
    assert_eq!(country.sims().civil_status().counts().refusals, [].into());
}

#[tokio::test]
async fn a_second_send_is_received_already_and_does_nothing() {
    let country = Country::usual();
    let write = push(&country, &country.dying(0), 7);
    accepted(&write.send().await);
    already(&write.send().await);
    pending(&write.find().await);
    assert_eq!(done(&country, 7), 1);
}

#[tokio::test]
async fn a_lost_reply_is_found() {
    let country = Country::usual();
    let write = push(&country, &country.dying(0), 7);
    country.sims().civil_status().misbehave_on(PUSH, M::CommitThenDrop, Times::Times(1)).unwrap();
    write.send_into_silence().await;
    pending(&write.find().await);
    assert_eq!((done(&country, 7), country.sims().civil_status().requests_of(PUSH)), (1, 1));
}

#[tokio::test]
async fn what_is_done_late_is_not_there_and_then_is() {
    let country = Country::usual();
    let write = push(&country, &country.dying(0), 7);
    country.sims().civil_status().misbehave_on(PUSH, M::CommitLate, Times::Times(1)).unwrap();
    write.send_into_silence().await;
    assert_eq!(done(&country, 7), 0);
    assert_eq!(write.find().await, Outcome::Absent);
    pending(&write.find().await);
    assert_eq!(done(&country, 7), 1);
}

#[tokio::test]
async fn what_was_never_done_is_not_there_and_may_be_sent_again() {
    let country = Country::usual();
    let write = push(&country, &country.dying(0), 7);
    for lost in [M::DropBeforeCommit, M::ServerError { status: 500 }, M::HtmlPage] {
        country.sims().civil_status().misbehave_on(PUSH, lost, Times::Times(1)).unwrap();
        write.send_into_silence().await;
        assert_eq!((write.find().await, done(&country, 7)), (Outcome::Absent, 0));
    }
    accepted(&write.send().await);
    assert_eq!(done(&country, 7), 1);
}

#[tokio::test]
async fn an_error_after_the_deed_is_silence_and_no_refusal() {
    let country = Country::usual();
    let write = push(&country, &country.dying(0), 7);
    country.sims().civil_status().misbehave_on(PUSH, M::CommitThenError, Times::Times(1)).unwrap();
    write.send_into_silence().await;
    pending(&write.find().await);
}

#[tokio::test]
async fn nothing_leaves_without_a_lease_nor_without_a_connection() {
    let country = Country::usual();
    let write = push(&country, &country.dying(0), 7);
    write.leaves_nothing().await;
    // The token is fetched all the same; of the write nothing has come.
    assert_eq!((country.sims().civil_status().requests_of(PUSH), done(&country, 7)), (0, 0));
    country.sims().lgsp().misbehave(M::Refuse, Times::Always).unwrap();
    let heard = write.ask(Asked::Send, true).await;
    assert!(!heard.left && matches!(heard.result, Err(Fault::Unreachable { .. })), "{heard:?}");
}

#[tokio::test]
async fn whoever_is_closed_is_asked_once_and_the_worker_decides_when_again() {
    let country = Country::usual();
    let (write, agency) = (push(&country, &country.dying(0), 7), country.sims().civil_status());
    agency.misbehave(M::ServerError { status: 502 }, Times::Always).unwrap();
    for (asked, operation) in [(Asked::Send, PUSH), (Asked::Find, POLL)] {
        let heard = write.ask(asked, true).await;
        assert!(heard.result.is_err(), "{heard:?}");
        assert_eq!((heard.left, agency.requests_of(operation)), (asked == Asked::Send, 1), "{heard:?}");
    }
}

#[tokio::test]
async fn a_refusal_names_every_field() {
    let country = Country::usual();
    let mut write = push(&country, &country.dying(0), 7);
    // The intake would have stopped the first two; the agency's lists are longer than ours.
    write.query["deceased"]["id_number"] = json!("0380400000011");
    write.query["death"]["cause"] = json!("x".repeat(251));
    write.query["declarant"]["id_number"] = json!("12");
    let (code, findings) = refused(write.send().await);
    assert_eq!(code.as_deref(), Some("500"));
    let wrong = pointers(&findings);
    assert_eq!(
        wrong,
        [
            "/query/deceased/id_number",
            "/query/deceased/id_number",
            "/query/death/cause",
            "/query/declarant/id_number"
        ],
        "{findings:?}"
    );
    assert_eq!(done(&country, 7), 0);
}

#[tokio::test]
async fn an_office_nobody_knows_is_refused() {
    let country = Country::usual();
    let mut write = push(&country, &country.dying(0), 7);
    write.query["office"] = json!("99999");
    let (code, findings) = refused(write.send().await);
    assert_eq!((code.as_deref(), pointers(&findings)), (Some("106"), vec!["/query/office"]));
}

#[tokio::test]
async fn a_supplement_is_a_new_revision_of_the_same_dossier() {
    let country = Country::usual();
    let (mut write, agency) = (push(&country, &country.dying(0), 7), country.sims().civil_status());
    agency.set_pace(Pace::ByHand);
    accepted(&write.send().await);
    pending(&write.look().await);
    let standing = Standing::Supplement {
        wanted: "Bổ sung giấy báo tử".to_owned(),
        findings: Some("gbtSo không được để trống.".to_owned()),
        until: Some(died()),
    };
    assert!(agency.decide(&lt(7), standing));
    let wanted =
        Outcome::Supplement { wanted: "Bổ sung giấy báo tử".into(), until: Some(died().iso()) };
    assert_eq!(write.look().await, wanted);
    // A supplement raises the revision, and with it our reference; the liên thông code stays.
    write.reference = code(8);
    accepted(&write.send().await);
    pending(&write.find().await);
    already(&write.send().await);
    assert_eq!((done(&country, 7), agency.effects_of(&format!("{PUSH}{SUPPLEMENT}"), &lt(7))), (1, 1));
    assert!(agency.decide(&lt(7), Standing::Done { number: Some("77".to_owned()) }));
    assert_eq!(completed(write.look().await)["number"], "77");
}

#[tokio::test]
async fn a_refusal_on_the_merits_says_why() {
    let country = Country::usual();
    let write = push(&country, &country.dying(0), 7);
    accepted(&write.send().await);
    country
        .sims()
        .civil_status()
        .decide(&lt(7), Standing::Declined { reason: "Không đúng thẩm quyền".into() });
    assert_eq!(write.look().await, Outcome::Declined { reason: "Không đúng thẩm quyền".into(), code: None });
    assert_eq!(country.sims().civil_status().requests_of(POLL), 1);
}
