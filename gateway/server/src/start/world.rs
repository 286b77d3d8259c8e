//! Everything that is read at start, before anything is opened: configuration, schemas, pages, agencies.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use adapter_api::agency::Agency;
use adapter_api::diagnostic::Severity;
use adapter_api::schema::Schemas;
use engine::catalogue::{Catalogue, Sources, Unfit};
use engine::policy::PolicySettings;
use engine::settings::{AgencySettings, CarrierSettings, ServiceSettings};


use crate::config::document::{read_text, read_toml};
use crate::config::parties::{AgencyBlock, CarrierBlock, ClientsFile};
use crate::config::{ConfigError, Main};
use crate::pages::Pages;
use crate::schema_files::SchemaFiles;

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
    birthplaces: BTreeSet<String>,
}

/// Reads everything; everything that is wrong is reported at once.
pub fn read_world(main: Main) -> Result<World, Vec<ConfigError>> {
    let mut findings = Vec::new();
    let mut keep = |error: ConfigError| findings.push(error);
    let schemas_folder = main.path(&main.folders.schemas);
    let schema_files = or_report(SchemaFiles::read(&schemas_folder), &mut keep);
    let shapes = or_report(schema_files.as_ref().map_or(Ok(Schemas::default()), SchemaFiles::shapes), &mut keep);
    let pages = or_report(Pages::read(&schemas_folder).map_err(|error| vec![error]), &mut keep);
    let agency_blocks = or_report(read_one(&main, &main.files.agencies), &mut keep);
    let carrier_blocks = or_report(read_one(&main, &main.files.carriers), &mut keep);
    let services = or_report(read_one(&main, &main.files.services), &mut keep);
    let policy = or_report(read_one(&main, &main.files.policy), &mut keep);
    let clients_file: Option<ClientsFile> = or_report(read_one(&main, &main.files.clients), &mut keep);
    let birthplaces = or_report(read_birthplaces(&main), &mut keep);
    let agencies = shapes.as_ref().map(|shapes| read_agencies(&main, shapes, agency_blocks.as_ref()));
    let agencies = agencies.and_then(|agencies| or_report(agencies, &mut keep));
    if !findings.is_empty() {
        return Err(findings);
    }
    let missing = || vec![ConfigError::Unfit { file: "configuration".into(), message: "incomplete".into() }];
    let clients_file = clients_file.ok_or_else(missing)?;
    Ok(World {
        schema_files: schema_files.ok_or_else(missing)?,
        shapes: Arc::new(shapes.ok_or_else(missing)?),
        pages: pages.ok_or_else(missing)?,
        agencies: agencies.ok_or_else(missing)?,
        agency_blocks: agency_blocks.ok_or_else(missing)?,
        carrier_blocks: carrier_blocks.ok_or_else(missing)?,
        services: services.ok_or_else(missing)?,
        policy: policy.ok_or_else(missing)?,
        clients: clients_file.clients.keys().cloned().collect(),
        clients_file,
        birthplaces: birthplaces.ok_or_else(missing)?,
        main,
    })
}

fn or_report<T>(read: Result<T, Vec<ConfigError>>, report: &mut impl FnMut(ConfigError)) -> Option<T> {
    read.map_err(|errors| errors.into_iter().for_each(report)).ok()
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

/// Parses and checks the folder of every agency that has a block; a block without a folder is an error.
fn read_agencies(
    main: &Main,
    shapes: &Schemas,
    blocks: Option<&BTreeMap<String, AgencyBlock>>,
) -> Result<BTreeMap<String, Arc<Agency>>, Vec<ConfigError>> {
    let folder = main.path(&main.folders.adapters);
    let folders = crate::agency_folders::read(&folder)
        .map_err(|error| vec![ConfigError::unfit(&folder, error.to_string())])?;
    let mut findings = Vec::new();
    let mut agencies = BTreeMap::new();
    for folder in &folders {
        let (agency, mut diagnostics) = adapter_api::agency::parse(folder);
        let Some(agency) = agency else {
            findings.extend(diagnostics.iter().map(told));
            continue;
        };
        if !blocks.is_some_and(|blocks| blocks.contains_key(&agency.name)) {
            continue;
        }
        if !diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
            diagnostics.extend(adapter_api::check::check(&agency, shapes));
        }
        let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
        findings.extend(errors.map(told));
        agencies.insert(agency.name.clone(), Arc::new(agency));
    }
    for name in blocks.into_iter().flat_map(BTreeMap::keys).filter(|name| !agencies.contains_key(*name)) {
        findings.push(ConfigError::unfit(&folder, format!("no agency folder says `agency = \"{name}\"`")));
    }
    if findings.is_empty() { Ok(agencies) } else { Err(findings) }
}

fn told(diagnostic: &adapter_api::diagnostic::Diagnostic) -> ConfigError {
    ConfigError::Unfit { file: diagnostic.place.to_string(), message: diagnostic.to_string() }
}

impl World {
    /// What can be asked.
    pub fn catalogue(&self) -> Result<Catalogue, Vec<Unfit>> {
        Catalogue::build(Sources {
            documents: self.schema_files.documents.values().cloned().collect(),
            agencies: self.agencies.values().map(Arc::as_ref).collect(),
            settings: self.services.clone(),
            birthplaces: self.birthplaces.clone(),
        })
    }

    /// What the engine needs of the agencies.
    pub fn agency_settings(&self) -> BTreeMap<String, AgencySettings> {
        let settings = |block: &AgencyBlock| AgencySettings {
            carrier: block.carrier.clone(),
            limits: block.limits.clone(),
            settings: serde_json::to_value(&block.settings).unwrap_or_default(),
        };
        self.agency_blocks.iter().map(|(name, block)| (name.clone(), settings(block))).collect()
    }

    /// What the engine needs of the carriers.
    pub fn carrier_settings(&self) -> BTreeMap<String, CarrierSettings> {
        let settings = |block: &CarrierBlock| CarrierSettings { limits: block.limits.clone() };
        self.carrier_blocks.iter().map(|(name, block)| (name.clone(), settings(block))).collect()
    }
}
