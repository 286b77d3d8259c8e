//! Parses expressions: paths, constants, lists, forms with one head, drawings.

mod modifiers;

use super::path;
use super::source::{Table, Value};
use super::value::{Findings, Spot};
use crate::language::syntax::{Drawing, Expression, Field, Form, Head, Node};

/// The heads of forms.
const HEADS: [&str; 8] = ["path", "const", "first", "join", "each", "one", "secret", "object"];

/// The keys that follow a head.
const MODIFIERS: [&str; 12] =
    ["when", "decode", "match", "scan", "text", "date", "table", "document", "shape", "as", "else", "encode"];

/// Keys that belong to one head only.
const COMPANIONS: [(&str, &str); 2] = [("with", "join"), ("item", "each")];

/// Modifier words that nobody calls a field: a table of such words alone has lost its head.
const TELLING: [&str; 6] = ["when", "decode", "encode", "scan", "with", "item"];

/// Reads an expression.
pub fn read(spot: &Spot<'_>, findings: &mut Findings) -> Option<Expression> {
    let node = match &spot.item.value {
        Value::Text(_) => Node::Path(path::read(spot, findings)?),
        Value::Number(_) | Value::Bool(_) => Node::Constant(spot.scalar()?),
        Value::List(_) => Node::List(read_list(spot, findings)),
        Value::Table(table) => read_table(spot, table, findings)?,
        Value::Foreign(word) => {
            let help = "write it as text: { const = \"…\" }";
            findings.advise("C1", spot, format!("{word} is no expression"), help);
            return None;
        }
    };
    Some(Expression { place: spot.place.clone(), node })
}

/// Reads a block that is always an object: `[person.found]`, `[shape.address]`.
pub fn read_drawing(spot: &Spot<'_>, findings: &mut Findings) -> Option<Drawing> {
    let table = spot.table(findings)?;
    let heads = heads_of(table);
    if heads.is_empty() {
        return Some(draw(spot, table, findings));
    }
    if let ["object"] = table.keys().collect::<Vec<_>>().as_slice() {
        return table.entry("object").and_then(|entry| read_object(&spot.child(entry), findings));
    }
    findings.advise(
        "C1",
        spot,
        format!("form or object? `{}` is the head of a form, but a block is an object", heads.join("`, `")),
        "put fields called like a head into a table `object` of their own: { object = { … } }",
    );
    None
}

fn read_list(spot: &Spot<'_>, findings: &mut Findings) -> Vec<Expression> {
    spot.list(findings).iter().filter_map(|spot| read(spot, findings)).collect()
}

fn heads_of(table: &Table) -> Vec<&str> {
    table.keys().filter(|key| HEADS.contains(key)).collect()
}

fn read_table(spot: &Spot<'_>, table: &Table, findings: &mut Findings) -> Option<Node> {
    match heads_of(table).as_slice() {
        [] if has_lost_its_head(table) => {
            findings.advise(
                "C1",
                spot,
                "form or object? all keys are modifiers, and there is no head",
                format!("begin with one of {}; an object is {{ object = {{ … }} }}", HEADS.join(", ")),
            );
            None
        }
        [] => Some(Node::Drawing(draw(spot, table, findings))),
        [head] => {
            let fits = check_keys(spot, table, head, findings);
            let form = read_form(spot, table, head, findings)?;
            fits.then(|| Node::Form(Box::new(form)))
        }
        heads => {
            findings.advise(
                "C1",
                spot,
                format!("form or object? it has the heads `{}`", heads.join("`, `")),
                "a form has one head; an object with such names is { object = { … } }",
            );
            None
        }
    }
}

fn has_lost_its_head(table: &Table) -> bool {
    let follows = |key: &str| MODIFIERS.contains(&key) || COMPANIONS.iter().any(|(word, _)| *word == key);
    table.keys().all(follows) && table.keys().any(|key| TELLING.contains(&key))
}

/// Whether every key beside the head is a modifier or the head's companion.
fn check_keys(spot: &Spot<'_>, table: &Table, head: &str, findings: &mut Findings) -> bool {
    let companion = COMPANIONS.iter().find(|(_, of)| *of == head).map(|(word, _)| *word);
    let known: Vec<&str> = MODIFIERS.into_iter().chain(companion).collect();
    let strange: Vec<_> = table
        .entries
        .iter()
        .filter(|entry| entry.key != head && !known.contains(&entry.key.as_str()))
        .collect();
    for entry in &strange {
        let key = &entry.key;
        let message = match COMPANIONS.iter().find(|(word, _)| word == key) {
            Some((_, of)) => format!("`{key}` goes with `{of}`, not with `{head}`"),
            None => format!("form or object? `{key}` stands beside the head `{head}`, but is no modifier"),
        };
        let help = match crate::diagnostic::nearest(key, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "modifiers: {}; an object with such names is {{ object = {{ … }} }}",
                known.join(", ")
            ),
        };
        findings.advise("C1", &spot.key(entry), message, help);
    }
    strange.is_empty()
}

fn read_form(spot: &Spot<'_>, table: &Table, head: &str, findings: &mut Findings) -> Option<Form> {
    let modifiers = modifiers::read(spot, table, findings);
    let value = spot.child(table.entry(head)?);
    let head = match head {
        "path" => path::read(&value, findings).map(Head::Path),
        "const" => value.constant(findings).map(Head::Const),
        "first" => read_many(&value, findings).map(Head::First),
        "join" => read_join(spot, table, &value, findings),
        "each" => read_each(spot, table, &value, findings),
        "one" => read_rows(&value, findings).map(|source| Head::One { source }),
        "secret" => value.name(findings).map(Head::Secret),
        _ => read_object(&value, findings).map(Head::Object),
    };
    Some(Form { head: head?, modifiers: modifiers? })
}

/// `[expr…]` with at least one.
fn read_many(spot: &Spot<'_>, findings: &mut Findings) -> Option<Vec<Expression>> {
    if let Value::List(items) = &spot.item.value
        && items.is_empty()
    {
        findings.say("C1", spot, "an empty list gives nothing");
        return None;
    }
    let parts = read_list(spot, findings);
    (!parts.is_empty()).then_some(parts)
}

fn read_join(spot: &Spot<'_>, table: &Table, value: &Spot<'_>, findings: &mut Findings) -> Option<Head> {
    let parts = read_many(value, findings);
    let with = match table.entry("with") {
        Some(entry) => spot.child(entry).text(findings)?.to_owned(),
        None => " ".to_owned(),
    };
    Some(Head::Join { parts: parts?, with })
}

fn read_each(spot: &Spot<'_>, table: &Table, value: &Spot<'_>, findings: &mut Findings) -> Option<Head> {
    let source = read_rows(value, findings);
    let item = match table.entry("item") {
        Some(entry) => Some(read(&spot.child(entry), findings)?),
        None => None,
    };
    Some(Head::Each { source: source?, item })
}

/// What gives rows: a path or a form.
fn read_rows(spot: &Spot<'_>, findings: &mut Findings) -> Option<Expression> {
    let expression = read(spot, findings)?;
    match expression.node {
        Node::Path(_) | Node::Form(_) => Some(expression),
        Node::Constant(_) | Node::List(_) | Node::Drawing(_) => {
            findings.say("C1", spot, "rows come from a path or a form");
            None
        }
    }
}

/// A drawing whose fields may be called like heads.
fn read_object(spot: &Spot<'_>, findings: &mut Findings) -> Option<Drawing> {
    let table = spot.table(findings)?;
    Some(draw(spot, table, findings))
}

fn draw(spot: &Spot<'_>, table: &Table, findings: &mut Findings) -> Drawing {
    let mut fields = Vec::with_capacity(table.entries.len());
    for entry in &table.entries {
        if entry.key.trim_matches('@').trim().is_empty() {
            findings.say("C1", &spot.key(entry), "a field without a name");
            continue;
        }
        if let Some(value) = read(&spot.child(entry), findings) {
            fields.push(Field { name: entry.key.clone(), place: entry.place.clone(), value });
        }
    }
    Drawing { place: spot.place.clone(), fields }
}
