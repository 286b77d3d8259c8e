//! Runs conversations with an adapter, one after the other, behind a barrier that no panic passes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use adapter_api::{Adapter, Call, Exchange, Fault, Inbound, Outcome, Received, Step, WireRequest};

use crate::wire;

/// No conversation of a sound agency is longer: the longest tried has 3 exchanges, one of them with at most
/// 20 pages.
pub const SENDS_MAX: usize = 256;

/// A reply as it came over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawReply {
    /// Where it stands in the talk.
    pub line: u32,
    /// The HTTP status.
    pub status: u16,
    /// The media type.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

impl RawReply {
    /// The same with another body.
    pub fn with_body(&self, body: impl Into<Vec<u8>>) -> RawReply {
        RawReply { body: body.into(), ..self.clone() }
    }
}

/// How a conversation ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// With a true answer.
    Outcome(Outcome),
    /// With a fault.
    Fault(Fault),
    /// The adapter panicked.
    Panic,
}

impl End {
    /// The outcome's or the fault's word.
    pub fn word(&self) -> &'static str {
        match self {
            End::Outcome(outcome) => outcome.word(),
            End::Fault(Fault::NotAdmitted { renew: true, .. }) => "renew",
            End::Fault(fault) => fault.code(),
            End::Panic => "panic",
        }
    }

    /// Whether it claims that the agency has answered or done what was asked.
    pub fn is_success(&self) -> bool {
        matches!(self, End::Outcome(outcome) if outcome.is_success())
    }

    /// Whether it leaves the question open: a fault, or a state to be asked about again.
    pub fn is_open(&self) -> bool {
        match self {
            End::Fault(_) => true,
            End::Outcome(outcome) => matches!(outcome, Outcome::Pending { .. }),
            End::Panic => false,
        }
    }
}

/// What the adapter wants next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// To send this.
    Send(Box<WireRequest>),
    /// To end.
    End(End),
}

/// Asks the adapter for the next step. A panic is caught and becomes an end.
pub fn next(adapter: &dyn Adapter, call: &Call, said: &[Exchange]) -> Next {
    match catch_unwind(AssertUnwindSafe(|| adapter.next(call, said))) {
        Ok(Ok(Step::Send(request))) => Next::Send(request),
        Ok(Ok(Step::Done(outcome))) => Next::End(End::Outcome(outcome)),
        Ok(Err(fault)) => Next::End(End::Fault(fault)),
        Err(_) => Next::End(End::Panic),
    }
}

/// One conversation from its call to its end, as a talk tells it.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// The talk's file.
    pub talk: std::sync::Arc<str>,
    /// The line of the last reply, or of the call.
    pub line: u32,
    /// What was asked.
    pub call: Call,
    /// What was sent, in order.
    pub requests: Vec<WireRequest>,
    /// What came back, in order.
    pub replies: Vec<RawReply>,
    /// The same, decoded.
    pub said: Vec<Exchange>,
    /// How it ended.
    pub end: End,
}

impl Conversation {
    /// Where its last reply stands.
    pub fn place(&self) -> adapter_api::diagnostic::Place {
        adapter_api::diagnostic::Place::new(&self.talk, self.line)
    }

    /// Where its reply number `index` stands.
    pub fn place_of(&self, index: usize) -> adapter_api::diagnostic::Place {
        let line = self.replies.get(index).map_or(self.line, |reply| reply.line);
        adapter_api::diagnostic::Place::new(&self.talk, line)
    }
}

/// How a conversation went on that was led astray.
#[derive(Debug, Clone, PartialEq)]
pub enum Way {
    /// It ended.
    Ended(End),
    /// It asks on, and there is no reply to give.
    AsksOn,
    /// It asks on and on.
    Endless,
}

impl Way {
    /// The end, if it ended.
    pub fn end(&self) -> Option<&End> {
        match self {
            Way::Ended(end) => Some(end),
            Way::AsksOn | Way::Endless => None,
        }
    }
}

/// Goes on after `said`, answering each request with the next of `replies`.
pub fn go_on(
    adapter: &dyn Adapter,
    call: &Call,
    mut said: Vec<Exchange>,
    replies: &[RawReply],
) -> (Way, Vec<Exchange>) {
    let mut replies = replies.iter();
    for _ in 0..SENDS_MAX {
        match next(adapter, call, &said) {
            Next::End(end) => return (Way::Ended(end), said),
            Next::Send(request) => match replies.next() {
                Some(raw) => said.push(wire::exchange(&request, raw)),
                None => return (Way::AsksOn, said),
            },
        }
    }
    (Way::Endless, said)
}

/// Asks the adapter what a message means. A panic is caught and becomes an end.
pub fn receive(adapter: &dyn Adapter, message: &Inbound) -> Result<Box<Received>, End> {
    match catch_unwind(AssertUnwindSafe(|| adapter.receive(message))) {
        Ok(Ok(received)) => Ok(Box::new(received)),
        Ok(Err(fault)) => Err(End::Fault(fault)),
        Err(_) => Err(End::Panic),
    }
}
