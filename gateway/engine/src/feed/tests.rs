use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::atomic::Ordering;

use adapter_api::agency::Agency;
use adapter_api::{Adapter, Call, Outcome};
use futures_util::FutureExt;
use indexmap::IndexMap;
use serde_json::json;
use tokio::task::JoinHandle;

use super::*;
use crate::catalogue::Sources;
use crate::client::Purpose;
use crate::fakes::{FakeAdapter, FakeAudit, FakeChance, FakeClock, FakeWire, world};
use crate::policy::{Policy, PolicySettings};
use crate::ports::Clock;
use crate::read::{Answer, CacheUse, Engine, Parts, Question};
use crate::refusal::Failure;
use crate::settings::ServiceSettings;

/// A post with a feed of its own making, an engine that follows it, and both in hand.
struct Post {
    engine: Arc<Engine>,
    wire: Arc<FakeWire>,
    /// The rows so far: order, id, code.
    rows: Arc<Mutex<Vec<(String, u32, u32)>>>,
    /// The cursor of every page asked for.
    cursors: Arc<Mutex<Vec<Option<String>>>>,
    followers: Vec<JoinHandle<()>>,
}

impl Drop for Post {
    fn drop(&mut self) {
        self.followers.iter().for_each(JoinHandle::abort);
    }
}

const POLICY: &str = r#"
    [[rules]]
    name = "desk"
    client = "desk"
    services = ["postal.*"]
    procedures = ["*"]
    fields = ["*"]
"#;
const PAGE_ROWS: usize = 2;

type Rows = [(&'static str, u32, u32)];

fn post(rows: &Rows) -> Post {
    post_with(rows, |page| page)
}

/// A post whose pages are spoiled before they leave.
fn post_with(rows: &Rows, spoil: impl Fn(Page) -> Page + Send + Sync + 'static) -> Post {
    let rows: Vec<_> = rows.iter().map(|(order, id, code)| ((*order).to_owned(), *id, *code)).collect();
    let (rows, cursors) = (Arc::new(Mutex::new(rows)), Arc::<Mutex<Vec<_>>>::default());
    let (told, asked) = (Arc::clone(&rows), Arc::clone(&cursors));
    let adapter = FakeAdapter(move |call: &Call, _status| {
        asked.lock().unwrap().push(call.cursor.clone());
        Ok(Outcome::Page(spoil(page(&told.lock().unwrap(), call.cursor.as_deref()))))
    });
    let wire = FakeWire::answering(200, Duration::from_millis(10));
    let engine = Arc::new(engine(Arc::new(adapter), Arc::clone(&wire)));
    Post { engine, wire, rows, cursors, followers: Vec::new() }
}

/// The rows behind a cursor, led by one that came before.
fn page(rows: &[(String, u32, u32)], cursor: Option<&str>) -> Page {
    let last: usize = cursor.map_or(0, |cursor| cursor.parse().unwrap());
    let begin = last.saturating_sub(1);
    let taken: Vec<_> = rows.iter().skip(begin).take(PAGE_ROWS + last - begin).collect();
    let end = begin + taken.len();
    let received = taken.into_iter().map(|(order, id, code)| {
        json!({ "order_number": order, "same": format!("{id} {code}"),
            "event": { "id": format!("{id:024}"), "status": status(*code), "code": code.to_string() } })
    });
    Page { received: received.collect(), cursor: Some(end.to_string()), more: end < rows.len() }
}

fn status(code: u32) -> &'static str {
    match code {
        10 => "waiting",
        40 => "out_for_delivery",
        50 => "delivered",
        60 => "not_delivered",
        _ => "unknown",
    }
}

fn engine(adapter: Arc<dyn Adapter>, wire: Arc<FakeWire>) -> Engine {
    let agency = agency();
    let tracking = ServiceSettings { stale_for_s: 300, ..ServiceSettings::default() };
    let catalogue = Catalogue::build(Sources {
        documents: documents(),
        agencies: vec![&agency],
        settings: BTreeMap::from([("postal.tracking".to_owned(), tracking)]),
        ..Sources::default()
    });
    let catalogue = Arc::new(catalogue.map_err(|unfit| format!("{unfit:?}")).unwrap());
    let rules: PolicySettings = toml::from_str(POLICY).unwrap();
    let policy = Policy::build(&rules, &catalogue).map_err(|unfit| format!("{unfit:?}")).unwrap();
    let parts = Parts {
        catalogue,
        policy: Arc::new(policy),
        adapters: HashMap::from([("postal".to_owned(), adapter)]),
        composites: Default::default(),
        units: Default::default(),
        agencies: BTreeMap::new(),
        carriers: BTreeMap::new(),
        wire: wire as _,
        audit: Arc::new(FakeAudit::default()),
        documents: crate::fakes::documents(),
        clock: Arc::new(FakeClock::default()),
        chance: Arc::new(FakeChance::of(1.0)),
        cache_key: [1; 32],
        subject_key: [2; 32],
        cache_weight_max: 1 << 20,
        epoch: 1,
    };
    Engine::new(parts).map_err(|unfit| format!("{unfit:?}")).unwrap()
}

fn agency() -> Agency {
    let one = world::agency();
    let mut changes = one.operations["person"].clone();
    changes.service = Some("postal.changes".into());
    changes.feed_every_s = Some(60);
    changes.subject = Vec::new();
    Agency { name: "postal".into(), operations: IndexMap::from([("changes".to_owned(), changes)]), ..one }
}

/// The schemas as they are in the repository.
fn documents() -> Vec<Value> {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    ["services/postal.changes.v1.json", "services/postal.tracking.v1.json", "common/postal.json"]
        .map(|file| serde_json::from_str(&std::fs::read_to_string(schemas.join(file)).unwrap()).unwrap())
        .into()
}

impl Post {
    fn follow(&mut self) {
        self.followers = self.engine.followers().into_iter().map(tokio::spawn).collect();
    }

    /// Lets this much time pass.
    async fn after(&self, seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    fn tell(&self, order: &str, id: u32, code: u32) {
        self.rows.lock().unwrap().push((order.to_owned(), id, code));
    }

    async fn ask(&self, order: &str) -> Result<Answer, Failure> {
        let question = Question {
            service: "postal.tracking".into(),
            query: json!({ "order_number": order }),
            purpose: Purpose { procedure: "1.000656".into(), officer: "cb01".into(), ..Purpose::default() },
            ..world::question()
        };
        self.engine.read(&world::client("desk"), question).await
    }

    async fn codes(&self, order: &str) -> Vec<String> {
        let Some(data) = self.ask(order).await.unwrap().data else { return Vec::new() };
        let events = data["events"].as_array().unwrap();
        assert_eq!(data["status"], events.last().unwrap()["status"], "the last event's");
        assert_eq!(data["order_number"], order);
        events.iter().map(|event| event["code"].as_str().unwrap().to_owned()).collect()
    }

    fn view(&self) -> FeedView {
        self.engine.agencies().feeds.into_iter().next().unwrap()
    }

    fn asked(&self) -> Vec<Option<String>> {
        self.cursors.lock().unwrap().clone()
    }
}

fn cursors(texts: &[&str]) -> Vec<Option<String>> {
    std::iter::once(None).chain(texts.iter().map(|text| Some((*text).to_owned()))).collect()
}

const FIVE: &Rows = &[("A", 1, 10), ("B", 2, 10), ("A", 3, 60), ("A", 4, 40), ("A", 5, 50)];

#[tokio::test(start_paused = true)]
async fn a_feed_is_read_to_its_end_and_then_followed() {
    let mut post = post(FIVE);
    post.follow();
    post.after(1).await;
    assert_eq!(post.asked(), cursors(&["2", "4"]), "page after page while there is more");
    assert_eq!(
        post.codes("A").await,
        ["10", "60", "40", "50"],
        "repeated rows stand once, and back from 60 to 40"
    );
    assert_eq!(post.codes("B").await, ["10"]);
    let answer = post.ask("A").await.unwrap();
    assert_eq!((answer.source.cache, answer.source.agency.as_str()), (CacheUse::Hit, "postal"));
    assert_eq!(answer.source.retrieved_at, FakeClock::default().now());

    post.tell("B", 6, 50);
    post.after(58).await;
    assert_eq!(post.codes("B").await, ["10"], "once a minute");
    post.after(2).await;
    assert_eq!(post.codes("B").await, ["10", "50"]);
    assert_eq!(post.asked().last(), Some(&Some("5".to_owned())), "from where it stopped");
    assert_eq!(post.wire.count(), 4, "a question costs the agency nothing");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_absent_before_the_first_complete_read() {
    let mut post = post(FIVE);
    let unavailable = |answer: Result<Answer, Failure>| match answer {
        Err(Failure::Fault { fault, agency, .. }) => {
            assert_eq!(agency, "postal");
            assert_eq!(fault, Fault::Unavailable { party: Party::Agency, retry_after_s: Some(60) });
        }
        other => panic!("{other:?}"),
    };
    unavailable(post.ask("Z").await);
    // The second page fails: what the first one told is kept, and still nobody is told a half.
    post.wire.follow(|number| async move { if number == 1 { Err(down()) } else { Ok(200) } }.boxed());
    post.follow();
    while post.asked().is_empty() {
        tokio::task::yield_now().await;
    }
    unavailable(post.ask("A").await);
    post.after(3).await;
    assert_eq!(post.ask("Z").await.unwrap().data, None);
    assert_eq!(post.codes("B").await, ["10"]);
}

fn down() -> Fault {
    Fault::Rejected { code: None, findings: Vec::new(), sent: true, blame: adapter_api::Blame::Gateway }
}

#[tokio::test(start_paused = true)]
async fn on_a_fault_the_cursor_stays_and_the_answer_grows_old_honestly() {
    let mut post = post(FIVE);
    post.follow();
    post.after(1).await;
    post.wire.follow(|_| async { Err(down()) }.boxed());
    post.tell("A", 6, 10);
    let asked = post.asked().len();
    post.after(100).await;
    let view = post.view();
    assert_eq!((view.failing, view.last_read.is_some()), (Some("rejected"), true));
    assert_eq!(post.codes("A").await.len(), 4);
    assert_eq!(post.ask("A").await.unwrap().source.cache, CacheUse::Hit, "a round may be late");
    let tries = post.wire.count();
    post.after(40).await;
    let source = post.ask("A").await.unwrap().source;
    assert_eq!((source.cache, source.age_s >= 140), (CacheUse::Stale, true), "{source:?}");
    assert!(post.wire.count() > tries, "it is tried again");
    assert!(post.wire.count() - 3 < 20, "and not by the second: {}", post.wire.count());
    post.after(400).await;
    assert!(matches!(post.ask("A").await, Err(Failure::Fault { fault: Fault::Unavailable { .. }, .. })));
    assert_eq!(post.asked().len(), asked, "no page came");

    post.wire.follow(|_| async { Ok(200) }.boxed());
    post.after(61).await;
    assert_eq!(post.asked().get(asked), Some(&Some("5".to_owned())), "the cursor had stayed");
    assert_eq!(post.codes("A").await, ["10", "60", "40", "50", "10"]);
    assert_eq!(post.view().failing, None);
}

#[tokio::test(start_paused = true)]
async fn one_row_that_cannot_be_read_stops_its_page_and_nothing_else() {
    let strange = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let spoils = Arc::clone(&strange);
    let mut post = post_with(FIVE, move |mut page| {
        let last = page.received.last_mut().unwrap();
        if spoils.load(Ordering::SeqCst) && last["event"]["code"] == "40" {
            last["event"]["status"] = json!("teleported");
        }
        page
    });
    post.follow();
    post.after(20).await;
    let view = post.view();
    assert_eq!((view.failing, view.last_read, view.subjects), (Some("malformed"), None, 2));
    let asked = post.asked();
    assert!(asked.len() > 3 && asked[1..].iter().all(|cursor| cursor.as_deref() == Some("2")), "{asked:?}");
    assert!(matches!(post.ask("B").await, Err(Failure::Fault { fault: Fault::Unavailable { .. }, .. })));
    strange.store(false, Ordering::SeqCst);
    post.after(60).await;
    assert_eq!(post.codes("A").await, ["10", "60", "40", "50"]);
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_goes_in_circles_ends_the_round() {
    let mut post = post_with(FIVE, |page| Page { cursor: Some("2".into()), more: true, ..page });
    post.follow();
    post.after(0).await;
    while post.view().failing.is_none() {
        post.after(1).await;
    }
    assert_eq!(post.view().failing, Some("malformed"));
    assert!(post.asked().len() <= 3, "{:?}", post.asked());
}

#[tokio::test(start_paused = true)]
async fn a_restart_reads_everything_again() {
    let mut first = post(FIVE);
    first.follow();
    first.after(1).await;
    let mut second = post(FIVE);
    second.follow();
    second.after(1).await;
    assert_eq!(first.asked(), second.asked());
    assert_eq!(first.codes("A").await, second.codes("A").await);
}

#[tokio::test(start_paused = true)]
async fn nobody_asks_for_the_feed_itself() {
    let post = post(FIVE);
    let question = Question { service: "postal.changes".into(), query: json!({}), ..world::question() };
    let refused = post.engine.read(&world::client("desk"), question).await.unwrap_err();
    assert_eq!(refused.code(), "unknown-service");
    let names: Vec<String> =
        post.engine.services(&world::client("desk")).into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["postal.tracking"]);
}

#[tokio::test(start_paused = true)]
async fn an_order_dropped_for_want_of_room_is_never_called_absent() {
    let post = post(FIVE);
    let catalogue = post.engine.catalogue();
    let room = Room { events_per_subject_max: 500, subjects_max: 1 };
    let feed = Feed::new(&catalogue.feeds()["postal.changes"], Duration::from_secs(60), room);
    feed.round(&post.engine.road).await.unwrap();
    let query = |order: &str| json!({ "order_number": order });
    assert!(feed.answer(&query("A")).unwrap().loaded().value.is_some());
    assert!(matches!(feed.answer(&query("B")), Err(Fault::AdapterFailed { .. })));
    assert_eq!((feed.view().subjects, feed.view().dropped), (1, 2), "A, and B once A had news again");
}

#[test]
fn as_many_events_are_kept_as_the_schema_promises() {
    let tracking = documents().into_iter().find(|one| one["x-service"] == "postal.tracking").unwrap();
    let most = &tracking["$defs"]["answer"]["properties"]["events"]["maxItems"];
    assert_eq!(most, &json!(EVENTS_PER_SUBJECT_MAX));
}

#[test]
fn a_feed_and_what_it_answers_must_name_each_other() {
    let agency = agency();
    let build = |documents| {
        let sources = Sources { documents, agencies: vec![&agency], ..Sources::default() };
        Catalogue::build(sources)
            .map(|_| ())
            .map_err(|unfit| unfit.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!(build(documents()), Ok(()));
    let without = |service: &str, keyword: &str| {
        let mut all = documents();
        let one = all.iter_mut().find(|one| one["x-service"] == service).unwrap();
        one.as_object_mut().unwrap().shift_remove(keyword);
        build(all).unwrap_err().join("; ")
    };
    assert!(
        without("postal.tracking", "x-feed").contains("postal.tracking does not say x-feed postal.changes")
    );
    assert!(
        without("postal.changes", "x-follows").contains("its operation is a feed, and nothing follows it")
    );
}
