//! Social insurance (Bảo hiểm xã hội Việt Nam) behind the carrier: first the number, then the person.
//!
//! The index of numbers follows the population register, so it is searched with what the citizen says; the record
//! behind a number is the agency's own copy, which may say something else.

mod claims;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Map, Value, json};

use crate::Party;
use crate::misbehaviour::{Misbehaviour, fields};
use crate::people::{Address, Born, Day, Person, Register};
use crate::persons::Persons;
use crate::wire::http::{Reply, Request};
use crate::wire::{Agency, Plan, Site};

/// Where the carrier has it.
pub(crate) const PREFIX: &str = "/apiBHXH/";

/// A failure in a body of HTTP 200. The document gives this agency no list, so the numbers are those of interfaces
/// 6.1, which comes from the same guide. [SIM]
#[derive(Debug, Clone, Copy)]
struct Failure(u16, &'static str);

const RECORD_UNCOMPLETE: Failure = Failure(200, "RECORD_UNCOMPLETE");
const RECORD_NOT_FOUND: Failure = Failure(201, "RECORD_NOT_FOUND");
const DATA_TYPE_INVALID: Failure = Failure(302, "DATA_TYPE_INVALID");
const DATA_INCORRECT: Failure = Failure(500, "DATA_INCORRECT");

/// The agency.
pub(crate) struct SocialInsurance {
    pub(crate) persons: Arc<Persons>,
    /// Changes with every answer: `trangThai` and `errorCode` as text, then as numbers (interfaces 18.2).
    pub(crate) numbers_as_text: AtomicBool,
}

/// One exchange with the agency.
struct Visit<'a> {
    register: &'a Register,
    persons: &'a Persons,
    site: &'a Arc<Site>,
    misbehaviour: Option<&'a Misbehaviour>,
    as_text: bool,
}

impl Agency for SocialInsurance {
    fn operation(&self, request: &Request) -> String {
        request.path.strip_prefix(PREFIX).unwrap_or_default().to_owned()
    }

    fn answer(&self, site: &Arc<Site>, request: &Request, misbehaviour: Option<&Misbehaviour>) -> Plan {
        if misbehaviour == Some(&Misbehaviour::SignatureRefused) {
            site.tally.refused("wrong-partner-key");
            return crate::lgsp::fault(401, 900_901, "Invalid Credentials").into();
        }
        let as_text = self.numbers_as_text.fetch_xor(true, Ordering::Relaxed);
        let visit =
            Visit { register: &self.persons.register, persons: &self.persons, site, misbehaviour, as_text };
        let operation = self.operation(request);
        let body = visit.hear(&operation, request).unwrap_or_else(|failure| {
            let Failure(code, text) = failure;
            site.tally.refused(text);
            if matches!(operation.as_str(), claims::CLAIM | claims::FIND) {
                return visit.failed_claim(&operation, failure);
            }
            // What was asked for is there and empty: all fields of a reply are always sent.
            json!({
                nobody(&operation): null, "trangThai": visit.number(0), "errorCode": visit.number(code),
                "errorDescription": text,
            })
        });
        Reply::json(200, &body).into()
    }
}

/// The field by which an operation tells whom it found.
fn nobody(operation: &str) -> &'static str {
    match operation {
        "getMaSoBhxhTheoTieuChi" => "maSoBhxh",
        "getTraCuuThongTinHgd" => "maSo",
        _ => "hoTen",
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
            "getMaSoBhxhTheoTieuChi" => self.number_by_criteria(asked),
            "getTraCuuTtHgdByMaSoBhxh" => self.person_by_number(asked),
            "getTraCuuThongTinHgd" => self.household(asked),
            claims::CLAIM => self.claim(asked),
            claims::FIND => self.find_claims(asked),
            _ => Err(DATA_INCORRECT),
        }
    }

    fn admit(&self) -> Result<(), Failure> {
        match self.misbehaviour {
            Some(Misbehaviour::OkWithError) => Err(DATA_INCORRECT),
            _ => Ok(()),
        }
    }

    fn number(&self, value: u16) -> Value {
        if self.as_text { json!(value.to_string()) } else { json!(value) }
    }

    fn number_by_criteria(&self, asked: &Map<String, Value>) -> Result<Value, Failure> {
        only(
            asked,
            &["hoTen", "ngaySinh", "loaiNgaySinh", "gioiTinh", "maTinhKs", "maHuyenKs", "maXaKs", "isKs"],
        )?;
        let criteria = Criteria::read(asked)?;
        let place = PlaceAsked::read(asked)?;
        self.site.tally.asked_for(&criteria.subject());
        self.admit()?;
        let fits = |person: &&Person| criteria.match_person(person) && place.matches(person);
        let found = self.insured().find(fits).ok_or(RECORD_NOT_FOUND)?;
        let row = |person: &Person| {
            let number = self.register.social_insurance_number(person);
            let mut row = json!({ "maSoBhxh": number, "trangThai": self.number(1), "errorCode": null });
            self.spoil(&mut row, "maSoBhxh", "soBhxh");
            row
        };
        Ok(fields::choose(self.misbehaviour, row(found), row(self.stranger(found))))
    }

    fn person_by_number(&self, asked: &Map<String, Value>) -> Result<Value, Failure> {
        only(asked, &["maSoBhxh"])?;
        let number = text(asked, "maSoBhxh")?;
        self.site.tally.asked_for(&number);
        if number.len() != 10 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(DATA_TYPE_INVALID);
        }
        self.admit()?;
        let found = self.register.by_social_insurance_number(&number).ok_or(RECORD_NOT_FOUND)?;
        let row = |person: &Person| {
            let mut row = self.person(person);
            self.spoil(&mut row, "hoTen", "hoVaTen");
            row
        };
        Ok(fields::choose(self.misbehaviour, row(found), row(self.stranger(found))))
    }

    fn person(&self, truth: &Person) -> Value {
        let person = self.register.kept_by(Party::SocialInsurance, truth);
        let book = self.register.household_of(truth).map(|home| home.book.clone()).unwrap_or_default();
        let (date, precision) = written(person.born);
        let at = &person.birth_registered_at;
        json!({
            "hoTen": person.shown_name().full(), "soSoCu": book, "ngaySinh": date, "loaiNgaySinh": precision,
            "gioiTinh": person.sex.code(), "maTinhKs": at.province, "maHuyenKs": at.district.as_deref().unwrap_or_default(),
            "maXaKs": at.commune, "trangThai": self.number(1),
        })
    }

    /// The household a person stands in: its code and address, and the person's own row.
    fn household(&self, asked: &Map<String, Value>) -> Result<Value, Failure> {
        only(asked, &["maTinh", "hoTen", "ngaySinh", "loaiNgaySinh", "gioiTinh", "soSo", "maThe", "isKs"])?;
        let criteria = Criteria::read(asked)?;
        let place = PlaceAsked::read_province(asked)?;
        let (book, card) = (optional(asked, "soSo")?, optional(asked, "maThe")?);
        self.site.tally.asked_for(&criteria.subject());
        self.admit()?;
        let fits = |person: &&Person| {
            let home = self.register.household_of(person);
            criteria.match_person(person)
                && place.matches(person)
                && book.as_ref().is_none_or(|book| home.is_some_and(|home| &home.book == book))
                && card
                    .as_ref()
                    .is_none_or(|card| self.register.social_insurance_number(person).as_ref() == Some(card))
        };
        let found = self.insured().find(fits).ok_or(RECORD_NOT_FOUND)?;
        Ok(fields::choose(self.misbehaviour, self.member(found), self.member(self.stranger(found))))
    }

    fn household_code(&self, person: &Person) -> String {
        match self.register.household_of(person) {
            Some(home) => format!("H{}", home.book),
            None => format!("H{}", self.register.social_insurance_number(person).unwrap_or_default()),
        }
    }

    fn member(&self, truth: &Person) -> Value {
        let person = self.register.kept_by(Party::SocialInsurance, truth);
        let (date, precision) = written(person.born);
        let number = self.register.social_insurance_number(truth).unwrap_or_default();
        let mut row = json!({
            "maSo": number, "hoTen": person.shown_name().full(), "ngaySinh": date, "loaiNgaySinh": precision,
            "gioiTinh": person.sex.code(), "maThe": number, "maHo": self.household_code(truth),
            "diaChi": person.residence.as_ref().map(Address::line).unwrap_or_default(),
        });
        self.spoil(&mut row, "hoTen", "hoVaTen");
        row
    }

    fn insured(&self) -> impl Iterator<Item = &Person> {
        let has = |person: &&Person| self.register.social_insurance_number(person).is_some();
        self.register.all().iter().filter(has)
    }

    /// Somebody of another household.
    fn stranger<'a>(&'a self, person: &'a Person) -> &'a Person {
        let other = |other: &&Person| other.household != person.household && other.id != person.id;
        self.register.ordinary().find(other).unwrap_or(person)
    }

    fn spoil(&self, row: &mut Value, field: &str, renamed: &str) {
        fields::spoil(row, self.misbehaviour, field, renamed);
        fields::unknown_state(row, self.misbehaviour, "trangThai", json!(77));
    }
}

/// Who is searched for.
struct Criteria {
    name: String,
    born: Born,
    sex: String,
}

impl Criteria {
    fn read(asked: &Map<String, Value>) -> Result<Self, Failure> {
        let (date, precision) = (text(asked, "ngaySinh")?, text(asked, "loaiNgaySinh")?);
        let sex = text(asked, "gioiTinh")?;
        if !matches!(sex.as_str(), "1" | "2" | "3") {
            return Err(DATA_TYPE_INVALID);
        }
        let born = read_date(&date, &precision).ok_or(DATA_TYPE_INVALID)?;
        Ok(Self { name: text(asked, "hoTen")?.to_uppercase(), born, sex })
    }

    /// As it is counted: there is no number yet.
    fn subject(&self) -> String {
        format!("{}/{}", self.name, self.born.iso())
    }

    /// Upper and lower case are one, diacritics and their encoding (NFC) count.
    fn match_person(&self, person: &Person) -> bool {
        person.name.full() == self.name && person.born == self.born && person.sex.code() == self.sex
    }
}

/// Where: the place of birth registration (`isKs` 1) or that of residence (`isKs` 0).
struct PlaceAsked {
    of_birth: bool,
    province: String,
    /// District and commune: looked at where they are told.
    below: [Option<String>; 2],
}

impl PlaceAsked {
    fn read(asked: &Map<String, Value>) -> Result<Self, Failure> {
        let below = [optional(asked, "maHuyenKs")?, optional(asked, "maXaKs")?];
        Ok(Self { of_birth: flag(asked)?, province: text(asked, "maTinhKs")?, below })
    }

    fn read_province(asked: &Map<String, Value>) -> Result<Self, Failure> {
        Ok(Self { of_birth: flag(asked)?, province: text(asked, "maTinh")?, below: [None, None] })
    }

    fn matches(&self, person: &Person) -> bool {
        let at = if self.of_birth { Some(&person.birth_registered_at) } else { person.residence.as_ref() };
        let [district, commune] = &self.below;
        at.is_some_and(|at| {
            at.province == self.province
                && district.as_ref().is_none_or(|asked| at.district.as_ref() == Some(asked))
                && commune.as_ref().is_none_or(|asked| at.commune == *asked)
        })
    }
}

/// `ngaySinh` is always eight digits; what is not known is told as 01, and `loaiNgaySinh` says that it is not known.
fn written(born: Born) -> (String, &'static str) {
    match born {
        Born::Day(day) => (day.compact(), "0"),
        Born::Month { year, month } => (format!("{year:04}{month:02}01"), "1"),
        Born::Year(year) => (format!("{year:04}0101"), "2"),
    }
}

/// Of an imprecise date, what lies beyond its precision is not looked at, and may be missing.
fn read_date(date: &str, precision: &str) -> Option<Born> {
    let digits = date.bytes().all(|byte| byte.is_ascii_digit());
    let year = date.get(..4)?.parse().ok().filter(|_| digits)?;
    let part = |range| date.get(range).and_then(|text: &str| text.parse::<u8>().ok());
    match (precision, date.len()) {
        ("0", 8) => {
            let (month, day) = (part(4..6)?, part(6..8)?);
            let real = (1..=12).contains(&month) && (1..=31).contains(&day);
            real.then_some(Born::Day(Day { year, month, day }))
        }
        ("1", 6 | 8) => {
            part(4..6).filter(|month| (1..=12).contains(month)).map(|month| Born::Month { year, month })
        }
        ("2", 4 | 8) => Some(Born::Year(year)),
        _ => None,
    }
}

/// A field that nobody knows is a mistake of the sender.
fn only(asked: &Map<String, Value>, known: &[&str]) -> Result<(), Failure> {
    let strange = asked.keys().any(|key| !known.contains(&key.as_str()));
    if strange { Err(DATA_TYPE_INVALID) } else { Ok(()) }
}

/// Text, or a number as text, that may be empty but not missing.
fn any_text(asked: &Map<String, Value>, name: &str) -> Result<String, Failure> {
    match asked.get(name).ok_or(RECORD_UNCOMPLETE)? {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null => Ok(String::new()),
        _ => Err(DATA_TYPE_INVALID),
    }
}

fn text(asked: &Map<String, Value>, name: &str) -> Result<String, Failure> {
    let text = any_text(asked, name)?;
    if text.is_empty() { Err(RECORD_UNCOMPLETE) } else { Ok(text) }
}

fn optional(asked: &Map<String, Value>, name: &str) -> Result<Option<String>, Failure> {
    if !asked.contains_key(name) {
        return Ok(None);
    }
    any_text(asked, name).map(|text| Some(text).filter(|text| !text.is_empty()))
}

/// `isKs`: 1 or 0, also as text or true and false.
fn flag(asked: &Map<String, Value>) -> Result<bool, Failure> {
    if let Some(flag) = asked.get("isKs").and_then(Value::as_bool) {
        return Ok(flag);
    }
    match text(asked, "isKs")?.as_str() {
        "1" => Ok(true),
        "0" => Ok(false),
        _ => Err(DATA_TYPE_INVALID),
    }
}
