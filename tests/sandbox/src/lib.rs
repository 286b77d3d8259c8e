//! A whole world on loopback: simulated agencies, a configuration that points at them, a gateway as a child process, callers.
//!
//! The sandbox shows it to a person, `prove` measures in it, the black-box tests ask it.

pub mod caller;
pub mod gateway;
pub mod questions;
pub mod stub;
pub mod world;

pub use caller::{Caller, Told};
pub use gateway::Gateway;
pub use stub::Stub;
pub use world::{World, WorldOptions};
