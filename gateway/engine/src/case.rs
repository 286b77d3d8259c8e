//! The durable road on one page: where a leg stands, what can happen to it, and what follows. [`next`] is pure and total.
//!
//! ```text
//! waiting → ready → sending → sent → pending → done | declined | withdrawn | skipped
//!             ↑        ↓        ↓       ↓
//!             └──── uncertain   supplement       parked: a person must look
//! ```
//!
//! Three rules hold everything together. The intent is stored before the first byte and the result after the last, so
//! whatever is found `sending` without a sender is `uncertain`. What is uncertain is sent again only after a "not there"
//! that was *asked for* when nothing sent could take effect any more (`settle_for`). And the agency's last word by its own
//! time wins, however late or often it comes.

pub mod event;
pub mod history;
pub mod leg;
pub mod state;

pub mod agencies;
pub mod due;
pub mod road;
pub mod store;
pub mod whole;
pub mod work;

mod answered;
mod operator;
#[cfg(test)]
mod tests;
mod told;

use serde_json::Value;

pub use due::{Dues, LegDue};
pub use event::{Answer, Answered, Asked, Conclusion, Event, Skip, Standing};
pub use history::{Change, Entry, Refused, Why};
pub use leg::{Leg, Park, Terms};
pub use state::{CaseState, LegState};
pub use whole::Case;

/// What follows for a leg when this happens to it at this time.
///
/// Every state and every event is named in one of the functions below; none of them has a "whatever else".
pub fn next(leg: &Leg, event: &Event, at_ms: i64) -> Result<Change, Refused> {
    let step = Step { leg, at_ms };
    match event {
        Event::Released => step.released(),
        Event::Passed(skip) => step.passed(*skip),
        Event::Intended { until_ms } => step.intended(*until_ms),
        Event::LeaseLost => step.lease_lost(),
        Event::Answered(answered) => step.answered(answered),
        Event::Message { at_ms, standing } => step.told(Some(*at_ms), standing),
        Event::Supplemented { query } => step.supplemented(query.as_ref()),
        Event::Lapsed => step.lapsed(),
        Event::WithdrawalAsked => step.withdrawal_asked(),
        Event::Overaged => step.overaged(),
        Event::Retried { attested } => step.retried(*attested),
        Event::Amended { by, approved_by, query } => step.amended(by, approved_by, query.as_ref()),
        Event::Concluded(conclusion) => step.concluded(conclusion),
    }
}

/// A leg at the moment at which something happens to it.
#[derive(Clone, Copy)]
struct Step<'a> {
    leg: &'a Leg,
    at_ms: i64,
}

type Next = Result<Change, Refused>;

impl Step<'_> {
    fn released(self) -> Next {
        use LegState::*;
        match self.leg.state {
            Waiting => self.to(Ready, Why::Released, |leg| leg.turn_ms = Some(self.at_ms)),
            // The agency took its "no" back after all: what was skipped for it is wanted again.
            Skipped => match self.leg.skipped {
                Some(Skip::PredecessorDeclined | Skip::PredecessorWithdrawn) => {
                    self.to(Ready, Why::Released, |leg| {
                        leg.skipped = None;
                        leg.turn_ms = Some(self.at_ms);
                    })
                }
                Some(Skip::NotWanted) | None => Err(Refused::Ended),
            },
            Done | Declined | Withdrawn => Err(Refused::Ended),
            Ready | Sending | Sent | Pending | Supplement | Uncertain | Parked => Err(Refused::OutOfPlace),
        }
    }

    fn passed(self, skip: Skip) -> Next {
        use LegState::*;
        match self.leg.state {
            Waiting => self.to(Skipped, Why::Skipped(skip), |leg| leg.skipped = Some(skip)),
            Done | Declined | Withdrawn | Skipped => Err(Refused::Ended),
            Ready | Sending | Sent | Pending | Supplement | Uncertain | Parked => Err(Refused::OutOfPlace),
        }
    }

    /// From here on bytes may leave: whoever finds the leg like this without its sender must ask first.
    fn intended(self, until_ms: i64) -> Next {
        use LegState::*;
        match self.leg.state {
            Ready => self.to(Sending, Why::Intended, |leg| {
                leg.sends += 1;
                leg.tries = self.leg.tries;
                leg.tried_since_ms = self.leg.tried_since_ms.or(Some(self.at_ms));
                leg.until_ms = Some(until_ms);
                leg.turn_ms = Some(until_ms);
            }),
            Uncertain => Err(Refused::InDoubt),
            Done | Declined | Withdrawn | Skipped => Err(Refused::Ended),
            Waiting | Sending | Sent | Pending | Supplement | Parked => Err(Refused::OutOfPlace),
        }
    }

    fn lease_lost(self) -> Next {
        use LegState::*;
        match self.leg.state {
            // The lost sender was bound to give up by then; a byte may have left until then.
            Sending => {
                self.in_doubt(self.leg.until_ms.unwrap_or(self.at_ms).max(self.at_ms), Why::LeaseLost, None)
            }
            Done | Declined | Withdrawn | Skipped => Err(Refused::Ended),
            Waiting | Ready | Sent | Pending | Supplement | Uncertain | Parked => Err(Refused::OutOfPlace),
        }
    }

    fn supplemented(self, query: Option<&Value>) -> Next {
        use LegState::*;
        let again = |leg: &mut Leg| {
            leg.supplemented = true;
            raise(leg, query, self.at_ms);
        };
        match self.leg.state {
            Supplement => self.to(Ready, Why::Supplemented, again),
            Parked if self.leg.parked == Some(Park::SupplementLapsed) => {
                self.to(Ready, Why::Supplemented, again)
            }
            Done | Declined | Withdrawn | Skipped => Err(Refused::Ended),
            Waiting | Ready | Sending | Sent | Pending | Uncertain | Parked => Err(Refused::OutOfPlace),
        }
    }

    fn lapsed(self) -> Next {
        use LegState::*;
        match self.leg.state {
            Supplement => self.park(Park::SupplementLapsed),
            Done | Declined | Withdrawn | Skipped => Err(Refused::Ended),
            Waiting | Ready | Sending | Sent | Pending | Uncertain | Parked => Err(Refused::OutOfPlace),
        }
    }

    /// Stops what is not at the agency; the rest needs the agency's own cancel, or goes on.
    fn withdrawal_asked(self) -> Next {
        use LegState::*;
        let noted = || self.keep(Why::WithdrawalNoted, |leg| leg.withdrawal = true);
        match self.leg.state {
            Waiting => self.to(Withdrawn, Why::Withdrawn, |_| {}),
            Ready | Parked if !self.leg.may_be_there() => self.to(Withdrawn, Why::Withdrawn, |_| {}),
            Ready | Parked | Sending | Sent | Pending | Supplement | Uncertain => noted(),
            Done | Declined | Withdrawn | Skipped => Err(Refused::Ended),
        }
    }

    fn overaged(self) -> Next {
        use LegState::*;
        match self.leg.state {
            Ready => self.park(Park::UnreachedTooLong),
            Uncertain => self.park(Park::UncertainTooLong),
            Sent | Pending => self.park(Park::SilentTooLong),
            Sending => Err(Refused::Sending),
            Done | Declined | Withdrawn | Skipped => Err(Refused::Ended),
            Waiting | Supplement | Parked => Err(Refused::OutOfPlace),
        }
    }
}

/// What every function above builds its answer with.
impl Step<'_> {
    /// The leg somewhere else.
    fn to(self, state: LegState, why: Why, change: impl FnOnce(&mut Leg)) -> Next {
        let mut leg = self.leg.clone();
        leg.state = state;
        leg.since_ms = self.at_ms;
        leg.tries = 0;
        leg.tried_since_ms = None;
        leg.until_ms = None;
        leg.turn_ms = None;
        leg.parked = None;
        change(&mut leg);
        Ok(self.change(leg, why))
    }

    /// The leg where it is.
    fn keep(self, why: Why, change: impl FnOnce(&mut Leg)) -> Next {
        let mut leg = self.leg.clone();
        change(&mut leg);
        Ok(self.change(leg, why))
    }

    /// Nobody knows whether it is there: `find` at once, or, where a second send can never be right, a person.
    fn in_doubt(self, doubt_ms: i64, why: Why, code: Option<&'static str>) -> Next {
        use adapter_api::agency::Repeat;
        let terms = self.leg.terms;
        let doubt = |leg: &mut Leg| leg.doubt_ms = Some(doubt_ms);
        let change = match terms.repeat {
            Repeat::Never => self.to(LegState::Parked, Why::Parked(Park::NeverTwice), |leg| {
                leg.parked = Some(Park::NeverTwice);
                doubt(leg);
            }),
            Repeat::ByReference | Repeat::ByFind => self.to(LegState::Uncertain, why, |leg| {
                doubt(leg);
                leg.turn_ms = if terms.can_find { Some(self.at_ms) } else { leg.settled_ms() };
            }),
        };
        change.map(|change| change.with_code(code))
    }

    /// Where what is certainly not at the agency goes: to be sent again, or nowhere if the citizen took it back meanwhile.
    fn again(self, why: Why, turn_ms: i64) -> Next {
        if self.leg.withdrawal && !self.leg.taken {
            return self.to(LegState::Withdrawn, Why::Withdrawn, |leg| leg.doubt_ms = None);
        }
        let tries = self.leg.tries;
        let since_ms = if why == Why::NotSent { self.leg.tried_since_ms } else { None };
        self.to(LegState::Ready, why, |leg| {
            leg.tried_since_ms = since_ms;
            leg.doubt_ms = None;
            leg.turn_ms = Some(turn_ms);
            leg.tries = tries.saturating_add(1);
        })
    }

    fn park(self, park: Park) -> Next {
        self.to(LegState::Parked, Why::Parked(park), |leg| leg.parked = Some(park))
    }

    fn change(self, leg: Leg, why: Why) -> Change {
        let entry = Entry {
            leg: leg.name.clone(),
            revision: leg.revision,
            at_ms: self.at_ms,
            from: self.leg.state,
            to: leg.state,
            why,
            code: None,
            detail: None,
        };
        Change { leg, entry }
    }
}

/// A new revision, to be sent as if nothing had been.
fn raise(leg: &mut Leg, query: Option<&Value>, at_ms: i64) {
    leg.query = query.cloned().or(leg.query.take());
    leg.revision += 1;
    leg.sends = 0;
    leg.doubt_ms = None;
    leg.claimed = false;
    leg.findings = Vec::new();
    leg.turn_ms = Some(at_ms);
}

impl Change {
    fn with_code(mut self, code: Option<impl Into<String>>) -> Change {
        self.entry.code = code.map(Into::into);
        self
    }

    fn with_detail(mut self, detail: Option<&str>) -> Change {
        self.entry.detail = detail.map(str::to_owned);
        self
    }
}
