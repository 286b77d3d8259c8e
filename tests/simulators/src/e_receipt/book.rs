//! The receipts of one provider: those of the beginning, and what was issued and cancelled since.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::receipts::Receipt;
use crate::Party;
use crate::people::{Day, Register};

/// A receipt with what became of it.
#[derive(Debug, Clone)]
pub(crate) struct Issued {
    pub(crate) receipt: Receipt,
    pub(crate) cancelled: bool,
}

impl Issued {
    /// 1 issued, 5 cancelled. [SIM]
    pub(crate) fn status(&self) -> &'static str {
        if self.cancelled { "5" } else { "1" }
    }
}

/// Why nothing was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotIssued {
    /// There is a receipt with this key.
    Duplicate,
    /// The day is before that of the last one.
    TooEarly,
}

/// What a receipt shall say.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) key: String,
    pub(crate) dossier: String,
    pub(crate) on: Day,
    pub(crate) payer: String,
    pub(crate) payer_id: String,
    pub(crate) what: String,
    pub(crate) amount: u64,
}

#[derive(Debug, Default)]
struct Pages {
    all: Vec<Issued>,
    by_key: BTreeMap<String, usize>,
    by_dossier: BTreeMap<String, Vec<usize>>,
}

impl Pages {
    fn add(&mut self, receipt: Receipt) {
        let index = self.all.len();
        self.by_key.insert(receipt.key.clone(), index);
        self.by_dossier.entry(receipt.dossier.clone()).or_default().push(index);
        self.all.push(Issued { receipt, cancelled: false });
    }
}

/// The receipts of one provider, all of one pattern and serial.
#[derive(Debug)]
pub(crate) struct Book {
    provider: Party,
    pages: Mutex<Pages>,
}

impl Book {
    pub(crate) fn new(register: &Register, provider: Party) -> Self {
        let mut pages = Pages::default();
        let own = register.receipts().iter().filter(|receipt| receipt.provider == provider);
        own.for_each(|receipt| pages.add(receipt.clone()));
        Self { provider, pages: Mutex::new(pages) }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn by_key(&self, key: &str) -> Option<Issued> {
        let pages = self.pages();
        pages.by_key.get(key).and_then(|index| pages.all.get(*index)).cloned()
    }

    pub(crate) fn of_dossier(&self, dossier: &str) -> Vec<Issued> {
        let pages = self.pages();
        let found = pages.by_dossier.get(dossier).into_iter().flatten();
        found.filter_map(|index| pages.all.get(*index)).cloned().collect()
    }

    /// Somebody else's receipt.
    pub(crate) fn other_than(&self, dossier: &str) -> Option<Issued> {
        self.find(|receipt| receipt.dossier != dossier)
    }

    pub(crate) fn find(&self, fits: impl Fn(&Receipt) -> bool) -> Option<Issued> {
        self.pages().all.iter().find(|issued| fits(&issued.receipt)).cloned()
    }

    /// Issues a receipt with the next number: keys are unique, days never go back.
    pub(crate) fn issue(&self, order: Order) -> Result<Receipt, NotIssued> {
        let mut pages = self.pages();
        if pages.by_key.contains_key(&order.key) {
            return Err(NotIssued::Duplicate);
        }
        if pages.all.iter().any(|issued| issued.receipt.issued_on > order.on) {
            return Err(NotIssued::TooEarly);
        }
        let last = pages.all.iter().map(|issued| issued.receipt.number).max().unwrap_or_default();
        let (pattern, serial) = super::receipts::pattern_and_serial(self.provider);
        let receipt = Receipt {
            provider: self.provider,
            key: order.key,
            dossier: order.dossier,
            pattern,
            serial,
            number: last + 1,
            issued_on: order.on,
            payer: order.payer,
            payer_id: order.payer_id,
            what: order.what,
            amount: order.amount,
        };
        pages.add(receipt.clone());
        Ok(receipt)
    }

    /// Cancels a receipt; `false` if it is cancelled or there is none.
    pub(crate) fn cancel(&self, key: &str) -> bool {
        let mut pages = self.pages();
        let index = pages.by_key.get(key).copied();
        let found = index.and_then(|index| pages.all.get_mut(index)).filter(|issued| !issued.cancelled);
        found.map(|issued| issued.cancelled = true).is_some()
    }
}
