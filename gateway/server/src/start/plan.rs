//! Everything that can be found wrong before anything is opened: `config check` ends here, `serve` goes on from here.

use std::sync::Arc;
use std::time::Duration;

use adapter_api::declarative::Declarative;
use engine::catalogue::{Catalogue, Unfit};
use engine::documents::{InMemory, Room};
use engine::policy::Policy;
use engine::ports::{Audit, Chance, Clock, Documents};
use engine::read::{Engine, Parts};

use super::chains::{self, Ground};
use super::clients::believe;
use super::keys;
use super::links::read_links;
use super::world::{Area, Finding, World, read_world};
use crate::agency::Agencies;
use crate::auth::Authenticator;
use crate::config::main_file::Documents as DocumentsSection;
use crate::config::{ConfigError, Main};

/// A gateway that only needs to be opened.
pub struct Plan {
    /// What was read.
    pub world: World,
    /// Who asks.
    pub authenticator: Authenticator,
    catalogue: Arc<Catalogue>,
    policy: Policy,
    wire: Agencies,
}

/// What came of drawing a plan: whatever could be read, and whatever is wrong.
pub struct Drawn {
    /// The plan, if nothing is wrong.
    pub plan: Option<Plan>,
    /// What was read, if something is wrong with how it fits together.
    pub world: Option<World>,
    /// Everything that is wrong.
    pub findings: Vec<Finding>,
}

/// Reads and compiles everything and opens nothing; everything that is wrong is reported at once.
pub fn draw(main: Main, clock: &Arc<dyn Clock>) -> Drawn {
    let mut findings: Vec<Finding> = Area::Configuration.all(main.findings()).collect();
    let world = match read_world(main) {
        Ok(world) => world,
        Err(errors) => {
            findings.extend(errors);
            return Drawn { plan: None, world: None, findings };
        }
    };
    let mut keep = |area: Area, errors: Vec<ConfigError>| findings.extend(area.all(errors));
    let catalogue = world.catalogue().map(Arc::new);
    let catalogue = catalogue.map_err(|unfit| keep(Area::Configuration, schemas(&world, &unfit))).ok();
    let policy = catalogue.as_ref().and_then(|catalogue| {
        let policy = Policy::build(&world.policy, catalogue);
        policy.map_err(|unfit| keep(Area::Configuration, rules(&world, &unfit))).ok()
    });
    if let Some(catalogue) = &catalogue {
        keep(Area::Configuration, told(&world.composites.findings(catalogue)));
        keep(Area::Configuration, chains_told(&world, catalogue));
    }
    keep(Area::Configuration, unknown_clients(&world));
    let limits = engine::settings::findings(&world.agency_settings(), &world.carrier_settings());
    keep(Area::Configuration, told(&limits));
    let authenticator = believe(&world, clock);
    let authenticator = authenticator.map_err(|errors| keep(Area::Keys, errors)).ok();
    for file in [&world.main.keys.cache, &world.main.keys.subject, &world.main.store.master_key] {
        keep(Area::Keys, keys::read(&world.main.path(file)).err().into_iter().collect());
    }
    let (links, unread) = read_links(&world);
    keep(Area::Links, unread);
    let wire = links.connect(&world, clock).map_err(|errors| keep(Area::Links, errors)).ok();
    match (catalogue, policy, authenticator, wire) {
        (Some(catalogue), Some(policy), Some(authenticator), Some(wire)) if findings.is_empty() => {
            let plan = Plan { world, authenticator, catalogue, policy, wire };
            Drawn { plan: Some(plan), world: None, findings }
        }
        _ => Drawn { plan: None, world: Some(world), findings },
    }
}

impl Drawn {
    /// The plan, or everything that is wrong.
    pub fn sound(self) -> Result<Plan, Vec<ConfigError>> {
        self.plan.ok_or_else(|| self.findings.into_iter().map(|finding| finding.error).collect())
    }
}

impl Plan {
    /// How many services can be asked.
    pub fn services(&self) -> usize {
        self.catalogue.services().count()
    }

    /// Puts the engine together; keys that are missing are made. Gives back what is left of the plan.
    pub fn engine(
        self,
        clock: &Arc<dyn Clock>,
        chance: &Arc<dyn Chance>,
        audit: Arc<dyn Audit>,
    ) -> Result<(Engine, World, Authenticator), Vec<ConfigError>> {
        let Plan { world, authenticator, catalogue, policy, wire } = self;
        let key = |file| keys::read_or_make(&world.main.path(file)).map_err(|error| vec![error]);
        let adapters = world.agencies.iter().map(|(name, agency)| {
            let lines = Declarative::new(Arc::clone(agency), Arc::clone(&world.shapes));
            (name.clone(), adapters::adapter_of(lines))
        });
        let documents = documents(&world.main.documents, chance);
        let parts = Parts {
            catalogue,
            policy: Arc::new(policy),
            adapters: adapters.collect(),
            composites: world.composites.clone(),
            units: Arc::clone(&world.units),
            agencies: world.agency_settings(),
            carriers: world.carrier_settings(),
            wire: Arc::new(wire.storing(Arc::clone(&documents))),
            audit,
            documents,
            clock: Arc::clone(clock),
            chance: Arc::clone(chance),
            cache_key: key(&world.main.keys.cache)?,
            subject_key: key(&world.main.keys.subject)?,
            cache_weight_max: world.main.cache.bytes_max,
            epoch: 1,
        };
        let engine = Engine::new(parts).map_err(|unfit| told(&unfit))?;
        Ok((engine, world, authenticator))
    }
}

/// In memory until the durable store stands.
fn documents(settings: &DocumentsSection, chance: &Arc<dyn Chance>) -> Arc<dyn Documents> {
    let room = Room {
        bytes_max: settings.bytes_max,
        document_bytes_max: settings.document_bytes_max,
        kept_for: Duration::from_secs(settings.kept_for_s),
    };
    Arc::new(InMemory::new(room, Arc::clone(chance)))
}

fn told(unfit: &[Unfit]) -> Vec<ConfigError> {
    let wrong = |one: &Unfit| ConfigError::Unfit { file: one.place.clone(), message: one.why.clone() };
    unfit.iter().map(wrong).collect()
}

fn schemas(world: &World, unfit: &[Unfit]) -> Vec<ConfigError> {
    let folder = world.main.path(&world.main.folders.schemas);
    let file = |one: &Unfit| world.schema_files.place(&folder, &one.place);
    unfit.iter().map(|one| ConfigError::Unfit { file: file(one), message: one.why.clone() }).collect()
}

fn rules(world: &World, unfit: &[Unfit]) -> Vec<ConfigError> {
    let file = world.main.path(&world.main.files.policy);
    let wrong = |one: &Unfit| ConfigError::unfit(&file, format!("rule \"{}\": {}", one.place, one.why));
    unfit.iter().map(wrong).collect()
}

/// What does not fit about the chains, each with its line; a schema is named by its file.
fn chains_told(world: &World, catalogue: &Catalogue) -> Vec<ConfigError> {
    let (shapes, files) = (&*world.shapes, &world.schema_files);
    let ground = Ground { shapes, files, catalogue, is_deployed: true };
    let folder = world.main.path(&world.main.folders.schemas);
    chains::check(&world.chains.chains, &ground)
        .iter()
        .map(|finding| crate::schema_files::told(&files.placed(&folder, finding)))
        .collect()
}

/// A rule for a client that nobody can be is a slip of the pen.
fn unknown_clients(world: &World) -> Vec<ConfigError> {
    let file = world.main.path(&world.main.files.policy);
    let strange = world.policy.rules.iter().filter(|rule| !world.clients.contains(&rule.client));
    let wrong = strange.map(|rule| {
        let (name, client) = (&rule.name, &rule.client);
        ConfigError::unfit(&file, format!("rule \"{name}\": clients.toml knows no client {client}"))
    });
    wrong.collect()
}

#[cfg(test)]
mod tests;
