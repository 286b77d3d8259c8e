//! Keys for keyed hashes: read from a file, made at the first start.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::rand;

use crate::config::ConfigError;
use crate::config::document::read_private;

/// Reads a key; `None`: the file is missing and will be made at the start.
pub fn read(file: &Path) -> Result<Option<[u8; 32]>, ConfigError> {
    if !file.exists() {
        return Ok(None);
    }
    let bytes = read_private(file)?;
    let head = bytes.first_chunk::<32>().copied();
    head.map(Some).ok_or_else(|| ConfigError::unfit(file, "a key file has at least 32 bytes"))
}

/// Reads a key, or makes it if the file is missing.
pub fn read_or_make(file: &Path) -> Result<[u8; 32], ConfigError> {
    if let Some(key) = read(file)? {
        return Ok(key);
    }
    make(file).map_err(|error| ConfigError::unfit(file, format!("the key cannot be made: {error}")))
}

fn make(file: &Path) -> std::io::Result<[u8; 32]> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut key = [0; 32];
    rand::fill(&mut key).map_err(|_unspecified| std::io::Error::other("no randomness"))?;
    write_private(file, &key)?;
    Ok(key)
}

/// Writes a file only its owner can read.
fn write_private(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(file)?.write_all(bytes)
}
