//! When a death case and its legs are due, by the chain and the calendar as they stand in `config`.

use std::path::Path;

use adapter_api::diagnostic::Source;

use super::*;
use crate::calendar::{Calendar, CalendarSettings, Day};
use crate::chain::{self, Chain};

fn text(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config").join(name)).unwrap()
}

fn calendar() -> Calendar {
    let settings: CalendarSettings = toml::from_str(&text("calendar.toml")).unwrap();
    Calendar::new(&settings).unwrap()
}

fn chain(name: &str) -> Chain {
    let file = Source { name: name.into(), text: text(&format!("chains/{name}.toml")) };
    chain::read(&file).unwrap()
}

/// A date and an hour in Việt Nam.
fn at(date: &str, hour: i64) -> i64 {
    Day::parse(date).unwrap().start_ms() + hour * 3_600_000
}

/// A case with what has been told about it.
struct Told {
    chain: Chain,
    calendar: Calendar,
    case: Case,
    history: Vec<Entry>,
}

impl Told {
    fn open(name: &str, input: serde_json::Value, at_ms: i64) -> Told {
        let chain = chain(name);
        let terms = leg(LegState::Waiting).terms;
        let (case, history) = Case::open("case", &chain, input, |_| terms, at_ms);
        Told { chain, calendar: calendar(), case, history }
    }

    fn happen(&mut self, leg: &str, event: &Event, at_ms: i64) {
        self.history.extend(self.case.happen(&self.chain, leg, event, at_ms).unwrap());
    }

    fn send(&mut self, leg: &str, at_ms: i64) {
        self.happen(leg, &Event::Intended { until_ms: at_ms + 60_000 }, at_ms);
        let answered =
            Answered { asked: Asked::Send, asked_ms: at_ms, wait_ms: 0, answer: Answer::Taken(Vec::new()) };
        self.happen(leg, &Event::Answered(answered), at_ms);
    }

    fn dues(&self, now_ms: i64) -> Dues {
        self.case.dues(&self.chain, &self.calendar, &self.history, now_ms)
    }

    /// Each leg with its date at 17:00, `~` before what is only planned.
    fn dates(&self, now_ms: i64) -> Vec<String> {
        let said = |leg: &LegDue| {
            let day = (1..=60).map(|days| at("2025-01-01", 17) + days * 86_400_000);
            assert_eq!((leg.due.at_ms - at("2025-01-01", 17)) % 86_400_000, 0, "due at 17:00");
            let days = day.take_while(|day| *day <= leg.due.at_ms).count();
            format!("{}{} {days}", if leg.is_planned { "~" } else { "" }, leg.leg)
        };
        self.dues(now_ms).legs.iter().map(said).collect()
    }
}

fn wanted() -> serde_json::Value {
    json!({ "survivor_benefit": {}, "delivery": {} })
}

#[test]
fn at_intake_each_wanted_leg_is_counted_from_those_before_it() {
    // Day n is n days after 1 January 2025. Thursday 9 January: registration the same day, the others from there.
    let told = Told::open("death", wanted(), at("2025-01-09", 14));
    let expected = ["registration 8", "~residence_removal 12", "~survivor_benefit 20", "~delivery 13"];
    assert_eq!(told.dates(told.case.opened_ms), expected);
    assert_eq!(told.dues(told.case.opened_ms).case.at_ms, at("2025-02-04", 17), "13 working days, over Tết");
    assert_eq!(told.dues(told.case.opened_ms).warnings(), Vec::<[String; 2]>::new());
}

#[test]
fn what_comes_after_three_in_the_afternoon_is_of_the_next_working_day_and_so_is_all_that_follows() {
    let told = Told::open("death", json!({}), at("2025-01-10", 16));
    assert_eq!(told.dates(told.case.opened_ms), ["registration 12", "~residence_removal 14"], "a Friday");
    let told = Told::open("death", json!({}), at("2025-01-10", 15));
    assert_eq!(told.dates(told.case.opened_ms)[0], "registration 9", "15:00 is still in time");
}

#[test]
fn tet_and_a_day_worked_instead_move_a_leg() {
    let told = Told::open("death", wanted(), at("2025-01-24", 9));
    let expected = ["registration 23", "~residence_removal 34", "~survivor_benefit 42", "~delivery 35"];
    assert_eq!(told.dates(told.case.opened_ms), expected, "3 February is the first working day after Tết");
    // Saturday 26 April is worked for Friday 2 May.
    let told = Told::open("residence.remove", json!({}), at("2025-04-25", 9));
    assert_eq!(told.dues(told.case.opened_ms).case.at_ms, at("2025-04-28", 17));
}

#[test]
fn once_its_turn_has_come_a_leg_is_counted_from_there_and_stands_still_while_the_citizen_is_waited_for() {
    let mut told = Told::open("death", json!({}), at("2025-01-09", 9));
    told.send("registration", at("2025-01-09", 10));
    told.happen("registration", &message(at("2025-01-13", 9), supplement()), at("2025-01-13", 9));
    let waiting = told.dues(at("2025-01-15", 9));
    assert!(!waiting.is_overdue && !waiting.legs[0].is_overdue, "a clock that stands is never late");
    assert_eq!(waiting.legs[0].due.at_ms, at("2025-01-13", 17), "two working days of waiting so far");
    assert_eq!(waiting.legs[1].due.at_ms, at("2025-01-15", 17), "and what follows moves with it");

    told.happen("registration", &Event::Supplemented { query: None }, at("2025-01-15", 9));
    told.send("registration", at("2025-01-15", 9));
    let late = told.dues(at("2025-01-16", 9));
    assert_eq!((late.legs[0].is_overdue, late.is_overdue), (true, false), "the leg is late, the case is not");
    told.happen("registration", &message(at("2025-01-16", 16), completed()), at("2025-01-16", 16));
    let ended = told.dues(at("2025-01-17", 9));
    assert!(ended.legs[0].is_overdue, "it was late, and stays so");
    let removal = &ended.legs[1];
    // Released after three o'clock: counted from Friday the 17th.
    assert_eq!((removal.is_planned, removal.due.at_ms), (false, at("2025-01-21", 17)));
    assert!(!removal.is_overdue);
    told.send("residence_removal", at("2025-01-17", 9));
    told.happen("residence_removal", &message(at("2025-01-20", 9), completed()), at("2025-01-20", 9));
    let done = told.dues(at("2025-12-30", 9));
    assert_eq!(
        (done.is_overdue, done.legs[1].is_overdue),
        (false, false),
        "what was done in time is never late"
    );
}

#[test]
fn a_date_over_a_year_not_loaded_or_a_day_not_announced_says_so_in_both_languages() {
    let told = Told::open("death", json!({}), at("2027-12-30", 9));
    let dues = told.dues(told.case.opened_ms);
    assert_eq!((dues.case.provisional, dues.case.missing_year), (true, Some(2028)));
    assert!(!dues.legs[0].due.provisional, "the same day needs no 2028");
    let warnings = dues.warnings();
    assert_eq!(warnings.len(), 1, "each reason once: {warnings:?}");
    assert!(warnings[0].iter().all(|said| said.contains("2028")));
    // Registration waits for the end of a Tết nobody has announced; what follows it is no surer.
    let late = Told::open("death", json!({}), at("2027-02-04", 16));
    let legs = late.dues(late.case.opened_ms).legs;
    assert_eq!((legs[0].due.at_ms, legs[1].due.at_ms), (at("2027-02-12", 17), at("2027-02-16", 17)));
    assert!(legs.iter().all(|leg| leg.due.provisional));
    let tet = Told::open("residence.remove", json!({}), at("2027-02-04", 9));
    let [vietnamese, english] = tet.dues(tet.case.opened_ms).warnings().remove(0);
    assert!(vietnamese.contains("chưa được thông báo") && english.contains("not been announced"));
}
