//! What can be asked: each service with its schemas, its fields, the agencies that answer it, and the checks no schema can say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use adapter_api::agency::Agency;
use adapter_api::schema::DataClass;
use adapter_api::{Fault, Finding, Kind, Party, Reason};
use jsonschema::{Draft, Registry, Validator};
use serde_json::{Value, json};

use crate::client::Purpose;
use crate::identifiers::BirthplaceCodes;
use crate::refusal::Refusal;
use crate::settings::ServiceSettings;

mod cases;
mod dates;
mod feeds;
mod findings;
mod route;
mod shape;

pub use cases::CaseForm;
pub use feeds::FeedPlan;
pub use route::Route;
use route::Way;
use shape::Documents;
pub use shape::Node;

/// Whose answer it is where no agency answers: composites, forms, the conversion of addresses.
pub const HOUSE: &str = "lienthong";

/// The catalogue, compiled once.
pub struct Catalogue {
    services: BTreeMap<String, Arc<Service>>,
    feeds: BTreeMap<String, FeedPlan>,
    cases: BTreeMap<String, Arc<CaseForm>>,
    documents: Arc<BTreeMap<String, Value>>,
    birthplaces: BirthplaceCodes,
}

/// What a catalogue is built from. The engine reads no file: the server gives what it read.
#[derive(Default)]
pub struct Sources<'a> {
    /// Every document of `schemas/services` and `schemas/common`.
    pub documents: Vec<Value>,
    /// The agencies, parsed.
    pub agencies: Vec<&'a Agency>,
    /// The units that an agency answers for, as `agencies.toml` writes them; none: every unit nobody else names.
    pub units: BTreeMap<String, Vec<String>>,
    /// `config/services.toml`, by service.
    pub settings: BTreeMap<String, ServiceSettings>,
    /// The services that the house answers itself.
    pub house: BTreeSet<String>,
    /// What digits 1-3 of a personal ID may be.
    pub birthplaces: BirthplaceCodes,
}

/// One service that can be asked.
pub struct Service {
    /// `residence.person`.
    pub name: String,
    /// Its schema's identifier, which says the version too.
    pub id: String,
    /// The official Vietnamese title.
    pub title: String,
    /// The English title.
    pub title_en: String,
    /// Whether it may be repeated.
    pub kind: Kind,
    /// Pointers into the query that say whom it is about.
    pub subject: Vec<String>,
    /// The answer tells about several people.
    pub several_people: bool,
    /// Who answers it: one agency, or several, each for its units.
    pub routes: Vec<Arc<Route>>,
    /// The feed it is answered from, `postal.changes`: no agency is asked then.
    pub feed: Option<String>,
    /// What an operator decided about it.
    pub settings: ServiceSettings,
    /// The answer's shape, for masking and for listing fields.
    pub answer: Node,
    /// The query's shape.
    pub query: Node,
    query_validator: Validator,
    answer_validator: Validator,
}

/// One field of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldView {
    /// `spouse.full_name`, as policies write it.
    pub name: String,
    /// The official Vietnamese title.
    pub title: String,
    /// The English title.
    pub title_en: String,
    /// How far it may be seen and kept.
    pub class: DataClass,
}

/// Something in the schemas or in what they are put together with does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// The service, or the document.
    pub place: String,
    /// What does not fit, in one sentence.
    pub why: String,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.why)
    }
}

impl Unfit {
    pub(crate) fn new(place: impl Into<String>, why: impl Into<String>) -> Self {
        Unfit { place: place.into(), why: why.into() }
    }
}

impl Catalogue {
    /// Compiles every schema; everything that does not fit is reported at once.
    pub fn build(sources: Sources<'_>) -> Result<Catalogue, Vec<Unfit>> {
        let mut unfit = Vec::new();
        let ways = route::ways(&sources.agencies, &sources.units, &sources.house, &mut unfit);
        let documents = by_id(sources.documents, &mut unfit);
        let (mut services, mut cases) = (BTreeMap::new(), BTreeMap::new());
        match registry(&documents) {
            Ok(registry) => {
                cases = cases::read(&documents, &registry, &mut unfit);
                for (id, document) in
                    documents.iter().filter(|(_, document)| document.get("x-service").is_some())
                {
                    let compiler = Compiler { id, document, documents: &documents, registry: &registry };
                    match compiler.service(&ways, &sources.settings) {
                        Ok(Some(service)) => {
                            if let Some(other) = services.insert(service.name.clone(), Arc::new(service)) {
                                unfit.push(Unfit::new(id, format!("{} says the same x-service", other.id)));
                            }
                        }
                        // Nobody answers it here; the schema alone promises nothing.
                        Ok(None) => {}
                        Err(why) => unfit.push(Unfit::new(id, why)),
                    }
                }
            }
            Err(why) => unfit.push(Unfit::new("schemas", why)),
        }
        let described: BTreeSet<&str> =
            documents.values().filter_map(|document| document.get("x-service")?.as_str()).collect();
        for (service, ways) in ways.iter().filter(|(service, _)| !described.contains(*service)) {
            let why = format!("no schema describes the service {service}");
            unfit.extend(ways.iter().map(|way| Unfit::new(way.name(), why.clone())));
        }
        for service in sources.settings.keys().filter(|service| !described.contains(service.as_str())) {
            unfit.push(Unfit::new("services.toml", format!("no schema describes the service {service}")));
        }
        let feeds = feeds::take_out(&mut services, &documents, &ways, &mut unfit);
        if unfit.is_empty() {
            Ok(Catalogue {
                services,
                feeds,
                cases,
                documents: Arc::new(documents),
                birthplaces: sources.birthplaces,
            })
        } else {
            Err(unfit)
        }
    }

    /// The service of this name, if an agency answers it.
    pub fn service(&self, name: &str) -> Option<&Arc<Service>> {
        self.services.get(name)
    }

    /// Every service, in name order.
    pub fn services(&self) -> impl Iterator<Item = &Arc<Service>> {
        self.services.values()
    }

    /// The feeds that are followed, by name. Nobody asks for one: they are no services.
    pub fn feeds(&self) -> &BTreeMap<String, FeedPlan> {
        &self.feeds
    }

    /// The schemas of this name, be it a service or a feed.
    pub fn described(&self, name: &str) -> Option<&Arc<Service>> {
        self.service(name).or_else(|| self.feeds.get(name).map(|feed| &feed.service))
    }

    /// What a case of this chain is given, where a schema says it.
    pub fn case(&self, chain: &str) -> Option<&Arc<CaseForm>> {
        self.cases.get(chain)
    }

    /// What is wrong with a case's input, all at once; pointers lead into the input. `today` is an ISO 8601 date.
    pub fn case_findings(&self, case: &CaseForm, input: &Value, today: &str) -> Vec<Finding> {
        findings::of_query(&case.validator, &case.input, input, today, &self.birthplaces)
            .into_iter()
            .map(cases::into_input)
            .collect()
    }

    /// Every schema document by its `$id`, references as they stand, for the OpenAPI document.
    pub fn documents(&self) -> &BTreeMap<String, Value> {
        &self.documents
    }

    /// What is wrong with a query; nothing if it can be asked. `today` is an ISO 8601 date. No finding holds a value.
    pub fn findings(&self, service: &Service, query: &Value, today: &str) -> Vec<Finding> {
        findings::of_query(&service.query_validator, &service.query, query, today, &self.birthplaces)
    }
}

impl Service {
    /// Who answers for this purpose: the agency that names its unit, else the one for everybody else.
    pub fn route(&self, purpose: &Purpose) -> Result<&Arc<Route>, Refusal> {
        route::of_unit(&self.routes, purpose.unit.as_deref()).ok_or_else(|| {
            let code = if purpose.unit.is_some() { "unit-not-served" } else { "required" };
            let (pointer, code) = (Some("/purpose/unit".to_owned()), Some(code.to_owned()));
            Refusal::Invalid { findings: vec![Finding { pointer, code, ..Finding::default() }] }
        })
    }

    /// Whether the house answers it itself.
    pub fn is_of_the_house(&self) -> bool {
        self.routes.iter().any(|route| route.agency == HOUSE)
    }

    /// Whether the answer is what the schema promises; else the agency's words made no sense.
    pub fn accept_answer(&self, answer: &Value) -> Result<(), Fault> {
        self.answer_validator.validate(answer).map_err(|error| {
            let (at, code) = findings::of_error(&error);
            Fault::Malformed(Reason {
                at: Some(format!("/data{at}")),
                why: code.to_owned(),
                by: Some(Party::Agency),
                ..Reason::default()
            })
        })
    }

    /// Whether anything it tells is about a person: then a purpose is mandatory.
    pub fn is_personal(&self) -> bool {
        !self.subject.is_empty() || self.fields().iter().any(|field| field.class != DataClass::Public)
    }

    /// Every person whom a query and its answer name, as identifiers: what tells a person stands under its own name, or
    /// under one the schema checks as a personal ID.
    pub fn people(&self, query: &Value, answer: Option<&Value>) -> Vec<String> {
        let mut people: Vec<String> = self
            .subject
            .iter()
            .filter_map(|pointer| query.pointer(pointer)?.as_str())
            .map(str::to_owned)
            .collect();
        self.query.each_person(query, &mut people);
        if let Some(answer) = answer {
            self.answer.each_person(answer, &mut people);
        }
        people
    }

    /// The fields of its answer, outermost first.
    pub fn fields(&self) -> Vec<FieldView> {
        let mut fields = Vec::new();
        self.answer.each_field("", &mut |name, node| {
            fields.push(FieldView {
                name: name.to_owned(),
                title: node.title.clone(),
                title_en: node.title_en.clone(),
                class: node.class,
            });
        });
        fields
    }
}

struct Compiler<'a> {
    id: &'a str,
    document: &'a Value,
    documents: &'a BTreeMap<String, Value>,
    registry: &'a Registry<'a>,
}

impl Compiler<'_> {
    fn service(
        &self,
        ways: &BTreeMap<&str, Vec<Way<'_>>>,
        settings: &BTreeMap<String, ServiceSettings>,
    ) -> Result<Option<Service>, String> {
        let name = self.text("x-service")?;
        let kind = match self.text("x-kind")?.as_str() {
            "read" => Kind::Read,
            "write" => Kind::Write,
            _ => return Err("x-kind is neither read nor write".into()),
        };
        let several_people = match self.text("x-people")?.as_str() {
            "one" => false,
            "several" => true,
            _ => return Err("x-people is neither one nor several".into()),
        };
        let subject = subject_of(self.document)?;
        let documents = Documents::new(self.documents);
        let query = documents.node(&format!("{}#/$defs/query", self.id))?;
        let answer = documents.node(&format!("{}#/$defs/answer", self.id))?;
        if let Some(strange) = subject.iter().find(|pointer| query.at(pointer).is_none()) {
            return Err(format!("x-subject {strange} is no field of the query"));
        }
        let (query_validator, answer_validator) = (self.validator("query")?, self.validator("answer")?);
        let feed = self.document.get("x-feed").and_then(Value::as_str).map(str::to_owned);
        let Some(ways) = ways.get(feed.as_deref().unwrap_or(&name)) else {
            return Ok(None);
        };
        // What the house puts together itself is held to the question whole.
        let whole = feed.is_some().then(|| feeds::dotted(&subject));
        let settings = settings.get(&name).cloned().unwrap_or_default();
        Ok(Some(Service {
            id: self.id.to_owned(),
            title: self.text("title")?,
            title_en: self.text("x-title-en")?,
            kind,
            routes: ways.iter().map(|way| Arc::new(way.route(&subject, whole.as_deref(), &answer))).collect(),
            subject,
            several_people,
            feed,
            settings,
            answer,
            query,
            query_validator,
            answer_validator,
            name,
        }))
    }

    fn text(&self, keyword: &str) -> Result<String, String> {
        let text = self.document.get(keyword).and_then(Value::as_str);
        text.map(str::to_owned).ok_or_else(|| format!("{keyword} is missing"))
    }

    fn validator(&self, shape: &str) -> Result<Validator, String> {
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(self.registry)
            .offline()
            .with_format("date", dates::is_date)
            .with_format("partial-date", dates::is_partial_date)
            .with_format("date-time", dates::is_moment)
            .should_validate_formats(true)
            .build(&json!({ "$ref": format!("{}#/$defs/{shape}", self.id) }))
            .map_err(|error| format!("{shape} cannot be compiled: {error}"))
    }
}

/// `x-subject`: pointers that say whom something is about.
fn subject_of(document: &Value) -> Result<Vec<String>, &'static str> {
    let pointers = document.get("x-subject").and_then(Value::as_array).ok_or("x-subject is not a list")?;
    let text = |pointer: &Value| pointer.as_str().map(str::to_owned);
    pointers.iter().map(|pointer| text(pointer).ok_or("x-subject holds something but pointers")).collect()
}

fn by_id(documents: Vec<Value>, unfit: &mut Vec<Unfit>) -> BTreeMap<String, Value> {
    let mut by_id = BTreeMap::new();
    for document in documents {
        let Some(id) = document.get("$id").and_then(Value::as_str).map(str::to_owned) else {
            unfit.push(Unfit::new("schemas", "a document has no $id"));
            continue;
        };
        if by_id.insert(id.clone(), document).is_some() {
            unfit.push(Unfit::new(id, "two documents have this $id"));
        }
    }
    by_id
}

fn registry(documents: &BTreeMap<String, Value>) -> Result<Registry<'_>, String> {
    Registry::new()
        .draft(Draft::Draft202012)
        .retriever(shape::Nowhere)
        .extend(documents.iter().map(|(id, document)| (id.as_str(), document)))
        .and_then(|builder| builder.prepare())
        .map_err(|error| error.to_string())
}
