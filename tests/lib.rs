//! Black-box tests of the gateway stand in `it.rs`; this library is empty on purpose.
