//! The five reads of the first two agencies: found and absent, through the real wires.

use sandbox::questions::{about, act_by_dossier, act_by_registration};
use sandbox::world::PROVINCE;
use serde_json::{Value, json};
use simulators::{Module, Person};

use crate::harness::Town;

/// Somebody who is in no register.
fn nobody(person: &Person) -> Value {
    let mut query = about(person);
    query["full_name"] = json!("TRẦN THỊ THỬ KHÔNG CÓ");
    query
}

#[tokio::test]
async fn residence_person() {
    let town = Town::usual().await;
    let register = town.register();
    let people = [
        town.person(),
        register.year_only(),
        register.nine_digit_only(),
        register.whole_name_in_given(),
        register.decomposed_name(),
        register.mixed_case_name(),
        register.old_address(),
        register.no_residence(),
        register.unknown_ethnicity(),
        register.foreign(),
    ];
    for person in people {
        let told = town.one_stop.ask("residence.person", about(person)).await.unwrap();
        assert_eq!((told.status, told.word()), (200, "found"), "{:?}: {}", person.awkward, told.body);
        let told_id =
            |name: &str| told.at("/data").get(name).and_then(Value::as_str).unwrap_or_default().to_string();
        assert_eq!((told_id("personal_id"), told_id("old_id")), (person.id.clone(), person.old_id.clone()));
        assert_eq!(told.at("/data/birth_date"), &json!(person.born.iso()), "{:?}", person.awkward);
        assert_eq!(told.at("/source/agency"), "residence");
        assert_eq!(told.at("/source/service"), "residence.person");
        assert_eq!(told.at("/source/cache"), "miss");
        assert!(told.at("/source/retrieved_at").as_str().unwrap().ends_with("+07:00"));
    }
    let unknown = town.one_stop.ask("residence.person", about(register.unknown_ethnicity())).await.unwrap();
    assert_eq!(unknown.at("/data/ethnicity/title"), &Value::Null, "{}", unknown.body);

    let told = town.one_stop.ask("residence.person", nobody(town.person())).await.unwrap();
    assert_eq!((told.status, told.word(), told.at("/data")), (200, "absent", &Value::Null));
}

#[tokio::test]
async fn residence_verify() {
    let town = Town::usual().await;
    let told = town.one_stop.ask("residence.verify", about(town.person())).await.unwrap();
    assert_eq!((told.word(), told.at("/data/verified")), ("found", &json!(true)), "{}", told.body);
    let told = town.one_stop.ask("residence.verify", nobody(town.person())).await.unwrap();
    assert_eq!((told.status, told.word()), (200, "absent"), "{}", told.body);
}

#[tokio::test]
async fn residence_household() {
    let town = Town::usual().await;
    let person = town.register().ordinary().find(|person| person.household.is_some()).unwrap();
    let household = town.register().household_of(person).unwrap();
    let told = town.one_stop.ask("residence.household", about(person)).await.unwrap();
    assert_eq!(told.word(), "found", "{}", told.body);
    let members = told.at("/data/members").as_array().unwrap();
    assert_eq!(members.len(), household.members.len());
    assert!(members.iter().any(|member| member["personal_id"] == json!(person.id)));
    let told = town.one_stop.ask("residence.household", nobody(person)).await.unwrap();
    assert_eq!((told.status, told.word()), (200, "absent"), "{}", told.body);
}

#[tokio::test]
async fn civil_status_record() {
    let town = Town::usual().await;
    let acts = town.register().registrations();
    for module in [Module::Birth, Module::Death, Module::Marriage] {
        let act = acts.iter().find(|act| act.module == module && act.province == PROVINCE).unwrap();
        for query in [act_by_dossier(act), act_by_registration(act)] {
            let told = town.one_stop.ask("civil-status.record", query).await.unwrap();
            assert_eq!(told.word(), "found", "{module:?}: {}", told.body);
            assert_eq!(told.at("/data/number"), &json!(act.number));
            assert_eq!(told.at("/data/book"), &json!(act.book));
            assert_eq!(told.at("/data/registered_on"), &json!(act.registered_on.iso()));
        }
    }
    // The register says "nothing" in two ways; both are absent.
    for number in 900..910 {
        let query = json!({ "kind": "birth", "number": number.to_string(), "book": "99/2099" });
        let told = town.one_stop.ask("civil-status.record", query).await.unwrap();
        assert_eq!((told.status, told.word()), (200, "absent"), "{}", told.body);
    }
}

#[tokio::test]
async fn civil_status_dossier_status() {
    let town = Town::usual().await;
    for (state, word) in [(0, "error"), (1, "received"), (2, "supplement"), (3, "eligible"), (4, "finished")]
    {
        let dossier = town.register().dossier_in_state(state).unwrap();
        let query = json!({ "dossier": dossier.code, "office": dossier.unit });
        let told = town.one_stop.ask("civil-status.dossier-status", query).await.unwrap();
        assert_eq!((told.word(), told.at("/data/state")), ("found", &json!(word)), "{}", told.body);
    }
    let dossier = town.register().dossier_in_state(1).unwrap();
    let query = json!({ "dossier": "H56.14-250812-9999", "office": dossier.unit });
    let told = town.one_stop.ask("civil-status.dossier-status", query).await.unwrap();
    assert_eq!((told.status, told.word()), (200, "absent"), "{}", told.body);
}

#[tokio::test]
async fn a_second_question_of_the_same_dossier_asks_the_agency_once() {
    let town = Town::usual().await;
    for expected in ["miss", "hit"] {
        let told = town.one_stop.ask("residence.person", about(town.person())).await.unwrap();
        assert_eq!(told.at("/source/cache"), expected);
        assert!(told.header("cache-status").is_some_and(|header| header.starts_with("lienthong;")));
    }
    assert_eq!(town.simulators().residence().requests_of("TraCuuThongTinCongDan"), 1);
    let narrow = town.connector.ask("residence.person", about(town.person())).await.unwrap();
    assert_eq!(narrow.at("/source/cache"), "hit");
    let seen: Vec<&String> = narrow.at("/data").as_object().unwrap().keys().collect();
    assert_eq!(seen.len(), 2, "masked on the way out of the same cache: {seen:?}");
}

#[tokio::test]
async fn an_expired_token_of_the_carrier_costs_one_login_and_nobody_notices() {
    let town = Town::usual().await;
    let dossier = town.register().dossier_in_state(1).unwrap();
    let query = json!({ "dossier": dossier.code, "office": dossier.unit });
    for _ in 0..3 {
        let told = town.one_stop.ask("civil-status.dossier-status", query.clone()).await.unwrap();
        assert_eq!(told.word(), "found", "{}", told.body);
        town.simulators().expire_tokens();
    }
    assert_eq!(town.simulators().lgsp().counts().tokens_issued, 3);
}
