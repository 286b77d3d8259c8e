//! Keys for keyed hashes: read from a file, made at the first start.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::rand;

use crate::config::ConfigError;

/// Reads a key, or makes it if the file is missing.
pub fn read_or_make(file: &Path) -> Result<[u8; 32], Vec<ConfigError>> {
    if !file.exists() {
        make(file)
            .map_err(|error| vec![ConfigError::unfit(file, format!("the key cannot be made: {error}"))])?;
    }
    let bytes = std::fs::read(file).map_err(|error| {
        vec![ConfigError::Unreadable { file: file.display().to_string(), why: error.to_string() }]
    })?;
    let head = bytes.first_chunk::<32>();
    head.copied().ok_or_else(|| vec![ConfigError::unfit(file, "a key file has at least 32 bytes")])
}

fn make(file: &Path) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut key = [0; 32];
    rand::fill(&mut key).map_err(|_unspecified| std::io::Error::other("no randomness"))?;
    write_private(file, &key)
}

/// Writes a file only its owner can read.
fn write_private(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(file)?.write_all(bytes)
}
