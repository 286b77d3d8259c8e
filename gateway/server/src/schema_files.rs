//! Reads `schemas/services` and `schemas/common` from disk; a schema is found by its `$id`.

use std::collections::BTreeMap;
use std::path::Path;

use adapter_api::codec::{Limits, json};
use adapter_api::schema::Schemas;
use serde_json::Value;

use crate::config::ConfigError;

/// The schema documents by `$id`.
#[derive(Debug, Clone, Default)]
pub struct SchemaFiles {
    /// By `$id`.
    pub documents: BTreeMap<String, Value>,
}

impl SchemaFiles {
    /// Reads both folders. Every file must be strict JSON with an `$id`.
    pub fn read(schemas: &Path) -> Result<SchemaFiles, Vec<ConfigError>> {
        let mut documents = BTreeMap::new();
        let mut findings = Vec::new();
        for folder in ["common", "services"] {
            for file in json_files(&schemas.join(folder)).map_err(|error| vec![error])? {
                match read_document(&file) {
                    Ok((id, document)) => {
                        documents.insert(id, document);
                    }
                    Err(error) => findings.push(error),
                }
            }
        }
        if findings.is_empty() { Ok(SchemaFiles { documents }) } else { Err(findings) }
    }

    /// The service documents by service name.
    pub fn services(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.documents.values().filter_map(|document| Some((document.get("x-service")?.as_str()?, document)))
    }

    /// The shapes the adapters answer in.
    pub fn shapes(&self) -> Result<Schemas, Vec<ConfigError>> {
        let mut schemas = Schemas::default();
        let mut findings = Vec::new();
        let resolve = |id: &str| self.documents.get(id).cloned();
        for (service, document) in self.services() {
            match adapter_api::schema::read::read_service(document, &resolve) {
                Ok(shape) => {
                    schemas.services.insert(service.to_string(), shape);
                }
                Err(messages) => findings.extend(messages.into_iter().map(|message| {
                    ConfigError::unfit(Path::new(&format!("schemas/services/{service}")), message)
                })),
            }
        }
        if findings.is_empty() { Ok(schemas) } else { Err(findings) }
    }
}

fn json_files(folder: &Path) -> Result<Vec<std::path::PathBuf>, ConfigError> {
    let unreadable = |error: std::io::Error| ConfigError::Unreadable {
        file: folder.display().to_string(),
        why: error.to_string(),
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read_document(file: &Path) -> Result<(String, Value), ConfigError> {
    let text = crate::config::document::read_text(file)?;
    let document = json::parse_value(text.as_bytes(), &Limits::default())
        .map_err(|error| ConfigError::unfit(file, error.to_string()))?;
    let id = document.get("$id").and_then(Value::as_str).map(str::to_string);
    let id = id.ok_or_else(|| ConfigError::unfit(file, "a schema needs an $id"))?;
    Ok((id, document))
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
    fn references_are_resolved_against_the_id() {
        let base = "https://lienthong.example/schemas/services/residence.person.v1.json";
        assert_eq!(join(base, "../common/name.json"), "https://lienthong.example/schemas/common/name.json");
    }
}
