//! An adapter whose words are lines: runs a parsed agency.

mod conversation;
mod ground;
mod inbound;
mod lineage;
mod request;
mod rules;
mod subject;
mod verdict;

pub use lineage::{Line, Side};
pub use rules::{RuleHit, RuleOwner};

use std::sync::Arc;

use crate::adapter::{Adapter, Call, Exchange, Inbound, Received, Step};
use crate::agency::Agency;
use crate::fault::Fault;
use crate::schema::Schemas;
use crate::tree::Tree;

/// Runs a parsed agency.
#[derive(Debug, Clone)]
pub struct Declarative {
    agency: Arc<Agency>,
    schemas: Arc<Schemas>,
}

/// One step with what led to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// What [`Adapter::next`] gives.
    pub step: Result<Step, Fault>,
    /// The exchange that is sent, or whose reply was judged.
    pub exchange: Option<String>,
    /// Every rule that held on the way, those that go on to another exchange too, in order; the last one decided the step
    /// unless the step is a request.
    pub rules: Vec<RuleHit>,
    /// A login is asked for because of a sentence alone, not of a status or code: on a write, `find` runs before it is sent
    /// again (`reference/mapping.md` 7.6).
    pub known_by_text: bool,
}

/// What a message of the agency means, with the rule that said so.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// What [`Adapter::receive`] gives.
    pub received: Result<Received, Fault>,
    /// The rule that held.
    pub rule: Option<RuleHit>,
}

impl Declarative {
    /// An adapter that speaks as this agency's folder says, answering in the shape of these schemas.
    pub fn new(agency: Arc<Agency>, schemas: Arc<Schemas>) -> Self {
        Declarative { agency, schemas }
    }

    /// The agency it speaks for.
    pub fn agency(&self) -> &Agency {
        &self.agency
    }

    /// The next step with the rules that led to it.
    pub fn trace(&self, call: &Call, said: &[Exchange]) -> Trace {
        conversation::trace(&self.agency, &self.schemas, call, said)
    }

    /// What a message means, with the rule that said so.
    pub fn hear(&self, message: &Inbound) -> Heard {
        inbound::hear(&self.agency, &self.schemas, message)
    }

    /// The words that refuse a message which cannot be read or whose seal is wrong: nothing of it is needed for them.
    pub fn refuse(&self, message: &Inbound) -> Result<Tree, Fault> {
        inbound::refuse(&self.agency, message)
    }

    /// Every drawn target with the path that feeds it, both directions, in the order of the files.
    pub fn lineage(&self) -> Vec<Line> {
        lineage::of_agency(&self.agency)
    }
}

impl Adapter for Declarative {
    fn next(&self, call: &Call, said: &[Exchange]) -> Result<Step, Fault> {
        self.trace(call, said).step
    }

    fn receive(&self, message: &Inbound) -> Result<Received, Fault> {
        self.hear(message).received
    }
}
