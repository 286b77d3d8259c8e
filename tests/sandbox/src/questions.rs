//! How the people and papers of the simulated register are asked for.

use serde_json::{Value, json};
use simulators::{Module, Person, Register, Registration, Sex};

use crate::world::PROVINCE;

/// The query that finds this person at the residence agency.
pub fn about(person: &Person) -> Value {
    let mut query = json!({ "full_name": person.name.full(), "birth_date": person.born.iso() });
    let (key, number) =
        if person.id.is_empty() { ("old_id", &person.old_id) } else { ("personal_id", &person.id) };
    if let Some(members) = query.as_object_mut() {
        members.insert(key.to_string(), json!(number));
    }
    query
}

/// The query for everything about this person, with the act that shall be looked up too.
pub fn profile_of(person: &Person, act: Option<&Registration>) -> Value {
    let mut query = about(person);
    if let (Some(members), Some(act)) = (query.as_object_mut(), act) {
        members.insert("registration".into(), act_by_registration(act));
    }
    query
}

/// A couple that married in the sample province, the mother first, with their act; the sample person is none of them.
pub fn couple(register: &Register) -> Option<(&Registration, &Person, &Person)> {
    let acts = register.registrations().iter();
    let mut married = acts.filter(|act| act.module == Module::Marriage && act.province == PROVINCE);
    married.find_map(|act| {
        let of = |sex| {
            let mut spouses = act.subjects.iter().filter_map(|id| register.by_id(id));
            spouses.find(|one| one.sex == sex && !one.id.is_empty() && one.id != register.sample().id)
        };
        Some((act, of(Sex::Female)?, of(Sex::Male)?))
    })
}

/// The query that fills in the form for the birth of a child of this couple.
pub fn birth_form_of((act, mother, father): (&Registration, &Person, &Person)) -> Value {
    json!({
        "procedure": "1.001193",
        "people": { "mother": about(mother), "father": about(father) },
        "registration": act_by_registration(act),
    })
}

/// The query that asks where a place of birth registration, told in the units before 1 July 2025, lies today.
pub fn address_before(person: &Person) -> Value {
    let at = &person.birth_registered_at;
    json!({ "province": at.province, "district": at.district, "commune": at.commune })
}

/// The query that finds this person at the social insurance, and the household, by name and place of birth.
pub fn insured(person: &Person) -> Value {
    let sex = match person.sex {
        Sex::Male => "male",
        Sex::Female => "female",
    };
    json!({
        "full_name": person.name.full(), "birth_date": person.born.iso(), "sex": sex,
        "birth_province": person.birth_registered_at.province,
    })
}

/// The query for what it costs to send papers from one province of the sample tariff to another.
pub fn papers_by_post() -> Value {
    let place = |province, district| json!({ "province": province, "district": district });
    json!({ "sender": place("44", "440"), "receiver": place("10", "100"), "weight_g": 100 })
}

/// The unit that a dossier's code begins with.
pub fn unit_of(dossier: &str) -> &str {
    dossier.split('-').next().unwrap_or_default()
}

/// The query that finds this act by the dossier it came from.
pub fn act_by_dossier(act: &Registration) -> Value {
    json!({ "kind": kind(act.module), "dossier": act.dossier })
}

/// The query that finds this act by its number and book.
pub fn act_by_registration(act: &Registration) -> Value {
    json!({ "kind": kind(act.module), "number": act.number, "book": act.book })
}

/// Our word for a module of the civil-status system.
pub fn kind(module: Module) -> &'static str {
    match module {
        Module::Birth => "birth",
        Module::Death => "death",
        Module::Marriage => "marriage",
    }
}
