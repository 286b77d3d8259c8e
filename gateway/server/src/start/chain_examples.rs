//! The proof that a chain fits real words: every example of its case, drawn into each leg's query, is one its service takes.

use adapter_api::Finding;
use adapter_api::diagnostic::Diagnostic;
use engine::chain::{CODE, Chain};
use serde_json::Value;

use super::chains::{Ground, schema_unfit};

/// Examples are of any time: no date of theirs lies in this day's future.
const LAST_DAY: &str = "9999-12-31";

/// Every example that is refused, by its own schema or by a service.
pub fn check(chain: &Chain, ground: &Ground<'_>) -> Vec<Diagnostic> {
    let Some(form) = ground.catalogue.case(&chain.name) else { return Vec::new() };
    let mut findings = Vec::new();
    let examples = ground.files.examples(&format!("{}#/$defs/input", form.id));
    if examples.is_empty() {
        let why = "the schema has no example, so nobody has seen the chain fit";
        findings.push(schema_unfit(&form.id, why));
    }
    for (number, example) in (1..).zip(&examples) {
        for finding in ground.catalogue.case_findings(form, example, LAST_DAY) {
            let why = format!("example {number} is refused: {}", said(&finding));
            findings.push(schema_unfit(&form.id, why));
        }
        findings.extend(legs(chain, ground, (number, example)));
    }
    findings
}

fn legs(chain: &Chain, ground: &Ground<'_>, (number, example): (usize, &Value)) -> Vec<Diagnostic> {
    let answers: Vec<(&str, Value)> = chain
        .legs
        .iter()
        .filter_map(|leg| {
            let document = ground.files.service(&leg.service)?;
            let id = document.get("$id")?.as_str()?;
            Some((
                leg.name.as_str(),
                ground.files.examples(&format!("{id}#/$defs/answer")).into_iter().next()?,
            ))
        })
        .collect();
    let results: Vec<(&str, &Value)> = answers.iter().map(|(name, value)| (*name, value)).collect();
    let mut findings = Vec::new();
    for leg in &chain.legs {
        let mut say = |why: String| {
            let at = format!("leg.{}", leg.name);
            findings.push(Diagnostic::error(CODE, &leg.place, at, format!("example {number}: {why}")));
        };
        match chain.wants(leg, example, &results) {
            Ok(true) => {}
            Ok(false) => continue,
            Err(undrawn) => {
                say(undrawn.place);
                continue;
            }
        }
        match (chain.query(leg, example, &results), ground.catalogue.service(&leg.service)) {
            (Ok(query), Some(service)) => {
                for finding in ground.catalogue.findings(service, &query, LAST_DAY) {
                    say(format!("{} refuses {}", leg.service, said(&finding)));
                }
            }
            // Of a service that nobody answers here only the shape is known.
            (Ok(_), None) => {}
            (Err(undrawn), _) => say(undrawn.place),
        }
    }
    findings
}

fn said(finding: &Finding) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    format!("{} ({})", text(&finding.pointer), text(&finding.code))
}
