//! The agencies' own time, as their words carry it: Vietnam's, to the second.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::people::Day;

/// +07:00, all year.
const OFFSET_S: u64 = 7 * 3600;
const DAY_S: u64 = 24 * 3600;

/// A moment at an agency, in seconds since 1970 by Vietnam's clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(u64);

impl Stamp {
    pub(crate) fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self(since + OFFSET_S)
    }

    /// A moment given in milliseconds since 1970, UTC.
    pub(crate) fn of_epoch_ms(ms: u64) -> Self {
        Self(ms / 1000 + OFFSET_S)
    }

    /// Now, or a second after this if that is later: two turns of one dossier never share a second.
    pub(crate) fn next(self) -> Self {
        Self::now().max(Self(self.0 + 1))
    }

    /// The day it falls on.
    #[must_use]
    pub fn day(self) -> Day {
        civil(self.0 / DAY_S)
    }

    /// `dd/MM/yyyy HH:mm:ss`.
    #[must_use]
    pub fn slashed(self) -> String {
        let (hour, minute, second) = self.clock();
        format!("{} {hour:02}:{minute:02}:{second:02}", self.day().slashed())
    }

    /// `yyyyMMddHHmmss`.
    #[must_use]
    pub fn compact(self) -> String {
        let (hour, minute, second) = self.clock();
        format!("{}{hour:02}{minute:02}{second:02}", self.day().compact())
    }

    fn clock(self) -> (u64, u64, u64) {
        let second = self.0 % DAY_S;
        (second / 3600, second / 60 % 60, second % 60)
    }
}

/// The Gregorian day so many days after 1 January 1970 (Howard Hinnant's `civil_from_days`, for days from then on).
fn civil(days: u64) -> Day {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let turned = (5 * of_year + 2) / 153;
    let day = of_year - (153 * turned + 2) / 5 + 1;
    let month = if turned < 10 { turned + 3 } else { turned - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    Day { year: year as u16, month: month as u8, day: day as u8 }
}

/// A day in a text of numbers between one kind of sign, `dd.MM.yyyy` or `dd/MM/yyyy`; `None` if there is no such day.
pub(crate) fn read_day(text: &str, sign: char) -> Option<Day> {
    let parts: Vec<&str> = text.split(sign).collect();
    match parts.as_slice() {
        [day, month, year] if (day.len(), month.len(), year.len()) == (2, 2, 4) => {
            real(Day { year: digits(year)?, month: digits(month)? as u8, day: digits(day)? as u8 })
        }
        _ => None,
    }
}

/// `yyyyMMdd`.
pub(crate) fn read_compact(text: &str) -> Option<Day> {
    if text.len() != 8 {
        return None;
    }
    let part = |range| text.get(range).and_then(digits);
    real(Day { year: part(0..4)?, month: part(4..6)? as u8, day: part(6..8)? as u8 })
}

/// `dd/MM/yyyy HH:mm:ss`; gives the day.
pub(crate) fn read_moment(text: &str) -> Option<Day> {
    let (day, time) = text.split_once(' ')?;
    let parts: Option<Vec<u16>> =
        time.split(':').map(|part| digits(part).filter(|_| part.len() == 2)).collect();
    let right =
        matches!(parts?.as_slice(), [hour, minute, second] if *hour < 24 && *minute < 60 && *second < 60);
    if right { read_day(day, '/') } else { None }
}

fn digits(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Only days that the calendar has.
fn real(day: Day) -> Option<Day> {
    let leap = day.year.is_multiple_of(4) && (!day.year.is_multiple_of(100) || day.year.is_multiple_of(400));
    let last = match day.month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=last).contains(&day.day).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::{Stamp, civil, read_compact, read_day, read_moment};
    use crate::people::Day;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (days, iso) in
            [(0, "1970-01-01"), (11_016, "2000-02-29"), (20_312, "2025-08-12"), (20_818, "2026-12-31")]
        {
            assert_eq!(civil(days).iso(), iso);
        }
        assert_eq!(Stamp(20_312 * 86_400 + 33_660).slashed(), "12/08/2025 09:21:00");
        assert_eq!(Stamp(20_312 * 86_400 + 33_660).compact(), "20250812092100");
        assert_eq!(Stamp::of_epoch_ms(1_754_964_000_000).slashed(), "12/08/2025 09:00:00");
    }

    #[test]
    fn only_whole_and_real_days_are_read() {
        let day = Some(Day { year: 2025, month: 8, day: 12 });
        assert_eq!((read_day("12.08.2025", '.'), read_compact("20250812")), (day, day));
        assert_eq!(read_moment("12/08/2025 09:01:00"), day);
        for wrong in ["12.8.2025", "31.02.2025", "12.08.25", "12.08.2025.1", "+1.08.2025", ""] {
            assert_eq!(read_day(wrong, '.'), None, "{wrong}");
        }
        for wrong in ["12/08/2025", "12/08/2025 24:00:00", "12/08/2025 9:01:00", "12/08/2025 09:01"] {
            assert_eq!(read_moment(wrong), None, "{wrong}");
        }
        assert_eq!(read_compact("20250229"), None);
    }
}
