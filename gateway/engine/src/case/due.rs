//! When a case and each of its legs are due: from the calendar at intake, moved by what has happened since.

use super::{Case, Entry, Leg, LegState, Why};
use crate::calendar::{Calendar, Due, Term, pauses};
use crate::chain::{Chain, LegPlan};

/// When a case is due (ngày hẹn trả), and each of its legs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dues {
    /// The whole.
    pub case: Due,
    /// It was, or is, not kept.
    pub is_overdue: bool,
    /// The legs that have a term and are to be sent, in the chain's order.
    pub legs: Vec<LegDue>,
}

/// When a leg is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegDue {
    /// The leg's name in the chain.
    pub leg: String,
    /// By when.
    pub due: Due,
    /// Its turn has not come: counted from when the legs before it are due.
    pub is_planned: bool,
    /// It was, or is, not kept. What is only planned is not late.
    pub is_overdue: bool,
}

impl Dues {
    /// Why some of the dates may still move, in Vietnamese and English, each reason once.
    pub fn warnings(&self) -> Vec<[String; 2]> {
        let all = [self.case].into_iter().chain(self.legs.iter().map(|leg| leg.due));
        let mut warnings: Vec<[String; 2]> = all.filter_map(|due| due.warning()).collect();
        warnings.sort();
        warnings.dedup();
        warnings
    }
}

impl Case {
    /// The due dates as far as they can be said now. `history` is the case's own, from its first line; at intake the lines
    /// that [`Case::open`] gave.
    pub fn dues(&self, chain: &Chain, calendar: &Calendar, history: &[Entry], now_ms: i64) -> Dues {
        let whole = Term {
            from_ms: self.opened_ms,
            working_days: chain.due_working_days,
            pauses: pauses(history, None),
        };
        let is_final = self.state(chain).is_final();
        let ended = self.legs.iter().map(|leg| leg.since_ms).max().filter(|_| is_final);
        let count = Count { case: self, chain, calendar, history, now_ms };
        Dues {
            case: whole.due(calendar, now_ms),
            is_overdue: whole.is_overdue(calendar, ended, now_ms),
            legs: chain.legs.iter().filter_map(|plan| count.leg(plan)).collect(),
        }
    }
}

struct Count<'a> {
    case: &'a Case,
    chain: &'a Chain,
    calendar: &'a Calendar,
    history: &'a [Entry],
    now_ms: i64,
}

impl Count<'_> {
    fn leg(&self, plan: &LegPlan) -> Option<LegDue> {
        let leg = self.case.leg(&plan.name)?;
        let working_days = plan.due_working_days?;
        if leg.state == LegState::Skipped {
            return None;
        }
        let told =
            |due, is_planned, is_overdue| LegDue { leg: plan.name.clone(), due, is_planned, is_overdue };
        let Some(from_ms) = self.turn_came(plan) else {
            return Some(told(self.calendar.due_after(self.before(plan, 0), working_days), true, false));
        };
        let term = Term { from_ms, working_days, pauses: pauses(self.history, Some(&plan.name)) };
        let is_overdue = term.is_overdue(self.calendar, ended(leg), self.now_ms);
        Some(told(term.due(self.calendar, self.now_ms), false, is_overdue))
    }

    /// When the house turned to it last: what was skipped and is wanted again begins anew.
    fn turn_came(&self, plan: &LegPlan) -> Option<i64> {
        let mut lines = self.history.iter().filter(|entry| entry.leg == plan.name);
        lines.rfind(|entry| entry.why == Why::Released).map(|entry| entry.at_ms)
    }

    /// When the latest of those it stands after is due; one without a term of its own is as late as those before it.
    fn before(&self, plan: &LegPlan, depth: usize) -> Due {
        let before = plan.after.iter().filter_map(|name| self.chain.leg(name));
        // No longer way than there are legs; a circle is refused when the chain is read.
        let before = before.filter(|_| depth < self.chain.legs.len());
        let dues = before.map(|plan| match self.leg(plan) {
            Some(leg) => leg.due,
            None => self.before(plan, depth + 1),
        });
        dues.max_by_key(|due| due.at_ms).unwrap_or_else(|| self.calendar.due(self.case.opened_ms, 0))
    }
}

fn ended(leg: &Leg) -> Option<i64> {
    leg.state.is_final().then_some(leg.since_ms)
}
