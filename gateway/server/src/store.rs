//! The embedded store of cases: one SQLite file, one thread that writes, several that read, personal columns sealed.
//!
//! ```text
//! admit, claim, commit → writer → one transaction → one fsync → everybody hears
//! load, list, events   → readers, each at one moment of the database
//! ```
//!
//! Acknowledged means on disk: WAL with `synchronous=FULL`. The place of an event in the feed is given inside the
//! transaction that makes it visible, so a cursor never skips one. Leases compare the clock given here, and nobody else's.

pub mod backup;
pub mod file;
mod history;
pub mod laws;
pub mod migrations;
mod readers;
mod reading;
pub mod record;
mod references;
pub mod register;
pub mod sealing;
mod sql;
mod transact;
pub mod verify;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use engine::case::Case;
use engine::case::store::{
    Admission, Admitted, Claim, Commit, IdempotencyKey, Lease, Node, NotCommitted, Store, StoreFailed,
};
use engine::ports::Clock;
use futures_util::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension, params};

use file::{Lock, Synchronous};
use readers::Readers;
use register::{Page, Recorded, Register, Summary, Which, Whose};
use sealing::MasterKey;
use writer::Writer;

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The database's file; its log, index and lock stand beside it.
    pub file: PathBuf,
    /// How long the writer waits for more to come before it commits; zero: only for what is queued already.
    pub group_wait: Duration,
    /// Threads that read.
    pub readers: usize,
    /// How far a commit reaches.
    pub synchronous: Synchronous,
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// SQLite has one writer.
    #[error(
        "{0}: một tiến trình khác đang ghi / another process writes to it. SQLite serves one process; to run several \
         nodes, use PostgreSQL"
    )]
    Held(PathBuf),
    /// The files cannot be used.
    #[error("{file}: {source}")]
    Disk {
        /// Which.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file system cannot hold a write-ahead log (a network share).
    #[error("{0}: no write-ahead log is possible here; the database must lie on a local disk")]
    NoLog(PathBuf),
    /// A newer program wrote it.
    #[error(
        "the database's schema has version {found}, this program knows {known}: run the newer program, or restore a \
         backup made before it"
    )]
    Newer {
        /// The version found.
        found: i64,
        /// How many versions are known.
        known: usize,
    },
    /// An applied step is not the one this program knows.
    #[error("the database's schema was made by another step {version} than this program's")]
    Altered {
        /// Which.
        version: i64,
    },
    /// Steps are missing.
    #[error(
        "the database's schema is {0} step(s) behind: run `lienthong backup`, then `lienthong migrate apply`"
    )]
    Behind(usize),
    /// The master key is another one.
    #[error("the master key is not the one this database was sealed with (its key is {0})")]
    OtherKey(String),
    /// A key cannot be used.
    #[error("the master key cannot be used")]
    Key(#[from] sealing::Sealed),
    /// Anything else.
    #[error("the database cannot be used: {0}")]
    Sql(#[from] rusqlite::Error),
}

/// Why something inside a transaction failed. Its text holds no value.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// SQLite.
    #[error("{}", said(.0))]
    Sql(#[from] rusqlite::Error),
    /// Something sealed does not open.
    #[error(transparent)]
    Sealed(#[from] sealing::Sealed),
    /// A row makes no sense.
    #[error(transparent)]
    Unreadable(#[from] record::Unreadable),
    /// What is to be written does not belong there.
    #[error("{0}")]
    Misfit(&'static str),
    /// Our own panic.
    #[error("panic")]
    Panicked,
}

/// An error of SQLite's in its own words; they name tables and columns. Those that quote a value are told by their code.
fn said(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(code, words) => {
            format!("{} ({})", words.as_deref().unwrap_or("SQLite"), code.extended_code)
        }
        rusqlite::Error::QueryReturnedNoRows => "a row is missing".to_owned(),
        _ => "a value is not of its column's type".to_owned(),
    }
}

/// The embedded store.
pub struct Sqlite {
    // Dropped in this order: the readers, the writer when it has written what is queued, then the right to write.
    readers: Readers,
    writer: Writer,
    master: Arc<MasterKey>,
    clock: Arc<dyn Clock>,
    _lock: Lock,
}

impl Sqlite {
    /// Opens the store; a new file gets its schema at once, an older one waits for `lienthong migrate apply`.
    pub fn open(opening: &Opening, master: MasterKey, clock: Arc<dyn Clock>) -> Result<Sqlite, OpenError> {
        let lock = Lock::take(&opening.file)?;
        let mut connection = file::writing(&opening.file, opening.synchronous)?;
        if migrations::is_fresh(&connection)? {
            migrations::apply(&mut connection, clock.unix_ms())?;
        }
        let steps = migrations::status(&connection)?;
        match steps.iter().filter(|step| step.applied_ms.is_none()).count() {
            0 => {}
            missing => return Err(OpenError::Behind(missing)),
        }
        own(&connection, &master)?;
        let readers = Readers::start(&opening.file, opening.readers)?;
        let writer = Writer::start(connection, opening.group_wait)?;
        Ok(Sqlite { readers, writer, master: Arc::new(master), clock, _lock: lock })
    }

    /// Whether the disk still takes what is written.
    pub fn is_healthy(&self) -> bool {
        !self.writer.state().is_broken()
    }

    /// Transactions and jobs made durable since the start: how well they are grouped.
    pub fn committed(&self) -> (u64, u64) {
        (self.writer.state().batches(), self.writer.state().jobs())
    }

    fn now(&self) -> i64 {
        self.clock.unix_ms()
    }

    fn make<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, &MasterKey) -> Result<T, Failure> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, StoreFailed>> {
        let master = Arc::clone(&self.master);
        self.writer.make(move |connection| work(connection, &master))
    }

    fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection, &MasterKey) -> Result<T, Failure> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, StoreFailed>> {
        let master = Arc::clone(&self.master);
        self.readers.ask(move |connection| question(connection, &master))
    }
}

/// Where a database's schema stands; a gateway may be running on it.
pub fn standing(file: &Path) -> Result<Vec<migrations::Step>, OpenError> {
    migrations::status(&file::reading(file)?)
}

/// Applies what is missing to a database that nobody is running on; makes it if there is none.
pub fn upgrade(file: &Path, now_ms: i64) -> Result<Vec<migrations::Migration>, OpenError> {
    let _lock = Lock::take(file)?;
    migrations::apply(&mut file::writing(file, Synchronous::Full)?, now_ms)
}

/// Whether the database is sealed with this key; a new one is from now on.
fn own(connection: &Connection, master: &MasterKey) -> Result<(), OpenError> {
    let probe: Option<Vec<u8>> =
        connection.query_row(sql::MASTER_KEY, [master.id()], |row| row.get(0)).optional()?;
    let other = |id| OpenError::OtherKey(id);
    match probe {
        Some(probe) if master.made(&probe) => Ok(()),
        Some(_) => Err(other(master.id().to_owned())),
        None => {
            let known: Option<String> =
                connection.query_row(sql::MASTER_KEYS, [], |row| row.get(0)).optional()?;
            if let Some(known) = known {
                return Err(other(known));
            }
            connection.execute(sql::ADD_MASTER_KEY, params![master.id(), master.probe()?])?;
            Ok(())
        }
    }
}

impl Store for Sqlite {
    fn admit(&self, admission: Admission) -> BoxFuture<'_, Result<Admitted, StoreFailed>> {
        match transact::prepare(&self.master, admission) {
            Ok(new) => self.make(move |connection, master| transact::admit(connection, master, &new)),
            Err(failure) => {
                tracing::error!(%failure, "a case cannot be sealed");
                Box::pin(std::future::ready(Err(StoreFailed)))
            }
        }
    }

    fn claim<'a>(
        &'a self,
        node: &'a Node,
        lease_ms: i64,
    ) -> BoxFuture<'a, Result<Option<Claim>, StoreFailed>> {
        let (node, clock) = (node.clone(), Arc::clone(&self.clock));
        self.make(move |connection, master| {
            // Read when it is written: a claim that stood in the queue has not lost any of its lease there.
            transact::claim(connection, master, &node, clock.unix_ms(), lease_ms)
        })
    }

    fn load<'a>(&'a self, case: &'a str) -> BoxFuture<'a, Result<Option<Case>, StoreFailed>> {
        let case = case.to_owned();
        self.ask(move |connection, master| {
            Ok(transact::load(connection, master, &case)?.map(|stored| stored.case))
        })
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<(), StoreFailed>> {
        let lease = lease.clone();
        self.make(move |connection, _| transact::release(connection, &lease))
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<(), NotCommitted>> {
        let now = self.now();
        let made = self.make(move |connection, master| transact::commit(connection, master, &commit, now));
        Box::pin(async move { made.await? })
    }
}

impl Register for Sqlite {
    fn enlist<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Node, StoreFailed>> {
        let name = name.to_owned();
        self.make(move |connection, _| {
            let boot: i64 = connection.prepare_cached(sql::ENLIST)?.query_row([&name], |row| row.get(0))?;
            Ok(Node { name, boot: boot.unsigned_abs() })
        })
    }

    fn recall<'a>(&'a self, key: &'a IdempotencyKey) -> BoxFuture<'a, Result<Option<Admitted>, StoreFailed>> {
        let request = transact::request_hashes(&self.master, key);
        self.ask(move |connection, _| transact::recall(connection, &request))
    }

    fn case<'a>(
        &'a self,
        whose: &'a Whose,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<(Summary, Case)>, StoreFailed>> {
        let (whose, id) = (whose.clone(), id.to_owned());
        self.ask(move |connection, master| reading::case(connection, master, &whose, &id))
    }

    fn list<'a>(
        &'a self,
        whose: &'a Whose,
        which: &'a Which,
        page: &'a Page,
    ) -> BoxFuture<'a, Result<Vec<Summary>, StoreFailed>> {
        let (whose, which, page) = (whose.clone(), which.clone(), page.clone());
        self.ask(move |connection, master| reading::list(connection, master, &whose, &which, &page))
    }

    fn history<'a>(
        &'a self,
        whose: &'a Whose,
        case: &'a str,
        after: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Recorded>, StoreFailed>> {
        let (whose, case) = (whose.clone(), case.to_owned());
        self.ask(move |connection, master| {
            reading::history(connection, master, &whose, &case, (after, limit))
        })
    }

    fn events<'a>(
        &'a self,
        whose: &'a Whose,
        after: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Recorded>, StoreFailed>> {
        let whose = whose.clone();
        self.ask(move |connection, master| reading::events(connection, master, &whose, (after, limit)))
    }

    fn refer<'a>(
        &'a self,
        case: &'a str,
        leg: &'a str,
        kind: &'a str,
        value: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreFailed>> {
        let (case, leg) = (case.to_owned(), leg.to_owned());
        let (kind, value) = (kind.to_owned(), value.to_owned());
        self.make(move |connection, master| {
            references::refer(connection, master, &case, &leg, (&kind, &value))
        })
    }

    fn set_due<'a>(&'a self, case: &'a str, due_ms: Option<i64>) -> BoxFuture<'a, Result<(), StoreFailed>> {
        let case = case.to_owned();
        self.make(move |connection, _| {
            match connection.prepare_cached(sql::SET_DUE)?.execute(params![due_ms, case])? {
                0 => Err(Failure::Misfit("there is no such case")),
                _ => Ok(()),
            }
        })
    }

    fn next_due(&self) -> BoxFuture<'_, Result<Option<i64>, StoreFailed>> {
        self.ask(|connection, _| reading::next_due(connection))
    }
}

#[cfg(test)]
mod tests;
