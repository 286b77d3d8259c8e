//! The schema documents of `schemas/services` and `schemas/common`; a schema is found by its `$id`.

use std::collections::BTreeMap;
use std::path::Path;

use adapter_api::diagnostic::{Diagnostic, Place};
use conformance::Side;
use conformance::disk::Disk;
use engine::catalogue::{Catalogue, Sources};
use serde_json::Value;

use crate::config::ConfigError;

/// The schema documents by `$id`.
#[derive(Debug, Clone, Default)]
pub struct SchemaFiles {
    /// By `$id`.
    pub documents: BTreeMap<String, Value>,
}

impl SchemaFiles {
    /// The documents of a schemas folder.
    pub fn read(schemas: &Path) -> Result<SchemaFiles, Vec<ConfigError>> {
        SchemaFiles::of_disk(conformance::disk::read(Path::new(""), schemas)).map(|(files, _disk)| files)
    }

    /// The documents of what was read from disk; whatever could not be read is an error.
    pub fn of_disk(disk: Disk) -> Result<(SchemaFiles, Disk), Vec<ConfigError>> {
        if disk.findings.is_empty() {
            let files = SchemaFiles { documents: disk.documents.clone() };
            return Ok((files, disk));
        }
        Err(disk.findings.iter().map(told).collect())
    }

    /// Where something stands that the engine names: a schema by its file, for nobody has a file called `https://…`.
    pub fn place(&self, schemas: &Path, place: &str) -> String {
        match place.rsplit_once("/schemas/") {
            Some((_, file)) if self.documents.contains_key(place) => schemas.join(file).display().to_string(),
            Some(_) | None => place.to_string(),
        }
    }

    /// A diagnostic whose place is a schema's `$id`, at the schema's file.
    pub fn placed(&self, schemas: &Path, diagnostic: &Diagnostic) -> Diagnostic {
        let file = self.place(schemas, &diagnostic.place.file);
        let place = Place { file: file.into(), ..diagnostic.place.clone() };
        Diagnostic { place, ..diagnostic.clone() }
    }

    /// The documents of the services that can be asked, by service name. A write is a leg of a case, and nobody asks for it.
    pub fn services(&self) -> impl Iterator<Item = (&str, &Value)> {
        // A feed is followed by the house; nobody asks for it.
        let asked = self.documents.values().filter(|document| document.get("x-follows").is_none());
        asked
            .filter(|document| document.get("x-kind") != Some(&"write".into()))
            .filter_map(|document| Some((document.get("x-service")?.as_str()?, document)))
    }
}

impl SchemaFiles {
    /// The document of a service, write or read, whether or not anybody answers it.
    pub fn service(&self, name: &str) -> Option<&Value> {
        let is_it = |document: &&Value| document.get("x-service").and_then(Value::as_str) == Some(name);
        self.documents.values().find(is_it)
    }

    /// The examples at a full reference, `https://…/death.v1.json#/$defs/input`: its own, else those its `$ref` leads to.
    pub fn examples(&self, reference: &str) -> Vec<Value> {
        let mut reference = reference.to_owned();
        for _ in 0..REFERENCES_MAX {
            let (id, pointer) = reference.split_once('#').unwrap_or((&reference, ""));
            let Some(schema) = self.documents.get(id).and_then(|document| document.pointer(pointer)) else {
                break;
            };
            if let Some(examples) = schema.get("examples").and_then(Value::as_array) {
                return examples.clone();
            }
            let Some(next) = schema.get("$ref").and_then(Value::as_str) else { break };
            let (file, below) = next.split_once('#').unwrap_or((next, ""));
            let file = if file.is_empty() { id.to_owned() } else { join(id, file) };
            reference = format!("{file}#{below}");
        }
        Vec::new()
    }
}

/// References that may lead to one another: the longest way has two.
const REFERENCES_MAX: usize = 8;

/// A diagnostic as a line of the configuration's report.
pub fn told(diagnostic: &Diagnostic) -> ConfigError {
    ConfigError::Told(diagnostic.to_string())
}

/// A validator of whole JSON Schemas, for the conformance kit: what does not fit, in the finding codes' words.
///
/// Folders that answer the same service stand side by side here: which of them a unit asks, a deployment
/// says. So that they do not stand in each other's way, each has a unit of its own here.
pub fn validator(
    documents: &BTreeMap<String, Value>,
    agencies: &[adapter_api::agency::Agency],
) -> Box<Validate> {
    let catalogue = match catalogue(documents, agencies) {
        Ok(catalogue) => catalogue,
        Err(unfit) => {
            let said: Vec<String> = unfit.iter().map(ToString::to_string).collect();
            return Box::new(move |_service, _side, _value| said.clone());
        }
    };
    Box::new(move |service, side, value| {
        let Some(service) = catalogue.described(service) else { return Vec::new() };
        match side {
            Side::Query => catalogue.findings(service, value, LAST_DAY).iter().map(finding).collect(),
            Side::Answer => match service.accept_answer(value) {
                Ok(()) => Vec::new(),
                Err(fault) => vec![fault.to_string()],
            },
        }
    })
}

/// The catalogue of agency folders that no deployment has put together: each has a unit of its own.
pub fn catalogue(
    documents: &BTreeMap<String, Value>,
    agencies: &[adapter_api::agency::Agency],
) -> Result<Catalogue, Vec<engine::catalogue::Unfit>> {
    let own = |(number, agency): (usize, &adapter_api::agency::Agency)| {
        (agency.name.clone(), vec![format!("A00.{}", number % 1_000)])
    };
    let sources = Sources {
        documents: documents.values().cloned().collect(),
        agencies: agencies.iter().collect(),
        units: agencies.iter().enumerate().map(own).collect(),
        ..Sources::default()
    };
    Catalogue::build(sources)
}

type Validate = dyn Fn(&str, Side, &Value) -> Vec<String> + Send + Sync;

/// Talks of any time are checked: no date of theirs lies in this day's future.
const LAST_DAY: &str = "9999-12-31";

fn finding(finding: &adapter_api::Finding) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    format!("{}: {}", text(&finding.pointer), text(&finding.code))
}

/// Resolves a relative reference against a schema's `$id` (RFC 3986 5, as far as `../` and names go).
pub fn join(base: &str, reference: &str) -> String {
    if reference.contains("://") {
        return reference.to_string();
    }
    let (scheme, path) = base.split_once("://").unwrap_or(("https", base));
    let mut segments: Vec<&str> = path.split('/').collect();
    segments.pop();
    for segment in reference.split('/') {
        match segment {
            "." => {}
            ".." => {
                segments.pop();
            }
            name => segments.push(name),
        }
    }
    format!("{scheme}://{}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_named_by_its_file_and_all_else_by_its_name() {
        let id = "https://lienthong.example/schemas/services/land.parcel.v1.json";
        let files = SchemaFiles { documents: [(id.to_string(), Value::Null)].into() };
        let schemas = Path::new("config/../schemas");
        assert_eq!(files.place(schemas, id), "config/../schemas/services/land.parcel.v1.json");
        assert_eq!(files.place(schemas, "services.toml"), "services.toml");
        assert_eq!(files.place(schemas, "https://elsewhere/schemas/x"), "https://elsewhere/schemas/x");
    }

    #[test]
    fn a_write_and_a_feed_are_no_questions() {
        let one = |name: &str, more: (&str, &str)| {
            (name.to_owned(), serde_json::json!({ "x-service": name, more.0: more.1 }))
        };
        let read = one("a.read", ("x-kind", "read"));
        let documents = [read, one("a.write", ("x-kind", "write")), one("a.feed", ("x-follows", "a.read"))];
        let files = SchemaFiles { documents: documents.into() };
        assert_eq!(files.services().map(|(name, _)| name).collect::<Vec<_>>(), ["a.read"]);
    }

    #[test]
    fn references_are_resolved_against_the_id() {
        let base = "https://lienthong.example/schemas/services/residence.person.v1.json";
        assert_eq!(join(base, "../common/name.json"), "https://lienthong.example/schemas/common/name.json");
    }
}
