//! The cursor over an XML text: names, references, comments, instructions, attribute values.

use super::{Encoding, name};
use crate::codec::Unreadable;

/// An attribute as it is written, its value normalised.
pub(super) struct RawAttribute<'a> {
    pub(super) name: &'a str,
    pub(super) value: String,
}

impl<'a> RawAttribute<'a> {
    /// The prefix it binds, if it is a declaration.
    pub(super) fn declared(&self) -> Option<&'a str> {
        match self.name {
            "xmlns" => Some(""),
            // A colon with nothing behind it is no prefix; the scope refuses it under this name.
            "xmlns:" => Some(":"),
            name => name.strip_prefix("xmlns:"),
        }
    }

    pub(super) fn declares(&self) -> bool {
        self.declared().is_some()
    }
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Adds text with every line end as one `\n` (2.11).
pub(super) fn fold_line_ends(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\r') {
        out.push_str(before);
        out.push('\n');
        rest = after.strip_prefix('\n').unwrap_or(after);
    }
    out.push_str(rest);
}

/// Where the reader stands.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Cursor { text, at: 0 }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Says why, and in which line; never what stood there.
    pub(super) fn malformed(&self, why: &str) -> Unreadable {
        let before = self.text.get(..self.at).unwrap_or(self.text);
        let line = 1 + before.bytes().filter(|&byte| byte == b'\n').count();
        Unreadable::because(format!("not XML: {why}, line {line}"))
    }

    /// Takes exactly these signs, if they come next.
    pub(super) fn eat(&mut self, expected: &str) -> bool {
        let there = self.rest().starts_with(expected);
        self.at += if there { expected.len() } else { 0 };
        there
    }

    /// Takes blanks; says whether there were any.
    pub(super) fn blank(&mut self) -> bool {
        let count = self.rest().bytes().take_while(|&byte| is_blank(byte)).count();
        self.at += count;
        count > 0
    }

    fn take(&mut self, length: usize) -> &'a str {
        let taken = self.rest().get(..length).unwrap_or_default();
        self.at += taken.len();
        taken
    }

    /// Takes everything before these signs, and the signs.
    pub(super) fn until(&mut self, end: &str) -> Result<&'a str, Unreadable> {
        let length = self.rest().find(end).ok_or_else(|| self.malformed("it ends too early"))?;
        let taken = self.take(length);
        self.at += end.len();
        Ok(taken)
    }

    pub(super) fn name(&mut self) -> Result<&'a str, Unreadable> {
        match name::length(self.rest()) {
            0 => Err(self.malformed("not a name")),
            length => Ok(self.take(length)),
        }
    }

    /// Refuses what XML 1.0 has no place for: most control characters, U+FFFE, U+FFFF.
    pub(super) fn legal_characters(&mut self) -> Result<(), Unreadable> {
        match self.text.find(|sign| !name::is_legal(sign)) {
            None => Ok(()),
            Some(place) => {
                self.at = place;
                Err(self.malformed("a character that XML has no place for"))
            }
        }
    }

    /// `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`, only at the very beginning.
    pub(super) fn declaration(&mut self, encoding: Encoding) -> Result<(), Unreadable> {
        let starts =
            self.rest().strip_prefix("<?xml").is_some_and(|rest| rest.starts_with(|c| " \t\r\n".contains(c)));
        if !starts {
            return Ok(());
        }
        self.at += "<?xml".len();
        match self.pseudo_attribute("version")? {
            Some("1.0") => {}
            Some(_) => return Err(Unreadable::because("XML other than 1.0")),
            None => return Err(self.malformed("a declaration without version")),
        }
        if let Some(named) = self.pseudo_attribute("encoding")? {
            let mut signs = named.bytes();
            let grammatical = signs.next().is_some_and(|first| first.is_ascii_alphabetic())
                && signs.all(|sign| sign.is_ascii_alphanumeric() || b"._-".contains(&sign));
            if !grammatical {
                return Err(self.malformed("not an encoding"));
            }
            if encoding == Encoding::Binding && !crate::codec::is_utf8(named, self.text.as_bytes()) {
                return Err(Unreadable::because("charset other than UTF-8"));
            }
        }
        if !matches!(self.pseudo_attribute("standalone")?, None | Some("yes" | "no")) {
            return Err(self.malformed("standalone is yes or no"));
        }
        self.blank();
        if self.eat("?>") { Ok(()) } else { Err(self.malformed("a broken declaration")) }
    }

    /// A part of the declaration, if it comes next.
    fn pseudo_attribute(&mut self, name: &str) -> Result<Option<&'a str>, Unreadable> {
        let before = self.at;
        if !(self.blank() && self.eat(name)) {
            self.at = before;
            return Ok(None);
        }
        self.equals()?;
        let quote = self.quote()?;
        self.until(quote).map(Some)
    }

    fn equals(&mut self) -> Result<(), Unreadable> {
        self.blank();
        if !self.eat("=") {
            return Err(self.malformed("an attribute without value"));
        }
        self.blank();
        Ok(())
    }

    fn quote(&mut self) -> Result<&'static str, Unreadable> {
        if self.eat("\"") {
            Ok("\"")
        } else if self.eat("'") {
            Ok("'")
        } else {
            Err(self.malformed("a value without quotes"))
        }
    }

    /// After `<!--`.
    pub(super) fn comment(&mut self) -> Result<(), Unreadable> {
        self.until("--")?;
        if self.eat(">") { Ok(()) } else { Err(self.malformed("-- inside a comment")) }
    }

    /// After `<?`.
    pub(super) fn instruction(&mut self) -> Result<(), Unreadable> {
        let target = self.name()?;
        if target.eq_ignore_ascii_case("xml") {
            return Err(self.malformed("a declaration that is not at the beginning"));
        }
        if target.contains(':') {
            return Err(self.malformed("a colon too many"));
        }
        if self.eat("?>") {
            return Ok(());
        }
        if !self.blank() {
            return Err(self.malformed("a broken instruction"));
        }
        self.until("?>").map(|_| ())
    }

    /// Text up to the next `<` or `&`.
    pub(super) fn character_data(&mut self) -> Result<&'a str, Unreadable> {
        let rest = self.rest();
        let length = rest.find(['<', '&']).unwrap_or(rest.len());
        let text = self.take(length);
        if text.contains("]]>") { Err(self.malformed("]]> in text")) } else { Ok(text) }
    }

    /// After `&`: one of the five entities or a character. No other entity exists without a DOCTYPE.
    pub(super) fn reference(&mut self) -> Result<char, Unreadable> {
        /// The longest that means something, with some leading zeros: `#x0000000010FFFF`.
        const REFERENCE_CHARS_MAX: usize = 32;
        let rest = self.rest();
        let end = rest.bytes().take(REFERENCE_CHARS_MAX).position(|byte| byte == b';');
        let inner =
            end.and_then(|end| rest.get(..end)).ok_or_else(|| self.malformed("a broken reference"))?;
        let sign = match inner {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "apos" => Some('\''),
            "quot" => Some('"'),
            _ => character(inner),
        };
        let sign = sign.ok_or_else(|| self.malformed("a reference to nothing"))?;
        self.at += inner.len() + 1;
        Ok(sign)
    }

    /// After an attribute's name: its value with references resolved and blanks normalised (3.3.3).
    pub(super) fn attribute_value(&mut self) -> Result<String, Unreadable> {
        self.equals()?;
        let quote = self.quote()?;
        let written = self.rest().find(quote).ok_or_else(|| self.malformed("it ends too early"))?;
        let end = self.at + written;
        let mut value = String::new();
        while self.at < end {
            let rest = self.text.get(self.at..end).unwrap_or_default();
            let length = rest.find(['<', '&', '\t', '\n', '\r']).unwrap_or(rest.len());
            value.push_str(self.take(length));
            if self.at >= end {
                break;
            }
            if self.eat("&") {
                value.push(self.reference()?);
            } else if self.eat("\r\n") || self.eat("\n") || self.eat("\r") || self.eat("\t") {
                value.push(' ');
            } else {
                return Err(self.malformed("< in a value"));
            }
        }
        if self.at == end && self.eat(quote) { Ok(value) } else { Err(self.malformed("a broken reference")) }
    }
}

/// `#65` or `#x41`, if the character is one that XML has a place for.
fn character(inner: &str) -> Option<char> {
    let number = inner.strip_prefix('#')?;
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    // `from_str_radix` alone would take a sign.
    let code = digits.bytes().all(|byte| char::from(byte).is_digit(radix)).then_some(digits)?;
    u32::from_str_radix(code, radix).ok().and_then(char::from_u32).filter(|&sign| name::is_legal(sign))
}
