//! Holds every agency folder to the laws L1 to L15: `cargo test -p adapters`, with `UPDATE=1` to rewrite our part of the talks.
#![expect(clippy::disallowed_methods, reason = "a test over files: no adapter is in here")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test: what cannot be read fails it")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use adapter_api::agency::{self, Folder};
use adapter_api::declarative::Declarative;
use adapter_api::diagnostic::Source;
use adapter_api::schema::Schemas;
use adapter_api::schema::read::read_service;
use conformance::ground::Effort;
use conformance::replay::replay;
use conformance::report::Colour;
use conformance::talk::{self, Opening};
use conformance::{AgencyInput, Side, Validator, check_folder, update_talks};
use serde_json::{Value, json};

/// The agencies this crate delivers: a folder that is lost or renamed is noticed.
const AGENCIES: [&str; 5] = ["civil_status", "e_receipt_viettel", "e_receipt_vnpt", "postal", "residence"];

#[test]
fn every_agency_keeps_the_laws() {
    let documents = schema_documents();
    let schemas = Arc::new(schemas_of(&documents));
    let validator = validator_of(&documents);
    let (mut failed, mut checked) = (Vec::new(), Vec::new());
    for folder in agency_folders() {
        let input = input_of(&folder, &schemas, &validator);
        let input = if std::env::var_os("UPDATE").is_some() {
            for talk in update_talks(&input) {
                fs::write(root().join(&*talk.name), &talk.text).unwrap();
            }
            input_of(&folder, &schemas, &validator)
        } else {
            input
        };
        let report = check_folder(&input);
        println!("{}", report.text(Colour::Off));
        assert!(
            report.counts.endings > 0 && report.counts.trials > 0,
            "{}: nothing was tried",
            report.agency
        );
        if !report.is_green() {
            failed.push(report.agency.clone());
        }
        checked.push(report.agency);
    }
    assert_eq!(checked, AGENCIES);
    assert!(failed.is_empty(), "the laws are broken by {}", failed.join(", "));
}

/// Every carrier's rule is reached by some agency's talk: the laws look at an agency's own rules only.
#[test]
fn every_rule_of_the_lgsp_is_reached() {
    let schemas = Arc::new(schemas_of(&schema_documents()));
    let mut reached = BTreeSet::new();
    let mut all = BTreeSet::new();
    for folder in agency_folders() {
        let input =
            input_of(&folder, &schemas, &(Arc::new(|_: &str, _, _: &Value| Vec::new()) as Arc<Validator>));
        let agency = Arc::new(agency::parse(&input.folder).0.unwrap());
        let rules = agency.carrier_rules.values().flatten();
        all.extend(rules.map(|rule| rule.place.to_string()));
        let adapter = Declarative::new(Arc::clone(&agency), Arc::clone(&schemas));
        for talk in &input.talks {
            let talk = talk::read(talk).0.unwrap();
            let Opening::Call { call, .. } = &talk.opening else { continue };
            for conversation in replay(&talk, &adapter, &call.operation, true).conversations {
                let trace = adapter.trace(&conversation.call, &conversation.said);
                reached.extend(trace.rules.into_iter().map(|hit| hit.place.to_string()));
            }
        }
    }
    assert!(!all.is_empty());
    let missed: Vec<&String> = all.iter().filter(|place| !reached.contains(*place)).collect();
    assert!(missed.is_empty(), "no talk reaches {missed:?}");
}

/// A row of `coded()` without a folder would never be used.
#[test]
fn every_coded_adapter_has_its_folder() {
    for (name, _) in adapters::coded() {
        assert!(AGENCIES.contains(name), "{name} has no folder");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Every folder that has an `adapter.toml`, in name order.
fn agency_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.join("adapter.toml").is_file());
    folders.sort();
    folders
}

fn input_of(folder: &Path, schemas: &Arc<Schemas>, validator: &Arc<Validator>) -> AgencyInput {
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    let carriers = sources(&root().join("carriers"), "toml").into_iter().map(|source| {
        let stem = Path::new(&*source.name).file_stem().unwrap().to_string_lossy().into_owned();
        (stem, source)
    });
    let folder_texts =
        Folder { name: name.clone(), files: sources(folder, "toml"), carriers: carriers.collect() };
    let wrap = adapters::coded().iter().find(|(coded, _)| *coded == name).map(|(_, wrap)| *wrap);
    let coded = wrap.map(|wrap| {
        let agency = agency::parse(&folder_texts).0.unwrap();
        wrap(Declarative::new(Arc::new(agency), Arc::clone(schemas)))
    });
    AgencyInput {
        folder: folder_texts,
        talks: sources(&folder.join("fixtures"), "talk"),
        schemas: Arc::clone(schemas),
        coded,
        validator: Some(Arc::clone(validator)),
        effort: Effort::Full,
    }
}

/// The files with this extension, in name order, named from this crate's folder on.
fn sources(folder: &Path, extension: &str) -> Vec<Source> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    let source = |path: PathBuf| Source {
        name: path.strip_prefix(root()).unwrap().to_string_lossy().into_owned().into(),
        text: fs::read_to_string(&path).unwrap(),
    };
    paths.into_iter().map(source).collect()
}

/// The schema files by `$id`.
fn schema_documents() -> BTreeMap<String, Value> {
    let schemas = root().join("../schemas");
    let files = ["common", "services"].iter().flat_map(|part| fs::read_dir(schemas.join(part)).unwrap());
    let documents = files.map(|entry| {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        (document["$id"].as_str().unwrap().to_owned(), document)
    });
    documents.collect()
}

fn services(documents: &BTreeMap<String, Value>) -> impl Iterator<Item = (&str, &Value)> {
    documents.values().filter_map(|document| Some((document.get("x-service")?.as_str()?, document)))
}

fn schemas_of(documents: &BTreeMap<String, Value>) -> Schemas {
    let resolve = |url: &str| documents.get(url).cloned();
    let shapes = services(documents)
        .map(|(name, document)| (name.to_owned(), read_service(document, &resolve).unwrap()));
    Schemas { services: shapes.collect(), ..Schemas::default() }
}

/// Holds values against the schemas whole, patterns and either-or too.
fn validator_of(documents: &BTreeMap<String, Value>) -> Arc<Validator> {
    let mut compiled = BTreeMap::new();
    for (name, document) in services(documents) {
        for side in ["query", "answer"] {
            let id = document["$id"].as_str().unwrap();
            let schema = json!({ "$schema": document["$schema"], "$ref": format!("{id}#/$defs/{side}") });
            let mut registry = jsonschema::Registry::new();
            for (url, document) in documents {
                registry = registry.add(url, document.clone()).unwrap();
            }
            let registry = registry.prepare().unwrap();
            let validator = jsonschema::options().with_registry(&registry).build(&schema).unwrap();
            compiled.insert((name.to_owned(), side), validator);
        }
    }
    Arc::new(move |service: &str, side: Side, value: &Value| {
        let side = match side {
            Side::Query => "query",
            Side::Answer => "answer",
        };
        let validator = &compiled[&(service.to_owned(), side)];
        let errors = validator.iter_errors(value);
        errors.map(|error| format!("{}: {}", error.instance_path(), error.kind().keyword())).collect()
    })
}
