//! The leaves only the house may fill: filling them, refusing what is left open, and how a leaf becomes text.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{json, xml};
use crate::tree::{Coding, Slot, Tree};

/// Why a tree cannot be encoded: a slot is still open, or the format has no words for a leaf. Never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfilled {
    /// The slot that nobody filled, if that is why.
    pub slot: Option<Slot>,
    /// In our words: `‹secret user› is not filled`, `namespace prefix dan is not declared`.
    pub why: String,
}

impl Unfilled {
    pub(super) fn because(why: impl Into<String>) -> Self {
        Unfilled { slot: None, why: why.into() }
    }

    fn slot(slot: &Slot) -> Self {
        Unfilled { slot: Some(slot.clone()), why: format!("{slot} is not filled") }
    }
}

impl fmt::Display for Unfilled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Unfilled {}

impl fmt::Display for Slot {
    /// As talks print it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Slot::Secret(name) => write!(f, "‹secret {name}›"),
            Slot::Document(id) => write!(f, "‹document {id} as base64›"),
            Slot::Seal(name) => write!(f, "‹seal {name}›"),
            Slot::Lifted { characters } => write!(f, "‹document base64, {characters} characters›"),
        }
    }
}

/// Fills every slot of a tree, those inside nested encodings too. What is put in is not searched again.
pub fn fill<E>(tree: &mut Tree, with: &mut dyn FnMut(&Slot) -> Result<Tree, E>) -> Result<(), E> {
    match tree {
        Tree::Slot(slot) => *tree = with(slot)?,
        Tree::List(items) => items.iter_mut().try_for_each(|item| fill(item, with))?,
        Tree::Object(members) => members.iter_mut().try_for_each(|(_, member)| fill(member, with))?,
        Tree::Encoded { inner, .. } => fill(inner, with)?,
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) | Tree::Element(_) | Tree::Bytes(_) => {}
    }
    Ok(())
}

/// What writing needs to know besides the tree.
pub(super) struct Pen<'a> {
    /// The prefixes that may be used, with their namespaces.
    pub(super) namespaces: &'a [(String, String)],
    /// Open slots are printed, as talks do; otherwise they are refused.
    pub(super) prints_slots: bool,
}

impl Pen<'_> {
    /// A leaf as text: bytes as base64, nested encodings encoded, null as nothing.
    pub(super) fn text<'t>(&self, tree: &'t Tree) -> Result<Cow<'t, str>, Unfilled> {
        match tree {
            Tree::Null => Ok(Cow::Borrowed("")),
            Tree::Bool(truth) => Ok(Cow::Borrowed(if *truth { "true" } else { "false" })),
            Tree::Number(text) | Tree::Text(text) => Ok(Cow::Borrowed(text)),
            Tree::Bytes(bytes) => Ok(Cow::Owned(STANDARD.encode(bytes))),
            Tree::Slot(slot) if self.prints_slots => Ok(Cow::Owned(slot.to_string())),
            Tree::Slot(slot) => Err(Unfilled::slot(slot)),
            Tree::Encoded { codings, inner } => self.encoded(codings, inner),
            Tree::List(_) => Err(Unfilled::because("a list where text belongs")),
            Tree::Object(_) | Tree::Element(_) => Err(Unfilled::because("an object where text belongs")),
        }
    }

    fn encoded<'t>(&self, codings: &[Coding], inner: &'t Tree) -> Result<Cow<'t, str>, Unfilled> {
        let Some((first, further)) = codings.split_first() else {
            return self.text(inner);
        };
        let mut text = self.coded(*first, inner)?;
        for coding in further {
            text = self.coded(*coding, &Tree::Text(text))?;
        }
        Ok(Cow::Owned(text))
    }

    /// One coding of a tree.
    pub(super) fn coded(&self, coding: Coding, tree: &Tree) -> Result<String, Unfilled> {
        let mut out = String::new();
        match coding {
            Coding::Json => json::write::write(&mut out, tree, self, None)?,
            Coding::Xml => xml::write::document(&mut out, tree, self, false)?,
            Coding::Base64 => match tree {
                Tree::Bytes(bytes) => STANDARD.encode_string(bytes, &mut out),
                _ => STANDARD.encode_string(self.text(tree)?.as_bytes(), &mut out),
            },
        }
        Ok(out)
    }
}
