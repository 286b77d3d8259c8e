//! L2, L9 and L13: what has never been shown by a talk has never been tried by anybody.

use std::collections::{BTreeMap, BTreeSet};

use adapter_api::agency::{Operation, Repeat};

use adapter_api::diagnostic::{Diagnostic, Place};
use adapter_api::language::syntax::{Decision, Rule, Verdict};

use crate::conversation::End;
use crate::ground::Ground;

/// The endings an operation's talks show.
type Shown<'a> = BTreeSet<&'a str>;

fn shown<'a>(ground: &Ground<'a>) -> BTreeMap<&'a str, Shown<'a>> {
    let mut all: BTreeMap<&str, Shown<'_>> = BTreeMap::new();
    for conversation in ground.conversations {
        let words = all.entry(&conversation.call.operation).or_default();
        words.insert(conversation.end.word());
        if matches!(conversation.end, End::Fault(_)) {
            words.insert("fault");
        }
    }
    all
}

/// L2: every operation has its talks.
pub fn talks(ground: &Ground<'_>) -> Vec<Diagnostic> {
    let all = shown(ground);
    let mut findings = Vec::new();
    for (name, operation) in &ground.agency.operations {
        let words = all.get(name.as_str()).cloned().unwrap_or_default();
        let mut missing = Vec::new();
        let mut needs = |any: &[&str], what: &str| {
            if !any.iter().any(|word| words.contains(word)) {
                missing.push(what.to_owned());
            }
        };
        if ground.writes(operation) {
            needs(&["accepted", "completed", "pending"], "accepted or completed");
            needs(&["declined", "rejected"], "declined or rejected");
            if operation.repeat == Some(Repeat::ByReference) {
                needs(&["already-received"], "already-received");
            }
            needs(&["uncertain"], "silence or an answer that says nothing (fault uncertain)");
        } else if operation.feed_every_s.is_some() {
            needs(&["page"], "a page");
            needs(&["fault"], "a fault");
        } else if operation.service.is_some() {
            needs(&["found", "completed"], "found");
            if can_be(ground, operation, Verdict::Absent) {
                needs(&["absent"], "absent");
            } else {
                findings.push(never_absent(name, operation));
            }
            needs(&["fault"], "a fault");
        } else {
            needs(&["found", "completed", "accepted", "already-received", "pending"], "an answer");
        }
        if !missing.is_empty() {
            let message = format!("no talk shows {}", missing.join("; "));
            let help =
                format!("put the agency's real reply into fixtures/{name}.*.talk and run check --update");
            findings.push(Diagnostic::error("L2", &operation.place, name.as_str(), message).help(help));
        }
    }
    findings
}

/// A read that cannot say "no" calls every "no" a fault, and faults are repeated and blamed.
fn never_absent(name: &str, operation: &Operation) -> Diagnostic {
    let message = "no rule says `absent`: when the agency has nothing, it will be called a fault";
    Diagnostic::error("L2", &operation.place, name, message)
        .help("add a rule for the agency's own way to say that there is nothing")
}

fn can_be(ground: &Ground<'_>, operation: &Operation, verdict: Verdict) -> bool {
    let plans = operation.exchanges.iter().filter_map(|name| ground.plan(name));
    plans.flat_map(|plan| &plan.rules).any(|rule| rule.then == Decision::Verdict(verdict))
}

/// L9: a write says what a second send would do, and its talks prove it.
pub fn repeats(ground: &Ground<'_>) -> Vec<Diagnostic> {
    let all = shown(ground);
    let mut findings = Vec::new();
    for (name, operation) in ground.agency.operations.iter().filter(|(_, operation)| ground.writes(operation))
    {
        let mut tell = |message: String, help: &str| {
            findings.push(Diagnostic::error("L9", &operation.place, name.as_str(), message).help(help));
        };
        if operation.settle_for_s.is_none() {
            tell(
                "settle_for is missing".to_owned(),
                "the agency's longest processing time, settle_for = \"10 min\"",
            );
        }
        let shows =
            |operation: &str, word: &str| all.get(operation).is_some_and(|words| words.contains(word));
        match operation.repeat {
            None => {
                tell("repeat is missing".to_owned(), "repeat = \"by-reference\", \"by-find\" or \"never\"")
            }
            Some(Repeat::Never) => {}
            Some(Repeat::ByReference) if !shows(name, "already-received") => {
                tell(
                    "no talk shows what it says to a reference it has: already-received".to_owned(),
                    "ask it twice and keep the second reply",
                );
            }
            Some(Repeat::ByReference) => {}
            Some(Repeat::ByFind) => match &operation.find {
                None => tell(
                    "by-find needs `find = OPERATION`".to_owned(),
                    "name the operation that looks for our reference",
                ),
                Some(find) => {
                    let finds = ["found", "completed", "accepted", "already-received", "pending"]
                        .iter()
                        .any(|word| shows(find, word));
                    if !finds || !shows(find, "absent") {
                        tell(
                            format!("`{find}` needs a talk that finds it and one that does not"),
                            "only `absent` permits a second send",
                        );
                    }
                }
            },
        }
    }
    findings
}

/// L13: every rule of every exchange and message is reached. The carriers' rules are not an agency's own: [`Carriers`].
pub fn rules(ground: &Ground<'_>) -> Vec<Diagnostic> {
    let reached = reached(ground);
    let exchanges = ground
        .agency
        .exchanges
        .iter()
        .flat_map(|(name, plan)| plan.rules.iter().map(move |rule| (name, rule)));
    let messages =
        ground.agency.inbound.iter().flat_map(|(name, plan)| plan.rules.iter().map(move |rule| (name, rule)));
    let missed = exchanges.chain(messages).filter(|(_, rule)| !reached.contains(&rule.place));
    missed
        .map(|(name, rule)| {
            let message = format!("no talk reaches this rule ({})", says(rule));
            Diagnostic::error("L13", &rule.place, name.as_str(), message)
                .help("add a reply that reaches it; if one should, a rule above holds first")
        })
        .collect()
}

/// Where the rules stand that a talk reaches, the carriers' among them.
fn reached(ground: &Ground<'_>) -> BTreeSet<Place> {
    let mut reached = BTreeSet::new();
    for conversation in ground.conversations {
        // Each beginning of the conversation was judged once, too.
        for told in 1..=conversation.said.len() {
            let said = conversation.said.get(..told).unwrap_or_default();
            let trace = ground.declarative.trace(&conversation.call, said);
            reached.extend(trace.rules.into_iter().map(|hit| hit.place));
        }
    }
    for inbound in ground.heard {
        reached.extend(ground.declarative.hear(inbound).rule.map(|hit| hit.place));
    }
    reached
}

fn says(rule: &Rule) -> String {
    match &rule.then {
        Decision::Verdict(verdict) => format!("then = \"{}\"", verdict.word()),
        Decision::Go(exchange) => format!("go = \"{exchange}\""),
        Decision::Event(event) => format!("then = \"{event}\""),
    }
}

/// L13 for the carriers: agencies share their rules, so it is enough that one agency's talk reaches each. A carrier that no
/// agency goes through has never answered anybody, and is not asked.
#[derive(Debug, Default)]
pub struct Carriers {
    rules: BTreeMap<Place, (String, String)>,
    reached: BTreeSet<Place>,
}

impl Carriers {
    /// Adds the carriers an agency goes through, and the rules its talks reach.
    pub fn add(&mut self, ground: &Ground<'_>) {
        for (carrier, rules) in &ground.agency.carrier_rules {
            let told = rules.iter().map(|rule| (rule.place.clone(), (carrier.clone(), says(rule))));
            self.rules.extend(told);
        }
        self.reached.append(&mut reached(ground));
    }

    /// The rules that no agency's talk reaches.
    pub fn missed(&self) -> Vec<Diagnostic> {
        let missed = self.rules.iter().filter(|(place, _)| !self.reached.contains(place));
        missed
            .map(|(place, (carrier, says))| {
                let message = format!("no agency's talk reaches this rule ({says})");
                Diagnostic::error("L13", place, carrier.as_str(), message)
                    .help("add a reply of the carrier to a talk of an agency that goes through it")
            })
            .collect()
    }
}
