//! What has become of people since the start, as all agencies know it: declared dead, removed, paid for.

use std::sync::Arc;

use crate::civil_register::{Module, Registration};
use crate::civil_status::interlinked;
use crate::desk::Desk;
use crate::people::{Person, Register};
use crate::stamp::read_day;

/// An act of death in the civil-status register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Death {
    /// ID number of the dead.
    pub id: String,
    /// As the act has it, in upper case.
    pub name: String,
    /// soDangKy.
    pub number: String,
    /// quyenSo.
    pub book: String,
    /// noiDangKy: GSO commune code.
    pub unit: String,
    /// nktNgayChet: `dd.MM.yyyy`.
    pub died: String,
}

impl Death {
    pub(crate) fn of(act: &Registration) -> Self {
        let field = |name: &str| act.field(name).unwrap_or_default().to_owned();
        Self {
            id: field("nktSoGiayToTuyThan"),
            name: field("nktHoTen").to_uppercase(),
            number: act.number.clone(),
            book: act.book.clone(),
            unit: act.unit.clone(),
            died: field("nktNgayChet"),
        }
    }
}

/// The people with what has happened to them; nothing is kept twice, everything follows from the desks.
#[derive(Debug)]
pub(crate) struct Persons {
    pub(crate) register: Arc<Register>,
    pub(crate) deaths: Arc<Desk>,
    pub(crate) removals: Arc<Desk>,
}

impl Persons {
    /// The act of death of this person, whether written before the start or since.
    pub(crate) fn death_of(&self, id: &str) -> Option<Death> {
        let since = self.deaths.by_subject(id).into_iter().find(crate::desk::Filed::is_done);
        if let Some(file) = since {
            return Some(Death::of(&interlinked::registration(&file)));
        }
        let person = self.register.by_id(id)?;
        self.register.registration_of(person, Module::Death).map(Death::of)
    }

    /// Whether the registration of residence was removed since the start.
    pub(crate) fn is_removed(&self, id: &str) -> bool {
        self.removals.by_subject(id).iter().any(crate::desk::Filed::is_done)
    }

    /// A person as the population register has them now: somebody removed has no residence and no household.
    pub(crate) fn now(&self, person: &Person) -> Person {
        if self.is_removed(&person.id) {
            let died = self.death_of(&person.id).and_then(|death| read_day(&death.died, '.'));
            Person { residence: None, household: None, died: died.or(person.died), ..person.clone() }
        } else {
            person.clone()
        }
    }
}
