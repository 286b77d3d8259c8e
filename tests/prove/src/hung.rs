//! `prove hung` (P7): one agency of six hangs; by the deadline every answer says what there is, and nobody else feels it.

mod asked;
mod beside;
mod late;

use std::time::Duration;

use anyhow::{Result, ensure};
use futures_util::future::join_all;
use sandbox::caller::USUAL_DOSSIER;
use sandbox::{Told, World, WorldOptions};
use simulators::{Handle, Misbehaviour, Party, Simulators, Times};
use tokio::time::Instant;

use crate::Wishes;
use crate::ground::{self, Ground, ServiceWish, nth_dossier};
use crate::score::{Score, bar, print_table};
use asked::Asked;

/// What the caller allows a question that needs the one that hangs: long enough for the other parts on a busy machine, and little
/// enough to wait for seven times.
const DEADLINE: Duration = Duration::from_secs(3);
/// What everything else may take: nobody who is well is late because the machine is busy.
const DEADLINE_OF_OTHERS: Duration = Duration::from_secs(30);
/// How long what was followed of the feed may be shown while the post hangs.
const SHOWN_FOR_S: u32 = 3_600;
/// How often and how many times we look whether the feed has been read: far longer than it may take.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS_MAX: usize = 400;

/// Those that hang in turn: the six, e-receipts with both of their providers.
const PARTIES: [Party; 7] = [
    Party::Residence,
    Party::CivilStatus,
    Party::SocialInsurance,
    Party::Tax,
    Party::Postal,
    Party::EReceiptVnpt,
    Party::EReceiptViettel,
];

/// Every question while each of the agencies hangs; then, in full, how late the answers are and what others pay.
pub async fn prove(wishes: &Wishes, score: &mut Score) -> Result<()> {
    println!("\n== hung (P7)");
    let world = World::build(&options(wishes.seed, DEADLINE_OF_OTHERS))?;
    let questions = asked::all(world.simulators.register())?;
    let ground = Ground::of(world).await?;
    until_followed(&ground).await?;
    let bar = bar(PARTIES.len(), "agencies that hang");
    for (number, party) in PARTIES.into_iter().enumerate() {
        // Another dossier for each: nobody joins an exchange that was begun while somebody hung and is being given up.
        let rows = play(party, &nth_dossier(number), &questions, &ground, score).await?;
        bar.suspend(|| {
            print_table(
                &format!("{} hangs, deadline {} ms", party.name(), DEADLINE.as_millis()),
                &["read", "told", "parts", "ms"],
                &rows,
            );
        });
        bar.inc(1);
    }
    bar.finish_and_clear();
    if wishes.full {
        late::prove(&ground, &questions, score).await?;
        drop(ground);
        beside::prove(wishes, score).await?;
    }
    Ok(())
}

/// No limit of ours interferes, and the feed's news may be shown while the post is away.
fn options(seed: u64, deadline: Duration) -> WorldOptions {
    let deadline_ms = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
    let mut options = ground::unlimited(seed, ServiceWish { fresh_for_s: 0, deadline_ms });
    if let Some(block) = options.services.get_mut("postal.tracking") {
        block.push_str(&format!("stale_for_s = {SHOWN_FOR_S}\n"));
    }
    options
}

fn handle(simulators: &Simulators, party: Party) -> Result<&Handle> {
    let found = simulators.parties().into_iter().find(|handle| handle.party() == party);
    found.ok_or_else(|| anyhow::anyhow!("nobody plays {}", party.name()))
}

/// Before its first round nothing is known of any parcel.
async fn until_followed(ground: &Ground) -> Result<()> {
    let tracking = crate::together::tracking(ground.world.simulators.register())?;
    for _ in 0..LOOKS_MAX {
        if tracking.ask(USUAL_DOSSIER, &ground.one_stop).await?.word() == "found" {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    anyhow::bail!("the feed is never read to its end")
}

/// Asks everything at once while this agency hangs.
async fn play(
    party: Party,
    dossier: &str,
    questions: &[Asked],
    ground: &Ground,
    score: &mut Score,
) -> Result<Vec<Vec<String>>> {
    let hung = handle(&ground.world.simulators, party)?;
    hung.misbehave(Misbehaviour::Hang, Times::Always)?;
    let asked = questions.iter().map(async |asked| {
        let begun = Instant::now();
        let told = match asked.feels(party) {
            true => asked.ask_within(DEADLINE, dossier, &ground.one_stop).await,
            false => asked.ask(dossier, &ground.one_stop).await,
        };
        (asked, told, begun.elapsed())
    });
    let told = join_all(asked).await;
    let played = hung.counts().misbehaved.get(Misbehaviour::Hang.name()).copied().unwrap_or_default();
    hung.behave()?;
    ensure!(played > 0, "{} did not hang", party.name());
    let mut rows = Vec::new();
    for (asked, told, took) in told {
        let told = told?;
        let wrong = asked.judge(&told, party);
        score.check(wrong.is_none(), || {
            format!("{} hangs, {}: {}", party.name(), asked.name, wrong.unwrap_or_default())
        });
        if asked.feels(party) {
            rows.push(row(asked, &told, took));
        }
    }
    let unmoved = questions.iter().filter(|asked| !asked.feels(party)).count();
    rows.push(vec![format!("{unmoved} others"), "found, whole".into()]);
    Ok(rows)
}

fn row(asked: &Asked, told: &Told, took: Duration) -> Vec<String> {
    let part = |part: &crate::together::Part| format!("{} {}", part.name, part.status(told));
    let parts: Vec<String> = match told.status {
        200 => asked.parts.iter().map(part).collect(),
        _ => Vec::new(),
    };
    vec![asked.name.clone(), told.word().into(), parts.join(", "), took.as_millis().to_string()]
}
