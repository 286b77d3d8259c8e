//! Finds every place in a decoded reply, also inside texts that carry JSON, XML or base64, and alters one
//! of them.

use adapter_api::Tree;
use adapter_api::codec::{self, Limits};
use adapter_api::tree::{Attribute, Coding, Element};
use adapter_api::wire::Format;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Encoded texts inside encoded texts: the deepest real one (XML in base64 in JSON) has two codings.
const CODINGS_MAX: usize = 4;
/// Base64 shorter than this carries no document: `<a></a>` has twelve characters.
const CARRIED_CHARS_MIN: usize = 12;

/// One step on the way to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hop {
    /// A field of an object.
    Field(usize),
    /// An item of a list.
    Item(usize),
    /// A child of an element.
    Child(usize),
    /// An attribute of an element.
    Attribute(usize),
    /// What a text carries.
    Inner(Coding),
}

/// A place in a reply.
#[derive(Debug, Clone)]
pub struct Spot {
    /// The way to it.
    pub hops: Vec<Hop>,
    /// Its local name; an item has the name of its list.
    pub name: String,
    /// As a person would write it, `value.0.trangThai`.
    pub path: String,
    /// What stands there.
    pub content: Content,
}

/// What stands at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A text.
    Text(String),
    /// A number, in its own text.
    Number(String),
    /// true or false.
    Bool,
    /// null, or an empty element.
    Nothing,
    /// Something with places inside.
    Composite,
}

impl Spot {
    /// The text of a single value.
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) | Content::Number(text) => Some(text),
            Content::Bool | Content::Nothing | Content::Composite => None,
        }
    }

    /// Whether it is a row of a list.
    pub fn is_item(&self) -> bool {
        matches!(self.hops.last(), Some(Hop::Item(_)))
    }

    /// Whether it is XML.
    pub fn is_xml(&self) -> bool {
        matches!(self.hops.last(), Some(Hop::Child(_) | Hop::Attribute(_)))
    }
}

/// What is done to a place.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// It is taken away.
    Remove,
    /// It stands there twice: an element again, a JSON value as a list of two.
    Double,
    /// Another text stands there.
    Text(String),
    /// A JSON number stands there.
    Number(String),
    /// The list is empty.
    Clear,
    /// null stands in place of the list.
    Null,
}

/// Every place below this tree, from the outside in.
pub fn spots(tree: &Tree) -> Vec<Spot> {
    let mut found = Vec::new();
    visit(
        tree,
        &Spot { hops: Vec::new(), name: String::new(), path: String::new(), content: Content::Composite },
        &mut found,
    );
    found
}

fn below(parent: &Spot, hop: Hop, name: &str, label: &str, content: Content) -> Spot {
    let mut hops = parent.hops.clone();
    hops.push(hop);
    let path = match (parent.path.is_empty(), label.is_empty()) {
        (_, true) => parent.path.clone(),
        (true, _) => label.to_owned(),
        (false, _) => format!("{}.{label}", parent.path),
    };
    Spot { hops, name: name.to_owned(), path, content }
}

fn visit(tree: &Tree, here: &Spot, found: &mut Vec<Spot>) {
    match tree {
        Tree::Object(fields) => {
            for (index, (name, value)) in fields.iter().enumerate() {
                let spot = below(here, Hop::Field(index), name, name, content(value));
                found.push(spot.clone());
                visit(value, &spot, found);
            }
        }
        Tree::List(items) => {
            for (index, value) in items.iter().enumerate() {
                let spot = below(here, Hop::Item(index), &here.name, &index.to_string(), content(value));
                found.push(spot.clone());
                visit(value, &spot, found);
            }
        }
        Tree::Element(element) => visit_element(element, here, found),
        Tree::Text(text) => visit_inner(text, here, found),
        Tree::Null
        | Tree::Bool(_)
        | Tree::Number(_)
        | Tree::Slot(_)
        | Tree::Encoded { .. }
        | Tree::Bytes(_) => {}
    }
}

fn visit_element(element: &Element, here: &Spot, found: &mut Vec<Spot>) {
    for (index, Attribute { name, value, .. }) in element.attributes.iter().enumerate() {
        found.push(below(
            here,
            Hop::Attribute(index),
            name,
            &format!("@{name}"),
            Content::Text(value.clone()),
        ));
    }
    for (index, child) in element.children.iter().enumerate() {
        let content = match (child.children.is_empty(), child.text.trim()) {
            (false, _) => Content::Composite,
            (true, "") => Content::Nothing,
            (true, text) => Content::Text(text.to_owned()),
        };
        let spot = below(here, Hop::Child(index), &child.name, &child.name, content);
        found.push(spot.clone());
        visit_element(child, &spot, found);
    }
    if element.children.is_empty() {
        visit_inner(&element.text, here, found);
    }
}

fn visit_inner(text: &str, here: &Spot, found: &mut Vec<Spot>) {
    let depth = here.hops.iter().filter(|hop| matches!(hop, Hop::Inner(_))).count();
    if depth >= CODINGS_MAX {
        return;
    }
    if let Some((coding, inner)) = carried(text) {
        let mut spot = here.clone();
        spot.hops.push(Hop::Inner(coding));
        visit(&inner, &spot, found);
    }
}

/// What a text carries, if it carries anything.
fn carried(text: &str) -> Option<(Coding, Tree)> {
    let trimmed = text.trim();
    let read =
        |coding| codec::decode_coding(coding, trimmed, &Limits::default()).ok().map(|tree| (coding, tree));
    match trimmed.as_bytes().first()? {
        b'{' | b'[' => read(Coding::Json),
        b'<' => read(Coding::Xml),
        // Shorter texts are codes; base64 of XML or JSON begins with one of these letters (`<`, `{`, `[`, blank, mark).
        b'P' | b'e' | b'W' | b'C' | b'I' | b'D' | b'7' if trimmed.len() >= CARRIED_CHARS_MIN => {
            read(Coding::Base64).filter(|(_, inner)| matches!(inner, Tree::Text(text) if looks_carried(text)))
        }
        _ => None,
    }
}

fn looks_carried(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with(['<', '{', '['])
}

fn content(tree: &Tree) -> Content {
    match tree {
        Tree::Text(text) => Content::Text(text.clone()),
        Tree::Number(text) => Content::Number(text.clone()),
        Tree::Bool(_) => Content::Bool,
        Tree::Null | Tree::Slot(_) | Tree::Bytes(_) => Content::Nothing,
        Tree::List(_) | Tree::Object(_) | Tree::Element(_) | Tree::Encoded { .. } => Content::Composite,
    }
}

/// The tree with one place altered; `None` if that cannot be done there.
pub fn altered(tree: &Tree, hops: &[Hop], edit: &Edit) -> Option<Tree> {
    let (first, rest) = hops.split_first()?;
    let mut tree = tree.clone();
    match (&mut tree, first) {
        (Tree::Object(fields), Hop::Field(index)) => {
            if rest.is_empty() && *edit == Edit::Remove {
                fields.remove(*index);
            } else {
                let (_, value) = fields.get_mut(*index)?;
                *value = inside(value, rest, edit)?;
            }
        }
        (Tree::List(items), Hop::Item(index)) => match (rest.is_empty(), edit) {
            (true, Edit::Remove) => {
                items.remove(*index);
            }
            (true, Edit::Double) => {
                let item = items.get(*index)?.clone();
                items.insert(*index, item);
            }
            _ => {
                let value = items.get_mut(*index)?;
                *value = inside(value, rest, edit)?;
            }
        },
        (Tree::Element(element), _) => alter_element(element, hops, edit)?,
        (Tree::Text(text), Hop::Inner(coding)) => *text = alter_inner(text, *coding, rest, edit)?,
        _ => return None,
    }
    Some(tree)
}

fn inside(value: &Tree, rest: &[Hop], edit: &Edit) -> Option<Tree> {
    if !rest.is_empty() {
        return altered(value, rest, edit);
    }
    Some(match (edit, value) {
        (Edit::Double, value) => Tree::List(vec![value.clone(), value.clone()]),
        (Edit::Text(text), _) => Tree::Text(text.clone()),
        (Edit::Number(text), _) => Tree::Number(text.clone()),
        (Edit::Clear, Tree::List(_)) => Tree::List(Vec::new()),
        (Edit::Null, Tree::List(_)) => Tree::Null,
        (Edit::Clear | Edit::Null | Edit::Remove, _) => return None,
    })
}

fn alter_element(element: &mut Element, hops: &[Hop], edit: &Edit) -> Option<()> {
    let (first, rest) = hops.split_first()?;
    match (first, rest.is_empty(), edit) {
        (Hop::Child(index), true, Edit::Remove) => {
            element.children.get(*index)?;
            element.children.remove(*index);
        }
        (Hop::Child(index), true, Edit::Double) => {
            let child = element.children.get(*index)?.clone();
            element.children.insert(*index, child);
        }
        (Hop::Child(index), true, Edit::Text(text)) => {
            let child = element.children.get_mut(*index)?;
            child.children.clear();
            child.text.clone_from(text);
        }
        (Hop::Child(index), false, _) => alter_element(element.children.get_mut(*index)?, rest, edit)?,
        (Hop::Attribute(index), true, Edit::Remove) => {
            element.attributes.get(*index)?;
            element.attributes.remove(*index);
        }
        (Hop::Attribute(index), true, Edit::Text(text)) => {
            element.attributes.get_mut(*index)?.value.clone_from(text);
        }
        (Hop::Inner(coding), false, _) => element.text = alter_inner(&element.text, *coding, rest, edit)?,
        _ => return None,
    }
    Some(())
}

fn alter_inner(text: &str, coding: Coding, rest: &[Hop], edit: &Edit) -> Option<String> {
    let inner = codec::decode_coding(coding, text.trim(), &Limits::default()).ok()?;
    let inner = altered(&inner, rest, edit)?;
    match (coding, inner) {
        (Coding::Base64, Tree::Text(text)) => Some(STANDARD.encode(text)),
        (Coding::Json, tree) => {
            codec::encode(Format::Json, &tree, &[]).ok().and_then(|bytes| String::from_utf8(bytes).ok())
        }
        (Coding::Xml, Tree::Element(document)) => Some(document.children.iter().map(print_element).collect()),
        (Coding::Base64 | Coding::Xml, _) => None,
    }
}

/// Writes an element that was read, each with its own namespace declared.
fn print_element(element: &Element) -> String {
    let mut text = format!("<{}", element.name);
    if !element.namespace.is_empty() {
        text.push_str(&format!(" xmlns=\"{}\"", escape(&element.namespace)));
    } else {
        text.push_str(" xmlns=\"\"");
    }
    for (number, attribute) in element.attributes.iter().enumerate() {
        let value = escape(&attribute.value);
        text.push_str(&if attribute.namespace.is_empty() {
            format!(" {}=\"{value}\"", attribute.name)
        } else {
            let namespace = escape(&attribute.namespace);
            format!(" xmlns:a{number}=\"{namespace}\" a{number}:{}=\"{value}\"", attribute.name)
        });
    }
    text.push('>');
    text.push_str(&escape(&element.text));
    element.children.iter().for_each(|child| text.push_str(&print_element(child)));
    text.push_str(&format!("</{}>", element.name));
    text
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Tree {
        codec::decode(Format::Json, text.as_bytes(), &Limits::default()).unwrap()
    }

    fn paths(tree: &Tree) -> Vec<String> {
        spots(tree).into_iter().map(|spot| spot.path).collect()
    }

    #[test]
    fn places_inside_carried_texts_are_found_and_altered() {
        let xml = STANDARD.encode("<Tax xmlns=\"urn:t\"><Due id=\"7\">5</Due></Tax>");
        let tree = json(&format!("{{\"Data\":{{\"File\":\"{xml}\"}},\"j\":\"{{\\\"a\\\":1}}\"}}"));
        assert_eq!(
            paths(&tree),
            ["Data", "Data.File", "Data.File.Tax", "Data.File.Tax.Due", "Data.File.Tax.Due.@id", "j", "j.a"]
        );
        let due = spots(&tree).into_iter().find(|spot| spot.name == "Due").unwrap();
        let changed = altered(&tree, &due.hops, &Edit::Text("6".into())).unwrap();
        let again = spots(&changed).into_iter().find(|spot| spot.name == "Due").unwrap();
        assert_eq!(again.text(), Some("6"));
    }

    #[test]
    fn removing_and_doubling_change_one_place() {
        let tree = json("{\"a\":[1,2],\"b\":\"x\"}");
        let spot = |path: &str| spots(&tree).into_iter().find(|spot| spot.path == path).unwrap().hops;
        assert_eq!(altered(&tree, &spot("a.0"), &Edit::Remove), Some(json("{\"a\":[2],\"b\":\"x\"}")));
        assert_eq!(
            altered(&tree, &spot("b"), &Edit::Double),
            Some(json("{\"a\":[1,2],\"b\":[\"x\",\"x\"]}"))
        );
        assert_eq!(altered(&tree, &spot("a"), &Edit::Clear), Some(json("{\"a\":[],\"b\":\"x\"}")));
        assert_eq!(altered(&tree, &spot("a"), &Edit::Null), Some(json("{\"a\":null,\"b\":\"x\"}")));
    }
}
