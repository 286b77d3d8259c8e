//! The numbers and codes that agencies give to people, dossiers, procedures and units: what in them contradicts what.

use std::collections::BTreeSet;

/// The codes that digits 1-3 of a personal ID may be: provinces (001 Hà Nội … 096 Cà Mau), and countries for births abroad.
///
/// Empty means that the list is not loaded; then the province is not checked.
pub type BirthplaceCodes = BTreeSet<String>;

/// What contradicts what in a number. Names positions, never digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contradiction {
    /// A personal ID has exactly 12 digits.
    PersonalIdLength,
    /// Digits 1-3 are no place of birth registration.
    PersonalIdProvince,
    /// Digit 4 contradicts the sex, or the century of birth.
    PersonalIdSex,
    /// Digits 5-6 contradict the year of birth.
    PersonalIdYear,
    /// The check digit of a tax code does not fit.
    TaxCodeChecksum,
}

impl Contradiction {
    /// The finding code, listed in `schemas/problems/invalid.md`.
    pub fn code(self) -> &'static str {
        match self {
            Contradiction::PersonalIdLength => "personal-id-length",
            Contradiction::PersonalIdProvince => "personal-id-province",
            Contradiction::PersonalIdSex => "personal-id-sex",
            Contradiction::PersonalIdYear => "personal-id-year",
            Contradiction::TaxCodeChecksum => "tax-code-checksum",
        }
    }
}

/// What else the same object says about the person.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// `male` or `female`; anything else says nothing.
    pub sex: Option<&'a str>,
    /// `1942`, `1942-03`, `1942-03-15`.
    pub birth_date: Option<&'a str>,
}

/// Checks a personal ID (số định danh cá nhân): Thông tư 59/2021/TT-BCA, article 4. It has no check digit.
pub fn check_personal_id(
    number: &str,
    beside: Beside<'_>,
    birthplaces: &BirthplaceCodes,
) -> Vec<Contradiction> {
    let Some(digits) = digits(number).filter(|digits| digits.len() == 12) else {
        return vec![Contradiction::PersonalIdLength];
    };
    let mut found = Vec::new();
    let (place, rest) = number.split_at(3);
    if !birthplaces.is_empty() && !birthplaces.contains(place) {
        found.push(Contradiction::PersonalIdProvince);
    }
    let mark = digits.get(3).copied().unwrap_or_default();
    let female = match beside.sex {
        Some("male") => Some(false),
        Some("female") => Some(true),
        Some(_) | None => None,
    };
    let year = beside.birth_date.and_then(|date| date.get(..4)).and_then(|year| year.parse::<u32>().ok());
    // 0 and 1 are the 20th century's men and women, 2 and 3 the 21st's, up to 8 and 9 in the 24th.
    let wrong_sex = female.is_some_and(|female| (mark % 2 == 1) != female);
    let wrong_century = year.is_some_and(|year| year / 100 != 19 + mark / 2);
    if wrong_sex || wrong_century {
        found.push(Contradiction::PersonalIdSex);
    }
    let two = rest.get(1..3).and_then(|two| two.parse::<u32>().ok());
    if year.is_some_and(|year| two != Some(year % 100)) {
        found.push(Contradiction::PersonalIdYear);
    }
    found
}

/// Checks a tax code (mã số thuế): 10 digits with a check digit, 13 for a branch, or a personal ID of 12
/// (Thông tư 86/2024/TT-BTC, from 1/7/2025).
pub fn check_tax_code(code: &str, beside: Beside<'_>, birthplaces: &BirthplaceCodes) -> Vec<Contradiction> {
    let plain = match code.split_once('-') {
        Some((main, branch)) if main.len() == 10 && branch.len() == 3 => format!("{main}{branch}"),
        Some(_) | None => code.to_owned(),
    };
    match digits(&plain) {
        Some(digits) if digits.len() == 12 => check_personal_id(&plain, beside, birthplaces),
        Some(digits) if is_company_tax_code(&digits) => Vec::new(),
        Some(_) | None => vec![Contradiction::TaxCodeChecksum],
    }
}

/// Weights of the first nine digits, as the tax authority's check digit takes them.
const TAX_WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];

fn is_company_tax_code(digits: &[u32]) -> bool {
    let (Some(main), Some(check)) = (digits.get(..9), digits.get(9)) else {
        return false;
    };
    let sum: u32 = main.iter().zip(TAX_WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    let numbered = main.iter().skip(2).any(|digit| *digit != 0);
    let branch_sound = match digits.get(10..) {
        Some([]) => true,
        Some([a, b, c]) => a + b + c > 0,
        Some(_) | None => false,
    };
    numbered && branch_sound && 10 - sum % 11 == *check
}

/// Whether it has the form of a dossier code (mã hồ sơ), either form: Thông tư 01/2018/TT-VPCP, Quyết định 20/2020/QĐ-TTg.
pub fn is_dossier_code(code: &str) -> bool {
    let mut parts = code.rsplitn(3, '-');
    let (Some(counter), Some(day), Some(agency)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let counted = digits(counter).is_some_and(|digits| (4..=6).contains(&digits.len()));
    counted && digits(day).is_some_and(|digits| digits.len() == 6) && is_agency_code(agency)
}

/// Whether it has the form of a procedure code (mã thủ tục hành chính): `1.004222`, with or without its local suffix.
pub fn is_procedure_code(code: &str) -> bool {
    let mut parts = code.splitn(3, '.');
    let level = parts.next().is_some_and(|level| matches!(level, "1" | "2" | "3"));
    let number = parts.next().and_then(digits).is_some_and(|digits| digits.len() == 6);
    let suffix = parts.next().is_none_or(|suffix| is_unit(suffix) || new_agency_code(suffix).is_some());
    level && number && suffix
}

/// Whether it has either form of an agency code (mã định danh cơ quan).
pub fn is_agency_code(code: &str) -> bool {
    new_agency_code(code).is_some() || is_left_to_right(code)
}

/// `000.00.14.H56` (QCVN 102:2016, right to left) as `H56.14` (Quyết định 20/2020/QĐ-TTg); `None` for any other form.
pub fn new_agency_code(code: &str) -> Option<String> {
    let parts: Vec<&str> = code.split('.').collect();
    let [third, second, first, unit] = parts.as_slice() else {
        return None;
    };
    let sized = |part: &str, length| digits(part).is_some_and(|digits| digits.len() == length);
    if !(sized(third, 3) && sized(second, 2) && sized(first, 2) && is_unit(unit)) {
        return None;
    }
    let mut levels = vec![*unit, *first, *second, *third];
    while levels.last().is_some_and(|level| level.bytes().all(|digit| digit == b'0')) {
        levels.pop();
    }
    Some(levels.join("."))
}

/// `H56.14` as `000.00.14.H56`; `None` for any other form, and where a level is too long for the old one.
pub fn old_agency_code(code: &str) -> Option<String> {
    if !is_left_to_right(code) {
        return None;
    }
    let mut levels = code.split('.');
    let unit = levels.next()?;
    let mut level = |width: usize| {
        let part = levels.next().unwrap_or("0");
        (part.len() <= width).then(|| format!("{part:0>width$}"))
    };
    let (first, second, third) = (level(2)?, level(2)?, level(3)?);
    Some(format!("{third}.{second}.{first}.{unit}"))
}

/// A unit's code in both its forms, to be held against patterns.
pub struct UnitForms {
    comparable: String,
    old: Option<String>,
}

impl UnitForms {
    /// The forms of a code as somebody wrote it.
    pub fn of(code: &str) -> Self {
        let comparable = comparable_agency_code(code);
        UnitForms { old: old_agency_code(&comparable), comparable }
    }

    /// Whether the unit is one of these: codes as [`comparable_agency_code`] gives them, beginnings of codes with `*`, or `*`.
    ///
    /// A pattern may write the beginning of a code in either form, which no conversion can bring to the other.
    pub fn fits(&self, patterns: &[String]) -> bool {
        fits_any(patterns, &self.comparable) || self.old.as_ref().is_some_and(|old| fits_any(patterns, old))
    }
}

/// Whether a code is one of these: a code, the beginning of one with `*`, or `*`.
pub fn fits_any(patterns: &[String], code: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(beginning) => code.starts_with(beginning),
        None => pattern == code,
    })
}

/// One form for comparing: the new one where it can be had.
pub fn comparable_agency_code(code: &str) -> String {
    new_agency_code(code).unwrap_or_else(|| code.to_owned())
}

fn is_left_to_right(code: &str) -> bool {
    let mut levels = code.split('.');
    let unit = levels.next().is_some_and(is_unit);
    let below: Vec<&str> = levels.collect();
    unit && below.len() <= 3 && below.iter().all(|level| level.len() <= 3 && digits(level).is_some())
}

fn is_unit(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|letter| letter.is_ascii_uppercase())
        && letters.as_str().len() == 2
        && digits(letters.as_str()).is_some()
}

/// The digits of a text that has nothing else; `None` otherwise, and for an empty one.
fn digits(text: &str) -> Option<Vec<u32>> {
    let digits: Option<Vec<u32>> = text.chars().map(|character| character.to_digit(10)).collect();
    digits.filter(|digits| !digits.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn birthplaces() -> BirthplaceCodes {
        ["001", "038", "052"].into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn personal_ids() {
        use Contradiction::*;
        let male = Some("male");
        type Case<'a> = (&'a str, Option<&'a str>, Option<&'a str>, &'a [Contradiction]);
        let cases: &[Case<'_>] = &[
            ("038042000001", None, None, &[]),
            ("038042000001", male, Some("1942"), &[]),
            ("038042000001", male, Some("1942-03-15"), &[]),
            ("038242000001", male, Some("2042"), &[]),
            ("038145000002", Some("female"), Some("1945-06"), &[]),
            ("038145000002", Some("unknown"), None, &[]),
            ("038145000002", male, None, &[PersonalIdSex]),
            ("038042000001", None, Some("2042"), &[PersonalIdSex]),
            ("038042000001", None, Some("1943"), &[PersonalIdYear]),
            ("999042000001", None, None, &[PersonalIdProvince]),
            ("999142000001", male, Some("1950"), &[PersonalIdProvince, PersonalIdSex, PersonalIdYear]),
            ("03804200001", None, None, &[PersonalIdLength]),
            ("0380420000011", None, None, &[PersonalIdLength]),
            ("03804200000x", None, None, &[PersonalIdLength]),
            ("０３８０４２００００", None, None, &[PersonalIdLength]),
            ("", None, None, &[PersonalIdLength]),
        ];
        for (number, sex, birth_date, expected) in cases {
            let beside = Beside { sex: *sex, birth_date: *birth_date };
            assert_eq!(
                check_personal_id(number, beside, &birthplaces()),
                *expected,
                "{number} {sex:?} {birth_date:?}"
            );
        }
        assert!(check_personal_id("999042000001", Beside::default(), &BirthplaceCodes::new()).is_empty());
    }

    #[test]
    fn tax_codes() {
        let sound = ["0100233488", "0314409058", "0100233488-001", "0100233488001", "038042000001"];
        let wrong = [
            "0100233489",
            "0100233488-000",
            "0100000000",
            "01002334",
            "0100233488-01",
            "0100-233488",
            "abc",
            "",
        ];
        for code in sound {
            assert!(check_tax_code(code, Beside::default(), &birthplaces()).is_empty(), "{code}");
        }
        for code in wrong {
            assert!(!check_tax_code(code, Beside::default(), &birthplaces()).is_empty(), "{code}");
        }
    }

    #[test]
    fn agency_codes_both_ways() {
        let pairs = [
            ("000.00.14.H56", "H56.14"),
            ("000.00.00.H30", "H30"),
            ("000.02.14.H56", "H56.14.02"),
            ("129.00.21.H21", "H21.21.00.129"),
        ];
        for (old, new) in pairs {
            assert_eq!(new_agency_code(old).as_deref(), Some(new));
            assert_eq!(old_agency_code(new).as_deref(), Some(old));
        }
        assert_eq!(old_agency_code("H21.129"), None, "the old form has two digits at this level");
        for wrong in ["H5.14", "h56.14", "000.00.14", "000.00.14.H56.1", "", "H56.", "H56.1.2.3.4"] {
            assert!(!is_agency_code(wrong), "{wrong}");
        }
    }

    #[test]
    fn dossier_and_procedure_codes() {
        for code in [
            "H56.14-250812-0035",
            "000.00.01.H26-190809-0001",
            "G22.99.01-250812-0007",
            "H21.129-250812-12345",
        ] {
            assert!(is_dossier_code(code), "{code}");
        }
        for code in ["H56.14-25081-0035", "H56.14-250812-035", "-250812-0035", "H56.14", "", "038042000001"] {
            assert!(!is_dossier_code(code), "{code}");
        }
        for code in ["1.004222", "2.002621.H56", "1.001193.000.00.00.H56"] {
            assert!(is_procedure_code(code), "{code}");
        }
        for code in ["4.004222", "1.00422", "1.004222.", "1.004222.56", "1", "", "1.004222.H56.14"] {
            assert!(!is_procedure_code(code), "{code}");
        }
    }
}
