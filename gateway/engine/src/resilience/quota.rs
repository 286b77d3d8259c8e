//! What a party agreed to: exchanges per second with a burst, and exchanges per day. Every exchange counts, whatever it is for.
//!
//! An exchange is reserved first and spent when it leaves: whoever has leave and still waits for something else keeps its
//! room in the bucket, so that two who waited together do not leave together beyond the burst.

use std::time::Duration;

use tokio::time::Instant;

use crate::client::Lane;
use crate::settings::PartyLimits;

/// Vietnam is seven hours ahead of UTC all year: a day of quota begins at its midnight.
const OFFSET_MS: i64 = 7 * 3_600_000;
const DAY_MS: i64 = 86_400_000;
/// However long a party asks us to wait, the bucket is not stopped for longer: some send hours by mistake.
pub const PAUSE_MAX: Duration = Duration::from_secs(60);
/// The party counts what arrives, not what leaves: exchanges that left so long one after the other may arrive together. What
/// the rate lets through in that time is taken off the burst. A TLS handshake on a busy machine takes about as long.
const ARRIVAL_JITTER_MS: u32 = 50;

/// One party's token bucket and daily count. Plain data; the gate keeps it under its lock.
#[derive(Debug)]
pub struct Quota {
    /// What one exchange costs in time.
    interval: Duration,
    /// How far ahead of the even pace a burst may run.
    slack: Duration,
    /// What of the burst a batch leaves to the counter.
    spare: u32,
    daily: u64,
    daily_of_batches: u64,
    /// When the bucket would be full again, were nothing more taken.
    full_at: Instant,
    /// Leave given and not yet used, by lane.
    reserved: PerLane<u32>,
    day: i64,
    taken_today: PerLane<u64>,
}

#[derive(Debug, Clone, Copy, Default)]
struct PerLane<N> {
    counter: N,
    batch: N,
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
        let rate = limits.rate_per_s.max(1);
        let interval = Duration::from_secs(1) / rate;
        let bunched = u64::from(rate) * u64::from(ARRIVAL_JITTER_MS) / 1_000;
        let burst = limits.burst.saturating_sub(u32::try_from(bunched).unwrap_or(u32::MAX)).max(1);
        Quota {
            interval,
            slack: interval * burst,
            spare: burst / 2,
            daily: limits.daily_quota,
            daily_of_batches: limits.daily_quota.saturating_mul(u64::from(limits.batch_share_percent)) / 100,
            full_at: Instant::now(),
            reserved: PerLane::default(),
            day: 0,
            taken_today: PerLane::default(),
        }
    }

    /// When `more` exchanges beyond those reserved could leave.
    pub fn ready_at(&self, now: Instant, more: u32) -> Instant {
        let all = self.reserved.counter + self.reserved.batch + more;
        let full_at = self.full_at.max(now) + self.interval.saturating_mul(all);
        full_at.checked_sub(self.slack).unwrap_or(now).max(now)
    }

    /// What of the burst a batch leaves alone while it is not due, so that a counter finds leave at once.
    pub fn spare(&self) -> u32 {
        self.spare
    }

    /// Whether so many more may leave now. Even none may not, after a pause or a login that came in between.
    pub fn has(&self, more: u32) -> bool {
        let now = Instant::now();
        self.ready_at(now, more) <= now
    }

    /// Whether the day's count, or the batch's share of it, is used up.
    pub fn used_up(&mut self, unix_ms: i64, lane: Lane) -> Option<UsedUp> {
        self.turn_to(unix_ms);
        let of_batches = self.taken_today.batch + u64::from(self.reserved.batch);
        let all = of_batches + self.taken_today.counter + u64::from(self.reserved.counter);
        let over = all >= self.daily || (lane == Lane::Batch && of_batches >= self.daily_of_batches);
        let rest_ms = DAY_MS - (unix_ms + OFFSET_MS).rem_euclid(DAY_MS);
        (self.daily > 0 && over)
            .then(|| UsedUp { retry_after: Duration::from_millis(rest_ms.unsigned_abs()) })
    }

    /// Keeps room for one exchange.
    pub fn reserve(&mut self, lane: Lane) {
        *self.reserved.of(lane) += 1;
    }

    /// The exchange will not be made.
    pub fn give_back(&mut self, lane: Lane) {
        let reserved = self.reserved.of(lane);
        *reserved = reserved.saturating_sub(1);
    }

    /// The exchange leaves now.
    pub fn spend(&mut self, lane: Lane, unix_ms: i64) {
        self.give_back(lane);
        self.turn_to(unix_ms);
        self.full_at = self.full_at.max(Instant::now()) + self.interval;
        *self.taken_today.of(lane) += 1;
    }

    /// Takes off exchanges that were made already: the bucket may come to stand in debt, and the next ones wait.
    pub fn charge(&mut self, exchanges: u32, unix_ms: i64) {
        self.turn_to(unix_ms);
        self.full_at = self.full_at.max(Instant::now()) + self.interval * exchanges;
        self.taken_today.counter += u64::from(exchanges);
    }

    /// Stops the bucket, because the party said when to come back.
    pub fn pause(&mut self, stay_away: Duration) {
        // One exchange is left in the bucket at the end of the pause: going on is a trickle, not a new burst.
        let full_at = Instant::now() + stay_away.min(PAUSE_MAX) + self.slack.saturating_sub(self.interval);
        self.full_at = self.full_at.max(full_at);
    }

    /// Begins a new count where a new day has begun.
    fn turn_to(&mut self, unix_ms: i64) {
        let day = (unix_ms + OFFSET_MS).div_euclid(DAY_MS);
        if self.day != day {
            self.day = day;
            self.taken_today = PerLane::default();
        }
    }
}

impl<N> PerLane<N> {
    fn of(&mut self, lane: Lane) -> &mut N {
        match lane {
            Lane::Counter => &mut self.counter,
            Lane::Batch => &mut self.batch,
        }
    }
}
