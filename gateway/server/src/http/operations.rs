//! The operations port: health, metrics, and dropping a person from the cache. Never open to clients (T25).

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpResponse, web};
use adapter_api::codec::{Limits, json as strict};
use engine::feed::FeedView;
use engine::ports::Clock;
use engine::read::Engine;
use engine::resilience::{BreakerState, PartyView};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::catalogue::links;
use crate::audit_log::AuditLog;

/// Readiness trusts an append this old; an older one is tried anew (design 7: "ready only if a real append worked lately").
const APPEND_TRUSTED_MS: i64 = 10_000;
/// How long such a trial may take before the log counts as unavailable.
const APPEND_TRIAL: Duration = Duration::from_secs(2);

/// What the operations port shows.
pub struct Operations {
    /// The roads.
    pub engine: Arc<Engine>,
    /// The audit log.
    pub audit: Arc<AuditLog>,
    /// The metrics.
    pub metrics: PrometheusHandle,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Its routes.
pub fn routes(port: &mut web::ServiceConfig) {
    port.route("/health/live", web::get().to(live))
        .route("/health/ready", web::get().to(ready))
        .route("/health/agencies", web::get().to(agencies))
        .route("/metrics", web::get().to(metrics))
        .route("/cache/evict", web::post().to(evict));
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "live": true }))
}

/// Ready: the audit log takes records. An agency that is down does not make the gateway unready.
async fn ready(operations: web::Data<Operations>) -> HttpResponse {
    let ready = operations.appends().await;
    let body = json!({ "ready": ready, "audit": if ready { "ok" } else { "unavailable" } });
    if ready { HttpResponse::Ok().json(body) } else { HttpResponse::ServiceUnavailable().json(body) }
}

async fn agencies(operations: web::Data<Operations>) -> HttpResponse {
    HttpResponse::Ok().json(links(&operations.engine.agencies()))
}

async fn metrics(operations: web::Data<Operations>) -> HttpResponse {
    let views = operations.engine.agencies();
    for (kind, parties) in [("agency", &views.agencies), ("carrier", &views.carriers)] {
        parties.iter().for_each(|party| gauge_breaker(kind, party));
        parties.iter().for_each(gauge_waiting);
    }
    views.feeds.iter().for_each(gauge_feed);
    let (bytes, answers) = operations.engine.cache_size();
    metrics::gauge!("lienthong_cache_bytes").set(bytes as f64);
    metrics::gauge!("lienthong_cache_answers").set(answers as f64);
    metrics::gauge!("lienthong_audit_healthy").set(if operations.audit.is_healthy() { 1.0 } else { 0.0 });
    metrics::gauge!("lienthong_audit_notes_lost").set(operations.audit.notes_lost() as f64);
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(operations.metrics.render())
}

/// 0 closed, 1 half open, 2 open: an alert on `> 1` is an alert on a link that is down.
fn gauge_breaker(kind: &'static str, party: &PartyView) {
    let value = match party.breaker {
        BreakerState::Closed => 0.0,
        BreakerState::HalfOpen => 1.0,
        BreakerState::Open => 2.0,
    };
    metrics::gauge!("lienthong_breaker", "kind" => kind, "party" => party.name.clone()).set(value);
}

/// How many calls wait at a party's gate, by lane; how long each waited is the histogram `lienthong_wait_seconds`.
fn gauge_waiting(party: &PartyView) {
    for (lane, waiting) in party.waiting {
        metrics::gauge!("lienthong_waiting", "party" => party.name.clone(), "lane" => lane.word())
            .set(waiting as f64);
    }
}

/// How far behind a feed is; without a complete read since the start there is no age, and `lienthong_feed_read` is 0.
fn gauge_feed(feed: &FeedView) {
    let gauge =
        |name: &'static str, value: f64| metrics::gauge!(name, "feed" => feed.name.clone()).set(value);
    gauge("lienthong_feed_read", if feed.age_s.is_some() { 1.0 } else { 0.0 });
    gauge("lienthong_feed_failing", if feed.failing.is_some() { 1.0 } else { 0.0 });
    if let Some(age_s) = feed.age_s {
        gauge("lienthong_feed_age_seconds", age_s as f64);
    }
    gauge("lienthong_feed_subjects", feed.subjects as f64);
    gauge("lienthong_feed_subjects_dropped", feed.dropped as f64);
}

/// Forgets every answer about a person, and every one on its way: `{ "subject": "<số định danh>" }`, after a correction
/// at the agency. In the body, so that no number stands in an address.
async fn evict(operations: web::Data<Operations>, body: web::Bytes) -> HttpResponse {
    let asked = strict::parse_value(&body, &Limits::default()).ok();
    match asked.as_ref().and_then(|asked| asked.get("subject")).and_then(Value::as_str) {
        Some(subject) => {
            operations.engine.evict(subject);
            HttpResponse::NoContent().finish()
        }
        None => HttpResponse::BadRequest().json(json!({ "error": "{ \"subject\": \"…\" } is expected" })),
    }
}

impl Operations {
    async fn appends(&self) -> bool {
        if !self.audit.is_healthy() {
            return false;
        }
        if self.clock.unix_ms() - self.audit.last_append_unix_ms() < APPEND_TRUSTED_MS {
            return true;
        }
        matches!(timeout(APPEND_TRIAL, self.audit.beat()).await, Ok(Ok(())))
    }
}
