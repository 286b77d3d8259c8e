//! Reads the chains and the calendar they are counted by: one file a chain, named after it. A folder without files is no chain.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use adapter_api::diagnostic::{Diagnostic, Place};
use adapter_api::schema::Schemas;
use engine::calendar::{Calendar, CalendarSettings};
use engine::catalogue::Catalogue;
use engine::chain::{self, CODE, Chain, Chains};

use super::{chain_examples, folder};
use crate::config::ConfigError;
use crate::config::document::{parse_toml, read_text};
use crate::schema_files::SchemaFiles;

/// The chains with their calendar.
#[derive(Debug, Clone, Default)]
pub struct ChainFiles {
    /// By name.
    pub chains: Chains,
    /// `None` where there is neither a chain nor a calendar.
    pub calendar: Option<Arc<Calendar>>,
}

/// What chains are held to.
pub struct Ground<'a> {
    /// The shapes of services and cases.
    pub shapes: &'a Schemas,
    /// The schema documents.
    pub files: &'a SchemaFiles,
    /// The schemas, compiled, with who answers.
    pub catalogue: &'a Catalogue,
    /// A service nobody answers is a finding: a deployment must be able to send what it takes in.
    pub is_deployed: bool,
}

/// Reads the folder and the calendar; everything that is wrong at once.
pub fn read(folder: &Path, calendar: &Path) -> Result<ChainFiles, Vec<ConfigError>> {
    let mut findings = Vec::new();
    let mut keep = |errors: Vec<ConfigError>| findings.extend(errors);
    let chains = if folder.exists() {
        folder::read(folder, chain::read, |chain: &Chain| &chain.name).map_err(&mut keep)
    } else {
        Ok(Chains::new())
    };
    // A calendar that is there is to be sound; one that is missing is missed by chains alone, wrong ones too.
    let is_needed = calendar.exists() || !chains.as_ref().is_ok_and(BTreeMap::is_empty);
    let chains = chains.unwrap_or_default();
    let calendar = if is_needed { read_calendar(calendar).map_err(&mut keep).ok() } else { None };
    if findings.is_empty() {
        Ok(ChainFiles { chains, calendar: calendar.map(Arc::new) })
    } else {
        Err(findings)
    }
}

fn read_calendar(file: &Path) -> Result<Calendar, Vec<ConfigError>> {
    let name = file.display().to_string();
    let text = read_text(file).map_err(|error| vec![error])?;
    let settings: CalendarSettings = parse_toml(&name, &text).map_err(|error| vec![error])?;
    let wrong = |why: &str| ConfigError::Wrong {
        file: name.clone(),
        line: line_of(&text, why),
        message: why.to_owned(),
        nearest: None,
    };
    Calendar::new(&settings).map_err(|unfit| unfit.iter().map(|one| wrong(&one.why)).collect())
}

/// The last line that holds the sentence's first word: each begins with the day or the key that is wrong. 0: none.
fn line_of(text: &str, why: &str) -> usize {
    let Some(word) = why.split_whitespace().next() else { return 0 };
    let word = word.trim_matches('"');
    let lines: Vec<&str> = text.lines().map(|line| line.split('#').next().unwrap_or(line)).collect();
    lines.iter().rposition(|line| line.contains(word)).map_or(0, |at| at + 1)
}

/// Everything that does not fit the schemas, each finding with file and line.
pub fn check(chains: &Chains, ground: &Ground<'_>) -> Vec<Diagnostic> {
    chains.values().flat_map(|chain| check_one(chain, ground)).collect()
}

fn check_one(chain: &Chain, ground: &Ground<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let input = ground.shapes.cases.get(&chain.name);
    match input {
        None => {
            let why = format!("no schema describes what a case of {} is given", chain.name);
            let help = format!("write schemas/cases/{}.v1.json", chain.name);
            findings.push(Diagnostic::error(CODE, &chain.place, "chain", why).help(help));
        }
        Some(input) => findings.extend(adapter_api::check::check_case(&chain.name, input)),
    }
    findings.extend(chain::check(chain, input, &|service| service_of(service, ground)));
    // Examples would only say once more what is wrong already.
    if findings.is_empty() {
        findings.extend(chain_examples::check(chain, ground));
    }
    findings
}

fn service_of(name: &str, ground: &Ground<'_>) -> Option<chain::Write> {
    let shape = ground.shapes.services.get(name)?;
    if ground.is_deployed && ground.catalogue.service(name).is_none() {
        return None;
    }
    let document = ground.files.service(name)?;
    let kind = match document.get("x-kind").and_then(serde_json::Value::as_str) {
        Some("write") => adapter_api::Kind::Write,
        Some(_) | None => adapter_api::Kind::Read,
    };
    Some(chain::Write { kind, query: shape.query.clone(), answer: shape.answer.clone() })
}

/// Chains whose due dates, counted from now, run over a year that the calendar does not name.
pub fn warnings(files: &ChainFiles, now_ms: i64) -> Vec<String> {
    let Some(calendar) = &files.calendar else { return Vec::new() };
    let mut years: BTreeMap<i32, Vec<&str>> = BTreeMap::new();
    for chain in files.chains.values() {
        if let Some(year) = calendar.due(now_ms, chain.due_working_days).missing_year {
            years.entry(year).or_default().push(&chain.name);
        }
    }
    let said = years.iter().map(|(year, chains)| {
        format!("calendar: {year} is not in `years`: due dates of {} are provisional", chains.join(", "))
    });
    said.collect()
}

/// What is wrong with a whole schema file, by its `$id`.
pub fn schema_unfit(id: &str, why: impl Into<String>) -> Diagnostic {
    Diagnostic::error(CODE, &Place::new(&Arc::from(id), 1), "schema", why)
}

#[cfg(test)]
mod tests;
