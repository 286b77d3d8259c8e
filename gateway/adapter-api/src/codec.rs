//! Turns trees into bytes and bytes into trees: JSON, XML, SOAP, form; strict, and limited before anything is built.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::fault::Party;
use crate::tree::{Coding, Tree};
use crate::wire::{Format, Reply, SoapFault, TEXT_CHARS_MAX};

pub mod documents;
mod form;
pub mod json;
pub mod limits;
mod slots;
pub mod soap;
pub mod xml;

pub use form::{encode_query, percent_encode_path, print_query};
pub use limits::Limits;
pub use slots::{Unfilled, fill};

use slots::Pen;
use xml::Encoding;

/// Why bytes could not be read; never what stood in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// In our words: `not JSON`, `duplicate key`, `DOCTYPE`, `deeper than 64`.
    pub why: String,
}

impl Unreadable {
    /// Says why.
    pub fn because(why: impl Into<String>) -> Self {
        Unreadable { why: why.into() }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Unreadable {}

fn too_large(_: limits::Exhausted) -> Unreadable {
    Unreadable::because("too large")
}

/// Reads a reply. Never fails: what cannot be read is told in the reply, and its first characters are kept for rules.
///
/// The house sets `from` and `retry_after_s` where it knows better.
pub fn read_reply(format: Format, status: u16, content_type: &str, bytes: &[u8], limits: &Limits) -> Reply {
    let (body, fault) = match declared(format, content_type, bytes).and_then(|()| open(format, bytes, limits))
    {
        Ok((body, fault)) => (Ok(body), fault),
        Err(unreadable) => (Err(unreadable), None),
    };
    Reply {
        status,
        content_type: content_type.to_owned(),
        from: Party::Agency,
        body,
        text: beginning(bytes),
        fault,
        retry_after_s: None,
    }
}

/// Reads bytes of a format. SOAP gives its Body; a fault in it shows only in [`read_reply`].
pub fn decode(format: Format, bytes: &[u8], limits: &Limits) -> Result<Tree, Unreadable> {
    open(format, bytes, limits).map(|(body, _)| body)
}

/// Reads text that travelled inside another message.
///
/// base64 gives text where it is UTF-8, bytes where it is not; further codings read both ([`decode_codings`]).
pub fn decode_coding(coding: Coding, text: &str, limits: &Limits) -> Result<Tree, Unreadable> {
    if text.len() > limits.bytes_max {
        return Err(too_large(limits::Exhausted));
    }
    match coding {
        Coding::Json => json::parse(text.as_bytes(), limits),
        Coding::Xml => {
            let text = text.strip_prefix('\u{feff}').unwrap_or(text);
            xml::parse(text, Encoding::Moot, limits).map(element)
        }
        Coding::Base64 => {
            // Blanks at the ends come from indented XML; inside, they are refused.
            let bytes = STANDARD.decode(text.trim()).map_err(|_| Unreadable::because("not base64"))?;
            Ok(String::from_utf8(bytes).map_or_else(|error| Tree::Bytes(error.into_bytes()), Tree::Text))
        }
    }
}

/// Reads text through several codings, in the order in which they are to be taken off.
pub fn decode_codings(codings: &[Coding], text: &str, limits: &Limits) -> Result<Tree, Unreadable> {
    let mut tree = Tree::Text(text.to_owned());
    for coding in codings {
        tree = match &tree {
            Tree::Text(text) => decode_coding(*coding, text, limits)?,
            // Bytes that are not UTF-8: a declared charset is named as the reason, where there is one.
            Tree::Bytes(bytes) if *coding == Coding::Xml => decode(Format::Xml, bytes, limits)?,
            Tree::Bytes(bytes) if *coding == Coding::Json => decode(Format::Json, bytes, limits)?,
            _ => return Err(Unreadable::because("not text")),
        };
    }
    Ok(tree)
}

/// Encodes a body. Every slot must have been filled.
pub fn encode(format: Format, body: &Tree, namespaces: &[(String, String)]) -> Result<Vec<u8>, Unfilled> {
    let pen = Pen { namespaces, prints_slots: false };
    Ok(write(format, body, &pen, false)?.into_bytes())
}

/// Encodes a tree as text that travels inside another.
pub fn encode_text(coding: Coding, tree: &Tree, namespaces: &[(String, String)]) -> Result<String, Unfilled> {
    Pen { namespaces, prints_slots: false }.coded(coding, tree)
}

/// Prints a body as talks have it: indented, its slots shown. What cannot be said is printed as the reason.
pub fn print(format: Format, body: &Tree, namespaces: &[(String, String)]) -> String {
    let pen = Pen { namespaces, prints_slots: true };
    write(format, body, &pen, true).unwrap_or_else(|unsaid| format!("‹{unsaid}›"))
}

fn write(format: Format, body: &Tree, pen: &Pen<'_>, indents: bool) -> Result<String, Unfilled> {
    let mut out = String::new();
    match format {
        Format::Json => json::write::write(&mut out, body, pen, indents.then_some(0))?,
        Format::Xml => xml::write::document(&mut out, body, pen, indents)?,
        Format::Soap11 => xml::write::envelope(&mut out, soap::SOAP_11, body, pen, indents)?,
        Format::Soap12 => xml::write::envelope(&mut out, soap::SOAP_12, body, pen, indents)?,
        Format::Form => form::write(&mut out, body, pen)?,
        Format::Text => out.push_str(&pen.text(body)?),
    }
    Ok(out)
}

fn open(format: Format, bytes: &[u8], limits: &Limits) -> Result<(Tree, Option<SoapFault>), Unreadable> {
    if bytes.len() > limits.bytes_max {
        return Err(too_large(limits::Exhausted));
    }
    let soap = |namespace| {
        let opened = soap::open(xml::parse(utf8(bytes)?, Encoding::Binding, limits)?, namespace)?;
        Ok((element(opened.body), opened.fault))
    };
    let tree = match format {
        Format::Json => json::parse(bytes, limits)?,
        Format::Xml => element(xml::parse(utf8(bytes)?, Encoding::Binding, limits)?),
        Format::Soap11 => return soap(soap::SOAP_11),
        Format::Soap12 => return soap(soap::SOAP_12),
        Format::Form => form::parse(utf8(bytes)?, limits)?,
        Format::Text => Tree::Text(utf8(bytes)?.to_owned()),
    };
    Ok((tree, None))
}

fn element(element: crate::tree::Element) -> Tree {
    Tree::Element(Box::new(element))
}

/// Refuses what a content type rules out: another charset, and for SOAP a page made for people.
fn declared(format: Format, content_type: &str, bytes: &[u8]) -> Result<(), Unreadable> {
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    if format.is_soap() && media_type.eq_ignore_ascii_case("text/html") {
        return Err(Unreadable::because("not SOAP"));
    }
    let charsets = parts
        .filter_map(|part| part.split_once('='))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    for (_, charset) in charsets {
        if !is_utf8(charset.trim().trim_matches('"'), bytes) {
            return Err(Unreadable::because("charset other than UTF-8"));
        }
    }
    Ok(())
}

/// Whether bytes in this charset are UTF-8 as they stand.
fn is_utf8(charset: &str, bytes: &[u8]) -> bool {
    let is = |name: &str| charset.eq_ignore_ascii_case(name);
    is("utf-8") || is("utf8") || (is("us-ascii") && bytes.is_ascii())
}

/// Takes one UTF-8 byte order mark off.
fn strip_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn utf8(bytes: &[u8]) -> Result<&str, Unreadable> {
    std::str::from_utf8(strip_mark(bytes)).map_err(|_| Unreadable::because("not UTF-8"))
}

/// The first characters of a body; what is not UTF-8 in it is replaced.
fn beginning(bytes: &[u8]) -> String {
    /// UTF-8 needs at most four bytes for a character.
    const CHAR_BYTES_MAX: usize = 4;
    let bytes = strip_mark(bytes);
    let enough = bytes.get(..TEXT_CHARS_MAX * CHAR_BYTES_MAX).unwrap_or(bytes);
    String::from_utf8_lossy(enough).chars().take(TEXT_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(format: Format, content_type: &str, bytes: &[u8]) -> Reply {
        read_reply(format, 200, content_type, bytes, &Limits::default())
    }

    #[test]
    fn another_charset_is_refused_wherever_it_is_declared() {
        let refused = Err(Unreadable::because("charset other than UTF-8"));
        assert_eq!(reply(Format::Json, "application/json; charset=windows-1258", b"{}").body, refused);
        assert_eq!(
            reply(Format::Xml, "text/xml", b"<?xml version='1.0' encoding='UTF-16'?><a/>").body,
            refused
        );
        assert!(reply(Format::Json, "application/json; Charset=\"UTF-8\"", b"{}").body.is_ok());
        assert!(reply(Format::Json, "application/json;charset=us-ascii", b"{}").body.is_ok());
        assert_eq!(reply(Format::Json, "text/json;charset=us-ascii", "\"ữ\"".as_bytes()).body, refused);
        assert!(reply(Format::Xml, "text/xml", b"\xff\xfe<\0a\0/\0>\0").body.is_err());
    }

    #[test]
    fn what_cannot_be_read_still_shows_its_first_characters() {
        let reply = reply(Format::Json, "text/html", "ữ".repeat(TEXT_CHARS_MAX + 1).as_bytes());
        assert!(reply.body.unwrap_err().why.starts_with("not JSON"));
        assert_eq!(reply.text, "ữ".repeat(TEXT_CHARS_MAX));
    }

    #[test]
    fn reasons_never_quote_what_stood_there() {
        for text in [
            "<a>001042000001",
            "<a><001042000001/></a>",
            "<x001042000001:a/>",
            "{\"001042000001\":1,\"001042000001\":2}",
        ] {
            for format in [Format::Json, Format::Xml, Format::Soap11, Format::Form] {
                let told = decode(format, text.as_bytes(), &Limits::default());
                assert!(
                    told.is_err_and(|unreadable| !unreadable.why.contains("1042")) || format == Format::Form,
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn more_bytes_than_the_limit_are_not_looked_at() {
        let limits = Limits { bytes_max: 2, ..Limits::default() };
        for format in [Format::Json, Format::Xml, Format::Soap11, Format::Soap12, Format::Form, Format::Text]
        {
            assert_eq!(decode(format, b"   ", &limits), Err(Unreadable::because("too large")));
        }
        assert!(decode_coding(Coding::Base64, "AAAA", &limits).is_err());
    }
}
