//! Proves the strict readers against the public corpora: JSONTestSuite and the W3C XML conformance suite.
#![expect(clippy::print_stdout, reason = "prints what it counted")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use adapter_api::Tree;
use adapter_api::codec::json::{self, JsonError};
use adapter_api::codec::{Limits, decode};
use adapter_api::wire::Format;

/// The corpora beside the workspace; nothing is proved where they are not.
fn corpus(name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    let given = std::env::var_os("CORPORA").map(PathBuf::from);
    let places = [given.unwrap_or_else(beside), PathBuf::from("/work/shared/corpora")];
    let found = places.into_iter().map(|place| place.join(name)).find(|place| place.is_dir());
    if found.is_none() {
        println!("skipped: corpora absent ({name})");
    }
    found
}

fn count(counts: &mut BTreeMap<String, usize>, class: &str) {
    *counts.entry(class.to_owned()).or_default() += 1;
}

#[test]
fn json_is_what_rfc_8259_says() {
    let Some(folder) = corpus("json-parsing") else { return };
    let mut counts = BTreeMap::new();
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(&path).unwrap();
        let read = json::parse_value(&bytes, &Limits::default());
        let tree = json::parse(&bytes, &Limits::default());
        let verdict = match &read {
            Ok(_) => "accepted",
            Err(JsonError::Duplicate { .. }) => "refused as duplicate",
            Err(JsonError::OutOfRange { .. }) => "refused as out of range",
            Err(JsonError::TooDeep { .. }) => "refused as too deep",
            Err(_) => "refused",
        };
        count(&mut counts, &format!("{} {verdict}", &name[..2]));
        let good = match &name[..2] {
            "n_" => tree.is_err() && read.is_err(),
            "y_" => read.is_ok() || (name.contains("duplicated_key") && verdict == "refused as duplicate"),
            _ => tree.is_ok() == read.is_ok() || verdict == "refused as out of range",
        };
        if !good {
            wrong.push(format!("{name}: {read:?}"));
        }
    }
    println!("JSON: {counts:#?}");
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(
        counts.iter().filter(|(class, _)| class.starts_with("n_")).map(|(_, n)| n).sum::<usize>(),
        N_FILES
    );
    assert_eq!(counts.get("y_ accepted"), Some(&(Y_FILES - DUPLICATES)));
    assert_eq!(counts.get("y_ refused as duplicate"), Some(&DUPLICATES));
}

const N_FILES: usize = 188;
const Y_FILES: usize = 95;
const DUPLICATES: usize = 2;

/// Why a well-formed document may still be refused: our documented policies.
fn policy(why: &str) -> Option<&'static str> {
    match why {
        "mixed content" => Some("mixed content"),
        "charset other than UTF-8" | "not UTF-8" => Some("charset"),
        "XML other than 1.0" => Some("version"),
        "not XML: a colon too many"
        | "not XML: a prefix without namespace"
        | "not XML: a namespace declared wrongly" => Some("namespaces"),
        _ => None,
    }
}

/// The manifest looked for the word: here it stands in a CDATA section.
const DOCTYPE_AS_TEXT: &str = "o-p18pass1";
const XML_NOT_WELL_FORMED: usize = 128;
const XML_WITH_DOCTYPE: usize = 828;

#[test]
fn xml_is_what_the_w3c_says_and_never_has_a_doctype() {
    let Some(folder) = corpus("xml-conformance") else { return };
    let manifest = fs::read(folder.join("manifest.json")).unwrap();
    let manifest = json::parse_value(&manifest, &Limits::default()).unwrap();
    let mut counts = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in manifest.as_array().unwrap() {
        let bytes = fs::read(folder.join(case["uri"].as_str().unwrap())).unwrap();
        let read = decode(Format::Xml, &bytes, &Limits::default());
        let well_formed = case["type"] != "not-wf";
        let doctype = case["doctype"] == true && case["id"] != DOCTYPE_AS_TEXT;
        let class = match (doctype, &read) {
            (true, Ok(_)) => "WRONG: DOCTYPE accepted".to_owned(),
            (true, Err(unreadable)) if unreadable.why == "DOCTYPE" => "DOCTYPE refused as such".to_owned(),
            (true, Err(unreadable)) => match policy(&unreadable.why) {
                Some(policy) => format!("DOCTYPE refused already by policy: {policy}"),
                None if well_formed => format!("WRONG: well-formed with DOCTYPE refused: {unreadable}"),
                None => "DOCTYPE refused already as not well-formed".to_owned(),
            },
            (false, Ok(_)) if well_formed => "well-formed accepted".to_owned(),
            (false, Ok(_)) => "WRONG: not well-formed accepted".to_owned(),
            (false, Err(_)) if !well_formed => "not well-formed refused".to_owned(),
            (false, Err(unreadable)) => match policy(&unreadable.why) {
                Some(policy) => format!("well-formed refused by policy: {policy}"),
                None => format!("WRONG: well-formed refused: {unreadable}"),
            },
        };
        if class.starts_with("WRONG") {
            wrong.push(format!("{} {} {class}", case["id"], case["uri"]));
        }
        count(&mut counts, &class);
    }
    println!("XML: {counts:#?}");
    assert_eq!(wrong, Vec::<String>::new());
    let with = |word: &str| -> usize {
        counts.iter().filter(|(class, _)| class.starts_with(word)).map(|(_, number)| number).sum()
    };
    assert_eq!(with("not well-formed refused"), XML_NOT_WELL_FORMED);
    assert_eq!(with("DOCTYPE refused"), XML_WITH_DOCTYPE);
    assert_eq!(with("well-formed accepted"), 38);
    assert_eq!(with("well-formed refused by policy: namespaces"), 2);
}

#[test]
fn what_the_readers_accept_they_can_write_and_read_again() {
    let Some(folder) = corpus("json-parsing") else { return };
    let mut again = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        let Ok(tree) = json::parse(&bytes, &Limits::default()) else { continue };
        let written = adapter_api::codec::encode(Format::Json, &tree, &[]).unwrap();
        let printed = adapter_api::codec::print(Format::Json, &tree, &[]);
        let read = |bytes: &[u8]| -> Tree { json::parse(bytes, &Limits::default()).unwrap() };
        assert_eq!(read(&written), tree);
        assert_eq!(read(printed.as_bytes()), tree);
        again += 1;
    }
    println!("JSON read, written and read again: {again}");
    assert!(again >= Y_FILES - DUPLICATES);
}
