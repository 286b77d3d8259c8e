//! Chains (liên thông): which procedures belong together, in which order, and what each is told. Data, in the adapters' language.

use std::collections::BTreeMap;
use std::sync::Arc;

use adapter_api::diagnostic::{Diagnostic, Place, Source};
use adapter_api::language::parse::value::{Findings, Keys, Spot};
use adapter_api::language::parse::{expression, rules, source, table};
use adapter_api::language::syntax::{Conditions, Drawing};
use indexmap::IndexMap;

use crate::composite::plan::read_each;
use adapter_api::agency::Table;

mod check;
mod draw;
mod fits;
mod lineage;
#[cfg(test)]
mod tests;

pub use check::{CODE, Write, check};
pub use draw::Undrawn;
pub use lineage::at_the_case;

/// The root under which the case's input stands: `$case.deceased.full_name`; bare paths lead there too.
pub const CASE_ROOT: &str = "case";
/// The root under which the legs' results stand: `$leg.registration.number`.
pub const LEG_ROOT: &str = "leg";

/// The chains, by name.
pub type Chains = BTreeMap<String, Arc<Chain>>;

/// A chain, parsed.
#[derive(Debug, Clone)]
pub struct Chain {
    /// `death`.
    pub name: String,
    /// The file, for messages.
    pub place: Place,
    /// The official title.
    pub title: String,
    /// The English title.
    pub title_en: String,
    /// The leg that decides: without it nothing of the chain counts.
    pub main: String,
    /// The whole is due so many working days after it was taken in; 0: the same day.
    pub due_working_days: u32,
    /// A second open case for the same values of these fields of the input is a conflict: nobody dies twice.
    pub unique: Vec<String>,
    /// Its legs, in the order in which they are told.
    pub legs: Vec<LegPlan>,
    /// Drawings used again.
    pub shapes: IndexMap<String, Drawing>,
    /// Code lists.
    pub tables: IndexMap<String, Table>,
    /// None: nothing here is XML; the language wants the list.
    pub namespaces: IndexMap<String, String>,
}

/// One leg of a chain.
#[derive(Debug, Clone)]
pub struct LegPlan {
    /// `registration`.
    pub name: String,
    /// Where it stands, for messages.
    pub place: Place,
    /// The service it calls, a write.
    pub service: String,
    /// The official title.
    pub title: String,
    /// The English title.
    pub title_en: String,
    /// Legs that must be done first.
    pub after: Vec<String>,
    /// Sent only if this holds.
    pub when: Option<Conditions>,
    /// Its query, drawn from the case's input and the results of the legs it stands after; `None`: the case's input as it is,
    /// as in the chains of one leg.
    pub query: Option<Drawing>,
    /// Due so many working days after its turn has come; 0: the same day; `None`: no term of its own.
    pub due_working_days: Option<u32>,
}

impl Chain {
    /// The leg of this name.
    pub fn leg(&self, name: &str) -> Option<&LegPlan> {
        self.legs.iter().find(|leg| leg.name == name)
    }
}

/// Reads one file of `config/chains`; everything that is wrong with it at once.
pub fn read(file: &Source) -> Result<Chain, Vec<Diagnostic>> {
    let mut findings = Findings::default();
    let place = Place::new(&file.name, 1);
    let item = source::Item::of_table(place.clone(), source::read(file, &mut findings));
    let chain = read_chain(&Spot::new(&item, ""), place, &mut findings);
    let findings = findings.into_list();
    match chain {
        Some(chain) if findings.is_empty() => Ok(chain),
        Some(_) | None => Err(findings),
    }
}

const KEYS: [&str; 10] =
    ["chain", "title", "title_en", "main", "same_day", "due_working_days", "unique", "leg", "shape", "table"];

fn read_chain(spot: &Spot<'_>, place: Place, findings: &mut Findings) -> Option<Chain> {
    let keys = Keys::open(spot.clone(), &KEYS, findings)?;
    let name = keys.required_name("chain", findings);
    let title = keys.required_name("title", findings);
    let title_en = keys.required_name("title_en", findings);
    let main = keys.required_name("main", findings);
    let due_working_days = read_due(&keys, findings).or_else(|| {
        keys.required("due_working_days", findings);
        None
    });
    let legs = read_each(keys.required("leg", findings), findings, read_leg);
    let shapes = read_each(keys.spot("shape"), findings, |name, spot, findings| {
        Some((name.to_owned(), expression::read_drawing(&spot, findings)?))
    });
    let tables = keys.spot("table").map(|spot| table::read_tables(spot.item, findings));
    Some(Chain {
        name: name?,
        place,
        title: title?,
        title_en: title_en?,
        main: main?,
        due_working_days: due_working_days.unwrap_or_default(),
        unique: keys.names("unique", findings),
        legs,
        shapes: shapes.into_iter().collect(),
        tables: tables.unwrap_or_default(),
        namespaces: IndexMap::new(),
    })
}

const LEG_KEYS: [&str; 8] =
    ["service", "title", "title_en", "after", "when", "query", "same_day", "due_working_days"];

/// A term: `same_day = true`, or a number of working days.
fn read_due(keys: &Keys<'_>, findings: &mut Findings) -> Option<u32> {
    if keys.flag("same_day", findings) { Some(0) } else { keys.count("due_working_days", findings) }
}

fn read_leg(name: &str, spot: Spot<'_>, findings: &mut Findings) -> Option<LegPlan> {
    let place = spot.place.clone();
    let keys = Keys::open(spot, &LEG_KEYS, findings)?;
    let service = keys.required_name("service", findings);
    let title = keys.required_name("title", findings);
    let title_en = keys.required_name("title_en", findings);
    let query = keys.spot("query");
    let is_drawn = query.is_some();
    let query = query.and_then(|spot| expression::read_drawing(&spot, findings));
    let when = keys.spot("when");
    let is_bounded = when.is_some();
    let when = when.and_then(|spot| rules::read_conditions(&spot, findings));
    // A leg that has lost its condition would be sent for people who never asked for it; one that has lost its query, as it came.
    if (is_bounded && when.is_none()) || (is_drawn && query.is_none()) {
        return None;
    }
    let due_working_days = read_due(&keys, findings);
    Some(LegPlan {
        name: name.to_owned(),
        place,
        service: service?,
        title: title?,
        title_en: title_en?,
        after: keys.names("after", findings),
        when,
        query,
        due_working_days,
    })
}
