//! What the engine tells about itself: what a client may ask, and whether the links are up.

use std::sync::Arc;

use adapter_api::Kind;

use crate::catalogue::{FieldView, HOUSE, Route};
use crate::client::Client;
use crate::feed::FeedView;
use crate::read::Engine;
use crate::resilience::PartyView;

/// One service as a client sees it, for `GET /v1/services`.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceView {
    /// `residence.person`.
    pub name: String,
    /// The official Vietnamese title.
    pub title: String,
    /// The English title.
    pub title_en: String,
    /// Who answers: one agency, or several, each for its units.
    pub routes: Vec<Arc<Route>>,
    /// Whether it may be repeated.
    pub kind: Kind,
    /// Whether a purpose is mandatory.
    pub purpose_required: bool,
    /// The procedures it may be asked for, as the rules write them.
    pub procedures: Vec<String>,
    /// The units it may be asked for, as the rules write them.
    pub units: Vec<String>,
    /// The fields that some purpose lets this client see.
    pub fields: Vec<ServiceField>,
}

/// One field with the procedures it may be seen for.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceField {
    /// The field.
    pub field: FieldView,
    /// The procedures, as the rules write them.
    pub procedures: Vec<String>,
}

/// How the links stand, agency and carrier apart, for `GET /v1/agencies`, health and metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct AgencyViews {
    /// Every agency that answers a service.
    pub agencies: Vec<PartyView>,
    /// Every carrier one of them is reached through.
    pub carriers: Vec<PartyView>,
    /// Every feed that is followed.
    pub feeds: Vec<FeedView>,
}

impl Engine {
    /// What this client may ask. What it may write is no question, and no leg of a case is called by its name.
    pub fn services(&self, client: &Client) -> Vec<ServiceView> {
        self.reads(client).iter().filter_map(|name| self.service_view(client, name)).collect()
    }

    /// The names of the services this client may ask.
    pub(super) fn reads(&self, client: &Client) -> Vec<String> {
        let mut names = self.policy.services(client);
        names.retain(|name| self.catalogue.service(name).is_some_and(|service| service.kind == Kind::Read));
        names
    }

    /// How the links stand.
    pub fn agencies(&self) -> AgencyViews {
        let mut agencies = self.road.guards.agencies();
        // What the house answers itself has no link that could be down.
        agencies.retain(|view| view.name != HOUSE);
        let feeds = self.feeds.all().map(|feed| feed.view()).collect();
        AgencyViews { agencies, carriers: self.road.guards.carriers(), feeds }
    }

    /// Bytes and number of the answers kept, roughly, for metrics.
    pub fn cache_size(&self) -> (u64, u64) {
        self.cache.size()
    }

    fn service_view(&self, client: &Client, name: &str) -> Option<ServiceView> {
        let service = self.catalogue.service(name)?;
        let grants = self.policy.grants(client, name);
        let fields = service.fields().into_iter().map(|field| {
            let showing = grants.iter().filter(|grant| grant.permission.shows(&field.name));
            let procedures = distinct(showing.flat_map(|grant| grant.procedures.clone()));
            ServiceField { field, procedures }
        });
        Some(ServiceView {
            name: service.name.clone(),
            title: service.title.clone(),
            title_en: service.title_en.clone(),
            routes: service.routes.clone(),
            kind: service.kind,
            purpose_required: service.is_personal(),
            procedures: distinct(grants.iter().flat_map(|grant| grant.procedures.clone())),
            units: distinct(grants.iter().flat_map(|grant| grant.units.clone())),
            fields: fields.filter(|field| !field.procedures.is_empty()).collect(),
        })
    }
}

fn distinct(words: impl Iterator<Item = String>) -> Vec<String> {
    words.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}
