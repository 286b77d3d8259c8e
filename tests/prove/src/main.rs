//! `prove`: the promises as programs. One verb each, a seed that reproduces, a table of what was counted.
#![expect(clippy::print_stdout, reason = "a program for a terminal: what it counts is what it prints")]

mod cache;
mod chains;
mod corpora;
mod fair;
mod ground;
mod score;
mod weather;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use sandbox::gateway::AS_GATEWAY;

use score::Score;

/// The word with which this executable is asked to read one bomb and tell what it cost, and nothing else.
const AS_BOMB_READER: &str = "read-bomb";

/// Proves the promises against the running gateway and the simulated agencies, on loopback alone.
#[derive(Debug, Parser)]
#[command(name = "prove", version)]
struct Arguments {
    #[command(subcommand)]
    promise: Promise,
    #[command(flatten)]
    wishes: Wishes,
}

/// What is to be proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
enum Promise {
    /// S1, S2: hostile JSON, XML and tokens through the real edge and the real codecs.
    Corpora,
    /// E1 so far: every misbehaviour of the simulators × every read: the expected problem, and others unharmed.
    Weather,
    /// P6, T14: one exchange for a thousand misses; two clients never see each other's fields or people.
    Cache,
    /// T22, T23: a client that floods costs another's counter about a turn; no agency sees more than was agreed.
    Fair,
    /// C1: simulated death cases with kills, silence and disorder: none lost, doubled, stuck or unexplained.
    Chains,
    /// All of them.
    All,
}

/// How it is to be proved.
#[derive(Debug, Clone, Args)]
struct Wishes {
    /// Counts and order only, a minute at most. This is the default.
    #[arg(long, global = true, conflicts_with = "full")]
    quick: bool,
    /// Larger numbers, and times are judged too.
    #[arg(long, global = true)]
    full: bool,
    /// The seed: the same seed gives the same people and the same order of questions.
    #[arg(long, global = true, default_value_t = 1)]
    seed: u64,
    /// Of `chains`: so many lives instead of the usual number; 1 lives the seed alone and tells all that is wrong with it.
    #[arg(long, global = true, value_name = "N")]
    lives: Option<u64>,
    /// The folder with the corpora (json-parsing, xml-conformance, wycheproof-jws.json).
    #[arg(long, global = true, value_name = "DIR")]
    corpora: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let others =
        |skipped: usize| arguments.clone().into_iter().enumerate().filter(move |(at, _)| *at != skipped);
    match arguments.get(1).map(String::as_str) {
        // The gateway is this very program started again, so that it can be killed without killing the agencies.
        Some(AS_GATEWAY) => return server::cli::run(others(1).map(|(_, text)| text)),
        Some(AS_BOMB_READER) => return corpora::bombs::read_one(arguments.get(2).map_or("", String::as_str)),
        _ => {}
    }
    let Arguments { promise, wishes } = Arguments::parse();
    server::auth::keys::install_cryptography();
    let proved = tokio::runtime::Runtime::new().map_err(anyhow::Error::from);
    let proved = proved.and_then(|runtime| runtime.block_on(prove(promise, &wishes)));
    match proved {
        Ok(score) => {
            println!("\n{}", score.last_line());
            if score.failed() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("prove: {error:#}");
            println!("\n0 passed, 1 failed");
            ExitCode::FAILURE
        }
    }
}

async fn prove(promise: Promise, wishes: &Wishes) -> Result<Score> {
    let how = if wishes.full { "--full" } else { "--quick" };
    println!("reproduce with: prove {} {how} --seed {}", promise.word(), wishes.seed);
    let mut score = Score::default();
    let begun = tokio::time::Instant::now();
    let wanted = |one: Promise| promise == one || promise == Promise::All;
    if wanted(Promise::Corpora) {
        corpora::prove(wishes, &mut score).await?;
    }
    if wanted(Promise::Weather) {
        weather::prove(wishes, &mut score).await?;
    }
    if wanted(Promise::Cache) {
        cache::prove(wishes, &mut score).await?;
    }
    if wanted(Promise::Fair) {
        fair::prove(wishes, &mut score).await?;
    }
    if wanted(Promise::Chains) {
        chains::prove(wishes, &mut score)?;
    }
    println!("\n  took {:.0} s", begun.elapsed().as_secs_f64());
    Ok(score)
}

impl Promise {
    fn word(self) -> &'static str {
        match self {
            Promise::Corpora => "corpora",
            Promise::Weather => "weather",
            Promise::Cache => "cache",
            Promise::Fair => "fair",
            Promise::Chains => "chains",
            Promise::All => "all",
        }
    }
}
