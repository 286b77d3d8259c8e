//! One request to an agency and its reply, as the adapter sees them.

use crate::codec::Unreadable;
use crate::fault::{Kind, Party};
use crate::tree::Tree;

/// What the agency is to be sent, before the house adds address, secrets, signature and bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct WireRequest {
    /// The exchange's name in the manifest.
    pub exchange: String,
    /// Whether it may be repeated.
    pub kind: Kind,
    /// `GET`, `POST`, `PUT`, `DELETE`.
    pub method: String,
    /// The path below the agency's (or its carrier's) base address, holes filled and percent-encoded.
    pub path: String,
    /// The query string's fields, not yet encoded, in order. A slot may stand here.
    pub query: Vec<(String, Tree)>,
    /// Further headers, in order.
    pub headers: Vec<(String, Tree)>,
    /// How the body is encoded.
    pub format: Format,
    /// How the reply is decoded.
    pub reply_format: Format,
    /// The body; `None` for a request without one.
    pub body: Option<Tree>,
    /// The prefixes the body uses.
    pub namespaces: Vec<(String, String)>,
    /// The seal to put in before encoding, a name of the manifest.
    pub seal: Option<String>,
    /// The credentials that apply, names of the manifest.
    pub credentials: Vec<String>,
    /// Paths in the reply whose base64 text is lifted into documents before the adapter sees it.
    pub documents: Vec<String>,
}

/// How a body is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// JSON (RFC 8259), UTF-8.
    Json,
    /// XML 1.0, UTF-8.
    Xml,
    /// SOAP 1.1, `text/xml`.
    Soap11,
    /// SOAP 1.2, `application/soap+xml`.
    Soap12,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// Plain text.
    Text,
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The media type as it stood.
    pub content_type: String,
    /// Who answered, as far as the house can tell: the carrier's own fault shapes are told apart by rules.
    pub from: Party,
    /// The decoded body, or why it cannot be read. For SOAP: the children of Body (empty object on a Fault).
    pub body: Result<Tree, Unreadable>,
    /// The first [`TEXT_CHARS_MAX`] characters of the body, for rules beside a status outside 2xx.
    pub text: String,
    /// A SOAP fault's code and text.
    pub fault: Option<SoapFault>,
    /// `Retry-After` in seconds, if it was told.
    pub retry_after_s: Option<u64>,
}

/// How much of a reply's text rules may look into: `reference/mapping.md` 1.3 says 4 kB.
pub const TEXT_CHARS_MAX: usize = 4096;

/// A SOAP fault.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SoapFault {
    /// `faultcode` (1.1) or `Code/Value` (1.2), without its prefix.
    pub code: String,
    /// `faultstring` (1.1) or `Reason/Text` (1.2).
    pub text: String,
}

impl Format {
    /// Whether replies of this format are SOAP envelopes.
    pub fn is_soap(self) -> bool {
        matches!(self, Format::Soap11 | Format::Soap12)
    }
}
