//! Service files and their references, the short notation.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::*;

const ID: &str = "https://lienthong.example/schemas/services/test.v1.json";

fn nothing(_: &str) -> Option<Value> {
    None
}

/// A service whose query is this and whose answer is empty.
fn service(query: Value) -> Value {
    json!({ "$id": ID, "$defs": { "query": query, "answer": { "type": "object", "properties": {} } } })
}

fn object(properties: Value) -> Value {
    json!({ "type": "object", "required": [], "properties": properties })
}

fn query(properties: Value) -> Result<Shape, Vec<String>> {
    read_service(&service(object(properties)), &nothing).map(|read| read.query)
}

/// The shape of a single property described so.
fn one(mut description: Value) -> Shape {
    if let Some(description) = description.as_object_mut() {
        description.insert("x-data-class".into(), "personal".into());
    }
    query(json!({ "it": description })).unwrap().property("it").unwrap().shape.clone()
}

#[test]
fn reads_each_scalar() {
    let words = |words: &[&str]| Scalar::Words(words.iter().map(|word| (*word).to_owned()).collect());
    let table = [
        (json!({ "type": "string" }), Scalar::Text),
        (json!({ "type": ["string", "null"] }), Scalar::Text),
        (json!({ "type": "integer" }), Scalar::Integer),
        (json!({ "type": "boolean" }), Scalar::Boolean),
        (json!({ "type": "boolean", "const": true }), Scalar::Boolean),
        (json!({ "type": "string", "enum": ["a", "b"] }), words(&["a", "b"])),
        (json!({ "type": "string", "const": "a" }), words(&["a"])),
        (json!({ "type": "string", "format": "date" }), Scalar::Date),
        (json!({ "type": "string", "format": "partial-date" }), Scalar::PartialDate),
        (json!({ "type": "string", "format": "date-time" }), Scalar::Moment),
        (json!({ "type": "string", "x-form": "partial-date", "format": "date" }), Scalar::PartialDate),
        (json!({ "type": "string", "x-form": "moment" }), Scalar::Moment),
        (json!({ "type": "object", "x-document": true, "properties": {} }), Scalar::Document),
        (json!({ "type": "object", "x-form": "document" }), Scalar::Document),
    ];
    for (description, expected) in table {
        assert_eq!(one(description.clone()), Shape::Scalar(expected), "{description}");
    }
}

#[test]
fn a_coded_value_is_an_object_of_three() {
    for description in [
        json!({ "type": "object", "x-form": "coded" }),
        json!({ "type": "object", "x-coded": true, "required": ["system", "code", "title"], "properties": {
            "system": { "type": "string", "x-data-class": "public" },
            "code": { "type": "string", "x-data-class": "personal" },
            "title": { "type": ["string", "null"], "x-data-class": "personal" } } }),
    ] {
        assert_eq!(one(description), coded(Some(DataClass::Personal)));
    }
}

#[test]
fn follows_references_and_keeps_the_nearest_class() {
    let common = json!({ "$defs": {
        "moment": { "type": "string", "x-data-class": "public" },
        "when": { "allOf": [{ "$ref": "#/$defs/moment" }], "x-data-class": "sensitive" },
        "list": { "type": "array", "x-data-class": "personal", "items": { "$ref": "#/$defs/when" } } } });
    let resolve =
        |url: &str| (url == "https://lienthong.example/schemas/common/time.json").then(|| common.clone());
    let document = service(json!({ "type": "object", "required": ["list"], "properties": {
        "when": { "$ref": "../common/time.json#/$defs/when" },
        "list": { "$ref": "../common/time.json#/$defs/list", "x-data-class": "public" } } }));
    let read = read_service(&document, &resolve).unwrap();
    let when = read.query.property("when").unwrap();
    assert_eq!((when.class, when.required), (Some(DataClass::Sensitive), false));
    assert_eq!(when.shape, Shape::Scalar(Scalar::Moment));
    let list = read.query.property("list").unwrap();
    assert_eq!((list.class, list.required), (Some(DataClass::Public), true));
    assert_eq!(list.shape, Shape::List(Box::new(Shape::Scalar(Scalar::Moment))));
}

#[test]
fn tells_all_problems_at_once() {
    let problems = query(json!({
        "bare": { "type": "string" },
        "odd": { "type": "number", "x-data-class": "public" },
        "untyped": { "x-data-class": "public" },
        "lost": { "$ref": "../common/none.json#/$defs/x", "x-data-class": "public" },
        "many": { "allOf": [{}, {}], "x-data-class": "public" },
        "itemless": { "type": "array", "x-data-class": "public" },
        "form": { "type": "string", "x-form": "dates", "x-data-class": "public" },
    }))
    .unwrap_err();
    let expected = [
        "query.bare: no x-data-class",
        "query.odd: the type `number`",
        "query.untyped: no type",
        "query.lost: ../common/none.json#/$defs/x: there is no https://lienthong.example/schemas/common/none.json",
        "query.many: allOf",
        "query.itemless: a list without",
        "query.form: x-form `dates`",
    ];
    let found = |start: &str| problems.iter().filter(|problem| problem.starts_with(start)).count();
    for start in expected {
        assert!(found(start) >= 1, "{start} in {problems:#?}");
    }
    assert_eq!(problems.iter().filter(|problem| problem.contains("lost: ..")).count(), 1, "{problems:#?}");
}

#[test]
fn a_schema_that_contains_itself_ends() {
    let mut document = service(json!({ "$ref": "#/$defs/person" }));
    document["$defs"]["person"] = object(json!({
        "father": { "$ref": "#/$defs/person", "x-data-class": "personal" },
        "mother": { "$ref": "#/$defs/person", "x-data-class": "personal" } }));
    let problems = read_service(&document, &nothing).unwrap_err();
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(problems.iter().all(|problem| problem.contains("contains itself")), "{problems:#?}");
}

#[test]
fn references_that_multiply_end() {
    let mut document = service(json!({ "$ref": "#/$defs/d0" }));
    for level in 0..12 {
        let names = (0..10).map(|name| {
            (
                format!("f{name}"),
                json!({ "$ref": format!("#/$defs/d{}", level + 1), "x-data-class": "public" }),
            )
        });
        document["$defs"][format!("d{level}")] = object(Value::Object(names.collect()));
    }
    document["$defs"]["d12"] = json!({ "type": "string" });
    assert!(
        read_service(&document, &nothing)
            .unwrap_err()
            .iter()
            .any(|problem| problem.contains("fields in all"))
    );
}

#[test]
fn joins_references_to_their_base() {
    let base = "https://lienthong.example/schemas/services/a.json";
    for (reference, expected) in [
        ("", base),
        ("b.json", "https://lienthong.example/schemas/services/b.json"),
        ("./b.json", "https://lienthong.example/schemas/services/b.json"),
        ("../common/b.json", "https://lienthong.example/schemas/common/b.json"),
        ("/b.json", "https://lienthong.example/b.json"),
        ("https://other.example/b.json", "https://other.example/b.json"),
        ("../../../../b.json", "https://lienthong.example/b.json"),
    ] {
        assert_eq!(join_url(base, reference), expected, "{reference}");
    }
}

#[test]
fn reads_the_services_of_the_house() {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    let Ok(files) = std::fs::read_dir(schemas.join("services")) else {
        println!("skipped: no schemas/services yet");
        return;
    };
    let read =
        |path: PathBuf| -> Option<Value> { serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok() };
    let resolve = |url: &str| read(schemas.join(url.strip_prefix("https://lienthong.example/schemas/")?));
    for file in files {
        let path = file.unwrap().path();
        let shape = read_service(&read(path.clone()).unwrap(), &resolve);
        let shape = shape.unwrap_or_else(|problems| panic!("{}: {problems:#?}", path.display()));
        assert!(!contains_any(&shape.query) && !contains_any(&shape.answer), "{}", path.display());
    }
}

fn contains_any(shape: &Shape) -> bool {
    match shape {
        Shape::Any => true,
        Shape::List(item) => contains_any(item),
        Shape::Object(properties) => properties.iter().any(|property| contains_any(&property.shape)),
        Shape::Scalar(_) => false,
    }
}

#[test]
fn reads_the_short_notation() {
    let schemas = read_short(
        r#"
        ["a.b".query]
        number = "text?"
        sex = "male|female?"
        "documents[]" = { file = "document" }
        "place?" = { province = "text" }
        "names[]?" = "text"
        ["a.b".answer]
        ["a.told"]
        at = "moment"
        "#,
    )
    .unwrap();
    let query = &schemas.services["a.b"].query;
    let required = |name: &str| query.property(name).unwrap().required;
    assert!(!required("number") && !required("sex") && required("documents"));
    assert!(!required("place") && !required("names"));
    assert_eq!(query.property("names").unwrap().shape, Shape::List(Box::new(Shape::Scalar(Scalar::Text))));
    let words = vec!["male".to_owned(), "female".to_owned()];
    assert_eq!(query.property("sex").unwrap().shape, Shape::Scalar(Scalar::Words(words)));
    assert_eq!(schemas.services["a.b"].answer, Shape::Object(Vec::new()));
    assert_eq!(schemas.events["a.told"].property("at").unwrap().shape, Shape::Scalar(Scalar::Moment));
    let told = read_short("[\"e\"]\na = \"texte\"\nb = 3").unwrap_err();
    assert!(told.contains("schemas.toml:2: a: `texte` is no type"), "{told}");
}

#[test]
fn reads_the_short_notation_of_the_examples() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = ["../../../shared", "../../../../shared"].map(|shared| root.join(shared));
    let file = places.map(|shared| shared.join("reference/mapping-examples/schemas.toml"));
    let Some(text) = file.iter().find_map(|file| std::fs::read_to_string(file).ok()) else {
        println!("skipped: no shared/reference/mapping-examples beside the repository");
        return;
    };
    let schemas = read_short(&text).unwrap();
    assert_eq!((schemas.services.len(), schemas.events.len()), (7, 3));
}
