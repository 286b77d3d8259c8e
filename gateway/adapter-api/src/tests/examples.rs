//! The eight example folders of the reference (`reference/mapping.md`), for the tests of reader and check.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::agency::Folder;
use crate::diagnostic::Source;

pub(crate) const AGENCIES: [&str; 8] = [
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
pub(crate) fn root() -> Option<PathBuf> {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = ["../../../shared", "../../../../shared"].map(|shared| crate_root.join(shared));
    let found =
        places.map(|shared| shared.join("reference/mapping-examples")).into_iter().find(|dir| dir.is_dir());
    if found.is_none() {
        println!("skipped: no shared/reference/mapping-examples beside the repository");
    }
    found
}

/// The texts of one of them, with its carriers' rules.
pub(crate) fn folder(root: &Path, agency: &str) -> Folder {
    let files = ["adapter.toml", "mapping.toml", "tables.toml"];
    let files = files.map(|file| source(&root.join(agency).join(file), &format!("{agency}/{file}")));
    let carriers = ["lgsp", "vdxp"].map(|name| {
        (name.to_owned(), source(&root.join(format!("carriers/{name}.toml")), &format!("{name}.toml")))
    });
    Folder { name: agency.to_owned(), files: files.to_vec(), carriers: carriers.to_vec() }
}

fn source(path: &Path, name: &str) -> Source {
    Source { name: Arc::from(name), text: std::fs::read_to_string(path).unwrap() }
}
