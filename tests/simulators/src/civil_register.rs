//! What the civil-status register holds: births, deaths, marriages, and dossiers in every state.

use crate::people::{Chance, Register};

/// Phân hệ of the civil-status system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Module {
    /// KS: khai sinh.
    Birth,
    /// KT: khai tử.
    Death,
    /// KH: kết hôn.
    Marriage,
}

/// One act in a register book.
#[derive(Debug, Clone)]
pub struct Registration {
    /// Kind of act.
    pub module: Module,
    /// ID numbers of those it is about.
    pub subjects: Vec<String>,
}

/// One dossier.
#[derive(Debug, Clone)]
pub struct Dossier {}

pub(crate) fn fill(_register: &mut Register, _chance: &mut Chance) {}
