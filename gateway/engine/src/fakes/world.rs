//! A whole engine over fakes: one agency, two services, three clients.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use adapter_api::diagnostic::Place;
use adapter_api::{Adapter, Outcome};
use indexmap::IndexMap;
use serde_json::{Value, json};

use super::{FakeAdapter, FakeAudit, FakeChance, FakeClock, FakeWire};
use crate::catalogue::{Catalogue, Sources};
use crate::client::{Client, Lane, Purpose};
use crate::policy::{Policy, PolicySettings};
use crate::read::{Answer, Engine, Parts, Question};
use crate::refusal::Failure;
use crate::settings::{AgencySettings, CarrierSettings, PartyLimits, ServiceSettings, Share};
use adapter_api::agency::{Agency, Operation};

pub const PERSONAL_ID: &str = "038042000001";

/// What tests change before the engine is built.
pub struct World {
    pub service: ServiceSettings,
    pub limits: PartyLimits,
    pub carrier: Option<PartyLimits>,
    pub policy: &'static str,
    pub adapter: Arc<dyn Adapter>,
    pub wire: Arc<FakeWire>,
    pub documents: Vec<Value>,
}

/// An engine with the ends of its world in hand.
pub struct Built {
    pub engine: Arc<Engine>,
    pub wire: Arc<FakeWire>,
    pub audit: Arc<FakeAudit>,
}

pub const POLICY: &str = r#"
    [[rules]]
    name = "civil status desk"
    client = "desk"
    services = ["residence.*"]
    procedures = ["1.000656"]
    fields = ["*"]
    classes = ["public", "personal", "sensitive"]

    [[rules]]
    name = "name only"
    client = "narrow"
    services = ["residence.person"]
    procedures = ["1.*"]
    units = ["H56.*"]
    fields = ["full_name", "spouse", "relatives.full_name"]
    except = ["spouse.personal_id"]
"#;

impl Default for World {
    fn default() -> Self {
        World {
            service: ServiceSettings {
                fresh_for_s: 60,
                stale_for_s: 600,
                absent_for_s: 10,
                share: Share::All,
                ..ServiceSettings::default()
            },
            limits: PartyLimits {
                concurrency: 2_000,
                rate_per_s: 10_000,
                burst: 10_000,
                ..PartyLimits::default()
            },
            carrier: None,
            policy: POLICY,
            adapter: Arc::new(FakeAdapter(|call: &adapter_api::Call, status| match status {
                404 => Ok(Outcome::Absent),
                _ => Ok(Outcome::Found(person(call.query["personal_id"].as_str().unwrap_or(PERSONAL_ID)))),
            })),
            wire: FakeWire::answering(200, Duration::from_millis(100)),
            documents: documents(),
        }
    }
}

impl World {
    pub fn build(self) -> Built {
        let audit = Arc::new(FakeAudit::default());
        let agency = agency();
        let services = ["residence.person", "residence.household"];
        let catalogue = Catalogue::build(Sources {
            documents: self.documents,
            agencies: vec![&agency],
            settings: services.iter().map(|name| ((*name).to_owned(), self.service.clone())).collect(),
            birthplaces: ["038".to_owned()].into(),
            ..Sources::default()
        });
        let catalogue = Arc::new(catalogue.map_err(|unfit| format!("{unfit:?}")).unwrap());
        let rules: PolicySettings = toml::from_str(self.policy).unwrap();
        let policy = Policy::build(&rules, &catalogue).map_err(|unfit| format!("{unfit:?}")).unwrap();
        let carrier = if self.carrier.is_some() { "lgsp" } else { "direct" };
        let settings =
            AgencySettings { carrier: carrier.into(), limits: self.limits, ..AgencySettings::default() };
        let engine = Engine::new(Parts {
            catalogue,
            policy: Arc::new(policy),
            adapters: HashMap::from([("residence".to_owned(), self.adapter)]),
            composites: Default::default(),
            units: Default::default(),
            agencies: BTreeMap::from([("residence".to_owned(), settings)]),
            carriers: self
                .carrier
                .map(|limits| ("lgsp".to_owned(), CarrierSettings { limits }))
                .into_iter()
                .collect(),
            wire: Arc::clone(&self.wire) as _,
            audit: Arc::clone(&audit) as _,
            documents: super::documents(),
            clock: Arc::new(FakeClock::default()),
            chance: Arc::new(FakeChance::of(0.5)),
            cache_key: [1; 32],
            subject_key: [2; 32],
            cache_weight_max: 1 << 20,
            epoch: 1,
        });
        let engine = Arc::new(engine.map_err(|unfit| format!("{unfit:?}")).unwrap());
        Built { engine, wire: self.wire, audit }
    }
}

impl Built {
    pub async fn ask(&self, who: &str) -> Result<Answer, Failure> {
        self.engine.read(&client(who), question()).await
    }
}

pub fn client(id: &str) -> Client {
    Client { id: id.into(), rights: Default::default(), lane: Lane::Counter }
}

pub fn question() -> Question {
    Question {
        service: "residence.person".into(),
        purpose: Purpose {
            procedure: "1.000656".into(),
            dossier: Some("H56.14-250812-0035".into()),
            unit: Some("000.00.14.H56".into()),
            officer: "cb01".into(),
        },
        query: json!({ "personal_id": PERSONAL_ID, "birth_date": "1942" }),
        trace_id: "trace".into(),
        no_cache: false,
        deadline: None,
        lane: Lane::Counter,
    }
}

pub fn person(personal_id: &str) -> Value {
    json!({
        "personal_id": personal_id,
        "full_name": "NGUYỄN VĂN MẪU",
        "religion": "Không",
        "spouse": { "full_name": "TRẦN THỊ THỬ", "personal_id": "038145000002" },
        "relatives": [{ "full_name": "NGUYỄN THỊ THỬ", "personal_id": "038170000003" }]
    })
}

/// The schema documents: two services and one common file, as `schemas/` has them.
pub fn documents() -> Vec<Value> {
    let base = "https://lienthong.example/schemas";
    let id = json!({ "$ref": "../common/identifiers.json#/$defs/personal_id",
        "title": "Số định danh cá nhân", "x-title-en": "Personal ID", "x-data-class": "personal" });
    let text = json!({ "type": "string", "maxLength": 20, "title": "Họ và tên", "x-title-en": "Full name", "x-data-class": "personal" });
    let religion = json!({ "type": "string", "title": "Tôn giáo", "x-title-en": "Religion", "x-data-class": "sensitive" });
    let person = json!({ "type": "object", "additionalProperties": false, "title": "Người", "x-title-en": "Person",
        "x-data-class": "personal", "properties": { "full_name": text, "personal_id": id } });
    let date = json!({ "type": "string", "format": "partial-date", "examples": ["1942", "1942-03"], "x-check": "not-in-future", "title": "Ngày sinh",
        "pattern": "^[12][0-9]{3}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?$",
        "x-title-en": "Date of birth", "x-data-class": "personal" });
    let query = json!({ "type": "object", "additionalProperties": false, "required": ["birth_date"],
        "properties": { "personal_id": id, "birth_date": date, "old_id": { "type": "string", "title": "CMND", "x-title-en": "Old ID", "x-data-class": "personal" },
            "sex": { "enum": ["male", "female"], "title": "Giới tính", "x-title-en": "Sex", "x-data-class": "personal" } },
        "anyOf": [{ "required": ["personal_id"] }, { "required": ["old_id"] }] });
    let answer = json!({ "type": "object", "additionalProperties": false, "required": ["full_name"],
        "properties": { "personal_id": id, "full_name": text, "religion": religion, "spouse": person,
            "relatives": { "type": "array", "items": person, "title": "Thân nhân", "x-title-en": "Relatives", "x-data-class": "personal" } } });
    let service = |name: &str, people: &str| {
        json!({ "$id": format!("{base}/services/{name}.v1.json"), "x-service": name, "x-kind": "read",
            "x-subject": ["/personal_id", "/old_id"], "x-people": people, "title": "Thông tin công dân",
            "x-title-en": "Citizen record", "$defs": { "query": query, "answer": answer } })
    };
    let identifiers = json!({ "$id": format!("{base}/common/identifiers.json"), "$defs": { "personal_id": {
        "type": "string", "pattern": "^[0-9]{12}$", "x-check": "personal-id", "title": "Số", "x-title-en": "Number", "x-data-class": "public" } } });
    vec![service("residence.person", "one"), service("residence.household", "several"), identifiers]
}

/// An agency that answers both services.
pub fn agency() -> Agency {
    let place = Place::new(&"adapter.toml".into(), 1);
    let operation = |service: &str| Operation {
        place: place.clone(),
        service: Some(service.to_owned()),
        helps: None,
        exchanges: Vec::new(),
        find: None,
        look: None,
        together: None,
        feed_every_s: None,
        repeat: None,
        settle_for_s: None,
        subject: vec!["personal_id".into()],
        unused: Vec::new(),
        documents: Vec::new(),
        sim: false,
    };
    Agency {
        name: "residence".into(),
        place: place.clone(),
        through: Vec::new(),
        carrier_rules: IndexMap::new(),
        credentials: IndexMap::new(),
        settings: IndexMap::new(),
        namespaces: IndexMap::new(),
        seals: IndexMap::new(),
        operations: IndexMap::from([
            ("person".to_owned(), operation("residence.person")),
            ("household".to_owned(), operation("residence.household")),
        ]),
        exchanges: IndexMap::new(),
        inbound: IndexMap::new(),
        shapes: IndexMap::new(),
        tables: IndexMap::new(),
    }
}
