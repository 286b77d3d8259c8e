//! Dates as agencies write them and as we do: read by the first format that fits, written only in their own precision.

use crate::language::syntax::{DateFormat, DateToken};

/// A date, partial date or moment taken apart; what is missing was not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Parts {
    year: Option<u32>,
    month: Option<u32>,
    day: Option<u32>,
    hour: Option<u32>,
    minute: Option<u32>,
    second: Option<u32>,
}

/// How precise a date is; a format must ask for exactly this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Precision {
    Year,
    Month,
    Day,
    Moment,
}

/// Reads by the first format that fits; the result is as precise as the format: `1942`, `1942-03`, `1942-03-15` or a moment in +07:00.
pub fn read(text: &str, formats: &[DateFormat]) -> Option<String> {
    formats.iter().find_map(|format| read_one(text, format))
}

/// Writes by the first format of the value's own precision; a moment may be written as its day. Nothing is cut, nothing invented.
pub fn write(value: &str, formats: &[DateFormat]) -> Option<String> {
    let (parts, precision) = parse_iso(value)?;
    let format =
        formats.iter().find(|format| asked(format).is_some_and(|asked| may_write(precision, asked)))?;
    let mut text = String::new();
    for token in &format.tokens {
        match token {
            DateToken::Year => text.push_str(&format!("{:04}", parts.year?)),
            DateToken::Month => text.push_str(&format!("{:02}", parts.month?)),
            DateToken::Day => text.push_str(&format!("{:02}", parts.day?)),
            DateToken::Hour => text.push_str(&format!("{:02}", parts.hour?)),
            DateToken::Minute => text.push_str(&format!("{:02}", parts.minute?)),
            DateToken::Second => text.push_str(&format!("{:02}", parts.second?)),
            DateToken::AnyDigit => return None,
            DateToken::Literal(literal) => text.push_str(literal),
        }
    }
    Some(text)
}

/// Whether this is a day of the calendar, `1942-03-15`.
pub fn is_day(text: &str) -> bool {
    parse_iso(text).is_some_and(|(_, precision)| precision == Precision::Day)
}

/// Whether this is a year, a month or a day of the calendar.
pub fn is_partial(text: &str) -> bool {
    parse_iso(text).is_some_and(|(_, precision)| precision != Precision::Moment)
}

/// Whether this is a moment with its offset, `2025-08-12T09:01:00+07:00`.
pub fn is_moment(text: &str) -> bool {
    parse_iso(text).is_some_and(|(_, precision)| precision == Precision::Moment)
}

fn may_write(have: Precision, asked: Precision) -> bool {
    have == asked || (have == Precision::Moment && asked == Precision::Day)
}

/// The precision a format asks for; `None` for one that no date of ours can fill, such as a month without its year.
fn asked(format: &DateFormat) -> Option<Precision> {
    let has = |token: DateToken| format.tokens.contains(&token);
    let time = has(DateToken::Hour) || has(DateToken::Minute) || has(DateToken::Second);
    match (has(DateToken::Year), has(DateToken::Month), has(DateToken::Day), time) {
        (true, true, true, true) => Some(Precision::Moment),
        (true, true, true, false) => Some(Precision::Day),
        (true, true, false, false) => Some(Precision::Month),
        (true, false, false, false) => Some(Precision::Year),
        _ => None,
    }
}

fn read_one(text: &str, format: &DateFormat) -> Option<String> {
    let precision = asked(format)?;
    let mut rest = text;
    let mut parts = Parts::default();
    for token in &format.tokens {
        match token {
            DateToken::Year => parts.year = Some(take_digits(&mut rest, 4)?),
            DateToken::Month => parts.month = Some(take_digits(&mut rest, 2)?),
            DateToken::Day => parts.day = Some(take_digits(&mut rest, 2)?),
            DateToken::Hour => parts.hour = Some(take_digits(&mut rest, 2)?),
            DateToken::Minute => parts.minute = Some(take_digits(&mut rest, 2)?),
            DateToken::Second => parts.second = Some(take_digits(&mut rest, 2)?),
            DateToken::AnyDigit => {
                take_digits(&mut rest, 1)?;
            }
            DateToken::Literal(literal) => rest = rest.strip_prefix(literal.as_str())?,
        }
    }
    if !rest.is_empty() || !in_calendar(&parts) {
        return None;
    }
    let (year, month, day) = (parts.year?, parts.month.unwrap_or(1), parts.day.unwrap_or(1));
    Some(match precision {
        Precision::Year => format!("{year:04}"),
        Precision::Month => format!("{year:04}-{month:02}"),
        Precision::Day => format!("{year:04}-{month:02}-{day:02}"),
        Precision::Moment => {
            let (hour, minute, second) = (parts.hour?, parts.minute.unwrap_or(0), parts.second.unwrap_or(0));
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}+07:00")
        }
    })
}

fn take_digits(rest: &mut &str, count: usize) -> Option<u32> {
    let (digits, after) = (rest.get(..count)?, rest.get(count..)?);
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    *rest = after;
    digits.parse().ok()
}

fn in_calendar(parts: &Parts) -> bool {
    let (year, month) = (parts.year.unwrap_or(0), parts.month.unwrap_or(1));
    year >= 1
        && (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&parts.day.unwrap_or(1))
        && parts.hour.unwrap_or(0) < 24
        && parts.minute.unwrap_or(0) < 60
        && parts.second.unwrap_or(0) < 60
}

fn days_in(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Takes our own form apart; a moment told in another offset is brought to +07:00 first, so that its day is the Vietnamese one.
fn parse_iso(value: &str) -> Option<(Parts, Precision)> {
    let (date, time) = match value.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (value, None),
    };
    let mut parts = Parts::default();
    let mut rest = date;
    parts.year = Some(take_digits(&mut rest, 4)?);
    for part in [&mut parts.month, &mut parts.day] {
        if rest.is_empty() {
            break;
        }
        rest = rest.strip_prefix('-')?;
        *part = Some(take_digits(&mut rest, 2)?);
    }
    if !rest.is_empty() || !in_calendar(&parts) {
        return None;
    }
    let precision = match (parts.month, parts.day, time) {
        (None, None, None) => Precision::Year,
        (Some(_), None, None) => Precision::Month,
        (Some(_), Some(_), None) => Precision::Day,
        (Some(_), Some(_), Some(time)) => {
            return parse_time(parts, time).map(|parts| (parts, Precision::Moment));
        }
        _ => return None,
    };
    Some((parts, precision))
}

fn parse_time(mut parts: Parts, time: &str) -> Option<Parts> {
    let mut rest = time;
    parts.hour = Some(take_digits(&mut rest, 2)?);
    rest = rest.strip_prefix(':')?;
    parts.minute = Some(take_digits(&mut rest, 2)?);
    rest = rest.strip_prefix(':')?;
    parts.second = Some(take_digits(&mut rest, 2)?);
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        rest = fraction.get(digits..).filter(|_| digits > 0)?;
    }
    if !in_calendar(&parts) {
        return None;
    }
    let offset = parse_offset(rest)?;
    shift(parts, i64::from(HANOI_MINUTES - offset))
}

/// Vietnam's offset from UTC, in minutes; it has had no other since 1975 and knows no summer time.
const HANOI_MINUTES: i32 = 7 * 60;

fn parse_offset(text: &str) -> Option<i32> {
    if text == "Z" {
        return Some(0);
    }
    let (sign, mut rest) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(rest), _) => (1, rest),
        (None, Some(rest)) => (-1, rest),
        (None, None) => return None,
    };
    let hours = take_digits(&mut rest, 2)?;
    rest = rest.strip_prefix(':')?;
    let minutes = take_digits(&mut rest, 2)?;
    let offset = i32::try_from(hours * 60 + minutes).ok()?;
    (rest.is_empty() && hours < 24 && minutes < 60).then_some(sign * offset)
}

/// Moves a moment by some minutes, at most a day either way.
fn shift(mut parts: Parts, minutes: i64) -> Option<Parts> {
    let clock = i64::from(parts.hour? * 60 + parts.minute?) + minutes;
    let of_day = u32::try_from(clock.rem_euclid(24 * 60)).ok()?;
    parts.hour = Some(of_day / 60);
    parts.minute = Some(of_day % 60);
    let (mut year, mut month, mut day) = (parts.year?, parts.month?, parts.day?);
    for _ in 0..clock.div_euclid(24 * 60).max(0) {
        day += 1;
        if day > days_in(year, month) {
            (day, month) = (1, month + 1);
        }
        if month > 12 {
            (month, year) = (1, year + 1);
        }
    }
    for _ in 0..clock.div_euclid(24 * 60).min(0).unsigned_abs() {
        if day > 1 {
            day -= 1;
            continue;
        }
        (year, month) = if month > 1 { (year, month - 1) } else { (year.checked_sub(1)?, 12) };
        day = days_in(year, month);
    }
    (parts.year, parts.month, parts.day) = (Some(year), Some(month), Some(day));
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(tokens: &[DateToken]) -> DateFormat {
        DateFormat { text: String::new(), tokens: tokens.to_vec() }
    }

    fn literal(text: &str) -> DateToken {
        DateToken::Literal(text.into())
    }

    use DateToken::{AnyDigit, Day, Hour, Minute, Month, Second, Year};

    fn vietnamese() -> DateFormat {
        format(&[Day, literal("/"), Month, literal("/"), Year])
    }

    fn stamp() -> DateFormat {
        format(&[Year, Month, Day, Hour, Minute, Second])
    }

    #[test]
    fn reads_as_precisely_as_the_format() {
        let compact = [format(&[Year, Month, Day]), format(&[Year, Month]), format(&[Year])];
        assert_eq!(read("19420315", &compact).as_deref(), Some("1942-03-15"));
        assert_eq!(read("194203", &compact).as_deref(), Some("1942-03"));
        assert_eq!(read("1942", &compact).as_deref(), Some("1942"));
        assert_eq!(read("29/02/2024", &[vietnamese()]).as_deref(), Some("2024-02-29"));
        assert_eq!(read("20250812101530", &[stamp()]).as_deref(), Some("2025-08-12T10:15:30+07:00"));
        let year = [format(&[Year, AnyDigit, AnyDigit, AnyDigit, AnyDigit])];
        assert_eq!(read("19429999", &year).as_deref(), Some("1942"));
    }

    #[test]
    fn refuses_what_is_no_date() {
        for bad in [
            "29/02/2023",
            "31/04/2025",
            "00/01/2025",
            "1/1/2025",
            "12/08/2025 ",
            "",
            "12-08-2025",
            "１２/08/2025",
        ] {
            assert_eq!(read(bad, &[vietnamese()]), None, "{bad}");
        }
        assert_eq!(read("20250812246030", &[stamp()]), None);
        assert_eq!(read("03", &[format(&[Month])]), None);
    }

    #[test]
    fn writes_only_in_the_values_own_precision() {
        let (day, year) = (vietnamese(), format(&[Year]));
        assert_eq!(write("1942-03-15", &[year.clone(), day.clone()]).as_deref(), Some("15/03/1942"));
        assert_eq!(write("1942", &[day.clone(), year.clone()]).as_deref(), Some("1942"));
        assert_eq!(write("1942-03", &[day.clone(), year.clone()]), None, "neither cut nor invented");
        assert_eq!(write("1942-03-15", &[year]), None);
        assert_eq!(write("1942-03-15", &[stamp()]), None, "no time of day is invented");
        assert_eq!(write("2025-08-12T09:01:00+07:00", &[stamp()]).as_deref(), Some("20250812090100"));
        assert_eq!(write("1942-02-30", &[day]), None);
    }

    #[test]
    fn writes_a_moment_as_its_vietnamese_day() {
        let day = [vietnamese()];
        assert_eq!(write("2025-08-12T09:01:00+07:00", &day).as_deref(), Some("12/08/2025"));
        assert_eq!(write("2025-12-31T18:30:00Z", &day).as_deref(), Some("01/01/2026"));
        assert_eq!(write("2026-01-01T05:00:00+12:00", &day).as_deref(), Some("01/01/2026"));
        assert_eq!(write("2026-01-01T02:00:00.250+14:00", &day).as_deref(), Some("31/12/2025"));
        assert_eq!(write("2026-01-01T02:00:00", &day), None, "a moment says its offset");
    }

    #[test]
    fn knows_its_own_forms() {
        assert!(is_day("2024-02-29") && !is_day("2023-02-29") && !is_day("2024-02"));
        assert!(is_partial("1942") && is_partial("1942-03") && !is_partial("1942-3"));
        assert!(is_moment("2025-08-12T09:01:00+07:00") && !is_moment("2025-08-12T09:01:00"));
    }
}
