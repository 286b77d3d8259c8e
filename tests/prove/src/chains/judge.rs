//! What must hold when a simulated life is over.

use adapter_api::agency::Repeat;
use engine::case::{CaseState, Leg, LegState, Standing, Why};

use super::agencies::Record;
use super::store::{Stored, explains};
use super::world::{World, lock};
use crate::score::Counts;

/// What a life was like.
#[derive(Debug, Default)]
pub struct Verdict {
    /// What should not be; empty: it passed.
    pub wrong: Vec<String>,
    /// References that took effect more than once.
    pub doubled: usize,
    /// How its cases ended.
    pub counts: Counts,
}

/// Judges a life.
pub fn judge(world: &World) -> Verdict {
    let mut verdict = Verdict { wrong: lock(&world.wrong).clone(), ..Verdict::default() };
    if !world.tally.ended {
        verdict.wrong.push(format!("no end after {} steps", world.tally.steps));
    }
    verdict.counts.many("kills", usize::try_from(world.tally.kills).unwrap_or(0));
    verdict.counts.many("pauses", usize::try_from(world.tally.pauses).unwrap_or(0));
    verdict.counts.many("steps", world.tally.steps);
    let acknowledged = lock(&world.acknowledged).clone();
    for id in acknowledged.iter().filter(|id| world.store.case(id).is_none()) {
        verdict.wrong.push(format!("{id} was acknowledged and is lost"));
    }
    world.store.each(|stored| verdict.case(world, stored));
    verdict
}

impl Verdict {
    fn case(&mut self, world: &World, stored: &Stored) {
        let state = stored.case.state(&world.chain);
        self.counts.one(format!("case {}", state.word()));
        let has_reason = stored.case.legs.iter().any(|leg| leg.parked.is_some());
        match state {
            CaseState::Done | CaseState::PartlyDone | CaseState::Declined | CaseState::Withdrawn => {}
            CaseState::Attention if has_reason => {}
            CaseState::Attention | CaseState::Open => {
                let legs: Vec<_> = stored.case.legs.iter().map(|leg| (&leg.name, leg.state)).collect();
                self.wrong.push(format!("{} is stuck {}: {legs:?}", stored.case.id, state.word()));
            }
        }
        for leg in &stored.case.legs {
            if let Some(park) = leg.parked {
                self.counts.one(format!("leg parked: {}", park.word()));
            }
            self.leg(world, stored, leg);
        }
        for entry in &stored.history {
            self.counts.one(format!("line {}", entry.why.code()));
        }
    }

    fn leg(&mut self, world: &World, stored: &Stored, leg: &Leg) {
        let name = format!("{}.{}", stored.case.id, leg.name);
        if !explains(&stored.history, &leg.name, leg.state) {
            self.wrong.push(format!("{name} is {} and nobody can say why", leg.state.word()));
        }
        // Every leg is refused at its query's `deceased`; where a citizen gave that, it is told there and nowhere else.
        for pointer in leg.findings.iter().filter_map(|finding| finding.pointer.as_deref()) {
            self.counts.one(format!("finding at {pointer}"));
            if stored.case.input.pointer(pointer).is_none() {
                self.wrong.push(format!("{name}: a finding at {pointer}, which is no field of the case"));
            }
        }
        let record = world.offices.record(&stored.case.id, &leg.name).unwrap_or_default();
        for (reference, effects) in record.effects.iter().filter(|(_, effects)| **effects > 1) {
            self.doubled += 1;
            self.wrong.push(format!("{reference} took effect {effects} times"));
        }
        let concluded =
            stored.history.iter().any(|entry| entry.leg == leg.name && entry.why == Why::Concluded);
        if !concluded && let Some(wrong) = untrue(leg, &record) {
            self.wrong.push(format!("{name} {wrong}"));
        }
    }
}

/// Whether the leg says something else than the agency would.
fn untrue(leg: &Leg, record: &Record) -> Option<String> {
    let effects: u32 = record.effects.values().sum();
    let truth = record.standing(i64::MAX);
    match (leg.state, truth) {
        (LegState::Done, Some(Standing::Completed { partial: false, .. })) => None,
        (LegState::Declined, Some(Standing::Declined { .. })) => None,
        (LegState::Withdrawn, Some(Standing::Withdrawn)) => None,
        (LegState::Withdrawn | LegState::Skipped, None) if effects == 0 => None,
        (LegState::Parked, _) => None,
        (LegState::Done | LegState::Declined | LegState::Withdrawn | LegState::Skipped, _) => {
            let never = leg.terms.repeat == Repeat::Never;
            Some(format!(
                "is {} after {effects} effects (never: {never}), the agency says {truth:?}",
                leg.state.word()
            ))
        }
        // Told as stuck already.
        (LegState::Waiting | LegState::Ready | LegState::Sending | LegState::Sent, _) => None,
        (LegState::Pending | LegState::Supplement | LegState::Uncertain, _) => None,
    }
}
