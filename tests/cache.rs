//! A person dropped from the cache stays dropped: not even an answer that was on its way comes back (design 4).

use sandbox::Told;
use sandbox::questions::about;
use serde_json::json;
use simulators::{Misbehaviour, Times};

use crate::harness::Town;

const LOOK_UP: &str = "TraCuuThongTinCongDan";

async fn ask(town: &Town) -> Told {
    let told = town.one_stop.ask("residence.person", about(town.person())).await.unwrap();
    assert_eq!(told.word(), "found", "{}", told.body);
    told
}

async fn evict(town: &Town) {
    let address = format!("{}/cache/evict", town.gateway.operations);
    let body = json!({ "subject": town.person().id }).to_string();
    let response =
        reqwest::Client::builder().no_proxy().build().unwrap().post(address).body(body).send().await;
    assert_eq!(response.unwrap().status().as_u16(), 204);
}

#[tokio::test]
async fn an_evicted_person_is_asked_for_anew() {
    let town = Town::usual().await;
    assert_eq!(ask(&town).await.at("/source/cache"), "miss");
    assert_eq!(ask(&town).await.at("/source/cache"), "hit");
    evict(&town).await;
    assert_eq!(ask(&town).await.at("/source/cache"), "miss");
    assert_eq!(town.simulators().residence().requests_of(LOOK_UP), 2);
}

#[tokio::test]
async fn an_answer_on_its_way_is_not_kept_after_an_eviction() {
    for evicts in [false, true] {
        let town = Town::usual().await;
        let residence = town.simulators().residence();
        residence.misbehave_on(LOOK_UP, Misbehaviour::Hang, Times::Once).unwrap();
        let (caller, query) = (town.one_stop.clone(), about(town.person()));
        let under_way = tokio::spawn(async move { caller.ask("residence.person", query).await });
        residence.until_asked(1).await;
        if evicts {
            evict(&town).await;
        }
        residence.release();
        assert_eq!(under_way.await.unwrap().unwrap().word(), "found", "who waited is still answered");
        let expected = if evicts { "miss" } else { "hit" };
        assert_eq!(ask(&town).await.at("/source/cache"), expected, "evicted: {evicts}");
    }
}
