//! `POST /v1/{agency}/{operation}`: one read.

use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, HttpResponse, web};
use adapter_api::codec::json;
use engine::client::{Client, Purpose};
use engine::read::{Answer, Question};
use engine::refusal::Failure;
use serde_json::Value;
use tracing::Instrument;

use super::{Edge, Shared, answer};
use crate::limits::Allowance;
use crate::problem::{Misuse, Problem};

/// The longest service name a path can say; the longest of ours has 27 characters.
const SERVICE_NAME_CHARS_MAX: usize = 80;

/// Answers one read.
pub async fn read(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    body: web::Payload,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let edge = Edge::of(request.headers(), shared.chance.as_ref());
    let (agency, operation) = path.into_inner();
    let service: String = format!("{agency}.{operation}").chars().take(SERVICE_NAME_CHARS_MAX).collect();
    let span = tracing::info_span!("read", trace_id = %edge.trace_id, client = tracing::field::Empty);
    let begun = tokio::time::Instant::now();
    let (response, code) =
        respond(&request, service.clone(), body, &shared, &edge).instrument(span.clone()).await;
    record(&shared, &service, code, begun, &span);
    response
}

async fn respond(
    request: &HttpRequest,
    service: String,
    body: web::Payload,
    shared: &web::Data<Shared>,
    edge: &Edge,
) -> (HttpResponse, &'static str) {
    let headers = request.headers();
    let client = match shared.client(headers) {
        Ok(client) => client,
        Err(problem) => return told(&problem, shared, edge, None),
    };
    tracing::Span::current().record("client", client.id.as_str());
    let allowance = shared.limits.take(&client.id, &service);
    if let Some(retry_after_s) = allowance.wait_s {
        let limited = Problem::of_refusal(&engine::refusal::Refusal::Limited { retry_after_s });
        return told(&limited, shared, edge, Some(&allowance));
    }
    match ask(service, headers, body, shared, edge, client).await {
        Ok(found) => {
            let code = if found.data.is_some() { "found" } else { "absent" };
            (answer::answered(&found, edge, &allowance), code)
        }
        Err(problem) => told(&problem, shared, edge, Some(&allowance)),
    }
}

fn told(
    problem: &Problem,
    shared: &Shared,
    edge: &Edge,
    allowance: Option<&Allowance>,
) -> (HttpResponse, &'static str) {
    (answer::problem(problem, shared, edge, allowance), problem.code)
}

/// Reads the question and asks the engine behind a panic barrier (F23).
async fn ask(
    service: String,
    headers: &HeaderMap,
    body: web::Payload,
    shared: &web::Data<Shared>,
    edge: &Edge,
    client: Client,
) -> Result<Answer, Problem> {
    let envelope = envelope(headers, body, shared).await?;
    let question = Question {
        service,
        purpose: envelope.purpose,
        query: envelope.query,
        trace_id: edge.trace_id.clone(),
        no_cache: asks_past_the_cache(headers),
        deadline: None,
    };
    let engine = shared.engine.clone();
    let asked = tokio::spawn(async move { engine.read(&client, question).await }.in_current_span());
    match asked.await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(failure)) => {
            if let Failure::Fault { fault, agency, .. } = &failure {
                // A fault's words hold no value (law L10): safe to log, and what an operator needs.
                tracing::warn!(agency, %fault, "fault");
            }
            Err(Problem::of_failure(&failure))
        }
        Err(_panicked) => {
            metrics::counter!("lienthong_panics_total").increment(1);
            Err(Problem::of_misuse(Misuse::Internal))
        }
    }
}

struct Envelope {
    purpose: Purpose,
    query: Value,
}

/// Reads `{ "purpose": {…}, "query": {…} }`.
async fn envelope(headers: &HeaderMap, body: web::Payload, shared: &Shared) -> Result<Envelope, Problem> {
    if !is_json(headers) {
        return Err(Problem::of_misuse(Misuse::UnsupportedMediaType));
    }
    let bytes = body
        .to_bytes_limited(shared.body_bytes_max)
        .await
        .map_err(|_too_large| Problem::of_misuse(Misuse::TooLarge))?
        .map_err(|_broken| Problem::of_misuse(Misuse::MalformedJson))?;
    let value = json::parse_value(&bytes, &shared.codec_limits)
        .map_err(|_error| Problem::of_misuse(Misuse::MalformedJson))?;
    // Sound JSON that is no envelope of ours is `invalid`, never `malformed-json`: the caller's parser is not to blame.
    let Value::Object(mut members) = value else {
        return Err(no_findings().finding("", "wrong-type"));
    };
    let query = members.remove("query").unwrap_or(Value::Object(Default::default()));
    let purpose = members.remove("purpose").unwrap_or(Value::Object(Default::default()));
    let unknown = members.keys().map(|name| format!("/{}", pointer_token(name)));
    let problem = unknown.take(FINDINGS_MAX).fold(no_findings(), |told, at| told.finding(&at, "unknown-field"));
    if problem.findings.is_empty() { Ok(Envelope { purpose: purpose_of(purpose)?, query }) } else { Err(problem) }
}

/// `invalid`, its findings still to be added.
fn no_findings() -> Problem {
    Problem::of_refusal(&engine::refusal::Refusal::Invalid { findings: Vec::new() })
}

/// A member's name as a token of a JSON pointer (RFC 6901). A name may be anything a caller typed: a long one is cut.
fn pointer_token(name: &str) -> String {
    let name: String = name.chars().take(NAME_CHARS_MAX).collect();
    name.replace('~', "~0").replace('/', "~1")
}

fn is_json(headers: &HeaderMap) -> bool {
    let text = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().is_some_and(|media| media.trim().eq_ignore_ascii_case("application/json"))
}

fn asks_past_the_cache(headers: &HeaderMap) -> bool {
    let text = headers.get("cache-control").and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(',').any(|directive| directive.trim().eq_ignore_ascii_case("no-cache"))
}

/// Findings told about the envelope: it has two members of ours, and nobody reads more than a screen.
const FINDINGS_MAX: usize = 20;
/// Characters of a member's name that are told back; the longest of ours has 9.
const NAME_CHARS_MAX: usize = 40;
/// The longest value a purpose's member may have: the longest code of `interfaces.md` 4 has 35 characters.
const PURPOSE_CHARS_MAX: usize = 64;

/// The purpose, every member checked at once. A member that is missing is left blank: policy then says what is required.
fn purpose_of(value: Value) -> Result<Purpose, Problem> {
    let Value::Object(members) = value else {
        return Err(no_findings().finding("/purpose", "wrong-type"));
    };
    let mut purpose = Purpose::default();
    let mut problem = no_findings();
    for (name, value) in members.into_iter().take(FINDINGS_MAX) {
        let pointer = format!("/purpose/{}", pointer_token(&name));
        let text = match value {
            Value::String(text) if text.chars().count() <= PURPOSE_CHARS_MAX => text,
            Value::String(_) => {
                problem = problem.finding(&pointer, "too-long");
                continue;
            }
            _ => {
                problem = problem.finding(&pointer, "wrong-type");
                continue;
            }
        };
        match name.as_str() {
            "procedure" => purpose.procedure = text,
            "officer" => purpose.officer = text,
            "dossier" => purpose.dossier = Some(text),
            "unit" => purpose.unit = Some(text),
            _ => problem = problem.finding(&pointer, "unknown-field"),
        }
    }
    if problem.findings.is_empty() { Ok(purpose) } else { Err(problem) }
}

/// Logged once, at the edge; the service's name only if it is one of ours.
fn record(
    shared: &Shared,
    service: &str,
    code: &'static str,
    begun: tokio::time::Instant,
    span: &tracing::Span,
) {
    let service = if shared.engine.catalogue().service(service).is_some() {
        service
    } else {
        crate::limits::UNKNOWN_SERVICE
    };
    let seconds = begun.elapsed().as_secs_f64();
    metrics::counter!("lienthong_http_reads_total", "service" => service.to_string(), "code" => code)
        .increment(1);
    metrics::histogram!("lienthong_read_seconds", "service" => service.to_string()).record(seconds);
    span.in_scope(|| tracing::info!(service, code, ms = (seconds * 1e3) as u64, "read"));
}
