use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard};

use engine::audit::Entry;
use engine::client::Purpose;

use super::*;

struct FixedClock(AtomicI64);

impl FixedClock {
    fn new() -> Arc<Self> {
        Arc::new(FixedClock(AtomicI64::new(1_754_964_000_000)))
    }
    fn pass(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> String {
        crate::clock::vietnam_time(self.unix_ms())
    }
    fn unix_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

fn record(trace_id: impl Into<String>) -> Record {
    Record {
        at: "2025-08-12T09:00:00.000+07:00".into(),
        trace_id: trace_id.into(),
        client: "mot-cua-mau".into(),
        purpose: Purpose { procedure: "1.000656".into(), officer: "cb01".into(), ..Purpose::default() },
        subject: Some("c0ffee".into()),
        entry: Entry::Permitted {
            services: vec!["residence.person".into()],
            agency: "residence".into(),
            fields: vec!["/name".into()],
        },
    }
}

fn settings(folder: &Path) -> AuditSettings {
    AuditSettings { folder: folder.into(), ..AuditSettings::default() }
}

/// A disk in memory whose next write or sync can be made to fail, and whose first write can be held back.
#[derive(Clone, Default)]
struct FakeDisk(Arc<Mutex<Fake>>);

#[derive(Default)]
struct Fake {
    files: BTreeMap<u64, Vec<u8>>,
    writes: usize,
    syncs: usize,
    break_writes: bool,
    break_syncs: bool,
    break_creates: bool,
    gate: Option<std::sync::mpsc::Receiver<()>>,
    arrived: Option<std::sync::mpsc::Sender<()>>,
}

impl FakeDisk {
    fn inside(&self) -> MutexGuard<'_, Fake> {
        self.0.lock().unwrap()
    }
    fn copy_to(&self, folder: &Path) {
        for (number, bytes) in &self.inside().files {
            std::fs::write(folder.join(segment_name(*number)), bytes).unwrap();
        }
    }
}

struct FakeSegment(FakeDisk, u64);

impl Disk for FakeDisk {
    fn segments(&self) -> io::Result<Vec<u64>> {
        Ok(self.inside().files.keys().copied().collect())
    }
    fn read(&self, number: u64) -> io::Result<Vec<u8>> {
        Ok(self.inside().files[&number].clone())
    }
    fn create(&mut self, number: u64) -> io::Result<Box<dyn Segment>> {
        if self.inside().break_creates {
            return Err(io::Error::other("EIO"));
        }
        let before = self.inside().files.insert(number, Vec::new());
        assert!(before.is_none());
        Ok(Box::new(FakeSegment(self.clone(), number)))
    }
    fn reopen(&mut self, number: u64) -> io::Result<Box<dyn Segment>> {
        Ok(Box::new(FakeSegment(self.clone(), number)))
    }
    fn cut(&mut self, number: u64, bytes: u64) -> io::Result<()> {
        self.inside().files.get_mut(&number).unwrap().truncate(bytes as usize);
        Ok(())
    }
}

impl Segment for FakeSegment {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let gate = self.0.inside().gate.take();
        let arrived = self.0.inside().arrived.take();
        if let (Some(gate), Some(arrived)) = (gate, arrived) {
            arrived.send(()).unwrap();
            gate.recv().unwrap();
        }
        let mut fake = self.0.inside();
        fake.writes += 1;
        let part = if fake.break_writes { bytes.len() / 2 } else { bytes.len() };
        fake.files.get_mut(&self.1).unwrap().extend_from_slice(&bytes[..part]);
        if fake.break_writes { Err(io::Error::other("ENOSPC")) } else { Ok(()) }
    }
    fn sync(&mut self) -> io::Result<()> {
        let mut fake = self.0.inside();
        fake.syncs += 1;
        if fake.break_syncs { Err(io::Error::other("EIO")) } else { Ok(()) }
    }
}

#[tokio::test]
async fn records_that_wait_together_share_one_sync() {
    let disk = FakeDisk::default();
    let (open_gate, gate) = std::sync::mpsc::channel();
    let (arrived, at_gate) = std::sync::mpsc::channel();
    let log = AuditLog::on(Box::new(disk.clone()), &AuditSettings::default(), FixedClock::new()).unwrap();
    disk.inside().gate = Some(gate);
    disk.inside().arrived = Some(arrived);
    assert!(log.is_healthy() && log.last_append_unix_ms() == 0);
    let first = log.append(record("first"));
    at_gate.recv().unwrap();
    let waiting: Vec<_> = (0..100).map(|number| log.append(record(format!("{number}")))).collect();
    open_gate.send(()).unwrap();
    assert_eq!(first.await, Ok(()));
    for durable in waiting {
        assert_eq!(durable.await, Ok(()));
    }
    let fake = disk.inside();
    assert_eq!((fake.writes, fake.syncs), (2, 2));
    assert_eq!(log.last_append_unix_ms(), 1_754_964_000_000);
    assert_eq!(fake.files[&1].iter().filter(|byte| **byte == b'\n').count(), 101);
}

#[tokio::test]
async fn f25_a_failed_sync_refuses_everybody_and_is_never_tried_again_on_the_same_handle() {
    let disk = FakeDisk::default();
    let clock = FixedClock::new();
    let log = AuditLog::on(Box::new(disk.clone()), &AuditSettings::default(), clock.clone()).unwrap();
    assert_eq!(log.append(record("kept")).await, Ok(()));
    disk.inside().break_syncs = true;
    assert_eq!(log.append(record("lost")).await, Err(AuditUnavailable));
    assert!(!log.is_healthy());
    // The fresh segment is tried and fails too; a moment later it is not even tried.
    assert_eq!(log.append(record("refused")).await, Err(AuditUnavailable));
    let files = disk.inside().files.len();
    assert_eq!(log.append(record("refused at once")).await, Err(AuditUnavailable));
    assert_eq!(disk.inside().files.len(), files);
    disk.inside().break_syncs = false;
    clock.pass(writer::REOPEN_EVERY_MS);
    assert_eq!(log.append(record("kept again")).await, Ok(()));
    assert!(log.is_healthy());
    drop(log);
    let folder = tempfile::tempdir().unwrap();
    disk.copy_to(folder.path());
    // kept, recovered, kept again
    assert_eq!(verify(folder.path()).unwrap().lines, 3);
    let text: Vec<u8> = disk.inside().files.values().flatten().copied().collect();
    let text = String::from_utf8(text).unwrap();
    assert!(!text.contains("lost\"") && !text.contains("refused"), "{text}");
}

#[tokio::test]
async fn f4_a_full_disk_refuses_and_half_a_line_is_cut_off() {
    let disk = FakeDisk::default();
    let log = AuditLog::on(Box::new(disk.clone()), &AuditSettings::default(), FixedClock::new()).unwrap();
    assert_eq!(log.append(record("kept")).await, Ok(()));
    disk.inside().break_writes = true;
    assert_eq!(log.append(record("half")).await, Err(AuditUnavailable));
    disk.inside().break_writes = false;
    assert_eq!(log.append(record("kept too")).await, Ok(()));
    let folder = tempfile::tempdir().unwrap();
    disk.copy_to(folder.path());
    assert_eq!(verify(folder.path()).unwrap().lines, 3);
}

#[tokio::test]
async fn a_disk_that_cannot_create_refuses() {
    let disk = FakeDisk::default();
    let small = AuditSettings { segment_bytes_max: 1, ..AuditSettings::default() };
    let log = AuditLog::on(Box::new(disk.clone()), &small, FixedClock::new()).unwrap();
    assert_eq!(log.append(record("fills the segment")).await, Ok(()));
    disk.inside().break_creates = true;
    assert_eq!(log.append(record("refused")).await, Err(AuditUnavailable));
}

#[tokio::test]
async fn notes_are_written_in_order_and_before_the_log_closes() {
    let folder = tempfile::tempdir().unwrap();
    let log = AuditLog::open(&settings(folder.path()), FixedClock::new()).unwrap();
    assert_eq!(log.append(record("one")).await, Ok(()));
    log.note(record("two"));
    log.note(record("three"));
    drop(log);
    let text = std::fs::read_to_string(folder.path().join(segment_name(1))).unwrap();
    let order: Vec<usize> = ["one", "two", "three"].iter().map(|word| text.find(word).unwrap()).collect();
    assert!(order.is_sorted());
    assert_eq!(verify(folder.path()).unwrap().lines, 3);
}

#[tokio::test]
async fn notes_cost_no_sync_of_their_own_while_records_come_and_are_written_at_the_end() {
    let disk = FakeDisk::default();
    let (settings, clock) = (AuditSettings::default(), FixedClock::new());
    let mut writer =
        Writer::begin(Box::new(disk.clone()), &settings, clock, Arc::new(State::default())).unwrap();
    writer.notes_wait_ms = u64::MAX;
    // A queue of nothing: a job is sent when the writer has taken it.
    let (queue, jobs) = sync_channel(0);
    let thread = std::thread::spawn(move || writer.run(&jobs));
    let note = |name: &str| Job { content: Content::Record(Box::new(record(name))), waiter: None };
    let synced_and_written = || {
        let fake = disk.inside();
        (fake.syncs, fake.files[&1].iter().filter(|byte| **byte == b'\n').count())
    };
    for number in 0..10 {
        queue.send(note(&format!("{number}"))).unwrap();
    }
    let (waiter, durable) = oneshot::channel();
    queue.send(Job { content: Content::Record(Box::new(record("awaited"))), waiter: Some(waiter) }).unwrap();
    assert_eq!(durable.await, Ok(Ok(())));
    assert_eq!(synced_and_written(), (1, 11));
    queue.send(note("last")).unwrap();
    drop(queue);
    thread.join().unwrap();
    assert_eq!(synced_and_written(), (2, 12));
}

#[tokio::test]
async fn a_second_opening_goes_on_where_the_first_ended() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..3 {
        let log = AuditLog::open(&settings(folder.path()), FixedClock::new()).unwrap();
        assert!(matches!(
            AuditLog::open(&settings(folder.path()), FixedClock::new()),
            Err(AuditLogError::Held(_))
        ));
        assert_eq!(log.append(record(format!("{number}"))).await, Ok(()));
    }
    let verified = verify(folder.path()).unwrap();
    assert_eq!((verified.segments, verified.lines), (1, 3));
}

#[tokio::test]
async fn segments_are_closed_by_size_and_stay_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let small = AuditSettings { segment_bytes_max: 1_000, ..settings(folder.path()) };
    let log = AuditLog::open(&small, FixedClock::new()).unwrap();
    for number in 0..10 {
        assert_eq!(log.append(record(format!("{number}"))).await, Ok(()));
    }
    let verified = verify(folder.path()).unwrap();
    assert!(verified.segments >= 4, "{verified:?}");
    assert_eq!(verified.lines, 10);
    std::fs::remove_file(folder.path().join(segment_name(2))).unwrap();
    assert!(verify(folder.path()).is_err());
}

#[tokio::test]
async fn f1_a_torn_tail_is_cut_off_and_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let log = AuditLog::open(&settings(folder.path()), FixedClock::new()).unwrap();
    assert_eq!(log.append(record("kept")).await, Ok(()));
    drop(log);
    let path = folder.path().join(segment_name(1));
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, [&whole[..], &whole[..40]].concat()).unwrap();
    assert!(matches!(verify(folder.path()), Err(Flaw::Torn { line: 2, .. })));
    let log = AuditLog::open(&settings(folder.path()), FixedClock::new()).unwrap();
    assert_eq!(log.append(record("after")).await, Ok(()));
    drop(log);
    assert_eq!(std::fs::read(&path).unwrap(), whole);
    let second = std::fs::read_to_string(folder.path().join(segment_name(2))).unwrap();
    assert!(second.contains(r#""recovered":{"#) && second.contains(r#""lost_bytes":40"#), "{second}");
    assert_eq!(verify(folder.path()).unwrap().lines, 3);
}

#[tokio::test]
async fn t18_a_changed_last_line_does_not_stop_the_log_and_stays_to_be_seen() {
    let folder = tempfile::tempdir().unwrap();
    let log = AuditLog::open(&settings(folder.path()), FixedClock::new()).unwrap();
    assert_eq!(log.append(record("kept")).await, Ok(()));
    assert_eq!(log.append(record("changed")).await, Ok(()));
    drop(log);
    let path = folder.path().join(segment_name(1));
    let changed = std::fs::read_to_string(&path).unwrap().replace("changed", "CHANGED");
    std::fs::write(&path, &changed).unwrap();
    let log = AuditLog::open(&settings(folder.path()), FixedClock::new()).unwrap();
    assert_eq!(log.append(record("after")).await, Ok(()));
    drop(log);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), changed);
    assert!(matches!(verify(folder.path()), Err(Flaw::Line { line: 2, flaw: line::LineFlaw::Seal, .. })));
}

#[tokio::test]
async fn a_record_too_long_is_refused_alone() {
    let folder = tempfile::tempdir().unwrap();
    let log = AuditLog::open(&settings(folder.path()), FixedClock::new()).unwrap();
    let (long, short) = (log.append(record("x".repeat(line::LINE_BYTES_MAX))), log.append(record("short")));
    assert_eq!((long.await, short.await), (Err(AuditUnavailable), Ok(())));
    assert!(log.is_healthy());
    assert_eq!(log.beat().await, Ok(()));
    assert_eq!(verify(folder.path()).unwrap().lines, 2);
}

#[tokio::test]
async fn t18_every_single_changed_byte_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let small = AuditSettings { segment_bytes_max: 1_000, ..settings(folder.path()) };
    let log = AuditLog::open(&small, FixedClock::new()).unwrap();
    for number in 0..5 {
        assert_eq!(log.append(record(format!("{number}"))).await, Ok(()));
    }
    drop(log);
    let mut tried = 0;
    for number in segment_numbers(folder.path()).unwrap() {
        let path = folder.path().join(segment_name(number));
        let sound = std::fs::read(&path).unwrap();
        for place in 0..sound.len() {
            let mut changed = sound.clone();
            changed[place] ^= 1 << (place % 8);
            std::fs::write(&path, &changed).unwrap();
            assert!(verify(folder.path()).is_err(), "{number}: byte {place}");
            tried += 1;
        }
        std::fs::write(&path, &sound).unwrap();
    }
    assert!(tried > 1_000);
    assert_eq!(verify(folder.path()).unwrap().lines, 5);
}

#[test]
fn t19_folder_and_segments_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    drop(AuditLog::open(&settings(folder.path()), FixedClock::new()).unwrap());
    assert_eq!(mode(folder.path()), 0o700);
    for number in segment_numbers(folder.path()).unwrap() {
        let segment = folder.path().join(segment_name(number));
        assert_eq!(mode(&segment), 0o600);
        std::fs::set_permissions(&segment, std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    drop(AuditLog::open(&settings(folder.path()), FixedClock::new()).unwrap());
    let segments = segment_numbers(folder.path()).unwrap();
    assert!(!segments.is_empty());
    assert!(segments.iter().all(|number| mode(&folder.path().join(segment_name(*number))) == 0o600));
}
