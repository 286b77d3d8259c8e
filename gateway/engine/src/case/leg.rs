//! A leg: its state with the facts that decide what may happen next.

use adapter_api::Finding;
use adapter_api::agency::{Operation, Repeat};
use serde_json::Value;

use super::event::{Skip, Standing};
use super::state::LegState;

/// What the agency promises about a write, from its manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// What it does with a second send.
    pub repeat: Repeat,
    /// Its longest processing time: what was sent may still take effect so long after the last byte.
    pub settle_for_ms: i64,
    /// It can be asked whether it is there.
    pub can_find: bool,
    /// It can be asked how far it is.
    pub can_look: bool,
    /// How often it is asked how far it is.
    pub look_every_ms: i64,
}

/// A write under way is asked about this often: agencies answer within hours or days (interfaces 7), and
/// 10,000 open legs then cost an agency 17 questions a second.
pub const LOOK_EVERY_MS: i64 = 10 * 60_000;

impl Terms {
    /// The terms of an operation; `None`: it is no write.
    pub fn of(operation: &Operation) -> Option<Terms> {
        let seconds = i64::try_from(operation.settle_for_s.unwrap_or(0)).unwrap_or(i64::MAX / 1_000);
        Some(Terms {
            repeat: operation.repeat?,
            settle_for_ms: seconds.saturating_mul(1_000),
            can_find: operation.find.is_some(),
            can_look: operation.look.is_some(),
            look_every_ms: LOOK_EVERY_MS,
        })
    }
}

/// A leg of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Leg {
    /// Its name in the chain, `registration`.
    pub name: String,
    /// The service it calls, `civil-status.register-death`.
    pub service: String,
    /// What its agency promises.
    pub terms: Terms,
    /// Where it stands.
    pub state: LegState,
    /// From 1; a supplement or an amendment raises it, and with it the reference.
    pub revision: u32,
    /// Times this revision was sent.
    pub sends: u32,
    /// Questions in a row that brought nothing new; back-off grows with them.
    pub tries: u32,
    /// The agency has acknowledged it, in this revision or an earlier one.
    pub taken: bool,
    /// The agency says it has it; the record has not been seen.
    pub claimed: bool,
    /// The citizen has added something since it was first sent.
    pub supplemented: bool,
    /// When the last byte could have left, while nobody knows what it did.
    pub doubt_ms: Option<i64>,
    /// While sending: the latest moment at which a byte may leave.
    pub until_ms: Option<i64>,
    /// The agency's latest word.
    pub heard: Option<Word>,
    /// When the house turns to it next; `None`: only somebody else can move it.
    pub turn_ms: Option<i64>,
    /// Since when it stands where it stands.
    pub since_ms: i64,
    /// Since when it has been tried without anything leaving; back-off does not begin anew with every try.
    pub tried_since_ms: Option<i64>,
    /// The citizen wishes to take it back, and the agency has it.
    pub withdrawal: bool,
    /// Times the agency has corrected a finished result.
    pub corrections: u32,
    /// Why a person must look.
    pub parked: Option<Park>,
    /// Why it is not sent.
    pub skipped: Option<Skip>,
    /// What is wrong, field by field; each pointer leads into the case's input.
    pub findings: Vec<Finding>,
    /// Its query in place of what the chain draws: supplemented, or amended by an operator.
    pub query: Option<Value>,
    /// The agency's result.
    pub value: Option<Value>,
    /// The agency's identifiers, by kind.
    pub references: Vec<(String, String)>,
}

/// A word of the agency's, as far as order is concerned: nothing final gives way to something open, then time, then rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word {
    is_final: bool,
    at_ms: i64,
    rank: u8,
}

impl Word {
    /// The place of a standing told at this time.
    pub fn new(standing: &Standing, at_ms: i64) -> Word {
        Word { is_final: standing.is_final(), at_ms, rank: standing.rank() }
    }

    /// When it was said, and its rank: what a store keeps of it.
    pub fn parts(&self) -> (i64, u8) {
        (self.at_ms, self.rank)
    }

    /// The word of these parts; `None`: no standing has this rank. The rank decides whether it is final ([`Standing`]).
    pub fn from_parts(at_ms: i64, rank: u8) -> Option<Word> {
        let is_final = match rank {
            1..=3 => false,
            4..=6 => true,
            _ => return None,
        };
        Some(Word { is_final, at_ms, rank })
    }
}

/// Why a person must look at a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Park {
    /// The agency refuses our words; the findings say which.
    Rejected,
    /// Silence, and this agency must never be sent the same twice.
    NeverTwice,
    /// What was found there is about somebody else, or another amount.
    NotOurs,
    /// The agency says it has it, and nobody can see whose it is.
    Unseen,
    /// The agency has "received" a supplement and still asks for it.
    SupplementNotTaken,
    /// Nobody added what was wanted in time.
    SupplementLapsed,
    /// Nobody could be reached for too long; nothing has left.
    UnreachedTooLong,
    /// Uncertain for too long.
    UncertainTooLong,
    /// Under way for too long without a word.
    SilentTooLong,
}

impl Park {
    /// Every reason.
    pub const ALL: [Park; 9] = [
        Park::Rejected,
        Park::NeverTwice,
        Park::NotOurs,
        Park::Unseen,
        Park::SupplementNotTaken,
        Park::SupplementLapsed,
        Park::UnreachedTooLong,
        Park::UncertainTooLong,
        Park::SilentTooLong,
    ];

    /// The word in the API and the store.
    pub fn word(self) -> &'static str {
        match self {
            Park::Rejected => "rejected",
            Park::NeverTwice => "never-twice",
            Park::NotOurs => "not-ours",
            Park::Unseen => "unseen",
            Park::SupplementNotTaken => "supplement-not-taken",
            Park::SupplementLapsed => "supplement-lapsed",
            Park::UnreachedTooLong => "unreached-too-long",
            Park::UncertainTooLong => "uncertain-too-long",
            Park::SilentTooLong => "silent-too-long",
        }
    }
}

impl Leg {
    /// A leg nobody has touched.
    pub fn new(name: impl Into<String>, service: impl Into<String>, terms: Terms, at_ms: i64) -> Leg {
        Leg {
            name: name.into(),
            service: service.into(),
            terms,
            state: LegState::Waiting,
            revision: 1,
            sends: 0,
            tries: 0,
            taken: false,
            claimed: false,
            supplemented: false,
            doubt_ms: None,
            until_ms: None,
            heard: None,
            turn_ms: None,
            since_ms: at_ms,
            tried_since_ms: None,
            withdrawal: false,
            corrections: 0,
            parked: None,
            skipped: None,
            findings: Vec::new(),
            query: None,
            value: None,
            references: Vec::new(),
        }
    }

    /// From when on a "not there" permits a second send; `None`: nothing is in doubt.
    pub fn settled_ms(&self) -> Option<i64> {
        self.doubt_ms.map(|doubt| doubt.saturating_add(self.terms.settle_for_ms))
    }

    /// Whether the agency may hold something of this leg.
    pub fn may_be_there(&self) -> bool {
        self.taken || self.claimed || self.doubt_ms.is_some()
    }
}
