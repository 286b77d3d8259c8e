//! `lienthong lineage`

use clap::Args;

use super::{EXIT_OK, Settings};

/// (arrives with the conformance kit)
#[derive(Debug, Args)]
pub struct Lineage {}

impl Lineage {
    /// Runs the verb.
    pub fn run(self, _settings: &Settings) -> u8 {
        EXIT_OK
    }
}
