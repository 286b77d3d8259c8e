//! The ground a proof stands on: a world, a gateway in it, callers; and chance that can be repeated.

use std::collections::BTreeMap;

use anyhow::Result;
use sandbox::gateway::Program;
use sandbox::world::{CONNECTOR, ONE_STOP};
use sandbox::{Caller, Gateway, World, WorldOptions};

/// Far above what any proof asks: limits are proved elsewhere and must not get in the way here.
const PLENTY: u32 = 10_000_000;

/// Requests under way at once where a proof only wants many of them.
pub const AT_ONCE: usize = 32;

/// Every read that an agency answers.
pub const SERVICES: [&str; 12] = [
    "residence.person",
    "residence.verify",
    "residence.household",
    "civil-status.record",
    "civil-status.dossier-status",
    "social-insurance.person",
    "social-insurance.household",
    "tax.taxpayer",
    "tax.obligations",
    "postal.quote",
    "e-receipt.receipt",
    "e-receipt.file",
];

/// What the house itself answers, from agencies' answers or from what it keeps.
const OF_THE_HOUSE: [&str; 4] = ["person.profile", "forms.prefill", "address.convert", "postal.tracking"];

/// The agencies behind them.
const AGENCIES: [&str; 7] =
    ["residence", "civil-status", "social-insurance", "tax", "postal", "e-receipt-vnpt", "e-receipt-viettel"];

/// A world with its gateway.
pub struct Ground {
    /// The agencies and the configuration.
    pub world: World,
    /// The gateway.
    pub gateway: Gateway,
    /// One-stop software.
    pub one_stop: Caller,
    /// The portal's connector.
    pub connector: Caller,
}

impl Ground {
    /// Builds a world and starts a gateway in it.
    pub async fn build(options: &WorldOptions) -> Result<Ground> {
        Ground::of(World::build(options)?).await
    }

    /// Starts a gateway in this world.
    pub async fn of(world: World) -> Result<Ground> {
        let gateway = Gateway::start(&Program::own()?, &world).await?;
        let one_stop = Caller::new(&gateway.api, world.token(ONE_STOP)?)?;
        let connector = Caller::new(&gateway.api, world.token(CONNECTOR)?)?;
        Ok(Ground { world, gateway, one_stop, connector })
    }

    /// The same world with a fresh gateway: breakers, quotas and cache begin anew.
    pub async fn afresh(self) -> Result<Ground> {
        let Ground { world, gateway, .. } = self;
        gateway.kill();
        Ground::of(world).await
    }
}

/// What a proof lays over a service's settings.
#[derive(Debug, Clone, Copy)]
pub struct ServiceWish {
    /// Answers are kept for this long.
    pub fresh_for_s: u64,
    /// The deadline.
    pub deadline_ms: u64,
}

/// Options under which no limit of ours interferes: clients, agencies and carriers may have plenty, no breaker opens.
pub fn unlimited(seed: u64, wish: ServiceWish) -> WorldOptions {
    let ServiceWish { fresh_for_s, deadline_ms } = wish;
    let service = format!(
        "fresh_for_s = {fresh_for_s}\nabsent_for_s = {fresh_for_s}\nshare = \"dossier\"\ndeadline_ms = {deadline_ms}\n\
         client_rate_per_min = {PLENTY}\nclient_burst = {PLENTY}\n"
    );
    let party = format!(
        "rate_per_s = {PLENTY}\nburst = {PLENTY}\nconcurrency = 2000\nqueue = 10000\nbreaker_failures = {PLENTY}\n\
         breaker_samples = {PLENTY}\n"
    );
    WorldOptions {
        seed,
        services: SERVICES
            .iter()
            .chain(&OF_THE_HOUSE)
            .map(|name| ((*name).to_string(), service.clone()))
            .collect(),
        agency_limits: AGENCIES.map(|name| (name.to_string(), party.clone())).into(),
        carrier_limits: BTreeMap::from([("lgsp".to_string(), party)]),
        ..WorldOptions::default()
    }
}

/// The code of one of ten thousand dossiers of the usual unit: what is asked for another dossier is another exchange.
pub fn nth_dossier(number: usize) -> String {
    format!("H56.14-250812-{:04}", number % 10_000)
}

/// SplitMix64: small, even, and the same everywhere from the same seed.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice of this seed.
    pub fn new(seed: u64) -> Self {
        Dice(seed)
    }

    /// A number below this one.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end.max(1) as u64) as usize
    }
}
