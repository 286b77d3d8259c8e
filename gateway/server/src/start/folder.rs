//! Folders of which each file is one thing and is called after it: composites, forms, chains.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use adapter_api::diagnostic::{Diagnostic, Source};

use crate::config::ConfigError;
use crate::config::document::read_text;
use crate::schema_files::told;

/// Files of one folder at most: some hundred procedures have a form or travel together.
const FILES_MAX: usize = 1_000;

/// Reads every `.toml` of the folder, by the name that each says of itself; everything that is wrong at once.
pub fn read<T>(
    folder: &Path,
    parse: impl Fn(&Source) -> Result<T, Vec<Diagnostic>>,
    name: impl Fn(&T) -> &str,
) -> Result<BTreeMap<String, Arc<T>>, Vec<ConfigError>> {
    let (mut read, mut findings) = (BTreeMap::new(), Vec::new());
    for file in files(folder)? {
        match read_file(&file, &parse, &name) {
            Ok(one) => {
                read.insert(name(&one).to_owned(), Arc::new(one));
            }
            Err(errors) => findings.extend(errors),
        }
    }
    if findings.is_empty() { Ok(read) } else { Err(findings) }
}

/// In name order.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Vec<ConfigError>> {
    let unreadable = |error: std::io::Error| {
        vec![ConfigError::Unreadable { file: folder.display().to_string(), why: error.to_string() }]
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if file.extension().is_some_and(|extension| extension == "toml") {
            files.push(file);
        }
    }
    if files.len() > FILES_MAX {
        return Err(vec![ConfigError::unfit(folder, format!("more than {FILES_MAX} files"))]);
    }
    files.sort();
    Ok(files)
}

/// The file's name says what it is, so that no two can claim the same.
fn read_file<T>(
    file: &Path,
    parse: impl Fn(&Source) -> Result<T, Vec<Diagnostic>>,
    name: impl Fn(&T) -> &str,
) -> Result<T, Vec<ConfigError>> {
    let text = read_text(file).map_err(|error| vec![error])?;
    let source = Source { name: file.display().to_string().into(), text };
    let one = parse(&source).map_err(|findings| findings.iter().map(told).collect::<Vec<_>>())?;
    if file.file_stem().is_none_or(|stem| stem != name(&one)) {
        return Err(vec![ConfigError::unfit(file, format!("the file is to be called {}.toml", name(&one)))]);
    }
    Ok(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_too_full_is_refused_and_not_read_in_part() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..=FILES_MAX {
            std::fs::write(folder.path().join(format!("{number}.toml")), "").unwrap();
        }
        std::fs::write(folder.path().join("README.md"), "").unwrap();
        let read = || read(folder.path(), |source| Ok(source.name.to_string()), |path| stem(path));
        let told: Vec<String> = read().unwrap_err().iter().map(ToString::to_string).collect();
        assert!(matches!(told.as_slice(), [one] if one.contains("more than 1000 files")), "{told:?}");
        std::fs::remove_file(folder.path().join("0.toml")).unwrap();
        assert_eq!(read().unwrap().len(), FILES_MAX);
    }

    fn stem(path: &str) -> &str {
        Path::new(path).file_stem().and_then(|stem| stem.to_str()).unwrap()
    }
}
