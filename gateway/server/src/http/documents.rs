//! `GET /v1/documents/{id}`: a document that an answer told this client of.

use std::sync::Arc;

use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::client::Purpose;
use engine::documents::Document;
use engine::refusal::Refusal;

use super::{Edge, Shared, answer, envelope};
use crate::hex;
use crate::limits::{Allowance, DOCUMENTS};
use crate::problem::{Misuse, Problem};

/// The header a GET tells its purpose in: the same object as in a read's body.
pub const PURPOSE_HEADER: &str = "x-purpose";
/// Four codes of 64 characters with their names; more is no purpose of ours.
const PURPOSE_BYTES_MAX: usize = 1024;

/// Sends one document.
pub async fn document(
    request: HttpRequest,
    path: web::Path<String>,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let edge = Edge::of(request.headers(), shared.chance.as_ref());
    let client = match shared.client(request.headers()) {
        Ok(client) => client,
        Err(problem) => return answer::problem(&problem, &shared, &edge, None),
    };
    let allowance = shared.limits.take(&client.id, DOCUMENTS);
    let told = |problem: &Problem| answer::problem(problem, &shared, &edge, Some(&allowance));
    if let Some(retry_after_s) = allowance.wait_s {
        return told(&Problem::of_refusal(&Refusal::Limited { retry_after_s }));
    }
    let purpose = match purpose_of(request.headers(), &shared) {
        Ok(purpose) => purpose,
        Err(problem) => return told(&problem),
    };
    let found = shared.engine.document(&client, &purpose, &path, &edge.trace_id).await;
    let code = match &found {
        Ok(Some(_)) => "found",
        Ok(None) => "not-found",
        Err(refusal) => refusal.code(),
    };
    metrics::counter!("lienthong_http_documents_total", "code" => code).increment(1);
    tracing::info!(trace_id = %edge.trace_id, client = client.id, code, "document");
    match found {
        Ok(Some(document)) => sent(&document, &path, &edge, &allowance),
        // Nobody's and somebody else's are answered alike (T29).
        Ok(None) => told(&Problem::of_misuse(Misuse::NotFound)),
        Err(refusal) => told(&Problem::of_refusal(&refusal)),
    }
}

fn purpose_of(headers: &HeaderMap, shared: &Shared) -> Result<Purpose, Box<Problem>> {
    let mut given = headers.get_all(PURPOSE_HEADER);
    let text = match (given.next(), given.next()) {
        (None, _) => return Ok(Purpose::default()),
        (Some(only), None) if only.len() <= PURPOSE_BYTES_MAX => only.as_bytes(),
        (Some(_), _) => {
            let invalid = Problem::of_refusal(&Refusal::Invalid { findings: Vec::new() });
            return Err(Box::new(invalid.finding("/purpose", "wrong-format")));
        }
    };
    envelope::purpose_alone(text, &shared.codec_limits)
}

fn sent(document: &Arc<Document>, id: &str, edge: &Edge, allowance: &Allowance) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    answer::limit_headers(&mut response, allowance);
    response
        .insert_header(("cache-control", "private, no-store"))
        .insert_header(("content-disposition", format!("attachment; filename=\"{id}.pdf\"")))
        .insert_header(("etag", format!("\"sha256-{}\"", hex::lower(&document.sha256))))
        .insert_header(("repr-digest", format!("sha-256=:{}:", STANDARD.encode(document.sha256))))
        .insert_header(("x-trace-id", edge.trace_id.clone()))
        .content_type(document.media_type)
        .body(document.bytes.clone())
}
