//! What an operator may do to a leg: try again, correct it (a second person approves), say how it ended.

use serde_json::Value;

use super::leg::Word;
use super::{Conclusion, Leg, LegState, Next, Park, Refused, Standing, Step, Why, raise};

impl Step<'_> {
    pub(super) fn retried(self, attested: bool) -> Next {
        use LegState::*;
        match self.leg.state {
            Parked => self.unparked(attested),
            // The next turn comes at once instead of after its wait.
            Ready | Uncertain | Sent | Pending => {
                self.keep(Why::Retried, |leg| leg.turn_ms = Some(self.at_ms))
            }
            Sending => Err(Refused::Sending),
            Waiting | Supplement => Err(Refused::OutOfPlace),
            Done | Declined | Withdrawn | Skipped => Err(Refused::Ended),
        }
    }

    fn unparked(self, attested: bool) -> Next {
        let now = |leg: &mut Leg| leg.turn_ms = Some(self.at_ms);
        match self.leg.parked {
            Some(Park::Rejected | Park::UnreachedTooLong) | None => {
                self.to(LegState::Ready, Why::Retried, now)
            }
            // Nothing but a person's word says that it is not there.
            Some(Park::NeverTwice | Park::Unseen) if attested => {
                self.to(LegState::Ready, Why::RetriedAttested, |leg| {
                    now(leg);
                    leg.doubt_ms = None;
                    leg.claimed = false;
                })
            }
            Some(Park::NeverTwice) => Err(Refused::InDoubt),
            Some(Park::Unseen) if !self.leg.terms.can_find => Err(Refused::InDoubt),
            Some(Park::Unseen | Park::NotOurs | Park::SupplementNotTaken | Park::UncertainTooLong) => {
                // Once more from `find`, and the time to settle counts from now: nothing is sent on an old "not there".
                self.to(LegState::Uncertain, Why::Retried, |leg| {
                    now(leg);
                    leg.doubt_ms = Some(leg.doubt_ms.unwrap_or(self.at_ms));
                })
            }
            Some(Park::SupplementLapsed) => self.to(LegState::Supplement, Why::Retried, |leg| {
                leg.turn_ms = Some(self.at_ms.saturating_add(EXTENSION_MS))
            }),
            Some(Park::SilentTooLong) => self.to(LegState::Pending, Why::Retried, now),
        }
    }

    pub(super) fn amended(self, by: &str, approved_by: &str, query: Option<&Value>) -> Next {
        use LegState::*;
        match self.leg.state {
            Parked if by == approved_by => Err(Refused::SamePerson),
            // A corrected copy beside one that may still take effect would be two.
            Parked if self.leg.doubt_ms.is_some() => Err(Refused::InDoubt),
            Parked => self.to(Ready, Why::Amended, |leg| raise(leg, query, self.at_ms)),
            Uncertain => Err(Refused::InDoubt),
            Sending => Err(Refused::Sending),
            Waiting | Ready | Sent | Pending | Supplement => Err(Refused::OutOfPlace),
            Done | Declined | Withdrawn | Skipped => Err(Refused::Ended),
        }
    }

    pub(super) fn concluded(self, conclusion: &Conclusion) -> Next {
        use LegState::*;
        let (state, standing) = match conclusion {
            Conclusion::Done(value) => {
                (Done, Standing::Completed { value: value.clone().unwrap_or_default(), partial: false })
            }
            Conclusion::Declined => (Declined, Standing::Declined { reason: String::new() }),
            Conclusion::Withdrawn => (Withdrawn, Standing::Withdrawn),
        };
        let end = |leg: &mut Leg| {
            leg.doubt_ms = None;
            leg.heard = Some(Word::new(&standing, self.at_ms)).max(leg.heard);
            if let Conclusion::Done(Some(value)) = conclusion {
                leg.value = Some(value.clone());
            }
        };
        match self.leg.state {
            Sent | Pending | Supplement | Uncertain | Parked => self.to(state, Why::Concluded, end),
            Sending => Err(Refused::Sending),
            Waiting | Ready => Err(Refused::OutOfPlace),
            Done | Declined | Withdrawn | Skipped => Err(Refused::Ended),
        }
    }
}

/// An operator's retry of a lapsed supplement gives the citizen so much more: one week, the usual term (interfaces 7.1).
const EXTENSION_MS: i64 = 7 * 24 * 3_600_000;
