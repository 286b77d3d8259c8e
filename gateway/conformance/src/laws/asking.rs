//! L5, L6 and L12: the same arguments give the same step, a conversation ends, and what is asked reaches
//! the wire.

use std::collections::BTreeSet;

use adapter_api::agency::Operation;
use adapter_api::diagnostic::Diagnostic;
use adapter_api::schema::{Scalar, Shape};
use adapter_api::{Call, Exchange};
use serde_json::Value;

use crate::conversation::{Conversation, End, Next, SENDS_MAX, Way, next};
use crate::ground::Ground;
use crate::wire;

/// L5: every step of every talk is asked for twice, then once more in the opposite order.
pub fn deterministic(ground: &Ground<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let mut first: Vec<Next> = Vec::new();
    let ask = |conversation: &Conversation| next(ground.adapter, &conversation.call, &conversation.said);
    for conversation in ground.conversations {
        let (one, other) = (ask(conversation), ask(conversation));
        if one != other || one != Next::End(conversation.end.clone()) {
            findings.push(differs(ground, conversation, "asked twice"));
        }
        first.push(one);
    }
    for (conversation, before) in ground.conversations.iter().zip(&first).rev() {
        if ask(conversation) != *before {
            findings.push(differs(ground, conversation, "asked again after other calls"));
        }
    }
    findings
}

fn differs(ground: &Ground<'_>, conversation: &Conversation, when: &str) -> Diagnostic {
    let last = conversation.replies.len().saturating_sub(1);
    ground
        .finding(
            "L5",
            conversation,
            last,
            format!("{when} with the same arguments, the adapter says something else"),
        )
        .help("a step depends on the call and on what was said; on no clock, counter or chance")
}

/// L6: every exchange's good reply is given again and again; the conversation must end within its bound.
pub fn bounded(ground: &Ground<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for conversation in ground.conversations {
        let bound = bound_of(ground, conversation);
        let last = conversation.replies.len().saturating_sub(1);
        for (index, raw) in conversation.replies.iter().enumerate() {
            let mut said: Vec<Exchange> = Vec::new();
            let ended = (0..=bound).any(|_| match next(ground.adapter, &conversation.call, &said) {
                Next::End(_) => true,
                Next::Send(request) => {
                    // The told reply where the exchange is the told one; this reply for every other, and
                    // for ever after.
                    let told =
                        conversation.replies.get(said.len()).filter(|_| said.len() < index).unwrap_or(raw);
                    said.push(wire::exchange(&request, told));
                    false
                }
            });
            if !ended {
                let message = format!(
                    "given this reply again and again, the conversation sends more than {bound} times"
                );
                findings.push(
                    ground
                        .finding("L6", conversation, last, message)
                        .help("exchanges go forward only, pages have at_most"),
                );
                break;
            }
        }
    }
    findings
}

/// Exchanges times pages.
fn bound_of(ground: &Ground<'_>, conversation: &Conversation) -> usize {
    let Some(operation) = ground.operation(&conversation.call) else { return SENDS_MAX };
    let pages = |name: &String| {
        let pages = ground.plan(name).and_then(|plan| plan.pages.as_ref()).map_or(1, |pages| pages.at_most);
        usize::try_from(pages).unwrap_or(SENDS_MAX)
    };
    operation.exchanges.iter().map(pages).sum()
}

/// L12: each field of the query that is required changes something that is sent, or is declared unused.
pub fn reaches_the_wire(ground: &Ground<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for (name, operation) in &ground.agency.operations {
        let Some(shapes) = ground.shapes(operation).filter(|_| operation.service.is_some()) else { continue };
        let calls = calls_of(ground, name);
        let mut required = BTreeSet::new();
        for conversation in &calls {
            required_leaves(&shapes.query, &conversation.call.query, "", &mut required);
        }
        for path in required.iter().filter(|path| !is_unused(operation, path)) {
            let reaches =
                calls.iter().any(|conversation| changes_something(ground, conversation, &shapes.query, path));
            if !reaches {
                let message =
                    format!("`{path}` is required of the caller, and nothing that is sent changes with it");
                let finding = Diagnostic::error("L12", &operation.place, format!("{name}.{path}"), message);
                findings
                    .push(finding.help(format!("draw it in the request, or declare: unused = [\"{path}\"]")));
            }
        }
    }
    findings
}

fn calls_of<'a>(ground: &Ground<'a>, name: &str) -> Vec<&'a Conversation> {
    ground.conversations.iter().filter(|conversation| conversation.call.operation == name).collect()
}

fn is_unused(operation: &Operation, path: &str) -> bool {
    operation.unused.iter().any(|unused| path == unused || path.starts_with(&format!("{unused}.")))
}

/// The required single values that this query has; a list is looked at by its first item.
fn required_leaves(shape: &Shape, value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match (shape, value) {
        (Shape::Object(properties), Value::Object(fields)) => {
            for property in properties.iter().filter(|property| property.required) {
                if let Some(field) = fields.get(&property.name) {
                    let at =
                        if at.is_empty() { property.name.clone() } else { format!("{at}.{}", property.name) };
                    required_leaves(&property.shape, field, &at, found);
                }
            }
        }
        (Shape::List(inner), Value::Array(items)) => {
            items.iter().take(1).for_each(|item| required_leaves(inner, item, at, found));
        }
        (Shape::Scalar(_) | Shape::Any, _) => {
            found.insert(at.to_owned());
        }
        _ => {}
    }
}

/// Whether something changes with this field: a request, or which true answer is given (a filter over a
/// list the agency sends whole). That the subject then differs is no use of the field.
fn changes_something(ground: &Ground<'_>, conversation: &Conversation, shape: &Shape, path: &str) -> bool {
    let steps: Vec<&str> = path.split('.').collect();
    let mut query = conversation.call.query.clone();
    if !alter(shape, &mut query, &steps) {
        return false;
    }
    let call = Call { query, ..conversation.call.clone() };
    let (way, sent) = ground.ask(&call, &conversation.replies);
    let (_, before) = ground.ask(&conversation.call, &conversation.replies);
    let other_answer = match (&way, &conversation.end) {
        (Way::Ended(End::Outcome(after)), End::Outcome(before)) => after != before,
        _ => false,
    };
    sent != before || other_answer
}

/// Changes one value into another that fits its shape.
fn alter(shape: &Shape, value: &mut Value, steps: &[&str]) -> bool {
    match (shape, value, steps) {
        (Shape::Object(_), Value::Object(fields), [first, rest @ ..]) => {
            let inner = shape.property(first).map(|property| &property.shape);
            inner.zip(fields.get_mut(*first)).is_some_and(|(inner, field)| alter(inner, field, rest))
        }
        (Shape::List(inner), Value::Array(items), steps) => {
            items.first_mut().is_some_and(|item| alter(inner, item, steps))
        }
        (Shape::Scalar(scalar), value, []) => {
            let other = another(scalar, value);
            let changed = other.is_some();
            if let Some(other) = other {
                *value = other;
            }
            changed
        }
        _ => false,
    }
}

fn another(scalar: &Scalar, value: &Value) -> Option<Value> {
    Some(match (scalar, value) {
        (Scalar::Words(words), Value::String(text)) => {
            words.iter().find(|word| *word != text)?.clone().into()
        }
        (_, Value::String(text)) => super::subject::another(text).into(),
        (_, Value::Bool(truth)) => (!truth).into(),
        (_, Value::Number(number)) => (number.as_i64()? + 1).into(),
        (Scalar::Document, Value::Object(fields)) => {
            let other = fields.iter().map(|(key, field)| {
                let other =
                    field.as_str().map_or_else(|| field.clone(), |text| super::subject::another(text).into());
                (key.clone(), other)
            });
            Value::Object(other.collect())
        }
        _ => return None,
    })
}
