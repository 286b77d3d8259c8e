//! L10: no secret and no subject in a fault's text.

use adapter_api::diagnostic::Diagnostic;
use adapter_api::schema::{Scalar, Shape};
use adapter_api::{Call, Fault};
use serde_json::Value;

use crate::conversation::{Conversation, End, RawReply, Way};
use crate::ground::Ground;
use crate::spot::{Content, Edit, altered, spots};

/// The mark planted in texts.
const MARK: &str = "CANARY7F";
/// What numbers become: as many digits as they had, and found nowhere else.
const DIGITS: &str = "97531864209753186420";
/// Shorter values stand in too many places to mean anything.
const TELLING_CHARS_MIN: usize = 6;
/// A text longer than this is a sentence or a name, no code.
const CODE_CHARS_MAX: usize = 16;

/// Plants marks in query, purpose and replies and looks for them in every fault.
pub fn check(ground: &Ground<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for conversation in ground.conversations {
        findings.extend(told_faults(ground, conversation));
        findings.extend(marked_call(ground, conversation));
        for index in 0..conversation.said.len() {
            findings.extend(marked_reply(ground, conversation, index));
            findings.extend(unreadable_reply(ground, conversation, index));
        }
    }
    findings
}

/// The text of a fault as logs and problems may show it: without the one field meant for the operator.
fn public_text(fault: &Fault) -> String {
    let mut fault = fault.clone();
    if let Fault::Rejected { findings, .. } = &mut fault {
        findings.iter_mut().for_each(|finding| finding.operator_text = None);
    }
    format!("{fault} {fault:?}")
}

fn leaks(text: &str, marks: &[String]) -> bool {
    let text = text.to_lowercase();
    marks.iter().any(|mark| text.contains(&mark.to_lowercase()))
}

fn told(ground: &Ground<'_>, conversation: &Conversation, index: usize, message: String) -> Diagnostic {
    ground
        .finding("L10", conversation, index, message)
        .help("a fault says where and why, in our words; only operator_text may hold the agency's sentence")
}

/// The faults the talks show, against the very values that were asked.
fn told_faults(ground: &Ground<'_>, conversation: &Conversation) -> Option<Diagnostic> {
    let End::Fault(fault) = &conversation.end else { return None };
    let mut values = Vec::new();
    collect(&conversation.call.query, &mut values);
    collect(&conversation.call.purpose, &mut values);
    let last = conversation.replies.len().saturating_sub(1);
    leaks(&public_text(fault), &values).then(|| {
        told(
            ground,
            conversation,
            last,
            format!("the fault `{}` quotes a value of the query or the purpose", fault.code()),
        )
    })
}

fn collect(value: &Value, values: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.values().for_each(|field| collect(field, values)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, values)),
        Value::String(text) if text.chars().count() >= TELLING_CHARS_MIN => values.push(text.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The same conversation with every free text of query and purpose marked.
fn marked_call(ground: &Ground<'_>, conversation: &Conversation) -> Option<Diagnostic> {
    let shape = ground.operation(&conversation.call).and_then(|operation| ground.shapes(operation));
    let mut query = conversation.call.query.clone();
    mark(shape.map_or(&Shape::Any, |shapes| &shapes.query), &mut query);
    let mut purpose = conversation.call.purpose.clone();
    mark(&Shape::Any, &mut purpose);
    let call = Call { query, purpose, ..conversation.call.clone() };
    let (way, _) = ground.ask(&call, &conversation.replies);
    let Way::Ended(End::Fault(fault)) = way else { return None };
    let last = conversation.replies.len().saturating_sub(1);
    leaks(&public_text(&fault), &marks()).then(|| {
        told(
            ground,
            conversation,
            last,
            format!("the fault `{}` quotes a value of the query or the purpose", fault.code()),
        )
    })
}

fn marks() -> Vec<String> {
    vec![MARK.to_owned(), DIGITS.chars().take(TELLING_CHARS_MIN).collect()]
}

fn mark(shape: &Shape, value: &mut Value) {
    match (shape, value) {
        (Shape::Object(_), Value::Object(fields)) => {
            for (key, field) in fields.iter_mut() {
                mark(shape.property(key).map_or(&Shape::Any, |property| &property.shape), field);
            }
        }
        (Shape::Any, Value::Object(fields)) => fields.values_mut().for_each(|field| mark(&Shape::Any, field)),
        (Shape::List(inner), Value::Array(items)) => items.iter_mut().for_each(|item| mark(inner, item)),
        (Shape::Scalar(Scalar::Text) | Shape::Any, Value::String(text)) => *text = marked(text),
        _ => {}
    }
}

/// A value of the same form that carries a mark.
fn marked(text: &str) -> String {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match digits {
        true if text.len() >= TELLING_CHARS_MIN => DIGITS.chars().cycle().take(text.len()).collect(),
        true => text.to_owned(),
        false => format!("{text} {MARK}").trim().to_owned(),
    }
}

/// Each value of a reply marked, one at a time.
fn marked_reply(ground: &Ground<'_>, conversation: &Conversation, index: usize) -> Option<Diagnostic> {
    let body = conversation.said.get(index)?.reply.body.as_ref().ok()?;
    for spot in spots(body) {
        let (Content::Text(text) | Content::Number(text)) = &spot.content else { continue };
        // A code may be told as a code, whatever it is; a sentence, a name or a number of a person may not.
        let is_code = text.chars().count() <= CODE_CHARS_MAX && !text.contains(' ');
        let is_number = text.len() > TELLING_CHARS_MIN && text.bytes().all(|byte| byte.is_ascii_digit());
        let Some(body) = altered(body, &spot.hops, &Edit::Text(marked(text))) else { continue };
        let Way::Ended(End::Fault(mut fault)) = ground.with_body(conversation, index, body) else { continue };
        if let (Fault::Rejected { code, findings, .. }, true) = (&mut fault, is_code && !is_number) {
            *code = None;
            findings.iter_mut().for_each(|finding| (finding.code, finding.agency_field) = (None, None));
        }
        if leaks(&public_text(&fault), &marks()) {
            let message = format!("the fault `{}` quotes `{}` of the reply", fault.code(), spot.path);
            return Some(told(ground, conversation, index, message));
        }
    }
    None
}

/// A reply that cannot be read must not be quoted either.
fn unreadable_reply(ground: &Ground<'_>, conversation: &Conversation, index: usize) -> Option<Diagnostic> {
    let raw = conversation.replies.get(index)?;
    let bodies = [
        format!("Người dân {MARK} 097531"),
        format!("{{\"hoTen\":\"{MARK}\",\"so\":\"975318642097"),
        format!("<a><b>{MARK}</b><c>975318642097</a>"),
        format!("{{\"{MARK}\":1,\"{MARK}\":2}}"),
    ];
    let hostile = bodies.into_iter().flat_map(|body| {
        let good = RawReply { status: 200, ..raw.with_body(body) };
        [RawReply { status: 500, ..good.clone() }, good]
    });
    hostile.into_iter().find_map(|reply| {
        let Way::Ended(End::Fault(fault)) = ground.with_reply(conversation, index, &reply) else {
            return None;
        };
        leaks(&public_text(&fault), &marks()).then(|| {
            told(
                ground,
                conversation,
                index,
                format!("the fault `{}` quotes a reply that cannot be read", fault.code()),
            )
        })
    })
}
