//! What a caller is told when something fails: RFC 9457, in Vietnamese or English, made only from a fault or a refusal.

use adapter_api::{Blame, Expected, Fault, Finding, Position};
use engine::refusal::{Failure, Refusal};
use serde_json::{Map, Value, json};

use crate::pages::{Pages, Sentence};

/// The languages we speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Vietnamese, the default.
    Vietnamese,
    /// English.
    English,
}

impl Language {
    /// Reads `Accept-Language` (RFC 9110 12.5.4): the first of our languages with the highest weight; Vietnamese if none is named.
    pub fn accepted(header: Option<&str>) -> Language {
        let mut best = (0.0_f32, Language::Vietnamese);
        for range in header.unwrap_or_default().split(',') {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default();
            let weight = parts.find_map(weight_of).unwrap_or(1.0);
            let primary = tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
            let language = match primary.as_str() {
                "vi" => Language::Vietnamese,
                "en" => Language::English,
                _ => continue,
            };
            if weight > best.0 {
                best = (weight, language);
            }
        }
        best.1
    }

    /// The tag for `Content-Language`.
    pub fn tag(self) -> &'static str {
        match self {
            Language::Vietnamese => "vi",
            Language::English => "en",
        }
    }

    /// The sentence in this language.
    pub fn of(self, sentence: &Sentence) -> &str {
        match self {
            Language::Vietnamese => &sentence.vi,
            Language::English => &sentence.en,
        }
    }
}

/// The weight a parameter of a language range says (`q=0.5`, blanks around it allowed); a nonsensical one weighs nothing.
fn weight_of(parameter: &str) -> Option<f32> {
    let (name, weight) = parameter.split_once('=')?;
    let weight = || weight.trim().parse().ok().filter(|weight| (0.0..=1.0).contains(weight));
    name.trim().eq_ignore_ascii_case("q").then(|| weight().unwrap_or(0.0))
}

/// What a problem is put into words with.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// The pages.
    pub pages: &'a Pages,
    /// The caller's language.
    pub language: Language,
    /// What the pages' addresses begin with.
    pub public_url: &'a str,
}

/// Declined before the engine was asked: the form of the request itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misuse {
    /// No such route.
    NotFound,
    /// The route knows another method.
    MethodNotAllowed,
    /// Not JSON, duplicate keys, invalid UTF-8, unknown members of the envelope.
    MalformedJson,
    /// Not `application/json`.
    UnsupportedMediaType,
    /// Longer than the limit.
    TooLarge,
    /// The body did not come in time (T7).
    TooSlow,
    /// A part the gateway needs is not ready.
    NotReady,
    /// Our own panic (F23): the one and only 500.
    Internal,
}

impl Misuse {
    /// The problem code.
    pub fn code(self) -> &'static str {
        match self {
            Misuse::NotFound => "not-found",
            Misuse::MethodNotAllowed => "method-not-allowed",
            Misuse::MalformedJson => "malformed-json",
            Misuse::UnsupportedMediaType => "unsupported-media-type",
            Misuse::TooLarge => "too-large",
            Misuse::TooSlow => "too-slow",
            Misuse::NotReady => "not-ready",
            Misuse::Internal => "internal",
        }
    }
}

/// A problem, before it is put into words.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The code; its page is `schemas/problems/<code>.md`.
    pub code: &'static str,
    /// Whose fault.
    pub blame: Blame,
    /// Whether the same may be tried again later.
    pub retryable: bool,
    /// When, in seconds.
    pub retry_after_s: Option<u64>,
    /// The agency, if one was asked.
    pub agency: Option<String>,
    /// The carrier, if one was used.
    pub carrier: Option<String>,
    /// What is wrong with the caller's fields.
    pub findings: Vec<Finding>,
    /// Names that help: the services this client may ask.
    pub known: Vec<String>,
    /// A token was given and not believed (RFC 6750 3.1 tells this apart from none given).
    pub token_refused: bool,
}

impl Problem {
    fn new(status: u16, code: &'static str, blame: Blame) -> Self {
        Problem {
            status,
            code,
            blame,
            retryable: false,
            retry_after_s: None,
            agency: None,
            carrier: None,
            findings: Vec::new(),
            known: Vec::new(),
            token_refused: false,
        }
    }

    /// The problem of a failed read.
    pub fn of_failure(failure: &Failure) -> Self {
        match failure {
            Failure::Refusal(refusal) => Problem::of_refusal(refusal),
            Failure::Fault { fault, agency, carrier } => {
                Problem { agency: Some(agency.clone()), carrier: carrier.clone(), ..Problem::of_fault(fault) }
            }
        }
    }

    /// The problem of a refusal.
    pub fn of_refusal(refusal: &Refusal) -> Self {
        let code = refusal.code();
        match refusal {
            Refusal::Unauthenticated => Problem::new(401, code, Blame::Caller),
            Refusal::Denied { .. } => Problem::new(403, code, Blame::Caller),
            Refusal::UnknownService { known } => {
                Problem { known: known.clone(), ..Problem::new(404, code, Blame::Caller) }
            }
            Refusal::Invalid { findings } => {
                Problem { findings: findings.clone(), ..Problem::new(422, code, Blame::Caller) }
            }
            Refusal::Limited { retry_after_s } => Problem {
                retryable: true,
                retry_after_s: Some(*retry_after_s),
                ..Problem::new(429, code, Blame::Caller)
            },
            Refusal::AuditUnavailable => {
                Problem { retryable: true, ..Problem::new(503, code, Blame::Gateway) }
            }
        }
    }

    /// The problem of a fault (design 7).
    pub fn of_fault(fault: &Fault) -> Self {
        let mut problem = Problem::new(502, fault.code(), fault.blame());
        problem.retryable = fault.is_retryable();
        match fault {
            Fault::Rejected { findings, blame, .. } => {
                problem.status = if *blame == Blame::Caller { 422 } else { 502 };
                problem.findings = findings.clone();
            }
            Fault::Malformed(_) | Fault::NotAdmitted { .. } | Fault::AdapterFailed { .. } => {}
            Fault::Unreachable { .. } => problem.status = 503,
            Fault::Unavailable { retry_after_s, .. } | Fault::Overloaded { retry_after_s, .. } => {
                problem.status = 503;
                problem.retry_after_s = *retry_after_s;
            }
            Fault::DeadlineExceeded { .. } | Fault::Uncertain(_) => problem.status = 504,
        }
        problem
    }

    /// The problem of a request that is wrong in form.
    pub fn of_misuse(misuse: Misuse) -> Self {
        let (status, blame) = match misuse {
            Misuse::NotFound => (404, Blame::Caller),
            Misuse::MethodNotAllowed => (405, Blame::Caller),
            Misuse::MalformedJson => (400, Blame::Caller),
            Misuse::UnsupportedMediaType => (415, Blame::Caller),
            Misuse::TooLarge => (413, Blame::Caller),
            Misuse::TooSlow => (408, Blame::Caller),
            Misuse::NotReady => (503, Blame::Gateway),
            Misuse::Internal => (500, Blame::Gateway),
        };
        let retryable = matches!(misuse, Misuse::NotReady | Misuse::TooSlow);
        Problem { retryable, ..Problem::new(status, misuse.code(), blame) }
    }

    /// Adds a finding.
    pub fn finding(mut self, pointer: &str, code: &str) -> Self {
        self.add(pointer, code);
        self
    }

    /// Adds a finding in place.
    pub fn add(&mut self, pointer: &str, code: &str) {
        self.findings.push(Finding {
            pointer: Some(pointer.to_string()),
            code: Some(code.to_string()),
            ..Finding::default()
        });
    }

    /// The body, `application/problem+json`.
    pub fn body(&self, words: &Words<'_>, trace_id: &str) -> Value {
        let Words { pages, language, public_url } = *words;
        let mut body = Map::new();
        body.insert("type".into(), json!(format!("{public_url}/problems/{}", self.code)));
        if let Some(page) = pages.page(self.code) {
            body.insert("title".into(), json!(language.of(&page.title)));
            body.insert("detail".into(), json!(language.of(&page.detail)));
        }
        body.insert("status".into(), json!(self.status));
        body.insert("code".into(), json!(self.code));
        body.insert("blame".into(), json!(self.blame.word()));
        body.insert("retryable".into(), json!(self.retryable));
        if let Some(seconds) = self.retry_after_s {
            body.insert("retry_after".into(), json!(seconds));
        }
        if let Some(agency) = &self.agency {
            body.insert("agency".into(), json!(agency));
        }
        if let Some(carrier) = &self.carrier {
            body.insert("carrier".into(), json!(carrier));
        }
        if !self.findings.is_empty() {
            let errors: Vec<Value> =
                self.findings.iter().map(|finding| error_entry(finding, pages, language)).collect();
            body.insert("errors".into(), Value::Array(errors));
        }
        if !self.known.is_empty() {
            body.insert("services".into(), json!(self.known));
        }
        body.insert("trace_id".into(), json!(trace_id));
        Value::Object(body)
    }
}

/// One entry of `errors[]`: a pointer, our code, our sentence. The agency's own text and code for the field stay out.
fn error_entry(finding: &Finding, pages: &Pages, language: Language) -> Value {
    let code = match finding.code.as_deref() {
        Some(code) if pages.finding(code).is_some() => code,
        _ => "refused-by-agency",
    };
    let mut entry = Map::new();
    if let Some(pointer) = &finding.pointer {
        entry.insert("pointer".into(), json!(pointer));
    }
    entry.insert("code".into(), json!(code));
    if let Some(sentence) = pages.finding(code) {
        let mut detail = language.of(sentence).to_string();
        detail.extend(finding.expected.iter().map(|expected| expectation(expected, language)));
        detail.extend(finding.position.iter().map(|position| place(position, language)));
        entry.insert("detail".into(), json!(detail));
    }
    match &finding.expected {
        Some(Expected::Form(form)) => entry.insert("expected".into(), json!(form)),
        Some(Expected::OneOf(several)) => entry.insert("expected".into(), json!(several)),
        None => None,
    };
    if let Some(Position { line, column }) = finding.position {
        entry.insert("line".into(), json!(line));
        entry.insert("column".into(), json!(column));
    }
    Value::Object(entry)
}

/// What the schema expects, as a sentence.
fn expectation(expected: &Expected, language: Language) -> String {
    let words = match expected {
        Expected::Form(form) => form_word(form, language).to_string(),
        Expected::OneOf(several) => {
            let or = match language {
                Language::Vietnamese => " hoặc ",
                Language::English => " or ",
            };
            several.iter().map(|word| form_word(word, language)).collect::<Vec<_>>().join(or)
        }
    };
    match language {
        Language::Vietnamese => format!(" Cần: {words}."),
        Language::English => format!(" Expected: {words}."),
    }
}

/// The words of types in Vietnamese; names of fields, formats and codes are the same in every language.
fn form_word(word: &str, language: Language) -> &str {
    match (language, word) {
        (Language::English, word) => word,
        (Language::Vietnamese, "text") => "chuỗi",
        (Language::Vietnamese, "number") => "số",
        (Language::Vietnamese, "integer") => "số nguyên",
        (Language::Vietnamese, "boolean") => "đúng/sai",
        (Language::Vietnamese, "list") => "danh sách",
        (Language::Vietnamese, "object") => "đối tượng",
        (Language::Vietnamese, word) => word,
    }
}

/// Where in the text, as a sentence.
fn place(position: &Position, language: Language) -> String {
    let Position { line, column } = position;
    match language {
        Language::Vietnamese => format!(" Dòng {line}, cột {column}."),
        Language::English => format!(" Line {line}, column {column}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adapter_api::Party;

    #[test]
    fn the_language_follows_the_weights() {
        let cases = [
            (None, Language::Vietnamese),
            (Some("en"), Language::English),
            (Some("fr, en-GB;q=0.5"), Language::English),
            (Some("en;q=0.4, vi;q=0.9"), Language::Vietnamese),
            (Some("*"), Language::Vietnamese),
            (Some("vi; q=0.5, en"), Language::English),
            (Some("en; q=0.5, vi"), Language::Vietnamese),
            (Some("en ;\tQ = 0.9, vi;level=1;q=0.2"), Language::English),
            (Some("en;q=7, vi;q=0.1"), Language::Vietnamese),
        ];
        for (header, expected) in cases {
            assert_eq!(Language::accepted(header), expected, "{header:?}");
        }
    }

    #[test]
    fn a_rejection_is_the_callers_only_when_it_is_blamed_on_the_caller() {
        let rejected = |blame| Fault::Rejected { code: None, findings: vec![], sent: true, blame };
        assert_eq!(Problem::of_fault(&rejected(Blame::Caller)).status, 422);
        assert_eq!(Problem::of_fault(&rejected(Blame::Gateway)).status, 502);
    }

    #[test]
    fn an_agencys_own_words_never_stand_in_a_problem() {
        let finding = Finding {
            pointer: Some("/query/personal_id".into()),
            agency_field: Some("SoDinhDanh".into()),
            code: Some("E-77 secret words".into()),
            operator_text: Some("không đúng, của Nguyễn Văn Mẫu".into()),
            ..Finding::default()
        };
        let fault = Fault::Rejected {
            code: Some("77".into()),
            findings: vec![finding],
            sent: true,
            blame: Blame::Caller,
        };
        let pages = crate::pages::tests::pages();
        let words = Words { pages: &pages, language: Language::Vietnamese, public_url: "" };
        let body = Problem::of_fault(&fault).body(&words, "t").to_string();
        assert!(!body.contains("Mẫu") && !body.contains("secret words") && !body.contains("77"), "{body}");
        assert!(body.contains("refused-by-agency") && body.contains("/query/personal_id"), "{body}");
    }

    #[test]
    fn a_finding_says_what_is_expected_and_where_in_both_languages() {
        let pages = crate::pages::tests::pages();
        let told = |finding: Finding, language| error_entry(&finding, &pages, language);
        let wrong = |expected| Finding { code: Some("wrong-type".into()), expected, ..Finding::default() };
        let text = wrong(Some(Expected::Form("text".into())));
        let entry = told(text.clone(), Language::Vietnamese);
        assert_eq!(entry["expected"], "text");
        assert!(entry["detail"].as_str().unwrap().ends_with(" Cần: chuỗi."), "{entry}");
        let entry = told(text, Language::English);
        assert!(entry["detail"].as_str().unwrap().ends_with(" Expected: text."), "{entry}");
        let either = Some(Expected::OneOf(vec!["personal_id".into(), "old_id".into()]));
        let entry = told(wrong(either), Language::English);
        assert_eq!(entry["expected"], json!(["personal_id", "old_id"]));
        assert!(entry["detail"].as_str().unwrap().ends_with(" Expected: personal_id or old_id."), "{entry}");
        assert_eq!(told(wrong(None), Language::English).get("expected"), None);
        let position = Some(Position { line: 2, column: 8 });
        let unread = Finding { code: Some("not-json".into()), position, ..Finding::default() };
        let entry = told(unread, Language::Vietnamese);
        assert_eq!((&entry["line"], &entry["column"]), (&json!(2), &json!(8)));
        assert!(entry["detail"].as_str().unwrap().ends_with(" Dòng 2, cột 8."), "{entry}");
    }

    #[test]
    fn a_dead_carrier_is_blamed() {
        let fault = Fault::Unreachable { party: Party::Carrier };
        let problem = Problem::of_fault(&fault);
        assert_eq!((problem.status, problem.blame), (503, Blame::Carrier));
    }
}
