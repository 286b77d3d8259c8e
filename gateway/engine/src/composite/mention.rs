//! Names every path of an expression, and whether it stands where *here* is still the caller's query.

use adapter_api::language::syntax::{Conditions, Drawing, Expression, Form, Head, Node, Path, Root, Test};

use super::plan::PART_ROOT;

/// A path that is written somewhere.
#[derive(Debug, Clone, Copy)]
pub struct Mention<'a> {
    /// The path.
    pub path: &'a Path,
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
    let mut all = Vec::new();
    in_expression(expression, false, &mut all);
    all
}

/// Every path of a drawing.
pub fn of_drawing(drawing: &Drawing) -> Vec<Mention<'_>> {
    drawing.fields.iter().flat_map(|field| of_expression(&field.value)).collect()
}

/// Every path that tests name.
pub fn of_conditions(conditions: &Conditions) -> Vec<Mention<'_>> {
    let mut all = Vec::new();
    in_conditions(conditions, false, &mut all);
    all
}

fn in_expression<'a>(expression: &'a Expression, in_rows: bool, all: &mut Vec<Mention<'a>>) {
    match &expression.node {
        Node::Path(path) => all.push(Mention { path, in_rows }),
        Node::Constant(_) => {}
        Node::List(items) => items.iter().for_each(|item| in_expression(item, in_rows, all)),
        Node::Form(form) => in_form(form, in_rows, all),
        Node::Drawing(drawing) => {
            drawing.fields.iter().for_each(|field| in_expression(&field.value, in_rows, all));
        }
    }
}

fn in_form<'a>(form: &'a Form, in_rows: bool, all: &mut Vec<Mention<'a>>) {
    let mut tested_in_rows = in_rows;
    match &form.head {
        Head::Path(path) => all.push(Mention { path, in_rows }),
        Head::Const(_) | Head::Secret(_) => {}
        Head::First(parts) | Head::Join { parts, .. } => {
            parts.iter().for_each(|part| in_expression(part, in_rows, all));
        }
        Head::Each { source, item } => {
            in_expression(source, in_rows, all);
            if let Some(item) = item {
                in_expression(item, true, all);
            }
            tested_in_rows = true;
        }
        Head::One { source } => {
            in_expression(source, in_rows, all);
            tested_in_rows = true;
        }
        Head::Object(drawing) => {
            drawing.fields.iter().for_each(|field| in_expression(&field.value, in_rows, all));
        }
    }
    if let Some(when) = &form.modifiers.when {
        in_conditions(when, tested_in_rows, all);
    }
}

fn in_conditions<'a>(conditions: &'a Conditions, in_rows: bool, all: &mut Vec<Mention<'a>>) {
    for condition in &conditions.conditions {
        all.push(Mention { path: &condition.path, in_rows });
        for test in &condition.tests {
            if let Test::Same(path) = test {
                all.push(Mention { path, in_rows });
            }
        }
    }
}
