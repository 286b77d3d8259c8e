//! The feed in bad weather: what was taken whole stays answered, no half page is taken, the cursor waits, and it goes on.
//!
//! Every case has two parcels of its own. One event is taken in fine weather; then the weather begins and five more come on
//! one page, of which a misbehaviour of words spoils the last row alone: whoever takes rows one by one would show four.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::future::try_join_all;
use sandbox::{Caller, Told, World};
use serde_json::{Value, json};
use simulators::{Handle, Misbehaviour, Party, Times};

use super::expected::{self, Expected, label};
use super::{Place, at_the_door, wish};
use crate::Wishes;
use crate::ground::{self, Ground};
use crate::score::{Score, print_table};

/// The feed on its wire.
const FEED: &str = "rhDoc";
/// Worlds that share the cases: each mostly waits for its feed's pace.
const WORLDS: usize = 8;
/// What was followed may be shown for so long: far longer than any weather here.
const SHOWN_FOR_S: u32 = 3_600;
/// A round's exchange may take this long: a hang is tried three times.
const ROUND_MS: u64 = 1_500;
/// How often and how many times we look whether something has come about: far longer than it may take.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS_MAX: usize = 600;

/// Before the weather, on the page that it spoils, and after it; 77 is what the simulator makes of a state no list knows.
const BEFORE: &[u16] = &[10];
const NEWS: &[(Parcel, u16)] = &[
    (Parcel::First, 20),
    (Parcel::Second, 10),
    (Parcel::First, 30),
    (Parcel::Second, 20),
    (Parcel::First, 40),
];
const FIRST_AFTERWARDS: &[u16] = &[10, 20, 30, 40];
const SECOND_AFTERWARDS: &[u16] = &[10, 20];
const WITH_UNKNOWN_STATE: &[u16] = &[10, 20, 30, 77];
/// The row comes again as a repeated one, with its right state: of the same event another state is news.
const WITH_BOTH_STATES: &[u16] = &[10, 20, 30, 77, 40];
const GOES_ON: u16 = 50;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parcel {
    First,
    Second,
}

/// What came of all cases.
#[derive(Debug, Default)]
pub struct Followed {
    rows: Vec<Vec<String>>,
    /// Requests that followed a redirect or an entity.
    pub strays: u64,
    score: Score,
}

impl Followed {
    /// Prints it, and adds its score.
    pub fn tell(self, score: &mut Score) {
        let title = format!(
            "Weather at the feed that postal.tracking is answered from: {} misbehaviours",
            self.rows.len()
        );
        print_table(&title, &["misbehaviour", "the feed says", "meanwhile", "afterwards"], &self.rows);
        score.add(self.score);
    }
}

/// Plays every misbehaviour that the feed can show, some at the same time.
pub async fn play_all(wishes: &Wishes) -> Result<Followed> {
    let shares = (0..WORLDS).map(|share| play_share(share, wishes));
    let mut followed = Followed::default();
    for share in try_join_all(shares).await? {
        followed.rows.extend(share.rows);
        followed.score.add(share.score);
        followed.strays += share.strays;
    }
    Ok(followed)
}

async fn play_share(share: usize, wishes: &Wishes) -> Result<Followed> {
    let mut options = ground::unlimited(wishes.seed, wish());
    if let Some(block) = options.services.get_mut("postal.tracking") {
        block.push_str(&format!("stale_for_s = {SHOWN_FOR_S}\n"));
    }
    options.services.insert("postal.changes".into(), format!("deadline_ms = {ROUND_MS}\n"));
    let ground = Ground::of(World::build(&options)?).await?;
    let mut followed = Followed::default();
    let all = Misbehaviour::all().into_iter().enumerate();
    for (number, kind) in
        all.filter(|(number, kind)| number % WORLDS == share && kind.applies_to(Party::Postal))
    {
        let case = Case::new(number, kind, &ground)?;
        match case.play(&mut followed.score).await {
            Ok(row) => followed.rows.push(row),
            Err(error) => {
                followed.score.check(false, || format!("{} at the feed: {error:#}", case.name()));
                case.postal.behave()?;
            }
        }
    }
    followed.strays = ground.world.simulators.elsewhere().counts().requests;
    Ok(followed)
}

/// One misbehaviour and its two parcels.
struct Case<'a> {
    kind: Misbehaviour,
    first: String,
    second: String,
    ground: &'a Ground,
    postal: &'a Handle,
    operations: Caller,
}

impl<'a> Case<'a> {
    fn new(number: usize, kind: Misbehaviour, ground: &'a Ground) -> Result<Case<'a>> {
        let order = |parcel: usize| format!("H56.14-250814-{:04}", 2 * number + parcel);
        let operations = Caller::new(&ground.gateway.operations, String::new())?;
        let postal = ground.world.simulators.postal();
        Ok(Case { kind, first: order(0), second: order(1), ground, postal, operations })
    }

    fn name(&self) -> String {
        label(&self.kind)
    }

    async fn play(&self, score: &mut Score) -> Result<Vec<String>> {
        BEFORE.iter().try_for_each(|state| self.moves(Parcel::First, *state))?;
        self.until_shown(BEFORE, &[], "before the weather").await?;
        let played = || self.postal.counts().misbehaved.get(self.kind.name()).copied().unwrap_or_default();
        let before = played();
        match at_the_door(&self.kind) {
            true => self.postal.misbehave(self.kind.clone(), Times::Always)?,
            false => self.postal.misbehave_on(FEED, self.kind.clone(), Times::Always)?,
        }
        NEWS.iter().try_for_each(|(parcel, state)| self.moves(*parcel, *state))?;
        let said = self.meanwhile(score).await?;
        // What never arrives cannot be counted.
        score.check(played() > before || self.kind == Misbehaviour::Refuse, || {
            format!("{} at the feed was not played", self.name())
        });
        let meanwhile = self.shown(Parcel::First).await?;
        self.postal.behave()?;
        self.afterwards(score).await?;
        let afterwards = self.shown(Parcel::First).await?;
        Ok(vec![self.name(), said, format!("{meanwhile:?}"), format!("{afterwards:?}")])
    }

    /// In the weather: the feed says why it stands, and tracking what it had; or the page is sound for all that.
    async fn meanwhile(&self, score: &mut Score) -> Result<String> {
        let Expected::Problem(_, code, _) = self.expected()? else {
            let (first, second) = match self.kind {
                Misbehaviour::UnknownState => (WITH_UNKNOWN_STATE, SECOND_AFTERWARDS),
                _ => (FIRST_AFTERWARDS, SECOND_AFTERWARDS),
            };
            self.until_shown(first, second, "in the weather").await?;
            return Ok("nothing".into());
        };
        let failing = self.until_failing().await?;
        score.check(failing == code || self.allows_code(&failing), || {
            format!("{} at the feed: it stands for {failing}, not {code}", self.name())
        });
        for (parcel, expected) in [(Parcel::First, BEFORE), (Parcel::Second, &[])] {
            let told = self.ask(parcel).await?;
            let (shown, cache) = (codes(&told), told.at("/source/cache"));
            score.check(told.status == 200 && shown == expected, || {
                format!(
                    "{} at the feed: {parcel:?} shows {shown:?}, not {expected:?}: {}",
                    self.name(),
                    told.body
                )
            });
            score.check(cache == "hit" || cache == "stale", || {
                format!("{} at the feed: tracking says {cache}", self.name())
            });
        }
        Ok(failing)
    }

    /// After it: all that came meanwhile, each once, though nothing new calls for it; and then what comes next.
    async fn afterwards(&self, score: &mut Score) -> Result<()> {
        if self.kind != Misbehaviour::UnknownState {
            self.until_shown(FIRST_AFTERWARDS, SECOND_AFTERWARDS, "after the weather").await?;
        }
        self.moves(Parcel::First, GOES_ON)?;
        let known = if self.kind == Misbehaviour::UnknownState { WITH_BOTH_STATES } else { FIRST_AFTERWARDS };
        let all = [known, &[GOES_ON]].concat();
        self.until_shown(&all, SECOND_AFTERWARDS, "as it goes on").await?;
        let (told, failing) = (self.ask(Parcel::First).await?, self.failing().await?);
        score.check(told.at("/source/cache") == "hit" && failing.is_none(), || {
            format!("{} at the feed: afterwards {} and {failing:?}", self.name(), told.at("/source/cache"))
        });
        Ok(())
    }

    /// As a quote would be told of it, but for what only a quote's words can say.
    fn expected(&self) -> Result<Expected> {
        match self.kind {
            // The feed's frame has no `Status` (interfaces 12): what holds no page is no page.
            Misbehaviour::OkWithError => Ok(Expected::Problem(502, "malformed", "agency")),
            // One new number must not stop the feed for every parcel: it is taken, and claims nothing.
            Misbehaviour::UnknownState => Ok(Expected::Found),
            _ => expected::of(&self.kind, Place::Postal, "quote").context("no row"),
        }
    }

    fn allows_code(&self, code: &str) -> bool {
        ["unreachable", "uncertain"].contains(&code) && at_the_door(&self.kind)
    }

    fn moves(&self, parcel: Parcel, state: u16) -> Result<()> {
        let moved = self.ground.world.simulators.move_parcel(self.order(parcel), state);
        moved.then_some(()).context("the post knows no such state")
    }

    fn order(&self, parcel: Parcel) -> &str {
        match parcel {
            Parcel::First => &self.first,
            Parcel::Second => &self.second,
        }
    }

    async fn ask(&self, parcel: Parcel) -> Result<Told> {
        self.ground.one_stop.ask("postal.tracking", json!({ "order_number": self.order(parcel) })).await
    }

    async fn shown(&self, parcel: Parcel) -> Result<Vec<u16>> {
        Ok(codes(&self.ask(parcel).await?))
    }

    /// Looks until exactly this is shown of both parcels.
    async fn until_shown(&self, first: &[u16], second: &[u16], when: &str) -> Result<()> {
        let mut last = (Vec::new(), Vec::new());
        for _ in 0..LOOKS_MAX {
            last = (self.shown(Parcel::First).await?, self.shown(Parcel::Second).await?);
            if last.0 == first && last.1 == second {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        bail!("{when} the parcels never show {first:?} and {second:?}, but {last:?}")
    }

    async fn failing(&self) -> Result<Option<String>> {
        let told = self.operations.get("/health/agencies").await?;
        Ok(told.at("/feeds/0/failing").as_str().map(str::to_owned))
    }

    async fn until_failing(&self) -> Result<String> {
        for _ in 0..LOOKS_MAX {
            if let Some(code) = self.failing().await? {
                return Ok(code);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        bail!("the feed never says that it stands")
    }
}

/// The states that an answer tells of, oldest first.
fn codes(told: &Told) -> Vec<u16> {
    let events = told.at("/data/events").as_array().into_iter().flatten();
    events.filter_map(|event| event.get("code").and_then(Value::as_str)?.parse().ok()).collect()
}
