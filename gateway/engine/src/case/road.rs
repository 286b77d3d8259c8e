//! The agencies over the road that reads take: their adapters, gates, breakers, quotas, and the wire. Nothing is repeated
//! here: whether a write leaves once more is the machine's to say.

use std::sync::Arc;
use std::time::Duration;

use adapter_api::{Call, Fault, Outcome};
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::time::Instant;

use super::Asked;
use super::agencies::{Agencies, Heard, Question};
use crate::catalogue::{Catalogue, Route};
use crate::client::{Lane, Purpose};
use crate::ports::Progress;
use crate::read::{Accept, Asking, HOUSE_CLIENT, Road, To};
use crate::resilience::Standing;

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
        let told = unit.map(|unit| ("unit".to_owned(), Value::from(unit))).into_iter().collect();
        let call = Call {
            operation: operation.to_owned(),
            reference: Some(question.reference.to_owned()),
            ..self.road.call(route, Value::Object(told), question.query.clone(), None)
        };
        let left_ms = question.until_ms.saturating_sub(self.road.clock.unix_ms());
        let deadline = Instant::now() + Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));
        // Nobody stands at a counter for a leg: it waits in the slow lane.
        progress.join(Standing { client: HOUSE_CLIENT.to_owned(), lane: Lane::Batch });
        let asking = Asking { client: HOUSE_CLIENT, call: &call, deadline, once: true, progress };
        self.road.ask(To { service, route }, asking).await
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

/// A leg: whatever the agency says, and a result that fits its schema.
impl Accept for Outcome {
    fn accept(outcome: Outcome, to: To<'_>, _query: &Value) -> Result<Self, Fault> {
        if let Outcome::Completed { value, partial: _ } = &outcome {
            to.service.accept_answer(value)?;
        }
        Ok(outcome)
    }
}
