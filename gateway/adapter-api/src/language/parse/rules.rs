//! Parses tests and the rules they decide.

use indexmap::IndexMap;

use super::source::Value;
use super::value::{Findings, Keys, Spot};
use super::{path, pattern};
use crate::fault::Blame;
use crate::language::syntax::{Condition, Conditions, Decision, Rule, Test, Verdict};

/// Rules by carrier.
pub type CarrierRules = IndexMap<String, Vec<Rule>>;

/// The words of tests.
const TESTS: [&str; 6] = ["contains", "matches", "same", "exists", "empty", "list"];

const BLAMES: [(&str, Blame); 3] =
    [("gateway", Blame::Gateway), ("caller", Blame::Caller), ("agency", Blame::Agency)];

/// Reads a carrier's file: `rules = […]` only.
pub fn read_carrier(name: &str, item: &super::source::Item, findings: &mut Findings) -> Vec<Rule> {
    let Some(keys) = Keys::open(Spot::new(item, name), &["rules"], findings) else { return Vec::new() };
    match keys.required("rules", findings) {
        Some(spot) => read_rules(&spot, None, findings),
        None => Vec::new(),
    }
}

/// Reads a list of rules; `events` are the words of an inbound message's `then`.
pub fn read_rules(spot: &Spot<'_>, events: Option<&[&str]>, findings: &mut Findings) -> Vec<Rule> {
    spot.list(findings).into_iter().filter_map(|spot| read_rule(spot, events, findings)).collect()
}

fn read_rule(spot: Spot<'_>, events: Option<&[&str]>, findings: &mut Findings) -> Option<Rule> {
    let known: &[&str] = if events.is_some() { &["when", "then"] } else { &["when", "then", "go", "blame"] };
    let keys = Keys::open(spot, known, findings)?;
    let when = match keys.spot("when") {
        Some(spot) => read_conditions(&spot, findings),
        None => {
            let message = "a rule without `when` would always hold";
            findings.advise("C9", &keys.spot, message, "say what must be seen: when = { … }");
            None
        }
    };
    let then = read_decision(&keys, events, findings);
    let blame = keys.spot("blame").and_then(|spot| read_blame(&spot, then.as_ref(), findings));
    Some(Rule { place: keys.spot.place.clone(), when: when?, then: then?, blame })
}

fn read_decision(keys: &Keys<'_>, events: Option<&[&str]>, findings: &mut Findings) -> Option<Decision> {
    match (keys.spot("then"), keys.spot("go")) {
        (Some(then), None) => match events {
            Some(events) => read_event(&then, events, findings),
            None => read_verdict(&then, findings),
        },
        (None, Some(go)) if events.is_none() => go.name(findings).map(Decision::Go),
        (Some(_), Some(_)) if events.is_none() => {
            let help = "keep the one that is meant; a second rule can hold the other";
            findings.advise("C9", &keys.spot, "a rule has `then` or `go`, not both", help);
            None
        }
        // An inbound rule's `go` has been reported as an unknown key.
        (None, Some(_)) | (Some(_), Some(_)) => None,
        (None, None) => {
            findings.say("C9", &keys.spot, "a rule without `then` or `go` decides nothing");
            None
        }
    }
}

fn read_verdict(spot: &Spot<'_>, findings: &mut Findings) -> Option<Decision> {
    let word = spot.text(findings)?;
    let verdict = Verdict::of_word(word);
    if verdict.is_none() {
        let words = Verdict::ALL.map(Verdict::word);
        findings.unknown("C9", spot, (word, "is no verdict"), &words);
    }
    verdict.map(Decision::Verdict)
}

fn read_event(spot: &Spot<'_>, events: &[&str], findings: &mut Findings) -> Option<Decision> {
    let word = spot.text(findings)?;
    if !events.contains(&word) {
        findings.unknown("C9", spot, (word, "is no event of this message"), events);
        return None;
    }
    Some(Decision::Event(word.to_owned()))
}

fn read_blame(spot: &Spot<'_>, then: Option<&Decision>, findings: &mut Findings) -> Option<Blame> {
    let blame = spot.word(&BLAMES, findings)?;
    match then {
        Some(Decision::Verdict(verdict)) if !verdict.is_fault() => {
            findings.say("C9", spot, format!("nobody is to blame for `{}`", verdict.word()));
            None
        }
        Some(Decision::Go(_)) => {
            findings.say("C9", spot, "nobody is to blame for going on");
            None
        }
        Some(Decision::Verdict(_) | Decision::Event(_)) | None => Some(blame),
    }
}

/// Reads `{ PATH = test, … }`.
pub fn read_conditions(spot: &Spot<'_>, findings: &mut Findings) -> Option<Conditions> {
    let table = spot.table(findings)?;
    if table.entries.is_empty() {
        findings.advise(
            "C9",
            spot,
            "no tests: this would always hold",
            "name at least one path: { PATH = test }",
        );
        return None;
    }
    let mut conditions = Vec::with_capacity(table.entries.len());
    for entry in &table.entries {
        let path = path::read_text(&entry.key, &spot.key(entry), findings);
        let tests = read_tests(&entry.key, &spot.child(entry), findings);
        if let (Some(path), Some(tests)) = (path, tests) {
            conditions.push(Condition { place: entry.place.clone(), path, tests });
        }
    }
    // A rule that has lost one of its tests would hold too often.
    (conditions.len() == table.entries.len()).then_some(Conditions { conditions })
}

fn read_tests(key: &str, spot: &Spot<'_>, findings: &mut Findings) -> Option<Vec<Test>> {
    let Value::Table(table) = &spot.item.value else {
        let spots = spot.one_or_many();
        if spots.is_empty() {
            findings.say("C9", spot, "an empty list equals nothing");
            return None;
        }
        let values: Vec<_> = spots.iter().filter_map(|spot| spot.constant(findings)).collect();
        return (values.len() == spots.len()).then(|| vec![Test::In(values)]);
    };
    if table.entries.is_empty() {
        findings.say("C9", spot, "no test here: this would always hold");
        return None;
    }
    let mut tests = Vec::with_capacity(table.entries.len());
    for entry in &table.entries {
        let value = spot.child(entry);
        let test = match entry.key.as_str() {
            "contains" => read_phrases(&value, findings).map(Test::Contains),
            "matches" => pattern::read_plain(&value, findings).map(Test::Matches),
            "same" => path::read(&value, findings).map(Test::Same),
            "exists" => value.flag(findings).map(Test::Exists),
            "empty" => value.flag(findings).map(Test::Empty),
            "list" => value.flag(findings).map(Test::List),
            word => {
                let is_deeper = matches!(&entry.item.value, Value::Table(_));
                report_unknown_test(key, word, is_deeper, &spot.key(entry), findings);
                None
            }
        };
        tests.extend(test);
    }
    (tests.len() == table.entries.len()).then_some(tests)
}

fn read_phrases(spot: &Spot<'_>, findings: &mut Findings) -> Option<Vec<String>> {
    let spots = spot.one_or_many();
    let phrases: Vec<String> = spots.iter().filter_map(|spot| spot.name(findings)).collect();
    if spots.is_empty() {
        findings.say("C9", spot, "an empty list is contained in nothing");
        return None;
    }
    (phrases.len() == spots.len()).then_some(phrases)
}

/// An unknown word is either a slip or, more often, an unquoted deeper path that TOML has made a table of.
fn report_unknown_test(key: &str, word: &str, is_deeper: bool, spot: &Spot<'_>, findings: &mut Findings) {
    let deeper = format!("a deeper path is written \"{key}.{word}\"");
    let help = match crate::diagnostic::nearest(word, TESTS) {
        _ if is_deeper => deeper,
        Some(near) => format!("did you mean `{near}`? If not: {deeper}"),
        None => format!("{deeper}; tests are {}", TESTS.join(", ")),
    };
    findings.advise("C1", spot, format!("`{word}` is no test"), help);
}
