//! Whether a value of one shape can stand where the schema wants another (C5, C6, C7).

use crate::language::syntax::Constant;
use crate::schema::{Scalar, Shape};

use super::known::{describe, is_coded_value};

/// Whether a constant can be the value of a field of ours.
pub(super) fn constant_fits(constant: &Constant, scalar: &Scalar) -> bool {
    match (scalar, constant) {
        (Scalar::Integer, Constant::Number(text) | Constant::Text(text)) => {
            text.trim().parse::<i64>().is_ok()
        }
        (Scalar::Boolean, Constant::Bool(_)) => true,
        (Scalar::Boolean, Constant::Text(text)) => text == "true" || text == "false",
        (Scalar::Integer, Constant::Bool(_)) | (Scalar::Boolean, Constant::Number(_)) => false,
        (Scalar::Date | Scalar::PartialDate | Scalar::Moment | Scalar::Document, _) => false,
        (Scalar::Text | Scalar::Words(_), _) => true,
    }
}

/// Why a value of this shape is not what the schema wants: code, message, help.
pub(super) fn misfit(given: &Shape, want: &Shape) -> Option<(&'static str, String, &'static str)> {
    let wants = format!("the schema wants {}", describe(want));
    match (want, given) {
        (Shape::Any, _) => None,
        (Shape::Object(_), Shape::Object(_)) => None,
        (Shape::Object(_), Shape::Any) if is_coded_value(want) => Some((
            "C6",
            format!("{wants} {{ system, code, title }}, nothing makes one"),
            "use a descriptive `table`",
        )),
        (Shape::Object(_), _) => Some(("C5", format!("{wants} here"), "draw it, or use a shape")),
        (Shape::List(want), Shape::List(given)) => misfit(given, want),
        (Shape::List(_), _) => Some(("C5", format!("{wants}, one value is given"), "take them with `each`")),
        (Shape::Scalar(_), Shape::Object(_) | Shape::List(_)) => {
            Some(("C5", format!("{wants}, this gives {}", describe(given)), "name the part that is meant"))
        }
        (Shape::Scalar(Scalar::Date | Scalar::PartialDate | Scalar::Moment), Shape::Any) => {
            Some(("C7", format!("{wants}, no format is given"), "add `date = …` as the agency writes it"))
        }
        (Shape::Scalar(Scalar::Words(_)), Shape::Any) => {
            Some(("C6", format!("{wants}, no table is given"), "add `table = …`"))
        }
        (Shape::Scalar(Scalar::Document), Shape::Any) => Some(("C5", wants, "add `document = \"base64\"`")),
        (Shape::Scalar(_), Shape::Any) => None,
        (Shape::Scalar(want), Shape::Scalar(given)) if scalar_fits(given, want) => None,
        (Shape::Scalar(_), Shape::Scalar(_)) => Some((
            "C5",
            format!("{wants}, this gives {}", describe(given)),
            "convert it, or name another field",
        )),
    }
}

fn scalar_fits(given: &Scalar, want: &Scalar) -> bool {
    match (want, given) {
        (Scalar::Text, Scalar::Document) => false,
        (Scalar::Text, _) => true,
        (Scalar::PartialDate, Scalar::Date) => true,
        (Scalar::Words(want), Scalar::Words(given)) => given.iter().all(|word| want.contains(word)),
        (want, given) => want == given,
    }
}
