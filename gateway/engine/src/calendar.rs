//! Working days (ngày làm việc): public holidays, Tết and days worked instead, and the due dates that follow.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::catalogue::Unfit;

mod day;
mod term;
#[cfg(test)]
mod tests;

pub use day::Day;
pub use term::{Pause, Term, pauses};

/// `config/calendar.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarSettings {
    /// The years whose days are all here.
    pub years: Vec<i32>,
    /// What comes later counts as come on the next working day, `15:00`.
    pub cut_off: String,
    /// What is due on a day is due by then, `17:00`.
    pub closes: String,
    /// The days that are not what their weekday says.
    pub day: Vec<DaySettings>,
}

/// A day that is not what its weekday says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DaySettings {
    /// ISO 8601.
    pub date: String,
    /// Off although a weekday; `false`: worked although a weekend.
    pub off: bool,
    /// Its official name.
    pub name: String,
    /// The law or notice that says so.
    pub source: String,
    /// Nobody has announced it yet.
    #[serde(default)]
    pub provisional: bool,
}

/// The calendar.
#[derive(Debug, Clone)]
pub struct Calendar {
    years: BTreeSet<i32>,
    cut_off_ms: i64,
    closes_ms: i64,
    days: BTreeMap<Day, Exception>,
}

#[derive(Debug, Clone, Copy)]
struct Exception {
    off: bool,
    provisional: bool,
}

/// A due date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The moment it is due by, in milliseconds since 1970-01-01T00:00:00Z.
    pub at_ms: i64,
    /// Counted over days nobody has announced yet, or over a year that is not loaded.
    pub provisional: bool,
    /// A year it was counted over that is not loaded: worth a warning.
    pub missing_year: Option<i32>,
}

impl Due {
    /// Why the date may still move, in Vietnamese and English; `None`: it stands.
    pub fn warning(&self) -> Option<[String; 2]> {
        match (self.missing_year, self.provisional) {
            (Some(year), _) => Some([
                format!("Ngày hẹn trả chỉ là tạm tính: chưa có lịch nghỉ của năm {year}"),
                format!("The due date is provisional: the holidays of {year} are not loaded"),
            ]),
            (None, true) => Some([
                "Ngày hẹn trả chỉ là tạm tính: có ngày nghỉ chưa được thông báo chính thức".to_owned(),
                "The due date is provisional: a day off in between has not been announced yet".to_owned(),
            ]),
            (None, false) => None,
        }
    }
}

/// The usual term for a supplement, in working days (interfaces 7.1).
pub const SUPPLEMENT_DAYS: u32 = 7;

/// Days off in a row that are looked past; Tết with its weekends and days instead is nine or ten.
const DAYS_OFF_MAX: u32 = 60;

impl Calendar {
    /// Reads the settings; everything that is wrong at once.
    pub fn new(settings: &CalendarSettings) -> Result<Calendar, Vec<Unfit>> {
        let mut unfit = Vec::new();
        let mut say = |why: String| unfit.push(Unfit::new("calendar.toml", why));
        let mut time = |name: &str, text: &str| {
            clock_ms(text).unwrap_or_else(|| {
                say(format!("{name} = {text:?} is no time of day"));
                0
            })
        };
        let (cut_off_ms, closes_ms) = (time("cut_off", &settings.cut_off), time("closes", &settings.closes));
        if closes_ms < cut_off_ms {
            say("closes lies before cut_off".to_owned());
        }
        let years: BTreeSet<i32> = settings.years.iter().copied().collect();
        let mut days = BTreeMap::new();
        for row in &settings.day {
            let Some(day) = Day::parse(&row.date) else {
                say(format!("{:?} is no date", row.date));
                continue;
            };
            if !years.contains(&day.year()) {
                say(format!("{} is of a year that `years` does not name", row.date));
            }
            if day.is_weekend() == row.off {
                let what = if row.off { "off already" } else { "worked already" };
                say(format!(
                    "{} is {what}: it is a {}",
                    row.date,
                    if row.off { "weekend" } else { "weekday" }
                ));
            }
            if row.source.trim().is_empty() || row.name.trim().is_empty() {
                say(format!("{} has no name or no source", row.date));
            }
            if days.insert(day, Exception { off: row.off, provisional: row.provisional }).is_some() {
                say(format!("{} stands twice", row.date));
            }
        }
        if unfit.is_empty() { Ok(Calendar { years, cut_off_ms, closes_ms, days }) } else { Err(unfit) }
    }

    /// Whether it is worked on this day, as far as is known.
    pub fn is_worked(&self, day: Day) -> bool {
        self.days.get(&day).map_or(!day.is_weekend(), |exception| !exception.off)
    }

    /// The end of the working day that is so many after this moment; 0 is the day itself, if it comes before the cut-off.
    pub fn due(&self, from_ms: i64, working_days: u32) -> Due {
        let mut count = Count { calendar: self, provisional: false, missing_year: None };
        let (day, late) = (Day::of(from_ms), Day::time_ms(from_ms) > self.cut_off_ms);
        let mut day = if late { count.worked_from(day.next()) } else { count.worked_from(day) };
        for _ in 0..working_days {
            day = count.worked_from(day.next());
        }
        let at_ms = day.start_ms().saturating_add(self.closes_ms);
        Due {
            at_ms,
            provisional: count.provisional || count.missing_year.is_some(),
            missing_year: count.missing_year,
        }
    }

    /// The end of the working day that is so many after the day on which something else is due: the cut-off is for what
    /// comes in, and what is due by the end of a day is counted from that day.
    pub fn due_after(&self, earlier: Due, working_days: u32) -> Due {
        let due = self.due(Day::of(earlier.at_ms).start_ms(), working_days);
        Due {
            provisional: due.provisional || earlier.provisional,
            missing_year: earlier.missing_year.or(due.missing_year),
            ..due
        }
    }

    /// Whether the days of this year are all here.
    pub fn knows(&self, year: i32) -> bool {
        self.years.contains(&year)
    }

    /// The end of a supplement's term: of the day the agency names, else so many working days from now.
    pub fn supplement_until(&self, named: Option<&str>, now_ms: i64) -> i64 {
        let named = named.and_then(|text| Day::parse(text.get(..10)?));
        match named {
            Some(day) => day.start_ms().saturating_add(self.closes_ms),
            None => self.due(now_ms, SUPPLEMENT_DAYS).at_ms,
        }
    }

    /// Working days from one day up to another, that one left out.
    pub fn worked_between(&self, from: Day, until: Day) -> u32 {
        let mut day = from;
        let mut worked = 0;
        while day < until {
            worked += u32::from(self.is_worked(day));
            day = day.next();
        }
        worked
    }
}

struct Count<'a> {
    calendar: &'a Calendar,
    provisional: bool,
    missing_year: Option<i32>,
}

impl Count<'_> {
    /// This day, or the first after it that is worked.
    fn worked_from(&mut self, mut day: Day) -> Day {
        for _ in 0..DAYS_OFF_MAX {
            self.provisional |= self.calendar.days.get(&day).is_some_and(|exception| exception.provisional);
            if !self.calendar.years.contains(&day.year()) {
                self.missing_year.get_or_insert(day.year());
            }
            if self.calendar.is_worked(day) {
                break;
            }
            day = day.next();
        }
        day
    }
}

/// `15:00` as milliseconds from midnight.
fn clock_ms(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str| (text.len() == 2).then(|| text.parse::<u32>().ok()).flatten();
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours < 24 && minutes < 60).then(|| i64::from(hours * 60 + minutes) * 60_000)
}
