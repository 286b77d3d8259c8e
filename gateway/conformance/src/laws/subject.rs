//! L11: the subject answered is the subject asked.

use adapter_api::diagnostic::Diagnostic;
use adapter_api::schema::{DataClass, Shape};
use serde_json::Value;

use super::judge::another_value;
use crate::conversation::{Conversation, End, Way};
use crate::ending::outcome_value;
use crate::ground::Ground;
use crate::spot::{Content, Edit, altered, spots};

/// Checks that reads about a person name their subject, and that another person's answer is refused.
pub fn check(ground: &Ground<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for conversation in ground.answered().filter(|conversation| conversation.end.is_success()) {
        let Some(operation) = ground.operation(&conversation.call) else { continue };
        let shared = ground.shapes(operation).map(|shapes| personal_in_both(&shapes.query, &shapes.answer));
        let subjects =
            if operation.subject.is_empty() { shared.unwrap_or_default() } else { operation.subject.clone() };
        if !subjects.is_empty() && !ground.writes(operation) {
            findings.extend(other_subject(ground, conversation, &subjects));
        }
    }
    findings
}

/// The personal fields that are both asked and answered: by them it can be told whose answer it is.
fn personal_in_both(query: &Shape, answer: &Shape) -> Vec<String> {
    let Shape::Object(properties) = query else { return Vec::new() };
    let shared = properties.iter().filter(|property| {
        matches!(property.shape, Shape::Scalar(_))
            && !matches!(property.class, None | Some(DataClass::Public))
            && answer.property(&property.name).is_some()
    });
    shared.map(|property| property.name.clone()).collect()
}

/// Changes each value of the replies; the first that makes it somebody else's answer is enough.
fn other_subject(
    ground: &Ground<'_>,
    conversation: &Conversation,
    subjects: &[String],
) -> Option<Diagnostic> {
    let End::Outcome(good) = &conversation.end else { return None };
    let good = outcome_value(good);
    for (index, exchange) in conversation.said.iter().enumerate() {
        let Ok(body) = &exchange.reply.body else { continue };
        for spot in spots(body) {
            let (Content::Text(text) | Content::Number(text)) = &spot.content else { continue };
            let Some(body) = altered(body, &spot.hops, &Edit::Text(another(text))) else { continue };
            let way = ground.with_body(conversation, index, body);
            let Way::Ended(End::Outcome(outcome)) = &way else { continue };
            if !outcome.is_success() {
                continue;
            }
            let answer = outcome_value(outcome);
            let moved = subjects.iter().find(|path| {
                let asked = value_at(&conversation.call.query, path).filter(|value| !value.is_null());
                asked.is_some_and(|asked| {
                    value_at(&good, path).zip(value_at(&answer, path)).is_some_and(|(one, other)| {
                        another_value(one, other, false, "").is_some() && !is_about(asked, other)
                    })
                })
            });
            if let Some(path) = moved {
                let message = format!(
                    "with another `{}` in the reply, the answer is about another `{path}` and is given all the same",
                    spot.path
                );
                let help =
                    format!("say in [operation.{}]: subject = \"{path}\"", conversation.call.operation);
                return Some(ground.finding("L11", conversation, index, message).help(help));
            }
        }
    }
    None
}

/// Whether an answered value still fits the one asked: of two dates one may be less precise.
fn is_about(asked: &Value, answered: &Value) -> bool {
    match (asked, answered) {
        (Value::String(asked), Value::String(answered)) => {
            answered.to_lowercase() == asked.to_lowercase() || answered.starts_with(&format!("{asked}-"))
        }
        _ => asked == answered,
    }
}

fn value_at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').map(|step| step.trim_end_matches('?')).try_fold(value, |value, step| value.get(step))
}

/// Another value of the same form: the last digit moves; text without digits gets another last word.
pub fn another(text: &str) -> String {
    match text.char_indices().rev().find(|(_, letter)| letter.is_ascii_digit()) {
        Some((at, digit)) => {
            let next = match digit {
                '1' => "2",
                _ => "1",
            };
            format!("{}{next}{}", text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default())
        }
        None => format!("{text} Khác"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_value_has_the_same_form() {
        assert_eq!(another("038042000001"), "038042000002");
        assert_eq!(another("15/03/1942"), "15/03/1941");
        assert_eq!(another("NGUYỄN VĂN MẪU"), "NGUYỄN VĂN MẪU Khác");
    }
}
