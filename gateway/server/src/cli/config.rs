//! `lienthong config check|dump`

use clap::Subcommand;

use super::{EXIT_OK, Settings, say, told};

/// Checks or prints the configuration.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Reads every file as `serve` would, opens nothing, and lists everything that is wrong.
    Check,
    /// Prints lienthong.toml as it is in force: default, then file, then environment.
    Dump,
    /// Prints the embedded default with its comments.
    Default,
}

impl Config {
    /// Runs the verb.
    pub fn run(self, settings: &Settings) -> u8 {
        if let Config::Default = self {
            say(crate::config::DEFAULT.trim_end());
            return EXIT_OK;
        }
        let main = match settings.read() {
            Ok(main) => main,
            Err(code) => return code,
        };
        if let Config::Dump = self {
            say(main.dump().trim_end());
            return EXIT_OK;
        }
        match crate::start::read_world(main) {
            Ok(world) => {
                say(&format!(
                    "cấu hình hợp lệ / the configuration is sound: {} services, {} agencies, {} clients",
                    world.schema_files.services().count(),
                    world.agencies.len(),
                    world.clients.len()
                ));
                EXIT_OK
            }
            Err(errors) => told(&errors),
        }
    }
}
