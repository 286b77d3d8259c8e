//! The contract every adapter fulfils: one pure function from what is asked and said so far to what to do next.

use serde_json::Value;

use crate::fault::Fault;
use crate::outcome::Outcome;
use crate::tree::Tree;
use crate::wire::{Reply, WireRequest};

/// One national system's words, in both directions.
///
/// Both functions are pure: the same arguments give the same result, for ever. Waiting, retrying, secrets, certificates,
/// time and randomness belong to the house. There are no default methods: an adapter says what it means.
pub trait Adapter: Send + Sync {
    /// Says the next step of a conversation with the agency.
    ///
    /// `said` holds the finished exchanges in the order they took place; the adapter never sees a secret in them.
    fn next(&self, call: &Call, said: &[Exchange]) -> Result<Step, Fault>;

    /// Says what a message means that the agency sent on its own, and in which words it expects to be answered.
    fn receive(&self, message: &Inbound) -> Result<Received, Fault>;
}

/// What is asked of an agency.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The operation of the adapter, `person`; the catalogue maps the service `residence.person` to it.
    pub operation: String,
    /// Identifies this call towards the agency, a UUID.
    pub id: String,
    /// When the call began, RFC 3339 with +07:00. An adapter has no other clock.
    pub now: String,
    /// Our reference for a write, unique per case, leg and revision.
    pub reference: Option<String>,
    /// Why it is asked: `procedure`, `dossier`, `unit`, `officer`; an object.
    pub purpose: Value,
    /// The agency's settings from configuration (`$setting`); an object. Never a secret.
    pub setting: Value,
    /// The normalised query; an object that the service's request schema has accepted.
    pub query: Value,
    /// The references put into one exchange where the operation says `together`; empty means this call alone.
    pub together: Vec<String>,
    /// Where a feed goes on; `None` begins at the beginning.
    pub cursor: Option<String>,
    /// Overrides the manifest's page size (tests and feeds).
    pub page_size: Option<u32>,
}

/// One wire request with its reply, as the adapter is shown it.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// The exchange's name in the manifest.
    pub name: String,
    /// What came back, decoded once.
    pub reply: Reply,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Send this and come back with the reply.
    Send(Box<WireRequest>),
    /// The agency has truly answered.
    Done(Outcome),
}

/// A message that an agency sent on its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Inbound {
    /// The message's name in the manifest, `confirm`.
    pub name: String,
    /// When it arrived, RFC 3339 with +07:00.
    pub now: String,
    /// The agency's settings; an object.
    pub setting: Value,
    /// The message, decoded once.
    pub body: Tree,
}

/// What an inbound message means.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// The rule's word, `paid`.
    pub event: String,
    /// The schema of `value`, `payment.paid`.
    pub schema: String,
    /// The identifier that finds our case.
    pub reference: String,
    /// Two messages equal in these are the same message.
    pub same: Vec<String>,
    /// The agency's own time of the event, if it told one.
    pub at: Option<String>,
    /// The normalised content.
    pub value: Value,
    /// The three answers, drawn in advance.
    pub answers: Answers,
}

/// The words in which the agency expects to be answered. Secrets and seals in them are still slots.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// It is stored; also for the same message again.
    pub stored: Tree,
    /// No case of ours has this reference.
    pub unknown: Tree,
    /// Its seal or form is wrong.
    pub refused: Tree,
}
