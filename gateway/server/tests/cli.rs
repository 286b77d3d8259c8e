//! The binary itself: what it prints, and that a test of the workspace always has a fresh one to start.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn lienthong(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lienthong")).args(arguments).output().unwrap()
}

#[test]
fn the_default_configuration_is_the_file_with_its_comments() {
    let output = lienthong(&["config", "default"]);
    assert!(output.status.success());
    let file = include_str!("../../../config/lienthong.toml");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), file.trim_end());
}

#[test]
fn help_names_every_verb() {
    let output = lienthong(&["--help"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let verbs =
        ["serve", "check", "new", "lineage", "token", "config", "doctor", "migrate", "backup", "restore"];
    for verb in verbs.into_iter().chain(["generate", "health"]) {
        assert!(text.contains(&format!("  {verb} ")), "{verb}: {text}");
    }
    assert_eq!(lienthong(&["srve"]).status.code(), Some(2));
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn project_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn a_reader_who_goes_away_is_no_failure() {
    let output = Command::new(env!("CARGO_BIN_EXE_lienthong"))
        .args(["config", "default"])
        .stdout(pipe_without_reader())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(output.stderr.is_empty(), "{}", said(&output));
}

/// The writing end of a pipe whose reading end is shut.
fn pipe_without_reader() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

#[test]
fn the_examples_of_the_help_name_folders_that_exist() {
    let text = said(&lienthong(&["--help"]));
    let example = text.lines().find_map(|line| line.trim().strip_prefix("lienthong lineage ")).unwrap();
    let folder = example.split_whitespace().next().unwrap();
    assert!(project_root().join(folder).join("adapter.toml").is_file(), "{folder}");
}

#[test]
fn a_token_is_issued_only_as_the_gateway_would_believe_it() {
    let keys = tempfile::tempdir().unwrap();
    let (keys, config) = (keys.path().to_str().unwrap(), project_root().join("config/lienthong.toml"));
    let token = |more: &[&str]| {
        let given = ["token", "--keys", keys, "--config", config.to_str().unwrap()];
        lienthong(&[&given, more].concat())
    };
    let issued = token(&["--client", "cong-dvc-demo", "--lives-s", "600"]);
    assert!(issued.status.success(), "{}", said(&issued));
    assert_eq!(String::from_utf8_lossy(&issued.stdout).trim().split('.').count(), 3);
    for (wrong, why) in [
        (["--client", "nobody"], "mot-cua-demo"),
        (["--issuer", "https://elsewhere.example"], "no issuer"),
        (["--audience", "somebody"], "audience is `lienthong`"),
        (["--lives-s", "601"], "from 1 to 600"),
        (["--lives-s", "0"], "from 1 to 600"),
    ] {
        let refused = token(&wrong);
        assert_eq!(refused.status.code(), Some(1), "{wrong:?}: {}", said(&refused));
        assert!(refused.stdout.is_empty() && said(&refused).contains(why), "{wrong:?}: {}", said(&refused));
    }
}

#[test]
fn a_new_agency_is_started_in_a_project_alone() {
    let folder = tempfile::tempdir().unwrap();
    let new = || lienthong(&["new", "land", "--root", folder.path().to_str().unwrap()]);
    let refused = new();
    assert_eq!(refused.status.code(), Some(78), "{}", said(&refused));
    assert!(said(&refused).contains("schemas/common"), "{}", said(&refused));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was written");
    std::fs::create_dir_all(folder.path().join("schemas/common")).unwrap();
    assert!(new().status.success());
}

#[test]
fn what_the_environment_says_wrong_has_no_line() {
    let output = Command::new(env!("CARGO_BIN_EXE_lienthong"))
        .args(["config", "dump"])
        .env("LIENTHONG_SERVER_LISTNE", "x")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(78));
    assert!(said(&output).starts_with("environment: unknown key"), "{}", said(&output));
}

/// A folder with a configuration whose store is there: what `migrate apply` makes, sealed by a key of its own.
fn with_store() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("config")).unwrap();
    std::fs::write(folder.path().join("config/lienthong.toml"), "[store]\nreaders = 1\n").unwrap();
    let main = server::config::Main::read(Some(&folder.path().join("config/lienthong.toml")), &[]).unwrap();
    let clock: std::sync::Arc<dyn engine::ports::Clock> = std::sync::Arc::new(server::clock::WallClock);
    drop(server::start::open_store(&main, &clock).unwrap());
    folder
}

#[test]
fn a_store_is_backed_up_verified_and_restored_by_hand() {
    let folder = with_store();
    let config = folder.path().join("config/lienthong.toml");
    let store = |arguments: &[&str]| {
        let output = lienthong(&[&["--config", config.to_str().unwrap()], arguments].concat());
        (output.status.code(), said(&output))
    };
    let (code, told) = store(&["migrate", "status"]);
    assert!(code == Some(0) && told.starts_with("0001 cases "), "{told}");
    let (code, told) = store(&["migrate", "apply"]);
    assert!(code == Some(0) && told.contains("no step is missing"), "{told}");
    let (code, told) = store(&["backup"]);
    assert!(code == Some(0) && told.contains("restore --verify"), "{told}");
    let backups = std::fs::read_dir(folder.path().join("data/backups")).unwrap();
    let backup = backups.map(|file| file.unwrap().path()).next().unwrap();
    let backup = backup.to_str().unwrap();
    let (code, told) = store(&["backup", backup]);
    assert!(code == Some(1) && told.contains("is there already"), "{told}");
    let (code, told) = store(&["restore", "--verify", backup]);
    assert!(code == Some(0) && told.contains("whole") && told.contains("cases 0"), "{told}");
    let (code, told) = store(&["restore", backup]);
    assert!(code == Some(0) && !told.contains("restored"), "without being asked it restores nothing: {told}");
    let (code, told) = store(&["restore", "--in-place", backup]);
    assert!(code == Some(1) && told.contains("is there already"), "{told}");
    let (code, told) = store(&["restore", "--in-place", "--replace", backup]);
    assert!(code == Some(0) && told.contains("restored") && told.contains(".before-"), "{told}");
    let cut = std::fs::read(backup).unwrap();
    std::fs::write(backup, &cut[..cut.len() / 2]).unwrap();
    let (code, told) = store(&["restore", "--in-place", "--replace", backup]);
    assert!(code == Some(1) && !told.contains("restored"), "{told}");
}

#[test]
fn a_store_whose_steps_are_missing_or_newer_says_what_to_do() {
    let folder = with_store();
    let config = folder.path().join("config/lienthong.toml");
    let database = folder.path().join("data/store/cases.db");
    let change = |sql: &str| rusqlite::Connection::open(&database).unwrap().execute_batch(sql).unwrap();
    let store = |arguments: &[&str]| {
        let output = lienthong(&[&["--config", config.to_str().unwrap()], arguments].concat());
        (output.status.code(), said(&output))
    };
    change("INSERT INTO migrations VALUES (99, 'later', '', 1)");
    for verb in ["status", "apply"] {
        let (code, told) = store(&["migrate", verb]);
        assert!(code == Some(1) && told.contains("version 99"), "{told}");
    }
    change("DELETE FROM migrations");
    let (code, told) = store(&["migrate", "status"]);
    assert!(code == Some(1) && told.contains("missing"), "{told}");
}

#[test]
fn check_holds_the_chains_to_the_schemas_and_tells_everything_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let check = |chains: &Path| {
        let chains = format!("--chains={}", chains.display());
        let mut command = Command::new(env!("CARGO_BIN_EXE_lienthong"));
        command.args(["check", "adapters", "--quick", &chains]).current_dir(project_root()).output().unwrap()
    };
    let none = check(folder.path());
    assert!(none.status.success() && !said(&none).contains("chains:"), "a folder without files is no chain");
    let death = std::fs::read_to_string(project_root().join("config/chains/death.toml")).unwrap();
    let wrong = death
        .replace("= \"applicant\"", "= \"applicants\"")
        .replace("\"e-receipt.issue\"", "\"e-receipt.file\"");
    std::fs::write(folder.path().join("death.toml"), wrong).unwrap();
    let wrong = check(folder.path());
    assert_eq!(wrong.status.code(), Some(1));
    for words in [
        "death.toml:71: error[chain] leg.funeral_support: the input has no field applicants",
        "error[chain] leg.fee: e-receipt.file is a read; a leg is a write",
        "chains: 1 held to the schemas;",
    ] {
        assert!(said(&wrong).contains(words), "{words}: {}", said(&wrong));
    }
}
