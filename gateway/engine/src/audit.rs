//! What is written down of every look-up: who, for whom, why, which fields, when. Never a payload.

use serde::{Deserialize, Serialize};

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
    /// For whom: keyed hash of the subject's identifier; `None` where the service is about nobody.
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
        /// JSON pointers of the fields the policy lets through.
        fields: Vec<String>,
    },
    /// Not awaited: what came of it.
    Ended {
        /// `found`, `absent`, `partial` or a problem code.
        result: String,
        /// `hit`, `miss`, `stale`, `revalidated`.
        cache: Option<String>,
    },
}
