//! Black-box tests over real sockets: one behaviour, one file.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests, and the functions they share"
)]

mod harness;

mod audit;
mod batch;
mod cache;
mod composites;
mod config;
mod documents;
mod house;
mod limits;
mod logs;
mod new_agency;
mod postal;
mod problems;
mod reads;
mod receipts;
mod stop;
mod tracking;
mod writes;
