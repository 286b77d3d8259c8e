//! Reads XML 1.0 (5th edition) with namespaces, strictly and without DOCTYPE: what is not well-formed is refused.
//!
//! Own code, because the usual pull parsers let more than half of the malformed documents of the W3C corpus pass
//! (`reference/dependencies.md`). quick-xml writes the escapes ([`write`]).

use super::limits::{Budget, Limits};
use super::{Unreadable, too_large};
use crate::tree::{Attribute, Element};

pub(super) mod name;
mod scope;
mod token;
pub(super) mod write;

use scope::{Scope, split};
use token::{Cursor, RawAttribute};

/// The namespace of `xsi:nil`.
pub const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// What the encoding named in an XML declaration is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// These are bytes from the wire: it must be UTF-8.
    Binding,
    /// This was text already. .NET writes `encoding="utf-16"` into XML that it then puts into a string.
    Moot,
}

/// Reads a document: an element `#document` with the root as its only child.
pub(super) fn parse(text: &str, encoding: Encoding, limits: &Limits) -> Result<Element, Unreadable> {
    let mut reader = Reader {
        cursor: Cursor::new(text),
        budget: Budget::new(limits, text.len()),
        scope: Scope::new(limits.namespaces_max),
        open: Vec::new(),
        root: None,
        limits,
    };
    reader.cursor.legal_characters()?;
    reader.cursor.declaration(encoding)?;
    while !reader.cursor.at_end() {
        reader.markup_or_text()?;
    }
    match (reader.root, reader.open.is_empty()) {
        (Some(root), true) => {
            Ok(Element { name: "#document".to_owned(), children: vec![root], ..Element::default() })
        }
        _ => Err(reader.cursor.malformed("it ends too early")),
    }
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    budget: Budget,
    scope: Scope<'a>,
    open: Vec<Open<'a>>,
    root: Option<Element>,
    limits: &'a Limits,
}

/// An element whose end has not come yet.
struct Open<'a> {
    written: &'a str,
    element: Element,
    /// How many namespaces were bound before it.
    bound: usize,
}

/// How text stood in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    Plain,
    /// `<![CDATA[…]]>`.
    Section,
    /// `&amp;`, `&#13;`: its character is meant as it is.
    Reference,
}

impl<'a> Reader<'a> {
    fn markup_or_text(&mut self) -> Result<(), Unreadable> {
        if self.cursor.eat("<!--") {
            self.cursor.comment()
        } else if self.cursor.eat("<?") {
            self.cursor.instruction()
        } else if self.cursor.eat("<![CDATA[") {
            let text = self.cursor.until("]]>")?;
            self.text(text, Came::Section)
        } else if self.cursor.eat("<!DOCTYPE") {
            Err(Unreadable::because("DOCTYPE"))
        } else if self.cursor.eat("</") {
            self.end()
        } else if self.cursor.eat("<") {
            self.start()
        } else if self.cursor.eat("&") {
            let sign = self.cursor.reference()?;
            self.text(sign.encode_utf8(&mut [0; 4]), Came::Reference)
        } else {
            let text = self.cursor.character_data()?;
            self.text(text, Came::Plain)
        }
    }

    /// Adds text to the open element; outside the root only blanks may stand.
    fn text(&mut self, text: &str, came: Came) -> Result<(), Unreadable> {
        let blank = text.bytes().all(token::is_blank);
        let Some(open) = self.open.last_mut() else {
            let nothing = blank && came == Came::Plain;
            return if nothing { Ok(()) } else { Err(self.cursor.malformed("text outside the root")) };
        };
        if !open.element.children.is_empty() {
            return if blank { Ok(()) } else { Err(mixed()) };
        }
        self.budget.bytes(text.len()).map_err(too_large)?;
        match came {
            Came::Reference => open.element.text.push_str(text),
            Came::Plain | Came::Section => token::fold_line_ends(&mut open.element.text, text),
        }
        Ok(())
    }

    fn start(&mut self) -> Result<(), Unreadable> {
        if self.root.is_some() {
            return Err(self.cursor.malformed("a second root"));
        }
        if self.open.len() >= self.limits.depth() {
            return Err(Unreadable::because(format!("deeper than {}", self.limits.depth())));
        }
        self.budget.node().map_err(too_large)?;
        let written = self.name()?;
        let bound = self.scope.len();
        let (attributes, empty) = self.attributes()?;
        let element = self.resolve(written, &attributes)?;
        if let Some(parent) = self.open.last_mut() {
            if !parent.element.text.bytes().all(token::is_blank) {
                return Err(mixed());
            }
            parent.element.text = String::new();
        }
        self.open.push(Open { written, element, bound });
        if empty { self.close() } else { Ok(()) }
    }

    fn name(&mut self) -> Result<&'a str, Unreadable> {
        let name = self.cursor.name()?;
        match name.chars().nth(self.limits.name_chars_max) {
            None => Ok(name),
            Some(_) => Err(Unreadable::because(format!("name longer than {}", self.limits.name_chars_max))),
        }
    }

    /// The attributes of a start tag as they are written, and whether the tag is an empty element's.
    fn attributes(&mut self) -> Result<(Vec<RawAttribute<'a>>, bool), Unreadable> {
        let mut attributes: Vec<RawAttribute<'a>> = Vec::new();
        loop {
            let apart = self.cursor.blank();
            if self.cursor.eat("/>") {
                return Ok((attributes, true));
            }
            if self.cursor.eat(">") {
                return Ok((attributes, false));
            }
            if !apart {
                return Err(self.cursor.malformed("a broken tag"));
            }
            if attributes.len() >= self.limits.attributes_max {
                let why = format!("more than {} attributes", self.limits.attributes_max);
                return Err(Unreadable::because(why));
            }
            self.budget.node().map_err(too_large)?;
            let name = self.name()?;
            if attributes.iter().any(|earlier| earlier.name == name) {
                return Err(self.cursor.malformed("an attribute twice"));
            }
            let value = self.cursor.attribute_value()?;
            self.budget.text(value.len()).map_err(too_large)?;
            self.budget.push(&mut attributes, RawAttribute { name, value }).map_err(too_large)?;
        }
    }

    fn resolve(&mut self, written: &'a str, raw: &[RawAttribute<'a>]) -> Result<Element, Unreadable> {
        for attribute in raw {
            self.scope.declare(attribute)?;
        }
        let (prefix, local) = split(written)?;
        let namespace = self.scope.element(prefix)?;
        let mut element = Element { namespace, name: local.to_owned(), ..Element::default() };
        self.budget.text(element.namespace.len()).map_err(too_large)?;
        self.budget.text(local.len()).map_err(too_large)?;
        for RawAttribute { name, value } in raw.iter().filter(|attribute| !attribute.declares()) {
            let (prefix, local) = split(name)?;
            let namespace = self.scope.attribute(prefix)?;
            if element
                .attributes
                .iter()
                .any(|earlier| earlier.name == local && earlier.namespace == namespace)
            {
                return Err(self.cursor.malformed("an attribute twice"));
            }
            self.budget.text(namespace.len() + local.len() + value.len()).map_err(too_large)?;
            let attribute = Attribute { namespace, name: local.to_owned(), value: value.clone() };
            self.budget.push(&mut element.attributes, attribute).map_err(too_large)?;
        }
        Ok(element)
    }

    fn end(&mut self) -> Result<(), Unreadable> {
        let name = self.cursor.name()?;
        self.cursor.blank();
        let ends = self.cursor.eat(">") && self.open.last().is_some_and(|open| open.written == name);
        if ends { self.close() } else { Err(self.cursor.malformed("an end tag that ends nothing")) }
    }

    fn close(&mut self) -> Result<(), Unreadable> {
        let Some(Open { element, bound, .. }) = self.open.pop() else {
            return Err(self.cursor.malformed("an end tag that ends nothing"));
        };
        self.scope.forget(bound);
        match self.open.last_mut() {
            Some(parent) => {
                self.budget.push(&mut parent.element.children, element).map_err(too_large)?;
            }
            None => self.root = Some(element),
        }
        Ok(())
    }
}

fn mixed() -> Unreadable {
    Unreadable::because("mixed content")
}
