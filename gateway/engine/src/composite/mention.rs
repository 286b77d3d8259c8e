//! Names every path of an expression, and whether it stands where *here* is still the caller's query.

use std::collections::{BTreeMap, BTreeSet};

use adapter_api::diagnostic::Place;
use adapter_api::language::syntax::{
    Conditions, Convert, Drawing, Expression, Form, Head, Node, Path, Root, Test,
};

use super::plan::PART_ROOT;

/// A path that is written somewhere.
#[derive(Debug, Clone, Copy)]
pub struct Mention<'a> {
    /// The path.
    pub path: &'a Path,
    /// Its line.
    pub place: &'a Place,
    /// It stands inside rows: *here* is a row, not the query.
    pub in_rows: bool,
}

impl<'a> Mention<'a> {
    /// The part it leads into with the dotted name there; `None` if it leads elsewhere.
    pub fn part(&self) -> Option<(&'a str, String)> {
        self.under(PART_ROOT)
    }

    /// The first name under a root, `$leg.registration.number`, with the dotted name below it; `None` if it leads elsewhere.
    pub fn under(&self, root: &str) -> Option<(&'a str, String)> {
        let Root::Named { name, .. } = &self.path.root else { return None };
        let (first, rest) = self.path.steps.split_first()?;
        (name == root).then(|| (first.name.as_str(), dotted(rest)))
    }

    /// The dotted name in the caller's query; `None` if it leads elsewhere.
    pub fn query(&self) -> Option<String> {
        match &self.path.root {
            Root::Here if !self.in_rows => Some(dotted(&self.path.steps)),
            Root::Named { name, .. } if name == "query" => Some(dotted(&self.path.steps)),
            Root::Here | Root::Named { .. } => None,
        }
    }
}

/// Steps as a dotted name.
pub fn dotted(steps: &[adapter_api::language::syntax::PathStep]) -> String {
    steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>().join(".")
}

/// Every path of an expression.
pub fn of_expression(expression: &Expression) -> Vec<Mention<'_>> {
    in_one(expression).mentions
}

/// Every path of a drawing.
pub fn of_drawing(drawing: &Drawing) -> Vec<Mention<'_>> {
    in_fields(drawing).mentions
}

/// Every path that tests name.
pub fn of_conditions(conditions: &Conditions) -> Vec<Mention<'_>> {
    let mut found = Found::default();
    found.in_conditions(conditions, false);
    found.mentions
}

/// Code lists and shapes that some words name.
pub struct Named<'a> {
    tables: BTreeMap<&'a str, &'a Place>,
    shapes: BTreeMap<&'a str, &'a Place>,
}

impl<'a> Named<'a> {
    /// What these conversions name.
    pub fn by(conversions: impl IntoIterator<Item = Conversion<'a>>) -> Self {
        let mut named = Named { tables: BTreeMap::new(), shapes: BTreeMap::new() };
        for (place, conversion) in conversions {
            match conversion {
                Convert::Table(name) => named.tables.entry(name).or_insert(place),
                Convert::Shape(name) => named.shapes.entry(name).or_insert(place),
                Convert::Date(_) | Convert::Document => continue,
            };
        }
        named
    }

    /// What does not agree with what is there: each that is named is there, and each that is there is named. With the line
    /// that names it; `None`: nobody does.
    pub fn beside<'k>(
        &self,
        tables: impl Iterator<Item = &'k String>,
        shapes: impl Iterator<Item = &'k String>,
    ) -> Vec<(Option<&'a Place>, String)> {
        let (tables, shapes): (BTreeSet<&str>, BTreeSet<&str>) =
            (tables.map(String::as_str).collect(), shapes.map(String::as_str).collect());
        let mut unfit = Vec::new();
        for (what, named, known) in [("table", &self.tables, tables), ("shape", &self.shapes, shapes)] {
            let missing = named.iter().filter(|(name, _)| !known.contains(*name));
            unfit.extend(missing.map(|(name, place)| (Some(*place), format!("there is no {what} {name}"))));
            let idle = known.iter().filter(|name| !named.contains_key(*name));
            unfit.extend(idle.map(|name| (None, format!("{what}.{name} is used by nobody"))));
        }
        unfit
    }
}

/// A conversion with its line.
pub type Conversion<'a> = (&'a Place, &'a Convert);

/// Every conversion of an expression: code lists and shapes are named there.
pub fn conversions_of(expression: &Expression) -> Vec<Conversion<'_>> {
    in_one(expression).conversions
}

/// Every conversion of a drawing.
pub fn conversions_in(drawing: &Drawing) -> Vec<Conversion<'_>> {
    in_fields(drawing).conversions
}

fn in_one(expression: &Expression) -> Found<'_> {
    let mut found = Found::default();
    found.in_expression(expression, false);
    found
}

fn in_fields(drawing: &Drawing) -> Found<'_> {
    let mut found = Found::default();
    found.in_drawing(drawing, false);
    found
}

/// What has been met on the way through.
#[derive(Default)]
struct Found<'a> {
    mentions: Vec<Mention<'a>>,
    conversions: Vec<Conversion<'a>>,
}

impl<'a> Found<'a> {
    fn in_expression(&mut self, expression: &'a Expression, in_rows: bool) {
        let place = &expression.place;
        match &expression.node {
            Node::Path(path) => self.mentions.push(Mention { path, place, in_rows }),
            Node::Constant(_) => {}
            Node::List(items) => items.iter().for_each(|item| self.in_expression(item, in_rows)),
            Node::Form(form) => self.in_form(form, place, in_rows),
            Node::Drawing(drawing) => self.in_drawing(drawing, in_rows),
        }
    }

    fn in_drawing(&mut self, drawing: &'a Drawing, in_rows: bool) {
        drawing.fields.iter().for_each(|field| self.in_expression(&field.value, in_rows));
    }

    fn in_form(&mut self, form: &'a Form, place: &'a Place, in_rows: bool) {
        let mut tested_in_rows = in_rows;
        match &form.head {
            Head::Path(path) => self.mentions.push(Mention { path, place, in_rows }),
            Head::Const(_) | Head::Secret(_) => {}
            Head::First(parts) | Head::Join { parts, .. } => {
                parts.iter().for_each(|part| self.in_expression(part, in_rows));
            }
            Head::Each { source, item } => {
                self.in_expression(source, in_rows);
                if let Some(item) = item {
                    self.in_expression(item, true);
                }
                tested_in_rows = true;
            }
            Head::One { source } => {
                self.in_expression(source, in_rows);
                tested_in_rows = true;
            }
            Head::Object(drawing) => self.in_drawing(drawing, in_rows),
        }
        self.conversions.extend(form.modifiers.convert.as_ref().map(|convert| (place, convert)));
        if let Some(when) = &form.modifiers.when {
            self.in_conditions(when, tested_in_rows);
        }
    }

    fn in_conditions(&mut self, conditions: &'a Conditions, in_rows: bool) {
        for condition in &conditions.conditions {
            let place = &condition.place;
            self.mentions.push(Mention { path: &condition.path, place, in_rows });
            for test in &condition.tests {
                if let Test::Same(path) = test {
                    self.mentions.push(Mention { path, place, in_rows });
                }
            }
        }
    }
}
