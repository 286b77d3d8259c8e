//! Replays the tried examples of the adapter format, and compares with the reference evaluator over spoiled replies.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;

#[path = "examples/folders.rs"]
mod folders;
#[path = "examples/oracle.rs"]
mod oracle;
#[path = "examples/replay.rs"]
mod replay;
#[path = "examples/spoil.rs"]
mod spoil;

/// What the examples hold (`reference/mapping.md`, head): a reader that skips half of them would not go unnoticed.
const TALKS: usize = 33;
const ENDINGS: usize = 61;

#[test]
fn every_talk_ends_as_it_is_written() {
    let Some(root) = folders::root() else {
        println!("skipped: no mapping examples (set EXAMPLES)");
        return;
    };
    let (mut talks, mut endings, mut wrong) = (0, 0, Vec::new());
    for folder in folders::load_all(&root) {
        for (name, text) in &folder.talks {
            match replay::replay(&folder.adapter, text) {
                Ok(ended) => (talks, endings) = (talks + 1, endings + ended),
                Err(difference) => wrong.push(format!("{}/{name}: {difference}", folder.name)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{talks} talks, {endings} endings");
    assert_eq!((talks, endings), (TALKS, ENDINGS));
}

#[test]
fn spoiled_replies_end_as_in_the_reference_evaluator() {
    let Some(root) = folders::root() else {
        println!("skipped: no mapping examples (set EXAMPLES)");
        return;
    };
    let Some(oracle) = oracle::Oracle::find(&root) else {
        println!("skipped: no python3 with regex and tomli");
        return;
    };
    let cases: Vec<spoil::Case> = folders::load_all(&root).iter().flat_map(spoil::cases).collect();
    let theirs = oracle.endings(&cases);
    assert_eq!(theirs.len(), cases.len());
    let (mut known, mut wrong) = (BTreeMap::new(), Vec::new());
    for (case, theirs) in cases.iter().zip(&theirs) {
        if case.ours == *theirs {
            continue;
        }
        match spoil::explain(case, theirs) {
            Some(paragraph) => *known.entry(paragraph).or_insert(0) += 1,
            None => wrong.push(format!("{}: {} here, {theirs} there", case.what, case.ours)),
        }
    }
    println!("{} spoiled replies", cases.len());
    known.iter().for_each(|(paragraph, count)| println!("{count} known differences: {paragraph}"));
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(cases.len() >= 300, "only {} cases", cases.len());
}

#[test]
fn no_hostile_reply_is_success() {
    let Some(root) = folders::root() else {
        println!("skipped: no mapping examples (set EXAMPLES)");
        return;
    };
    let (mut count, mut wrong) = (0, Vec::new());
    for example in folders::load_all(&root) {
        for (what, step) in spoil::hostile(&example) {
            count += 1;
            if matches!(&step, Ok(adapter_api::Step::Done(outcome)) if outcome.is_success()) {
                wrong.push(format!("{what}: {step:?}"));
            }
        }
    }
    println!("{count} hostile replies");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 805, "only {count}");
}
