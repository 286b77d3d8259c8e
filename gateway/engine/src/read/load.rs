//! The far half of the road, which runs as its own task: from "the cache has nothing" to a checked answer of the agency.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use adapter_api::{Adapter, Call, Fault, Outcome, Party, Reason};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::cache::Loaded;
use crate::catalogue::Service;
use crate::client::Purpose;
use crate::converse::{Conversation, converse};
use crate::ports::{Chance, Clock, Progress, Wire};
use crate::resilience::{Attempt, Errand, Guards, Meter};
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

/// A question on its way to an agency.
pub struct Inquiry {
    pub service: Arc<Service>,
    pub client: String,
    pub purpose: Purpose,
    pub query: Value,
}

impl Road {
    /// Asks the agency.
    pub async fn travel(&self, inquiry: Inquiry, progress: &Arc<Progress>) -> Result<Loaded, Fault> {
        let service = &*inquiry.service;
        let Some(adapter) = self.adapters.get(&service.agency) else {
            return Err(Fault::AdapterFailed { place: "no adapter for the agency".into() });
        };
        // The service's own deadline, not the first caller's: others may have joined who wait longer.
        let deadline = Instant::now() + Duration::from_millis(service.settings.deadline_ms);
        let call = self.call(&inquiry);
        let errand = Errand {
            agency: &service.agency,
            operation: &service.operation,
            client: &inquiry.client,
            deadline,
            progress,
        };
        let conversation = Conversation {
            agency: &service.agency,
            adapter: &**adapter,
            wire: &*self.wire,
            call: &call,
            deadline,
            progress,
        };
        let value = self.guards.run(errand, &Checked { conversation, service }).await?;
        // Only what is kept must be found again when somebody is evicted.
        let people = match service.settings.fresh_for_s {
            0 => Vec::new(),
            _ => service.people(&call.query, value.as_ref()),
        };
        Ok(Loaded { value: value.map(Arc::new), retrieved_at: self.clock.now(), reference: call.id, people })
    }

    fn call(&self, inquiry: &Inquiry) -> Call {
        let settings = self.agencies.get(&inquiry.service.agency).map(|agency| agency.settings.clone());
        Call {
            operation: inquiry.service.operation.clone(),
            id: self.chance.uuid(),
            now: self.clock.now(),
            reference: None,
            purpose: purpose(&inquiry.purpose),
            setting: settings.unwrap_or_else(|| Value::Object(Map::new())),
            query: inquiry.query.clone(),
            together: Vec::new(),
            cursor: None,
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
struct Checked<'a> {
    conversation: Conversation<'a>,
    service: &'a Service,
}

impl Attempt for Checked<'_> {
    type Answer = Option<Value>;

    fn attempt<'a>(&'a self, meter: &'a Meter<'a>) -> BoxFuture<'a, Result<Option<Value>, Fault>> {
        async move {
            let outcome = converse(&self.conversation, meter).await?;
            match outcome {
                Outcome::Found(value) => {
                    self.service.accept_answer(&self.conversation.call.query, &value)?;
                    Ok(Some(value))
                }
                Outcome::Absent => Ok(None),
                // Nothing unknown is success: a read has two outcomes.
                Outcome::Page(_)
                | Outcome::Accepted { .. }
                | Outcome::Pending { .. }
                | Outcome::Supplement { .. }
                | Outcome::Completed { .. }
                | Outcome::Declined { .. } => Err(Fault::Malformed(Reason {
                    exchange: None,
                    at: None,
                    why: format!("{} is no outcome of a read", outcome.word()),
                    by: Some(Party::Agency),
                })),
            }
        }
        .boxed()
    }
}
