//! Limits towards clients: exactly the burst passes, and the rest are told when to come back.

use std::collections::BTreeMap;

use sandbox::WorldOptions;
use sandbox::questions::about;
use serde_json::json;

use crate::harness::Town;

fn narrow() -> WorldOptions {
    let block = "deadline_ms = 5000\nclient_rate_per_min = 1\nclient_burst = 3\n".to_string();
    WorldOptions {
        services: BTreeMap::from([("residence.verify".to_string(), block)]),
        ..WorldOptions::default()
    }
}

#[tokio::test]
async fn the_burst_passes_and_the_rest_wait() {
    let town = Town::with(narrow()).await;
    let query = about(town.person());
    for left in [2, 1, 0] {
        let told = town.one_stop.ask("residence.verify", query.clone()).await.unwrap();
        assert_eq!(told.status, 200, "{}", told.body);
        assert!(told.header("ratelimit").unwrap().contains(&format!("r={left};")), "{:?}", told.headers);
        assert!(told.header("ratelimit-policy").unwrap().contains("q=3;"));
    }
    let told = town.one_stop.ask("residence.verify", query.clone()).await.unwrap();
    assert_eq!((told.status, told.word()), (429, "limited"), "{}", told.body);
    assert_eq!(told.at("/retryable"), &json!(true));
    let wait: u64 = told.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(told.at("/retry_after"), &json!(wait));
    assert!(told.header("ratelimit").unwrap().contains("r=0;"));
    assert_eq!(town.simulators().residence().requests_of("XacThucThongTinCongDan"), 3);

    // Nobody else pays for it: not another client, not another service.
    assert_eq!(town.connector.ask("residence.verify", query.clone()).await.unwrap().status, 200);
    assert_eq!(town.one_stop.ask("residence.person", query).await.unwrap().status, 200);
}

#[tokio::test]
async fn guessing_names_costs_the_guesser() {
    let town = Town::usual().await;
    let mut limited = 0;
    // Far above the shared burst, so that what trickles back meanwhile cannot hide the limit.
    for guess in 0..400 {
        let told = town.one_stop.ask(&format!("guess.n{guess}"), json!({})).await.unwrap();
        assert!(["unknown-service", "limited"].contains(&told.word()), "{}", told.body);
        limited += u32::from(told.status == 429);
    }
    assert!(limited > 0);
    assert_eq!(town.one_stop.ask("residence.verify", about(town.person())).await.unwrap().status, 200);
}
