//! Tests: their paths, and whether a test on a closed word of ours can ever hold (C2, C3, C6).

use crate::language::syntax::{Condition, Conditions, Test};
use crate::schema::{Scalar, Shape};

use super::Checker;
use super::known::{Known, Scope, Words, describe};
use super::nearest::meant;
use super::path::bare;
use super::table::code_text;

impl<'a> Checker<'a> {
    /// The paths of tests; in them, what is missing is merely empty.
    pub(super) fn conditions(&mut self, conditions: &Conditions, scope: &Scope<'a>) {
        let scope = Scope { soft: true, at: format!("{}.when", scope.at), ..scope.clone() };
        for condition in &conditions.conditions {
            let known = self.path(&condition.path, &condition.place, &scope);
            for test in &condition.tests {
                self.test(test, condition, &known, &scope);
            }
        }
    }

    fn test(&mut self, test: &Test, condition: &Condition, known: &Known, scope: &Scope<'a>) {
        let spot = (&condition.place, scope.at.as_str());
        let text = &condition.path.text;
        match test {
            Test::Same(other) => {
                self.path(other, &condition.place, scope);
            }
            Test::In(_) | Test::Contains(_) | Test::Matches(_)
                if matches!(known.shape, Shape::Object(_) | Shape::List(_)) =>
            {
                let message = format!("`{text}` is {}, the test is for text", describe(&known.shape));
                self.error("C3", spot, message, "test one value in it, or `empty`");
            }
            Test::In(codes) if known.words == Words::Ours => {
                let Shape::Scalar(Scalar::Words(words)) = &known.shape else { return };
                for code in codes.iter().map(code_text).filter(|code| !words.contains(code)) {
                    let message =
                        format!("`{text}` is never `{code}`: the schema's closed list has no such word");
                    self.error("C6", spot, message, meant(&code, words.iter().map(String::as_str)));
                }
            }
            Test::In(_)
            | Test::Contains(_)
            | Test::Matches(_)
            | Test::Exists(_)
            | Test::Empty(_)
            | Test::List(_) => {}
        }
    }
}

/// The paths that these tests show to be there, without question marks.
pub(super) fn shown_to_be_there(conditions: &Conditions) -> Vec<String> {
    let shown = conditions.conditions.iter().filter(|condition| condition.tests.iter().any(is_positive));
    shown.map(|condition| bare(&condition.path)).collect()
}

/// Whether a test holds only for a value that is there.
pub(super) fn is_positive(test: &Test) -> bool {
    match test {
        Test::In(codes) => codes.iter().all(|code| !code_text(code).is_empty()),
        Test::Matches(regex) => !regex.is_match(""),
        Test::Contains(_) | Test::Same(_) | Test::Exists(true) | Test::Empty(false) => true,
        Test::List(list) => *list,
        Test::Exists(false) | Test::Empty(true) => false,
    }
}
