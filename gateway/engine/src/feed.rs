//! News that an agency writes down in order (dòng tin): followed by cursor, kept, and asked instead of the agency.
//!
//! `reading -> following <-> failing`. From the first cursor at every start, page after page while there is more, then
//! once every `every_s`. The cursor moves only when a page was taken whole. What is kept lives in memory: it is read again
//! at the next start.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adapter_api::{Fault, Page, Party, Reason};
use serde_json::Value;
use tokio::time::Instant;

use crate::cache::{Loaded, Served};
use crate::catalogue::{Catalogue, FeedPlan, Route, Service};
use crate::ports::Chance;
use crate::read::{Road, To};
use crate::settings::AgencySettings;

mod kept;
#[cfg(test)]
mod tests;

pub use kept::{EVENTS_PER_SUBJECT_MAX, SUBJECTS_MAX};
use kept::{Kept, Room};

/// Pages of one round at most: ten million rows of a hundred a page, read again at a start, are more than memory keeps.
const PAGES_PER_ROUND_MAX: usize = 100_000;
/// The wait after the first fault; it doubles with each further one, up to the feed's own pace.
const BACKOFF_FIRST: Duration = Duration::from_secs(1);
/// However long an agency asks us to stay away, we look again after this: some send hours by mistake.
const STAY_AWAY_MAX: Duration = Duration::from_secs(600);
/// A round may be late by one: news is called stale once two paces have passed without one.
const PACES_FRESH: u32 = 2;

/// One feed that is followed.
pub struct Feed {
    service: Arc<Service>,
    route: Arc<Route>,
    answers: Arc<Service>,
    every: Duration,
    state: Mutex<State>,
}

struct State {
    kept: Kept,
    cursor: Option<String>,
    moved: Option<Instant>,
    read: Option<Read>,
    failing: Option<Failing>,
}

/// The last round that reached the end.
#[derive(Clone)]
struct Read {
    at: Instant,
    /// The same as the wall clock said it.
    said: String,
    /// The call that read the last page.
    reference: String,
}

#[derive(Debug, Clone, Copy)]
struct Failing {
    code: &'static str,
    rounds: u32,
}

/// How a feed stands, for `GET /v1/agencies`, health and metrics. It tells of nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedView {
    /// The feed, `postal.changes`.
    pub name: String,
    /// The agency.
    pub agency: String,
    /// The service answered from it, `postal.tracking`.
    pub answers: String,
    /// How often it is asked for news.
    pub every_s: u64,
    /// The code of the fault that stopped it, while it stands.
    pub failing: Option<&'static str>,
    /// When it was last read to its end, RFC 3339; `None`: not yet since the start.
    pub last_read: Option<String>,
    /// How long ago that was.
    pub age_s: Option<u64>,
    /// How long ago there was news.
    pub cursor_age_s: Option<u64>,
    /// Subjects kept.
    pub subjects: usize,
    /// Subjects dropped for want of room.
    pub dropped: u64,
}

/// All feeds, by the service that is answered from each.
pub struct Feeds(BTreeMap<String, Arc<Feed>>);

impl Feeds {
    /// The feeds of the catalogue, nothing read yet.
    pub fn of(catalogue: &Catalogue, agencies: &BTreeMap<String, AgencySettings>) -> Feeds {
        let paced = |plan: &FeedPlan| {
            let own = agencies.get(&plan.route.agency).and_then(|agency| agency.feed_every_s);
            Duration::from_secs(own.unwrap_or(plan.every_s))
        };
        let feed = |plan: &FeedPlan| {
            (plan.answers.name.clone(), Arc::new(Feed::new(plan, paced(plan), Room::default())))
        };
        Feeds(catalogue.feeds().values().map(feed).collect())
    }

    /// The feed that a service is answered from.
    pub fn answering(&self, service: &str) -> Option<&Feed> {
        self.0.get(service).map(Arc::as_ref)
    }

    /// Every feed.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Feed>> {
        self.0.values()
    }
}

impl Feed {
    fn new(plan: &FeedPlan, every: Duration, room: Room) -> Feed {
        let kept = Kept::new(plan.answers.subject.clone(), room);
        let state = State { kept, cursor: None, moved: None, read: None, failing: None };
        let (service, answers) = (Arc::clone(&plan.service), Arc::clone(&plan.answers));
        Feed { service, route: Arc::clone(&plan.route), answers, every, state: Mutex::new(state) }
    }

    /// Follows it for ever; a fault is waited out, nothing ends it but being dropped.
    pub(crate) async fn follow(&self, road: &Road) {
        loop {
            let wait = match self.round(road).await {
                Ok(()) => self.every,
                Err(fault) => self.failed(&fault, &*road.chance),
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// The answer to a question, from what is kept; absent only if everything the agency ever told was read and kept.
    pub(crate) fn answer(&self, query: &Value) -> Result<Served, Fault> {
        let state = self.state();
        let read = state.read.as_ref().ok_or_else(|| self.unavailable())?;
        let stale_for = Duration::from_secs(self.answers.settings.stale_for_s);
        if read.at.elapsed() >= self.fresh_for().saturating_add(stale_for) {
            return Err(self.unavailable());
        }
        let value = state.kept.answer(query, &self.answers.answer);
        match &value {
            Some(value) => {
                self.answers.accept_answer(value)?;
                self.answers.routes.iter().try_for_each(|route| route.accept_subject(query, value))?;
            }
            // What was dropped cannot be told from what never was (F11): no answer is better than a wrong one.
            None if state.kept.dropped() > 0 => {
                return Err(Fault::AdapterFailed {
                    place: format!("{}: too much news to keep", self.service.name),
                });
            }
            None => {}
        }
        let loaded = Loaded {
            value: value.map(Arc::new),
            retrieved_at: read.said.clone(),
            reference: read.reference.clone(),
            people: Vec::new(),
        };
        Ok(Served::at_hand(loaded, read.at, self.fresh_for()))
    }

    /// How it stands.
    pub fn view(&self) -> FeedView {
        let state = self.state();
        let age_s = |at: Instant| at.elapsed().as_secs();
        FeedView {
            name: self.service.name.clone(),
            agency: self.route.agency.clone(),
            answers: self.answers.name.clone(),
            every_s: self.every.as_secs(),
            failing: state.failing.map(|failing| failing.code),
            last_read: state.read.as_ref().map(|read| read.said.clone()),
            age_s: state.read.as_ref().map(|read| age_s(read.at)),
            cursor_age_s: state.moved.map(age_s),
            subjects: state.kept.subjects(),
            dropped: state.kept.dropped(),
        }
    }

    /// Reads on to the end of the news.
    async fn round(&self, road: &Road) -> Result<(), Fault> {
        let mut passed = HashSet::new();
        loop {
            let cursor = self.state().cursor.clone();
            let (page, reference) =
                road.page(To { service: &self.service, route: &self.route }, cursor).await?;
            let more = page.more;
            let cursor = self.take(page)?;
            if !more {
                self.at_the_end(Read { at: Instant::now(), said: road.clock.now(), reference });
                return Ok(());
            }
            if passed.len() >= PAGES_PER_ROUND_MAX || !passed.insert(hash_of(&cursor)) {
                return Err(self.senseless("the cursor goes in circles"));
            }
        }
    }

    /// Takes a page whole, and only then goes on behind it.
    fn take(&self, page: Page) -> Result<Option<String>, Fault> {
        let mut state = self.state();
        let taken = state.kept.take(page.received).map_err(|why| self.senseless(why))?;
        if page.cursor != state.cursor {
            state.cursor = page.cursor;
            state.moved = Some(Instant::now());
        }
        let (cursor, first_drop) =
            (state.cursor.clone(), taken.dropped > 0 && state.kept.dropped() == taken.dropped);
        drop(state);
        if first_drop {
            tracing::warn!(feed = self.service.name, "more news than can be kept: the oldest is dropped");
        }
        let count = |kind: &'static str, rows: u64| {
            metrics::counter!("lienthong_feed_rows_total", "feed" => self.service.name.clone(), "kind" => kind)
                .increment(rows);
        };
        count("new", taken.new);
        count("repeated", taken.repeated);
        Ok(cursor)
    }

    fn at_the_end(&self, read: Read) {
        let mut state = self.state();
        let first = state.read.replace(read).is_none();
        let failing = state.failing.take();
        let subjects = state.kept.subjects();
        drop(state);
        // Said when something changes, not every minute.
        if let Some(Failing { rounds, .. }) = failing {
            tracing::info!(feed = self.service.name, rounds_lost = rounds, "feed goes on");
        }
        if first {
            tracing::info!(feed = self.service.name, subjects, "feed read to its end");
        }
    }

    /// Notes a fault and says how long to wait.
    fn failed(&self, fault: &Fault, chance: &dyn Chance) -> Duration {
        let mut state = self.state();
        let rounds = state.failing.map_or(0, |failing| failing.rounds).saturating_add(1);
        state.failing = Some(Failing { code: fault.code(), rounds });
        drop(state);
        metrics::counter!("lienthong_feed_faults_total", "feed" => self.service.name.clone(), "code" => fault.code())
            .increment(1);
        if rounds == 1 {
            // A fault's words hold no value (law L10).
            tracing::warn!(feed = self.service.name, %fault, "feed stands still");
        }
        let most = BACKOFF_FIRST.saturating_mul(1 << (rounds - 1).min(16)).min(self.every.max(BACKOFF_FIRST));
        // Half of it is left to chance, so that nodes which failed together do not come back together.
        let wait = most.mul_f64(0.5 + chance.fraction().clamp(0.0, 1.0) / 2.0);
        wait.max(asked_to_stay_away(fault).min(STAY_AWAY_MAX))
    }

    fn fresh_for(&self) -> Duration {
        self.every.saturating_mul(PACES_FRESH)
    }

    fn unavailable(&self) -> Fault {
        Fault::Unavailable { party: Party::Agency, retry_after_s: Some(self.every.as_secs().max(1)) }
    }

    fn senseless(&self, why: &str) -> Fault {
        Fault::Malformed(Reason { why: why.to_owned(), by: Some(Party::Agency), ..Reason::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn asked_to_stay_away(fault: &Fault) -> Duration {
    match fault {
        Fault::Unavailable { retry_after_s, .. } | Fault::Overloaded { retry_after_s, .. } => {
            Duration::from_secs(retry_after_s.unwrap_or(0))
        }
        Fault::Rejected { .. }
        | Fault::NotAdmitted { .. }
        | Fault::Malformed(_)
        | Fault::Unreachable { .. }
        | Fault::Uncertain(_)
        | Fault::DeadlineExceeded { .. }
        | Fault::AdapterFailed { .. } => Duration::ZERO,
    }
}

/// Cursors already passed in a round, eight bytes each: two that collide cost one round, which is tried again.
fn hash_of(cursor: &Option<String>) -> u64 {
    let mut hasher = DefaultHasher::new();
    cursor.hash(&mut hasher);
    hasher.finish()
}
