//! How late this machine is itself: what it reads late it reads bunched, and that is nobody's breach of what was agreed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Result, anyhow};
use tokio::runtime;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often the watch looks at the clock.
const EVERY: Duration = Duration::from_millis(2);

/// A thread that does nothing but look at the clock, beside those of the simulators and as likely to be kept waiting.
#[derive(Debug)]
pub struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<Duration>>,
}

impl Watch {
    /// Begins.
    pub fn begin() -> Result<Watch> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let look = move || {
            let alone = runtime::Builder::new_current_thread().enable_time().build()?;
            Ok(alone.block_on(latest(&stopped)))
        };
        let thread = std::thread::Builder::new().name("watch".into()).spawn(look)?;
        Ok(Watch { stop, thread })
    }

    /// Ends, and says by how much it was late at most.
    pub fn end(self) -> Result<Duration> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| anyhow!("the watch panicked"))?
    }
}

async fn latest(stop: &AtomicBool) -> Duration {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut latest = Duration::ZERO;
    while !stop.load(Ordering::Relaxed) {
        let due = ticks.tick().await;
        latest = latest.max(Instant::now().saturating_duration_since(due));
    }
    latest
}
