//! Compiles patterns: linear-time ones only, small enough, with groups that can be named.

use regex::{Regex, RegexBuilder};

use super::value::{Findings, Spot};
use crate::language::syntax::Pattern;

/// The largest compiled pattern: a tenth of what the crate allows by itself. The largest of the eight examples needs between
/// 64 and 128 KiB (measured), because `\w` and `\d` know all of Unicode.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// Reads `match = PATTERN|[PATTERN…]` (`all` = false) or `scan = PATTERN`.
pub fn read(spot: &Spot<'_>, all: bool, findings: &mut Findings) -> Option<Pattern> {
    let spots = spot.one_or_many();
    if spots.is_empty() {
        findings.say("C8", spot, "an empty list of patterns matches nothing");
    }
    let patterns: Vec<Regex> = spots.iter().filter_map(|spot| read_with_groups(spot, findings)).collect();
    (patterns.len() == spots.len() && !patterns.is_empty()).then_some(Pattern { patterns, all })
}

/// Reads one pattern; groups do not matter (`matches`).
pub fn read_plain(spot: &Spot<'_>, findings: &mut Findings) -> Option<Regex> {
    let text = spot.text(findings)?;
    match RegexBuilder::new(text).size_limit(PATTERN_BYTES_MAX).build() {
        Ok(regex) => Some(regex),
        Err(error) => {
            let (message, help) = explain(&error);
            findings.advise("C8", spot, message, help);
            None
        }
    }
}

/// Exactly one group gives its text, several named ones an object; nothing else can be addressed.
fn read_with_groups(spot: &Spot<'_>, findings: &mut Findings) -> Option<Regex> {
    let regex = read_plain(spot, findings)?;
    let groups = regex.captures_len().saturating_sub(1);
    let named = regex.capture_names().flatten().count();
    if groups == 1 || (groups > 0 && named == groups) {
        return Some(regex);
    }
    let message = if groups == 0 {
        "the pattern has no group".to_owned()
    } else {
        format!("the pattern has {groups} groups, {named} of them named")
    };
    findings.advise(
        "C8",
        spot,
        message,
        "exactly one group gives its text, named groups (?<name>…) an object; (?:…) does not count",
    );
    None
}

fn explain(error: &regex::Error) -> (String, &'static str) {
    if let regex::Error::CompiledTooBig(_) = error {
        return ("the pattern is too large".into(), "use smaller repetition counts; [0-9] instead of \\d");
    }
    let text = error.to_string();
    // The crate prints the pattern with a marker first; the reason stands in the last line.
    let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
    if reason.contains("look-around") {
        (
            "the pattern looks ahead or behind, which linear-time patterns cannot".into(),
            "test a second pattern instead",
        )
    } else if reason.contains("backreference") {
        (
            "the pattern refers back to a group, which linear-time patterns cannot".into(),
            "compare with `same` instead",
        )
    } else {
        (
            format!("not a pattern: {reason}"),
            "patterns are those of the Rust crate regex; write them in 'single quotes'",
        )
    }
}
