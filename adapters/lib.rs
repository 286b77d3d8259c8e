//! The agencies.
