//! What the answer to a question of ours does to a leg: to the send, to `find` after silence, to `look` while it is under way.

use adapter_api::agency::Repeat;

use super::{Answer, Answered, Asked, Leg, LegState, Next, Park, Refused, Standing, Step, Why};

type References = [(String, String)];

impl Step<'_> {
    pub(super) fn answered(self, answered: &Answered) -> Next {
        match answered.asked {
            Asked::Send => self.sent(answered),
            Asked::Find => self.found(answered),
            Asked::Look => self.looked(answered),
        }
    }

    fn sent(self, answered: &Answered) -> Next {
        use LegState::*;
        match self.leg.state {
            Sending => self.sending(answered),
            // A message was faster than the reply.
            Sent | Pending | Supplement | Done | Declined | Withdrawn => self.overtaken(&answered.answer),
            Waiting | Ready | Uncertain | Parked | Skipped => Err(Refused::OutOfPlace),
        }
    }

    fn sending(self, Answered { answer, wait_ms, .. }: &Answered) -> Next {
        match answer {
            Answer::Taken(references) => self.taken(references),
            Answer::Already(references) => self.already(references),
            Answer::Stands(standing) => self.told(None, standing),
            Answer::Refused { code, findings } => self.refused(code.as_deref(), findings),
            Answer::NotSent(code) => self
                .again(Why::NotSent, self.at_ms.saturating_add(*wait_ms))
                .map(|change| change.with_code(Some(*code))),
            Answer::Silence(code) => self.in_doubt(self.at_ms, Why::Silence, Some(code)),
            // No answer to a send; nothing unknown is success.
            Answer::NotThere | Answer::NotOurs => self.in_doubt(self.at_ms, Why::Silence, None),
        }
    }

    fn taken(self, references: &References) -> Next {
        self.to(LegState::Sent, Why::Taken, |leg| {
            leg.taken = true;
            leg.claimed = false;
            leg.doubt_ms = None;
            leg.turn_ms = Some(self.at_ms.saturating_add(leg.terms.look_every_ms));
            add(leg, references);
        })
    }

    /// "Already received" is no success before the record was seen to be ours: it may be somebody else's receipt.
    fn already(self, references: &References) -> Next {
        let claimed = |leg: &mut Leg| {
            leg.claimed = true;
            leg.doubt_ms = Some(self.at_ms);
            add(leg, references);
        };
        if self.leg.terms.can_find {
            return self.to(LegState::Uncertain, Why::AlreadyReceived, |leg| {
                claimed(leg);
                leg.turn_ms = Some(self.at_ms);
            });
        }
        self.to(LegState::Parked, Why::Parked(Park::Unseen), |leg| {
            claimed(leg);
            leg.parked = Some(Park::Unseen);
        })
    }

    fn refused(self, code: Option<&str>, findings: &[adapter_api::Finding]) -> Next {
        if self.leg.withdrawal && !self.leg.taken {
            return self.to(LegState::Withdrawn, Why::Withdrawn, |_| {});
        }
        let change = self.to(LegState::Parked, Why::Parked(Park::Rejected), |leg| {
            leg.parked = Some(Park::Rejected);
            leg.findings = findings.to_vec();
        });
        change.map(|change| change.with_code(code))
    }

    fn found(self, answered: &Answered) -> Next {
        use LegState::*;
        match self.leg.state {
            Uncertain => self.uncertain(answered),
            Sent | Pending | Supplement | Done | Declined | Withdrawn | Parked => {
                self.overtaken(&answered.answer)
            }
            Waiting | Ready | Sending | Skipped => Err(Refused::OutOfPlace),
        }
    }

    fn uncertain(self, Answered { asked_ms, wait_ms, answer, .. }: &Answered) -> Next {
        match answer {
            // Only what has left the supplement state shows that our supplement arrived.
            Answer::Stands(Standing::Supplement { .. }) if self.leg.supplemented => {
                let is_settled = self.leg.settled_ms().is_none_or(|settled_ms| *asked_ms >= settled_ms);
                match self.leg.terms.repeat {
                    _ if self.leg.claimed => self.park(Park::SupplementNotTaken),
                    // The old demand, or a new one that our supplement has brought: only a person can tell.
                    Repeat::ByFind | Repeat::Never if is_settled => self.park(Park::SupplementNotTaken),
                    // Who refuses a second send may be sent it.
                    Repeat::ByReference | Repeat::ByFind | Repeat::Never => self.not_there(*asked_ms),
                }
            }
            Answer::Stands(standing) => self.told(None, standing),
            Answer::Taken(references) | Answer::Already(references) => self.taken(references),
            Answer::NotThere => self.not_there(*asked_ms),
            Answer::NotOurs => self.park(Park::NotOurs),
            Answer::NotSent(code) | Answer::Silence(code) => self.wait(*wait_ms, Some(code)),
            Answer::Refused { code, .. } => self.wait(*wait_ms, code.as_deref()),
        }
    }

    fn not_there(self, asked_ms: i64) -> Next {
        let settled_ms = self.leg.settled_ms().unwrap_or(self.at_ms);
        let is_settled = asked_ms >= settled_ms;
        match (self.leg.terms.repeat, is_settled) {
            // The agency says it has it and does not show it: no send of ours can settle that.
            (Repeat::ByReference | Repeat::ByFind | Repeat::Never, true) if self.leg.claimed => {
                self.park(Park::Unseen)
            }
            (Repeat::ByReference | Repeat::ByFind, true) => self.again(Why::NotThere, self.at_ms),
            (Repeat::Never, true) => self.park(Park::NeverTwice),
            (Repeat::ByReference | Repeat::ByFind | Repeat::Never, false) => {
                let why = if self.leg.turn_ms == Some(settled_ms) { Why::AsBefore } else { Why::NotThereYet };
                self.keep(why, |leg| leg.turn_ms = Some(settled_ms.max(self.at_ms)))
            }
        }
    }

    fn looked(self, Answered { asked_ms, wait_ms, answer, .. }: &Answered) -> Next {
        use LegState::*;
        match self.leg.state {
            Sent | Pending | Supplement => match answer {
                Answer::Stands(standing) => self.looked_at(*asked_ms, standing),
                Answer::Taken(references) | Answer::Already(references) => {
                    self.wait(self.leg.terms.look_every_ms, None).map(|mut change| {
                        add(&mut change.leg, references);
                        change
                    })
                }
                Answer::NotOurs => self.park(Park::NotOurs),
                // It took it in: not seeing it now undoes nothing.
                Answer::NotThere => self.wait(*wait_ms, None),
                Answer::NotSent(code) | Answer::Silence(code) => self.wait(*wait_ms, Some(code)),
                Answer::Refused { code, .. } => self.wait(*wait_ms, code.as_deref()),
            },
            Done | Declined | Withdrawn | Parked => self.overtaken(answer),
            Waiting | Ready | Sending | Uncertain | Skipped => Err(Refused::OutOfPlace),
        }
    }

    /// A look is as new as its question; the same as before is no news.
    fn looked_at(self, asked_ms: i64, standing: &Standing) -> Next {
        let same = match (self.leg.state, standing) {
            (LegState::Pending, Standing::UnderWay { .. }) => true,
            (LegState::Supplement, Standing::Supplement { .. }) => true,
            (LegState::Pending, Standing::Completed { partial: true, .. }) => self.leg.value.is_some(),
            (_, Standing::UnderWay { .. } | Standing::Supplement { .. }) => false,
            (_, Standing::Completed { .. } | Standing::Declined { .. } | Standing::Withdrawn) => false,
        };
        if same {
            let again = match standing {
                Standing::UnderWay { look_again_ms: Some(wait_ms) } => *wait_ms,
                Standing::UnderWay { look_again_ms: None } | Standing::Supplement { .. } => {
                    self.leg.terms.look_every_ms
                }
                Standing::Completed { .. } | Standing::Declined { .. } | Standing::Withdrawn => {
                    self.leg.terms.look_every_ms
                }
            };
            return self.wait(again, None);
        }
        let mut change = self.told(Some(asked_ms), standing)?;
        if change.entry.why == Why::Late {
            change.leg.turn_ms = self.next_look(self.leg.terms.look_every_ms);
        }
        Ok(change)
    }

    /// Nothing new: asked again later.
    fn wait(self, wait_ms: i64, code: Option<&str>) -> Next {
        let change = self.keep(Why::AsBefore, |leg| {
            leg.turn_ms = self.next_look(wait_ms);
            leg.tries = leg.tries.saturating_add(1);
        });
        change.map(|change| change.with_code(code))
    }

    /// In the supplement state the next turn is never later than the end of its term.
    fn next_look(self, wait_ms: i64) -> Option<i64> {
        let turn = self.at_ms.saturating_add(wait_ms);
        match (self.leg.state, self.leg.turn_ms) {
            (LegState::Supplement, Some(until_ms)) => Some(until_ms),
            (_, _) => Some(turn),
        }
    }

    /// An answer that comes after other word has moved the leg: its identifiers are kept, and it moves the leg only forward.
    fn overtaken(self, answer: &Answer) -> Next {
        match answer {
            Answer::Taken(references) | Answer::Already(references) => {
                self.keep(Why::Overtaken, |leg| add(leg, references))
            }
            Answer::Stands(standing) => self.told(None, standing),
            Answer::NotThere | Answer::NotOurs => self.keep(Why::Overtaken, |_| {}),
            Answer::Refused { .. } | Answer::NotSent(_) | Answer::Silence(_) => {
                self.keep(Why::Overtaken, |_| {})
            }
        }
    }
}

/// Adds identifiers, each kind and value once.
fn add(leg: &mut Leg, references: &References) {
    for reference in references {
        if !leg.references.contains(reference) {
            leg.references.push(reference.clone());
        }
    }
}
