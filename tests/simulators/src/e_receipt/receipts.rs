//! The receipts already issued for dossiers of the civil-status register, and their PDF.

use crate::Party;
use crate::civil_register::Module;
use crate::people::{Day, Register};

/// Every so many births led to a certified copy for which a fee was paid.
const RECEIPT_EVERY: usize = 5;
/// Every so many of these also paid a charge (lệ phí), on a receipt of its own.
const CHARGE_EVERY: usize = 3;
/// Đồng; the fee is that of the example in interfaces 14.1.
const FEE: u64 = 8_000;
const CHARGE: u64 = 5_000;
/// VNPT's pattern and serial, an example of interfaces 14.1.
const PATTERN: &str = "C45-BB0/002";
const SERIAL: &str = "BM/25E";
/// Viettel's template and series. [SIM]
const TEMPLATE: &str = "01BLP0-001";
const SERIES: &str = "BM25E";

/// Biên lai điện tử.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// [`Party::EReceiptVnpt`] or [`Party::EReceiptViettel`].
    pub provider: Party,
    /// Our key: VNPT's `fkey`, Viettel's `transactionUuid`. The dossier code, with `-LP` behind it for a charge.
    pub key: String,
    /// The dossier it was paid for; VNPT's `cusCode`.
    pub dossier: String,
    /// Mẫu số.
    pub pattern: &'static str,
    /// Ký hiệu.
    pub serial: &'static str,
    /// Số biên lai.
    pub number: u32,
    /// Ngày lập.
    pub issued_on: Day,
    /// Tên người nộp, as the provider keeps it.
    pub payer: String,
    /// ID number of the payer.
    pub payer_id: String,
    /// What was paid for.
    pub what: String,
    /// Đồng.
    pub amount: u64,
}

impl Receipt {
    /// Viettel writes series and number as one.
    #[must_use]
    pub fn series_and_number(&self) -> String {
        format!("{}{:07}", self.serial, self.number)
    }
}

/// Dossiers of the three first provinces of the list are VNPT's, the others Viettel's.
fn provider(dossier: &str) -> Party {
    let vnpt = ["H56", "H26", "H17"].iter().any(|agency| dossier.starts_with(agency));
    if vnpt { Party::EReceiptVnpt } else { Party::EReceiptViettel }
}

/// What a provider writes on its receipts: mẫu số and ký hiệu.
pub(crate) fn pattern_and_serial(provider: Party) -> (&'static str, &'static str) {
    if provider == Party::EReceiptVnpt { (PATTERN, SERIAL) } else { (TEMPLATE, SERIES) }
}

pub(crate) fn receipts(register: &Register) -> Vec<Receipt> {
    let births = register.registrations().iter().filter(|entry| entry.module == Module::Birth);
    let paid = births.filter_map(|entry| Some((entry, register.by_id(entry.subjects.first()?)?)));
    let disagreeing = Some(crate::Awkward::Disagreeing);
    let mut all = Vec::new();
    for (number, (entry, truth)) in paid.enumerate() {
        if !number.is_multiple_of(RECEIPT_EVERY) && truth.awkward != disagreeing {
            continue;
        }
        let provider = provider(&entry.dossier);
        let payer = register.kept_by(provider, truth);
        let (pattern, serial) = pattern_and_serial(provider);
        let fee = Receipt {
            provider,
            key: entry.dossier.clone(),
            dossier: entry.dossier.clone(),
            pattern,
            serial,
            number: all.len() as u32 + 1,
            issued_on: Day { year: 2025, month: 8, day: 1 + (number % 28) as u8 },
            payer: payer.name.full(),
            payer_id: payer.any_id().to_owned(),
            what: "Phí cấp bản sao trích lục hộ tịch".to_owned(),
            amount: FEE,
        };
        let charge = (number / RECEIPT_EVERY).is_multiple_of(CHARGE_EVERY).then(|| Receipt {
            key: format!("{}-LP", fee.key),
            number: fee.number + 1,
            what: "Lệ phí hộ tịch".to_owned(),
            amount: CHARGE,
            ..fee.clone()
        });
        all.push(fee);
        all.extend(charge);
    }
    all
}

/// The receipt as a file.
pub(crate) fn pdf(receipt: &Receipt) -> Vec<u8> {
    let text = format!("BIEN LAI {} SO {:07} - {} VND", receipt.serial, receipt.number, receipt.amount);
    crate::paper::pdf(&text, &receipt.key)
}
