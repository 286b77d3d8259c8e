//! Turns trees into bytes and bytes into trees: JSON, XML, SOAP, form; strict, and limited before anything is built.

use std::fmt;

/// Why bytes could not be read; never what stood in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// In our words: `not JSON`, `duplicate key`, `DOCTYPE`, `deeper than 64`.
    pub why: String,
}

impl Unreadable {
    /// Says why.
    pub fn because(why: impl Into<String>) -> Self {
        Unreadable { why: why.into() }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Unreadable {}
