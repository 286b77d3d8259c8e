//! Writes a drawn tree as XML: compact for the wire, indented by two blanks for talks.

use quick_xml::escape::{escape, partial_escape};

use super::name::{is_legal, is_local_name};
use crate::codec::slots::{Pen, Unfilled};
use crate::tree::Tree;

/// Writes a document: an object with exactly one member, the root.
pub(crate) fn document(out: &mut String, tree: &Tree, pen: &Pen<'_>, indents: bool) -> Result<(), Unfilled> {
    match tree {
        Tree::Object(members) if members.len() == 1 => {
            let mut writer = Writer::new(out, pen, indents);
            members.iter().try_for_each(|(name, value)| writer.elements(name, value, ""))?;
            if writer.written == 1 { Ok(()) } else { Err(Unfilled::because("an XML document has one root")) }
        }
        _ => Err(Unfilled::because("an XML document has one root")),
    }
}

/// Writes an envelope with the members of an object in its Body.
pub(crate) fn envelope(
    out: &mut String,
    namespace: &str,
    tree: &Tree,
    pen: &Pen<'_>,
    indents: bool,
) -> Result<(), Unfilled> {
    let Tree::Object(members) = tree else {
        return Err(Unfilled::because("a SOAP body is an object"));
    };
    let mut writer = Writer::new(out, pen, indents);
    writer.scope.push(("soapenv".to_owned(), namespace.to_owned()));
    writer.raw_line(0, &format!("<soapenv:Envelope xmlns:soapenv=\"{namespace}\">"));
    writer.raw_line(1, "<soapenv:Body>");
    writer.level = 2;
    members.iter().try_for_each(|(name, value)| writer.elements(name, value, ""))?;
    writer.raw_line(1, "</soapenv:Body>");
    writer.raw_line(0, "</soapenv:Envelope>");
    Ok(())
}

struct Writer<'a> {
    out: &'a mut String,
    pen: &'a Pen<'a>,
    indents: bool,
    level: usize,
    /// The prefixes declared here, innermost last.
    scope: Vec<(String, String)>,
    /// Elements at the top.
    written: usize,
}

impl<'a> Writer<'a> {
    fn new(out: &'a mut String, pen: &'a Pen<'a>, indents: bool) -> Self {
        Writer { out, pen, indents, level: 0, scope: Vec::new(), written: 0 }
    }

    fn line(&mut self, level: usize) {
        if self.indents && !self.out.is_empty() {
            self.out.push('\n');
        }
        if self.indents {
            self.out.extend(std::iter::repeat_n("  ", level));
        }
    }

    fn raw_line(&mut self, level: usize, text: &str) {
        self.line(level);
        self.out.push_str(text);
    }

    /// Writes the element of this name, once for each row of a list. A name without prefix has its parent's.
    fn elements(&mut self, name: &str, value: &Tree, inherited: &str) -> Result<(), Unfilled> {
        if let Tree::List(rows) = value {
            return rows.iter().try_for_each(|row| self.elements(name, row, inherited));
        }
        let (prefix, local) = name.split_once(':').unwrap_or((inherited, name));
        let tag = qualified(prefix, local)?;
        self.line(self.level);
        self.out.push('<');
        self.out.push_str(&tag);
        let declared = self.scope.len();
        self.declare(prefix)?;
        match value {
            Tree::Object(members) => self.members(&tag, members, prefix)?,
            leaf => {
                let text = self.pen.text(leaf)?;
                self.text_and_end(&tag, &text)?;
            }
        }
        self.scope.truncate(declared);
        self.written += usize::from(self.level == 0);
        Ok(())
    }

    fn members(&mut self, tag: &str, members: &[(String, Tree)], prefix: &str) -> Result<(), Unfilled> {
        let attributes = || members.iter().filter_map(|(name, value)| Some((name.strip_prefix('@')?, value)));
        for (name, _) in attributes() {
            self.declare(name.split_once(':').map_or("", |(prefix, _)| prefix))?;
        }
        for (name, value) in attributes() {
            let (prefix, local) = name.split_once(':').unwrap_or(("", name));
            let value = self.pen.text(value)?;
            legal(&value)?;
            // Raw tabs and line ends would come back as blanks (3.3.3).
            let value = escape(value.as_ref()).replace('\n', "&#10;").replace('\t', "&#9;");
            self.out.push_str(&format!(" {}=\"{value}\"", qualified(prefix, local)?));
        }
        let content = || members.iter().filter(|(name, _)| !name.starts_with('@'));
        let empty = |value: &Tree| matches!(value, Tree::List(rows) if rows.is_empty());
        if let Some((_, text)) = content().find(|(name, _)| name == ".") {
            if content().count() > 1 {
                return Err(Unfilled::because("mixed content"));
            }
            let text = self.pen.text(text)?;
            return self.text_and_end(tag, &text);
        }
        if content().all(|(_, value)| empty(value)) {
            self.out.push_str("/>");
            return Ok(());
        }
        self.out.push('>');
        self.level += 1;
        content().try_for_each(|(name, value)| self.elements(name, value, prefix))?;
        self.level -= 1;
        self.line(self.level);
        self.out.push_str(&format!("</{tag}>"));
        Ok(())
    }

    fn text_and_end(&mut self, tag: &str, text: &str) -> Result<(), Unfilled> {
        legal(text)?;
        match text {
            "" => self.out.push_str("/>"),
            _ => self.out.push_str(&format!(">{}</{tag}>", partial_escape(text))),
        }
        Ok(())
    }

    /// Declares a prefix on the element whose start tag is open, unless it is in force here.
    fn declare(&mut self, prefix: &str) -> Result<(), Unfilled> {
        if prefix.is_empty() || prefix == "xml" {
            return Ok(());
        }
        let declared = self.pen.namespaces.iter().find(|(name, _)| name == prefix).map(|(_, uri)| uri);
        let in_force = self.scope.iter().rev().find(|(name, _)| name == prefix).map(|(_, uri)| uri);
        let namespace = declared.or(in_force);
        let namespace = namespace
            .ok_or_else(|| Unfilled::because(format!("namespace prefix {prefix} is not declared")))?
            .clone();
        if in_force != Some(&namespace) {
            self.out.push_str(&format!(" xmlns:{prefix}=\"{}\"", escape(namespace.as_str())));
            self.scope.push((prefix.to_owned(), namespace));
        }
        Ok(())
    }
}

fn qualified(prefix: &str, local: &str) -> Result<String, Unfilled> {
    match (is_local_name(local), prefix) {
        (true, "") => Ok(local.to_owned()),
        (true, _) if is_local_name(prefix) => Ok(format!("{prefix}:{local}")),
        _ => Err(Unfilled::because("not an XML name")),
    }
}

fn legal(text: &str) -> Result<(), Unfilled> {
    match text.chars().all(is_legal) {
        true => Ok(()),
        false => Err(Unfilled::because("a character that XML has no place for")),
    }
}
