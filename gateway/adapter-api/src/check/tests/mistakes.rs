//! One mistake at a time in the sample agency: each is found, by its code, at its line, and nothing else is.

mod names;
mod pairs;
mod rules;
mod values;
mod whole;

use super::sample::{findings, texts};

/// A mistake: what it is called, the text changed (it occurs once), what it becomes, and what is to be found.
type Seed = (&'static str, &'static str, &'static str, &'static [Found]);

/// A mistake of several changes, each from and to.
type LongSeed = (&'static str, &'static [(&'static str, &'static str)], &'static [Found]);

/// What is to be found: code, a text that occurs on that line alone, a part of the message or of its help.
type Found = (&'static str, &'static str, &'static str);

/// Every seed of a table; all failures are told at once.
fn check_all(seeds: &[Seed]) {
    let failures: Vec<String> = seeds
        .iter()
        .filter_map(|(name, from, to, expected)| failure(name, &[(from, to)], expected))
        .collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
}

/// What is wrong with the findings of one seed.
fn failure(name: &str, edits: &[(&str, &str)], expected: &[Found]) -> Option<String> {
    let mut texts = texts();
    for (from, to) in edits {
        let hits: usize = texts.iter().map(|(_, text)| text.matches(from).count()).sum();
        if hits != 1 {
            return Some(format!("{name}: `{from}` occurs {hits} times"));
        }
        for (_, text) in &mut texts {
            *text = text.replace(from, to);
        }
    }
    let mut told: Vec<(String, &str, String)> = findings(&texts)
        .into_iter()
        .map(|found| {
            (
                found.place.to_string(),
                found.code,
                format!("{} {}", found.message, found.help.unwrap_or_default()),
            )
        })
        .collect();
    let mut missing = Vec::new();
    for (code, marker, part) in expected {
        let line = line_of(&texts, marker);
        let found =
            told.iter().position(|(place, of, said)| *place == line && of == code && said.contains(part));
        match found {
            Some(index) => drop(told.remove(index)),
            None => missing.push(format!("  missing {line} {code} {part}")),
        }
    }
    let besides = told.iter().map(|(place, code, said)| format!("  besides {place} {code} {said}"));
    let all: Vec<String> = missing.into_iter().chain(besides).collect();
    (!all.is_empty()).then(|| format!("{name}\n{}", all.join("\n")))
}

/// The place of the only line on which this text begins.
fn line_of(texts: &[(&str, String); 4], marker: &str) -> String {
    let places: Vec<String> = texts
        .iter()
        .flat_map(|(file, text)| {
            text.match_indices(marker)
                .map(move |(at, _)| format!("{file}:{}", text[..at].matches('\n').count() + 1))
        })
        .collect();
    if let [place] = places.as_slice() { place.clone() } else { format!("`{marker}` begins at {places:?}") }
}

#[test]
fn mistakes_in_names_are_found() {
    check_all(names::SEEDS);
}

#[test]
fn mistakes_in_values_are_found() {
    check_all(values::SEEDS);
}

#[test]
fn mistakes_in_rules_are_found() {
    check_all(rules::SEEDS);
}

#[test]
fn mistakes_in_the_whole_are_found() {
    check_all(whole::SEEDS);
}

#[test]
fn a_finding_says_where_what_and_the_remedy() {
    let mut texts = texts();
    for (_, text) in &mut texts {
        *text = text.replace("path = \"$who.Sex\", table = \"sex\"", "path = \"$who.Sex\", table = \"sx\"");
    }
    let told: Vec<String> = findings(&texts).iter().map(ToString::to_string).collect();
    let expected =
        "words.toml:23: error[C6] person.found.sex: there is no table `sx`\n  help: did you mean `sex`?";
    assert_eq!(told, [expected]);
}

#[test]
fn mistakes_of_several_lines_are_found() {
    let failures: Vec<String> =
        pairs::SEEDS.iter().filter_map(|(name, edits, expected)| failure(name, edits, expected)).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
}
