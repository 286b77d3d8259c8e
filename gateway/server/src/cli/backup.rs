//! `lienthong backup`

use std::path::PathBuf;

use clap::Args;
use engine::ports::Clock;

use super::{EXIT_FINDINGS, EXIT_OK, Settings, say, say_wrong};
use crate::clock::WallClock;
use crate::config::Main;
use crate::store::backup::backup;

/// Copies the store to a file while the gateway runs.
///
/// The copy is one moment of the store: every case acknowledged before it, none in half. It is one file, only its owner can
/// read it, and what is personal in it is sealed. The master key is NOT in it: keep a copy of [store] master_key elsewhere,
/// or the backup opens for nobody. Documents and the audit log are folders of their own and are copied apart.
///
/// Then prove it: lienthong restore --verify FILE
#[derive(Debug, Args)]
pub struct Backup {
    /// The file to write; it must not be there yet. Without one: a dated file in [store] backups.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Backup {
    /// Runs the verb.
    pub fn run(self, settings: &Settings) -> u8 {
        let main = match settings.read() {
            Ok(main) => main,
            Err(code) => return code,
        };
        let store = main.path(&main.store.file);
        if !store.exists() {
            say_wrong(&format!("{}: chưa có kho hồ sơ / there is no store to copy", store.display()));
            return EXIT_FINDINGS;
        }
        let target = self.file.unwrap_or_else(|| dated(&main));
        match backup(&store, &target) {
            Ok(bytes) => {
                say(&format!("{}: {bytes} bytes", target.display()));
                say(&format!(
                    "thử lại bằng / prove it with: lienthong restore --verify {}",
                    target.display()
                ));
                EXIT_OK
            }
            Err(error) => {
                say_wrong(&error.to_string());
                EXIT_FINDINGS
            }
        }
    }
}

/// `cases-20250812T090000.db`, by the time in Viet Nam.
fn dated(main: &Main) -> PathBuf {
    let now: String = WallClock.now().chars().take("2025-08-12T09:00:00".len()).collect();
    main.path(&main.store.backups).join(format!("cases-{}.db", now.replace(['-', ':'], "")))
}
