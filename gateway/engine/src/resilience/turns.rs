//! Whose turn it is: the counter before the batch, and inside a lane whoever was served longest ago.
//!
//! A client that asks ten times as often has ten times as many waiting in its own line, and no turn more. Whoever waits for
//! one load of several callers stands in the line of each of them: the first turn that comes is taken.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::client::Lane;

/// Of so many turns one is the batch's while it waits, however many stand at the counter. With five the counter keeps four
/// fifths of what a party agreed to, and a batch of 1,000 at a party of 20 a second is done in 250 s at worst.
pub const BATCH_EVERY: u32 = 5;

/// For whom something is waited for, and in which lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The client whose turn it takes.
    pub client: String,
    /// Its lane.
    pub lane: Lane,
}

/// One who waits, in as many lines as it has standings; what it gets is sent once.
#[derive(Debug)]
pub struct Ticket<T>(Arc<Mutex<Option<oneshot::Sender<T>>>>);

/// What a waiter asks for: a place with its first exchange, or one more exchange at the place it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Has a place already; served before its client's newcomers, because what holds a place should end.
    Further,
    /// Needs a place.
    First,
}

/// One whose turn it is.
#[derive(Debug)]
pub struct Turn<T> {
    /// Where to send what it waits for.
    pub sender: oneshot::Sender<T>,
    /// In which lane its turn came.
    pub lane: Lane,
    /// What it waits for.
    pub wish: Wish,
}

/// The lines before one party.
#[derive(Debug)]
pub struct Turns<T> {
    counter: Lines<T>,
    batch: Lines<T>,
    /// Turns of the counter since the batch's last, while a batch waited.
    since_batch: u32,
    /// Counts turns and arrivals alike, so that they can be compared.
    moment: u64,
}

#[derive(Debug)]
struct Lines<T>(HashMap<String, Line<T>>);

/// One client's line in one lane.
#[derive(Debug)]
struct Line<T> {
    /// When it last had a turn; 0: not while anybody has been waiting.
    served: u64,
    /// When its first waiter came.
    since: u64,
    further: VecDeque<Ticket<T>>,
    first: VecDeque<Ticket<T>>,
}

/// A ticket, and the other end of what is sent to it.
pub fn ticket<T>() -> (Ticket<T>, oneshot::Receiver<T>) {
    let (sender, receiver) = oneshot::channel();
    (Ticket(Arc::new(Mutex::new(Some(sender)))), receiver)
}

impl<T> Clone for Ticket<T> {
    fn clone(&self) -> Self {
        Ticket(Arc::clone(&self.0))
    }
}

impl<T> Ticket<T> {
    /// Whether somebody still waits with it.
    fn waits(&self) -> bool {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sender.as_ref().is_some_and(|sender| !sender.is_closed())
    }

    fn take(&self) -> Option<oneshot::Sender<T>> {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        sender.filter(|sender| !sender.is_closed())
    }

    /// Whether this is the last line it stands in; the waiter itself holds the other one.
    fn stands_nowhere_else(&self) -> bool {
        Arc::strong_count(&self.0) <= 2
    }
}

impl<T> Default for Turns<T> {
    fn default() -> Self {
        let (counter, batch) = (Lines(HashMap::new()), Lines(HashMap::new()));
        Turns { counter, batch, since_batch: 0, moment: 0 }
    }
}

impl<T> Turns<T> {
    /// Joins the end of a line.
    pub fn stand(&mut self, standing: &Standing, ticket: Ticket<T>, wish: Wish) {
        self.moment += 1;
        let since = self.moment;
        let lines = &mut self.lines(standing.lane).0;
        let line = lines.entry(standing.client.clone()).or_default();
        if line.is_empty() {
            line.since = since;
        }
        match wish {
            Wish::Further => line.further.push_back(ticket),
            Wish::First => line.first.push_back(ticket),
        }
    }

    /// The next one, of those there is room for: `room(lane, wish, due)`, where `due` says that the batch has waited its
    /// number of turns.
    pub fn next(&mut self, room: impl Fn(Lane, Wish, bool) -> bool) -> Option<Turn<T>> {
        let batch_waits = !self.batch.forget_who_left();
        if self.counter.forget_who_left() && !batch_waits {
            // Nobody waits: who was served when no longer matters.
            self.counter.0.clear();
            self.batch.0.clear();
        }
        let due = self.since_batch + 1 >= BATCH_EVERY;
        let order = if due { [Lane::Batch, Lane::Counter] } else { [Lane::Counter, Lane::Batch] };
        for lane in order {
            self.moment += 1;
            let moment = self.moment;
            let may = |wish| room(lane, wish, due && lane == Lane::Batch);
            if let Some((sender, wish)) = self.lines(lane).next(moment, may) {
                let counts = batch_waits && lane == Lane::Counter;
                self.since_batch = if counts { self.since_batch + 1 } else { 0 };
                return Some(Turn { sender, lane, wish });
            }
        }
        None
    }

    /// How many wait in a lane, everybody in each of its lines.
    pub fn waiting(&self, lane: Lane) -> usize {
        let lines = match lane {
            Lane::Counter => &self.counter,
            Lane::Batch => &self.batch,
        };
        lines.0.values().map(Line::len).sum()
    }

    /// How many of the same client wait before a newcomer: one client has one turn at a time, whatever the others do.
    pub fn before(&mut self, standing: &Standing, wish: Wish) -> usize {
        let Some(line) = self.lines(standing.lane).0.get_mut(&standing.client) else { return 0 };
        line.forget_who_left();
        match wish {
            Wish::Further => line.further.len(),
            Wish::First => line.len(),
        }
    }

    /// Makes room for a newcomer where the lines are full: the last of the longest line gives way, if that line is longer
    /// than the newcomer's own. So a client that floods crowds out itself.
    pub fn make_room(&mut self, newcomer: &Standing) -> bool {
        let own = self.before(newcomer, Wish::First);
        let lines = self.batch.0.values_mut().chain(self.counter.0.values_mut());
        let Some(longest) = lines.max_by_key(|line| line.first.len()) else { return false };
        // Dropping the ticket tells its waiter, unless it stands in another line too.
        longest.first.len() > own + 1
            && longest.first.pop_back().is_some_and(|ticket| {
                if ticket.stands_nowhere_else() {
                    drop(ticket.take());
                }
                true
            })
    }

    /// Takes everybody out of a lane; those who stand nowhere else are given back, to be told.
    pub fn dismiss(&mut self, lane: Lane) -> Vec<oneshot::Sender<T>> {
        let lines = std::mem::take(&mut self.lines(lane).0);
        let tickets = lines.into_values().flat_map(|line| line.further.into_iter().chain(line.first));
        tickets.filter(Ticket::stands_nowhere_else).filter_map(|ticket| ticket.take()).collect()
    }

    /// Forgets everybody who no longer waits, wherever they stand.
    pub fn forget_who_left(&mut self) {
        for lines in [&mut self.counter, &mut self.batch] {
            for line in lines.0.values_mut() {
                line.further.retain(Ticket::waits);
                line.first.retain(Ticket::waits);
            }
        }
    }

    fn lines(&mut self, lane: Lane) -> &mut Lines<T> {
        match lane {
            Lane::Counter => &mut self.counter,
            Lane::Batch => &mut self.batch,
        }
    }
}

impl<T> Lines<T> {
    /// Forgets who left at the head of a line; says whether nobody waits.
    fn forget_who_left(&mut self) -> bool {
        self.0.values_mut().for_each(Line::forget_who_left);
        self.0.values().all(Line::is_empty)
    }

    fn next(&mut self, moment: u64, may: impl Fn(Wish) -> bool) -> Option<(oneshot::Sender<T>, Wish)> {
        let (further, first) = (may(Wish::Further), may(Wish::First));
        let served =
            |line: &&mut Line<T>| (further && !line.further.is_empty()) || (first && !line.first.is_empty());
        loop {
            // Clients are those of clients.toml, so looking at each of them is cheap.
            let line = self.0.values_mut().filter(served).min_by_key(|line| (line.served, line.since))?;
            let wish = if further && !line.further.is_empty() { Wish::Further } else { Wish::First };
            let ticket = match wish {
                Wish::Further => line.further.pop_front()?,
                Wish::First => line.first.pop_front()?,
            };
            // Whoever leaves just now has had no turn.
            if let Some(sender) = ticket.take() {
                line.served = moment;
                return Some((sender, wish));
            }
        }
    }
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Line { served: 0, since: 0, further: VecDeque::new(), first: VecDeque::new() }
    }
}

impl<T> Line<T> {
    fn is_empty(&self) -> bool {
        self.further.is_empty() && self.first.is_empty()
    }

    fn len(&self) -> usize {
        self.further.len() + self.first.len()
    }

    /// Forgets those at the head who no longer wait.
    fn forget_who_left(&mut self) {
        for waiting in [&mut self.further, &mut self.first] {
            while waiting.front().is_some_and(|ticket| !ticket.waits()) {
                waiting.pop_front();
            }
        }
    }
}
