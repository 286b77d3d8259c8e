//! What is asked while an agency hangs, and what must come of it: said from whom each question needs, never read off a run.

use std::time::Duration;

use anyhow::Result;
use sandbox::caller::purpose_of;
use sandbox::{Caller, Told};
use serde_json::Value;
use simulators::{Party, Register};

use crate::together::{self, Part, Together};
use crate::weather::questions::{Question, Questions, UNIT};

/// A question with those it needs.
#[derive(Debug, Clone)]
pub struct Asked {
    /// As tables call it.
    pub name: String,
    service: &'static str,
    query: Value,
    unit: String,
    /// The agency of a read of one.
    agency: Option<Party>,
    /// The parts of one put together.
    pub parts: &'static [Part],
}

/// Every read of every agency, and everything the house puts together or has already.
pub fn all(register: &Register) -> Result<Vec<Asked>> {
    let mut all = singles(register)?;
    let together = [
        together::profile(register)?,
        together::birth_form(register)?,
        together::death_form(register),
        together::conversion(register),
        together::tracking(register)?,
    ];
    all.extend(together.into_iter().map(Asked::together));
    Ok(all)
}

/// Every read of every agency.
pub fn singles(register: &Register) -> Result<Vec<Asked>> {
    let questions = Questions::of(register)?;
    let by_agency = [
        (Party::Residence, questions.residence),
        (Party::CivilStatus, questions.civil_status),
        (Party::SocialInsurance, questions.social_insurance),
        (Party::Tax, questions.tax),
        (Party::Postal, questions.postal),
        (Party::EReceiptVnpt, questions.vnpt),
        (Party::EReceiptViettel, questions.viettel),
    ];
    let mut all: Vec<Asked> = Vec::new();
    for (party, questions) in by_agency {
        for question in questions {
            // In weather a conversation of several exchanges is asked once for each; here once is enough.
            let known = |asked: &Asked| asked.service == question.service && asked.query == question.query;
            if !all.iter().any(known) {
                all.push(Asked::of_one(party, question));
            }
        }
    }
    Ok(all)
}

impl Asked {
    fn of_one(agency: Party, question: Question) -> Asked {
        let Question { name, service, query, unit, .. } = question;
        let name = format!("{}: {name}", agency.name());
        Asked { name, service, query, unit, agency: Some(agency), parts: &[] }
    }

    fn together(together: Together) -> Asked {
        let Together { name, service, query, parts } = together;
        Asked { name: name.into(), service, query, unit: UNIT.into(), agency: None, parts }
    }

    /// Whether it needs this agency.
    pub fn feels(&self, hung: Party) -> bool {
        self.agency == Some(hung) || self.parts.iter().any(|part| part.party == hung)
    }

    /// Whether without this agency there is no answer at all.
    fn ends_with(&self, hung: Party) -> bool {
        self.agency == Some(hung) || self.parts.iter().any(|part| part.required && part.party == hung)
    }

    /// The agency of a read of one.
    pub fn agency(&self) -> Option<Party> {
        self.agency
    }

    /// Asks it for this dossier.
    pub async fn ask(&self, dossier: &str, caller: &Caller) -> Result<Told> {
        caller.ask_for(self.service, purpose_of(dossier, &self.unit), self.query.clone()).await
    }

    /// Asks it for this dossier and waits no longer than this.
    pub async fn ask_within(&self, deadline: Duration, dossier: &str, caller: &Caller) -> Result<Told> {
        let purpose = purpose_of(dossier, &self.unit);
        caller.ask_for_within(deadline, self.service, purpose, self.query.clone()).await
    }

    /// What is wrong with what was told while this agency hung; never whom it was about.
    pub fn judge(&self, told: &Told, hung: Party) -> Option<String> {
        if self.ends_with(hung) {
            let (blame, agency) = (told.at("/blame"), told.at("/agency"));
            let sound = told.status == 504
                && told.word() == "deadline-exceeded"
                && blame == "agency"
                && agency == hung.name();
            return (!sound)
                .then(|| format!("{} {} (blame {blame}, agency {agency})", told.status, told.word()));
        }
        if (told.status, told.word()) != (200, "found") {
            return Some(format!("{} {} though it needs the agency for nothing", told.status, told.word()));
        }
        if self.parts.is_empty() {
            return None;
        }
        let gaps = self.parts.iter().filter(|part| part.party == hung).count();
        if told.at("/complete") != (gaps == 0) {
            return Some(format!("complete is {} with {gaps} gaps", told.at("/complete")));
        }
        let count = told.at("/parts").as_array().map_or(0, Vec::len);
        if count != self.parts.len() {
            return Some(format!("{count} parts are told of, {} were to be asked", self.parts.len()));
        }
        self.parts.iter().find_map(|part| judge_part(part, told, hung))
    }
}

fn judge_part(part: &Part, told: &Told, hung: Party) -> Option<String> {
    let (status, shown) = (part.status(told), part.is_shown(told));
    if part.party != hung {
        let harmed = status != "ok" || !shown;
        return harmed.then(|| format!("part {} is harmed: {status}, shown: {shown}", part.name));
    }
    let (code, agency) = (part.problem(told, "/code"), part.problem(told, "/agency"));
    let sound = status == "failed" && !shown && code == "deadline-exceeded" && agency == hung.name();
    (!sound).then(|| format!("part {}: {status} {code} of {agency}, shown: {shown}", part.name))
}
