//! Reads the composites and forms: one file each, named after its service or procedure.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use adapter_api::diagnostic::Source;
use engine::composite::Composites;
use engine::composite::plan::{self, Composite};

use crate::config::document::read_text;
use crate::config::{ConfigError, Main};
use crate::schema_files::told;

/// Files of one folder at most: some thirty procedures are worth a form.
const FILES_MAX: usize = 1_000;

/// Reads both folders; everything that is wrong at once.
pub fn read(main: &Main) -> Result<Composites, Vec<ConfigError>> {
    let services = read_folder(&main.path(&main.folders.composites));
    let forms = read_folder(&main.path(&main.folders.forms));
    match (services, forms) {
        (Ok(services), Ok(forms)) => Ok(Composites { services, forms }),
        (services, forms) => Err([services.err(), forms.err()].into_iter().flatten().flatten().collect()),
    }
}

fn read_folder(folder: &Path) -> Result<BTreeMap<String, Arc<Composite>>, Vec<ConfigError>> {
    let unreadable = |error: std::io::Error| {
        vec![ConfigError::Unreadable { file: folder.display().to_string(), why: error.to_string() }]
    };
    let mut read = BTreeMap::new();
    let mut findings = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)?.take(FILES_MAX) {
        let file = entry.map_err(unreadable)?.path();
        if file.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        match read_file(&file) {
            Ok(composite) => {
                read.insert(composite.name.clone(), Arc::new(composite));
            }
            Err(errors) => findings.extend(errors),
        }
    }
    if findings.is_empty() { Ok(read) } else { Err(findings) }
}

/// The file's name says what it is, so that no two can claim the same.
fn read_file(file: &Path) -> Result<Composite, Vec<ConfigError>> {
    let text = read_text(file).map_err(|error| vec![error])?;
    let source = Source { name: file.display().to_string().into(), text };
    let composite = plan::read(&source).map_err(|findings| findings.iter().map(told).collect::<Vec<_>>())?;
    if file.file_stem().is_none_or(|stem| stem != composite.name.as_str()) {
        let message = format!("the file is to be called {}.toml", composite.name);
        return Err(vec![ConfigError::unfit(file, message)]);
    }
    Ok(composite)
}
