//! Which prefix means which namespace, at one place of a document (Namespaces in XML 1.0, 3rd edition).

use super::name::is_local_name;
use super::token::RawAttribute;
use crate::codec::Unreadable;

const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// The bindings in force, innermost last. The default namespace has the prefix "".
pub(super) struct Scope<'a> {
    bindings: Vec<(&'a str, String)>,
    max: usize,
}

impl<'a> Scope<'a> {
    pub(super) fn new(max: usize) -> Self {
        Scope { bindings: Vec::new(), max }
    }

    pub(super) fn len(&self) -> usize {
        self.bindings.len()
    }

    /// Back to how it was when this many were bound.
    pub(super) fn forget(&mut self, length: usize) {
        self.bindings.truncate(length);
    }

    /// Takes an attribute's declaration in, if it is one.
    pub(super) fn declare(&mut self, attribute: &RawAttribute<'a>) -> Result<(), Unreadable> {
        let Some(prefix) = attribute.declared() else {
            return Ok(());
        };
        let namespace = attribute.value.as_str();
        let wrong = match prefix {
            "xmlns" => true,
            "xml" => namespace != XML,
            "" => [XML, XMLNS].contains(&namespace),
            _ => namespace.is_empty() || !is_local_name(prefix) || [XML, XMLNS].contains(&namespace),
        };
        if wrong {
            return Err(Unreadable::because("not XML: a namespace declared wrongly"));
        }
        if self.bindings.len() >= self.max {
            return Err(Unreadable::because(format!("more than {} namespaces", self.max)));
        }
        self.bindings.push((prefix, namespace.to_owned()));
        Ok(())
    }

    /// The namespace of an element with this prefix.
    pub(super) fn element(&self, prefix: &str) -> Result<String, Unreadable> {
        match self.find(prefix) {
            Some(namespace) => Ok(namespace.to_owned()),
            None if prefix.is_empty() => Ok(String::new()),
            None => Err(Unreadable::because("not XML: a prefix without namespace")),
        }
    }

    /// The namespace of an attribute with this prefix; the default namespace is not for attributes.
    pub(super) fn attribute(&self, prefix: &str) -> Result<String, Unreadable> {
        if prefix.is_empty() { Ok(String::new()) } else { self.element(prefix) }
    }

    fn find(&self, prefix: &str) -> Option<&str> {
        let bound = self.bindings.iter().rev().find(|(name, _)| *name == prefix);
        bound.map(|(_, namespace)| namespace.as_str()).or((prefix == "xml").then_some(XML))
    }
}

/// A written name as prefix and local name.
pub(super) fn split(written: &str) -> Result<(&str, &str), Unreadable> {
    let (prefix, local) = match written.split_once(':') {
        None => ("", written),
        Some(("", _)) => return Err(Unreadable::because("not XML: a colon too many")),
        Some(parts) => parts,
    };
    if is_local_name(local) {
        Ok((prefix, local))
    } else {
        Err(Unreadable::because("not XML: a colon too many"))
    }
}
