//! Both roads: what happens to a question from the moment we know who asks until the answer may leave.
//!
//! The engine knows no HTTP status, no SQL, no file, no socket (invariant 2). What it needs of the world comes through [`ports`].

pub mod audit;
pub mod cache;
pub mod calendar;
pub mod case;
pub mod catalogue;
pub mod chain;
pub mod client;
pub mod composite;
pub mod converse;
pub mod documents;
#[cfg(test)]
mod fakes;
pub mod fan_out;
pub mod feed;
pub mod identifiers;
pub mod policy;
pub mod ports;
pub mod read;
pub mod refusal;
pub mod resilience;
pub mod settings;
pub mod units;
