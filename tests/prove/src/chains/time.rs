//! A simulated clock, sleeps that a simulation wakes, and chance from a seed.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::task::{Context, Poll};

use engine::ports::{Chance, Clock};

/// No wake is asked for.
const NEVER: i64 = i64::MAX;

/// The time of a simulation, and when the future that was polled last wishes to be polled again.
#[derive(Debug)]
pub struct Time {
    now_ms: AtomicI64,
    wake_ms: AtomicI64,
}

impl Time {
    /// A clock that shows this.
    pub fn at(now_ms: i64) -> Arc<Time> {
        Arc::new(Time { now_ms: AtomicI64::new(now_ms), wake_ms: AtomicI64::new(NEVER) })
    }

    /// What it shows.
    pub fn now(&self) -> i64 {
        self.now_ms.load(Ordering::Relaxed)
    }

    /// Moves it on; never back.
    pub fn go_on_to(&self, now_ms: i64) {
        self.now_ms.fetch_max(now_ms, Ordering::Relaxed);
    }

    /// When the future that was just polled wishes to be polled again.
    pub fn take_wake(&self) -> i64 {
        self.wake_ms.swap(NEVER, Ordering::Relaxed)
    }

    /// Waits. Every await of a simulated port is one of these, and so a point at which its node can be killed or paused.
    pub fn sleep(self: &Arc<Self>, ms: i64) -> Sleep {
        Sleep { time: Arc::clone(self), until_ms: self.now().saturating_add(ms) }
    }
}

impl Clock for Time {
    fn now(&self) -> String {
        self.now().to_string()
    }

    fn unix_ms(&self) -> i64 {
        self.now()
    }
}

/// A wait.
pub struct Sleep {
    time: Arc<Time>,
    until_ms: i64,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.time.now() >= self.until_ms {
            return Poll::Ready(());
        }
        self.time.wake_ms.store(self.until_ms, Ordering::Relaxed);
        Poll::Pending
    }
}

/// Chance from a seed (SplitMix64): the same seed, the same life.
#[derive(Debug)]
pub struct Dice(AtomicU64);

impl Dice {
    /// From a seed.
    pub fn of(seed: u64) -> Arc<Dice> {
        Arc::new(Dice(AtomicU64::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))))
    }

    fn next(&self) -> u64 {
        let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// True so many times in a thousand.
    pub fn in_1000(&self, times: u64) -> bool {
        self.next() % 1_000 < times
    }

    /// A number in `0..below`.
    pub fn below(&self, below: i64) -> i64 {
        self.next().checked_rem(below.unsigned_abs()).map_or(0, |rest| i64::try_from(rest).unwrap_or(0))
    }

    /// A length of time, mostly short, sometimes long: `0..most`, the square of an even chance.
    pub fn span(&self, most: i64) -> i64 {
        let fraction = self.fraction();
        (most as f64 * fraction * fraction) as i64
    }
}

impl Chance for Dice {
    fn uuid(&self) -> String {
        format!("{:016x}", self.next())
    }

    fn fraction(&self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
