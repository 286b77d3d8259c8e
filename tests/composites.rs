//! Several agencies in one answer: whom it is about, what they contradict each other in, and what a gap costs.

use sandbox::Told;
use sandbox::questions::{about, act_by_registration, profile_of};
use sandbox::world::PROVINCE;
use serde_json::{Value, json};
use simulators::{Aspect, Misbehaviour, Module, Party, Person, Registration, Times};

use crate::harness::Town;

async fn profile(town: &Town, query: Value) -> Told {
    let told = town.one_stop.ask("person.profile", query).await.unwrap();
    assert_eq!(told.status, 200, "{}", told.body);
    told
}

/// What became of each part.
fn statuses(told: &Told) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let parts = told.at("/parts").as_array().unwrap();
    parts.iter().map(|part| (text(&part["name"]), text(&part["status"]))).collect()
}

fn act(town: &Town, module: Module, whose: impl Fn(&Registration) -> bool) -> Registration {
    let mut acts = town.register().registrations().iter();
    acts.find(|act| act.module == module && act.province == PROVINCE && whose(act)).unwrap().clone()
}

/// Who stands in an act, by the simulated register's own numbers.
fn person_of(town: &Town, act: &Registration) -> Person {
    act.subjects.iter().find_map(|id| town.register().by_id(id)).unwrap().clone()
}

#[tokio::test]
async fn another_name_opens_nobodys_profile() {
    let town = Town::usual().await;
    let mut query = about(town.person());
    query["full_name"] = json!("TRẦN THỊ THỬ KHÁC HẲN");
    let told = profile(&town, query).await;
    assert_eq!((told.word(), told.at("/data")), ("absent", &Value::Null), "{}", told.body);
    assert_eq!(statuses(&told)[0], ("residence".into(), "absent".into()));
    assert!(!told.body.to_string().contains(&town.person().name.full()), "the number alone opens nothing");
}

#[tokio::test]
async fn somebody_elses_record_is_a_contradiction_and_ones_own_is_none() {
    let town = Town::usual().await;
    let person = town.person().clone();
    let theirs = act(&town, Module::Death, |act| !act.subjects.contains(&person.id));
    let told = profile(&town, profile_of(&person, Some(&theirs))).await;
    let conflict = told.at("/conflicts/0");
    assert_eq!(conflict["field"], "full_name", "{}", told.body);
    let said = conflict["values"].as_array().unwrap();
    assert!(said.iter().any(|said| said["agency"] == "civil-status"), "{conflict}");

    let own = act(&town, Module::Marriage, |act| act.subjects.iter().all(|id| !id.is_empty()));
    let married = person_of(&town, &own);
    let told = profile(&town, profile_of(&married, Some(&own))).await;
    assert_eq!(told.at("/conflicts"), &json!([]), "of the two a marriage names one is enough: {}", told.body);
    assert_eq!(told.at("/data/registration/number"), &act_by_registration(&own)["number"]);
}

#[tokio::test]
async fn whatever_tax_says_otherwise_is_shown_beside_the_others() {
    let town = Town::usual().await;
    let otherwise = town.register().disagreeing().iter().filter(|found| {
        let said = found.says.iter().find(|(party, _)| *party == Party::Tax);
        found.aspect == Aspect::Name && said.is_some_and(|(_, said)| said != &found.says[0].1)
    });
    let mut seen = 0;
    for found in otherwise {
        let person = town.register().person(found.person).unwrap();
        let told = profile(&town, profile_of(person, None)).await;
        let values = told.at("/conflicts/0/values").as_array().unwrap();
        let of =
            |agency: &str| values.iter().find(|said| said["agency"] == agency).map(|said| &said["value"]);
        let tax = found.says.iter().find(|(party, _)| *party == Party::Tax).unwrap();
        assert_eq!(of("tax"), Some(&json!(tax.1)), "{}", told.body);
        assert_eq!(of("residence"), Some(&json!(found.says[0].1)), "{}", told.body);
        seen += 1;
    }
    assert!(seen >= 2, "the register has too few contradictions");
}

#[tokio::test]
async fn one_agency_that_fails_costs_its_own_part_alone() {
    let town = Town::usual().await;
    town.simulators().tax().misbehave(Misbehaviour::HtmlPage, Times::Always).unwrap();
    let told = profile(&town, profile_of(town.person(), None)).await;
    assert_eq!((told.word(), told.at("/complete")), ("found", &json!(false)));
    let parts = statuses(&told);
    assert!(parts.contains(&("tax".into(), "failed".into())), "{parts:?}");
    assert_eq!(parts.iter().filter(|(_, status)| status == "ok").count(), parts.len() - 1);
    assert_eq!(told.at("/parts/2/problem/agency"), "tax");
}

#[tokio::test]
async fn a_form_is_filled_with_a_source_for_every_value() {
    let town = Town::usual().await;
    for (procedure, role, field) in
        [("1.000656", "deceased", "deceased_full_name"), ("1.001193", "mother", "mother_full_name")]
    {
        let query = json!({ "procedure": procedure, "people": { role: about(town.person()) } });
        let told = town.one_stop.ask("forms.prefill", query).await.unwrap();
        assert_eq!((told.status, told.word()), (200, "found"), "{procedure}: {}", told.body);
        let fields = told.at("/data/fields").as_array().unwrap();
        let named = fields.iter().find(|one| one["name"] == field);
        assert_eq!(named.unwrap()["value"], town.person().name.full());
        assert!(fields.iter().all(|one| one["source"]["agency"] == "residence"));
    }
}
