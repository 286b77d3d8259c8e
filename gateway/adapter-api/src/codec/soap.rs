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

#[cfg(test)]
mod tests {
    use crate::codec::{Limits, read_reply};
    use crate::tree::{Element, Tree};
    use crate::wire::{Format, Reply};

    fn reply(format: Format, content_type: &str, text: &str) -> Reply {
        read_reply(format, 200, content_type, text.as_bytes(), &Limits::default())
    }

    fn envelope(namespace: &str, inside: &str) -> String {
        format!("<S:Envelope xmlns:S=\"{namespace}\"><S:Header/>{inside}</S:Envelope>")
    }

    fn body(reply: &Reply) -> &Element {
        match &reply.body {
            Ok(Tree::Element(body)) => body,
            other => panic!("{other:?}"),
        }
    }

    fn why(format: Format, text: &str) -> String {
        reply(format, "text/xml", text).body.unwrap_err().why
    }

    #[test]
    fn the_body_holds_what_the_agency_said() {
        let text = envelope(super::SOAP_11, "<S:Body>\n <r xmlns='urn:x'><a>1</a></r></S:Body>");
        let reply = reply(Format::Soap11, "text/xml; charset=utf-8", &text);
        assert_eq!((body(&reply).name.as_str(), reply.fault.as_ref()), ("Body", None));
        assert_eq!(body(&reply).children[0].namespace, "urn:x");
    }

    #[test]
    fn a_fault_leaves_the_body_empty() {
        let fault = |code: &str| {
            let inside = format!(
                "<S:Body><S:Fault><faultcode>{code}</faultcode><faultstring> Mã cán bộ không hợp lệ </faultstring></S:Fault></S:Body>"
            );
            let reply = reply(Format::Soap11, "text/xml", &envelope(super::SOAP_11, &inside));
            assert!(body(&reply).children.is_empty());
            reply.fault.unwrap()
        };
        assert_eq!(fault("S:Server").code, "Server");
        assert_eq!(fault(" 001\n").code, "001");
        assert_eq!(fault("http://agency.example/x").code, "http://agency.example/x");
        assert_eq!(fault("001").text, "Mã cán bộ không hợp lệ");
        let inside = "<S:Body><S:Fault><S:Code><S:Value>S:Sender</S:Value></S:Code><S:Reason><S:Text xml:lang='vi'>Sai</S:Text></S:Reason></S:Fault></S:Body>";
        let fault =
            reply(Format::Soap12, "application/soap+xml", &envelope(super::SOAP_12, inside)).fault.unwrap();
        assert_eq!((fault.code.as_str(), fault.text.as_str()), ("Sender", "Sai"));
    }

    #[test]
    fn what_is_no_envelope_of_this_version_is_unreadable() {
        let good = envelope(super::SOAP_11, "<S:Body><a/></S:Body>");
        assert_eq!(why(Format::Soap12, &good), "not SOAP");
        assert_eq!(
            reply(Format::Soap11, "text/html; charset=utf-8", &good).body.unwrap_err().why,
            "not SOAP"
        );
        assert_eq!(
            why(Format::Soap11, "<html><body><h1>Hệ thống đang bảo trì</h1></body></html>"),
            "not SOAP"
        );
        assert_eq!(why(Format::Soap11, &envelope(super::SOAP_11, "")), "SOAP without Body");
        assert_eq!(
            why(Format::Soap11, &envelope(super::SOAP_11, "<S:Body/><S:Body/>")),
            "SOAP with two Bodies"
        );
        assert_eq!(why(Format::Soap11, &envelope(super::SOAP_11, "<Body/>")), "SOAP without Body");
        assert_eq!(why(Format::Soap11, &envelope(super::SOAP_11, "<S:Body>lỗi</S:Body>")), "mixed content");
        let both = envelope(super::SOAP_11, "<S:Body><a/><S:Fault/></S:Body>");
        assert_eq!(why(Format::Soap11, &both), "SOAP with a Fault beside content");
        assert!(reply(Format::Soap11, "text/plain", "no healthy upstream").body.is_err());
    }
}
