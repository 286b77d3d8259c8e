//! Leaves a party in peace that keeps failing, and finds out gently when it is back: closed → open → half open → closed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::settings::PartyLimits;

/// Samples the window keeps at most: enough for a rate in whole percents, small enough to count through.
pub const WINDOW_SAMPLES_MAX: usize = 200;
/// Samples older than this say nothing about now; ten times the slowest call we usually wait for.
pub const WINDOW_AGE_MAX: Duration = Duration::from_secs(30);
/// However long a party asks us to stay away, we look again after this: some send hours by mistake.
pub const OPEN_MAX: Duration = Duration::from_secs(60);

/// The breaker of one agency's operation, or of one carrier.
#[derive(Debug)]
pub struct Breaker {
    limits: PartyLimits,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: State,
    consecutive: u32,
    window: VecDeque<Sample>,
    /// Raised at each change of state: a pass given before it no longer counts.
    era: u64,
}

#[derive(Debug)]
enum State {
    Closed,
    Open { until: Instant },
    HalfOpen { probing: u32, succeeded: u32 },
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    at: Instant,
    failed: bool,
    slow: bool,
}

/// A breaker's state, for health, metrics and the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BreakerState {
    /// Calls go through.
    Closed,
    /// A few probes go through.
    HalfOpen,
    /// Nothing goes through.
    Open,
}

impl BreakerState {
    /// The word in the API and in health.
    pub fn word(self) -> &'static str {
        match self {
            BreakerState::Closed => "closed",
            BreakerState::HalfOpen => "half-open",
            BreakerState::Open => "open",
        }
    }
}

/// Leave to make one call. Dropped without a verdict it says nothing about the party.
#[derive(Debug)]
pub struct Pass {
    breaker: Arc<Breaker>,
    era: u64,
    judged: bool,
    slow: bool,
}

impl Breaker {
    /// A closed breaker.
    pub fn new(limits: &PartyLimits) -> Arc<Self> {
        let inner = Inner { state: State::Closed, consecutive: 0, window: VecDeque::new(), era: 0 };
        Arc::new(Breaker { limits: limits.clone(), inner: Mutex::new(inner) })
    }

    /// Leave to make a call, or how long to stay away.
    pub fn admit(self: &Arc<Self>) -> Result<Pass, Duration> {
        let now = Instant::now();
        let mut inner = self.lock();
        if let State::Open { until } = inner.state {
            if now < until {
                return Err(until - now);
            }
            inner.turn(State::HalfOpen { probing: 0, succeeded: 0 });
        }
        if let State::HalfOpen { probing, .. } = &mut inner.state {
            if *probing >= self.limits.breaker_probes {
                // Somebody is finding out already; a probe takes about as long as a slow call.
                return Err(Duration::from_millis(self.limits.breaker_slow_ms));
            }
            *probing += 1;
        }
        let era = inner.era;
        drop(inner);
        Ok(Pass { breaker: Arc::clone(self), era, judged: false, slow: false })
    }

    /// How it stands now.
    pub fn state(&self) -> BreakerState {
        match self.lock().state {
            State::Closed => BreakerState::Closed,
            State::HalfOpen { .. } => BreakerState::HalfOpen,
            State::Open { until } if Instant::now() < until => BreakerState::Open,
            State::Open { .. } => BreakerState::HalfOpen,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // The state is a few counters, whole at every step: a panic elsewhere must not close the road for ever (F23).
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slow_after(&self) -> Duration {
        Duration::from_millis(self.limits.breaker_slow_ms)
    }

    fn judge(&self, era: u64, failed: bool, slow: bool, stay_away: Option<Duration>) {
        let now = Instant::now();
        let mut inner = self.lock();
        if inner.era != era {
            return;
        }
        match &mut inner.state {
            State::Open { .. } => {}
            State::HalfOpen { probing, succeeded } => {
                *probing = probing.saturating_sub(1);
                if failed || slow {
                    inner.turn(State::Open { until: now + self.open_for(stay_away) });
                    return;
                }
                *succeeded += 1;
                if *succeeded >= self.limits.breaker_probes {
                    inner.turn(State::Closed);
                }
            }
            State::Closed => {
                inner.note(Sample { at: now, failed, slow });
                if inner.is_too_bad(&self.limits) {
                    inner.turn(State::Open { until: now + self.open_for(stay_away) });
                }
            }
        }
    }

    fn open_for(&self, stay_away: Option<Duration>) -> Duration {
        let own = Duration::from_millis(self.limits.breaker_open_ms);
        own.max(stay_away.unwrap_or_default()).min(OPEN_MAX.max(own))
    }
}

impl Inner {
    fn turn(&mut self, state: State) {
        self.state = state;
        self.consecutive = 0;
        self.window.clear();
        self.era += 1;
    }

    fn note(&mut self, sample: Sample) {
        self.consecutive = match sample {
            Sample { failed: true, .. } => self.consecutive + 1,
            // Slow, and perhaps not ended: no sign of health.
            Sample { slow: true, .. } => self.consecutive,
            Sample { .. } => 0,
        };
        if self.window.len() >= WINDOW_SAMPLES_MAX {
            self.window.pop_front();
        }
        self.window.push_back(sample);
        while self.window.front().is_some_and(|oldest| sample.at - oldest.at > WINDOW_AGE_MAX) {
            self.window.pop_front();
        }
    }

    fn is_too_bad(&self, limits: &PartyLimits) -> bool {
        if self.consecutive >= limits.breaker_failures {
            return true;
        }
        let samples = self.window.len();
        let reaches = |count: usize, percent: u32| count * 100 >= samples * percent as usize;
        samples >= limits.breaker_samples as usize
            && (reaches(
                self.window.iter().filter(|sample| sample.failed).count(),
                limits.breaker_rate_percent,
            ) || reaches(
                self.window.iter().filter(|sample| sample.slow).count(),
                limits.breaker_slow_percent,
            ))
    }
}

impl Pass {
    /// From when on the call counts as slow.
    pub fn slow_after(&self) -> Duration {
        self.breaker.slow_after()
    }

    /// The call is slow already, though it has not ended: whoever hangs is noticed before the callers' deadlines (F8).
    pub fn is_slow(&mut self) {
        if !self.slow {
            self.slow = true;
            self.breaker.judge(self.era, false, true, None);
        }
    }

    /// The party did its work, after so long.
    pub fn succeeded(mut self, took: Duration) {
        self.judged = true;
        if !self.slow {
            self.breaker.judge(self.era, false, took >= self.breaker.slow_after(), None);
        }
    }

    /// The party failed, and may have said how long to stay away (`Retry-After`).
    pub fn failed(mut self, took: Duration, stay_away: Option<Duration>) {
        self.judged = true;
        let slow = !self.slow && took >= self.breaker.slow_after();
        self.breaker.judge(self.era, true, slow, stay_away);
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.judged {
            return;
        }
        let mut inner = self.breaker.lock();
        if inner.era == self.era
            && let State::HalfOpen { probing, .. } = &mut inner.state
        {
            *probing = probing.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> PartyLimits {
        PartyLimits {
            breaker_failures: 3,
            breaker_samples: 10,
            breaker_open_ms: 1_000,
            ..PartyLimits::default()
        }
    }

    fn fail(breaker: &Arc<Breaker>) {
        breaker.admit().unwrap().failed(Duration::ZERO, None);
    }

    fn succeed(breaker: &Arc<Breaker>) {
        breaker.admit().unwrap().succeeded(Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn opens_after_consecutive_failures_probes_once_and_closes() {
        let breaker = Breaker::new(&limits());
        fail(&breaker);
        fail(&breaker);
        assert_eq!(breaker.state(), BreakerState::Closed);
        fail(&breaker);
        assert_eq!(breaker.state(), BreakerState::Open);
        assert_eq!(breaker.admit().unwrap_err(), Duration::from_secs(1));

        tokio::time::advance(Duration::from_secs(1)).await;
        let probe = breaker.admit().unwrap();
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        assert!(breaker.admit().is_err(), "one probe at a time");
        probe.succeeded(Duration::ZERO);
        assert_eq!(breaker.state(), BreakerState::Closed);
        succeed(&breaker);
    }

    #[tokio::test(start_paused = true)]
    async fn failed_probe_opens_again_and_abandoned_probe_gives_its_place_back() {
        let breaker = Breaker::new(&limits());
        (0..3).for_each(|_| fail(&breaker));
        tokio::time::advance(Duration::from_secs(1)).await;
        drop(breaker.admit().unwrap());
        breaker.admit().unwrap().failed(Duration::ZERO, Some(Duration::from_secs(9)));
        assert_eq!(breaker.admit().unwrap_err(), Duration::from_secs(9), "Retry-After is honoured");
    }

    #[tokio::test(start_paused = true)]
    async fn failure_rate_needs_its_samples() {
        let breaker = Breaker::new(&limits());
        for _ in 0..4 {
            succeed(&breaker);
            fail(&breaker);
        }
        succeed(&breaker);
        assert_eq!(breaker.state(), BreakerState::Closed, "nine samples are too few");
        fail(&breaker);
        assert_eq!(breaker.state(), BreakerState::Open, "half of ten failed");
    }

    #[tokio::test(start_paused = true)]
    async fn slow_calls_open_it_too() {
        let breaker = Breaker::new(&limits());
        for _ in 0..9 {
            breaker.admit().unwrap().succeeded(Duration::from_secs(4));
        }
        assert_eq!(breaker.state(), BreakerState::Closed);
        breaker.admit().unwrap().succeeded(Duration::from_secs(4));
        assert_eq!(breaker.state(), BreakerState::Open);
    }

    #[tokio::test(start_paused = true)]
    async fn old_samples_and_late_verdicts_do_not_count() {
        let breaker = Breaker::new(&limits());
        let late = breaker.admit().unwrap();
        (0..3).for_each(|_| fail(&breaker));
        tokio::time::advance(Duration::from_secs(1)).await;
        let probe = breaker.admit().unwrap();
        late.succeeded(Duration::ZERO);
        assert_eq!(breaker.state(), BreakerState::HalfOpen, "a call from before says nothing about now");
        probe.succeeded(Duration::ZERO);

        for _ in 0..9 {
            succeed(&breaker);
            breaker.admit().unwrap().succeeded(Duration::from_secs(4));
        }
        tokio::time::advance(WINDOW_AGE_MAX + Duration::from_secs(1)).await;
        breaker.admit().unwrap().succeeded(Duration::from_secs(4));
        assert_eq!(breaker.state(), BreakerState::Closed);
    }
}
