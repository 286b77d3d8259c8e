//! What a caller is told when something is declined: one shape, two languages, no value quoted, a page that exists.

use sandbox::caller::usual_purpose;
use sandbox::questions::about;
use sandbox::{Caller, Told};
use serde_json::{Value, json};
use simulators::{Misbehaviour, Times};

use crate::harness::Town;

/// Every member that each problem has, and that its page stands where `type` points.
async fn is_a_problem(town: &Town, told: &Told, status: u16, code: &str, blame: &str) {
    assert_eq!((told.status, told.word()), (status, code), "{}", told.body);
    assert_eq!(told.header("content-type"), Some("application/problem+json"));
    assert_eq!(told.at("/status"), &json!(status));
    assert_eq!(told.at("/blame"), blame, "{}", told.body);
    assert!(told.at("/retryable").is_boolean(), "{}", told.body);
    for member in ["/title", "/detail", "/trace_id", "/type"] {
        assert!(told.at(member).as_str().is_some_and(|text| !text.is_empty()), "{member}: {}", told.body);
    }
    let page = told.at("/type").as_str().unwrap();
    assert_eq!(page, format!("/problems/{code}"));
    assert_eq!(town.one_stop.get(page).await.unwrap().status, 200, "{page}");
}

/// The same request in both languages: the same facts, other words.
async fn in_both_languages(caller: &Caller, ask: impl AsyncFn(&Caller) -> Told) -> Told {
    let (vietnamese, english) = (ask(caller).await, ask(&caller.in_english()).await);
    assert_eq!(vietnamese.header("content-language"), Some("vi"));
    assert_eq!(english.header("content-language"), Some("en"));
    for member in ["/code", "/status", "/blame", "/retryable", "/type"] {
        assert_eq!(vietnamese.at(member), english.at(member), "{member}");
    }
    for member in ["/title", "/detail"] {
        assert_ne!(vietnamese.at(member), english.at(member), "{member}");
        assert!(english.at(member).as_str().unwrap().is_ascii(), "{}", english.body);
    }
    vietnamese
}

#[tokio::test]
async fn every_refusal_has_one_shape_in_two_languages() {
    let town = Town::usual().await;
    let query = about(town.person());
    let stranger = town.one_stop.with_token("khong.phai.token");

    let told = in_both_languages(&stranger, async |caller| {
        caller.ask("residence.person", query.clone()).await.unwrap()
    })
    .await;
    is_a_problem(&town, &told, 401, "unauthenticated", "caller").await;
    assert_eq!(told.header("www-authenticate"), Some("Bearer"));

    let mut other = usual_purpose();
    other["procedure"] = json!("3.000181");
    let told = in_both_languages(&town.one_stop, async |caller| {
        caller.ask_for("residence.person", other.clone(), query.clone()).await.unwrap()
    });
    is_a_problem(&town, &told.await, 403, "denied", "caller").await;

    let nowhere = async |caller: &Caller| caller.ask("land.parcel", json!({})).await.unwrap();
    let told = in_both_languages(&town.one_stop, nowhere).await;
    is_a_problem(&town, &told, 404, "unknown-service", "caller").await;
    let mine = [
        "civil-status.dossier-status",
        "civil-status.record",
        "residence.household",
        "residence.person",
        "residence.verify",
    ];
    assert_eq!(told.at("/services"), &json!(mine));
    let narrow = nowhere(&town.connector).await;
    assert!(!narrow.body.to_string().contains("household"), "only what this client may ask: {}", narrow.body);

    let told = in_both_languages(&town.one_stop, async |caller| {
        caller.ask("residence.person", json!({})).await.unwrap()
    })
    .await;
    is_a_problem(&town, &told, 422, "invalid", "caller").await;

    for (path, body, content_type, status, code) in [
        ("/v1/residence/person", "{", "application/json", 400, "malformed-json"),
        ("/v1/residence/person", "{\"query\":{},\"query\":{}}", "application/json", 400, "malformed-json"),
        ("/v1/residence/person", "[]", "application/json", 422, "invalid"),
        ("/v1/residence/person", "{\"qurey\":{}}", "application/json", 422, "invalid"),
        ("/v1/residence/person", "{\"purpose\":7}", "application/json", 422, "invalid"),
        ("/v1/residence/person", "{}", "text/plain", 415, "unsupported-media-type"),
        ("/v1/nothing", "{}", "application/json", 404, "not-found"),
        ("/v1/services", "{}", "application/json", 405, "method-not-allowed"),
    ] {
        let told = in_both_languages(&town.one_stop, async |caller| {
            caller.post(path, body.into(), &[("content-type", content_type)]).await.unwrap()
        });
        is_a_problem(&town, &told.await, status, code, "caller").await;
    }
    let long = format!("{{\"query\":\"{}\"}}", "x".repeat(70_000));
    let told = town.one_stop.post("/v1/residence/person", long.into(), &[]).await.unwrap();
    is_a_problem(&town, &told, 413, "too-large", "caller").await;
}

#[tokio::test]
async fn a_fault_names_the_agency_and_the_carrier() {
    let town = Town::usual().await;
    town.simulators().residence().misbehave(Misbehaviour::HtmlPage, Times::Always).unwrap();
    let told = in_both_languages(&town.one_stop, async |caller| {
        caller.ask("residence.verify", about(town.person())).await.unwrap()
    });
    let told = told.await;
    is_a_problem(&town, &told, 502, "malformed", "agency").await;
    assert_eq!((told.at("/agency"), told.at("/carrier")), (&json!("residence"), &Value::Null));

    town.simulators().lgsp().misbehave(Misbehaviour::Refuse, Times::Always).unwrap();
    let dossier = town.register().dossier_in_state(1).unwrap();
    let query = json!({ "dossier": dossier.code, "office": dossier.unit });
    let told = town.one_stop.ask("civil-status.dossier-status", query).await.unwrap();
    is_a_problem(&town, &told, 503, "unreachable", "carrier").await;
    assert_eq!((told.at("/agency"), told.at("/carrier")), (&json!("civil-status"), &json!("lgsp")));
    assert_eq!(told.at("/retryable"), &json!(true));
}

#[tokio::test]
async fn a_wrong_personal_id_names_positions_and_no_digit() {
    let town = Town::usual().await;
    let person = town.person();
    let digits = |at: usize, new: &str| -> String {
        let letters: Vec<char> = person.id.chars().collect();
        letters[..at]
            .iter()
            .copied()
            .chain(new.chars())
            .chain(letters[at + new.len()..].iter().copied())
            .collect()
    };
    for (id, code) in [
        (digits(3, "9"), "personal-id-sex"),
        (digits(4, "89"), "personal-id-year"),
        (digits(0, "999"), "personal-id-province"),
        (person.id[..11].to_string(), "personal-id-length"),
    ] {
        let mut query = about(person);
        query["personal_id"] = json!(id);
        for caller in [&town.one_stop, &town.one_stop.in_english()] {
            let told = caller.ask("residence.person", query.clone()).await.unwrap();
            assert_eq!((told.status, told.word()), (422, "invalid"), "{}", told.body);
            let errors = told.at("/errors").as_array().unwrap();
            let ours = errors.iter().find(|error| error["code"] == code);
            let ours = ours.unwrap_or_else(|| panic!("{code}: {}", told.body));
            assert_eq!(ours["pointer"], "/query/personal_id");
            assert!(
                ours["detail"].as_str().unwrap().chars().any(|letter| letter.is_ascii_digit()),
                "positions: {ours}"
            );
            assert!(!told.body.to_string().contains(&id), "the value is quoted: {}", told.body);
        }
    }
    assert_eq!(town.simulators().residence().counts().requests, 0, "nothing was sent");
}

#[tokio::test]
async fn no_value_is_ever_quoted_and_all_findings_come_at_once() {
    let town = Town::usual().await;
    let secret = "bi-mat-7391";
    let query = json!({ "personal_id": secret, "full_name": 7391, "birth_date": secret, "la": secret });
    let told = town.one_stop.ask("residence.person", query).await.unwrap();
    assert_eq!((told.status, told.word()), (422, "invalid"));
    assert!(!told.body.to_string().contains("7391"), "{}", told.body);
    let errors = told.at("/errors").as_array().unwrap();
    let pointers: Vec<&str> = errors.iter().filter_map(|error| error["pointer"].as_str()).collect();
    for pointer in ["/query/personal_id", "/query/full_name", "/query/birth_date", "/query/la"] {
        assert!(pointers.contains(&pointer), "{pointer}: {pointers:?}");
    }
    assert!(
        errors.iter().all(|error| error["detail"].as_str().is_some_and(|text| !text.is_empty())),
        "{}",
        told.body
    );

    let purpose = json!({ "procedure": 1, "officer": "x".repeat(100), "dossier": secret, "ai": secret });
    let told = town.one_stop.ask_for("residence.person", purpose, about(town.person())).await.unwrap();
    assert_eq!((told.status, told.word()), (422, "invalid"), "{}", told.body);
    assert!(!told.body.to_string().contains("7391"), "{}", told.body);
    assert!(told.at("/errors").as_array().unwrap().len() >= 3, "{}", told.body);
}
