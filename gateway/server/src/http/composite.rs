//! Puts an answer of several agencies on the wire: what became of each part, and where they contradict each other.

use actix_web::HttpResponse;
use engine::composite::conflict::Conflict;
use engine::composite::{PartReport, Together};
use engine::fan_out::PartStatus;
use engine::refusal::Failure;
use serde_json::{Map, Value, json};

use super::{Edge, Shared, answer};
use crate::limits::Allowance;
use crate::problem::Problem;

/// The response of an answered composite, whole or partial.
pub fn answered(together: &Together, shared: &Shared, edge: &Edge, allowance: &Allowance) -> HttpResponse {
    let parts = together.parts.iter().map(|report| part(report, shared, edge));
    let body = json!({
        "outcome": answer::outcome(together.data.as_ref()),
        "data": together.data.as_ref().unwrap_or(&Value::Null),
        "source": answer::source(&together.source),
        "parts": parts.collect::<Vec<_>>(),
        "conflicts": together.conflicts.iter().map(conflict).collect::<Vec<_>>(),
        "complete": together.complete,
        "trace_id": edge.trace_id,
    });
    answer::ok(&body, &together.source, edge, allowance)
}

/// One part: answered with its source, or not with its problem, the same as if it had been asked alone.
fn part(report: &PartReport, shared: &Shared, edge: &Edge) -> Value {
    let mut told = Map::new();
    told.insert("name".into(), json!(report.name));
    told.insert("agency".into(), json!(report.agency));
    told.insert("service".into(), json!(report.service));
    told.insert("required".into(), json!(report.required));
    told.insert("status".into(), json!(report.status.word()));
    told.insert("at".into(), json!(report.at));
    let problem = match &report.status {
        PartStatus::Ok(found) | PartStatus::Stale(found) => {
            told.insert("source".into(), answer::source(&found.source));
            None
        }
        PartStatus::Absent(nothing) => {
            told.extend(nothing.as_ref().map(|it| ("source".to_owned(), answer::source(&it.source))));
            None
        }
        PartStatus::Denied(refusal) => Some(Problem::of_refusal(refusal)),
        PartStatus::Failed(failure) => {
            if let Failure::Fault { fault, agency, .. } = failure {
                // A fault's words hold no value (law L10): safe to log, and what an operator needs.
                tracing::warn!(agency, %fault, part = report.name, "fault");
            }
            Some(Problem::of_failure(failure))
        }
    };
    if let Some(problem) = problem {
        told.insert("problem".into(), problem.body(&shared.words(edge.language), &edge.trace_id));
    }
    Value::Object(told)
}

fn conflict(conflict: &Conflict) -> Value {
    let values = conflict.values.iter();
    let values = values.map(|said| json!({ "part": said.part, "agency": said.agency, "value": said.value }));
    json!({
        "field": conflict.field,
        "title": conflict.title,
        "title_en": conflict.title_en,
        "kind": conflict.kind.word(),
        "values": values.collect::<Vec<_>>(),
    })
}
