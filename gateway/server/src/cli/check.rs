//! `lienthong check`

use std::path::PathBuf;
use std::sync::Arc;

use adapter_api::Adapter;
use adapter_api::agency::Agency;
use adapter_api::declarative::Declarative;
use adapter_api::schema::Schemas;
use clap::{Args, ValueEnum};
use conformance::folder::{AgencyInput, check_all, check_folder, update_talks};
use conformance::report::{Colour, Counts, Exit, Report};
use conformance::{Effort, Validator};

use engine::ports::Clock;

use super::{EXIT_FINDINGS, EXIT_OK, EXIT_UNREADABLE, Settings, say, say_wrong, told};
use crate::clock::WallClock;
use crate::schema_files::{self, SchemaFiles};
use crate::start::chains;

/// Proves agency folders: parses, checks, replays talks, tries hostile replies (laws L1–L15). Then the chains: every name
/// leads somewhere, every leg is told what its service requires, every example of a case fits.
///
/// Exit code 0: green; 1: something was found; 78: something cannot be read.
#[derive(Debug, Args)]
pub struct Check {
    /// The folder of the agency folders.
    #[arg(value_name = "DIR", default_value = "adapters")]
    adapters: PathBuf,
    /// The schemas' folder.
    #[arg(long, value_name = "DIR", default_value = "schemas")]
    schemas: PathBuf,
    /// The chains' folder; without it, or without a file in it, there are no chains.
    #[arg(long, value_name = "DIR", default_value = "config/chains")]
    chains: PathBuf,
    /// The calendar that due dates are counted by.
    #[arg(long, value_name = "FILE", default_value = "config/calendar.toml")]
    calendar: PathBuf,
    /// Only this agency's folder, and no chains.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// How the report looks.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Rewrite what the talks say was sent and understood; the agency's replies stay: they are evidence.
    #[arg(long)]
    update: bool,
    /// Leave out the 10 MB replies: for an author who saves and looks.
    #[arg(long)]
    quick: bool,
    /// Explain a law instead, L1 to L15.
    #[arg(long, value_name = "LAW")]
    explain: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Check {
    /// Runs the verb.
    pub fn run(self, _settings: &Settings) -> u8 {
        if let Some(code) = &self.explain {
            return explain(code);
        }
        let Read { inputs, whole, ground } = match self.read() {
            Ok(read) => read,
            Err(code) => return code,
        };
        if self.update {
            for rewritten in inputs.iter().flat_map(update_talks) {
                if let Err(error) = std::fs::write(rewritten.name.as_ref(), &rewritten.text) {
                    say_wrong(&format!("{}: {error}", rewritten.name));
                    return EXIT_UNREADABLE;
                }
                say(&format!("rewritten: {}", rewritten.name));
            }
            // Read again: the report below is about what stands on disk now.
            return Check { update: false, ..self }.run(_settings);
        }
        // The carriers' rules are every agency's: of a part of the agencies nobody can say that none is reached.
        let mut reports: Vec<Report> =
            if whole { check_all(&inputs) } else { inputs.iter().map(check_folder).collect() };
        if whole {
            reports.extend(self.chains(&ground));
        }
        self.print(&reports);
        reports.iter().map(Report::exit).max().unwrap_or(Exit::Green).code()
    }

    /// The agencies asked for, and whether they are all there are.
    fn read(&self) -> Result<Read, u8> {
        let disk = conformance::disk::read(&self.adapters, &self.schemas);
        let (files, disk) = SchemaFiles::of_disk(disk).map_err(|errors| told(&errors))?;
        let parsed = disk.agencies.iter().filter_map(|(folder, _talks)| adapter_api::agency::parse(folder).0);
        let agencies: Vec<_> = parsed.collect();
        let validator: Arc<Validator> = Arc::from(schema_files::validator(&disk.documents, &agencies));
        let effort = if self.quick { Effort::Quick } else { Effort::Full };
        let wanted = disk.agencies.iter().map(|(folder, _talks)| folder.name.as_str());
        let wanted = wanted.filter(|name| self.only.as_deref().is_none_or(|only| only == *name));
        let inputs = wanted.filter_map(|name| disk.input(name));
        let inputs: Vec<AgencyInput> = inputs
            .map(|input| AgencyInput {
                coded: adapter(&input),
                validator: Some(Arc::clone(&validator)),
                effort,
                ..input
            })
            .collect();
        if inputs.is_empty() {
            say_wrong(&format!(
                "{}: no agency folder here (a folder with an adapter.toml)",
                self.adapters.display()
            ));
            return Err(EXIT_UNREADABLE);
        }
        let whole = disk.whole && self.only.is_none();
        Ok(Read { inputs, whole, ground: (files, disk.schemas, agencies) })
    }

    /// The report on the chains; `None`: there are none.
    fn chains(&self, (files, shapes, agencies): &Ground) -> Option<Report> {
        let report = |findings, chains| Report {
            agency: "chains".to_owned(),
            findings,
            unreadable: chains == 0,
            counts: Counts { chains, ..Counts::default() },
        };
        let chains = match chains::read(&self.chains, &self.calendar) {
            Ok(read) if read.chains.is_empty() => return None,
            Ok(read) => read,
            Err(errors) => {
                errors.iter().for_each(|error| say_wrong(&error.to_string()));
                return Some(report(Vec::new(), 0));
            }
        };
        for warning in chains::warnings(&chains, WallClock.unix_ms()) {
            say_wrong(&warning);
        }
        let findings = match schema_files::catalogue(&files.documents, agencies) {
            Ok(catalogue) => {
                let ground = chains::Ground { shapes, files, catalogue: &catalogue, is_deployed: false };
                chains::check(&chains.chains, &ground)
            }
            Err(unfit) => unfit.iter().map(|one| chains::schema_unfit(&one.place, &one.why)).collect(),
        };
        let placed = findings.iter().map(|finding| files.placed(&self.schemas, finding)).collect();
        Some(report(placed, chains.chains.len()))
    }

    fn print(&self, reports: &[Report]) {
        match self.format {
            Format::Text => reports.iter().for_each(|report| say(report.text(Colour::default()).trim_end())),
            Format::Json => {
                let all: Vec<_> = reports.iter().map(Report::json).collect();
                say(&serde_json::Value::Array(all).to_string());
            }
        }
    }
}

/// The schemas with their shapes, and the agencies as parsed.
type Ground = (SchemaFiles, Arc<Schemas>, Vec<Agency>);

/// What was read.
struct Read {
    inputs: Vec<AgencyInput>,
    /// These are all agencies there are.
    whole: bool,
    ground: Ground,
}

/// The adapter that will speak for this agency; of a folder that does not parse the report says why.
fn adapter(input: &AgencyInput) -> Option<Arc<dyn Adapter>> {
    let agency = adapter_api::agency::parse(&input.folder).0?;
    Some(adapters::adapter_of(Declarative::new(Arc::new(agency), Arc::clone(&input.schemas))))
}

fn explain(code: &str) -> u8 {
    match conformance::laws::help(&code.to_uppercase()) {
        Some(page) => {
            say(page.trim_end());
            EXIT_OK
        }
        None => {
            say_wrong(&format!("{code}: the laws are L1 to L15"));
            EXIT_FINDINGS
        }
    }
}
