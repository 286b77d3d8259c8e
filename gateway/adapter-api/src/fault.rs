//! What an exchange can end in besides an outcome; the whole list, with whose fault it is and whether to repeat.

use std::fmt;

use serde_json::Value;

/// Whether an operation may be repeated without harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Safe to repeat.
    Read,
    /// Never blindly repeated.
    Write,
}

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The caller of our API.
    Caller,
    /// This gateway or its configuration.
    Gateway,
    /// The road to the agency (LGSP, VDXP).
    Carrier,
    /// The agency itself.
    Agency,
    /// Something between us and the next party.
    Network,
}

/// The party on the other side of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Party {
    /// The agency, reached directly, or answering through its carrier.
    Agency,
    /// The carrier, answering or failing in the agency's stead.
    Carrier,
}

/// Whom a call was waiting for when its time was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Waiting {
    /// The agency: an exchange with it was under way.
    Agency,
    /// The carrier: a token of its own was being fetched.
    Carrier,
    /// This gateway: a queue, a back-off, or a load that others began.
    Gateway,
}

/// What an exchange ended in. No variant prints a value of the caller or of the agency.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// The agency (or the mapping, before anything was sent) refused our words.
    Rejected {
        /// The agency's code, as the mapping read it.
        code: Option<String>,
        /// What is wrong, pointing at the caller's fields where the lineage allows it.
        findings: Vec<Finding>,
        /// `false`: refused by the mapping, nothing was sent.
        sent: bool,
        /// Whose fault: `Caller` unless a rule says otherwise.
        blame: Blame,
    },
    /// Our credentials were refused. `renew`: log in once and repeat that exchange.
    NotAdmitted {
        /// The exchange that was refused.
        exchange: String,
        /// A fresh login has not been tried yet.
        renew: bool,
        /// Who refused.
        party: Party,
    },
    /// The reply makes no sense.
    Malformed(Reason),
    /// Nothing was sent: no connection.
    Unreachable {
        /// Whom we could not reach.
        party: Party,
    },
    /// It was sent, and no word that can be relied on came back.
    Uncertain(Reason),
    /// The other side says it is closed: 503, maintenance, or our breaker is open.
    Unavailable {
        /// Who is closed.
        party: Party,
        /// When to come back, in seconds.
        retry_after_s: Option<u64>,
    },
    /// Too much at once: the other side's quota, or our own bulkhead.
    Overloaded {
        /// Whose limit.
        party: Party,
        /// When to come back, in seconds.
        retry_after_s: Option<u64>,
    },
    /// The caller's deadline passed first.
    DeadlineExceeded {
        /// What was under way then.
        waiting_for: Waiting,
    },
    /// The adapter itself failed: a mistake of ours.
    AdapterFailed {
        /// Where, in words that hold no value.
        place: String,
    },
}

/// Where and why a reply made no sense; never a value that could be printed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reason {
    /// The exchange.
    pub exchange: Option<String>,
    /// The path in the mapping, `$who.SoDinhDanh`.
    pub at: Option<String>,
    /// Why, in our words: `2 where one was expected`, `no rule holds`, `not SOAP`.
    pub why: String,
    /// Whose words made no sense.
    pub by: Option<Party>,
    /// What a record that is refused says of its subject.
    pub claim: Option<Claim>,
}

/// A piece of an answer that was refused for contradicting what was asked (law L11): only the fields by which its subject is
/// told, and only of a record that agrees in one of them and is near in the others.
///
/// A composite shows it beside what the others say; nothing else may be taken from such a record, and nothing prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct Claim(Box<Value>);

impl Claim {
    /// Of this piece of an answer.
    pub fn new(piece: Value) -> Self {
        Claim(Box::new(piece))
    }

    /// The piece, in the shape of the service's answer.
    pub fn piece(&self) -> &Value {
        &self.0
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claim(not printed)")
    }
}

/// One thing that is wrong with what the caller asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Finding {
    /// JSON pointer to the caller's field, `/query/deceased/id_number`; `None` where the lineage names nobody.
    pub pointer: Option<String>,
    /// The agency's name of the field.
    pub agency_field: Option<String>,
    /// Our code for what is wrong, `refused-by-agency`, `cannot-be-said`, or the agency's own code.
    pub code: Option<String>,
    /// What our schema expects there, if that can be said; never what the caller wrote.
    pub expected: Option<Expected>,
    /// Where in the text it stands, if the text could not be read at all.
    pub position: Option<Position>,
    /// The agency's sentence: for the operator alone, sealed in the case's history, never in a problem.
    pub operator_text: Option<String>,
}

/// What a schema expects of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// A type's or a format's word, with examples where the schema has them: `text`, `partial-date: 1942, 1942-03`.
    Form(String),
    /// One of these: values of a closed list, or names of fields.
    OneOf(Vec<String>),
}

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

impl Fault {
    /// The problem code, `malformed`: one page of `schemas/problems` each.
    pub fn code(&self) -> &'static str {
        match self {
            Fault::Rejected { .. } => "rejected",
            Fault::NotAdmitted { .. } => "not-admitted",
            Fault::Malformed(_) => "malformed",
            Fault::Unreachable { .. } => "unreachable",
            Fault::Uncertain(_) => "uncertain",
            Fault::Unavailable { .. } => "unavailable",
            Fault::Overloaded { .. } => "overloaded",
            Fault::DeadlineExceeded { .. } => "deadline-exceeded",
            Fault::AdapterFailed { .. } => "adapter-failed",
        }
    }

    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Fault::Rejected { blame, .. } => *blame,
            Fault::NotAdmitted { .. } => Blame::Gateway,
            Fault::Malformed(reason) => reason.by.unwrap_or(Party::Agency).blame(),
            Fault::Unreachable { party } => match party {
                Party::Agency => Blame::Network,
                Party::Carrier => Blame::Carrier,
            },
            Fault::Uncertain(_) => Blame::Network,
            Fault::Unavailable { party, .. } => party.blame(),
            Fault::Overloaded { party, .. } => party.blame(),
            Fault::DeadlineExceeded { waiting_for } => waiting_for.blame(),
            Fault::AdapterFailed { .. } => Blame::Gateway,
        }
    }

    /// Whether the house may repeat an operation of this kind after this fault.
    pub fn may_repeat(&self, kind: Kind) -> bool {
        match self {
            Fault::Unreachable { .. } => true,
            Fault::Unavailable { .. } | Fault::Overloaded { .. } | Fault::Uncertain(_) => kind == Kind::Read,
            Fault::DeadlineExceeded { .. } => false,
            Fault::Rejected { .. } | Fault::NotAdmitted { .. } | Fault::Malformed(_) => false,
            Fault::AdapterFailed { .. } => false,
        }
    }

    /// Whether the caller may try the same again later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Fault::Unreachable { .. } | Fault::Unavailable { .. } | Fault::Overloaded { .. } => true,
            Fault::DeadlineExceeded { .. } | Fault::Uncertain(_) => true,
            Fault::Rejected { .. } | Fault::NotAdmitted { .. } | Fault::Malformed(_) => false,
            Fault::AdapterFailed { .. } => false,
        }
    }
}

impl Party {
    /// The blame that falls on this party.
    pub fn blame(self) -> Blame {
        match self {
            Party::Agency => Blame::Agency,
            Party::Carrier => Blame::Carrier,
        }
    }

    /// The word in logs.
    pub fn word(self) -> &'static str {
        self.blame().word()
    }
}

impl Waiting {
    /// The blame for the time that is gone.
    pub fn blame(self) -> Blame {
        match self {
            Waiting::Agency => Blame::Agency,
            Waiting::Carrier => Blame::Carrier,
            Waiting::Gateway => Blame::Gateway,
        }
    }
}

impl From<Party> for Waiting {
    fn from(party: Party) -> Self {
        match party {
            Party::Agency => Waiting::Agency,
            Party::Carrier => Waiting::Carrier,
        }
    }
}

impl Blame {
    /// The word in problems.
    pub fn word(self) -> &'static str {
        match self {
            Blame::Caller => "caller",
            Blame::Gateway => "gateway",
            Blame::Carrier => "carrier",
            Blame::Agency => "agency",
            Blame::Network => "network",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code();
        match self {
            Fault::Malformed(reason) | Fault::Uncertain(reason) => write!(f, "{code}: {reason}"),
            // The agency's code and its findings may quote what was asked: only how many there are is told.
            Fault::Rejected { findings, sent: true, blame, .. } => {
                write!(f, "{code}: by the other side, {} findings, blame {}", findings.len(), blame.word())
            }
            Fault::Rejected { findings, sent: false, blame, .. } => {
                write!(f, "{code}: before sending, {} findings, blame {}", findings.len(), blame.word())
            }
            Fault::NotAdmitted { exchange, renew: _, party } => {
                write!(f, "{code}: {exchange}: {}", party.word())
            }
            Fault::Unreachable { party } => write!(f, "{code}: {}", party.word()),
            Fault::Unavailable { party, retry_after_s } | Fault::Overloaded { party, retry_after_s } => {
                write!(f, "{code}: {}", party.word())?;
                retry_after_s.map_or(Ok(()), |seconds| write!(f, ", come back in {seconds} s"))
            }
            Fault::DeadlineExceeded { waiting_for } => {
                write!(f, "{code}: waiting for the {}", waiting_for.blame().word())
            }
            Fault::AdapterFailed { place } => write!(f, "{code}: {place}"),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.exchange, &self.at].into_iter().flatten() {
            write!(f, "{part}: ")?;
        }
        f.write_str(&self.why)
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_tells_the_log_its_place_and_party_and_no_value() {
        let rejected = Fault::Rejected {
            code: Some("038042000001".into()),
            findings: vec![Finding { operator_text: Some("038042000001".into()), ..Finding::default() }],
            sent: true,
            blame: Blame::Caller,
        };
        let refused = Fault::NotAdmitted { exchange: "person".into(), renew: false, party: Party::Carrier };
        let told = [
            (rejected, "rejected: by the other side, 1 findings, blame caller"),
            (refused, "not-admitted: person: carrier"),
            (Fault::Unreachable { party: Party::Agency }, "unreachable: agency"),
            (
                Fault::Overloaded { party: Party::Agency, retry_after_s: Some(3) },
                "overloaded: agency, come back in 3 s",
            ),
            (
                Fault::DeadlineExceeded { waiting_for: Waiting::Carrier },
                "deadline-exceeded: waiting for the carrier",
            ),
            (Fault::AdapterFailed { place: "seal sum".into() }, "adapter-failed: seal sum"),
        ];
        for (fault, words) in told {
            assert_eq!(fault.to_string(), words);
        }
    }

    #[test]
    fn time_spent_in_our_own_queues_is_nobody_elses_fault() {
        let blame = |waiting_for| Fault::DeadlineExceeded { waiting_for }.blame();
        assert_eq!(blame(Waiting::Gateway), Blame::Gateway);
        assert_eq!(blame(Waiting::Carrier), Blame::Carrier);
        assert_eq!(blame(Waiting::Agency), Blame::Agency);
    }
}
