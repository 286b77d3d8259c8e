//! The simulators seen from outside: over real sockets, with a client that shares nothing with them.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod civil_status;
mod client;
mod counting;
mod lgsp;
mod misbehaviour;
mod register;
mod residence;
