//! Compares what became of an altered reply with what the good one gave.

use adapter_api::Outcome;
use serde_json::Value;

use crate::conversation::{End, Way};
use crate::ending::outcome_value;

/// What an alteration may do besides leading to a fault or an open state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Leave {
    /// The answer may lack something.
    pub less: bool,
    /// Rows may stand there again.
    pub rows_again: bool,
    /// "Nothing found" is true now: the row was taken away, and the list that held it is still there.
    pub absent: bool,
}

/// What is wrong with the way a conversation went on after its reply was altered.
pub fn complaint(good: &End, way: &Way, leave: Leave) -> Option<String> {
    let end = match way {
        Way::AsksOn => return None,
        Way::Endless => return Some("the conversation does not end".to_owned()),
        Way::Ended(end) => end,
    };
    let (End::Outcome(before), End::Outcome(after)) = (good, end) else {
        return match end {
            End::Panic => Some("the adapter panics".to_owned()),
            _ if end.is_open() => None,
            // A fault became an answer.
            _ => Some(format!("the fault `{}` became `{}`", good.word(), end.word())),
        };
    };
    if end.is_open() {
        return None;
    }
    if before.word() != after.word() {
        let allowed = leave.absent && after.word() == "absent";
        return (!allowed).then(|| format!("`{}` became `{}`", before.word(), after.word()));
    }
    let (before, after) = (value_of(before, leave), value_of(after, leave));
    let after = if leave.rows_again { once_each(&after, &before) } else { after };
    another_value(&before, &after, leave.less, "").map(|path| {
        let path = if path.is_empty() { "the answer".to_owned() } else { format!("`{path}`") };
        format!("{path} has another value")
    })
}

/// What is compared. A page of a feed that lost rows truly ends elsewhere: then its rows alone are looked at.
fn value_of(outcome: &Outcome, leave: Leave) -> Value {
    match outcome {
        Outcome::Page(page) if leave.less => Value::from(page.received.clone()),
        _ => outcome_value(outcome),
    }
}

/// Where two answers differ, if they do; with `less`, the second may lack fields and rows.
pub fn another_value(before: &Value, after: &Value, less: bool, at: &str) -> Option<String> {
    match (before, after) {
        (Value::Object(one), Value::Object(other)) => {
            let added = other.keys().find(|key| !one.contains_key(*key)).map(|key| join(at, key));
            added.or_else(|| {
                one.iter().find_map(|(key, value)| match other.get(key) {
                    Some(other) => another_value(value, other, less, &join(at, key)),
                    None if less => None,
                    None => Some(join(at, key)),
                })
            })
        }
        (Value::Array(one), Value::Array(other)) => {
            let mut rows = one.iter();
            let stands = |row: &Value, before: &Value| another_value(before, row, less, at).is_none();
            let in_order = other.iter().all(|row| rows.any(|before| stands(row, before)));
            (!in_order || (!less && one.len() != other.len())).then(|| at.to_owned())
        }
        _ => (before != after).then(|| at.to_owned()),
    }
}

fn join(at: &str, key: &str) -> String {
    if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") }
}

/// Drops rows that stand there again, where the good answer did not have them twice.
fn once_each(value: &Value, good: &Value) -> Value {
    match (value, good) {
        (Value::Object(fields), Value::Object(good)) => Value::Object(
            fields
                .iter()
                .map(|(key, field)| {
                    (key.clone(), good.get(key).map_or_else(|| field.clone(), |good| once_each(field, good)))
                })
                .collect(),
        ),
        (Value::Array(rows), Value::Array(good)) if rows.len() > good.len() => {
            let mut kept: Vec<Value> = Vec::new();
            for row in rows {
                if kept.last() != Some(row) {
                    kept.push(row.clone());
                }
            }
            Value::Array(kept)
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adapter_api::{Fault, Page};
    use serde_json::json;

    fn found(value: Value) -> End {
        End::Outcome(Outcome::Found(value))
    }

    fn says(good: Value, altered: Value, leave: Leave) -> Option<String> {
        complaint(&found(good), &Way::Ended(found(altered)), leave)
    }

    #[test]
    fn a_page_that_lost_rows_ends_elsewhere_and_tells_no_other_rows() {
        let page = |rows: &[u8], cursor: &str| {
            let received = rows.iter().map(|row| json!({ "id": row })).collect();
            End::Outcome(Outcome::Page(Page { received, cursor: Some(cursor.into()), more: false }))
        };
        let less = Leave { less: true, ..Leave::default() };
        let after = |rows: &[u8], cursor: &str, leave| {
            complaint(&page(&[1, 2], "2"), &Way::Ended(page(rows, cursor)), leave)
        };
        assert_eq!(after(&[1], "1", less), None);
        assert!(after(&[1, 3], "3", less).is_some(), "another row");
        assert!(after(&[1, 2], "1", Leave::default()).is_some(), "nothing was lost, and it ends elsewhere");
    }

    #[test]
    fn a_fault_and_the_same_answer_are_fine_and_another_one_is_not() {
        let good = json!({ "a": 1, "rows": [{ "b": 2 }, { "b": 3 }] });
        let fault = Way::Ended(End::Fault(Fault::Malformed(adapter_api::Reason::default())));
        assert_eq!(complaint(&found(good.clone()), &fault, Leave::default()), None);
        assert_eq!(says(good.clone(), good.clone(), Leave::default()), None);
        let absent = Way::Ended(End::Outcome(Outcome::Absent));
        assert_eq!(
            complaint(&found(good.clone()), &absent, Leave::default()).unwrap(),
            "`found` became `absent`"
        );
        assert!(says(good, json!({ "a": 1, "rows": [{ "b": 2 }, { "b": 4 }] }), Leave::default()).is_some());
    }

    #[test]
    fn less_is_fine_only_where_it_may_be() {
        let good = json!({ "a": 1, "rows": [{ "b": 2 }, { "b": 3 }] });
        let less = Leave { less: true, ..Leave::default() };
        assert_eq!(says(good.clone(), json!({ "a": 1, "rows": [{ "b": 3 }] }), less), None);
        assert!(says(good.clone(), json!({ "a": 1, "rows": [{ "b": 3 }] }), Leave::default()).is_some());
        assert!(says(good.clone(), json!({ "a": 1, "c": 1, "rows": [] }), less).is_some());
        let again = Leave { rows_again: true, ..Leave::default() };
        assert_eq!(
            says(good.clone(), json!({ "a": 1, "rows": [{ "b": 2 }, { "b": 2 }, { "b": 3 }] }), again),
            None
        );
        assert!(says(good, json!({ "a": 1, "rows": [{ "b": 2 }, { "b": 9 }, { "b": 3 }] }), again).is_some());
    }
}
