//! `prove weather` (E1, F6–F8): every misbehaviour × every read gives the expected problem and blame; others are unharmed.

mod breakers;
mod expected;
pub mod questions;

use std::time::Duration;

use anyhow::Result;
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use indicatif::ProgressBar;
use sandbox::caller::{USUAL_DOSSIER, purpose_of};
use sandbox::{Caller, Told, World};
use serde_json::Value;
use simulators::{Handle, Misbehaviour, Times};
use tokio::time::Instant;

use crate::Wishes;
use crate::ground::{self, Ground, ServiceWish};
use crate::score::{Score, bar, print_table};
use expected::{Expected, label};
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

/// Where a misbehaviour is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Bộ Công an, reached directly.
    Residence,
    /// Hộ tịch, behind the carrier.
    CivilStatus,
    /// Bảo hiểm xã hội, behind the carrier.
    SocialInsurance,
    /// Thuế, behind the carrier.
    Tax,
    /// Bưu chính, reached directly.
    Postal,
    /// Biên lai VNPT, reached directly.
    Vnpt,
    /// Biên lai Viettel, reached directly.
    Viettel,
    /// The carrier, on the way to the agency.
    Carrier,
    /// The carrier's token endpoint.
    Token,
    /// The post's token endpoint.
    PostalToken,
    /// Viettel's login.
    ViettelLogin,
}

/// Every place where a misbehaviour is played.
const PLACES: [Place; 11] = [
    Place::Residence,
    Place::CivilStatus,
    Place::SocialInsurance,
    Place::Tax,
    Place::Postal,
    Place::Vnpt,
    Place::Viettel,
    Place::Carrier,
    Place::Token,
    Place::PostalToken,
    Place::ViettelLogin,
];

/// Plays everything: each place in a world of its own, some at the same time.
pub async fn prove(wishes: &Wishes, score: &mut Score) -> Result<()> {
    println!("\n== weather (E1, F6–F8)");
    let bar = bar(PLACES.len() * Misbehaviour::all().len(), "misbehaviours");
    let mut seasons = Vec::new();
    let mut playing =
        stream::iter(PLACES).map(|place| play_all(place, wishes, &bar)).buffered(WORLDS_AT_ONCE);
    while let Some(season) = playing.next().await {
        seasons.push(season?);
    }
    bar.finish_and_clear();
    let mut strays = 0;
    for Season { place, cases, reads, rows, stray, score: own } in seasons {
        let title = format!("Weather at {}: {cases} misbehaviours, {reads} reads", place.name());
        print_table(&title, &["misbehaviour", "read", "expected", "told", "ms"], &rows);
        strays += stray;
        score.add(own);
    }
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

impl Place {
    fn name(self) -> &'static str {
        match self {
            Place::Residence => "residence",
            Place::CivilStatus => "civil-status behind the carrier",
            Place::SocialInsurance => "social-insurance behind the carrier",
            Place::Tax => "tax behind the carrier",
            Place::Postal => "postal",
            Place::Vnpt => "e-receipt-vnpt",
            Place::Viettel => "e-receipt-viettel",
            Place::Carrier => "the carrier",
            Place::Token => "the carrier's token",
            Place::PostalToken => "the post's token",
            Place::ViettelLogin => "Viettel's login",
        }
    }

    fn handle(self, world: &World) -> &Handle {
        match self {
            Place::Residence => world.simulators.residence(),
            Place::CivilStatus => world.simulators.civil_status(),
            Place::SocialInsurance => world.simulators.social_insurance(),
            Place::Tax => world.simulators.tax(),
            Place::Postal | Place::PostalToken => world.simulators.postal(),
            Place::Vnpt => world.simulators.e_receipt_vnpt(),
            Place::Viettel | Place::ViettelLogin => world.simulators.e_receipt_viettel(),
            Place::Carrier | Place::Token => world.simulators.lgsp(),
        }
    }

    fn questions(self, questions: &Questions) -> &[Question] {
        match self {
            Place::Residence => &questions.residence,
            Place::CivilStatus | Place::Carrier | Place::Token => &questions.civil_status,
            Place::SocialInsurance => &questions.social_insurance,
            Place::Tax => &questions.tax,
            Place::Postal | Place::PostalToken => &questions.postal,
            Place::Vnpt => &questions.vnpt,
            Place::Viettel | Place::ViettelLogin => &questions.viettel,
        }
    }

    /// The operation by which a token is asked for here; `None` where no login is played.
    fn login(self) -> Option<&'static str> {
        match self {
            Place::Token | Place::PostalToken => Some("token"),
            Place::ViettelLogin => Some("login"),
            Place::Residence | Place::CivilStatus | Place::SocialInsurance | Place::Tax => None,
            Place::Postal | Place::Vnpt | Place::Viettel | Place::Carrier => None,
        }
    }

    /// Whether it is an agency's own login, not the carrier's.
    fn is_agencys_login(self) -> bool {
        self.login().is_some() && self != Place::Token
    }

    /// Whether its door is the carrier's: it answers in its stead when it is shut.
    fn is_carried(self) -> bool {
        matches!(self, Place::CivilStatus | Place::SocialInsurance | Place::Tax)
    }
}

async fn play_all(place: Place, wishes: &Wishes, bar: &ProgressBar) -> Result<Season> {
    let world = World::build(&ground::unlimited(wishes.seed, wish()))?;
    let questions = Questions::of(world.simulators.register())?;
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
            let Some(case) = play(&kind, place, round, &ground, &questions).await? else { continue };
            season.cases += 1;
            season.reads += case.told.len();
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
    elsewhere: Told,
    secrets: Vec<String>,
}

async fn play(
    kind: &Misbehaviour,
    place: Place,
    round: &[Question],
    ground: &Ground,
    questions: &Questions,
) -> Result<Option<Case>> {
    let handle = place.handle(&ground.world);
    let mut asked = Vec::new();
    for question in round {
        let operation = place.login().unwrap_or(question.operation);
        if order(handle, kind, place, operation) {
            asked.push(question.clone());
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
    let (reads, elsewhere) = tokio::join!(reads, ask(&ground.one_stop, other));
    let after = handle.counts().misbehaved.get(kind.name()).copied().unwrap_or_default();
    handle.behave()?;
    let mut told = Vec::new();
    for (question, answer, took) in reads {
        told.push((question, answer?, took));
    }
    let mut case =
        Case { kind: kind.clone(), place, told, elsewhere: elsewhere?, secrets: questions.secrets.clone() };
    if after == before && *kind != Misbehaviour::Refuse {
        // Nothing was played: whatever was told proves nothing.
        case.told
            .iter_mut()
            .for_each(|(_, told, _)| told.body = Value::String("the misbehaviour was not played".into()));
    }
    recovers(&ground.one_stop, &case).await?;
    Ok(Some(case))
}

/// Orders the misbehaviour; `false` if this operation cannot show it.
fn order(handle: &Handle, kind: &Misbehaviour, place: Place, operation: &str) -> bool {
    let at_the_door = matches!(
        kind,
        Misbehaviour::Refuse | Misbehaviour::CloseAtAccept | Misbehaviour::WrongServerCertificate
    );
    if at_the_door && !place.is_carried() {
        // A connection cannot be told apart by operation: at the token's door the party's door stands already.
        return place.login().is_none() && handle.misbehave(kind.clone(), Times::Always).is_ok();
    }
    handle.misbehave_on(operation, kind.clone(), Times::Always).is_ok()
}

/// Asks once more in fine weather, so that no connection or token of this case is left for the next.
async fn recovers(caller: &Caller, case: &Case) -> Result<()> {
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
    let unharmed = case.elsewhere.word() == "found";
    score.check(unharmed, || {
        format!("{name} at {}: others are harmed: {}", case.place.name(), case.elsewhere.body)
    });
    rows
}

/// An agency's words, a number or a name inside a problem.
fn leaks(told: &Told, secrets: &[String]) -> Option<String> {
    if told.status == 200 {
        return None;
    }
    let text = told.body.to_string();
    let words = CANARIES.iter().map(|word| (*word).to_string()).chain(secrets.iter().cloned());
    words.into_iter().find(|word| text.contains(word.as_str()))
}
