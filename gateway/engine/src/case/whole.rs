//! A case (hồ sơ liên thông) as a whole: its legs, where it stands because of them, and whose turn comes next.

use serde_json::Value;

use super::{CaseState, Change, Entry, Event, Leg, LegState, Refused, Skip, Terms, next};
use crate::chain::{Chain, LegPlan};

/// A case.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Ours, for ever; part of every reference.
    pub id: String,
    /// The chain it is an instance of.
    pub chain: String,
    /// Raised with every commit; who read another one must read again.
    pub version: u64,
    /// When it was taken in.
    pub opened_ms: i64,
    /// The citizen's input; sealed in the store.
    pub input: Value,
    /// Its legs, in the chain's order.
    pub legs: Vec<Leg>,
}

impl Case {
    /// A new case; what waits for nobody is released at once. With the lines of its history.
    pub fn open(
        id: impl Into<String>,
        chain: &Chain,
        input: Value,
        terms: impl Fn(&LegPlan) -> Terms,
        at_ms: i64,
    ) -> (Case, Vec<Entry>) {
        let legs = chain.legs.iter().map(|plan| Leg::new(&plan.name, &plan.service, terms(plan), at_ms));
        let mut case = Case {
            id: id.into(),
            chain: chain.name.clone(),
            version: 0,
            opened_ms: at_ms,
            input,
            legs: legs.collect(),
        };
        let entries = case.advance(chain, at_ms);
        (case, entries)
    }

    /// The leg of this name.
    pub fn leg(&self, name: &str) -> Option<&Leg> {
        self.legs.iter().find(|leg| leg.name == name)
    }

    /// Lets something happen to a leg, and whatever follows for the others. The history's lines, in order.
    pub fn happen(
        &mut self,
        chain: &Chain,
        leg: &str,
        event: &Event,
        at_ms: i64,
    ) -> Result<Vec<Entry>, Refused> {
        let Some(place) = self.legs.iter_mut().find(|other| other.name == leg) else {
            return Err(Refused::OutOfPlace);
        };
        let Change { leg, entry } = next(place, event, at_ms)?;
        *place = leg;
        let mut entries = vec![entry];
        entries.extend(self.advance(chain, at_ms));
        entries.retain(|entry| entry.why.is_news());
        Ok(entries)
    }

    /// Takes the case back: each leg stops, or notes it. Refused where every leg has ended.
    pub fn withdraw(&mut self, chain: &Chain, at_ms: i64) -> Result<Vec<Entry>, Refused> {
        let mut entries = Vec::new();
        for place in &mut self.legs {
            if let Ok(Change { leg, entry }) = next(place, &Event::WithdrawalAsked, at_ms) {
                *place = leg;
                entries.push(entry);
            }
        }
        if entries.is_empty() {
            return Err(Refused::Ended);
        }
        entries.extend(self.advance(chain, at_ms));
        Ok(entries)
    }

    /// Releases or passes every leg whose predecessors have ended, until nothing moves any more.
    fn advance(&mut self, chain: &Chain, at_ms: i64) -> Vec<Entry> {
        let mut entries = Vec::new();
        // A pass moves a leg or ends it; a leg moves at most once a pass.
        for _ in 0..=self.legs.len() {
            let moves: Vec<(String, Event)> = chain
                .legs
                .iter()
                .filter_map(|plan| Some((plan.name.clone(), self.turn_of(chain, plan)?)))
                .collect();
            if moves.is_empty() {
                break;
            }
            for (name, event) in moves {
                let Some(place) = self.legs.iter_mut().find(|leg| leg.name == name) else { continue };
                if let Ok(Change { leg, entry }) = next(place, &event, at_ms) {
                    *place = leg;
                    entries.push(entry);
                }
            }
        }
        entries
    }

    /// What the legs before it mean for a leg, if they mean anything yet.
    fn turn_of(&self, chain: &Chain, plan: &LegPlan) -> Option<Event> {
        let leg = self.leg(&plan.name)?;
        let is_skipped = match leg.state {
            LegState::Waiting => false,
            LegState::Skipped if leg.skipped != Some(Skip::NotWanted) => true,
            LegState::Skipped | LegState::Ready | LegState::Sending | LegState::Sent => return None,
            LegState::Pending | LegState::Supplement | LegState::Uncertain | LegState::Parked => return None,
            LegState::Done | LegState::Declined | LegState::Withdrawn => return None,
        };
        let before: Vec<&Leg> = plan.after.iter().filter_map(|name| self.leg(name)).collect();
        // Not wanted at all comes first: nobody should read that it was skipped for a "no" it had nothing to do with.
        let wanted = chain.wants(plan, &self.input, &self.results());
        let skip = before
            .iter()
            .find_map(|leg| why_not(leg))
            .or_else(|| (wanted == Ok(false)).then_some(Skip::NotWanted));
        let all_ended = before.iter().all(|leg| leg.state.is_final());
        match skip {
            Some(_) if is_skipped => None,
            Some(skip) => Some(Event::Passed(skip)),
            None if all_ended => Some(Event::Released),
            None => None,
        }
    }

    /// The legs' results, by name.
    pub fn results(&self) -> Vec<(&str, &Value)> {
        self.legs.iter().filter_map(|leg| Some((leg.name.as_str(), leg.value.as_ref()?))).collect()
    }

    /// Where the case stands.
    pub fn state(&self, chain: &Chain) -> CaseState {
        if self.legs.iter().any(|leg| leg.state.needs_attention()) {
            return CaseState::Attention;
        }
        if self.legs.iter().any(|leg| !leg.state.is_final()) {
            return CaseState::Open;
        }
        let Some(main) = self.leg(&chain.main) else { return CaseState::Attention };
        match ending(main) {
            Ending::Good if self.legs.iter().all(|leg| ending(leg) == Ending::Good) => CaseState::Done,
            Ending::Good => CaseState::PartlyDone,
            Ending::Declined => CaseState::Declined,
            Ending::Withdrawn => CaseState::Withdrawn,
        }
    }

    /// The legs' terms as the agencies' manifests say them now: an adapter may have changed since.
    pub fn with_terms(mut self, terms: impl Fn(&str) -> Option<Terms>) -> Case {
        for leg in &mut self.legs {
            leg.terms = terms(&leg.service).unwrap_or(leg.terms);
        }
        self
    }
}

#[derive(PartialEq)]
enum Ending {
    Good,
    Declined,
    Withdrawn,
}

/// How a final leg ended; what was not wanted is missed by nobody.
fn ending(leg: &Leg) -> Ending {
    match (leg.state, leg.skipped) {
        (LegState::Done, _) | (LegState::Skipped, Some(Skip::NotWanted)) => Ending::Good,
        (LegState::Skipped, Some(Skip::PredecessorDeclined)) | (LegState::Declined, _) => Ending::Declined,
        (LegState::Skipped, Some(Skip::PredecessorWithdrawn) | None) | (LegState::Withdrawn, _) => {
            Ending::Withdrawn
        }
        (LegState::Waiting | LegState::Ready | LegState::Sending | LegState::Sent, _) => Ending::Withdrawn,
        (LegState::Pending | LegState::Supplement | LegState::Uncertain | LegState::Parked, _) => {
            Ending::Withdrawn
        }
    }
}

/// Why a leg's end keeps those after it from being sent.
fn why_not(leg: &Leg) -> Option<Skip> {
    match leg.state {
        LegState::Declined => Some(Skip::PredecessorDeclined),
        LegState::Withdrawn => Some(Skip::PredecessorWithdrawn),
        LegState::Skipped => leg.skipped.filter(|skip| *skip != Skip::NotWanted),
        LegState::Waiting | LegState::Ready | LegState::Sending | LegState::Sent | LegState::Done => None,
        LegState::Pending | LegState::Supplement | LegState::Uncertain | LegState::Parked => None,
    }
}

/// Our reference for one revision of a leg: what the agency tells a second send by.
pub fn reference(case: &str, leg: &Leg) -> String {
    format!("{case}.{}.{}", leg.name, leg.revision)
}
