//! What the laws stand on: the agency, its adapter, its schemas, and every conversation its talks tell.

use std::cell::Cell;
use std::collections::BTreeMap;

use adapter_api::agency::{Agency, ExchangePlan, Operation};
use adapter_api::declarative::Declarative;
use adapter_api::diagnostic::{Diagnostic, Place};
use adapter_api::language::syntax::Test;
use adapter_api::schema::{Schemas, ServiceShape};
use adapter_api::{Adapter, Call, Exchange, Inbound, Kind, Received, Tree, WireRequest};
use serde_json::Value;

use crate::conversation::{Conversation, End, Next, RawReply, SENDS_MAX, Way, next};
use crate::laws::is_phrase;
use crate::wire;

/// The side of a service that a value stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What is asked.
    Query,
    /// What is answered.
    Answer,
}

/// A full JSON Schema validator, brought by the caller: service, side, value; what does not fit, in its
/// words.
pub type Validator = dyn Fn(&str, Side, &Value) -> Vec<String> + Send + Sync;

/// How much is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Effort {
    /// Everything.
    #[default]
    Full,
    /// Everything but the 10 MB replies, which take longer than all else together: for an author who saves
    /// and looks.
    Quick,
}

/// What the laws stand on.
pub struct Ground<'a> {
    /// The agency as its folder says it.
    pub agency: &'a Agency,
    /// The adapter under test: declarative, or coded around it.
    pub adapter: &'a dyn Adapter,
    /// The declarative adapter of the same folder; it tells which rule decided.
    pub declarative: &'a Declarative,
    /// The shapes of its services.
    pub schemas: &'a Schemas,
    /// The caller's validator.
    pub validator: Option<&'a Validator>,
    /// Every ending of every talk.
    pub conversations: &'a [Conversation],
    /// The messages of its talks.
    pub heard: &'a [Inbound],
    /// What they were taken to mean.
    pub received: &'a [Received],
    /// How much is tried.
    pub effort: Effort,
    /// Good replies by exchange, for conversations that were led astray and ask on.
    pub pool: BTreeMap<String, RawReply>,
    /// Replies put in the place of told ones.
    pub trials: Cell<usize>,
}

impl<'a> Ground<'a> {
    /// The last reply of each exchange in a conversation that ended well.
    pub fn pool_of(conversations: &[Conversation]) -> BTreeMap<String, RawReply> {
        let good = conversations.iter().filter(|conversation| conversation.end.is_success());
        good.flat_map(|conversation| conversation.requests.iter().zip(&conversation.replies))
            .map(|(request, reply)| (request.exchange.clone(), reply.clone()))
            .collect()
    }

    /// The operation a call asks for.
    pub fn operation(&self, call: &Call) -> Option<&'a Operation> {
        self.agency.operations.get(&call.operation)
    }

    /// The service whose shapes an operation has: its own, or that of the operation it helps.
    pub fn service(&self, operation: &'a Operation) -> Option<&'a str> {
        let helped = operation.helps.as_ref().and_then(|name| self.agency.operations.get(name));
        operation.service.as_deref().or_else(|| helped.and_then(|helped| helped.service.as_deref()))
    }

    /// The shapes an operation has.
    pub fn shapes(&self, operation: &'a Operation) -> Option<&'a ServiceShape> {
        self.service(operation).and_then(|service| self.schemas.services.get(service))
    }

    /// The plan of a conversation's exchange.
    pub fn plan(&self, exchange: &str) -> Option<&'a ExchangePlan> {
        self.agency.exchanges.get(exchange)
    }

    /// Whether an operation writes.
    pub fn writes(&self, operation: &Operation) -> bool {
        let plans = operation.exchanges.iter().filter_map(|name| self.agency.exchanges.get(name));
        plans.into_iter().any(|plan| plan.kind == Kind::Write)
    }

    /// The conversation with another raw reply at this place, and how it goes on.
    pub fn with_reply(&self, conversation: &Conversation, index: usize, raw: &RawReply) -> Way {
        match conversation.requests.get(index) {
            Some(request) => self.go_astray(conversation, index, wire::exchange(request, raw)),
            None => Way::AsksOn,
        }
    }

    /// The conversation with another decoded body at this place, and how it goes on.
    pub fn with_body(&self, conversation: &Conversation, index: usize, body: Tree) -> Way {
        match conversation.said.get(index) {
            Some(exchange) => {
                let mut exchange = exchange.clone();
                exchange.reply.body = Ok(body);
                self.go_astray(conversation, index, exchange)
            }
            None => Way::AsksOn,
        }
    }

    fn go_astray(&self, conversation: &Conversation, index: usize, exchange: Exchange) -> Way {
        self.trials.set(self.trials.get() + 1);
        let mut said: Vec<Exchange> = conversation.said.iter().take(index).cloned().collect();
        said.push(exchange);
        let told = conversation.replies.get(index + 1..).unwrap_or_default();
        self.run(&conversation.call, said, told, true).0
    }

    /// A call with these replies in order: how it ends and what it sends.
    pub fn ask(&self, call: &Call, replies: &[RawReply]) -> (Way, Vec<WireRequest>) {
        self.run(call, Vec::new(), replies, false)
    }

    fn run(
        &self,
        call: &Call,
        mut said: Vec<Exchange>,
        told: &[RawReply],
        pooled: bool,
    ) -> (Way, Vec<WireRequest>) {
        let (mut told, mut sent) = (told.iter(), Vec::new());
        for _ in 0..SENDS_MAX {
            match next(self.adapter, call, &said) {
                Next::End(end) => return (Way::Ended(end), sent),
                Next::Send(request) => {
                    let reply = told.next().or_else(|| self.pool.get(&request.exchange).filter(|_| pooled));
                    let exchange = reply.map(|raw| wire::exchange(&request, raw));
                    sent.push(*request);
                    match exchange {
                        Some(exchange) => said.push(exchange),
                        None => return (Way::AsksOn, sent),
                    }
                }
            }
        }
        (Way::Endless, sent)
    }

    /// Where the rule stands that decided a conversation.
    pub fn decided_by(&self, conversation: &Conversation) -> Option<Place> {
        self.declarative.trace(&conversation.call, &conversation.said).rules.pop().map(|hit| hit.place)
    }

    /// The parts of a text that an exchange's patterns find and that read like words; bytes from and to.
    pub fn matched_phrases(&self, exchange: &str, text: &str) -> Vec<(usize, usize)> {
        let rules = self.plan(exchange).map(|plan| plan.rules.as_slice()).unwrap_or_default();
        let tests =
            rules.iter().flat_map(|rule| &rule.when.conditions).flat_map(|condition| &condition.tests);
        let found = tests.filter_map(|test| match test {
            Test::Matches(pattern) => pattern.find(text),
            Test::In(_)
            | Test::Contains(_)
            | Test::Same(_)
            | Test::Exists(_)
            | Test::Empty(_)
            | Test::List(_) => None,
        });
        found.filter(|found| is_phrase(found.as_str())).map(|found| (found.start(), found.end())).collect()
    }

    /// Conversations that ended in a true answer.
    pub fn answered(&self) -> impl Iterator<Item = &'a Conversation> {
        self.conversations.iter().filter(|conversation| matches!(conversation.end, End::Outcome(_)))
    }

    /// A finding at a conversation's reply.
    pub fn finding(
        &self,
        code: &'static str,
        conversation: &Conversation,
        index: usize,
        message: impl Into<String>,
    ) -> Diagnostic {
        let exchange = conversation.requests.get(index).map_or("", |request| request.exchange.as_str());
        let at = format!("{}.{exchange}", conversation.call.operation);
        Diagnostic::error(code, &conversation.place_of(index), at.trim_end_matches('.'), message)
    }
}
