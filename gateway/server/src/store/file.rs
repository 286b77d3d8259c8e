//! The database's files: who may write, and how a connection is set up.
//!
//! Every byte goes through `pwrite` and `fdatasync` of SQLite's own file layer: nothing is mapped into memory but the index
//! of the write-ahead log, which no durability rests on. So a trace of those calls (`strace -f -e trace=pwrite64,fdatasync,
//! ftruncate,unlink`) is the whole truth about what a power loss could take away.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::OpenError;

/// The owner's alone, sealed or not.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
/// Another connection never holds a lock for long: the writer is one, readers block nobody. Beyond this something is wrong.
const BUSY_MAX: Duration = Duration::from_secs(5);
/// The log is written back after so many pages of 4 kB: 16 MB, some thousand commits, two fsyncs.
const CHECKPOINT_PAGES: i64 = 4_000;
/// What the log may keep on disk once it was written back.
const LOG_BYTES_KEPT: i64 = 64 * 1024 * 1024;
/// Statements kept prepared by a connection; there are some forty.
const STATEMENTS_KEPT: usize = 64;

/// How far a commit reaches before it is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Synchronous {
    /// To the disk. The only way a gateway runs.
    #[default]
    Full,
    /// To the disk at the next checkpoint only: acknowledged commits can be lost. `prove power` must see this one fail.
    Normal,
}

/// The right to write to a database, held by one process.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the right, making the folder if it is missing.
    pub fn take(database: &Path) -> Result<Lock, OpenError> {
        let failed = |source| OpenError::Disk { file: database.into(), source };
        let folder = database.parent().unwrap_or(Path::new("."));
        if !folder.as_os_str().is_empty() && !folder.exists() {
            DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder).map_err(failed)?;
        }
        let mut options = OpenOptions::new();
        let options = options.create(true).truncate(false).write(true).mode(FILE_MODE);
        let file = options.open(with_ending(database, ".lock")).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Held(database.into())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

/// A path with something behind its whole name: `cases.db` and `-wal`.
pub fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Opens the one connection that writes; the file is made if it is missing, readable by its owner alone.
pub fn writing(database: &Path, synchronous: Synchronous) -> Result<Connection, OpenError> {
    shut(database).map_err(|source| OpenError::Disk { file: database.into(), source })?;
    let connection = Connection::open_with_flags(
        database,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    set_up(&connection)?;
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(OpenError::NoLog(database.into()));
    }
    let level = match synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", level)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES_KEPT)?;
    // What a crashed process wrote and never synced may stand in the kernel's cache as if it were on disk. Writing the whole
    // log back, with fresh pages and fresh syncs, leaves nothing in it that a later power loss could break in the middle.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(connection)
}

/// Opens a connection that only reads; of a running gateway's database as well.
pub fn reading(database: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    set_up(&connection)?;
    Ok(connection)
}

fn set_up(connection: &Connection) -> Result<(), OpenError> {
    connection.busy_timeout(BUSY_MAX)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "mmap_size", 0)?;
    Ok(())
}

/// Makes the file if it is missing, and shuts it to everybody but its owner: its log and index take over its mode.
fn shut(database: &Path) -> io::Result<()> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(FILE_MODE).open(database)?;
    std::fs::set_permissions(database, Permissions::from_mode(FILE_MODE))
}

/// Makes a file and its name durable.
pub fn sync(file: &Path) -> io::Result<()> {
    File::open(file)?.sync_all()?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Makes a file private that was written by somebody else's umask.
pub fn make_private(file: &Path) -> io::Result<()> {
    std::fs::set_permissions(file, Permissions::from_mode(FILE_MODE))
}
