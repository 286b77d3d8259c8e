//! Holds every agency folder to the laws L1 to L15: `cargo test -p adapters`, with `UPDATE=1` to rewrite our part of the talks.
#![expect(clippy::disallowed_methods, reason = "a test over files: no adapter is in here")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test: what cannot be read fails it")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use adapter_api::declarative::Declarative;
use adapter_api::{Adapter, agency};
use conformance::replay::{Purpose, replay};
use conformance::report::Colour;
use conformance::talk;
use conformance::{AgencyInput, Side, Validator, check_all, disk, update_talks};
use serde_json::{Value, json};

/// The agencies this crate delivers: a folder that is lost or renamed is noticed.
const AGENCIES: [&str; 9] = [
    "civil_status",
    "e_receipt_viettel",
    "e_receipt_vnpt",
    "postal",
    "residence",
    "residence_register",
    "social_affairs",
    "social_insurance",
    "tax",
];

#[test]
fn every_agency_keeps_the_laws() {
    if disk::wants_update() {
        for talk in inputs().iter().flat_map(update_talks) {
            std::fs::write(&*talk.name, &talk.text).unwrap();
        }
    }
    let reports = check_all(&inputs());
    reports.iter().for_each(|report| println!("{}", report.text(Colour::Off)));
    let broken = reports.iter().filter(|report| !report.is_green());
    let broken: Vec<&str> = broken.map(|report| report.agency.as_str()).collect();
    assert!(broken.is_empty(), "the laws are broken by {}", broken.join(", "));
    assert_eq!(reports.iter().map(|report| report.agency.as_str()).collect::<Vec<_>>(), AGENCIES);
    for report in &reports {
        assert!(report.counts.endings > 0 && report.counts.trials > 0, "{}: nothing tried", report.agency);
    }
}

/// The one that runs an agency and the one that proves it must be the same: `adapter_of` finds the code by the agency's name.
#[test]
fn adapter_of_wraps_the_lines_where_there_is_code() {
    let inputs = inputs();
    let input = inputs.iter().find(|input| input.folder.name == "tax").unwrap();
    let talk = input.talks.iter().find(|talk| talk.name.contains("superseded")).unwrap();
    let talk = talk::read(talk).0.unwrap();
    let findings =
        |adapter: &dyn Adapter| replay(&talk, adapter, "obligations", Purpose::Check).findings.len();
    assert_eq!(findings(&*adapters::adapter_of(lines_of(input))), 0);
    assert_ne!(findings(&lines_of(input)), 0, "the lines alone say the same: the code is not needed");
}

/// A row of `coded()` without a folder would never be used.
#[test]
fn every_coded_adapter_has_its_folder() {
    for (name, _) in adapters::coded() {
        assert!(AGENCIES.contains(name), "{name} has no folder");
    }
}

/// The agencies as they stand on disk now.
fn inputs() -> Vec<AgencyInput> {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).to_owned();
    let read = disk::read(&root, &root.join("../schemas"));
    assert_eq!(read.findings, []);
    let validator = validator_of(&read.documents);
    let names = read.agencies.iter().map(|(folder, _)| folder.name.as_str());
    let inputs = names.filter_map(|name| read.input(name)).map(|input| AgencyInput {
        coded: Some(adapters::adapter_of(lines_of(&input))),
        validator: Some(Arc::clone(&validator)),
        ..input
    });
    inputs.collect()
}

/// What a folder's lines alone say, without any code around them.
fn lines_of(input: &AgencyInput) -> Declarative {
    let agency = agency::parse(&input.folder).0.unwrap();
    Declarative::new(Arc::new(agency), Arc::clone(&input.schemas))
}

fn services(documents: &BTreeMap<String, Value>) -> impl Iterator<Item = (&str, &Value)> {
    documents.values().filter_map(|document| Some((document.get("x-service")?.as_str()?, document)))
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
