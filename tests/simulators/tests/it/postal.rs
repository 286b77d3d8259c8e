//! The post, when it behaves: tokens, the feed, and what a parcel costs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use simulators::{Options, Simulators};

use crate::agencies::{answer, call, parcel, postal_call, postal_login};
use crate::client::{http, start};

async fn page(sims: &Simulators, last: &str, size: usize) -> Vec<Value> {
    let path = format!("/rhDoc?pagesize={size}&lastId={last}");
    let (status, body) = answer(postal_call(sims, &path, None).await).await;
    assert_eq!(status, 200, "{body}");
    body["_embedded"]["rhDoc"].as_array().unwrap().clone()
}

fn id(row: &Value) -> String {
    row["_id"]["$oid"].as_str().unwrap().to_owned()
}

/// Reads the feed to its end; all rows as they came, repeated ones too.
async fn follow(sims: &Simulators, size: usize) -> Vec<Value> {
    let (mut rows, mut last) = (Vec::new(), String::new());
    loop {
        let more = page(sims, &last, size).await;
        assert!(more.len() <= size);
        let Some(newest) = more.last() else { return rows };
        assert!(id(newest) > last, "the cursor stands still");
        last = id(newest);
        rows.extend(more);
    }
}

#[tokio::test]
async fn the_feed_is_in_order_and_rows_come_again() {
    let sims = start();
    let whole = page(&sims, "", 100).await;
    assert!(whole.is_sorted_by_key(id));
    for size in [1, 2, 3, 10] {
        let rows = follow(&sims, size).await;
        let distinct: BTreeSet<_> = rows.iter().map(id).collect();
        assert_eq!(distinct.len(), whole.len());
        assert_eq!(rows.len() > whole.len(), size > 1, "{size}");
    }
    let mut histories: BTreeMap<&str, Vec<u16>> = BTreeMap::new();
    for row in &whole {
        let state = row["statusCode"].as_str().unwrap().parse().unwrap();
        histories.entry(row["orderNumber"].as_str().unwrap()).or_default().push(state);
    }
    for known in sims.register().parcels() {
        assert_eq!(histories[known.order.as_str()], known.states);
        assert!(sims.register().dossiers().iter().any(|dossier| dossier.code == known.order));
    }
    let goes = |from, to| histories.values().any(|states| states.windows(2).any(|pair| pair == [from, to]));
    assert!(goes(60, 40) && goes(40, 40) && goes(40, 50) && goes(60, 70) && goes(10, 80));
    assert_eq!(whole[0]["statusMessage"], "Chờ thu gom");
}

#[tokio::test]
async fn a_parcel_moves_and_the_feed_goes_on() {
    let sims = start();
    let end = id(page(&sims, "", 100).await.last().unwrap());
    assert!(page(&sims, &end, 100).await.is_empty());
    assert!(sims.move_parcel("H56.14-250812-9999", 10) && !sims.move_parcel("H56.14-250812-9999", 11));
    let rows = page(&sims, &end, 10).await;
    assert_eq!(rows.last().unwrap()["orderNumber"], "H56.14-250812-9999");
    assert_eq!(rows.iter().filter(|row| id(row) > end).count(), 1);
    assert_eq!(rows.len(), 3);
}

fn token_with(sims: &Simulators, body: &Value) -> reqwest::RequestBuilder {
    call(format!("{}/token", sims.postal().base_url()), &[], Some(body))
}

#[tokio::test]
async fn a_token_is_short_lived_and_refreshed_once() {
    let sims = start();
    let (status, first) = answer(postal_login(&sims)).await;
    assert_eq!((status, &first["expires_in"]), (200, &json!(60)));
    let refresh = json!({ "refresh_token": first["refresh_token"] });
    let (status, second) = answer(token_with(&sims, &refresh)).await;
    assert_eq!(status, 200);
    let (status, again) = answer(token_with(&sims, &refresh)).await;
    assert_eq!((status, &again["Status"]), (401, &json!("401")));
    let ask = |token: &Value| {
        let headers = [("access_token", token.as_str().unwrap().to_owned())];
        answer(call(format!("{}/rhDoc?pagesize=5&lastId=", sims.postal().base_url()), &headers, None))
    };
    assert_eq!(ask(&first["access_token"]).await.0, 200);
    assert_eq!(ask(&second["access_token"]).await.0, 200);
    sims.expire_postal_tokens();
    assert_eq!(ask(&second["access_token"]).await.0, 401);
    let (status, third) =
        answer(token_with(&sims, &json!({ "refresh_token": second["refresh_token"] }))).await;
    assert_eq!(status, 200);
    assert_eq!(ask(&third["access_token"]).await.0, 200);
    let counts = sims.postal().counts();
    assert_eq!((counts.tokens_issued, counts.refusals["expired-token"]), (3, 1));
    assert_eq!(counts.refusals["wrong-refresh-token"], 1);
    let own = sims.credentials();
    let form =
        format!("grant_type=password&username={}&password={}", own.postal_username, own.postal_password);
    let request = http().post(format!("{}/token", sims.postal().base_url()));
    let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(form);
    assert_eq!(answer(request).await.0, 200);
}

#[tokio::test]
async fn lives_are_options() {
    let folder = tempfile::tempdir().unwrap();
    let (postal_token_lives, postal_refresh_lives) = (Duration::ZERO, Duration::ZERO);
    let options = Options { postal_token_lives, postal_refresh_lives, ..Options::new(folder.path()) };
    let sims = Simulators::start(options).unwrap();
    let (_, token) = answer(postal_login(&sims)).await;
    assert_eq!(answer(postal_call(&sims, "/rhDoc?pagesize=1", None).await).await.0, 401);
    assert_eq!(answer(token_with(&sims, &json!({ "refresh_token": token["refresh_token"] }))).await.0, 401);
}

/// Asks the price of the usual parcel with one thing changed.
async fn quote(sims: &Simulators, name: &str, value: Value) -> (u16, Value) {
    let mut asked = parcel(sims);
    asked[name] = value;
    answer(postal_call(sims, "/pricehcc", Some(&asked)).await).await
}

#[tokio::test]
async fn a_quote_counts_provinces_weight_and_cod() {
    let sims = start();
    let whole = json!({ "Status": "100", "Message": "Thành công", "Data": { "Fee": 28_000, "VAS": 0, "Total": 28_000 } });
    assert_eq!(quote(&sims, "Weight", json!(100)).await, (200, whole));
    for (name, value, total) in [
        ("ReceiverProvince", 61, 18_000),
        ("Weight", 501, 33_000),
        ("Weight", 500, 28_000),
        ("CODAmount", 100_000, 29_000),
    ] {
        assert_eq!(quote(&sims, name, json!(value)).await.1["Data"]["Total"], total, "{name}");
    }
}

#[tokio::test]
async fn every_deviation_is_refused() {
    let sims = start();
    for (name, value, status) in [
        ("SenderProvince", json!(5), "102"),
        ("ReceiverProvince", json!(100), "102"),
        ("ReceiverProvince", json!("40"), "101"),
        ("Weight", json!(0), "101"),
        ("Weight", json!(1.5), "101"),
        ("Thua", json!(1), "101"),
        ("CustomerCode", json!("khac"), "103"),
    ] {
        let (http, body) = quote(&sims, name, value).await;
        assert_eq!((http, &body["Status"]), (200, &json!(status)), "{name}");
        assert!(body.get("Data").is_none());
    }
    for path in ["/rhDoc?pagesize=0", "/rhDoc?pagesize=101", "/rhDoc", "/rhDoc?pagesize=5&lastId=xyz"] {
        assert_eq!(answer(postal_call(&sims, path, None).await).await.1["Status"], "101", "{path}");
    }
    for (path, body, status) in [
        ("/rhDoc?pagesize=5", Some(json!({})), 405),
        ("/pricehcc", None, 405),
        ("/khac", None, 404),
        ("/token", None, 405),
    ] {
        assert_eq!(answer(postal_call(&sims, path, body.as_ref()).await).await.0, status, "{path}");
    }
    let form = postal_call(&sims, "/pricehcc", Some(&json!({}))).await.header("Content-Type", "text/plain");
    let mut form = form.build().unwrap();
    form.headers_mut().insert("content-type", "text/plain".parse().unwrap());
    assert_eq!(http().execute(form).await.unwrap().status(), 415);
    let url = format!("{}/rhDoc?pagesize=5", sims.postal().base_url());
    for headers in [vec![], vec![("access_token", "bia-dat".to_owned())]] {
        assert_eq!(answer(call(url.clone(), &headers, None)).await.0, 401);
    }
    for (body, status) in [
        (json!({ "username": sims.credentials().postal_username, "password": "sai" }), 401),
        (json!({ "username": "ai-do" }), 200),
        (json!({ "refresh_token": "bia-dat" }), 401),
    ] {
        let (http, body) = answer(token_with(&sims, &body)).await;
        assert_eq!(http, status);
        assert!(body.get("access_token").is_none() && body["Status"].is_string());
    }
    let refusals = sims.postal().counts().refusals;
    assert_eq!((refusals["missing-token"], refusals["unknown-token"], refusals["wrong-login"]), (1, 1, 1));
}
