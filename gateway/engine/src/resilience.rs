//! The way a call takes to a party and back: deadline > breaker > bulkhead > retry > quota per exchange.
//!
//! The order is the point. The deadline is the caller's and everything lives inside it. The breaker stands outside the
//! retries, so one stubborn call is one failure. The bulkhead stands outside them too: a call keeps its place while it
//! tries again, or retries would double the load. The quota stands inside, around every single exchange, so that logins,
//! pages, polls and retries all count and a party never sees more than agreed.

pub mod breaker;
pub mod bulkhead;
pub mod quota;
pub mod retry;

mod guard;
mod meter;

pub use breaker::BreakerState;
pub use guard::{Attempt, Errand, Guards, PartyView};
pub use meter::Meter;
