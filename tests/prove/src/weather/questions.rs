//! The reads that are asked in bad weather.

use anyhow::{Context, Result};
use sandbox::questions::{about, act_by_dossier, act_by_registration};
use serde_json::{Value, json};
use simulators::{Party, Register};

use super::Place;

/// Our province in the sandbox's configuration.
const PROVINCE: &str = "38";
/// A unit whose receipts VNPT issues.
const UNIT: &str = "H56.14";
/// A unit whose receipts Viettel issues.
const VIETTEL_UNIT: &str = "H56.20";

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
    pub unit: &'static str,
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
            unit: UNIT,
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
            unit: UNIT,
        };
        let status = Question {
            name: "dossier status",
            service: "civil-status.dossier-status",
            operation: "traTrangThaiHoSo",
            query: json!({ "dossier": dossier.code, "office": dossier.unit }),
            unit: UNIT,
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
            vnpt: receipt_of(register, Party::EReceiptVnpt, UNIT, &["getInvViewFkey", "listInvByCus"])?,
            viettel: receipt_of(
                register,
                Party::EReceiptViettel,
                VIETTEL_UNIT,
                &["searchInvoiceByTransactionUuid"],
            )?,
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
        unit: UNIT,
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
            unit: UNIT,
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
        unit: UNIT,
    };
    Ok(vec![
        taxpayer("enterprise", "chiTietDoanhNghiep", &company.tax_code),
        taxpayer("taxpayer", "traCuuNNT", &register.sample().id),
        Question {
            name: "obligations",
            service: "tax.obligations",
            operation: "traCuuNghiaVuTaiChinh",
            query: json!({ "dossier": notice.dossier }),
            unit: UNIT,
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
        unit: UNIT,
    }
}

/// A receipt of this provider, by each of its exchanges, and its file.
fn receipt_of(
    register: &Register,
    provider: Party,
    unit: &'static str,
    exchanges: &[&'static str],
) -> Result<Vec<Question>> {
    let receipt =
        register.receipts().iter().find(|receipt| receipt.provider == provider).context("no receipt")?;
    let query = json!({ "key": receipt.key });
    let read = |operation: &'static str| Question {
        name: operation,
        service: "e-receipt.receipt",
        operation,
        query: query.clone(),
        unit,
    };
    Ok(exchanges.iter().copied().map(read).collect())
}
