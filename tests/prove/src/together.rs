//! The answers that the house puts together or keeps: how they are asked, which agency each part asks, and what each part shows.

use anyhow::{Context, Result};
use sandbox::caller::purpose_of;
use sandbox::questions::{about, address_before, birth_form_of, couple, profile_of};
use sandbox::{Caller, Told};
use serde_json::{Value, json};
use simulators::{Module, Party, Register};

use crate::weather::questions::UNIT;

/// One part of a composite (config/composites, config/forms), written down here a second time on purpose.
#[derive(Debug)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// Whom it asks.
    pub party: Party,
    /// Without it there is no answer.
    pub required: bool,
    /// The exchanges of its conversation: the agency's operation, and the single read that weather's tables know it by.
    pub exchanges: &'static [(&'static str, &'static str)],
    /// What only this part can have brought: a pointer into the answer, or the name of a form's field.
    pub shows: &'static str,
}

/// A question for which the house puts an answer together, or has it already.
#[derive(Debug, Clone)]
pub struct Together {
    /// As tables call it.
    pub name: &'static str,
    /// The service.
    pub service: &'static str,
    /// The query.
    pub query: Value,
    /// Whom it asks; nobody where the house knows it itself.
    pub parts: &'static [Part],
}

const OF_A_CITIZEN: &[(&str, &str)] = &[("TraCuuThongTinCongDan", "person")];
const OF_AN_ACT: &[(&str, &str)] = &[("traCuuSoHoTich", "record by registration")];
const OF_THE_INSURED: &[(&str, &str)] =
    &[("getMaSoBhxhTheoTieuChi", "number by name"), ("getTraCuuTtHgdByMaSoBhxh", "person by name")];
const OF_A_TAXPAYER: &[(&str, &str)] = &[("traCuuNNT", "taxpayer")];

const fn citizen(name: &'static str, required: bool, shows: &'static str) -> Part {
    Part { name, party: Party::Residence, required, exchanges: OF_A_CITIZEN, shows }
}

const fn optional(
    name: &'static str,
    party: Party,
    exchanges: &'static [(&'static str, &'static str)],
    shows: &'static str,
) -> Part {
    Part { name, party, required: false, exchanges, shows }
}

/// `person.profile` with an act of the civil status register.
const PROFILE: &[Part] = &[
    citizen("residence", true, "/data/residence"),
    optional(
        "social_insurance",
        Party::SocialInsurance,
        OF_THE_INSURED,
        "/data/social_insurance/insurance_number",
    ),
    optional("tax", Party::Tax, OF_A_TAXPAYER, "/data/tax/tax_code"),
    optional("civil_status", Party::CivilStatus, OF_AN_ACT, "/data/registration/number"),
];

/// Khai sinh: two parents and their marriage.
const BIRTH_FORM: &[Part] = &[
    citizen("mother", true, "mother_personal_id"),
    citizen("father", false, "father_personal_id"),
    optional("marriage", Party::CivilStatus, OF_AN_ACT, "marriage_number"),
];

/// Khai tử: the deceased and who tells of it.
const DEATH_FORM: &[Part] = &[
    citizen("deceased", true, "deceased_personal_id"),
    citizen("requester", false, "requester_personal_id"),
];

/// `person.profile` of the sample person.
pub fn profile(register: &Register) -> Result<Together> {
    let person = register.sample();
    let birth = register.registration_of(person, Module::Birth).context("no act of birth")?;
    let query = profile_of(person, Some(birth));
    Ok(Together { name: "profile", service: "person.profile", query, parts: PROFILE })
}

/// `forms.prefill` for the birth of a child of a couple that married in the province.
pub fn birth_form(register: &Register) -> Result<Together> {
    let query = birth_form_of(couple(register).context("nobody married in the province")?);
    Ok(Together { name: "birth form", service: "forms.prefill", query, parts: BIRTH_FORM })
}

/// `forms.prefill` for a death.
pub fn death_form(register: &Register) -> Together {
    let (deceased, requester) = (about(register.sample()), about(register.mixed_case_name()));
    let query =
        json!({ "procedure": "1.000656", "people": { "deceased": deceased, "requester": requester } });
    Together { name: "death form", service: "forms.prefill", query, parts: DEATH_FORM }
}

/// `address.convert`: the house's own tables.
pub fn conversion(register: &Register) -> Together {
    let query = address_before(register.old_address());
    Together { name: "address", service: "address.convert", query, parts: &[] }
}

/// `postal.tracking`: the feed that the house follows.
pub fn tracking(register: &Register) -> Result<Together> {
    let parcel = register.parcels().iter().next().context("no parcel")?;
    let query = json!({ "order_number": parcel.order });
    Ok(Together { name: "tracking", service: "postal.tracking", query, parts: &[] })
}

impl Together {
    /// Asks it for this dossier.
    pub async fn ask(&self, dossier: &str, caller: &Caller) -> Result<Told> {
        caller.ask_for(self.service, purpose_of(dossier, UNIT), self.query.clone()).await
    }
}

impl Part {
    /// What the answer tells of it; null if it tells nothing.
    pub fn told<'a>(&self, told: &'a Told) -> &'a Value {
        let parts = told.at("/parts").as_array().into_iter().flatten();
        let mut own = parts.filter(|part| part.get("name").and_then(Value::as_str) == Some(self.name));
        own.next().unwrap_or(&Value::Null)
    }

    /// Its `status`.
    pub fn status<'a>(&self, told: &'a Told) -> &'a str {
        self.told(told).get("status").and_then(Value::as_str).unwrap_or("not told of")
    }

    /// A member of its problem, such as `/code`.
    pub fn problem<'a>(&self, told: &'a Told, pointer: &str) -> &'a Value {
        let problem = self.told(told).get("problem");
        problem.and_then(|problem| problem.pointer(pointer)).unwrap_or(&Value::Null)
    }

    /// Whether what it alone can have brought stands in the answer.
    pub fn is_shown(&self, told: &Told) -> bool {
        if self.shows.starts_with('/') {
            return !told.at(self.shows).is_null();
        }
        let fields = told.at("/data/fields").as_array().into_iter().flatten();
        fields.filter_map(|field| field.get("name")).any(|name| name == self.shows)
    }
}
