//! scratch
use std::path::{Path, PathBuf};
use std::sync::Arc;
use adapter_api::agency::Folder;
use adapter_api::diagnostic::Source;
use adapter_api::schema::read::read_short;
use conformance::*;
fn source(path: &Path) -> Source {
    Source { name: path.strip_prefix("/work/shared/reference/mapping-examples").unwrap().display().to_string().into(), text: std::fs::read_to_string(path).unwrap() }
}
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    files.sort();
    files
}
#[test]
fn explore() {
    let root = Path::new("/work/shared/reference/mapping-examples");
    let schemas = Arc::new(read_short(&std::fs::read_to_string(root.join("schemas.toml")).unwrap()).unwrap());
    let carriers: Vec<(String, Source)> = files(&root.join("carriers"), "toml").iter().map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), source(path))).collect();
    for folder in ["civil_status","e_receipt","national_portal","payment","postal","residence","social_insurance","tax"] {
        let dir = root.join(folder);
        let input = AgencyInput { folder: Folder { name: folder.into(), files: files(&dir, "toml").iter().map(|p| source(p)).collect(), carriers: carriers.clone() },
            talks: files(&dir.join("fixtures"), "talk").iter().map(|p| source(p)).collect(), schemas: schemas.clone(), coded: None, validator: None };
        let started = std::time::Instant::now();
        let report = check_folder(&input);
        println!("{}", report.text(Default::default()));
        println!("=== {folder} {:?}", started.elapsed());
    }
}
