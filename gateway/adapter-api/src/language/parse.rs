//! Parses the language from TOML, keeping the order of lines and each line's place.

pub mod date_format;
mod exchange;
pub mod expression;
mod inbound;
mod manifest;
mod merge;
pub mod path;
pub mod pattern;
pub mod rules;
pub mod source;
pub mod table;
pub mod value;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::agency::{Agency, Folder};
use crate::diagnostic::{Diagnostic, Place};

use source::{Item, Table};
use value::Findings;

/// Code lists live in files of this name; every other file holds manifest and words.
const TABLES_FILE: &str = "tables.toml";

/// Parses a whole agency folder; see [`crate::agency::parse`].
pub fn parse_folder(folder: &Folder) -> (Option<Agency>, Vec<Diagnostic>) {
    let mut findings = Findings::default();
    let mut words = Table::default();
    let mut lists = Table::default();
    for file in &folder.files {
        let table = source::read(file, &mut findings);
        if is_tables_file(&file.name) {
            merge::add_lists(&mut lists, table, &mut findings);
        } else {
            merge::add_words(&mut words, table, &mut findings);
        }
    }
    let carriers = read_carriers(folder, &mut findings);
    let Some(start) = folder.files.first().map(|file| Place::new(&file.name, 1)) else {
        let place = Place::new(&Arc::from(folder.name.as_str()), 1);
        findings.push(
            Diagnostic::error("C1", &place, folder.name.clone(), "the folder holds no *.toml file")
                .help("begin with adapter.toml: agency = \"…\""),
        );
        return (None, findings.into_list());
    };
    let words = Item::of_table(start.clone(), words);
    let lists = Item::of_table(start, lists);
    let agency = manifest::read_agency(folder, &words, carriers, &mut findings);
    let agency = Agency { tables: table::read_tables(&lists, &mut findings), ..agency };
    (Some(agency), findings.into_list())
}

/// Whether this file holds code lists, whatever folder stands before its name.
fn is_tables_file(name: &str) -> bool {
    name.rsplit(['/', '\\']).next() == Some(TABLES_FILE)
}

/// Reads the carriers' rule files, each with `rules = […]` only.
fn read_carriers(folder: &Folder, findings: &mut Findings) -> rules::CarrierRules {
    let mut carriers = rules::CarrierRules::default();
    for (name, file) in &folder.carriers {
        let item = Item::of_table(Place::new(&file.name, 1), source::read(file, findings));
        carriers.insert(name.clone(), rules::read_carrier(name, &item, findings));
    }
    carriers
}
