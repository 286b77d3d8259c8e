//! VNPT issues and cancels (interfaces 14.1): XML as text inside the SOAP message, judged by `ERR:n`.
//!
//! Settings of the simulator \[SIM\]: one receipt a call, more are `ERR:10`; `Extra2` (0 fee, 1 charge) may stand behind
//! `Extra`; quantities, prices and amounts are whole and must agree, else `ERR:3`; a cancellation is `OK:` and the key,
//! a second one `ERR:9`; a cancelled receipt is still found by its key, and `status` 5 in the list.

use std::sync::Arc;

use super::{
    BAD_DATA, CERTIFICATE_REVOKED, DUPLICATE_KEY, EARLY_DATE, Failure, Message, NO_PATTERN, NOT_FOUND,
    NUMBERS_EXHAUSTED, PATTERN_MISMATCH, STATUS_FORBIDS, TOO_MANY, Vnpt, told_whole,
};
use crate::Party;
use crate::e_receipt::book::{NotIssued, Order};
use crate::e_receipt::receipts::pattern_and_serial;
use crate::misbehaviour::{Fate, Misbehaviour};
use crate::stamp::read_day;
use crate::wire::Site;
use crate::xml::{self, Element};

pub(super) const ISSUE: &str = "ImportAndPublishInv";
pub(super) const CANCEL: &str = "cancelInv";

/// The elements of an `Invoice`, in order.
const INVOICE: [&str; 15] = [
    "CusCode",
    "ArisingDate",
    "CusName",
    "CusAddress",
    "CusTaxCode",
    "Email",
    "PaymentMethod",
    "PaymentStatus",
    "Products",
    "Total",
    "VATRate",
    "VATAmount",
    "Amount",
    "AmountInWords",
    "Extra",
];
const PRODUCT: [&str; 6] = ["Code", "ProdName", "ProdUnit", "ProdQuantity", "ProdPrice", "Amount"];

impl Vnpt {
    pub(super) fn issue(
        &self,
        site: &Arc<Site>,
        message: &Message,
        misbehaviour: Option<&Misbehaviour>,
    ) -> Result<String, Failure> {
        let field = |name: &str| message.field(name).unwrap_or_default();
        let (pattern, serial) = (field("pattern"), field("serial"));
        if pattern.is_empty() || serial.is_empty() {
            return Err(NO_PATTERN);
        }
        if (pattern, serial) != pattern_and_serial(Party::EReceiptVnpt) {
            return Err(PATTERN_MISMATCH);
        }
        if field("convert") != "0" {
            return Err(BAD_DATA);
        }
        let order = read_order(field("xmlInvData"))?;
        site.tally.asked_for(&order.key);
        match misbehaviour {
            Some(Misbehaviour::NumbersExhausted) => return Err(NUMBERS_EXHAUSTED),
            Some(Misbehaviour::CertificateRevoked) => return Err(CERTIFICATE_REVOKED),
            _ => {}
        }
        let (book, tally) = (Arc::clone(&self.book), Arc::clone(&site.tally));
        let (key, dossier) = (order.key.clone(), order.dossier.clone());
        let issued = site.late.write(Fate::of(misbehaviour), &[&key, &dossier], move || {
            let issued = book.issue(order);
            if let Ok(receipt) = &issued {
                tally.did(ISSUE, &receipt.key);
            }
            issued
        });
        match issued {
            _ if misbehaviour == Some(&Misbehaviour::UnknownState) => Ok("ERR:77".to_owned()),
            Some(Ok(receipt)) => Ok(told_whole(&receipt)),
            Some(Err(NotIssued::Duplicate)) => Err(DUPLICATE_KEY),
            Some(Err(NotIssued::TooEarly)) => Err(EARLY_DATE),
            None => Ok(String::new()),
        }
    }

    pub(super) fn cancel(
        &self,
        site: &Arc<Site>,
        message: &Message,
        misbehaviour: Option<&Misbehaviour>,
    ) -> Result<String, Failure> {
        let key = message.subject().to_owned();
        let dossier = self.book.by_key(&key).ok_or(NOT_FOUND)?.receipt.dossier;
        let (book, tally, own) = (Arc::clone(&self.book), Arc::clone(&site.tally), key.clone());
        let cancelled = site.late.write(Fate::of(misbehaviour), &[&key, &dossier], move || {
            let cancelled = book.cancel(&own);
            if cancelled {
                tally.did(CANCEL, &own);
            }
            cancelled
        });
        match cancelled {
            Some(false) => Err(STATUS_FORBIDS),
            _ if misbehaviour == Some(&Misbehaviour::UnknownState) => Ok("ERR:77".to_owned()),
            _ => Ok(format!("OK:{key}")),
        }
    }
}

fn read_order(text: &str) -> Result<Order, Failure> {
    let root = xml::read(text).map_err(|_| BAD_DATA)?;
    if root.name != "Invoices" || root.children.iter().any(|inner| inner.name != "Inv") {
        return Err(BAD_DATA);
    }
    let [inner] = root.children.as_slice() else {
        return Err(if root.children.is_empty() { BAD_DATA } else { TOO_MANY });
    };
    let [key, invoice] = inner.children.as_slice() else { return Err(BAD_DATA) };
    if key.name != "key" || key.text.trim().is_empty() || invoice.name != "Invoice" {
        return Err(BAD_DATA);
    }
    let names: Vec<&str> = invoice.children.iter().map(|child| child.name.as_str()).collect();
    if names.strip_suffix(&["Extra2"]).unwrap_or(&names) != INVOICE {
        return Err(BAD_DATA);
    }
    let (what, total) = read_products(child(invoice, "Products")?)?;
    let amount = number(invoice, "Amount")?;
    let same = amount == total && number(invoice, "Total")? == total && total > 0;
    let kind = child(invoice, "Extra2").map(|kind| kind.text.trim().to_owned()).unwrap_or_default();
    if !same
        || !matches!(kind.as_str(), "" | "0" | "1")
        || !matches!(filled(invoice, "PaymentStatus")?, "0" | "1")
    {
        return Err(BAD_DATA);
    }
    filled(invoice, "AmountInWords").and(filled(invoice, "PaymentMethod"))?;
    Ok(Order {
        key: key.text.trim().to_owned(),
        dossier: filled(invoice, "CusCode")?.to_owned(),
        on: read_day(filled(invoice, "ArisingDate")?, '/').ok_or(BAD_DATA)?,
        payer: filled(invoice, "CusName")?.to_owned(),
        payer_id: String::new(),
        what,
        amount,
    })
}

/// What is paid for, and how much.
fn read_products(products: &Element) -> Result<(String, u64), Failure> {
    let (mut what, mut total) = (Vec::new(), 0_u64);
    for product in &products.children {
        let names: Vec<&str> = product.children.iter().map(|child| child.name.as_str()).collect();
        if product.name != "Product" || names != PRODUCT {
            return Err(BAD_DATA);
        }
        let amount = number(product, "Amount")?;
        let price = number(product, "ProdPrice")?.checked_mul(number(product, "ProdQuantity")?);
        if price != Some(amount) {
            return Err(BAD_DATA);
        }
        what.push(filled(product, "ProdName")?);
        total = total.saturating_add(amount);
    }
    if what.is_empty() { Err(BAD_DATA) } else { Ok((what.join("; "), total)) }
}

fn child<'a>(of: &'a Element, name: &str) -> Result<&'a Element, Failure> {
    of.children.iter().find(|child| child.name == name).ok_or(BAD_DATA)
}

fn filled<'a>(of: &'a Element, name: &str) -> Result<&'a str, Failure> {
    let text = child(of, name)?.text.trim();
    if text.is_empty() { Err(BAD_DATA) } else { Ok(text) }
}

fn number(of: &Element, name: &str) -> Result<u64, Failure> {
    filled(of, name)?.parse().map_err(|_| BAD_DATA)
}
