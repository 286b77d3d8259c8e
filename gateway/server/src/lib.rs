//! (being written)

pub mod audit_log;
pub mod chance;
pub mod clock;
pub mod hex;
