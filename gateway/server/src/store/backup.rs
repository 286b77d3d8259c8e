//! Backup while running, and putting a backup in the place of the database.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, params};

use super::file::{self, Lock, with_ending};
use super::{OpenError, sql};

/// Every page in one step: one moment of the database, and no commit of the gateway's makes it begin anew.
const ALL_PAGES: i32 = -1;
/// What the counters are raised by when a backup is put in place. A subscriber's cursor may stand beyond the backup's last
/// event; numbers given once are never given again. Far more than a node can have given since any backup, and 2^53 (the
/// largest number that every JSON reader keeps) is nine million restores away.
pub const RESTORED_STEP: i64 = 1_000_000_000;

/// Why a backup could not be made or put in place.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Nothing is overwritten.
    #[error("{0}: đã có / is there already; nothing was written")]
    There(PathBuf),
    /// A file cannot be used.
    #[error("{file}: {source}")]
    Disk {
        /// Which.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody holds the database for too long.
    #[error("{0}: the database is locked by another program")]
    Busy(PathBuf),
    /// The database itself.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// SQLite.
    #[error("{0}")]
    Sql(#[from] rusqlite::Error),
}

/// Copies a database to a new file, as it is at one moment; a gateway may be writing to it. Durable when this returns.
pub fn backup(database: &Path, target: &Path) -> Result<u64, BackupError> {
    if target.exists() {
        return Err(BackupError::There(target.into()));
    }
    let part = with_ending(target, ".part");
    let made = copy(database, &part).and_then(|()| publish(&part, target));
    if made.is_err() {
        // Half a backup is none. If it cannot be taken away either, the first error is the one to tell.
        let _ = fs::remove_file(&part);
    }
    made?;
    let told = |source| BackupError::Disk { file: target.into(), source };
    Ok(fs::metadata(target).map_err(told)?.len())
}

fn copy(database: &Path, part: &Path) -> Result<(), BackupError> {
    let disk = |source| BackupError::Disk { file: part.into(), source };
    if let Some(folder) = part.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(disk)?;
    }
    drop(private(part).map_err(disk)?);
    let source = file::reading(database)?;
    let mut target = Connection::open(part)?;
    match Backup::new(&source, &mut target)?.step(ALL_PAGES)? {
        StepResult::Done => {}
        _ => return Err(BackupError::Busy(database.into())),
    }
    // One file, whole in itself: whoever copies it away needs nothing beside it.
    target.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
    target.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// Puts a backup, which has been verified, in the place of the database. What was there is moved aside and named.
pub fn restore(
    backup: &Path,
    database: &Path,
    replaces: bool,
    now_ms: i64,
) -> Result<Option<PathBuf>, BackupError> {
    let _lock = Lock::take(database)?;
    if database.exists() && !replaces {
        return Err(BackupError::There(database.into()));
    }
    let disk = |source| BackupError::Disk { file: database.into(), source };
    let part = with_ending(database, ".part");
    let mut from = File::open(backup).map_err(|source| BackupError::Disk { file: backup.into(), source })?;
    let mut into = private(&part).map_err(disk)?;
    io::copy(&mut from, &mut into).map_err(disk)?;
    drop(into);
    step_on(&part)?;
    let aside = database.exists().then(|| with_ending(database, &format!(".before-{now_ms}")));
    if let Some(aside) = &aside {
        move_aside(database, aside).map_err(disk)?;
    }
    publish(&part, database)?;
    Ok(aside)
}

fn step_on(part: &Path) -> Result<(), BackupError> {
    let connection = Connection::open(part)?;
    for counter in ["event", "fence"] {
        connection.query_row(sql::RAISE, params![RESTORED_STEP, counter], |_| Ok(()))?;
    }
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// The log belongs to its database and goes with it; the index is made anew whenever it is missing.
fn move_aside(database: &Path, aside: &Path) -> io::Result<()> {
    let log = with_ending(database, "-wal");
    if log.exists() {
        fs::rename(&log, with_ending(aside, "-wal"))?;
    }
    let index = with_ending(database, "-shm");
    if index.exists() {
        fs::remove_file(index)?;
    }
    fs::rename(database, aside)
}

fn publish(part: &Path, target: &Path) -> Result<(), BackupError> {
    let disk = |source| BackupError::Disk { file: target.into(), source };
    file::sync(part).map_err(disk)?;
    fs::rename(part, target).map_err(disk)?;
    file::sync(target).map_err(disk)
}

/// A new file that only its owner can read; one that was left by a failed attempt is begun anew.
fn private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path)?;
    file::make_private(path)?;
    Ok(file)
}
