//! The agencies whose words no data can say: each wraps what its folder says and overrides single exchanges.
//!
//! There is none yet: every agency here is a folder of text, read at run time. To add one, write `AGENCY/mod.rs` and add
//! two lines below: its module, and its row in `CODED`.

use std::sync::Arc;

use adapter_api::Adapter;
use adapter_api::declarative::Declarative;

/// Makes a coded adapter around the declarative one of the same folder, so that its words stay lines.
pub type Wrap = fn(Declarative) -> Arc<dyn Adapter>;

/// By the folder's name, `civil_status`.
const CODED: &[(&str, Wrap)] = &[];

/// The coded adapters, by the name of their folder.
pub fn coded() -> &'static [(&'static str, Wrap)] {
    CODED
}
