//! The breakers at work: after a few failures a party is left in peace, others go on, and it is found when it is back.

use std::time::Duration;

use anyhow::{Result, ensure};
use sandbox::World;
use simulators::{Misbehaviour, Times};

use super::questions::{Question, Questions};
use crate::Wishes;
use crate::ground::{self, Ground};
use crate::score::{Score, print_table};

/// Failures that open it here.
const FAILURES: u64 = 3;
/// How long it stays open here.
const OPEN_MS: u64 = 1_500;
/// Reads asked of a party whose breaker is open.
const READS_WHILE_OPEN: u64 = 20;
/// How often and how many times we look whether it is back: far longer than it may take.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const LOOKS_MAX: usize = 300;

/// One scenario: who fails, how, and what must go on meanwhile.
struct Scenario {
    title: &'static str,
    failing: Question,
    party: Party,
    kind: Misbehaviour,
    /// Whose breaker opens.
    blame: &'static str,
    unharmed: Vec<Question>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Party {
    Residence,
    Carrier,
}

/// Both scenarios.
pub async fn prove(wishes: &Wishes, score: &mut Score) -> Result<()> {
    let mut options = ground::unlimited(wishes.seed, super::wish());
    let limits = format!(
        "rate_per_s = 1000\nburst = 1000\nconcurrency = 100\nattempts = 1\nbreaker_failures = {FAILURES}\n\
         breaker_open_ms = {OPEN_MS}\n"
    );
    options.agency_limits.values_mut().for_each(|lines| *lines = limits.clone());
    options.carrier_limits.values_mut().for_each(|lines| *lines = limits.clone());
    let world = World::build(&options)?;
    let questions = Questions::of(world.simulators.register())?;
    let ground = Ground::of(world).await?;
    for scenario in scenarios(&questions) {
        play(&scenario, &ground, score).await?;
    }
    Ok(())
}

fn scenarios(questions: &Questions) -> Vec<Scenario> {
    let named = |list: &[Question], name: &str| {
        list.iter().filter(|question| question.name == name).cloned().collect::<Vec<_>>()
    };
    let (verify, person) = (named(&questions.residence, "verify"), named(&questions.residence, "person"));
    let status = named(&questions.civil_status, "dossier status");
    let scenario = |title, failing: &[Question], party, kind, blame, unharmed: Vec<Question>| {
        failing.first().map(|failing| Scenario {
            title,
            failing: failing.clone(),
            party,
            kind,
            blame,
            unharmed,
        })
    };
    let of_agency =
        "one operation of an agency talks nonsense: its breaker opens, the agency's other operations go on";
    let of_carrier = "the carrier refuses connections: its breaker opens, agencies reached directly go on";
    [
        scenario(
            of_agency,
            &verify,
            Party::Residence,
            Misbehaviour::HtmlPage,
            "agency",
            [person.clone(), status.clone()].concat(),
        ),
        scenario(of_carrier, &status, Party::Carrier, Misbehaviour::Refuse, "carrier", person),
    ]
    .into_iter()
    .flatten()
    .collect()
}

async fn play(scenario: &Scenario, ground: &Ground, score: &mut Score) -> Result<()> {
    let Scenario { title, failing, kind, blame, .. } = scenario;
    let simulators = &ground.world.simulators;
    let party = match scenario.party {
        Party::Residence => simulators.residence(),
        Party::Carrier => simulators.lgsp(),
    };
    let asked = || party.requests_of(failing.operation);
    let ask = async |question: &Question| ground.one_stop.ask(question.service, question.query.clone()).await;
    let mut rows = Vec::new();
    let mut row = |what: String, count: u64| rows.push(vec![what, count.to_string()]);

    ensure!(ask(failing).await?.word() == "found", "{title}: not even in fine weather");
    let before = asked();
    match scenario.party {
        Party::Residence => party.misbehave_on(failing.operation, kind.clone(), Times::Always)?,
        Party::Carrier => party.misbehave(kind.clone(), Times::Always)?,
    }
    for _ in 0..FAILURES {
        let told = ask(failing).await?;
        score.check(told.word() != "unavailable", || format!("{title}: open too early: {}", told.body));
    }
    let at_opening = asked();
    let mut refused = 0;
    for _ in 0..READS_WHILE_OPEN {
        let told = ask(failing).await?;
        refused += u64::from(
            told.word() == "unavailable"
                && told.at("/blame") == *blame
                && told.header("retry-after").is_some(),
        );
    }
    score.check(refused == READS_WHILE_OPEN, || {
        format!("{title}: {refused} of {READS_WHILE_OPEN} reads refused")
    });
    score.check(asked() == at_opening, || format!("{title}: {} requests while open", asked() - at_opening));
    row(format!("failures until it opened (requests that arrived: {})", at_opening - before), FAILURES);
    row("reads while it was open, refused by us with Retry-After".into(), refused);
    row("requests the party saw meanwhile".into(), asked() - at_opening);
    for question in &scenario.unharmed {
        let told = ask(question).await?;
        score
            .check(told.word() == "found", || format!("{title}: {} is harmed: {}", question.name, told.body));
        row(format!("unharmed: {}", question.name), u64::from(told.word() == "found"));
    }
    party.behave()?;
    let back = recovers(async || Ok(ask(failing).await?.word() == "found")).await?;
    score.check(back, || format!("{title}: it never comes back"));
    row("found again after the party behaved".into(), u64::from(back));
    print_table(&format!("Breaker: {title}"), &["what", "count"], &rows);
    Ok(())
}

/// Looks until it is so.
async fn recovers(is_so: impl AsyncFn() -> Result<bool>) -> Result<bool> {
    for _ in 0..LOOKS_MAX {
        if is_so().await? {
            return Ok(true);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(false)
}
