//! The civil-status agency (Bộ Tư pháp) behind the carrier: JSON outside, XML inside; generation 1, which is read.

mod form;
pub(crate) mod interlinked;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Map, Value, json};

use crate::civil_register::{Dossier, Module, Registration, knows_province, knows_unit};
use crate::desk::{Filed, Standing};
use crate::misbehaviour::{Misbehaviour, shape};
use crate::people::Register;
use crate::wire::http::{Reply, Request};
use crate::wire::{Agency, Plan, Site};
use crate::xml::Element;

/// Where the carrier has it.
pub(crate) const PREFIX: &str = "/apiHoTichTuPhap/";

/// A dossier list longer than this is refused; generation 2 takes three codes a call, this one names no limit.
const CODES_MAX: usize = 100;

/// A failure in a body of HTTP 200: the number and name of interfaces 6.1.
#[derive(Debug, Clone, Copy)]
struct Failure(u16, &'static str);

const AUTHEN_ERROR: Failure = Failure(100, "AUTHEN_ERROR");
const IP_DISALLOWED: Failure = Failure(101, "IP_DISALLOWED");
const AGENCY_ID_INCORRECT: Failure = Failure(106, "AGENCY_ID_INCORRECT");
const PROVINCE_ID_INCORRECT: Failure = Failure(108, "PROVINCE_ID_INCORRECT");
const RECORD_UNCOMPLETE: Failure = Failure(200, "RECORD_UNCOMPLETE");
const RECORD_NOT_FOUND: Failure = Failure(201, "RECORD_NOT_FOUND");
const DATA_TYPE_INVALID: Failure = Failure(302, "DATA_TYPE_INVALID");
const DATA_INCORRECT: Failure = Failure(500, "DATA_INCORRECT");

/// The agency.
pub(crate) struct CivilStatus {
    pub(crate) register: Arc<Register>,
    /// Changes with every answer: numbers as text, then as numbers (interfaces 18.2).
    pub(crate) numbers_as_text: AtomicBool,
}

/// One exchange with the agency.
struct Visit<'a> {
    register: &'a Register,
    site: &'a Site,
    misbehaviour: Option<&'a Misbehaviour>,
}

impl Agency for CivilStatus {
    fn operation(&self, request: &Request) -> String {
        request.path.strip_prefix(PREFIX).unwrap_or_default().to_owned()
    }

    fn answer(&self, site: &Arc<Site>, request: &Request, misbehaviour: Option<&Misbehaviour>) -> Plan {
        let visit = Visit { register: &self.register, site, misbehaviour };
        let answered = visit.hear(&self.operation(request), request);
        let as_text = self.numbers_as_text.fetch_xor(true, Ordering::Relaxed);
        let number = |value: u16| if as_text { json!(value.to_string()) } else { json!(value) };
        let body = match answered {
            Ok(value) => {
                json!({ "status": number(1), "value": value, "errorCode": null, "errorDescription": null })
            }
            Err(Failure(code, text)) => {
                site.tally.refused(text);
                json!({ "status": number(0), "value": null, "errorCode": number(code), "errorDescription": text })
            }
        };
        Reply::json(200, &body).into()
    }
}

impl Visit<'_> {
    fn hear(&self, operation: &str, request: &Request) -> Result<Value, Failure> {
        if request.method != "POST" || request.media_type() != "application/json" {
            return Err(DATA_TYPE_INVALID);
        }
        let body: Value = serde_json::from_slice(&request.body).map_err(|_| DATA_INCORRECT)?;
        let asked = body.as_object().ok_or(DATA_TYPE_INVALID)?;
        match operation {
            "traTrangThaiHoSo" => self.dossier_status(asked),
            "traDanhSachHoSo" => self.records_by_dossier(asked),
            "traCuuSoHoTich" => self.records_by_number(asked),
            _ => Err(DATA_INCORRECT),
        }
    }

    /// What was ordered to go wrong before any data is looked at.
    fn admit(&self) -> Result<(), Failure> {
        match self.misbehaviour {
            Some(Misbehaviour::SignatureRefused) => Err(AUTHEN_ERROR),
            Some(Misbehaviour::IpDisallowed) => Err(IP_DISALLOWED),
            Some(Misbehaviour::OkWithError) => Err(DATA_INCORRECT),
            _ => Ok(()),
        }
    }

    fn dossier_status(&self, asked: &Map<String, Value>) -> Result<Value, Failure> {
        only(asked, &["maDonVi", "maHoSo"])?;
        let unit = number(asked, "maDonVi")?;
        let code = text(asked, "maHoSo")?;
        self.site.tally.asked_for(code);
        self.admit()?;
        if !knows_unit(unit) {
            return Err(AGENCY_ID_INCORRECT);
        }
        let fits = |dossier: &&Dossier| dossier.code == code && dossier.unit.parse() == Ok(unit);
        let since = self.site.desk.by_code(code).last().map(dossier);
        let found = self.register.dossiers().iter().chain(&since).find(fits).ok_or(RECORD_NOT_FOUND)?;
        let other = self.register.dossiers().iter().find(|dossier| dossier.code != code).unwrap_or(found);
        Ok(match self.misbehaviour {
            Some(Misbehaviour::WrongPerson) => status(other),
            Some(Misbehaviour::TwoPeople) => json!([status(found), status(other)]),
            misbehaviour => spoil_status(status(found), misbehaviour),
        })
    }

    fn records_by_dossier(&self, asked: &Map<String, Value>) -> Result<Value, Failure> {
        only(asked, &["maTinh", "module", "dsMaHoSo"])?;
        let (province, module) = place_and_module(asked)?;
        let codes = asked.get("dsMaHoSo").ok_or(RECORD_UNCOMPLETE)?.as_array().ok_or(DATA_TYPE_INVALID)?;
        let codes: Option<Vec<&str>> = codes.iter().map(Value::as_str).collect();
        let codes = codes.ok_or(DATA_TYPE_INVALID)?;
        if codes.is_empty() || codes.len() > CODES_MAX {
            return Err(RECORD_UNCOMPLETE);
        }
        codes.iter().for_each(|code| self.site.tally.asked_for(code));
        let known = known_province(&province)?;
        let since = interlinked::by_codes(&self.site.desk, &codes);
        self.rows(module, &codes.concat(), &since, |entry| {
            entry.province == known && codes.contains(&entry.dossier.as_str())
        })
    }

    fn records_by_number(&self, asked: &Map<String, Value>) -> Result<Value, Failure> {
        only(asked, &["maTinh", "module", "soDangKy", "quyenSo"])?;
        let (province, module) = place_and_module(asked)?;
        let (number, book) = (text(asked, "soDangKy")?, text(asked, "quyenSo")?);
        let key = format!("{book}/{number}");
        self.site.tally.asked_for(&key);
        let known = known_province(&province)?;
        let since: Vec<_> = interlinked::by_number(&self.site.desk, number, book).into_iter().collect();
        self.rows(module, &key, &since, |entry| {
            entry.province == known && entry.number == number && entry.book == book
        })
    }

    /// The rows found, `since` among them: what was registered after the start. None is told in two ways, always
    /// the same way for the same question.
    fn rows(
        &self,
        module: Module,
        key: &str,
        since: &[Registration],
        fits: impl Fn(&Registration) -> bool,
    ) -> Result<Value, Failure> {
        self.admit()?;
        let all = || self.register.registrations().iter().chain(since);
        let entries = || all().filter(|entry| entry.module == module);
        let mut found: Vec<&Registration> = entries().filter(|entry| fits(entry)).collect();
        if found.is_empty() {
            let even = key.bytes().fold(0_u8, u8::wrapping_add) % 2 == 0;
            return if even { Err(RECORD_NOT_FOUND) } else { Ok(json!([])) };
        }
        let other = entries().find(|entry| !fits(entry));
        match self.misbehaviour {
            Some(Misbehaviour::WrongPerson) => found = other.into_iter().collect(),
            Some(Misbehaviour::TwoPeople) => found.extend(other),
            _ => {}
        }
        Ok(found.into_iter().map(|entry| self.row(entry)).collect())
    }

    fn row(&self, entry: &Registration) -> Value {
        let mut data = data(entry);
        if self.misbehaviour == Some(&Misbehaviour::Doctype) {
            data = shape::doctype(&self.site.elsewhere) + &data.replacen("</", "&a9;&x;</", 1);
        }
        let mut row = json!({
            "id": entry.id, "so": entry.number, "quyenSo": entry.book, "trangSo": entry.page,
            "ngayDangKy": entry.registered_on.iso(), "noiDangKy": entry.unit,
        });
        if let Some(row) = row.as_object_mut() {
            match self.misbehaviour {
                Some(Misbehaviour::MissingField) => None,
                Some(Misbehaviour::SchemaDrift) => row.insert("duLieu".to_owned(), json!(data)),
                Some(Misbehaviour::WrongType) => row.insert("data".to_owned(), json!(12345)),
                _ => row.insert("data".to_owned(), json!(data)),
            };
        }
        row
    }
}

/// A pushed dossier as the older interface tells it: 3 is sufficient there, and refused is failed.
fn dossier(file: &Filed) -> Dossier {
    let (state, note) = match file.standing() {
        Standing::Declined { reason } => (0, Some(reason.clone())),
        Standing::Supplement { wanted, .. } => (2, Some(wanted.clone())),
        other => (other.code(), None),
    };
    Dossier { code: file.code.clone(), unit: file.unit.clone(), module: Module::Death, state, note }
}

fn status(dossier: &Dossier) -> Value {
    json!({ "maHoSo": dossier.code, "trangThai": dossier.state, "ghiChu": dossier.note })
}

fn spoil_status(mut status: Value, misbehaviour: Option<&Misbehaviour>) -> Value {
    let Some(fields) = status.as_object_mut() else { return status };
    match misbehaviour {
        Some(Misbehaviour::UnknownState) => drop(fields.insert("trangThai".to_owned(), json!(77))),
        Some(Misbehaviour::WrongType) => drop(fields.insert("trangThai".to_owned(), json!({ "ma": "ba" }))),
        Some(Misbehaviour::MissingField) => drop(fields.remove("trangThai")),
        Some(Misbehaviour::SchemaDrift) => {
            let state = fields.remove("trangThai").unwrap_or_default();
            fields.insert("tinhTrang".to_owned(), state);
        }
        _ => {}
    }
    status
}

/// `<hotich><hoso>…</hoso></hotich>`, the fields flat.
fn data(entry: &Registration) -> String {
    let fields = entry.fields.iter().map(|(name, value)| Element::leaf(name, value)).collect();
    let mut text = String::new();
    Element::branch("hotich", vec![Element::branch("hoso", fields)]).write("", None, &mut text);
    text
}

/// A field that nobody knows is a mistake of the sender.
fn only(asked: &Map<String, Value>, known: &[&str]) -> Result<(), Failure> {
    let strange = asked.keys().any(|key| !known.contains(&key.as_str()));
    if strange { Err(DATA_TYPE_INVALID) } else { Ok(()) }
}

fn text<'a>(asked: &'a Map<String, Value>, name: &str) -> Result<&'a str, Failure> {
    let value = asked.get(name).ok_or(RECORD_UNCOMPLETE)?.as_str().ok_or(DATA_TYPE_INVALID)?;
    if value.is_empty() { Err(RECORD_UNCOMPLETE) } else { Ok(value) }
}

/// `maDonVi` is a number; digits in quotes are taken as well.
fn number(asked: &Map<String, Value>, name: &str) -> Result<u64, Failure> {
    let value = asked.get(name).ok_or(RECORD_UNCOMPLETE)?;
    let parsed = value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    parsed.ok_or(DATA_TYPE_INVALID)
}

fn place_and_module(asked: &Map<String, Value>) -> Result<(String, Module), Failure> {
    let province = text(asked, "maTinh")?.to_owned();
    let module = Module::of(text(asked, "module")?).ok_or(DATA_TYPE_INVALID)?;
    Ok((province, module))
}

fn known_province(code: &str) -> Result<&str, Failure> {
    if knows_province(code) { Ok(code) } else { Err(PROVINCE_ID_INCORRECT) }
}
