//! Reads several files as one: tables of the same name flow together where they may, and are reported where they may not.

use super::source::{Entry, Table, Value};
use super::value::Findings;
use crate::diagnostic::Diagnostic;

/// Adds a file of manifest and words.
pub fn add_words(whole: &mut Table, file: Table, findings: &mut Findings) {
    add(whole, file, &mut Vec::new(), findings);
}

/// Adds a file of code lists.
pub fn add_lists(whole: &mut Table, file: Table, findings: &mut Findings) {
    for entry in file.entries {
        match whole.entries.iter().find(|known| known.key == entry.key) {
            Some(known) => report(known, &entry, &[], findings),
            None => whole.entries.push(entry),
        }
    }
}

fn add(whole: &mut Table, part: Table, path: &mut Vec<String>, findings: &mut Findings) {
    for entry in part.entries {
        let Some(known) = whole.entries.iter_mut().find(|known| known.key == entry.key) else {
            whole.entries.push(entry);
            continue;
        };
        path.push(entry.key.clone());
        let joins = may_be_continued(path);
        path.pop();
        match (&mut known.item.value, entry) {
            (
                Value::Table(whole),
                Entry { key, item: super::source::Item { value: Value::Table(part), .. }, .. },
            ) if joins => {
                path.push(key);
                add(whole, part, path, findings);
                path.pop();
            }
            (_, entry) => report(known, &entry, path, findings),
        }
    }
}

/// Whether a table of this path may be spread over files: the manifest's kinds, an exchange's words, its `let`s.
fn may_be_continued(path: &[String]) -> bool {
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    match names.as_slice() {
        ["agency" | "through"] => false,
        [_] => true,
        [first, _] if super::manifest::KEYS.contains(first) => false,
        [_, "send" | "reply" | "message" | "answer"] => true,
        [_, "send" | "reply" | "message", "let"] => true,
        _ => false,
    }
}

fn report(known: &Entry, again: &Entry, path: &[String], findings: &mut Findings) {
    let at = path.iter().map(String::as_str).chain([again.key.as_str()]).collect::<Vec<_>>().join(".");
    let message = format!("`{at}` is written a second time; the first is at {}", known.place);
    findings.push(
        Diagnostic::error("C1", &again.place, at, message).help("keep one of the two, or rename one of them"),
    );
}
