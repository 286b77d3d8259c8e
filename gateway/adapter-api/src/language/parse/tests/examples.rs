//! The eight example folders of the reference.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use crate::agency::{Agency, Folder};
use crate::diagnostic::Source;
use crate::language::parse::parse_folder;

const AGENCIES: [&str; 8] = [
    "civil_status",
    "e_receipt",
    "national_portal",
    "payment",
    "postal",
    "residence",
    "social_insurance",
    "tax",
];

/// The examples stand beside the repository; without them the tests say that they were skipped.
fn examples() -> Option<PathBuf> {
    let root = FilePath::new(env!("CARGO_MANIFEST_DIR"));
    let places = ["../../../shared", "../../../../shared"].map(|shared| root.join(shared));
    let found =
        places.map(|shared| shared.join("reference/mapping-examples")).into_iter().find(|dir| dir.is_dir());
    if found.is_none() {
        println!("skipped: no shared/reference/mapping-examples beside the repository");
    }
    found
}

fn source(path: &FilePath, name: &str) -> Source {
    Source { name: Arc::from(name), text: std::fs::read_to_string(path).unwrap() }
}

fn folder(examples: &FilePath, agency: &str) -> Folder {
    let files = ["adapter.toml", "mapping.toml", "tables.toml"];
    let files = files.map(|file| source(&examples.join(agency).join(file), &format!("{agency}/{file}")));
    let carriers = ["lgsp", "vdxp"].map(|name| {
        (name.to_owned(), source(&examples.join(format!("carriers/{name}.toml")), &format!("{name}.toml")))
    });
    Folder { name: agency.to_owned(), files: files.to_vec(), carriers: carriers.to_vec() }
}

fn parsed(examples: &FilePath, agency: &str) -> Agency {
    let (agency, findings) = parse_folder(&folder(examples, agency));
    let told: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
    agency.unwrap()
}

#[test]
fn every_example_parses_without_a_finding() {
    let Some(examples) = examples() else { return };
    let all: Vec<Agency> = AGENCIES.iter().map(|agency| parsed(&examples, agency)).collect();
    let count = |of: fn(&Agency) -> usize| all.iter().map(of).sum::<usize>();
    assert_eq!(count(|agency| agency.operations.len()), 10);
    assert_eq!(count(|agency| agency.exchanges.len()), 14);
    assert_eq!(count(|agency| agency.inbound.len()), 2);
}
