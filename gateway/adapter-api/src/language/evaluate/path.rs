//! Follows a path step by step: strict unless a step ends in `?`, never through a list.

use super::scope::{Scope, View};
use super::{Spot, Stop};
use crate::codec::soap::{SOAP_11, SOAP_12};
use crate::language::syntax::{Path, PathStep, Root};
use crate::tree::{Element, Tree};

/// What stands at the path; `None` is absent.
pub fn resolve<'s>(path: &Path, scope: &Scope<'s>) -> Result<Option<View<'s>>, Stop> {
    follow(path, scope, false)
}

/// The same, but the last step may be null or blank: `exists` tells what is there from what is not.
pub(super) fn resolve_raw<'s>(path: &Path, scope: &Scope<'s>) -> Result<Option<View<'s>>, Stop> {
    follow(path, scope, true)
}

/// Where the path leads to.
pub fn spot(path: &Path, scope: &Scope<'_>) -> Spot {
    let start = match &path.root {
        Root::Here => scope.spot.clone(),
        Root::Named { name, .. } => scope.world.spot(name),
    };
    path.steps.iter().fold(start, |spot, step| spot.member(&step.name))
}

fn follow<'s>(path: &Path, scope: &Scope<'s>, raw: bool) -> Result<Option<View<'s>>, Stop> {
    scope.world.count(&path.text)?;
    let mut value = match &path.root {
        Root::Here => scope.here.clone(),
        Root::Named { name, optional } => {
            let value = match (name.as_str(), scope.position) {
                ("position", Some(position)) => Some(View::of(position)),
                _ => scope.world.root(name, scope.lenient, scope.depth + 1)?,
            };
            let bare = path.steps.is_empty();
            match value.filter(|value| (raw && bare) || !value.is_blank()) {
                Some(value) => value,
                None if *optional || scope.lenient => return Ok(None),
                None => return Err(missing(format!("${name}"), path, scope)),
            }
        }
    };
    for (index, step) in path.steps.iter().enumerate() {
        let last = index + 1 == path.steps.len();
        let found =
            take_step(&value, step, scope).map_err(|why| Stop::new(&path.text, why, &spot(path, scope)))?;
        match found.filter(|value| (raw && last) || !value.is_blank()) {
            Some(found) => value = found,
            None if step.optional || scope.lenient => return Ok(None),
            None => return Err(missing(walked(path, index), path, scope)),
        }
    }
    Ok(Some(value))
}

fn missing(at: String, path: &Path, scope: &Scope<'_>) -> Stop {
    Stop::new(at, "not there", &spot(path, scope))
}

/// The path up to the step that was not there; a named root is shown whole, as the reader finds it in the file.
fn walked(path: &Path, index: usize) -> String {
    if matches!(path.root, Root::Named { .. }) {
        return path.text.clone();
    }
    let names = path.steps.iter().take(index + 1).map(written);
    names.collect::<Vec<_>>().join(".")
}

/// A step's name as it stands on the wire.
pub(super) fn written(step: &PathStep) -> String {
    let mark = if step.attribute { "@" } else { "" };
    match &step.prefix {
        Some(prefix) => format!("{mark}{prefix}:{}", step.name),
        None => format!("{mark}{}", step.name),
    }
}

fn take_step<'s>(value: &View<'s>, step: &PathStep, scope: &Scope<'s>) -> Result<Option<View<'s>>, String> {
    match value {
        View::Element(element) => take_child(element, step, scope),
        View::Many(many) => Err(too_many(many.len())),
        View::Tree(Tree::List(items)) => Err(too_many(items.len())),
        View::Tree(Tree::Object(fields)) => {
            let name = written(step);
            Ok(fields.iter().find(|(field, _)| *field == name).map(|(_, value)| View::of(value)))
        }
        View::Tree(_) | View::Text(_) => Err("a value where an object was expected".to_owned()),
    }
}

/// What is said of several where one belongs.
pub(super) fn too_many(count: usize) -> String {
    format!("{count} where one was expected")
}

/// A name without prefix has its parent's namespace, a name with one the declared; another namespace is simply not found.
fn take_child<'s>(
    element: &'s Element,
    step: &PathStep,
    scope: &Scope<'s>,
) -> Result<Option<View<'s>>, String> {
    let declared = match &step.prefix {
        Some(prefix) => match scope.world.words.namespaces.get(prefix) {
            Some(namespace) => Some(namespace.as_str()),
            None => return Ok(None),
        },
        None => None,
    };
    if step.attribute {
        let namespace = declared.unwrap_or("");
        let found = element.attributes.iter().find(|one| one.name == step.name && one.namespace == namespace);
        return Ok(found.map(|attribute| View::Text(&attribute.value)));
    }
    if element.children.is_empty() && !element.text.trim().is_empty() {
        return Err("a value where an element with children was expected".to_owned());
    }
    let parents = if is_soap_body(element) { "" } else { element.namespace.as_str() };
    let namespace = declared.unwrap_or(parents);
    let fits = |child: &&Element| child.namespace == namespace && child.name == step.name;
    let mut found = element.children.iter().filter(fits);
    Ok(match (found.next(), found.next()) {
        (None, _) => None,
        (Some(one), None) => Some(View::of_element(one)),
        (Some(one), Some(another)) => Some(View::Many([one, another].into_iter().chain(found).collect())),
    })
}

/// *Here* of a SOAP reply is the Body: the top, whose namespace is not the agency's.
fn is_soap_body(element: &Element) -> bool {
    element.name == "Body" && [SOAP_11, SOAP_12].contains(&element.namespace.as_str())
}
