//! Puts titles where people read them and generators do not: a client's classes are named after `title`, and two schemas may
//! bear the same official words.

use serde_json::{Map, Value};

/// Members that hold values, not schemas: a `title` in there is data.
const VALUES: [&str; 5] = ["examples", "enum", "const", "default", "x-words"];

/// Every schema's title becomes the first words of its description; generators then name it after its component.
pub fn into_descriptions(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            describe(members);
            let schemas = members.iter_mut().filter(|(name, _)| !VALUES.contains(&name.as_str()));
            schemas.for_each(|(_, value)| into_descriptions(value));
        }
        Value::Array(items) => items.iter_mut().for_each(into_descriptions),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn describe(members: &mut Map<String, Value>) {
    // A property may be called `title`: its value is a schema.
    let Some(Value::String(vietnamese)) = members.get("title") else { return };
    let english = members.get("x-title-en").and_then(Value::as_str);
    let mut told = english.map_or_else(|| vietnamese.clone(), |english| format!("{vietnamese} / {english}"));
    if let Some(more) = members.get("description").and_then(Value::as_str) {
        told = format!("{told}. {more}");
    }
    members.remove("title");
    members.insert("description".into(), told.into());
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn titles_are_read_in_descriptions_and_values_stay_as_they_are() {
        let mut schema = json!({
            "title": "Dân tộc", "x-title-en": "Ethnicity", "description": "Theo danh mục.",
            "properties": { "title": { "title": "Tên", "type": "string" } },
            "examples": [{ "title": "Kinh" }],
        });
        into_descriptions(&mut schema);
        assert_eq!(
            schema,
            json!({
                "x-title-en": "Ethnicity", "description": "Dân tộc / Ethnicity. Theo danh mục.",
                "properties": { "title": { "description": "Tên", "type": "string" } },
                "examples": [{ "title": "Kinh" }],
            })
        );
    }
}
