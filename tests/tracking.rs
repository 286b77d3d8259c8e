//! Where a parcel is, answered from the feed that the gateway follows: through the real wire, repeated rows and faults included.

use std::time::Duration;

use sandbox::{Told, WorldOptions};
use serde_json::{Value, json};
use simulators::{Handle, Misbehaviour, Times};

use crate::harness::Town;

const FEED: &str = "rhDoc";
/// Patience with a condition, in looks of 50 ms: the feed's pace is a second here.
const LOOKS_MAX: u32 = 400;

/// A town whose gateway asks for news every second, as the world is configured.
async fn town(stale_for_s: u32) -> Town {
    let mut options = WorldOptions::default();
    let block = format!("stale_for_s = {stale_for_s}\nclient_rate_per_min = 60000\nclient_burst = 10000");
    options.services.insert("postal.tracking".into(), block);
    Town::with(options).await
}

async fn track(town: &Town, order: &str) -> Told {
    town.one_stop.ask("postal.tracking", json!({ "order_number": order })).await.unwrap()
}

/// Asks until the answer is as expected.
async fn tracked(town: &Town, order: &str, expected: impl Fn(&Told) -> bool) -> Told {
    let mut told = track(town, order).await;
    for _ in 0..LOOKS_MAX {
        if expected(&told) {
            return told;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        told = track(town, order).await;
    }
    panic!("never came: {} {}", told.status, told.body);
}

fn codes(told: &Told) -> Vec<u16> {
    let events = told.at("/data/events").as_array().cloned().unwrap_or_default();
    events.iter().map(|event| event["code"].as_str().unwrap().parse().unwrap()).collect()
}

fn found(told: &Told) -> bool {
    told.status == 200 && told.word() == "found"
}

fn postal(town: &Town) -> &Handle {
    town.simulators().postal()
}

#[tokio::test]
async fn a_parcel_that_moves_is_seen_to_move_and_rows_that_come_again_stand_once() {
    let town = town(3600).await;
    for parcel in town.register().parcels() {
        let told = tracked(&town, &parcel.order, found).await;
        assert_eq!(codes(&told), parcel.states, "{}", parcel.order);
        assert_eq!((told.at("/source/agency"), told.at("/source/cache")), (&json!("postal"), &json!("hit")));
        assert!(told.at("/source/retrieved_at").as_str().unwrap().ends_with("+07:00"));
    }
    let parcel = town.register().parcels().iter().find(|one| one.states == [10, 20, 30]).unwrap();
    for state in [40, 60, 40] {
        assert!(town.simulators().move_parcel(&parcel.order, state));
    }
    let told = tracked(&town, &parcel.order, |told| codes(told).len() >= 6).await;
    assert_eq!(codes(&told), [10, 20, 30, 40, 60, 40], "each once, though the feed repeats rows");
    assert_eq!(told.at("/data/status"), "out_for_delivery");
    let nobody = track(&town, "H56.14-250812-9999").await;
    assert_eq!((nobody.status, nobody.word()), (200, "absent"), "{}", nobody.body);

    let views = town.operations("/health/agencies").await;
    assert_eq!(views.at("/feeds/0/name"), "postal.changes", "{}", views.body);
    assert_eq!(
        (views.at("/feeds/0/failing"), views.at("/feeds/0/answers")),
        (&Value::Null, &json!("postal.tracking"))
    );
    assert!(!views.body.to_string().contains(&parcel.order), "it tells of nobody");
    let metrics = town.metrics().await;
    assert!(
        metrics.contains("lienthong_feed_rows_total{feed=\"postal.changes\",kind=\"repeated\"}"),
        "{metrics}"
    );
    assert!(!metrics.contains(&parcel.order));
}

#[tokio::test]
async fn while_the_feed_is_down_answers_grow_stale_and_then_there_are_none() {
    let town = town(4).await;
    let parcel = town.register().parcels().iter().next().unwrap();
    tracked(&town, &parcel.order, found).await;
    postal(&town).misbehave_on(FEED, Misbehaviour::ServerError { status: 503 }, Times::Always).unwrap();
    let stale = tracked(&town, &parcel.order, |told| told.at("/source/cache") == "stale").await;
    assert_eq!(codes(&stale), parcel.states);
    assert!(stale.at("/source/age_s").as_u64().unwrap() >= 2, "{}", stale.body);
    let none = tracked(&town, &parcel.order, |told| told.status != 200).await;
    assert_eq!((none.status, none.word()), (503, "unavailable"), "{}", none.body);
    assert_eq!((none.at("/blame"), none.at("/agency")), (&json!("agency"), &json!("postal")));
    assert!(none.header("retry-after").is_some());
    let views = town.operations("/health/agencies").await;
    assert!(views.at("/feeds/0/failing").is_string(), "{}", views.body);
    postal(&town).behave().unwrap();
    town.simulators().move_parcel(&parcel.order, 70);
    let told = tracked(&town, &parcel.order, |told| codes(told).last() == Some(&70)).await;
    assert_eq!(told.at("/source/cache"), "hit", "{}", told.body);
    let said = town.log_text();
    assert_eq!(said.matches("feed stands still").count(), 1, "told when it begins, not at every try");
    assert!(!said.contains(&parcel.order), "no order in the log");
}
