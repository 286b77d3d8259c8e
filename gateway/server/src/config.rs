//! Settings: default < file < environment; an unknown key is refused with its line and the nearest known one.

pub mod document;
pub mod main_file;
pub mod merge;
pub mod parties;
pub mod schema;
mod sense;

pub use document::{ConfigError, read_toml};
pub use main_file::Main;

/// The default configuration, with a comment for every setting: it *is* the documentation.
pub const DEFAULT: &str = include_str!("../../../config/lienthong.toml");
