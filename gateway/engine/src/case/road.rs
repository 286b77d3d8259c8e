//! The agencies over the road that reads take: their adapters, gates, breakers, quotas, and the wire. Nothing is repeated
//! here: whether a write leaves once more is the machine's to say.

use std::sync::Arc;
use std::time::Duration;

use adapter_api::{Adapter, Call, Fault, Outcome};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::Asked;
use super::agencies::{Agencies, Heard, Question};
use crate::catalogue::{Catalogue, Route, Service};
use crate::client::{Lane, Purpose};
use crate::converse::{Conversation, converse};
use crate::ports::Progress;
use crate::read::{HOUSE_CLIENT, Road};
use crate::resilience::{Attempt, Errand, Meter, Standing};

/// The agencies of the catalogue.
pub struct RoadAgencies {
    catalogue: Arc<Catalogue>,
    road: Arc<Road>,
}

impl Agencies for RoadAgencies {
    fn ask<'a>(&'a self, question: Question<'a>) -> BoxFuture<'a, Heard> {
        Box::pin(async move { self.ask_for(question, None).await })
    }
}

impl RoadAgencies {
    pub(crate) fn new(catalogue: Arc<Catalogue>, road: Arc<Road>) -> Self {
        RoadAgencies { catalogue, road }
    }

    /// Asks for this unit (`H56.14`): of several providers of a service the one that answers for it.
    pub async fn ask_for(&self, question: Question<'_>, unit: Option<&str>) -> Heard {
        let progress = Arc::new(Progress::of_write(Arc::clone(&question.may_leave)));
        let result = self.converse(&question, unit, &progress).await;
        // Closed before it is read: no byte leaves behind the back of what is told here.
        Heard { result, left: progress.close() }
    }

    async fn converse(
        &self,
        question: &Question<'_>,
        unit: Option<&str>,
        progress: &Arc<Progress>,
    ) -> Result<Outcome, Fault> {
        let nobody = |place: &str| Fault::AdapterFailed { place: place.to_owned() };
        let service = self
            .catalogue
            .service(question.service)
            .ok_or_else(|| nobody("no agency answers the service"))?;
        let purpose = Purpose { unit: unit.map(str::to_owned), ..Purpose::default() };
        let route = service.route(&purpose).map_err(|_| nobody("no provider answers for the unit"))?;
        let operation = operation(route, question.asked).ok_or_else(|| nobody("it cannot be asked so"))?;
        let adapter =
            self.road.adapters.get(&route.agency).ok_or_else(|| nobody("no adapter for the agency"))?;
        let call = self.call(route, operation, question, &purpose);
        let left_ms = question.until_ms.saturating_sub(self.road.clock.unix_ms());
        let deadline = Instant::now() + Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));
        // Nobody stands at a counter for a leg: it waits in the slow lane.
        let standing = Standing { client: HOUSE_CLIENT.to_owned(), lane: Lane::Batch };
        progress.join(standing);
        let errand = Errand {
            agency: &route.agency,
            operation,
            client: HOUSE_CLIENT,
            deadline,
            exchange_within: Duration::from_millis(service.settings.deadline_ms),
            once: true,
            progress,
        };
        let (agency, wire, call) = (route.agency.as_str(), &*self.road.wire, &call);
        let adapter: &dyn Adapter = &**adapter;
        let conversation = Conversation { agency, adapter, wire, call, deadline, progress };
        self.road.guards.run(errand, &Checked { conversation, service }).await
    }

    fn call(&self, route: &Route, operation: &str, question: &Question<'_>, purpose: &Purpose) -> Call {
        let nothing = || Value::Object(Map::new());
        let settings = self.road.agencies.get(&route.agency).map(|agency| agency.settings.clone());
        let unit = purpose.unit.as_ref().map(|unit| ("unit".to_owned(), Value::String(unit.clone())));
        Call {
            operation: operation.to_owned(),
            id: self.road.chance.uuid(),
            now: self.road.clock.now(),
            reference: Some(question.reference.to_owned()),
            purpose: Value::Object(unit.into_iter().collect()),
            setting: settings.unwrap_or_else(nothing),
            query: question.query.clone(),
            together: Vec::new(),
            cursor: None,
            page_size: None,
        }
    }
}

/// The operation that a question of this kind is put to; `None`: the agency cannot be asked so.
fn operation(route: &Route, asked: Asked) -> Option<&str> {
    match asked {
        Asked::Send => Some(&route.operation),
        Asked::Find => route.find.as_deref(),
        Asked::Look => route.look.as_deref(),
    }
}

/// A conversation whose result is checked inside the breaker: an agency that talks nonsense counts as failing.
struct Checked<'a> {
    conversation: Conversation<'a>,
    service: &'a Service,
}

impl Attempt for Checked<'_> {
    type Answer = Outcome;

    fn attempt<'a>(&'a self, meter: &'a Meter<'a>) -> BoxFuture<'a, Result<Outcome, Fault>> {
        async move {
            let outcome = converse(&self.conversation, meter).await?;
            if let Outcome::Completed { value, partial: _ } = &outcome {
                self.service.accept_answer(value)?;
            }
            Ok(outcome)
        }
        .boxed()
    }
}
