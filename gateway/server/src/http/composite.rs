//! Puts an answer of several agencies on the wire: what became of each part, and where they contradict each other.

use actix_web::HttpResponse;
use engine::composite::conflict::{Conflict, Said};
use engine::composite::{PartReport, Together};
use engine::fan_out::PartStatus;
use engine::refusal::Failure;
use serde::Serialize;
use serde_json::Value;

use super::answer::SourceBody;
use super::{Edge, Shared, answer};
use crate::limits::Allowance;
use crate::problem::Problem;

/// The body of an answered composite, borrowed.
#[derive(Serialize)]
struct Body<'a> {
    outcome: &'static str,
    data: Option<&'a Value>,
    source: SourceBody<'a>,
    parts: Vec<PartBody<'a>>,
    conflicts: Vec<ConflictBody<'a>>,
    complete: bool,
    trace_id: &'a str,
}

#[derive(Serialize)]
struct PartBody<'a> {
    name: &'a str,
    agency: &'a str,
    service: &'a str,
    required: bool,
    status: &'static str,
    at: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<SourceBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Value>,
}

#[derive(Serialize)]
struct ConflictBody<'a> {
    field: &'a str,
    title: &'a str,
    title_en: &'a str,
    kind: &'static str,
    values: Vec<SaidBody<'a>>,
}

#[derive(Serialize)]
struct SaidBody<'a> {
    part: &'a str,
    agency: &'a str,
    value: &'a Value,
}

/// The response of an answered composite, whole or partial.
pub fn answered(together: &Together, shared: &Shared, edge: &Edge, allowance: &Allowance) -> HttpResponse {
    let parts = together.parts.iter().map(|report| part(report, shared, edge));
    let body = Body {
        outcome: answer::outcome(together.data.as_ref()),
        data: together.data.as_ref(),
        source: answer::source(&together.source),
        parts: parts.collect(),
        conflicts: together.conflicts.iter().map(conflict).collect(),
        complete: together.complete,
        trace_id: &edge.trace_id,
    };
    answer::ok(&body, &together.source, edge, allowance)
}

/// One part: answered with its source, or not with its problem, the same as if it had been asked alone.
fn part<'a>(report: &'a PartReport, shared: &Shared, edge: &Edge) -> PartBody<'a> {
    let (answered, problem) = match &report.status {
        PartStatus::Ok(found) | PartStatus::Stale(found) => (Some(found), None),
        PartStatus::Absent(nothing) => (nothing.as_ref(), None),
        PartStatus::Denied(refusal) => (None, Some(Problem::of_refusal(refusal))),
        PartStatus::Failed(failure) => {
            if let Failure::Fault { fault, agency, .. } = failure {
                // A fault's words hold no value (law L10): safe to log, and what an operator needs.
                tracing::warn!(agency, %fault, part = report.name, "fault");
            }
            (None, Some(Problem::of_failure(failure)))
        }
    };
    PartBody {
        name: &report.name,
        agency: &report.agency,
        service: &report.service,
        required: report.required,
        status: report.status.word(),
        at: &report.at,
        source: answered.map(|answer| answer::source(&answer.source)),
        problem: problem.map(|problem| problem.body(&shared.words(edge.language), &edge.trace_id)),
    }
}

fn conflict(conflict: &Conflict) -> ConflictBody<'_> {
    ConflictBody {
        field: &conflict.field,
        title: &conflict.title,
        title_en: &conflict.title_en,
        kind: conflict.kind.word(),
        values: conflict.values.iter().map(said).collect(),
    }
}

fn said(Said { part, agency, value }: &Said) -> SaidBody<'_> {
    SaidBody { part, agency, value }
}
