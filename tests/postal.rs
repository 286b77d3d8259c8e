//! The post through its real wire: what a parcel costs, and a token of a minute's life that nobody notices.

use futures_util::future::join_all;
use sandbox::Told;
use serde_json::{Value, json};

use crate::harness::Town;

const QUOTE: &str = "pricehcc";
const LOGIN: &str = "token";

fn parcel(weight_g: u32) -> Value {
    json!({
        "sender": { "province": "44", "district": "4410" },
        "receiver": { "province": "10", "district": "1000" },
        "weight_g": weight_g,
    })
}

async fn priced(town: &Town, weight_g: u32) -> Told {
    let told = town.one_stop.ask("postal.quote", parcel(weight_g)).await.unwrap();
    assert_eq!((told.status, told.word()), (200, "found"), "{}", told.body);
    told
}

#[tokio::test]
async fn a_parcel_has_its_price() {
    let town = Town::usual().await;
    let told = priced(&town, 200).await;
    assert_eq!(told.at("/data"), &json!({ "fee": 28_000, "surcharge": 0, "total": 28_000 }));
    assert_eq!(told.at("/source/agency"), "postal");
    let mut paid = parcel(700);
    paid["cash_on_delivery"] = json!(50_000);
    let told = town.one_stop.ask("postal.quote", paid).await.unwrap();
    assert_eq!(
        told.at("/data"),
        &json!({ "fee": 33_000, "surcharge": 500, "total": 33_500 }),
        "{}",
        told.body
    );

    let mut nowhere = parcel(200);
    nowhere["receiver"]["province"] = json!("5");
    let told = town.one_stop.ask("postal.quote", nowhere).await.unwrap();
    assert_eq!(
        (told.status, told.word(), told.at("/agency")),
        (422, "rejected", &json!("postal")),
        "{}",
        told.body
    );
}

#[tokio::test]
async fn a_token_that_ends_is_renewed_once_for_all_and_nobody_notices() {
    let town = Town::usual().await;
    let postal = town.simulators().postal();
    for round in 1..=3_u32 {
        // Prices of other weights: the cache has none of them, and each asks the agency.
        let asked = join_all((1..=8).map(|nth| priced(&town, round * 100 + nth))).await;
        assert!(asked.iter().all(|told| told.at("/source/cache") == "miss"));
        assert_eq!(postal.requests_of(LOGIN), u64::from(round), "one login for eight who needed it");
        town.simulators().expire_postal_tokens();
    }
    let counts = postal.counts();
    assert_eq!(counts.tokens_issued, 3);
    // A refresh token shown twice would have been refused, and a password asked for after it.
    assert_eq!(counts.refusals.get("wrong-refresh-token"), None, "{:?}", counts.refusals);
    assert!(
        postal.requests_of(QUOTE) > 24,
        "the refused ones were asked again: {}",
        postal.requests_of(QUOTE)
    );
}
