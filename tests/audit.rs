//! No record, no data: who looked at whom stands on disk before the answer leaves, and nobody's number stands there.

use sandbox::gateway::Gateway;
use sandbox::questions::about;
use sandbox::{World, WorldOptions};
use serde_json::Value;

use crate::harness::{Town, lienthong};

/// The records of the log, one a line; lines may wrap the record or be it.
fn records(town: &Town, trace: &str) -> Vec<Value> {
    let text = town.audit_text();
    let lines = text.lines().filter(|line| line.contains(trace));
    lines.map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))).collect()
}

#[tokio::test]
async fn every_read_leaves_who_why_and_which_fields_but_not_whom_in_clear() {
    let town = Town::usual().await;
    let person = town.person();
    // A star is the whole answer; the connector's policy names two fields.
    let whole = "\"fields\":[\"*\"]";
    for (caller, client, fields) in
        [(&town.one_stop, "mot-cua-demo", whole), (&town.connector, "cong-dvc-demo", "/full_name")]
    {
        let told = caller.ask("residence.person", about(person)).await.unwrap();
        assert_eq!(told.word(), "found", "{}", told.body);
        let trace = told.at("/trace_id").as_str().unwrap();
        // The permission's record is durable before the answer leaves: it must be here now, without waiting.
        let records = records(&town, trace);
        let text = records.iter().map(Value::to_string).find(|text| text.contains("permitted"));
        let text = text.unwrap_or_else(|| panic!("no record of the permission: {records:?}"));
        for said in [client, "residence.person", "1.000656", "cb01", "H56.14-250812-0035", fields] {
            assert!(text.contains(said), "{said}: {text}");
        }
    }
    let told = town.connector.ask("residence.household", about(person)).await.unwrap();
    assert_eq!(told.status, 403);
    let all = town.audit_text();
    for secret in [&person.id, &person.old_id, &person.name.full()] {
        assert!(secret.is_empty() || !all.contains(secret.as_str()), "the log names somebody");
    }
    assert!(town.gateway.stop().await.unwrap());
}

#[tokio::test]
async fn the_log_verifies_and_a_changed_letter_is_found() {
    let town = Town::usual().await;
    for person in town.register().ordinary().take(5) {
        assert_eq!(town.one_stop.ask("residence.person", about(person)).await.unwrap().word(), "found");
    }
    let folder = town.world().audit_folder();
    let sound = server::audit_log::verify(&folder).unwrap();
    assert!(sound.lines >= 5, "{sound:?}");

    let copy = tempfile::tempdir().unwrap();
    crate::harness::copy_folder(&folder, copy.path());
    let segment = std::fs::read_dir(copy.path()).unwrap().map(|entry| entry.unwrap().path());
    let segment = segment.into_iter().find(|path| path.extension().is_some_and(|end| end == "log")).unwrap();
    let text = std::fs::read_to_string(&segment).unwrap();
    assert!(text.contains("mot-cua-demo"));
    std::fs::write(&segment, text.replacen("mot-cua-demo", "mot-cua-dema", 1)).unwrap();
    assert!(server::audit_log::verify(copy.path()).is_err(), "a changed letter is not found");
}

#[tokio::test]
async fn without_a_place_for_the_log_the_gateway_does_not_start() {
    let world = World::build(&WorldOptions::default()).unwrap();
    std::fs::write(world.audit_folder(), "a file where the folder should be").unwrap();
    let started = Gateway::start(&lienthong(), &world).await;
    let why = started.err().expect("it starts all the same").to_string();
    assert!(why.contains("audit"), "{why}");
}

/// F25: once the log can take nothing more, no personal data leaves, not even from the cache.
#[tokio::test]
async fn when_the_log_fails_no_data_leaves() {
    let mut options = WorldOptions::default();
    // A few records fill the smallest segment, so that the log soon needs a new file where none can be made.
    options.settings.insert(("audit".into(), "segment_bytes_max".into()), "4096".into());
    let town = Town::with(options).await;
    let query = about(town.person());
    assert_eq!(town.one_stop.ask("residence.person", query.clone()).await.unwrap().word(), "found");

    let folder = town.world().audit_folder();
    std::fs::rename(&folder, town.world().folder().join("audit-taken-away")).unwrap();
    std::fs::write(&folder, "a file where the folder was").unwrap();
    let mut refused = 0;
    for _ in 0..20 {
        let told = town.one_stop.ask("residence.person", query.clone()).await.unwrap();
        if told.status == 200 {
            assert_eq!(refused, 0, "data leaves again while the log is away");
            continue;
        }
        assert_eq!(
            (told.status, told.word(), told.at("/blame").as_str()),
            (503, "audit-unavailable", Some("gateway"))
        );
        assert_eq!(told.at("/data"), &Value::Null);
        refused += 1;
    }
    assert!(refused > 0, "the log was away and data left all the same");
    assert_eq!(town.operations("/health/ready").await.status, 503);
}
