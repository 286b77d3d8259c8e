//! The subject answered must be the subject asked (law L11).

use serde_json::Value;

use crate::fault::Claim;
use crate::language::date;
use crate::language::text::fold;

/// The fields that tell a person by themselves (`schemas/common/identifiers.json`): no two people share one. Names, birth dates and the parts of a register
/// number do not, however many of them agree.
const IDENTIFIERS: [&str; 4] = ["personal_id", "old_id", "tax_code", "insurance_number"];

/// What an answer says to one subject path that was asked.
enum Said {
    Same,
    Another,
    Nothing,
}

/// Why an answer is refused: it is about another subject, or does not say about whom.
#[derive(Debug, PartialEq)]
pub(super) struct Mismatch {
    /// The path, never its value.
    pub path: String,
    /// Why, in our words.
    pub why: &'static str,
    /// What it says of its subject, where that may well be the one who was asked.
    pub claim: Option<Claim>,
}

/// Why an answer is about another subject, if it is.
///
/// What was asked must come back and be the same. A path the answer leaves out is forgiven if an identifier that was
/// asked is confirmed: a record need not hold every number its owner ever had. Nothing forgives a contradiction; but where
/// no identifier and not every path contradicts, and what does is near, agencies may only have written one person down
/// differently: what is said of the subject is kept to be shown.
pub(super) fn mismatch(paths: &[String], query: &Value, answer: &Value) -> Option<Mismatch> {
    let said: Vec<(&String, Said)> =
        paths.iter().filter_map(|path| Some((path, compare(path, query, answer)?))).collect();
    let refused = |path: &str, why, claim| Some(Mismatch { path: path.to_owned(), why, claim });
    let others: Vec<&String> =
        said.iter().filter(|(_, said)| matches!(said, Said::Another)).map(|(path, _)| *path).collect();
    let is_same = |(_, said): &(&String, Said)| matches!(said, Said::Same);
    if let Some(first) = others.first() {
        let may_be_one = said.iter().any(is_same)
            && others.iter().all(|path| !is_identifier(path) && is_near(path, query, answer));
        let claim = may_be_one.then(|| Claim::new(piece(paths, answer)));
        return refused(first, "another subject than the one asked", claim);
    }
    if said.iter().any(|told| is_identifier(told.0) && is_same(told)) {
        return None;
    }
    let silent = said.iter().find(|(_, said)| matches!(said, Said::Nothing))?.0;
    refused(silent, "the answer does not say whom it is about", None)
}

/// Whether one person could have been written down like this twice: what stands at the path is near what was asked.
fn is_near(path: &str, query: &Value, answer: &Value) -> bool {
    let (asked, answered) = (scalars_at(query, path), scalars_at(answer, path));
    answered.iter().all(|answered| asked.iter().any(|asked| are_near(asked, answered)))
}

/// Dates that share the year, or month and day; names that share half of their words.
fn are_near(one: &str, other: &str) -> bool {
    if date::is_partial(one) && date::is_partial(other) {
        let (one, other) = (one.split('-').collect::<Vec<_>>(), other.split('-').collect::<Vec<_>>());
        return match (one.as_slice(), other.as_slice()) {
            ([year, ..], [other, ..]) if year == other => true,
            ([_, month, day], [_, others_month, others_day]) => (month, day) == (others_month, others_day),
            _ => false,
        };
    }
    let (one, other) =
        (one.split_whitespace().collect::<Vec<_>>(), other.split_whitespace().collect::<Vec<_>>());
    let shared = one.iter().filter(|word| other.contains(word)).count();
    2 * shared >= one.len().max(other.len())
}

/// The answer at these paths alone. What stands in a list is left out: it cannot be told which of its members is meant.
fn piece(paths: &[String], answer: &Value) -> Value {
    let mut piece = Value::Null;
    for path in paths {
        let names: Vec<&str> = path.split('.').map(|name| name.trim_end_matches('?')).collect();
        let Some(value) = names.iter().try_fold(answer, |value, name| value.get(name)) else { continue };
        *names.iter().fold(&mut piece, |place, name| &mut place[*name]) = value.clone();
    }
    piece
}

/// What the answer says to a path; `None` where the query does not ask by it.
fn compare(path: &str, query: &Value, answer: &Value) -> Option<Said> {
    let (asked, answered) = (scalars_at(query, path), scalars_at(answer, path));
    if asked.is_empty() {
        return None;
    }
    let is_asked = |answer: &String| asked.iter().any(|asked| is_same(asked, answer));
    Some(match answered.is_empty() {
        true => Said::Nothing,
        false if answered.iter().all(is_asked) => Said::Same,
        false => Said::Another,
    })
}

fn is_identifier(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or(path).trim_end_matches('?');
    IDENTIFIERS.contains(&name)
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
        mismatch(&[path.to_owned()], &query, &answer).map(|told| told.why)
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
    fn an_identifier_confirmed_forgives_what_the_record_leaves_out() {
        let paths = ["personal_id", "old_id", "full_name", "birth_date"].map(str::to_owned);
        let query = json!({
            "personal_id": "038090000001", "old_id": "171000001",
            "full_name": "Nguyễn Văn Mẫu", "birth_date": "1990"
        });
        let rest = json!({ "full_name": "NGUYỄN VĂN MẪU", "birth_date": "1990-03-15" });
        let says = |more: Value| {
            let mut answer = rest.clone();
            answer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            mismatch(&paths, &query, &answer).map(|told| (told.path, told.why))
        };
        let (silent, another) =
            ("the answer does not say whom it is about", "another subject than the one asked");
        assert_eq!(says(json!({ "personal_id": "038090000001" })), None);
        assert_eq!(says(json!({ "old_id": "171000001", "personal_id": " " })), None, "blank is nothing");
        assert_eq!(says(json!({ "personal_id": "038090000001", "birth_date": null })), None);
        let told = |path: &str, why| Some((path.to_owned(), why));
        assert_eq!(says(json!({})), told("personal_id", silent), "a name and a date confirm nobody");
        for (name, value) in [("old_id", "171000009"), ("full_name", "TRẦN THỊ THỬ"), ("birth_date", "1991")]
        {
            let mut answer = json!({ "personal_id": "038090000001" });
            answer[name] = value.into();
            assert_eq!(says(answer), told(name, another), "nothing forgives a contradiction");
        }
    }

    #[test]
    fn what_one_person_may_be_told_otherwise_is_kept_and_of_a_stranger_nothing() {
        let paths = ["who.full_name", "birth_date", "old_id"].map(str::to_owned);
        let query = json!({ "who": { "full_name": "Trần Văn Mẫu" }, "birth_date": "1972-12-24", "old_id": "171000001" });
        let of = |answer: Value| {
            let told = mismatch(&paths, &query, &answer).unwrap();
            told.claim.map(|claim| claim.piece().clone())
        };
        let name = |name: &str| json!({ "full_name": name, "secret": 1 });
        let differs = json!({ "who": name("TRẦN VĂN THỬ"), "birth_date": "1972-12", "status": "x" });
        let kept = json!({ "who": { "full_name": "TRẦN VĂN THỬ" }, "birth_date": "1972-12" });
        assert_eq!(of(differs), Some(kept), "the subject's fields and nothing else");
        assert_eq!(of(json!({ "who": name("TRẦN VĂN THỬ"), "birth_date": "1972-11" })), None, "a stranger");
        assert_eq!(
            of(json!({ "who": name("LÊ THỊ KHÁC"), "birth_date": "1972-12-24" })),
            None,
            "born on the same day"
        );
        assert_eq!(
            of(json!({ "who": name("LÊ THỊ KHÁC"), "birth_date": "1972" })),
            None,
            "or in the same year"
        );
        let namesake = |born: &str| of(json!({ "who": name("Trần Văn Mẫu"), "birth_date": born }));
        assert_eq!(namesake("1980-01-02"), None, "a namesake");
        for near in ["1972-01-02", "1973-12-24"] {
            assert!(namesake(near).is_some(), "{near}");
        }
        let same = name("Trần Văn Mẫu");
        assert_eq!(
            of(json!({ "who": same, "birth_date": "1972-12", "old_id": "171000002" })),
            None,
            "another number"
        );
    }

    #[test]
    fn half_a_register_number_identifies_nothing() {
        let paths = ["number", "book"].map(str::to_owned);
        let query = json!({ "number": "01", "book": "KT-2025" });
        let told = mismatch(&paths, &query, &json!({ "book": "KT-2025" }));
        assert_eq!(told.map(|told| told.path).as_deref(), Some("number"));
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
