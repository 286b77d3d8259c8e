//! The command line: one verb a file.

mod backup;
mod check;
mod config;
mod doctor;
mod generate;
mod health;
mod lineage;
mod migrate;
mod new;
mod restore;
mod serve;
mod token;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{ConfigError, Main};

/// Everything is as it should be.
pub const EXIT_OK: u8 = 0;
/// Something was found.
pub const EXIT_FINDINGS: u8 = 1;
/// What was given cannot be read (sysexits EX_CONFIG).
pub const EXIT_UNREADABLE: u8 = 78;

/// Liên Thông: one normalised API in front of the national systems.
#[derive(Debug, Parser)]
#[command(name = "lienthong", version, about, after_help = EXAMPLES)]
struct Cli {
    /// The configuration file; without one the embedded defaults hold, relative to ./config.
    #[arg(long, short, env = "LIENTHONG_CONFIG", global = true, value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(subcommand)]
    verb: Verb,
}

const EXAMPLES: &str = "Examples:
  lienthong serve --config config/lienthong.toml   answer questions
  lienthong check adapters                         prove every agency folder
  lienthong new land --format json                 start an adapter (its check is green at once)
  lienthong lineage adapters/residence             which field comes from where
  lienthong token --client mot-cua-demo            a development token
  lienthong backup                                 copy the cases while the gateway runs
  lienthong restore --verify data/backups/x.db     prove that a backup is whole
  lienthong doctor                                 dial every dependency and say what is wrong";

#[derive(Debug, Subcommand)]
enum Verb {
    /// Answers questions until it is told to stop.
    Serve(serve::Serve),
    /// Proves agency folders: parses, checks, replays talks, tries hostile replies (laws L1–L15).
    Check(check::Check),
    /// Starts an agency folder with its schema; its check is green at once.
    New(new::New),
    /// Prints which of our fields comes from which of theirs, and how.
    Lineage(lineage::Lineage),
    /// Issues a development token from a local key.
    Token(token::Token),
    /// Checks or prints the configuration in force.
    #[command(subcommand)]
    Config(config::Config),
    /// Dials every dependency and says in prose what is wrong.
    Doctor(doctor::Doctor),
    /// Shows or applies the versions of the store's schema.
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    /// Copies the store to a file while the gateway runs.
    Backup(backup::Backup),
    /// Proves that a backup is whole; puts it in the store's place only when asked to.
    Restore(restore::Restore),
    /// Writes the generated files (schemas/openapi.json and its neighbours), or checks that they are fresh.
    Generate(generate::Generate),
    /// Asks a running gateway whether it is ready (for container health checks).
    Health(health::Health),
}

/// Runs the command line and gives its exit code.
pub fn run(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let settings = Settings { file: cli.config };
    let code = match cli.verb {
        Verb::Serve(verb) => verb.run(&settings),
        Verb::Check(verb) => verb.run(&settings),
        Verb::New(verb) => verb.run(&settings),
        Verb::Lineage(verb) => verb.run(&settings),
        Verb::Token(verb) => verb.run(&settings),
        Verb::Config(verb) => verb.run(&settings),
        Verb::Doctor(verb) => verb.run(&settings),
        Verb::Migrate(verb) => verb.run(&settings),
        Verb::Backup(verb) => verb.run(&settings),
        Verb::Restore(verb) => verb.run(&settings),
        Verb::Generate(verb) => verb.run(&settings),
        Verb::Health(verb) => verb.run(&settings),
    };
    ExitCode::from(code)
}

/// Where the settings come from.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The file that was named.
    pub file: Option<PathBuf>,
}

impl Settings {
    /// Reads the settings, or prints what is wrong with them.
    pub fn read(&self) -> Result<Main, u8> {
        let environment: Vec<(String, String)> =
            std::env::vars().filter(|(name, _)| name != "LIENTHONG_CONFIG").collect();
        Main::read(self.file.as_deref(), &environment).map_err(|errors| told(&errors))
    }
}

/// Prints configuration errors and gives the exit code.
pub fn told(errors: &[ConfigError]) -> u8 {
    for error in errors {
        say_wrong(&error.to_string());
    }
    EXIT_UNREADABLE
}

/// A line for the person at the terminal. Who has stopped reading (`| head`) misses nothing: that is no failure.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// A line about something wrong.
pub fn say_wrong(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
