//! What is wrong with a query, in our words: a pointer and a code, never a value.

use adapter_api::{Expected, Finding};
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError, Validator};
use serde_json::{Map, Value};

use crate::catalogue::{Node, dates};
use crate::identifiers::{Beside, BirthplaceCodes, check_personal_id, check_tax_code};

/// Findings told at once: more than a form has fields helps nobody.
const FINDINGS_MAX: usize = 50;
/// Values of a closed list told at once: the lists that a person reads end at ten; a country is looked up in the schema.
const LIST_VALUES_MAX: usize = 12;
/// The longest name of a field that is told back; ours end at thirty.
const NAME_CHARS_MAX: usize = 40;

/// Everything wrong with a query, by pointer.
pub fn of_query(
    validator: &Validator,
    shape: &Node,
    query: &Value,
    today: &str,
    birthplaces: &BirthplaceCodes,
) -> Vec<Finding> {
    let mut findings = Findings(Vec::new());
    for error in validator.iter_errors(query).take(FINDINGS_MAX) {
        let (at, code) = of_error(&error);
        let checked = shape.at(&at).and_then(|node| node.check.as_deref());
        let other_length = is_other_length(checked, code, query.pointer(&at));
        let code = if other_length { "personal-id-length" } else { code };
        let expected = if other_length { None } else { expected(error.kind(), code, shape.at(&at)) };
        findings.add_expecting(&at, code, expected);
    }
    Checker { today, birthplaces, findings: &mut findings }.visit(shape, query, "");
    findings.0
}

/// Where an error stands and our code for it.
pub fn of_error(error: &ValidationError<'_>) -> (String, &'static str) {
    let at = error.instance_path().as_str();
    match error.kind() {
        ValidationErrorKind::Required { property } => (below(at, property.as_str()), "required"),
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            (below(at, unexpected.first().map(String::as_str)), "unknown-field")
        }
        ValidationErrorKind::Format { .. } => {
            let exists = error.instance().as_str().is_some_and(dates::has_shape);
            (sound_path(at), if exists { "date-impossible" } else { "wrong-format" })
        }
        kind => (sound_path(at), code_of(kind.keyword())),
    }
}

fn code_of(keyword: &str) -> &'static str {
    match keyword {
        "type" => "wrong-type",
        "maxLength" | "maxItems" | "maxProperties" => "too-long",
        "enum" | "const" => "not-in-list",
        "anyOf" | "oneOf" => "either-or",
        "falseSchema" => "unknown-field",
        // The rest all say that something is written in a way it must not be.
        _ => "wrong-format",
    }
}

/// What the schema expects where an error stands, in the schema's words alone.
fn expected(kind: &ValidationErrorKind, code: &str, node: Option<&Node>) -> Option<Expected> {
    match kind {
        ValidationErrorKind::Type { kind: TypeKind::Single(one) } => {
            Some(Expected::Form(word(*one).to_owned()))
        }
        ValidationErrorKind::Type { kind: TypeKind::Multiple(several) } => {
            Some(Expected::OneOf(several.iter().map(|one| word(one).to_owned()).collect()))
        }
        ValidationErrorKind::MaxLength { limit }
        | ValidationErrorKind::MaxItems { limit }
        | ValidationErrorKind::MaxProperties { limit } => Some(Expected::Form(format!("≤ {limit}"))),
        ValidationErrorKind::Enum { options } => {
            let options = options.as_array().filter(|options| options.len() <= LIST_VALUES_MAX)?;
            let word = |option: &Value| option.as_str().map_or_else(|| option.to_string(), str::to_owned);
            Some(Expected::OneOf(options.iter().map(word).collect()))
        }
        ValidationErrorKind::AnyOf { .. } => {
            let fields = &node?.either;
            (!fields.is_empty()).then(|| Expected::OneOf(fields.clone()))
        }
        _ if code == "wrong-format" => node?.form().map(Expected::Form),
        _ => None,
    }
}

/// The words of `wrong-type`.
fn word(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "list",
        JsonType::Boolean => "boolean",
        JsonType::Integer => "integer",
        JsonType::Null => "null",
        JsonType::Number => "number",
        JsonType::Object => "object",
        JsonType::String => "text",
    }
}

/// The pointer of a field, if its name is one of a field: a caller who wrote a number there must not read it back.
fn below(at: &str, name: Option<&str>) -> String {
    match name {
        Some(name) if is_field_name(name) => format!("{}/{name}", sound_path(at)),
        Some(_) | None => sound_path(at),
    }
}

/// A pointer up to the first step that is no field's name or list position.
fn sound_path(at: &str) -> String {
    let steps = at.split('/').skip(1);
    let sound =
        steps.take_while(|step| is_field_name(step) || (step.len() <= 4 && step.parse::<u16>().is_ok()));
    sound.fold(String::new(), |path, step| format!("{path}/{step}"))
}

fn is_field_name(name: &str) -> bool {
    name.len() <= NAME_CHARS_MAX
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.bytes().filter(u8::is_ascii_digit).count() < 4
}

fn is_other_length(check: Option<&str>, code: &str, value: Option<&Value>) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let written = value.and_then(Value::as_str);
    check == Some("personal-id")
        && code == "wrong-format"
        && written.is_some_and(|text| digits(text) && text.len() != 12)
}

/// Findings in the order they are found, each pointer and code once.
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, at: &str, code: &str) {
        self.add_expecting(at, code, None);
    }

    fn add_expecting(&mut self, at: &str, code: &str, expected: Option<Expected>) {
        let pointer = Some(format!("/query{at}"));
        let known = |finding: &Finding| finding.pointer == pointer && finding.code.as_deref() == Some(code);
        if self.0.len() < FINDINGS_MAX && !self.0.iter().any(known) {
            self.0.push(Finding { pointer, code: Some(code.to_owned()), expected, ..Finding::default() });
        }
    }
}

struct Checker<'a> {
    today: &'a str,
    birthplaces: &'a BirthplaceCodes,
    findings: &'a mut Findings,
}

impl Checker<'_> {
    fn visit(&mut self, node: &Node, value: &Value, at: &str) {
        match value {
            Value::Array(items) => {
                for (position, item) in items.iter().enumerate() {
                    self.visit(node, item, &format!("{at}/{position}"));
                }
            }
            Value::Object(object) => {
                for (name, field) in &node.fields {
                    let Some(value) = object.get(name) else {
                        continue;
                    };
                    let at = format!("{at}/{name}");
                    if let (Some(check), Some(text)) = (field.check.as_deref(), value.as_str()) {
                        self.check(check, text, object, &at);
                    }
                    self.visit(field, value, &at);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn check(&mut self, check: &str, text: &str, beside: &Map<String, Value>, at: &str) {
        let said = |name| beside.get(name).and_then(Value::as_str);
        let person = Beside {
            sex: said("sex"),
            birth_date: said("birth_date").filter(|date| dates::is_partial_date(date)),
        };
        let contradictions = match check {
            // What has not the form of a number at all is the schema's finding.
            "personal-id" if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                check_personal_id(text, person, self.birthplaces)
            }
            "tax-code"
                if text.len() >= 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') =>
            {
                check_tax_code(text, person, self.birthplaces)
            }
            "not-in-future" if dates::is_partial_date(text) => {
                // As far as the date is told: this year is not the future.
                let today = self.today.get(..text.len()).unwrap_or(self.today);
                if text > today {
                    self.findings.add(at, "date-in-future");
                }
                return;
            }
            _ => return,
        };
        for contradiction in contradictions {
            self.findings.add(at, contradiction.code());
        }
    }
}
