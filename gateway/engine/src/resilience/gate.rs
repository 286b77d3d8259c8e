//! The gate before a party: its places and its quota in one wait, so that nobody holds the one while waiting for the other.
//!
//! A place is given together with leave for the first exchange, when there is both; further exchanges of the same call wait
//! for leave alone. Places keep one slow party from taking every place in the house; turns keep one busy client from taking
//! every place, and every exchange, at a party.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::client::Lane;
use crate::ports::{Clock, Progress};
use crate::resilience::quota::{Quota, UsedUp};
use crate::resilience::turns::{Standing, Ticket, Turn, Turns, Wish, ticket};
use crate::settings::PartyLimits;

/// Of so many places a batch leaves one alone while it is not due: a counter that comes to a party full of batches finds a
/// place at once. With fewer places than that it leaves none.
const PLACES_PER_SPARE: u32 = 4;
/// A party's places, its quota, and those who wait for both.
pub struct Gate {
    party: String,
    queue_max: usize,
    clock: Arc<dyn Clock>,
    inner: Mutex<Inner>,
}

struct Inner {
    places: Places,
    quota: Quota,
    turns: Turns<Granted>,
    /// When somebody looks again whether there is leave.
    waking: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Places {
    free: u32,
    /// What a batch leaves to the counter.
    spare: u32,
}

type Granted = Result<Admission, UsedUp>;

/// What a turn brings: a place if one was asked for, and leave for one exchange.
struct Admission {
    place: Option<Place>,
    leave: Leave,
}

/// A place at a party; given back when dropped.
pub struct Place {
    gate: Option<Arc<Gate>>,
}

/// Leave for one exchange; given back when dropped unspent.
pub struct Leave {
    gate: Option<Arc<Gate>>,
    lane: Lane,
}

/// Who waits, for whom, and until when.
#[derive(Clone, Copy)]
pub struct Waiter<'a> {
    /// The client whose turn it takes where the load says no more.
    pub client: &'a str,
    /// Whose load it is: everybody who joined it, each with a lane.
    pub progress: &'a Progress,
    /// When the wait is over.
    pub deadline: Instant,
}

/// Why there was no turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTurn {
    /// Every place is taken, and either the lines are full or nobody came out in time.
    Full,
    /// The quota is used up for longer than the caller waits.
    UsedUp(UsedUp),
}

impl Gate {
    /// An empty place before this party.
    pub fn new(party: &str, limits: &PartyLimits, clock: Arc<dyn Clock>) -> Arc<Self> {
        let quota = Quota::new(limits);
        let places = Places { free: limits.concurrency, spare: limits.concurrency / PLACES_PER_SPARE };
        let inner = Inner { places, quota, turns: Turns::default(), waking: None };
        Arc::new(Gate {
            party: party.to_owned(),
            queue_max: limits.queue as usize,
            clock,
            inner: Mutex::new(inner),
        })
    }

    /// Waits for a place together with leave for the first exchange. Whoever stops waiting leaves the lines.
    pub async fn enter(self: &Arc<Self>, waiter: Waiter<'_>) -> Result<(Place, Leave), NoTurn> {
        let Admission { place, leave } = self.wait(waiter, Wish::First).await?;
        Ok((place.ok_or(NoTurn::Full)?, leave))
    }

    /// Waits for leave for one exchange more, at the place held already.
    pub async fn again(self: &Arc<Self>, waiter: Waiter<'_>) -> Result<Leave, NoTurn> {
        Ok(self.wait(waiter, Wish::Further).await?.leave)
    }

    /// Takes off exchanges that were made already.
    pub fn charge(&self, exchanges: u32) {
        self.lock().quota.charge(exchanges, self.clock.unix_ms());
    }

    /// Lets nobody through for a while, because the party said when to come back.
    pub fn pause(&self, stay_away: Duration) {
        self.lock().quota.pause(stay_away);
    }

    /// How many wait in a lane.
    pub fn waiting(&self, lane: Lane) -> usize {
        self.lock().turns.waiting(lane)
    }

    async fn wait(self: &Arc<Self>, waiter: Waiter<'_>, wish: Wish) -> Result<Admission, NoTurn> {
        let began = Instant::now();
        let mut joined = waiter.progress.standings();
        let mut standings = joined.borrow_and_update().clone();
        if standings.is_empty() {
            standings.push(Standing { client: waiter.client.to_owned(), lane: Lane::Counter });
        }
        let (ticket, mut turn) = ticket();
        {
            let mut inner = self.lock();
            self.may_wait(&mut inner, &standings, wish, waiter.deadline)?;
            standings.iter().for_each(|standing| inner.turns.stand(standing, ticket.clone(), wish));
            self.grant(&mut inner);
        }
        loop {
            tokio::select! {
                biased;
                granted = &mut turn => {
                    let admission = granted.map_err(|_sent_away| NoTurn::Full)?.map_err(NoTurn::UsedUp)?;
                    self.note(admission.leave.lane, began);
                    return Ok(admission);
                }
                // Another caller joined the load: it stands in that one's line, too.
                Ok(()) = joined.changed() => {
                    let now = joined.borrow_and_update().clone();
                    self.stand_for_more(&standings, &now, &ticket, wish);
                    standings = now;
                }
                () = sleep_until(waiter.deadline) => return Err(self.too_late()),
            }
        }
    }

    /// Whether waiting makes sense: not where the day is used up, where the even pace alone takes longer than the caller
    /// waits, or where the lines are full of others who wait as long already.
    fn may_wait(
        &self,
        inner: &mut Inner,
        standings: &[Standing],
        wish: Wish,
        deadline: Instant,
    ) -> Result<(), NoTurn> {
        let now = Instant::now();
        let mut why = NoTurn::Full;
        for standing in standings {
            if let Some(used_up) = inner.quota.used_up(self.clock.unix_ms(), standing.lane) {
                why = NoTurn::UsedUp(used_up);
                continue;
            }
            let before = u32::try_from(inner.turns.before(standing, wish)).unwrap_or(u32::MAX);
            let ready = inner.quota.ready_at(now, before.saturating_add(1));
            if ready > now && ready >= deadline {
                why = NoTurn::UsedUp(UsedUp { retry_after: ready - now });
            } else if inner.has_room(self.queue_max, standing, wish) {
                return Ok(());
            }
        }
        Err(why)
    }

    fn stand_for_more(&self, before: &[Standing], now: &[Standing], ticket: &Ticket<Granted>, wish: Wish) {
        let mut inner = self.lock();
        for standing in now.iter().filter(|standing| !before.contains(standing)) {
            inner.turns.stand(standing, ticket.clone(), wish);
        }
    }

    /// Gives out what there is, turn by turn, and looks again when there will be more.
    fn grant(self: &Arc<Self>, inner: &mut Inner) {
        loop {
            let unix_ms = self.clock.unix_ms();
            // The batch first: whoever stands at the counter, too, goes on standing there.
            for lane in [Lane::Batch, Lane::Counter] {
                if let Some(used_up) = inner.quota.used_up(unix_ms, lane) {
                    let sent_away = inner.turns.dismiss(lane);
                    sent_away.into_iter().for_each(|sender| drop(sender.send(Err(used_up))));
                }
            }
            let Some(Turn { sender, lane, wish }) = inner.next() else { break };
            inner.quota.reserve(lane);
            let place = (wish == Wish::First).then(|| Place { gate: Some(Arc::clone(self)) });
            inner.places.free -= u32::from(place.is_some());
            let leave = Leave { gate: Some(Arc::clone(self)), lane };
            if let Err(Ok(left)) = sender.send(Ok(Admission { place, leave })) {
                inner.take_back(left);
            }
        }
        self.look_again(inner);
    }

    /// Sees to it that somebody grants when the bucket has leave again; places wake those who wait by themselves.
    fn look_again(self: &Arc<Self>, inner: &mut Inner) {
        let now = Instant::now();
        let waits = [Lane::Counter, Lane::Batch].map(|lane| inner.turns.waiting(lane) > 0);
        let spare = if waits == [false, true] { inner.quota.spare() } else { 0 };
        let moments = [1, 1 + spare].map(|more| inner.quota.ready_at(now, more));
        let Some(when) = moments.into_iter().find(|moment| *moment > now).filter(|_| waits != [false; 2])
        else {
            return;
        };
        if inner.waking.is_some_and(|waking| waking > now && waking <= when) {
            return;
        }
        // Without a runtime there is nobody left who waits.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        inner.waking = Some(when);
        let gate = Arc::clone(self);
        runtime.spawn(async move {
            sleep_until(when).await;
            let mut inner = gate.lock();
            inner.waking = None;
            gate.grant(&mut inner);
        });
    }

    fn too_late(&self) -> NoTurn {
        let (inner, now) = (self.lock(), Instant::now());
        let ready = inner.quota.ready_at(now, 1);
        if ready > now { NoTurn::UsedUp(UsedUp { retry_after: ready - now }) } else { NoTurn::Full }
    }

    fn note(&self, lane: Lane, began: Instant) {
        metrics::histogram!("lienthong_wait_seconds", "party" => self.party.clone(), "lane" => lane.word())
            .record(began.elapsed().as_secs_f64());
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn next(&mut self) -> Option<Turn<Granted>> {
        let Inner { places, quota, turns, .. } = self;
        turns.next(|lane, wish, due| has_both(places, quota, wish, lane == Lane::Batch && !due))
    }

    /// Whether a newcomer may wait: always at a place held already, and where there is both at once.
    fn has_room(&mut self, queue_max: usize, newcomer: &Standing, wish: Wish) -> bool {
        let Inner { places, quota, turns, .. } = self;
        if wish == Wish::Further || has_both(places, quota, wish, newcomer.lane == Lane::Batch) {
            return true;
        }
        let full = |turns: &Turns<_>| turns.waiting(Lane::Counter) + turns.waiting(Lane::Batch) >= queue_max;
        if full(turns) {
            turns.forget_who_left();
        }
        !full(turns) || turns.make_room(newcomer)
    }

    /// What was granted to somebody who had left. Defused, because giving it back by dropping would wait for the lock held
    /// here.
    fn take_back(&mut self, Admission { place, mut leave }: Admission) {
        if let Some(mut place) = place {
            place.gate = None;
            self.places.free += 1;
        }
        leave.gate = None;
        self.quota.give_back(leave.lane);
    }
}

/// Whether a wish can be granted now; what yields leaves something to the counter. What holds a place should end, so it
/// yields nothing.
fn has_both(places: &Places, quota: &Quota, wish: Wish, yields: bool) -> bool {
    let (spare_places, spare) = if yields { (places.spare, quota.spare()) } else { (0, 0) };
    match wish {
        Wish::Further => quota.has(1),
        Wish::First => places.free > spare_places && quota.has(1 + spare),
    }
}

impl Leave {
    /// Whether the exchange may still leave now: the party may have asked us to stay away since.
    pub fn holds(&self) -> bool {
        self.gate.as_ref().is_some_and(|gate| gate.lock().quota.has(0))
    }

    /// The exchange leaves now.
    pub fn spend(mut self) {
        if let Some(gate) = self.gate.take() {
            gate.lock().quota.spend(self.lane, gate.clock.unix_ms());
        }
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        if let Some(gate) = self.gate.take() {
            let mut inner = gate.lock();
            inner.quota.give_back(self.lane);
            gate.grant(&mut inner);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(gate) = self.gate.take() {
            let mut inner = gate.lock();
            inner.places.free += 1;
            gate.grant(&mut inner);
        }
    }
}

#[cfg(test)]
mod tests;
