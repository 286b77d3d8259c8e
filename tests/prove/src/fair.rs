//! `prove fair` (T22, T23): a client that floods costs another's counter about a turn; no agency sees more than was agreed.

mod agreed;
mod carrier;
mod day;
mod flood;
mod lateness;

use std::time::Duration;

use anyhow::Result;
use sandbox::questions::about;
use serde_json::Value;
use simulators::{Misbehaviour, Moment, Times};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::Wishes;
use crate::ground::{self, Ground, ServiceWish};
use crate::score::{Score, at, bar, print_table};
use agreed::Agreed;

/// What was agreed with the agency here.
const AGREED: Agreed = Agreed { rate_per_s: 50, burst: 10 };
const CONCURRENCY: u64 = 8;
/// The agency takes this long: a place is not what is scarce (8 places / 0.1 s = 80 a second), the quota is.
const AGENCY_MS: u64 = 100;
/// The quiet client asks at this even pace, a tenth of what was agreed.
const PACE: Duration = Duration::from_millis(200);
/// Its requests, alone and under the flood.
const REQUESTS_QUICK: usize = 30;
const REQUESTS_FULL: usize = 300;
/// Exchanges of the flood between the arrival of a quiet request and its own exchange: those of the flood and of its batch that
/// were granted just then, the batch's turn, and what a busy machine adds. Its whole line would be some sixty.
const OVERTAKEN_MAX: usize = 8;
/// The same for the median request, where no machine is busy.
const OVERTAKEN_MEDIAN_MAX: usize = 3;
/// The quiet client's p99 may grow by this under the flood.
const RATIO_MAX: f64 = 2.0;
/// Different people the flood asks about; with the dossiers no two of its questions are the same.
const PEOPLE: usize = 100;
/// 500 a second: ten times the agency's rate.
const FLOODS_EVERY: Duration = Duration::from_millis(2);

/// Requests offered for each that is let through: ten on a quiet machine, and half of that on a busy one.
const FLOOD_MIN: usize = 5;

const FLOODS: &str = "TraCuuThongTinCongDan";
const QUIET: &str = "XacThucThongTinCongDan";
const QUIET_READ: &str = "residence.verify";

/// Runs the three proofs.
pub async fn prove(wishes: &Wishes, score: &mut Score) -> Result<()> {
    println!("\n== fair (T22, T23)");
    beside_a_flood(wishes, score).await?;
    carrier::prove(wishes, score).await?;
    day::prove(wishes, score).await
}

async fn beside_a_flood(wishes: &Wishes, score: &mut Score) -> Result<()> {
    let mut options = ground::unlimited(wishes.seed, ServiceWish { fresh_for_s: 0, deadline_ms: 5_000 });
    let Agreed { rate_per_s, burst } = AGREED;
    let agreed = format!(
        "rate_per_s = {rate_per_s}\nburst = {burst}\nconcurrency = {CONCURRENCY}\nqueue = 64\n\
         breaker_failures = 1000000\nbreaker_samples = 1000000\n"
    );
    options.agency_limits.insert("residence".into(), agreed);
    let ground = Ground::build(&options).await?;
    let residence = ground.world.simulators.residence();
    residence.misbehave(Misbehaviour::Delay { ms: AGENCY_MS }, Times::Always)?;
    let requests = if wishes.full { REQUESTS_FULL } else { REQUESTS_QUICK };
    let bar = bar(2 * requests, "quiet requests");

    let register = ground.world.simulators.register();
    let quiet = about(register.sample());
    let alone = ask_at_a_pace(&ground, QUIET_READ, quiet.clone(), requests, &bar).await?;
    residence.forget_counts();
    let watch = lateness::Watch::begin()?;
    let people = register.ordinary().take(PEOPLE).map(about).collect();
    let flood = flood::Flood::begin(&ground.one_stop, "residence.person", people, FLOODS_EVERY);
    residence.until_asked(u64::from(burst) * 2).await;
    let beside = ask_at_a_pace(&ground, QUIET_READ, quiet, requests, &bar).await?;
    let offered = flood.end().await?;
    let late = watch.end()?;
    bar.finish_and_clear();
    let moments = residence.moments();

    score.check(alone.refused + beside.refused == 0, || {
        format!("{} and {} quiet requests refused", alone.refused, beside.refused)
    });
    score.check(offered.total() >= FLOOD_MIN * moments.len(), || {
        format!("no flood: {} asked, {} exchanges", offered.total(), moments.len())
    });
    let (overtaken, came) = overtaken(&beside, &moments);
    score.check(came == requests, || format!("{came} of {requests} quiet requests came to the agency"));
    let (median, most) = (at(&overtaken, 0.5), at(&overtaken, 1.0));
    score.check(most <= OVERTAKEN_MAX, || format!("{most} exchanges of the flood overtook a quiet request"));
    score.check(median <= OVERTAKEN_MEDIAN_MAX, || format!("{median} overtook the median quiet request"));
    let (p99_alone, p99_beside) = (at(&alone.took, 0.99), at(&beside.took, 0.99));
    let ratio = p99_beside.as_secs_f64() / p99_alone.as_secs_f64();
    if wishes.full {
        score.check(ratio <= RATIO_MAX, || format!("the quiet client's p99 grew {ratio:.2} ×"));
    }
    let ms = |time: Duration| format!("{:.0}", time.as_secs_f64() * 1e3);
    let row = |what: &str, took: &[Duration]| {
        let times = [0.5, 0.99, 1.0].map(|part| ms(at(took, part)));
        [vec![what.to_string(), took.len().to_string()], times.to_vec()].concat()
    };
    print_table(
        &format!("A quiet counter of {:.0} a second beside a flood, in ms", 1.0 / PACE.as_secs_f64()),
        &["", "requests", "p50", "p99", "most"],
        &[row("alone", &alone.took), row("beside the flood", &beside.took)],
    );
    println!("  p99 beside / alone: {ratio:.2}; overtaken by the flood: median {median}, most {most}");
    println!("  the flood: {offered}");
    AGREED.check("the agency", &moments, late, score);
    let most = residence.counts().most_at_once;
    score.check(most <= CONCURRENCY, || format!("{most} exchanges at once, {CONCURRENCY} agreed"));
    println!("  exchanges at once: {most} of {CONCURRENCY}");
    Ok(())
}

/// What the quiet client saw.
struct Quiet {
    /// How long each request took, sorted.
    took: Vec<Duration>,
    /// Exchanges of the flood that the agency had seen when each was sent, in order.
    seen_before: Vec<usize>,
    refused: usize,
}

async fn ask_at_a_pace(
    ground: &Ground,
    service: &str,
    query: Value,
    requests: usize,
    bar: &indicatif::ProgressBar,
) -> Result<Quiet> {
    let residence = ground.world.simulators.residence();
    let mut quiet = Quiet { took: Vec::new(), seen_before: Vec::new(), refused: 0 };
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for _ in 0..requests {
        pace.tick().await;
        quiet.seen_before.push(usize::try_from(residence.requests_of(FLOODS))?);
        let began = Instant::now();
        let told = ground.connector.ask(service, query.clone()).await?;
        quiet.took.push(began.elapsed());
        quiet.refused += usize::from(told.word() != "found");
        bar.inc(1);
    }
    quiet.took.sort();
    Ok(quiet)
}

/// How many of the flood went before each quiet request after it had been sent, sorted; and how many quiet requests came. One
/// that never came was overtaken by all.
fn overtaken(quiet: &Quiet, moments: &[Moment]) -> (Vec<usize>, usize) {
    let mut floods = 0_usize;
    let mut before_each = Vec::new();
    for moment in moments {
        match moment.operation.as_str() {
            QUIET => before_each.push(floods),
            _ => floods += 1,
        }
    }
    let pairs = before_each.iter().zip(&quiet.seen_before);
    let mut overtaken: Vec<usize> =
        pairs.map(|(at_agency, at_start)| at_agency.saturating_sub(*at_start)).collect();
    overtaken.extend(quiet.seen_before.iter().skip(before_each.len()).map(|at_start| floods - at_start));
    overtaken.sort_unstable();
    (overtaken, before_each.len())
}
