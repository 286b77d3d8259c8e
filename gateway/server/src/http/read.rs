//! `POST /v1/{agency}/{operation}`: one read, of one agency or of several.

use std::panic::AssertUnwindSafe;

use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, HttpResponse, web};
use engine::client::Client;
use engine::composite::Answered;
use engine::read::Question;
use engine::refusal::{Failure, Refusal};
use futures_util::FutureExt;
use tracing::Instrument;

use super::envelope::Envelope;
use super::{Edge, Shared, answer, composite};
use crate::limits::Allowance;
use crate::problem::{Misuse, Problem};

/// The longest service name a path can say; the longest of ours has 27 characters.
pub(super) const SERVICE_NAME_CHARS_MAX: usize = 80;

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
    let responding = respond(&request, service.clone(), body, &shared, &edge).instrument(span.clone());
    let (response, code) = match behind_barrier(responding).await {
        Ok(responded) => responded,
        Err(problem) => told(&problem, &shared, &edge, None),
    };
    record(&shared, &service, code, begun, &span);
    response
}

/// The panic barrier (F23): whatever panics in here costs this one request, and is told as `internal`.
pub(super) async fn behind_barrier<T>(responding: impl Future<Output = T>) -> Result<T, Box<Problem>> {
    // Sound: nothing that was borrowed is looked at again but counters and locks that heal themselves.
    AssertUnwindSafe(responding).catch_unwind().await.map_err(|_panic| panicked())
}

fn panicked() -> Box<Problem> {
    metrics::counter!("lienthong_panics_total").increment(1);
    Box::new(Problem::of_misuse(Misuse::Internal))
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
        let limited = Problem::of_refusal(&Refusal::Limited { retry_after_s });
        return told(&limited, shared, edge, Some(&allowance));
    }
    if !request.query_string().is_empty() {
        // Personal data never stands in an address: logs of everybody between us would keep it.
        let invalid = Problem::of_refusal(&Refusal::Invalid { findings: Vec::new() });
        return told(&invalid.finding("", "unknown-field"), shared, edge, Some(&allowance));
    }
    // From the arrival: a body that comes slowly spends its caller's own time.
    let deadline = super::deadline::of(headers);
    let envelope = match Envelope::read(headers, body, shared).await {
        Ok(envelope) => envelope,
        Err(problem) => return told(&problem, shared, edge, Some(&allowance)),
    };
    let question = Question {
        service,
        purpose: envelope.purpose,
        query: envelope.query,
        trace_id: edge.trace_id.clone(),
        no_cache: asks_past_the_cache(headers),
        deadline,
        lane: super::lane::of(headers, &client),
    };
    match ask(shared, client, question).await {
        Ok(Answered::One(found)) => {
            let code = if found.data.is_some() { "found" } else { "absent" };
            (answer::answered(&found, edge, &allowance), code)
        }
        Ok(Answered::Several(together)) => {
            let code = match (&together.data, together.complete) {
                (_, false) => "partial",
                (Some(_), true) => "found",
                (None, true) => "absent",
            };
            (composite::answered(&together, shared, edge, &allowance), code)
        }
        Err(problem) => told(&problem, shared, edge, Some(&allowance)),
    }
}

pub(super) fn told(
    problem: &Problem,
    shared: &Shared,
    edge: &Edge,
    allowance: Option<&Allowance>,
) -> (HttpResponse, &'static str) {
    (answer::problem(problem, shared, edge, allowance), problem.code)
}

/// Asks the engine, in a task of its own: what was begun is ended and written down, though the caller has gone.
pub(super) async fn ask(
    shared: &Shared,
    client: Client,
    question: Question,
) -> Result<Answered, Box<Problem>> {
    let engine = shared.engine.clone();
    let asked = tokio::spawn(async move { engine.ask(&client, question).await }.in_current_span());
    match asked.await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(failure)) => {
            if let Failure::Fault { fault, agency, .. } = &failure {
                // A fault's words hold no value (law L10): safe to log, and what an operator needs.
                tracing::warn!(agency, %fault, "fault");
            }
            Err(Box::new(Problem::of_failure(&failure)))
        }
        Err(_panic) => Err(panicked()),
    }
}

pub(super) fn asks_past_the_cache(headers: &HeaderMap) -> bool {
    let text = headers.get("cache-control").and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(',').any(|directive| directive.trim().eq_ignore_ascii_case("no-cache"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_anywhere_in_an_answer_is_told_as_internal() {
        assert_eq!(behind_barrier(async { 7 }).await, Ok(7));
        let problem = behind_barrier(async { panic!("of ours") }).await.map(|(): ()| ()).unwrap_err();
        assert_eq!((problem.status, problem.code), (500, "internal"));
    }
}
