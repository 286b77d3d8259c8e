//! What can happen to a leg: the whole list.

use adapter_api::Finding;
use serde_json::Value;

/// Something that happened to a leg.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Every leg it stands `after` is done, and its `when` holds.
    Released,
    /// It is not to be sent, for this reason.
    Passed(Skip),
    /// The intent to send is stored; the exchange is given up by `until_ms`.
    Intended {
        /// The latest moment at which a byte may leave.
        until_ms: i64,
    },
    /// Whoever was sending it is gone (a lease lost, a restart): nobody knows what left.
    LeaseLost,
    /// A question of ours to the agency has ended.
    Answered(Answered),
    /// The agency sent word on its own.
    Message {
        /// The agency's own time; where it tells none, the time of arrival.
        at_ms: i64,
        /// Where the leg stands, by its word.
        standing: Standing,
    },
    /// The citizen has added what was wanted.
    Supplemented {
        /// The leg's query from now on; `None`: as it was.
        query: Option<Value>,
    },
    /// The term for the supplement is over.
    Lapsed,
    /// The citizen takes the case back.
    WithdrawalAsked,
    /// It has been like this for longer than the house tries on its own.
    Overaged,
    /// An operator: try again.
    Retried {
        /// The operator has made sure, outside the gateway, that the agency does not have it.
        attested: bool,
    },
    /// An operator has corrected the leg's input.
    Amended {
        /// Who did.
        by: String,
        /// Who agreed; never the same person.
        approved_by: String,
        /// The leg's query from now on; `None`: as it was.
        query: Option<Value>,
    },
    /// An operator says how it ended.
    Concluded(Conclusion),
}

/// A question of ours that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// Which question.
    pub asked: Asked,
    /// When it was asked: a "not there" is evidence for that moment, not for the one it arrived at.
    pub asked_ms: i64,
    /// How long to wait where waiting is all there is to do; back-off and chance are the caller's.
    pub wait_ms: i64,
    /// What came of it.
    pub answer: Answer,
}

/// Which question was put to the agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Asked {
    /// The write itself.
    Send,
    /// Whether it is there, after silence.
    Find,
    /// How far it is, while it is under way.
    Look,
}

/// What came of a question, as far as a leg is concerned.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It is taken in; the agency's identifiers by kind.
    Taken(Vec<(String, String)>),
    /// The agency says it had it already; whose that is remains to be seen.
    Already(Vec<(String, String)>),
    /// Where it stands.
    Stands(Standing),
    /// It is not there, shown by evidence.
    NotThere,
    /// There is something, about another subject or amount.
    NotOurs,
    /// The agency, or the mapping before anything left, refused our words: nothing took effect.
    Refused {
        /// Our code, or the agency's.
        code: Option<String>,
        /// What is wrong, field by field.
        findings: Vec<Finding>,
    },
    /// Nothing left; the problem code says why.
    NotSent(&'static str),
    /// Something may have left and no word that can be relied on came back; the problem code says why.
    Silence(&'static str),
}

/// Where a leg stands, by the agency's word.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// Being worked on.
    UnderWay {
        /// When the agency wishes to be asked again, in milliseconds from now.
        look_again_ms: Option<i64>,
    },
    /// The citizen must add something.
    Supplement {
        /// What, in the agency's words; sealed.
        wanted: String,
        /// Until when.
        until_ms: i64,
    },
    /// At its end.
    Completed {
        /// The normalised result.
        value: Value,
        /// Something belonging to it is still to come.
        partial: bool,
    },
    /// Refused on the merits.
    Declined {
        /// Why, in the agency's words; sealed.
        reason: String,
    },
    /// Cancelled at the agency.
    Withdrawn,
}

impl Standing {
    /// Decides between words of the same time: the further one stands.
    pub fn rank(&self) -> u8 {
        match self {
            Standing::UnderWay { .. } => 1,
            Standing::Completed { partial: true, .. } => 2,
            Standing::Supplement { .. } => 3,
            Standing::Completed { partial: false, .. } => 4,
            Standing::Declined { .. } => 5,
            Standing::Withdrawn => 6,
        }
    }

    /// Whether the agency is through with it.
    pub fn is_final(&self) -> bool {
        match self {
            Standing::UnderWay { .. } | Standing::Supplement { .. } => false,
            Standing::Completed { partial, .. } => !partial,
            Standing::Declined { .. } | Standing::Withdrawn => true,
        }
    }
}

/// Why a leg is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Skip {
    /// A leg it stands `after` was declined.
    PredecessorDeclined,
    /// A leg it stands `after` was withdrawn.
    PredecessorWithdrawn,
    /// Its `when` does not hold: nobody wanted it.
    NotWanted,
}

impl Skip {
    /// The word in the API and the store.
    pub fn word(self) -> &'static str {
        match self {
            Skip::PredecessorDeclined => "predecessor-declined",
            Skip::PredecessorWithdrawn => "predecessor-withdrawn",
            Skip::NotWanted => "not-wanted",
        }
    }
}

/// How an operator says a leg ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Conclusion {
    /// The agency has done it; with its result, if it is known.
    Done(Option<Value>),
    /// The agency has refused it.
    Declined,
    /// It is given up.
    Withdrawn,
}
