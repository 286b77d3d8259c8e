//! Who may ask what, why, and which fields of the answer they may see. Whatever no rule says is denied.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use adapter_api::schema::DataClass;
use adapter_api::{Expected, Finding};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalogue::{Catalogue, Node, Service, Unfit};
use crate::client::{Client, Purpose};
use crate::identifiers::{
    UnitForms, comparable_agency_code, fits_any, is_agency_code, is_dossier_code, is_procedure_code,
};
use crate::refusal::Refusal;

mod mask;

pub use mask::Mask;

/// Characters of an officer's code; the longest in use are e-mail addresses.
const OFFICER_CHARS_MAX: usize = 100;

/// `config/policy.toml`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicySettings {
    /// The rules; several that fit add up.
    pub rules: Vec<Rule>,
}

/// One rule: it only ever allows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name, for messages.
    pub name: String,
    /// The client's identifier.
    pub client: String,
    /// Services, `residence.person`, or all of an agency, `residence.*`.
    pub services: Vec<String>,
    /// Procedures: a code, the beginning of one with `*`, or `*`.
    pub procedures: Vec<String>,
    /// Units: a code in either form, the beginning of one with `*`, or `*`.
    #[serde(default = "every")]
    pub units: Vec<String>,
    /// Fields of the answer, dotted, with all below them; `*` for all.
    pub fields: Vec<String>,
    /// Fields left out of those, with all below them.
    #[serde(default)]
    pub except: Vec<String>,
    /// The data classes allowed; a field of another class stays hidden though named.
    #[serde(default = "ordinary")]
    pub classes: BTreeSet<Class>,
}

/// A data class in a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// About nobody.
    Public,
    /// Basic personal data (dữ liệu cá nhân cơ bản).
    Personal,
    /// Sensitive personal data (dữ liệu cá nhân nhạy cảm).
    Sensitive,
}

fn every() -> Vec<String> {
    vec!["*".into()]
}

/// Sensitive data is never allowed by saying nothing.
fn ordinary() -> BTreeSet<Class> {
    [Class::Public, Class::Personal].into()
}

/// What a client may see of a service for one purpose.
#[derive(Debug, Clone, PartialEq)]
pub struct Permission {
    /// Pointers of the fields, for the audit: each stands for all below it.
    pub fields: Arc<[String]>,
    mask: Arc<Mask>,
}

impl Permission {
    /// Takes out of an answer what this permission does not let through.
    pub fn mask(&self, answer: &mut Value) {
        self.mask.apply(answer);
    }

    /// What this permission lets through of an answer that others share: the answer itself where that is all of it.
    pub fn masked(&self, answer: &Arc<Value>) -> Arc<Value> {
        if self.mask.spares(answer) {
            return Arc::clone(answer);
        }
        let mut own = Value::clone(answer);
        self.mask(&mut own);
        Arc::new(own)
    }

    /// Whether the field of this dotted name is let through with all that is below it.
    pub fn shows_all(&self, name: &str) -> bool {
        self.mask.shows_all(name)
    }

    /// Whether the field of this dotted name is let through.
    pub fn shows(&self, name: &str) -> bool {
        self.mask.shows(name)
    }
}

/// The rules as a table: client → service → grants.
#[derive(Default)]
pub struct Policy {
    grants: HashMap<String, BTreeMap<String, Vec<Grant>>>,
}

/// One rule's effect on one service.
#[derive(Debug, Clone)]
struct Grant {
    procedures: Vec<String>,
    units: Vec<String>,
    permission: Permission,
}

/// What a client may ask of a service, for `GET /v1/services`.
#[derive(Debug, Clone, PartialEq)]
pub struct GrantView {
    /// The procedures, as the rules write them.
    pub procedures: Vec<String>,
    /// The units, as the rules write them.
    pub units: Vec<String>,
    /// What it may see.
    pub permission: Permission,
}

impl Policy {
    /// Compiles the rules against the catalogue; everything that does not fit is reported at once, naming the rule.
    pub fn build(settings: &PolicySettings, catalogue: &Catalogue) -> Result<Policy, Vec<Unfit>> {
        let mut policy = Policy::default();
        let mut unfit = Vec::new();
        let mut names = BTreeSet::new();
        for rule in &settings.rules {
            if !names.insert(rule.name.as_str()) {
                unfit.push(Unfit::new(&rule.name, "two rules have this name"));
            }
            unfit.extend(rule.findings(catalogue).into_iter().map(|why| Unfit::new(&rule.name, why)));
            for service in catalogue.services().filter(|service| rule.covers(service)) {
                let mask = Mask::of(&service.answer, "", rule);
                if mask.shows_nothing() {
                    continue;
                }
                let grant = Grant {
                    procedures: rule.procedures.clone(),
                    units: rule.units.iter().map(|unit| comparable_agency_code(unit)).collect(),
                    permission: mask.into(),
                };
                let services = policy.grants.entry(rule.client.clone()).or_default();
                services.entry(service.name.clone()).or_default().push(grant);
            }
        }
        if unfit.is_empty() { Ok(policy) } else { Err(unfit) }
    }

    /// What this client may see of this service for this purpose.
    pub fn decide(
        &self,
        client: &Client,
        purpose: &Purpose,
        service: &Service,
    ) -> Result<Permission, Refusal> {
        let denied = |what| Refusal::Denied { what };
        let grants = self.grants.get(&client.id).and_then(|services| services.get(&service.name));
        let grants = grants.ok_or_else(|| denied("service"))?;
        if service.is_personal() && !purpose_findings(purpose, true).is_empty() {
            return Err(denied("purpose"));
        }
        let unit = UnitForms::of(purpose.unit.as_deref().unwrap_or_default());
        let for_purpose = |grant: &&Grant| fits_any(&grant.procedures, &purpose.procedure);
        let for_unit = |grant: &&Grant| unit.fits(&grant.units);
        let mut fitting = grants.iter().filter(for_purpose).peekable();
        fitting.peek().ok_or_else(|| denied("purpose"))?;
        let together = fitting.filter(for_unit).map(|grant| &grant.permission).fold(
            None,
            |sum: Option<Permission>, next| {
                Some(match sum {
                    None => next.clone(),
                    Some(sum) => Mask::either(&sum.mask, &next.mask).into(),
                })
            },
        );
        together.ok_or_else(|| denied("unit"))
    }

    /// The services this client may ask for some purpose.
    pub fn services(&self, client: &Client) -> Vec<String> {
        self.grants.get(&client.id).map(|services| services.keys().cloned().collect()).unwrap_or_default()
    }

    /// What this client may ask of a service.
    pub fn grants(&self, client: &Client, service: &str) -> Vec<GrantView> {
        let grants = self.grants.get(&client.id).and_then(|services| services.get(service));
        let view = |grant: &Grant| GrantView {
            procedures: grant.procedures.clone(),
            units: grant.units.clone(),
            permission: grant.permission.clone(),
        };
        grants.into_iter().flatten().map(view).collect()
    }
}

impl Rule {
    fn covers(&self, service: &Service) -> bool {
        self.services.iter().any(|pattern| covers(pattern, &service.name))
    }

    fn allows(&self, class: DataClass) -> bool {
        self.classes.contains(&match class {
            DataClass::Public => Class::Public,
            DataClass::Personal => Class::Personal,
            DataClass::Sensitive => Class::Sensitive,
        })
    }

    fn shows(&self, name: &str, class: DataClass) -> bool {
        let named = |fields: &[String]| fields.iter().any(|field| field == "*" || is_within(name, field));
        self.allows(class) && named(&self.fields) && !named(&self.except)
    }

    /// Everything in a rule that can have no effect is a slip of the pen.
    fn findings(&self, catalogue: &Catalogue) -> Vec<String> {
        let mut findings = Vec::new();
        let lists = [("services", &self.services), ("procedures", &self.procedures), ("units", &self.units)];
        for (key, _) in
            lists.into_iter().chain([("fields", &self.fields)]).filter(|(_, list)| list.is_empty())
        {
            findings.push(format!("{key} is empty: the rule allows nothing"));
        }
        for pattern in &self.services {
            if !catalogue.services().any(|service| covers(pattern, &service.name)) {
                findings.push(format!("services: {pattern} is no service of the catalogue"));
            }
        }
        let fields: BTreeSet<String> = catalogue
            .services()
            .filter(|service| self.covers(service))
            .flat_map(|service| service.fields().into_iter().map(|field| field.name))
            .collect();
        for (key, list) in [("fields", &self.fields), ("except", &self.except)] {
            for field in list.iter().filter(|field| *field != "*" && !fields.contains(*field)) {
                findings.push(format!("{key}: no service of the rule answers {field}"));
            }
        }
        for procedure in &self.procedures {
            if !procedure.ends_with('*') && !is_procedure_code(procedure) {
                findings.push(format!("procedures: {procedure} is no procedure code"));
            }
        }
        findings
    }
}

fn covers(pattern: &str, service: &str) -> bool {
    match pattern.strip_suffix(".*") {
        Some(agency) => service.strip_prefix(agency).is_some_and(|rest| rest.starts_with('.')),
        None => pattern == service,
    }
}

/// Whether a dotted name is the field or lies below it.
fn is_within(name: &str, field: &str) -> bool {
    name.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// What a purpose lacks or writes in no form of ours: the caller's to mend, before any rule is asked.
///
/// About a person it is mandatory to say which procedure and who asks; elsewhere both may be left out, and what is said must
/// still have its form.
pub fn purpose_findings(purpose: &Purpose, is_mandatory: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |name: &str, code: &str, example: &str| {
        let expected = (code == "wrong-format").then(|| Expected::Form(example.to_owned()));
        let (pointer, code) = (Some(format!("/purpose/{name}")), Some(code.to_owned()));
        findings.push(Finding { pointer, code, expected, ..Finding::default() });
    };
    if purpose.procedure.is_empty() {
        if is_mandatory {
            add("procedure", "required", "");
        }
    } else if !is_procedure_code(&purpose.procedure) {
        add("procedure", "wrong-format", "procedure-code: 1.000656, 2.002621.H56");
    }
    if !purpose.dossier.as_deref().is_none_or(is_dossier_code) {
        add("dossier", "wrong-format", "dossier-code: H56.14-250812-0035, 000.00.01.H26-190809-0001");
    }
    if !purpose.unit.as_deref().is_none_or(is_agency_code) {
        add("unit", "wrong-format", "agency-code: H56.14, 000.00.14.H56");
    }
    let officer = purpose.officer.trim();
    if officer.is_empty() {
        if is_mandatory {
            add("officer", "required", "");
        }
    } else if officer.chars().count() > OFFICER_CHARS_MAX {
        add("officer", "too-long", "");
    } else if officer.chars().any(char::is_control) {
        add("officer", "wrong-format", "cb01");
    }
    findings
}

impl From<Mask> for Permission {
    fn from(mask: Mask) -> Self {
        Permission { fields: mask.pointers().into(), mask: Arc::new(mask) }
    }
}

impl Mask {
    /// The mask that a rule makes of an answer's shape.
    fn of(node: &Node, prefix: &str, rule: &Rule) -> Mask {
        let mut kept = BTreeMap::new();
        for (name, field) in &node.fields {
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            let mask = match field.fields.is_empty() {
                true if rule.shows(&path, field.class) => Mask::Whole,
                // The class of an object speaks of the fact that it is there.
                false if rule.allows(field.class) => Mask::of(field, &path, rule),
                true | false => continue,
            };
            if !mask.shows_nothing() {
                kept.insert(name.clone(), mask);
            }
        }
        let whole = kept.len() == node.fields.len() && kept.values().all(|mask| *mask == Mask::Whole);
        if whole && !kept.is_empty() {
            Mask::Whole
        } else {
            Mask::Fields { list: node.is_list, fields: kept }
        }
    }
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;

    use super::*;

    fn node(class: DataClass, fields: IndexMap<String, Node>) -> Node {
        Node { class, fields, ..Node::unsaid() }
    }

    fn rule() -> Rule {
        Rule {
            name: "all".into(),
            client: "desk".into(),
            services: every(),
            procedures: every(),
            units: every(),
            fields: every(),
            except: Vec::new(),
            classes: ordinary(),
        }
    }

    #[test]
    fn a_name_that_begins_alike_is_another_field() {
        let rule = Rule { fields: vec!["spouse".into()], ..rule() };
        assert!(
            rule.shows("spouse.full_name", DataClass::Personal) && rule.shows("spouse", DataClass::Personal)
        );
        assert!(!rule.shows("spouse_name", DataClass::Personal));
    }

    #[test]
    fn what_stands_in_a_hidden_object_is_hidden() {
        let inner = IndexMap::from([("country".to_owned(), node(DataClass::Public, IndexMap::new()))]);
        let root = node(
            DataClass::Public,
            IndexMap::from([("death".to_owned(), node(DataClass::Sensitive, inner))]),
        );
        let mut rule = rule();
        assert!(Mask::of(&root, "", &rule).shows_nothing());
        rule.classes.insert(Class::Sensitive);
        assert_eq!(Mask::of(&root, "", &rule), Mask::Whole);
    }
}
