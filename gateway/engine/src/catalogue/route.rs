//! Which agency answers a service: one for everybody, or several providers (nhà cung cấp), each for its units.

use std::collections::{BTreeMap, BTreeSet};

use adapter_api::agency::Agency;
use adapter_api::{Fault, Party, Reason};
use serde_json::Value;

use super::{HOUSE, Node, Unfit};
use crate::identifiers::{UnitForms, comparable_agency_code, is_agency_code};

/// One agency's operation that answers a service, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The agency that answers.
    pub agency: String,
    /// The agency's operation.
    pub operation: String,
    /// Of a write: the operation asked after silence.
    pub find: Option<String>,
    /// Of a write: the operation asked while it is under way.
    pub look: Option<String>,
    /// The units it answers for: codes, beginnings of codes with `*`; none: every unit that no other route names.
    pub units: Vec<String>,
    /// The pointers that must be the same in query and answer.
    same: Vec<String>,
}

impl Route {
    /// Whether the answer is about whom we asked; else the agency's words made no sense.
    pub fn accept_subject(&self, query: &Value, answer: &Value) -> Result<(), Fault> {
        for pointer in &self.same {
            let (asked, answered) = (query.pointer(pointer), answer.pointer(pointer));
            if asked.is_some() && answered.is_some() && asked != answered {
                return Err(Fault::Malformed(Reason {
                    at: Some(format!("/data{pointer}")),
                    why: "not the subject asked".into(),
                    by: Some(Party::Agency),
                    ..Reason::default()
                }));
            }
        }
        Ok(())
    }

    /// Every operation it asks the agency for, each once.
    pub fn operations(&self) -> impl Iterator<Item = &String> {
        let look = self.look.as_ref().filter(|look| self.find.as_ref() != Some(*look));
        [Some(&self.operation), self.find.as_ref(), look].into_iter().flatten()
    }

    fn answers_for(&self, unit: &UnitForms) -> bool {
        unit.fits(&self.units)
    }
}

/// The route of a unit: the one that names it, else the one for everybody else.
pub(super) fn of_unit<'r, R: AsRef<Route>>(routes: &'r [R], unit: Option<&str>) -> Option<&'r R> {
    let unit = UnitForms::of(unit.unwrap_or_default());
    let naming = routes.iter().find(|route| route.as_ref().answers_for(&unit));
    naming.or_else(|| routes.iter().find(|route| route.as_ref().units.is_empty()))
}

/// A route before its service is known.
#[derive(Clone, Copy)]
pub(super) struct Way<'a> {
    pub agency: &'a str,
    pub operation: &'a str,
    find: Option<&'a String>,
    look: Option<&'a String>,
    subject: &'a [String],
    units: &'a [String],
    pub feed_every_s: Option<u64>,
}

impl Way<'_> {
    /// The route of a service whose subjects and answer are these; `declared` stands for what the operation declares itself.
    pub fn route(&self, subject: &[String], declared: Option<&[String]>, answer: &Node) -> Route {
        Route {
            agency: self.agency.to_owned(),
            operation: self.operation.to_owned(),
            find: self.find.cloned(),
            look: self.look.cloned(),
            units: self.units.iter().map(|unit| comparable_agency_code(unit)).collect(),
            same: same(subject, declared.unwrap_or(self.subject), answer),
        }
    }

    /// For messages: `tax.taxpayer`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.agency, self.operation)
    }
}

/// The subject's pointers that the manifest wants to be the same in the answer, and that the answer has.
fn same(subject: &[String], declared: &[String], answer: &Node) -> Vec<String> {
    let declared: BTreeSet<String> =
        declared.iter().map(|path| format!("/{}", path.replace('.', "/"))).collect();
    subject
        .iter()
        .filter(|pointer| declared.contains(*pointer) && answer.at(pointer).is_some())
        .cloned()
        .collect()
}

/// What a service's ways must have been told apart by.
const FILE: &str = "agencies.toml";

/// The ways to every service; what makes a choice between them impossible is reported, all of it.
pub(super) fn ways<'a>(
    agencies: &[&'a Agency],
    units: &'a BTreeMap<String, Vec<String>>,
    house: &'a BTreeSet<String>,
    unfit: &mut Vec<Unfit>,
) -> BTreeMap<&'a str, Vec<Way<'a>>> {
    for (agency, patterns) in units {
        let strange = patterns.iter().filter(|pattern| !is_pattern(pattern));
        unfit.extend(strange.map(|pattern| {
            let why = format!("[{agency}] units: `{pattern}` is neither a unit's code (H56.14, 000.00.14.H56) nor the beginning of one (H56*)");
            Unfit::new(FILE, why)
        }));
    }
    let nobody: &[String] = &[];
    let own = |service: &'a String| {
        let (agency, operation, subject, units) = (HOUSE, service.as_str(), nobody, nobody);
        let way = Way { agency, operation, find: None, look: None, subject, units, feed_every_s: None };
        (service.as_str(), vec![way])
    };
    let mut ways: BTreeMap<&str, Vec<Way<'_>>> = house.iter().map(own).collect();
    for agency in agencies {
        let units = units.get(&agency.name).map_or(nobody, Vec::as_slice);
        for (operation, plan) in &agency.operations {
            let Some(service) = &plan.service else { continue };
            let (subject, feed_every_s) = (plan.subject.as_slice(), plan.feed_every_s);
            let (find, look) = (plan.find.as_ref(), plan.look.as_ref());
            let way = Way { agency: &agency.name, operation, find, look, subject, units, feed_every_s };
            let others = ways.entry(service).or_default();
            unfit.extend(others.iter().filter_map(|other| between(service, other, &way)));
            others.push(way);
        }
    }
    ways
}

/// Why nobody could say which of two ways a question takes.
fn between(service: &str, one: &Way<'_>, other: &Way<'_>) -> Option<Unfit> {
    if one.agency == other.agency || one.agency == HOUSE {
        return Some(Unfit::new(other.name(), format!("{} answers {service} too", one.name())));
    }
    let both = format!("[{}] and [{}] both answer {service}", one.agency, other.agency);
    if one.feed_every_s.or(other.feed_every_s).is_some() {
        return Some(Unfit::new(FILE, format!("{both}: a feed is followed at one agency")));
    }
    if one.units.is_empty() && other.units.is_empty() {
        let why =
            format!("{both} for every unit: write in one of the two blocks for which, units = [\"H56.14*\"]");
        return Some(Unfit::new(FILE, why));
    }
    let pairs = || one.units.iter().flat_map(|first| other.units.iter().map(move |second| (first, second)));
    let (first, second) = pairs().find(|(first, second)| overlap(first, second))?;
    Some(Unfit::new(FILE, format!("{both}: a unit can fit `{first}` of the one and `{second}` of the other")))
}

/// A code in either form, or the beginning of one from left to right: two of these can be compared.
fn is_pattern(pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some("") => true,
        Some(beginning) => {
            beginning.starts_with(|letter: char| letter.is_ascii_uppercase())
                && beginning.bytes().skip(1).all(|byte| byte.is_ascii_digit() || byte == b'.')
        }
        None => is_agency_code(pattern),
    }
}

/// Whether some code fits both patterns.
fn overlap(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(comparable_agency_code);
    match (one.strip_suffix('*'), other.strip_suffix('*')) {
        (Some(one), Some(other)) => one.starts_with(other) || other.starts_with(one),
        (Some(beginning), None) => other.starts_with(beginning),
        (None, Some(beginning)) => one.starts_with(beginning),
        (None, None) => one == other,
    }
}

#[cfg(test)]
mod tests;
