//! Coded because a later tax notice (thông báo thuế) supersedes an earlier one: data cannot compare one row with another.
//!
//! What is sent and read stays in this folder's lines; here only the rows of an answer are marked.

use std::collections::BTreeMap;
use std::sync::Arc;

use adapter_api::declarative::Declarative;
use adapter_api::{Adapter, Call, Exchange, Fault, Inbound, Outcome, Received, Step};
use serde_json::Value;

/// The operation whose answer has rows to compare.
const OBLIGATIONS: &str = "obligations";

/// Wraps the folder's own words.
pub fn wrap(lines: Declarative) -> Arc<dyn Adapter> {
    Arc::new(Tax { lines })
}

struct Tax {
    lines: Declarative,
}

impl Adapter for Tax {
    fn next(&self, call: &Call, said: &[Exchange]) -> Result<Step, Fault> {
        let step = self.lines.next(call, said)?;
        Ok(match step {
            Step::Done(Outcome::Found(answer)) if call.operation == OBLIGATIONS => {
                Step::Done(Outcome::Found(with_superseded(answer)))
            }
            other => other,
        })
    }

    fn receive(&self, message: &Inbound) -> Result<Received, Fault> {
        self.lines.receive(message)
    }
}

/// Marks each row that no longer stands: a later decision exists for the same taxpayer and item.
///
/// Two decisions of one day leave each other alone: nobody can tell which came first. Rows of two taxpayers (co-owners) do too.
fn with_superseded(mut answer: Value) -> Value {
    let Some(Value::Array(rows)) = answer.get_mut("obligations") else { return answer };
    let mut latest: BTreeMap<Matter, String> = BTreeMap::new();
    for row in rows.iter() {
        let (Some(matter), Some(date)) = (Matter::of(row), text(row, "decided_on")) else { continue };
        let known = latest.entry(matter).or_default();
        if *known < date {
            *known = date;
        }
    }
    for row in rows.iter_mut() {
        let (Some(matter), Some(date)) = (Matter::of(row), text(row, "decided_on")) else { continue };
        let is_superseded = latest.get(&matter).is_some_and(|known| *known > date);
        if let (true, Some(fields)) = (is_superseded, row.as_object_mut()) {
            fields.insert("superseded".to_owned(), Value::Bool(true));
        }
    }
    answer
}

/// What a decision is about: whose money (mã số thuế, by its digits) and which item (tiểu mục).
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Matter {
    tax_code: String,
    item: String,
}

impl Matter {
    fn of(row: &Value) -> Option<Matter> {
        let digits = text(row, "tax_code")?.chars().filter(char::is_ascii_digit).collect();
        Some(Matter { tax_code: digits, item: text(row, "item")? })
    }
}

fn text(row: &Value, field: &str) -> Option<String> {
    row.get(field)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(tax_code: &str, item: &str, decision: &str, decided_on: &str) -> Value {
        json!({ "tax_code": tax_code, "item": item, "decision": decision, "decided_on": decided_on, "amount": 1 })
    }

    /// Whether each row is superseded, in order.
    fn superseded(rows: &[Value]) -> Vec<bool> {
        let answer = with_superseded(json!({ "dossier": "H56.14-250812-0040", "obligations": rows }));
        let rows = answer["obligations"].as_array().unwrap();
        rows.iter().map(|row| row.get("superseded").is_some_and(|mark| *mark == json!(true))).collect()
    }

    #[test]
    fn the_latest_decision_takes_the_place_of_every_earlier_one() {
        let rows = [
            row("038042000001", "1006", "1/TB", "2025-08-12"),
            row("038042000001", "1006", "3/TB", "2025-09-01"),
            row("038042000001", "1006", "2/TB", "2025-08-20"),
            row("038042000001", "2801", "1/TB", "2025-08-12"),
        ];
        assert_eq!(superseded(&rows), [true, false, true, false]);
    }

    #[test]
    fn another_taxpayer_and_the_same_day_leave_a_row_alone() {
        let rows = [
            row("038042000001", "1006", "1/TB", "2025-08-12"),
            row("038145000002", "1006", "2/TB", "2025-08-20"),
            row("038042000001", "1006", "3/TB", "2025-08-12"),
        ];
        assert_eq!(superseded(&rows), [false, false, false]);
    }

    #[test]
    fn a_hyphen_makes_no_other_taxpayer() {
        let rows = [
            row("0100233488-001", "1006", "1/TB", "2025-08-12"),
            row("0100233488001", "1006", "2/TB", "2025-08-20"),
        ];
        assert_eq!(superseded(&rows), [true, false]);
    }

    #[test]
    fn an_answer_without_rows_stays_as_it_is() {
        for answer in [json!({ "dossier": "H56.14-250812-0040", "obligations": [] }), json!({}), json!(null)]
        {
            assert_eq!(with_superseded(answer.clone()), answer);
        }
    }
}
