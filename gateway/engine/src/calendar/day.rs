//! A day of the Gregorian calendar in Việt Nam, as a number that can be counted with.

/// Việt Nam is seven hours ahead, without summer time.
const AHEAD_MS: i64 = 7 * 3_600_000;
const DAY_MS: i64 = 24 * 3_600_000;

/// Days since 1970-01-01, in Việt Nam.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

impl Day {
    /// The day of a moment.
    pub fn of(unix_ms: i64) -> Day {
        Day(unix_ms.saturating_add(AHEAD_MS).div_euclid(DAY_MS))
    }

    /// How far into its day a moment is, in milliseconds.
    pub fn time_ms(unix_ms: i64) -> i64 {
        unix_ms.saturating_add(AHEAD_MS).rem_euclid(DAY_MS)
    }

    /// An ISO 8601 date that exists.
    pub fn parse(text: &str) -> Option<Day> {
        let mut parts = text.split('-');
        let mut number =
            |digits: usize| parts.next().filter(|part| part.len() == digits)?.parse::<i64>().ok();
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        let found = Day(days_of(year, month, day));
        (parts.next().is_none() && found.date() == (year, month, day)).then_some(found)
    }

    /// Midnight, in milliseconds since 1970-01-01T00:00:00Z.
    pub fn start_ms(self) -> i64 {
        self.0.saturating_mul(DAY_MS).saturating_sub(AHEAD_MS)
    }

    /// The day after.
    pub fn next(self) -> Day {
        Day(self.0.saturating_add(1))
    }

    /// Saturday or Sunday.
    pub fn is_weekend(self) -> bool {
        // 1970-01-01 was a Thursday.
        matches!(self.0.rem_euclid(7), 2 | 3)
    }

    /// Its year.
    pub fn year(self) -> i32 {
        i32::try_from(self.date().0).unwrap_or(i32::MAX)
    }

    /// Year, month, day. Years are counted from March, so that the leap day is a year's last.
    fn date(self) -> (i64, i64, i64) {
        let days = self.0 + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        (year + era * 400 + i64::from(month <= 2), month, day)
    }
}

fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let from_march = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}
