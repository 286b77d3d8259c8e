//! Loads the example folders, their carriers, their schemas in short notation, and their talks.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use adapter_api::agency::{Folder, parse};
use adapter_api::declarative::Declarative;
use adapter_api::diagnostic::{Severity, Source};
use adapter_api::schema::Schemas;
use adapter_api::schema::read::read_short;

/// One example agency.
pub struct Example {
    pub name: String,
    pub path: PathBuf,
    pub adapter: Declarative,
    /// Name and text, in name order.
    pub talks: Vec<(String, String)>,
}

/// Where the examples are, if they are there.
pub fn root() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/mapping-examples");
    let beside_worktree =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/reference/mapping-examples");
    let given = std::env::var_os("EXAMPLES").map(PathBuf::from);
    given.into_iter().chain([beside, beside_worktree]).find(|root| root.join("schemas.toml").is_file())
}

/// All examples, in name order.
pub fn load_all(root: &Path) -> Vec<Example> {
    let schemas = Arc::new(read_short(&read(&root.join("schemas.toml"))).unwrap());
    let mut paths: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let folders = paths.into_iter().filter(|path| path.join("adapter.toml").is_file());
    folders.map(|path| load(root, path, &schemas)).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn source(path: &Path) -> Source {
    Source { name: Arc::from(path.to_string_lossy().as_ref()), text: read(path) }
}

fn names(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == ending));
    paths.sort();
    paths
}

fn load(root: &Path, path: PathBuf, schemas: &Arc<Schemas>) -> Example {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let carrier = |path: &PathBuf| (path.file_stem().unwrap().to_string_lossy().into_owned(), source(path));
    let folder = Folder {
        name: name.clone(),
        files: names(&path, "toml").iter().map(|path| source(path)).collect(),
        carriers: names(&root.join("carriers"), "toml").iter().map(carrier).collect(),
    };
    let (agency, findings) = parse(&folder);
    let errors: Vec<String> =
        findings.iter().filter(|one| one.severity == Severity::Error).map(ToString::to_string).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    let adapter = Declarative::new(Arc::new(agency.unwrap()), Arc::clone(schemas));
    let talk = |path: &PathBuf| (path.file_name().unwrap().to_string_lossy().into_owned(), read(path));
    let talks = names(&path.join("fixtures"), "talk").iter().map(talk).collect();
    Example { name, path, adapter, talks }
}
