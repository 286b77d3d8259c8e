//! The provider Viettel: JSON behind a login, receipts found by our `transactionUuid`, files as base64.

mod issue;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::book::{Book, Issued};
use super::receipts::pdf;
use crate::Credentials;
use crate::misbehaviour::{Misbehaviour, fields};
use crate::tokens::{NoToken, Tokens};
use crate::wire::http::{Reply, Request};
use crate::wire::{Agency, Plan, Site};

const LOGIN: &str = "/auth/login";
/// Everything but the login stands below this.
const BASE: &str = "/services/einvoiceapplication/api/";
const SEARCH: &str = "searchInvoiceByTransactionUuid";
const FILE: &str = "getInvoiceRepresentationFile";

/// A refusal: HTTP status, `errorCode` and `description`. All of them are [SIM].
#[derive(Debug, Clone, Copy)]
struct Refusal {
    /// As it is counted.
    reason: &'static str,
    http: u16,
    code: &'static str,
    text: &'static str,
}

const fn refusal(reason: &'static str, http: u16, code: &'static str, text: &'static str) -> Refusal {
    Refusal { reason, http, code, text }
}

const WRONG_LOGIN: Refusal = refusal("wrong-login", 401, "UNAUTHORIZED", "Sai tên đăng nhập hoặc mật khẩu");
const FORBIDDEN: Refusal = refusal("forbidden", 403, "FORBIDDEN", "Không có quyền sử dụng dịch vụ");
const WRONG_METHOD: Refusal = refusal("wrong-method", 405, "METHOD_NOT_ALLOWED", "Sai phương thức");
const WRONG_CONTENT: Refusal =
    refusal("wrong-content-type", 415, "UNSUPPORTED_MEDIA_TYPE", "Sai kiểu nội dung");
const UNKNOWN_OPERATION: Refusal = refusal("unknown-operation", 404, "NOT_FOUND", "Không có dịch vụ này");
const MALFORMED: Refusal = refusal("malformed-message", 400, "BAD_REQUEST", "Dữ liệu không hợp lệ");
const WRONG_SUPPLIER: Refusal =
    refusal("wrong-supplier", 200, "SUPPLIER_NOT_FOUND", "Không có đơn vị phát hành này");
const NOT_FOUND: Refusal = refusal("not-found", 200, "INVOICE_NOT_FOUND", "Không tìm thấy hóa đơn");
const EXISTED: Refusal =
    refusal("duplicate-key", 200, "TRANSACTION_UUID_EXISTED", "transactionUuid đã tồn tại");
const CANCELLED: Refusal = refusal("cancelled", 200, "INVOICE_CANCELLED", "Hóa đơn đã được hủy");
const TEMPLATE: Refusal =
    refusal("wrong-template", 200, "INVOICE_TEMPLATE_NOT_FOUND", "Không có mẫu hoặc ký hiệu này");
const EARLY: Refusal = refusal(
    "date-before-last",
    200,
    "INVOICE_ISSUED_DATE_INVALID",
    "Ngày lập nhỏ hơn ngày của hóa đơn trước",
);
const EXHAUSTED: Refusal =
    refusal("numbers-exhausted", 200, "INVOICE_NUMBER_EXHAUSTED", "Đã hết dải số hóa đơn");
const CERTIFICATE: Refusal =
    refusal("certificate-revoked", 200, "CERTIFICATE_REVOKED", "Chứng thư số đã bị thu hồi");
const SYSTEM: Refusal = refusal("system-error", 200, "GENERAL", "Lỗi hệ thống");

/// The provider.
pub(crate) struct Viettel {
    book: Arc<Book>,
    credentials: Credentials,
    tokens: Tokens,
}

impl Agency for Viettel {
    /// The last part of the path; behind the one that issues stands the issuer's tax code.
    fn operation(&self, request: &Request) -> String {
        let mut parts = request.path.rsplit('/');
        let last = parts.next().unwrap_or_default();
        if parts.next() == Some(issue::ISSUE) { issue::ISSUE.to_owned() } else { last.to_owned() }
    }

    fn answer(&self, site: &Arc<Site>, request: &Request, misbehaviour: Option<&Misbehaviour>) -> Plan {
        let told = self.hear(site, request, misbehaviour);
        let reply = told.map(|body| Reply::json(200, &body)).unwrap_or_else(|refusal| {
            site.tally.refused(refusal.reason);
            let body = json!({ "errorCode": refusal.code, "description": refusal.text, "result": null });
            Reply::json(refusal.http, &body)
        });
        reply.into()
    }
}

impl Viettel {
    pub(crate) fn new(book: Arc<Book>, credentials: Credentials, token_lives: Duration) -> Self {
        Self { book, credentials, tokens: Tokens::new(token_lives) }
    }

    /// Ends the life of every token now.
    pub(crate) fn expire_tokens(&self) {
        self.tokens.expire();
    }

    fn hear(
        &self,
        site: &Arc<Site>,
        request: &Request,
        misbehaviour: Option<&Misbehaviour>,
    ) -> Result<Value, Refusal> {
        let below = request.path.strip_prefix(BASE).unwrap_or_default();
        let operation = self.operation(request);
        let operation = operation.as_str();
        let folder = below.split(operation).next().unwrap_or_default();
        let right_folder = match operation {
            SEARCH | issue::ISSUE | issue::CANCEL => folder.ends_with("InvoiceWS/"),
            FILE => folder.ends_with("InvoiceUtilsWS/"),
            _ => false,
        };
        if request.path != LOGIN && !right_folder {
            return Err(UNKNOWN_OPERATION);
        }
        if request.method != "POST" {
            return Err(WRONG_METHOD);
        }
        if request.path == LOGIN {
            return self.login(site, request, misbehaviour);
        }
        self.admit(request, misbehaviour)?;
        match operation {
            SEARCH => self.search(site, request, misbehaviour),
            issue::ISSUE => self.issue(site, request, misbehaviour),
            issue::CANCEL => self.cancel(site, request, misbehaviour),
            _ => self.file(site, request, misbehaviour),
        }
    }

    fn login(
        &self,
        site: &Site,
        request: &Request,
        misbehaviour: Option<&Misbehaviour>,
    ) -> Result<Value, Refusal> {
        if request.media_type() != "application/json" {
            return Err(WRONG_CONTENT);
        }
        let own = &self.credentials;
        let (user, password) = (required(request, "username")?, required(request, "password")?);
        let refused = misbehaviour == Some(&Misbehaviour::SignatureRefused);
        if refused || user != own.viettel_username || password != own.viettel_password {
            return Err(WRONG_LOGIN);
        }
        if misbehaviour == Some(&Misbehaviour::OkWithError) {
            return Err(SYSTEM);
        }
        site.tally.token_issued();
        let mut token = json!({
            "access_token": self.tokens.issue(), "token_type": "bearer", "expires_in": self.tokens.lives_s(),
        });
        fields::spoil(&mut token, misbehaviour, "access_token", "accessToken");
        Ok(token)
    }

    fn admit(&self, request: &Request, misbehaviour: Option<&Misbehaviour>) -> Result<(), Refusal> {
        let token = shown(request);
        if misbehaviour == Some(&Misbehaviour::ExpiredToken) {
            self.tokens.spend(token);
        }
        self.tokens.check(token).map_err(|wrong| match wrong {
            NoToken::Missing => refusal(wrong.reason(), 401, "UNAUTHORIZED", "Chưa đăng nhập"),
            NoToken::Unknown => refusal(wrong.reason(), 401, "UNAUTHORIZED", "Token không hợp lệ"),
            NoToken::Expired => refusal(wrong.reason(), 401, "UNAUTHORIZED", "Token đã hết hạn"),
        })?;
        match misbehaviour {
            Some(Misbehaviour::SignatureRefused) => Err(FORBIDDEN),
            Some(Misbehaviour::OkWithError) => Err(SYSTEM),
            _ => Ok(()),
        }
    }

    /// One receipt or, by order, another one.
    fn chosen(&self, found: Issued, misbehaviour: Option<&Misbehaviour>) -> Vec<Issued> {
        let other = self.book.other_than(&found.receipt.dossier).unwrap_or_else(|| found.clone());
        match misbehaviour {
            Some(Misbehaviour::WrongPerson) => vec![other],
            Some(Misbehaviour::TwoPeople) => vec![found, other],
            _ => vec![found],
        }
    }

    fn search(
        &self,
        site: &Site,
        request: &Request,
        misbehaviour: Option<&Misbehaviour>,
    ) -> Result<Value, Refusal> {
        let key = required(request, "transactionUuid")?;
        site.tally.asked_for(&key);
        self.check_supplier(request)?;
        let found = self.book.by_key(&key);
        site.late.looked(&key);
        let rows = self.chosen(found.ok_or(NOT_FOUND)?, misbehaviour).into_iter().map(|issued| {
            let mut row = self.row(&issued);
            fields::spoil(&mut row, misbehaviour, "invoiceNo", "soHoaDon");
            fields::unknown_state(&mut row, misbehaviour, "status", json!("77"));
            row
        });
        Ok(json!({ "errorCode": null, "description": null, "result": rows.collect::<Vec<_>>() }))
    }

    /// The four names of 14.2, and what a receipt is good for. The latter is [SIM].
    fn row(&self, issued: &Issued) -> Value {
        let receipt = &issued.receipt;
        json!({
            "supplierTaxCode": self.credentials.viettel_tax_code, "invoiceNo": receipt.series_and_number(),
            "transactionID": format!("VT{:09}", receipt.number), "reservationCode": format!("MAU{:07}", receipt.number),
            "transactionUuid": receipt.key, "templateCode": receipt.pattern, "invoiceSeries": receipt.serial,
            "issueDate": receipt.issued_on.iso(), "buyerName": receipt.payer, "buyerIdNo": receipt.payer_id,
            "itemName": receipt.what, "totalAmountWithTax": receipt.amount, "currencyCode": "VND",
            "status": issued.status(),
        })
    }

    fn file(
        &self,
        site: &Site,
        request: &Request,
        misbehaviour: Option<&Misbehaviour>,
    ) -> Result<Value, Refusal> {
        if request.media_type() != "application/json" {
            return Err(WRONG_CONTENT);
        }
        let number = required(request, "invoiceNo")?;
        site.tally.asked_for(&number);
        self.check_supplier(request)?;
        if required(request, "fileType")?.to_uppercase() != "PDF" {
            return Err(MALFORMED);
        }
        let template = given(request, "templateCode")?;
        let fits = |receipt: &crate::Receipt| {
            receipt.series_and_number() == number
                && template.as_deref().is_none_or(|own| own == receipt.pattern)
        };
        let found = self.book.find(fits).ok_or(NOT_FOUND)?;
        let mut told = json!({ "errorCode": null, "description": null });
        for Issued { receipt, .. } in self.chosen(found, misbehaviour) {
            if let Some(fields) = told.as_object_mut() {
                fields.insert("fileName".to_owned(), json!(format!("{}.pdf", receipt.series_and_number())));
                fields.insert("fileToBytes".to_owned(), json!(STANDARD.encode(pdf(&receipt))));
            }
        }
        fields::spoil(&mut told, misbehaviour, "fileToBytes", "tepPdf");
        fields::unknown_state(&mut told, misbehaviour, "errorCode", json!("LA_77"));
        Ok(told)
    }

    fn check_supplier(&self, request: &Request) -> Result<(), Refusal> {
        let own = required(request, "supplierTaxCode")? == self.credentials.viettel_tax_code;
        if own { Ok(()) } else { Err(WRONG_SUPPLIER) }
    }
}

/// As `Bearer`, or in the cookie `access_token`.
fn shown(request: &Request) -> Option<&str> {
    let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let cookies = request.header("cookie").unwrap_or_default();
    bearer.or_else(|| cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix("access_token=")))
}

/// A text of the body, which is JSON or a form.
fn given(request: &Request, name: &str) -> Result<Option<String>, Refusal> {
    let found = match request.media_type().as_str() {
        "application/x-www-form-urlencoded" => request.field(name),
        "application/json" => {
            let body: Value = serde_json::from_slice(&request.body).map_err(|_| MALFORMED)?;
            body.get(name).and_then(Value::as_str).map(str::to_owned)
        }
        _ => return Err(WRONG_CONTENT),
    };
    Ok(found.filter(|text| !text.is_empty()))
}

fn required(request: &Request, name: &str) -> Result<String, Refusal> {
    given(request, name)?.ok_or(MALFORMED)
}
