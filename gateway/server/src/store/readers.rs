//! The threads that read, each with a connection of its own: they block nobody and nobody blocks them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use engine::case::store::StoreFailed;
use futures_util::future::BoxFuture;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{Failure, OpenError, file};

/// Questions that may wait; a point read takes some 10 µs, so this is a hundredth of a second.
const QUEUE_MAX: usize = 1_024;

type Question = Box<dyn FnOnce(&Connection) + Send>;

/// The queue to the reading threads.
pub struct Readers {
    queue: Option<SyncSender<Question>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    /// Starts so many threads.
    pub fn start(database: &Path, count: usize) -> Result<Readers, OpenError> {
        let (queue, questions) = sync_channel(QUEUE_MAX);
        let questions = Arc::new(Mutex::new(questions));
        let mut threads = Vec::new();
        for number in 0..count.max(1) {
            let connection = file::reading(database)?;
            let questions = Arc::clone(&questions);
            let thread = std::thread::Builder::new()
                .name(format!("store-reader-{number}"))
                .spawn(move || read(&connection, &questions))
                .map_err(|source| OpenError::Disk { file: database.into(), source })?;
            threads.push(thread);
        }
        Ok(Readers { queue: Some(queue), threads })
    }

    /// Reads something; what is read is one moment of the database.
    pub fn ask<T, F>(&self, question: F) -> BoxFuture<'static, Result<T, StoreFailed>>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        let (waiter, answered) = oneshot::channel();
        let question: Question = Box::new(move |connection| {
            let _ = waiter.send(at_one_moment(connection, question));
        });
        let queued = match &self.queue {
            Some(queue) => queue.try_send(question).map_err(|_| StoreFailed),
            None => Err(StoreFailed),
        };
        Box::pin(async move {
            queued?;
            answered.await.unwrap_or(Err(StoreFailed))
        })
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a reader of the store panicked");
            }
        }
    }
}

fn read(connection: &Connection, questions: &Mutex<Receiver<Question>>) {
    loop {
        // The lock is held while waiting, by one of them; the others wait for the lock.
        let next = questions.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            // Whoever asked hears that it failed; the thread goes on (F23).
            Ok(question) => drop(catch_unwind(AssertUnwindSafe(|| question(connection)))),
            Err(_) => return,
        }
    }
}

/// Several statements see the same state: a case with the legs of the same version.
fn at_one_moment<T>(
    connection: &Connection,
    question: impl FnOnce(&Connection) -> Result<T, Failure>,
) -> Result<T, StoreFailed> {
    let asked = || -> Result<T, Failure> {
        let transaction = connection.unchecked_transaction()?;
        question(&transaction)
    };
    asked().map_err(|failure| {
        tracing::error!(%failure, "the store cannot be read");
        StoreFailed
    })
}
