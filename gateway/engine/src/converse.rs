//! Holds the conversation with an agency: asks the adapter what to do next, does it, until there is an answer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use adapter_api::{Adapter, Call, Exchange, Fault, Outcome, Step, WireRequest};
use tokio::time::Instant;

use crate::ports::{Order, Progress, Wire};
use crate::resilience::Meter;

/// Exchanges of one conversation. The longest manifest of ours needs a login, a search and some twenty pages.
pub const EXCHANGES_MAX: usize = 64;

/// What a conversation needs.
#[derive(Clone, Copy)]
pub struct Conversation<'a> {
    /// The agency.
    pub agency: &'a str,
    /// Knows its words.
    pub adapter: &'a dyn Adapter,
    /// Reaches it.
    pub wire: &'a dyn Wire,
    /// What is asked.
    pub call: &'a Call,
    /// When the caller stops waiting.
    pub deadline: Instant,
    /// Where it says what it is doing.
    pub progress: &'a Arc<Progress>,
}

/// Talks with the agency until it has truly answered.
pub async fn converse(conversation: &Conversation<'_>, meter: &Meter<'_>) -> Result<Outcome, Fault> {
    let mut said: Vec<Exchange> = Vec::new();
    // The last request with the login it went out on, and the exchange a fresh login was already spent on.
    let mut last: Option<(Box<WireRequest>, u64)> = None;
    let mut renewed_for: Option<usize> = None;
    loop {
        let request = match next(conversation, &said) {
            Ok(Step::Done(outcome)) => return Ok(outcome),
            Ok(Step::Send(_)) if said.len() >= EXCHANGES_MAX => {
                return Err(Fault::AdapterFailed { place: format!("more than {EXCHANGES_MAX} exchanges") });
            }
            Ok(Step::Send(request)) => request,
            Err(Fault::NotAdmitted { renew: true, exchange, party }) => {
                let at = said.len().saturating_sub(1);
                let Some((refused, admission)) = last.take().filter(|_| renewed_for != Some(at)) else {
                    return Err(Fault::NotAdmitted { renew: false, exchange, party });
                };
                renewed_for = Some(at);
                meter
                    .renew(conversation.wire, conversation.order(&refused), admission)
                    .await
                    .map_err(finally)?;
                said.pop();
                refused
            }
            Err(fault) => return Err(fault),
        };
        let heard = meter.exchange(conversation.wire, conversation.order(&request)).await.map_err(finally)?;
        said.push(Exchange { name: request.exchange.clone(), reply: heard.reply });
        last = Some((request, heard.admission));
    }
}

/// No fresh login follows a login that was refused.
fn finally(fault: Fault) -> Fault {
    match fault {
        Fault::NotAdmitted { exchange, party, renew: _ } => {
            Fault::NotAdmitted { exchange, renew: false, party }
        }
        other => other,
    }
}

/// Asks the adapter, and keeps a panic of its own to itself (F23): it is this call's fault and nobody else's.
fn next(conversation: &Conversation<'_>, said: &[Exchange]) -> Result<Step, Fault> {
    catch_unwind(AssertUnwindSafe(|| conversation.adapter.next(conversation.call, said))).unwrap_or_else(
        |_| {
            // The panic's words may hold a value of the reply: they are not read.
            tracing::error!(
                agency = conversation.agency,
                operation = conversation.call.operation,
                "adapter panicked"
            );
            Err(Fault::AdapterFailed { place: format!("{}: panic", conversation.call.operation) })
        },
    )
}

impl Conversation<'_> {
    fn order<'r>(&'r self, request: &'r WireRequest) -> Order<'r> {
        Order {
            agency: self.agency,
            call: self.call,
            request,
            deadline: self.deadline,
            progress: self.progress,
        }
    }
}
