//! The embedded store held to the laws, and to what only a file can break.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use engine::case::store::{Admission, Admitted, Commit, IdempotencyKey, Node, Store, StoreFailed};
use engine::case::{Case, Entry, Leg, LegState, Terms, Why};
use engine::ports::Clock;
use futures_util::future::join_all;
use serde_json::json;

use super::file::Synchronous;
use super::laws::{Ground, LAWS, REGISTER_LAWS};
use super::register::{Page, Register, Which, Whose};
use super::sealing::{KEY_BYTES, MasterKey};
use super::{Failure, OpenError, Opening, Sqlite};

mod backups;
mod statements;

/// A clock that stands until it is moved.
struct Standing(AtomicI64);

impl Standing {
    fn go_on(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for Standing {
    fn now(&self) -> String {
        self.unix_ms().to_string()
    }

    fn unix_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// 2025-08-12T09:00+07:00.
const MORNING_MS: i64 = 1_754_964_000_000;

struct Place {
    folder: tempfile::TempDir,
    clock: Arc<Standing>,
}

impl Place {
    fn new() -> Place {
        let clock = Arc::new(Standing(AtomicI64::new(MORNING_MS)));
        Place { folder: tempfile::tempdir().unwrap(), clock }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("data/cases.db")
    }

    fn opening(&self) -> Opening {
        Opening { file: self.file(), group_wait: Duration::ZERO, readers: 2, synchronous: Synchronous::Full }
    }

    fn try_open(&self, key: u8) -> Result<Sqlite, OpenError> {
        Sqlite::open(&self.opening(), master(key), Arc::clone(&self.clock) as _)
    }

    fn open(&self) -> Sqlite {
        self.try_open(1).unwrap()
    }
}

fn master(key: u8) -> MasterKey {
    MasterKey::new(&[key; KEY_BYTES]).unwrap()
}

const NAME: &str = "Nguyễn Văn Mẫu";
const RELATIVE: &str = "Trần Thị Thử Nghiệm";
const NUMBER: &str = "001042005678";
const WAYBILL: &str = "EB123456789VN";
const WORDS: &str = "Cán bộ ghi: người mất là ông Mẫu";

/// A case with a person in every place where a person can be.
fn personal(id: &str) -> Admission {
    let terms = Terms {
        repeat: adapter_api::agency::Repeat::ByFind,
        settle_for_ms: 1,
        can_find: true,
        can_look: true,
        look_every_ms: 1,
    };
    let mut leg = Leg::new("registration", "civil-status.register-death", terms, MORNING_MS);
    leg.state = LegState::Ready;
    leg.turn_ms = Some(MORNING_MS);
    leg.query = Some(json!({ "deceased": { "id_number": NUMBER } }));
    leg.value = Some(json!({ "declarant": { "full_name": RELATIVE } }));
    leg.references = vec![("waybill".into(), WAYBILL.into())];
    leg.findings = vec![adapter_api::Finding { operator_text: Some(WORDS.into()), ..Default::default() }];
    let entry = Entry {
        leg: leg.name.clone(),
        revision: 1,
        at_ms: MORNING_MS,
        from: LegState::Waiting,
        to: LegState::Ready,
        why: Why::Released,
        code: Some(NUMBER.into()),
        detail: Some(WORDS.into()),
    };
    let case = Case {
        id: id.into(),
        chain: "register-death".into(),
        version: 0,
        opened_ms: MORNING_MS,
        input: json!({ "deceased": { "full_name": NAME, "id_number": NUMBER } }),
        legs: vec![leg],
    };
    let key = IdempotencyKey {
        client: "mot-cua".into(),
        key: format!("{id} {NUMBER}"),
        fingerprint: NUMBER.into(),
    };
    Admission { case, entries: vec![entry], key, unique: vec![format!("death {NUMBER}")] }
}

/// A case of a person of its own.
fn one_of_many(number: usize) -> Admission {
    let mut admission = personal(&format!("case-{number:04}"));
    admission.unique = vec![number.to_string()];
    admission
}

#[tokio::test]
async fn the_store_keeps_every_law() {
    let mut broken = Vec::new();
    for (name, law) in LAWS {
        let place = Place::new();
        let store = place.open();
        let (now, pass) = (|| place.clock.unix_ms(), |ms| place.clock.go_on(ms));
        let ground = Ground { store: &store, now: &now, pass: &pass };
        broken.extend(law(&ground).await.err().map(|why| format!("{name}: {why}")));
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[tokio::test]
async fn the_store_keeps_every_law_of_reading() {
    let mut broken = Vec::new();
    for (name, law) in REGISTER_LAWS {
        let place = Place::new();
        let store = place.open();
        let (now, pass) = (|| place.clock.unix_ms(), |ms| place.clock.go_on(ms));
        let ground = Ground { store: &store, now: &now, pass: &pass };
        broken.extend(law(&ground, &store).await.err().map(|why| format!("{name}: {why}")));
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Every byte of every file of a folder.
fn bytes_of(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.flat_map(|file| std::fs::read(file).unwrap()).collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn nobody_is_found_in_the_files() {
    let place = Place::new();
    let store = place.open();
    assert_eq!(store.admit(personal("case-1")).await, Ok(Admitted::New));
    store.refer("case-1", "", "dossier", NUMBER).await.unwrap();
    let mut case = store.load("case-1").await.unwrap().unwrap();
    case.legs[0].value = Some(json!({ "again": NAME }));
    let message = Some(format!("message about {NUMBER}"));
    store.commit(Commit { case, entries: vec![], lease: None, release: false, message }).await.unwrap();
    let folder = place.folder.path().join("data");
    assert!(folder.join("cases.db-wal").metadata().unwrap().len() > 0, "the log is looked at as well");
    let running = bytes_of(&folder);
    drop(store);
    for bytes in [running, bytes_of(&folder)] {
        assert!(holds(&bytes, "case-1") && holds(&bytes, "mot-cua"), "the search finds what is there");
        for text in [NAME, "Văn", RELATIVE, "Thử", NUMBER, WAYBILL, WORDS, "Cán bộ", "full_name", "id_number"]
        {
            assert!(!holds(&bytes, text), "{text}");
        }
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_the_next_start() {
    let place = Place::new();
    let store = place.open();
    let node = store.enlist("node-1").await.unwrap();
    store.admit(personal("case-1")).await.unwrap();
    let claim = store.claim(&node, 90_000).await.unwrap().unwrap();
    drop(store);
    let store = place.open();
    let again = store.enlist("node-1").await.unwrap();
    assert_eq!(again.boot, node.boot + 1);
    let taken = store.claim(&again, 90_000).await.unwrap().expect("its own job, at once");
    assert!(taken.lease.fence > claim.lease.fence);
    assert_eq!(taken.case, claim.case);
    assert_eq!(store.admit(personal("case-1")).await, Ok(Admitted::Again("case-1".into())));
}

/// 2 is FULL, 0 no mapping: what `prove power` traces is all there is.
#[tokio::test]
async fn a_commit_reaches_the_disk_and_goes_through_no_mapping() {
    let place = Place::new();
    let store = place.open();
    let read = |pragma: &'static str| {
        store.make(move |connection, _| {
            let value: rusqlite::types::Value =
                connection.pragma_query_value(None, pragma, |row| row.get(0))?;
            Ok(value)
        })
    };
    assert_eq!(read("synchronous").await, Ok(rusqlite::types::Value::Integer(2)));
    assert_eq!(read("journal_mode").await, Ok(rusqlite::types::Value::Text("wal".into())));
    assert_eq!(read("mmap_size").await, Ok(rusqlite::types::Value::Integer(0)));
}

#[test]
fn a_second_writing_process_is_refused_and_told_what_to_do() {
    let place = Place::new();
    let first = place.open();
    let refused = place.try_open(1).err().expect("refused");
    assert!(matches!(refused, OpenError::Held(_)), "{refused}");
    assert!(refused.to_string().contains("PostgreSQL"));
    drop(first);
    assert!(place.try_open(1).is_ok());
}

#[test]
fn another_master_key_is_told_at_the_start() {
    let place = Place::new();
    drop(place.open());
    assert!(matches!(place.try_open(2).err(), Some(OpenError::OtherKey(id)) if id == master(1).id()));
    assert!(place.try_open(1).is_ok());
}

#[test]
fn the_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let _store = place.open();
    for entry in std::fs::read_dir(place.folder.path().join("data")).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
}

/// Keeps the writer busy until told; what is asked for meanwhile lands in one batch.
async fn in_one_batch<T>(store: &Sqlite, asked: impl Future<Output = T>) -> T {
    let (told, wait) = std::sync::mpsc::channel::<()>();
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let busy = store.make(move |_, _| {
        let _ = begun.send(());
        let _ = wait.recv();
        Ok(())
    });
    has_begun.await.unwrap();
    let mut asked = std::pin::pin!(asked);
    // The first poll queues everything.
    let first = futures_util::poll!(asked.as_mut());
    assert!(first.is_pending());
    told.send(()).unwrap();
    busy.await.unwrap();
    asked.await
}

#[tokio::test]
async fn what_waits_together_is_made_durable_together() {
    let place = Place::new();
    let store = place.open();
    let (batches, jobs) = store.committed();
    let all = async {
        let all: Vec<_> = (0..100).map(|number| store.admit(one_of_many(number))).collect();
        join_all(all).await
    };
    let told = in_one_batch(&store, all).await;
    assert!(told.iter().all(|told| *told == Ok(Admitted::New)), "{told:?}");
    assert_eq!(
        store.committed(),
        (batches + 2, jobs + 101),
        "one batch for the one who kept it busy, one for all"
    );
}

#[tokio::test]
async fn who_fails_takes_nobody_along() {
    let place = Place::new();
    let store = place.open();
    let failing = async {
        let misfit = store.make(|connection, _| {
            connection.execute("INSERT INTO nodes (name, boot) VALUES ('lost', 1)", [])?;
            Err::<(), _>(Failure::Misfit("on purpose"))
        });
        let panicking = store.make(|_, _| -> Result<(), Failure> { panic!("on purpose") });
        let wrong =
            store.make(|connection, _| Ok(connection.execute("INSERT INTO nodes VALUES (NULL, 1)", [])?));
        let (before, after) = (store.admit(one_of_many(1)), store.admit(one_of_many(2)));
        let told = futures_util::join!(before, misfit, panicking, wrong, after);
        assert_eq!(
            told,
            (Ok(Admitted::New), Err(StoreFailed), Err(StoreFailed), Err(StoreFailed), Ok(Admitted::New))
        );
    };
    in_one_batch(&store, failing).await;
    assert_eq!(store.enlist("lost").await.unwrap().boot, 1, "what failed left nothing behind");
    assert!(store.is_healthy());
}

#[tokio::test]
async fn after_an_error_of_the_disk_nothing_is_acknowledged_any_more() {
    let place = Place::new();
    let store = place.open();
    let failing = async {
        let broken = store.make(|_, _| {
            let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_FSYNC);
            Err::<(), _>(rusqlite::Error::SqliteFailure(code, None).into())
        });
        let (before, after) = (store.admit(one_of_many(1)), store.admit(one_of_many(2)));
        assert_eq!(
            futures_util::join!(before, broken, after),
            (Err(StoreFailed), Err(StoreFailed), Err(StoreFailed))
        );
    };
    in_one_batch(&store, failing).await;
    assert!(!store.is_healthy());
    assert_eq!(store.admit(one_of_many(3)).await, Err(StoreFailed));
    assert_eq!(store.load("case-0001").await, Ok(None), "reading goes on");
    drop(store);
    assert_eq!(
        place.open().admit(one_of_many(1)).await,
        Ok(Admitted::New),
        "and after a new start everything does"
    );
}

#[tokio::test]
async fn a_full_disk_refuses_and_goes_on_when_there_is_room() {
    let place = Place::new();
    let store = place.open();
    let limit = |pages: i64| {
        store.make(move |connection, _| {
            connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
            Ok(())
        })
    };
    limit(1).await.unwrap();
    let mut large = one_of_many(1);
    large.case.input = json!({ "text": "x".repeat(200_000) });
    assert_eq!(store.admit(large.clone()).await, Err(StoreFailed));
    assert_eq!(store.load("case-0001").await, Ok(None));
    assert!(store.is_healthy());
    limit(1_000_000).await.unwrap();
    assert_eq!(store.admit(large).await, Ok(Admitted::New));
}

#[tokio::test]
async fn a_case_that_cannot_be_read_keeps_nobody_waiting() {
    let place = Place::new();
    let store = place.open();
    for number in 0..3 {
        store.admit(one_of_many(number)).await.unwrap();
    }
    let spoil = "UPDATE legs SET words = x'01' WHERE case_id = 'case-0000'";
    store.make(move |connection, _| Ok(connection.execute(spoil, [])?)).await.unwrap();
    let newer = "UPDATE legs SET facts = replace(facts, '\"v\":1', '\"v\":9') WHERE case_id = 'case-0001'";
    store.make(move |connection, _| Ok(connection.execute(newer, [])?)).await.unwrap();
    let node = Node { name: "node-1".into(), boot: 1 };
    let claim = store.claim(&node, 90_000).await.unwrap().unwrap();
    assert_eq!(claim.lease.case, "case-0002");
    assert_eq!(store.claim(&node, 90_000).await.unwrap().map(|claim| claim.lease), None);
    assert_eq!(store.load("case-0000").await, Err(StoreFailed), "and it is not taken for another");
}

#[tokio::test]
async fn a_value_moved_to_another_place_opens_no_more() {
    let place = Place::new();
    let store = place.open();
    for number in 0..2 {
        store.admit(one_of_many(number)).await.unwrap();
    }
    let swap =
        "UPDATE cases SET input = (SELECT input FROM cases WHERE id = 'case-0001') WHERE id = 'case-0000'";
    store.make(move |connection, _| Ok(connection.execute(swap, [])?)).await.unwrap();
    assert_eq!(store.load("case-0000").await, Err(StoreFailed));
    assert!(store.load("case-0001").await.unwrap().is_some());
}
