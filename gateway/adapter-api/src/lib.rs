//! The contract between the house and an agency: what an adapter is asked, what it says, and the declarative language most adapters are written in.
//!
//! Nothing here does IO, knows a clock, waits, or reads the environment (invariant 1 of the design).

pub mod adapter;
pub mod agency;
pub mod check;
pub mod codec;
pub mod declarative;
pub mod diagnostic;
pub mod fault;
pub mod language;
pub mod outcome;
pub mod schema;
pub mod tree;
pub mod wire;

#[cfg(test)]
mod tests;

pub use adapter::{Adapter, Call, Exchange, Inbound, Received, Step};
pub use fault::{Blame, Claim, Expected, Fault, Finding, Kind, Party, Position, Reason, Waiting};
pub use outcome::{Outcome, Page};
pub use tree::{Element, Lifted, Slot, Stored, Tree};
pub use wire::{Reply, WireRequest};
