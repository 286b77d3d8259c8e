//! Who asks, and for what purpose.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// A known client: one-stop software, a connector of the National Portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its identifier (`sub` of the token).
    pub id: String,
    /// The rights beyond services that it holds: `no-cache`.
    pub rights: BTreeSet<String>,
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
