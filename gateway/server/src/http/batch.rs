//! `POST /v1/batch`: up to a thousand queries of one service, answered line by line as each ends, with progress.
//!
//! Every query goes the whole straight road on its own: allowance, schema, policy, audit, cache, the agency, masking. What a
//! batch adds is patience: it waits where a single request would be refused, and the counter goes first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::{HttpRequest, HttpResponse, web};
use engine::client::{Client, Lane};
use engine::read::Question;
use engine::refusal::{Failure, Refusal};
use futures_util::stream;
use serde_json::Value;
use tokio::sync::mpsc;
use tracing::Instrument;

use super::envelope::read_bytes;
use super::read::{asks_past_the_cache, behind_barrier};
use super::{Edge, Shared, answer};
use crate::limits::UNKNOWN_SERVICE;
use crate::problem::Problem;

mod line;
mod order;
mod run;

use order::Order;
use run::{LINES_AHEAD, Run};

pub use order::QUERIES_MAX;

/// A body may be this long: a thousand queries of the largest request schema, which needs under 2 kB.
pub const BATCH_BODY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Batches of one service that a client may have under way: a second one would only take turns with the first.
const BATCHES_AT_ONCE: usize = 1;
/// When to look again whether the other batch has ended; nobody knows when it will.
const LOOK_AGAIN_S: u64 = 10;

/// The batches under way, by client and service.
#[derive(Debug, Default)]
pub struct Batches(Mutex<HashMap<(String, String), usize>>);

/// One of them; given back when dropped.
#[derive(Debug)]
struct Slot {
    batches: Arc<Batches>,
    of: (String, String),
}

/// Answers a batch.
pub async fn batch(request: HttpRequest, body: web::Payload, shared: web::Data<Shared>) -> HttpResponse {
    let edge = Edge::of(request.headers(), shared.chance.as_ref());
    let span = tracing::info_span!("batch", trace_id = %edge.trace_id, client = tracing::field::Empty);
    let beginning = begin(&request, body, &shared, &edge).instrument(span.clone());
    let begun = behind_barrier(beginning).await.and_then(|begun| begun);
    match begun {
        Ok(run) => streamed(run, &edge, span),
        Err(problem) => {
            span.in_scope(|| tracing::info!(code = problem.code, "batch refused"));
            answer::problem(&problem, &shared, &edge, None)
        }
    }
}

/// Everything that is told once, before the first line: who, how often, the envelope, whether they may.
async fn begin(
    request: &HttpRequest,
    body: web::Payload,
    shared: &web::Data<Shared>,
    edge: &Edge,
) -> Result<Run, Box<Problem>> {
    let headers = request.headers();
    let client = shared.client(headers)?;
    tracing::Span::current().record("client", client.id.as_str());
    // Reading two megabytes costs something, whatever comes of it: it is charged before the service is known.
    let allowance = shared.limits.take(&client.id, UNKNOWN_SERVICE);
    if let Some(retry_after_s) = allowance.wait_s {
        return Err(refused(&Refusal::Limited { retry_after_s }));
    }
    if !request.query_string().is_empty() {
        let invalid = Problem::of_refusal(&Refusal::Invalid { findings: Vec::new() });
        return Err(Box::new(invalid.finding("", "unknown-field")));
    }
    let bytes = read_bytes(headers, body, BATCH_BODY_BYTES_MAX, shared.body_timeout).await?;
    let Order { purpose, service, queries } = Order::parse(&bytes, &shared.codec_limits)?;
    let question = Question {
        service,
        purpose,
        query: Value::Null,
        trace_id: edge.trace_id.clone(),
        no_cache: asks_past_the_cache(headers),
        deadline: None,
        lane: Lane::Batch,
    };
    shared.engine.may_begin(&client, &question).map_err(|refusal| refused(&refusal))?;
    let slot = Batches::take(&shared.batches, &client, &question.service)
        .ok_or_else(|| refused(&Refusal::Limited { retry_after_s: LOOK_AGAIN_S }))?;
    Ok(Run { shared: shared.clone(), client, question, queries, edge: edge.clone(), _slot: slot })
}

/// The response; the batch runs beside it and ends when nobody takes its lines any more.
fn streamed(run: Run, edge: &Edge, span: tracing::Span) -> HttpResponse {
    let (sender, lines) = mpsc::channel(LINES_AHEAD);
    actix_web::rt::spawn(run.run_to_its_end(sender).instrument(span));
    let lines = stream::unfold(lines, |mut lines| async move {
        let line = lines.recv().await?;
        Some((Ok::<_, actix_web::Error>(line), lines))
    });
    HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .insert_header(("x-trace-id", edge.trace_id.clone()))
        .content_type("application/x-ndjson")
        .streaming(lines)
}

fn refused(refusal: &Refusal) -> Box<Problem> {
    Box::new(Problem::of_failure(&Failure::Refusal(refusal.clone())))
}

impl Batches {
    /// Takes a slot, if this client has one left for this service.
    fn take(batches: &Arc<Batches>, client: &Client, service: &str) -> Option<Slot> {
        let of = (client.id.clone(), service.to_owned());
        let mut under_way = batches.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = under_way.entry(of.clone()).or_default();
        if *number >= BATCHES_AT_ONCE {
            return None;
        }
        *number += 1;
        Some(Slot { batches: Arc::clone(batches), of })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut under_way = self.batches.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = under_way.get_mut(&self.of) {
            *number -= 1;
            if *number == 0 {
                under_way.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_one_batch_of_a_service_at_a_time() {
        let batches = Arc::default();
        let client = |id: &str| Client { id: id.into(), rights: Default::default(), lane: Lane::Counter };
        let first = Batches::take(&batches, &client("a"), "residence.person");
        assert!(first.is_some());
        assert!(Batches::take(&batches, &client("a"), "residence.person").is_none());
        assert!(Batches::take(&batches, &client("a"), "residence.verify").is_some());
        assert!(Batches::take(&batches, &client("b"), "residence.person").is_some());
        drop(first);
        assert!(Batches::take(&batches, &client("a"), "residence.person").is_some());
        assert!(batches.0.lock().unwrap().is_empty(), "nothing is remembered of what has ended");
    }
}
