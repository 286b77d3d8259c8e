use std::path::{Path, PathBuf};

use adapter_api::diagnostic::{Diagnostic, Source};
use adapter_api::schema::{Property, Scalar, Shape};
use adapter_api::{Finding, Kind};
use serde_json::json;

use super::{Chain, Write, at_the_case, check, read};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/chains")
}

fn file(name: &str) -> Chain {
    let text = std::fs::read_to_string(folder().join(name)).unwrap();
    read(&Source { name: name.into(), text }).unwrap_or_else(|wrong| panic!("{name}: {wrong:#?}"))
}

fn parsed(text: &str) -> Chain {
    read(&Source { name: "x.toml".into(), text: text.into() }).unwrap()
}

/// `name` required, `name?` not; `name{…}` an object is spelled by nesting.
fn object(fields: &[(&str, Shape)]) -> Shape {
    let property = |(name, shape): &(&str, Shape)| Property {
        name: name.trim_end_matches('?').to_owned(),
        required: !name.ends_with('?'),
        shape: shape.clone(),
        class: None,
    };
    Shape::Object(fields.iter().map(property).collect())
}

fn text() -> Shape {
    Shape::Scalar(Scalar::Text)
}

fn service(name: &str) -> Option<Write> {
    let write = |query, answer| Some(Write { kind: Kind::Write, query, answer });
    match name {
        "civil-status.register" => write(
            object(&[("person", object(&[("id", text())])), ("date", text())]),
            object(&[("number", text())]),
        ),
        "residence.remove" => {
            write(object(&[("id", text()), ("number", text()), ("office?", text())]), object(&[]))
        }
        "residence.person" => Some(Write { kind: Kind::Read, query: object(&[]), answer: object(&[]) }),
        _ => None,
    }
}

fn input() -> Shape {
    let wanted = object(&[("removal?", text())]);
    object(&[
        ("person", object(&[("id", text()), ("office?", text())])),
        ("date", text()),
        ("wanted?", wanted),
    ])
}

const HEAD: &str =
    "chain = \"x\"\ntitle = \"Thử\"\ntitle_en = \"Trial\"\nmain = \"first\"\ndue_working_days = 3\n";

fn leg(name: &str, rest: &str) -> String {
    format!("[leg.{name}]\ntitle = \"Thử\"\ntitle_en = \"Trial\"\n{rest}\n")
}

#[test]
fn a_sound_chain_is_told_nothing() {
    let first = "service = \"civil-status.register\"\nquery = { person = { id = \"person.id\" }, date = \"$case.date\" }";
    let second = "service = \"residence.remove\"\nafter = [\"first\"]\nwhen = { \"wanted?.removal?\" = true }\n\
        query = { id = \"person.id\", number = \"$leg.first.number\", office = \"person.office?\" }";
    let text = format!("{HEAD}unique = [\"person.id\"]\n{}{}", leg("first", first), leg("second", second));
    assert_eq!(check(&parsed(&text), Some(&input()), &service), []);
}

#[test]
fn everything_wrong_with_a_chain_is_told_at_once() {
    let first = "service = \"civil-status.register\"\nwhen = { \"wanted?.removal?\" = true }\nafter = [\"second\"]\n\
        query = { person = { idd = \"person.id\" }, date = \"$leg.second.nothing\" }";
    let second = "service = \"residence.removed\"\nafter = [\"first\", \"nobody\"]\n\
        query = { id = \"person.nr\" }";
    let third = "service = \"residence.person\"\nquery = { }";
    let fourth = "service = \"residence.remove\"\n\
        query = { id = \"person.office?\", number = \"$leg.first.number\", office = \"person.office\", x = \"$part.y\" }";
    let legs = [("first", first), ("second", second), ("third", third), ("fourth", fourth)];
    let legs: String = legs.iter().map(|(name, rest)| leg(name, rest)).collect();
    let text = format!("{}unique = [\"person.nr\"]\n{legs}", HEAD.replace("\"first\"", "\"zeroth\""));
    let told = said(&check(&parsed(&text), Some(&input()), &service));
    let expected = [
        "1 main: there is no leg zeroth",
        "1 unique: the input has no field person.nr",
        "7 leg.first: stands after itself",
        "13 leg.first.query.person: the schema has no field idd",
        "13 leg.first.query.person: nothing feeds id, which is required",
        "14 leg.second: stands after nobody, which is no leg",
        "14 leg.second: nobody answers residence.removed",
        "19 leg.second: the input has no field person.nr",
        "20 leg.third: residence.person is a read; a leg is a write",
        "29 leg.fourth.query.id: is required, and person.office? may be missing",
        "29 leg.fourth.query: the schema has no field x",
        "29 leg.fourth: $leg.first.number is drawn from, but not named in `after`",
        "29 leg.fourth: $leg.first.number is the result of a leg that is not always sent; write `first?`",
        "29 leg.fourth: person.office may be missing in the input; write `?` if that is meant",
        "29 leg.fourth: $part.y begins with no root of a chain",
    ];
    assert_eq!(told, expected);
    let main = "service = \"residence.remove\"\nwhen = { date = \"x\" }";
    let told = said(&check(&parsed(&format!("{HEAD}{}", leg("first", main))), None, &service));
    assert!(told.iter().any(|told| told.contains("not always sent")), "{told:?}");
}

#[test]
fn what_a_leg_is_asked_with_must_be_what_its_service_takes() {
    let target = object(&[
        ("who", object(&[("id", text()), ("born", Shape::Scalar(Scalar::Date)), ("sex", words(&["male"]))])),
        ("copies", Shape::Scalar(Scalar::Integer)),
    ]);
    let service =
        |_: &str| Some(Write { kind: Kind::Write, query: target.clone(), answer: object(&[("n?", text())]) });
    let born = Shape::Scalar(Scalar::PartialDate);
    let who =
        object(&[("id?", text()), ("born", born), ("sex", words(&["male", "female"])), ("shoe", text())]);
    let input = object(&[("who", who), ("copies", text())]);
    let query = "service = \"a.b\"\nquery = { who = \"who\", copies = \"copies\" }";
    let expected = [
        "10 leg.first.query.who: who.id is required here, and may be missing",
        "10 leg.first.query.who: who.born is a date that may be partial, and a whole date belongs here",
        "10 leg.first.query.who: who.sex is one of male, female, and one of male belongs here",
        "10 leg.first.query.who: who.shoe has no place here",
        "10 leg.first.query.copies: copies is text, and a whole number belongs here",
    ];
    assert_eq!(
        said(&check(&parsed(&format!("{HEAD}{}", leg("first", query))), Some(&input), &service)),
        expected
    );
    let whole = format!("{HEAD}{}", leg("first", "service = \"a.b\""));
    let told = said(&check(&parsed(&whole), Some(&object(&[("copies", text())])), &service));
    let expected = [
        "6 leg.first: the input does not fit: copies is text, and a whole number belongs here",
        "6 leg.first: the input does not fit: who is required here, and nothing feeds it",
    ];
    assert_eq!(told, expected);
}

/// `when` is the only guard a leg needs: what it shows to be there may be drawn from without a question mark.
#[test]
fn a_block_whose_presence_asks_for_a_leg_is_there_in_that_leg_and_in_no_other() {
    let input = object(&[("fee?", object(&[("total", text()), ("note?", text())]))]);
    let query = object(&[("total", text())]);
    let service = |_: &str| Some(Write { kind: Kind::Write, query: query.clone(), answer: object(&[]) });
    let told = |when: &str, path: &str| {
        let rest = format!("service = \"a.b\"\n{when}\nquery = {{ total = \"{path}\" }}");
        let main = leg("first", "service = \"a.b\"\nquery = { total = { const = \"1\" } }");
        said(&check(&parsed(&format!("{HEAD}{main}{}", leg("fee", &rest))), Some(&input), &service))
    };
    let there = "when = { \"fee?\" = { exists = true } }";
    assert_eq!(told(there, "fee.total"), [""; 0]);
    for (when, path) in [("", "fee.total"), ("when = { \"fee?\" = { exists = false } }", "fee.total")] {
        assert_eq!(told(when, path).len(), 1, "{when}");
    }
    assert_eq!(told(there, "fee.note").len(), 1, "the block is there, its note need not be");
    assert_eq!(told("when = { \"fee?.note?\" = \"x\" }", "fee.note"), [""; 0]);
}

#[test]
fn tables_and_shapes_that_are_named_are_there_and_those_that_are_there_are_named() {
    let any = |_: &str| Some(Write { kind: Kind::Write, query: Shape::Any, answer: Shape::Any });
    let query = "service = \"a.b\"\nquery = { a = { path = \"a\", table = \"sexes\" }, b = { path = \"b\", shape = \"adress\" } }";
    let text = format!("{HEAD}{}[shape.address]\nx = \"y\"\n", leg("first", query));
    let expected = [
        "10 words: there is no table sexes",
        "10 words: there is no shape adress",
        "1 words: shape.address is used by nobody",
    ];
    assert_eq!(said(&check(&parsed(&text), None, &any)), expected);
}

/// Line, path and sentence.
fn said(findings: &[Diagnostic]) -> Vec<String> {
    findings.iter().map(|found| format!("{} {}: {}", found.place.line, found.at, found.message)).collect()
}

fn words(words: &[&str]) -> Shape {
    Shape::Scalar(Scalar::Words(words.iter().map(|word| (*word).to_owned()).collect()))
}

#[test]
fn a_file_with_mistakes_is_told_them_with_their_lines() {
    let text = format!("{HEAD}sort = 1\n{}", leg("first", "service = \"a.b\"\nwhen = {}\nquery = 3"));
    let told = read(&Source { name: "x.toml".into(), text }).unwrap_err();
    assert!(told.len() >= 3 && told[0].to_string().starts_with("x.toml:6:"), "{told:#?}");
}

#[test]
fn every_chain_of_the_configuration_reads_and_stands_together() {
    let any = |_: &str| Some(Write { kind: Kind::Write, query: Shape::Any, answer: Shape::Any });
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let chain = file(&name);
        assert_eq!(format!("{}.toml", chain.name), name);
        assert_eq!(check(&chain, None, &any), [], "{name}");
        names.push(chain.name);
    }
    assert_eq!(names.len(), 9);
}

#[test]
fn the_citizen_picks_two_three_or_four_procedures_of_a_death() {
    let death = file("death.toml");
    let wanted = |input: serde_json::Value| {
        let legs = death.legs.iter().filter(|leg| death.wants(leg, &input, &[]) == Ok(true));
        legs.map(|leg| leg.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(wanted(json!({})), ["registration", "residence_removal"]);
    assert_eq!(wanted(json!({ "funeral_support": {} })).len(), 3);
    let four = wanted(json!({ "funeral_support": {}, "survivor_benefit": {} }));
    assert_eq!(four, ["registration", "residence_removal", "survivor_benefit", "funeral_support"]);
}

#[test]
fn a_leg_is_drawn_from_the_input_and_earlier_results_and_says_what_is_missing() {
    let death = file("death.toml");
    let removal = death.leg("residence_removal").unwrap();
    let input = json!({ "office": "14812", "residence_office": "14813", "death": { "died_on": "2025-08-11" },
        "deceased": { "personal_id": "038042000001", "full_name": "NGUYỄN VĂN MẪU" } });
    let registered = json!({ "number": "15", "book": "01/2025" });
    let query = death.query(removal, &input, &[("registration", &registered)]).unwrap();
    assert_eq!(query["registration"], json!({ "number": "15", "book": "01/2025", "office": "14812" }));
    let undrawn =
        death.query(removal, &json!({ "office": "14812" }), &[("registration", &registered)]).unwrap_err();
    assert_eq!(undrawn.findings[0].pointer.as_deref(), Some("/deceased/personal_id"));
    assert!(
        death.query(removal, &input, &[]).unwrap_err().findings.is_empty(),
        "not the citizen's to correct"
    );
    let one = file("residence.remove.toml");
    assert_eq!(
        one.query(&one.legs[0], &input, &[]).unwrap(),
        input,
        "a chain of one leg takes the service's own query"
    );
}

/// Where a finding about a leg's query is told.
fn told_at(chain: &Chain, leg: &str, pointer: &str) -> Option<String> {
    let finding = Finding {
        pointer: Some(pointer.into()),
        agency_field: Some("nktHoTen".into()),
        ..Finding::default()
    };
    let told = at_the_case(finding, chain.leg(leg).unwrap());
    assert_eq!(told.agency_field.as_deref(), Some("nktHoTen"), "the agency's name stays");
    told.pointer
}

#[test]
fn what_an_agency_finds_wrong_is_told_at_the_field_the_citizen_gave() {
    let death = file("death.toml");
    let rows = [
        ("registration", "/query/deceased/id_number", Some("/deceased/personal_id")),
        ("registration", "/query/declarant/id_number", Some("/applicant/personal_id")),
        ("registration", "/query/declarant/residence/commune", Some("/applicant/address/commune")),
        ("registration", "/query/death/died_on", Some("/death/died_on")),
        ("registration", "/query/documents/1/title", Some("/documents/1/title")),
        ("registration", "/query/deceased", Some("/deceased")),
        ("registration", "/query/declarant", Some("/applicant")),
        ("survivor_benefit", "/query/deceased/insurance_number", Some("/survivor_benefit/insurance_number")),
        (
            "survivor_benefit",
            "/query/beneficiaries/0/personal_id",
            Some("/survivor_benefit/beneficiaries/0/personal_id"),
        ),
        ("charge", "/query/items/0/amount", Some("/charge/items/0/amount")),
        // Not the citizen's to correct: the chain's own word, an earlier leg's result, what nobody drew.
        ("charge", "/query/kind", None),
        ("residence_removal", "/query/registration/book", None),
        ("residence_removal", "/query/shoe", None),
        ("registration", "/purpose/unit", None),
        ("registration", "/query", None),
    ];
    for (leg, pointer, expected) in rows {
        assert_eq!(told_at(&death, leg, pointer).as_deref(), expected, "{leg} {pointer}");
    }
    let one = file("residence.remove.toml");
    assert_eq!(told_at(&one, "whole", "/query/deceased/full_name").as_deref(), Some("/deceased/full_name"));
}

#[test]
fn what_is_made_of_several_fields_is_told_at_what_they_stand_in() {
    let query = "service = \"a.b\"\nquery = { name = { join = [\"who.family\", \"who.given\"], with = \" \" }, \
        rows = { each = \"documents\", item = { title = \"title\" } }, both = { first = [\"who.a?\", \"where.b\"] }, \
        day = { path = \"who.day\", date = \"dd/MM/yyyy\" } }";
    let chain = parsed(&format!("{HEAD}{}", leg("first", query)));
    let rows = [
        ("/query/name", Some("/who")),
        ("/query/rows/3/title", Some("/documents")),
        ("/query/both", None),
        ("/query/day", Some("/who/day")),
    ];
    for (pointer, expected) in rows {
        assert_eq!(told_at(&chain, "first", pointer).as_deref(), expected, "{pointer}");
    }
}
