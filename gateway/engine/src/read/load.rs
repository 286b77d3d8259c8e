//! The far half of the road, which runs as its own task: from "the cache has nothing" to a checked answer of the agency.

use std::collections::{BTreeMap, HashMap};
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use adapter_api::outcome::Page;
use adapter_api::{Adapter, Call, Fault, Outcome, Party, Reason};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::cache::Loaded;
use crate::catalogue::{Route, Service};
use crate::client::{Lane, Purpose};
use crate::converse::{Conversation, converse};
use crate::ports::{Chance, Clock, Progress, Wire};
use crate::resilience::{Attempt, Errand, Guards, Meter, Standing};
use crate::settings::AgencySettings;

/// Everything between the cache and the agencies.
pub struct Road {
    pub adapters: HashMap<String, Arc<dyn Adapter>>,
    pub agencies: BTreeMap<String, AgencySettings>,
    pub guards: Guards,
    pub wire: Arc<dyn Wire>,
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Chance>,
}

/// The name under which the house itself asks, where clients share an agency's places.
pub const HOUSE_CLIENT: &str = "house";

/// A question on its way to an agency.
pub struct Inquiry {
    pub service: Arc<Service>,
    pub route: Arc<Route>,
    pub client: String,
    pub purpose: Purpose,
    pub query: Value,
    pub lane: Lane,
}

/// What a batch waits longer than its service's deadline, in our own lines: at 20 exchanges a second, of which the counter
/// takes four fifths, fifteen batches with eight queries under way each come to their turns in that time.
pub const BATCH_PATIENCE: Duration = Duration::from_secs(30);

/// How much longer a lane waits for its turns.
pub fn patience(lane: Lane) -> Duration {
    match lane {
        Lane::Counter => Duration::ZERO,
        Lane::Batch => BATCH_PATIENCE,
    }
}

/// Where a call goes: what is asked, and of whom.
#[derive(Clone, Copy)]
pub struct To<'a> {
    pub service: &'a Service,
    pub route: &'a Route,
}

/// How a call is put to the agency.
pub struct Asking<'a> {
    /// Who asks, as the others who share the agency's places see it.
    pub client: &'a str,
    /// What is asked.
    pub call: &'a Call,
    /// When it is given up.
    pub deadline: Instant,
    /// Whoever asks decides on another try.
    pub once: bool,
    /// Where it says what it waits for.
    pub progress: &'a Arc<Progress>,
}

impl Road {
    /// Asks the agency.
    pub async fn travel(&self, inquiry: Inquiry, progress: &Arc<Progress>) -> Result<Loaded, Fault> {
        let to = To { service: &inquiry.service, route: &inquiry.route };
        let call = self.call(to.route, purpose(&inquiry.purpose), inquiry.query.clone(), None);
        let standing = Standing { client: inquiry.client, lane: inquiry.lane };
        let value = self.read::<Option<Value>>(to, &standing, &call, progress).await?;
        // Only what is kept must be found again when somebody is evicted.
        let people = match inquiry.service.settings.fresh_for_s {
            0 => Vec::new(),
            _ => inquiry.service.people(&call.query, value.as_ref()),
        };
        Ok(Loaded { value: value.map(Arc::new), retrieved_at: self.clock.now(), reference: call.id, people })
    }

    /// Asks for the news of a feed behind this cursor; with the page comes the identifier of our call.
    ///
    /// A feed's round is a call like any other: breaker, bulkhead, retries and quota hold for it too.
    pub async fn page(&self, to: To<'_>, cursor: Option<String>) -> Result<(Page, String), Fault> {
        let nothing = || Value::Object(Map::new());
        let call = self.call(to.route, nothing(), nothing(), cursor);
        // Nobody stands at a counter for a round: it waits in the slow lane.
        let standing = Standing { client: HOUSE_CLIENT.to_owned(), lane: Lane::Batch };
        let progress = Arc::new(Progress::default());
        progress.join(standing.clone());
        let page = self.read::<Page>(to, &standing, &call, &progress).await?;
        Ok((page, call.id))
    }

    /// A read: until the service's own deadline, not the first caller's, for others may have joined who wait longer; and again
    /// where it is worth another try.
    async fn read<A: Accept>(
        &self,
        to: To<'_>,
        standing: &Standing,
        call: &Call,
        progress: &Arc<Progress>,
    ) -> Result<A, Fault> {
        let within = Duration::from_millis(to.service.settings.deadline_ms);
        let deadline = Instant::now() + within + patience(standing.lane);
        self.ask(to, Asking { client: &standing.client, call, deadline, once: false, progress }).await
    }

    /// One conversation with the agency: its adapter, its breaker, its places and quota, and the answer checked.
    pub(crate) async fn ask<A: Accept>(&self, to: To<'_>, asking: Asking<'_>) -> Result<A, Fault> {
        let To { service, route } = to;
        let Asking { client, call, deadline, once, progress } = asking;
        let Some(adapter) = self.adapters.get(&route.agency) else {
            return Err(Fault::AdapterFailed { place: "no adapter for the agency".into() });
        };
        let (agency, adapter) = (route.agency.as_str(), &**adapter);
        let exchange_within = Duration::from_millis(service.settings.deadline_ms);
        let operation = &call.operation;
        let errand = Errand { agency, operation, client, deadline, exchange_within, once, progress };
        let conversation = Conversation { agency, adapter, wire: &*self.wire, call, deadline, progress };
        self.guards.run(errand, &Checked { conversation, to, accepts: PhantomData }).await
    }

    /// The call of the route's own operation.
    pub(crate) fn call(&self, route: &Route, purpose: Value, query: Value, cursor: Option<String>) -> Call {
        let settings = self.agencies.get(&route.agency).map(|agency| agency.settings.clone());
        Call {
            operation: route.operation.clone(),
            id: self.chance.uuid(),
            now: self.clock.now(),
            reference: None,
            purpose,
            setting: settings.unwrap_or_else(|| Value::Object(Map::new())),
            query,
            together: Vec::new(),
            cursor,
            page_size: None,
        }
    }
}

/// A purpose as adapters see it.
fn purpose(purpose: &Purpose) -> Value {
    let said = [
        ("procedure", Some(&purpose.procedure)),
        ("dossier", purpose.dossier.as_ref()),
        ("unit", purpose.unit.as_ref()),
        ("officer", Some(&purpose.officer)),
    ];
    let said =
        said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?.clone()))));
    Value::Object(said.collect())
}

/// A conversation whose answer is checked before anybody believes it: here, inside the breaker, so that an agency which
/// talks nonsense counts as failing, and before the cache, so that nonsense is never kept.
struct Checked<'a, A> {
    conversation: Conversation<'a>,
    to: To<'a>,
    accepts: PhantomData<fn() -> A>,
}

impl<A: Accept> Attempt for Checked<'_, A> {
    type Answer = A;

    fn attempt<'a>(&'a self, meter: &'a Meter<'a>) -> BoxFuture<'a, Result<A, Fault>> {
        async move {
            let outcome = converse(&self.conversation, meter).await?;
            A::accept(outcome, self.to, &self.conversation.call.query)
        }
        .boxed()
    }
}

/// What a call may end in; every other outcome is nonsense.
pub trait Accept: Sized + Send + 'static {
    fn accept(outcome: Outcome, to: To<'_>, query: &Value) -> Result<Self, Fault>;
}

/// A read: there, or not there.
impl Accept for Option<Value> {
    fn accept(outcome: Outcome, to: To<'_>, query: &Value) -> Result<Self, Fault> {
        match outcome {
            Outcome::Found(value) => {
                to.service.accept_answer(&value)?;
                to.route.accept_subject(query, &value)?;
                Ok(Some(value))
            }
            Outcome::Absent => Ok(None),
            // Nothing unknown is success: a read has two outcomes.
            Outcome::Page(_)
            | Outcome::Accepted { .. }
            | Outcome::Pending { .. }
            | Outcome::Supplement { .. }
            | Outcome::Completed { .. }
            | Outcome::Declined { .. } => Err(strange(&outcome, "a read")),
        }
    }
}

/// A round of a feed: one page, whole. One row that cannot be read, and none of them is taken.
impl Accept for Page {
    fn accept(outcome: Outcome, to: To<'_>, _query: &Value) -> Result<Self, Fault> {
        match outcome {
            Outcome::Page(page) => {
                let rows = page.received.iter().map(|row| without_key(row.clone())).collect::<Vec<_>>();
                to.service.accept_answer(&json!({ "items": rows }))?;
                Ok(page)
            }
            Outcome::Found(_)
            | Outcome::Absent
            | Outcome::Accepted { .. }
            | Outcome::Pending { .. }
            | Outcome::Supplement { .. }
            | Outcome::Completed { .. }
            | Outcome::Declined { .. } => Err(strange(&outcome, "a feed")),
        }
    }
}

/// The duplicate key is the house's and stands in no schema.
fn without_key(mut row: Value) -> Value {
    if let Value::Object(fields) = &mut row {
        fields.shift_remove("same");
    }
    row
}

fn strange(outcome: &Outcome, of: &str) -> Fault {
    Fault::Malformed(Reason {
        why: format!("{} is no outcome of {of}", outcome.word()),
        by: Some(Party::Agency),
        ..Reason::default()
    })
}
