//! Endings as talks write them: the word on the section's line and JSON below it.

use adapter_api::{Fault, Finding, Outcome, Reason, Received};
use serde_json::{Map, Value, json};

use crate::conversation::End;
use crate::talk::{Section, Word};

/// The section that a talk must show for this end.
pub fn section(end: &End) -> Section {
    match end {
        End::Outcome(outcome) => {
            let head = match outcome {
                Outcome::Completed { partial: true, .. } => "completed partial",
                _ => outcome.word(),
            };
            Section::new(Word::Outcome, head, pretty(&outcome_value(outcome)))
        }
        End::Fault(Fault::NotAdmitted { exchange, renew: true, .. }) => {
            Section::new(Word::Renew, exchange.as_str(), "")
        }
        End::Fault(fault) => Section::new(Word::Fault, fault.code(), pretty(&fault_value(fault))),
        End::Panic => Section::new(Word::Fault, "panic", ""),
    }
}

/// The section for what a message means.
pub fn event_section(received: &Received) -> Section {
    let mut body = Map::new();
    body.insert("event".into(), received.schema.clone().into());
    body.insert("code".into(), received.reference.clone().into());
    body.insert("same".into(), received.same.clone().into());
    put(&mut body, "at", received.at.as_ref());
    body.insert("value".into(), received.value.clone());
    Section::new(Word::Event, received.event.as_str(), pretty(&Value::Object(body)))
}

/// An outcome's content; null where it has none.
pub fn outcome_value(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Found(value) | Outcome::Completed { value, .. } => value.clone(),
        Outcome::Absent => Value::Null,
        Outcome::Page(page) => json!({ "received": page.received, "cursor": page.cursor, "more": page.more }),
        Outcome::Accepted { references, .. } => {
            Value::Object(references.iter().map(|(kind, text)| (kind.clone(), text.clone().into())).collect())
        }
        Outcome::Pending { state, look_again_s } => {
            let mut body = Map::new();
            put(&mut body, "state", state.as_ref());
            put(&mut body, "look_again_s", look_again_s.as_ref());
            Value::Object(body)
        }
        Outcome::Supplement { wanted, until } => {
            let mut body = Map::new();
            put(&mut body, "wanted", Some(wanted));
            put(&mut body, "until", until.as_ref());
            Value::Object(body)
        }
        Outcome::Declined { reason, code } => {
            let mut body = Map::new();
            put(&mut body, "reason", Some(reason));
            put(&mut body, "code", code.as_ref());
            Value::Object(body)
        }
    }
}

/// A fault's content, without what its word already says.
pub fn fault_value(fault: &Fault) -> Value {
    let mut body = Map::new();
    match fault {
        Fault::Rejected { code, findings, sent, .. } => {
            put(&mut body, "code", code.as_ref());
            if !findings.is_empty() {
                body.insert("findings".into(), findings.iter().map(finding_value).collect());
            }
            if !sent {
                body.insert("sent".into(), false.into());
            }
        }
        Fault::Malformed(reason) | Fault::Uncertain(reason) => put_reason(&mut body, reason),
        Fault::NotAdmitted { exchange, .. } => put(&mut body, "exchange", Some(exchange)),
        Fault::Unavailable { retry_after_s, .. } | Fault::Overloaded { retry_after_s, .. } => {
            put(&mut body, "retry_after_s", retry_after_s.as_ref());
        }
        Fault::AdapterFailed { place } => put(&mut body, "where", Some(place)),
        Fault::Unreachable { .. } | Fault::DeadlineExceeded { .. } => {}
    }
    Value::Object(body)
}

fn put_reason(body: &mut Map<String, Value>, reason: &Reason) {
    put(body, "exchange", reason.exchange.as_ref());
    put(body, "where", reason.at.as_ref());
    put(body, "why", (!reason.why.is_empty()).then_some(&reason.why));
}

fn finding_value(finding: &Finding) -> Value {
    let mut body = Map::new();
    put(&mut body, "agency_field", finding.agency_field.as_ref());
    put(&mut body, "code", finding.code.as_ref());
    put(&mut body, "message", finding.operator_text.as_ref());
    put(&mut body, "pointer", finding.pointer.as_ref());
    Value::Object(body)
}

fn put<T: Clone + Into<Value>>(body: &mut Map<String, Value>, key: &str, value: Option<&T>) {
    if let Some(value) = value {
        body.insert(key.to_owned(), value.clone().into());
    }
}

/// Whether there is nothing in it: an ending without content shows no JSON.
pub fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty)
}

/// JSON as talks are laid out: one column of indentation, so that deep answers stay narrow.
pub fn pretty(value: &Value) -> String {
    if is_empty(value) {
        return String::new();
    }
    let mut text = String::new();
    write(&mut text, value, 0);
    text
}

fn write(text: &mut String, value: &Value, depth: usize) {
    let line = |text: &mut String, depth: usize| {
        text.push('\n');
        text.push_str(&" ".repeat(depth));
    };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            text.push('{');
            for (number, (key, field)) in fields.iter().enumerate() {
                text.push_str(if number == 0 { "" } else { "," });
                line(text, depth + 1);
                text.push_str(&Value::String(key.clone()).to_string());
                text.push_str(": ");
                write(text, field, depth + 1);
            }
            line(text, depth);
            text.push('}');
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('[');
            for (number, item) in items.iter().enumerate() {
                text.push_str(if number == 0 { "" } else { "," });
                line(text, depth + 1);
                write(text, item, depth + 1);
            }
            line(text, depth);
            text.push(']');
        }
        single => text.push_str(&single.to_string()),
    }
}
