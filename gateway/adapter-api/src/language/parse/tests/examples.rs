//! The eight example folders of the reference.

use std::path::Path;

use crate::agency::Agency;
use crate::language::parse::parse_folder;
use crate::tests::examples::{AGENCIES, folder, root};

fn parsed(examples: &Path, agency: &str) -> Agency {
    let (agency, findings) = parse_folder(&folder(examples, agency));
    let told: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
    agency.unwrap()
}

#[test]
fn every_example_parses_without_a_finding() {
    let Some(examples) = root() else { return };
    let all: Vec<Agency> = AGENCIES.iter().map(|agency| parsed(&examples, agency)).collect();
    let count = |of: fn(&Agency) -> usize| all.iter().map(of).sum::<usize>();
    assert_eq!(count(|agency| agency.operations.len()), 10);
    assert_eq!(count(|agency| agency.exchanges.len()), 14);
    assert_eq!(count(|agency| agency.inbound.len()), 2);
}
