//! A batch under way: a few queries at once, each told as it ends, as fast as its lines are taken.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use actix_web::web;
use adapter_api::{Fault, Waiting};
use bytes::Bytes;
use engine::client::Client;
use engine::read::Question;
use futures_util::{FutureExt, StreamExt, stream};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use super::Slot;
use super::line::{self, Ended, Summary};
use crate::http::{Edge, Shared, read};
use crate::problem::Problem;

/// Queries of one batch under way at once: enough to keep an agency of 20 a second busy while each takes 400 ms.
pub const QUERIES_AT_ONCE: usize = 8;
/// Lines told and not yet taken; an answer has some kilobytes.
pub const LINES_AHEAD: usize = 16;
/// How long a batch may last. A thousand queries at an agency of 10 a second, of which the counter takes four fifths, need
/// 500 s; at the client's own pace of 600 a minute they need 95 s.
pub const BATCH_LASTS_MAX: Duration = Duration::from_secs(900);
/// A reader who takes no line for so long has left, though its connection stands.
pub const READER_PATIENCE: Duration = Duration::from_secs(60);

/// A batch that may begin.
pub struct Run {
    pub shared: web::Data<Shared>,
    pub client: Client,
    /// What all queries have in common.
    pub question: Question,
    pub queries: Vec<Value>,
    pub edge: Edge,
    pub(super) _slot: Slot,
}

/// Why a batch ended before its last line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ReaderLeft;

impl Run {
    /// Asks everything, and tells it.
    pub async fn run_to_its_end(mut self, lines: mpsc::Sender<Bytes>) {
        let began = Instant::now();
        let queries = std::mem::take(&mut self.queries);
        let mut summary = Summary { total: queries.len(), ..Summary::default() };
        let words = self.shared.words(self.edge.language);
        let telling = drive(queries, began + BATCH_LASTS_MAX, &self, &lines, |index, ended| {
            summary.count(&ended);
            line::of(index, ended, &summary, &words, &self.edge.trace_id)
        });
        // The panic barrier (F23): it costs this one batch, whose missing last line says that it is not whole.
        let code = match AssertUnwindSafe(telling).catch_unwind().await {
            Ok(Ok(())) => match tell(&lines, summary.line()).await {
                Ok(()) => "told",
                Err(ReaderLeft) => "reader-left",
            },
            Ok(Err(ReaderLeft)) => "reader-left",
            Err(_panic) => {
                metrics::counter!("lienthong_panics_total").increment(1);
                "internal"
            }
        };
        let service = self.question.service.as_str();
        metrics::counter!("lienthong_batches_total", "service" => service.to_string(), "code" => code)
            .increment(1);
        let Summary { total, found, absent, failed } = summary;
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(service, code, total, found, absent, failed, ms, "batch");
    }
}

/// Asks the queries of a batch.
trait Asks {
    /// Waits until the next query may be asked.
    fn allowance(&self) -> impl Future<Output = ()>;
    /// Asks one query, and stops waiting for it then.
    fn ask(&self, query: Value, until: Instant) -> impl Future<Output = Ended>;
}

impl Asks for Run {
    async fn allowance(&self) {
        self.shared.limits.take_patiently(&self.client.id, &self.question.service).await;
    }

    async fn ask(&self, query: Value, until: Instant) -> Ended {
        let question = Question { query, deadline: Some(until), ..self.question.clone() };
        read::ask(&self.shared, self.client.clone(), question).await
    }
}

/// Asks all queries, a few at once, and tells each as it ends. No more are asked than lines are taken; who has left is asked
/// for no more; what could not be asked in time is told as such.
async fn drive(
    queries: Vec<Value>,
    until: Instant,
    asks: &impl Asks,
    lines: &mpsc::Sender<Bytes>,
    mut told: impl FnMut(usize, Ended) -> Bytes,
) -> Result<(), ReaderLeft> {
    let under_way = stream::iter(queries.into_iter().enumerate())
        .then(async |(index, query)| {
            // One after the other, so that they are asked in order and only one waits.
            let in_time = timeout_at(until, asks.allowance()).await.is_ok() && Instant::now() < until;
            (index, query, in_time)
        })
        .map(async |(index, query, in_time)| {
            (index, if in_time { asks.ask(query, until).await } else { Err(too_late()) })
        })
        .buffer_unordered(QUERIES_AT_ONCE);
    let mut under_way = std::pin::pin!(under_way);
    loop {
        let next = tokio::select! {
            next = under_way.next() => next,
            () = lines.closed() => return Err(ReaderLeft),
        };
        let Some((index, ended)) = next else { return Ok(()) };
        tell(lines, told(index, ended)).await?;
    }
}

async fn tell(lines: &mpsc::Sender<Bytes>, line: Bytes) -> Result<(), ReaderLeft> {
    match timeout(READER_PATIENCE, lines.send(line)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(ReaderLeft),
    }
}

fn too_late() -> Box<Problem> {
    Box::new(Problem::of_fault(&Fault::DeadlineExceeded { waiting_for: Waiting::Gateway }))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Everybody is told a problem after so long.
    #[derive(Default)]
    struct Slow {
        takes: Duration,
        pace: Duration,
        asked: AtomicUsize,
        most_at_once: AtomicUsize,
        at_once: AtomicUsize,
    }

    impl Asks for Slow {
        async fn allowance(&self) {
            tokio::time::sleep(self.pace).await;
        }

        async fn ask(&self, _: Value, _: Instant) -> Ended {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let at_once = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_at_once.fetch_max(at_once, Ordering::SeqCst);
            tokio::time::sleep(self.takes).await;
            self.at_once.fetch_sub(1, Ordering::SeqCst);
            Err(Box::new(Problem::of_misuse(crate::problem::Misuse::NotReady)))
        }
    }

    fn told(index: usize, ended: Ended) -> Bytes {
        Bytes::from(format!("{index} {}", ended.unwrap_err().code))
    }

    fn later() -> Instant {
        Instant::now() + Duration::from_secs(3_600)
    }

    #[tokio::test(start_paused = true)]
    async fn each_query_is_told_once_and_a_few_are_under_way_at_once() {
        let slow = Slow { takes: Duration::from_millis(10), ..Slow::default() };
        let (sender, mut lines) = mpsc::channel(2_000);
        drive(vec![Value::Null; 1_000], later(), &slow, &sender, told).await.unwrap();
        let mut seen = Vec::new();
        while let Ok(line) = lines.try_recv() {
            seen.push(line);
        }
        seen.sort();
        let mut expected: Vec<_> = (0..1_000).map(|at| Bytes::from(format!("{at} not-ready"))).collect();
        expected.sort();
        assert_eq!(seen, expected);
        assert_eq!(slow.most_at_once.into_inner(), QUERIES_AT_ONCE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_who_takes_nothing_is_not_asked_for_more_than_fits_and_has_left_after_a_minute() {
        let (slow, began) = (Slow::default(), Instant::now());
        let (sender, lines) = mpsc::channel(LINES_AHEAD);
        let ended = drive(vec![Value::Null; 1_000], later(), &slow, &sender, told).await;
        assert_eq!(ended, Err(ReaderLeft));
        let asked = slow.asked.load(Ordering::SeqCst);
        assert!(asked <= LINES_AHEAD + 1 + QUERIES_AT_ONCE, "{asked} asked");
        assert_eq!(began.elapsed(), READER_PATIENCE);
        drop(lines);
    }

    #[tokio::test(start_paused = true)]
    async fn who_leaves_is_asked_for_no_more() {
        let slow = Slow { takes: Duration::from_secs(1), ..Slow::default() };
        let (sender, mut lines) = mpsc::channel(LINES_AHEAD);
        let queries = vec![Value::Null; 1_000];
        let reading = async {
            lines.recv().await.unwrap();
            drop(lines);
        };
        let (ended, ()) = tokio::join!(drive(queries, later(), &slow, &sender, told), reading);
        assert_eq!(ended, Err(ReaderLeft));
        assert!(slow.asked.into_inner() <= 2 * QUERIES_AT_ONCE);
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_asked_in_time_is_told_as_such() {
        let slow = Slow { pace: Duration::from_secs(1), ..Slow::default() };
        let (sender, mut lines) = mpsc::channel(200);
        let until = Instant::now() + Duration::from_millis(10_500);
        drive(vec![Value::Null; 100], until, &slow, &sender, told).await.unwrap();
        assert_eq!(Instant::now(), until, "the rest is told at once");
        drop(sender);
        let mut late = 0;
        while let Some(line) = lines.recv().await {
            late += usize::from(line.ends_with(b"deadline-exceeded"));
        }
        assert_eq!((slow.asked.into_inner(), late), (10, 90));
    }
}
