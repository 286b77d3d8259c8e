//! Reads messages that agencies send on their own: how they are known, what they mean, how they are answered.

use indexmap::IndexMap;

use super::exchange::{read_format, read_let_block, read_paths};
use super::rules::read_rules;
use super::value::{Findings, Keys, Spot};
use super::{expression, path};
use crate::agency::{InboundPlan, Verify};
use crate::language::syntax::{Path, Root};
use crate::wire::Format;

const KEYS: [&str; 8] = ["format", "verify", "sign", "code", "same", "at", "rules", "events"];

/// The blocks beside the events.
const BLOCKS: [&str; 2] = ["message", "answer"];

/// The answers an agency can be given.
const ANSWERS: [&str; 3] = ["stored", "unknown", "refused"];

/// Reads `[inbound.NAME]`.
pub fn read(spot: Spot<'_>, findings: &mut Findings) -> Option<InboundPlan> {
    let keys = Keys::open(spot, &KEYS, findings)?;
    let events =
        keys.required("events", findings).map(|spot| read_events(&spot, findings)).unwrap_or_default();
    let words: Vec<&str> = events.keys().map(String::as_str).collect();
    let format = keys.required("format", findings).and_then(|spot| read_format(&spot, findings));
    let code = keys.required("code", findings).and_then(|spot| path::read(&spot, findings));
    Some(InboundPlan {
        place: keys.spot.place.clone(),
        format: format.unwrap_or(Format::Json),
        verify: keys.spot("verify").and_then(|spot| read_verify(spot, findings)),
        sign: keys.spot("sign").and_then(|spot| read_sign(spot, findings)),
        // A message whose code cannot be read is reported above; the placeholder lets its words be read.
        code: code.unwrap_or_else(|| Path { text: ".".into(), root: Root::Here, steps: Vec::new() }),
        same: keys.required("same", findings).map(|spot| read_paths(&spot, findings)).unwrap_or_default(),
        at: keys.spot("at").and_then(|spot| expression::read(&spot, findings)),
        rules: keys
            .required("rules", findings)
            .map(|spot| read_rules(&spot, Some(&words), findings))
            .unwrap_or_default(),
        events,
        lets: IndexMap::new(),
        event_drawings: IndexMap::new(),
        answers: IndexMap::new(),
    })
}

/// `NAME = SCHEMA`; a name must not be that of another block.
fn read_events(spot: &Spot<'_>, findings: &mut Findings) -> IndexMap<String, String> {
    let mut events = IndexMap::new();
    let Some(table) = spot.table(findings) else { return events };
    for entry in &table.entries {
        if BLOCKS.contains(&entry.key.as_str()) {
            let message = format!("an event cannot be called `{}`: that is another block", entry.key);
            findings.advise("C1", &spot.key(entry), message, "choose another name");
        } else if let Some(schema) = spot.child(entry).name(findings) {
            events.insert(entry.key.clone(), schema);
        }
    }
    events
}

fn read_verify(spot: Spot<'_>, findings: &mut Findings) -> Option<Verify> {
    let keys = Keys::open(spot, &["seal", "equals", "field"], findings)?;
    match (keys.spot("seal"), keys.spot("equals")) {
        (Some(seal), None) => seal.name(findings).map(Verify::Seal),
        (None, Some(equals)) => {
            let secret = equals.name(findings);
            let field = keys.required_name("field", findings);
            Some(Verify::Equals { secret: secret?, field: field? })
        }
        _ => {
            let help = "{ seal = NAME }, or { equals = SECRET, field = NAME }";
            findings.advise("C1", &keys.spot, "`verify` has `seal` or `equals`, exactly one", help);
            None
        }
    }
}

fn read_sign(spot: Spot<'_>, findings: &mut Findings) -> Option<String> {
    let keys = Keys::open(spot, &["seal"], findings)?;
    keys.required_name("seal", findings)
}

/// Reads `[NAME.message.let]`, `[NAME.EVENT]` and `[NAME.answer.…]`.
pub fn read_words(plan: &mut InboundPlan, spot: &Spot<'_>, findings: &mut Findings) {
    let Some(table) = spot.table(findings) else { return };
    for entry in &table.entries {
        let block = spot.child(entry);
        match entry.key.as_str() {
            "message" => plan.lets = read_let_block(block, findings),
            "answer" => read_answers(plan, block, findings),
            word if plan.events.contains_key(word) => {
                if let Some(drawing) = expression::read_drawing(&block, findings) {
                    plan.event_drawings.insert(word.to_owned(), drawing);
                }
            }
            word => {
                let known: Vec<&str> =
                    BLOCKS.into_iter().chain(plan.events.keys().map(String::as_str)).collect();
                findings.unknown("C1", &spot.key(entry), (word, "is no block of a message"), &known);
            }
        }
    }
}

fn read_answers(plan: &mut InboundPlan, spot: Spot<'_>, findings: &mut Findings) {
    let Some(keys) = Keys::open(spot, &ANSWERS, findings) else { return };
    for word in ANSWERS {
        let drawing = keys.spot(word).and_then(|spot| expression::read_drawing(&spot, findings));
        plan.answers.extend(drawing.map(|drawing| (word.to_owned(), drawing)));
    }
}
