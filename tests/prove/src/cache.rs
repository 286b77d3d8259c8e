//! `prove cache` (P6, T14, invariant 7): one exchange for a thousand misses; nobody sees whom or what they must not.

mod composites;
mod eviction;
mod services;

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Result, ensure};
use futures_util::StreamExt;
use futures_util::stream;
use sandbox::questions::about;
use sandbox::{Caller, Told};
use serde_json::Value;
use simulators::{Misbehaviour, Person, Times};

use crate::Wishes;
use crate::ground::{self, Dice, Ground, ServiceWish};
use crate::score::{Counts, Score, bar};

/// Callers who miss at the same time (P6).
const MISSES: usize = 1_000;
/// The agency takes this long, so that all of them are waiting before it answers.
const AGENCY_MS: u64 = 2_000;
/// Reads of the two clients together.
const READS_QUICK: usize = 10_000;
const READS_FULL: usize = 100_000;
/// People they ask about.
const PEOPLE: usize = 50;
/// Reads under way at once.
const AT_ONCE: usize = 64;
/// What the connector may see of a person (config/policy.toml).
const CONNECTORS_FIELDS: [&str; 2] = ["birth_date", "full_name"];

const LOOK_UP: &str = "TraCuuThongTinCongDan";

/// Runs the five proofs.
pub async fn prove(wishes: &Wishes, score: &mut Score) -> Result<()> {
    println!("\n== cache (P6, T14)");
    let wish = ServiceWish { fresh_for_s: 3_600, deadline_ms: 30_000 };
    let ground = Ground::build(&ground::unlimited(wishes.seed, wish)).await?;
    one_exchange(&ground, score).await?;
    interleaved(&ground, wishes, score).await?;
    services::prove(&ground, wishes, score).await?;
    composites::prove(&ground, score).await?;
    drop(ground);
    eviction::prove(wishes, score).await
}

/// A thousand callers miss on one key: the agency is asked once.
async fn one_exchange(ground: &Ground, score: &mut Score) -> Result<()> {
    let residence = ground.world.simulators.residence();
    let person = ground.world.simulators.register().sample();
    residence.misbehave_on(LOOK_UP, Misbehaviour::Delay { ms: AGENCY_MS }, Times::Once)?;
    residence.forget_counts();
    let query = about(person);
    let reads = (0..MISSES).map(|_| ground.one_stop.ask("residence.person", query.clone()));
    let told: Vec<Result<Told>> = stream::iter(reads).buffer_unordered(MISSES).collect().await;
    let mut counts = Counts::default();
    for told in told {
        let told = told?;
        counts.one(format!(
            "{} {} from {}",
            told.status,
            told.word(),
            told.at("/source/cache").as_str().unwrap_or("-")
        ));
        score.check(told.word() == "found", || format!("a waiting caller was told {}", told.body));
    }
    let exchanges = residence.requests_of(LOOK_UP);
    score.check(exchanges == 1, || format!("{exchanges} exchanges for {MISSES} misses on one key"));
    let waited = counts.of("200 found from miss");
    score.check(waited > MISSES / 2, || format!("only {waited} callers were really waiting"));
    counts.many("exchanges at the agency", usize::try_from(exchanges)?);
    counts.print(&format!(
        "{MISSES} concurrent misses on one key (miss: waited for the load; hit: came after it)"
    ));
    Ok(())
}

/// Who asks whom.
#[derive(Clone)]
struct Read {
    caller: Caller,
    narrow: bool,
    person: Arc<Person>,
}

/// Two clients with other permissions ask about the same people, in an order from the seed, out of one cache.
async fn interleaved(ground: &Ground, wishes: &Wishes, score: &mut Score) -> Result<()> {
    let register = ground.world.simulators.register();
    let people: Vec<Arc<Person>> = register.ordinary().take(PEOPLE).cloned().map(Arc::new).collect();
    ensure!(people.len() == PEOPLE, "the register has too few ordinary people");
    let reads = if wishes.full { READS_FULL } else { READS_QUICK };
    let residence = ground.world.simulators.residence();
    residence.forget_counts();
    let bar = bar(reads, "interleaved reads");
    let mut dice = Dice::new(wishes.seed);
    let asked = (0..reads).filter_map(|_| {
        let narrow = dice.below(2) == 1;
        let caller = if narrow { &ground.connector } else { &ground.one_stop };
        let person = people.get(dice.below(PEOPLE))?;
        Some(Read { caller: caller.clone(), narrow, person: Arc::clone(person) })
    });
    let mut told = stream::iter(asked)
        .map(async |read| {
            let told = read.caller.ask("residence.person", about(&read.person)).await;
            (read, told)
        })
        .buffer_unordered(AT_ONCE);
    let mut counts = Counts::default();
    while let Some((read, told)) = told.next().await {
        let verdict = judge(&read, &told?);
        let client = if read.narrow { "connector" } else { "one-stop" };
        counts.one(format!(
            "{client}: {}",
            verdict.as_deref().unwrap_or("the person asked for, the permitted fields, no other")
        ));
        score.check(verdict.is_none(), || format!("{client}: {}", verdict.unwrap_or_default()));
        bar.inc(1);
    }
    bar.finish_and_clear();
    let exchanges = usize::try_from(residence.requests_of(LOOK_UP))?;
    score.check(exchanges <= PEOPLE, || format!("{exchanges} exchanges for {PEOPLE} people in one dossier"));
    counts.many("exchanges at the agency", exchanges);
    counts
        .print(&format!("{reads} interleaved reads of two clients about {PEOPLE} people, {AT_ONCE} at once"));
    Ok(())
}

/// What is wrong with an answer; never whom it was about.
fn judge(read: &Read, told: &Told) -> Option<String> {
    if told.word() != "found" {
        return Some(format!("{} {}", told.status, told.word()));
    }
    let field = |name: &str| told.at("/data").get(name).and_then(Value::as_str).unwrap_or_default();
    let person = &read.person;
    if field("birth_date") != person.born.iso() || field("full_name") != person.name.full() {
        return Some("somebody else's answer".into());
    }
    let seen: BTreeSet<&str> =
        told.at("/data").as_object().into_iter().flat_map(|data| data.keys().map(String::as_str)).collect();
    if read.narrow {
        let masked: Vec<&&str> = seen.iter().filter(|name| !CONNECTORS_FIELDS.contains(name)).collect();
        return (!masked.is_empty()).then(|| format!("a masked field is seen: {masked:?}"));
    }
    if field("personal_id") != person.id {
        return Some("somebody else's number".into());
    }
    (seen.len() <= CONNECTORS_FIELDS.len())
        .then(|| "a permitted field is missing: the narrow mask was kept".into())
}
