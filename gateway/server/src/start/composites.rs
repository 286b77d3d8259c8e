//! Reads the composites and forms: one file each, named after its service or procedure.

use std::path::Path;

use engine::composite::Composites;
use engine::composite::plan::{self, Composite};

use super::folder;
use crate::config::{ConfigError, Main};

/// Reads both folders; everything that is wrong at once.
pub fn read(main: &Main) -> Result<Composites, Vec<ConfigError>> {
    let read = |folder: &Path| folder::read(&main.path(folder), plan::read, |one: &Composite| &one.name);
    let services = read(&main.folders.composites);
    let forms = read(&main.folders.forms);
    match (services, forms) {
        (Ok(services), Ok(forms)) => Ok(Composites { services, forms }),
        (services, forms) => Err([services.err(), forms.err()].into_iter().flatten().flatten().collect()),
    }
}
