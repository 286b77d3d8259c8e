//! Everything that is read at start, before anything is opened: configuration, schemas, pages, agencies.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use adapter_api::agency::Agency;
use adapter_api::diagnostic::Severity;
use adapter_api::schema::Schemas;
use conformance::disk::Disk;
use engine::catalogue::{Catalogue, Sources, Unfit};
use engine::composite::Composites;
use engine::policy::PolicySettings;
use engine::settings::{AgencySettings, CarrierSettings, ServiceSettings};
use engine::units::{CONVERT, Tables, Units};

use super::chains::{self, ChainFiles};
use super::composites;
use crate::config::document::{read_text, read_toml};
use crate::config::parties::{AgencyBlock, CarrierBlock, ClientsFile};
use crate::config::{ConfigError, Main};
use crate::pages::Pages;
use crate::schema_files::{SchemaFiles, told};

/// Everything that was read.
pub struct World {
    /// `lienthong.toml`.
    pub main: Main,
    /// The schemas.
    pub schema_files: SchemaFiles,
    /// Their shapes.
    pub shapes: Arc<Schemas>,
    /// The problem pages.
    pub pages: Pages,
    /// The agencies that have both a folder and a block.
    pub agencies: BTreeMap<String, Arc<Agency>>,
    /// `agencies.toml`.
    pub agency_blocks: BTreeMap<String, AgencyBlock>,
    /// `carriers.toml`.
    pub carrier_blocks: BTreeMap<String, CarrierBlock>,
    /// `services.toml`.
    pub services: BTreeMap<String, ServiceSettings>,
    /// `policy.toml`.
    pub policy: PolicySettings,
    /// `clients.toml`.
    pub clients_file: ClientsFile,
    /// The clients it names.
    pub clients: BTreeSet<String>,
    /// Composites and forms.
    pub composites: Composites,
    /// Chains and the calendar.
    pub chains: ChainFiles,
    /// The administrative units of both generations.
    pub units: Arc<Units>,
    birthplaces: BTreeSet<String>,
}

/// What something that is wrong belongs to: a line of `lienthong doctor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// The files of the configuration and how they fit together.
    Configuration,
    /// `schemas/`.
    Schemas,
    /// The agency folders.
    Adapters,
    /// Issuers' key sets and our own key files.
    Keys,
    /// Addresses, secrets and certificates of agencies and carriers.
    Links,
}

/// Something that is wrong.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What it belongs to.
    pub area: Area,
    /// What is wrong.
    pub error: ConfigError,
}

impl Area {
    /// These errors, as findings of this area.
    pub fn all(self, errors: impl IntoIterator<Item = ConfigError>) -> impl Iterator<Item = Finding> {
        errors.into_iter().map(move |error| Finding { area: self, error })
    }
}

/// Reads everything; everything that is wrong is reported at once.
pub fn read_world(main: Main) -> Result<World, Vec<Finding>> {
    let mut findings = Vec::new();
    let mut keep = |finding: Finding| findings.push(finding);
    let schemas_folder = main.path(&main.folders.schemas);
    let adapters_folder = main.path(&main.folders.adapters);
    let disk = conformance::disk::read(&adapters_folder, &schemas_folder);
    let read = or_report(SchemaFiles::of_disk(disk), Area::Schemas, &mut keep);
    let pages =
        or_report(Pages::read(&schemas_folder).map_err(|error| vec![error]), Area::Schemas, &mut keep);
    let agency_blocks: Option<BTreeMap<String, AgencyBlock>> =
        or_report(read_one(&main, &main.files.agencies), FILES, &mut keep);
    let carrier_blocks = or_report(read_one(&main, &main.files.carriers), FILES, &mut keep);
    let services = or_report(read_one(&main, &main.files.services), FILES, &mut keep);
    let policy = or_report(read_one(&main, &main.files.policy), FILES, &mut keep);
    let clients_file: Option<ClientsFile> = or_report(read_one(&main, &main.files.clients), FILES, &mut keep);
    let birthplaces = or_report(read_birthplaces(&main), FILES, &mut keep);
    let composites = or_report(composites::read(&main), FILES, &mut keep);
    let (folder, calendar) = (main.path(&main.folders.chains), main.path(&main.files.calendar));
    let chains = or_report(chains::read(&folder, &calendar), FILES, &mut keep);
    let units = or_report(read_units(&main), FILES, &mut keep);
    let agencies = match (&read, &agency_blocks) {
        (Some((_, disk)), Some(blocks)) => {
            or_report(check_agencies(&adapters_folder, disk, blocks), Area::Adapters, &mut keep)
        }
        _ => None,
    };
    if !findings.is_empty() {
        return Err(findings);
    }
    let incomplete = || ConfigError::Unfit { file: "configuration".into(), message: "incomplete".into() };
    let missing = || FILES.all([incomplete()]).collect::<Vec<_>>();
    let (schema_files, disk) = read.ok_or_else(missing)?;
    let clients_file = clients_file.ok_or_else(missing)?;
    Ok(World {
        schema_files,
        shapes: disk.schemas,
        pages: pages.ok_or_else(missing)?,
        agencies: agencies.ok_or_else(missing)?,
        agency_blocks: agency_blocks.ok_or_else(missing)?,
        carrier_blocks: carrier_blocks.ok_or_else(missing)?,
        services: services.ok_or_else(missing)?,
        policy: policy.ok_or_else(missing)?,
        clients: clients_file.clients.keys().cloned().collect(),
        clients_file,
        birthplaces: birthplaces.ok_or_else(missing)?,
        composites: composites.ok_or_else(missing)?,
        chains: chains.ok_or_else(missing)?,
        units: units.ok_or_else(missing)?,
        main,
    })
}

const FILES: Area = Area::Configuration;

fn or_report<T>(
    read: Result<T, Vec<ConfigError>>,
    area: Area,
    report: &mut impl FnMut(Finding),
) -> Option<T> {
    read.map_err(|errors| area.all(errors).for_each(report)).ok()
}

fn read_one<T: serde::de::DeserializeOwned>(main: &Main, file: &Path) -> Result<T, Vec<ConfigError>> {
    read_toml(&main.path(file)).map_err(|error| vec![error])
}

/// The codes of provinces of birth registration that a personal ID may begin with: the first column.
fn read_birthplaces(main: &Main) -> Result<BTreeSet<String>, Vec<ConfigError>> {
    let file = main.path(&main.folders.units).join("personal-id-provinces.csv");
    let text = read_text(&file).map_err(|error| vec![error])?;
    let rows = text.lines().filter(|line| !line.starts_with('#')).skip(1);
    Ok(rows.filter_map(|row| row.split(',').next()).map(str::to_string).collect())
}

/// The units of both generations, with the table that leads from one to the other.
fn read_units(main: &Main) -> Result<Arc<Units>, Vec<ConfigError>> {
    let folder = main.path(&main.folders.units);
    let text = |name: &str| read_text(&folder.join(name)).map_err(|error| vec![error]);
    let (provinces, communes) = (text("provinces.csv")?, text("communes.csv")?);
    let conversion = text("conversion_2025-07-01.csv")?;
    let tables = Tables { provinces: &provinces, communes: &communes, conversion: &conversion };
    let unfit = |findings: Vec<String>| -> Vec<ConfigError> {
        findings.into_iter().map(|finding| ConfigError::unfit(&folder, finding)).collect()
    };
    Units::read(tables).map(Arc::new).map_err(unfit)
}

/// Parses and checks the folder of every agency that has a block; a block without a folder is an error.
fn check_agencies(
    folder: &Path,
    disk: &Disk,
    blocks: &BTreeMap<String, AgencyBlock>,
) -> Result<BTreeMap<String, Arc<Agency>>, Vec<ConfigError>> {
    let mut findings = Vec::new();
    let mut agencies = BTreeMap::new();
    for (folder, _talks) in &disk.agencies {
        let (agency, mut diagnostics) = adapter_api::agency::parse(folder);
        let Some(agency) = agency else {
            findings.extend(diagnostics.iter().map(told));
            continue;
        };
        if !blocks.contains_key(&agency.name) {
            continue;
        }
        if !diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
            diagnostics.extend(adapter_api::check::check(&agency, &disk.schemas));
        }
        let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
        findings.extend(errors.map(told));
        agencies.insert(agency.name.clone(), Arc::new(agency));
    }
    for name in blocks.keys().filter(|name| !agencies.contains_key(*name)) {
        findings.push(ConfigError::unfit(folder, format!("no agency folder says `agency = \"{name}\"`")));
    }
    if findings.is_empty() { Ok(agencies) } else { Err(findings) }
}

impl World {
    /// What can be asked.
    pub fn catalogue(&self) -> Result<Catalogue, Vec<Unfit>> {
        Catalogue::build(Sources {
            documents: self.schema_files.documents.values().cloned().collect(),
            agencies: self.agencies.values().map(Arc::as_ref).collect(),
            units: self
                .agency_blocks
                .iter()
                .map(|(name, block)| (name.clone(), block.units.clone()))
                .collect(),
            settings: self.services.clone(),
            house: self.composites.names().chain([CONVERT.to_owned()]).collect(),
            birthplaces: self.birthplaces.clone(),
        })
    }

    /// What the engine needs of the agencies.
    pub fn agency_settings(&self) -> BTreeMap<String, AgencySettings> {
        let settings = |block: &AgencyBlock| AgencySettings {
            carrier: block.carrier.clone(),
            limits: block.limits.clone(),
            settings: serde_json::to_value(&block.settings).unwrap_or_default(),
            feed_every_s: block.feed_every_s,
        };
        self.agency_blocks.iter().map(|(name, block)| (name.clone(), settings(block))).collect()
    }

    /// What the engine needs of the carriers.
    pub fn carrier_settings(&self) -> BTreeMap<String, CarrierSettings> {
        let settings = |block: &CarrierBlock| CarrierSettings { limits: block.limits.clone() };
        self.carrier_blocks.iter().map(|(name, block)| (name.clone(), settings(block))).collect()
    }
}
