//! `lienthong doctor`

use std::sync::Arc;

use clap::Args;

use super::{EXIT_FINDINGS, EXIT_OK, Settings, say, told};
use crate::agency::{DIRECT, Reach};
use crate::clock::WallClock;

/// Dials every dependency and says in prose what is wrong and where to read on.
#[derive(Debug, Args)]
pub struct Doctor {}

impl Doctor {
    /// Runs the verb.
    pub fn run(self, settings: &Settings) -> u8 {
        let world = match settings.read().map(crate::start::read_world) {
            Ok(Ok(world)) => world,
            Ok(Err(errors)) => return told(&errors),
            Err(code) => return code,
        };
        say("✔ cấu hình, lược đồ, thư mục cơ quan / configuration, schemas and agency folders");
        let agencies = match crate::start::connect(&world, Arc::new(WallClock)) {
            Ok(agencies) => agencies,
            Err(errors) => return told(&errors),
        };
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                say(&format!("✘ no runtime: {error}"));
                return EXIT_FINDINGS;
            }
        };
        let mut code = EXIT_OK;
        for (agency, block) in &world.agency_blocks {
            let reach = runtime.block_on(agencies.probe(agency));
            if reach != Reach::Up {
                code = EXIT_FINDINGS;
            }
            say(&prose(agency, &block.carrier, &reach));
        }
        code
    }
}

/// One dependency, in prose.
fn prose(agency: &str, carrier: &str, reach: &Reach) -> String {
    let direct = carrier == DIRECT;
    let road =
        if direct { "trực tiếp / directly".to_string() } else { format!("qua / through {carrier}") };
    match reach {
        Reach::Up => format!("✔ {agency} ({road}): nối được / can be reached"),
        Reach::Down { why } => {
            let file = if direct { "agencies.toml" } else { "carriers.toml" };
            format!(
                "✘ {agency} ({road}): không nối được, {why}; xem địa chỉ, tường lửa và tls trong {file} / \
                 cannot be reached, {why}; see address, firewall and tls in {file}"
            )
        }
    }
}
