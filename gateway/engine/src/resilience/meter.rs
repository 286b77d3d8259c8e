//! Around every single exchange: the quota before it, the stopwatch beside it, what is counted after it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adapter_api::{Fault, Kind, Party, Waiting};
use tokio::time::Instant;

use crate::ports::{Heard, Order, Wire};
use crate::resilience::gate::{Gate, Leave, NoTurn, Waiter};
use crate::resilience::guard::Leaves;
use crate::resilience::quota::UsedUp;

/// Counts the exchanges of one call, all its tries together.
pub struct Meter<'a> {
    pub(super) agency: &'a Arc<Gate>,
    pub(super) carrier: Option<&'a Arc<Gate>>,
    pub(super) client: &'a str,
    /// An exchange may take so long once it has left, however long its caller waited for its turn.
    pub(super) exchange_within: Duration,
    /// Leave for the first exchange, as it came with the place.
    pub(super) leave: Mutex<Option<Leaves>>,
    pub(super) tally: Mutex<Tally>,
}

/// What the exchanges of one call came to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    /// Exchanges begun.
    pub exchanges: u32,
    /// The longest of them: the slowness that counts is the party's, not that of our queues.
    pub longest: Duration,
    /// When the one under way began.
    pub under_way: Option<Instant>,
    /// One of them must not be repeated blindly.
    pub wrote: bool,
    /// Our own quota ended it, which says nothing about the party.
    pub ours: bool,
}

impl Meter<'_> {
    /// Makes one exchange, once the quotas allow it.
    pub async fn exchange(&self, wire: &dyn Wire, order: Order<'_>) -> Result<Heard, Fault> {
        order.progress.waits_for(Waiting::Gateway);
        self.take(order).await?;
        let began = Instant::now();
        let order = Order { deadline: order.deadline.min(began + self.exchange_within), ..order };
        {
            let mut tally = self.lock();
            tally.exchanges += 1;
            tally.under_way = Some(began);
            tally.wrote |= order.request.kind == Kind::Write;
        }
        let logins = Logins { meter: self, order };
        order.progress.waits_for(Waiting::Agency);
        let heard = wire.exchange(order).await;
        order.progress.waits_for(Waiting::Gateway);
        drop(logins);
        let took = began.elapsed();
        {
            let mut tally = self.lock();
            tally.under_way = None;
            tally.longest = tally.longest.max(took);
        }
        let code = heard.as_ref().map_or_else(Fault::code, |_| "heard");
        let (agency, operation) = (order.agency.to_owned(), order.call.operation.clone());
        metrics::counter!("lienthong_exchanges_total", "agency" => agency.clone(), "operation" => operation.clone(), "code" => code)
            .increment(1);
        metrics::histogram!("lienthong_exchange_seconds", "agency" => agency, "operation" => operation)
            .record(took.as_secs_f64());
        heard
    }

    /// Renews the credentials; a login is an exchange too, and counts where it goes.
    pub async fn renew(&self, wire: &dyn Wire, order: Order<'_>, admission: u64) -> Result<(), Fault> {
        let _logins = Logins { meter: self, order };
        wire.renew(order, admission).await
    }

    /// Takes leave for one exchange of every party on the way, and spends both at the same time.
    async fn take(&self, order: Order<'_>) -> Result<(), Fault> {
        loop {
            let given = self.leave.lock().unwrap_or_else(PoisonError::into_inner).take();
            let (agency, carrier) = match given {
                Some(leaves) => leaves,
                None => self.leaves(order).await?,
            };
            // While the one was waited for, the other's party may have asked us to stay away.
            if agency.holds() && carrier.as_ref().is_none_or(Leave::holds) {
                agency.spend();
                if let Some(carrier) = carrier {
                    carrier.spend();
                }
                return Ok(());
            }
        }
    }

    async fn leaves(&self, order: Order<'_>) -> Result<Leaves, Fault> {
        let waiter = Waiter { client: self.client, progress: order.progress, deadline: order.deadline };
        let ours = |party| {
            move |no_turn| {
                self.lock().ours = true;
                overloaded(party, no_turn)
            }
        };
        let agency = self.agency.again(waiter).await.map_err(ours(Party::Agency))?;
        let carrier = match self.carrier {
            Some(carrier) => Some(carrier.again(waiter).await.map_err(ours(Party::Carrier))?),
            None => None,
        };
        Ok((agency, carrier))
    }

    /// The gate a party's logins count at; without a carrier there is only the agency.
    fn gate_of(&self, party: Party) -> &Gate {
        match (party, self.carrier) {
            (Party::Carrier, Some(carrier)) => carrier,
            (Party::Carrier, None) | (Party::Agency, _) => self.agency,
        }
    }

    pub(super) fn so_far(&self) -> Tally {
        let mut tally = *self.lock();
        if let Some(began) = tally.under_way {
            tally.longest = tally.longest.max(began.elapsed());
        }
        tally
    }

    fn lock(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Our own limits ended a wait.
pub(super) fn overloaded(party: Party, no_turn: NoTurn) -> Fault {
    let retry_after_s = match no_turn {
        NoTurn::Full => None,
        NoTurn::UsedUp(UsedUp { retry_after }) => Some(retry_after.as_millis().div_ceil(1000) as u64),
    };
    Fault::Overloaded { party, retry_after_s }
}

/// Charges the logins of an exchange when it ends or is given up.
///
/// Afterwards, because only the wire knows whether its token still holds; the bucket then stands in debt and the next
/// exchange waits. One login at a time is under way at each source of tokens, so the debt is that small.
struct Logins<'m, 'q, 'o> {
    meter: &'m Meter<'q>,
    order: Order<'o>,
}

impl Drop for Logins<'_, '_, '_> {
    fn drop(&mut self) {
        for party in [Party::Agency, Party::Carrier] {
            let logins = self.order.progress.take_logins(party);
            if logins > 0 {
                self.meter.gate_of(party).charge(logins);
            }
        }
    }
}
