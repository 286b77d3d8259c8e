//! When a read is worth another try, how long to wait before it, and when the whole agency has had enough tries.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::ports::Chance;
use crate::settings::PartyLimits;

/// What each first try adds to the budget. A little under the promised 10 % pays for [`RESERVE`] in the long run.
const EARNED_PER_CALL: f64 = 0.095;
/// Retries a quiet agency may have before it has earned any, and the most it can save up.
const RESERVE: f64 = 10.0;
/// No back-off is longer than this: a caller's deadline is seconds.
const BACKOFF_MAX: Duration = Duration::from_secs(2);

/// One agency's retries.
#[derive(Debug)]
pub struct Retries {
    attempts: u32,
    backoff: Duration,
    budget: Mutex<f64>,
}

impl Retries {
    /// A rested budget.
    pub fn new(limits: &PartyLimits) -> Self {
        Retries {
            attempts: limits.attempts.max(1),
            backoff: Duration::from_millis(limits.backoff_ms),
            budget: Mutex::new(RESERVE),
        }
    }

    /// Counts a first try.
    pub fn earn(&self) {
        let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        *budget = (*budget + EARNED_PER_CALL).min(RESERVE);
    }

    /// How long to wait before the next try after `tried` tries; `None`: let it be.
    pub fn wait(&self, tried: u32, asked: Option<Duration>, chance: &dyn Chance) -> Option<Duration> {
        if tried >= self.attempts || !self.spend() {
            return None;
        }
        // Full jitter: callers who failed together must not come back together.
        let most = self.backoff.saturating_mul(1 << (tried.max(1) - 1).min(16)).min(BACKOFF_MAX);
        Some(most.mul_f64(chance.fraction().clamp(0.0, 1.0)).max(asked.unwrap_or_default()))
    }

    fn spend(&self) -> bool {
        let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        let affordable = *budget >= 1.0;
        *budget -= if affordable { 1.0 } else { 0.0 };
        affordable
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::FakeChance;

    #[test]
    fn doubles_up_to_the_last_attempt_with_full_jitter() {
        let retries = Retries::new(&PartyLimits { attempts: 3, backoff_ms: 100, ..PartyLimits::default() });
        let whole = FakeChance::of(1.0);
        assert_eq!(retries.wait(1, None, &whole), Some(Duration::from_millis(100)));
        assert_eq!(retries.wait(2, None, &whole), Some(Duration::from_millis(200)));
        assert_eq!(retries.wait(3, None, &whole), None);
        assert_eq!(retries.wait(1, None, &FakeChance::of(0.0)), Some(Duration::ZERO));
        let asked = Some(Duration::from_secs(4));
        assert_eq!(retries.wait(1, asked, &whole), asked, "what the agency asked for is the least");
    }

    #[test]
    fn stays_within_a_tenth_of_the_traffic() {
        let retries = Retries::new(&PartyLimits { attempts: 9, ..PartyLimits::default() });
        let calls = 10_000;
        let mut repeated = 0;
        for _ in 0..calls {
            retries.earn();
            repeated += u32::from(retries.wait(1, None, &FakeChance::of(0.5)).is_some());
        }
        assert!(repeated > calls / 12, "the budget is used: {repeated}");
        assert!(repeated <= calls / 10, "{repeated} retries of {calls} calls");
    }
}
