//! The body of a batch, read strictly: one purpose, one service, the queries; nothing else.

use adapter_api::codec::Limits;
use engine::client::Purpose;
use serde_json::{Map, Value};

use crate::http::envelope::{members, purpose_of, unknown_members};
use crate::http::read::SERVICE_NAME_CHARS_MAX;
use crate::problem::Problem;

/// Queries of one batch: the one-stop department of a large commune handles some hundred dossiers a day.
pub const QUERIES_MAX: usize = 1_000;

/// `{ "purpose": {…}, "service": "residence.person", "queries": [ {…}, … ] }`
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Why all of it is asked.
    pub purpose: Purpose,
    /// The service, not yet looked up.
    pub service: String,
    /// What is asked, not yet checked against a schema: one bad query must not fail the others.
    pub queries: Vec<Value>,
}

impl Order {
    /// Reads the bytes of a body; everything that is wrong with the envelope is told at once.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Order, Box<Problem>> {
        let mut members = members(bytes, limits)?;
        let purpose = members.shift_remove("purpose").unwrap_or(Value::Object(Map::new()));
        let (service, queries) = (members.shift_remove("service"), members.shift_remove("queries"));
        let mut problem = unknown_members(&members);
        let purpose = purpose_of(purpose, &mut problem);
        let service = service_of(service).unwrap_or_else(|code| {
            problem.add("/service", code);
            String::new()
        });
        let queries = queries_of(queries).unwrap_or_else(|code| {
            problem.add("/queries", code);
            Vec::new()
        });
        if problem.findings.is_empty() {
            Ok(Order { purpose, service, queries })
        } else {
            Err(Box::new(problem))
        }
    }
}

fn service_of(value: Option<Value>) -> Result<String, &'static str> {
    match value {
        Some(Value::String(name)) if name.chars().count() <= SERVICE_NAME_CHARS_MAX => Ok(name),
        Some(Value::String(_)) => Err("too-long"),
        Some(_) => Err("wrong-type"),
        None => Err("required"),
    }
}

fn queries_of(value: Option<Value>) -> Result<Vec<Value>, &'static str> {
    match value {
        Some(Value::Array(queries)) if queries.is_empty() => Err("required"),
        Some(Value::Array(queries)) if queries.len() > QUERIES_MAX => Err("too-long"),
        Some(Value::Array(queries)) => Ok(queries),
        Some(_) => Err("wrong-type"),
        None => Err("required"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn codes(body: &Value) -> Vec<(String, String)> {
        let Err(problem) = Order::parse(body.to_string().as_bytes(), &Limits::default()) else {
            return Vec::new();
        };
        let told = |finding: &adapter_api::Finding| {
            (finding.pointer.clone().unwrap_or_default(), finding.code.clone().unwrap_or_default())
        };
        problem.findings.iter().map(told).collect()
    }

    #[test]
    fn everything_wrong_with_a_batch_is_told_at_once() {
        let body = json!({ "purpose": [], "service": 7, "queries": {}, "query": {} });
        let expected = [
            ("/query", "unknown-field"),
            ("/purpose", "wrong-type"),
            ("/service", "wrong-type"),
            ("/queries", "wrong-type"),
        ];
        assert_eq!(codes(&body), expected.map(|(at, code)| (at.to_string(), code.to_string())));
        let required = [("/service", "required"), ("/queries", "required")];
        assert_eq!(codes(&json!({})), required.map(|(at, code)| (at.to_string(), code.to_string())));
    }

    #[test]
    fn a_batch_has_one_query_to_a_thousand_of_any_kind() {
        let of = |number: usize| json!({ "service": "s", "queries": vec![Value::Null; number] });
        for good in [1, QUERIES_MAX] {
            assert!(codes(&of(good)).is_empty(), "{good}");
        }
        assert_eq!(codes(&of(0)), [("/queries".to_string(), "required".to_string())]);
        assert_eq!(codes(&of(QUERIES_MAX + 1)), [("/queries".to_string(), "too-long".to_string())]);
    }

    #[test]
    fn a_thousand_queries_of_the_largest_kind_fit() {
        let many = vec!["y".repeat(40); 40];
        let query = json!({ "a_field_of_ours": "x".repeat(80), "b": { "c": many } });
        let body = json!({ "service": "s", "queries": vec![query; QUERIES_MAX] }).to_string();
        assert!((1_500_000..super::super::BATCH_BODY_BYTES_MAX).contains(&body.len()), "{}", body.len());
        assert!(Order::parse(body.as_bytes(), &Limits::default()).is_ok());
    }
}
