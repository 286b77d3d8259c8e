use std::path::Path;

use super::*;
use crate::case::{Entry, LegState, Why};

const HOUR_MS: i64 = 3_600_000;

fn settings() -> CalendarSettings {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/calendar.toml");
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn calendar() -> Calendar {
    Calendar::new(&settings()).unwrap()
}

/// A date and an hour in Việt Nam.
fn at(date: &str, hour: i64) -> i64 {
    Day::parse(date).unwrap().start_ms() + hour * HOUR_MS
}

fn due(from: (&str, i64), working_days: u32) -> Due {
    calendar().due(at(from.0, from.1), working_days)
}

#[test]
fn days_are_counted_over_weekends_holidays_tet_and_days_worked_instead() {
    // From, hour, working days, due.
    let rows = [
        ("2025-08-12", 9, 0, "2025-08-12"),  // a Tuesday: the same day
        ("2025-08-12", 16, 0, "2025-08-13"), // after the cut-off: the next
        ("2025-08-15", 16, 0, "2025-08-18"), // a Friday after the cut-off
        ("2025-08-16", 9, 1, "2025-08-19"),  // a Saturday counts as Monday
        ("2025-08-29", 9, 1, "2025-09-03"),  // over the national day
        ("2025-01-24", 9, 1, "2025-02-03"),  // over Tết Ất Tỵ
        ("2025-04-25", 9, 1, "2025-04-26"),  // a Saturday that is worked
        ("2025-04-29", 9, 1, "2025-05-05"),  // and the Friday it is worked for
        ("2025-12-31", 16, 0, "2026-01-05"), // over the new year
        ("2026-01-09", 9, 1, "2026-01-10"),
        ("2026-02-13", 14, 1, "2026-02-23"), // over Tết Bính Ngọ
        ("2026-04-24", 9, 1, "2026-04-28"),  // Giỗ Tổ on a Sunday
        ("2026-08-21", 9, 1, "2026-08-22"),
        ("2026-08-28", 9, 1, "2026-09-03"),
        ("2025-08-12", 9, 8, "2025-08-22"),
    ];
    for (from, hour, days, expected) in rows {
        let due = due((from, hour), days);
        assert_eq!(due.at_ms, at(expected, 17), "{from} {hour}:00 + {days}");
        assert!(!due.provisional, "{from}");
    }
}

#[test]
fn a_date_over_days_nobody_has_announced_is_provisional_and_so_is_one_of_a_year_not_loaded() {
    let tet = due(("2027-02-04", 9), 1);
    assert_eq!((tet.at_ms, tet.provisional, tet.missing_year), (at("2027-02-12", 17), true, None));
    let far = due(("2027-12-31", 9), 3);
    assert_eq!((far.provisional, far.missing_year), (true, Some(2028)));
    assert_eq!(due(("2024-12-31", 9), 0).missing_year, Some(2024));
}

#[test]
fn every_row_has_a_source_and_three_years_are_loaded() {
    let settings = settings();
    assert_eq!(settings.years, [2025, 2026, 2027]);
    assert!(settings.day.iter().all(|row| !row.source.is_empty()));
    // Article 112: eleven days a year, less those that fall on a weekend and are not made up for, plus days instead.
    for year in settings.years {
        let off =
            settings.day.iter().filter(|row| row.off && row.date.starts_with(&year.to_string())).count();
        let worked =
            settings.day.iter().filter(|row| !row.off && row.date.starts_with(&year.to_string())).count();
        let culture_day = usize::from(year >= 2026);
        assert_eq!(off - worked - culture_day, 11, "{year}");
    }
}

#[test]
fn everything_wrong_with_a_calendar_is_told_at_once() {
    let mut settings = settings();
    settings.cut_off = "25:00".into();
    let row = settings.day[0].clone();
    for (date, off) in
        [("2025-02-30", true), ("2025-08-16", true), ("2025-08-12", false), ("2031-01-01", true)]
    {
        settings.day.push(DaySettings { date: date.into(), off, ..row.clone() });
    }
    settings.day.push(row);
    let told: Vec<String> = Calendar::new(&settings).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 6, "{told:#?}");
}

fn line(leg: &str, at_ms: i64, from: LegState, to: LegState) -> Entry {
    let why = Why::SupplementWanted;
    Entry { leg: leg.into(), revision: 1, at_ms, from, to, why, code: None, detail: None }
}

#[test]
fn the_clock_stands_while_something_is_wanted_of_the_citizen() {
    use LegState::{Pending, Ready, Supplement};
    let history = [
        line("a", at("2025-08-13", 9), Pending, Supplement),
        line("b", at("2025-08-14", 9), Pending, Supplement),
        line("a", at("2025-08-15", 9), Supplement, Ready),
        line("b", at("2025-08-18", 9), Supplement, Ready),
        line("a", at("2025-08-20", 9), Pending, Supplement),
    ];
    let all = pauses(&history, None);
    let ended = Pause { from_ms: at("2025-08-13", 9), until_ms: Some(at("2025-08-18", 9)) };
    let open = Pause { from_ms: at("2025-08-20", 9), until_ms: None };
    assert_eq!(all, [ended, open]);
    assert_eq!(pauses(&history, Some("b")).len(), 1);

    let calendar = calendar();
    let now = at("2025-08-22", 9);
    let term = |pauses| Term { from_ms: at("2025-08-12", 9), working_days: 2, pauses };
    assert_eq!(term(vec![]).due(&calendar, now).at_ms, at("2025-08-14", 17));
    assert!(term(vec![]).is_overdue(&calendar, None, now));
    assert!(!term(vec![]).is_overdue(&calendar, Some(at("2025-08-14", 16)), now));
    // 13, 14 and 15 August stood still; the weekend would not have counted anyway.
    assert_eq!(term(vec![ended]).due(&calendar, now).at_ms, at("2025-08-19", 17));
    assert!(term(vec![ended]).is_overdue(&calendar, None, now));
    assert!(!term(all.clone()).is_overdue(&calendar, None, now), "a clock that stands is never late");
    assert_eq!(term(all).due(&calendar, now).at_ms, at("2025-08-21", 17));
}

#[test]
fn a_supplement_has_the_agencys_date_or_seven_working_days() {
    let calendar = calendar();
    let from = at("2025-08-12", 9);
    assert_eq!(calendar.supplement_until(None, from), at("2025-08-21", 17));
    assert_eq!(calendar.supplement_until(Some("2025-08-15"), from), at("2025-08-15", 17));
    assert_eq!(calendar.supplement_until(Some("2025-08-15T09:00:00+07:00"), from), at("2025-08-15", 17));
    assert_eq!(calendar.supplement_until(Some("sớm"), from), at("2025-08-21", 17));
}
