//! The envelope of a question, read strictly: purpose and query, nothing else.

use std::time::Duration;

use actix_web::http::header::HeaderMap;
use actix_web::web;
use adapter_api::codec::json::JsonError;
use adapter_api::codec::{Limits, json};
use adapter_api::{Finding, Position};
use bytes::Bytes;
use engine::client::Purpose;
use serde_json::{Map, Value};
use tokio::time::timeout;

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
        let bytes = read_bytes(headers, body, shared.body_bytes_max, shared.body_timeout).await?;
        Envelope::parse(&bytes, &shared.codec_limits)
    }

    /// Reads the bytes of a body; everything that is wrong with the envelope is told at once.
    fn parse(bytes: &[u8], limits: &Limits) -> Result<Envelope, Box<Problem>> {
        let mut members = members(bytes, limits)?;
        let query = members.shift_remove("query").unwrap_or(Value::Object(Map::new()));
        let purpose = members.shift_remove("purpose").unwrap_or(Value::Object(Map::new()));
        let mut problem = unknown_members(&members);
        let purpose = purpose_of(purpose, &mut problem);
        if problem.findings.is_empty() { Ok(Envelope { purpose, query }) } else { Err(Box::new(problem)) }
    }
}

/// A purpose by itself, as a GET tells it in a header.
pub fn purpose_alone(bytes: &[u8], limits: &Limits) -> Result<Purpose, Box<Problem>> {
    let value = json::parse_value(bytes, limits).map_err(|error| unread(&error, bytes))?;
    let mut problem = no_findings();
    let purpose = purpose_of(value, &mut problem);
    if problem.findings.is_empty() { Ok(purpose) } else { Err(Box::new(problem)) }
}

/// Reads a body of JSON, so long and so slow at most.
pub(super) async fn read_bytes(
    headers: &HeaderMap,
    body: web::Payload,
    bytes_max: usize,
    time: Duration,
) -> Result<Bytes, Box<Problem>> {
    if !is_json(headers) {
        return Err(Box::new(Problem::of_misuse(Misuse::UnsupportedMediaType)));
    }
    let bytes = timeout(time, body.to_bytes_limited(bytes_max))
        .await
        .map_err(|_too_slow| Problem::of_misuse(Misuse::TooSlow))?
        .map_err(|_too_large| Problem::of_misuse(Misuse::TooLarge))?
        .map_err(|_broken| Problem::of_misuse(Misuse::MalformedJson))?;
    Ok(bytes)
}

/// The members of a body. Sound JSON that is no envelope of ours is `invalid`, never `malformed-json`: the caller's parser is
/// not to blame.
pub(super) fn members(bytes: &[u8], limits: &Limits) -> Result<Map<String, Value>, Box<Problem>> {
    match json::parse_value(bytes, limits).map_err(|error| unread(&error, bytes))? {
        Value::Object(members) => Ok(members),
        _ => Err(Box::new(no_findings().finding("", "wrong-type"))),
    }
}

/// `invalid`, with a finding for each member that is left over.
pub(super) fn unknown_members(left: &Map<String, Value>) -> Problem {
    let unknown = left.keys().take(FINDINGS_MAX).map(|name| below("", name));
    unknown.fold(no_findings(), |told, at| told.finding(&at, "unknown-field"))
}

/// Why the bytes are no JSON of ours, and where.
fn unread(error: &JsonError, bytes: &[u8]) -> Problem {
    let (code, pointer, position) = match error {
        JsonError::Malformed { line, column } => {
            let code = if std::str::from_utf8(bytes).is_ok() { "not-json" } else { "not-utf8" };
            (code, None, Some(Position { line: *line, column: *column }))
        }
        JsonError::Duplicate { pointer } => ("duplicate-key", Some(known_part(pointer)), None),
        JsonError::OutOfRange { pointer } => ("number-out-of-range", Some(known_part(pointer)), None),
        JsonError::TooDeep { .. } => ("too-deep", None, None),
        JsonError::TooLarge => return Problem::of_misuse(Misuse::TooLarge),
        JsonError::Foreign { .. } => return Problem::of_misuse(Misuse::MalformedJson),
    };
    let mut problem = Problem::of_misuse(Misuse::MalformedJson);
    let code = Some(code.to_string());
    problem.findings.push(Finding { pointer, code, position, ..Finding::default() });
    problem
}

/// A pointer up to the first step that could be none of ours.
fn known_part(pointer: &str) -> String {
    let steps = pointer.split('/').skip(1);
    let known =
        steps.take_while(|step| is_our_name(step) || (step.len() <= 4 && step.parse::<u16>().is_ok()));
    known.fold(String::new(), |path, step| format!("{path}/{step}"))
}

/// `invalid`, its findings still to be added.
fn no_findings() -> Problem {
    Problem::of_refusal(&engine::refusal::Refusal::Invalid { findings: Vec::new() })
}

/// The pointer to a member. A name that could not be one of ours may be somebody's number typed in the wrong place: then
/// the pointer stops at the object that holds it.
fn below(parent: &str, name: &str) -> String {
    if is_our_name(name) { format!("{parent}/{name}") } else { parent.to_string() }
}

fn is_our_name(name: &str) -> bool {
    let ours = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    !name.is_empty() && name.len() <= NAME_CHARS_MAX && name.bytes().all(ours)
}

/// JSON is UTF-8 (RFC 8259 8.1); who says another charset has written another text.
fn is_json(headers: &HeaderMap) -> bool {
    let text = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = text.split(';');
    let media = parts.next().unwrap_or_default();
    media.trim().eq_ignore_ascii_case("application/json") && parts.all(is_utf8_or_no_charset)
}

fn is_utf8_or_no_charset(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return true };
    let value = value.trim().trim_matches('"');
    !name.trim().eq_ignore_ascii_case("charset") || value.eq_ignore_ascii_case("utf-8")
}

/// Findings told about the envelope: it has two members of ours, and nobody reads more than a screen.
const FINDINGS_MAX: usize = 20;
/// Characters of a member's name that are told back; the longest of ours has 9.
const NAME_CHARS_MAX: usize = 40;
/// The longest value a purpose's member may have: the longest code of `interfaces.md` 4 has 35 characters.
pub const PURPOSE_CHARS_MAX: usize = 64;

/// The purpose. A member that is missing is left blank: policy then says what is required.
pub(super) fn purpose_of(value: Value, problem: &mut Problem) -> Purpose {
    let mut purpose = Purpose::default();
    let Value::Object(members) = value else {
        problem.add("/purpose", "wrong-type");
        return purpose;
    };
    for (name, value) in members.into_iter().take(FINDINGS_MAX) {
        let pointer = below("/purpose", &name);
        let text = match value {
            Value::String(text) if text.trim().is_empty() => {
                problem.add(&pointer, "required");
                continue;
            }
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
        assert!(codes("{}").is_empty());
    }

    #[test]
    fn bytes_that_cannot_be_read_are_told_by_kind_and_place() {
        let told = |bytes: &[u8]| {
            let problem = Envelope::parse(bytes, &Limits::default()).unwrap_err();
            assert_eq!((problem.code, problem.findings.len()), ("malformed-json", 1));
            let Finding { pointer, code, position, .. } = problem.findings[0].clone();
            let position = position.map(|Position { line, column }| (line, column));
            (code.unwrap(), pointer.unwrap_or_else(|| "-".into()), position)
        };
        let at = |code: &str, pointer: &str, position| (code.to_string(), pointer.to_string(), position);
        assert_eq!(told(b"{\n  \"query\": x }"), at("not-json", "-", Some((2, 12))));
        assert_eq!(told(b"{\"query\":\"\xc3\"}"), at("not-utf8", "-", Some((1, 11))));
        assert_eq!(told(br#"{"query":{},"query":{}}"#), at("duplicate-key", "/query", None));
        let number = br#"{"query":{"038090000001":{"a":1,"a":2}}}"#;
        assert_eq!(told(number), at("duplicate-key", "/query", None), "no number is told");
        assert_eq!(told(br#"{"query":{"n":[0,1e400]}}"#), at("number-out-of-range", "/query/n/1", None));
        assert_eq!(told("[".repeat(100).as_bytes()), at("too-deep", "-", None));
        let pages = crate::pages::tests::pages();
        for code in ["not-json", "not-utf8", "duplicate-key", "number-out-of-range", "too-deep"] {
            assert!(pages.finding(code).is_some(), "{code} has a sentence");
        }
    }

    #[test]
    fn only_json_in_utf_8_is_read() {
        let says = |content_type: &str| {
            let mut headers = HeaderMap::new();
            let value = actix_web::http::header::HeaderValue::from_str(content_type).unwrap();
            headers.insert(actix_web::http::header::CONTENT_TYPE, value);
            is_json(&headers)
        };
        let good =
            ["application/json", "Application/JSON; Charset=\"UTF-8\"", "application/json;charset=utf-8"];
        assert!(good.into_iter().all(says));
        let bad =
            ["", "text/plain", "application/json; charset=utf-16", "application/json;v=1; charset = latin1"];
        assert!(!bad.into_iter().any(says));
        assert!(!is_json(&HeaderMap::new()));
    }
}
