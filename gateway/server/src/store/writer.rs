//! The one thread that writes: whatever is queued goes into one transaction, and everybody hears of it after one fsync.
//!
//! Each job has a savepoint of its own, so that one that fails takes nobody along. Nobody is told before the commit has come
//! back, and if it fails, everybody hears that it did. After an error of the disk itself the store takes nothing any more
//! until the process is started again: a failed sync is reported once and then forgotten by the kernel (F3, "fsyncgate"). A
//! full disk is no such error: as soon as there is room again, it goes on (F4).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use engine::case::store::StoreFailed;
use futures_util::future::BoxFuture;
use rusqlite::{Connection, ErrorCode};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Failure, OpenError};

/// Jobs that may wait: at a slow disk's 100 fsyncs a second and full batches this is a sixth of a second of work.
const QUEUE_JOBS_MAX: usize = 4_096;
/// Jobs of one transaction; reference/dependencies.md 3: from 256 callers on a larger batch gains nothing.
const BATCH_JOBS_MAX: usize = 256;

/// How it is going.
#[derive(Debug, Default)]
pub struct State {
    broken: AtomicBool,
    batches: AtomicU64,
    jobs: AtomicU64,
}

impl State {
    /// The disk has failed: nothing is taken until the process is started again.
    pub fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }

    /// Transactions made durable since the start.
    pub fn batches(&self) -> u64 {
        self.batches.load(Ordering::Relaxed)
    }

    /// Jobs in them.
    pub fn jobs(&self) -> u64 {
        self.jobs.load(Ordering::Relaxed)
    }
}

/// The queue to the writing thread.
pub struct Writer {
    queue: Option<SyncSender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    state: Arc<State>,
}

impl Writer {
    /// Starts the thread; it waits so long for more to come before it commits (0: only what is queued already).
    pub fn start(connection: Connection, group_wait: Duration) -> Result<Writer, OpenError> {
        let (queue, jobs) = sync_channel(QUEUE_JOBS_MAX);
        let state = Arc::new(State::default());
        let thread = Thread { connection, jobs, group_wait, state: Arc::clone(&state) };
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || thread.run())
            .map_err(|source| OpenError::Disk { file: "store-writer".into(), source })?;
        Ok(Writer { queue: Some(queue), thread: Some(thread), state })
    }

    /// How it is going.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Has something done in the next transaction; resolves when that is durable.
    ///
    /// What fails is undone. Whoever stops waiting does not stop it.
    pub fn make<T, F>(&self, work: F) -> BoxFuture<'static, Result<T, StoreFailed>>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        let (waiter, made) = oneshot::channel();
        let job = Box::new(Made { work: Some(work), result: None, waiter });
        let queued = match &self.queue {
            Some(queue) if !self.state.is_broken() => queue.try_send(job).map_err(|_| {
                tracing::error!("the store's queue is full, or its writer is gone");
                StoreFailed
            }),
            _ => Err(StoreFailed),
        };
        Box::pin(async move {
            queued?;
            made.await.unwrap_or(Err(StoreFailed))
        })
    }
}

impl Drop for Writer {
    /// Lets the thread finish what is queued.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's writer panicked");
        }
    }
}

/// One thing to be done, and somebody who waits for it.
trait Job: Send {
    fn run(&mut self, connection: &Connection) -> Result<(), Failure>;
    fn tell(self: Box<Self>, is_durable: bool);
}

struct Made<T, F> {
    work: Option<F>,
    result: Option<T>,
    waiter: oneshot::Sender<Result<T, StoreFailed>>,
}

impl<T, F> Job for Made<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, Failure> + Send,
{
    fn run(&mut self, connection: &Connection) -> Result<(), Failure> {
        if let Some(work) = self.work.take() {
            self.result = Some(work(connection)?);
        }
        Ok(())
    }

    fn tell(self: Box<Self>, is_durable: bool) {
        let told = self.result.filter(|_| is_durable).ok_or(StoreFailed);
        // Whoever has left hears nothing; it is done all the same.
        let _ = self.waiter.send(told);
    }
}

struct Thread {
    connection: Connection,
    jobs: Receiver<Box<dyn Job>>,
    group_wait: Duration,
    state: Arc<State>,
}

impl Thread {
    fn run(self) {
        while let Ok(first) = self.jobs.recv() {
            let mut batch = self.gather(first);
            let is_durable = !self.state.is_broken() && self.commit(&mut batch);
            batch.into_iter().for_each(|job| job.tell(is_durable));
        }
    }

    fn gather(&self, first: Box<dyn Job>) -> Vec<Box<dyn Job>> {
        let mut batch = vec![first];
        let until = Instant::now() + self.group_wait;
        while batch.len() < BATCH_JOBS_MAX {
            let left = until.saturating_duration_since(Instant::now());
            let next = match self.jobs.try_recv() {
                Err(TryRecvError::Empty) if !left.is_zero() => self.jobs.recv_timeout(left).ok(),
                next => next.ok(),
            };
            match next {
                Some(job) => batch.push(job),
                None => break,
            }
        }
        batch
    }

    fn commit(&self, batch: &mut [Box<dyn Job>]) -> bool {
        match self.transact(batch) {
            Ok(()) => {
                self.state.batches.fetch_add(1, Ordering::Relaxed);
                let jobs = u64::try_from(batch.len()).unwrap_or(u64::MAX);
                self.state.jobs.fetch_add(jobs, Ordering::Relaxed);
                true
            }
            Err(failure) => {
                self.note(&failure);
                if !self.connection.is_autocommit() && self.connection.execute_batch("ROLLBACK").is_err() {
                    self.break_down();
                }
                false
            }
        }
    }

    fn transact(&self, batch: &mut [Box<dyn Job>]) -> Result<(), Failure> {
        self.say("BEGIN IMMEDIATE")?;
        for job in batch {
            self.say("SAVEPOINT job")?;
            let ran = catch_unwind(AssertUnwindSafe(|| job.run(&self.connection)));
            match ran.unwrap_or(Err(Failure::Panicked)) {
                Ok(()) => self.say("RELEASE job")?,
                // The disk's errors are everybody's; and SQLite may have given up the whole transaction.
                Err(failure) if failure.is_the_disks() || self.connection.is_autocommit() => {
                    return Err(failure);
                }
                Err(failure) => {
                    self.note(&failure);
                    self.say("ROLLBACK TO job")?;
                    self.say("RELEASE job")?;
                }
            }
        }
        self.say("COMMIT")
    }

    fn say(&self, sql: &str) -> Result<(), Failure> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    /// Logged once, here; never a value, SQLite's texts name tables and columns only.
    fn note(&self, failure: &Failure) {
        tracing::error!(%failure, "the store has not taken something");
        if failure.is_the_disks() {
            self.break_down();
        }
    }

    fn break_down(&self) {
        self.state.broken.store(true, Ordering::Release);
        tracing::error!("the store's disk has failed: nothing is taken until the process is started again");
    }
}

impl Failure {
    /// Whether the disk or the file itself has failed: nothing that it said before can be relied on.
    fn is_the_disks(&self) -> bool {
        let Failure::Sql(error) = self else { return false };
        matches!(
            error.sqlite_error_code(),
            Some(
                ErrorCode::SystemIoFailure
                    | ErrorCode::DatabaseCorrupt
                    | ErrorCode::NotADatabase
                    | ErrorCode::ReadOnly
                    | ErrorCode::CannotOpen
            )
        )
    }
}
