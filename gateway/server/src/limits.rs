//! Limits towards clients: GCRA per client and service, so that nobody can starve the others or guess names for free.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use engine::settings::ServiceSettings;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use tokio::time::sleep;

/// The key that all unknown service names share: guessing costs the guesser.
pub const UNKNOWN_SERVICE: &str = "?";
/// Under which name the fetching of documents is limited: no service is called so, for each has a dot.
pub const DOCUMENTS: &str = "documents";

type Keyed<C> = RateLimiter<String, DashMapStateStore<String>, C, StateInformationMiddleware>;

/// The limits of all services. The clock is the monotonic one, except in tests.
pub struct Limits<C: Clock + Clone = DefaultClock> {
    services: std::collections::HashMap<String, Service<C>>,
    unknown: Service<C>,
    clock: C,
}

struct Service<C: Clock + Clone> {
    limiter: Arc<Keyed<C>>,
    burst: u32,
    window_s: u64,
}

/// What one request is told about its limit (draft-ietf-httpapi-ratelimit-headers).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// `None`: let through. Otherwise seconds to wait.
    pub wait_s: Option<u64>,
    /// Requests left in the burst.
    pub remaining: u32,
    /// The burst.
    pub burst: u32,
    /// How long a full burst takes to come back, in seconds.
    pub window_s: u64,
}

impl Limits {
    /// Builds the limiters of these services.
    pub fn new<'a>(services: impl Iterator<Item = (&'a str, &'a ServiceSettings)>) -> Self {
        Limits::by_clock(services, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Limits<C> {
    /// The same by a given clock.
    fn by_clock<'a>(services: impl Iterator<Item = (&'a str, &'a ServiceSettings)>, clock: C) -> Self {
        let services =
            services.map(|(name, settings)| (name.to_string(), service(settings, clock.clone()))).collect();
        Limits { services, unknown: service(&ServiceSettings::default(), clock.clone()), clock }
    }

    /// Takes one request of this client off its allowance for this service.
    pub fn take(&self, client: &str, name: &str) -> Allowance {
        let service = self.services.get(name).unwrap_or(&self.unknown);
        let (burst, window_s) = (service.burst, service.window_s);
        match service.limiter.check_key(&client.to_string()) {
            Ok(state) => {
                Allowance { wait_s: None, remaining: state.remaining_burst_capacity(), burst, window_s }
            }
            Err(refused) => {
                let wait = refused.wait_time_from(self.clock.now());
                Allowance { wait_s: Some(wait.as_secs() + 1), remaining: 0, burst, window_s }
            }
        }
    }

    /// Takes one query of a batch off its client's allowance for this service, and waits where a request would be refused.
    /// Half of the burst is left to the same client's counter: a batch that has gone below it waits until it is back.
    pub async fn take_patiently(&self, client: &str, name: &str) {
        let service = self.services.get(name).unwrap_or(&self.unknown);
        let interval = Duration::from_secs(service.window_s) / service.burst;
        loop {
            match service.limiter.check_key(&client.to_string()) {
                Ok(state) => {
                    let short = (service.burst / 2).saturating_sub(state.remaining_burst_capacity());
                    return sleep(interval * short).await;
                }
                Err(refused) => sleep(refused.wait_time_from(self.clock.now())).await,
            }
        }
    }

    /// Forgets clients that have not asked for a while: without this, keys grow for ever.
    pub fn forget_idle(&self) {
        self.services.values().chain([&self.unknown]).for_each(|service| service.limiter.retain_recent());
    }
}

fn service<C: Clock + Clone>(settings: &ServiceSettings, clock: C) -> Service<C> {
    let at_least_one = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    let (rate, burst) = (at_least_one(settings.client_rate_per_min), at_least_one(settings.client_burst));
    let quota = Quota::per_minute(rate).allow_burst(burst);
    let limiter =
        RateLimiter::dashmap_with_clock(quota, clock).with_middleware::<StateInformationMiddleware>();
    let window_s = (u64::from(burst.get()) * 60).div_ceil(u64::from(rate.get()));
    Service { limiter: Arc::new(limiter), burst: burst.get(), window_s }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    /// Limits whose time stands still: nothing trickles back.
    fn limits(burst: u32) -> Limits<FakeRelativeClock> {
        let settings =
            ServiceSettings { client_rate_per_min: 1, client_burst: burst, ..ServiceSettings::default() };
        Limits::by_clock([("residence.person", &settings)].into_iter(), FakeRelativeClock::default())
    }

    #[test]
    fn exactly_the_burst_is_let_through() {
        let limits = limits(3);
        let passed = (0..10).filter(|_| limits.take("a", "residence.person").wait_s.is_none()).count();
        assert_eq!(passed, 3);
        assert!(limits.take("a", "residence.person").wait_s.unwrap() >= 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_waits_where_a_request_would_be_refused_and_leaves_half_of_the_burst() {
        let limits = limits(4);
        let began = tokio::time::Instant::now();
        let mut waited = Vec::new();
        for _ in 0..4 {
            limits.take_patiently("a", "residence.person").await;
            waited.push(began.elapsed().as_secs() / 60);
        }
        assert_eq!(waited, [0, 0, 1, 3], "nothing trickles back here: each waits for all that is missing");
        let refused = limits.take_patiently("a", "residence.person");
        assert!(tokio::time::timeout(Duration::from_secs(59), refused).await.is_err(), "it goes on waiting");
    }

    #[test]
    fn clients_do_not_share_an_allowance() {
        let limits = limits(1);
        assert_eq!(limits.take("a", "residence.person").wait_s, None);
        assert_eq!(limits.take("b", "residence.person").wait_s, None);
    }

    #[test]
    fn unknown_names_share_one_key() {
        let limits = limits(1);
        let burst = ServiceSettings::default().client_burst;
        let guesses = 0..20 * burst;
        let passed = guesses.filter(|n| limits.take("a", &format!("guess.{n}")).wait_s.is_none()).count();
        assert_eq!(passed, burst as usize);
    }
}
