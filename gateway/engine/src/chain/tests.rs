use std::path::{Path, PathBuf};

use adapter_api::Kind;
use adapter_api::diagnostic::Source;
use adapter_api::schema::{Property, Scalar, Shape};
use serde_json::json;

use super::{Chain, Write, check, read};

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
    let told: Vec<String> =
        check(&parsed(&text), Some(&input()), &service).into_iter().map(|unfit| unfit.why).collect();
    let expected = [
        "main: there is no leg zeroth",
        "unique: the input has no field person.nr",
        "leg.first: stands after itself",
        "leg.first.query.person: the schema has no field idd",
        "leg.first.query.person: nothing feeds id, which is required",
        "leg.second: stands after nobody, which is no leg",
        "leg.second: there is no service residence.removed",
        "leg.second: the input has no field person.nr",
        "leg.third: residence.person is a read; a leg is a write",
        "leg.fourth.query.id: is required, and person.office? may be missing",
        "leg.fourth.query: the schema has no field x",
        "leg.fourth: $leg.first.number is drawn from, but not named in `after`",
        "leg.fourth: $leg.first.number is the result of a leg that is not always sent; write `first?`",
        "leg.fourth: person.office may be missing in the input; write `?` if that is meant",
        "leg.fourth: $part.y begins with no root of a chain",
    ];
    assert_eq!(told, expected);
    let main = "service = \"residence.remove\"\nwhen = { date = \"x\" }";
    let told = check(&parsed(&format!("{HEAD}{}", leg("first", main))), None, &service);
    assert!(told.iter().any(|unfit| unfit.why.contains("not always sent")), "{told:?}");
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
    let wanted = |wishes: serde_json::Value| {
        let input = json!({ "wanted": wishes });
        let legs = death.legs.iter().filter(|leg| death.wants(leg, &input, &[]) == Ok(true));
        legs.map(|leg| leg.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(wanted(json!({})), ["registration", "residence_removal"]);
    assert_eq!(wanted(json!({ "funeral_support": true })).len(), 3);
    let four = wanted(json!({ "funeral_support": true, "survivor_benefit": true }));
    assert_eq!(four, ["registration", "residence_removal", "survivor_benefit", "funeral_support"]);
}

#[test]
fn a_leg_is_drawn_from_the_input_and_earlier_results_and_says_what_is_missing() {
    let death = file("death.toml");
    let removal = death.leg("residence_removal").unwrap();
    let input = json!({ "office": "14812", "deceased": { "personal_id": "038042000001", "full_name": "NGUYỄN VĂN MẪU",
        "residence_office": "14812" }, "death": { "date": "2025-08-11" } });
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
