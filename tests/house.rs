//! The crate graph is the architecture (design 3, invariants 1 to 3): held by `cargo metadata`, not by good will.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use cargo_metadata::semver::Version;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};
use sandbox::world::project_root;

/// Who may know whom, exactly: crate, what it depends on, what its tests depend on besides.
const ARROWS: &[(&str, &[&str], &[&str])] = &[
    ("adapter-api", &[], &[]),
    ("conformance", &["adapter-api"], &[]),
    ("engine", &["adapter-api"], &[]),
    ("adapters", &["adapter-api"], &["conformance"]),
    ("server", &["adapter-api", "adapters", "conformance", "engine"], &[]),
    ("simulators", &[], &[]),
    ("sandbox", &["server", "simulators"], &[]),
    ("prove", &["adapter-api", "engine", "sandbox", "server", "simulators"], &[]),
    ("tests", &[], &["sandbox", "server", "simulators"]),
];

/// Worlds that the contract must not know: no IO, no async, no network (invariant 1).
const NOT_IN_THE_CONTRACT: &[&str] =
    &["tokio", "mio", "socket2", "reqwest", "hyper", "actix-web", "rusqlite", "sqlx", "tempfile"];
/// Worlds that the engine must not know (invariant 2).
const NOT_IN_THE_ENGINE: &[&str] =
    &["actix-web", "actix-http", "reqwest", "hyper", "http", "rusqlite", "sqlx", "rustls"];
/// A second provider of cryptography, a C library, and an implementation with a timing leak (RUSTSEC-2023-0071).
const NOWHERE: &[&str] = &["ring", "openssl", "openssl-sys", "native-tls", "rsa"];

fn metadata() -> Metadata {
    let mut command = MetadataCommand::new();
    command.manifest_path(project_root().join("Cargo.toml"));
    let only = ["--locked", "--offline", "--filter-platform", "x86_64-unknown-linux-gnu"];
    command.other_options(only.map(str::to_string)).exec().unwrap()
}

#[test]
fn the_arrows_are_exactly_those_of_the_design() {
    let metadata = metadata();
    let ours: BTreeSet<String> =
        metadata.workspace_packages().iter().map(|package| package.name.to_string()).collect();
    let mut found = BTreeMap::new();
    for package in metadata.workspace_packages() {
        let of_kind = |kind| -> BTreeSet<String> {
            let dependencies = package.dependencies.iter().filter(|dependency| dependency.kind == kind);
            dependencies
                .map(|dependency| dependency.name.clone())
                .filter(|name| ours.contains(name))
                .collect()
        };
        let normal = of_kind(DependencyKind::Normal);
        let tests: BTreeSet<String> =
            of_kind(DependencyKind::Development).difference(&normal).cloned().collect();
        assert!(of_kind(DependencyKind::Build).is_empty(), "{} builds with a crate of ours", package.name);
        found.insert(package.name.to_string(), (normal, tests));
    }
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_string()).collect::<BTreeSet<_>>();
    let drawn = ARROWS.iter().map(|(name, normal, tests)| ((*name).to_string(), (set(normal), set(tests))));
    assert_eq!(found, drawn.collect());
}

/// Every package that is built into this one, tests aside.
fn reaches(metadata: &Metadata, name: &str) -> BTreeSet<String> {
    let resolve = metadata.resolve.as_ref().unwrap();
    let nodes: BTreeMap<&PackageId, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let start =
        metadata.workspace_packages().into_iter().find(|package| package.name.as_str() == name).unwrap();
    let (mut open, mut seen) = (vec![&start.id], BTreeSet::new());
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let built_in = |kinds: &[cargo_metadata::DepKindInfo]| {
            kinds.iter().any(|info| info.kind == DependencyKind::Normal)
        };
        open.extend(nodes[id].deps.iter().filter(|dep| built_in(&dep.dep_kinds)).map(|dep| &dep.pkg));
    }
    seen.iter().map(|id| metadata[id].name.to_string()).collect()
}

#[test]
fn the_contract_knows_no_world() {
    let metadata = metadata();
    let known = reaches(&metadata, "adapter-api");
    assert!(known.contains("quick-xml"), "the walk finds nothing: {known:?}");
    for name in NOT_IN_THE_CONTRACT {
        assert!(!known.contains(*name), "adapter-api reaches {name}");
    }
    for word in [
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "SystemTime",
        "Instant::",
        "std::thread",
        "async fn",
    ] {
        let users = sources_with(&project_root().join("gateway/adapter-api/src"), word);
        assert_eq!(users, Vec::<String>::new(), "adapter-api says {word}");
    }
}

#[test]
fn the_engine_knows_no_http_no_sql_no_file() {
    let known = reaches(&metadata(), "engine");
    assert!(known.contains("moka"), "the walk finds nothing: {known:?}");
    for name in NOT_IN_THE_ENGINE {
        assert!(!known.contains(*name), "engine reaches {name}");
    }
    for word in ["std::fs", "std::net", "std::env", "std::process", "SystemTime", "StatusCode"] {
        let users = sources_with(&project_root().join("gateway/engine/src"), word);
        assert_eq!(users, Vec::<String>::new(), "engine says {word}");
    }
}

#[test]
fn no_crate_that_we_refused_is_built_in() {
    // Not `cargo metadata`: it follows weak features (`ring?/std`) that switch nothing on.
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "tree",
        "--workspace",
        "--edges",
        "no-dev",
        "--prefix",
        "none",
        "--format",
        "{p}",
        "--locked",
        "--offline",
    ]);
    let output = cargo.current_dir(project_root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let built: BTreeSet<(&str, &str)> = text.lines().filter_map(|line| line.split_once(" v")).collect();
    assert!(built.iter().any(|(name, _)| *name == "aws-lc-rs"), "the walk finds nothing");
    for (name, version) in built {
        assert!(!NOWHERE.contains(&name), "{name} {version} is built in");
        // RUSTSEC-2026-0258 stands open below it.
        let version = version.split(' ').next().unwrap_or_default();
        let patched = Version::parse(version).unwrap() >= Version::new(0, 4, 16);
        assert!(name != "h2" || patched, "h2 {version}");
    }
}

/// The files of a folder whose code, tests aside, says this.
fn sources_with(folder: &Path, word: &str) -> Vec<String> {
    let (mut open, mut users) = (vec![folder.to_path_buf()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let tests = ["tests", "tests.rs", "fakes", "fakes.rs"].contains(&name.as_str());
            if path.is_dir() && !tests {
                open.push(path);
            } else if name.ends_with(".rs") && !tests {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod").next().unwrap_or_default().lines();
                let mut code = code.filter(|line| !line.trim_start().starts_with("//"));
                if code.any(|line| line.contains(word)) {
                    users.push(path.display().to_string());
                }
            }
        }
    }
    users
}
