//! Several agencies in one answer: whom it is about, what they contradict each other in, and what a gap costs.

use std::collections::BTreeMap;

use sandbox::questions::{about, act_by_registration, profile_of};
use sandbox::world::PROVINCE;
use sandbox::{Told, WorldOptions};
use serde_json::{Value, json};
use simulators::{Aspect, Disagreement, Misbehaviour, Module, Party, Person, Registration, Times};

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

/// What of the register's ten contradictory people a profile calls a contradiction. The tone mark's place, a date less
/// precise and the old code of the same commune are only other ways to write the same.
const CONTRADICTED: [&[&str]; 10] = [
    &[],
    &["full_name"],
    &["full_name"],
    &["full_name"],
    &["birth_date"],
    &[],
    &["birth_date"],
    &[],
    &["residence.commune"],
    &["birth_date", "full_name", "residence.commune"],
];

/// Whether this agency says otherwise than the population register.
fn told_otherwise(found: &Disagreement, party: Party) -> bool {
    found.says.iter().any(|(who, said)| *who == party && *said != found.says[0].1)
}

/// Who says what of a field, in the register and in a profile; an address by its commune, as tax tells it in code.
fn opinions(found: &Disagreement) -> BTreeMap<&'static str, String> {
    let agency = |party: Party| match party {
        Party::Residence => Some("residence"),
        Party::CivilStatus => Some("civil-status"),
        Party::SocialInsurance if found.aspect != Aspect::Address => Some("social-insurance"),
        Party::Tax => Some("tax"),
        _ => None,
    };
    let told = |said: &str| match found.aspect {
        Aspect::Address => said.split(['/', ' ']).nth(1).unwrap().to_owned(),
        Aspect::Name | Aspect::BirthDate => said.to_owned(),
    };
    found.says.iter().filter_map(|(party, said)| Some((agency(*party)?, told(said)))).collect()
}

#[tokio::test]
async fn agencies_that_contradict_each_other_are_all_shown() {
    let (home, mut elsewhere) = (Town::usual().await, BTreeMap::new());
    let register = home.register();
    let mut about: BTreeMap<usize, Vec<&Disagreement>> = BTreeMap::new();
    for found in register.disagreeing() {
        about.entry(found.person).or_default().push(found);
    }
    assert_eq!(about.len(), CONTRADICTED.len());
    for ((person, found), expected) in about.into_iter().zip(CONTRADICTED) {
        let person = register.person(person).unwrap();
        // A birth stands in the register of its own province, and is asked there by whoever it is told otherwise of.
        let birth = register.registration_of(person, Module::Birth).unwrap();
        let is_asked = found.iter().any(|found| told_otherwise(found, Party::CivilStatus));
        let town = if is_asked {
            if !elsewhere.contains_key(&birth.province) {
                let options = WorldOptions { province: birth.province.clone(), ..WorldOptions::default() };
                elsewhere.insert(birth.province.clone(), Town::with(options).await);
            }
            &elsewhere[&birth.province]
        } else {
            &home
        };
        let told = profile(town, profile_of(person, is_asked.then_some(birth))).await;
        let conflicts = told.at("/conflicts").as_array().unwrap();
        let mut fields: Vec<&str> = conflicts.iter().map(|one| one["field"].as_str().unwrap()).collect();
        fields.sort_unstable();
        assert_eq!(fields, expected, "{}", told.body);
        for conflict in conflicts {
            let aspect = match conflict["field"].as_str().unwrap() {
                "full_name" => Aspect::Name,
                "birth_date" => Aspect::BirthDate,
                _ => Aspect::Address,
            };
            let values = conflict["values"].as_array().unwrap().iter();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let said: BTreeMap<String, String> =
                values.map(|said| (text(&said["agency"]), text(&said["value"]))).collect();
            let kept = opinions(found.iter().find(|found| found.aspect == aspect).unwrap());
            for (agency, value) in kept.iter().filter(|(agency, _)| is_asked || **agency != "civil-status") {
                assert_eq!(said.get(*agency), Some(value), "{agency}: {}", told.body);
            }
        }
    }
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
