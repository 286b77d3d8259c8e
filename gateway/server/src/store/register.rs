//! What the API asks of a store besides working on cases: who has which case, what happened, what is due.

use engine::case::store::{Admitted, IdempotencyKey, Node, Store, StoreFailed};
use engine::case::{Case, Entry, LegState};
use futures_util::future::BoxFuture;

/// Rows of one page of any list: a page of events is some 100 kB.
pub const PAGE_MAX: usize = 500;

/// Whose cases are asked for. A client sees only its own; what is another's is not there (T29).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// This client's.
    Client(String),
    /// Everybody's: the operator, the webhooks, the jobs.
    Everybody,
}

/// Which cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// Those known by this reference, of any kind: dossier code, waybill, payment reference, our own.
    Reference(String),
    /// Those open beyond their due time at this moment, in milliseconds since 1970.
    Overdue(i64),
    /// Those with a leg that is parked or uncertain.
    Attention,
}

/// A piece of a list of cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The case after which to go on; empty: from the beginning.
    pub after: String,
    /// At most so many, [`PAGE_MAX`] at most.
    pub limit: usize,
}

/// A case without what is said in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The case.
    pub id: String,
    /// Whose it is.
    pub client: String,
    /// The chain it is an instance of.
    pub chain: String,
    /// Raised with every commit.
    pub version: u64,
    /// When it was taken in, in milliseconds since 1970, as all times here.
    pub opened_ms: i64,
    /// When it is due, as far as that is known.
    pub due_ms: Option<i64>,
    /// When its last leg ended; `None`: it is open.
    pub ended_ms: Option<i64>,
    /// Its legs, in the chain's order.
    pub legs: Vec<LegSummary>,
}

/// A leg without what is said in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegSummary {
    /// Its name.
    pub name: String,
    /// The service it calls.
    pub service: String,
    /// Where it stands.
    pub state: LegState,
    /// Since when.
    pub since_ms: i64,
}

/// A line of a case's history, with its place in the feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Grows in the order in which events became visible: who has read up to here has missed nothing.
    pub seq: u64,
    /// The case.
    pub case: String,
    /// The case's version after the commit it came with.
    pub version: u64,
    /// The line.
    pub entry: Entry,
}

/// The reading half of a store, and what is registered about a case from outside its legs.
pub trait Register: Store {
    /// Counts a start of a node: what an earlier boot of it held is nobody's.
    fn enlist<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Node, StoreFailed>>;

    /// What became of a request that came before: [`Admitted::Again`] or [`Admitted::OtherBody`]; `None`: it is new.
    fn recall<'a>(&'a self, key: &'a IdempotencyKey) -> BoxFuture<'a, Result<Option<Admitted>, StoreFailed>>;

    /// A case with its summary.
    fn case<'a>(
        &'a self,
        whose: &'a Whose,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<(Summary, Case)>, StoreFailed>>;

    /// A list of cases, in the order of their identifiers.
    fn list<'a>(
        &'a self,
        whose: &'a Whose,
        which: &'a Which,
        page: &'a Page,
    ) -> BoxFuture<'a, Result<Vec<Summary>, StoreFailed>>;

    /// A case's events after this place; of another's case there are none.
    fn history<'a>(
        &'a self,
        whose: &'a Whose,
        case: &'a str,
        after: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Recorded>, StoreFailed>>;

    /// The feed after this place.
    fn events<'a>(
        &'a self,
        whose: &'a Whose,
        after: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Recorded>, StoreFailed>>;

    /// Gives a case another name by which it is found; `leg` is empty where it is the whole case's.
    fn refer<'a>(
        &'a self,
        case: &'a str,
        leg: &'a str,
        kind: &'a str,
        value: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreFailed>>;

    /// Says when a case is due, as the calendar and its pauses have it now; `None`: its clock stands.
    fn set_due<'a>(&'a self, case: &'a str, due_ms: Option<i64>) -> BoxFuture<'a, Result<(), StoreFailed>>;

    /// When something can next be claimed, if ever: how long a worker may sleep.
    fn next_due(&self) -> BoxFuture<'_, Result<Option<i64>, StoreFailed>>;
}
