//! Proves an adapter: replays its talks, holds it to the laws L1 to L15, and says where each finding stands.
//!
//! Nothing here runs in the gateway. It knows `adapter-api` only; [`disk`] alone reads files, for the two
//! tools that need it: `lienthong check` and `cargo test -p adapters`.

pub mod conversation;
pub mod difference;
pub mod disk;
pub mod ending;
pub mod folder;
pub mod ground;
pub mod laws;
pub mod lineage;
pub mod new;
pub mod replay;
pub mod report;
pub mod spot;
pub mod talk;
pub mod wire;

pub use folder::{AgencyInput, check_all, check_folder, update_talks};
pub use ground::{Effort, Side, Validator};
pub use report::{Exit, Report};
