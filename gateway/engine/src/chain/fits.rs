//! Where a dotted name leads in a shape, and whether what stands there may be handed on to a service as it is.

use std::collections::BTreeSet;

use adapter_api::schema::{Property, Scalar, Shape};

/// Whether something is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// There is no such field.
    Nowhere,
    /// It, or something it stands in, may be missing.
    Maybe,
    /// It is always there.
    Sure,
}

/// Where a dotted name leads, and the shape there.
pub fn leads<'s>(shape: &'s Shape, name: &str) -> (Way, Option<&'s Shape>) {
    follow(shape, name, &BTreeSet::new())
}

/// As [`leads`], where the names in `sure` are known to be there.
pub fn way(shape: &Shape, name: &str, sure: &BTreeSet<String>) -> Way {
    follow(shape, name, sure).0
}

fn follow<'s>(shape: &'s Shape, name: &str, sure: &BTreeSet<String>) -> (Way, Option<&'s Shape>) {
    let (mut shape, mut way) = (shape, Way::Sure);
    let mut so_far = String::new();
    for step in name.split('.').filter(|step| !step.is_empty()) {
        while let Shape::List(item) = shape {
            shape = item;
        }
        so_far = if so_far.is_empty() { step.to_owned() } else { format!("{so_far}.{step}") };
        match shape {
            Shape::Any => return (way, None),
            Shape::Object(properties) => match properties.iter().find(|property| property.name == step) {
                Some(property) => {
                    shape = &property.shape;
                    let is_sure = property.required || is_within(&so_far, sure);
                    way = if is_sure { way } else { Way::Maybe };
                }
                None => return (Way::Nowhere, None),
            },
            Shape::Scalar(_) | Shape::List(_) => return (Way::Nowhere, None),
        }
    }
    (way, Some(shape))
}

/// Whether something below the name, or the name itself, is known to be there.
fn is_within(name: &str, sure: &BTreeSet<String>) -> bool {
    sure.iter()
        .any(|sure| sure.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// Why a value of one shape is no value of another, in one sentence each. `at` is the value's dotted name, for the sentence.
pub fn misfit(source: &Shape, target: &Shape, sure: &BTreeSet<String>, at: &str) -> Vec<String> {
    match (source, target) {
        (Shape::Any, _) | (_, Shape::Any) => Vec::new(),
        (Shape::Object(from), Shape::Object(to)) => objects(from, to, sure, at),
        (Shape::List(from), Shape::List(to)) => misfit(from, to, sure, at),
        (Shape::Scalar(from), Shape::Scalar(to)) if is_a(from, to) => Vec::new(),
        (_, _) => vec![format!("{} is {}, and {} belongs here", said(at), word(source), word(target))],
    }
}

fn objects(from: &[Property], to: &[Property], sure: &BTreeSet<String>, at: &str) -> Vec<String> {
    let mut unfit = Vec::new();
    for property in from {
        let at = below(at, &property.name);
        match to.iter().find(|other| other.name == property.name) {
            None => unfit.push(format!("{at} has no place here")),
            Some(other) => {
                if other.required && !property.required && !is_within(&at, sure) {
                    unfit.push(format!("{at} is required here, and may be missing"));
                }
                unfit.extend(misfit(&property.shape, &other.shape, sure, &at));
            }
        }
    }
    let is_there = |name: &str| from.iter().any(|property| property.name == name);
    let missing = to.iter().filter(|other| other.required && !is_there(&other.name));
    unfit.extend(
        missing.map(|other| format!("{} is required here, and nothing feeds it", below(at, &other.name))),
    );
    unfit
}

/// Whether every value of the one is a value of the other.
fn is_a(from: &Scalar, to: &Scalar) -> bool {
    use Scalar::{Boolean, Date, Document, Integer, Moment, PartialDate, Text, Words};
    match (from, to) {
        (Words(from), Words(to)) => from.iter().all(|word| to.contains(word)),
        (Text | Words(_) | Date | PartialDate | Moment, Text) => true,
        (Date, PartialDate) => true,
        (Integer, Integer) | (Boolean, Boolean) | (Date, Date) | (PartialDate, PartialDate) => true,
        (Moment, Moment) | (Document, Document) => true,
        (_, Text | Integer | Boolean | Date | PartialDate | Moment | Words(_) | Document) => false,
    }
}

fn below(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

fn said(at: &str) -> &str {
    if at.is_empty() { "the value" } else { at }
}

fn word(shape: &Shape) -> String {
    match shape {
        Shape::Any => "anything".to_owned(),
        Shape::Object(_) => "an object".to_owned(),
        Shape::List(_) => "a list".to_owned(),
        Shape::Scalar(Scalar::Text) => "text".to_owned(),
        Shape::Scalar(Scalar::Integer) => "a whole number".to_owned(),
        Shape::Scalar(Scalar::Boolean) => "true or false".to_owned(),
        Shape::Scalar(Scalar::Date) => "a whole date".to_owned(),
        Shape::Scalar(Scalar::PartialDate) => "a date that may be partial".to_owned(),
        Shape::Scalar(Scalar::Moment) => "a moment".to_owned(),
        Shape::Scalar(Scalar::Words(words)) => format!("one of {}", words.join(", ")),
        Shape::Scalar(Scalar::Document) => "a document".to_owned(),
    }
}
