//! The provider VNPT: SOAP 1.1 of an .asmx, everything in one string: `OK:…`, `ERR:n`, XML, or a PDF in base64.

mod issue;

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::book::{Book, Issued};
use super::receipts::{Receipt, pdf};
use crate::Credentials;
use crate::misbehaviour::{Misbehaviour, shape};
use crate::people::Day;
use crate::wire::http::{Reply, Request};
use crate::wire::{Agency, Plan, Site};
use crate::xml::{self, Element};

const PORTAL: &str = "/PortalService.asmx";
const PUBLISH: &str = "/PublishService.asmx";
const BUSINESS: &str = "/BusinessService.asmx";
const NAMESPACE: &str = "http://tempuri.org/";
const SOAP_NAMESPACE: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// One operation: where it is, and its elements in order.
struct Operation {
    name: &'static str,
    path: &'static str,
    elements: &'static [&'static str],
}

const fn operation(name: &'static str, path: &'static str, elements: &'static [&'static str]) -> Operation {
    Operation { name, path, elements }
}

const BY_KEY: &[&str] = &["Account", "ACpass", "fkey", "userName", "userPass"];
const BY_CUSTOMER: &[&str] = &["Account", "ACpass", "cusCode", "fromDate", "toDate", "userName", "userPass"];
const ISSUED: &[&str] =
    &["Account", "ACpass", "xmlInvData", "username", "password", "pattern", "serial", "convert"];

/// The elements of the portal are [BG], those of the other two [SRC].
const OPERATIONS: [Operation; 6] = [
    operation("getInvViewFkey", PORTAL, BY_KEY),
    operation("listInvByCus", PORTAL, BY_CUSTOMER),
    operation("downloadInvPDFFkey", PORTAL, BY_KEY),
    operation("downloadInvPDFFkeyNoPay", PORTAL, BY_KEY),
    operation(issue::ISSUE, PUBLISH, ISSUED),
    operation(issue::CANCEL, BUSINESS, BY_KEY),
];
/// Elements that may be missing at the portal: the account (3.6 names it, the portal does not need it) and the ends
/// of a list.
const OPTIONAL: [&str; 4] = ["Account", "ACpass", "fromDate", "toDate"];

/// Every so many receipts are told without their key, in the variant of interfaces 14.1.
const WITHOUT_KEY_EVERY: u32 = 4;

/// The provider.
pub(crate) struct Vnpt {
    pub(crate) book: Arc<Book>,
    pub(crate) credentials: Credentials,
}

/// A request that is no message to this service: a SOAP fault. The texts are [SIM].
struct Refusal {
    /// As it is counted.
    reason: &'static str,
    http: u16,
    text: &'static str,
}

const fn refusal(reason: &'static str, http: u16, text: &'static str) -> Refusal {
    Refusal { reason, http, text }
}

/// `ERR:n` of interfaces 14.1.
#[derive(Debug, Clone, Copy)]
struct Failure(u8);

const BAD_ACCOUNT: Failure = Failure(1);
const NOT_FOUND: Failure = Failure(2);
const BAD_DATA: Failure = Failure(3);
const NUMBERS_EXHAUSTED: Failure = Failure(6);
const COMPANY_MISMATCH: Failure = Failure(7);
const STATUS_FORBIDS: Failure = Failure(9);
const TOO_MANY: Failure = Failure(10);
const DUPLICATE_KEY: Failure = Failure(13);
const PATTERN_MISMATCH: Failure = Failure(20);
const EARLY_DATE: Failure = Failure(30);
const NO_PATTERN: Failure = Failure(35);
const CERTIFICATE_REVOKED: Failure = Failure(51);

/// A message understood.
struct Message {
    operation: &'static str,
    fields: Vec<Element>,
}

impl Message {
    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.name == name).map(|field| field.text.trim())
    }

    fn subject(&self) -> &str {
        self.field("fkey").or_else(|| self.field("cusCode")).unwrap_or_default()
    }
}

impl Agency for Vnpt {
    /// The last part of `SOAPAction`: the path is the same for all.
    fn operation(&self, request: &Request) -> String {
        action(request).rsplit('/').next().unwrap_or_default().to_owned()
    }

    fn answer(&self, site: &Arc<Site>, request: &Request, misbehaviour: Option<&Misbehaviour>) -> Plan {
        let message = match read(request) {
            Ok(message) => message,
            Err(refusal) => {
                site.tally.refused(refusal.reason);
                return fault(&refusal).into();
            }
        };
        if message.operation != issue::ISSUE {
            site.tally.asked_for(message.subject());
        }
        let result = self.say(site, &message, misbehaviour).unwrap_or_else(|Failure(code)| {
            site.tally.refused(&format!("ERR:{code}"));
            format!("ERR:{code}")
        });
        if !matches!(message.operation, issue::ISSUE | issue::CANCEL) {
            site.late.looked(message.subject());
        }
        told(message.operation, result, misbehaviour, &site.elsewhere).into()
    }
}

impl Vnpt {
    fn admit(&self, message: &Message, misbehaviour: Option<&Misbehaviour>) -> Result<(), Failure> {
        let own = &self.credentials;
        let issuing = message.operation == issue::ISSUE;
        let names = if issuing { ["username", "password"] } else { ["userName", "userPass"] };
        let [user, password] = names.map(|name| message.field(name));
        let account = [("Account", &own.vnpt_account), ("ACpass", &own.vnpt_account_password)];
        let wrong =
            account.iter().any(|(name, right)| message.field(name).is_some_and(|shown| shown != *right));
        if wrong || (user, password) != (Some(own.vnpt_username.as_str()), Some(own.vnpt_password.as_str())) {
            return Err(BAD_ACCOUNT);
        }
        match misbehaviour {
            Some(Misbehaviour::SignatureRefused) => Err(BAD_ACCOUNT),
            Some(Misbehaviour::OkWithError) => Err(COMPANY_MISMATCH),
            _ => Ok(()),
        }
    }

    fn say(
        &self,
        site: &Arc<Site>,
        message: &Message,
        misbehaviour: Option<&Misbehaviour>,
    ) -> Result<String, Failure> {
        self.admit(message, misbehaviour)?;
        match message.operation {
            "listInvByCus" => return self.list(message, misbehaviour),
            issue::ISSUE => return self.issue(site, message, misbehaviour),
            issue::CANCEL => return self.cancel(site, message, misbehaviour),
            _ => {}
        }
        let found = self.book.by_key(message.subject()).ok_or(NOT_FOUND)?.receipt;
        let other = self.book.other_than(&found.dossier).map_or_else(|| found.clone(), |other| other.receipt);
        let receipt = if misbehaviour == Some(&Misbehaviour::WrongPerson) { &other } else { &found };
        Ok(match (message.operation, misbehaviour) {
            (_, Some(Misbehaviour::UnknownState)) => "ERR:77".to_owned(),
            ("downloadInvPDFFkey" | "downloadInvPDFFkeyNoPay", _) => STANDARD.encode(pdf(receipt)),
            (_, Some(Misbehaviour::TwoPeople)) => {
                format!("{},{}_{}", told_whole(&found), other.key, other.number)
            }
            _ if receipt.number % WITHOUT_KEY_EVERY == 0 => {
                format!("OK:{};{};{}", receipt.pattern, receipt.serial, receipt.number)
            }
            _ => told_whole(receipt),
        })
    }

    /// XML inside the string; a customer without receipts in the time asked has an empty list. [SIM]
    fn list(&self, message: &Message, misbehaviour: Option<&Misbehaviour>) -> Result<String, Failure> {
        let (from, to) = (end(message.field("fromDate"))?, end(message.field("toDate"))?);
        let customer = message.subject();
        let mut found = self.book.of_dossier(customer);
        if found.is_empty() {
            return Err(NOT_FOUND);
        }
        let other = self.book.other_than(customer);
        found.retain(|Issued { receipt, .. }| {
            from.is_none_or(|from| from <= receipt.issued_on) && to.is_none_or(|to| receipt.issued_on <= to)
        });
        match misbehaviour {
            Some(Misbehaviour::WrongPerson) => found = other.into_iter().collect(),
            Some(Misbehaviour::TwoPeople) => found.extend(other),
            _ => {}
        }
        let items = (1..).zip(&found).map(|(index, issued)| item(index, issued, misbehaviour)).collect();
        let mut text = String::new();
        Element::branch("Data", items).write("", None, &mut text);
        Ok(text)
    }
}

fn told_whole(receipt: &Receipt) -> String {
    format!("OK:{};{}-{}_{}", receipt.pattern, receipt.serial, receipt.key, receipt.number)
}

fn item(index: usize, issued: &Issued, misbehaviour: Option<&Misbehaviour>) -> Element {
    let receipt = &issued.receipt;
    let status = if misbehaviour == Some(&Misbehaviour::UnknownState) { "77" } else { issued.status() };
    let fields = [
        ("index", index.to_string()),
        ("cusCode", receipt.dossier.clone()),
        ("cusName", receipt.payer.clone()),
        ("fkey", receipt.key.clone()),
        ("pattern", receipt.pattern.to_owned()),
        ("serial", receipt.serial.to_owned()),
        ("invNum", receipt.number.to_string()),
        ("publishDate", receipt.issued_on.slashed()),
        ("amount", receipt.amount.to_string()),
        ("status", status.to_owned()),
        ("payment", "1".to_owned()),
    ];
    Element::branch("Item", fields.map(|(name, text)| Element::leaf(name, text)).to_vec())
}

/// `dd/MM/yyyy`; empty is no end.
fn end(text: Option<&str>) -> Result<Option<Day>, Failure> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let mut parts = text.split('/');
    let (Some(day), Some(month), Some(year), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(BAD_DATA);
    };
    match (year.parse(), month.parse(), day.parse()) {
        (Ok(year), Ok(month @ 1..=12), Ok(day @ 1..=31)) => Ok(Some(Day { year, month, day })),
        _ => Err(BAD_DATA),
    }
}

fn action(request: &Request) -> &str {
    request.header("soapaction").unwrap_or_default().trim_matches('"')
}

/// Reads strictly: method, content type, action, envelope, namespace, operation, and the order of the elements.
fn read(request: &Request) -> Result<Message, Refusal> {
    if !OPERATIONS.iter().any(|operation| operation.path == request.path) {
        return Err(refusal("unknown-path", 404, "The resource cannot be found"));
    }
    if request.method != "POST" {
        return Err(refusal("wrong-method", 405, "The HTTP verb is not allowed"));
    }
    if request.media_type() != "text/xml" {
        return Err(refusal("wrong-content-type", 415, "Content-Type must be text/xml"));
    }
    let named = action(request).strip_prefix(NAMESPACE);
    let fits = |operation: &Operation| named == Some(operation.name) && operation.path == request.path;
    let operation = OPERATIONS.into_iter().find(fits).ok_or(refusal(
        "wrong-soap-action",
        500,
        "Server did not recognize the value of HTTP Header SOAPAction",
    ))?;
    let text = std::str::from_utf8(&request.body).map_err(|_| refusal("not-xml", 400, "Not UTF-8"))?;
    let envelope = xml::read(text).map_err(|why| refusal("not-xml", 400, why))?;
    let called =
        called(envelope).ok_or(refusal("wrong-envelope", 500, "Not one element in a SOAP 1.1 body"))?;
    if called.namespace != NAMESPACE || called.children.iter().any(|field| field.namespace != NAMESPACE) {
        return Err(refusal("wrong-namespace", 500, "The namespace must be http://tempuri.org/"));
    }
    if called.name != operation.name {
        return Err(refusal("wrong-operation", 500, "The body is not what SOAPAction says"));
    }
    check_order(&called.children, &operation)?;
    Ok(Message { operation: operation.name, fields: called.children })
}

/// What is inside the body.
fn called(envelope: Element) -> Option<Element> {
    let soap = |element: &Element, name: &str| element.namespace == SOAP_NAMESPACE && element.name == name;
    if !soap(&envelope, "Envelope") {
        return None;
    }
    let mut parts = envelope.children.into_iter().filter(|part| !soap(part, "Header"));
    let body = parts.next().filter(|part| soap(part, "Body"))?;
    let mut calls = body.children.into_iter();
    match (calls.next(), calls.next(), parts.next()) {
        (Some(call), None, None) => Some(call),
        _ => None,
    }
}

fn check_order(fields: &[Element], operation: &Operation) -> Result<(), Refusal> {
    if fields.iter().any(|field| !operation.elements.contains(&field.name.as_str())) {
        return Err(refusal("unknown-element", 500, "An element that this operation does not have"));
    }
    let mut given = fields.iter().peekable();
    for name in operation.elements {
        let there = given.next_if(|field| field.name == *name).is_some();
        let optional = operation.path == PORTAL && OPTIONAL.contains(name);
        if !there && !optional {
            let later = fields.iter().any(|field| field.name == *name);
            let reason = if later { "element-order" } else { "missing-element" };
            return Err(refusal(reason, 500, "An element is missing or not in its place"));
        }
    }
    match given.next() {
        Some(_) => Err(refusal("element-order", 500, "An element is not in its place")),
        None => Ok(()),
    }
}

fn told(operation: &str, result: String, misbehaviour: Option<&Misbehaviour>, elsewhere: &str) -> Reply {
    let right = format!("{operation}Result");
    let inside = match misbehaviour {
        Some(Misbehaviour::SchemaDrift) => vec![Element::leaf(&format!("{operation}KetQua"), result)],
        Some(Misbehaviour::MissingField) => Vec::new(),
        Some(Misbehaviour::WrongType) => vec![Element::branch(&right, vec![Element::leaf("GiaTri", result)])],
        _ => vec![Element::leaf(&right, result)],
    };
    let namespace = match misbehaviour {
        Some(Misbehaviour::WrongNamespace) => "http://tempuri.org/9.9/",
        _ => NAMESPACE,
    };
    let mut content = String::new();
    Element::branch(&format!("{operation}Response"), inside).write("", Some(namespace), &mut content);
    let mut text = enveloped(&content);
    if misbehaviour == Some(&Misbehaviour::Doctype) {
        let bomb = shape::doctype(elsewhere);
        text = text.replacen("?>", &format!("?>{bomb}"), 1).replacen("</", "&a9;&x;</", 1);
    }
    Reply::new(200, "text/xml; charset=utf-8", text)
}

fn enveloped(content: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope xmlns:soap=\"{SOAP_NAMESPACE}\"><soap:Body>\
         {content}</soap:Body></soap:Envelope>"
    )
}

fn fault(refusal: &Refusal) -> Reply {
    let text = quick_xml::escape::escape(refusal.text);
    let content = format!(
        "<soap:Fault><faultcode>soap:Client</faultcode><faultstring>{text}</faultstring></soap:Fault>"
    );
    Reply::new(refusal.http, "text/xml; charset=utf-8", enveloped(&content))
}
