//! The eight example folders of the reference hold no error, and one of them four notes.

use std::path::Path;

use crate::agency::parse;
use crate::check::{Demand, Strictness, check_with};
use crate::diagnostic::{Diagnostic, Severity};
use crate::schema::read::read_short;
use crate::tests::examples::{AGENCIES, folder, root};

/// The examples were written before these were demanded.
const LEFT_OUT: [Demand; 4] = [Demand::Repeat, Demand::SettleFor, Demand::Subject, Demand::Unused];

fn findings(examples: &Path, agency: &str, strictness: &Strictness) -> Vec<Diagnostic> {
    let schemas = read_short(&std::fs::read_to_string(examples.join("schemas.toml")).unwrap()).unwrap();
    let (parsed, told) = parse(&folder(examples, agency));
    assert_eq!(told, []);
    check_with(&parsed.unwrap(), &schemas, strictness)
}

fn printed(findings: &[Diagnostic], severity: Severity) -> Vec<String> {
    findings.iter().filter(|finding| finding.severity == severity).map(ToString::to_string).collect()
}

#[test]
fn the_examples_have_no_errors() {
    let Some(examples) = root() else { return };
    let strictness = Strictness::without(LEFT_OUT);
    for agency in AGENCIES {
        let findings = findings(&examples, agency, &strictness);
        let errors = printed(&findings, Severity::Error);
        assert!(errors.is_empty(), "{}", errors.join("\n"));
        let notes = printed(&findings, Severity::Note);
        let expected = if agency == "social_insurance" { 4 } else { 0 };
        assert_eq!(notes.len(), expected, "{agency}\n{}", notes.join("\n"));
    }
}

#[test]
fn the_product_demands_more_of_the_examples() {
    let Some(examples) = root() else { return };
    let told: Vec<(&str, String)> = AGENCIES
        .into_iter()
        .flat_map(|agency| {
            let findings = findings(&examples, agency, &Strictness::default());
            printed(&findings, Severity::Error).into_iter().map(move |finding| (agency, finding))
        })
        .collect();
    let says =
        |agency: &str, part: &str| told.iter().any(|(of, finding)| *of == agency && finding.contains(part));
    assert!(says("civil_status", "does not say `repeat`"), "{told:#?}");
    assert!(says("e_receipt", "does not say `settle_for`"), "{told:#?}");
    assert!(says("residence", "does not say its `subject`"), "{told:#?}");
    assert!(says("postal", "requires `order_number`, which never reaches the wire"), "{told:#?}");
}
