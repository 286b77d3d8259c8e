//! The subject answered must be the subject asked (law L11).

use serde_json::Value;

use crate::language::date;
use crate::language::text::fold;

/// Why an answer is about another subject, if it is; names the path, never the value.
pub(super) fn mismatch(paths: &[String], query: &Value, answer: &Value) -> Option<(String, &'static str)> {
    paths.iter().find_map(|path| {
        let asked = scalars_at(query, path);
        let answered = scalars_at(answer, path);
        if asked.is_empty() {
            return None;
        }
        if answered.is_empty() {
            return Some((path.clone(), "the answer does not say whom it is about"));
        }
        let same = answered.iter().all(|answer| asked.iter().any(|asked| is_same(asked, answer)));
        (!same).then(|| (path.clone(), "another subject than the one asked"))
    })
}

/// The values at a dotted path, through lists too; blank ones are as good as none.
fn scalars_at(value: &Value, path: &str) -> Vec<String> {
    let mut found = vec![value];
    for name in path.split('.').map(|name| name.trim_end_matches('?')).filter(|name| !name.is_empty()) {
        let members = found.into_iter().flat_map(|value| match value {
            Value::Array(items) => items.iter().collect::<Vec<_>>(),
            one => vec![one],
        });
        found = members.filter_map(|value| value.get(name)).collect();
    }
    let texts = found.into_iter().filter_map(|value| match value {
        Value::String(text) => Some(fold(text)),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    });
    texts.filter(|text| !text.is_empty()).collect()
}

/// Equal after folding; of two dates one may be less precise than the other.
fn is_same(asked: &str, answered: &str) -> bool {
    let (shorter, longer) = if asked.len() < answered.len() { (asked, answered) } else { (answered, asked) };
    let both_dates = date::is_partial(asked) && date::is_partial(answered);
    asked == answered
        || (both_dates && longer.strip_prefix(shorter).is_some_and(|rest| rest.starts_with('-')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn says(path: &str, query: Value, answer: Value) -> Option<&'static str> {
        mismatch(&[path.to_owned()], &query, &answer).map(|(_, why)| why)
    }

    #[test]
    fn tells_another_subject() {
        let another = Some("another subject than the one asked");
        let id = |id: &str| json!({ "personal_id": id });
        assert_eq!(says("personal_id", id("038042000001"), id("038042000001")), None);
        assert_eq!(says("personal_id", id("038042000001"), id("038042000002")), another);
        assert_eq!(says("personal_id", json!({}), id("038042000002")), None, "nobody was named");
        assert_eq!(
            says("personal_id", id("038042000001"), json!({})),
            Some("the answer does not say whom it is about")
        );
    }

    #[test]
    fn compares_names_and_dates_as_people_do() {
        let name = |name: &str| json!({ "who": { "full_name": name } });
        assert_eq!(says("who.full_name", name("Nguyễn Văn Mẫu"), name("NGUYỄN  VĂN MẪU ")), None);
        assert!(says("who.full_name", name("Nguyễn Văn Mẫu"), name("NGUYỄN VĂN MÂU")).is_some());
        let born = |date: &str| json!({ "birth_date": date });
        assert_eq!(says("birth_date", born("1942"), born("1942-03-15")), None);
        assert!(says("birth_date", born("1942-03-15"), born("1943")).is_some());
        assert!(says("birth_date", born("1942-1"), born("1942-10")).is_some());
    }

    #[test]
    fn looks_at_every_row() {
        let rows =
            |ids: &[&str]| json!({ "rows": ids.iter().map(|id| json!({ "id": id })).collect::<Vec<_>>() });
        assert_eq!(says("rows.id", rows(&["1"]), rows(&["1", "1"])), None);
        assert!(says("rows.id", rows(&["1"]), rows(&["1", "2"])).is_some());
    }
}
