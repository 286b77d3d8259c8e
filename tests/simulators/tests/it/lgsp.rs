//! The carrier, when it behaves: tokens and their refusals, and the road to the agencies.

use std::time::Duration;

use serde_json::{Value, json};
use simulators::{Misbehaviour, Options, Simulators, Times};

use crate::client::{basic, civil_call, http, start, token, token_call};

/// Sends one status question with whatever token; HTTP status and WSO2 code.
async fn fault_of(sims: &Simulators, token: Option<&str>) -> (u16, Value) {
    let client = http();
    let body = json!({ "maDonVi": 14755, "maHoSo": "x" });
    let mut request =
        civil_call(sims, &client, "traTrangThaiHoSo", token.unwrap_or("x"), &body).build().unwrap();
    if token.is_none() {
        request.headers_mut().remove("authorization");
    }
    let reply = client.execute(request).await.unwrap();
    let status = reply.status().as_u16();
    let body: Value = reply.json().await.unwrap();
    (status, body["fault"]["code"].clone())
}

#[tokio::test]
async fn a_token_is_issued_counted_and_good_until_its_end() {
    let sims = start();
    let client = http();
    let reply: Value = token_call(&sims, &client).send().await.unwrap().json().await.unwrap();
    assert_eq!((&reply["token_type"], &reply["expires_in"]), (&json!("Bearer"), &json!(3600)));
    assert_eq!(reply["scope"], "am_application_scope default");
    let token = reply["access_token"].as_str().unwrap();
    assert_eq!(fault_of(&sims, Some(token)).await, (200, Value::Null));
    sims.expire_tokens();
    assert_eq!(fault_of(&sims, Some(token)).await, (401, json!(900_904)));
    assert_eq!(sims.lgsp().counts().tokens_issued, 1);
    assert_eq!(sims.civil_status().counts().requests, 1);
}

#[tokio::test]
async fn a_short_life_ends_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { token_lives: Duration::ZERO, ..Options::new(folder.path()) };
    let sims = Simulators::start(options).unwrap();
    let token = token(&sims, &http()).await;
    assert_eq!(fault_of(&sims, Some(&token)).await, (401, json!(900_904)));
}

#[tokio::test]
async fn wrong_tokens_meet_their_own_faults() {
    let sims = start();
    assert_eq!(fault_of(&sims, None).await, (401, json!(900_902)));
    assert_eq!(fault_of(&sims, Some("bia-dat")).await, (401, json!(900_901)));
    let refusals = sims.lgsp().counts().refusals;
    assert_eq!((refusals["missing-token"], refusals["unknown-token"]), (1, 1));
    assert_eq!(sims.civil_status().counts().requests, 0);
}

#[tokio::test]
async fn wrong_token_calls_are_refused() {
    let sims = start();
    let client = http();
    let key = &sims.credentials().consumer_key;
    let mut wrong_secret = token_call(&sims, &client).build().unwrap();
    wrong_secret.headers_mut().insert("authorization", basic(key, "sai").parse().unwrap());
    let mut no_form = token_call(&sims, &client).build().unwrap();
    no_form.headers_mut().insert("content-type", "application/json".parse().unwrap());
    let wrong_grant = token_call(&sims, &client).body("grant_type=password").build().unwrap();
    let expected = [(401, "invalid_client"), (400, "invalid_request"), (400, "unsupported_grant_type")];
    for (request, (status, error)) in [wrong_secret, no_form, wrong_grant].into_iter().zip(expected) {
        let reply = client.execute(request).await.unwrap();
        assert_eq!(reply.status(), status);
        assert_eq!(reply.json::<Value>().await.unwrap()["error"], error);
    }
    assert_eq!(sims.lgsp().counts().tokens_issued, 0);
}

#[tokio::test]
async fn the_carrier_is_down_while_the_agency_is_up() {
    let sims = start();
    let client = http();
    let token = token(&sims, &client).await;
    sims.lgsp().misbehave(Misbehaviour::ServerError { status: 502 }, Times::Once).unwrap();
    let body = json!({ "maDonVi": 14755, "maHoSo": "x" });
    let reply = civil_call(&sims, &client, "traTrangThaiHoSo", &token, &body).send().await.unwrap();
    assert_eq!(
        (reply.status().as_u16(), &reply.headers()["content-type"]),
        (502, &"text/html; charset=utf-8".parse().unwrap())
    );
    assert_eq!(fault_of(&sims, Some(&token)).await, (200, Value::Null));
}

#[tokio::test]
async fn the_agency_is_down_while_the_carrier_is_up() {
    let sims = start();
    let token = token(&sims, &http()).await;
    sims.civil_status().misbehave(Misbehaviour::Refuse, Times::Always).unwrap();
    assert_eq!(fault_of(&sims, Some(&token)).await, (503, json!(101_503)));
    sims.civil_status().behave().unwrap();
    assert_eq!(fault_of(&sims, Some(&token)).await, (200, Value::Null));
}

#[tokio::test]
async fn an_unknown_resource_is_not_found() {
    let sims = start();
    let client = http();
    let token = token(&sims, &client).await;
    let url = format!("{}/apiLa/1.0/x", sims.lgsp().base_url());
    assert_eq!(client.post(url).bearer_auth(token).send().await.unwrap().status(), 404);
}
