//! An adapter whose words are lines: runs a parsed agency.

use std::sync::Arc;

use crate::adapter::{Adapter, Call, Exchange, Inbound, Received, Step};
use crate::agency::Agency;
use crate::fault::Fault;
use crate::schema::Schemas;

/// Runs a parsed agency.
#[derive(Debug, Clone)]
pub struct Declarative {
    agency: Arc<Agency>,
    schemas: Arc<Schemas>,
}

impl Declarative {
    /// An adapter that speaks as this agency's folder says, answering in the shape of these schemas.
    pub fn new(agency: Arc<Agency>, schemas: Arc<Schemas>) -> Self {
        Declarative { agency, schemas }
    }

    /// The agency it speaks for.
    pub fn agency(&self) -> &Agency {
        &self.agency
    }
}

impl Adapter for Declarative {
    fn next(&self, _call: &Call, _said: &[Exchange]) -> Result<Step, Fault> {
        let _ = &self.schemas;
        Err(Fault::AdapterFailed { place: "declarative".into() })
    }

    fn receive(&self, _message: &Inbound) -> Result<Received, Fault> {
        Err(Fault::AdapterFailed { place: "declarative".into() })
    }
}
