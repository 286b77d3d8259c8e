//! The simulators seen from outside: over real sockets, with a client that shares nothing with them.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod client;
mod residence;
