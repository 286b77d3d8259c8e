//! Answers kept for a while, honestly: who may share one, how old it may be, and never one from before an eviction.
//!
//! Values are kept as the agency gave them; each reader's permission masks its own copy on the way out.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adapter_api::Fault;
use futures_util::future::BoxFuture;
use moka::ops::compute::Op;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::ports::Progress;
use crate::read::CacheUse;
use crate::resilience::Standing;
use crate::settings::ServiceSettings;

mod key;

pub use key::{Identity, Key, Scope, canonical};
use key::{Keys, Moment, Slots};

/// Answers about several people live no longer: evicting one of them cannot find the others' answers (design, section 4).
pub const SEVERAL_PEOPLE_FRESH_MAX: Duration = Duration::from_secs(60);
/// One answer's weight at most, in bytes; a household with its members is some ten thousand.
const ENTRY_WEIGHT_MAX: u32 = 1 << 20;
/// What an entry costs besides its value: key, times, reference, the map's own books.
const ENTRY_OVERHEAD: u32 = 256;

/// The cache. Cheap to clone; clones are the same cache.
#[derive(Clone)]
pub struct Cache {
    inner: Arc<Inner>,
}

struct Inner {
    kept: moka::future::Cache<Key, Arc<Entry>>,
    /// Loads under way. A `true` beside the key: asked again on purpose, so it joins only its like.
    flights: Mutex<HashMap<(Key, bool), Landing>>,
    /// Loads begun so far.
    begun: AtomicU64,
    keys: Keys,
}

/// A load under way, as those who wait for it see it.
#[derive(Clone)]
struct Landing {
    landed: watch::Receiver<Option<Result<Served, Fault>>>,
    progress: Arc<Progress>,
}

/// An answer as the agency gave it, unmasked.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The normalised data; `None`: absent.
    pub value: Option<Arc<Value>>,
    /// When the agency said it, RFC 3339.
    pub retrieved_at: String,
    /// The identifier of our call at the agency.
    pub reference: String,
    /// Every person whom the query or the answer names, as identifiers: evicting one of them must find this answer.
    pub people: Vec<String>,
}

#[derive(Debug)]
struct Entry {
    loaded: Loaded,
    /// Which of all loads it came of: a later one knows better.
    load: u64,
    /// Whom it is about, and when, between evictions, it was asked.
    people: Slots,
    asked: Moment,
    since: Instant,
    fresh_for: Duration,
    stale_for: Duration,
    weight: u32,
}

/// An answer with where it came from.
#[derive(Debug, Clone)]
pub struct Served {
    entry: Arc<Entry>,
    /// How the cache took part.
    pub cache: CacheUse,
}

impl Served {
    /// An answer that the house had at hand since then, outside this cache; stale once it is older than `fresh_for`.
    pub fn at_hand(loaded: Loaded, since: Instant, fresh_for: Duration) -> Served {
        let lifetimes = Lifetimes { fresh: fresh_for, stale: Duration::ZERO, absent: fresh_for };
        let entry = Entry { since, ..Entry::new(loaded, lifetimes) };
        let cache = if since.elapsed() < fresh_for { CacheUse::Hit } else { CacheUse::Stale };
        Served { entry: Arc::new(entry), cache }
    }

    /// The answer, unmasked.
    pub fn loaded(&self) -> &Loaded {
        &self.entry.loaded
    }

    /// How old it is.
    pub fn age(&self) -> Duration {
        self.entry.since.elapsed()
    }

    /// How long it stays fresh, in seconds; negative when stale.
    pub fn fresh_for_s(&self) -> i64 {
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        seconds(self.entry.fresh_for) - seconds(self.age())
    }
}

/// How long an answer of a service lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    fresh: Duration,
    stale: Duration,
    absent: Duration,
}

impl Lifetimes {
    /// Whether anything is kept at all.
    pub fn keep(&self) -> bool {
        !self.fresh.is_zero()
    }

    /// The operator's, with the ceiling for answers about several people.
    pub fn of(settings: &ServiceSettings, several_people: bool) -> Self {
        let most = if several_people { SEVERAL_PEOPLE_FRESH_MAX } else { Duration::MAX };
        let fresh = Duration::from_secs(settings.fresh_for_s).min(most);
        if fresh.is_zero() {
            // A fact that must not be kept must not be kept stale either, nor its absence (F11).
            return Lifetimes { fresh, stale: Duration::ZERO, absent: Duration::ZERO };
        }
        Lifetimes {
            fresh,
            stale: Duration::from_secs(settings.stale_for_s).min(most.saturating_sub(fresh)),
            absent: Duration::from_secs(settings.absent_for_s).min(most),
        }
    }
}

/// What is looked for.
#[derive(Clone)]
pub struct Wanted {
    /// Everything that tells answers apart.
    pub identity: Identity,
    /// How long an answer lives.
    pub lifetimes: Lifetimes,
    /// Ask the agency again, whatever is kept.
    pub again: bool,
    /// When this caller stops waiting.
    pub deadline: Instant,
    /// In which line it waits, should the agency be asked.
    pub standing: Standing,
}

/// Makes the future that asks the agency; called at most once, and only if it is needed.
pub type Load = Box<dyn FnOnce(Arc<Progress>) -> BoxFuture<'static, Result<Loaded, Fault>> + Send>;

impl Cache {
    /// An empty cache of so many bytes, keyed with this key for this epoch of the configuration.
    pub fn new(weight_max: u64, key: &[u8; 32], epoch: u64) -> Self {
        let kept = moka::future::Cache::builder()
            .max_capacity(weight_max)
            .weigher(|_, entry: &Arc<Entry>| entry.weight)
            .expire_after(Lifetime)
            .build();
        let (flights, begun) = (Mutex::default(), AtomicU64::default());
        Cache { inner: Arc::new(Inner { kept, flights, begun, keys: Keys::new(key, epoch) }) }
    }

    /// The answer: kept and fresh, kept and stale while it is asked again, or asked now, once for all who wait.
    pub async fn answer(&self, wanted: Wanted, load: Load) -> Result<Served, Fault> {
        let mut key = self.inner.keys.key(&wanted.identity);
        if !wanted.again
            && wanted.lifetimes.keep()
            && let Some(served) = self.inner.kept(&key).await
        {
            if served.cache == CacheUse::Stale {
                // Nobody waits for it: if it faults, the stale answer goes on being shown until its time is over.
                drop(self.join(key, &wanted, load));
            }
            return Ok(served);
        }
        let mut load = load;
        loop {
            let (mut landing, unused) = self.join(key, &wanted, load);
            let progress = Arc::clone(&landing.progress);
            let out_of_time = || Fault::DeadlineExceeded { waiting_for: progress.waiting_for() };
            let landed = match timeout_at(wanted.deadline, landing.landed.wait_for(Option::is_some)).await {
                Ok(Ok(landed)) => landed.clone().unwrap_or_else(|| Err(out_of_time())),
                // The load's task ended without a word: it panicked, and its guard has cleared the way for the next.
                Ok(Err(_)) => Err(Fault::AdapterFailed { place: "load".into() }),
                Err(_) => Err(out_of_time()),
            };
            match (landed, unused) {
                // Whoever came late to a load that has run out of its time has not run out of their own: it is asked again.
                (Err(Fault::DeadlineExceeded { .. }), Some(own)) if Instant::now() < wanted.deadline => {
                    load = own;
                    // The subject may have been evicted meanwhile.
                    key = self.inner.keys.key(&wanted.identity);
                }
                (landed, _) => return landed,
            }
        }
    }

    /// Raises the subject's generation: nothing asked before is found again, and no load begun before is kept.
    ///
    /// Whoever stands waiting for a load of another identifier that was begun before still gets what it brings.
    pub fn evict(&self, subject: &str) {
        self.inner.keys.raise(subject);
    }

    /// Bytes and number of the entries kept, roughly.
    pub fn size(&self) -> (u64, u64) {
        (self.inner.kept.weighted_size(), self.inner.kept.entry_count())
    }

    /// Joins the load under way for this key, or begins it.
    ///
    /// A load is a task of its own, so that the first caller's patience is not everybody's. Their number is bounded by
    /// the gates: each holds a place, stands in a bounded queue, or fails at once. Whoever joins lends it a line of its own.
    /// `load` is given back to whoever joins another's.
    fn join(&self, key: Key, wanted: &Wanted, load: Load) -> (Landing, Option<Load>) {
        let flight = (key, wanted.again);
        let mut flights = self.inner.flights();
        if let Some(landing) = flights.get(&flight) {
            landing.progress.join(wanted.standing.clone());
            return (landing.clone(), Some(load));
        }
        let (sender, landed) = watch::channel(None);
        let progress = Arc::new(Progress::default());
        progress.join(wanted.standing.clone());
        let landing = Landing { landed, progress: Arc::clone(&progress) };
        flights.insert(flight, landing.clone());
        drop(flights);
        let ending = Ending { inner: Arc::clone(&self.inner), flight };
        let wanted = wanted.clone();
        tokio::spawn(async move {
            let landed = ending.inner.land(key, &wanted, || load(progress)).await;
            // Kept first, then off the board, then told: whoever looks in between finds one or the other.
            drop(ending);
            sender.send_replace(Some(landed));
        });
        (landing, None)
    }
}

/// Takes a load off the board however it ends, a panic included.
struct Ending {
    inner: Arc<Inner>,
    flight: (Key, bool),
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.inner.flights().remove(&self.flight);
    }
}

impl Inner {
    fn flights(&self) -> MutexGuard<'_, HashMap<(Key, bool), Landing>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn kept(&self, key: &Key) -> Option<Served> {
        let entry = self.kept.get(key).await?;
        if self.keys.evicted_since(&entry.people, entry.asked) {
            return None;
        }
        let age = entry.since.elapsed();
        let cache = match age {
            _ if age < entry.fresh_for => CacheUse::Hit,
            _ if age < entry.fresh_for + entry.stale_for => CacheUse::Stale,
            _ => return None,
        };
        Some(Served { entry, cache })
    }

    async fn land(
        &self,
        key: Key,
        wanted: &Wanted,
        load: impl FnOnce() -> BoxFuture<'static, Result<Loaded, Fault>>,
    ) -> Result<Served, Fault> {
        // Another load may have landed between this caller's look and its turn at the board (P6).
        if !wanted.again
            && wanted.lifetimes.keep()
            && let Some(served) = self.kept(&key).await
            && served.cache == CacheUse::Hit
        {
            return Ok(served);
        }
        let (number, asked) = (self.begun.fetch_add(1, Ordering::SeqCst) + 1, self.keys.moment());
        let mut entry = Entry::new(load().await?, wanted.lifetimes);
        let cache = if wanted.again { CacheUse::Revalidated } else { CacheUse::Miss };
        if entry.fresh_for.is_zero() {
            // What is not kept needs no books: neither whom it names nor what it weighs.
            return Ok(Served { entry: Arc::new(entry), cache });
        }
        (entry.load, entry.asked, entry.people) = (number, asked, self.keys.slots(&entry.loaded.people));
        entry.weight = ENTRY_OVERHEAD.saturating_add(entry.loaded.value.as_deref().map_or(0, weigh));
        let entry = Arc::new(entry);
        // The generation is in the key; a key that has changed meanwhile means that the subject was evicted.
        let evicted = self.keys.key(&wanted.identity) != key || self.keys.evicted_since(&entry.people, asked);
        if entry.weight <= ENTRY_WEIGHT_MAX && !evicted {
            self.keep(key, &entry).await;
        }
        Ok(Served { entry, cache })
    }

    /// Keeps an answer, unless one of a load begun later is kept already.
    async fn keep(&self, key: Key, entry: &Arc<Entry>) {
        let newer = |kept: Option<moka::Entry<Key, Arc<Entry>>>| {
            let overtaken = kept.is_some_and(|kept| kept.value().load > entry.load);
            std::future::ready(if overtaken { Op::Nop } else { Op::Put(Arc::clone(entry)) })
        };
        self.kept.entry(key).and_compute_with(newer).await;
    }
}

impl Entry {
    fn new(loaded: Loaded, lifetimes: Lifetimes) -> Self {
        let (fresh_for, stale_for) = match loaded.value {
            Some(_) => (lifetimes.fresh, lifetimes.stale),
            // A "no" is never shown stale: the person may have been registered since.
            None => (lifetimes.absent, Duration::ZERO),
        };
        let (people, asked) = (Slots::default(), Moment::default());
        Entry { loaded, load: 0, people, asked, since: Instant::now(), fresh_for, stale_for, weight: 0 }
    }
}

/// Roughly what a value takes in memory.
fn weigh(value: &Value) -> u32 {
    let bytes = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let own = bytes(size_of::<Value>());
    let inner = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => bytes(text.len()),
        Value::Array(items) => items.iter().map(weigh).fold(0, u32::saturating_add),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| bytes(name.len() + 48).saturating_add(weigh(value)))
            .fold(0, u32::saturating_add),
    };
    own.saturating_add(inner)
}

/// Lets moka drop what nobody may be shown any more; whether an entry may be shown is decided by [`Inner::kept`].
struct Lifetime;

impl moka::Expiry<Key, Arc<Entry>> for Lifetime {
    fn expire_after_create(&self, _: &Key, entry: &Arc<Entry>, _: std::time::Instant) -> Option<Duration> {
        Some(entry.fresh_for + entry.stale_for)
    }

    fn expire_after_update(
        &self,
        _: &Key,
        entry: &Arc<Entry>,
        _: std::time::Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.fresh_for + entry.stale_for)
    }
}

#[cfg(test)]
impl Cache {
    /// The number of entries, once moka has done what it puts off.
    pub async fn settled_count(&self) -> u64 {
        self.inner.kept.run_pending_tasks().await;
        self.inner.kept.entry_count()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn wanted(query: &str, again: bool) -> Wanted {
        let settings = ServiceSettings { fresh_for_s: 60, ..ServiceSettings::default() };
        Wanted {
            identity: Identity {
                service: "s".into(),
                agency: "residence".into(),
                query: query.into(),
                scope: Scope::All,
                subjects: Vec::new(),
            },
            lifetimes: Lifetimes::of(&settings, false),
            again,
            deadline: Instant::now() + Duration::from_secs(60),
            standing: Standing { client: "desk".into(), lane: crate::client::Lane::Counter },
        }
    }

    fn saying(reference: &str, people: &[&str]) -> Loaded {
        Loaded {
            value: Some(Arc::new(Value::Null)),
            retrieved_at: String::new(),
            reference: reference.into(),
            people: people.iter().map(|person| (*person).to_owned()).collect(),
        }
    }

    fn load(reference: &'static str) -> impl FnOnce() -> BoxFuture<'static, Result<Loaded, Fault>> {
        move || async move { Ok(saying(reference, &[])) }.boxed()
    }

    #[tokio::test(start_paused = true)]
    async fn p6_a_load_that_comes_late_to_the_board_takes_what_has_landed() {
        let cache = Cache::new(1 << 20, &[1; 32], 1);
        let key = cache.inner.keys.key(&wanted("{}", false).identity);
        cache.inner.land(key, &wanted("{}", false), load("first")).await.unwrap();
        let late = cache.inner.land(key, &wanted("{}", false), load("second")).await.unwrap();
        assert_eq!((late.cache, late.loaded().reference.as_str()), (CacheUse::Hit, "first"));
        let again = cache.inner.land(key, &wanted("{}", true), load("third")).await.unwrap();
        assert_eq!(again.loaded().reference, "third");
    }

    #[tokio::test(start_paused = true)]
    async fn a_load_begun_earlier_does_not_overwrite_what_one_begun_later_brought() {
        let cache = Cache::new(1 << 20, &[1; 32], 1);
        let key = cache.inner.keys.key(&wanted("{}", false).identity);
        let slow = || async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(saying("old", &[]))
        };
        let ordinary = wanted("{}", false);
        let (old, new) = tokio::join!(cache.inner.land(key, &ordinary, move || slow().boxed()), async {
            tokio::task::yield_now().await;
            cache.inner.land(key, &wanted("{}", true), load("new")).await
        });
        assert_eq!(
            (old.unwrap().loaded().reference.as_str(), new.unwrap().loaded().reference.as_str()),
            ("old", "new")
        );
        assert_eq!(cache.inner.kept(&key).await.unwrap().loaded().reference, "new");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_comes_late_to_a_load_that_runs_out_of_time_is_answered_within_their_own() {
        let cache = Cache::new(1 << 20, &[1; 32], 1);
        let hanging: Load = Box::new(|_| {
            async {
                tokio::time::sleep(Duration::from_secs(2)).await;
                Err(Fault::DeadlineExceeded { waiting_for: adapter_api::Waiting::Agency })
            }
            .boxed()
        });
        let (begun, answered) = tokio::join!(cache.answer(wanted("{}", false), hanging), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            cache.answer(wanted("{}", false), Box::new(|_| load("second")())).await
        });
        assert!(
            matches!(begun, Err(Fault::DeadlineExceeded { .. })),
            "whose own load it was is told its end"
        );
        assert_eq!(answered.unwrap().loaded().reference, "second");
    }

    #[tokio::test(start_paused = true)]
    async fn t14_evicting_a_person_finds_the_answers_that_only_name_them() {
        let cache = Cache::new(1 << 20, &[1; 32], 1);
        let by_dossier = wanted("dossier", false);
        let key = cache.inner.keys.key(&by_dossier.identity);
        let named = || async { Ok(saying("named", &["038042000001", "038145000002"])) }.boxed();
        cache.inner.land(key, &by_dossier, named).await.unwrap();
        cache.evict("052000000009");
        assert!(cache.inner.kept(&key).await.is_some(), "a stranger's eviction costs nothing");
        cache.evict("038145000002");
        assert!(cache.inner.kept(&key).await.is_none());
        let inner = Arc::clone(&cache.inner);
        let evicted_meanwhile = move || {
            async move {
                inner.keys.raise("038042000001");
                Ok(saying("old", &["038042000001"]))
            }
            .boxed()
        };
        cache.inner.land(key, &by_dossier, evicted_meanwhile).await.unwrap();
        assert!(cache.inner.kept(&key).await.is_none(), "asked before the eviction, landed after it");
        cache.inner.land(key, &by_dossier, named).await.unwrap();
        assert!(cache.inner.kept(&key).await.is_some());
    }
}
