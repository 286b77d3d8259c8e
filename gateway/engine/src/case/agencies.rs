//! How a worker speaks with an agency about a leg, and what the answer means for it.

use adapter_api::{Blame, Fault, Outcome};
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::{Answer, Asked, Standing};
use crate::ports::MayLeave;

/// The agencies, as a worker needs them: one conversation at a time, nothing ever repeated on its own.
pub trait Agencies: Send + Sync {
    /// Asks, and comes back with what was truly said. Ends by `question.until_ms`.
    fn ask<'a>(&'a self, question: Question<'a>) -> BoxFuture<'a, Heard>;
}

/// One question about one leg.
pub struct Question<'a> {
    /// Send, find or look.
    pub asked: Asked,
    /// The service, `civil-status.register-death`.
    pub service: &'a str,
    /// Our reference for this revision.
    pub reference: &'a str,
    /// The query.
    pub query: &'a Value,
    /// By when it is given up.
    pub until_ms: i64,
    /// Asked by the body of a write as its first byte is pulled: a sender that has lost its lease sends nothing (F15).
    pub may_leave: MayLeave,
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// The agency's answer.
    pub result: Result<Outcome, Fault>,
    /// A byte of a *write* could have left. Decides what a fault means.
    pub left: bool,
}

/// Reads an answer. `query` is what was asked about, `identity` the pointers that tell whose it is and for how much;
/// `until_ms` turns a supplement's date, if the agency gave one, into the end of its term.
pub fn answer(
    heard: Heard,
    query: &Value,
    identity: &[String],
    until_ms: impl Fn(Option<&str>) -> i64,
) -> Answer {
    let Heard { result, left } = heard;
    match result {
        Ok(Outcome::Accepted { references, already: false }) => Answer::Taken(references),
        Ok(Outcome::Accepted { references, already: true }) => Answer::Already(references),
        Ok(Outcome::Pending { look_again_s, state: _ }) => {
            let look_again_ms = look_again_s.and_then(|s| i64::try_from(s).ok()?.checked_mul(1_000));
            Answer::Stands(Standing::UnderWay { look_again_ms })
        }
        Ok(Outcome::Supplement { wanted, until }) => {
            Answer::Stands(Standing::Supplement { wanted, until_ms: until_ms(until.as_deref()) })
        }
        Ok(Outcome::Completed { value, partial }) if is_ours(query, &value, identity) => {
            Answer::Stands(Standing::Completed { value, partial })
        }
        Ok(Outcome::Completed { .. }) => Answer::NotOurs,
        Ok(Outcome::Declined { reason, code: _ }) => Answer::Stands(Standing::Declined { reason }),
        Ok(Outcome::Absent) => Answer::NotThere,
        // No answers to a write, nor to its find: nothing unknown is success.
        Ok(Outcome::Found(_) | Outcome::Page(_)) => Answer::Silence("malformed"),
        Err(fault) => of_fault(&fault, left),
    }
}

/// What a fault means, by whether a byte of a write could have left: an explicit no is a no, everything else is silence.
fn of_fault(fault: &Fault, left: bool) -> Answer {
    match fault {
        // The agency's own failure to tell what we must ask with is not the caller's to correct, but a person's to see.
        Fault::Rejected {
            code,
            findings,
            sent: _,
            blame: Blame::Caller | Blame::Gateway | Blame::Agency,
        } => Answer::Refused { code: code.clone(), findings: findings.clone() },
        Fault::Rejected { code, findings, sent: _, blame: Blame::Carrier | Blame::Network } => {
            Answer::Refused { code: code.clone(), findings: findings.clone() }
        }
        Fault::AdapterFailed { .. } if !left => {
            Answer::Refused { code: Some(fault.code().to_owned()), findings: Vec::new() }
        }
        Fault::Unreachable { .. } if !left => Answer::NotSent(fault.code()),
        Fault::NotAdmitted { .. } | Fault::Malformed(_) | Fault::Uncertain(_) if !left => {
            Answer::NotSent(fault.code())
        }
        Fault::Unavailable { .. } | Fault::Overloaded { .. } | Fault::DeadlineExceeded { .. } if !left => {
            Answer::NotSent(fault.code())
        }
        Fault::AdapterFailed { .. } | Fault::Unreachable { .. } | Fault::NotAdmitted { .. } => {
            Answer::Silence(fault.code())
        }
        Fault::Malformed(_) | Fault::Uncertain(_) | Fault::Unavailable { .. } => {
            Answer::Silence(fault.code())
        }
        Fault::Overloaded { .. } | Fault::DeadlineExceeded { .. } => Answer::Silence(fault.code()),
    }
}

/// Whether a record is about whom, and over what amount, we asked: what both tell must be the same.
fn is_ours(query: &Value, record: &Value, identity: &[String]) -> bool {
    identity.iter().all(|pointer| match (query.pointer(pointer), record.pointer(pointer)) {
        (Some(asked), Some(told)) => asked == told,
        (None, _) | (_, None) => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use adapter_api::{Party, Reason, Waiting};
    use serde_json::json;

    fn read(result: Result<Outcome, Fault>, left: bool) -> Answer {
        let query = json!({ "person": { "id": "1" }, "amount": 5 });
        let identity = ["/person/id".to_owned(), "/amount".to_owned()];
        answer(Heard { result, left }, &query, &identity, |_| 7)
    }

    fn faults() -> Vec<Fault> {
        let party = Party::Agency;
        vec![
            Fault::NotAdmitted { exchange: "send".into(), renew: false, party },
            Fault::Malformed(Reason::default()),
            Fault::Unreachable { party },
            Fault::Uncertain(Reason::default()),
            Fault::Unavailable { party, retry_after_s: None },
            Fault::Overloaded { party, retry_after_s: None },
            Fault::DeadlineExceeded { waiting_for: Waiting::Agency },
        ]
    }

    #[test]
    fn every_fault_is_silence_once_a_byte_could_have_left_and_no_send_before() {
        for fault in faults() {
            assert_eq!(read(Err(fault.clone()), true), Answer::Silence(fault.code()));
            assert_eq!(read(Err(fault.clone()), false), Answer::NotSent(fault.code()));
        }
        let broken = Fault::AdapterFailed { place: "x".into() };
        assert_eq!(read(Err(broken.clone()), true), Answer::Silence("adapter-failed"));
        assert!(matches!(read(Err(broken), false), Answer::Refused { .. }));
    }

    #[test]
    fn an_explicit_no_is_a_no_whether_or_not_it_left() {
        for (sent, left) in [(true, true), (false, false)] {
            let fault = Fault::Rejected { code: None, findings: Vec::new(), sent, blame: Blame::Caller };
            assert!(matches!(read(Err(fault), left), Answer::Refused { .. }));
        }
    }

    #[test]
    fn a_record_about_another_person_or_amount_is_not_ours() {
        let completed = |value| read(Ok(Outcome::Completed { value, partial: false }), true);
        let ours = json!({ "person": { "id": "1" }, "amount": 5, "number": "15" });
        assert!(matches!(completed(ours), Answer::Stands(Standing::Completed { .. })));
        assert_eq!(completed(json!({ "person": { "id": "2" }, "amount": 5 })), Answer::NotOurs);
        assert_eq!(completed(json!({ "person": { "id": "1" }, "amount": 6 })), Answer::NotOurs);
    }

    #[test]
    fn what_is_no_answer_to_a_write_is_no_success() {
        assert_eq!(read(Ok(Outcome::Found(json!({}))), true), Answer::Silence("malformed"));
        assert_eq!(read(Ok(Outcome::Absent), true), Answer::NotThere);
    }
}
