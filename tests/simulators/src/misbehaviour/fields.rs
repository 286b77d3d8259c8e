//! Spoils single fields of a JSON answer, the same way for every agency that speaks JSON.

use serde_json::{Value, json};

use super::Misbehaviour as M;

/// A required field is renamed, gone, or of another type; nothing happens for any other kind.
pub(crate) fn spoil(row: &mut Value, misbehaviour: Option<&M>, field: &str, renamed: &str) {
    let Some(fields) = row.as_object_mut() else { return };
    match misbehaviour {
        Some(M::SchemaDrift) => {
            let value = fields.remove(field).unwrap_or_default();
            fields.insert(renamed.to_owned(), value);
        }
        Some(M::MissingField) => drop(fields.shift_remove(field)),
        Some(M::WrongType) => drop(fields.insert(field.to_owned(), json!({ "giaTri": ["lạ"] }))),
        _ => {}
    }
}

/// A state that no list knows.
pub(crate) fn unknown_state(row: &mut Value, misbehaviour: Option<&M>, field: &str, state: Value) {
    if misbehaviour == Some(&M::UnknownState)
        && let Some(own) = row.get_mut(field)
    {
        *own = state;
    }
}

/// The record asked for, that of somebody else, or both as a list.
pub(crate) fn choose(misbehaviour: Option<&M>, right: Value, other: Value) -> Value {
    match misbehaviour {
        Some(M::WrongPerson) => other,
        Some(M::TwoPeople) => json!([right, other]),
        _ => right,
    }
}
