//! The one thread that writes: batches, syncs, wakes; closes a segment that failed and goes on in a fresh one.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use engine::ports::{AuditUnavailable, Clock};

use super::disk::{Disk, Segment};
use super::line::{self, Content, Link};
use super::{AuditSettings, Job, State};

/// Records that share one `fdatasync`: at about 600 bytes each this is one write of 600 KB, a few milliseconds on a slow disk.
pub const BATCH_RECORDS_MAX: usize = 1_024;

/// Notes, for which nobody waits, are durable this long after they were queued at the latest, should no record take them along: a
/// crash can lose the last instant of them, as it could before.
pub const NOTES_WAIT_MS_MAX: u64 = 50;

/// While the disk fails, a fresh segment is tried this often at most, so that a dead disk is not filled with empty files.
pub const REOPEN_EVERY_MS: i64 = 1_000;

/// The segment being written.
struct Open {
    handle: Box<dyn Segment>,
    number: u64,
    bytes: u64,
}

/// A segment that ended early, to be told of in the next one.
#[derive(Debug, Clone, Copy)]
struct Ended {
    segment: u64,
    kept_bytes: u64,
    lost_bytes: u64,
    damaged: bool,
}

pub struct Writer {
    disk: Box<dyn Disk>,
    origin: String,
    segment_bytes_max: u64,
    clock: Arc<dyn Clock>,
    state: Arc<State>,
    link: Link,
    last_number: u64,
    open: Option<Open>,
    ended: Option<Ended>,
    tried_unix_ms: Option<i64>,
    /// [`NOTES_WAIT_MS_MAX`]; tests wait for nothing.
    pub(super) notes_wait_ms: u64,
}

impl Writer {
    /// Finds the end of the chain, mends it, and opens the segment to go on in.
    pub fn begin(
        disk: Box<dyn Disk>,
        settings: &AuditSettings,
        clock: Arc<dyn Clock>,
        state: Arc<State>,
    ) -> io::Result<Self> {
        let tail = Tail::find(&*disk)?;
        let mut writer = Writer {
            disk,
            origin: settings.origin.clone(),
            segment_bytes_max: settings.segment_bytes_max,
            clock,
            state,
            link: tail.link,
            last_number: tail.last_number,
            open: None,
            ended: tail.ended,
            tried_unix_ms: None,
            notes_wait_ms: NOTES_WAIT_MS_MAX,
        };
        match (writer.ended, tail.whole_bytes) {
            (None, Some(bytes)) if bytes < writer.segment_bytes_max => {
                let handle = writer.disk.reopen(tail.last_number)?;
                writer.open = Some(Open { handle, number: tail.last_number, bytes });
            }
            _ => writer.open_fresh()?,
        }
        // Open, but nothing has been appended yet: the time of the last append stays untold until something has.
        writer.state.healthy.store(true, Ordering::Release);
        Ok(writer)
    }

    /// Writes until nobody can send any more.
    pub fn run(mut self, jobs: &Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            let batch = self.gather(first, jobs);
            self.write(batch);
        }
    }

    /// Whatever is queued. Notes alone wait for the next record that somebody waits for: a sync of their own would cost as much as
    /// the record's, and records that arrive meanwhile would have to wait for both.
    fn gather(&self, first: Job, jobs: &Receiver<Job>) -> Vec<Job> {
        let begun = self.clock.unix_ms();
        let mut batch = vec![first];
        loop {
            batch.extend(jobs.try_iter().take(BATCH_RECORDS_MAX.saturating_sub(batch.len())));
            let left_ms = self.notes_wait_ms.saturating_sub(self.clock.unix_ms().abs_diff(begun));
            let awaited = batch.iter().any(|job| job.waiter.is_some());
            if awaited || batch.len() >= BATCH_RECORDS_MAX || left_ms == 0 {
                return batch;
            }
            match jobs.recv_timeout(Duration::from_millis(left_ms)) {
                Ok(job) => batch.push(job),
                // Silence, or the end: what is there is written now.
                Err(_) => return batch,
            }
        }
    }

    fn write(&mut self, batch: Vec<Job>) {
        if let Err(error) = self.be_open() {
            self.fail("open", &error);
            return wake(batch.into_iter().filter_map(|job| job.waiter), Err(AuditUnavailable));
        }
        let mut link = self.link.clone();
        let mut bytes = Vec::new();
        let mut waiters = Vec::new();
        for Job { content, waiter } in batch {
            match line::write(&link, &self.origin, &content) {
                Ok((line, next)) => {
                    bytes.extend(line);
                    link = next;
                    waiters.extend(waiter);
                }
                Err(flaw) => {
                    tracing::error!(%flaw, "audit record cannot be written");
                    wake(waiter, Err(AuditUnavailable));
                }
            }
        }
        match self.append(&bytes) {
            Ok(()) => {
                self.link = link;
                self.mark_durable();
                wake(waiters, Ok(()));
            }
            Err(error) => {
                self.fail("write", &error);
                wake(waiters, Err(AuditUnavailable));
            }
        }
    }

    /// Appends to the open segment and syncs it; a segment that fails is closed for good.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut open = self.open.take().ok_or_else(|| io::Error::other("no segment is open"))?;
        match open.handle.append(bytes).and_then(|()| open.handle.sync()) {
            Ok(()) => {
                open.bytes += bytes.len() as u64;
                self.open = Some(open);
                Ok(())
            }
            Err(error) => {
                let (segment, kept_bytes) = (open.number, open.bytes);
                self.ended = Some(Ended { segment, kept_bytes, lost_bytes: 0, damaged: false });
                Err(error)
            }
        }
    }

    fn be_open(&mut self) -> io::Result<()> {
        if self.open.as_ref().is_some_and(|open| open.bytes < self.segment_bytes_max) {
            return Ok(());
        }
        let now = self.clock.unix_ms();
        if self.tried_unix_ms.is_some_and(|tried| now.abs_diff(tried) < REOPEN_EVERY_MS.unsigned_abs()) {
            return Err(io::Error::other("a fresh segment was tried a moment ago"));
        }
        let result = self.open_fresh();
        self.tried_unix_ms = result.is_err().then_some(now);
        result
    }

    /// Opens the next segment; if one ended early, cuts off what was never acknowledged and says so in the first line.
    fn open_fresh(&mut self) -> io::Result<()> {
        self.open = None;
        self.last_number += 1;
        if let Some(ended) = self.ended.as_mut().filter(|ended| !ended.damaged) {
            let bytes = self.disk.read(ended.segment)?.len() as u64;
            ended.lost_bytes = bytes.saturating_sub(ended.kept_bytes);
            self.disk.cut(ended.segment, ended.kept_bytes)?;
        }
        let handle = self.disk.create(self.last_number)?;
        self.open = Some(Open { handle, number: self.last_number, bytes: 0 });
        let Some(Ended { segment, kept_bytes, lost_bytes, damaged }) = self.ended else { return Ok(()) };
        let content = Content::Recovered { at: self.clock.now(), segment, kept_bytes, lost_bytes, damaged };
        let (line, link) = line::write(&self.link, &self.origin, &content).map_err(io::Error::other)?;
        // Should this fail, the segment that ended must be told of again, not the one that never began.
        if let Err(error) = self.append(&line) {
            self.disk.cut(self.last_number, 0)?;
            self.ended = Some(Ended { segment, kept_bytes, lost_bytes, damaged });
            return Err(error);
        }
        self.link = link;
        self.ended = None;
        tracing::warn!(segment, kept_bytes, lost_bytes, damaged, "audit log goes on in a fresh segment");
        Ok(())
    }

    fn mark_durable(&self) {
        self.state.last_append_unix_ms.store(self.clock.unix_ms(), Ordering::Release);
        self.state.healthy.store(true, Ordering::Release);
    }

    fn fail(&self, doing: &'static str, error: &io::Error) {
        self.state.healthy.store(false, Ordering::Release);
        tracing::error!(doing, kind = ?error.kind(), "audit log failed: no personal data leaves");
    }
}

/// Where the chain ends on a disk.
struct Tail {
    link: Link,
    last_number: u64,
    /// The last segment's bytes, if it ends with a whole line and can be appended to.
    whole_bytes: Option<u64>,
    ended: Option<Ended>,
}

impl Tail {
    fn find(disk: &dyn Disk) -> io::Result<Self> {
        let numbers = disk.segments()?;
        let last_number = numbers.last().copied().unwrap_or(0);
        let mut ended = None;
        for number in numbers.into_iter().rev() {
            let bytes = disk.read(number)?;
            let (link, kept) = follow(&bytes);
            let lost = bytes.get(kept..).unwrap_or_default();
            if !lost.is_empty() {
                let (kept_bytes, lost_bytes) = (kept as u64, lost.len() as u64);
                // A torn write has no end; whole lines that do not fit are somebody's doing, or the disk's: they stay to be seen.
                let damaged = lost.contains(&b'\n');
                ended = Some(Ended { segment: number, kept_bytes, lost_bytes, damaged });
            }
            if let Some(link) = link {
                let whole_bytes = (number == last_number).then_some(kept as u64);
                return Ok(Tail { link, last_number, whole_bytes, ended });
            }
        }
        Ok(Tail { link: Link::first(), last_number, whole_bytes: None, ended })
    }
}

/// Follows a segment's chain from its first line; says where it stands after the last line that fits, and how many bytes fit.
fn follow(bytes: &[u8]) -> (Option<Link>, usize) {
    let mut link = None;
    let mut kept = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let Some(words) = line.strip_suffix(b"\n") else { break };
        let Some(before) = link.or_else(|| line::before(words)) else { return (None, kept) };
        match line::read(&before, words) {
            Ok((_, after)) => {
                link = Some(after);
                kept += line.len();
            }
            Err(_) if kept == 0 => return (None, 0),
            Err(_) => return (Some(before), kept),
        }
    }
    (link, kept)
}

fn wake(
    waiters: impl IntoIterator<Item = tokio::sync::oneshot::Sender<Result<(), AuditUnavailable>>>,
    result: Result<(), AuditUnavailable>,
) {
    for waiter in waiters {
        // Nobody may be waiting any more: the caller's deadline passed.
        let _ = waiter.send(result);
    }
}
