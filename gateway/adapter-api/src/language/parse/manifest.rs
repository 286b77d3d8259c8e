//! Reads what an agency is: carriers, credentials, settings, namespaces, seals, operations; and puts its parts together.

mod credential;
mod operation;

use indexmap::IndexMap;

use super::rules::CarrierRules;
use super::source::{Entry, Item, Table};
use super::value::{Findings, Keys, Spot};
use super::{exchange, expression, inbound};
use crate::agency::{Agency, Folder, Seal};
use crate::diagnostic::{Place, nearest};

/// The manifest's own top-level keys; every other table holds an exchange's or a message's words.
pub const KEYS: [&str; 10] = [
    "agency",
    "through",
    "credentials",
    "settings",
    "namespaces",
    "seal",
    "operation",
    "exchange",
    "inbound",
    "shape",
];

/// Builds the agency from all its files.
pub fn read_agency(folder: &Folder, whole: &Item, carriers: CarrierRules, findings: &mut Findings) -> Agency {
    let root = Spot::new(whole, "");
    let empty = Table::default();
    let table = root.table(findings).unwrap_or(&empty);
    let at = |key: &str| table.entry(key).map(|entry| root.child(entry));
    let (name, place) = read_name(folder, &root, at("agency"), findings);
    let mut agency = Agency {
        name,
        place,
        through: at("through").map(|spot| read_through(&spot, &carriers, findings)).unwrap_or_default(),
        carrier_rules: IndexMap::new(),
        credentials: named(at("credentials"), findings, credential::read),
        settings: named(at("settings"), findings, |spot, findings| spot.text(findings).map(str::to_owned)),
        namespaces: named(at("namespaces"), findings, |spot, findings| spot.name(findings)),
        seals: named(at("seal"), findings, read_seal),
        operations: named(at("operation"), findings, operation::read),
        exchanges: named(at("exchange"), findings, |spot, findings| {
            exchange::read(spot, &carriers, findings)
        }),
        inbound: named(at("inbound"), findings, inbound::read),
        shapes: named(at("shape"), findings, |spot, findings| expression::read_drawing(&spot, findings)),
        tables: IndexMap::new(),
    };
    agency.carrier_rules = used_carriers(&agency, carriers);
    report_names(&root, at("exchange"), at("inbound"), findings);
    for entry in table.entries.iter().filter(|entry| !KEYS.contains(&entry.key.as_str())) {
        read_words(&mut agency, table, &root, entry, findings);
    }
    agency
}

/// Reads a table of named things, each with the same reader.
fn named<'a, T>(
    spot: Option<Spot<'a>>,
    findings: &mut Findings,
    mut read: impl FnMut(Spot<'a>, &mut Findings) -> Option<T>,
) -> IndexMap<String, T> {
    let mut all = IndexMap::new();
    let Some(spot) = spot else { return all };
    let Some(table) = spot.table(findings) else { return all };
    for entry in &table.entries {
        if let Some(thing) = read(spot.child(entry), findings) {
            all.insert(entry.key.clone(), thing);
        }
    }
    all
}

fn read_name(
    folder: &Folder,
    root: &Spot<'_>,
    spot: Option<Spot<'_>>,
    findings: &mut Findings,
) -> (String, Place) {
    let Some(spot) = spot else {
        if findings.is_torn() {
            return (folder.name.clone(), root.place.clone());
        }
        findings.advise("C1", root, "the key `agency` is missing", "adapter.toml begins with agency = \"…\"");
        return (folder.name.clone(), root.place.clone());
    };
    (spot.name(findings).unwrap_or_else(|| folder.name.clone()), spot.place.clone())
}

/// Reads a list of carriers that must have rule files.
pub fn read_through(spot: &Spot<'_>, carriers: &CarrierRules, findings: &mut Findings) -> Vec<String> {
    let known: Vec<&str> = carriers.keys().map(String::as_str).collect();
    let mut through = Vec::new();
    for spot in spot.list(findings) {
        let Some(name) = spot.name(findings) else { continue };
        if !carriers.contains_key(&name) {
            findings.unknown("C1", &spot, (&name, "is no carrier with a rule file"), &known);
        }
        through.push(name);
    }
    through
}

fn used_carriers(agency: &Agency, carriers: CarrierRules) -> CarrierRules {
    let narrowed = agency.exchanges.values().filter_map(|exchange| exchange.through.as_ref());
    let used: Vec<&String> = narrowed.chain([&agency.through]).flatten().collect();
    carriers.into_iter().filter(|(name, _)| used.contains(&name)).collect()
}

fn read_seal(spot: Spot<'_>, findings: &mut Findings) -> Option<Seal> {
    let keys = Keys::open(spot, &["algorithm", "fields", "join", "secret", "field"], findings)?;
    let algorithms = [("sha256-hex", "sha256-hex"), ("hmac-sha256-hex", "hmac-sha256-hex")];
    let algorithm = keys
        .required("algorithm", findings)
        .and_then(|spot| spot.word(&algorithms, findings))
        .map(str::to_owned);
    let fields = keys.required("fields", findings).map(|spot| spot.names(findings));
    let join = keys.required("join", findings).and_then(|spot| spot.text(findings)).map(str::to_owned);
    let secret = keys.required_name("secret", findings);
    let field = keys.required_name("field", findings);
    Some(Seal {
        place: keys.spot.place.clone(),
        algorithm: algorithm?,
        fields: fields?,
        join: join?,
        secret: secret?,
        field: field?,
    })
}

/// Reports exchanges and messages whose words could not be told apart from something else.
fn report_names(
    root: &Spot<'_>,
    exchanges: Option<Spot<'_>>,
    messages: Option<Spot<'_>>,
    findings: &mut Findings,
) {
    let entries = |spot: &Option<Spot<'_>>| -> Vec<(String, Place)> {
        match spot.as_ref().map(|spot| &spot.item.value) {
            Some(super::source::Value::Table(table)) => {
                table.entries.iter().map(|entry| (entry.key.clone(), entry.place.clone())).collect()
            }
            _ => Vec::new(),
        }
    };
    let exchanges = entries(&exchanges);
    let messages = entries(&messages);
    for (name, place) in exchanges.iter().chain(&messages) {
        let spot = Spot { place: place.clone(), at: name.clone(), ..root.clone() };
        if KEYS.contains(&name.as_str()) {
            let message = format!("`{name}` is a word of the manifest: [{name}] could not hold its words");
            findings.advise("C1", &spot, message, "choose another name");
        }
    }
    for (name, place) in &messages {
        if let Some((_, first)) = exchanges.iter().find(|(other, _)| other == name) {
            let spot = Spot { place: place.clone(), at: name.clone(), ..root.clone() };
            let message =
                format!("`{name}` is also the exchange at {first}: [{name}] could not hold both's words");
            findings.advise("C1", &spot, message, "choose another name");
        }
    }
}

/// Reads `[NAME.…]`: the words of an exchange or of an inbound message.
fn read_words(agency: &mut Agency, table: &Table, root: &Spot<'_>, entry: &Entry, findings: &mut Findings) {
    let name = entry.key.as_str();
    let spot = root.child(entry);
    if let Some(plan) = agency.exchanges.get_mut(name) {
        exchange::read_words(plan, &spot, findings);
    } else if let Some(plan) = agency.inbound.get_mut(name) {
        inbound::read_words(plan, &spot, findings);
    } else if !findings.is_torn() && !["exchange", "inbound"].iter().any(|kind| declares(table, kind, name)) {
        report_stranger(agency, name, &spot, findings);
    }
}

/// Whether the manifest names it, although it could not be read.
fn declares(table: &Table, kind: &str, name: &str) -> bool {
    let Some(entry) = table.entry(kind) else { return false };
    matches!(&entry.item.value, super::source::Value::Table(table) if table.entry(name).is_some())
}

fn report_stranger(agency: &Agency, name: &str, spot: &Spot<'_>, findings: &mut Findings) {
    let declared = agency.exchanges.keys().chain(agency.inbound.keys()).map(String::as_str);
    let help = match nearest(name, KEYS.into_iter().chain(declared)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("declare [exchange.{name}] or [inbound.{name}]; code lists live in tables.toml"),
    };
    let message = format!("`{name}` is neither a word of the manifest nor an exchange nor a message");
    findings.advise("C1", spot, message, help);
}
