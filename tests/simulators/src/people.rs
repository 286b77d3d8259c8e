//! The synthetic people whom every simulated agency knows: the same from the same seed.

mod awkward;
mod chance;
mod disagreement;
mod families;
mod places;
mod register;

use unicode_normalization::UnicodeNormalization;

pub(crate) use chance::Chance;
pub use disagreement::{Aspect, Disagreement};
pub use places::{PLACES, Place};
pub use register::Register;

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

    /// `dd/MM/yyyy`.
    #[must_use]
    pub fn slashed(self) -> String {
        self.dotted().replace('.', "/")
    }

    /// `dd-MM-yyyy`.
    #[must_use]
    pub fn dashed(self) -> String {
        self.dotted().replace('.', "-")
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
    /// One line of text, as papers carry it; the commune by its name where it is a simulated place.
    #[must_use]
    pub fn line(&self) -> String {
        let name = PLACES.iter().find_map(|place| match &self.district {
            Some(_) => (place.old_commune == self.commune).then_some(place.old_name),
            None => (place.new_commune == self.commune).then_some(place.new_name),
        });
        format!("{}, {}", self.detail, name.unwrap_or_default())
    }

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
    Disagreeing,
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
    /// Tình trạng hôn nhân: 1 unmarried, 2 married, 3 widowed \[BG\].
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
    /// Quan hệ với chủ hộ: CH00 head, CH01 spouse, CH02 child, CH03 parent, CH09 other \[SIM\].
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
