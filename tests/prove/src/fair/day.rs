//! The day: a batch has its share of the quota, the counter the rest, and the agency never sees one more.

use anyhow::Result;
use sandbox::questions::about;
use serde_json::Value;

use crate::Wishes;
use crate::ground::{self, Ground, ServiceWish};
use crate::score::{Score, print_table};

/// What was agreed for a day, and the batch's share.
const DAILY_QUOTA: usize = 60;
const BATCH_SHARE_PERCENT: usize = 40;
/// Asked in one batch, and then one by one at the counter.
const ASKED: usize = 100;

/// Uses up a day.
pub async fn prove(wishes: &Wishes, score: &mut Score) -> Result<()> {
    let mut options = ground::unlimited(wishes.seed, ServiceWish { fresh_for_s: 0, deadline_ms: 5_000 });
    let agreed = format!(
        "rate_per_s = 100000\nburst = 100000\ndaily_quota = {DAILY_QUOTA}\nbatch_share_percent = {BATCH_SHARE_PERCENT}\n"
    );
    options.agency_limits.insert("residence".into(), agreed);
    let ground = Ground::build(&options).await?;
    let register = ground.world.simulators.register();
    let queries: Vec<Value> = register.ordinary().take(ASKED).map(about).collect();
    let (_, lines) = ground.one_stop.batch("residence.person", &queries).await?;
    let in_batch = lines.iter().filter(|line| line.get("data").is_some()).count();
    let refused = |line: &&Value| line.pointer("/problem/code").is_some_and(|code| code == "overloaded");
    let told = lines.iter().filter(refused).count();
    let mut at_counter = 0;
    for query in &queries {
        let told = ground.connector.ask("residence.person", query.clone()).await?;
        at_counter += usize::from(told.word() == "found");
    }
    let share = DAILY_QUOTA * BATCH_SHARE_PERCENT / 100;
    score.check(in_batch == share, || format!("a batch had {in_batch} of the day, {share} are its share"));
    score.check(told == ASKED - share, || format!("{told} lines say overloaded, not {}", ASKED - share));
    let rest = DAILY_QUOTA - share;
    score.check(at_counter == rest, || format!("the counter had {at_counter} of the day, {rest} were left"));
    let seen = usize::try_from(ground.world.simulators.residence().counts().requests)?;
    score.check(seen == DAILY_QUOTA, || format!("the agency saw {seen} of {DAILY_QUOTA}"));
    let row =
        |what: &str, seen: usize, agreed: usize| vec![what.to_string(), seen.to_string(), agreed.to_string()];
    print_table(
        &format!("A day of {DAILY_QUOTA}: {ASKED} asked in a batch, then {ASKED} at the counter"),
        &["", "exchanges", "agreed"],
        &[
            row("batch", in_batch, share),
            row("counter", at_counter, rest),
            row("the agency saw", seen, DAILY_QUOTA),
        ],
    );
    Ok(())
}
