//! Keeps one slow party from taking every place in the house, and one busy client from taking every place at a party.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::settings::PartyLimits;

/// A party's places, and the clients waiting for one.
#[derive(Debug)]
pub struct Bulkhead {
    queue_max: usize,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    free: u32,
    waiting: usize,
    /// Whose turn it is: every client with a line stands here once.
    turns: VecDeque<String>,
    lines: HashMap<String, VecDeque<oneshot::Sender<Place>>>,
}

/// A place at a party; given back when dropped.
#[derive(Debug)]
pub struct Place {
    bulkhead: Option<Arc<Bulkhead>>,
}

/// Every place is taken and the queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl Bulkhead {
    /// An empty one.
    pub fn new(limits: &PartyLimits) -> Arc<Self> {
        let inner =
            Inner { free: limits.concurrency, waiting: 0, turns: VecDeque::new(), lines: HashMap::new() };
        Arc::new(Bulkhead { queue_max: limits.queue as usize, inner: Mutex::new(inner) })
    }

    /// Waits for a place, clients taking turns. The caller bounds the wait; whoever stops waiting leaves the queue.
    pub async fn enter(self: &Arc<Self>, client: &str) -> Result<Place, Full> {
        let turn = {
            let mut inner = self.lock();
            if inner.free > 0 {
                inner.free -= 1;
                return Ok(Place { bulkhead: Some(Arc::clone(self)) });
            }
            if inner.waiting >= self.queue_max {
                inner.forget_who_left();
            }
            if inner.waiting >= self.queue_max {
                return Err(Full);
            }
            inner.queue(client)
        };
        turn.await.map_err(|_| Full)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give_back(self: Arc<Self>) {
        let mut inner = self.lock();
        while let Some(next) = inner.next() {
            let place = Place { bulkhead: Some(Arc::clone(&self)) };
            match next.send(place) {
                Ok(()) => return,
                // Left meanwhile. Defused, because giving the place back from here would wait for the lock held here.
                Err(mut refused) => refused.bulkhead = None,
            }
        }
        inner.free += 1;
    }
}

impl Inner {
    fn queue(&mut self, client: &str) -> oneshot::Receiver<Place> {
        let (sender, receiver) = oneshot::channel();
        let line = self.lines.entry(client.to_owned()).or_default();
        if line.is_empty() {
            self.turns.push_back(client.to_owned());
        }
        line.push_back(sender);
        self.waiting += 1;
        receiver
    }

    fn next(&mut self) -> Option<oneshot::Sender<Place>> {
        let client = self.turns.pop_front()?;
        let line = self.lines.get_mut(&client)?;
        let next = line.pop_front();
        if line.is_empty() {
            self.lines.remove(&client);
        } else {
            self.turns.push_back(client);
        }
        self.waiting -= usize::from(next.is_some());
        next
    }

    fn forget_who_left(&mut self) {
        self.lines.retain(|_, line| {
            line.retain(|sender| !sender.is_closed());
            !line.is_empty()
        });
        self.turns.retain(|client| self.lines.contains_key(client));
        self.waiting = self.lines.values().map(VecDeque::len).sum();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(bulkhead) = self.bulkhead.take() {
            bulkhead.give_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn bulkhead(concurrency: u32, queue: u32) -> Arc<Bulkhead> {
        Bulkhead::new(&PartyLimits { concurrency, queue, ..PartyLimits::default() })
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_those_who_left_make_room() {
        let bulkhead = bulkhead(1, 1);
        let held = bulkhead.enter("a").await.unwrap();
        let mut waiting = Box::pin(bulkhead.enter("a"));
        assert!((&mut waiting).now_or_never().is_none());
        assert_eq!(bulkhead.enter("b").await.unwrap_err(), Full);
        drop(waiting);
        let mut second = Box::pin(bulkhead.enter("b"));
        assert!((&mut second).now_or_never().is_none(), "it queues now");
        drop(held);
        assert!(second.await.is_ok());
    }

    #[tokio::test]
    async fn clients_take_turns() {
        let bulkhead = bulkhead(1, 10);
        let mut place = bulkhead.enter("batch").await.unwrap();
        let mut waiting: Vec<_> = ["batch", "batch", "batch", "counter"]
            .into_iter()
            .map(|client| (client, Box::pin(bulkhead.enter(client))))
            .collect();
        for (_, turn) in &mut waiting {
            assert!(turn.now_or_never().is_none());
        }
        let mut order = Vec::new();
        while !waiting.is_empty() {
            drop(place);
            let mut served = None;
            for (at, (client, turn)) in waiting.iter_mut().enumerate() {
                if let Some(Ok(got)) = turn.now_or_never() {
                    served = Some((at, *client, got));
                    break;
                }
            }
            let (at, client, got) = served.unwrap();
            drop(waiting.remove(at));
            order.push(client);
            place = got;
        }
        assert_eq!(order, ["batch", "counter", "batch", "batch"]);
    }

    #[tokio::test]
    async fn a_place_given_to_somebody_who_left_is_not_lost() {
        let bulkhead = bulkhead(1, 10);
        let held = bulkhead.enter("a").await.unwrap();
        let mut waiting = Box::pin(bulkhead.enter("a"));
        assert!((&mut waiting).now_or_never().is_none());
        drop(held);
        drop(waiting);
        assert!(bulkhead.enter("b").now_or_never().unwrap().is_ok());
    }
}
