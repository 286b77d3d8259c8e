//! Batches: a thousand queries of one service, told line by line; the slow lane; one bad query fails itself alone.

use std::collections::{BTreeMap, BTreeSet};

use sandbox::caller::usual_purpose;
use sandbox::questions::about;
use sandbox::world::{CONNECTOR, ONE_STOP};
use sandbox::{World, WorldOptions};
use serde_json::{Value, json};

use crate::harness::Town;

const LOOK_UP: &str = "TraCuuThongTinCongDan";
/// How often the metrics are looked at before something is given up as never happening.
const LOOKS_MAX: usize = 50_000;

/// Clients may ask plenty, the agency may be asked this much.
fn world(agency: &str) -> WorldOptions {
    let service = "deadline_ms = 5000\nclient_rate_per_min = 1000000\nclient_burst = 100000\n".to_string();
    WorldOptions {
        services: BTreeMap::from([("residence.person".to_string(), service)]),
        agency_limits: BTreeMap::from([("residence".to_string(), agency.to_string())]),
        ..WorldOptions::default()
    }
}

fn plenty() -> WorldOptions {
    world("rate_per_s = 10000\nburst = 10000\n")
}

fn of(service: &str, queries: Value) -> Value {
    json!({ "purpose": usual_purpose(), "service": service, "queries": queries })
}

#[tokio::test]
async fn each_query_has_its_line_as_it_ends_and_a_bad_one_fails_itself_alone() {
    let town = Town::with(plenty()).await;
    let people: Vec<_> = town.register().ordinary().take(40).cloned().collect();
    let mut queries: Vec<Value> = people.iter().map(about).collect();
    let mut nobody = about(&people[0]);
    nobody["full_name"] = json!("TRẦN THỊ THỬ KHÔNG CÓ");
    queries.extend([nobody, json!({ "personal_id": "1", "birth_date": "1942" }), json!("một chuỗi")]);
    let (status, mut lines) = town.one_stop.batch("residence.person", &queries).await.unwrap();
    assert_eq!(status, 200, "{lines:?}");
    let summary = lines.pop().unwrap();
    assert_eq!(summary, json!({ "summary": { "total": 43, "found": 40, "absent": 1, "failed": 2 } }));
    let indices: BTreeSet<u64> = lines.iter().map(|line| line["index"].as_u64().unwrap()).collect();
    assert_eq!((lines.len(), indices.len(), indices.last()), (43, 43, Some(&42)), "each once");
    for (at, line) in lines.iter().enumerate() {
        assert_eq!((&line["done"], &line["total"]), (&json!(at + 1), &json!(43)), "progress");
    }
    let line = |index: usize| lines.iter().find(|line| line["index"] == json!(index)).unwrap();
    for (index, person) in people.iter().enumerate() {
        let found = line(index);
        assert_eq!(found["data"]["personal_id"], json!(person.id), "somebody else's answer");
        assert_eq!((&found["outcome"], &found["source"]["cache"]), (&json!("found"), &json!("miss")));
        assert!(found["trace_id"].is_string());
    }
    assert_eq!((&line(40)["outcome"], &line(40)["data"]), (&json!("absent"), &Value::Null));
    let pointers = |index: usize| -> Vec<String> {
        assert_eq!(line(index)["problem"]["code"], "invalid", "{}", line(index));
        let errors = line(index)["problem"]["errors"].as_array().unwrap().iter();
        errors.map(|error| error["pointer"].as_str().unwrap().to_string()).collect()
    };
    assert_eq!(pointers(41), ["/queries/41/full_name", "/queries/41/personal_id"]);
    assert_eq!(pointers(42), ["/queries/42"]);
    assert_eq!(town.simulators().residence().requests_of(LOOK_UP), 41, "the bad ones were not asked");
    let permitted = town.audit_text().matches("permitted").count();
    assert_eq!(permitted, 41, "each query that was permitted has its own record");
}

#[tokio::test]
async fn a_thousand_are_taken_and_one_more_is_not() {
    let town = Town::with(plenty()).await;
    let (status, lines) = town.one_stop.batch("residence.person", &vec![json!({}); 1_000]).await.unwrap();
    assert_eq!((status, lines.len()), (200, 1_001));
    assert_eq!(lines[1_000]["summary"]["failed"], 1_000);
    for (queries, code) in [(vec![json!({}); 1_001], "too-long"), (Vec::new(), "required")] {
        let (status, told) = town.one_stop.batch("residence.person", &queries).await.unwrap();
        assert_eq!((status, told[0]["code"].as_str()), (422, Some("invalid")), "{told:?}");
        let expected = json!({ "pointer": "/queries", "code": code });
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(&told[0]["errors"][0][key], value, "{told:?}");
        }
    }
    assert_eq!(town.simulators().residence().counts().requests, 0);
}

#[tokio::test]
async fn what_a_client_may_not_ask_is_told_once_and_masks_hold_for_every_line() {
    let town = Town::with(plenty()).await;
    let query = about(town.person());
    let refused = async |service: &str, status: u16, code: &str| {
        let (told, lines) = town.connector.batch(service, &[query.clone(), query.clone()]).await.unwrap();
        assert_eq!((told, lines[0]["code"].as_str()), (status, Some(code)), "{service}: {lines:?}");
        assert_eq!(lines.len(), 1);
        lines[0].clone()
    };
    refused("residence.household", 403, "denied").await;
    refused("residence.nothing", 404, "unknown-service").await;
    let composite = refused("person.profile", 422, "invalid").await;
    assert_eq!(composite["errors"][0]["pointer"], "/service", "{composite}");
    assert_eq!(town.simulators().residence().counts().requests, 0, "nobody was asked");

    let english = town.connector.in_english();
    let queries = [query.clone(), json!({})];
    let (_, lines) = english.batch("residence.person", &queries).await.unwrap();
    for line in &lines[..2] {
        match line["index"].as_u64().unwrap() {
            0 => assert_eq!(line["data"].as_object().unwrap().len(), 2, "masked: {line}"),
            _ => assert_eq!(line["problem"]["title"], "The data is not valid", "{line}"),
        }
    }
    let other = Town::with(plenty()).await;
    let nobody = other.one_stop.with_token("x").batch("residence.person", &[query]).await.unwrap();
    assert_eq!(nobody.0, 401);
}

#[tokio::test]
async fn one_batch_of_a_service_at_a_time_and_who_leaves_is_asked_for_no_more() {
    let town = Town::with(world("rate_per_s = 2\nburst = 1\n")).await;
    let people: Vec<Value> = town.register().ordinary().take(200).map(about).collect();
    let body = of("residence.person", json!(people));
    let mut under_way = town.one_stop.batch_under_way(&body).await.unwrap();
    assert_eq!(under_way.headers()["content-type"], "application/x-ndjson");
    let first = under_way.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"{\"index\":"), "a line comes as soon as its query has ended");
    let second = town.one_stop.batch_under_way(&body).await.unwrap();
    assert_eq!((second.status().as_u16(), second.headers()["retry-after"].to_str().unwrap()), (429, "10"));
    drop(under_way);
    let mut left = false;
    for _ in 0..LOOKS_MAX {
        left = town.metrics().await.contains("code=\"reader-left\"");
        if left {
            break;
        }
    }
    assert!(left, "nobody noticed that the reader had left");
    let asked = town.simulators().residence().counts().requests;
    assert!(asked < 50, "{asked} of 200 were asked for nobody");
    let (status, _) = town.one_stop.batch("residence.person", &[json!({})]).await.unwrap();
    assert_eq!(status, 200, "its slot is free again");
}

#[tokio::test]
async fn a_request_may_lower_itself_and_a_clients_lane_holds() {
    let world = World::build(&plenty()).unwrap();
    let file = world.folder().join("config/clients.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let block = format!("[clients.{CONNECTOR}]\n");
    assert!(text.contains(&block) && text.contains(ONE_STOP));
    std::fs::write(&file, text.replace(&block, &format!("{block}lane = \"batch\"\n"))).unwrap();
    let town = Town::of(world).await;
    let query = about(town.person());
    let body = json!({ "purpose": usual_purpose(), "query": query }).to_string().into_bytes();
    let waited = async |lane: &str| {
        let metric = format!("lienthong_wait_seconds_count{{party=\"residence\",lane=\"{lane}\"}} ");
        let metrics = town.metrics().await;
        let line = metrics.lines().find_map(|line| line.strip_prefix(metric.as_str()));
        line.map_or(0, |count| count.parse::<u32>().unwrap())
    };
    let path = "/v1/residence/person";
    for (caller, header, counter, batch) in [
        (&town.one_stop, None, 1, 0),
        (&town.one_stop, Some("batch"), 1, 1),
        (&town.one_stop, Some("counter"), 2, 1),
        (&town.connector, None, 2, 2),
        (&town.connector, Some("counter"), 2, 3),
    ] {
        let headers: Vec<(&str, &str)> = header.map(|lane| ("x-lane", lane)).into_iter().collect();
        let told = caller.post(path, body.clone(), &headers).await.unwrap();
        assert_eq!(told.status, 200, "{}", told.body);
        assert_eq!((waited("counter").await, waited("batch").await), (counter, batch), "{header:?}");
    }
}

/// How much a busy machine may shift what arrives; without a quota all would be there in a tenth of a second.
const SHIFT_S: f64 = 1.0;

#[tokio::test]
async fn t22_t23_a_batch_and_a_flood_never_take_the_agency_beyond_what_was_agreed() {
    let town = Town::with(world("rate_per_s = 50\nburst = 10\nconcurrency = 8\n")).await;
    let people: Vec<_> = town.register().ordinary().take(60).cloned().collect();
    let queries: Vec<Value> = people.iter().map(about).collect();
    let flood = futures_util::future::join_all(people.iter().map(|person| {
        let purpose = json!({ "procedure": "1.000656", "dossier": "H56.14-250812-7777", "unit": "H56.14", "officer": "cb02" });
        town.one_stop.ask_for("residence.person", purpose, about(person))
    }));
    let (batch, told) = tokio::join!(town.one_stop.batch("residence.person", &queries), flood);
    assert_eq!(batch.unwrap().1.last().unwrap()["summary"]["found"], 60);
    assert!(told.into_iter().all(|told| told.unwrap().status == 200));
    let residence = town.simulators().residence();
    let moments: Vec<f64> = residence.moments().iter().map(|moment| moment.at.as_secs_f64()).collect();
    assert_eq!(moments.len(), 120);
    // All of them: what rate and burst let through. Each window is the engine's tests' (paused time) and `prove fair`'s.
    let (first, last) = (moments.first().unwrap(), moments.last().unwrap());
    assert!(last - first > (120.0 - 10.0) / 50.0 - SHIFT_S, "120 exchanges in {} s", last - first);
    assert!(residence.counts().most_at_once <= 8);
}
