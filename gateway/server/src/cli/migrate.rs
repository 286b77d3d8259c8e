//! `lienthong migrate status|apply`

use clap::Subcommand;
use engine::ports::Clock;

use super::{EXIT_FINDINGS, EXIT_OK, Settings, say, say_wrong};
use crate::clock::{WallClock, vietnam_time};
use crate::store::{standing, upgrade};

/// Shows or applies the versions of the store's schema.
///
/// A new store gets its schema by itself. One that is there is never changed behind your back: a newer program says at its
/// start that steps are missing, you make a backup and apply them. There is no way back but the backup.
///
/// Exit code 0: every step is applied; 1: steps are missing, or the database is another program's.
#[derive(Debug, Subcommand)]
pub enum Migrate {
    /// Lists every step and when it was applied; a gateway may be running.
    Status,
    /// Applies what is missing; the gateway must be stopped. Make a backup first: lienthong backup.
    Apply,
}

impl Migrate {
    /// Runs the verb.
    pub fn run(self, settings: &Settings) -> u8 {
        let main = match settings.read() {
            Ok(main) => main,
            Err(code) => return code,
        };
        let file = main.path(&main.store.file);
        let told = match self {
            Migrate::Status if !file.exists() => {
                say(&format!(
                    "{}: chưa có / is not there yet; its first start makes it whole",
                    file.display()
                ));
                return EXIT_OK;
            }
            Migrate::Status => status(&file),
            Migrate::Apply => apply(&file),
        };
        told.unwrap_or_else(|error| {
            say_wrong(&error.to_string());
            EXIT_FINDINGS
        })
    }
}

fn status(file: &std::path::Path) -> Result<u8, crate::store::OpenError> {
    let steps = standing(file)?;
    for step in &steps {
        let when = step.applied_ms.map_or_else(|| "thiếu / missing".to_owned(), vietnam_time);
        say(&format!("{:04} {:<16} {when}", step.migration.version, step.migration.name));
    }
    let is_whole = steps.iter().all(|step| step.applied_ms.is_some());
    Ok(if is_whole { EXIT_OK } else { EXIT_FINDINGS })
}

fn apply(file: &std::path::Path) -> Result<u8, crate::store::OpenError> {
    let done = upgrade(file, WallClock.unix_ms())?;
    for migration in &done {
        say(&format!("{:04} {}: đã áp dụng / applied", migration.version, migration.name));
    }
    if done.is_empty() {
        say("không thiếu bước nào / no step is missing");
    }
    Ok(EXIT_OK)
}
