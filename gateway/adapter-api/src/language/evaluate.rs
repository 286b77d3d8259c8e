//! Evaluates drawings: total and pure, it always ends, within named limits, and every way it can stop says where and why, never what stood there.

pub mod answer;
pub mod condition;
pub mod convert;
pub mod form;
mod held;
pub mod path;
pub mod scope;

pub use answer::{Misfit, fit, to_json};
pub use condition::holds;
pub(crate) use convert::coerce;
pub use form::{draw, evaluate};
pub use path::resolve;
pub use scope::{Let, Root, Scope, View, Words, World, from_json};

/// How deep expressions, shapes and lets may lie in one another: TOML by hand stays below 10; the stack of a worker thread holds 64 with room.
pub const DEPTH_MAX: u32 = 64;

/// How many expressions and tests one step may take: 20 pages of 5,000 rows with 20 fields each is two million.
pub const WORK_MAX: u64 = 4_000_000;

/// Which way the words go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Theirs to ours.
    Read,
    /// Ours to theirs.
    Write,
}

/// Whose value a path leads to, so that a stop is laid at the right door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// What the caller asked.
    Caller,
    /// What the agency said.
    Agency,
    /// Our configuration, our references, our mapping.
    House,
}

/// Why an evaluation stopped; holds no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// The path in the mapping, `$who.SoDinhDanh`.
    pub at: String,
    /// In our words, `2 where one was expected`.
    pub why: String,
    /// Whose value it was.
    pub origin: Origin,
    /// JSON pointer to the caller's field, where it was one.
    pub pointer: Option<String>,
    /// The mapping itself is at fault: a name that does not exist, a limit passed.
    pub broken: bool,
}

impl Stop {
    /// A stop over a value.
    pub fn new(at: impl Into<String>, why: impl Into<String>, spot: &Spot) -> Self {
        let (at, why) = (at.into(), why.into());
        Stop { at, why, origin: spot.origin, pointer: spot.pointer.clone(), broken: false }
    }

    /// A stop over the mapping itself.
    pub fn broken(at: impl Into<String>, why: impl Into<String>) -> Self {
        Stop { at: at.into(), why: why.into(), origin: Origin::House, pointer: None, broken: true }
    }
}

/// Where a value stands: whose it is and, for the caller's, its JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// Whose.
    pub origin: Origin,
    /// `/query/deceased/id_number`.
    pub pointer: Option<String>,
}

impl Spot {
    /// A value of ours or of the agency, which no pointer of the caller leads to.
    pub fn of(origin: Origin) -> Self {
        Spot { origin, pointer: None }
    }

    /// A value of the caller.
    pub fn caller(pointer: impl Into<String>) -> Self {
        Spot { origin: Origin::Caller, pointer: Some(pointer.into()) }
    }

    /// The spot one member further in.
    pub fn member(&self, name: &str) -> Self {
        let escaped = || name.replace('~', "~0").replace('/', "~1");
        let pointer = self.pointer.as_ref().map(|pointer| format!("{pointer}/{}", escaped()));
        Spot { origin: self.origin, pointer }
    }
}
