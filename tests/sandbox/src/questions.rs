//! How the people and papers of the simulated register are asked for.

use serde_json::{Value, json};
use simulators::{Module, Person, Registration};

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
