//! A world for tests: a wire, an audit log, a clock, chance and an adapter that do as they are told.

pub mod ministries;
pub mod world;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adapter_api::wire::Format;
use adapter_api::{
    Adapter, Call, Exchange, Fault, Inbound, Kind, Outcome, Party, Received, Reply, Step, Tree, WireRequest,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::audit::Record;
use crate::documents::{InMemory, Room};
use crate::ports::{Audit, AuditUnavailable, Chance, Clock, Heard, Order, Wire};

#[derive(Debug, Default)]
pub struct FakeClock {
    unix_ms: AtomicI64,
}

impl FakeClock {
    pub fn set_unix_ms(&self, unix_ms: i64) {
        self.unix_ms.store(unix_ms, Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> String {
        "2025-08-12T09:00:00.000+07:00".into()
    }

    fn unix_ms(&self) -> i64 {
        self.unix_ms.load(Ordering::SeqCst)
    }
}

#[derive(Debug)]
pub struct FakeChance {
    fraction: f64,
    uuids: AtomicU64,
}

impl FakeChance {
    pub fn of(fraction: f64) -> Self {
        FakeChance { fraction, uuids: AtomicU64::new(0) }
    }
}

impl Chance for FakeChance {
    fn uuid(&self) -> String {
        format!("call-{}", self.uuids.fetch_add(1, Ordering::SeqCst))
    }

    fn fraction(&self) -> f64 {
        self.fraction
    }
}

/// What the wire does with one exchange.
pub type Script = Box<dyn Fn(usize) -> BoxFuture<'static, Result<u16, Fault>> + Send + Sync>;

/// A wire that follows a script by the number of the exchange (from 0), and counts.
pub struct FakeWire {
    script: Mutex<Arc<Script>>,
    pub exchanges: AtomicU64,
    pub renewals: AtomicU64,
    /// Logins that each exchange needs.
    pub logins: AtomicU64,
    pub orders: Mutex<Vec<String>>,
}

impl FakeWire {
    /// Answers every exchange with this status after so long.
    pub fn answering(status: u16, after: Duration) -> Arc<Self> {
        FakeWire::following(move |_| {
            async move {
                tokio::time::sleep(after).await;
                Ok(status)
            }
            .boxed()
        })
    }

    pub fn following(
        script: impl Fn(usize) -> BoxFuture<'static, Result<u16, Fault>> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(FakeWire {
            script: Mutex::new(Arc::new(Box::new(script))),
            exchanges: AtomicU64::new(0),
            renewals: AtomicU64::new(0),
            logins: AtomicU64::new(0),
            orders: Mutex::default(),
        })
    }

    pub fn follow(
        &self,
        script: impl Fn(usize) -> BoxFuture<'static, Result<u16, Fault>> + Send + Sync + 'static,
    ) {
        *self.script.lock().unwrap() = Arc::new(Box::new(script));
    }

    pub fn count(&self) -> u64 {
        self.exchanges.load(Ordering::SeqCst)
    }
}

impl Wire for FakeWire {
    fn exchange<'a>(&'a self, order: Order<'a>) -> BoxFuture<'a, Result<Heard, Fault>> {
        let number = self.exchanges.fetch_add(1, Ordering::SeqCst);
        self.orders.lock().unwrap().push(order.call.purpose["officer"].to_string());
        (0..self.logins.load(Ordering::SeqCst)).for_each(|_| order.progress.login(Party::Agency));
        let script = Arc::clone(&self.script.lock().unwrap());
        async move { Ok(Heard { reply: reply(script(number as usize).await?), admission: 7 }) }.boxed()
    }

    fn renew<'a>(&'a self, _: Order<'a>, admission: u64) -> BoxFuture<'a, Result<(), Fault>> {
        assert_eq!(admission, 7);
        self.renewals.fetch_add(1, Ordering::SeqCst);
        async { Ok(()) }.boxed()
    }
}

/// A reply of this status with nothing in it.
pub fn reply(status: u16) -> Reply {
    Reply {
        status,
        content_type: "application/json".into(),
        from: Party::Agency,
        body: Ok(Tree::Null),
        text: String::new(),
        fault: None,
        retry_after_s: None,
    }
}

/// A read request.
pub fn request() -> Box<WireRequest> {
    Box::new(WireRequest {
        exchange: "person".into(),
        kind: Kind::Read,
        method: "POST".into(),
        path: "/".into(),
        query: Vec::new(),
        headers: Vec::new(),
        format: Format::Json,
        reply_format: Format::Json,
        body: None,
        namespaces: Vec::new(),
        seal: None,
        credentials: Vec::new(),
        documents: Vec::new(),
    })
}

/// An adapter that makes one exchange and then says what the function says about the last status.
pub struct FakeAdapter<F>(pub F);

impl<F> Adapter for FakeAdapter<F>
where
    F: Fn(&Call, u16) -> Result<Outcome, Fault> + Send + Sync,
{
    fn next(&self, call: &Call, said: &[Exchange]) -> Result<Step, Fault> {
        match said.last() {
            None => Ok(Step::Send(request())),
            Some(last) => self.0(call, last.reply.status).map(Step::Done),
        }
    }

    fn receive(&self, _: &Inbound) -> Result<Received, Fault> {
        Err(Fault::AdapterFailed { place: "fake".into() })
    }
}

/// An audit log in memory that can be taken away.
#[derive(Debug, Default)]
pub struct FakeAudit {
    pub broken: AtomicBool,
    pub appended: Mutex<Vec<Record>>,
    pub noted: Mutex<VecDeque<Record>>,
}

impl Audit for FakeAudit {
    fn append(&self, record: Record) -> BoxFuture<'static, Result<(), AuditUnavailable>> {
        if self.broken.load(Ordering::SeqCst) {
            return async { Err(AuditUnavailable) }.boxed();
        }
        self.appended.lock().unwrap().push(record);
        async { Ok(()) }.boxed()
    }

    fn note(&self, record: Record) {
        self.noted.lock().unwrap().push_back(record);
    }
}

/// The store of documents, with room for a few.
pub fn documents() -> Arc<InMemory> {
    let room = Room { bytes_max: 1 << 20, document_bytes_max: 1 << 16, kept_for: Duration::from_secs(3600) };
    Arc::new(InMemory::new(room, Arc::new(FakeChance::of(0.5))))
}
