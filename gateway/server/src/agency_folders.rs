//! Reads agency folders and the carriers' rule files from disk.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use adapter_api::agency::Folder;
use adapter_api::diagnostic::Source;

use crate::config::ConfigError;
use crate::config::document::read_text;

/// Every agency folder below this one: a folder with an `adapter.toml`.
pub fn read(adapters: &Path) -> Result<Vec<Folder>, ConfigError> {
    let carriers = read_carriers(adapters)?;
    let mut folders = Vec::new();
    for path in entries(adapters)?.into_iter().filter(|path| path.join("adapter.toml").is_file()) {
        folders.push(read_one(&path, &carriers)?);
    }
    Ok(folders)
}

/// One agency folder.
fn read_one(folder: &Path, carriers: &[(String, Source)]) -> Result<Folder, ConfigError> {
    let files = sources(folder, "toml")?;
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Folder { name, files, carriers: carriers.to_vec() })
}

fn read_carriers(adapters: &Path) -> Result<Vec<(String, Source)>, ConfigError> {
    let folder = adapters.join("carriers");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let stem = |source: &Source| {
        Path::new(source.name.as_ref()).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
    };
    Ok(sources(&folder, "toml")?.into_iter().map(|source| (stem(&source), source)).collect())
}

/// The files of a folder with this ending, in name order.
pub fn sources(folder: &Path, ending: &str) -> Result<Vec<Source>, ConfigError> {
    let mut sources = Vec::new();
    for path in entries(folder)?.into_iter().filter(|path| path.extension().is_some_and(|found| found == ending)) {
        sources.push(Source { name: Arc::from(path.display().to_string()), text: read_text(&path)? });
    }
    Ok(sources)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let unreadable = |error: std::io::Error| ConfigError::Unreadable {
        file: folder.display().to_string(),
        why: error.to_string(),
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.sort();
    Ok(paths)
}
