//! Who asks, and for what purpose.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// How urgent a question is. At the counter (quầy) somebody stands and waits; a batch (lô) has patience.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// Quầy: served first.
    #[default]
    Counter,
    /// Lô: served in what the counter leaves, and in one turn of [`BATCH_EVERY`](crate::resilience::BATCH_EVERY) whatever
    /// the counter leaves.
    Batch,
}

impl Lane {
    /// The word in settings, headers and metrics.
    pub fn word(self) -> &'static str {
        match self {
            Lane::Counter => "counter",
            Lane::Batch => "batch",
        }
    }

    /// The lane of one request: it may lower itself, never raise.
    pub fn lowered_to(self, wish: Lane) -> Lane {
        match (self, wish) {
            (Lane::Counter, Lane::Counter) => Lane::Counter,
            (Lane::Batch, _) | (_, Lane::Batch) => Lane::Batch,
        }
    }
}

/// A known client: one-stop software, a connector of the National Portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its identifier (`sub` of the token).
    pub id: String,
    /// The rights beyond services that it holds: `no-cache`.
    pub rights: BTreeSet<String>,
    /// The lane of its requests, where they do not lower themselves.
    pub lane: Lane,
}

/// Why somebody's data is asked for (mục đích tra cứu). Mandatory for personal data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purpose {
    /// The procedure's code (mã thủ tục hành chính), `1.000656`.
    pub procedure: String,
    /// The dossier's code (mã hồ sơ), `H56.14-250812-0035`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dossier: Option<String>,
    /// The unit (mã đơn vị), `H56.14`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The officer (mã cán bộ).
    pub officer: String,
}
