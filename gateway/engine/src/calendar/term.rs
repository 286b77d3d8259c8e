//! When a case or a leg is due, with the time it stood waiting for the citizen taken out.

use super::{Calendar, Day, Due};
use crate::case::{Entry, LegState};

/// A stretch in which the clock stood: something was wanted of the citizen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// Since when.
    pub from_ms: i64,
    /// Until when; `None`: still.
    pub until_ms: Option<i64>,
}

/// A term: so many working days from a moment, less the pauses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// From when it counts.
    pub from_ms: i64,
    /// How long it is.
    pub working_days: u32,
    /// When the clock stood, in order, none overlapping.
    pub pauses: Vec<Pause>,
}

impl Term {
    /// When it is due. While the clock stands the date moves on with every working day.
    pub fn due(&self, calendar: &Calendar, now_ms: i64) -> Due {
        let paused = self.pauses.iter().map(|pause| {
            let until = pause.until_ms.unwrap_or(now_ms);
            calendar.worked_between(Day::of(pause.from_ms.max(self.from_ms)), Day::of(until))
        });
        calendar.due(self.from_ms, self.working_days.saturating_add(paused.sum()))
    }

    /// Whether it was, or is, not kept; `ended_ms`: when what was due was done. A clock that stands is never late.
    pub fn is_overdue(&self, calendar: &Calendar, ended_ms: Option<i64>, now_ms: i64) -> bool {
        let stands = ended_ms.is_none() && self.pauses.last().is_some_and(|pause| pause.until_ms.is_none());
        !stands && ended_ms.unwrap_or(now_ms) > self.due(calendar, now_ms).at_ms
    }
}

/// The stretches in which a leg, or with `None` any leg of the case, waited for the citizen; from the case's history.
pub fn pauses(history: &[Entry], leg: Option<&str>) -> Vec<Pause> {
    let mut waiting: Vec<&str> = Vec::new();
    let mut all: Vec<Pause> = Vec::new();
    for entry in history.iter().filter(|entry| leg.is_none_or(|leg| leg == entry.leg)) {
        let was_waiting = !waiting.is_empty();
        waiting.retain(|name| *name != entry.leg);
        if entry.to == LegState::Supplement {
            waiting.push(&entry.leg);
        }
        match (was_waiting, waiting.is_empty()) {
            (false, false) => all.push(Pause { from_ms: entry.at_ms, until_ms: None }),
            (true, true) => {
                if let Some(pause) = all.last_mut() {
                    pause.until_ms = Some(entry.at_ms);
                }
            }
            (true, false) | (false, true) => {}
        }
    }
    all
}
