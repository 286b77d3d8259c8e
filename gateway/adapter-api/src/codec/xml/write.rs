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

#[cfg(test)]
mod tests {
    use crate::codec::{Limits, decode, encode, print};
    use crate::tree::{Coding, Element, Slot, Tree};
    use crate::wire::Format;

    fn text(text: &str) -> Tree {
        Tree::Text(text.into())
    }

    fn object<const N: usize>(members: [(&str, Tree); N]) -> Tree {
        Tree::Object(members.map(|(name, value)| (name.to_owned(), value)).to_vec())
    }

    fn namespaces() -> Vec<(String, String)> {
        [("t", "http://tempuri.org/"), ("q", "urn:q")]
            .map(|(prefix, uri)| (prefix.into(), uri.into()))
            .to_vec()
    }

    fn xml(tree: &Tree) -> String {
        String::from_utf8(encode(Format::Xml, tree, &namespaces()).unwrap()).unwrap()
    }

    #[test]
    fn a_soap_request_prints_as_the_talks_have_it() {
        let data = Tree::Encoded {
            codings: vec![Coding::Xml],
            inner: Box::new(object([(
                "Inv",
                object([("Ten", text("Thử & Con")), ("CusAddress", Tree::Null)]),
            )])),
        };
        let body = object([(
            "t:Issue",
            object([
                ("Account", Tree::Slot(Slot::Secret("account".into()))),
                ("xml", data),
                ("ngay", object([("Nam", text("1942"))])),
            ]),
        )]);
        let printed = print(Format::Soap11, &body, &namespaces());
        assert_eq!(
            printed,
            "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\">
  <soapenv:Body>
    <t:Issue xmlns:t=\"http://tempuri.org/\">
      <t:Account>‹secret account›</t:Account>
      <t:xml>&lt;Inv&gt;&lt;Ten&gt;Thử &amp;amp; Con&lt;/Ten&gt;&lt;CusAddress/&gt;&lt;/Inv&gt;</t:xml>
      <t:ngay>
        <t:Nam>1942</t:Nam>
      </t:ngay>
    </t:Issue>
  </soapenv:Body>
</soapenv:Envelope>"
        );
    }

    #[test]
    fn json_prints_as_the_talks_have_it() {
        let body = object([
            ("module", text("LTKT")),
            ("none", Tree::Null),
            (
                "rows",
                Tree::List(vec![object([
                    ("id", Tree::Number("1".into())),
                    ("f", Tree::Slot(Slot::Document("sha256:3f2a…".into()))),
                ])]),
            ),
            ("empty", Tree::List(vec![])),
            ("nothing", Tree::Object(vec![])),
        ]);
        let printed = "{
 \"module\": \"LTKT\",
 \"none\": null,
 \"rows\": [
  {
   \"id\": 1,
   \"f\": \"‹document sha256:3f2a… as base64›\"
  }
 ],
 \"empty\": [],
 \"nothing\": {}
}";
        assert_eq!(print(Format::Json, &body, &[]), printed);
    }

    #[test]
    fn a_prefix_is_declared_where_it_is_first_in_force() {
        let tree = object([(
            "r",
            object([
                ("t:a", Tree::Null),
                (
                    "t:b",
                    object([("@q:k", text("1\n\"<")), ("c", Tree::List(vec![text("x"), Tree::Bool(true)]))]),
                ),
            ]),
        )]);
        assert_eq!(
            xml(&tree),
            "<r><t:a xmlns:t=\"http://tempuri.org/\"/><t:b xmlns:t=\"http://tempuri.org/\" xmlns:q=\"urn:q\" q:k=\"1&#10;&quot;&lt;\"><t:c>x</t:c><t:c>true</t:c></t:b></r>"
        );
    }

    #[test]
    fn what_is_written_is_read_again() {
        let tree = object([("a", object([("@k", text("\t\r\n'\"<>&")), (".", text(" ]]> \r\n & ữ "))]))]);
        let written = xml(&tree);
        let Ok(Tree::Element(document)) = decode(Format::Xml, written.as_bytes(), &Limits::default()) else {
            panic!("{written}");
        };
        let Element { attributes, text, .. } = &document.children[0];
        assert_eq!((attributes[0].value.as_str(), text.as_str()), ("\t\r\n'\"<>&", " ]]> \r\n & ữ "));
    }
}
