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
            Slot::Lifted(lifted) => write!(f, "‹document base64, {} characters›", lifted.characters),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Limits, decode_codings, encode, encode_text};
    use crate::wire::Format;

    fn secret(name: &str) -> Tree {
        Tree::Slot(Slot::Secret(name.into()))
    }

    fn object(name: &str, value: Tree) -> Tree {
        Tree::Object(vec![(name.into(), value)])
    }

    #[test]
    fn an_open_slot_is_never_sent_however_deep_it_lies() {
        let inner = Tree::Encoded {
            codings: vec![Coding::Xml, Coding::Base64],
            inner: Box::new(object("k", secret("key"))),
        };
        let mut body = object("a", Tree::List(vec![inner]));
        let error = encode(Format::Json, &body, &[]).unwrap_err();
        assert_eq!(error.slot, Some(Slot::Secret("key".into())));
        assert_eq!(error.to_string(), "‹secret key› is not filled");
        fill(&mut body, &mut |slot| match slot {
            Slot::Secret(name) => Ok(Tree::Text(format!("<{name}>"))),
            _ => Err("only secrets"),
        })
        .unwrap();
        assert_eq!(encode(Format::Json, &body, &[]).unwrap(), br#"{"a":["PGs+Jmx0O2tleSZndDs8L2s+"]}"#);
        assert_eq!(fill(&mut Tree::Slot(Slot::Seal("s".into())), &mut |_| Err("no")), Err("no"));
    }

    #[test]
    fn codings_go_there_and_back() {
        let body = object("BODY", object("ten", Tree::Text("Nguyễn \"Mẫu\" & <Con>".into())));
        let coded = encode_text(
            Coding::Base64,
            &Tree::Encoded { codings: vec![Coding::Json, Coding::Json], inner: Box::new(body.clone()) },
            &[],
        );
        let read = decode_codings(
            &[Coding::Base64, Coding::Json, Coding::Json],
            &coded.unwrap(),
            &Limits::default(),
        );
        assert_eq!(read, Ok(body));
    }

    #[test]
    fn base64_is_strict() {
        let read = |text: &str| decode_codings(&[Coding::Base64], text, &Limits::default());
        assert_eq!(read(" TeG6q3U=\n"), Ok(Tree::Text("Mẫu".into())));
        assert_eq!(read("/w=="), Ok(Tree::Bytes(vec![0xff])));
        for bad in ["TeG6q3U", "TeG6\nq3U=", "TeG6q3V=", "_w==", "=", "TeG6q3U=="] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn bytes_are_written_as_base64() {
        assert_eq!(
            encode(Format::Json, &object("f", Tree::Bytes(vec![0xff])), &[]).unwrap(),
            br#"{"f":"/w=="}"#
        );
    }

    #[test]
    fn what_a_format_cannot_say_is_refused() {
        let refused = |format, tree: Tree| encode(format, &tree, &[]).unwrap_err().why;
        assert_eq!(refused(Format::Json, Tree::Number("0123".into())), "not a JSON number");
        assert_eq!(refused(Format::Xml, object("a b", Tree::Null)), "not an XML name");
        assert_eq!(refused(Format::Xml, object("p:a", Tree::Null)), "namespace prefix p is not declared");
        assert_eq!(refused(Format::Xml, object("a", Tree::List(vec![]))), "an XML document has one root");
        assert_eq!(
            refused(Format::Xml, object("a", Tree::List(vec![Tree::Null, Tree::Null]))),
            "an XML document has one root"
        );
        assert!(refused(Format::Xml, object("a", Tree::Text("\u{1}".into()))).contains("character"));
        assert!(encode(Format::Form, &object("a", object("b", Tree::Null)), &[]).is_err());
    }
}
