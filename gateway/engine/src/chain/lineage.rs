//! Where in the case's input a leg's field came from: findings of an agency are told at the field the citizen gave.

use adapter_api::Finding;
use adapter_api::language::syntax::{Drawing, Expression, Form, Head, Node, Path, Root};

use super::{CASE_ROOT, LegPlan};
use crate::composite::mention::{Mention, of_drawing, of_expression};

/// What findings about a leg's query begin with.
const QUERY: &str = "/query";

/// A finding about a leg's query, pointed at the field of the case's input that it was drawn from.
///
/// The pointer leads into the input itself, `/deceased/personal_id`. Where the field was drawn from several of the input's,
/// it leads to what they stand in; where it is the chain's own word or an earlier leg's result, it leads nowhere.
pub fn at_the_case(finding: Finding, leg: &LegPlan) -> Finding {
    let below = finding.pointer.as_deref().and_then(|pointer| pointer.strip_prefix(QUERY));
    let pointer = below.and_then(|below| match below.strip_prefix('/') {
        Some(names) => {
            let names: Vec<&str> = names.split('/').collect();
            match &leg.query {
                Some(drawing) => in_drawing(drawing, &names),
                None => Some(pointer_of(names.iter().copied())),
            }
        }
        None => None,
    });
    Finding { pointer, ..finding }
}

fn in_drawing(drawing: &Drawing, names: &[&str]) -> Option<String> {
    let Some((name, rest)) = names.split_first() else { return shared(&of_drawing(drawing)) };
    let field = drawing.fields.iter().find(|field| field.name == *name)?;
    in_expression(&field.value, rest)
}

fn in_expression(expression: &Expression, rest: &[&str]) -> Option<String> {
    match &expression.node {
        Node::Path(path) => taken(path, rest),
        Node::Drawing(drawing) => in_drawing(drawing, rest),
        Node::Form(form) => match &form.head {
            Head::Object(drawing) => in_drawing(drawing, rest),
            Head::Path(path) if is_plain(form) => taken(path, rest),
            // Rows of its own: which of the input's it was, nobody can say.
            Head::Each { source, .. } | Head::One { source } => shared(&of_expression(source)),
            Head::Path(_) | Head::First(_) | Head::Join { .. } => shared(&of_expression(expression)),
            Head::Const(_) | Head::Secret(_) => None,
        },
        Node::List(_) => shared(&of_expression(expression)),
        Node::Constant(_) => None,
    }
}

/// Handed on as it is, so that what stands below there stands below here.
fn is_plain(form: &Form) -> bool {
    let modifiers = &form.modifiers;
    modifiers.convert.is_none() && modifiers.decode.is_empty() && modifiers.pattern.is_none()
}

fn taken(path: &Path, rest: &[&str]) -> Option<String> {
    let steps = of_input(path)?;
    Some(pointer_of(steps.into_iter().chain(rest.iter().copied())))
}

/// The names of a path into the case's input; `None`: it leads elsewhere.
fn of_input(path: &Path) -> Option<Vec<&str>> {
    let is_input = match &path.root {
        Root::Here => true,
        Root::Named { name, .. } => name == CASE_ROOT,
    };
    is_input.then(|| path.steps.iter().map(|step| step.name.as_str()).collect())
}

/// What all of these paths of the input stand in; `None`: nothing less than the whole of it.
fn shared(mentions: &[Mention<'_>]) -> Option<String> {
    let outer = mentions.iter().filter(|mention| !mention.in_rows);
    let mut paths = outer.filter_map(|mention| of_input(mention.path));
    let first = paths.next()?;
    let same = paths.fold(first, |same, path| {
        same.into_iter().zip(path).take_while(|(one, other)| one == other).map(|(one, _)| one).collect()
    });
    (!same.is_empty()).then(|| pointer_of(same.into_iter()))
}

fn pointer_of<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.fold(String::new(), |pointer, name| format!("{pointer}/{name}"))
}
