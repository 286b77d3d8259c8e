//! Conversions of single values: to text, by table, to what the answer's schema wants. They convert or say why not; they never give absent.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::path::too_many;
use super::scope::View;
use crate::agency::Table;
use crate::codec::documents::LIFTED_HEAD_CHARS;
use crate::language::syntax::{Cast, Constant};
use crate::language::text::{composed, normalise};
use crate::schema::{Scalar, Shape};
use crate::tree::{Element, Lifted, Slot, Tree};

/// A whole number of ours has at most this many digits, so that it fits 64 bits with room.
const INTEGER_DIGITS_MAX: usize = 18;

/// The text of a constant.
pub fn constant_text(constant: &Constant) -> &str {
    match constant {
        Constant::Bool(truth) => truth_text(*truth),
        Constant::Number(text) | Constant::Text(text) => text,
    }
}

/// Whether a constant says this text, which is NFC and trimmed.
pub(super) fn says(constant: &Constant, text: &str) -> bool {
    composed(constant_text(constant).trim()) == text
}

fn truth_text(truth: bool) -> &'static str {
    if truth { "true" } else { "false" }
}

/// A constant as a tree.
pub fn constant_tree(constant: &Constant) -> Tree {
    match constant {
        Constant::Bool(truth) => Tree::Bool(*truth),
        Constant::Number(number) => Tree::Number(number.clone()),
        Constant::Text(text) => Tree::Text(text.clone()),
    }
}

/// The text of a single value as it stood, read where it stands.
pub(super) fn text_of_view<'s>(view: &View<'s>) -> Result<Cow<'s, str>, String> {
    match view {
        View::Tree(tree) => text_of(tree),
        View::Element(element) => element_text(element),
        View::Text(text) => Ok(Cow::Borrowed(text)),
        View::Many(many) => Err(too_many(many.len())),
    }
}

/// The text of a single value as it stood.
pub(super) fn text_of(tree: &Tree) -> Result<Cow<'_, str>, String> {
    match tree {
        Tree::Bool(truth) => Ok(Cow::Borrowed(truth_text(*truth))),
        Tree::Number(text) | Tree::Text(text) => Ok(Cow::Borrowed(text)),
        Tree::Element(element) => element_text(element),
        Tree::Bytes(bytes) => {
            std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| "bytes that are no UTF-8".to_owned())
        }
        Tree::List(items) => Err(too_many(items.len())),
        Tree::Null => Err("null where a value was expected".to_owned()),
        Tree::Object(_) => Err("an object where a value was expected".to_owned()),
        Tree::Slot(_) | Tree::Encoded { .. } => Err("a slot where a value was expected".to_owned()),
    }
}

fn element_text(element: &Element) -> Result<Cow<'_, str>, String> {
    if element.children.is_empty() {
        return Ok(Cow::Borrowed(&element.text));
    }
    Err("an element with children where a value was expected".to_owned())
}

/// The text of a single value, NFC and trimmed.
pub(super) fn scalar_text(tree: &Tree) -> Result<String, String> {
    text_of(tree).map(|text| normalise(&text))
}

/// `ours = theirs`, read from their side.
pub(super) fn read_table(table: &Table, name: &str, code: &str) -> Result<Tree, String> {
    let known = table.rows.iter().find(|row| row.theirs.iter().any(|theirs| says(theirs, code)));
    let every_other = || table.rows.iter().find(|row| row.theirs.is_empty());
    let row = known.or_else(every_other);
    if let Some(system) = &table.descriptive {
        let title = row.map_or(Tree::Null, |row| Tree::Text(row.ours.clone()));
        let text = |text: &str| Tree::Text(text.to_owned());
        let fields = [("system", text(system)), ("code", text(code)), ("title", title)];
        return Ok(Tree::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()));
    }
    match row {
        Some(row) => Ok(Tree::Text(row.ours.clone())),
        None => Err(format!("table {name} does not know the code")),
    }
}

/// `ours = theirs`, written: the first of their codes. A described value of ours is written by its code.
pub(super) fn write_table(table: &Table, name: &str, value: &Tree) -> Result<Tree, String> {
    if let (Some(_), Tree::Object(fields)) = (&table.descriptive, value) {
        let code = fields.iter().find(|(field, _)| field == "code").map(|(_, code)| scalar_text(code));
        return code.unwrap_or_else(|| Err("no code in a described value".to_owned())).map(Tree::Text);
    }
    let word = scalar_text(value)?;
    let row = table.rows.iter().find(|row| row.ours == word);
    match row.and_then(|row| row.theirs.first()) {
        Some(code) => Ok(constant_tree(code)),
        None => Err(format!("table {name} has no word for it")),
    }
}

/// base64 text read as a document: its length is kept, its content was lifted out or is never shown.
pub(super) fn read_document(tree: &Tree) -> Result<Tree, String> {
    if matches!(tree, Tree::Slot(Slot::Lifted(_) | Slot::Document(_))) {
        return Ok(tree.clone());
    }
    let text = scalar_text(tree)?;
    let compact: String = text.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
    if STANDARD.decode(&compact).is_err() {
        return Err("not base64".to_owned());
    }
    let head = compact.chars().take(LIFTED_HEAD_CHARS).collect();
    Ok(Tree::Slot(Slot::Lifted(Lifted { characters: text.chars().count(), head, stored: None })))
}

/// A document reference of ours, `{ "document": "…" }` or its identifier alone, as a slot.
pub(super) fn write_document(tree: &Tree) -> Result<Tree, String> {
    let id = match tree {
        Tree::Object(fields) => match fields.iter().find(|(name, _)| name == "document") {
            Some((_, id)) => scalar_text(id)?,
            None => return Err("no document reference".to_owned()),
        },
        other => scalar_text(other)?,
    };
    Ok(Tree::Slot(Slot::Document(id)))
}

/// `as = …`
pub(super) fn cast(text: String, cast: Cast) -> Result<Tree, String> {
    match cast {
        Cast::Text => Ok(Tree::Text(text)),
        Cast::Number => integer(&text)
            .or_else(|| is_json_number(&text).then_some(text))
            .map(Tree::Number)
            .ok_or_else(|| "not a number".to_owned()),
    }
}

/// A whole number without leading zeros, `0000123` → `123`.
fn integer(text: &str) -> Option<String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty()
        || digits.len() > INTEGER_DIGITS_MAX
        || !digits.bytes().all(|digit| digit.is_ascii_digit())
    {
        return None;
    }
    text.parse::<i64>().ok().map(|number| number.to_string())
}

fn is_json_number(text: &str) -> bool {
    text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
        && serde_json::from_str::<serde_json::Number>(text).is_ok()
}

/// Gives a value that was read the type our schema wants, where nothing is lost by it; whether it fits is judged later.
pub(crate) fn coerce(tree: Tree, want: &Shape) -> Result<Tree, String> {
    match (want, tree) {
        // The title of a described code that nobody has told us; whether null may stand there, `fit` says.
        (Shape::Scalar(_), Tree::Null) => Ok(Tree::Null),
        (Shape::Scalar(Scalar::Document), Tree::Object(fields)) => Ok(Tree::Object(fields)),
        (Shape::Scalar(_), tree @ (Tree::Slot(_) | Tree::Encoded { .. })) => Ok(tree),
        (Shape::Scalar(scalar), tree) => scalar_text(&tree).and_then(|text| coerce_text(text, scalar)),
        (Shape::Object(_), Tree::Object(fields)) => {
            let fields = fields.into_iter().map(|(name, value)| {
                let inner = want.property(&name).map_or(&Shape::Any, |property| &property.shape);
                coerce(value, inner).map(|value| (name, value))
            });
            fields.collect::<Result<_, _>>().map(Tree::Object)
        }
        (Shape::List(inner), Tree::List(items)) => {
            items.into_iter().map(|item| coerce(item, inner)).collect::<Result<_, _>>().map(Tree::List)
        }
        (Shape::Object(_) | Shape::List(_) | Shape::Any, tree) => Ok(tree),
    }
}

/// [`coerce`] of what is looked at where it stands: a leaf of theirs is read, not copied with all its names first.
pub(super) fn coerce_view(view: &View<'_>, want: &Shape) -> Result<Tree, String> {
    match (want, view) {
        (_, View::Tree(tree @ (Tree::Null | Tree::Object(_) | Tree::Slot(_) | Tree::Encoded { .. }))) => {
            coerce((*tree).clone(), want)
        }
        (Shape::Scalar(scalar), view) => coerce_text(normalise(&text_of_view(view)?), scalar),
        (Shape::Object(_) | Shape::List(_) | Shape::Any, view) => coerce(view.to_tree(), want),
    }
}

fn coerce_text(text: String, want: &Scalar) -> Result<Tree, String> {
    match want {
        Scalar::Integer => integer(&text).map(Tree::Number).ok_or_else(|| "not a whole number".to_owned()),
        Scalar::Boolean => match text.as_str() {
            "true" => Ok(Tree::Bool(true)),
            "false" => Ok(Tree::Bool(false)),
            _ => Err("not true or false".to_owned()),
        },
        Scalar::Text | Scalar::Date | Scalar::PartialDate | Scalar::Moment => Ok(Tree::Text(text)),
        Scalar::Words(_) | Scalar::Document => Ok(Tree::Text(text)),
    }
}
