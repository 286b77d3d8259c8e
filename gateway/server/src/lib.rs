//! The shell: HTTP, TLS, files, environment, the command line, and the composition root that puts the engine together.

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
pub mod store;
