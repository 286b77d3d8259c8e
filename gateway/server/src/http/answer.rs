//! Puts answers and problems on the wire.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder};
use engine::read::{Answer, CacheUse, Source};
use serde::Serialize;
use serde_json::Value;

use super::{Edge, Shared};
use crate::limits::Allowance;
use crate::problem::Problem;

/// The body of an answered read, borrowed: written as it stands, never copied into a value of its own first.
#[derive(Serialize)]
struct Body<'a> {
    outcome: &'static str,
    data: Option<&'a Value>,
    source: SourceBody<'a>,
    trace_id: &'a str,
}

/// Where an answer came from.
#[derive(Serialize)]
pub struct SourceBody<'a> {
    agency: &'a str,
    service: &'a str,
    retrieved_at: &'a str,
    age_s: u64,
    cache: &'static str,
    reference: &'a str,
}

/// The response of an answered read.
pub fn answered(answer: &Answer, edge: &Edge, allowance: &Allowance) -> HttpResponse {
    let data = answer.data.as_deref();
    let body =
        Body { outcome: outcome(data), data, source: source(&answer.source), trace_id: &edge.trace_id };
    ok(&body, &answer.source, edge, allowance)
}

/// The word for whether there is anything.
pub fn outcome(data: Option<&Value>) -> &'static str {
    if data.is_some() { "found" } else { "absent" }
}

/// Where an answer came from.
pub fn source(source: &Source) -> SourceBody<'_> {
    SourceBody {
        agency: &source.agency,
        service: &source.service,
        retrieved_at: &source.retrieved_at,
        age_s: source.age_s,
        cache: source.cache.word(),
        reference: &source.reference,
    }
}

/// 200 with this body and the headers of every answer.
pub fn ok(body: &impl Serialize, source: &Source, edge: &Edge, allowance: &Allowance) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    limit_headers(&mut response, allowance);
    response
        .insert_header(("cache-control", "no-store"))
        .insert_header(("cache-status", cache_status(source)))
        .insert_header(("x-trace-id", edge.trace_id.clone()))
        .json(body)
}

/// The response of a problem.
pub fn problem(
    problem: &Problem,
    shared: &Shared,
    edge: &Edge,
    allowance: Option<&Allowance>,
) -> HttpResponse {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    if let Some(allowance) = allowance {
        limit_headers(&mut response, allowance);
    }
    if let Some(seconds) = problem.retry_after_s {
        response.insert_header(("retry-after", seconds.to_string()));
    }
    if status == StatusCode::UNAUTHORIZED {
        let refused = "Bearer error=\"invalid_token\"";
        let challenge = if problem.token_refused { refused } else { "Bearer" };
        response.insert_header(("www-authenticate", challenge));
    }
    if status == StatusCode::REQUEST_TIMEOUT {
        // What is left of the body may still come: it must not be taken for the next request.
        response.force_close();
    }
    response
        .insert_header(("cache-control", "no-store"))
        .insert_header(("content-language", edge.language.tag()))
        .insert_header(("vary", "accept-language"))
        .insert_header(("x-trace-id", edge.trace_id.clone()))
        .content_type("application/problem+json")
        .body(problem.body(&shared.words(edge.language), &edge.trace_id).to_string())
}

/// A plain JSON response.
pub fn json_body(body: &Value, edge: &Edge) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .insert_header(("x-trace-id", edge.trace_id.clone()))
        .content_type("application/json")
        .body(body.to_string())
}

/// `RateLimit` and `RateLimit-Policy`.
pub fn limit_headers(response: &mut HttpResponseBuilder, allowance: &Allowance) {
    let Allowance { remaining, burst, window_s, .. } = allowance;
    let reset = allowance.wait_s.unwrap_or(*window_s);
    response
        .insert_header(("ratelimit-policy", format!("\"service\";q={burst};w={window_s}")))
        .insert_header(("ratelimit", format!("\"service\";r={remaining};t={reset}")));
}

/// `Cache-Status` (RFC 9211).
fn cache_status(source: &Source) -> String {
    let left = source.fresh_for_s;
    match source.cache {
        CacheUse::Hit => format!("lienthong; hit; ttl={left}"),
        CacheUse::Stale => format!("lienthong; hit; fwd=stale; ttl={left}"),
        CacheUse::Miss => "lienthong; fwd=uri-miss".to_string(),
        CacheUse::Revalidated => "lienthong; fwd=request".to_string(),
    }
}
