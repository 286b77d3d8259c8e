//! Two agencies behind one carrier: what both are asked together is what was agreed with the carrier, and a counter gets through.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use sandbox::questions::{act_by_registration, insured};
use sandbox::world::PROVINCE;
use serde_json::{Value, json};
use simulators::Register;

use super::agreed::Agreed;
use super::flood::Flood;
use super::lateness::Watch;
use super::{FLOOD_MIN, Quiet, ask_at_a_pace};
use crate::Wishes;
use crate::ground::{self, Ground, ServiceWish};
use crate::score::{Score, at, bar};

/// What was agreed with the carrier for all behind it; the agencies themselves would take more.
const CARRIERS: Agreed = Agreed { rate_per_s: 40, burst: 10 };
/// Requests of the quiet counter, five a second, at a third operation behind the same carrier.
const REQUESTS_QUICK: usize = 15;
const REQUESTS_FULL: usize = 100;
/// Each of the two has its turns: a fifth of the carrier's requests at least.
const SHARE_MIN: usize = 5;
/// 250 a second to each: together more than ten times the carrier's rate.
const FLOODS_EVERY: Duration = Duration::from_millis(4);
/// Burst / rate: so long a bucket takes to fill, twice over.
const REFILLED_AFTER: Duration = Duration::from_millis(500);
/// Different people and acts asked about.
const SUBJECTS: usize = 60;

/// Floods both agencies at once.
pub async fn prove(wishes: &Wishes, score: &mut Score) -> Result<()> {
    let mut options = ground::unlimited(wishes.seed, ServiceWish { fresh_for_s: 0, deadline_ms: 5_000 });
    let Agreed { rate_per_s, burst } = CARRIERS;
    let agreed = format!(
        "rate_per_s = {rate_per_s}\nburst = {burst}\nqueue = 256\nbreaker_failures = 1000000\nbreaker_samples = 1000000\n"
    );
    options.carrier_limits.insert("lgsp".into(), agreed);
    let ground = Ground::build(&options).await?;
    let simulators = &ground.world.simulators;
    let register = simulators.register();
    // A login goes out with the exchange that needs it and is charged afterwards: both tokens are there before we count.
    let quiet = quiet(register)?;
    for (service, query) in [
        ("civil-status.dossier-status", quiet.clone()),
        ("social-insurance.person", insured(register.sample())),
    ] {
        ensure!(ground.one_stop.ask(service, query).await?.word() == "found", "{service}: not even alone");
    }
    let carrier = simulators.lgsp();
    let parties = [carrier, simulators.civil_status(), simulators.social_insurance()];
    // What that took is given back: the flood meets a full bucket.
    tokio::time::sleep(REFILLED_AFTER).await;
    parties.iter().for_each(|party| party.forget_counts());
    let watch = Watch::begin()?;
    let floods = [
        Flood::begin(&ground.one_stop, "civil-status.record", acts(register), FLOODS_EVERY),
        Flood::begin(&ground.one_stop, "social-insurance.person", insured_people(register), FLOODS_EVERY),
    ];
    carrier.until_asked(u64::from(burst) * 2).await;
    let requests = if wishes.full { REQUESTS_FULL } else { REQUESTS_QUICK };
    let bar = bar(requests, "quiet requests behind the carrier");
    let Quiet { took, refused, .. } =
        ask_at_a_pace(&ground, "civil-status.dossier-status", quiet, requests, &bar).await?;
    let mut offered = 0;
    for flood in floods {
        offered += flood.end().await?.total();
    }
    let late = watch.end()?;
    bar.finish_and_clear();
    let [all, civil_status, social_insurance] = parties.map(|party| party.moments());
    println!("\nTwo agencies behind one carrier, flooded with {offered} single requests and two batches");
    CARRIERS.check("the carrier", &all, late, score);
    let shares = [("civil-status", civil_status.len()), ("social-insurance", social_insurance.len())];
    let sum: usize = shares.iter().map(|(_, share)| share).sum();
    score
        .check(sum == all.len(), || format!("the carrier saw {} requests, those behind it {sum}", all.len()));
    for (agency, share) in shares {
        println!("  {agency} had {share} of them");
        score.check(share * SHARE_MIN >= sum, || format!("{agency} had {share} of {sum} turns"));
    }
    score.check(offered >= FLOOD_MIN * all.len(), || {
        format!("no flood: {offered} asked, {} requests", all.len())
    });
    score.check(refused == 0, || format!("{refused} quiet requests refused"));
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "  a quiet counter behind the same carrier: {requests} requests, {refused} refused, p50 {:.0} ms, p99 {:.0} ms",
        ms(at(&took, 0.5)),
        ms(at(&took, 0.99))
    );
    Ok(())
}

/// A dossier's state: what the connector may ask of the province.
fn quiet(register: &Register) -> Result<Value> {
    let dossier = register.dossier_in_state(1).context("no dossier")?;
    Ok(json!({ "dossier": dossier.code, "office": dossier.unit }))
}

fn acts(register: &Register) -> Vec<Value> {
    let acts = register.registrations().iter().filter(|act| act.province == PROVINCE);
    acts.take(SUBJECTS).map(act_by_registration).collect()
}

fn insured_people(register: &Register) -> Vec<Value> {
    let people = register.ordinary().filter(|person| register.social_insurance_number(person).is_some());
    people.take(SUBJECTS).map(insured).collect()
}
