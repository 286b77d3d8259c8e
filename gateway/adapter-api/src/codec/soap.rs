//! Takes the envelope off a SOAP reply: its Body's children, or the fault told instead.

use super::Unreadable;
use super::xml::name::is_local_name;
use crate::tree::Element;
use crate::wire::SoapFault;

/// The namespace of SOAP 1.1's envelope.
pub const SOAP_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// The namespace of SOAP 1.2's envelope.
pub const SOAP_12: &str = "http://www.w3.org/2003/05/soap-envelope";

/// An opened envelope.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Opened {
    /// `Body` with its children; without any when there is a fault.
    pub(super) body: Element,
    /// The fault.
    pub(super) fault: Option<SoapFault>,
}

/// Opens an envelope of exactly this namespace.
pub(super) fn open(document: Element, namespace: &str) -> Result<Opened, Unreadable> {
    let is = |element: &Element, name: &str| element.namespace == namespace && element.name == name;
    let mut roots = document.children.into_iter().filter(|root| is(root, "Envelope"));
    let envelope = roots.next().ok_or_else(|| Unreadable::because("not SOAP"))?;
    let mut bodies = envelope.children.into_iter().filter(|part| is(part, "Body"));
    let body = match (bodies.next(), bodies.next()) {
        (Some(body), None) => body,
        (None, _) => return Err(Unreadable::because("SOAP without Body")),
        (Some(_), Some(_)) => return Err(Unreadable::because("SOAP with two Bodies")),
    };
    if !body.text.trim().is_empty() {
        return Err(Unreadable::because("mixed content"));
    }
    let empty = || Element { namespace: namespace.to_owned(), name: "Body".to_owned(), ..Element::default() };
    match body.children.as_slice() {
        [fault] if is(fault, "Fault") => {
            let fault = if namespace == SOAP_12 { fault_12(fault) } else { fault_11(fault) };
            Ok(Opened { body: empty(), fault: Some(fault) })
        }
        children if children.iter().any(|child| is(child, "Fault")) => {
            Err(Unreadable::because("SOAP with a Fault beside content"))
        }
        _ => {
            Ok(Opened { body: Element { attributes: Vec::new(), text: String::new(), ..body }, fault: None })
        }
    }
}

fn fault_11(fault: &Element) -> SoapFault {
    SoapFault {
        code: without_prefix(text(fault, &["faultcode"])).to_owned(),
        text: text(fault, &["faultstring"]).to_owned(),
    }
}

fn fault_12(fault: &Element) -> SoapFault {
    SoapFault {
        code: without_prefix(text(fault, &["Code", "Value"])).to_owned(),
        text: text(fault, &["Reason", "Text"]).to_owned(),
    }
}

/// The text at a path of local names: agencies qualify a fault's parts or do not.
fn text<'a>(element: &'a Element, path: &[&str]) -> &'a str {
    match path.split_first() {
        None => element.text.trim(),
        Some((name, further)) => {
            let child = element.children.iter().find(|child| child.name == *name);
            child.map_or("", |child| text(child, further))
        }
    }
}

/// `S:Server` as `Server`; `001` and anything that is no qualified name stay as they are.
fn without_prefix(code: &str) -> &str {
    match code.split_once(':') {
        Some((prefix, local)) if is_local_name(prefix) && !local.starts_with('/') => local,
        _ => code,
    }
}
