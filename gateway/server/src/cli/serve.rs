//! `lienthong serve`

use std::path::PathBuf;

use clap::Args;

use super::{EXIT_FINDINGS, EXIT_OK, Settings, say_wrong, told};

/// Answers questions until it is told to stop (SIGTERM, Ctrl-C).
#[derive(Debug, Args)]
pub struct Serve {
    /// Write the addresses that are listened on to this file, as JSON, once both ports are open.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

impl Serve {
    /// Runs the verb.
    pub fn run(self, settings: &Settings) -> u8 {
        let main = match settings.read() {
            Ok(main) => main,
            Err(code) => return code,
        };
        let gateway = match crate::start::assemble(main) {
            Ok(gateway) => gateway,
            Err(errors) => return told(&errors),
        };
        match crate::start::serve(gateway, self.ready_file.as_deref()) {
            Ok(()) => EXIT_OK,
            Err(error) => {
                say_wrong(&format!("{error:#}"));
                EXIT_FINDINGS
            }
        }
    }
}
