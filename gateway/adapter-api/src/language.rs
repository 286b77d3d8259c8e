//! The declarative language: small, total, read whole by the check. `reference/mapping.md` is its grammar.

pub mod date;
pub mod evaluate;
pub mod parse;
pub mod syntax;
pub mod text;
