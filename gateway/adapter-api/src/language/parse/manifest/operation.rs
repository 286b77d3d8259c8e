//! Reads operations: the service they answer, their exchanges, what a second send would do.

use super::super::path;
use super::super::value::{Findings, Keys, Spot};
use crate::agency::{Operation, Repeat};

const KEYS: [&str; 13] = [
    "service",
    "for",
    "exchanges",
    "find",
    "look",
    "together",
    "feed",
    "repeat",
    "settle_for",
    "subject",
    "unused",
    "documents",
    "sim",
];

const REPEATS: [(&str, Repeat); 3] =
    [("by-reference", Repeat::ByReference), ("by-find", Repeat::ByFind), ("never", Repeat::Never)];

/// The units of durations, in seconds.
const UNITS: [(&str, u64); 4] = [("s", 1), ("min", 60), ("h", 3_600), ("d", 86_400)];

/// Reads one operation.
pub fn read(spot: Spot<'_>, findings: &mut Findings) -> Option<Operation> {
    let keys = Keys::open(spot, &KEYS, findings)?;
    let service = keys.name("service", findings);
    let helps = keys.name("for", findings);
    if keys.spot("service").is_some() == keys.spot("for").is_some() {
        let help = "a service of the catalogue, or `for` the operation it helps";
        findings.advise("C1", &keys.spot, "an operation has `service` or `for`, exactly one", help);
    }
    let exchanges = keys.required("exchanges", findings);
    Some(Operation {
        place: keys.spot.place.clone(),
        service,
        helps,
        exchanges: exchanges.map(|spot| spot.names(findings)).unwrap_or_default(),
        find: keys.name("find", findings),
        look: keys.name("look", findings),
        together: keys.count("together", findings),
        feed_every_s: keys.spot("feed").and_then(|spot| read_feed(spot, findings)),
        repeat: keys.spot("repeat").and_then(|spot| spot.word(&REPEATS, findings)),
        settle_for_s: keys.spot("settle_for").and_then(|spot| read_duration(&spot, findings)),
        subject: keys
            .spot("subject")
            .map(|spot| read_paths(&spot.one_or_many(), findings))
            .unwrap_or_default(),
        unused: read_path_list(&keys, "unused", findings),
        documents: read_path_list(&keys, "documents", findings),
        sim: keys.flag("sim", findings),
    })
}

fn read_feed(spot: Spot<'_>, findings: &mut Findings) -> Option<u64> {
    let keys = Keys::open(spot, &["every_s"], findings)?;
    keys.required("every_s", findings).and_then(|spot| spot.count(findings))
}

fn read_path_list(keys: &Keys<'_>, key: &str, findings: &mut Findings) -> Vec<String> {
    let Some(spot) = keys.spot(key) else { return Vec::new() };
    let spots = spot.list(findings);
    read_paths(&spots, findings)
}

/// The paths as written, each one checked.
fn read_paths(spots: &[Spot<'_>], findings: &mut Findings) -> Vec<String> {
    spots.iter().filter_map(|spot| path::read(spot, findings)).map(|path| path.text).collect()
}

/// Reads `90 s`, `15 min`, `2 h`, `1 d`.
fn read_duration(spot: &Spot<'_>, findings: &mut Findings) -> Option<u64> {
    let text = spot.text(findings)?;
    let seconds = parse_duration(text);
    if seconds.is_none() {
        let message = format!("`{text}` is no duration");
        findings.advise(
            "C1",
            spot,
            message,
            "a whole number from 1 and a unit: \"90 s\", \"15 min\", \"2 h\", \"1 d\"",
        );
    }
    seconds
}

fn parse_duration(text: &str) -> Option<u64> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, seconds) = UNITS.iter().find(|(word, _)| *word == unit.trim())?;
    number.parse::<u64>().ok().filter(|number| *number > 0)?.checked_mul(*seconds)
}
