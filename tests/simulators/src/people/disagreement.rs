//! The people about whom the agencies contradict each other, on purpose.
//!
//! The population register is right about all of them: it is asked with what the citizen says. The others keep an
//! older or a careless copy, and answer with that.

use super::{Address, Awkward, Born, Day, Name, PLACES, Person, Place, Sex, families};
use crate::Party;

/// What it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// Họ và tên.
    Name,
    /// Ngày sinh.
    BirthDate,
    /// Địa chỉ.
    Address,
}

/// One thing about one person of which the agencies do not say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// Position in [`super::Register::all`].
    pub person: usize,
    /// What it is about.
    pub aspect: Aspect,
    /// What each agency says that has a word on it: a name in upper case, an ISO date, or an address as
    /// `province/commune detail`. [`Party::Residence`] comes first and is right.
    pub says: Vec<(Party, String)>,
}

/// What an agency keeps instead of the truth.
#[derive(Debug, Clone, Copy)]
enum Copy {
    Name([&'static str; 3]),
    Born(Born),
    /// The same house in the codes before 1 July 2025.
    OldAddress,
    /// Another house, in the place at this position of [`PLACES`].
    Moved(usize),
}

/// Somebody with a name of his own, and who is wrong about him.
struct Case {
    place: usize,
    name: [&'static str; 3],
    sex: Sex,
    born: Born,
    wrong: &'static [(Party, Copy)],
}

const fn day(year: u16, month: u8, day: u8) -> Born {
    Born::Day(Day { year, month, day })
}

use Party::{CivilStatus, EReceiptViettel, EReceiptVnpt, SocialInsurance, Tax};
use Sex::{Female, Male};

/// Numbers of their IDs begin here, below those given out by chance.
const FIRST_SERIAL: u64 = 11;

const CASES: [Case; 10] = [
    // The tone mark on the other vowel: the same name in two orthographies.
    Case {
        place: 0,
        name: ["Lê", "Thị", "Minh Họa"],
        sex: Female,
        born: day(1988, 5, 17),
        wrong: &[(SocialInsurance, Copy::Name(["Lê", "Thị", "Minh Hoạ"]))],
    },
    // i for y.
    Case {
        place: 14,
        name: ["Vũ", "Văn", "Quý Mẫu"],
        sex: Male,
        born: day(1975, 11, 2),
        wrong: &[(Tax, Copy::Name(["Vũ", "Văn", "Quí Mẫu"]))],
    },
    // A diacritic left out.
    Case {
        place: 3,
        name: ["Đặng", "Thị", "Thử"],
        sex: Female,
        born: day(1992, 9, 9),
        wrong: &[
            (Tax, Copy::Name(["Đặng", "Thi", "Thử"])),
            (EReceiptVnpt, Copy::Name(["Đặng", "Thi", "Thử"])),
            (EReceiptViettel, Copy::Name(["Đặng", "Thi", "Thử"])),
        ],
    },
    // A middle name left out.
    Case {
        place: 15,
        name: ["Nguyễn", "Thị Bích", "Giả"],
        sex: Female,
        born: day(1969, 1, 30),
        wrong: &[(SocialInsurance, Copy::Name(["Nguyễn", "Bích", "Giả"]))],
    },
    // Day and month exchanged.
    Case {
        place: 8,
        name: ["Phan", "Văn", "Kiểm"],
        sex: Male,
        born: day(1979, 3, 12),
        wrong: &[(SocialInsurance, Copy::Born(day(1979, 12, 3)))],
    },
    // Only the year.
    Case {
        place: 18,
        name: ["Trần", "Thị", "Ví Dụ"],
        sex: Female,
        born: day(1965, 7, 20),
        wrong: &[(SocialInsurance, Copy::Born(Born::Year(1965)))],
    },
    // Two against one.
    Case {
        place: 6,
        name: ["Hoàng", "Văn", "Nghiệm"],
        sex: Male,
        born: day(1984, 2, 28),
        wrong: &[
            (CivilStatus, Copy::Born(day(1983, 2, 28))),
            (SocialInsurance, Copy::Born(day(1983, 2, 28))),
        ],
    },
    // The same house in the old codes.
    Case {
        place: 11,
        name: ["Phạm", "Thị", "Phỏng"],
        sex: Female,
        born: day(1995, 4, 4),
        wrong: &[(Tax, Copy::OldAddress)],
    },
    // Moved, and one agency was not told.
    Case {
        place: 12,
        name: ["Lê", "Văn", "Tưởng Tượng"],
        sex: Male,
        born: day(1981, 8, 15),
        wrong: &[(Tax, Copy::Moved(16)), (SocialInsurance, Copy::Moved(16))],
    },
    // Everything at once.
    Case {
        place: 20,
        name: ["Trần", "Văn", "Dữ Liệu"],
        sex: Male,
        born: day(1972, 12, 24),
        wrong: &[
            (CivilStatus, Copy::Born(day(1972, 12, 25))),
            (SocialInsurance, Copy::Name(["Trần", "Văn", "Dữ Kiện"])),
            (SocialInsurance, Copy::Born(Born::Month { year: 1972, month: 12 })),
            (Tax, Copy::Name(["Trần", "", "Dữ Liệu"])),
            (Tax, Copy::Moved(3)),
        ],
    },
];

/// Adds the ten, behind everybody else and without chance, so that nobody else changes.
pub(super) fn add(town: &mut families::Town) {
    for (serial, case) in (FIRST_SERIAL..).zip(&CASES) {
        let Some(place) = PLACES.get(case.place) else { continue };
        let [family, middle, given] = case.name;
        let mut person = families::person(*place, Name::new(family, middle, given), case.sex, case.born);
        person.awkward = Some(Awkward::Disagreeing);
        person.id = families::identify(&person, serial);
        person.residence = Some(Address::new(place, &format!("Số {serial} đường Trái Ý")));
        town.people.push(person);
    }
}

/// Everything on which they disagree.
pub(super) fn list(people: &[Person]) -> Vec<Disagreement> {
    let ten = people.iter().enumerate().filter(|(_, person)| person.awkward == Some(Awkward::Disagreeing));
    let aspects = [Aspect::Name, Aspect::BirthDate, Aspect::Address];
    let opinions = |(person, truth): (usize, &Person)| {
        aspects.map(|aspect| Disagreement { person, aspect, says: opinions(truth, aspect) })
    };
    let contradictory = |found: &Disagreement| {
        found.says.iter().any(|(_, said)| found.says.first().is_some_and(|(_, truth)| truth != said))
    };
    ten.flat_map(opinions).filter(contradictory).collect()
}

/// Who has a word on it, and says what. An address is in no civil-status record, a birth date in no tax record.
fn opinions(truth: &Person, aspect: Aspect) -> Vec<(Party, String)> {
    let parties: &[Party] = match aspect {
        Aspect::Name => &[Party::Residence, CivilStatus, SocialInsurance, Tax, EReceiptVnpt, EReceiptViettel],
        Aspect::BirthDate => &[Party::Residence, CivilStatus, SocialInsurance],
        Aspect::Address => &[Party::Residence, SocialInsurance, Tax],
    };
    parties.iter().map(|party| (*party, say(&kept_by(*party, truth), aspect))).collect()
}

fn say(person: &Person, aspect: Aspect) -> String {
    match aspect {
        Aspect::Name => person.name.full(),
        Aspect::BirthDate => person.born.iso(),
        Aspect::Address => {
            let told = person.residence.as_ref();
            told.map(|home| format!("{}/{} {}", home.province, home.commune, home.detail)).unwrap_or_default()
        }
    }
}

/// The person as this agency has copied them.
pub(super) fn kept_by(party: Party, truth: &Person) -> Person {
    let mut kept = truth.clone();
    if truth.awkward != Some(Awkward::Disagreeing) {
        return kept;
    }
    let own = CASES.iter().find(|case| same_name(case, truth));
    let wrong = own.map(|case| case.wrong).unwrap_or_default();
    for (_, copy) in wrong.iter().filter(|(who, _)| *who == party) {
        match copy {
            Copy::Name([family, middle, given]) => kept.name = Name::new(family, middle, given),
            Copy::Born(born) => kept.born = *born,
            Copy::OldAddress => kept.residence = copied(truth, Address::old(&truth.place, "")),
            Copy::Moved(place) => {
                let place: &Place = PLACES.get(*place).unwrap_or(&truth.place);
                kept.place = *place;
                kept.residence = Some(Address::new(place, "Số 9 đường Nơi Cũ"));
            }
        }
    }
    kept
}

/// Another code, the same house.
fn copied(truth: &Person, address: Address) -> Option<Address> {
    let detail = truth.residence.as_ref()?.detail.clone();
    Some(Address { detail, ..address })
}

fn same_name(case: &Case, person: &Person) -> bool {
    let [family, middle, given] = case.name;
    person.name == Name::new(family, middle, given)
}
