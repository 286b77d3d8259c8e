//! The classification rules: the carriers' first, then the exchange's own; the first that holds decides.

use crate::agency::{Agency, ExchangePlan};
use crate::diagnostic::Place;
use crate::fault::Party;
use crate::language::evaluate::{Scope, Stop, holds};
use crate::language::syntax::{Conditions, Decision, Path, Root, Rule, Test};
use crate::language::text::Reach;

/// A rule that held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleHit {
    /// Whose rule.
    pub owner: RuleOwner,
    /// Which of its owner's rules, from 0.
    pub index: usize,
    /// Where it stands.
    pub place: Place,
}

/// Whose rule it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RuleOwner {
    /// A carrier's, by its name.
    Carrier(String),
    /// An exchange's, by its name.
    Exchange(String),
    /// An inbound message's, by its name.
    Message(String),
}

impl RuleHit {
    pub(super) fn new(owner: RuleOwner, index: usize, rule: &Rule) -> Self {
        RuleHit { owner, index, place: rule.place.clone() }
    }

    /// Who is answerable for what the rule says: a carrier's rule speaks of the carrier.
    pub(super) fn party(&self, from: Party) -> Party {
        match self.owner {
            RuleOwner::Carrier(_) => Party::Carrier,
            RuleOwner::Exchange(_) | RuleOwner::Message(_) => from,
        }
    }
}

/// The rules tried on a reply of this exchange, in order.
fn tried<'a>(
    agency: &'a Agency,
    name: &'a str,
    plan: &'a ExchangePlan,
) -> impl Iterator<Item = (RuleHit, &'a Rule)> {
    let carriers = plan.through.as_ref().unwrap_or(&agency.through);
    let of_carriers = carriers.iter().flat_map(|carrier| {
        let rules = agency.carrier_rules.get(carrier).map_or([].as_slice(), Vec::as_slice);
        let owner = || RuleOwner::Carrier(carrier.clone());
        rules.iter().enumerate().map(move |(index, rule)| (RuleHit::new(owner(), index, rule), rule))
    });
    let own = plan
        .rules
        .iter()
        .enumerate()
        .map(|(index, rule)| (RuleHit::new(RuleOwner::Exchange(name.to_owned()), index, rule), rule));
    of_carriers.chain(own)
}

/// The first rule that holds.
pub(super) fn first_that_holds<'a>(
    agency: &'a Agency,
    (name, plan): (&'a str, &'a ExchangePlan),
    status: u16,
    scope: &Scope<'_>,
) -> Result<Option<(RuleHit, &'a Rule)>, Stop> {
    let around = scope.reaching(Reach::Around);
    let before = scope.reaching(Reach::Before);
    for (hit, rule) in tried(agency, name, plan) {
        let is_fault = matches!(&rule.then, Decision::Verdict(verdict) if verdict.is_fault());
        let scope = if is_fault { &before } else { &around };
        let speaks_of_it = (200..=299).contains(&status) || names_status(&rule.when);
        if speaks_of_it && holds(&rule.when, scope)? {
            return Ok(Some((hit, rule)));
        }
    }
    Ok(None)
}

/// A rule that does not name `$reply.status` holds for 2xx only.
fn names_status(when: &Conditions) -> bool {
    when.conditions.iter().any(|condition| is_status(&condition.path))
}

fn is_status(path: &Path) -> bool {
    let of_reply = matches!(&path.root, Root::Named { name, .. } if name == "reply");
    of_reply && path.steps.first().is_some_and(|step| step.name == "status")
}

/// Whether a rule looks at nothing but the status: on a write, that does not say that nothing was done.
pub(super) fn is_status_alone(when: &Conditions) -> bool {
    when.conditions.iter().all(|condition| is_status(&condition.path))
}

/// Whether a rule knows what it says from a sentence alone, from no status and no code.
pub(super) fn is_known_by_text(when: &Conditions) -> bool {
    let is_code = |test: &Test| matches!(test, Test::In(_));
    !when.conditions.iter().any(|condition| condition.tests.iter().any(is_code))
}
