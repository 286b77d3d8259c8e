//! What the durable road needs of a store: every call one transaction, on disk when it returns.

use futures_util::future::BoxFuture;

use super::{Case, Entry};

/// The store of cases. Embedded and scaled out alike; the same tests run over every implementation.
///
/// Jobs are the legs' own turns: committing a case puts one job per leg with a `turn_ms`, in the same transaction as case,
/// legs and events. Times of leases are the store's own clock's.
pub trait Store: Send + Sync {
    /// Takes a case in: case, legs, jobs, events and the idempotency record in one transaction.
    fn admit(&self, admission: Admission) -> BoxFuture<'_, Result<Admitted, StoreFailed>>;

    /// Claims one job: one that is due and unclaimed, or whose lease is over, or that an earlier boot of this node held.
    fn claim<'a>(
        &'a self,
        node: &'a Node,
        lease_ms: i64,
    ) -> BoxFuture<'a, Result<Option<Claim>, StoreFailed>>;

    /// Reads a case with its version.
    fn load<'a>(&'a self, case: &'a str) -> BoxFuture<'a, Result<Option<Case>, StoreFailed>>;

    /// Gives a lease back without a word; another's is left alone.
    fn release<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<(), StoreFailed>>;

    /// Commits what happened, or nothing.
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<(), NotCommitted>>;
}

/// A process that works on cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name, the same after a restart.
    pub name: String,
    /// Raised at every start: what an earlier boot held is nobody's.
    pub boot: u64,
}

/// A case to be taken in.
#[derive(Debug, Clone)]
pub struct Admission {
    /// The case as opened.
    pub case: Case,
    /// The first lines of its history.
    pub entries: Vec<Entry>,
    /// Client and key, and a hash of the body: the same key with another body is refused (T20).
    pub key: IdempotencyKey,
    /// Hashes that only one open case may hold: nobody dies twice (T21).
    pub unique: Vec<String>,
}

/// What makes a repeated request the same request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Whose key.
    pub client: String,
    /// The `Idempotency-Key` header.
    pub key: String,
    /// A hash of what was asked.
    pub fingerprint: String,
}

/// What became of an admission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admitted {
    /// It is on disk, ours to finish.
    New,
    /// The same request came before; this is its case.
    Again(String),
    /// The key came before with another body.
    OtherBody,
    /// An open case holds what may be held once.
    Conflict(String),
}

/// The right to work on a leg for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The case.
    pub case: String,
    /// The leg.
    pub leg: String,
    /// Grows with every claim; a commit under an older number is refused.
    pub fence: u64,
    /// Until when, by the store's clock.
    pub until_ms: i64,
}

/// A claimed job, with the case as it is.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The right to work on it.
    pub lease: Lease,
    /// The case.
    pub case: Case,
}

/// What is to be committed: case, legs, jobs, events, attempt and lease in one transaction.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The case as it is to be; its `version` is the one that was read.
    pub case: Case,
    /// The new lines of its history; their sequence is given inside the transaction.
    pub entries: Vec<Entry>,
    /// Under which lease, where a worker commits.
    pub lease: Option<Lease>,
    /// The lease ends with this commit.
    pub release: bool,
    /// The duplicate key of the agency's message that this is about. Known already: nothing is done.
    pub message: Option<String>,
}

/// The store cannot: disk, connection. Nothing was committed, or nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreFailed;

/// Why nothing was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotCommitted {
    /// The lease is another's by now.
    Fenced,
    /// Somebody committed in between: read again.
    Changed,
    /// This message was taken before.
    Duplicate,
    /// The store cannot.
    Failed,
}

impl From<StoreFailed> for NotCommitted {
    fn from(_: StoreFailed) -> Self {
        NotCommitted::Failed
    }
}
