//! Reads the short notation of schemas that examples and tests use: `name = "text?"`, `"items[]" = { … }`, `sex = "male|female"`.

use std::sync::Arc;

use crate::diagnostic::Source;
use crate::language::parse::source::{self, Entry, Table, Value};
use crate::language::parse::value::Findings;
use crate::schema::{DataClass, Property, Scalar, Schemas, ServiceShape, Shape};

/// Reads `["SERVICE".query]`, `["SERVICE".answer]` and `["EVENT"]`.
///
/// A `?` after a key or a value makes it optional, `[]` after a key a list. The notation has no data classes: every field
/// counts as personal.
pub fn read_short(text: &str) -> Result<Schemas, String> {
    let mut findings = Findings::default();
    let file = Source { name: Arc::from("schemas.toml"), text: text.to_owned() };
    let root = source::read(&file, &mut findings);
    let mut problems: Vec<String> = findings.into_list().iter().map(ToString::to_string).collect();
    let mut schemas = Schemas::default();
    for entry in &root.entries {
        if let Err(problem) = read_entry(entry, &mut schemas) {
            problems.push(problem);
        }
    }
    if problems.is_empty() { Ok(schemas) } else { Err(problems.join("\n")) }
}

fn read_entry(entry: &Entry, schemas: &mut Schemas) -> Result<(), String> {
    let Value::Table(table) = &entry.item.value else { return Err(told(entry, "a table belongs here")) };
    match service_sides(table) {
        Some((query, answer)) => {
            let shape = ServiceShape { query: read_object(query)?, answer: read_object(answer)? };
            schemas.services.insert(entry.key.clone(), shape);
        }
        None => {
            schemas.events.insert(entry.key.clone(), read_object(table)?);
        }
    }
    Ok(())
}

/// A table of `query` and `answer`, both tables, is a service.
fn service_sides(table: &Table) -> Option<(&Table, &Table)> {
    let side = |name: &str| match &table.entry(name)?.item.value {
        Value::Table(side) => Some(side),
        _ => None,
    };
    (table.entries.len() == 2).then_some(())?;
    Some((side("query")?, side("answer")?))
}

fn read_object(table: &Table) -> Result<Shape, String> {
    table.entries.iter().map(read_property).collect::<Result<_, _>>().map(Shape::Object)
}

fn read_property(entry: &Entry) -> Result<Property, String> {
    let (key, optional_key) = without_mark(&entry.key);
    let (name, many) = key.strip_suffix("[]").map_or((key, false), |name| (name, true));
    let (shape, optional) = match &entry.item.value {
        Value::Text(text) => {
            let (word, optional) = without_mark(text);
            (
                Shape::Scalar(read_scalar(word).ok_or_else(|| told(entry, &format!("`{word}` is no type")))?),
                optional,
            )
        }
        Value::Table(table) => (read_object(table)?, false),
        _ => return Err(told(entry, "a type or a table belongs here")),
    };
    let shape = if many { Shape::List(Box::new(shape)) } else { shape };
    let required = !optional && !optional_key;
    Ok(Property { name: name.to_owned(), required, shape, class: Some(DataClass::Personal) })
}

fn without_mark(text: &str) -> (&str, bool) {
    text.strip_suffix('?').map_or((text, false), |rest| (rest, true))
}

fn read_scalar(word: &str) -> Option<Scalar> {
    Some(match word {
        "text" => Scalar::Text,
        "integer" => Scalar::Integer,
        "boolean" => Scalar::Boolean,
        "date" => Scalar::Date,
        "partial-date" => Scalar::PartialDate,
        "moment" => Scalar::Moment,
        "document" => Scalar::Document,
        list if list.contains('|') => Scalar::Words(list.split('|').map(str::to_owned).collect()),
        _ => return None,
    })
}

fn told(entry: &Entry, why: &str) -> String {
    format!("{}: {}: {why}", entry.place, entry.key)
}
