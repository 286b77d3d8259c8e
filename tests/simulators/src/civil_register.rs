//! What the civil-status register holds: births, deaths, marriages, and dossiers in every state.

mod acts;
mod words;

use crate::Party;
use crate::people::{Awkward, Chance, Day, PLACES, Person, Place, Register};

/// So many households have their marriage in the register.
const MARRIAGES: usize = 15;
/// So many dossiers wait in each state that is not the last.
const OPEN_DOSSIERS_PER_STATE: usize = 5;
/// Every so many births have been registered again after 1 July 2025, in the new codes.
const REGISTERED_AGAIN_EVERY: usize = 4;
/// Entries on one page of a book.
const ENTRIES_PER_PAGE: usize = 2;

/// Phân hệ of the civil-status system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Module {
    /// KS: khai sinh.
    Birth,
    /// KT: khai tử.
    Death,
    /// KH: kết hôn.
    Marriage,
}

impl Module {
    /// KS, KT or KH.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Birth => "KS",
            Self::Death => "KT",
            Self::Marriage => "KH",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Birth, Self::Death, Self::Marriage].into_iter().find(|module| module.code() == code)
    }
}

/// One act in a register book.
#[derive(Debug, Clone)]
pub struct Registration {
    /// Kind of act.
    pub module: Module,
    /// The system's own number of the record.
    pub id: String,
    /// Mã hồ sơ of the dossier that led to it.
    pub dossier: String,
    /// maTinh: GSO province code, of the time of registration.
    pub province: String,
    /// noiDangKy: GSO commune code, of the time of registration.
    pub unit: String,
    /// Số.
    pub number: String,
    /// Quyển số.
    pub book: String,
    /// Trang số.
    pub page: String,
    /// Ngày đăng ký.
    pub registered_on: Day,
    /// ID numbers of those it is about: the child, the dead, both spouses.
    pub subjects: Vec<String>,
    /// The fields of interfaces 6.4 in order, as they stand in the XML.
    pub fields: Vec<(String, String)>,
}

impl Registration {
    /// A field of the act, such as `nksHoTen`.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// One dossier at the civil-status system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dossier {
    /// Mã hồ sơ.
    pub code: String,
    /// maDonVi: GSO commune code.
    pub unit: String,
    /// What it asks for.
    pub module: Module,
    /// trangThai: 1 received, 2 supplement, 3 sufficient, 4 done, 0 failed.
    pub state: u8,
    /// ghiChu.
    pub note: Option<String>,
}

impl Register {
    /// The first dossier in this state.
    #[must_use]
    pub fn dossier_in_state(&self, state: u8) -> Option<&Dossier> {
        self.dossiers.iter().find(|dossier| dossier.state == state)
    }
}

/// A register office at a time: which codes it writes.
struct Office {
    province: String,
    unit: String,
    agency: &'static str,
}

impl Office {
    fn before(place: &Place) -> Self {
        let agency = agency(place.old_province);
        Self { province: place.old_province.to_owned(), unit: place.old_commune.to_owned(), agency }
    }

    fn after(place: &Place) -> Self {
        let agency = agency(place.new_province);
        Self { province: place.new_province.to_owned(), unit: place.new_commune.to_owned(), agency }
    }
}

/// Mã định danh of the provinces in [`PLACES`] (interfaces 4.2).
fn agency(province: &str) -> &'static str {
    match province {
        "01" => "H26",
        "38" => "H56",
        "48" => "H17",
        "52" => "H08",
        "64" => "H21",
        "79" => "H29",
        "92" => "H13",
        _ => "H12",
    }
}

/// Whether any of the simulated offices uses this province code.
pub(crate) fn knows_province(code: &str) -> bool {
    PLACES.iter().any(|place| place.old_province == code || place.new_province == code)
}

/// Whether this is the number of one of the simulated offices. `maDonVi` is a number, so leading zeros are gone.
pub(crate) fn knows_unit(number: u64) -> bool {
    let same = |code: &str| code.parse() == Ok(number);
    PLACES.iter().any(|place| same(place.old_commune) || same(place.new_commune))
}

/// The province of a simulated office, by the codes of today where it has both; empty for any other.
pub(crate) fn province_of(unit: &str) -> String {
    let today = PLACES.iter().map(|place| (place.new_commune, place.new_province));
    let before = PLACES.iter().map(|place| (place.old_commune, place.old_province));
    let found = today.chain(before).find(|(commune, _)| is_unit(commune, unit));
    found.map(|(_, province)| province.to_owned()).unwrap_or_default()
}

/// Whether an office stands in a province, by the codes of today or of before.
pub(crate) fn stands_in(unit: &str, province: &str) -> bool {
    PLACES.iter().any(|place| {
        is_unit(place.new_commune, unit) && place.new_province == province
            || is_unit(place.old_commune, unit) && place.old_province == province
    })
}

/// `maDonVi` is a number here and there, so leading zeros may be gone.
fn is_unit(commune: &str, unit: &str) -> bool {
    commune == unit || unit.parse::<u64>().is_ok_and(|number| commune.parse() == Ok(number))
}

/// Writes the whole register.
pub(crate) fn fill(register: &mut Register, chance: &mut Chance) {
    let mut clerk = Clerk { register, entries: Vec::new(), chance };
    clerk.births();
    clerk.deaths();
    clerk.marriages();
    clerk.births_of_the_disagreeing();
    let registrations = clerk.entries;
    register.dossiers = registrations.iter().map(done).collect();
    register.dossiers.extend(open_dossiers());
    register.registrations = registrations;
}

fn done(registration: &Registration) -> Dossier {
    Dossier {
        code: registration.dossier.clone(),
        unit: registration.unit.clone(),
        module: registration.module,
        state: 4,
        note: None,
    }
}

fn open_dossiers() -> impl Iterator<Item = Dossier> {
    let modules = [Module::Birth, Module::Death, Module::Marriage];
    let notes = [Some("Lỗi dữ liệu đầu vào"), None, Some("Bổ sung giấy tờ tùy thân"), None];
    let states = (0..4_u8).zip(notes).flat_map(|state| std::iter::repeat_n(state, OPEN_DOSSIERS_PER_STATE));
    let places = PLACES.iter().cycle().zip(modules.into_iter().cycle());
    states.zip(places).enumerate().map(|(number, ((state, note), (place, module)))| {
        let office = Office::after(place);
        let code = format!("{}.14-250812-{:04}", office.agency, 9000 + number);
        Dossier { code, unit: office.unit, module, state, note: note.map(str::to_owned) }
    })
}

struct Clerk<'a> {
    register: &'a Register,
    entries: Vec<Registration>,
    chance: &'a mut Chance,
}

impl Clerk<'_> {
    fn births(&mut self) {
        let people = self.register.people.iter();
        for (number, child) in people.filter(|person| !disagrees(person)).enumerate() {
            let born = child.born.year();
            let again = number % REGISTERED_AGAIN_EVERY == REGISTERED_AGAIN_EVERY - 1;
            let (office, on) = if again {
                (Office::after(&child.place), Day { year: 2025, month: 8, day: 12 })
            } else {
                (Office::before(&child.place), self.chance.day_in(born.max(1976) + 1))
            };
            let fields = acts::birth(self.register, child, &office.unit, again);
            self.enter(Module::Birth, office, on.max_day(), vec![child.any_id().to_owned()], fields);
        }
    }

    fn deaths(&mut self) {
        for dead in self.register.people.iter().filter(|person| person.died.is_some()) {
            let Some(died) = dead.died else { continue };
            let office = Office::before(&dead.place);
            let fields = acts::death(self.register, dead, died, &office.unit);
            self.enter(Module::Death, office, died.max_day(), vec![dead.id.clone()], fields);
        }
    }

    fn marriages(&mut self) {
        let heads = self.register.households.iter().take(MARRIAGES).filter_map(|home| {
            let head = self.register.person(home.members.first()?.person)?;
            Some((head, self.register.person(head.spouse?)?))
        });
        for (head, spouse) in heads.collect::<Vec<(&Person, &Person)>>() {
            let office = Office::before(&head.place);
            let on = self.chance.day_in(head.born.year().max(spouse.born.year()) + 21);
            let fields = acts::marriage(head, spouse, &office.unit);
            self.enter(Module::Marriage, office, on, vec![head.id.clone(), spouse.id.clone()], fields);
        }
    }

    /// Behind all others and without chance, so that no other act changes.
    fn births_of_the_disagreeing(&mut self) {
        for child in self.register.people.iter().filter(|person| disagrees(person)) {
            let kept = self.register.kept_by(Party::CivilStatus, child);
            let office = Office::before(&child.place);
            let on = Day { year: child.born.year().max(1976) + 1, month: 6, day: 28 };
            let fields = acts::birth(self.register, &kept, &office.unit, false);
            self.enter(Module::Birth, office, on, vec![child.id.clone()], fields);
        }
    }

    fn enter(
        &mut self,
        module: Module,
        office: Office,
        registered_on: Day,
        subjects: Vec<String>,
        fields: Vec<(String, String)>,
    ) {
        let number = self.entries.len() + 1;
        let Day { year, month, day } = registered_on;
        self.entries.push(Registration {
            module,
            id: format!("{}", 700_000 + number),
            dossier: format!("{}.14-{:02}{month:02}{day:02}-{number:04}", office.agency, year % 100),
            province: office.province,
            unit: office.unit,
            number: number.to_string(),
            book: format!("01/{year}"),
            page: (number / ENTRIES_PER_PAGE + 1).to_string(),
            registered_on,
            subjects,
            fields,
        });
    }
}

fn disagrees(person: &Person) -> bool {
    person.awkward == Some(Awkward::Disagreeing)
}

impl Day {
    /// The 28th of the month: an act never comes before what it is about.
    fn max_day(self) -> Self {
        Self { day: 28, ..self }
    }
}
