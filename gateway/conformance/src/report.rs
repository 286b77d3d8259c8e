//! What the laws found, as text for people and JSON for programs.

use std::fmt::Write as _;

use adapter_api::diagnostic::{Diagnostic, Severity};
use serde_json::{Value, json};

use crate::laws;

/// The result of checking one agency.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The agency.
    pub agency: String,
    /// Everything that was found, in the order of the files.
    pub findings: Vec<Diagnostic>,
    /// What was tried.
    pub counts: Counts,
    /// Something could not be read at all, so the laws have not been tried.
    pub unreadable: bool,
}

/// What was tried.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Talks replayed.
    pub talks: usize,
    /// Endings among them.
    pub endings: usize,
    /// Replies put in the place of told ones.
    pub trials: usize,
    /// Chains held to the schemas; an agency has none.
    pub chains: usize,
}

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Nothing was found.
    Green,
    /// A law is broken.
    Findings,
    /// Something could not be read (`EX_CONFIG` of sysexits.h).
    Unreadable,
}

impl Exit {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Exit::Green => 0,
            Exit::Findings => 1,
            Exit::Unreadable => 78,
        }
    }
}

/// Whether the text may use terminal colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    /// Plain text.
    #[default]
    Off,
    /// ANSI colours.
    On,
}

impl Report {
    /// Errors, without notes.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.findings.iter().filter(|finding| finding.severity == Severity::Error)
    }

    /// Whether nothing but notes was found.
    pub fn is_green(&self) -> bool {
        self.exit() == Exit::Green
    }

    /// How the process ends.
    pub fn exit(&self) -> Exit {
        if self.unreadable {
            Exit::Unreadable
        } else if self.errors().next().is_some() {
            Exit::Findings
        } else {
            Exit::Green
        }
    }

    /// The report as people read it: `file:line: error[L7] what: why` with a line of help.
    pub fn text(&self, colour: Colour) -> String {
        let mut text = String::new();
        for finding in &self.findings {
            write_finding(&mut text, finding, colour);
        }
        let errors = self.errors().count();
        let notes = self.findings.len() - errors;
        let counts = self.counts;
        let tried = match counts.chains {
            0 => format!(
                "{} talks, {} endings, {} replies put in their place",
                counts.talks, counts.endings, counts.trials
            ),
            chains => format!("{chains} held to the schemas"),
        };
        let _ = writeln!(text, "{}: {tried}; {errors} errors, {notes} notes", self.agency);
        text
    }

    /// The report as a JSON object.
    pub fn json(&self) -> Value {
        let findings: Vec<Value> = self.findings.iter().map(finding_value).collect();
        json!({
            "agency": self.agency,
            "green": self.is_green(),
            "exit": self.exit().code(),
            "talks": self.counts.talks,
            "endings": self.counts.endings,
            "trials": self.counts.trials,
            "chains": self.counts.chains,
            "findings": findings,
        })
    }

    /// Puts findings in the order of the files and drops repetitions.
    pub(crate) fn sort(&mut self) {
        self.findings.sort();
        self.findings.dedup();
    }
}

fn finding_value(finding: &Diagnostic) -> Value {
    json!({
        "file": &*finding.place.file,
        "line": finding.place.line,
        "code": finding.code,
        "severity": grave(finding.severity),
        "at": finding.at,
        "message": finding.message,
        "help": finding.help,
        "law": laws::law(finding.code).map(|law| law.title_en),
    })
}

fn write_finding(text: &mut String, finding: &Diagnostic, colour: Colour) {
    let (on, off) = match (colour, finding.severity) {
        (Colour::Off, _) => ("", ""),
        (Colour::On, Severity::Error) => ("\u{1b}[31m", "\u{1b}[0m"),
        (Colour::On, Severity::Note) => ("\u{1b}[36m", "\u{1b}[0m"),
    };
    let (place, code, at) = (&finding.place, finding.code, &finding.at);
    let _ = writeln!(text, "{place}: {on}{}[{code}]{off} {at}: {}", grave(finding.severity), finding.message);
    if let Some(help) = &finding.help {
        let _ = writeln!(text, "  help: {help}");
    }
}

fn grave(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Note => "note",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adapter_api::diagnostic::Place;

    fn report(findings: Vec<Diagnostic>) -> Report {
        Report { agency: "toy".into(), findings, ..Report::default() }
    }

    #[test]
    fn notes_leave_it_green_and_errors_do_not() {
        let place = Place::new(&"toy/adapter.toml".into(), 7);
        assert_eq!(report(vec![Diagnostic::note("L8", &place, "person", "…")]).exit().code(), 0);
        let broken = report(vec![Diagnostic::error("L8", &place, "person", "takes it").help("do")]);
        assert_eq!(broken.exit().code(), 1);
        assert!(
            broken
                .text(Colour::Off)
                .starts_with("toy/adapter.toml:7: error[L8] person: takes it\n  help: do\n")
        );
        assert_eq!(Report { unreadable: true, ..report(Vec::new()) }.exit().code(), 78);
    }
}
