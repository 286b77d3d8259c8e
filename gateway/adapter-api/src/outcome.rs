//! What an agency can truly answer. A true "no" is an outcome, never a fault.

use serde_json::Value;

/// The agency's true answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A read found it: the normalised answer.
    Found(Value),
    /// A read found nothing, shown by evidence.
    Absent,
    /// One page of a feed.
    Page(Page),
    /// A write was taken in.
    Accepted {
        /// Identifiers the agency gave, by kind; `reference` is ours or theirs.
        references: Vec<(String, String)>,
        /// The agency says it had it already: the house looks whether the record is really ours.
        already: bool,
    },
    /// A write is under way.
    Pending {
        /// Our word for the agency's state, if it has one.
        state: Option<String>,
        /// When the agency wishes to be asked again, in seconds.
        look_again_s: Option<u64>,
    },
    /// The citizen must add something.
    Supplement {
        /// What is wanted, in the agency's words (for the operator and the citizen, sealed in the case).
        wanted: String,
        /// Until when, ISO 8601.
        until: Option<String>,
    },
    /// A write came to its end.
    Completed {
        /// The normalised result.
        value: Value,
        /// Something belonging to the result is still to come.
        partial: bool,
    },
    /// The agency refused on the merits.
    Declined {
        /// Its reason, in its words.
        reason: String,
        /// Its code, if any.
        code: Option<String>,
    },
}

/// One page of a feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The rows, normalised, each with its duplicate key under `same`.
    pub received: Vec<Value>,
    /// Where to go on.
    pub cursor: Option<String>,
    /// There is more at once.
    pub more: bool,
}

impl Outcome {
    /// The outcome's word as rules, talks and the API say it.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Found(_) => "found",
            Outcome::Absent => "absent",
            Outcome::Page(_) => "page",
            Outcome::Accepted { already: false, .. } => "accepted",
            Outcome::Accepted { already: true, .. } => "already-received",
            Outcome::Pending { .. } => "pending",
            Outcome::Supplement { .. } => "supplement",
            Outcome::Completed { .. } => "completed",
            Outcome::Declined { .. } => "declined",
        }
    }

    /// Whether the outcome claims that the agency has answered or done what was asked.
    pub fn is_success(&self) -> bool {
        match self {
            Outcome::Found(_) | Outcome::Absent | Outcome::Page(_) => true,
            Outcome::Accepted { .. } | Outcome::Completed { .. } => true,
            Outcome::Pending { .. } | Outcome::Supplement { .. } | Outcome::Declined { .. } => false,
        }
    }
}
