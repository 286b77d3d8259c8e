//! The road of the cases, put together without the doors: the agencies as a worker asks them, and the documents it sends.

use std::path::Path;
use std::sync::Arc;

use engine::case::road::RoadAgencies;
use engine::ports::{Chance, Clock, Documents};
use engine::read::Engine;
use serde_json::Value;

use super::{draw, open_audit};
use crate::chance::SecureChance;
use crate::clock::WallClock;
use crate::config::{ConfigError, Main};

pub use adapter_api::{Fault, Finding, Outcome};
pub use engine::case::Asked;
pub use engine::case::agencies::{Agencies, Heard, Question};

/// What a worker of the durable road speaks with.
pub struct CaseRoad {
    /// The agencies.
    pub agencies: RoadAgencies,
    /// The documents they are sent, and those they send.
    pub documents: Arc<dyn Documents>,
    /// The clock that [`Question::until_ms`] is told by.
    pub clock: Arc<dyn Clock>,
    engine: Engine,
}

impl CaseRoad {
    /// What is wrong with a query, as the intake says it; nothing if it can be sent. An unknown service is no query's fault.
    pub fn findings(&self, service: &str, query: &Value) -> Vec<Finding> {
        let (catalogue, now) = (self.engine.catalogue(), self.clock.now());
        let today = now.get(..10).unwrap_or(&now);
        catalogue.service(service).map_or_else(Vec::new, |service| catalogue.findings(service, query, today))
    }
}

/// Reads the configuration and puts the road together; everything that is wrong is reported at once.
pub fn case_road(file: &Path) -> Result<CaseRoad, Vec<ConfigError>> {
    crate::auth::keys::install_cryptography();
    let clock: Arc<dyn Clock> = Arc::new(WallClock);
    let chance: Arc<dyn Chance> = Arc::new(SecureChance);
    let plan = draw(Main::read(Some(file), &[])?, &clock).sound()?;
    let audit = open_audit(&plan.world.main, &clock)?;
    let (engine, _, _) = plan.engine(&clock, &chance, audit)?;
    let (agencies, documents) = (engine.case_agencies(), Arc::clone(engine.documents()));
    Ok(CaseRoad { agencies, documents, clock, engine })
}
