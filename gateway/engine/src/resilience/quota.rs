//! What a party agreed to: exchanges per second with a burst, and exchanges per day. Every exchange counts, whatever it is for.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::ports::Clock;
use crate::settings::PartyLimits;

/// Vietnam is seven hours ahead of UTC all year: a day of quota begins at its midnight.
const OFFSET_MS: i64 = 7 * 3_600_000;
const DAY_MS: i64 = 86_400_000;
/// However long a party asks us to wait, the bucket is not stopped for longer: some send hours by mistake.
pub const PAUSE_MAX: Duration = Duration::from_secs(60);

/// One party's token bucket and daily count.
#[derive(Debug)]
pub struct Quota {
    /// What one exchange costs in time.
    interval: Duration,
    /// How far ahead of the even pace a burst may run.
    slack: Duration,
    daily: u64,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// When the bucket would be full again, were nothing more taken.
    full_at: Instant,
    day: i64,
    taken_today: u64,
}

/// The party's agreed amount is used up for longer than the caller waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedUp {
    /// When to come back.
    pub retry_after: Duration,
}

impl Quota {
    /// A full bucket.
    pub fn new(limits: &PartyLimits) -> Self {
        let interval = Duration::from_secs(1) / limits.rate_per_s.max(1);
        let inner = Inner { full_at: Instant::now(), day: 0, taken_today: 0 };
        Quota {
            interval,
            slack: interval * limits.burst.max(1),
            daily: limits.daily_quota,
            inner: Mutex::new(inner),
        }
    }

    /// Takes leave for one exchange, waiting for it if that ends before the deadline.
    pub async fn take(&self, clock: &dyn Clock, deadline: Instant) -> Result<(), UsedUp> {
        let start = self.reserve(clock.unix_ms(), deadline)?;
        tokio::time::sleep_until(start).await;
        Ok(())
    }

    /// Takes off exchanges that were made already: the bucket may come to stand in debt, and the next ones wait.
    pub fn charge(&self, exchanges: u32, clock: &dyn Clock) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.turn_to(clock.unix_ms());
        inner.full_at = inner.full_at.max(Instant::now()) + self.interval * exchanges;
        inner.taken_today += u64::from(exchanges);
    }

    /// Stops the bucket, because the party said when to come back.
    pub fn pause(&self, stay_away: Duration) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        // One exchange is left in the bucket at the end of the pause: going on is a trickle, not a new burst.
        let full_at = Instant::now() + stay_away.min(PAUSE_MAX) + self.slack.saturating_sub(self.interval);
        inner.full_at = inner.full_at.max(full_at);
    }

    fn reserve(&self, unix_ms: i64, deadline: Instant) -> Result<Instant, UsedUp> {
        let now = Instant::now();
        let local_ms = unix_ms + OFFSET_MS;
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.turn_to(unix_ms);
        if self.daily > 0 && inner.taken_today >= self.daily {
            let rest_ms = DAY_MS - local_ms.rem_euclid(DAY_MS);
            return Err(UsedUp { retry_after: Duration::from_millis(rest_ms.unsigned_abs()) });
        }
        let full_at = inner.full_at.max(now) + self.interval;
        let start = full_at.checked_sub(self.slack).unwrap_or(now).max(now);
        if start >= deadline && start > now {
            return Err(UsedUp { retry_after: start - now });
        }
        inner.full_at = full_at;
        inner.taken_today += 1;
        Ok(start)
    }
}

impl Inner {
    /// Begins a new count where a new day has begun.
    fn turn_to(&mut self, unix_ms: i64) {
        let day = (unix_ms + OFFSET_MS).div_euclid(DAY_MS);
        if self.day != day {
            self.day = day;
            self.taken_today = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::FakeClock;

    fn quota(rate_per_s: u32, burst: u32, daily_quota: u64) -> Quota {
        Quota::new(&PartyLimits { rate_per_s, burst, daily_quota, ..PartyLimits::default() })
    }

    #[tokio::test(start_paused = true)]
    async fn never_more_than_burst_and_rate() {
        let (quota, clock) = (quota(10, 5, 0), FakeClock::default());
        let began = Instant::now();
        let deadline = began + Duration::from_secs(60);
        for _ in 0..5 {
            quota.take(&clock, deadline).await.unwrap();
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
        for _ in 0..20 {
            quota.take(&clock, deadline).await.unwrap();
        }
        assert!(began.elapsed() >= Duration::from_secs(2), "twenty more at ten a second");
    }

    #[tokio::test(start_paused = true)]
    async fn says_at_once_when_the_wait_would_be_too_long() {
        let (quota, clock) = (quota(1, 1, 0), FakeClock::default());
        let deadline = Instant::now() + Duration::from_millis(500);
        quota.take(&clock, deadline).await.unwrap();
        let used_up = quota.take(&clock, deadline).await.unwrap_err();
        assert_eq!(used_up.retry_after, Duration::from_secs(1));
        quota.take(&clock, Instant::now() + Duration::from_secs(2)).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_day_has_its_count_and_ends_at_midnight_in_vietnam() {
        let (quota, clock) = (quota(100, 100, 2), FakeClock::default());
        clock.set_unix_ms(17 * 3_600_000 - 1_000); // 23:59:59 at +07:00
        let deadline = Instant::now() + Duration::from_secs(1);
        quota.take(&clock, deadline).await.unwrap();
        quota.take(&clock, deadline).await.unwrap();
        assert_eq!(quota.take(&clock, deadline).await.unwrap_err().retry_after, Duration::from_secs(1));
        clock.set_unix_ms(17 * 3_600_000);
        quota.take(&clock, deadline).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_made_already_is_waited_for_afterwards() {
        let (quota, clock) = (quota(10, 2, 6), FakeClock::default());
        let began = Instant::now();
        let deadline = began + Duration::from_secs(60);
        quota.charge(5, &clock);
        quota.take(&clock, deadline).await.unwrap();
        assert_eq!(began.elapsed(), Duration::from_millis(400), "two of a burst, then ten a second");
        assert!(quota.take(&clock, deadline).await.is_err(), "five and one are the day's six");
    }

    #[tokio::test(start_paused = true)]
    async fn a_party_that_said_when_to_come_back_is_left_until_then() {
        let (quota, clock) = (quota(10, 5, 0), FakeClock::default());
        quota.pause(Duration::from_secs(3));
        let began = Instant::now();
        assert!(quota.take(&clock, began + Duration::from_secs(1)).await.is_err());
        quota.take(&clock, began + Duration::from_secs(9)).await.unwrap();
        assert_eq!(began.elapsed(), Duration::from_secs(3));
    }
}
