//! Reads what follows a form's head; the order of the keys does not matter, the order of application is fixed.

use super::super::rules::read_conditions;
use super::super::source::Table;
use super::super::value::{Findings, Spot};
use super::super::{date_format, pattern};
use crate::language::syntax::{Cast, Convert, Modifiers, Pattern, TextFunction};
use crate::tree::Coding;

const CODINGS: [(&str, Coding); 3] =
    [("json", Coding::Json), ("xml", Coding::Xml), ("base64", Coding::Base64)];

const TEXTS: [(&str, TextFunction); 6] = [
    ("upper", TextFunction::Upper),
    ("lower", TextFunction::Lower),
    ("digits", TextFunction::Digits),
    ("alnum", TextFunction::Alnum),
    ("without-diacritics", TextFunction::WithoutDiacritics),
    ("dong-in-words", TextFunction::DongInWords),
];

const CASTS: [(&str, Cast); 2] = [("text", Cast::Text), ("number", Cast::Number)];

/// Only one of these can convert a value.
const CONVERSIONS: [&str; 4] = ["date", "table", "document", "shape"];

/// Reads the modifiers of a form; `None` if one of them cannot be read.
pub fn read(spot: &Spot<'_>, table: &Table, findings: &mut Findings) -> Option<Modifiers> {
    let before = findings.count();
    let at = |key: &str| table.entry(key).map(|entry| spot.child(entry));
    let modifiers = Modifiers {
        when: at("when").and_then(|spot| read_conditions(&spot, findings)),
        decode: at("decode").map(|spot| words(&spot, &CODINGS, findings)).unwrap_or_default(),
        pattern: read_pattern(spot, at("match"), at("scan"), findings),
        text: at("text").map(|spot| words(&spot, &TEXTS, findings)).unwrap_or_default(),
        convert: read_convert(spot, table, findings),
        cast: at("as").and_then(|spot| spot.word(&CASTS, findings)),
        otherwise: at("else").and_then(|spot| spot.constant(findings)),
        encode: at("encode").map(|spot| words(&spot, &CODINGS, findings)).unwrap_or_default(),
    };
    (findings.count() == before).then_some(modifiers)
}

/// A list of words; a word alone is told to become a list.
fn words<T: Copy>(spot: &Spot<'_>, known: &[(&str, T)], findings: &mut Findings) -> Vec<T> {
    spot.list(findings).iter().filter_map(|spot| spot.word(known, findings)).collect()
}

fn read_pattern(
    spot: &Spot<'_>,
    first: Option<Spot<'_>>,
    all: Option<Spot<'_>>,
    findings: &mut Findings,
) -> Option<Pattern> {
    match (first, all) {
        (Some(_), Some(_)) => {
            findings.say("C1", spot, "`match` and `scan` exclude each other");
            None
        }
        (Some(first), None) => pattern::read(&first, false, findings),
        (None, Some(all)) => pattern::read(&all, true, findings),
        (None, None) => None,
    }
}

fn read_convert(spot: &Spot<'_>, table: &Table, findings: &mut Findings) -> Option<Convert> {
    let given: Vec<_> =
        table.entries.iter().filter(|entry| CONVERSIONS.contains(&entry.key.as_str())).collect();
    let entry = match given.as_slice() {
        [] => return None,
        [entry] => entry,
        many => {
            let names = many.iter().map(|entry| entry.key.as_str()).collect::<Vec<_>>().join("`, `");
            findings.advise(
                "C1",
                spot,
                format!("`{names}` exclude each other"),
                "convert in a `let`, then again",
            );
            return None;
        }
    };
    let value = spot.child(entry);
    match entry.key.as_str() {
        "date" => Some(Convert::Date(date_format::read(&value, findings))),
        "table" => value.name(findings).map(Convert::Table),
        "shape" => value.name(findings).map(Convert::Shape),
        _ => value.word(&[("base64", ())], findings).map(|()| Convert::Document),
    }
}
