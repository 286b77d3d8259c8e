//! The tree a request is drawn as and a reply is read as: JSON, XML and form alike, with slots for what only the house may know.

/// A value on the wire, before it is encoded or after it was decoded.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// JSON null.
    Null,
    /// JSON true or false.
    Bool(bool),
    /// A number in the wire's own text, `0000123`, `1e2`.
    Number(String),
    /// Text. Decoders leave it as it stood (no trimming, no NFC: the language does that).
    Text(String),
    /// A JSON list; in a request also a repeated XML element.
    List(Vec<Tree>),
    /// A JSON object, or a drawn XML element: names in wire order, each once. XML names may be `prefix:Name`, attributes `@name`.
    Object(Vec<(String, Tree)>),
    /// An element read from XML.
    Element(Box<Element>),
    /// A leaf that the house fills last.
    Slot(Slot),
    /// A tree that travels as text inside another: innermost coding first.
    Encoded {
        /// How, innermost first.
        codings: Vec<Coding>,
        /// What.
        inner: Box<Tree>,
    },
    /// Bytes that base64 gave on reading and that were not decoded further.
    Bytes(Vec<u8>),
}

/// An XML element, namespaces resolved. Repeated children stay apart.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Element {
    /// Its namespace; empty for none.
    pub namespace: String,
    /// Its local name.
    pub name: String,
    /// Its attributes except `xmlns…`; `xsi:nil="true"` is kept as `nil` in the XSI namespace.
    pub attributes: Vec<Attribute>,
    /// Its child elements, in order.
    pub children: Vec<Element>,
    /// Its text, comments not splitting it; empty when it has children (mixed content is refused by the reader).
    pub text: String,
    /// What was lifted out in place of its text: a [`Tree::Slot`].
    pub lifted: Option<Tree>,
}

/// An attribute, namespace resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its namespace; empty for none.
    pub namespace: String,
    /// Its local name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// How a tree travels inside text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// JSON, compact.
    Json,
    /// XML, compact, without declaration.
    Xml,
    /// base64, standard alphabet with padding.
    Base64,
}

/// What stands where base64 text was lifted out of a reply: never its content.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lifted {
    /// Characters of base64.
    pub characters: usize,
    /// The first eight of them: what rules see, enough to know a file by its magic.
    pub head: String,
    /// Where the document was stored; `None` in talks, and where nobody knows what it is.
    pub stored: Option<Stored>,
}

/// A document in the house's store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Stored {
    /// Its identifier.
    pub id: String,
    /// Its media type, by its first bytes.
    pub media_type: &'static str,
    /// Its length in bytes.
    pub size: usize,
}

/// A leaf that only the house can fill. Printed in talks as `‹secret user›`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Slot {
    /// A named secret of the agency's credentials.
    Secret(String),
    /// A stored document, streamed in as base64.
    Document(String),
    /// A checksum over drawn fields.
    Seal(String),
    /// On reading: base64 text lifted out as a document.
    Lifted(Lifted),
}
