//! The simulators seen from outside: over real sockets, with a client that shares nothing with them.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod agencies;
mod civil_status;
mod client;
mod counting;
mod e_receipt;
mod lgsp;
mod misbehaviour;
mod postal;
mod register;
mod residence;
mod social_insurance;
mod tax;
mod writes;
