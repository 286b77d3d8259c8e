//! What the agency's word about a leg does to it: its last word by its own time wins.

use super::leg::Word;
use super::{Leg, LegState, Next, Refused, Standing, Step, Why};

impl Step<'_> {
    /// Takes the agency's word; `told_ms` is the agency's own time, `None` for an answer that bears none.
    pub(super) fn told(self, told_ms: Option<i64>, standing: &Standing) -> Next {
        use LegState::*;
        match self.leg.state {
            // Nothing was ever sent: whatever this is about, it is not this leg.
            Waiting | Skipped => Err(Refused::OutOfPlace),
            Ready | Sending | Uncertain if self.repeats_the_demand(standing) => self.late(told_ms, standing),
            Ready | Sending | Uncertain | Sent | Pending | Supplement | Parked => {
                if self.is_late(told_ms, standing) {
                    self.late(told_ms, standing)
                } else {
                    self.stands(told_ms, standing)
                }
            }
            // What has ended can only be ended otherwise, and only by a later word.
            Done | Declined | Withdrawn => {
                if self.is_late(told_ms, standing) || !standing.is_final() {
                    self.late(told_ms, standing)
                } else {
                    self.stands(told_ms, standing)
                }
            }
        }
    }

    /// While our supplement is on its way the agency still asks for it: that says nothing about the supplement.
    fn repeats_the_demand(self, standing: &Standing) -> bool {
        self.leg.supplemented && matches!(standing, Standing::Supplement { .. })
    }

    fn is_late(self, told_ms: Option<i64>, standing: &Standing) -> bool {
        match (self.leg.heard, told_ms) {
            (Some(heard), Some(at_ms)) => Word::new(standing, at_ms) <= heard,
            (None, Some(_)) => false,
            // An answer without a time of its own: it is news only where it goes further.
            (_, None) => standing.rank() <= rank_of(self.leg.state),
        }
    }

    fn late(self, told_ms: Option<i64>, standing: &Standing) -> Next {
        // A repeated demand is still the newest word: what is older must not come after it.
        let word = told_ms.map(|at_ms| Word::new(standing, at_ms)).max(self.leg.heard);
        self.keep(Why::Late, |leg| leg.heard = word)
    }

    /// The leg where the agency says it stands.
    fn stands(self, told_ms: Option<i64>, standing: &Standing) -> Next {
        let (state, why) = match standing {
            Standing::UnderWay { .. } => (LegState::Pending, Why::UnderWay),
            Standing::Supplement { .. } => (LegState::Supplement, Why::SupplementWanted),
            Standing::Completed { partial: true, .. } => (LegState::Pending, Why::CompletedInPart),
            Standing::Completed { partial: false, .. } if self.leg.state == LegState::Done => {
                (LegState::Done, Why::Corrected)
            }
            Standing::Completed { partial: false, .. } => (LegState::Done, Why::Completed),
            Standing::Declined { .. } => (LegState::Declined, Why::Declined),
            Standing::Withdrawn => (LegState::Withdrawn, Why::Cancelled),
        };
        let since_ms = if state == self.leg.state { self.leg.since_ms } else { self.at_ms };
        let change = self.to(state, why, |leg| {
            leg.since_ms = since_ms;
            leg.taken = true;
            leg.claimed = false;
            leg.doubt_ms = None;
            leg.corrections += u32::from(why == Why::Corrected);
            leg.heard = told_ms.map(|at_ms| Word::new(standing, at_ms)).max(leg.heard);
            self.note(leg, standing);
        });
        change.map(|change| change.with_detail(words(standing)))
    }

    fn note(self, leg: &mut Leg, standing: &Standing) {
        match standing {
            Standing::UnderWay { look_again_ms } => {
                let wait = look_again_ms.unwrap_or(leg.terms.look_every_ms);
                leg.turn_ms = Some(self.at_ms.saturating_add(wait));
            }
            Standing::Completed { value, partial } => {
                leg.value = Some(value.clone());
                leg.turn_ms = partial.then(|| self.at_ms.saturating_add(leg.terms.look_every_ms));
            }
            Standing::Supplement { until_ms, .. } => leg.turn_ms = Some(*until_ms),
            Standing::Declined { .. } | Standing::Withdrawn => {}
        }
    }
}

/// How far a state is along, on the scale of [`Standing::rank`].
fn rank_of(state: LegState) -> u8 {
    match state {
        LegState::Waiting | LegState::Ready | LegState::Sending | LegState::Uncertain => 0,
        LegState::Sent | LegState::Parked | LegState::Skipped => 0,
        LegState::Pending => 1,
        LegState::Supplement => 3,
        // Only a word with a time of its own corrects what has ended.
        LegState::Done | LegState::Declined | LegState::Withdrawn => 6,
    }
}

fn words(standing: &Standing) -> Option<&str> {
    match standing {
        Standing::Supplement { wanted, .. } => Some(wanted),
        Standing::Declined { reason } => Some(reason),
        Standing::UnderWay { .. } | Standing::Completed { .. } | Standing::Withdrawn => None,
    }
}
