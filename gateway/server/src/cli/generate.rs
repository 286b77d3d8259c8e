//! `lienthong generate`

use std::path::{Path, PathBuf};

use clap::Args;

use super::{EXIT_FINDINGS, EXIT_OK, EXIT_UNREADABLE, Settings, say, say_wrong, told};
use crate::pages::Pages;
use crate::schema_files::SchemaFiles;

/// Writes schemas/openapi.json, schemas/config.schema.json and schemas/adapter.schema.json.
#[derive(Debug, Args)]
pub struct Generate {
    /// The schemas' folder.
    #[arg(long, value_name = "DIR", default_value = "schemas")]
    schemas: PathBuf,
    /// Write nothing; exit code 1 if a file is not as it would be written.
    #[arg(long)]
    check: bool,
}

impl Generate {
    /// Runs the verb.
    pub fn run(self, _settings: &Settings) -> u8 {
        let files = match generated(&self.schemas) {
            Ok(files) => files,
            Err(code) => return code,
        };
        let mut code = EXIT_OK;
        for (name, text) in files {
            let file = self.schemas.join(name);
            if std::fs::read_to_string(&file).is_ok_and(|found| found == text) {
                continue;
            }
            if self.check {
                say_wrong(&format!("{}: not fresh\n  help: run `lienthong generate`", file.display()));
                code = EXIT_FINDINGS;
            } else if let Err(error) = std::fs::write(&file, text) {
                say_wrong(&format!("{}: {error}", file.display()));
                code = EXIT_UNREADABLE;
            } else {
                say(&format!("{}", file.display()));
            }
        }
        code
    }
}

/// Every generated file with its text.
fn generated(schemas: &Path) -> Result<Vec<(&'static str, String)>, u8> {
    let files = SchemaFiles::read(schemas).map_err(|errors| told(&errors))?;
    let pages = Pages::read(schemas).map_err(|error| told(&[error]))?;
    let pretty = |value: serde_json::Value| format!("{value:#}\n");
    Ok(vec![
        ("openapi.json", pretty(crate::openapi::assemble(&files, &pages))),
        ("config.schema.json", pretty(crate::config::schema::of_default())),
        ("adapter.schema.json", pretty(crate::config::schema::of_adapter())),
    ])
}
