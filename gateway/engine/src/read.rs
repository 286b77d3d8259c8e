//! The straight road on one page: a read, from the client we know to the answer that may leave.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use adapter_api::{Adapter, Kind};
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::audit::{Entry, Record, SubjectHasher};
use crate::cache::{Cache, Identity, Lifetimes, Scope, Served, Wanted, canonical};
use crate::case::road::RoadAgencies;
use crate::catalogue::{Catalogue, HOUSE, Route, Service, Unfit};
use crate::client::{Client, Lane, Purpose};
use crate::composite::Composites;
use crate::feed::{Feed, Feeds};
use crate::policy::{Permission, Policy, purpose_findings};
use crate::ports::{Audit, Chance, Clock, Documents, Progress, Wire};
use crate::refusal::{Failure, Refusal};
use crate::resilience::{Guards, Standing};
use crate::settings::{AgencySettings, CarrierSettings, ServiceSettings, Share};
use crate::units::{HouseAdapter, Units};

mod batch;
mod documents;
mod load;
#[cfg(test)]
mod tests;
mod views;

pub use load::BATCH_PATIENCE;
pub(crate) use load::{Accept, Asking, HOUSE_CLIENT, Road, To};
use load::{Inquiry, patience};
pub use views::{AgencyViews, ServiceField, ServiceView};

/// One question.
#[derive(Debug, Clone)]
pub struct Question {
    /// The service, `residence.person`.
    pub service: String,
    /// Why.
    pub purpose: Purpose,
    /// The query as it came, already without duplicate keys.
    pub query: Value,
    /// Joins logs, audit and answer.
    pub trace_id: String,
    /// The caller wants no cached answer (needs the right `no-cache`).
    pub no_cache: bool,
    /// When the caller stops waiting; the service's own deadline bounds it too.
    pub deadline: Option<Instant>,
    /// How urgent it is.
    pub lane: Lane,
}

/// One answer, masked to what this client may see for this purpose.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The normalised data, shared with the cache where nothing had to be masked; `None`: absent.
    pub data: Option<Arc<Value>>,
    /// Where it came from.
    pub source: Source,
}

/// Where an answer came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The agency.
    pub agency: String,
    /// The service.
    pub service: String,
    /// When the agency said it, RFC 3339 with +07:00.
    pub retrieved_at: String,
    /// How old it is.
    pub age_s: u64,
    /// How the cache took part.
    pub cache: CacheUse,
    /// The identifier of our call at the agency.
    pub reference: String,
    /// For `Cache-Status` (RFC 9211): how long it stays fresh; negative when stale.
    pub fresh_for_s: i64,
}

/// How the cache took part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheUse {
    /// From the cache, fresh.
    Hit,
    /// Asked now.
    Miss,
    /// From the cache, past its freshness.
    Stale,
    /// Asked again because the caller wished it.
    Revalidated,
}

/// The engine. Built once from its parts; cheap to share.
pub struct Engine {
    catalogue: Arc<Catalogue>,
    pub(crate) policy: Arc<Policy>,
    cache: Cache,
    pub(crate) composites: Composites,
    pub(crate) units: Arc<Units>,
    pub(crate) road: Arc<Road>,
    feeds: Arc<Feeds>,
    audit: Arc<dyn Audit>,
    documents: Arc<dyn Documents>,
    pub(crate) clock: Arc<dyn Clock>,
    hasher: SubjectHasher,
}

/// What an engine is built from.
pub struct Parts {
    /// What can be asked.
    pub catalogue: Arc<Catalogue>,
    /// Who may ask it.
    pub policy: Arc<Policy>,
    /// By agency.
    pub adapters: HashMap<String, Arc<dyn Adapter>>,
    /// What is put together from several services.
    pub composites: Composites,
    /// The administrative units of both generations.
    pub units: Arc<Units>,
    /// `config/agencies.toml`, by agency; without a block the defaults hold.
    pub agencies: BTreeMap<String, AgencySettings>,
    /// `config/carriers.toml`, by carrier.
    pub carriers: BTreeMap<String, CarrierSettings>,
    /// Reaches the agencies.
    pub wire: Arc<dyn Wire>,
    /// Writes down who looked.
    pub audit: Arc<dyn Audit>,
    /// Stores documents.
    pub documents: Arc<dyn Documents>,
    /// Knows the time.
    pub clock: Arc<dyn Clock>,
    /// Rolls the dice.
    pub chance: Arc<dyn Chance>,
    /// Keys the cache.
    pub cache_key: [u8; 32],
    /// Keys the hashes of subjects in the audit log.
    pub subject_key: [u8; 32],
    /// Bytes the cache may hold.
    pub cache_weight_max: u64,
    /// Raised with every configuration: answers of an older one are not found again.
    pub epoch: u64,
}

impl Engine {
    /// Puts the parts together; everything that does not fit is reported at once.
    pub fn new(mut parts: Parts) -> Result<Engine, Vec<Unfit>> {
        parts.adapters.insert(HOUSE.to_owned(), Arc::new(HouseAdapter::new(Arc::clone(&parts.units))));
        let unfit = findings(&parts);
        if !unfit.is_empty() {
            return Err(unfit);
        }
        let mut operations: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for service in parts.catalogue.services() {
            for route in &service.routes {
                operations.entry(route.agency.clone()).or_default().extend(route.operations().cloned());
            }
        }
        for feed in parts.catalogue.feeds().values() {
            let Route { agency, operation, .. } = &*feed.route;
            operations.entry(agency.clone()).or_default().push(operation.clone());
        }
        let feeds = Arc::new(Feeds::of(&parts.catalogue, &parts.agencies));
        let clock = Arc::clone(&parts.clock);
        let guards =
            Guards::new(&operations, &parts.agencies, &parts.carriers, clock, Arc::clone(&parts.chance));
        Ok(Engine {
            cache: Cache::new(parts.cache_weight_max, &parts.cache_key, parts.epoch),
            hasher: SubjectHasher::new(&parts.subject_key),
            catalogue: parts.catalogue,
            policy: parts.policy,
            composites: parts.composites,
            units: parts.units,
            feeds,
            audit: parts.audit,
            documents: parts.documents,
            clock: Arc::clone(&parts.clock),
            road: Arc::new(Road {
                adapters: parts.adapters,
                agencies: parts.agencies,
                guards,
                wire: parts.wire,
                clock: parts.clock,
                chance: parts.chance,
            }),
        })
    }

    /// Answers one question, or says why not.
    pub async fn read(&self, client: &Client, question: Question) -> Result<Answer, Failure> {
        // Catalogue first: nothing below understands a question that fits no schema.
        let service = self.service(client, &question.service)?;
        self.validate(&service, &question)?;
        let deadline = self.deadline(&service, &question);
        // Policy before the cache, so that the cache is never a way around it.
        let permission = self.permit(client, &question, &service)?;
        // Which of several providers, by the unit: from here on everything that is one agency's is the chosen one's.
        let route = self.route(client, &question, &service)?;
        // The audit record is written as soon as the permission is known, beside the exchange, so that durability costs
        // no time; it is awaited here, before the answer can leave. No append, no data, not even from the cache (F25).
        let audited = self.record(client, &question, (&service, &route), &permission, deadline);
        // Cache, then the agency: breaker, gate, retries, quota, conversation, and the answer checked against its
        // schema and its subject before it may be kept.
        let served = self.fetch(client, &question, (&service, &route), deadline);
        let outcome = match tokio::try_join!(audited, async { Ok(served.await) }) {
            // Masked last, on a copy of one's own if need be: what is kept is whole, what leaves is what was permitted.
            Ok(((), Ok(served))) => {
                let answer = answer((&service, &route), &permission, &served);
                match self.grant(client, &question, &service, &answer) {
                    Ok(()) => Ok(answer),
                    Err(fault) => Err(Failure::Fault { fault, agency: route.agency.clone(), carrier: None }),
                }
            }
            Ok(((), Err(failure))) => Err(failure),
            Err(refusal) => Err(refusal),
        };
        // What came of it, noted for the auditor; nobody waits.
        self.note(client, &question, (&service, &route), &outcome);
        outcome
    }

    /// Forgets every answer about this subject, and every one on its way.
    pub fn evict(&self, subject: &str) {
        self.cache.evict(subject);
    }

    /// Follows every feed for ever, each on its own; whoever runs it stops it by dropping it.
    pub fn followers(&self) -> Vec<BoxFuture<'static, ()>> {
        let follow = |feed: &Arc<Feed>| -> BoxFuture<'static, ()> {
            let (feed, road) = (Arc::clone(feed), Arc::clone(&self.road));
            Box::pin(async move { feed.follow(&road).await })
        };
        self.feeds.all().map(follow).collect()
    }

    /// The agencies, as a worker of the durable road asks them: over the same gates, breakers and wire as reads.
    pub fn case_agencies(&self) -> RoadAgencies {
        RoadAgencies::new(Arc::clone(&self.catalogue), Arc::clone(&self.road))
    }

    /// The store of documents: what agencies sent, and what they are sent.
    pub fn documents(&self) -> &Arc<dyn Documents> {
        &self.documents
    }

    /// What can be asked.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    pub(crate) fn service(&self, client: &Client, name: &str) -> Result<Arc<Service>, Refusal> {
        match self.catalogue.service(name) {
            Some(service) if service.kind == Kind::Read => Ok(Arc::clone(service)),
            Some(_) | None => Err(Refusal::UnknownService { known: self.reads(client) }),
        }
    }

    pub(crate) fn validate(&self, service: &Service, question: &Question) -> Result<(), Refusal> {
        let now = self.clock.now();
        // About a person, a purpose is mandatory; whether it is a good one, policy decides.
        let mut findings = purpose_findings(&question.purpose, service.is_personal());
        findings.extend(self.catalogue.findings(service, &question.query, now.get(..10).unwrap_or(&now)));
        if findings.is_empty() { Ok(()) } else { Err(Refusal::Invalid { findings }) }
    }

    pub(crate) fn deadline(&self, service: &Service, question: &Question) -> Instant {
        let own = Duration::from_millis(service.settings.deadline_ms) + patience(question.lane);
        let own = Instant::now() + own;
        question.deadline.map_or(own, |deadline| deadline.min(own))
    }

    pub(crate) fn permit(
        &self,
        client: &Client,
        question: &Question,
        service: &Service,
    ) -> Result<Permission, Refusal> {
        let allowed = if question.no_cache && !client.rights.contains("no-cache") {
            Err(Refusal::Denied { what: "right" })
        } else {
            self.policy.decide(client, &question.purpose, service)
        };
        // Who knocks at doors that are shut is worth a line too (T1).
        allowed.inspect_err(|refusal| self.append_note(client, question, service, refusal.code(), None))
    }

    fn route(&self, client: &Client, question: &Question, service: &Service) -> Result<Arc<Route>, Refusal> {
        let route = service.route(&question.purpose);
        route
            .cloned()
            .inspect_err(|refusal| self.append_note(client, question, service, refusal.code(), None))
    }

    async fn record(
        &self,
        client: &Client,
        question: &Question,
        (service, route): (&Service, &Route),
        permission: &Permission,
        deadline: Instant,
    ) -> Result<(), Failure> {
        let entry = Entry::Permitted {
            services: vec![service.name.clone()],
            agency: route.agency.clone(),
            fields: permission.fields.to_vec(),
        };
        let append = self.audit.append(self.entry(client, question, service, entry));
        match timeout_at(deadline, append).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Refusal::AuditUnavailable.into()),
        }
    }

    async fn fetch(
        &self,
        client: &Client,
        question: &Question,
        (service, route): (&Arc<Service>, &Arc<Route>),
        deadline: Instant,
    ) -> Result<Served, Failure> {
        let failure = |fault| Failure::Fault {
            fault,
            agency: route.agency.clone(),
            carrier: self.road.guards.carrier_of(&route.agency).map(str::to_owned),
        };
        // What the house follows it knows already: newer than any cache, and no agency is asked.
        if let Some(feed) = self.feeds.answering(&service.name) {
            return feed.answer(&question.query).map_err(failure);
        }
        let named = service.subject.iter().filter_map(|pointer| question.query.pointer(pointer)?.as_str());
        let wanted = Wanted {
            identity: Identity {
                service: service.id.clone(),
                agency: route.agency.clone(),
                query: canonical(&question.query),
                scope: scope(service.settings.share, client, &question.purpose),
                subjects: named.map(str::to_owned).collect(),
            },
            lifetimes: lifetimes(service),
            again: question.no_cache,
            deadline,
            standing: Standing { client: client.id.clone(), lane: question.lane },
        };
        let inquiry = Inquiry {
            service: Arc::clone(service),
            route: Arc::clone(route),
            client: client.id.clone(),
            purpose: question.purpose.clone(),
            query: question.query.clone(),
            lane: question.lane,
        };
        let road = Arc::clone(&self.road);
        let load = Box::new(move |progress: Arc<Progress>| -> BoxFuture<'static, _> {
            Box::pin(async move { road.travel(inquiry, &progress).await })
        });
        self.cache.answer(wanted, load).await.map_err(failure)
    }

    fn note(
        &self,
        client: &Client,
        question: &Question,
        (service, route): (&Service, &Route),
        outcome: &Result<Answer, Failure>,
    ) {
        let (result, cache) = match outcome {
            Ok(Answer { data: Some(_), source }) => ("found", Some(source.cache)),
            Ok(Answer { data: None, source }) => ("absent", Some(source.cache)),
            Err(failure) => (failure.code(), None),
        };
        metrics::counter!(
            "lienthong_reads_total",
            "agency" => route.agency.clone(), "operation" => route.operation.clone(), "code" => result,
            "cache" => cache.map_or("none", CacheUse::word)
        )
        .increment(1);
        self.append_note(client, question, service, result, cache);
    }

    pub(crate) fn append_note(
        &self,
        client: &Client,
        question: &Question,
        service: &Service,
        result: &str,
        cache: Option<CacheUse>,
    ) {
        let cache = cache.map(|cache| cache.word().to_owned());
        let entry = Entry::Ended { service: service.name.clone(), result: result.to_owned(), cache };
        self.audit.note(self.entry(client, question, service, entry));
    }

    fn entry(&self, client: &Client, question: &Question, service: &Service, entry: Entry) -> Record {
        let subjects = self.hasher.subjects(&service.subject, &question.query);
        Record {
            at: self.clock.now(),
            trace_id: question.trace_id.clone(),
            client: client.id.clone(),
            purpose: question.purpose.clone(),
            subject: (!subjects.is_empty()).then(|| subjects.join(" ")),
            entry,
        }
    }
}

impl CacheUse {
    /// The word in answers and in the audit log.
    pub fn word(self) -> &'static str {
        match self {
            CacheUse::Hit => "hit",
            CacheUse::Miss => "miss",
            CacheUse::Stale => "stale",
            CacheUse::Revalidated => "revalidated",
        }
    }
}

/// What refers to a document is not kept: the document may be gone before it.
fn lifetimes(service: &Service) -> Lifetimes {
    if service.answer.holds_documents() {
        return Lifetimes::of(&ServiceSettings { fresh_for_s: 0, ..service.settings.clone() }, true);
    }
    Lifetimes::of(&service.settings, service.several_people)
}

/// Who may share an answer. Without a dossier to share by, it is the officer's alone.
fn scope(share: Share, client: &Client, purpose: &Purpose) -> Scope {
    match (share, &purpose.dossier) {
        (Share::All, _) => Scope::All,
        (Share::Dossier, Some(dossier)) => Scope::Dossier(dossier.clone()),
        (Share::Dossier, None) | (Share::Officer, _) => {
            Scope::Officer { client: client.id.clone(), officer: purpose.officer.clone() }
        }
    }
}

/// The answer as this client may see it.
fn answer((service, route): (&Service, &Route), permission: &Permission, served: &Served) -> Answer {
    let loaded = served.loaded();
    Answer {
        data: loaded.value.as_ref().map(|value| permission.masked(value)),
        source: Source {
            agency: route.agency.clone(),
            service: service.name.clone(),
            retrieved_at: loaded.retrieved_at.clone(),
            age_s: served.age().as_secs(),
            cache: served.cache,
            reference: loaded.reference.clone(),
            fresh_for_s: served.fresh_for_s(),
        },
    }
}

/// What is missing or senseless among the parts.
fn findings(parts: &Parts) -> Vec<Unfit> {
    let mut unfit = Vec::new();
    let answering = parts
        .catalogue
        .services()
        .flat_map(|service| service.routes.iter().map(move |route| (service, route)));
    let feeds = parts.catalogue.feeds().values().map(|feed| (&feed.service, &feed.route));
    for (service, route) in
        answering.chain(feeds).filter(|(_, route)| !parts.adapters.contains_key(&route.agency))
    {
        unfit.push(Unfit::new(&service.name, format!("the agency {} has no adapter", route.agency)));
    }
    unfit.extend(crate::settings::findings(&parts.agencies, &parts.carriers));
    unfit.extend(parts.composites.findings(&parts.catalogue));
    unfit
}
