//! The project's own chains against the project's own schemas.

use serde_json::{Value, json};
use std::path::PathBuf;

use super::*;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn own() -> ChainFiles {
    read(&root().join("config/chains"), &root().join("config/calendar.toml")).unwrap()
}

/// What is told of the project's chains once its schema documents have been changed.
fn told(change: impl FnOnce(&mut BTreeMap<String, Value>)) -> Vec<String> {
    let disk = conformance::disk::read(&root().join("adapters"), &root().join("schemas"));
    let agencies: Vec<_> =
        disk.agencies.iter().filter_map(|(folder, _)| adapter_api::agency::parse(folder).0).collect();
    let mut documents = disk.documents.clone();
    change(&mut documents);
    let catalogue = crate::schema_files::catalogue(&documents, &agencies).unwrap();
    let files = SchemaFiles { documents };
    let ground = Ground { shapes: &disk.schemas, files: &files, catalogue: &catalogue, is_deployed: true };
    let findings = check(&own().chains, &ground);
    findings.iter().map(|found| format!("{}: {}", found.at, found.message)).collect()
}

fn schema<'d>(documents: &'d mut BTreeMap<String, Value>, file: &str, pointer: &str) -> &'d mut Value {
    let id = format!("https://lienthong.example/schemas/{file}.v1.json");
    documents.get_mut(&id).unwrap().pointer_mut(pointer).unwrap()
}

#[test]
fn every_chain_fits_the_services_it_calls_and_every_service_that_writes_has_a_chain() {
    assert_eq!(told(|_| {}), [""; 0]);
    let disk = conformance::disk::read(Path::new(""), &root().join("schemas"));
    let files = SchemaFiles { documents: disk.documents };
    let writes = files.documents.values().filter(|document| document.get("x-kind") == Some(&"write".into()));
    let mut writes: Vec<&str> = writes.map(|document| document["x-service"].as_str().unwrap()).collect();
    writes.push("death");
    writes.sort_unstable();
    assert_eq!(own().chains.keys().map(String::as_str).collect::<Vec<_>>(), writes);
}

/// Shapes know no patterns and no limits: only a real example, drawn, shows that a leg is taken.
#[test]
fn an_example_that_a_service_would_refuse_is_a_finding_at_the_leg() {
    let stricter = told(|documents| {
        let place = "/$defs/query/properties/residence_office";
        schema(documents, "services/residence.remove", place)["maxLength"] = json!(3);
        let place = "/$defs/answer/examples/0";
        schema(documents, "services/civil-status.register-death", place)["number"] = json!("x".repeat(51));
    });
    let leg = "leg.residence_removal: example 1: residence.remove refuses";
    for words in [
        "schema: example 1 is refused: /residence_office (too-long)".to_owned(),
        format!("{leg} /query/residence_office (too-long)"),
        format!("{leg} /query/registration/number (too-long)"),
    ] {
        assert!(stricter.contains(&words), "{words}: {stricter:#?}");
    }
    let bare = told(|documents| {
        let input = schema(documents, "cases/death", "/$defs/input").as_object_mut().unwrap();
        input.remove("examples");
    });
    assert_eq!(bare, ["schema: the schema has no example, so nobody has seen the chain fit"]);
    let wrong = told(|documents| {
        let deceased = schema(documents, "cases/death", "/$defs/input/examples/0/deceased");
        deceased["personal_id"] = json!("038140000001");
    });
    assert!(
        wrong.iter().any(|said| said.contains("example 1 is refused: /deceased/personal_id")),
        "{wrong:#?}"
    );
}

#[test]
fn due_dates_over_a_year_the_calendar_does_not_name_are_warned_of() {
    let at = |date: &str| engine::calendar::Day::parse(date).unwrap().start_ms();
    assert_eq!(warnings(&own(), at("2027-06-01")), [""; 0]);
    let late = warnings(&own(), at("2027-12-27"));
    assert_eq!(late.len(), 1, "{late:?}");
    assert!(late[0].starts_with("calendar: 2028 ") && late[0].contains("death"), "{late:?}");
    assert!(!late[0].contains("residence.remove"), "two working days end within 2027: {late:?}");
    assert_eq!(warnings(&ChainFiles::default(), at("2027-12-27")), [""; 0]);
}
