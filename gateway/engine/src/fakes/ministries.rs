//! An engine over four fake ministries, with the schemas, composites and forms as they are in the repository.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adapter_api::agency::Agency;
use adapter_api::diagnostic::Source;
use adapter_api::{Adapter, Call, Fault, Outcome};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use indexmap::IndexMap;
use serde_json::{Value, json};

use super::{FakeAdapter, FakeAudit, FakeChance, FakeClock, reply, world};
use crate::catalogue::{Catalogue, Sources, Unfit};
use crate::client::Purpose;
use crate::composite::plan::{self, Composite};
use crate::composite::{Answered, Composites, Together};
use crate::policy::{Policy, PolicySettings};
use crate::ports::{Heard, Order, Wire};
use crate::read::{Engine, Parts, Question};
use crate::refusal::Failure;
use crate::units::{CONVERT, Tables, Units};

/// What an agency does with an exchange.
#[derive(Debug, Clone)]
pub enum Manner {
    /// It answers this after 100 ms; `None`: there is nothing.
    Answers(Option<Value>),
    /// It never answers.
    Hangs,
    /// It fails at once.
    Fails(Fault),
}

/// What tests change before the engine is built.
pub struct Ministries {
    pub manners: BTreeMap<&'static str, Manner>,
    pub policy: String,
    pub composites: Composites,
    /// Services whose schemas say `write`.
    pub writes: &'static [&'static str],
}

/// The engine with the ends of its world in hand.
pub struct Built {
    pub engine: Engine,
    pub audit: Arc<FakeAudit>,
    /// What each agency was asked.
    pub asked: Arc<Mutex<Vec<(String, Value)>>>,
}

const POLICY: &str = r#"
    [[rules]]
    name = "the whole"
    client = "desk"
    services = ["person.profile", "forms.prefill", "address.convert"]
    procedures = ["*"]
    fields = ["*"]
    classes = ["public", "personal", "sensitive"]

    [[rules]]
    name = "the parts"
    client = "desk"
    services = ["residence.*", "social-insurance.*", "tax.*", "civil-status.*"]
    procedures = ["1.000656", "1.001193"]
    fields = ["*"]
"#;

impl Default for Ministries {
    fn default() -> Self {
        let birthplace = json!({ "province": "38", "district": "380", "commune": "14812" });
        let residence = json!({ "personal_id": world::PERSONAL_ID, "full_name": "NGUYỄN VĂN MẪU", "sex": "male",
            "birth_date": "1942", "nationality": "VN", "birth_registration": birthplace,
            "ethnicity": { "system": "gso-ethnicity", "code": "01", "title": "Kinh" },
            "residence": { "province": "38", "commune": "14812", "detail": "Thôn 1" } });
        let insurance = json!({ "insurance_number": "3800000001", "full_name": "Nguyễn Văn Mẫu", "sex": "male",
            "birth_date": "1942-03-15", "birth_registration": birthplace });
        let tax =
            json!({ "tax_code": world::PERSONAL_ID, "full_name": "Nguyễn Văn Mẫu", "status": "active" });
        let manners = [
            ("residence", Manner::Answers(Some(residence))),
            ("social-insurance", Manner::Answers(Some(insurance))),
            ("tax", Manner::Answers(Some(tax))),
            ("civil-status", Manner::Answers(None)),
        ];
        Ministries {
            manners: manners.into(),
            policy: POLICY.to_owned(),
            composites: composites(),
            writes: &[],
        }
    }
}

impl Ministries {
    /// The same, but this agency answers this.
    pub fn answering(mut self, agency: &'static str, change: impl FnOnce(&mut Value)) -> Self {
        if let Some(Manner::Answers(Some(answer))) = self.manners.get_mut(agency) {
            change(answer);
        }
        self
    }

    /// The same, but this agency behaves so.
    pub fn with(mut self, agency: &'static str, manner: Manner) -> Self {
        self.manners.insert(agency, manner);
        self
    }

    pub fn build(self) -> Built {
        self.try_build().map_err(|unfit| format!("{unfit:#?}")).unwrap()
    }

    pub fn try_build(self) -> Result<Built, Vec<Unfit>> {
        let agencies: Vec<Agency> = self.manners.keys().map(|name| agency(name)).collect();
        let catalogue = Arc::new(Catalogue::build(Sources {
            documents: writing(documents(), self.writes),
            agencies: agencies.iter().collect(),
            house: self.composites.names().chain([CONVERT.to_owned()]).collect(),
            birthplaces: ["038".to_owned()].into(),
            ..Sources::default()
        })?);
        let rules: PolicySettings = toml::from_str(&self.policy).unwrap();
        let policy = Policy::build(&rules, &catalogue)?;
        let (audit, asked) = (Arc::new(FakeAudit::default()), Arc::<Mutex<Vec<_>>>::default());
        let adapters = self.manners.iter().map(|(name, manner)| {
            let (name, asked) = ((*name).to_owned(), Arc::clone(&asked));
            let answer = if let Manner::Answers(answer) = manner { answer.clone() } else { None };
            let speaks = (name.clone(), move |call: &Call, _status| {
                asked.lock().unwrap().push((name.clone(), call.query.clone()));
                Ok(answer.clone().map_or(Outcome::Absent, Outcome::Found))
            });
            (speaks.0, Arc::new(FakeAdapter(speaks.1)) as Arc<dyn Adapter>)
        });
        let adapters: HashMap<_, _> = adapters.collect();
        let engine = Engine::new(Parts {
            catalogue,
            policy: Arc::new(policy),
            adapters,
            composites: self.composites,
            units: units(),
            agencies: BTreeMap::new(),
            carriers: BTreeMap::new(),
            wire: Arc::new(Lines(self.manners)),
            audit: Arc::clone(&audit) as _,
            documents: super::documents(),
            clock: Arc::new(FakeClock::default()),
            chance: Arc::new(FakeChance::of(0.5)),
            cache_key: [1; 32],
            subject_key: [2; 32],
            cache_weight_max: 1 << 20,
            epoch: 1,
        })?;
        Ok(Built { engine, audit, asked })
    }
}

impl Built {
    pub async fn profile(&self) -> Result<Together, Failure> {
        let query =
            json!({ "personal_id": world::PERSONAL_ID, "full_name": "Nguyễn Văn Mẫu", "birth_date": "1942" });
        self.together("person.profile", query).await
    }

    pub async fn together(&self, service: &str, query: Value) -> Result<Together, Failure> {
        match self.ask(service, query).await? {
            Answered::Several(together) => Ok(*together),
            Answered::One(answer) => panic!("{answer:?}"),
        }
    }

    pub async fn ask(&self, service: &str, query: Value) -> Result<Answered, Failure> {
        let purpose =
            Purpose { procedure: "1.000656".into(), officer: "cb01".into(), ..world::question().purpose };
        let question = Question { service: service.into(), query, purpose, ..world::question() };
        self.engine.ask(&world::client("desk"), question).await
    }

    pub fn asked_of(&self, agency: &str) -> Vec<Value> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|(name, _)| name == agency).map(|(_, query)| query.clone()).collect()
    }
}

/// The lines to the agencies.
struct Lines(BTreeMap<&'static str, Manner>);

impl Wire for Lines {
    fn exchange<'a>(&'a self, order: Order<'a>) -> BoxFuture<'a, Result<Heard, Fault>> {
        async move {
            match &self.0[order.agency] {
                Manner::Hangs => std::future::pending().await,
                Manner::Fails(fault) => Err(fault.clone()),
                Manner::Answers(_) => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    Ok(Heard { reply: reply(200), admission: 7 })
                }
            }
        }
        .boxed()
    }

    fn renew<'a>(&'a self, _: Order<'a>, _: u64) -> BoxFuture<'a, Result<(), Fault>> {
        async { Ok(()) }.boxed()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// A file of `config`, parsed.
pub fn read(path: &str) -> Composite {
    let file = Source { name: path.into(), text: text(Path::new("config").join(path)) };
    plan::read(&file).map_err(|findings| format!("{findings:#?}")).unwrap()
}

fn composites() -> Composites {
    let all = |paths: &[&str]| -> BTreeMap<String, Arc<Composite>> {
        let read = paths.iter().map(|path| read(path));
        read.map(|composite| (composite.name.clone(), Arc::new(composite))).collect()
    };
    Composites {
        services: all(&["composites/person.profile.toml"]),
        forms: all(&["forms/1.000656.toml", "forms/1.001193.toml"]),
    }
}

/// Read once: twelve thousand rows take their time in a test's build.
fn units() -> Arc<Units> {
    static UNITS: std::sync::OnceLock<Arc<Units>> = std::sync::OnceLock::new();
    Arc::clone(UNITS.get_or_init(|| Arc::new(read_units())))
}

fn read_units() -> Units {
    let csv = |name: &str| text(Path::new("config/units").join(name));
    let (provinces, communes) = (csv("provinces.csv"), csv("communes.csv"));
    let conversion = csv("conversion_2025-07-01.csv");
    Units::read(Tables { provinces: &provinces, communes: &communes, conversion: &conversion }).unwrap()
}

const SERVICES: [(&str, &str); 4] = [
    ("residence", "person"),
    ("social-insurance", "person"),
    ("tax", "taxpayer"),
    ("civil-status", "record"),
];

fn agency(name: &str) -> Agency {
    let one = world::agency();
    let (_, operation) = SERVICES.iter().find(|(agency, _)| *agency == name).unwrap();
    let mut answers = one.operations["person"].clone();
    answers.service = Some(format!("{name}.{operation}"));
    answers.subject = Vec::new();
    Agency { name: name.to_owned(), operations: IndexMap::from([((*operation).to_owned(), answers)]), ..one }
}

/// The repository's schemas, but small ones of two agencies that have moved on since.
/// The documents, those of these services turned into writes.
fn writing(mut documents: Vec<Value>, writes: &[&str]) -> Vec<Value> {
    for document in &mut documents {
        if document["x-service"].as_str().is_some_and(|name| writes.contains(&name)) {
            document["x-kind"] = json!("write");
        }
    }
    documents
}

fn documents() -> Vec<Value> {
    let mut all = vec![
        service(
            "social-insurance.person",
            &["full_name", "birth_date", "sex", "birth_province", "birth_district", "birth_commune"],
            &["insurance_number", "full_name", "sex", "birth_date", "birth_registration", "status"],
        ),
        service("tax.taxpayer", &["tax_code"], &["tax_code", "full_name", "status", "address", "commune"]),
    ];
    for folder in ["schemas/services", "schemas/common"] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let document: Value =
                serde_json::from_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
            let id = document["$id"].clone();
            if !all.iter().any(|one| one["$id"] == id) {
                all.push(document);
            }
        }
    }
    all
}

fn service(name: &str, query: &[&str], answer: &[&str]) -> Value {
    let field = |name: &&str| {
        let kind = if *name == "birth_registration" { "object" } else { "string" };
        let shape =
            json!({ "type": kind, "title": "Trường", "x-title-en": "Field", "x-data-class": "personal" });
        let mut shape = shape;
        if kind == "object" {
            let code =
                json!({ "type": "string", "title": "Mã", "x-title-en": "Code", "x-data-class": "personal" });
            shape["properties"] = json!({ "province": code, "district": code, "commune": code });
        }
        ((*name).to_owned(), shape)
    };
    let shape = |names: &[&str]| {
        let fields: serde_json::Map<String, Value> = names.iter().map(field).collect();
        json!({ "type": "object", "additionalProperties": false, "properties": fields })
    };
    json!({ "$id": format!("https://lienthong.example/schemas/services/{name}.v1.json"), "x-service": name,
        "x-kind": "read", "x-subject": [], "x-people": "one", "title": "Dịch vụ", "x-title-en": "Service",
        "$defs": { "query": shape(query), "answer": shape(answer) } })
}
