//! `lienthong lineage`

use std::path::PathBuf;
use std::sync::Arc;

use adapter_api::declarative::Declarative;
use clap::Args;
use conformance::lineage;

use super::{EXIT_FINDINGS, EXIT_OK, EXIT_UNREADABLE, Settings, say, say_wrong, told};
use crate::schema_files::SchemaFiles;

/// Prints which of our fields comes from which of theirs, and how, in both directions.
#[derive(Debug, Args)]
pub struct Lineage {
    /// An agency's folder, or the folder of all.
    #[arg(value_name = "DIR", default_value = "adapters")]
    folder: PathBuf,
    /// The schemas' folder.
    #[arg(long, value_name = "DIR", default_value = "schemas")]
    schemas: PathBuf,
}

impl Lineage {
    /// Runs the verb.
    pub fn run(self, _settings: &Settings) -> u8 {
        let disk = conformance::disk::read(&self.folder, &self.schemas);
        let disk = match SchemaFiles::of_disk(disk) {
            Ok((_files, disk)) => disk,
            Err(errors) => return told(&errors),
        };
        if disk.agencies.is_empty() {
            say_wrong(&format!(
                "{}: no agency folder here (a folder with an adapter.toml)",
                self.folder.display()
            ));
            return EXIT_UNREADABLE;
        }
        let mut code = EXIT_OK;
        for (folder, _talks) in &disk.agencies {
            let (agency, findings) = adapter_api::agency::parse(folder);
            findings.iter().for_each(|finding| say_wrong(&finding.to_string()));
            match agency {
                Some(agency) => {
                    let adapter = Declarative::new(Arc::new(agency), Arc::clone(&disk.schemas));
                    say(lineage::table(&adapter).trim_end());
                }
                None => code = EXIT_FINDINGS,
            }
        }
        code
    }
}
