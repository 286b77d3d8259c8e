//! L14, second part: a phrase that decides, negated, decides no longer.

use adapter_api::diagnostic::Diagnostic;
use adapter_api::language::syntax::{Rule, Test};

use super::mutated::finding;
use super::words::{Names, leads_to};
use crate::conversation::{Conversation, End, Way};
use crate::ground::Ground;
use crate::spot::{Edit, altered, spots};

/// The negations agencies write directly before a phrase (`reference/mapping.md` 7.4).
const BEFORE: [&str; 4] = ["không ", "chưa ", "ko ", "khong "];
/// And directly after it.
const AFTER: [&str; 1] = [" thất bại"];
/// A shorter match is a code, not a phrase.
const LETTERS_MIN: usize = 4;

/// The phrases that rules look for with `contains`.
pub fn of_rules<'a>(rules: impl Iterator<Item = &'a Rule>) -> Vec<String> {
    let tests = rules.flat_map(|rule| &rule.when.conditions).flat_map(|condition| &condition.tests);
    tests
        .filter_map(|test| match test {
            Test::Contains(phrases) => Some(phrases.clone()),
            Test::In(_)
            | Test::Matches(_)
            | Test::Same(_)
            | Test::Exists(_)
            | Test::Empty(_)
            | Test::List(_) => None,
        })
        .flatten()
        .collect()
}

/// Negates every deciding phrase in a reply that led to a success: the same success must not come again.
pub fn check(
    ground: &Ground<'_>,
    conversation: &Conversation,
    index: usize,
    phrases: &[String],
    names: &Names,
) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let (Some(exchange), true) = (conversation.said.get(index), conversation.end.is_success()) else {
        return findings;
    };
    let Ok(body) = &exchange.reply.body else { return findings };
    for spot in spots(body).iter().filter(|spot| leads_to(names, spot)) {
        let Some(text) = spot.text() else { continue };
        let mut places = phrases.iter().filter_map(|phrase| place_of(text, phrase)).collect::<Vec<_>>();
        places.extend(ground.matched_phrases(&exchange.name, text));
        for (from, to) in places {
            for negated in negations(text, from, to) {
                // Read but not decisive: without it the same answer comes.
                let removed = altered(body, &spot.hops, &Edit::Remove);
                let unread = removed
                    .is_some_and(|body| is_same(conversation, &ground.with_body(conversation, index, body)));
                let Some(body) = altered(body, &spot.hops, &Edit::Text(negated.clone())) else { continue };
                let way = ground.with_body(conversation, index, body);
                if let (Way::Ended(End::Outcome(outcome)), false) = (&way, unread)
                    && outcome.is_success()
                {
                    let message =
                        format!("`{}` negated, `{negated}`: still taken for `{}`", spot.path, outcome.word());
                    findings.push(finding(ground, conversation, index, message));
                }
            }
        }
    }
    findings
}

fn is_same(conversation: &Conversation, way: &Way) -> bool {
    way.end() == Some(&conversation.end)
}

/// Where a phrase stands in a text, whatever its case; bytes from and to.
fn place_of(text: &str, phrase: &str) -> Option<(usize, usize)> {
    let phrase = phrase.to_lowercase();
    let starts = text.char_indices().map(|(start, _)| start);
    starts.into_iter().find_map(|start| {
        let ends = text.char_indices().map(|(end, _)| end).chain([text.len()]).filter(|end| *end > start);
        ends.into_iter()
            .find(|end| text.get(start..*end).is_some_and(|part| part.to_lowercase() == phrase))
            .map(|end| (start, end))
    })
}

fn negations(text: &str, from: usize, to: usize) -> Vec<String> {
    let (before, phrase, after) = (
        text.get(..from).unwrap_or_default(),
        text.get(from..to).unwrap_or_default(),
        text.get(to..).unwrap_or_default(),
    );
    let mut all: Vec<String> = BEFORE.iter().map(|word| format!("{before}{word}{phrase}{after}")).collect();
    all.extend(AFTER.iter().map(|word| format!("{before}{phrase}{word}{after}")));
    all
}

/// Whether a match reads like words and not like a code.
pub fn is_phrase(text: &str) -> bool {
    text.chars().filter(|letter| letter.is_alphabetic()).count() >= LETTERS_MIN && text.contains(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_found_in_any_case_and_negated_on_the_spot() {
        let text = "Đồng bộ hồ sơ THÀNH CÔNG.";
        let (from, to) = place_of(text, "thành công").unwrap();
        assert!(negations(text, from, to).contains(&"Đồng bộ hồ sơ không THÀNH CÔNG.".to_owned()));
        assert_eq!(place_of(text, "thất bại"), None);
        assert!(is_phrase("thành công") && !is_phrase("OK:AA") && !is_phrase("12 34"));
    }
}
