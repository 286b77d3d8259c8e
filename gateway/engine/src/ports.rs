//! What the engine needs of the world: a wire to the agencies, an audit log, a clock, chance. Given at construction.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use adapter_api::{Call, Fault, Party, Reply, Stored, Waiting, WireRequest};
use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::audit::Record;
use crate::client::Purpose;
use crate::documents::{Document, Grant, NotStored};
use crate::resilience::Standing;

/// The wire to the agencies: address, carrier, credentials, slots, seals, certificates, bytes.
pub trait Wire: Send + Sync {
    /// Makes one exchange and gives the reply decoded.
    ///
    /// Ends by `order.deadline`. Never retries, never follows a redirect.
    fn exchange<'a>(&'a self, order: Order<'a>) -> BoxFuture<'a, Result<Heard, Fault>>;

    /// Renews the credentials that the exchange used, once for all who were refused with the same `admission`.
    fn renew<'a>(&'a self, order: Order<'a>, admission: u64) -> BoxFuture<'a, Result<(), Fault>>;
}

/// One exchange to be made.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// The agency, `residence`.
    pub agency: &'a str,
    /// What was asked; the transport reads `purpose` and `id` from it, never the query.
    pub call: &'a Call,
    /// What to send.
    pub request: &'a WireRequest,
    /// When the caller stops waiting.
    pub deadline: Instant,
    /// Where the wire says what it is doing, as it does it.
    pub progress: &'a Arc<Progress>,
}

/// Asked as the first byte of a write is pulled: a sender that has lost its lease sends nothing (F15).
pub type MayLeave = Arc<dyn Fn() -> bool + Send + Sync>;

/// Whether a write may leave, and whether one could have.
#[derive(Default)]
struct Departure {
    may_leave: Option<MayLeave>,
    state: AtomicU8,
}

/// A byte of a write could have left.
const LEFT: u8 = 1;
/// Whoever asked has ended: nothing leaves any more.
const CLOSED: u8 = 2;

impl fmt::Debug for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Departure").field(&self.state).finish()
    }
}

/// How far one load has come: whom it waits for just now, and the logins it made on the way.
///
/// Told while it happens and not in the end, because a load that is given up tells nothing in the end.
#[derive(Debug, Default)]
pub struct Progress {
    waiting: AtomicU8,
    agency_logins: AtomicU32,
    carrier_logins: AtomicU32,
    /// Everybody who waits for it.
    standings: watch::Sender<Vec<Standing>>,
    departure: Departure,
}

/// Different callers in whose lines one load stands: more would gain nothing, the first turn that comes is taken.
const STANDINGS_MAX: usize = 8;

impl Progress {
    /// Of a conversation that may write, as long as this says so.
    pub fn of_write(may_leave: MayLeave) -> Self {
        let departure = Departure { may_leave: Some(may_leave), state: AtomicU8::default() };
        Progress { departure, ..Progress::default() }
    }

    /// The first byte of a write is about to leave; `false`: it must not.
    pub fn leave(&self) -> bool {
        let Departure { may_leave, state } = &self.departure;
        may_leave.as_ref().is_none_or(|may_leave| may_leave())
            && state.fetch_or(LEFT, Ordering::AcqRel) & CLOSED == 0
    }

    /// The conversation has ended: from now on nothing leaves. Whether a byte of a write could have left before.
    pub fn close(&self) -> bool {
        self.departure.state.fetch_or(CLOSED, Ordering::AcqRel) & LEFT != 0
    }

    /// From now on this is waited for.
    pub fn waits_for(&self, waiting: Waiting) {
        let code = match waiting {
            Waiting::Gateway => 0,
            Waiting::Agency => 1,
            Waiting::Carrier => 2,
        };
        self.waiting.store(code, Ordering::Release);
    }

    /// What is waited for.
    pub fn waiting_for(&self) -> Waiting {
        match self.waiting.load(Ordering::Acquire) {
            1 => Waiting::Agency,
            2 => Waiting::Carrier,
            _ => Waiting::Gateway,
        }
    }

    /// Somebody waits for it, too: it stands in that one's line as well, so that a counter which joins what a batch began
    /// does not wait in the slow lane, nor behind the flood of whoever began it.
    pub fn join(&self, standing: Standing) {
        self.standings.send_if_modified(|standings| {
            let news = standings.len() < STANDINGS_MAX && !standings.contains(&standing);
            if news {
                standings.push(standing);
            }
            news
        });
    }

    /// Everybody who waits for it, as they join; empty where nobody said so.
    pub fn standings(&self) -> watch::Receiver<Vec<Standing>> {
        self.standings.subscribe()
    }

    /// A login is about to leave for this party: it counts at the party's quota, whatever comes of it.
    pub fn login(&self, party: Party) {
        self.logins(party).fetch_add(1, Ordering::AcqRel);
    }

    /// The logins not charged yet; whoever takes them charges them.
    pub fn take_logins(&self, party: Party) -> u32 {
        self.logins(party).swap(0, Ordering::AcqRel)
    }

    fn logins(&self, party: Party) -> &AtomicU32 {
        match party {
            Party::Agency => &self.agency_logins,
            Party::Carrier => &self.carrier_logins,
        }
    }
}

/// A reply, with the number of the login that was used for it.
#[derive(Debug, Clone)]
pub struct Heard {
    /// The reply.
    pub reply: Reply,
    /// Which login (token, session) was used; 0 where none is.
    pub admission: u64,
}

/// The audit log. No append, no data.
pub trait Audit: Send + Sync {
    /// Appends a record; resolves when it is durable.
    fn append(&self, record: Record) -> BoxFuture<'static, Result<(), AuditUnavailable>>;

    /// Appends a record nobody waits for (the result of a read).
    fn note(&self, record: Record);
}

/// The audit log cannot take a record: personal data must not leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditUnavailable;

/// The store of documents. What is put is visible to nobody until it is granted.
pub trait Documents: Send + Sync {
    /// Stores what an agency sent; `None`: it is nothing we store.
    fn put(&self, bytes: Vec<u8>) -> Result<Option<Stored>, NotStored>;

    /// The document, for the house itself: what an agency is sent.
    fn content(&self, id: &str) -> Option<Arc<Document>>;

    /// Shows a document to whom an answer with it goes; `false`: it is not there any more.
    fn grant(&self, id: &str, grant: Grant) -> bool;

    /// The document, if it was granted to this client for this purpose; not there and not granted are the same (T29).
    fn get(&self, id: &str, client: &str, purpose: &Purpose) -> Option<(Arc<Document>, Grant)>;
}

/// The wall clock. Durations are measured with `tokio::time`, which tests pause.
pub trait Clock: Send + Sync {
    /// Now, RFC 3339 with +07:00 and milliseconds, `2025-08-12T09:00:00.000+07:00`.
    fn now(&self) -> String;

    /// Now, in milliseconds since 1970-01-01T00:00:00Z.
    fn unix_ms(&self) -> i64;
}

/// Chance: identifiers and jitter.
pub trait Chance: Send + Sync {
    /// A fresh UUID.
    fn uuid(&self) -> String;

    /// A fraction in `0.0..1.0`.
    fn fraction(&self) -> f64;
}
