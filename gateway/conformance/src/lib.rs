//! Proves an adapter: replays its talks, holds it to the laws L1 to L15, and says where each finding stands.
//!
//! Nothing here runs in the gateway. It knows `adapter-api` only; [`disk`] alone reads files, for the two tools that
//! need it: `lienthong check` and `cargo test -p adapters`.

pub mod conversation;
pub mod difference;
pub mod ending;
pub mod replay;
pub mod spot;

pub mod talk;
pub mod wire;
