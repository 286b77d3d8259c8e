//! `lienthong config check|dump`

use std::sync::Arc;

use clap::Subcommand;

use super::{EXIT_OK, Settings, say, told};

/// Checks or prints the configuration.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Reads and compiles everything as `serve` would (secrets and keys too), opens nothing, and lists everything that is wrong.
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
        let clock: Arc<dyn engine::ports::Clock> = Arc::new(crate::clock::WallClock);
        match crate::start::draw(main, &clock).sound() {
            Ok(plan) => {
                say(&format!(
                    "cấu hình hợp lệ / the configuration is sound: {} services, {} agencies, {} clients",
                    plan.services(),
                    plan.world.agencies.len(),
                    plan.world.clients.len()
                ));
                EXIT_OK
            }
            Err(errors) => told(&errors),
        }
    }
}
