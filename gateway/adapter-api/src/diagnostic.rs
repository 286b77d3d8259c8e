//! What is wrong with an agency folder, a schema or a talk, each finding with its place and a line of help.

use std::fmt;
use std::sync::Arc;

/// A file and a line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file as the reader named it.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
}

impl Place {
    /// A place.
    pub fn new(file: &Arc<str>, line: u32) -> Self {
        Place { file: Arc::clone(file), line }
    }
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The folder cannot be used.
    Error,
    /// Worth knowing.
    Note,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// Where.
    pub place: Place,
    /// `C1`…`C15` for the static check (`reference/mapping.md` 6), `L1`…`L15` for conformance laws.
    pub code: &'static str,
    /// How grave.
    pub severity: Severity,
    /// The drawing's path, `person.found.sex`.
    pub at: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do about it, in one sentence.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error.
    pub fn error(
        code: &'static str,
        place: &Place,
        at: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Diagnostic {
            place: place.clone(),
            code,
            severity: Severity::Error,
            at: at.into(),
            message: message.into(),
            help: None,
        }
    }

    /// A note.
    pub fn note(
        code: &'static str,
        place: &Place,
        at: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Diagnostic { severity: Severity::Note, ..Diagnostic::error(code, place, at, message) }
    }

    /// Adds the line of help.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grave = match self.severity {
            Severity::Error => "error",
            Severity::Note => "note",
        };
        write!(f, "{}: {grave}[{}] {}: {}", self.place, self.code, self.at, self.message)?;
        if let Some(help) = &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

/// A file's text with its name: the crate reads no file itself.
#[derive(Debug, Clone)]
pub struct Source {
    /// The name that diagnostics print.
    pub name: Arc<str>,
    /// The text.
    pub text: String,
}

/// The candidate nearest to a mistyped word, if one is near enough to be what was meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A third of the letters may be wrong, so that short words do not find each other.
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (edits(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *candidate != word)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be added, dropped, changed or swapped with their neighbour to make one word of the other.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    let mut last = None;
    for (index, letter) in from.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        let mut left = index + 1;
        next.push(left);
        for (column, ((other, above), corner)) in to.iter().zip(row.iter().skip(1)).zip(&row).enumerate() {
            let change = corner + usize::from(*other != letter);
            left = change.min(above + 1).min(left + 1);
            let earlier = column.checked_sub(1);
            if let (Some(at), true) =
                (earlier, earlier.and_then(|at| to.get(at)) == Some(&letter) && last == Some(*other))
                && let Some(swapped) = before.get(at)
            {
                left = left.min(swapped + 1);
            }
            next.push(left);
        }
        last = Some(letter);
        before = row;
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_edits() {
        for (from, to, expected) in [
            ("", "abc", 3),
            ("rule", "rules", 1),
            ("kitten", "sitting", 3),
            ("a", "a", 0),
            ("lgps", "lgsp", 1),
            ("tabel", "table", 1),
        ] {
            assert_eq!(edits(from, to), expected, "{from} {to}");
        }
    }

    #[test]
    fn finds_only_what_is_near() {
        assert_eq!(nearest("exchange", ["exchanges", "service"]), Some("exchanges"));
        assert_eq!(nearest("sevrice", ["exchanges", "service"]), Some("service"));
        assert_eq!(nearest("to", ["at", "of"]), None);
        assert_eq!(nearest("banana", ["exchanges", "service"]), None);
    }
}
