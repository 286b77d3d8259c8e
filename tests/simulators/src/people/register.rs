//! Everybody at once, and ways to find the one a test needs.

use std::collections::BTreeMap;

use super::{Awkward, Chance, Disagreement, Household, Person, awkward, disagreement, families};
use crate::Party;
use crate::civil_register::{Dossier, Module, Registration};
use crate::e_receipt::receipts::{Receipt, receipts};
use crate::postal::feed::{Parcel, parcels};
use crate::tax::companies::{Company, Notice, companies, notices};

/// Numbers of the social insurance begin here, behind the two digits of the province.
const FIRST_INSURANCE_SERIAL: usize = 20_000_001;

/// All synthetic people, their households, and what the civil-status register holds about them.
#[derive(Debug)]
pub struct Register {
    pub(crate) people: Vec<Person>,
    pub(crate) households: Vec<Household>,
    pub(crate) registrations: Vec<Registration>,
    pub(crate) dossiers: Vec<Dossier>,
    disagreements: Vec<Disagreement>,
    companies: Vec<Company>,
    notices: Vec<Notice>,
    parcels: Vec<Parcel>,
    receipts: Vec<Receipt>,
    sample: Person,
    by_id: BTreeMap<String, usize>,
}

impl Register {
    /// Makes everybody anew; the same seed gives the same people.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let sample = families::sample_person();
        let mut town = families::Town::new(sample.clone());
        town.settle(&mut chance);
        awkward::add(&mut town, &mut chance);
        disagreement::add(&mut town);
        let families::Town { people, households, .. } = town;
        let by_id = people.iter().enumerate().flat_map(|(index, person)| {
            let ids = [&person.id, &person.old_id].into_iter().filter(|id| !id.is_empty());
            ids.map(move |id| (id.clone(), index)).collect::<Vec<_>>()
        });
        let by_id = by_id.collect();
        let mut register = Self {
            disagreements: disagreement::list(&people),
            companies: companies(&people),
            people,
            households,
            registrations: Vec::new(),
            dossiers: Vec::new(),
            notices: Vec::new(),
            parcels: Vec::new(),
            receipts: Vec::new(),
            sample,
            by_id,
        };
        crate::civil_register::fill(&mut register, &mut chance);
        register.notices = notices(&register);
        register.parcels = parcels(&register);
        register.receipts = receipts(&register);
        register
    }

    /// Everybody.
    #[must_use]
    pub fn all(&self) -> &[Person] {
        &self.people
    }

    /// All households.
    #[must_use]
    pub fn households(&self) -> &[Household] {
        &self.households
    }

    /// The person of the interface document: 038090000001, NGUYỄN VĂN MẪU, 1 January 1990.
    #[must_use]
    pub fn sample(&self) -> &Person {
        self.people.first().unwrap_or(&self.sample)
    }

    /// The person at a position of [`Register::all`].
    #[must_use]
    pub fn person(&self, index: usize) -> Option<&Person> {
        self.people.get(index)
    }

    /// The person with this 12-digit or 9-digit number.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<&Person> {
        self.people.get(*self.by_id.get(id)?)
    }

    /// The position of a person in [`Register::all`].
    pub(crate) fn position(&self, person: &Person) -> Option<usize> {
        self.by_id.get(person.any_id()).copied()
    }

    /// The person as this agency keeps them: different from [`Register::all`] for the disagreeing only.
    #[must_use]
    pub fn kept_by(&self, party: Party, person: &Person) -> Person {
        disagreement::kept_by(party, person)
    }

    /// On what the agencies contradict each other, about ten people.
    #[must_use]
    pub fn disagreeing(&self) -> &[Disagreement] {
        &self.disagreements
    }

    /// Mã số BHXH: 10 digits, the first two the province. Foreigners have none.
    #[must_use]
    pub fn social_insurance_number(&self, person: &Person) -> Option<String> {
        let serial = FIRST_INSURANCE_SERIAL + self.position(person)?;
        (person.nationality == "VN").then(|| format!("{}{serial:08}", person.place.old_province))
    }

    /// The person with this mã số BHXH.
    #[must_use]
    pub fn by_social_insurance_number(&self, number: &str) -> Option<&Person> {
        let serial: usize = number.get(2..)?.parse().ok()?;
        let person = self.people.get(serial.checked_sub(FIRST_INSURANCE_SERIAL)?)?;
        (self.social_insurance_number(person).as_deref() == Some(number)).then_some(person)
    }

    /// Companies and branches of the business register.
    #[must_use]
    pub fn companies(&self) -> &[Company] {
        &self.companies
    }

    /// Whether the tax agency knows this person: the 12-digit ID number is the tax code.
    #[must_use]
    pub fn is_taxpayer(&self, person: &Person) -> bool {
        crate::tax::is_taxpayer(person)
    }

    /// Notices of the tax agency.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// The parcels that the post knew at the start.
    #[must_use]
    pub fn parcels(&self) -> &[Parcel] {
        &self.parcels
    }

    /// The receipts of both providers.
    #[must_use]
    pub fn receipts(&self) -> &[Receipt] {
        &self.receipts
    }

    /// Somebody else: the next in the register, for answers about the wrong person.
    pub(crate) fn somebody_else(&self, person: &Person) -> &Person {
        let index = self.by_id.get(person.any_id()).copied().unwrap_or_default();
        let later = self.people.iter().skip(index + 1).find(|other| !other.id.is_empty());
        later.unwrap_or_else(|| self.sample())
    }

    /// Ordinary living adults with a household: those on whom nothing is unusual.
    pub fn ordinary(&self) -> impl Iterator<Item = &Person> {
        let usual = |person: &&Person| person.awkward.is_none() && person.died.is_none();
        self.people.iter().filter(usual)
    }

    /// The household of a person.
    #[must_use]
    pub fn household_of(&self, person: &Person) -> Option<&Household> {
        self.households.get(person.household?)
    }

    /// The first person with this peculiarity.
    #[must_use]
    pub fn awkward(&self, kind: Awkward) -> &Person {
        let found = self.people.iter().find(|person| person.awkward == Some(kind));
        found.unwrap_or_else(|| self.sample())
    }

    /// Only the birth year is known: C06 is asked with `Nam`.
    #[must_use]
    pub fn year_only(&self) -> &Person {
        self.awkward(Awkward::YearOnly)
    }

    /// Birth year and month are known. The C06 wire has no room for months, so there it is a `Nam`.
    #[must_use]
    pub fn year_month(&self) -> &Person {
        self.awkward(Awkward::YearMonth)
    }

    /// Has a 9-digit CMND only: `SoDinhDanh` comes empty.
    #[must_use]
    pub fn nine_digit_only(&self) -> &Person {
        self.awkward(Awkward::NineDigitOnly)
    }

    /// The whole name stands in `Ten`.
    #[must_use]
    pub fn whole_name_in_given(&self) -> &Person {
        self.awkward(Awkward::WholeNameInGiven)
    }

    /// The name comes in NFD.
    #[must_use]
    pub fn decomposed_name(&self) -> &Person {
        self.awkward(Awkward::DecomposedName)
    }

    /// The name comes in mixed case.
    #[must_use]
    pub fn mixed_case_name(&self) -> &Person {
        self.awkward(Awkward::MixedCaseName)
    }

    /// Lives at an address with `MaQuanHuyen`, in the codes before 1 July 2025.
    #[must_use]
    pub fn old_address(&self) -> &Person {
        self.awkward(Awkward::OldAddress)
    }

    /// Has no registered residence: `ThuongTru` is not there.
    #[must_use]
    pub fn no_residence(&self) -> &Person {
        self.awkward(Awkward::NoResidence)
    }

    /// The ethnicity code stands in no list.
    #[must_use]
    pub fn unknown_ethnicity(&self) -> &Person {
        self.awkward(Awkward::UnknownEthnicity)
    }

    /// Of foreign nationality.
    #[must_use]
    pub fn foreign(&self) -> &Person {
        self.awkward(Awkward::Foreign)
    }

    /// The dead, who still have a residence record.
    pub fn dead(&self) -> impl Iterator<Item = &Person> {
        self.people.iter().filter(|person| person.died.is_some())
    }

    /// All registrations of the civil-status register.
    #[must_use]
    pub fn registrations(&self) -> &[Registration] {
        &self.registrations
    }

    /// All dossiers of the civil-status register.
    #[must_use]
    pub fn dossiers(&self) -> &[Dossier] {
        &self.dossiers
    }

    /// The registration of this kind about this person.
    #[must_use]
    pub fn registration_of(&self, person: &Person, module: Module) -> Option<&Registration> {
        let about =
            |own: &&Registration| own.module == module && own.subjects.iter().any(|id| id == person.any_id());
        self.registrations.iter().find(about)
    }
}
