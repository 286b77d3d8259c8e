//! L4: every outcome fits its schema, and nothing has happened on a day that cannot be.

use adapter_api::Outcome;
use adapter_api::diagnostic::Diagnostic;
use adapter_api::schema::{Scalar, Shape};
use serde_json::Value;

use crate::conversation::{Conversation, End};
use crate::ending::outcome_value;
use crate::ground::{Ground, Side};

/// Births, deaths and entries before this year stand in no register that answers today (the civil registers begin
/// later).
const YEAR_MIN: i32 = 1850;
/// Fields that tell when something has happened: never later than the call.
const PAST_DATES: [&str; 4] = ["birth_date", "died_on", "registered_on", "issued_on"];

/// Holds every query and every answer of the talks against their schemas.
pub fn check(ground: &Ground<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for conversation in ground.conversations {
        let Some(operation) = ground.operation(&conversation.call) else { continue };
        let Some((service, shapes)) = ground.service(operation).zip(ground.shapes(operation)) else {
            continue;
        };
        let query = &conversation.call.query;
        let mut problems = Vec::new();
        if !query.as_object().is_some_and(serde_json::Map::is_empty) {
            problems.extend(problems_of(ground, &shapes.query, service, Side::Query, query));
        }
        findings.extend(
            problems
                .into_iter()
                .map(|problem| told(ground, conversation, format!("the query does not fit: {problem}"))),
        );
        let End::Outcome(outcome) = &conversation.end else { continue };
        let values: Vec<Value> = match outcome {
            Outcome::Found(value) => vec![value.clone()],
            Outcome::Completed { .. } => Some(outcome_value(outcome))
                .filter(|value| !crate::ending::is_empty(value))
                .into_iter()
                .collect(),
            Outcome::Page(page) => page.received.clone(),
            Outcome::Absent
            | Outcome::Accepted { .. }
            | Outcome::Pending { .. }
            | Outcome::Supplement { .. }
            | Outcome::Declined { .. } => Vec::new(),
        };
        for value in &values {
            if !matches!(outcome, Outcome::Page(_)) {
                let problems = problems_of(ground, &shapes.answer, service, Side::Answer, value);
                findings.extend(problems.into_iter().map(|problem| {
                    told(ground, conversation, format!("the answer does not fit: {problem}"))
                }));
            }
            for problem in impossible_dates(value, &conversation.call.now, "") {
                findings.push(told(ground, conversation, problem));
            }
        }
    }
    for (inbound, received) in ground.heard.iter().zip(ground.received) {
        if let Some(shape) = ground.schemas.events.get(&received.schema)
            && let Some(plan) = ground.agency.inbound.get(&inbound.name)
        {
            let mut problems = misfits(shape, &received.value, "");
            problems.extend(impossible_dates(&received.value, &inbound.now, ""));
            findings.extend(problems.into_iter().map(|problem| {
                Diagnostic::error(
                    "L4",
                    &plan.place,
                    inbound.name.as_str(),
                    format!("the event does not fit: {problem}"),
                )
            }));
        }
    }
    findings
}

fn told(ground: &Ground<'_>, conversation: &Conversation, message: String) -> Diagnostic {
    let last = conversation.replies.len().saturating_sub(1);
    ground
        .finding("L4", conversation, last, message)
        .help("the line of the mapping that draws this field is wrong, or the schema is")
}

fn problems_of(ground: &Ground<'_>, shape: &Shape, service: &str, side: Side, value: &Value) -> Vec<String> {
    let mut problems = misfits(shape, value, "");
    if let (true, Some(validator)) = (problems.is_empty(), ground.validator) {
        let mut value = value.clone();
        store_documents(shape, &mut value);
        problems.extend(validator(service, side, &value));
    }
    problems
}

/// Puts a reference where a lifted document stands, as the house does once it has stored it.
fn store_documents(shape: &Shape, value: &mut Value) {
    match (shape, value) {
        (Shape::Scalar(Scalar::Document), value @ Value::String(_)) => {
            *value = serde_json::json!({ "document": "doc-00000000000000000001" });
        }
        (Shape::Object(properties), Value::Object(fields)) => {
            for property in properties {
                if let Some(field) = fields.get_mut(&property.name) {
                    store_documents(&property.shape, field);
                }
            }
        }
        (Shape::List(inner), Value::Array(items)) => {
            items.iter_mut().for_each(|item| store_documents(inner, item));
        }
        _ => {}
    }
}

/// What of a value does not fit its shape, never quoting it.
pub fn misfits(shape: &Shape, value: &Value, at: &str) -> Vec<String> {
    let place = if at.is_empty() { "/" } else { at };
    match (shape, value) {
        (Shape::Any, _) => Vec::new(),
        (Shape::Object(properties), Value::Object(fields)) => {
            let unknown = fields
                .keys()
                .filter(|key| shape.property(key).is_none())
                .map(|key| format!("{at}/{key}: not in the schema"));
            let mut problems: Vec<String> = unknown.collect();
            for property in properties {
                match fields.get(&property.name) {
                    // A descriptive list's unknown code: known by its code, without a title.
                    Some(Value::Null) if property.name == "title" && shape.property("code").is_some() => {}
                    Some(field) => {
                        problems.extend(misfits(&property.shape, field, &format!("{at}/{}", property.name)))
                    }
                    None if property.required => problems.push(format!("{at}/{}: missing", property.name)),
                    None => {}
                }
            }
            problems
        }
        (Shape::List(inner), Value::Array(items)) => items
            .iter()
            .enumerate()
            .flat_map(|(index, item)| misfits(inner, item, &format!("{at}/{index}")))
            .collect(),
        (Shape::Scalar(scalar), value) if fits(scalar, value) => Vec::new(),
        (Shape::Scalar(scalar), _) => vec![format!("{place}: not {}", name_of(scalar))],
        (Shape::Object(_), _) => vec![format!("{place}: not an object")],
        (Shape::List(_), _) => vec![format!("{place}: not a list")],
    }
}

fn fits(scalar: &Scalar, value: &Value) -> bool {
    let text = value.as_str();
    match scalar {
        Scalar::Text => text.is_some(),
        Scalar::Integer => value.is_i64() || value.is_u64(),
        Scalar::Boolean => value.is_boolean(),
        Scalar::Date => text.is_some_and(|text| text.len() == 10 && is_date(text)),
        Scalar::PartialDate => text.is_some_and(is_date),
        Scalar::Moment => text.is_some_and(|text| {
            text.get(..10).is_some_and(is_date) && text.contains('T') && text.ends_with("+07:00")
        }),
        Scalar::Words(words) => text.is_some_and(|text| words.iter().any(|word| word == text)),
        // A reference once the house has stored it; on the way there the place of a lifted document.
        Scalar::Document => value.is_object() || text.is_some(),
    }
}

fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let number = |part: Option<&str>, count: usize, max: u32| {
        part.is_none_or(|part| {
            part.len() == count && part.parse::<u32>().is_ok_and(|number| (1..=max).contains(&number))
        })
    };
    number(parts.next(), 4, 9999)
        && number(parts.next(), 2, 12)
        && number(parts.next(), 2, 31)
        && parts.next().is_none()
}

fn name_of(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Text => "text".to_owned(),
        Scalar::Integer => "a whole number".to_owned(),
        Scalar::Boolean => "true or false".to_owned(),
        Scalar::Date => "a date".to_owned(),
        Scalar::PartialDate => "a date, possibly without day or month".to_owned(),
        Scalar::Moment => "a moment at +07:00".to_owned(),
        Scalar::Words(words) => format!("one of {}", words.join(", ")),
        Scalar::Document => "a document".to_owned(),
    }
}

/// What is told to have happened after the call, or centuries too early.
fn impossible_dates(value: &Value, now: &str, at: &str) -> Vec<String> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(key, field)| {
                let at = format!("{at}/{key}");
                match field.as_str().filter(|_| PAST_DATES.contains(&key.as_str())) {
                    Some(date) => {
                        impossible(date, now).map(|why| format!("{at} {why}")).into_iter().collect()
                    }
                    None => impossible_dates(field, now, &at),
                }
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(|item| impossible_dates(item, now, at)).collect(),
        _ => Vec::new(),
    }
}

fn impossible(date: &str, now: &str) -> Option<&'static str> {
    let year = date.get(..4).and_then(|year| year.parse::<i32>().ok());
    // ISO dates compare as text, also when one of them is only a year.
    if date
        .get(..date.len().min(now.len()))
        .is_some_and(|date| now.get(..date.len()).is_some_and(|now| date > now))
    {
        Some("lies after the call itself: is the century or the field right?")
    } else if year.is_some_and(|year| year < YEAR_MIN) {
        Some("lies before 1850: is the century right?")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adapter_api::schema::Property;
    use serde_json::json;

    #[test]
    fn misfits_are_told_without_the_value() {
        let property = |name: &str, required, scalar| Property {
            name: name.into(),
            required,
            shape: Shape::Scalar(scalar),
            class: None,
        };
        let shape = Shape::Object(vec![
            property("birth_date", true, Scalar::PartialDate),
            property("sex", true, Scalar::Words(vec!["male".into()])),
        ]);
        assert_eq!(
            misfits(&shape, &json!({ "birth_date": "1942-03", "sex": "male" }), ""),
            Vec::<String>::new()
        );
        assert_eq!(
            misfits(&shape, &json!({ "birth_date": "03/1942", "x": 1 }), ""),
            [
                "/x: not in the schema",
                "/birth_date: not a date, possibly without day or month",
                "/sex: missing"
            ]
        );
    }

    #[test]
    fn a_birth_after_the_call_or_centuries_ago_is_told() {
        let now = "2025-08-12T09:00:00+07:00";
        for (date, possible) in [
            ("1942-03-15", true),
            ("2025", true),
            ("2025-08-12", true),
            ("2042-03-15", false),
            ("2025-09", false),
            ("0042", false),
            ("1042-01-01", false),
        ] {
            assert_eq!(
                impossible_dates(&json!({ "who": { "birth_date": date } }), now, "").is_empty(),
                possible,
                "{date}"
            );
        }
        for name in PAST_DATES {
            let rows = json!({ "rows": [{ name: "2025-08-13" }] });
            assert_eq!(impossible_dates(&rows, now, "").len(), 1, "{name}");
        }
        assert!(impossible_dates(&json!({ "due_on": "2025-08-13" }), now, "").is_empty());
    }
}
