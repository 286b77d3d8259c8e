//! What the language and its check know of a service's schemas: the shape of each field, read from JSON Schema with references resolved.

pub mod read;

use std::collections::BTreeMap;

/// The shape of a value of ours.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// An object with exactly these properties.
    Object(Vec<Property>),
    /// A list.
    List(Box<Shape>),
    /// A single value.
    Scalar(Scalar),
    /// Not known: anything fits.
    Any,
}

/// One property of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    /// Its name.
    pub name: String,
    /// Whether the schema requires it.
    pub required: bool,
    /// Its shape.
    pub shape: Shape,
    /// Its data class; `None` is a finding.
    pub class: Option<DataClass>,
}

/// A single value of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// true or false.
    Boolean,
    /// `1942-03-15`.
    Date,
    /// `1942`, `1942-03` or `1942-03-15`.
    PartialDate,
    /// `2025-08-12T09:01:00+07:00`.
    Moment,
    /// A closed list of words.
    Words(Vec<String>),
    /// A document reference.
    Document,
}

/// How far a field may be seen and kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DataClass {
    /// About nobody.
    Public,
    /// About a person.
    Personal,
    /// Personal data whose misuse harms most (Decree 356/2025/NĐ-CP).
    Sensitive,
}

/// The shapes of the services an agency's operations answer, and of the events its messages give.
#[derive(Debug, Clone, Default)]
pub struct Schemas {
    /// By service name.
    pub services: BTreeMap<String, ServiceShape>,
    /// By event schema name, `payment.paid`.
    pub events: BTreeMap<String, Shape>,
    /// What a case of a chain is given, by the chain's name, `death`.
    pub cases: BTreeMap<String, Shape>,
}

/// A service's two shapes.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceShape {
    /// What is asked.
    pub query: Shape,
    /// What is answered.
    pub answer: Shape,
}

impl Shape {
    /// The property of this name, if this is an object that has it.
    pub fn property(&self, name: &str) -> Option<&Property> {
        match self {
            Shape::Object(properties) => properties.iter().find(|property| property.name == name),
            Shape::List(_) | Shape::Scalar(_) | Shape::Any => None,
        }
    }
}
