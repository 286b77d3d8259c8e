//! `prove weather` (E1, F6–F8): every misbehaviour × every read gives the expected problem and blame; others are unharmed.

mod breakers;
mod composites;
mod expected;
mod feed;
mod place;
pub mod questions;

use std::time::Duration;

use anyhow::Result;
use futures_util::future::join_all;
use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use sandbox::caller::{USUAL_DOSSIER, purpose_of};
use sandbox::{Caller, Told, World};
use serde_json::Value;
use simulators::{Handle, Misbehaviour, Times};
use tokio::time::Instant;

use crate::Wishes;
use crate::ground::{self, Ground, ServiceWish};
use crate::score::{Score, bar, print_table};
use crate::together::Together;
use composites::{Composites, Weather};
use expected::{Expected, label};
use place::{PLACES, Place};
use questions::{Question, Questions};

/// A hung party costs every case this long; the slowest sound answer (a delay of a second) must still fit.
const DEADLINE_MS: u64 = 3_500;
/// P7: an answer comes by the deadline and this much more.
const LATE_MAX: Duration = Duration::from_millis(50);

/// Worlds that live at the same time: two cores carry so many without one's deadline suffering from another's flood.
const WORLDS_AT_ONCE: usize = 6;

/// Words of the simulated agencies: none may ever stand in a problem.
const CANARIES: [&str; 22] = [
    "vui lòng quay lại sau",
    "Bảo trì định kỳ",
    "Loi he thong",
    "quan tri vien",
    "Trục tích hợp tạm thời",
    "Vuot qua han muc",
    "Message throttled out",
    "Access failure",
    "Access Token Inactive",
    "Invalid Credentials",
    "Error connecting",
    "Chữ ký xác thực không đúng",
    "vui lòng thử lại sau",
    "AUTHEN_ERROR",
    "IP_DISALLOWED",
    "DATA_INCORRECT",
    "gia-mao",
    "định dạng khác",
    "khong phai HTTP",
    "khong-ro",
    "Bị từ chối",
    "khong ai nen den day",
];

/// Plays everything: each place in a world of its own, some at the same time.
pub async fn prove(wishes: &Wishes, score: &mut Score) -> Result<()> {
    println!("\n== weather (E1, F6–F8)");
    let bar = bar(PLACES.len() * Misbehaviour::all().len(), "misbehaviours");
    let playing = stream::iter(PLACES).map(|place| play_all(place, wishes, &bar)).buffered(WORLDS_AT_ONCE);
    // The feed's cases mostly wait for its pace: they go on beside.
    let (seasons, followed) = tokio::try_join!(playing.try_collect::<Vec<_>>(), feed::play_all(wishes))?;
    bar.finish_and_clear();
    let mut strays = followed.strays;
    for Season { place, cases, reads, rows, stray, score: own } in seasons {
        let title = format!("Weather at {}: {cases} misbehaviours, {reads} reads", place.name());
        print_table(&title, &["misbehaviour", "read", "expected", "told", "ms"], &rows);
        strays += stray;
        score.add(own);
    }
    followed.tell(score);
    score.check(strays == 0, || format!("{strays} requests followed a redirect or an entity"));
    println!("\n  requests that followed a redirect or an external entity: {strays}");
    breakers::prove(wishes, score).await
}

/// What came of one place.
struct Season {
    place: Place,
    cases: usize,
    reads: usize,
    rows: Vec<Vec<String>>,
    stray: u64,
    score: Score,
}

fn wish() -> ServiceWish {
    ServiceWish { fresh_for_s: 0, deadline_ms: DEADLINE_MS }
}

async fn play_all(place: Place, wishes: &Wishes, bar: &ProgressBar) -> Result<Season> {
    let world = World::build(&ground::unlimited(wishes.seed, wish()))?;
    let questions = Questions::of(world.simulators.register())?;
    let composites = Composites::of(world.simulators.register())?;
    let mut ground = Ground::of(world).await?;
    let party = place.handle(&ground.world).party();
    let mut season =
        Season { place, cases: 0, reads: 0, rows: Vec::new(), stray: 0, score: Score::default() };
    for kind in Misbehaviour::all() {
        bar.inc(1);
        if !kind.applies_to(party) {
            continue;
        }
        for round in rounds(place.questions(&questions)) {
            let Some(case) = play(&kind, place, round, &ground, (&questions, &composites)).await? else {
                continue;
            };
            season.cases += 1;
            season.reads += case.told.len() + case.together.len();
            season.rows.extend(judge(&case, wishes, &mut season.score));
            if leaves_traces(&kind, place) {
                ground = ground.afresh().await?;
            }
        }
    }
    season.stray = ground.world.simulators.elsewhere().counts().requests;
    Ok(season)
}

/// The same query put twice is one conversation whose exchanges are spoiled in turn: it is asked again for each.
fn rounds(questions: &[Question]) -> impl Iterator<Item = &[Question]> {
    questions.chunk_by(|one, next| (one.service, &one.query) != (next.service, &next.query))
}

/// Whether the next case would meet what this one left behind, so that it needs a fresh gateway.
fn leaves_traces(kind: &Misbehaviour, place: Place) -> bool {
    match kind {
        // `Retry-After` keeps us away from the party for a while, as it should.
        Misbehaviour::MaintenanceWindow | Misbehaviour::TooManyRequests => true,
        // A login that hangs is given up after ten seconds; all who need it wait with their own deadlines till then.
        Misbehaviour::Hang | Misbehaviour::SlowDrip { .. } => place.login().is_some(),
        _ => false,
    }
}

/// One misbehaviour at one place, what every read was told, and what a read elsewhere was told meanwhile.
struct Case {
    kind: Misbehaviour,
    place: Place,
    told: Vec<(Question, Told, Duration)>,
    /// The operations that were spoiled, and what the composites were told.
    operations: Vec<&'static str>,
    together: Vec<(Together, Told)>,
    elsewhere: Told,
    secrets: Vec<String>,
}

async fn play(
    kind: &Misbehaviour,
    place: Place,
    round: &[Question],
    ground: &Ground,
    (questions, composites): (&Questions, &Composites),
) -> Result<Option<Case>> {
    let handle = place.handle(&ground.world);
    let (mut asked, mut operations) = (Vec::new(), Vec::new());
    for question in round {
        let operation = place.login().unwrap_or(question.operation);
        if order(handle, kind, place, operation) {
            asked.push(question.clone());
            operations.push(operation);
        }
    }
    if asked.is_empty() {
        return Ok(None);
    }
    // Whoever holds a token asks for no other.
    match place {
        Place::Token => ground.world.simulators.expire_tokens(),
        Place::PostalToken => ground.world.simulators.expire_postal_tokens(),
        Place::ViettelLogin => ground.world.simulators.expire_receipt_tokens(),
        _ => {}
    }
    let before = handle.counts().misbehaved.get(kind.name()).copied().unwrap_or_default();
    let reads = join_all(asked.into_iter().map(async |question| {
        let begun = Instant::now();
        let told = ask(&ground.one_stop, &question).await;
        (question, told, begun.elapsed())
    }));
    let other = questions.of_the_other(place);
    let weather = Weather { kind, place, operations };
    let (reads, together, elsewhere) =
        tokio::join!(reads, composites.ask(&weather, &ground.one_stop), ask(&ground.one_stop, other));
    let after = handle.counts().misbehaved.get(kind.name()).copied().unwrap_or_default();
    handle.behave()?;
    let mut told = Vec::new();
    for (question, answer, took) in reads {
        told.push((question, answer?, took));
    }
    let mut case = Case {
        kind: kind.clone(),
        place,
        told,
        operations: weather.operations,
        together: together?,
        elsewhere: elsewhere?,
        secrets: questions.secrets.clone(),
    };
    if after == before && *kind != Misbehaviour::Refuse {
        // Nothing was played: whatever was told proves nothing.
        case.told
            .iter_mut()
            .for_each(|(_, told, _)| told.body = Value::String("the misbehaviour was not played".into()));
    }
    settle(&ground.one_stop, &case).await?;
    Ok(Some(case))
}

/// Orders the misbehaviour; `false` if this operation cannot show it.
fn order(handle: &Handle, kind: &Misbehaviour, place: Place, operation: &str) -> bool {
    if at_the_door(kind) && !place.is_carried() {
        // A connection cannot be told apart by operation: at the token's door the party's door stands already.
        return place.login().is_none() && handle.misbehave(kind.clone(), Times::Always).is_ok();
    }
    handle.misbehave_on(operation, kind.clone(), Times::Always).is_ok()
}

/// Whether it is met at the connection, before any operation is named.
fn at_the_door(kind: &Misbehaviour) -> bool {
    matches!(kind, Misbehaviour::Refuse | Misbehaviour::CloseAtAccept | Misbehaviour::WrongServerCertificate)
}

/// Asks once more in fine weather, so that no connection or token of this case is left for the next; what is told does not matter.
async fn settle(caller: &Caller, case: &Case) -> Result<()> {
    if let Some((question, _, _)) = case.told.first() {
        ask(caller, question).await?;
    }
    Ok(())
}

async fn ask(caller: &Caller, question: &Question) -> Result<Told> {
    let purpose = purpose_of(USUAL_DOSSIER, &question.unit);
    caller.ask_for(question.service, purpose, question.query.clone()).await
}

fn judge(case: &Case, wishes: &Wishes, score: &mut Score) -> Vec<Vec<String>> {
    let name = label(&case.kind);
    let mut rows = Vec::new();
    for (question, told, took) in &case.told {
        let expected = expected::of(&case.kind, case.place, question.name);
        let actual = Expected::told(told);
        let wanted = expected.map_or_else(|| "NO ROW".to_string(), |expected| expected.to_string());
        let place = case.place.name();
        score.check(expected::allows(&case.kind, case.place, question.name, actual), || {
            format!("{name} at {place}, {}: {actual}, not {wanted}: {}", question.name, told.body)
        });
        let leak = leaks(told, &case.secrets);
        score.check(leak.is_none(), || {
            format!("{name} at {place}, {}: the problem says {leak:?}", question.name)
        });
        score.check(told.status != 500, || format!("{name} at {place}, {}: 500", question.name));
        if wishes.full {
            let most = Duration::from_millis(DEADLINE_MS) + LATE_MAX;
            score.check(*took <= most, || {
                format!("{name} at {place}, {}: {} ms", question.name, took.as_millis())
            });
        }
        rows.push(vec![
            name.clone(),
            question.name.into(),
            wanted,
            actual.to_string(),
            took.as_millis().to_string(),
        ]);
    }
    rows.extend(judge_together(case, score));
    let unharmed = case.elsewhere.word() == "found";
    score.check(unharmed, || {
        format!("{name} at {}: others are harmed: {}", case.place.name(), case.elsewhere.body)
    });
    rows
}

/// The composites' rows: which part failed, and as what.
fn judge_together(case: &Case, score: &mut Score) -> Vec<Vec<String>> {
    let (name, place) = (label(&case.kind), case.place.name());
    let weather = Weather { kind: &case.kind, place: case.place, operations: case.operations.clone() };
    let mut rows = Vec::new();
    for (together, told) in &case.together {
        let (word, wrong) = weather.judge(together, told);
        score.check(wrong.is_none(), || {
            format!("{name} at {place}, {}: {}: {}", together.name, wrong.unwrap_or_default(), told.body)
        });
        let leak = leaks(told, &case.secrets);
        score.check(leak.is_none(), || format!("{name} at {place}, {}: it says {leak:?}", together.name));
        rows.push(vec![name.clone(), together.name.into(), "as its parts alone".into(), word]);
    }
    rows
}

/// An agency's words, a number or a name inside a problem, of the whole or of a part.
fn leaks(told: &Told, secrets: &[String]) -> Option<String> {
    let text = match told.status {
        200 => composites::words_of_problems(told),
        _ => told.body.to_string(),
    };
    let words = CANARIES.iter().map(|word| (*word).to_string()).chain(secrets.iter().cloned());
    words.into_iter().find(|word| text.contains(word.as_str()))
}
