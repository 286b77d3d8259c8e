//! The straight road on one page: a read, from the client we know to the answer that may leave.

use serde_json::Value;
use tokio::time::Instant;

use crate::client::{Client, Purpose};
use crate::refusal::Failure;

/// One question.
#[derive(Debug, Clone)]
pub struct Question {
    /// The service, `residence.person`.
    pub service: String,
    /// Why.
    pub purpose: Purpose,
    /// The query as it came, already without duplicate keys.
    pub query: Value,
    /// Joins logs, audit and answer.
    pub trace_id: String,
    /// The caller wants no cached answer (needs the right `no-cache`).
    pub no_cache: bool,
    /// When the caller stops waiting; the service's own deadline bounds it too.
    pub deadline: Option<Instant>,
}

/// One answer, masked to what this client may see for this purpose.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The normalised data; `None`: absent.
    pub data: Option<Value>,
    /// Where it came from.
    pub source: Source,
}

/// Where an answer came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The agency.
    pub agency: String,
    /// The service.
    pub service: String,
    /// When the agency said it, RFC 3339 with +07:00.
    pub retrieved_at: String,
    /// How old it is.
    pub age_s: u64,
    /// How the cache took part.
    pub cache: CacheUse,
    /// The identifier of our call at the agency.
    pub reference: String,
    /// For `Cache-Status` (RFC 9211): how long it stays fresh; negative when stale.
    pub fresh_for_s: i64,
}

/// How the cache took part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheUse {
    /// From the cache, fresh.
    Hit,
    /// Asked now.
    Miss,
    /// From the cache, past its freshness.
    Stale,
    /// Asked again because the caller wished it.
    Revalidated,
}

/// The engine. Built once from its parts; cheap to share.
pub struct Engine {
    // the engine's author fills this
}

impl Engine {
    /// Answers one question, or says why not.
    pub async fn read(&self, client: &Client, question: Question) -> Result<Answer, Failure> {
        let _ = (client, question);
        std::future::pending().await
    }
}
