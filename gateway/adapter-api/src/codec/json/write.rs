//! Writes a drawn tree as JSON: compact for the wire, indented by one blank for talks.

use super::is_number;
use crate::codec::slots::{Pen, Unfilled};
use crate::tree::Tree;

/// Writes a tree. `indent` is the level it stands at; `None` writes all on one line.
pub(crate) fn write(
    out: &mut String,
    tree: &Tree,
    pen: &Pen<'_>,
    indent: Option<usize>,
) -> Result<(), Unfilled> {
    match tree {
        Tree::Null => out.push_str("null"),
        Tree::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Tree::Number(text) if is_number(text) => out.push_str(text),
        Tree::Number(_) => return Err(Unfilled::because("not a JSON number")),
        Tree::List(items) => {
            let item = |out: &mut String, item: &Tree, level| write(out, item, pen, level);
            rows(out, ['[', ']'], items, indent, item)?;
        }
        Tree::Object(members) => {
            let member = |out: &mut String, (name, value): &(String, Tree), level| {
                quote(out, name);
                out.push_str(if indent.is_some() { ": " } else { ":" });
                write(out, value, pen, level)
            };
            rows(out, ['{', '}'], members, indent, member)?;
        }
        Tree::Text(text) => quote(out, text),
        Tree::Slot(_) | Tree::Encoded { .. } | Tree::Bytes(_) => quote(out, &pen.text(tree)?),
        Tree::Element(_) => return Err(Unfilled::because("an XML element where JSON belongs")),
    }
    Ok(())
}

fn rows<T>(
    out: &mut String,
    [open, close]: [char; 2],
    rows: &[T],
    indent: Option<usize>,
    mut each: impl FnMut(&mut String, &T, Option<usize>) -> Result<(), Unfilled>,
) -> Result<(), Unfilled> {
    let line = |out: &mut String, level: Option<usize>| {
        if let Some(level) = level {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', level));
        }
    };
    let inner = indent.map(|level| level + 1);
    out.push(open);
    for (place, row) in rows.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        line(out, inner);
        each(out, row, inner)?;
    }
    if !rows.is_empty() {
        line(out, indent);
    }
    out.push(close);
    Ok(())
}

/// Writes a JSON string, escaping no more than RFC 8259 demands.
pub(crate) fn quote(out: &mut String, text: &str) {
    out.push('"');
    for sign in text.chars() {
        match sign {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\u{1f}' => out.push_str(&format!("\\u{:04x}", u32::from(sign))),
            _ => out.push(sign),
        }
    }
    out.push('"');
}
