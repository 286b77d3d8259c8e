//! The synthetic people whom every simulated agency knows: the same from the same seed.

mod awkward;
mod families;
mod places;

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use crate::civil_register::{Dossier, Module, Registration};
pub use places::{PLACES, Place};

/// A calendar day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "year, month and day need no sentence")]
pub struct Day {
    pub year: u16,
    pub month: u8,
    pub day: u8,
}

impl Day {
    /// `yyyyMMdd`.
    #[must_use]
    pub fn compact(self) -> String {
        format!("{:04}{:02}{:02}", self.year, self.month, self.day)
    }

    /// `dd.MM.yyyy`.
    #[must_use]
    pub fn dotted(self) -> String {
        format!("{:02}.{:02}.{:04}", self.day, self.month, self.year)
    }

    /// `yyyy-MM-dd`.
    #[must_use]
    pub fn iso(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A birth date as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants say it")]
pub enum Born {
    Day(Day),
    Month { year: u16, month: u8 },
    Year(u16),
}

impl Born {
    /// The year, which is always known.
    #[must_use]
    pub fn year(self) -> u16 {
        match self {
            Self::Day(day) => day.year,
            Self::Month { year, .. } | Self::Year(year) => year,
        }
    }

    /// As the civil-status register writes it: `dd.MM.yyyy`, `MM.yyyy` or `yyyy`.
    #[must_use]
    pub fn dotted(self) -> String {
        match self {
            Self::Day(day) => day.dotted(),
            Self::Month { year, month } => format!("{month:02}.{year:04}"),
            Self::Year(year) => format!("{year:04}"),
        }
    }

    /// ISO 8601, as precise as known: `1942-03-01`, `1942-03` or `1942`.
    #[must_use]
    pub fn iso(self) -> String {
        match self {
            Self::Day(day) => day.iso(),
            Self::Month { year, month } => format!("{year:04}-{month:02}"),
            Self::Year(year) => format!("{year:04}"),
        }
    }
}

/// A name in its three parts: họ, chữ đệm, tên.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct Name {
    pub family: String,
    pub middle: String,
    pub given: String,
}

impl Name {
    /// Upper case and NFC, as the population register keeps names.
    pub(crate) fn new(family: &str, middle: &str, given: &str) -> Self {
        let kept = |part: &str| part.nfc().collect::<String>().to_uppercase();
        Self { family: kept(family), middle: kept(middle), given: kept(given) }
    }

    /// The parts joined with single spaces.
    #[must_use]
    pub fn full(&self) -> String {
        let parts = [&self.family, &self.middle, &self.given];
        parts.into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" ")
    }

    fn map(&self, change: impl Fn(&str) -> String) -> Self {
        Self { family: change(&self.family), middle: change(&self.middle), given: change(&self.given) }
    }
}

/// How the register shows a name in its replies. It always *compares* with the upper-case NFC form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameForm {
    /// Three parts, upper case, NFC.
    Parts,
    /// The whole name in `Ten`; `Ho` and `ChuDem` empty.
    WholeInGiven,
    /// NFD: letters and diacritics apart.
    Decomposed,
    /// `Nguyễn Văn mẫu`: lower and mixed case.
    MixedCase,
}

/// Giới tính.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants say it")]
pub enum Sex {
    Male,
    Female,
}

impl Sex {
    /// 1 nam, 2 nữ, in the population database as in the civil-status register.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Male => "1",
            Self::Female => "2",
        }
    }
}

/// An address of the population register.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct Address {
    pub province: String,
    /// Only in old, three-level addresses; otherwise the element is there and empty.
    pub district: Option<String>,
    pub commune: String,
    pub detail: String,
    pub country: String,
}

impl Address {
    pub(crate) fn old(place: &Place, detail: &str) -> Self {
        let district = Some(place.old_district.to_owned());
        Self { district, ..Self::at(place.old_province, place.old_commune, detail) }
    }

    pub(crate) fn new(place: &Place, detail: &str) -> Self {
        Self::at(place.new_province, place.new_commune, detail)
    }

    fn at(province: &str, commune: &str, detail: &str) -> Self {
        let [province, commune, detail, country] = [province, commune, detail, "VN"].map(str::to_owned);
        Self { province, district: None, commune, detail, country }
    }
}

/// What makes a person awkward to answer for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each has a function of the register that describes it")]
pub enum Awkward {
    YearOnly,
    YearMonth,
    NineDigitOnly,
    WholeNameInGiven,
    DecomposedName,
    MixedCaseName,
    OldAddress,
    NoResidence,
    UnknownEthnicity,
    Foreign,
}

/// One synthetic person.
#[derive(Debug, Clone)]
pub struct Person {
    /// Số định danh cá nhân, 12 digits; empty if the person has none.
    pub id: String,
    /// Số CMND, 9 digits; empty if none.
    pub old_id: String,
    /// As the register compares it: upper case, NFC.
    pub name: Name,
    /// How replies show the name.
    pub name_form: NameForm,
    /// Birth date.
    pub born: Born,
    /// Sex.
    pub sex: Sex,
    /// Dân tộc, the population register's code.
    pub ethnicity: String,
    /// Quốc tịch, `VN` or another country's code.
    pub nationality: String,
    /// Tình trạng hôn nhân: 1 unmarried, 2 married, 3 widowed [BG].
    pub marital_status: &'static str,
    /// Where the person's home is, in both code systems.
    pub place: Place,
    /// Nơi đăng ký khai sinh, always in the codes of its time.
    pub birth_registered_at: Address,
    /// Thường trú.
    pub residence: Option<Address>,
    /// Day of death, if dead. The dead stay in the population register.
    pub died: Option<Day>,
    /// Position in [`Register::all`].
    pub father: Option<usize>,
    /// Position in [`Register::all`].
    pub mother: Option<usize>,
    /// Position in [`Register::all`].
    pub spouse: Option<usize>,
    /// Position in [`Register::households`].
    pub household: Option<usize>,
    /// What is unusual, if anything.
    pub awkward: Option<Awkward>,
}

impl Person {
    /// The name as replies show it.
    #[must_use]
    pub fn shown_name(&self) -> Name {
        match self.name_form {
            NameForm::Parts => self.name.clone(),
            NameForm::WholeInGiven => Name { given: self.name.full(), ..Name::default() },
            NameForm::Decomposed => self.name.map(|part| part.nfd().collect()),
            NameForm::MixedCase => {
                Name { given: self.name.given.to_lowercase(), ..self.name.map(capitalise) }
            }
        }
    }

    /// The 12-digit number, or the 9-digit one of those who have no other.
    #[must_use]
    pub fn any_id(&self) -> &str {
        if self.id.is_empty() { &self.old_id } else { &self.id }
    }
}

fn capitalise(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(String::from).unwrap_or_default();
    first + &letters.as_str().to_lowercase()
}

/// Somebody's place in a household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Position in [`Register::all`].
    pub person: usize,
    /// Quan hệ với chủ hộ: CH00 head, CH01 spouse, CH02 child, CH03 parent, CH09 other [SIM].
    pub relation: &'static str,
    /// When the residence was registered.
    pub since: Day,
}

/// Hộ gia đình.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Household {
    /// Số sổ hộ khẩu.
    pub book: String,
    /// Where the household is registered.
    pub address: Address,
    /// The head comes first.
    pub members: Vec<Member>,
}

/// All synthetic people, their households, and what the civil-status register holds about them.
#[derive(Debug)]
pub struct Register {
    pub(crate) people: Vec<Person>,
    pub(crate) households: Vec<Household>,
    pub(crate) registrations: Vec<Registration>,
    pub(crate) dossiers: Vec<Dossier>,
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
        let families::Town { people, households, .. } = town;
        let by_id = people.iter().enumerate().flat_map(|(index, person)| {
            let ids = [&person.id, &person.old_id].into_iter().filter(|id| !id.is_empty());
            ids.map(move |id| (id.clone(), index)).collect::<Vec<_>>()
        });
        let by_id = by_id.collect();
        let mut register =
            Self { people, households, registrations: Vec::new(), dossiers: Vec::new(), sample, by_id };
        crate::civil_register::fill(&mut register, &mut chance);
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

/// A small seeded generator (SplitMix64); statistical beauty is no concern here, repeatability is.
#[derive(Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }

    pub(crate) fn choose<'a>(&mut self, list: &[&'a str]) -> &'a str {
        let number = self.below(list.len() as u64);
        list.get(number as usize).copied().unwrap_or_default()
    }

    pub(crate) fn day_in(&mut self, year: u16) -> Day {
        Day { year, month: 1 + self.below(12) as u8, day: 1 + self.below(28) as u8 }
    }
}
