//! Which required fields of the query never reach the wire (law L12).

use crate::agency::Operation;
use crate::schema::Shape;

use super::{Checker, Demand};

impl Checker<'_> {
    /// Every required field of the query is written somewhere, or said to be unused.
    pub(super) fn reach(&mut self, name: &str, operation: &Operation, query: &Shape) {
        if !self.strictness.demands(Demand::Unused) {
            return;
        }
        let spot = (&operation.place, format!("operation.{name}"));
        for field in required_leaves(query, "") {
            let unused = operation.unused.iter().any(|unused| covers(&unused.replace('?', ""), &field));
            let reached = self.reached.iter().any(|reached| covers(reached, &field));
            if !unused && !reached {
                let message = format!("the request schema requires `{field}`, which never reaches the wire");
                let help = format!("draw it, or say unused = [\"{field}\"] if the agency has no room for it");
                self.error("L12", (spot.0, &spot.1), message, help);
            }
        }
        for unused in &operation.unused {
            if self.reached.contains(&unused.replace('?', "")) {
                let message = format!("`unused` names `{unused}`, which does reach the wire");
                self.error("L12", (spot.0, &spot.1), message, "take it out of `unused`");
            }
        }
    }
}

/// Whether what was written, `deceased`, takes `deceased.id_number` with it.
fn covers(written: &str, field: &str) -> bool {
    written.is_empty() || written == field || field.starts_with(&format!("{written}."))
}

/// The required single values below a shape, by dotted path; those of list items too.
fn required_leaves(shape: &Shape, at: &str) -> Vec<String> {
    match shape {
        Shape::Object(properties) => properties
            .iter()
            .filter(|property| property.required)
            .flat_map(|property| {
                let at =
                    if at.is_empty() { property.name.clone() } else { format!("{at}.{}", property.name) };
                required_leaves(&property.shape, &at)
            })
            .collect(),
        Shape::List(inner) => required_leaves(inner, at),
        Shape::Scalar(_) | Shape::Any if at.is_empty() => Vec::new(),
        Shape::Scalar(_) | Shape::Any => vec![at.to_owned()],
    }
}
