//! The static check: reads a whole agency against the schemas, runs nothing, reports everything it finds.

mod conditions;
mod conversion;
mod drawing;
mod expression;
mod fit;
mod hidden;
mod inbound;
mod known;
mod mention;
mod nearest;
mod operation;
mod path;
mod reach;
mod rules;
mod schemas;
mod secrets;
mod send;
mod table;
mod unused;

use std::collections::BTreeSet;

use crate::agency::Agency;
use crate::diagnostic::{Diagnostic, Place};
use crate::schema::Schemas;

pub use schemas::{check_case, check_schemas};

/// A demand on an operation's manifest that the check can be told to leave out, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Demand {
    /// Every operation that writes says `repeat` (C10, conformance law L9).
    Repeat,
    /// Every operation that writes says `settle_for` (C10).
    SettleFor,
    /// Every read about a person says `subject` (C10, conformance law L11).
    Subject,
    /// Every required field of the query reaches the wire or is named in `unused` (L12).
    Unused,
}

/// Which demands are made; [`check`] makes them all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strictness {
    /// The demands left out.
    pub without: BTreeSet<Demand>,
}

impl Strictness {
    /// All demands except these.
    pub fn without(demands: impl IntoIterator<Item = Demand>) -> Self {
        Strictness { without: demands.into_iter().collect() }
    }

    fn demands(&self, demand: Demand) -> bool {
        !self.without.contains(&demand)
    }
}

/// Checks an agency against the schemas of the services it answers (C1–C15 of `reference/mapping.md` 6, and L12).
///
/// Sorted by place. A finding inside a shape that is used in several places is reported once, with the `at` of its
/// first use.
pub fn check(agency: &Agency, schemas: &Schemas) -> Vec<Diagnostic> {
    check_with(agency, schemas, &Strictness::default())
}

/// Checks like [`check`], leaving some demands out.
pub fn check_with(agency: &Agency, schemas: &Schemas, strictness: &Strictness) -> Vec<Diagnostic> {
    let mut checker = Checker { agency, schemas, strictness, findings: Vec::new(), reached: BTreeSet::new() };
    checker.tables();
    checker.operations();
    checker.logins();
    checker.messages();
    checker.seals_and_secrets();
    checker.unused();
    sorted(checker.findings)
}

/// Sorts by place and keeps one of each finding: a `let` or shape is walked wherever it is used.
fn sorted(mut findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    findings.retain(|finding| seen.insert((finding.place.clone(), finding.code, finding.message.clone())));
    findings.sort();
    findings
}

/// The check under way.
struct Checker<'a> {
    agency: &'a Agency,
    schemas: &'a Schemas,
    strictness: &'a Strictness,
    findings: Vec<Diagnostic>,
    /// Query paths that the operation at hand writes to the wire.
    reached: BTreeSet<String>,
}

impl Checker<'_> {
    fn report(&mut self, finding: Diagnostic) {
        self.findings.push(finding);
    }

    fn error(&mut self, code: &'static str, spot: (&Place, &str), message: String, help: impl Into<String>) {
        self.report(Diagnostic::error(code, spot.0, spot.1, message).help(help));
    }

    fn note(&mut self, code: &'static str, spot: (&Place, &str), message: String, help: impl Into<String>) {
        self.report(Diagnostic::note(code, spot.0, spot.1, message).help(help));
    }
}

#[cfg(test)]
mod tests;
