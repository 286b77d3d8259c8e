//! The reads that are asked in bad weather.

use anyhow::{Context, Result};
use sandbox::questions::{about, act_by_dossier, act_by_registration};
use serde_json::{Value, json};
use simulators::{Party, Register};

use super::Place;

/// Our province in the sandbox's configuration.
const PROVINCE: &str = "38";
/// Who asks about anything but a receipt.
const UNIT: &str = "H56.14";

/// One read.
#[derive(Debug, Clone)]
pub struct Question {
    /// As tables call it.
    pub name: &'static str,
    /// The service.
    pub service: &'static str,
    /// The agency's own operation.
    pub operation: &'static str,
    /// The query.
    pub query: Value,
    /// The unit that asks: it decides which provider issues its receipts.
    pub unit: String,
}

/// Every read of the six agencies.
#[derive(Debug, Clone)]
pub struct Questions {
    /// Person, verify, household.
    pub residence: Vec<Question>,
    /// The record both ways, and the dossier's state.
    pub civil_status: Vec<Question>,
    /// A person by name in two exchanges, each of which can fail, the person by number, and the household.
    pub social_insurance: Vec<Question>,
    /// An enterprise, a person, a dossier's obligations.
    pub tax: Vec<Question>,
    /// A price.
    pub postal: Vec<Question>,
    /// A receipt in two exchanges, and its file.
    pub vnpt: Vec<Question>,
    /// A receipt, and its file.
    pub viettel: Vec<Question>,
    /// A read of residence and one of civil status, to see whether others are unharmed.
    calm: [Question; 2],
    /// Numbers and names that stand in the queries: never in a problem.
    pub secrets: Vec<String>,
}

impl Questions {
    /// About people and papers of this register.
    pub fn of(register: &Register) -> Result<Questions> {
        let person = register.sample();
        let query = about(person);
        let residence = [
            ("person", "residence.person", "TraCuuThongTinCongDan"),
            ("verify", "residence.verify", "XacThucThongTinCongDan"),
            ("household", "residence.household", "CungCapThongTinHoGiaDinh"),
        ];
        let residence = residence.map(|(name, service, operation)| Question {
            name,
            service,
            operation,
            query: query.clone(),
            unit: UNIT.into(),
        });
        let act = register
            .registrations()
            .iter()
            .find(|act| act.province == PROVINCE)
            .context("no act of the province")?;
        let dossier = register.dossier_in_state(1).context("no dossier")?;
        let record = |name, operation, query| Question {
            name,
            service: "civil-status.record",
            operation,
            query,
            unit: UNIT.into(),
        };
        let status = Question {
            name: "dossier status",
            service: "civil-status.dossier-status",
            operation: "traTrangThaiHoSo",
            query: json!({ "dossier": dossier.code, "office": dossier.unit }),
            unit: UNIT.into(),
        };
        let [_, verify, _] = &residence;
        let calm = [verify.clone(), status.clone()];
        let civil_status = vec![
            record("record by dossier", "traDanhSachHoSo", act_by_dossier(act)),
            record("record by registration", "traCuuSoHoTich", act_by_registration(act)),
            status,
        ];
        let secrets = vec![person.id.clone(), person.name.full(), act.dossier.clone(), dossier.code.clone()];
        Ok(Questions {
            residence: residence.into(),
            civil_status,
            social_insurance: social_insurance(register)?,
            tax: tax(register)?,
            postal: vec![quote()],
            vnpt: receipt_of(register, Party::EReceiptVnpt, &VNPT_EXCHANGES)?,
            viettel: receipt_of(register, Party::EReceiptViettel, &VIETTEL_EXCHANGES)?,
            calm,
            secrets,
        })
    }

    /// A read that this place has no part in, never from the cache.
    pub fn of_the_other(&self, place: Place) -> &Question {
        let [residence, civil_status] = &self.calm;
        match place {
            Place::Residence | Place::Postal | Place::PostalToken => civil_status,
            Place::Vnpt | Place::Viettel | Place::ViettelLogin => civil_status,
            Place::CivilStatus | Place::SocialInsurance | Place::Tax => residence,
            Place::Carrier | Place::Token => residence,
        }
    }
}

fn social_insurance(register: &Register) -> Result<Vec<Question>> {
    let person = register.sample();
    let at = &person.birth_registered_at;
    let by_name = json!({
        "full_name": person.name.full(), "birth_date": person.born.iso(), "sex": "male",
        "birth_province": at.province, "birth_district": at.district, "birth_commune": at.commune,
    });
    let number = register.social_insurance_number(person).context("the sample person is not insured")?;
    let person_read = |name, operation, query| Question {
        name,
        service: "social-insurance.person",
        operation,
        query,
        unit: UNIT.into(),
    };
    let mut home = by_name.clone();
    home.as_object_mut()
        .context("a query is an object")?
        .retain(|key, _| !matches!(key.as_str(), "birth_district" | "birth_commune"));
    Ok(vec![
        person_read("number by name", "getMaSoBhxhTheoTieuChi", by_name.clone()),
        person_read("person by name", "getTraCuuTtHgdByMaSoBhxh", by_name),
        person_read("person by number", "getTraCuuTtHgdByMaSoBhxh", json!({ "insurance_number": number })),
        Question {
            name: "household",
            service: "social-insurance.household",
            operation: "getTraCuuThongTinHgd",
            query: home,
            unit: UNIT.into(),
        },
    ])
}

fn tax(register: &Register) -> Result<Vec<Question>> {
    let company = register.companies().first().context("no company")?;
    let notice = register.notices().iter().find(|notice| notice.levies.len() == 1).context("no notice")?;
    let taxpayer = |name, operation, code: &str| Question {
        name,
        service: "tax.taxpayer",
        operation,
        query: json!({ "tax_code": code }),
        unit: UNIT.into(),
    };
    Ok(vec![
        taxpayer("enterprise", "chiTietDoanhNghiep", &company.tax_code),
        taxpayer("taxpayer", "traCuuNNT", &register.sample().id),
        Question {
            name: "obligations",
            service: "tax.obligations",
            operation: "traCuuNghiaVuTaiChinh",
            query: json!({ "dossier": notice.dossier }),
            unit: UNIT.into(),
        },
    ])
}

fn quote() -> Question {
    let place = |province, district| json!({ "province": province, "district": district });
    Question {
        name: "quote",
        service: "postal.quote",
        operation: "pricehcc",
        query: json!({ "sender": place("44", "440"), "receiver": place("10", "100"), "weight_g": 100 }),
        unit: UNIT.into(),
    }
}

/// Services and the exchanges of their conversations, in which each can be spoiled.
const VNPT_EXCHANGES: [(&str, &str, &str); 3] = [
    ("receipt, looked up", "e-receipt.receipt", "getInvViewFkey"),
    ("receipt, listed", "e-receipt.receipt", "listInvByCus"),
    ("receipt's file", "e-receipt.file", "downloadInvPDFFkey"),
];
const VIETTEL_EXCHANGES: [(&str, &str, &str); 3] = [
    ("receipt", "e-receipt.receipt", "searchInvoiceByTransactionUuid"),
    ("receipt of a file", "e-receipt.file", "searchInvoiceByTransactionUuid"),
    ("receipt's file", "e-receipt.file", "getInvoiceRepresentationFile"),
];

/// A receipt of this provider and its file; the unit that a dossier's code begins with leads to the provider.
fn receipt_of(
    register: &Register,
    provider: Party,
    exchanges: &[(&'static str, &'static str, &'static str)],
) -> Result<Vec<Question>> {
    // VNPT tells some receipts without their key, which asks for the second exchange.
    let mut own = register.receipts().iter().filter(|receipt| receipt.provider == provider);
    let receipt = own.find(|receipt| receipt.number % 4 == 0 || provider != Party::EReceiptVnpt);
    let receipt = receipt.context("no receipt")?;
    let read = |(name, service, operation): &(&'static str, &'static str, &'static str)| Question {
        name,
        service,
        operation,
        query: json!({ "key": receipt.key }),
        unit: unit_of(&receipt.dossier),
    };
    Ok(exchanges.iter().map(read).collect())
}

/// The unit that a dossier's code begins with.
pub fn unit_of(dossier: &str) -> String {
    dossier.split('-').next().unwrap_or_default().to_owned()
}
