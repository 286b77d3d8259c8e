//! Forms, queries and path segments: percent-encoding both ways.

use super::limits::{Budget, Limits};
use super::slots::{Pen, Unfilled};
use super::{Unreadable, json, too_large};
use crate::tree::Tree;

/// Reads `a=1&b=hai+ba`. A name that stands twice is refused, as in JSON.
pub(super) fn parse(text: &str, limits: &Limits) -> Result<Tree, Unreadable> {
    let mut budget = Budget::new(limits, text.len());
    let mut fields = Vec::new();
    for field in text.split('&').filter(|field| !field.is_empty()) {
        let (name, value) = field.split_once('=').unwrap_or((field, ""));
        budget.node().and_then(|()| budget.text(name.len())).map_err(too_large)?;
        budget.text(value.len()).map_err(too_large)?;
        let name = plain(name)?;
        if name.chars().nth(limits.name_chars_max).is_some() {
            return Err(Unreadable::because("name too long"));
        }
        budget.push(&mut fields, (name, Tree::Text(plain(value)?))).map_err(too_large)?;
    }
    match json::repeated(&fields) {
        None => Ok(Tree::Object(fields)),
        Some(_) => Err(Unreadable::because("duplicate key")),
    }
}

fn plain(coded: &str) -> Result<String, Unreadable> {
    let refused = || Unreadable::because("not a form");
    let mut bytes = Vec::with_capacity(coded.len());
    let mut rest = coded.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
                let (high, low) = (digit(rest.next()), digit(rest.next()));
                let code = high.zip(low).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
                bytes.push(code.ok_or_else(refused)?);
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).map_err(|_| refused())
}

/// Writes a flat object as a form; a list repeats its name.
pub(super) fn write(out: &mut String, tree: &Tree, pen: &Pen<'_>) -> Result<(), Unfilled> {
    let Tree::Object(fields) = tree else {
        return Err(Unfilled::because("a form is a flat object"));
    };
    pairs(out, fields, pen, |text| escape(text).replace("%20", "+"))
}

/// Writes the fields of a query, `a=1&b=hai%20ba`, without the question mark.
pub fn encode_query(fields: &[(String, Tree)]) -> Result<String, Unfilled> {
    let mut out = String::new();
    pairs(&mut out, fields, &Pen { namespaces: &[], prints_slots: false }, escape)?;
    Ok(out)
}

/// Writes the fields of a query as talks print them: slots shown, nothing escaped.
pub fn print_query(fields: &[(String, Tree)]) -> String {
    let mut out = String::new();
    let pen = Pen { namespaces: &[], prints_slots: true };
    match pairs(&mut out, fields, &pen, str::to_owned) {
        Ok(()) => out,
        Err(unsaid) => format!("‹{unsaid}›"),
    }
}

fn pairs(
    out: &mut String,
    fields: &[(String, Tree)],
    pen: &Pen<'_>,
    escape: impl Fn(&str) -> String,
) -> Result<(), Unfilled> {
    for (name, value) in fields {
        let values = match value {
            Tree::List(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        for value in values {
            if !out.is_empty() {
                out.push('&');
            }
            out.push_str(&escape(name));
            out.push('=');
            out.push_str(&escape(&pen.text(value)?));
        }
    }
    Ok(())
}

/// Makes text one segment of a path.
///
/// Nothing, `.` and `..` are refused: even percent-encoded, URL parsers take them for steps through the agency's paths.
pub fn percent_encode_path(segment: &str) -> Result<String, Unfilled> {
    match segment {
        "" | "." | ".." => Err(Unfilled::because("not a path segment")),
        _ => Ok(escape(segment)),
    }
}

/// Leaves RFC 3986's unreserved characters, percent-encodes every other byte.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{decode, encode};
    use crate::tree::Slot;
    use crate::wire::Format;

    fn text(text: &str) -> Tree {
        Tree::Text(text.into())
    }

    #[test]
    fn a_form_goes_there_and_back() {
        let form = Tree::Object(vec![("họ tên".into(), text("Nguyễn & Con=1+1%")), ("x".into(), text(""))]);
        let bytes = encode(Format::Form, &form, &[]).unwrap();
        assert_eq!(bytes, b"h%E1%BB%8D+t%C3%AAn=Nguy%E1%BB%85n+%26+Con%3D1%2B1%25&x=");
        assert_eq!(decode(Format::Form, &bytes, &Limits::default()), Ok(form));
    }

    #[test]
    fn a_broken_form_is_unreadable() {
        for bad in ["a=%", "a=%4", "a=%zz", "a=%ff", "a=1&a=2", "a=%+1"] {
            assert!(decode(Format::Form, bad.as_bytes(), &Limits::default()).is_err(), "{bad}");
        }
        assert!(decode(Format::Form, "a&".repeat(1 << 20).as_bytes(), &Limits::default()).is_err());
    }

    #[test]
    fn a_query_keeps_its_order_and_shows_slots_only_in_print() {
        let fields = vec![("ma".into(), text("a b/ữ")), ("n".into(), Tree::List(vec![text("1"), text("2")]))];
        assert_eq!(encode_query(&fields).unwrap(), "ma=a%20b%2F%E1%BB%AF&n=1&n=2");
        let secret = vec![("key".into(), Tree::Slot(Slot::Secret("api".into())))];
        assert_eq!(encode_query(&secret).unwrap_err().slot, Some(Slot::Secret("api".into())));
        assert_eq!(print_query(&secret), "key=‹secret api›");
    }

    #[test]
    fn a_path_segment_cannot_climb() {
        assert_eq!(percent_encode_path("a/../b?c#d%2e").unwrap(), "a%2F..%2Fb%3Fc%23d%252e");
        for bad in ["", ".", ".."] {
            assert!(percent_encode_path(bad).is_err(), "{bad}");
        }
    }
}
