//! The audit log: append-only segment files that make a record durable before any personal data leaves.
//!
//! One thread writes. It takes whatever is queued, writes it with one `write`, makes it durable with one `fdatasync`, and then
//! wakes everybody who waits. A write that fails closes its segment for good: the handle is never asked to sync again, because
//! the kernel reports a lost page once and then forgets it (F3, "fsyncgate"). Until a fresh segment has been opened and synced,
//! every append is refused, and with it every read of personal data (F25).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use engine::audit::Record;
use engine::ports::{Audit, AuditUnavailable, Clock};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

pub mod disk;
pub mod line;
pub mod verify;
mod writer;

pub use disk::{Disk, Folder, Segment};
pub use verify::{Flaw, Verified, verify};

use line::Content;
use writer::Writer;

/// Records that may wait for the writer: at 20,000 fsyncs/s none ever waits; at a disk's worst 100/s with batches of
/// `writer::BATCH_RECORDS_MAX` this is less than a second of work. Beyond it, refusing is kinder than waiting.
pub const QUEUE_RECORDS_MAX: usize = 16_384;

/// `[audit]` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuditSettings {
    /// The folder of the segment files.
    pub folder: PathBuf,
    /// This node's name; it stands in every line as the origin.
    pub origin: String,
    /// A segment is closed when it has grown beyond this.
    pub segment_bytes_max: u64,
}

impl Default for AuditSettings {
    fn default() -> Self {
        // 64 MiB is about 100,000 records, read back by `verify` in well under a second.
        AuditSettings { folder: "audit".into(), origin: "node-1".into(), segment_bytes_max: 64 * 1024 * 1024 }
    }
}

/// Why an audit log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum AuditLogError {
    /// Two processes must never append to the same chain.
    #[error("another process holds the audit log in {0}")]
    Held(PathBuf),
    /// The folder cannot be used.
    #[error("the audit log in {folder} cannot be opened: {source}")]
    Disk {
        /// Which folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// What the writer tells the world.
#[derive(Debug, Default)]
struct State {
    healthy: AtomicBool,
    last_append_unix_ms: AtomicI64,
    notes_lost: AtomicU64,
}

/// One thing to be written, and who waits for it.
struct Job {
    content: Content,
    waiter: Option<oneshot::Sender<Result<(), AuditUnavailable>>>,
}

/// The audit log of this node.
pub struct AuditLog {
    queue: Option<SyncSender<Job>>,
    writer: Option<JoinHandle<()>>,
    state: Arc<State>,
    clock: Arc<dyn Clock>,
}

impl AuditLog {
    /// Opens the log of a folder, mends a torn tail, and starts its writer.
    pub fn open(settings: &AuditSettings, clock: Arc<dyn Clock>) -> Result<Self, AuditLogError> {
        let folder = Folder::lock(&settings.folder)?;
        Self::on(Box::new(folder), settings, clock)
    }

    /// Opens the log on a given disk; tests give one that breaks on command.
    pub fn on(
        disk: Box<dyn Disk>,
        settings: &AuditSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AuditLogError> {
        let failed = |source| AuditLogError::Disk { folder: settings.folder.clone(), source };
        let state = Arc::new(State::default());
        let writer = Writer::begin(disk, settings, Arc::clone(&clock), Arc::clone(&state)).map_err(failed)?;
        let (queue, jobs) = sync_channel(QUEUE_RECORDS_MAX);
        let thread = std::thread::Builder::new()
            .name("audit-log".into())
            .spawn(move || writer.run(&jobs))
            .map_err(failed)?;
        Ok(AuditLog { queue: Some(queue), writer: Some(thread), state, clock })
    }

    /// Whether the last write became durable.
    pub fn is_healthy(&self) -> bool {
        self.state.healthy.load(Ordering::Acquire)
    }

    /// When a batch last became durable, in milliseconds since 1970; 0 before the first.
    pub fn last_append_unix_ms(&self) -> i64 {
        self.state.last_append_unix_ms.load(Ordering::Acquire)
    }

    /// How many unawaited records found the queue full since the start.
    pub fn notes_lost(&self) -> u64 {
        self.state.notes_lost.load(Ordering::Relaxed)
    }

    /// Appends a line that only says that the log works; readiness asks for one when nobody reads.
    pub fn beat(&self) -> BoxFuture<'static, Result<(), AuditUnavailable>> {
        self.queue_and_wait(Content::Beat { at: self.clock.now() })
    }

    fn queue_and_wait(&self, content: Content) -> BoxFuture<'static, Result<(), AuditUnavailable>> {
        let (waiter, durable) = oneshot::channel();
        let queued = self.send(Job { content, waiter: Some(waiter) });
        Box::pin(async move {
            queued?;
            durable.await.unwrap_or(Err(AuditUnavailable))
        })
    }

    fn send(&self, job: Job) -> Result<(), AuditUnavailable> {
        let queue = self.queue.as_ref().ok_or(AuditUnavailable)?;
        queue.try_send(job).map_err(|error| {
            let why = match error {
                TrySendError::Full(_) => "queue full",
                TrySendError::Disconnected(_) => "writer gone",
            };
            tracing::error!(why, "audit log cannot take a record");
            AuditUnavailable
        })
    }
}

impl Audit for AuditLog {
    fn append(&self, record: Record) -> BoxFuture<'static, Result<(), AuditUnavailable>> {
        self.queue_and_wait(Content::Record(Box::new(record)))
    }

    fn note(&self, record: Record) {
        if self.send(Job { content: Content::Record(Box::new(record)), waiter: None }).is_err() {
            self.state.notes_lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for AuditLog {
    /// Lets the writer finish what is queued.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("audit log writer panicked");
        }
    }
}

/// The name of a segment's file.
pub(crate) fn segment_name(number: u64) -> String {
    format!("{number:012}.log")
}

/// The segments of a folder, in order.
pub(crate) fn segment_numbers(folder: &Path) -> std::io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number: Option<u64> =
            name.to_str().and_then(|name| name.strip_suffix(".log")).and_then(|stem| stem.parse().ok());
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

#[cfg(test)]
mod tests;
