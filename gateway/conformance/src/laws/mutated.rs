//! L14: a good reply that was altered gives a fault, an open state, the same answer or less of it; nothing
//! else.

use adapter_api::Outcome;
use adapter_api::codec::json::is_number;
use adapter_api::diagnostic::Diagnostic;
use adapter_api::language::syntax::Test;

use super::judge::{Leave, complaint};
use super::words::{Names, Words, leads_to};
use super::{dates, phrases};
use crate::conversation::{Conversation, End};
use crate::ground::Ground;
use crate::spot::{Content, Edit, Hop, Spot, altered, spots};

/// One alteration of one place.
pub struct Alteration {
    /// In words, after the place: `removed`.
    pub what: &'static str,
    /// What is done.
    pub edit: Edit,
    /// What it may lead to.
    pub leave: Leave,
}

/// Tries every alteration of every reply of every conversation that was truly answered.
pub fn check(ground: &Ground<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    // A login's answer goes into secrets, which are text; it has no schema to hold it against.
    for conversation in
        ground.answered().filter(|conversation| ground.operation(&conversation.call).is_some())
    {
        for (index, exchange) in conversation.said.iter().enumerate() {
            let (Ok(body), Some(plan)) = (&exchange.reply.body, ground.plan(&exchange.name)) else {
                continue;
            };
            let words = Words::of(ground.agency, plan);
            let emptied = words.emptied();
            let phrases: Vec<String> = phrases::of_rules(words.rules());
            for spot in spots(body) {
                for alteration in alterations(&spot, &emptied) {
                    let Some(body) = altered(body, &spot.hops, &alteration.edit) else { continue };
                    let way = ground.with_body(conversation, index, body);
                    let why = complaint(&conversation.end, &way, alteration.leave);
                    findings.extend(why.map(|why| {
                        finding(
                            ground,
                            conversation,
                            index,
                            format!("`{}` {}: {why}", spot.path, alteration.what),
                        )
                    }));
                }
                findings.extend(lost_list(ground, conversation, index, &spot));
                findings.extend(dates::check(ground, conversation, index, &spot));
            }
            findings.extend(phrases::check(ground, conversation, index, &phrases, &has_phrase_tests(&words)));
        }
    }
    findings
}

/// After silence a wrong "not there" sends the write again: null in place of the list that would have held it is none.
fn lost_list(
    ground: &Ground<'_>,
    conversation: &Conversation,
    index: usize,
    spot: &Spot,
) -> Option<Diagnostic> {
    let asked = conversation.call.operation.as_str();
    let finds = ground.agency.operations.values().any(|other| other.find.as_deref() == Some(asked));
    if !finds || conversation.end != End::Outcome(Outcome::Absent) {
        return None;
    }
    let body = conversation.said.get(index)?.reply.body.as_ref().ok()?;
    let way = ground.with_body(conversation, index, altered(body, &spot.hops, &Edit::Null)?);
    let message =
        format!("`{}` null: still taken for `absent`, and the write would be sent again", spot.path);
    (way.end() == Some(&conversation.end)).then(|| {
        ground
            .finding("L14", conversation, index, message)
            .help("let the rule demand `list = true` of what would have held it")
    })
}

/// A finding with the rule that decided the good reply, so that the author knows where to look.
pub(super) fn finding(
    ground: &Ground<'_>,
    conversation: &Conversation,
    index: usize,
    message: String,
) -> Diagnostic {
    let decided = ground.decided_by(conversation);
    let help = match decided {
        Some(place) => format!("the good reply was decided by the rule at {place}"),
        None => "the good reply was decided by the adapter's code".to_owned(),
    };
    ground.finding("L14", conversation, index, message).help(help)
}

/// The names that phrases are looked for in.
fn has_phrase_tests(words: &Words<'_>) -> Names {
    let mut names = Names::new();
    for condition in words.rules().flat_map(|rule| &rule.when.conditions) {
        if condition.tests.iter().any(|test| matches!(test, Test::Contains(_) | Test::Matches(_))) {
            names.extend(words.trails(&condition.path, true, 0));
        }
    }
    names
}

fn is_inner_root(spot: &Spot) -> bool {
    matches!(spot.hops.as_slice(), [.., Hop::Inner(_), Hop::Child(_)])
}

/// What is done to a place.
fn alterations(spot: &Spot, emptied: &Names) -> Vec<Alteration> {
    let less = Leave { less: true, ..Leave::default() };
    let mut all = Vec::new();
    // An XML list without rows is the parent without them: only there does taking a row away truly mean
    // "none".
    let absent = spot.is_item() || (spot.is_xml() && leads_to(emptied, spot));
    // Without its root a carried document is an empty text: that is another reply, not a field less.
    if !is_inner_root(spot) {
        all.push(Alteration { what: "removed", edit: Edit::Remove, leave: Leave { absent, ..less } });
    }
    if !spot.is_item() {
        let leave = Leave { rows_again: true, ..Leave::default() };
        all.push(Alteration { what: "doubled", edit: Edit::Double, leave });
    }
    match &spot.content {
        Content::Composite if !spot.is_xml() => {
            let leave = Leave { absent: true, ..less };
            all.push(Alteration { what: "emptied", edit: Edit::Clear, leave });
        }
        Content::Number(text) => {
            all.push(Alteration { what: "as text", edit: Edit::Text(text.clone()), leave: Leave::default() })
        }
        Content::Text(text) if is_number(text) && !spot.is_xml() => all.push(Alteration {
            what: "as a number",
            edit: Edit::Number(text.clone()),
            leave: Leave::default(),
        }),
        Content::Text(_) | Content::Bool | Content::Nothing | Content::Composite => {}
    }
    all
}
