//! Invariant 10, T16, T17: no number and no name of anybody in logs, metrics, problems or the audit log, whatever happens.

use sandbox::WorldOptions;
use sandbox::questions::{about, act_by_dossier, act_by_registration};
use serde_json::{Value, json};
use simulators::{Misbehaviour, Party, Times};

use crate::harness::Town;

/// People asked about under each misbehaviour.
const PEOPLE: usize = 3;

#[tokio::test]
async fn nobody_is_named_anywhere_but_in_answers() {
    let mut options = WorldOptions::default();
    // The most talkative the gateway can be told to be.
    options.settings.insert(("log".into(), "level".into()), "\"trace\"".into());
    // No case may wait for another's breaker, and none may come from the cache.
    let services = ["residence.person", "residence.verify", "residence.household", "civil-status.record"];
    let block = "fresh_for_s = 0\ndeadline_ms = 500\nclient_rate_per_min = 1000000\nclient_burst = 1000000\n";
    options.services = services.map(|name| (name.to_string(), block.to_string())).into();
    let limits =
        "rate_per_s = 100000\nburst = 100000\nbreaker_failures = 1000000\nbreaker_samples = 1000000\n";
    options.agency_limits =
        ["residence", "civil-status"].map(|name| (name.to_string(), limits.to_string())).into();
    options.carrier_limits = [("lgsp".to_string(), limits.to_string())].into();
    let town = Town::with(options).await;

    let people: Vec<_> = town.register().ordinary().take(PEOPLE).cloned().collect();
    let mut secrets: Vec<String> =
        people.iter().flat_map(|person| [person.id.clone(), person.name.full()]).collect();
    secrets.retain(|secret| !secret.is_empty());
    let mut problems = Vec::new();
    let parties = [town.simulators().residence(), town.simulators().civil_status(), town.simulators().lgsp()];
    for kind in std::iter::once(None).chain(Misbehaviour::all().into_iter().map(Some)) {
        if let Some(kind) = &kind {
            // Dripping is hanging, once more.
            if matches!(kind, Misbehaviour::SlowDrip { .. }) {
                continue;
            }
            for party in parties.iter().filter(|party| kind.applies_to(party.party())) {
                party.misbehave(kind.clone(), Times::Always).unwrap();
            }
        }
        let mut asked = Vec::new();
        for person in &people {
            for service in &services[..3] {
                asked.push(((*service).to_string(), about(person)));
            }
        }
        if let Some(act) = town.register().registrations().first() {
            secrets.push(act.dossier.clone());
            asked.push(("civil-status.record".into(), act_by_dossier(act)));
            asked.push(("civil-status.record".into(), act_by_registration(act)));
        }
        let told = asked.iter().map(|(service, query)| town.one_stop.ask(service, query.clone()));
        for told in futures_util::future::join_all(told).await {
            let told = told.unwrap();
            if told.status != 200 {
                assert_ne!(told.status, 500, "{}", told.body);
                problems.push(told.body.to_string());
            }
        }
        parties.iter().for_each(|party| party.behave().unwrap());
    }
    problems.extend(wrong_questions(&town, &secrets).await);
    assert!(problems.len() > 100, "hardly anything went wrong: {}", problems.len());

    let (log, audit, metrics) = (town.log_text(), town.audit_text(), town.metrics().await);
    assert!(log.contains("residence") && audit.contains("permitted") && metrics.contains("lienthong_"));
    for (place, text) in
        [("log", &log), ("audit", &audit), ("metrics", &metrics), ("problems", &problems.join("\n"))]
    {
        // The dossier stands in the audit log by right: it is the purpose. The asked-for code is another one.
        let hits: Vec<&String> = secrets.iter().filter(|secret| text.contains(secret.as_str())).collect();
        assert_eq!(hits, Vec::<&String>::new(), "{place}");
        // Nor a line that a caller wrote for us (T17).
        assert!(!text.contains('\u{1b}'), "{place} holds an escape");
    }
    assert!(parties.iter().all(|party| party.party() != Party::Elsewhere));
}

/// Numbers and names in every place where a caller can put them wrongly.
async fn wrong_questions(town: &Town, secrets: &[String]) -> Vec<String> {
    let mut problems = Vec::new();
    for secret in secrets {
        let nowhere = town.one_stop.ask(&format!("{secret}.x"), json!({})).await;
        let as_value =
            json!({ "personal_id": format!("x{secret}"), "full_name": secret, "birth_date": secret });
        let as_body = town.one_stop.post("/v1/residence/person", secret.clone().into_bytes(), &[]).await;
        let purpose = json!({ "procedure": secret, "officer": secret });
        let in_value = town.one_stop.ask("residence.person", as_value).await;
        let in_purpose =
            town.one_stop.ask_for("residence.person", purpose, json!({ "full_name": "\u{1b}[31m" })).await;
        for told in [nowhere, as_body, in_value, in_purpose] {
            // A path that HTTP itself cannot carry never reaches the gateway.
            let Ok(told) = told else { continue };
            assert!((400..500).contains(&told.status), "{}", told.body);
            problems.push(if told.body == Value::Null { String::new() } else { told.body.to_string() });
        }
    }
    problems
}
