//! One simulated life of some cases: nodes that are killed and paused, agencies, citizens and an operator, all from one seed.

mod people;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use engine::calendar::Calendar;
use engine::case::LegState;
use engine::case::store::{Node, Store};
use engine::case::work::{Act, Patience, Worker};
use engine::chain::{Chain, Chains};
use futures_util::future::BoxFuture;

use super::agencies::{IDENTITY, MANNERS, Offices, Weather, Word};
use super::store::Memory;
use super::time::{Dice, Time};
use super::{CASES, Laws, Sabotage};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Tuesday, 12 August 2025, 09:00 in Hà Nội.
const BEGIN_MS: i64 = 1_754_964_000_000;
/// Two machines, so that a lease can be lost to somebody else.
const NODES: usize = 2;
/// Turns a node takes at the same time.
const PLACES: usize = 2;
/// More steps than any life needs: some 2,000 are usual.
const STEPS_MAX: usize = 400_000;
/// A node that was killed is back within this.
const RESTART_MS: i64 = 5_000;

/// What happens at a time of its own.
#[derive(Debug, Clone)]
enum Happening {
    Poll(u64),
    Word(Word),
    Opens(usize),
    Citizen(String, String),
    Withdrawal(String),
    Operator(String, String),
    Outage,
}

/// Something under way on a node: a turn of a leg, or a request.
struct Task {
    node: usize,
    work: BoxFuture<'static, Option<Happening>>,
    /// Who sent the request sends it again when nobody answers.
    again: Option<Happening>,
    /// Not polled before: the process stands still.
    paused_until: i64,
}

/// The world.
pub struct World {
    pub time: Arc<Time>,
    pub dice: Arc<Dice>,
    pub store: Arc<Memory>,
    pub offices: Arc<Offices>,
    pub chain: Arc<Chain>,
    chains: Arc<Chains>,
    calendar: Arc<Calendar>,
    nodes: Vec<Node>,
    down_until: Vec<i64>,
    tasks: BTreeMap<u64, Task>,
    agenda: BinaryHeap<Reverse<(i64, u64, Line)>>,
    lines: BTreeMap<u64, Happening>,
    count: u64,
    sabotage: Option<Sabotage>,
    roughness: Roughness,
    /// The cases somebody was told are ours.
    pub acknowledged: Arc<Mutex<Vec<String>>>,
    /// What was answered otherwise than it must be.
    pub wrong: Arc<Mutex<Vec<String>>>,
    pub tally: Tally,
}

/// A place in the agenda; what it is stands beside it, so that the heap compares numbers alone.
type Line = u64;

/// What a life had in it.
#[derive(Debug, Default, Clone)]
pub struct Tally {
    pub kills: u64,
    pub pauses: u64,
    pub steps: usize,
    pub ended: bool,
}

fn weather(dice: &Dice) -> Weather {
    // A third of the lives are calm, so that a fault of the house is not drowned in the weather's.
    let rough = if dice.in_1000(300) { 0 } else { 1 };
    let up_to = |most| rough * u64::try_from(dice.below(most)).unwrap_or(0);
    Weather {
        unreachable: up_to(200),
        request_lost: up_to(100),
        reply_lost: up_to(250),
        commit_late: up_to(150),
        rejected: up_to(100),
        declined: up_to(120),
        supplement: up_to(300),
        foreign: up_to(30),
        cancels: up_to(30),
    }
}

impl World {
    /// A world from a seed.
    pub fn of(seed: u64, laws: &Laws, sabotage: Option<Sabotage>) -> World {
        let (time, dice) = (Time::at(BEGIN_MS), Dice::of(seed));
        let weather = weather(&dice);
        let roughness = Roughness::of(&dice);
        let chain = &laws.chain;
        let chains: Chains = [(chain.name.clone(), Arc::clone(chain))].into();
        let node = |at: usize| Node { name: format!("node-{at}"), boot: 1 };
        let mut world = World {
            store: Memory::new(&time, &dice, roughness.store_fails, sabotage),
            offices: Offices::new(&time, &dice, weather),
            chain: Arc::clone(chain),
            chains: Arc::new(chains),
            calendar: Arc::clone(&laws.calendar),
            nodes: (0..NODES).map(node).collect(),
            down_until: vec![0; NODES],
            tasks: BTreeMap::new(),
            agenda: BinaryHeap::new(),
            lines: BTreeMap::new(),
            count: 0,
            sabotage,
            roughness,
            acknowledged: Arc::default(),
            wrong: Arc::default(),
            tally: Tally::default(),
            time,
            dice,
        };
        world.plan();
        world
    }

    fn plan(&mut self) {
        for number in 0..CASES {
            let at = self.dice.below(2 * HOUR_MS);
            self.at(BEGIN_MS + at, Happening::Opens(number));
        }
        for _ in 0..self.roughness.outages {
            let at = BEGIN_MS + self.dice.span(5 * DAY_MS);
            self.at(at, Happening::Outage);
        }
    }

    fn at(&mut self, at_ms: i64, what: Happening) {
        self.count += 1;
        self.agenda.push(Reverse((at_ms, self.count, self.count)));
        self.lines.insert(self.count, what);
    }

    fn in_a_while(&mut self, most_ms: i64, what: Happening) {
        let at = self.time.now() + 1 + self.dice.span(most_ms);
        self.at(at, what);
    }

    /// Lives until nothing is left to happen.
    pub fn live(&mut self) {
        for step in 0..STEPS_MAX {
            self.tally.steps = step;
            let next = self.agenda.peek().map(|Reverse((at, ..))| *at);
            let due = self.next_turn();
            match (next, due) {
                (None, None) => {
                    self.tally.ended = true;
                    return;
                }
                (Some(at), None) => self.happen(at),
                (Some(at), Some((due, _))) if at <= due => self.happen(at),
                (_, Some((due, node))) => {
                    self.time.go_on_to(due);
                    self.begin_turn(node);
                }
            }
        }
    }

    /// The earliest turn that a node with a free place could take.
    fn next_turn(&self) -> Option<(i64, usize)> {
        let now = self.time.now();
        let free = |at: &usize| self.tasks.values().filter(|task| task.node == *at).count() < PLACES;
        let nodes = (0..self.nodes.len()).filter(free);
        nodes
            .filter_map(|at| {
                let due = self.store.next_due(self.nodes.get(at)?)?;
                let up = self.down_until.get(at).copied().unwrap_or(0);
                Some((due.max(up).max(now), at))
            })
            .min()
    }

    fn begin_turn(&mut self, node: usize) {
        let Some(name) = self.nodes.get(node).cloned() else { return };
        let worker = self.worker(name);
        let work = async move {
            // A turn that fails is somebody's again when its lease is over.
            let _ = worker.turn().await;
            None
        };
        self.begin(node, Box::pin(work), None);
    }

    fn begin(&mut self, node: usize, work: BoxFuture<'static, Option<Happening>>, again: Option<Happening>) {
        self.count += 1;
        let id = self.count;
        self.tasks.insert(id, Task { node, work, again, paused_until: 0 });
        self.poll(id);
    }

    fn worker(&self, node: Node) -> Worker {
        Worker {
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            agencies: Arc::clone(&self.offices) as Arc<_>,
            clock: Arc::clone(&self.time) as Arc<_>,
            chance: Arc::clone(&self.dice) as Arc<_>,
            chains: Arc::clone(&self.chains),
            identity: Arc::new(|_| IDENTITY.map(str::to_owned).to_vec()),
            calendar: Arc::clone(&self.calendar),
            node,
            patience: Patience::default(),
        }
    }

    fn poll(&mut self, id: u64) {
        let now = self.time.now();
        let Some(task) = self.tasks.get_mut(&id) else { return };
        if task.paused_until > now {
            let until = task.paused_until;
            self.at(until, Happening::Poll(id));
            return;
        }
        let node = task.node;
        let mut context = Context::from_waker(Waker::noop());
        match task.work.as_mut().poll(&mut context) {
            Poll::Ready(again) => {
                self.tasks.remove(&id);
                if let Some(again) = again {
                    self.in_a_while(10 * MINUTE_MS, again);
                }
            }
            Poll::Pending => {
                let wake = self.time.take_wake();
                self.at(wake, Happening::Poll(id));
                // Here it waits for somebody: the very place to be killed, or to stand still, at.
                if self.dice.in_1000(self.roughness.kills) {
                    self.kill(node);
                } else if self.dice.in_1000(self.roughness.pauses) {
                    self.pause(node);
                }
            }
        }
    }

    fn happen(&mut self, at: i64) {
        let Some(Reverse((_, _, line))) = self.agenda.pop() else { return };
        self.time.go_on_to(at);
        let Some(what) = self.lines.remove(&line) else { return };
        match what {
            Happening::Poll(id) => self.poll(id),
            Happening::Word(word) => self.word(word),
            Happening::Opens(number) => self.opens(number),
            Happening::Citizen(case, leg) => self.citizen(case, leg),
            Happening::Withdrawal(case) => {
                self.request(case.clone(), Act::Withdrawal, Happening::Withdrawal(case));
            }
            Happening::Operator(case, leg) => self.operator(case, leg),
            Happening::Outage => self.outage(),
        }
        self.look_around();
    }

    /// Everything that the last step has made somebody want to do.
    fn look_around(&mut self) {
        for word in self.offices.take_words() {
            self.at(word.deliver_ms, Happening::Word(word));
        }
        for (case, leg) in self.store.take_noticed() {
            let (name, ten_days) = (leg.name.clone(), 10 * DAY_MS);
            // One in ten forgets: a supplement lapses, a parked leg stays parked, and says why.
            let comes = self.dice.in_1000(900);
            match leg.state {
                LegState::Supplement if comes => self.in_a_while(ten_days, Happening::Citizen(case, name)),
                LegState::Parked if comes => self.in_a_while(2 * DAY_MS, Happening::Operator(case, name)),
                _ => {}
            }
        }
    }

    fn anybody(&self) -> usize {
        usize::try_from(self.dice.below(2)).unwrap_or(0)
    }

    /// `kill -9`: everything under way on the node is gone, and its next boot has another number.
    fn kill(&mut self, node: usize) {
        self.tally.kills += 1;
        let down = self.time.now() + self.dice.below(RESTART_MS);
        self.stand_still(node, down);
        if let Some(node) = self.nodes.get_mut(node) {
            node.boot += 1;
        }
        let killed: Vec<u64> =
            self.tasks.iter().filter(|(_, task)| task.node == node).map(|(id, _)| *id).collect();
        for again in killed
            .iter()
            .filter_map(|id| self.tasks.remove(id))
            .filter_map(|task| task.again)
            .collect::<Vec<_>>()
        {
            self.in_a_while(10 * MINUTE_MS, again);
        }
    }

    /// SIGSTOP, then SIGCONT: leases run out meanwhile, and what was under way goes on as if nothing had been (F15).
    fn pause(&mut self, node: usize) {
        self.tally.pauses += 1;
        let until = self.time.now() + self.dice.below(10 * MINUTE_MS);
        self.stand_still(node, until);
        for task in self.tasks.values_mut().filter(|task| task.node == node) {
            task.paused_until = until;
        }
    }

    fn stand_still(&mut self, node: usize, until: i64) {
        if let Some(down) = self.down_until.get_mut(node) {
            *down = (*down).max(until);
        }
    }

    fn outage(&mut self) {
        let which = usize::try_from(self.dice.below(MANNERS.len() as i64)).unwrap_or(0);
        let until = self.time.now() + self.dice.span(6 * DAY_MS);
        if let Some(manner) = MANNERS.get(which) {
            self.offices.close(manner.service, until);
        }
    }
}

/// What the house itself suffers. Times in a thousand awaits, or commits.
#[derive(Debug, Clone, Copy)]
struct Roughness {
    kills: u64,
    pauses: u64,
    store_fails: u64,
    outages: i64,
}

impl Roughness {
    fn of(dice: &Dice) -> Roughness {
        let up_to = |most| u64::try_from(dice.below(most)).unwrap_or(0);
        match dice.below(4) {
            0 => Roughness { kills: 0, pauses: 0, store_fails: 0, outages: 0 },
            _ => Roughness {
                kills: up_to(40),
                pauses: up_to(15),
                store_fails: up_to(20),
                outages: dice.below(4),
            },
        }
    }
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
