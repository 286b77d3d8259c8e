//! Reads agencies, carriers, talks and schemas from folders: the one place of this crate that touches files.
//!
//! Conformance is a tool, not the engine: both `lienthong check` and `cargo test -p adapters` need the same
//! reading.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use adapter_api::agency::Folder;
use adapter_api::diagnostic::{Diagnostic, Place, Source};
use adapter_api::schema::Schemas;
use adapter_api::schema::read::{read_definition, read_service};
use serde_json::Value;

use crate::folder::AgencyInput;
use crate::ground::Effort;

/// One file: mappings are a few hundred lines, a talk's largest reply some 100 kB.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Everything that was read from disk.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    /// Whether these are all agencies of a folder, not one agency's own.
    pub whole: bool,
    /// The agencies' folders with their talks, in name order.
    pub agencies: Vec<(Folder, Vec<Source>)>,
    /// The shapes of the services and events.
    pub schemas: Arc<Schemas>,
    /// Every schema document by its `$id`, for a full validator.
    pub documents: BTreeMap<String, Value>,
    /// What could not be read.
    pub findings: Vec<Diagnostic>,
}

impl Disk {
    /// The input of one agency, without coded adapter and validator.
    pub fn input(&self, name: &str) -> Option<AgencyInput> {
        let (folder, talks) = self.agencies.iter().find(|(folder, _)| folder.name == name)?;
        Some(AgencyInput {
            folder: folder.clone(),
            talks: talks.clone(),
            schemas: Arc::clone(&self.schemas),
            coded: None,
            validator: None,
            effort: Effort::Full,
        })
    }
}

/// Whether the author asks, by `UPDATE=1`, that tests write what they would compare. Only tests read it, here alone; the
/// product has `lienthong check --update`.
pub fn wants_update() -> bool {
    std::env::var_os("UPDATE").is_some_and(|value| value == "1")
}

/// Reads `adapters/` and `schemas/`. An agency is a folder with an `adapter.toml`; the carriers' rules
/// stand in `carriers/*.toml` beside them. Given a single agency's folder, the carriers are looked for
/// beside it.
pub fn read(adapters: &Path, schemas: &Path) -> Disk {
    let single = adapters.join("adapter.toml").is_file();
    let mut disk = Disk { whole: !single, ..Disk::default() };
    disk.documents = read_documents(schemas, &mut disk.findings);
    disk.schemas = Arc::new(shapes(&disk.documents, &mut disk.findings));
    let home = if single { adapters.parent().unwrap_or(adapters) } else { adapters };
    let carriers: Vec<(String, Source)> = files(&home.join("carriers"), "toml")
        .iter()
        .filter_map(|path| Some((stem(path), source(path, &mut disk.findings)?)))
        .collect();
    let folders = if single { vec![adapters.to_owned()] } else { folders(adapters) };
    for folder in folders.iter().filter(|folder| folder.join("adapter.toml").is_file()) {
        let read = |paths: Vec<PathBuf>, findings: &mut Vec<Diagnostic>| -> Vec<Source> {
            paths.iter().filter_map(|path| source(path, findings)).collect()
        };
        let texts = read(files(folder, "toml"), &mut disk.findings);
        let talks = read(files(&folder.join("fixtures"), "talk"), &mut disk.findings);
        disk.agencies.push((Folder { name: stem(folder), files: texts, carriers: carriers.clone() }, talks));
    }
    disk
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn folders(below: &Path) -> Vec<PathBuf> {
    listed(below).into_iter().filter(|path| path.is_dir()).collect()
}

fn files(below: &Path, extension: &str) -> Vec<PathBuf> {
    let is_wanted =
        |path: &PathBuf| path.is_file() && path.extension().is_some_and(|found| found == extension);
    listed(below).into_iter().filter(is_wanted).collect()
}

/// What stands in a folder, in name order; nothing, if there is no such folder.
fn listed(below: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(below).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn source(path: &Path, findings: &mut Vec<Diagnostic>) -> Option<Source> {
    let name: Arc<str> = path.display().to_string().into();
    let told = |message: String| Diagnostic::error("L1", &Place::new(&name, 1), "file", message);
    match fs::metadata(path).map(|about| about.len()) {
        Ok(bytes) if bytes > FILE_BYTES_MAX => {
            findings.push(told(format!("larger than {} MB", FILE_BYTES_MAX >> 20)));
            return None;
        }
        Ok(_) | Err(_) => {}
    }
    match fs::read_to_string(path) {
        Ok(text) => Some(Source { name, text }),
        Err(error) => {
            findings.push(told(format!("cannot be read: {}", error.kind())));
            None
        }
    }
}

/// Every schema document below the folder, by its `$id`.
fn read_documents(schemas: &Path, findings: &mut Vec<Diagnostic>) -> BTreeMap<String, Value> {
    let mut documents = BTreeMap::new();
    for folder in folders(schemas) {
        for path in files(&folder, "json") {
            let Some(source) = source(&path, findings) else { continue };
            let place = Place::new(&source.name, 1);
            match serde_json::from_str::<Value>(&source.text) {
                Ok(document) => match document.get("$id").and_then(Value::as_str) {
                    Some(id) => {
                        documents.insert(id.to_owned(), document);
                    }
                    None => findings.push(Diagnostic::error("L1", &place, "$id", "the schema has no `$id`")),
                },
                Err(error) => {
                    let line = u32::try_from(error.line()).unwrap_or(1);
                    findings.push(Diagnostic::error("L1", &Place { line, ..place }, "schema", "not JSON"));
                }
            }
        }
    }
    documents
}

/// The shapes of all services (`x-service`), events (`x-event`) and cases (`x-case`).
fn shapes(documents: &BTreeMap<String, Value>, findings: &mut Vec<Diagnostic>) -> Schemas {
    let mut schemas = Schemas::default();
    let resolve = |url: &str| documents.get(url).cloned();
    for (id, document) in documents {
        let named = |key: &str| document.get(key).and_then(Value::as_str).map(str::to_owned);
        let mut tell = |problems: Vec<String>| {
            let place = Place::new(&Arc::from(id.as_str()), 1);
            findings.extend(
                problems.into_iter().map(|problem| Diagnostic::error("L1", &place, "schema", problem)),
            );
        };
        if let Some(service) = named("x-service") {
            match read_service(document, &resolve) {
                Ok(shape) => drop(schemas.services.insert(service, shape)),
                Err(problems) => tell(problems),
            }
        } else if let Some(event) = named("x-event") {
            match read_definition(document, "event", &resolve) {
                Ok(shape) => drop(schemas.events.insert(event, shape)),
                Err(problems) => tell(problems),
            }
        } else if let Some(case) = named("x-case") {
            match read_definition(document, "input", &resolve) {
                Ok(shape) => drop(schemas.cases.insert(case, shape)),
                Err(problems) => tell(problems),
            }
        }
    }
    schemas
}
