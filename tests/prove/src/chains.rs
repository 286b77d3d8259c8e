//! `prove chains` (C1): simulated death cases under a simulated clock, store and network, with kills, silence and disorder.
//!
//! The machine, the driver and the chain's file are the product's own; clock, store, agencies, citizens and the operator are
//! simulated, from one seed. A seed that fails is told with the command that lives it again.

mod agencies;
mod judge;
mod store;
mod time;
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use adapter_api::diagnostic::Source;
use anyhow::{Result, anyhow};
use engine::calendar::{Calendar, CalendarSettings};
use engine::chain::{self, Chain};

use crate::Wishes;
use crate::score::{Counts, Score, bar};

use judge::{Verdict, judge};
use world::World;

/// Cases of one seed.
pub const CASES: usize = 10;
const SEEDS_QUICK: u64 = 2_000;
const SEEDS_FULL: u64 = 100_000;
/// Seeds for each way of breaking what the proof rests on: it must turn red within them.
const SEEDS_SABOTAGED: u64 = 50;

const DEATH: &str = include_str!("../../../config/chains/death.toml");
const CALENDAR: &str = include_str!("../../../config/calendar.toml");

/// A way to break what the proof rests on, so that it is seen to be red.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// The intent to send is acknowledged and not kept.
    Intent,
    /// A "not there" is believed at once, whatever the agency's processing time.
    Settle,
}

/// Runs the proof.
pub fn prove(wishes: &Wishes, score: &mut Score) -> Result<()> {
    println!("\n== chains (C1)");
    let laws = Laws::read()?;
    if wishes.lives == Some(1) {
        live_alone(&laws, wishes.seed, score);
        return Ok(());
    }
    let usual = if wishes.full { SEEDS_FULL } else { SEEDS_QUICK };
    let seeds = wishes.lives.unwrap_or(usual);
    let verdicts = run(&laws, wishes.seed, seeds, None);
    let mut counts = Counts::default();
    for (seed, verdict) in &verdicts {
        counts.add(&verdict.counts);
        score.check(verdict.wrong.is_empty(), || {
            let first = verdict.wrong.first().map_or("", String::as_str);
            format!("{first}\n    again with: prove chains --seed {seed} --lives 1")
        });
    }
    counts.print(&format!("{} lives of {CASES} death cases", verdicts.len()));
    for sabotage in [Sabotage::Intent, Sabotage::Settle] {
        let verdicts = run(&laws, wishes.seed, SEEDS_SABOTAGED, Some(sabotage));
        let red = verdicts.iter().filter(|(_, verdict)| verdict.doubled > 0).count();
        println!(
            "  with {sabotage:?} taken out: something took effect twice in {red} of {SEEDS_SABOTAGED} lives"
        );
        score.check(red > 0, || format!("nothing is doubled without {sabotage:?}: the proof proves nothing"));
    }
    Ok(())
}

/// One seed by itself, with everything that is wrong.
fn live_alone(laws: &Laws, seed: u64, score: &mut Score) {
    let verdict = live(laws, seed, None);
    verdict.counts.print(&format!("seed {seed}: {CASES} death cases"));
    score.check(verdict.wrong.is_empty(), || verdict.wrong.join("\n    "));
}

/// What the product itself goes by: the chain and the calendar as they stand in `config`.
pub struct Laws {
    pub chain: Arc<Chain>,
    pub calendar: Arc<Calendar>,
}

impl Laws {
    fn read() -> Result<Laws> {
        let file = Source { name: "config/chains/death.toml".into(), text: DEATH.into() };
        let chain = chain::read(&file).map_err(|wrong| told(&wrong))?;
        let settings: CalendarSettings = toml::from_str(CALENDAR)?;
        let calendar = Calendar::new(&settings).map_err(|wrong| told(&wrong))?;
        Ok(Laws { chain: Arc::new(chain), calendar: Arc::new(calendar) })
    }
}

fn told(wrong: &[impl ToString]) -> anyhow::Error {
    anyhow!("{}", wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

fn live(laws: &Laws, seed: u64, sabotage: Option<Sabotage>) -> Verdict {
    let mut world = World::of(seed, laws, sabotage);
    world.live();
    judge(&world)
}

/// Lives so many seeds, on every core.
fn run(laws: &Laws, first: u64, seeds: u64, sabotage: Option<Sabotage>) -> Vec<(u64, Verdict)> {
    let next = AtomicU64::new(0);
    let bar = bar(usize::try_from(seeds).unwrap_or(0), "lives");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut all: Vec<(u64, Verdict)> = std::thread::scope(|scope| {
        let one = || {
            let mut own = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= seeds {
                    return own;
                }
                let seed = first.wrapping_add(at);
                own.push((seed, live(laws, seed, sabotage)));
                bar.inc(1);
            }
        };
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(one)).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect()
    });
    bar.finish_and_clear();
    all.sort_by_key(|(seed, _)| *seed);
    all
}
