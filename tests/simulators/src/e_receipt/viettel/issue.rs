//! Viettel issues and cancels (interfaces 14.2). Names \[SRC\]; codes and what is refused \[SIM\].
//!
//! Settings of the simulator \[SIM\]: members that the document leaves open with `…` are not looked into;
//! a company is known by `buyerTaxCode` alone; `invoiceIssuedDate` may stand in `generalInvoiceInfo`, in milliseconds since 1970 \[BG\], and is today otherwise;
//! `paymentMethod` is 6, 7, TM, CK or TM/CK; a `transactionUuid` used already is `TRANSACTION_UUID_EXISTED`; dates of a
//! cancellation are `dd/MM/yyyy`, as at the other provider; its answer has `result` null and says so in words, a second
//! one is `INVOICE_CANCELLED`.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    CANCELLED, CERTIFICATE, EARLY, EXHAUSTED, EXISTED, MALFORMED, NOT_FOUND, Refusal, TEMPLATE, Viettel,
    WRONG_CONTENT, WRONG_SUPPLIER,
};
use crate::Party;
use crate::e_receipt::book::{NotIssued, Order};
use crate::e_receipt::receipts::pattern_and_serial;
use crate::misbehaviour::{Fate, Misbehaviour, fields};
use crate::stamp::Stamp;
use crate::wire::Site;
use crate::wire::http::Request;

pub(super) const ISSUE: &str = "createInvoice";
pub(super) const CANCEL: &str = "cancelTransactionInvoice";

impl Viettel {
    pub(super) fn issue(
        &self,
        site: &Arc<Site>,
        request: &Request,
        misbehaviour: Option<&Misbehaviour>,
    ) -> Result<Value, Refusal> {
        if request.media_type() != "application/json" {
            return Err(WRONG_CONTENT);
        }
        if request.path.rsplit('/').next() != Some(self.credentials.viettel_tax_code.as_str()) {
            return Err(WRONG_SUPPLIER);
        }
        let Ok(Value::Object(asked)) = serde_json::from_slice(&request.body) else { return Err(MALFORMED) };
        let order = read_order(&asked)?;
        site.tally.asked_for(&order.key);
        match misbehaviour {
            Some(Misbehaviour::NumbersExhausted) => return Err(EXHAUSTED),
            Some(Misbehaviour::CertificateRevoked) => return Err(CERTIFICATE),
            _ => {}
        }
        let (book, tally, key) = (Arc::clone(&self.book), Arc::clone(&site.tally), order.key.clone());
        let issued = site.late.write(Fate::of(misbehaviour), &[&key], move || {
            let issued = book.issue(order);
            if let Ok(receipt) = &issued {
                tally.did(ISSUE, &receipt.key);
            }
            issued
        });
        let receipt = match issued {
            Some(Ok(receipt)) => Some(receipt),
            Some(Err(NotIssued::Duplicate)) => return Err(EXISTED),
            Some(Err(NotIssued::TooEarly)) => return Err(EARLY),
            None => None,
        };
        let result = receipt.map(|receipt| {
            let mut result = json!({
                "supplierTaxCode": self.credentials.viettel_tax_code, "invoiceNo": receipt.series_and_number(),
                "transactionID": format!("VT{:09}", receipt.number),
                "reservationCode": format!("MAU{:07}", receipt.number),
            });
            fields::spoil(&mut result, misbehaviour, "invoiceNo", "soHoaDon");
            result
        });
        let mut told = json!({ "errorCode": null, "description": null, "result": result });
        fields::unknown_state(&mut told, misbehaviour, "errorCode", json!("LA_77"));
        Ok(told)
    }

    pub(super) fn cancel(
        &self,
        site: &Arc<Site>,
        request: &Request,
        misbehaviour: Option<&Misbehaviour>,
    ) -> Result<Value, Refusal> {
        if request.media_type() != "application/x-www-form-urlencoded" {
            return Err(WRONG_CONTENT);
        }
        let field = |name: &str| request.field(name).filter(|text| !text.is_empty()).ok_or(MALFORMED);
        let number = field("invoiceNo")?;
        site.tally.asked_for(&number);
        if field("supplierTaxCode")? != self.credentials.viettel_tax_code {
            return Err(WRONG_SUPPLIER);
        }
        field("additionalReferenceDesc")?;
        let (issued_on, referred_on) = (field("strIssueDate")?, field("additionalReferenceDate")?);
        if !is_day(&issued_on) || !is_day(&referred_on) {
            return Err(MALFORMED);
        }
        let fits = |receipt: &crate::Receipt| {
            receipt.series_and_number() == number && receipt.issued_on.slashed() == issued_on
        };
        let key = self.book.find(fits).ok_or(NOT_FOUND)?.receipt.key;
        let (book, tally, own) = (Arc::clone(&self.book), Arc::clone(&site.tally), key.clone());
        let cancelled = site.late.write(Fate::of(misbehaviour), &[&key], move || {
            let cancelled = book.cancel(&own);
            if cancelled {
                tally.did(CANCEL, &own);
            }
            cancelled
        });
        if cancelled == Some(false) {
            return Err(CANCELLED);
        }
        let mut told = json!({ "errorCode": null, "description": "Hủy hóa đơn thành công", "result": null });
        fields::spoil(&mut told, misbehaviour, "errorCode", "maLoi");
        fields::unknown_state(&mut told, misbehaviour, "errorCode", json!("LA_77"));
        Ok(told)
    }
}

/// `dd/MM/yyyy`.
fn is_day(text: &str) -> bool {
    crate::stamp::read_day(text, '/').is_some()
}

fn part<'a>(of: &'a Map<String, Value>, name: &str) -> Result<&'a Map<String, Value>, Refusal> {
    of.get(name).and_then(Value::as_object).ok_or(MALFORMED)
}

fn filled<'a>(of: &'a Map<String, Value>, name: &str) -> Result<&'a str, Refusal> {
    of.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty()).ok_or(MALFORMED)
}

fn read_order(asked: &Map<String, Value>) -> Result<Order, Refusal> {
    let parts = ["generalInvoiceInfo", "buyerInfo", "payments", "itemInfo", "taxBreakdowns", "summarizeInfo"];
    if asked.keys().any(|name| !parts.contains(&name.as_str())) {
        return Err(MALFORMED);
    }
    let (general, buyer) = (part(asked, "generalInvoiceInfo")?, part(asked, "buyerInfo")?);
    filled(general, "invoiceType")?;
    if (filled(general, "templateCode")?, filled(general, "invoiceSeries")?)
        != pattern_and_serial(Party::EReceiptViettel)
    {
        return Err(TEMPLATE);
    }
    let paid = general.get("paymentStatus").is_some_and(Value::is_boolean);
    if filled(general, "currencyCode")? != "VND" || filled(general, "adjustmentType")? != "1" || !paid {
        return Err(MALFORMED);
    }
    check_payments(asked)?;
    let (what, amount) = read_items(asked)?;
    let told = part(asked, "summarizeInfo")?.get("totalAmountWithTax").map(Value::as_u64);
    if told.is_some_and(|told| told != Some(amount)) {
        return Err(MALFORMED);
    }
    let on = match general.get("invoiceIssuedDate") {
        None | Some(Value::Null) => Stamp::now(),
        Some(date) => Stamp::of_epoch_ms(date.as_u64().ok_or(MALFORMED)?),
    };
    let key = filled(general, "transactionUuid")?.to_owned();
    Ok(Order {
        dossier: key.trim_end_matches("-LP").to_owned(),
        key,
        on: on.day(),
        payer: filled(buyer, "buyerName")?.to_owned(),
        payer_id: payer(buyer)?,
        what,
        amount,
    })
}

/// Number of whoever pays: a person's, with its kind, or a company's tax code.
fn payer(buyer: &Map<String, Value>) -> Result<String, Refusal> {
    if !["buyerIdType", "buyerIdNo"].iter().any(|name| buyer.contains_key(*name)) {
        return filled(buyer, "buyerTaxCode").map(str::to_owned);
    }
    let number = filled(buyer, "buyerIdNo")?;
    if filled(buyer, "buyerIdType")? == "1" { Ok(number.to_owned()) } else { Err(MALFORMED) }
}

fn check_payments(asked: &Map<String, Value>) -> Result<(), Refusal> {
    let payments = asked.get("payments").and_then(Value::as_array).ok_or(MALFORMED)?;
    let known = |payment: &Value| {
        let method = payment.get("paymentMethod").map(|method| method.to_string().replace('"', ""));
        method.is_some_and(|method| ["6", "7", "TM", "CK", "TM/CK"].contains(&method.as_str()))
    };
    if payments.is_empty() || !payments.iter().all(known) { Err(MALFORMED) } else { Ok(()) }
}

/// What is paid for, and how much: receipts bear no tax, `taxPercentage` is -2.
fn read_items(asked: &Map<String, Value>) -> Result<(String, u64), Refusal> {
    let items = asked.get("itemInfo").and_then(Value::as_array).ok_or(MALFORMED)?;
    let (mut what, mut total) = (Vec::new(), 0_u64);
    for item in items {
        let item = item.as_object().ok_or(MALFORMED)?;
        let number = |name: &str| item.get(name).and_then(Value::as_u64).ok_or(MALFORMED);
        let amount = number("itemTotalAmountWithoutTax")?;
        let untaxed = item.get("taxPercentage").and_then(Value::as_i64) == Some(-2);
        if number("quantity")?.checked_mul(number("unitPrice")?) != Some(amount) || !untaxed {
            return Err(MALFORMED);
        }
        what.push(filled(item, "itemName")?);
        total = total.saturating_add(amount);
    }
    if total == 0 { Err(MALFORMED) } else { Ok((what.join("; "), total)) }
}
