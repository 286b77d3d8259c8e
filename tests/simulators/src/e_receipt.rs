//! The issuers of electronic receipts (biên lai điện tử): two providers of the same services.

pub(crate) mod book;
pub(crate) mod receipts;
pub(crate) mod viettel;
pub(crate) mod vnpt;
