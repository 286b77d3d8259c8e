//! A flood: far more than was agreed, from one client, in single requests and in a batch.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use sandbox::{Caller, Told};
use serde_json::{Value, json};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval};

use crate::ground::nth_dossier;

/// Queries of the batch: more than it can be told of in the time.
const IN_BATCH: usize = 1_000;

/// A flood under way.
pub struct Flood {
    stop: Arc<AtomicBool>,
    flooding: JoinHandle<Result<Offered>>,
    batch: JoinHandle<Result<()>>,
}

/// What was asked, and what became of it.
#[derive(Debug, Default)]
pub struct Offered {
    found: usize,
    overloaded: usize,
    other: usize,
    cut: usize,
}

impl Flood {
    /// Lets it loose: these queries over and over, one `every` so often, each time for another dossier.
    pub fn begin(caller: &Caller, service: &'static str, queries: Vec<Value>, every: Duration) -> Flood {
        let stop = Arc::new(AtomicBool::new(false));
        let flooding =
            tokio::spawn(flood(caller.clone(), service, queries.clone(), Arc::clone(&stop), every));
        let batch = tokio::spawn(batch(caller.clone(), service, queries));
        Flood { stop, flooding, batch }
    }

    /// Ends it.
    pub async fn end(self) -> Result<Offered> {
        self.stop.store(true, Ordering::Relaxed);
        let offered = self.flooding.await??;
        if self.batch.is_finished() {
            self.batch.await??;
        } else {
            self.batch.abort();
        }
        Ok(offered)
    }
}

/// Asks at its pace, whatever becomes of what was asked before.
async fn flood(
    caller: Caller,
    service: &'static str,
    queries: Vec<Value>,
    stop: Arc<AtomicBool>,
    every: Duration,
) -> Result<Offered> {
    let mut under_way = JoinSet::new();
    let mut offered = Offered::default();
    let mut pace = interval(every);
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for (number, query) in queries.iter().cycle().enumerate() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        pace.tick().await;
        let (caller, query) = (caller.clone(), query.clone());
        let purpose = json!({ "procedure": "1.000656", "dossier": nth_dossier(number),
            "unit": "H56.14", "officer": "cb01" });
        under_way.spawn(async move { caller.ask_for(service, purpose, query).await });
        while let Some(told) = under_way.try_join_next() {
            offered.count(&told?);
        }
    }
    while let Some(told) = under_way.join_next().await {
        offered.count(&told?);
    }
    Ok(offered)
}

/// The same people in the slow lane, with an officer of its own so that nothing is shared.
async fn batch(caller: Caller, service: &'static str, queries: Vec<Value>) -> Result<()> {
    let purpose = json!({
        "procedure": "1.000656", "dossier": "H56.14-250813-0001", "unit": "H56.14", "officer": "cb02",
    });
    let queries: Vec<&Value> = queries.iter().cycle().take(IN_BATCH).collect();
    let body = json!({ "purpose": purpose, "service": service, "queries": queries });
    let mut response = caller.batch_under_way(&body).await?.error_for_status()?;
    while response.chunk().await?.is_some() {}
    Ok(())
}

impl Offered {
    /// All that was asked.
    pub fn total(&self) -> usize {
        self.found + self.overloaded + self.other + self.cut
    }

    fn count(&mut self, told: &Result<Told>) {
        match told.as_ref().map(Told::word) {
            Ok("found") => self.found += 1,
            Ok("overloaded") => self.overloaded += 1,
            Ok(_) => self.other += 1,
            // A connection of the flood's own that a busy machine cut: its loss, and told.
            Err(_) => self.cut += 1,
        }
    }
}

impl fmt::Display for Offered {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Offered { found, overloaded, other, cut } = self;
        write!(
            out,
            "{} single requests: {found} found, {overloaded} overloaded, {other} other, {cut} cut off",
            self.total()
        )
    }
}
