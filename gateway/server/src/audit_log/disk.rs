//! What the audit log needs of a disk, and the folder that is one.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::{AuditLogError, segment_name, segment_numbers};

/// Who looked at whom is the owner's alone to read, even hashed (T19).
const FOLDER_MODE: u32 = 0o700;
const SEGMENT_MODE: u32 = 0o600;

/// A place for segments. Behind a trait so that a test can give one that breaks on command.
pub trait Disk: Send {
    /// The segments that are there, in order.
    fn segments(&self) -> io::Result<Vec<u64>>;

    /// A segment's bytes.
    fn read(&self, number: u64) -> io::Result<Vec<u8>>;

    /// Creates a segment; its name is durable when this returns.
    fn create(&mut self, number: u64) -> io::Result<Box<dyn Segment>>;

    /// Opens a segment that is there, for appending.
    fn reopen(&mut self, number: u64) -> io::Result<Box<dyn Segment>>;

    /// Shortens a segment durably.
    fn cut(&mut self, number: u64, bytes: u64) -> io::Result<()>;
}

/// One open segment.
pub trait Segment: Send {
    /// Appends bytes.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes what was appended durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// A folder, held by one process.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// The lock lives as long as this handle.
    _lock: File,
}

impl Folder {
    /// Takes the folder for this process, creating it if it is missing.
    pub fn lock(path: &Path) -> Result<Self, AuditLogError> {
        let failed = |source| AuditLogError::Disk { folder: path.into(), source };
        DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(path).map_err(failed)?;
        // One that was there before, or was made by hand, is shut as well.
        std::fs::set_permissions(path, Permissions::from_mode(FOLDER_MODE)).map_err(failed)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(SEGMENT_MODE)
            .open(path.join("lock"))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Folder { path: path.into(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(AuditLogError::Held(path.into())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    fn file(&self, number: u64) -> PathBuf {
        self.path.join(segment_name(number))
    }
}

impl Disk for Folder {
    fn segments(&self) -> io::Result<Vec<u64>> {
        segment_numbers(&self.path)
    }

    fn read(&self, number: u64) -> io::Result<Vec<u8>> {
        std::fs::read(self.file(number))
    }

    fn create(&mut self, number: u64) -> io::Result<Box<dyn Segment>> {
        let file =
            OpenOptions::new().create_new(true).append(true).mode(SEGMENT_MODE).open(self.file(number))?;
        file.sync_all()?;
        // Without this the file may be durable and its name not.
        File::open(&self.path)?.sync_all()?;
        Ok(Box::new(file))
    }

    fn reopen(&mut self, number: u64) -> io::Result<Box<dyn Segment>> {
        let file = OpenOptions::new().append(true).open(self.file(number))?;
        file.set_permissions(Permissions::from_mode(SEGMENT_MODE))?;
        Ok(Box::new(file))
    }

    fn cut(&mut self, number: u64, bytes: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(self.file(number))?;
        file.set_len(bytes)?;
        file.sync_all()
    }
}

impl Segment for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}
