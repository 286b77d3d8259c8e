//! The way a call takes to a party and back: deadline > breaker > gate > retry > quota per exchange.
//!
//! The order is the point. The deadline is the caller's and everything lives inside it. The breaker stands outside the
//! retries, so one stubborn call is one failure. The gate stands outside them too: a call keeps its place while it tries
//! again, or retries would double the load. The quota stands inside, around every single exchange, so that logins, pages,
//! polls and retries all count and a party never sees more than agreed. The first exchange's leave is given at the gate,
//! together with the place, so that nobody holds a place and waits: in one line, lanes first, clients in turns.

pub mod breaker;
pub mod gate;
pub mod quota;
pub mod retry;
pub mod turns;

mod guard;
mod meter;

pub use breaker::BreakerState;
pub use guard::{Attempt, Errand, Guards, PartyView};
pub use meter::Meter;
pub use turns::{BATCH_EVERY, Standing};
