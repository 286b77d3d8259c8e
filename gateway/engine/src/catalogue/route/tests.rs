use super::*;
use crate::catalogue::{Catalogue, Service, Sources};
use crate::client::Purpose;
use crate::fakes::world::{agency, documents};
use crate::refusal::Refusal;

/// A catalogue of two providers, `one` and `two`, with these units.
fn built(units: &[(&str, &[&str])]) -> Result<Catalogue, Vec<Unfit>> {
    let [one, two] = ["one", "two"].map(|name| Agency { name: name.into(), ..agency() });
    with(&[&one, &two], units)
}

fn with(agencies: &[&Agency], units: &[(&str, &[&str])]) -> Result<Catalogue, Vec<Unfit>> {
    let owned = |patterns: &[&str]| patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
    Catalogue::build(Sources {
        documents: documents(),
        agencies: agencies.to_vec(),
        units: units.iter().map(|(agency, patterns)| ((*agency).to_owned(), owned(patterns))).collect(),
        ..Sources::default()
    })
}

fn purpose(unit: Option<&str>) -> Purpose {
    Purpose { unit: unit.map(str::to_owned), ..Purpose::default() }
}

fn chosen(service: &Service, unit: Option<&str>) -> Result<String, String> {
    match service.route(&purpose(unit)) {
        Ok(route) => Ok(route.agency.clone()),
        Err(Refusal::Invalid { findings }) => {
            let [finding] = findings.as_slice() else { panic!("{findings:?}") };
            assert_eq!(finding.pointer.as_deref(), Some("/purpose/unit"));
            Err(finding.code.clone().unwrap())
        }
        Err(refusal) => panic!("{refusal:?}"),
    }
}

#[test]
fn the_unit_chooses_and_everybody_else_has_the_one_without_units() {
    let catalogue =
        built(&[("two", &["H56.20*", "000.00.14.H57", "H58"])]).map_err(|unfit| unfit.len()).unwrap();
    let service = catalogue.service("residence.person").unwrap();
    let cases = [
        ("H56.20", "two"),
        ("H56.20.1", "two"),
        ("000.00.20.H56", "two"),
        ("H57.14", "two"),
        ("000.00.14.H57", "two"),
        ("H58", "two"),
        ("H58.1", "one"),
        ("H56.2", "one"),
        ("H56", "one"),
        ("H57", "one"),
    ];
    for (unit, agency) in cases {
        assert_eq!(chosen(service, Some(unit)), Ok(agency.into()), "{unit}");
    }
    assert_eq!(chosen(service, None), Ok("one".into()));
}

#[test]
fn a_unit_that_nobody_serves_is_told_so() {
    let units: &[(&str, &[&str])] = &[("one", &["H56*"]), ("two", &["H57*"])];
    let catalogue = built(units).map_err(|unfit| unfit.len()).unwrap();
    let service = catalogue.service("residence.person").unwrap();
    assert_eq!(chosen(service, Some("H57.1")), Ok("two".into()));
    assert_eq!(chosen(service, Some("H58.1")), Err("unit-not-served".into()));
    assert_eq!(chosen(service, None), Err("required".into()));
    // A single provider, too, may be there for some only; `*` is everybody, also who names no unit.
    let one = Agency { name: "one".into(), ..agency() };
    let alone = with(&[&one], &[("one", &["H56*"])]).map_err(|unfit| unfit.len()).unwrap();
    assert_eq!(chosen(alone.service("residence.person").unwrap(), None), Err("required".into()));
    let alone = with(&[&one], &[("one", &["*"])]).map_err(|unfit| unfit.len()).unwrap();
    assert_eq!(chosen(alone.service("residence.person").unwrap(), None), Ok("one".into()));
}

#[test]
fn what_leaves_no_choice_is_refused_and_names_both() {
    let cases: [(&[&str], &[&str], &str); 7] = [
        (&[], &[], "for every unit"),
        (&["H56*"], &["H56.14"], "`H56*` of the one and `H56.14` of the other"),
        (&["H56.14"], &["H57", "H56.1*"], "`H56.14` of the one and `H56.1*` of the other"),
        (&["H56.14*"], &["H56*"], "`H56.14*` of the one and `H56*` of the other"),
        (&["000.00.14.H56"], &["H56.14"], "`000.00.14.H56` of the one and `H56.14` of the other"),
        (&["*"], &["H56"], "`*` of the one and `H56` of the other"),
        (&["H56.14*"], &["H56.15*", "H57", "H56.1"], ""),
    ];
    for (one, two, words) in cases {
        let unfit = built(&[("one", one), ("two", two)]).err().unwrap_or_default();
        if words.is_empty() {
            assert_eq!(unfit, []);
            continue;
        }
        // Both services, each with both blocks.
        assert_eq!(unfit.len(), 2, "{unfit:?}");
        let said = |service: &str| format!("[one] and [two] both answer residence.{service}");
        for service in ["person", "household"] {
            let told = unfit.iter().any(|unfit| {
                unfit.place == "agencies.toml"
                    && unfit.why.starts_with(&said(service))
                    && unfit.why.contains(words)
            });
            assert!(told, "{words}: {unfit:?}");
        }
    }
}

#[test]
fn patterns_that_no_unit_has_and_services_answered_twice_are_told_at_once() {
    let one = Agency { name: "one".into(), ..agency() };
    let mut twice = agency();
    let again = twice.operations.get("person").cloned().unwrap();
    twice.operations.insert("person-again".into(), again);
    let mut followed = Agency { name: "two".into(), ..agency() };
    followed.operations.shift_remove("household");
    followed.operations.get_mut("person").unwrap().feed_every_s = Some(60);
    let patterns: &[&str] = &["h56*", "000.00.*", "H56.14*", "huyện", "H5*6", "H57"];
    let unfit =
        with(&[&one, &twice, &followed], &[("one", patterns), ("residence", &["H60*"])]).err().unwrap();
    let said: Vec<String> = unfit.iter().map(ToString::to_string).collect();
    for strange in ["`h56*`", "`000.00.*`", "`huyện`", "`H5*6`"] {
        assert_eq!(said.iter().filter(|said| said.contains(strange)).count(), 1, "{strange}: {said:#?}");
    }
    let expected = [
        "residence.person-again: residence.person answers residence.person too",
        "agencies.toml: [one] and [two] both answer residence.person: a feed is followed at one agency",
        "agencies.toml: [residence] and [two] both answer residence.person: a feed is followed at one agency",
    ];
    for expected in expected {
        assert!(said.iter().any(|said| said == expected), "{expected}: {said:#?}");
    }
}

#[test]
fn each_provider_is_held_to_the_subject_its_own_folder_names() {
    let one = Agency { name: "one".into(), ..agency() };
    let mut two = Agency { name: "two".into(), ..agency() };
    two.operations.get_mut("person").unwrap().subject.clear();
    let catalogue = with(&[&one, &two], &[("two", &["H57*"])]).map_err(|unfit| unfit.len()).unwrap();
    let service = catalogue.service("residence.person").unwrap();
    let [asked, answered] =
        ["038042000001", "038145000002"].map(|id| serde_json::json!({ "personal_id": id }));
    let held = |unit: &str| service.route(&purpose(Some(unit))).unwrap().accept_subject(&asked, &answered);
    assert!(matches!(held("H56"), Err(Fault::Malformed(reason)) if reason.why == "not the subject asked"));
    assert_eq!(held("H57"), Ok(()));
}
