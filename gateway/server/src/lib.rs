//! The shell: HTTP, TLS, files, environment, the command line, and the composition root that puts the engine together.

/// The allocator of every program that has the gateway in it (`lienthong`, `sandbox`, `prove`).
///
/// A read is some thousand small pieces of text, most of them gone before it is answered: with the C library's allocator a third of
/// all instructions was `malloc` and `free`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod agency;
pub mod audit_log;
pub mod auth;
pub mod chance;
pub mod cli;
pub mod clock;
pub mod config;
mod hex;
pub mod http;
pub mod limits;
pub mod openapi;
pub mod pages;
pub mod problem;
pub mod schema_files;
pub mod start;
