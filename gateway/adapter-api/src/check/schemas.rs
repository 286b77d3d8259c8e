//! The schemas themselves: every field of a service says how far it may be seen and kept (S1).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Place};
use crate::schema::{ServiceShape, Shape};

/// Reports every single value of the services' queries and answers that has no data class.
///
/// An object may leave the class to its fields. A shape knows no line: the place is the service's name, line 1.
pub fn check_schemas(services: &BTreeMap<String, ServiceShape>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for (service, shape) in services {
        let place = Place::new(&Arc::from(service.as_str()), 1);
        unclassed(&shape.query, "query", &place, &mut findings);
        unclassed(&shape.answer, "answer", &place, &mut findings);
    }
    findings
}

/// Reports every single value of a case's input that has no data class, as [`check_schemas`] does for services.
pub fn check_case(name: &str, input: &Shape) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    unclassed(input, "input", &Place::new(&Arc::from(name), 1), &mut findings);
    findings
}

fn unclassed(shape: &Shape, at: &str, place: &Place, findings: &mut Vec<Diagnostic>) {
    match shape {
        Shape::Object(properties) => {
            for property in properties {
                let at = format!("{at}.{}", property.name);
                if property.class.is_none() && !holds_fields(&property.shape) {
                    let message = format!("the field `{}` has no data class", property.name);
                    let help = "say \"x-data-class\": public, personal or sensitive";
                    findings.push(Diagnostic::error("S1", place, at.clone(), message).help(help));
                }
                unclassed(&property.shape, &at, place, findings);
            }
        }
        Shape::List(inner) => unclassed(inner, at, place, findings),
        Shape::Scalar(_) | Shape::Any => {}
    }
}

fn holds_fields(shape: &Shape) -> bool {
    match shape {
        Shape::Object(_) => true,
        Shape::List(inner) => holds_fields(inner),
        Shape::Scalar(_) | Shape::Any => false,
    }
}
