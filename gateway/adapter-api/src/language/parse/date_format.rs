//! Cuts date formats into tokens: `dd/MM/yyyy HH:mm:ss`, `yyyy****`, `yyyy-MM-dd'T'HH:mm`.

use super::value::{Findings, Spot};
use crate::language::syntax::{DateFormat, DateToken};

/// The parts from the largest: each needs the ones before it.
const PARTS: [(&str, DateToken); 6] = [
    ("yyyy", DateToken::Year),
    ("MM", DateToken::Month),
    ("dd", DateToken::Day),
    ("HH", DateToken::Hour),
    ("mm", DateToken::Minute),
    ("ss", DateToken::Second),
];

/// Reads `FORMAT` or `[FORMAT…]`.
pub fn read(spot: &Spot<'_>, findings: &mut Findings) -> Vec<DateFormat> {
    let spots = spot.one_or_many();
    if spots.is_empty() {
        findings.say("C7", spot, "an empty list of date formats fits nothing");
    }
    spots.iter().filter_map(|spot| read_one(spot, findings)).collect()
}

fn read_one(spot: &Spot<'_>, findings: &mut Findings) -> Option<DateFormat> {
    let text = spot.text(findings)?;
    match parse(text) {
        Ok(format) => Some(format),
        Err(why) => {
            findings.advise(
                "C7",
                spot,
                format!("the date format `{text}` {why}"),
                "yyyy MM dd HH mm ss, * for any digit, letters of the wire in 'single quotes'",
            );
            None
        }
    }
}

/// Parses a date format; the error completes the sentence "the date format …".
pub fn parse(text: &str) -> Result<DateFormat, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if let Some((word, token)) = PARTS.iter().find(|(word, _)| rest.starts_with(word)) {
            tokens.push(token.clone());
            rest = rest.get(word.len()..).unwrap_or_default();
            continue;
        }
        let after = rest.get(letter.len_utf8()..).unwrap_or_default();
        match letter {
            '*' => tokens.push(DateToken::AnyDigit),
            '\'' => {
                let (quoted, after) = after.split_once('\'').ok_or("has an open quote")?;
                literal(&mut tokens, if quoted.is_empty() { "'" } else { quoted });
                rest = after;
                continue;
            }
            letter if letter.is_alphabetic() => return Err(format!("has an unknown letter `{letter}`")),
            letter => literal(&mut tokens, letter.encode_utf8(&mut [0; 4])),
        }
        rest = after;
    }
    check_parts(&tokens)?;
    Ok(DateFormat { text: text.to_owned(), tokens })
}

/// Neighbouring characters are one literal.
fn literal(tokens: &mut Vec<DateToken>, text: &str) {
    match tokens.last_mut() {
        Some(DateToken::Literal(before)) => before.push_str(text),
        _ => tokens.push(DateToken::Literal(text.to_owned())),
    }
}

/// A date has a year; no part stands twice or without the larger ones.
fn check_parts(tokens: &[DateToken]) -> Result<(), String> {
    let mut missing = None;
    for (word, part) in &PARTS {
        let times = tokens.iter().filter(|token| *token == part).count();
        match (times, missing) {
            (0, None) if *part == DateToken::Year => return Err("has no year".into()),
            (0, None) => missing = Some(*word),
            (0, Some(_)) => {}
            (1, None) => {}
            (1, Some(larger)) => return Err(format!("has {word} without {larger}")),
            _ => return Err(format!("has {word} twice")),
        }
    }
    Ok(())
}
