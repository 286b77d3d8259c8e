//! Configuration: default < file < environment, and a mistake is named with its file and line.

use std::path::Path;

use sandbox::{World, WorldOptions};

use crate::harness::run;

fn said(output: &std::process::Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn append(file: &Path, text: &str) {
    let whole = std::fs::read_to_string(file).unwrap() + text;
    std::fs::write(file, whole).unwrap();
}

fn line_of(file: &Path, word: &str) -> usize {
    1 + std::fs::read_to_string(file).unwrap().lines().position(|line| line.contains(word)).unwrap()
}

#[test]
fn a_sound_configuration_is_called_sound() {
    let world = World::build(&WorldOptions::default()).unwrap();
    let output = run(&["config", "check", "--config", world.config_file().to_str().unwrap()], &[]);
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest_known_one() {
    for (file, mistake, word, nearest) in [
        ("lienthong.toml", "\n[cache]\nbytes_mxa = 1\n", "bytes_mxa", "bytes_max"),
        ("services.toml", "\n[\"land.parcel\"]\nfresh_fro_s = 1\n", "fresh_fro_s", "fresh_for_s"),
        ("agencies.toml", "\n[civil-status.limtis]\nburst = 1\n", "limtis", "limits"),
        (
            "policy.toml",
            "\n[[rules]]\nname = \"x\"\nclient = \"y\"\nservices = []\nprocedrues = []\nfields = []\n",
            "procedrues",
            "procedures",
        ),
        ("clients.toml", "\n[clients.x]\ntitel = \"x\"\n", "titel", "title"),
    ] {
        let world = World::build(&WorldOptions::default()).unwrap();
        let path = world.folder().join("config").join(file);
        append(&path, mistake);
        let output = run(&["config", "check", "--config", world.config_file().to_str().unwrap()], &[]);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(78), "{file}: {said}");
        assert!(said.contains(&format!("{file}:{}", line_of(&path, word))), "{file}: {said}");
        assert!(said.contains(word) && said.contains(nearest), "{file}: {said}");
        let served = run(&["serve", "--config", world.config_file().to_str().unwrap()], &[]);
        assert_eq!(served.status.code(), Some(78), "{file}: it is served all the same");
    }
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
    let world = World::build(&WorldOptions::default()).unwrap();
    let file = world.config_file();
    let dump = |environment: &[(&str, &str)]| {
        said(&run(&["config", "dump", "--config", file.to_str().unwrap()], environment))
    };
    let by_default = dump(&[]);
    assert!(
        by_default.contains("body_bytes_max = 65536") && by_default.contains("listen = \"127.0.0.1:0\""),
        "{by_default}"
    );
    let overridden =
        dump(&[("LIENTHONG_SERVER_LISTEN", "127.0.0.1:7171"), ("LIENTHONG_SERVER_BODY_BYTES_MAX", "1234")]);
    assert!(
        overridden.contains("listen = \"127.0.0.1:7171\"") && overridden.contains("body_bytes_max = 1234"),
        "{overridden}"
    );
}

#[test]
fn an_unknown_name_in_the_environment_is_refused() {
    let world = World::build(&WorldOptions::default()).unwrap();
    let file = world.config_file();
    let output = run(
        &["config", "check", "--config", file.to_str().unwrap()],
        &[("LIENTHONG_SERVER_LISTNE", "127.0.0.1:1")],
    );
    assert_eq!(output.status.code(), Some(78));
    assert!(said(&output).contains("LIENTHONG_SERVER_LISTNE"), "{}", said(&output));
}
