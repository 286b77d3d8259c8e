//! Tells whether an earlier rule always holds when a later one does, so that the later is never reached (C9).

use regex::Regex;

use crate::language::syntax::{Condition, Conditions, Rule, Test};
use crate::language::text::{Reach, contains_affirmed};

use super::conditions::is_positive;
use super::path::bare;
use super::table::code_text;

/// The path that decides whether a rule looks at good replies only.
pub(super) const STATUS: &str = "$reply.status";

/// HTTP's good statuses (RFC 9110, 15.3).
const GOOD: std::ops::RangeInclusive<u16> = 200..=299;

/// Every status HTTP knows (RFC 9110, 15).
const STATUSES: std::ops::RangeInclusive<u16> = 100..=599;

/// The first of the earlier rules that hides the later one.
pub(super) fn hiding<'r>(earlier: &[&'r Rule], later: &Rule, inbound: bool) -> Option<&'r Rule> {
    earlier.iter().copied().find(|rule| hides(&rule.when, &later.when, inbound))
}

/// Whether `earlier` holds whenever `later` does: each of its tests follows from one of the later's.
fn hides(earlier: &Conditions, later: &Conditions, inbound: bool) -> bool {
    let statuses = inbound || statuses(later).iter().all(|status| statuses_of(earlier, *status));
    statuses
        && earlier
            .conditions
            .iter()
            .filter(|condition| bare(&condition.path) != STATUS)
            .all(|condition| condition.tests.iter().all(|test| follows(&bare(&condition.path), test, later)))
}

/// The statuses for which a rule may hold; one that names none holds for good ones only.
pub(super) fn statuses(conditions: &Conditions) -> Vec<u16> {
    STATUSES.filter(|status| statuses_of(conditions, *status)).collect()
}

/// Whether a rule may hold beside a good status.
pub(super) fn holds_for_good(conditions: &Conditions) -> bool {
    GOOD.into_iter().any(|status| statuses_of(conditions, status))
}

fn statuses_of(conditions: &Conditions, status: u16) -> bool {
    let mut named =
        conditions.conditions.iter().filter(|condition| bare(&condition.path) == STATUS).peekable();
    if named.peek().is_none() {
        return GOOD.contains(&status);
    }
    let text = status.to_string();
    named.all(|condition| condition.tests.iter().all(|test| status_passes(test, &text)))
}

fn status_passes(test: &Test, status: &str) -> bool {
    match test {
        Test::In(codes) => codes.iter().any(|code| code_text(code) == status),
        Test::Contains(phrases) => phrases.iter().any(|phrase| status.contains(phrase.as_str())),
        Test::Matches(regex) => regex.is_match(status),
        // What it equals is not known before the call.
        Test::Same(_) => true,
        Test::Exists(exists) => *exists,
        Test::Empty(empty) => !empty,
        Test::List(list) => !list,
    }
}

/// Whether a test on a path follows from what the later rule demands.
fn follows(path: &str, test: &Test, later: &Conditions) -> bool {
    let deeper = format!("{path}.");
    later.conditions.iter().any(|condition| {
        let own = bare(&condition.path);
        if own == path {
            condition.tests.iter().any(|other| implies(other, test))
        } else {
            own.starts_with(&deeper) && is_there(test) && shows(condition)
        }
    })
}

/// Something non-empty below a path shows that the path is there and not empty.
fn shows(condition: &Condition) -> bool {
    condition.tests.iter().any(|test| is_positive(test) && !matches!(test, Test::Same(_)))
}

fn is_there(test: &Test) -> bool {
    matches!(test, Test::Exists(true) | Test::Empty(false))
}

/// Whether whatever passes `given` passes `wanted`, both on the same path.
fn implies(given: &Test, wanted: &Test) -> bool {
    match (given, wanted) {
        (Test::In(given), Test::In(wanted)) => {
            given.iter().all(|code| wanted.iter().any(|other| code_text(code) == code_text(other)))
        }
        (Test::In(given), Test::Matches(regex)) => given.iter().all(|code| regex.is_match(&code_text(code))),
        (Test::In(given), Test::Contains(phrases)) => {
            given.iter().all(|code| phrases.iter().any(|phrase| says(&code_text(code), phrase)))
        }
        (Test::In(given), Test::Empty(true)) => given.iter().all(|code| code_text(code).is_empty()),
        (Test::Contains(given), Test::Contains(wanted)) => {
            given.iter().all(|phrase| wanted.iter().any(|other| says(phrase, other)))
        }
        (Test::Matches(given), Test::Matches(wanted)) => same_pattern(given, wanted),
        (Test::Same(given), Test::Same(wanted)) => bare(given) == bare(wanted),
        (Test::Empty(given), Test::Empty(wanted)) => given == wanted,
        (Test::List(given), Test::List(wanted)) => given == wanted,
        (Test::Exists(false), Test::Exists(false) | Test::Empty(true)) => true,
        (given, Test::Exists(true)) => is_positive(given) && !matches!(given, Test::Same(_)),
        (Test::In(_) | Test::Contains(_) | Test::Matches(_), Test::Empty(false)) => is_positive(given),
        _ => false,
    }
}

fn same_pattern(one: &Regex, other: &Regex) -> bool {
    one.as_str() == other.as_str()
}

/// Whether a text says a phrase as `contains` would count it, whatever the verdict: what a negation takes back for one of
/// them does not count.
fn says(text: &str, phrase: &str) -> bool {
    contains_affirmed(text, phrase, Reach::Around)
}
