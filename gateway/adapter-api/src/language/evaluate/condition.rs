//! Tests over paths: soft in rules, strict inside `each` and `one`; what cannot be read stops at once instead of saying no.

use super::Stop;
use super::convert::{says, text_of_view};
use super::path::{resolve, resolve_raw, spot, too_many};
use super::scope::{Scope, View};
use crate::language::syntax::{Condition, Conditions, Test};
use crate::language::text::{composed, contains_affirmed, normalise};
use crate::tree::{Slot, Tree};

/// Whether all tests hold; what is missing is merely empty.
pub fn holds(conditions: &Conditions, scope: &Scope<'_>) -> Result<bool, Stop> {
    all_hold(conditions, &scope.soft())
}

/// Whether all tests hold for a row: what is tested must be there, unless its path says `?`.
pub(super) fn holds_strictly(conditions: &Conditions, row: &Scope<'_>) -> Result<bool, Stop> {
    all_hold(conditions, &row.hard())
}

fn all_hold(conditions: &Conditions, scope: &Scope<'_>) -> Result<bool, Stop> {
    for condition in &conditions.conditions {
        if !condition_holds(condition, scope)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn condition_holds(condition: &Condition, scope: &Scope<'_>) -> Result<bool, Stop> {
    let value = resolve_raw(&condition.path, scope)?;
    for test in &condition.tests {
        if !test_holds(test, condition, value.as_ref(), scope)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn test_holds(
    test: &Test,
    condition: &Condition,
    value: Option<&View<'_>>,
    scope: &Scope<'_>,
) -> Result<bool, Stop> {
    match test {
        Test::Exists(wanted) => return Ok(value.is_some() == *wanted),
        Test::Empty(wanted) => return Ok(value.is_none_or(View::is_empty) == *wanted),
        Test::List(wanted) => {
            return Ok(value.is_some_and(|value| value.many().is_some()) == *wanted);
        }
        Test::In(_) | Test::Contains(_) | Test::Matches(_) | Test::Same(_) => {}
    }
    let Some(text) = scalar_text(condition, value, scope)? else { return Ok(false) };
    Ok(match test {
        Test::In(constants) => constants.iter().any(|constant| says(constant, &text)),
        Test::Contains(phrases) => phrases.iter().any(|phrase| contains_affirmed(&text, phrase, scope.reach)),
        Test::Matches(pattern) => pattern.is_match(&text),
        Test::Same(path) => match resolve(path, &scope.soft())? {
            Some(other) => text_of_view(&other).is_ok_and(|other| composed(other.trim()) == text),
            None => false,
        },
        Test::Exists(_) | Test::Empty(_) | Test::List(_) => false,
    })
}

/// The text that is compared; `None` for nothing and for an object, a stop where several stand in place of one.
fn scalar_text(
    condition: &Condition,
    value: Option<&View<'_>>,
    scope: &Scope<'_>,
) -> Result<Option<String>, Stop> {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
    if let Some(count) = value.many() {
        return Err(Stop::new(&condition.path.text, too_many(count), &spot(&condition.path, scope)));
    }
    // Of a document that was lifted out a rule sees the beginning of its base64.
    if let View::Tree(Tree::Slot(Slot::Lifted(lifted))) = value {
        return Ok(Some(lifted.head.clone()));
    }
    if matches!(value, View::Tree(Tree::Slot(_) | Tree::Encoded { .. })) {
        return Ok(None);
    }
    Ok(text_of_view(value).ok().map(|text| normalise(&text)))
}
