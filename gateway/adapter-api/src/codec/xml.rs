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
    // The declaration first: what looks illegal may be another charset, and then that is the reason to tell.
    reader.cursor.declaration(encoding)?;
    reader.cursor.legal_characters()?;
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
        if self.cursor.eat("&") {
            let sign = self.cursor.reference()?;
            self.text(sign.encode_utf8(&mut [0; 4]), Came::Reference)
        } else if self.cursor.eat("<") {
            self.markup()
        } else {
            let text = self.cursor.character_data()?;
            self.text(text, Came::Plain)
        }
    }

    /// After `<`.
    fn markup(&mut self) -> Result<(), Unreadable> {
        if self.cursor.eat("/") {
            self.end()
        } else if self.cursor.eat("!--") {
            self.cursor.comment()
        } else if self.cursor.eat("![CDATA[") {
            let text = self.cursor.until("]]>")?;
            self.text(text, Came::Section)
        } else if self.cursor.eat("!DOCTYPE") {
            Err(Unreadable::because("DOCTYPE"))
        } else if self.cursor.eat("?") {
            self.cursor.instruction()
        } else {
            self.start()
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
        let element = self.resolve(written, attributes)?;
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
            attributes.push(RawAttribute { name, value });
        }
    }

    fn resolve(&mut self, written: &'a str, raw: Vec<RawAttribute<'a>>) -> Result<Element, Unreadable> {
        for attribute in &raw {
            self.scope.declare(attribute)?;
        }
        let (prefix, local) = split(written)?;
        let namespace = self.scope.element(prefix)?;
        let mut element = Element { namespace, name: local.to_owned(), ..Element::default() };
        self.budget.text(element.namespace.len()).map_err(too_large)?;
        self.budget.text(local.len()).map_err(too_large)?;
        let count = raw.iter().filter(|attribute| !attribute.declares()).count();
        self.budget.bytes(count * size_of::<Attribute>()).map_err(too_large)?;
        element.attributes.reserve_exact(count);
        for RawAttribute { name, value } in raw.into_iter().filter(|attribute| !attribute.declares()) {
            let (prefix, local) = split(name)?;
            let namespace = self.scope.attribute(prefix)?;
            if element
                .attributes
                .iter()
                .any(|earlier| earlier.name == local && earlier.namespace == namespace)
            {
                return Err(self.cursor.malformed("an attribute twice"));
            }
            for text in [namespace.len(), local.len(), value.len()] {
                self.budget.text(text).map_err(too_large)?;
            }
            let attribute = Attribute { namespace, name: local.to_owned(), value };
            element.attributes.push(attribute);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::limits::{MEMORY_FLOOR_BYTES, MEMORY_RATIO_MAX};

    fn read(text: &str) -> Result<Element, String> {
        let document =
            parse(text, Encoding::Binding, &Limits::default()).map_err(|unreadable| unreadable.why)?;
        Ok(document.children.into_iter().next().unwrap())
    }

    fn why(text: &str) -> String {
        read(text).unwrap_err()
    }

    #[test]
    fn text_is_whole_and_elements_stay_apart() {
        let root = read("<a> một<!-- x -->&amp;<![CDATA[<hai>]]>&#xD;\r\n<?pi?>\r</a>").unwrap();
        assert_eq!(root.text, " một&<hai>\r\n\n");
        let root = read("<a>\n <b/> <b>x</b>\n</a>").unwrap();
        assert_eq!((root.children.len(), root.text.as_str()), (2, ""));
        assert_eq!(why("<a>x<b/></a>"), "mixed content");
        assert_eq!(why("<a><b/>x</a>"), "mixed content");
        assert_eq!(why("<a><b/><![CDATA[x]]></a>"), "mixed content");
    }

    #[test]
    fn attributes_are_normalised_and_nil_is_kept() {
        let root = read(&format!("<a xmlns:i='{XSI}' i:nil=\"true\" b='1\t2\r\n3&#10;&lt;'/>")).unwrap();
        let nil = Attribute { namespace: XSI.into(), name: "nil".into(), value: "true".into() };
        let other = Attribute { namespace: String::new(), name: "b".into(), value: "1 2 3\n<".into() };
        assert_eq!(root.attributes, [nil, other]);
    }

    #[test]
    fn namespaces_are_resolved_and_their_rules_kept() {
        let root = read(
            "<p:a xmlns:p='u:1' xmlns='u:2'><b/><p:c xmlns:p='u:3' xmlns=''><d/><p:d/></p:c><p:e/></p:a>",
        );
        let root = root.unwrap();
        let seen = |element: &Element| format!("{}{}", element.namespace, element.name);
        assert_eq!(seen(&root), "u:1a");
        assert_eq!(root.children.iter().map(seen).collect::<Vec<_>>(), ["u:2b", "u:3c", "u:1e"]);
        assert_eq!(root.children[1].children.iter().map(seen).collect::<Vec<_>>(), ["d", "u:3d"]);
        for bad in [
            "<p:a/>",
            "<a p:b='1'/>",
            "<a xmlns:p=''/>",
            "<a xmlns:='u'/>",
            "<a xmlns:1='u'/>",
            "<a xmlns:xml='u:1'/>",
            "<a xmlns:xmlns='u:1'/>",
            "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
            "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>",
            "<a b='1' b='2'/>",
            "<a xmlns:p='u' xmlns:p='v'/>",
            "<a xmlns:p='u'><p:b:c/></a>",
            "<a><b xmlns:p='u'/><p:c/></a>",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read("<a xml:lang='vi'/>").is_ok());
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for bad in [
            "",
            " ",
            "<a>",
            "</a>",
            "<a></b>",
            "<a/><b/>",
            "<a/>x",
            "x<a/>",
            "<a b=1/>",
            "<a b='1'c='2'/>",
            "<a b='<'/>",
            "<a>&nbsp;</a>",
            "<a>&</a>",
            "<a>&#0;</a>",
            "<a>&#+65;</a>",
            "<a>&#xD800;</a>",
            "<a b='&amp'/>",
            "<a>]]></a>",
            "<a><!-- -- --></a>",
            "<a><![CDATA[x]]</a>",
            "<![CDATA[]]><a/>",
            "&#32;<a/>",
            " <?xml version='1.0'?><a/>",
            "<?xml?><a/>",
            "<?xml version='1.0' standalone='ja'?><a/>",
            "<?xml version='1.0' standalone='yes' encoding='UTF-8'?><a/>",
            "<a>\u{1}</a>",
            "<a>\u{fffe}</a>",
            "<a",
            "<a b",
            "<a b='",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn other_versions_and_charsets_are_refused_unless_the_text_was_decoded_already() {
        assert_eq!(why("<?xml version='1.1'?><a/>"), "XML other than 1.0");
        let utf_16 = "<?xml version=\"1.0\" encoding=\"utf-16\"?><a/>";
        assert_eq!(why(utf_16), "charset other than UTF-8");
        assert!(parse(utf_16, Encoding::Moot, &Limits::default()).is_ok());
        assert!(read("<?xml version=\"1.0\" encoding=\"utf-8\" standalone='yes' ?><a/>").is_ok());
    }

    /// What the tree of an element takes, allocations rounded up as a common allocator does.
    fn weight(element: &Element) -> usize {
        let block = |length: usize| if length == 0 { 0 } else { 32.max(length + 16) };
        let attribute = |attribute: &Attribute| {
            [&attribute.namespace, &attribute.name, &attribute.value]
                .map(|text| block(text.capacity()))
                .iter()
                .sum::<usize>()
        };
        block(element.namespace.capacity())
            + block(element.name.capacity())
            + block(element.text.capacity())
            + block(element.attributes.capacity() * size_of::<Attribute>())
            + element.attributes.iter().map(attribute).sum::<usize>()
            + block(element.children.capacity() * size_of::<Element>())
            + element.children.iter().map(weight).sum::<usize>()
    }

    #[test]
    fn bombs_are_refused_before_they_are_built() {
        let laughs = "<!DOCTYPE lolz [<!ENTITY lol 'lol'><!ENTITY b '&lol;&lol;'>]><lolz>&b;</lolz>";
        assert_eq!(why(laughs), "DOCTYPE");
        assert_eq!(why(&"<a>".repeat(1 << 16)), "deeper than 64");
        let attributes: String = (0..200_000).map(|n| format!(" a{n}=''")).collect();
        assert_eq!(why(&format!("<a{attributes}/>")), "more than 64 attributes");
        let namespaces: String = (0..60).map(|n| format!(" xmlns:p{n}='u'")).collect();
        let nested = format!("<a{namespaces}>").repeat(60);
        assert_eq!(why(&nested), "more than 128 namespaces");
        assert_eq!(why(&format!("<{}/>", "a".repeat(257))), "name longer than 256");
        assert_eq!(why(&format!("<a>{}</a>", "<b/>".repeat(1 << 16))), "too large");
        // One long namespace that each of many elements would copy.
        let long = format!("<a xmlns='{}'>{}</a>", "u".repeat(1 << 16), "<b/>".repeat(1 << 14));
        assert_eq!(why(&long), "too large");
        assert_eq!(why(&format!("<a>{}</a>", "&#".repeat(1 << 16))), "not XML: a broken reference, line 1");
    }

    #[test]
    fn what_is_accepted_unfolds_less_than_tenfold() {
        let big = format!("<a>{}</a>", "chữ &amp; nghĩa ".repeat(60_000));
        let rows = format!(
            "<a>{}</a>",
            "<row><HoTen>Nguyễn Văn Mẫu</HoTen><NgaySinh>1942</NgaySinh></row>".repeat(5_000)
        );
        let packed: String = format!("<a>{}</a>", "<b c='' d='' e=''/>".repeat(4_000));
        for (text, name) in [(big, "text"), (rows, "rows"), (packed, "packed")] {
            let root = read(&text).unwrap_or_else(|why| panic!("{name}: {why}"));
            let allowed = MEMORY_FLOOR_BYTES + text.len() * MEMORY_RATIO_MAX;
            assert!(weight(&root) < allowed, "{name}: {} of {}", weight(&root), text.len());
        }
    }
}
