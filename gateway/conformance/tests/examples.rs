//! The mapping language's trial files (eight agencies, 33 talks with 61 endings) through reader and replay.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use adapter_api::agency::{self, Folder};
use adapter_api::declarative::Declarative;
use adapter_api::diagnostic::Source;
use adapter_api::schema::read::read_short;
use conformance::folder::operation_of;
use conformance::replay::{Purpose, replay};
use conformance::talk::{self, Opening, Section, Word};
use serde_json::Value;

fn examples() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/mapping-examples");
    let below_worktree =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/reference/mapping-examples");
    [path, below_worktree].into_iter().find(|path| path.is_dir())
}

fn source(path: &Path) -> Source {
    Source { name: path.display().to_string().into(), text: std::fs::read_to_string(path).unwrap() }
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    files
}

/// Faults are compared by word, exchange, code and pointers: the reference evaluator has other words for
/// *why*.
fn essence(section: &Section) -> (Word, String, Value) {
    let body =
        if section.body.is_empty() { Value::Null } else { serde_json::from_str(&section.body).unwrap() };
    let body = match section.word {
        Word::Fault => {
            let findings = body.get("findings").and_then(Value::as_array).cloned().unwrap_or_default();
            let pointers: Vec<Value> = findings.iter().map(|finding| finding["pointer"].clone()).collect();
            serde_json::json!([body.get("code"), body.get("sent"), pointers])
        }
        // The reference evaluator shows the first 24 characters of what makes two messages the same.
        Word::Event => {
            let same = body["same"].as_array().cloned().unwrap_or_default();
            let same: Vec<String> =
                same.iter().map(|text| text.as_str().unwrap().chars().take(24).collect()).collect();
            serde_json::json!([body["event"], body["code"], same, body["value"]])
        }
        _ => body,
    };
    (section.word, section.head.clone(), body)
}

#[test]
fn the_trial_files_replay_as_the_reference_evaluator_recorded_them() {
    let Some(root) = examples() else {
        println!("skipped: the reference examples are not here");
        return;
    };
    let schemas = Arc::new(read_short(&std::fs::read_to_string(root.join("schemas.toml")).unwrap()).unwrap());
    let carriers: Vec<(String, Source)> = files(&root.join("carriers"), "toml")
        .iter()
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), source(path)))
        .collect();
    let (mut talks, mut endings, mut wrong) = (0, 0, Vec::new());
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    for folder in folders.iter().filter(|folder| folder.join("adapter.toml").is_file()) {
        let input = Folder {
            name: folder.file_name().unwrap().to_string_lossy().into_owned(),
            files: files(folder, "toml").iter().map(|path| source(path)).collect(),
            carriers: carriers.clone(),
        };
        let (agency, findings) = agency::parse(&input);
        assert_eq!(findings, [], "{}", folder.display());
        let agency = Arc::new(agency.unwrap());
        let adapter = Declarative::new(Arc::clone(&agency), Arc::clone(&schemas));
        for path in files(&folder.join("fixtures"), "talk") {
            let (talk, findings) = talk::read(&source(&path));
            assert_eq!(findings, [], "{}", path.display());
            let talk = talk.unwrap();
            let operation = match &talk.opening {
                Opening::Call { named, .. } => operation_of(&agency, named).unwrap(),
                Opening::Heard { message, .. } => message.clone(),
            };
            talks += 1;
            endings +=
                talk.turns.iter().filter(|turn| turn.word.is_ending() || turn.word == Word::Event).count();
            let replayed = replay(&talk, &adapter, &operation, Purpose::CheckWithoutHeaders);
            let other_words =
                replayed.findings.iter().filter(|finding| ["send", "answer"].contains(&finding.at.as_str()));
            wrong.extend(other_words.map(ToString::to_string));
            let played = talk::read(&Source { name: talk.name.clone(), text: replayed.rewritten }).0.unwrap();
            let (told, said) = (told_endings(&talk.turns), told_endings(&played.turns));
            for (told, said) in told.iter().zip(&said).filter(|(told, said)| told != said) {
                wrong.push(format!("{}: {told:?}, but {said:?}", talk.name));
            }
            assert_eq!(told.len(), said.len(), "{}", talk.name);
        }
    }
    // The examples are older than `reference/mapping.md` 7.4, by which a negation counts directly after a
    // phrase as well: "Phiên làm việc không hợp lệ" no longer holds "phiên làm việc".
    wrong.retain(|wrong| !wrong.contains("dossier-sync.insert.talk") || !wrong.contains("Renew"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert_eq!((talks, endings), (33, 61));
}

fn told_endings(turns: &[Section]) -> Vec<(Word, String, Value)> {
    turns.iter().filter(|turn| turn.word.is_ending() || turn.word == Word::Event).map(essence).collect()
}
