//! The operations port: health and metrics. Never open to clients (T25).

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use engine::read::Engine;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;

use crate::audit_log::AuditLog;

/// What the operations port shows.
pub struct Operations {
    /// The roads.
    pub engine: Arc<Engine>,
    /// Ready only if a real append worked lately.
    pub audit: Arc<AuditLog>,
    /// The metrics.
    pub metrics: PrometheusHandle,
}

/// Its routes.
pub fn routes(port: &mut web::ServiceConfig) {
    port.route("/health/live", web::get().to(live))
        .route("/health/ready", web::get().to(ready))
        .route("/health/agencies", web::get().to(agencies))
        .route("/metrics", web::get().to(metrics));
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "live": true }))
}

/// Ready: the audit log takes records. An agency that is down does not make the gateway unready.
async fn ready(operations: web::Data<Operations>) -> HttpResponse {
    let ready = operations.audit.is_healthy();
    let body = json!({ "ready": ready, "audit": if ready { "ok" } else { "unavailable" } });
    if ready { HttpResponse::Ok().json(body) } else { HttpResponse::ServiceUnavailable().json(body) }
}

async fn agencies(operations: web::Data<Operations>) -> HttpResponse {
    HttpResponse::Ok().json(super::catalogue::links(&operations.engine.agencies()))
}

async fn metrics(operations: web::Data<Operations>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(operations.metrics.render())
}
