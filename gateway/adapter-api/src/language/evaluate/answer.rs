//! Judges a drawn answer against its shape and turns it into JSON.

use serde_json::{Map, Number, Value};

use super::convert::text_of;
use crate::language::date;
use crate::schema::{Property, Scalar, Shape};
use crate::tree::{Element, Lifted, Slot, Tree};

/// How deep an answer may be: no schema of ours comes near it, and the recursion below is bounded by it.
const ANSWER_DEPTH_MAX: u32 = 64;

/// Where and why an answer does not fit; no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// JSON pointer into the answer.
    pub pointer: String,
    /// `missing`, `not in the schema`, `not a whole number`.
    pub why: &'static str,
}

/// Says where a drawn answer does not fit its shape, if anywhere.
pub fn fit(tree: &Tree, shape: &Shape) -> Option<Misfit> {
    misfit(tree, shape, "", 0)
}

fn misfit(tree: &Tree, shape: &Shape, at: &str, depth: u32) -> Option<Misfit> {
    let no =
        |why: &'static str| Some(Misfit { pointer: if at.is_empty() { "/" } else { at }.to_owned(), why });
    if depth > ANSWER_DEPTH_MAX {
        return no("too deep");
    }
    match (shape, tree) {
        (Shape::Any, _) => None,
        (Shape::Object(properties), Tree::Object(fields)) => misfit_in_object(fields, properties, at, depth),
        (Shape::Object(_), _) => no("not an object"),
        (Shape::List(inner), Tree::List(items)) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| misfit(item, inner, &format!("{at}/{index}"), depth + 1)),
        (Shape::List(_), _) => no("not a list"),
        (Shape::Scalar(scalar), tree) => misfit_of_scalar(tree, scalar).and_then(no),
    }
}

fn misfit_in_object(
    fields: &[(String, Tree)],
    properties: &[Property],
    at: &str,
    depth: u32,
) -> Option<Misfit> {
    for property in properties {
        let pointer = format!("{at}/{}", property.name);
        match fields.iter().find(|(name, _)| *name == property.name) {
            Some((_, value)) => {
                if let Some(found) = misfit(value, &property.shape, &pointer, depth + 1) {
                    return Some(found);
                }
            }
            None if property.required => return Some(Misfit { pointer, why: "missing" }),
            None => {}
        }
    }
    let unknown = fields.iter().find(|(name, _)| !properties.iter().any(|property| property.name == *name));
    unknown.map(|(name, _)| Misfit { pointer: format!("{at}/{name}"), why: "not in the schema" })
}

fn misfit_of_scalar(tree: &Tree, scalar: &Scalar) -> Option<&'static str> {
    let fits = |fits: bool, why: &'static str| if fits { None } else { Some(why) };
    match (scalar, tree) {
        (Scalar::Document, Tree::Slot(Slot::Lifted(_) | Slot::Document(_)) | Tree::Object(_)) => None,
        (Scalar::Document, _) => Some("not a document"),
        (Scalar::Integer, Tree::Number(number)) => fits(number.parse::<i64>().is_ok(), "not a whole number"),
        (Scalar::Integer, _) => Some("not a whole number"),
        (Scalar::Boolean, tree) => fits(matches!(tree, Tree::Bool(_)), "not true or false"),
        // Null comes from a descriptive table alone: the title of a code nobody has told us.
        (Scalar::Text, tree) => fits(matches!(tree, Tree::Text(_) | Tree::Null), "not text"),
        (Scalar::Date, Tree::Text(text)) => fits(date::is_day(text), "not a day"),
        (Scalar::PartialDate, Tree::Text(text)) => fits(date::is_partial(text), "not a date"),
        (Scalar::Moment, Tree::Text(text)) => fits(date::is_moment(text), "not a moment"),
        (Scalar::Words(words), Tree::Text(text)) => fits(words.contains(text), "not one of the words"),
        (Scalar::Date | Scalar::PartialDate | Scalar::Moment | Scalar::Words(_), _) => Some("not text"),
    }
}

/// A drawn value as JSON; `None` where it holds what has no JSON (bytes that are no text, something still encoded).
pub fn to_json(tree: &Tree) -> Option<Value> {
    json_within(tree, 0)
}

fn json_within(tree: &Tree, depth: u32) -> Option<Value> {
    if depth > ANSWER_DEPTH_MAX {
        return None;
    }
    Some(match tree {
        Tree::Null => Value::Null,
        Tree::Bool(truth) => Value::Bool(*truth),
        Tree::Number(number) => json_number(number),
        Tree::Text(text) => Value::String(text.clone()),
        Tree::List(items) => {
            Value::Array(items.iter().map(|item| json_within(item, depth + 1)).collect::<Option<_>>()?)
        }
        Tree::Object(fields) => {
            let fields =
                fields.iter().map(|(name, value)| Some((name.clone(), json_within(value, depth + 1)?)));
            Value::Object(fields.collect::<Option<Map<_, _>>>()?)
        }
        Tree::Element(element) => element_within(element, depth)?,
        Tree::Slot(Slot::Document(id)) => {
            Value::Object(Map::from_iter([("document".to_owned(), Value::String(id.clone()))]))
        }
        Tree::Slot(Slot::Lifted(Lifted { stored: Some(stored), .. })) => Value::Object(Map::from_iter([
            ("document".to_owned(), Value::String(stored.id.clone())),
            ("media_type".to_owned(), Value::String(stored.media_type.to_owned())),
            ("size".to_owned(), Value::Number(stored.size.into())),
        ])),
        Tree::Slot(Slot::Lifted(Lifted { characters, stored: None, .. })) => {
            Value::String(format!("‹document base64, {characters} characters›"))
        }
        Tree::Slot(Slot::Secret(_) | Slot::Seal(_)) | Tree::Encoded { .. } => return None,
        Tree::Bytes(_) => Value::String(text_of(tree).ok()?.into_owned()),
    })
}

/// The wire's own digits where JSON can hold them exactly, else their text.
fn json_number(number: &str) -> Value {
    let whole = number.parse::<i64>().map(Number::from);
    let exact = || {
        let value: f64 = number.parse().ok()?;
        Number::from_f64(value).filter(|back| back.to_string() == number)
    };
    match whole.ok().or_else(exact) {
        Some(number) => Value::Number(number),
        None => Value::String(number.to_owned()),
    }
}

fn element_within(element: &Element, depth: u32) -> Option<Value> {
    if depth > ANSWER_DEPTH_MAX {
        return None;
    }
    if element.children.is_empty() {
        return Some(Value::String(element.text.clone()));
    }
    let mut fields: Map<String, Value> = Map::new();
    for child in &element.children {
        let value = element_within(child, depth + 1)?;
        match fields.get_mut(&child.name) {
            Some(Value::Array(items)) => items.push(value),
            Some(first) => {
                let first_value = first.take();
                *first = Value::Array(vec![first_value, value]);
            }
            None => {
                fields.insert(child.name.clone(), value);
            }
        }
    }
    Some(Value::Object(fields))
}
