//! Compares a drawing with the object it should give: unknown fields, missing fields, prefixes (C2, C5).

use crate::language::syntax::{Drawing, Field};
use crate::schema::{Property, Shape};

use super::Checker;
use super::known::{Holder, Known, Scope, Way, Words, describe};
use super::nearest::meant;

impl<'a> Checker<'a> {
    /// What a drawing gives; it is absent when all its fields are.
    pub(super) fn drawing(&mut self, drawing: &'a Drawing, scope: &Scope<'a>, want: &Shape) -> Known {
        let properties = match want {
            Shape::Object(properties) => Some(properties.as_slice()),
            Shape::Any => None,
            Shape::List(_) | Shape::Scalar(_) => {
                let message = format!("the schema wants {}, an object is drawn", describe(want));
                self.error(
                    "C5",
                    (&drawing.place, &scope.at),
                    message,
                    "give one value, or take each row with `each`",
                );
                None
            }
        };
        let mut maybe = !drawing.fields.is_empty();
        for field in &drawing.fields {
            maybe &= self.field(field, scope, properties).maybe;
        }
        if let Some(properties) = properties {
            self.fields_missing(drawing, properties, scope);
        }
        Known { maybe, settled: true, ..Known::of(Shape::Any, Words::Either, Holder::Agency) }
    }

    fn field(&mut self, field: &'a Field, scope: &Scope<'a>, properties: Option<&[Property]>) -> Known {
        let scope = scope.below(&field.name);
        let spot = (&field.place, scope.at.as_str());
        if let Some((prefix, _)) =
            field.name.trim_start_matches('@').split_once(':').filter(|_| scope.way == Way::Write)
        {
            self.prefix(prefix, spot);
        }
        let property = properties.and_then(|all| all.iter().find(|property| property.name == field.name));
        if let (Some(all), None) = (properties, property) {
            let message = format!("the schema has no field `{}` here", field.name);
            self.error(
                "C5",
                spot,
                message,
                meant(&field.name, all.iter().map(|property| property.name.as_str())),
            );
        }
        let want = property.map_or(&Shape::Any, |property| &property.shape);
        let known = self.expression(&field.value, &scope, want);
        self.leaf(&known, &field.place, &scope);
        if known.maybe && property.is_some_and(|property| property.required) {
            let message = format!(
                "the schema requires `{}` and it may be absent: then the answer is malformed",
                field.name
            );
            self.note("C5", spot, message, "give it `else`, or make it optional in the schema");
        }
        known
    }

    fn fields_missing(&mut self, drawing: &Drawing, properties: &[Property], scope: &Scope<'a>) {
        let drawn = |name: &str| drawing.fields.iter().any(|field| field.name == name);
        for property in properties.iter().filter(|property| property.required && !drawn(&property.name)) {
            let message = format!("the schema requires `{}`; nothing feeds it", property.name);
            let help = format!("add a line `{} = …`", property.name);
            self.error("C5", (&drawing.place, &scope.at), message, help);
        }
    }
}
