//! Reads a service's JSON Schema (2020-12, the subset of `schemas/README.md`) into shapes, references followed.

mod short;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::{DataClass, Property, Scalar, ServiceShape, Shape};

pub use short::read_short;

/// How deep shapes may nest: the deepest of the first five services has 3 levels.
const DEPTH_MAX: usize = 32;

/// How many references may lead to one another: the longest way in the first five services has 2.
const REFERENCES_MAX: usize = 16;

/// How many fields a service may have in all: the largest of the first five has 90. Without it references could multiply.
const FIELDS_MAX: usize = 10_000;

/// The keywords that say a value's form in one word, `x-form`.
const FORMS: [(&str, Scalar); 4] = [
    ("date", Scalar::Date),
    ("partial-date", Scalar::PartialDate),
    ("moment", Scalar::Moment),
    ("document", Scalar::Document),
];

/// Definitions whose name says the form where no keyword does.
const DEFINITIONS: [(&str, Scalar); 3] = [
    ("partial_date", Scalar::PartialDate),
    ("moment", Scalar::Moment),
    ("document_reference", Scalar::Document),
];

/// Gives the document of an absolute URL without fragment.
pub type Resolve<'a> = &'a dyn Fn(&str) -> Option<Value>;

/// Reads a service file: `$defs.query` and `$defs.answer`. All problems at once.
pub fn read_service(document: &Value, resolve: Resolve<'_>) -> Result<ServiceShape, Vec<String>> {
    let mut reader = Reader::new(document, resolve);
    let query = reader.definition("query");
    let answer = reader.definition("answer");
    reader.finish(ServiceShape { query, answer })
}

/// Reads one definition of a document, `$defs.NAME`; an event's schema for one.
pub fn read_definition(document: &Value, name: &str, resolve: Resolve<'_>) -> Result<Shape, Vec<String>> {
    let mut reader = Reader::new(document, resolve);
    let shape = reader.definition(name);
    reader.finish(shape)
}

/// A schema node with the URL that its own references are relative to.
#[derive(Clone)]
struct Node {
    value: Value,
    base: String,
}

/// A node with everything its references lead to, the nearest first.
struct Layers {
    nodes: Vec<Node>,
    definitions: Vec<String>,
}

struct Reader<'a> {
    resolve: Resolve<'a>,
    root: String,
    documents: BTreeMap<String, Arc<Value>>,
    /// The references being followed, so that a schema that contains itself is seen.
    trail: Vec<String>,
    fields: usize,
    problems: Vec<String>,
}

impl Layers {
    /// The nearest value of a keyword.
    fn find(&self, keyword: &str) -> Option<(&Value, &str)> {
        self.nodes.iter().find_map(|node| Some((node.value.get(keyword)?, node.base.as_str())))
    }

    fn word(&self, keyword: &str) -> Option<&str> {
        self.find(keyword).and_then(|(value, _)| value.as_str())
    }

    fn says(&self, keyword: &str) -> bool {
        self.find(keyword).is_some_and(|(value, _)| value == &Value::Bool(true))
    }

    /// The type; `["string", "null"]` counts as `string`.
    fn kind(&self) -> Option<&str> {
        let (value, _) = self.find("type")?;
        match value {
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
            other => other.as_str(),
        }
    }

    fn class(&self) -> Option<DataClass> {
        self.word("x-data-class").and_then(DataClass::of_word)
    }

    /// The form a keyword or, failing that, a definition's name tells.
    fn form(&self) -> Option<Scalar> {
        let of = |word: &str, known: &[(&str, Scalar)]| {
            known.iter().find(|(name, _)| *name == word).map(|(_, scalar)| scalar.clone())
        };
        if let Some(form) = self.word("x-form") {
            return of(form, &FORMS);
        }
        if self.says("x-document") {
            return Some(Scalar::Document);
        }
        match self.word("format") {
            Some("date-time") => return Some(Scalar::Moment),
            Some(format @ ("date" | "partial-date")) => return of(format, &FORMS),
            Some(_) | None => {}
        }
        self.definitions.iter().find_map(|name| of(name, &DEFINITIONS))
    }
}

impl<'a> Reader<'a> {
    fn new(document: &Value, resolve: Resolve<'a>) -> Self {
        let root = document.get("$id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let documents = BTreeMap::from([(root.clone(), Arc::new(document.clone()))]);
        Reader { resolve, root, documents, trail: Vec::new(), fields: 0, problems: Vec::new() }
    }

    fn finish<T>(self, read: T) -> Result<T, Vec<String>> {
        if self.problems.is_empty() { Ok(read) } else { Err(self.problems) }
    }

    fn problem(&mut self, at: &str, why: impl AsRef<str>) -> Shape {
        self.problems.push(format!("{at}: {}", why.as_ref()));
        Shape::Any
    }

    fn definition(&mut self, name: &str) -> Shape {
        let document = self.documents.get(&self.root).cloned();
        let value = document.as_ref().and_then(|document| document.get("$defs")?.get(name)).cloned();
        match value {
            Some(value) => self.shape(Node { value, base: self.root.clone() }, name, 0),
            None => self.problem(name, format!("$defs.{name} is missing")),
        }
    }

    fn shape(&mut self, node: Node, at: &str, depth: usize) -> Shape {
        if depth > DEPTH_MAX {
            return self.problem(at, format!("deeper than {DEPTH_MAX}"));
        }
        let entered = self.trail.len();
        let shape = match self.layers(node, at) {
            Some(layers) => self.shape_of(&layers, at, depth),
            None => Shape::Any,
        };
        self.trail.truncate(entered);
        shape
    }

    /// Follows `$ref` and an `allOf` of one, as far as they lead.
    fn layers(&mut self, node: Node, at: &str) -> Option<Layers> {
        let mut layers = Layers { nodes: vec![node.clone()], definitions: Vec::new() };
        let mut node = node;
        for _ in 0..REFERENCES_MAX {
            let next = match (node.value.get("$ref"), node.value.get("allOf")) {
                (Some(Value::String(reference)), _) => {
                    let reference = reference.clone();
                    layers.definitions.extend(reference.rsplit('/').next().map(str::to_owned));
                    self.follow(&reference, &node.base, at)?
                }
                (Some(_), _) => {
                    self.problem(at, "a $ref that is no text");
                    return None;
                }
                (None, Some(all)) => match all.as_array().map(Vec::as_slice) {
                    Some([only]) => Node { value: only.clone(), base: node.base },
                    _ => {
                        self.problem(at, "allOf of more than one schema");
                        return None;
                    }
                },
                (None, None) => return Some(layers),
            };
            layers.nodes.push(next.clone());
            node = next;
        }
        self.problem(at, format!("more than {REFERENCES_MAX} references lead to one another"));
        None
    }

    fn follow(&mut self, reference: &str, base: &str, at: &str) -> Option<Node> {
        let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let url = join_url(base, file);
        let whole = format!("{url}#{pointer}");
        if self.trail.contains(&whole) {
            self.problem(at, format!("{reference} contains itself"));
            return None;
        }
        let document = match self.documents.get(&url) {
            Some(document) => Arc::clone(document),
            None => {
                let Some(document) = (self.resolve)(&url) else {
                    self.problem(at, format!("{reference}: there is no {url}"));
                    return None;
                };
                let document = Arc::new(document);
                self.documents.insert(url.clone(), Arc::clone(&document));
                document
            }
        };
        let Some(value) = document.pointer(pointer) else {
            self.problem(at, format!("{reference}: {url} has no {pointer}"));
            return None;
        };
        self.trail.push(whole);
        Some(Node { value: value.clone(), base: url })
    }

    fn shape_of(&mut self, layers: &Layers, at: &str, depth: usize) -> Shape {
        if let Some(form) = layers.word("x-form")
            && form != "coded"
            && !FORMS.iter().any(|(word, _)| *word == form)
        {
            return self.problem(at, format!("x-form `{form}` is unknown"));
        }
        if let Some(scalar) = layers.form() {
            return Shape::Scalar(scalar);
        }
        if layers.word("x-form") == Some("coded") && layers.find("properties").is_none() {
            return coded(layers.class());
        }
        if let Some(words) = words(layers) {
            return Shape::Scalar(Scalar::Words(words));
        }
        match layers.kind() {
            Some("string") => Shape::Scalar(Scalar::Text),
            Some("integer") => Shape::Scalar(Scalar::Integer),
            Some("boolean") => Shape::Scalar(Scalar::Boolean),
            Some("object") => self.object(layers, at, depth),
            Some("array") => match layers.find("items") {
                Some((items, base)) => {
                    let node = Node { value: items.clone(), base: base.to_owned() };
                    Shape::List(Box::new(self.shape(node, &format!("{at}[]"), depth + 1)))
                }
                None => self.problem(at, "a list without `items`"),
            },
            Some(kind) => self.problem(at, format!("the type `{kind}` is not used here")),
            None => self.problem(at, "no type"),
        }
    }

    fn object(&mut self, layers: &Layers, at: &str, depth: usize) -> Shape {
        let required: Vec<&str> = match layers.find("required").map(|(names, _)| names) {
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let Some((properties, base)) = layers.find("properties") else { return Shape::Object(Vec::new()) };
        let Some(properties) = properties.as_object() else {
            return self.problem(at, "`properties` is no object");
        };
        for name in required.iter().filter(|name| !properties.contains_key(**name)) {
            self.problem(at, format!("`{name}` is required but not described"));
        }
        let mut read = Vec::with_capacity(properties.len());
        for (name, value) in properties {
            self.fields += 1;
            if self.fields > FIELDS_MAX {
                return self.problem(at, format!("more than {FIELDS_MAX} fields in all"));
            }
            let node = Node { value: value.clone(), base: base.to_owned() };
            read.push(self.property(name, required.contains(&name.as_str()), node, at, depth));
        }
        Shape::Object(read)
    }

    fn property(&mut self, name: &str, required: bool, node: Node, at: &str, depth: usize) -> Property {
        let at = format!("{at}.{name}");
        let entered = self.trail.len();
        let seen = self.problems.len();
        let layers = self.layers(node.clone(), &at);
        // What is wrong with the references is told once, while the shape is read.
        self.problems.truncate(seen);
        self.trail.truncate(entered);
        let class = layers.as_ref().and_then(Layers::class);
        if layers.is_some() && class.is_none() {
            self.problem(&at, "no x-data-class: public, personal or sensitive");
        }
        let shape = self.shape(node, &at, depth + 1);
        Property { name: name.to_owned(), required, shape, class }
    }
}

impl DataClass {
    /// The class of this word.
    pub fn of_word(word: &str) -> Option<DataClass> {
        match word {
            "public" => Some(DataClass::Public),
            "personal" => Some(DataClass::Personal),
            "sensitive" => Some(DataClass::Sensitive),
            _ => None,
        }
    }
}

/// The words of a closed list of text.
fn words(layers: &Layers) -> Option<Vec<String>> {
    if let Some((Value::String(word), _)) = layers.find("const") {
        return Some(vec![word.clone()]);
    }
    let (list, _) = layers.find("enum")?;
    list.as_array()?.iter().map(|word| word.as_str().map(str::to_owned)).collect()
}

/// A coded value of a descriptive list: `{ system, code, title }`.
fn coded(class: Option<DataClass>) -> Shape {
    let part = |name: &str, class| Property {
        name: name.to_owned(),
        required: true,
        shape: Shape::Scalar(Scalar::Text),
        class,
    };
    Shape::Object(vec![part("system", Some(DataClass::Public)), part("code", class), part("title", class)])
}

/// Joins a relative reference to the URL it stands in (RFC 3986 5.2, as far as file names need it).
fn join_url(base: &str, reference: &str) -> String {
    if reference.is_empty() {
        return base.to_owned();
    }
    if reference.contains("://") {
        return reference.to_owned();
    }
    let (scheme, rest) = base.split_once("://").map_or(("", base), |(scheme, rest)| (scheme, rest));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut segments: Vec<&str> = match reference.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => path.rsplit_once('/').map(|(folder, _)| folder.split('/').collect()).unwrap_or_default(),
    };
    for segment in reference.trim_start_matches('/').split('/') {
        match segment {
            "." => {}
            ".." => {
                segments.pop();
            }
            name => segments.push(name),
        }
    }
    let separator = if scheme.is_empty() { "" } else { "://" };
    format!("{scheme}{separator}{host}/{}", segments.join("/"))
}

#[cfg(test)]
mod tests;
