//! A small XML tree: read strictly from requests, written into replies.

use quick_xml::NsReader;
use quick_xml::escape::escape;
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;

/// SOAP requests of the interface document are five levels deep.
const DEPTH_MAX: usize = 32;

/// One element, with text or children.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// Only in what was read; writers put one prefix on everything.
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    pub(crate) fn leaf(name: &str, text: impl Into<String>) -> Self {
        Self { name: name.to_owned(), text: text.into(), ..Self::default() }
    }

    pub(crate) fn branch(name: &str, children: Vec<Self>) -> Self {
        Self { name: name.to_owned(), children, ..Self::default() }
    }

    /// Renames every element of a name, at any depth.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        if self.name == from {
            self.name = to.to_owned();
        }
        self.children.iter_mut().for_each(|child| child.rename(from, to));
    }

    /// Removes every element of a name, at any depth.
    pub(crate) fn remove(&mut self, name: &str) {
        self.children.retain(|child| child.name != name);
        self.children.iter_mut().for_each(|child| child.remove(name));
    }

    /// Replaces the content of every element of a name, at any depth.
    pub(crate) fn refill(&mut self, name: &str, text: &str, children: &[Self]) {
        for child in &mut self.children {
            if child.name == name {
                child.text = text.to_owned();
                child.children = children.to_vec();
            } else {
                child.refill(name, text, children);
            }
        }
    }

    /// Writes the element with a prefix (may be empty) and, if given, its namespace declaration.
    pub(crate) fn write(&self, prefix: &str, declare: Option<&str>, out: &mut String) {
        let colon = if prefix.is_empty() { "" } else { ":" };
        let declaration = declare.map(|uri| format!(" xmlns{colon}{prefix}=\"{uri}\"")).unwrap_or_default();
        let name = format!("{prefix}{colon}{}", self.name);
        if self.text.is_empty() && self.children.is_empty() {
            out.push_str(&format!("<{name}{declaration}/>"));
            return;
        }
        out.push_str(&format!("<{name}{declaration}>{}", escape(&self.text)));
        self.children.iter().for_each(|child| child.write(prefix, None, out));
        out.push_str(&format!("</{name}>"));
    }
}

/// Reads one document. The error is an English reason for the fault text.
pub(crate) fn read(text: &str) -> Result<Element, &'static str> {
    let mut reader = NsReader::from_str(text);
    let mut open: Vec<Element> = vec![Element::default()];
    loop {
        let (namespace, event) = reader.read_resolved_event().map_err(|_| "not well-formed")?;
        let namespace = match namespace {
            ResolveResult::Bound(namespace) => namespace.into_inner().to_owned(),
            ResolveResult::Unbound => String::new(),
            ResolveResult::Unknown(_) => return Err("an undeclared prefix"),
        };
        let done = match event {
            Event::Start(start) => {
                let name = start.local_name().into_inner().to_owned();
                open.push(Element { namespace, name, ..Element::default() });
                false
            }
            Event::Empty(start) => {
                let name = start.local_name().into_inner().to_owned();
                open.push(Element { namespace, name, ..Element::default() });
                true
            }
            Event::End(_) => true,
            Event::Text(content) => add_text(&mut open, &content.xml10_content())?,
            Event::CData(content) => add_text(&mut open, &content.xml10_content())?,
            Event::GeneralRef(reference) => {
                let character = match reference.resolve_char_ref().map_err(|_| "a wrong reference")? {
                    Some(character) => character,
                    None => predefined(&reference.xml10_content())?,
                };
                add_text(&mut open, &character.to_string())?
            }
            Event::DocType(_) => return Err("a document type declaration"),
            Event::Eof => break,
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => false,
        };
        if open.len() > DEPTH_MAX {
            return Err("nested too deeply");
        }
        if done && let Some(element) = open.pop() {
            open.last_mut().ok_or("an end without a start")?.children.push(element);
        }
    }
    match (open.pop(), open.is_empty()) {
        (Some(mut document), true) if document.children.len() == 1 => {
            document.children.pop().ok_or("no element")
        }
        _ => Err("not one root element"),
    }
}

fn add_text(open: &mut [Element], text: &str) -> Result<bool, &'static str> {
    let (depth, last) = (open.len(), open.last_mut());
    match last {
        Some(element) if depth > 1 => element.text.push_str(text),
        _ if text.trim().is_empty() => {}
        _ => return Err("text outside the root element"),
    }
    Ok(false)
}

fn predefined(name: &str) -> Result<char, &'static str> {
    match name {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err("an undeclared entity"),
    }
}
