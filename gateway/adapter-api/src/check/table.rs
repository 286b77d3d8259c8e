//! Code lists: each by itself, and each use of one against the schema's closed list (C6).

use std::collections::{BTreeMap, BTreeSet};

use crate::agency::Table;
use crate::diagnostic::Place;
use crate::language::syntax::Constant;
use crate::schema::{Scalar, Shape};

use super::Checker;
use super::known::{Known, Scope, Way, describe, is_coded_value};
use super::nearest::meant;

impl Checker<'_> {
    /// Each table by itself.
    pub(super) fn tables(&mut self) {
        for (name, table) in &self.agency.tables {
            let at = format!("tables.{name}");
            if table.rows.is_empty() {
                let message = format!("the table `{name}` has no rows");
                self.error("C6", (&table.place, &at), message, "give it rows, or drop it");
            }
            self.catch_alls(name, table);
            self.codes(name, table);
        }
    }

    fn catch_alls(&mut self, name: &str, table: &Table) {
        let mut rows = table.rows.iter().filter(|row| row.theirs.is_empty());
        let first = rows.next();
        for row in rows {
            let message = format!("the table `{name}` has two rows for every other code");
            self.error(
                "C6",
                (&row.place, &format!("tables.{name}.{}", row.ours)),
                message,
                "keep one `\"*\"`",
            );
        }
        if let Some(row) = first.filter(|_| table.descriptive.is_some()) {
            let message = format!("the table `{name}` is descriptive, so `\"*\"` takes nothing");
            let help = "drop the row: an unknown code becomes a coded value without a title";
            self.error("C6", (&row.place, &format!("tables.{name}.{}", row.ours)), message, help);
        }
    }

    fn codes(&mut self, name: &str, table: &Table) {
        let mut taken: BTreeMap<String, &str> = BTreeMap::new();
        for row in &table.rows {
            for code in row.theirs.iter().map(code_text) {
                if let Some(other) = taken.insert(code.clone(), &row.ours) {
                    let ours = &row.ours;
                    let message = format!(
                        "in the table `{name}` the code `{code}` stands for `{other}` and for `{ours}`"
                    );
                    let at = format!("tables.{name}.{ours}");
                    self.error("C6", (&row.place, &at), message, "give each word its own code");
                }
            }
        }
    }

    /// A use of a table: `known` is what it is applied to, `want` what a reading block must give.
    pub(super) fn table_used(
        &mut self,
        name: &str,
        known: &Known,
        (place, scope): (&Place, &Scope<'_>),
        want: &Shape,
    ) {
        let Some(table) = self.agency.tables.get(name) else {
            let help = meant(name, self.agency.tables.keys().map(String::as_str));
            self.error("C6", (place, &scope.at), format!("there is no table `{name}`"), help);
            return;
        };
        let spot = (place, scope.at.as_str());
        match scope.way {
            Way::Read if table.descriptive.is_some() => self.coded_value(name, want, spot),
            Way::Read => self.words_read(name, table, want, spot),
            Way::Write => self.words_written(name, table, &known.shape, spot),
        }
    }

    fn coded_value(&mut self, name: &str, want: &Shape, spot: (&Place, &str)) {
        if !matches!(want, Shape::Any) && !is_coded_value(want) {
            let message = format!(
                "the descriptive table `{name}` gives {{ system, code, title }}, the schema wants {}",
                describe(want)
            );
            self.error(
                "C5",
                spot,
                message,
                "drop `descriptive` from the table, or make the field a coded value",
            );
        }
    }

    fn words_read(&mut self, name: &str, table: &Table, want: &Shape, spot: (&Place, &str)) {
        match want {
            Shape::Scalar(Scalar::Text | Scalar::Integer) | Shape::Any => {}
            Shape::Object(_) if is_coded_value(want) => {
                let message =
                    format!("the schema wants {{ system, code, title }}, the table `{name}` gives a word");
                self.error("C6", spot, message, "add `descriptive = \"SYSTEM\"` to the table");
            }
            Shape::Scalar(scalar) => match closed_list(scalar) {
                Some(words) => {
                    for row in table.rows.iter().filter(|row| !words.contains(&row.ours)) {
                        let message = format!(
                            "the table `{name}` gives `{}`, not in the schema's closed list",
                            row.ours
                        );
                        self.error("C6", spot, message, meant(&row.ours, words.iter().map(String::as_str)));
                    }
                }
                None => self.word_where(name, want, spot),
            },
            Shape::Object(_) | Shape::List(_) => self.word_where(name, want, spot),
        }
    }

    fn word_where(&mut self, name: &str, want: &Shape, spot: (&Place, &str)) {
        let message = format!("the table `{name}` gives a word, the schema wants {}", describe(want));
        self.error("C5", spot, message, "drop `table`, or name another field");
    }

    fn words_written(&mut self, name: &str, table: &Table, shape: &Shape, spot: (&Place, &str)) {
        match shape {
            Shape::Any | Shape::Scalar(Scalar::Text | Scalar::Integer) => {}
            Shape::Object(_) if table.descriptive.is_some() && is_coded_value(shape) => {}
            Shape::Scalar(scalar) => {
                let Some(words) = closed_list(scalar) else {
                    let message = format!("`table` of {}", describe(shape));
                    self.error("C5", spot, message, "name a field with a closed list of words");
                    return;
                };
                let said: BTreeSet<&str> = table
                    .rows
                    .iter()
                    .filter(|row| !row.theirs.is_empty())
                    .map(|row| row.ours.as_str())
                    .collect();
                let missing: Vec<&str> =
                    words.iter().map(String::as_str).filter(|word| !said.contains(word)).collect();
                if !missing.is_empty() {
                    let message = format!("the table `{name}` cannot say {}", missing.join(", "));
                    self.error("C6", spot, message, "add a row for each word of the schema's closed list");
                }
            }
            Shape::Object(_) | Shape::List(_) => {
                self.error("C5", spot, format!("`table` of {}", describe(shape)), "name a single value");
            }
        }
    }
}

/// The words of a closed list; true and false are one.
fn closed_list(scalar: &Scalar) -> Option<Vec<String>> {
    match scalar {
        Scalar::Words(words) => Some(words.clone()),
        Scalar::Boolean => Some(vec!["true".to_owned(), "false".to_owned()]),
        Scalar::Text
        | Scalar::Integer
        | Scalar::Date
        | Scalar::PartialDate
        | Scalar::Moment
        | Scalar::Document => None,
    }
}

/// Constants compare as trimmed text.
pub(super) fn code_text(constant: &Constant) -> String {
    match constant {
        Constant::Bool(value) => value.to_string(),
        Constant::Number(text) | Constant::Text(text) => text.trim().to_owned(),
    }
}
