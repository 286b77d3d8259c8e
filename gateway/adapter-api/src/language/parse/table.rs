//! Reads code lists: `[sex] male = "1"`.

use indexmap::IndexMap;

use super::source::{Entry, Item, Value};
use super::value::{Findings, Spot};
use crate::agency::{Table, TableRow};

/// Stands for every other code of theirs.
const EVERY_OTHER: &str = "*";

/// Reads every code list.
pub fn read_tables(lists: &Item, findings: &mut Findings) -> IndexMap<String, Table> {
    let spot = Spot::new(lists, "");
    let Some(table) = spot.table(findings) else { return IndexMap::new() };
    let read = |entry: &Entry| {
        let list = read_list(&spot.child(entry), findings)?;
        Some((entry.key.clone(), list))
    };
    table.entries.iter().filter_map(read).collect()
}

fn read_list(spot: &Spot<'_>, findings: &mut Findings) -> Option<Table> {
    let Value::Table(rows) = &spot.item.value else {
        let word = spot.item.value.word();
        let message = format!("{word} where a code list belongs");
        findings.advise("C1", spot, message, "a code list is a table: [name], then ours = \"theirs\"");
        return None;
    };
    let mut list = Table { place: spot.place.clone(), descriptive: None, rows: Vec::new(), sim: false };
    for entry in &rows.entries {
        let value = spot.child(entry);
        match (entry.key.as_str(), &entry.item.value) {
            ("descriptive", Value::Text(system)) => list.descriptive = Some(system.clone()),
            ("sim", Value::Bool(flag)) => list.sim = *flag,
            _ => list.rows.extend(read_row(entry, &value, findings)),
        }
    }
    Some(list)
}

fn read_row(entry: &Entry, spot: &Spot<'_>, findings: &mut Findings) -> Option<TableRow> {
    let row = |theirs| TableRow { place: entry.place.clone(), ours: entry.key.clone(), theirs };
    if let Value::Text(text) = &spot.item.value
        && text == EVERY_OTHER
    {
        return Some(row(Vec::new()));
    }
    let spots = spot.one_or_many();
    if spots.is_empty() {
        findings.say("C1", spot, "a word without a code");
        return None;
    }
    let is_every = |spot: &Spot<'_>| matches!(&spot.item.value, Value::Text(text) if text == EVERY_OTHER);
    if let Some(every) = spots.iter().find(|spot| is_every(spot)) {
        findings.advise("C1", every, "`*` stands alone", "write the codes, or \"*\" for every other code");
        return None;
    }
    let theirs: Vec<_> = spots.iter().filter_map(|spot| spot.constant(findings)).collect();
    (theirs.len() == spots.len()).then(|| row(theirs))
}
