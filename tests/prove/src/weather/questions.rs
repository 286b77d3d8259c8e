//! The reads that are asked in bad weather.

use anyhow::{Context, Result};
use sandbox::questions::{about, act_by_dossier, act_by_registration};
use serde_json::{Value, json};
use simulators::Register;

use super::Place;

/// Our province in the sandbox's configuration.
const PROVINCE: &str = "38";

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
}

/// Every read of both agencies.
#[derive(Debug, Clone)]
pub struct Questions {
    /// Person, verify, household.
    pub residence: Vec<Question>,
    /// The record both ways, and the dossier's state.
    pub civil_status: Vec<Question>,
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
        });
        let act = register
            .registrations()
            .iter()
            .find(|act| act.province == PROVINCE)
            .context("no act of the province")?;
        let dossier = register.dossier_in_state(1).context("no dossier")?;
        let record =
            |name, operation, query| Question { name, service: "civil-status.record", operation, query };
        let status = Question {
            name: "dossier status",
            service: "civil-status.dossier-status",
            operation: "traTrangThaiHoSo",
            query: json!({ "dossier": dossier.code, "office": dossier.unit }),
        };
        let [_, verify, _] = &residence;
        let calm = [verify.clone(), status.clone()];
        let civil_status = vec![
            record("record by dossier", "traDanhSachHoSo", act_by_dossier(act)),
            record("record by registration", "traCuuSoHoTich", act_by_registration(act)),
            status,
        ];
        let secrets = vec![person.id.clone(), person.name.full(), act.dossier.clone(), dossier.code.clone()];
        Ok(Questions { residence: residence.into(), civil_status, calm, secrets })
    }

    /// A read that this place has no part in, never from the cache.
    pub fn of_the_other(&self, place: Place) -> &Question {
        let [residence, civil_status] = &self.calm;
        match place {
            Place::Residence => civil_status,
            Place::CivilStatus | Place::Carrier | Place::Token => residence,
        }
    }
}
