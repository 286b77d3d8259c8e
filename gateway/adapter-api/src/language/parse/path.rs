//! Parses paths: `$who.HoVaTen.Ho?`, `dc:CongdanCollection.CongDan`, `a."odd.name".@id`, `.`.

use super::value::{Findings, Spot};
use crate::language::syntax::{Path, PathStep, Root};

/// What is wrong with a path: the sentence and its remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadPath {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Reads a path from a text value.
pub fn read(spot: &Spot<'_>, findings: &mut Findings) -> Option<Path> {
    let text = spot.text(findings)?;
    read_text(text, spot, findings)
}

/// Reads a path from a text that stands at this spot, a key of tests for one.
pub fn read_text(text: &str, spot: &Spot<'_>, findings: &mut Findings) -> Option<Path> {
    match parse(text) {
        Ok(path) => Some(path),
        Err(bad) => {
            findings.advise("C2", spot, bad.message, bad.help);
            None
        }
    }
}

/// Parses a path.
pub fn parse(text: &str) -> Result<Path, BadPath> {
    let whole = |root, steps| Path { text: text.to_owned(), root, steps };
    if text == "." {
        return Ok(whole(Root::Here, Vec::new()));
    }
    let mut pieces = cut(text)?.into_iter();
    let mut steps = Vec::new();
    let mut root = Root::Here;
    if let Some(rest) = text.strip_prefix('$') {
        if rest.starts_with(['"', '.']) || rest.is_empty() {
            return Err(bad(text, "has no name after `$`", "a root is written $name: $call, $reply, $who"));
        }
        if let Some(first) = pieces.next() {
            let name = first.name.trim_start_matches('$').to_owned();
            check_name(text, &name)?;
            root = Root::Named { name, optional: first.optional };
        }
    }
    for piece in pieces {
        steps.push(step(text, piece)?);
    }
    if steps.iter().rev().skip(1).any(|step| step.attribute) {
        return Err(bad(
            text,
            "goes on below an attribute",
            "an attribute has no children: @name stands last",
        ));
    }
    Ok(whole(root, steps))
}

/// A step as it was cut out.
struct Piece {
    name: String,
    quoted: bool,
    optional: bool,
}

/// Cuts a path at its dots, not at those in quotes.
fn cut(text: &str) -> Result<Vec<Piece>, BadPath> {
    let mut pieces = Vec::new();
    let mut rest = text;
    loop {
        let (name, quoted, after) = match rest.strip_prefix('"') {
            Some(inner) => {
                let closed = inner.split_once('"');
                let (name, after) = closed
                    .ok_or_else(|| bad(text, "has an open quote", "an odd name is written \"odd.name\""))?;
                (name, true, after)
            }
            None => {
                let end = rest.find(['.', '?']).unwrap_or(rest.len());
                let (name, after) = rest.split_at(end);
                (name, false, after)
            }
        };
        if name.is_empty() {
            return Err(bad(text, "has an empty step", "steps are names with one dot between: a.b.c"));
        }
        let (optional, after) = after.strip_prefix('?').map_or((false, after), |after| (true, after));
        pieces.push(Piece { name: name.to_owned(), quoted, optional });
        if after.is_empty() {
            return Ok(pieces);
        }
        rest = after.strip_prefix('.').ok_or_else(|| {
            bad(
                text,
                "has something between a step and the next dot",
                "a step is NAME, NAME? or \"odd name\"",
            )
        })?;
    }
}

fn step(text: &str, piece: Piece) -> Result<PathStep, BadPath> {
    let Piece { name, quoted, optional } = piece;
    if quoted {
        return Ok(PathStep { prefix: None, name, attribute: false, optional });
    }
    let (attribute, name) = name.strip_prefix('@').map_or((false, name.as_str()), |name| (true, name));
    let (prefix, name) = match name.split_once(':') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, name),
    };
    if let Some(prefix) = prefix {
        check_name(text, prefix)?;
    }
    check_name(text, name)?;
    Ok(PathStep { prefix: prefix.map(str::to_owned), name: name.to_owned(), attribute, optional })
}

/// A name without quotes holds letters, digits, `_`, `-` and, as MongoDB's `$oid` does, `$`.
fn check_name(text: &str, name: &str) -> Result<(), BadPath> {
    let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '$');
    if !name.is_empty() && name.chars().all(plain) {
        return Ok(());
    }
    let help = if text.contains(char::is_whitespace) {
        "text is written { const = \"…\" }; a field with such a name '\"odd name\"'"
    } else {
        "text is written { const = \"…\" }; a field with such a name \"odd.name\", in quotes of its own"
    };
    Err(bad(text, "is not a path", help))
}

fn bad(text: &str, why: &str, help: &str) -> BadPath {
    BadPath { message: format!("`{text}` {why}"), help: help.to_owned() }
}
