//! The binary itself: what it prints, and that a test of the workspace always has a fresh one to start.

use std::process::{Command, Output};

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
    for verb in ["serve", "check", "new", "lineage", "token", "config", "doctor", "generate", "health"] {
        assert!(text.contains(&format!("  {verb} ")), "{verb}: {text}");
    }
    assert_eq!(lienthong(&["srve"]).status.code(), Some(2));
}
