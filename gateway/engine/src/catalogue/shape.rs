//! A schema read whole, references followed: each field with its titles, its class and its check.

use std::collections::BTreeMap;

use adapter_api::schema::DataClass;
use indexmap::IndexMap;
use jsonschema::{Retrieve, Uri};
use serde_json::{Map, Value};

/// References and levels followed from one field down. Ours end at eight; a schema that refers to itself must not hang us.
const DEPTH_MAX: u32 = 32;

/// One field's shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The official Vietnamese title; empty at a root without one.
    pub title: String,
    /// The English title.
    pub title_en: String,
    /// How far it may be seen and kept; what says nothing is taken for the worst.
    pub class: DataClass,
    /// `x-check`, the check no schema can say.
    pub check: Option<String>,
    /// The fields of an object, or of the objects in a list.
    pub fields: IndexMap<String, Node>,
    /// `x-document`: a reference to a document.
    pub is_document: bool,
    /// A list.
    pub is_list: bool,
    /// `format`, the form's name.
    pub format: Option<String>,
    /// `examples`, as far as they are text: what the form looks like.
    pub examples: Vec<String>,
    /// The fields of which at least one is needed; those needed together stand joined by `+`.
    pub either: Vec<String>,
}

impl Node {
    /// The node at a pointer; list positions are skipped.
    pub fn at(&self, pointer: &str) -> Option<&Node> {
        pointer.split('/').skip(1).try_fold(self, |node, step| match node.fields.get(step) {
            Some(field) => Some(field),
            None if node.is_list && step.bytes().all(|digit| digit.is_ascii_digit()) => Some(node),
            None => None,
        })
    }

    /// How a value is written here: the form's name and the schema's examples.
    pub fn form(&self) -> Option<String> {
        let name = self.format.as_deref().or(self.check.as_deref());
        let examples = self.examples.join(", ");
        match (name, examples.is_empty()) {
            (Some(name), false) => Some(format!("{name}: {examples}")),
            (Some(name), true) => Some(name.to_owned()),
            (None, false) => Some(examples),
            (None, true) => None,
        }
    }

    /// Visits every field below with its dotted name, outer before inner.
    pub fn each_field(&self, prefix: &str, visit: &mut impl FnMut(&str, &Node)) {
        for (name, field) in &self.fields {
            let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            visit(&name, field);
            field.each_field(&name, visit);
        }
    }
}

/// The names under which our schemas put the number of a person (số định danh cá nhân, số chứng minh nhân dân).
const PERSON_FIELDS: [&str; 2] = ["personal_id", "old_id"];

impl Node {
    /// Visits the identifier of every document that a value of this shape refers to.
    pub fn each_document<'v>(&self, value: &'v Value, visit: &mut impl FnMut(&'v str)) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.each_document(item, visit)),
            Value::Object(members) if self.is_document => {
                members.get("document").and_then(Value::as_str).into_iter().for_each(visit);
            }
            Value::Object(members) => {
                for (name, value) in members {
                    self.fields.get(name).into_iter().for_each(|field| field.each_document(value, visit));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Whether a value of this shape may refer to a document.
    pub fn holds_documents(&self) -> bool {
        self.is_document || self.fields.values().any(Node::holds_documents)
    }

    /// Collects the identifiers of people that stand anywhere in a value of this shape.
    pub fn each_person(&self, value: &Value, people: &mut Vec<String>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.each_person(item, people)),
            Value::Object(object) => {
                for (name, field) in &self.fields {
                    let Some(value) = object.get(name) else { continue };
                    let named = PERSON_FIELDS.contains(&name.as_str())
                        || field.check.as_deref() == Some("personal-id");
                    match value.as_str() {
                        Some(text) if named => people.push(text.to_owned()),
                        Some(_) => {}
                        None => field.each_person(value, people),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// The documents that references may lead to.
pub struct Documents<'a> {
    by_id: &'a BTreeMap<String, Value>,
}

impl<'a> Documents<'a> {
    pub fn new(by_id: &'a BTreeMap<String, Value>) -> Self {
        Documents { by_id }
    }

    /// Reads the shape at a full reference, `https://…/residence.person.v1.json#/$defs/query`.
    pub fn node(&self, reference: &str) -> Result<Node, String> {
        let (base, schema) = self.resolve("", reference)?;
        self.read(&base, schema, 0)
    }

    fn read(&self, base: &str, schema: &'a Value, depth: u32) -> Result<Node, String> {
        if depth > DEPTH_MAX {
            return Err(format!("{base} is deeper than {DEPTH_MAX}"));
        }
        let object = schema.as_object().ok_or_else(|| format!("{base} holds a schema that is no object"))?;
        // Annotations are collected along the way of references; the nearest wins.
        let mut node = match object.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                let (base, schema) = self.resolve(base, reference)?;
                self.read(&base, schema, depth + 1)?
            }
            None => Node::unsaid(),
        };
        node.annotate(object)?;
        if let Some(items) = object.get("items") {
            node.is_list = true;
            let item = self.read(base, items, depth + 1)?;
            node.check = node.check.or(item.check);
            node.fields.extend(item.fields);
        }
        for (name, property) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
            node.fields.insert(name.clone(), self.read(base, property, depth + 1)?);
        }
        Ok(node)
    }

    fn resolve(&self, base: &str, reference: &str) -> Result<(String, &'a Value), String> {
        let (path, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let id = join(base, path);
        let document =
            self.by_id.get(&id).ok_or_else(|| format!("{reference} leads to no document we have"))?;
        let schema = document.pointer(pointer).ok_or_else(|| format!("{reference} leads nowhere"))?;
        Ok((id, schema))
    }
}

impl Node {
    /// A node of which nothing is said yet.
    pub(crate) fn unsaid() -> Self {
        Node {
            title: String::new(),
            title_en: String::new(),
            class: DataClass::Sensitive,
            check: None,
            fields: IndexMap::new(),
            is_document: false,
            is_list: false,
            format: None,
            examples: Vec::new(),
            either: Vec::new(),
        }
    }

    fn annotate(&mut self, schema: &Map<String, Value>) -> Result<(), String> {
        let text = |keyword| schema.get(keyword).and_then(Value::as_str);
        if let Some(title) = text("title") {
            self.title = title.to_owned();
        }
        if let Some(title) = text("x-title-en") {
            self.title_en = title.to_owned();
        }
        self.is_document |= schema.get("x-document") == Some(&Value::Bool(true));
        if let Some(check) = text("x-check") {
            if !["personal-id", "tax-code", "not-in-future"].contains(&check) {
                return Err(format!("x-check {check} is not known"));
            }
            self.check = Some(check.to_owned());
        }
        if let Some(format) = text("format") {
            self.format = Some(format.to_owned());
        }
        let list = |keyword| schema.get(keyword).and_then(Value::as_array).into_iter().flatten();
        let examples: Vec<String> = list("examples").filter_map(Value::as_str).map(str::to_owned).collect();
        if !examples.is_empty() {
            self.examples = examples;
        }
        let either: Vec<String> = list("anyOf").filter_map(required_together).collect();
        if !either.is_empty() {
            self.either = either;
        }
        match text("x-data-class") {
            None => {}
            Some("public") => self.class = DataClass::Public,
            Some("personal") => self.class = DataClass::Personal,
            Some("sensitive") => self.class = DataClass::Sensitive,
            Some(other) => return Err(format!("x-data-class {other} is not known")),
        }
        Ok(())
    }
}

/// The fields that one branch of an `anyOf` requires.
fn required_together(branch: &Value) -> Option<String> {
    let names: Vec<&str> = branch.get("required")?.as_array()?.iter().filter_map(Value::as_str).collect();
    (!names.is_empty()).then(|| names.join("+"))
}

/// Joins a relative reference to the identifier of the document it stands in (RFC 3986 5.2, as far as schemas here go).
fn join(base: &str, path: &str) -> String {
    if path.is_empty() {
        return base.to_owned();
    }
    if path.contains("://") {
        return path.to_owned();
    }
    let (mut folder, mut rest) = (base.rsplit_once('/').map_or("", |(folder, _)| folder), path);
    while let Some(above) = rest.strip_prefix("../") {
        folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
        rest = above;
    }
    format!("{folder}/{}", rest.strip_prefix("./").unwrap_or(rest))
}

/// Fetches nothing: a reference to a document we were not given is a mistake.
pub struct Nowhere;

impl Retrieve for Nowhere {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Err(format!("{uri} is no document we have").into())
    }
}
