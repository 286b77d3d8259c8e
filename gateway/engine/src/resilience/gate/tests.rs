//! Turns, lanes, places and quota of one party, on paused time.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::FutureExt;
use tokio::task::JoinHandle;

use super::*;
use crate::fakes::FakeClock;
use crate::resilience::turns::BATCH_EVERY;

const LONG: Duration = Duration::from_secs(3_600);

fn limits() -> PartyLimits {
    PartyLimits { rate_per_s: 10, burst: 10, concurrency: 1_000, queue: 1_000, ..PartyLimits::default() }
}

fn gate(limits: &PartyLimits) -> Arc<Gate> {
    Gate::new("residence", limits, Arc::new(FakeClock::default()))
}

fn load_of(client: &str, lane: Lane) -> Progress {
    let progress = Progress::default();
    progress.join(Standing { client: client.into(), lane });
    progress
}

/// Who came through the gate, in order.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<Vec<String>>>);

impl Book {
    fn entries(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// A caller in a task of its own: comes in, writes its name, makes its exchange, which takes this long, and leaves.
    fn call(&self, gate: &Arc<Gate>, client: &str, lane: Lane, takes: Duration) -> JoinHandle<bool> {
        let (book, gate, client) = (self.clone(), Arc::clone(gate), client.to_owned());
        tokio::spawn(async move {
            let progress = load_of(&client, lane);
            let waiter = Waiter { client: &client, progress: &progress, deadline: Instant::now() + LONG };
            let Ok((_place, leave)) = gate.enter(waiter).await else { return false };
            leave.spend();
            book.0.lock().unwrap().push(format!("{client} {}", lane.word()));
            tokio::time::sleep(takes).await;
            true
        })
    }
}

/// Comes in at once and keeps place and leave.
async fn come_in(gate: &Arc<Gate>, client: &str, lane: Lane) -> Result<(Place, Leave), NoTurn> {
    let progress = load_of(client, lane);
    let waiter = Waiter { client, progress: &progress, deadline: Instant::now() + LONG };
    gate.enter(waiter).now_or_never().unwrap_or(Err(NoTurn::Full))
}

/// Makes exchanges one after the other; gives back the last answer.
async fn spend(gate: &Arc<Gate>, exchanges: u32, deadline: Instant) -> Result<(), NoTurn> {
    let progress = load_of("desk", Lane::Counter);
    let waiter = Waiter { client: "desk", progress: &progress, deadline };
    for _ in 0..exchanges {
        gate.again(waiter).await?.spend();
    }
    Ok(())
}

/// Lets everybody who can run do so.
async fn settle() {
    tokio::time::sleep(Duration::from_micros(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_counter_waits_one_turn_however_many_another_client_has_waiting() {
    for (what, limits) in [
        ("places", PartyLimits { rate_per_s: 10_000, burst: 10_000, concurrency: 2, ..limits() }),
        ("quota", limits()),
        ("both", PartyLimits { concurrency: 2, ..limits() }),
    ] {
        let (gate, book) = (gate(&limits), Book::default());
        let takes = Duration::from_millis(150);
        for _ in 0..500 {
            book.call(&gate, "flood", Lane::Counter, takes);
        }
        // No moment at which anybody comes out.
        tokio::time::sleep(Duration::from_millis(2_990)).await;
        let before = book.entries().len();
        book.call(&gate, "quiet", Lane::Counter, takes).await.unwrap();
        let entries = book.entries();
        let turn = entries.iter().position(|entry| entry == "quiet counter").unwrap();
        assert!(turn <= before, "{what}: {} of the flood overtook", turn - before);
    }
}

#[tokio::test(start_paused = true)]
async fn clients_who_all_have_many_waiting_share_evenly() {
    let (gate, book) = (gate(&limits()), Book::default());
    for (client, calls) in [("a", 600), ("b", 60), ("c", 30)] {
        for _ in 0..calls {
            book.call(&gate, client, Lane::Counter, Duration::ZERO);
        }
    }
    tokio::time::sleep(Duration::from_millis(9_050)).await;
    let served = |client: &str| book.entries().iter().filter(|entry| entry.starts_with(client)).count();
    let shares = [served("a"), served("b"), served("c")];
    assert!(shares.iter().all(|share| share.abs_diff(shares[2]) <= 10), "{shares:?}");
    assert_eq!(shares.iter().sum::<usize>(), 100, "nothing of the quota is lost: {shares:?}");
}

#[tokio::test(start_paused = true)]
async fn the_counter_goes_first_and_of_every_five_turns_one_is_the_batchs() {
    let (gate, book) = (gate(&PartyLimits { rate_per_s: 10, burst: 1, ..limits() }), Book::default());
    for _ in 0..20 {
        book.call(&gate, "lot", Lane::Batch, Duration::ZERO);
    }
    for _ in 0..40 {
        book.call(&gate, "desk", Lane::Counter, Duration::ZERO);
    }
    tokio::time::sleep(Duration::from_secs(30)).await;
    let entries = book.entries();
    assert_eq!(entries.len(), 60);
    // The first of all came to an empty gate.
    let (contended, left) = entries[1..].split_at(50);
    for turns in contended.chunks(BATCH_EVERY as usize) {
        let batch = turns.iter().filter(|entry| *entry == "lot batch").count();
        assert_eq!(batch, 1, "{entries:?}");
        assert_eq!(turns.last().unwrap(), "lot batch");
    }
    assert!(left.iter().all(|entry| entry == "lot batch"), "then it has all: {left:?}");
}

#[tokio::test(start_paused = true)]
async fn a_batch_leaves_places_and_burst_to_the_counter() {
    let gate = gate(&PartyLimits { rate_per_s: 1, burst: 10, concurrency: 8, ..limits() });
    let mut inside = Vec::new();
    while let Ok(came) = come_in(&gate, "lot", Lane::Batch).await {
        inside.push(came);
    }
    assert_eq!(inside.len(), 5, "half of the burst");
    assert!(come_in(&gate, "desk", Lane::Counter).await.is_ok());
    drop(inside);

    let gate = self::gate(&PartyLimits { rate_per_s: 1_000, burst: 1_000, concurrency: 8, ..limits() });
    let mut inside = Vec::new();
    while let Ok(came) = come_in(&gate, "lot", Lane::Batch).await {
        inside.push(came);
    }
    assert_eq!(inside.len(), 6, "all places but a quarter");
    assert!(come_in(&gate, "desk", Lane::Counter).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_batch_alone_has_the_whole_rate() {
    let (gate, book) = (gate(&limits()), Book::default());
    for _ in 0..500 {
        book.call(&gate, "lot", Lane::Batch, Duration::from_millis(200));
    }
    tokio::time::sleep(Duration::from_secs(20)).await;
    let served = book.entries().len();
    assert!((200..=206).contains(&served), "{served} in 20 s at 10 a second, after half a burst of 10");
}

#[tokio::test(start_paused = true)]
async fn whoever_joins_a_batchs_load_at_the_counter_takes_it_along() {
    let gate = gate(&PartyLimits { rate_per_s: 10, burst: 1, ..limits() });
    let book = Book::default();
    for _ in 0..50 {
        book.call(&gate, "lot", Lane::Batch, Duration::ZERO);
    }
    settle().await;
    let progress = load_of("lot", Lane::Batch);
    let waiter = Waiter { client: "lot", progress: &progress, deadline: Instant::now() + LONG };
    let mut joined = Box::pin(gate.enter(waiter));
    assert!((&mut joined).now_or_never().is_none());
    progress.join(Standing { client: "desk".into(), lane: Lane::Counter });
    let began = Instant::now();
    let (_place, leave) = joined.await.unwrap_or_else(|_| panic!("no turn"));
    assert!(began.elapsed() <= Duration::from_millis(100), "the next turn, not the fifty-first");
    assert_eq!(leave.lane, Lane::Counter);
    drop(leave);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(book.entries().len(), 50, "it was served once, and took nobody's turn twice");
    assert_eq!((gate.waiting(Lane::Counter), gate.waiting(Lane::Batch)), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn t22_no_window_sees_more_than_rate_and_burst_however_long_leave_is_held() {
    // Every second one waits a while with its leave in hand, as for its carrier, and then all leave together.
    let (gate, sent) = (gate(&limits()), Arc::new(Mutex::new(Vec::new())));
    let began = Instant::now();
    let mut callers = Vec::new();
    for at in 0..300_u64 {
        let (gate, sent) = (Arc::clone(&gate), Arc::clone(&sent));
        callers.push(tokio::spawn(async move {
            let progress = load_of(&format!("client {}", at % 7), Lane::Counter);
            let waiter = Waiter { client: "", progress: &progress, deadline: began + LONG };
            let leave = gate.again(waiter).await.unwrap_or_else(|_| panic!("no turn"));
            if at % 2 == 0 {
                let next_second = began.elapsed().as_secs() + 1;
                tokio::time::sleep_until(began + Duration::from_secs(next_second)).await;
            }
            match at % 5 {
                4 => drop(leave),
                _ => {
                    leave.spend();
                    sent.lock().unwrap().push(began.elapsed());
                }
            }
        }));
    }
    for caller in callers {
        caller.await.unwrap();
    }
    let sent = sent.lock().unwrap();
    assert_eq!(sent.len(), 240);
    for (at, from) in sent.iter().enumerate() {
        for (more, until) in sent[at..].iter().enumerate() {
            let most = 10.0 + 10.0 * (*until - *from).as_secs_f64();
            assert!((more + 1) as f64 <= most + 1e-6, "{} from {from:?} to {until:?}", more + 1);
        }
    }
    assert!(sent.last().unwrap() < &Duration::from_secs(30), "what is given back is used");
}

#[tokio::test(start_paused = true)]
async fn a_flood_crowds_out_itself_and_nobody_else() {
    let limits = PartyLimits { rate_per_s: 1_000, burst: 1_000, concurrency: 1, queue: 4, ..limits() };
    let (gate, book) = (gate(&limits), Book::default());
    let takes = Duration::from_millis(10);
    let floods: Vec<_> = (0..10).map(|_| book.call(&gate, "flood", Lane::Counter, takes)).collect();
    settle().await;
    let quiet: Vec<_> = (0..2).map(|_| book.call(&gate, "quiet", Lane::Counter, takes)).collect();
    for call in quiet {
        assert!(call.await.unwrap(), "nobody else is refused");
    }
    let served = AtomicU32::new(0);
    for call in floods {
        served.fetch_add(u32::from(call.await.unwrap()), Ordering::SeqCst);
    }
    assert_eq!(served.into_inner(), 3, "one inside and four waiting, two of whom gave way");
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_at_once_and_those_who_left_make_room() {
    let gate = gate(&PartyLimits { concurrency: 1, queue: 1, ..limits() });
    let held = come_in(&gate, "a", Lane::Counter).await;
    let (a, b) = (load_of("a", Lane::Counter), load_of("b", Lane::Counter));
    let deadline = Instant::now() + LONG;
    let mut waiting = Box::pin(gate.enter(Waiter { client: "a", progress: &a, deadline }));
    assert!((&mut waiting).now_or_never().is_none());
    let refused = gate.enter(Waiter { client: "b", progress: &b, deadline }).now_or_never();
    assert!(matches!(refused, Some(Err(NoTurn::Full))));
    drop(waiting);
    let mut second = Box::pin(gate.enter(Waiter { client: "b", progress: &b, deadline }));
    assert!((&mut second).now_or_never().is_none(), "it queues now");
    drop(held);
    assert!(second.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_is_given_to_somebody_who_left_is_not_lost() {
    let gate = gate(&PartyLimits { concurrency: 1, burst: 1, ..limits() });
    let held = come_in(&gate, "a", Lane::Counter).await;
    let a = load_of("a", Lane::Counter);
    let waiter = Waiter { client: "a", progress: &a, deadline: Instant::now() + LONG };
    let mut waiting = Box::pin(gate.enter(waiter));
    assert!((&mut waiting).now_or_never().is_none());
    drop(held);
    drop(waiting);
    assert!(come_in(&gate, "b", Lane::Counter).await.is_ok(), "place and leave are both there");
}

#[tokio::test(start_paused = true)]
async fn never_more_than_burst_and_rate() {
    let gate = gate(&PartyLimits { burst: 5, ..limits() });
    let began = Instant::now();
    spend(&gate, 5, began + LONG).await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO);
    spend(&gate, 20, began + LONG).await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(2), "twenty more at ten a second");
}

#[tokio::test(start_paused = true)]
async fn what_the_wire_bunches_up_is_taken_off_the_burst() {
    let gate = gate(&PartyLimits { rate_per_s: 100, burst: 20, ..limits() });
    let began = Instant::now();
    spend(&gate, 15, began + LONG).await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO);
    spend(&gate, 1, began + LONG).await.unwrap();
    assert_eq!(began.elapsed().as_millis(), 10, "five arrive in 50 ms at a hundred a second");
}

#[tokio::test(start_paused = true)]
async fn says_at_once_when_the_wait_would_be_too_long() {
    let gate = gate(&PartyLimits { rate_per_s: 1, burst: 1, ..limits() });
    let deadline = Instant::now() + Duration::from_millis(500);
    spend(&gate, 1, deadline).await.unwrap();
    let used_up = NoTurn::UsedUp(UsedUp { retry_after: Duration::from_secs(1) });
    assert_eq!(spend(&gate, 1, deadline).now_or_never(), Some(Err(used_up)));
    spend(&gate, 1, Instant::now() + Duration::from_secs(2)).await.unwrap();
    // One's own line counts: a client has one turn at a time.
    let book = Book::default();
    (0..5).for_each(|_| drop(book.call(&gate, "desk", Lane::Counter, Duration::ZERO)));
    settle().await;
    let soon = Instant::now() + Duration::from_secs(4);
    let (desk, other) = (load_of("desk", Lane::Counter), load_of("other", Lane::Counter));
    let hopeless = gate.enter(Waiter { client: "desk", progress: &desk, deadline: soon }).now_or_never();
    assert!(matches!(hopeless, Some(Err(NoTurn::UsedUp(_)))));
    assert!(gate.enter(Waiter { client: "other", progress: &other, deadline: soon }).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_day_has_its_count_and_ends_at_midnight_in_vietnam() {
    let clock = Arc::new(FakeClock::default());
    clock.set_unix_ms(17 * 3_600_000 - 1_000); // 23:59:59 at +07:00
    let limits = PartyLimits { rate_per_s: 100, burst: 100, daily_quota: 2, ..limits() };
    let gate = Gate::new("residence", &limits, Arc::clone(&clock) as _);
    let deadline = Instant::now() + Duration::from_secs(1);
    spend(&gate, 2, deadline).await.unwrap();
    let tomorrow = NoTurn::UsedUp(UsedUp { retry_after: Duration::from_secs(1) });
    assert_eq!(spend(&gate, 1, deadline).await, Err(tomorrow));
    clock.set_unix_ms(17 * 3_600_000);
    spend(&gate, 1, deadline).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn batches_have_their_share_of_the_day_and_the_counter_the_rest() {
    let limits = PartyLimits { daily_quota: 20, batch_share_percent: 30, ..limits() };
    let (gate, book) = (gate(&limits), Book::default());
    let mut calls = Vec::new();
    for (client, lane, number) in [("lot", Lane::Batch, 15), ("desk", Lane::Counter, 30)] {
        calls.extend((0..number).map(|_| book.call(&gate, client, lane, Duration::ZERO)));
    }
    for call in calls {
        call.await.unwrap();
    }
    let served = |who: &str| book.entries().iter().filter(|entry| *entry == who).count();
    assert_eq!((served("lot batch"), served("desk counter")), (6, 14));
    assert_eq!((gate.waiting(Lane::Counter), gate.waiting(Lane::Batch)), (0, 0), "nobody waits for tomorrow");
}

#[tokio::test(start_paused = true)]
async fn what_was_made_already_is_waited_for_afterwards() {
    let gate = gate(&PartyLimits { burst: 2, daily_quota: 6, ..limits() });
    let began = Instant::now();
    gate.charge(5);
    spend(&gate, 1, began + LONG).await.unwrap();
    assert_eq!(began.elapsed().as_millis(), 400, "two of a burst, then ten a second");
    assert!(spend(&gate, 1, began + LONG).await.is_err(), "five and one are the day's six");
}

#[tokio::test(start_paused = true)]
async fn a_party_that_said_when_to_come_back_is_left_until_then() {
    let gate = gate(&PartyLimits { burst: 5, ..limits() });
    let (_place, held) = come_in(&gate, "desk", Lane::Counter).await.unwrap_or_else(|_| panic!("no turn"));
    gate.pause(Duration::from_secs(3));
    assert!(!held.holds(), "leave given before does not hold");
    drop(held);
    let began = Instant::now();
    assert!(spend(&gate, 1, began + Duration::from_secs(1)).now_or_never().unwrap().is_err());
    spend(&gate, 1, began + Duration::from_secs(9)).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 3);
}
