//! `lienthong new`

use std::path::PathBuf;

use clap::Args;
use conformance::new::{Wire, skeleton};

use super::{EXIT_FINDINGS, EXIT_OK, EXIT_UNREADABLE, Settings, say, say_wrong};

/// What every project has, and what a new schema refers to.
const COMMON_SCHEMAS: &str = "schemas/common";

/// Starts an agency folder with its schema and talks; `lienthong check` is green on it at once.
#[derive(Debug, Args)]
pub struct New {
    /// The agency's name: lower-case letters, digits and hyphens.
    #[arg(value_name = "AGENCY")]
    agency: String,
    /// How the agency speaks.
    #[arg(long, value_name = "json|xml|soap", default_value = "json", value_parser = ["json", "xml", "soap"])]
    format: String,
    /// The project's root: `adapters/` and `schemas/` below it are written to.
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
}

impl New {
    /// Runs the verb. A file that exists is never overwritten.
    pub fn run(self, _settings: &Settings) -> u8 {
        let Some(wire) = Wire::of_word(&self.format) else {
            say_wrong(&format!("{}: json, xml or soap", self.format));
            return EXIT_FINDINGS;
        };
        let skeleton = match skeleton(&self.agency, wire) {
            Ok(skeleton) => skeleton,
            Err(error) => {
                say_wrong(&error.to_string());
                return EXIT_FINDINGS;
            }
        };
        if !self.root.join(COMMON_SCHEMAS).is_dir() {
            say_wrong(&format!(
                "{}: no project here (it has no {COMMON_SCHEMAS}); run this in the project's root, or name it with --root",
                self.root.display()
            ));
            return EXIT_UNREADABLE;
        }
        let files = skeleton.files.iter().map(|(name, text)| (self.root.join(name), text));
        let files: Vec<(PathBuf, &String)> = files.collect();
        if let Some((taken, _)) = files.iter().find(|(file, _)| file.exists()) {
            say_wrong(&format!("{}: is there already; nothing was written", taken.display()));
            return EXIT_FINDINGS;
        }
        for (file, text) in &files {
            let folder = file.parent().map_or(Ok(()), std::fs::create_dir_all);
            if let Err(error) = folder.and_then(|()| std::fs::write(file, text)) {
                say_wrong(&format!("{}: {error}", file.display()));
                return EXIT_UNREADABLE;
            }
            say(&format!("{}", file.display()));
        }
        say(&format!("\n{}", skeleton.lines.trim_end()));
        EXIT_OK
    }
}
