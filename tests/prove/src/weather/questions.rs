//! The reads that are asked in bad weather.

use anyhow::{Context, Result};
use sandbox::questions::{about, act_by_dossier, act_by_registration, insured, papers_by_post, unit_of};
use sandbox::world::PROVINCE;
use serde_json::{Value, json};
use simulators::{Party, Register};

use super::Place;

/// Who asks about anything but a receipt.
pub const UNIT: &str = "H56.14";

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
    let by_name = insured(person);
    let number = register.social_insurance_number(person).context("the sample person is not insured")?;
    let person_read = |name, operation, query| Question {
        name,
        service: "social-insurance.person",
        operation,
        query,
        unit: UNIT.into(),
    };
    Ok(vec![
        person_read("number by name", "getMaSoBhxhTheoTieuChi", by_name.clone()),
        person_read("person by name", "getTraCuuTtHgdByMaSoBhxh", by_name.clone()),
        person_read("person by number", "getTraCuuTtHgdByMaSoBhxh", json!({ "insurance_number": number })),
        Question {
            name: "household",
            service: "social-insurance.household",
            operation: "getTraCuuThongTinHgd",
            query: by_name,
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
    Question {
        name: "quote",
        service: "postal.quote",
        operation: "pricehcc",
        query: papers_by_post(),
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
        unit: unit_of(&receipt.dossier).to_owned(),
    };
    Ok(exchanges.iter().map(read).collect())
}
