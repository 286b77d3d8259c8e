//! What a caller is told when something fails: RFC 9457, in Vietnamese or English, made only from a fault or a refusal.

use adapter_api::{Blame, Fault, Finding};
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
            let (tag, weight) = range.split_once(";q=").unwrap_or((range, "1"));
            let weight: f32 = weight.trim().parse().unwrap_or(0.0);
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
            Misuse::NotReady => (503, Blame::Gateway),
            Misuse::Internal => (500, Blame::Gateway),
        };
        Problem { retryable: misuse == Misuse::NotReady, ..Problem::new(status, misuse.code(), blame) }
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
        entry.insert("detail".into(), json!(language.of(sentence)));
    }
    Value::Object(entry)
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
    fn a_dead_carrier_is_blamed() {
        let fault = Fault::Unreachable { party: Party::Carrier };
        let problem = Problem::of_fault(&fault);
        assert_eq!((problem.status, problem.blame), (503, Blame::Carrier));
    }
}
