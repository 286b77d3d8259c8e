//! `lienthong restore`

use std::path::PathBuf;

use clap::Args;
use engine::ports::Clock;

use super::{EXIT_FINDINGS, EXIT_OK, Settings, say, say_wrong, told};
use crate::clock::WallClock;
use crate::config::Main;
use crate::start::master_key;
use crate::store::backup::restore;
use crate::store::verify::{Verified, verify};

/// Proves that a backup is whole; puts it in the store's place only when asked to.
///
/// Read from end to end: every page, the schema's version, every row's case, and everything sealed is opened with the master
/// key of [store]. A backup that was never verified is a hope; verify each one, on another machine if you can.
///
/// --in-place verifies first and then restores; the gateway must be stopped. What happened after the backup is not in it:
/// cases taken in since are unknown, and legs sent since look unsent. Before the gateway is started again, ask the agencies
/// what came since the backup's time; a leg that is sent again is refused as known only where the agency knows our references.
///
/// Exit code 0: whole; 1: something is wrong, it is listed, and nothing was changed.
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only verify, change nothing. This is what happens without --in-place, too.
    #[arg(long, conflicts_with = "in_place")]
    verify: bool,
    /// Put it in the place of [store] file, once it is verified.
    #[arg(long)]
    in_place: bool,
    /// A store that is there is moved aside and kept; without this it is left alone and nothing happens.
    #[arg(long, requires = "in_place")]
    replace: bool,
}

impl Restore {
    /// Runs the verb.
    pub fn run(self, settings: &Settings) -> u8 {
        let main = match settings.read() {
            Ok(main) => main,
            Err(code) => return code,
        };
        let found = match master_key(&main) {
            Ok(master) => verify(&self.file, &master),
            Err(error) => return told(&[error]),
        };
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                say_wrong(&error.to_string());
                return EXIT_FINDINGS;
            }
        };
        if !self.report(&found) {
            return EXIT_FINDINGS;
        }
        if self.in_place { self.restore(&main) } else { EXIT_OK }
    }

    /// Says what was found; whether all is well.
    fn report(&self, found: &Verified) -> bool {
        found.findings.iter().for_each(|finding| say_wrong(&format!("✘ {finding}")));
        if !found.findings.is_empty() {
            return false;
        }
        say(&format!("✔ {}: nguyên vẹn / whole", self.file.display()));
        say(&format!("  schema {}", found.version));
        found.rows.iter().for_each(|(table, rows)| say(&format!("  {table} {rows}")));
        say(&format!("  open cases {}", found.open));
        say(&format!("  sealed values opened {}", found.opened));
        true
    }

    fn restore(&self, main: &Main) -> u8 {
        let store = main.path(&main.store.file);
        match restore(&self.file, &store, self.replace, WallClock.unix_ms()) {
            Ok(aside) => {
                if let Some(aside) = aside {
                    say(&format!("  {}: kho cũ được giữ lại / what was there is kept", aside.display()));
                }
                say(&format!("✔ {}: đã khôi phục / restored", store.display()));
                EXIT_OK
            }
            Err(error) => {
                say_wrong(&error.to_string());
                EXIT_FINDINGS
            }
        }
    }
}
