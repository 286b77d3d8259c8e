//! What an operator decides: cache times, limits, deadlines, breakers; plain data, each section checking itself.
//!
//! Times are in the unit their name ends in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalogue::Unfit;

/// `config/services.toml`, one block per service; without one: never cached, default deadline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServiceSettings {
    /// An answer is fresh for this long; 0: never cached.
    pub fresh_for_s: u64,
    /// After that it may still be shown for this long while it is refreshed or the agency faults.
    pub stale_for_s: u64,
    /// A "no" is remembered for this long.
    pub absent_for_s: u64,
    /// Who may share an answer.
    pub share: Share,
    /// How long one read may take altogether.
    pub deadline_ms: u64,
    /// Requests per minute per client (towards clients).
    pub client_rate_per_min: u32,
    /// Burst towards clients.
    pub client_burst: u32,
}

/// Who may share a cached answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Share {
    /// Everybody permitted.
    All,
    /// Questions of the same dossier.
    Dossier,
    /// Questions of the same officer.
    Officer,
}

impl Default for ServiceSettings {
    fn default() -> Self {
        ServiceSettings {
            fresh_for_s: 0,
            stale_for_s: 0,
            absent_for_s: 0,
            share: Share::Dossier,
            deadline_ms: 5_000,
            client_rate_per_min: 600,
            client_burst: 100,
        }
    }
}

/// The limits towards one agency, or one carrier (`[agency.limits]`, `[carrier.limits]`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PartyLimits {
    /// Exchanges per second.
    pub rate_per_s: u32,
    /// Burst.
    pub burst: u32,
    /// Exchanges at once.
    pub concurrency: u32,
    /// Calls that may wait for a place.
    pub queue: u32,
    /// Exchanges per day; 0: no quota.
    pub daily_quota: u64,
    /// What of the daily quota batches may use together, in percent: a batch must not eat the counter's day.
    pub batch_share_percent: u32,
    /// Attempts of a read, the first included.
    pub attempts: u32,
    /// First back-off; doubles, with full jitter.
    pub backoff_ms: u64,
    /// Consecutive failures that open the breaker.
    pub breaker_failures: u32,
    /// Failure rate over the window that opens it, in percent.
    pub breaker_rate_percent: u32,
    /// Exchanges slower than this count as slow.
    pub breaker_slow_ms: u64,
    /// Slow-call rate over the window that opens it, in percent.
    pub breaker_slow_percent: u32,
    /// Samples the window needs before rates count.
    pub breaker_samples: u32,
    /// How long it stays open before probes.
    pub breaker_open_ms: u64,
    /// Probes at once while half open.
    pub breaker_probes: u32,
}

impl Default for PartyLimits {
    fn default() -> Self {
        PartyLimits {
            rate_per_s: 50,
            burst: 50,
            concurrency: 32,
            queue: 256,
            daily_quota: 0,
            batch_share_percent: 50,
            attempts: 3,
            backoff_ms: 50,
            breaker_failures: 5,
            breaker_rate_percent: 50,
            breaker_slow_ms: 3_000,
            breaker_slow_percent: 80,
            breaker_samples: 20,
            breaker_open_ms: 5_000,
            breaker_probes: 1,
        }
    }
}

/// `config/agencies.toml`, one block per agency: what the engine needs of it. Addresses and credentials are the transport's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AgencySettings {
    /// The carrier it is reached through; [`DIRECT`] for none.
    pub carrier: String,
    /// How much we may ask of it.
    pub limits: PartyLimits,
    /// The values the manifest's `settings` name (`$setting`); an object, never a secret.
    pub settings: serde_json::Value,
    /// How often its feeds are asked for news; without it as the manifest says.
    pub feed_every_s: Option<u64>,
}

/// The longest pause between two rounds of a feed: news that is a day old is history.
pub const FEED_EVERY_S_MAX: u64 = 86_400;

/// `config/carriers.toml`, one block per carrier: what the engine needs of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CarrierSettings {
    /// How much all agencies behind it together may ask.
    pub limits: PartyLimits,
}

/// The word for "no carrier between us and the agency".
pub const DIRECT: &str = "direct";

impl Default for AgencySettings {
    fn default() -> Self {
        AgencySettings {
            carrier: DIRECT.to_owned(),
            limits: PartyLimits::default(),
            settings: serde_json::Value::Object(serde_json::Map::new()),
            feed_every_s: None,
        }
    }
}

/// What makes no sense in the blocks of agencies and carriers, limits named as `<party>.limits`.
pub fn findings(
    agencies: &BTreeMap<String, AgencySettings>,
    carriers: &BTreeMap<String, CarrierSettings>,
) -> Vec<Unfit> {
    let rare = agencies.iter().filter(|(_, agency)| {
        agency.feed_every_s.is_some_and(|every_s| !(1..=FEED_EVERY_S_MAX).contains(&every_s))
    });
    let rare = rare.map(|(name, _)| {
        Unfit::new(name.clone(), format!("feed_every_s must lie between 1 and {FEED_EVERY_S_MAX}"))
    });
    let agencies = agencies.iter().map(|(name, agency)| (name, &agency.limits));
    let carriers = carriers.iter().map(|(name, carrier)| (name, &carrier.limits));
    let unfit = |(name, limits): (&String, &PartyLimits)| -> Vec<Unfit> {
        limits.findings().into_iter().map(|why| Unfit::new(format!("{name}.limits"), why)).collect()
    };
    agencies.chain(carriers).flat_map(unfit).chain(rare).collect()
}

impl PartyLimits {
    /// Says which keys make no sense, each as a sentence that names the key.
    pub fn findings(&self) -> Vec<String> {
        let at_least_one = [
            ("rate_per_s", u64::from(self.rate_per_s)),
            ("burst", u64::from(self.burst)),
            ("concurrency", u64::from(self.concurrency)),
            ("attempts", u64::from(self.attempts)),
            ("breaker_failures", u64::from(self.breaker_failures)),
            ("breaker_samples", u64::from(self.breaker_samples)),
            ("breaker_slow_ms", self.breaker_slow_ms),
            ("breaker_open_ms", self.breaker_open_ms),
            ("breaker_probes", u64::from(self.breaker_probes)),
        ];
        let zero = at_least_one.iter().filter(|(_, value)| *value == 0);
        let percents = [
            ("breaker_rate_percent", self.breaker_rate_percent),
            ("breaker_slow_percent", self.breaker_slow_percent),
            ("batch_share_percent", self.batch_share_percent),
        ];
        let beyond = percents.iter().filter(|(_, value)| !(1..=100).contains(value));
        zero.map(|(key, _)| format!("{key} must be at least 1"))
            .chain(beyond.map(|(key, _)| format!("{key} must lie between 1 and 100")))
            .collect()
    }
}
