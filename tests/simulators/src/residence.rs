//! The residence agency (Bộ Công an, C06): SOAP 1.1 over mutual TLS, strict about every word.

mod message;
mod record;
pub(crate) mod removal;
mod signature;

use std::sync::Arc;

use crate::misbehaviour::Misbehaviour;
use crate::people::Person;
use crate::persons::Persons;
use crate::wire::http::{Reply, Request};
use crate::wire::{Agency, Plan, Site};
use crate::xml::Element;
use crate::{Credentials, Rules};
use message::{Ask, Operation};

/// Namespace of the answers.
const REPLY_NAMESPACE: &str = "http://www.mic.gov.vn/dancu/1.0";
const SOAP_NAMESPACE: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// What is answered instead of data.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// As it is counted.
    pub(crate) reason: &'static str,
    pub(crate) code: &'static str,
    pub(crate) text: String,
}

impl Refusal {
    /// The sender's own mistake.
    fn client(reason: &'static str, text: impl Into<String>) -> Self {
        Self { reason, code: "S:Client", text: text.into() }
    }

    /// One of the numbered faults of B.1. The texts are \[SIM\]: no public source gives them.
    fn numbered(reason: &'static str, code: &'static str, text: &str) -> Self {
        Self { reason, code, text: text.to_owned() }
    }

    fn bad_signature() -> Self {
        Self::numbered("bad-signature", "001", "Chữ ký xác thực không đúng")
    }

    fn busy() -> Self {
        Self::numbered("busy", "005", "Hệ thống đang bận, vui lòng thử lại sau")
    }
}

/// The agency.
pub(crate) struct Residence {
    pub(crate) persons: Arc<Persons>,
    pub(crate) credentials: Credentials,
    pub(crate) rules: Rules,
}

impl Agency for Residence {
    fn operation(&self, request: &Request) -> String {
        request.path.trim_start_matches('/').to_owned()
    }

    fn answer(&self, site: &Arc<Site>, request: &Request, misbehaviour: Option<&Misbehaviour>) -> Plan {
        let answered = self.hear(site, request).and_then(|(operation, ask)| {
            site.tally.asked_for(&ask.id);
            self.permit(&ask)?;
            self.say(operation, &ask, misbehaviour, &site.elsewhere)
        });
        let reply = answered.unwrap_or_else(|refusal| {
            site.tally.refused(refusal.reason);
            fault(500, &refusal)
        });
        reply.into()
    }
}

impl Residence {
    /// Who is it, and what do they ask?
    fn hear(&self, site: &Site, request: &Request) -> Result<(Operation, Ask), Refusal> {
        let operation = Operation::of(&request.path)
            .ok_or_else(|| Refusal::client("unknown-operation", "Không có dịch vụ này"))?;
        if request.method != "POST" {
            return Err(Refusal::client("wrong-method", "Chỉ nhận POST"));
        }
        let url = format!("{}{}", site.base_url, request.path);
        signature::check(request, &url, &self.credentials, self.rules.clock_skew_s)?;
        if !matches!(request.media_type().as_str(), "application/xml" | "text/xml") {
            return Err(Refusal::client("wrong-content-type", "Content-Type phải là application/xml"));
        }
        message::read(&request.body, operation).map(|ask| (operation, ask))
    }

    fn permit(&self, ask: &Ask) -> Result<(), Refusal> {
        if !self.rules.allowed_officers.contains(&ask.officer) {
            return Err(Refusal::numbered("officer-not-allowed", "003", "Cán bộ không có quyền khai thác"));
        }
        if !self.rules.allowed_procedures.contains(&ask.procedure) {
            return Err(Refusal::numbered(
                "procedure-not-allowed",
                "004",
                "Dịch vụ công không được phép khai thác",
            ));
        }
        Ok(())
    }

    fn say(
        &self,
        operation: Operation,
        ask: &Ask,
        misbehaviour: Option<&Misbehaviour>,
        elsewhere: &str,
    ) -> Result<Reply, Refusal> {
        match misbehaviour {
            Some(Misbehaviour::SignatureRefused) => return Err(Refusal::bad_signature()),
            Some(Misbehaviour::Busy) => return Err(Refusal::busy()),
            Some(Misbehaviour::OkWithError) => return Ok(fault(200, &Refusal::busy())),
            _ => {}
        }
        let person = self.persons.register.by_id(&ask.id).filter(|person| ask.matches(person));
        let people: Vec<Person> =
            self.chosen(person, misbehaviour).into_iter().map(|person| self.persons.now(person)).collect();
        let mut content = match operation {
            Operation::LookUp => record::citizens(&self.persons, &people),
            Operation::Verify => {
                record::verified(people.len(), misbehaviour == Some(&Misbehaviour::TwoPeople))
            }
            Operation::Household => record::households(&self.persons, &people),
        };
        spoil(&mut content, misbehaviour);
        let namespace = match misbehaviour {
            Some(Misbehaviour::WrongNamespace) => "http://www.mic.gov.vn/dancu/9.9",
            _ => REPLY_NAMESPACE,
        };
        let mut envelope = enveloped(&content, namespace);
        if misbehaviour == Some(&Misbehaviour::Doctype) {
            let bomb = crate::misbehaviour::shape::doctype(elsewhere);
            envelope = envelope.replacen("?>", &format!("?>{bomb}"), 1).replacen("</", "&a9;&x;</", 1);
        }
        Ok(Reply::new(200, "text/xml; charset=utf-8", envelope))
    }

    /// Whom the answer is about: the person asked for, unless told otherwise.
    fn chosen<'a>(
        &'a self,
        person: Option<&'a Person>,
        misbehaviour: Option<&Misbehaviour>,
    ) -> Vec<&'a Person> {
        match (person, misbehaviour) {
            (None, _) => Vec::new(),
            (Some(person), Some(Misbehaviour::WrongPerson)) => vec![self.stranger(person)],
            (Some(person), Some(Misbehaviour::TwoPeople)) => vec![person, self.stranger(person)],
            (Some(person), _) => vec![person],
        }
    }

    /// Somebody of another household, who has one.
    fn stranger<'a>(&'a self, person: &'a Person) -> &'a Person {
        let other = |other: &&Person| other.household.is_some() && other.household != person.household;
        let register = &self.persons.register;
        register.ordinary().find(other).unwrap_or_else(|| register.somebody_else(person))
    }
}

fn spoil(content: &mut Element, misbehaviour: Option<&Misbehaviour>) {
    match misbehaviour {
        Some(Misbehaviour::SchemaDrift) => {
            content.rename("HoVaTen", "HoTenDayDu");
            content.rename("TonTai", "CoTonTai");
        }
        Some(Misbehaviour::MissingField) => {
            content.remove("NgayThangNamSinh");
            content.remove("TonTai");
        }
        Some(Misbehaviour::WrongType) => {
            // Structure where text belongs.
            let inside = [Element::leaf("GiaTri", "1")];
            content.refill("GioiTinh", "", &inside);
            content.refill("TonTai", "", &inside);
        }
        Some(Misbehaviour::UnknownState) => {
            content.refill("GioiTinh", "77", &[]);
            content.refill("TonTai", "khong-ro", &[]);
        }
        _ => {}
    }
}

fn enveloped(content: &Element, namespace: &str) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    text.push_str(&format!("<S:Envelope xmlns:S=\"{SOAP_NAMESPACE}\"><S:Body>"));
    content.write("ns1", Some(namespace), &mut text);
    text.push_str("</S:Body></S:Envelope>");
    text
}

/// SOAP 1.1: a fault travels with HTTP 500.
fn fault(status: u16, refusal: &Refusal) -> Reply {
    let (code, text) = (refusal.code, quick_xml::escape::escape(&refusal.text));
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><S:Envelope xmlns:S=\"{SOAP_NAMESPACE}\"><S:Body><S:Fault>\
         <faultcode>{code}</faultcode><faultstring>{text}</faultstring></S:Fault></S:Body></S:Envelope>"
    );
    Reply::new(status, "text/xml; charset=utf-8", body)
}
