//! What is written down of every look-up: who, for whom, why, which fields, when. Never a payload.

use adapter_api::language::text::composed;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::Purpose;

/// One audit record, a line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When, RFC 3339 with +07:00.
    pub at: String,
    /// Joins the two records of one read, and the logs.
    pub trace_id: String,
    /// Who asked.
    pub client: String,
    /// Why.
    pub purpose: Purpose,
    /// For whom: the keyed hash of each identifier the query names, separated by a space; `None` where it names nobody.
    pub subject: Option<String>,
    /// What it records.
    #[serde(flatten)]
    pub entry: Entry,
}

/// What a record records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "kebab-case")]
pub enum Entry {
    /// Awaited before the first byte of the answer leaves.
    Permitted {
        /// The services asked.
        services: Vec<String>,
        /// The agency that answers, chosen among several by the unit; empty in records older than the choice.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        agency: String,
        /// JSON pointers of the fields the policy lets through.
        fields: Vec<String>,
    },
    /// Not awaited: what came of it.
    Ended {
        /// The service, or `document`: a composite's lines share a trace; empty in records older than the field.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        service: String,
        /// `found`, `absent`, `partial` or a problem code.
        result: String,
        /// `hit`, `miss`, `stale`, `revalidated`.
        cache: Option<String>,
    },
}

/// Turns identifiers of subjects into keyed hashes: the log can be searched by who has the key, and read by nobody else (T19).
pub struct SubjectHasher {
    key: hmac::Key,
}

impl SubjectHasher {
    /// Hashes with this key.
    pub fn new(key: &[u8; 32]) -> Self {
        SubjectHasher { key: hmac::Key::new(hmac::HMAC_SHA256, key) }
    }

    /// The hash of one identifier, base64url without padding. The same in every service, so that one search finds them all.
    pub fn subject_hash(&self, identifier: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, composed(identifier.trim()).as_bytes()))
    }

    /// The hashes of the identifiers that a query names, in the order of the service's `x-subject`.
    pub fn subjects(&self, pointers: &[String], query: &Value) -> Vec<String> {
        let named = pointers.iter().filter_map(|pointer| query.pointer(pointer)?.as_str());
        named.map(|identifier| self.subject_hash(identifier)).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hashes_are_keyed_stable_and_tell_nothing() {
        let hasher = SubjectHasher::new(&[7; 32]);
        let query = json!({ "personal_id": "038042000001", "full_name": "Nguyễn Văn Mẫu" });
        let subjects = hasher.subjects(&["/personal_id".into(), "/old_id".into()], &query);
        assert_eq!(subjects, [hasher.subject_hash(" 038042000001")]);
        assert_ne!(subjects, [SubjectHasher::new(&[8; 32]).subject_hash("038042000001")]);
        assert!(!format!("{subjects:?}").contains("038042000001"));
    }

    #[test]
    fn a_record_is_one_flat_line() {
        let record = Record {
            at: "2025-08-12T09:00:00.000+07:00".into(),
            trace_id: "t".into(),
            client: "one-stop".into(),
            purpose: Purpose { procedure: "1.000656".into(), officer: "cb01".into(), ..Purpose::default() },
            subject: None,
            entry: Entry::Ended {
                service: "residence.person".into(),
                result: "found".into(),
                cache: Some("miss".into()),
            },
        };
        let line = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&line).unwrap(), record);
        assert!(line.contains(r#""entry":"ended""#), "{line}");
    }
}
