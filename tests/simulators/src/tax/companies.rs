//! The companies and the financial obligations that the tax agency knows.

use crate::civil_register::Module;
use crate::people::{Address, Day, PLACES, Person, Place, Register};

/// So many head offices; every fourth has a branch.
const COMPANIES: usize = 12;
const BRANCH_EVERY: usize = 4;
/// Weights of the first nine digits of a tax code, interfaces 4.4.
const WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];

/// Doanh nghiệp or chi nhánh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// Mã số thuế: 10 digits, or 13 of a branch (without the hyphen).
    pub tax_code: String,
    /// Tên doanh nghiệp.
    pub name: String,
    /// 00 active, 01 closed, 03 paused.
    pub status: &'static str,
    /// Người đại diện theo pháp luật: a position in [`Register::all`].
    pub legal: usize,
    /// Trụ sở, in the codes since 1 July 2025.
    pub address: Address,
}

/// One row of a notice (LIST): what is owed under one heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levy {
    /// SO_QUYET_DINH.
    pub decision: String,
    /// NGAY_QUYET_DINH.
    pub decided_on: Day,
    /// TEN_TIEUMUC.
    pub heading: &'static str,
    /// SO_TIEN, đồng.
    pub amount: u64,
    /// A later row of the same heading stands in its place.
    pub superseded: bool,
}

/// Thông báo thuế of one dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// MA_HSO: a dossier of the civil-status register.
    pub dossier: String,
    /// MA_SO_THUE: the taxpayer's ID number.
    pub taxpayer: String,
    /// Rows as they stand in the XML; there may be none.
    pub levies: Vec<Levy>,
}

/// A tax code from its first nine digits, if these give one at all.
fn tax_code(nine: u32) -> Option<String> {
    let digits = format!("{nine:09}");
    let sum: u32 =
        digits.chars().zip(WEIGHTS).map(|(digit, weight)| digit.to_digit(10).unwrap_or(0) * weight).sum();
    match 10 - sum % 11 {
        10 => None,
        check => Some(format!("{digits}{check}")),
    }
}

/// Whether a code of 10 or 13 digits carries the right check digit.
pub(crate) fn checks(code: &str) -> bool {
    let nine = code.get(..9).and_then(|nine| nine.parse().ok());
    nine.and_then(tax_code).is_some_and(|right| code.get(..10) == Some(right.as_str()))
}

pub(crate) fn companies(people: &[Person]) -> Vec<Company> {
    let legals =
        people.iter().enumerate().filter(|(_, person)| person.awkward.is_none() && person.died.is_none());
    let grown = legals.filter(|(_, person)| person.born.year() < 1990).map(|(index, _)| index);
    // Numbers of an issuing province that does not exist: 99.
    let codes = (990_000_101..).step_by(37).filter_map(tax_code);
    let mut all = Vec::new();
    let places = PLACES.iter().cycle();
    for (number, ((legal, code), place)) in grown.zip(codes).zip(places).take(COMPANIES).enumerate() {
        let number = number + 1;
        let status = if number % 6 == 5 {
            "01"
        } else if number % 6 == 0 {
            "03"
        } else {
            "00"
        };
        let head = company(code.clone(), format!("CÔNG TY TNHH MẪU THỬ {number}"), status, legal, place);
        if number % BRANCH_EVERY == 1 {
            let name = format!("CHI NHÁNH THỬ CỦA {}", head.name);
            all.push(company(format!("{code}001"), name, "00", legal, place));
        }
        all.push(head);
    }
    all
}

fn company(tax_code: String, name: String, status: &'static str, legal: usize, place: &Place) -> Company {
    Company {
        tax_code, name, status, legal, address: Address::new(place, "Số 8 đường Doanh Nghiệp Mẫu")
    }
}

const FEE: &str = "Lệ phí trước bạ nhà đất";
const INCOME: &str = "Thuế thu nhập cá nhân từ chuyển nhượng bất động sản";
const LAND: &str = "Tiền sử dụng đất";

/// Rows of a notice: heading, amount, the day in August 2025, whether superseded.
type Rows = &'static [(&'static str, u64, u8, bool)];

/// None, one, several headings, one issued again, one issued again with the newer first, and again twice.
const NOTICES: [Rows; 8] = [
    &[(FEE, 12_500_000, 4, false)],
    &[],
    &[(FEE, 3_200_000, 5, false), (INCOME, 24_000_000, 5, false)],
    &[(FEE, 9_000_000, 5, true), (FEE, 8_100_000, 19, false)],
    &[(INCOME, 41_000_000, 20, false), (FEE, 1_050_000, 6, false), (INCOME, 44_000_000, 6, true)],
    &[(LAND, 350_000_000, 7, true), (LAND, 320_000_000, 14, true), (LAND, 310_000_000, 21, false)],
    &[(LAND, 99_000_000, 8, false), (FEE, 2_475_000, 8, false), (INCOME, 10_000_000, 8, false)],
    &[(FEE, 500_000, 11, false)],
];

/// The notices stand on the dossiers of the first births of people who have an ID number.
pub(crate) fn notices(register: &Register) -> Vec<Notice> {
    let births = register.registrations().iter().filter(|entry| entry.module == Module::Birth);
    let known = births.filter_map(|entry| {
        let person = register.by_id(entry.subjects.first()?)?;
        (!person.id.is_empty()).then(|| (entry.dossier.clone(), person.id.clone()))
    });
    let notice = |(number, ((dossier, taxpayer), rows)): (usize, ((String, String), &Rows))| {
        let levies = rows.iter().enumerate().map(|(row, (heading, amount, day, superseded))| Levy {
            decision: format!("TB-{:04}{row}/2025", number + 1),
            decided_on: Day { year: 2025, month: 8, day: *day },
            heading,
            amount: *amount,
            superseded: *superseded,
        });
        Notice { dossier, taxpayer, levies: levies.collect() }
    };
    known.zip(&NOTICES).enumerate().map(notice).collect()
}
