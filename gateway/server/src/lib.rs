//! The shell: HTTP, TLS, files, environment, the command line, and the composition root that puts the engine together.

pub mod cli;
pub mod start;
pub mod http;
pub mod auth;
pub mod limits;
pub mod problem;
pub mod pages;
pub mod openapi;
pub mod agency;
pub mod audit_log;
pub mod config;
pub mod schema_files;
pub mod agency_folders;
pub mod clock;
pub mod chance;
mod hex;
