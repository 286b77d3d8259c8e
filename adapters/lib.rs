//! The agencies whose words no data can say: each wraps what its folder says and overrides single exchanges.
//!
//! Every agency is a folder of text, read at run time. Where that does not suffice, write `AGENCY/mod.rs` and add two lines
//! below: its module, and its row in `CODED`.

mod tax;

use std::sync::Arc;

use adapter_api::Adapter;
use adapter_api::declarative::Declarative;

/// Makes a coded adapter around the declarative one of the same folder, so that its words stay lines.
pub type Wrap = fn(Declarative) -> Arc<dyn Adapter>;

/// By the folder's name, `civil_status`.
const CODED: &[(&str, Wrap)] = &[("tax", tax::wrap)];

/// The coded adapters, by the name of their folder.
pub fn coded() -> &'static [(&'static str, Wrap)] {
    CODED
}

/// The adapter that speaks for an agency: its folder's lines, or the code that wraps them.
///
/// Whoever runs or proves an agency makes its adapter here, so that none of them forgets the code.
pub fn adapter_of(lines: Declarative) -> Arc<dyn Adapter> {
    let folder = lines.agency().name.replace('-', "_");
    match CODED.iter().find(|(name, _)| *name == folder) {
        Some((_, wrap)) => wrap(lines),
        None => Arc::new(lines),
    }
}
