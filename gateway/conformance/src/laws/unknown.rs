//! L8: a code that nobody knows is not success.

use std::collections::BTreeSet;

use adapter_api::diagnostic::Diagnostic;

use super::judge::{Leave, another_value, complaint};
use super::words::{Words, leads_to};
use crate::conversation::{Conversation, End, Way};
use crate::ending::outcome_value;
use crate::ground::Ground;
use crate::spot::{Edit, Spot, altered, spots};

/// Codes that no agency gives.
const UNKNOWN: [&str; 3] = ["987654", "ZQX", "-77"];
/// Words of ours that say that we do not know: a list may take every other code as one of them.
const NOT_KNOWN: [&str; 3] = ["unknown", "other", "unspecified"];

/// Replaces every code that decides something.
pub fn check(ground: &Ground<'_>) -> Vec<Diagnostic> {
    let mut findings = open_lists(ground);
    let mut seen = BTreeSet::new();
    for conversation in ground.answered().filter(|conversation| conversation.end.is_success()) {
        for (index, exchange) in conversation.said.iter().enumerate() {
            let (Ok(body), Some(plan)) = (&exchange.reply.body, ground.plan(&exchange.name)) else {
                continue;
            };
            let words = Words::of(ground.agency, plan);
            let (tested, lists, guards) = (words.tested_codes(), words.closed_lists(), words.guards());
            for spot in spots(body) {
                let read_by = if leads_to(&tested, &spot) {
                    ReadBy::Rule
                } else if leads_to(&lists, &spot) {
                    ReadBy::List
                } else if leads_to(&guards, &spot) {
                    ReadBy::Guard
                } else {
                    continue;
                };
                let Some(why) = try_unknown(ground, conversation, index, &spot, read_by) else { continue };
                if seen.insert((
                    conversation.talk.clone(),
                    conversation.replies.get(index).map(|raw| raw.line),
                    spot.path.clone(),
                )) {
                    let help = match ground.decided_by(conversation) {
                        Some(place) => format!("decided by the rule at {place}: name the codes that mean it"),
                        None => "name the codes that mean success; every other is a fault or stays open"
                            .to_owned(),
                    };
                    findings.push(ground.finding("L8", conversation, index, why).help(help));
                }
            }
        }
    }
    findings
}

/// What makes a code decisive.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ReadBy {
    Rule,
    List,
    Guard,
}

fn try_unknown(
    ground: &Ground<'_>,
    conversation: &Conversation,
    index: usize,
    spot: &Spot,
    read_by: ReadBy,
) -> Option<String> {
    spot.text()?;
    let body = conversation.said.get(index)?.reply.body.as_ref().ok()?;
    let with =
        |edit: &Edit| altered(body, &spot.hops, edit).map(|body| ground.with_body(conversation, index, body));
    // A code that is not read at all decides nothing: it may stand in somebody else's row.
    let unread = with(&Edit::Remove).is_some_and(|way| way.end() == Some(&conversation.end));
    if unread {
        return None;
    }
    UNKNOWN.iter().find_map(|code| {
        let way = with(&Edit::Text((*code).to_owned()))?;
        let path = &spot.path;
        match read_by {
            ReadBy::Guard => complaint(&conversation.end, &way, Leave { less: true, ..Leave::default() })
                .map(|why| format!("`{path}` with an unknown code: {why}")),
            ReadBy::List => taken_for(&conversation.end, &way)
                .map(|word| format!("`{path}` with an unknown code is still taken for `{word}`")),
            ReadBy::Rule => match &way {
                Way::Ended(end) if end.is_success() || *end == End::Panic => {
                    Some(format!("`{path}` with an unknown code is still taken for `{}`", end.word()))
                }
                _ => None,
            },
        }
    })
}

/// A list's code: success is wrong, unless all that happened is that the answer became less.
fn taken_for(good: &End, way: &Way) -> Option<&'static str> {
    match (good, way) {
        (End::Outcome(good), Way::Ended(End::Outcome(after))) if after.is_success() => {
            let (before, value) = (outcome_value(good), outcome_value(after));
            let less = before != value && another_value(&before, &value, true, "").is_none();
            (!less).then(|| after.word())
        }
        (_, Way::Ended(End::Panic)) => Some("panic"),
        _ => None,
    }
}

/// A list that takes every other code, for a word that claims to know something.
fn open_lists(ground: &Ground<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for (name, table) in &ground.agency.tables {
        for row in table.rows.iter().filter(|row| row.theirs.is_empty()) {
            if table.descriptive.is_none() && !NOT_KNOWN.contains(&row.ours.as_str()) {
                let message = format!("every unknown code is taken for `{}`", row.ours);
                let finding = Diagnostic::error("L8", &row.place, format!("{name}.{}", row.ours), message);
                findings.push(finding.help("list the codes; `*` may only stand for `unknown` or `other`"));
            }
        }
    }
    findings
}
