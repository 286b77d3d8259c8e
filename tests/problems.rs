//! What a caller is told when something is declined: one shape, two languages, no value quoted, a page that exists.

use std::collections::BTreeMap;

use sandbox::caller::usual_purpose;
use sandbox::questions::about;
use sandbox::{Caller, Told, WorldOptions};
use serde_json::{Value, json};
use simulators::{Misbehaviour, Times};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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
    assert_eq!(told.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));

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
        "address.convert",
        "civil-status.dossier-status",
        "civil-status.record",
        "e-receipt.file",
        "e-receipt.receipt",
        "forms.prefill",
        "person.profile",
        "postal.quote",
        "postal.tracking",
        "residence.household",
        "residence.person",
        "residence.verify",
        "social-insurance.household",
        "social-insurance.person",
        "tax.obligations",
        "tax.taxpayer",
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
        ("/v1/documents/1", "{}", "text/plain", 405, "method-not-allowed"),
    ] {
        let told = in_both_languages(&town.one_stop, async |caller| {
            caller.post(path, body.into(), &[("content-type", content_type)]).await.unwrap()
        });
        is_a_problem(&town, &told.await, status, code, "caller").await;
    }
    let coded = [("content-type", "application/json; charset=utf-16")];
    let told = town.one_stop.post("/v1/residence/person", "{}".into(), &coded).await.unwrap();
    is_a_problem(&town, &told, 415, "unsupported-media-type", "caller").await;
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

#[tokio::test]
async fn a_question_without_a_purpose_is_told_what_lacks() {
    let town = Town::usual().await;
    for (purpose, expected) in [
        (json!({}), vec!["/purpose/procedure required", "/purpose/officer required"]),
        (json!({ "procedure": "1000656", "officer": "cb01" }), vec!["/purpose/procedure wrong-format"]),
    ] {
        let told = town.one_stop.ask_for("residence.person", purpose, about(town.person())).await.unwrap();
        is_a_problem(&town, &told, 422, "invalid", "caller").await;
        let entry = |error: &Value| {
            format!("{} {}", error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap())
        };
        assert_eq!(told.at("/errors").as_array().unwrap().iter().map(entry).collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn a_finding_says_what_the_schema_expects() {
    let town = Town::usual().await;
    let query = json!({ "full_name": 7, "birth_date": "3/12/1942" });
    let told = town.one_stop.in_english().ask("residence.person", query).await.unwrap();
    let errors = told.at("/errors").as_array().unwrap();
    let expected = |pointer: &str| {
        let error = errors.iter().find(|error| error["pointer"] == pointer);
        error.unwrap_or_else(|| panic!("{pointer}: {}", told.body))["expected"].clone()
    };
    assert_eq!(expected("/query/full_name"), "text");
    assert_eq!(expected("/query/birth_date"), "partial-date: 1942, 1942-03-15");
    assert_eq!(expected("/query"), json!(["personal_id", "old_id"]));
    let told = town.one_stop.post("/v1/residence/person", "{\n x".into(), &[]).await.unwrap();
    assert_eq!(told.at("/errors/0/code"), "not-json", "{}", told.body);
    assert_eq!((told.at("/errors/0/line"), told.at("/errors/0/column")), (&json!(2), &json!(2)));
}

#[tokio::test]
async fn two_tokens_are_none_and_a_query_string_is_refused() {
    let town = Town::usual().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let token = town.world().token("mot-cua-demo").unwrap();
    let address = format!("{}/v1/services", town.gateway.api);
    let given = async |headers: &[String]| {
        let asked = headers.iter().fold(http.get(&address), |ask, value| ask.header("authorization", value));
        let response = asked.send().await.unwrap();
        let challenge =
            response.headers().get("www-authenticate").map(|text| text.to_str().unwrap().to_owned());
        (response.status().as_u16(), challenge)
    };
    assert_eq!(given(&[format!("bearer {token}")]).await, (200, None));
    let refused = (401, Some("Bearer error=\"invalid_token\"".to_owned()));
    assert_eq!(given(&[format!("Bearer {token}"), "Bearer x".into()]).await, refused);
    assert_eq!(given(&[]).await, (401, Some("Bearer".to_owned())));

    let body = json!({ "purpose": usual_purpose(), "query": about(town.person()) }).to_string();
    let told = town.one_stop.post("/v1/residence/person?personal_id=038042000001", body.into(), &[]).await;
    let told = told.unwrap();
    is_a_problem(&town, &told, 422, "invalid", "caller").await;
    assert_eq!(told.at("/errors/0/pointer"), "", "{}", told.body);
    assert_eq!(told.at("/errors/0/code"), "unknown-field");
    assert_eq!(town.simulators().residence().counts().requests, 0);
}

#[tokio::test]
async fn head_is_answered_wherever_get_is_and_nothing_is_sniffed() {
    let town = Town::usual().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let token = town.world().token("mot-cua-demo").unwrap();
    for path in ["/v1/services", "/v1/agencies", "/openapi.json", "/problems/invalid", "/docs/"] {
        let asked = http.head(format!("{}{path}", town.gateway.api)).bearer_auth(&token);
        let response = asked.send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200, "{path}");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff", "{path}");
        assert!(response.text().await.unwrap().is_empty(), "{path}");
    }
    for path in ["/v1/services/", "//v1/services", "/v1/residence/person/"] {
        let told = town.one_stop.get(path).await.unwrap();
        assert_eq!((told.status, told.word()), (404, "not-found"), "{path}");
    }
}

#[tokio::test]
async fn a_problems_page_speaks_the_callers_language() {
    let town = Town::usual().await;
    for (language, heading) in [("vi", "# Dữ liệu chưa hợp lệ\n"), ("en; q=0.9", "# The data is not valid\n")]
    {
        let asked = reqwest::Client::builder().no_proxy().build().unwrap();
        let asked = asked.get(format!("{}/problems/invalid", town.gateway.api));
        let response = asked.header("accept-language", language).send().await.unwrap();
        assert_eq!(response.headers()["content-language"], language[..2]);
        assert_eq!(response.headers()["vary"], "accept-language");
        let text = response.text().await.unwrap();
        assert!(text.starts_with(heading) && text.contains("`either-or`"), "{text}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for_for_ever() {
    let limit = (("server".to_string(), "body_timeout_ms".to_string()), "200".to_string());
    let settings = BTreeMap::from([limit]);
    let town = Town::with(WorldOptions { settings, ..WorldOptions::default() }).await;
    let token = town.world().token("mot-cua-demo").unwrap();
    let address = town.gateway.api.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /v1/residence/person HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut said = String::new();
    // Ends only because the gateway closes the connection.
    stream.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
    assert!(said.to_lowercase().contains("connection: close") && said.contains("too-slow"), "{said}");
}
