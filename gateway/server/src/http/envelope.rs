//! The envelope of a question, read strictly: purpose and query, nothing else.

use actix_web::http::header::HeaderMap;
use actix_web::web;
use adapter_api::codec::{Limits, json};
use engine::client::Purpose;
use serde_json::{Map, Value};

use super::Shared;
use crate::problem::{Misuse, Problem};

/// `{ "purpose": {…}, "query": {…} }`
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// Why it is asked.
    pub purpose: Purpose,
    /// What is asked, not yet checked against a schema.
    pub query: Value,
}

impl Envelope {
    /// Reads a request's body.
    pub async fn read(
        headers: &HeaderMap,
        body: web::Payload,
        shared: &Shared,
    ) -> Result<Envelope, Box<Problem>> {
        if !is_json(headers) {
            return Err(Box::new(Problem::of_misuse(Misuse::UnsupportedMediaType)));
        }
        let bytes = body
            .to_bytes_limited(shared.body_bytes_max)
            .await
            .map_err(|_too_large| Problem::of_misuse(Misuse::TooLarge))?
            .map_err(|_broken| Problem::of_misuse(Misuse::MalformedJson))?;
        Envelope::parse(&bytes, &shared.codec_limits)
    }

    /// Reads the bytes of a body; everything that is wrong with the envelope is told at once.
    fn parse(bytes: &[u8], limits: &Limits) -> Result<Envelope, Box<Problem>> {
        let value =
            json::parse_value(bytes, limits).map_err(|_error| Problem::of_misuse(Misuse::MalformedJson))?;
        // Sound JSON that is no envelope of ours is `invalid`, never `malformed-json`: the caller's parser is not to blame.
        let Value::Object(mut members) = value else {
            return Err(Box::new(no_findings().finding("", "wrong-type")));
        };
        let query = members.shift_remove("query").unwrap_or(Value::Object(Map::new()));
        let purpose = members.shift_remove("purpose").unwrap_or(Value::Object(Map::new()));
        let unknown = members.keys().take(FINDINGS_MAX).map(|name| below("", name));
        let mut problem = unknown.fold(no_findings(), |told, at| told.finding(&at, "unknown-field"));
        let purpose = purpose_of(purpose, &mut problem);
        if problem.findings.is_empty() { Ok(Envelope { purpose, query }) } else { Err(Box::new(problem)) }
    }
}

/// `invalid`, its findings still to be added.
fn no_findings() -> Problem {
    Problem::of_refusal(&engine::refusal::Refusal::Invalid { findings: Vec::new() })
}

/// The pointer to a member. A name that could not be one of ours may be somebody's number typed in the wrong place: then
/// the pointer stops at the object that holds it.
fn below(parent: &str, name: &str) -> String {
    let ours =
        name.len() <= NAME_CHARS_MAX && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if ours { format!("{parent}/{name}") } else { parent.to_string() }
}

fn is_json(headers: &HeaderMap) -> bool {
    let text = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().is_some_and(|media| media.trim().eq_ignore_ascii_case("application/json"))
}

/// Findings told about the envelope: it has two members of ours, and nobody reads more than a screen.
const FINDINGS_MAX: usize = 20;
/// Characters of a member's name that are told back; the longest of ours has 9.
const NAME_CHARS_MAX: usize = 40;
/// The longest value a purpose's member may have: the longest code of `interfaces.md` 4 has 35 characters.
const PURPOSE_CHARS_MAX: usize = 64;

/// The purpose. A member that is missing is left blank: policy then says what is required.
fn purpose_of(value: Value, problem: &mut Problem) -> Purpose {
    let mut purpose = Purpose::default();
    let Value::Object(members) = value else {
        problem.add("/purpose", "wrong-type");
        return purpose;
    };
    for (name, value) in members.into_iter().take(FINDINGS_MAX) {
        let pointer = below("/purpose", &name);
        let text = match value {
            Value::String(text) if text.chars().count() <= PURPOSE_CHARS_MAX => text,
            Value::String(_) => {
                problem.add(&pointer, "too-long");
                continue;
            }
            _ => {
                problem.add(&pointer, "wrong-type");
                continue;
            }
        };
        match name.as_str() {
            "procedure" => purpose.procedure = text,
            "officer" => purpose.officer = text,
            "dossier" => purpose.dossier = Some(text),
            "unit" => purpose.unit = Some(text),
            _ => problem.add(&pointer, "unknown-field"),
        }
    }
    purpose
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<(String, String)> {
        match Envelope::parse(text.as_bytes(), &Limits::default()) {
            Ok(_) => Vec::new(),
            Err(problem) if problem.findings.is_empty() => vec![(String::new(), problem.code.to_string())],
            Err(problem) => {
                let told = |finding: &adapter_api::Finding| {
                    (finding.pointer.clone().unwrap_or_default(), finding.code.clone().unwrap_or_default())
                };
                problem.findings.iter().map(told).collect()
            }
        }
    }

    #[test]
    fn everything_wrong_with_an_envelope_is_told_at_once() {
        let text = r#"{ "purpose": { "officer": 7, "why": "x" }, "querry": {}, "038090000001": 1 }"#;
        let expected = [
            ("/querry", "unknown-field"),
            ("", "unknown-field"),
            ("/purpose/officer", "wrong-type"),
            ("/purpose/why", "unknown-field"),
        ];
        let expected = expected.map(|(pointer, code)| (pointer.to_string(), code.to_string()));
        assert_eq!(codes(text), expected);
    }

    #[test]
    fn sound_json_that_is_no_envelope_is_invalid() {
        assert_eq!(codes("[]"), [(String::new(), "wrong-type".to_string())]);
        assert_eq!(codes(r#"{"query":{},"query":{}}"#), [(String::new(), "malformed-json".to_string())]);
        assert!(codes("{}").is_empty());
    }
}
