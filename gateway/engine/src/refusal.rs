//! What the gateway itself declines, and how a read can fail altogether.

use adapter_api::{Fault, Finding};

/// What the gateway itself declines.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// No token, or none we trust.
    Unauthenticated,
    /// Not for this client, this purpose, this service.
    Denied {
        /// In our words, `purpose`, `service`, `unit`, `right`.
        what: &'static str,
    },
    /// No service of this name; lists those this client may ask.
    UnknownService {
        /// The services this client may ask.
        known: Vec<String>,
    },
    /// The request does not fit the service's schema.
    Invalid {
        /// Each with a pointer and our code; never a value.
        findings: Vec<Finding>,
    },
    /// Over the client's limit.
    Limited {
        /// When to come back, in seconds.
        retry_after_s: u64,
    },
    /// The audit log cannot take a record: nothing personal leaves (F25).
    AuditUnavailable,
}

impl Refusal {
    /// The problem code: one page of `schemas/problems` each.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::Unauthenticated => "unauthenticated",
            Refusal::Denied { .. } => "denied",
            Refusal::UnknownService { .. } => "unknown-service",
            Refusal::Invalid { .. } => "invalid",
            Refusal::Limited { .. } => "limited",
            Refusal::AuditUnavailable => "audit-unavailable",
        }
    }
}

/// How a read fails.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// We declined it.
    Refusal(Refusal),
    /// An exchange ended in a fault.
    Fault {
        /// Which.
        fault: Fault,
        /// Whose.
        agency: String,
        /// The carrier it went through, if any but `direct`.
        carrier: Option<String>,
    },
}

impl Failure {
    /// The problem code.
    pub fn code(&self) -> &'static str {
        match self {
            Failure::Refusal(refusal) => refusal.code(),
            Failure::Fault { fault, .. } => fault.code(),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Failure::Refusal(refusal)
    }
}
