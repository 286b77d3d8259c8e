//! `lienthong doctor`

use std::sync::Arc;
use std::time::Duration;

use adapter_api::{Fault, Party};
use clap::Args;
use tokio::time::Instant;

use super::{EXIT_FINDINGS, EXIT_OK, Settings, say, told};
use crate::agency::Agencies;
use crate::clock::WallClock;

/// How long one dependency may take to answer.
const DIAL_TIMEOUT: Duration = Duration::from_secs(5);

/// Dials every dependency and says in prose what is wrong and where to read on.
#[derive(Debug, Args)]
pub struct Doctor {}

impl Doctor {
    /// Runs the verb.
    pub fn run(self, settings: &Settings) -> u8 {
        crate::start::install_crypto();
        let world = match settings.read().map(crate::start::read_world) {
            Ok(Ok(world)) => world,
            Ok(Err(errors)) => return told(&errors),
            Err(code) => return code,
        };
        say("cấu hình, lược đồ, thư mục cơ quan: đọc được / configuration, schemas and agency folders can be read");
        let parties = match world.parties() {
            Ok(parties) => parties,
            Err(errors) => return told(&errors),
        };
        let agencies = match Agencies::connect(&parties, Arc::new(WallClock)) {
            Ok(agencies) => agencies,
            Err(errors) => return told(&errors),
        };
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                say(&format!("no runtime: {error}"));
                return EXIT_FINDINGS;
            }
        };
        let mut code = EXIT_OK;
        for party in &parties {
            let dialled = runtime.block_on(agencies.probe(&party.agency, Instant::now() + DIAL_TIMEOUT));
            let (line, well) = prose(&party.agency, party.carrier.as_deref(), party.base_url.as_str(), dialled);
            say(&line);
            if !well {
                code = EXIT_FINDINGS;
            }
        }
        code
    }
}

/// One dependency, in prose.
fn prose(agency: &str, carrier: Option<&str>, address: &str, dialled: Result<(), Fault>) -> (String, bool) {
    let road = carrier.map_or("trực tiếp / directly".to_string(), |carrier| format!("qua / through {carrier}"));
    let said = match dialled {
        Ok(()) => return (format!("✔ {agency} ({road}, {address}): trả lời / answers"), true),
        Err(Fault::Unreachable { party: Party::Carrier }) => {
            "không nối được tới trục kết nối: kiểm tra địa chỉ, tường lửa, chứng thư trong carriers.toml / \
             the carrier cannot be reached: see address, firewall and tls in carriers.toml"
        }
        Err(Fault::Unreachable { party: Party::Agency }) => {
            "không nối được tới cơ quan: kiểm tra địa chỉ, tường lửa, tls.ca và chứng thư của ta trong agencies.toml / \
             the agency cannot be reached: see address, firewall, tls.ca and our certificate in agencies.toml"
        }
        Err(Fault::DeadlineExceeded) => {
            "không trả lời trong 5 giây / silent for five seconds; see schemas/problems/deadline-exceeded.md"
        }
        Err(_other) => {
            "nối được nhưng bị ngắt: thường do chứng thư của ta bị từ chối / connected, then cut off: usually our \
             certificate is refused; see [<agency>] tls in agencies.toml"
        }
    };
    (format!("✘ {agency} ({road}, {address}): {said}"), false)
}
