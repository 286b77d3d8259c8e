//! How long after its deadline an answer comes that had to do without somebody: at the caller, and by the gateway's own log.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use simulators::{Misbehaviour, Party, Times};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::asked::Asked;
use super::{PARTIES, handle};
use crate::ground::{Ground, nth_dossier};
use crate::score::{Score, at, bar, print_table};

/// What the caller of each question allows, in `X-Deadline-Ms`.
const PATIENCE: Duration = Duration::from_millis(500);
/// P7: so much later at the median.
const LATE_MAX: Duration = Duration::from_millis(5);
/// Questions to each agency that hangs, and the pace at which they come: their deadlines pass one by one.
const QUESTIONS: usize = 200;
const PACE: Duration = Duration::from_millis(20);

/// One answer: when it came after its deadline, and which line of the log is about it.
struct Late {
    by: Duration,
    trace: String,
    /// What is wrong with it: it is not what the deadline makes of it, or it came before.
    wrong: Option<String>,
}

/// Asks what needs each agency while it hangs, and measures.
pub async fn prove(ground: &Ground, questions: &[Asked], score: &mut Score) -> Result<()> {
    let mut rows = Vec::new();
    let bar = bar(PARTIES.len(), "answers at the deadline");
    for party in PARTIES {
        let hung = handle(&ground.world.simulators, party)?;
        hung.misbehave(Misbehaviour::Hang, Times::Always)?;
        let felt = questions.iter().filter(|asked| asked.feels(party)).collect();
        let answers = ask(ground, felt, party).await;
        hung.behave()?;
        let answers = answers?;
        for answer in &answers {
            score.check(answer.wrong.is_none(), || {
                format!("{} hangs: {}", party.name(), answer.wrong.as_deref().unwrap_or_default())
            });
        }
        let stated = stated(ground, &answers)?;
        let mut late: Vec<Duration> = answers.into_iter().map(|late| late.by).collect();
        late.sort();
        let median = at(&late, 0.5);
        score.check(median <= LATE_MAX, || {
            format!("{} hangs: the median answer comes {} after its deadline", party.name(), ms(median))
        });
        rows.push(row(party.name(), "at the caller", &late));
        rows.push(row("", "by the log", &stated));
        bar.inc(1);
    }
    bar.finish_and_clear();
    print_table(
        &format!(
            "After a deadline of {} ms, in ms: at the caller from before the request is sent until the answer is read (nothing \
             is taken off);\nby the gateway's log, which says whole milliseconds from a request's arrival on",
            PATIENCE.as_millis()
        ),
        &["hangs", "", "answers", "p50", "p99", "most"],
        &rows,
    );
    Ok(())
}

/// Asks in turns at an even pace, each time for another dossier: what is alike at the same time would be one exchange.
async fn ask(ground: &Ground, questions: Vec<&Asked>, hung: Party) -> Result<Vec<Late>> {
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut under_way = JoinSet::new();
    for (number, asked) in questions.into_iter().cycle().take(QUESTIONS).enumerate() {
        pace.tick().await;
        let (asked, caller) = (asked.clone(), ground.one_stop.clone());
        under_way.spawn(async move {
            let begun = Instant::now();
            let told = asked.ask_within(PATIENCE, &nth_dossier(number), &caller).await?;
            let took = begun.elapsed();
            let early = (took < PATIENCE).then(|| format!("answered after {} already", ms(took)));
            let trace = told.header("x-trace-id").context("no trace")?.to_owned();
            let wrong = early.or_else(|| asked.judge(&told, hung));
            anyhow::Ok(Late { by: took.saturating_sub(PATIENCE), trace, wrong })
        });
    }
    under_way.join_all().await.into_iter().collect()
}

/// What the gateway's log says of the same answers, sorted.
fn stated(ground: &Ground, answers: &[Late]) -> Result<Vec<Duration>> {
    let log = std::fs::read_to_string(&ground.gateway.log)?;
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let read = |line: Value| {
        let trace = line.pointer("/span/trace_id")?.as_str()?.to_owned();
        Some((trace, Duration::from_millis(line.get("ms")?.as_u64()?)))
    };
    let took: HashMap<String, Duration> = lines.filter_map(read).collect();
    let of = |late: &Late| took.get(&late.trace).map(|took| took.saturating_sub(PATIENCE));
    let mut stated: Vec<Duration> =
        answers.iter().map(of).collect::<Option<_>>().context("the log lacks an answer")?;
    stated.sort();
    Ok(stated)
}

fn row(hung: &str, where_from: &str, late: &[Duration]) -> Vec<String> {
    let times = [0.5, 0.99, 1.0].map(|part| ms(at(late, part)));
    [vec![hung.to_owned(), where_from.to_owned(), late.len().to_string()], times.to_vec()].concat()
}

fn ms(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e3)
}
