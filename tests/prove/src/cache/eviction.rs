//! Eviction while a load is under way: what was asked before it is never found after it. The real cache, in this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use adapter_api::Fault;
use anyhow::{Result, anyhow};
use engine::cache::{Cache, Identity, Lifetimes, Load, Loaded, Scope, Wanted};
use engine::client::Lane;
use engine::resilience::Standing;
use engine::settings::ServiceSettings;
use serde_json::json;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use crate::Wishes;
use crate::ground::Dice;
use crate::score::{Counts, Score, bar};

const ROUNDS_QUICK: usize = 2_000;
const ROUNDS_FULL: usize = 50_000;
/// Callers besides the first who wait for the same load, below this.
const LOADS_MAX: usize = 4;
/// Bytes; never full here.
const WEIGHT_MAX: u64 = 64 << 20;

/// The agency's record: what a load begun now will bring home.
#[derive(Clone, Default)]
struct Truth(Arc<AtomicBool>);

/// When the eviction comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// Never: the control. Without it the proof would pass with no cache at all.
    Never,
    /// While the load is held.
    DuringTheLoad,
    /// As the load lands: whoever comes first.
    AsItLands,
}

/// One round: loads begin, the agency's record changes, the person is evicted, the loads land, and somebody asks again.
pub async fn prove(wishes: &Wishes, score: &mut Score) -> Result<()> {
    let rounds = if wishes.full { ROUNDS_FULL } else { ROUNDS_QUICK };
    let cache = Cache::new(WEIGHT_MAX, &[7; 32], 1);
    let mut dice = Dice::new(wishes.seed);
    let mut counts = Counts::default();
    let bar = bar(rounds, "evictions during a load");
    for round in 0..rounds {
        bar.inc(1);
        let moment = match dice.below(5) {
            0 => Moment::Never,
            1 | 2 => Moment::DuringTheLoad,
            _ => Moment::AsItLands,
        };
        let found = play(&cache, format!("{round:012}"), moment, dice.below(LOADS_MAX)).await?;
        let expected = if moment == Moment::Never { "old" } else { "new" };
        let held = found.iter().all(|answer| *answer == expected);
        counts.one(match (moment, held) {
            (Moment::Never, true) => "control, not evicted: the answer is kept".to_string(),
            (Moment::Never, false) => "CONTROL FAILED: the answer is not kept".to_string(),
            (moment, true) => format!("evicted {moment:?}: nobody who asks afterwards meets the old answer"),
            (moment, false) => format!("EVICTION UNDONE ({moment:?})"),
        });
        score.check(held, || format!("round {round}, {moment:?}: {found:?}"));
    }
    bar.finish_and_clear();
    counts.print(&format!("{rounds} rounds of eviction during a load, the engine's own cache"));
    Ok(())
}

/// What those are told who ask after the eviction: one while the load is still held, one after it has landed.
async fn play(cache: &Cache, subject: String, moment: Moment, more: usize) -> Result<Vec<&'static str>> {
    let truth = Truth::default();
    let started = Arc::new(Notify::new());
    let (release, released) = oneshot::channel::<()>();
    let held = truth.load(Arc::clone(&started), Some(released));
    let mut waiting = vec![tokio::spawn(ask(cache.clone(), subject.clone(), held))];
    started.notified().await;
    for _ in 0..more {
        let joined = truth.load(Arc::default(), None);
        waiting.push(tokio::spawn(ask(cache.clone(), subject.clone(), joined)));
    }
    let mut found = Vec::new();
    let evict = || {
        truth.0.store(true, Ordering::SeqCst);
        cache.evict(&subject);
    };
    if moment == Moment::DuringTheLoad {
        evict();
        found.push(told(cache, &subject, &truth).await?);
    }
    release.send(()).map_err(|()| anyhow!("the load is gone"))?;
    if moment == Moment::AsItLands {
        // Sometimes the load's task is given a turn first, sometimes not.
        if more.is_multiple_of(2) {
            tokio::task::yield_now().await;
        }
        evict();
        found.push(told(cache, &subject, &truth).await?);
    }
    for task in waiting {
        task.await?.map_err(|fault| anyhow!("a load ended in {fault}"))?;
    }
    found.push(told(cache, &subject, &truth).await?);
    Ok(found)
}

async fn told(cache: &Cache, subject: &str, truth: &Truth) -> Result<&'static str> {
    let load = truth.load(Arc::default(), None);
    ask(cache.clone(), subject.to_string(), load).await.map_err(|fault| anyhow!("asked again: {fault}"))
}

impl Truth {
    /// A load that reads the record as it begins, and may be held before it lands.
    fn load(&self, started: Arc<Notify>, released: Option<oneshot::Receiver<()>>) -> Load {
        let truth = self.clone();
        Box::new(move |_progress| {
            Box::pin(async move {
                let value = if truth.0.load(Ordering::SeqCst) { "new" } else { "old" };
                started.notify_one();
                if let Some(released) = released {
                    // Told or dropped: either way it is time.
                    let _ = released.await;
                }
                let retrieved_at = "2025-08-12T09:00:00.000+07:00".to_string();
                Ok(Loaded {
                    value: Some(Arc::new(json!(value))),
                    retrieved_at,
                    reference: "r".to_string(),
                    people: Vec::new(),
                })
            })
        })
    }
}

async fn ask(cache: Cache, subject: String, load: Load) -> Result<&'static str, Fault> {
    let settings = ServiceSettings { fresh_for_s: 3_600, stale_for_s: 3_600, ..ServiceSettings::default() };
    let identity = Identity {
        agency: "residence".into(),
        service: "residence.person.v1".into(),
        query: subject.clone(),
        scope: Scope::All,
        subjects: vec![subject],
    };
    let deadline = Instant::now() + Duration::from_secs(30);
    let standing = Standing { client: "desk".into(), lane: Lane::Counter };
    let lifetimes = Lifetimes::of(&settings, false);
    let wanted = Wanted { identity, lifetimes, again: false, deadline, standing };
    let served = cache.answer(wanted, load).await?;
    let is_new = served.loaded().value.as_ref().is_some_and(|value| **value == json!("new"));
    Ok(if is_new { "new" } else { "old" })
}
