//! The post (VNPost, bưu chính công ích): a token of short life, the tracking feed, what a parcel costs, and
//! orders that are given and taken back.

pub(crate) mod feed;
mod orders;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::Credentials;
use crate::misbehaviour::{Misbehaviour, fields};
use crate::tokens::Tokens;
use crate::wire::http::{Reply, Request};
use crate::wire::{Agency, Plan, Site};
use feed::Feed;
use orders::Orders;

/// The largest page; asking for more is refused. [SIM]
const PAGE_ROWS_MAX: usize = 100;
/// Hexadecimal digits of an `$oid`.
const OID_DIGITS: usize = 24;
/// Provinces by the first two digits of the national postal code, which runs from 10 to 99. [SIM]
const PROVINCES: std::ops::RangeInclusive<u64> = 10..=99;
/// The heaviest parcel with papers. [SIM]
const GRAMS_MAX: u64 = 30_000;
/// Đồng inside a province and between two; the latter is the example of B.5. The rest of the tariff is [SIM].
const FEE_INSIDE: u64 = 18_000;
const FEE_BETWEEN: u64 = 28_000;
/// Đồng for each further half kilogram begun.
const FEE_STEP: u64 = 5_000;
const STEP_GRAMS: u64 = 500;
/// Đồng of COD to one đồng of VAS.
const COD_PER_VAS: u64 = 100;

/// A refusal: HTTP status, `Status` and `Message`. The numbers but 102 and 199 are [SIM].
#[derive(Debug, Clone, Copy)]
struct Refusal {
    /// As it is counted.
    reason: &'static str,
    http: u16,
    status: &'static str,
    text: &'static str,
}

const fn refusal(reason: &'static str, http: u16, status: &'static str, text: &'static str) -> Refusal {
    Refusal { reason, http, status, text }
}

const MALFORMED: Refusal = refusal("malformed-message", 200, "101", "Dữ liệu không hợp lệ");
const UNKNOWN_PROVINCE: Refusal = refusal("unknown-province", 200, "102", "Không có tỉnh này");
const UNKNOWN_CUSTOMER: Refusal = refusal("unknown-customer", 200, "103", "Mã khách hàng không đúng");
const UNKNOWN_ORDER: Refusal = refusal("unknown-order", 200, "105", "Không có đơn hàng này");
const COLLECTED: Refusal = refusal("collected", 200, "106", "Bưu gửi đã được thu gom, không thể hủy");
const CANCELLED: Refusal = refusal("cancelled", 200, "107", "Đơn hàng đã hủy");
const TAKEN_CODE: Refusal = refusal("taken-item-code", 200, "108", "Số hiệu bưu gửi đã được sử dụng");
const SYSTEM: Refusal = refusal("system-error", 200, "199", "Lỗi hệ thống");
const WRONG_LOGIN: Refusal = refusal("wrong-login", 401, "401", "Sai tên đăng nhập hoặc mật khẩu");
const WRONG_REFRESH: Refusal = refusal("wrong-refresh-token", 401, "401", "Refresh token không còn hiệu lực");
const FORBIDDEN: Refusal = refusal("forbidden", 403, "403", "Không có quyền sử dụng dịch vụ");
const WRONG_METHOD: Refusal = refusal("wrong-method", 405, "405", "Sai phương thức");
const WRONG_CONTENT: Refusal = refusal("wrong-content-type", 415, "415", "Sai kiểu nội dung");
const UNKNOWN_OPERATION: Refusal = refusal("unknown-operation", 404, "404", "Không có dịch vụ này");

/// The agency.
pub(crate) struct Postal {
    credentials: Credentials,
    access: Tokens,
    refresh: Tokens,
    pub(crate) feed: Arc<Feed>,
    orders: Arc<Orders>,
}

impl Agency for Postal {
    fn operation(&self, request: &Request) -> String {
        request.path.trim_start_matches('/').to_owned()
    }

    fn answer(&self, site: &Arc<Site>, request: &Request, misbehaviour: Option<&Misbehaviour>) -> Plan {
        let told = match request.path.as_str() {
            "/token" => self.token(site, request, misbehaviour),
            "/rhDoc" => {
                self.admit(request, misbehaviour).and_then(|()| self.page(site, request, misbehaviour))
            }
            "/pricehcc" => self.admit(request, misbehaviour).and_then(|()| self.quote(request, misbehaviour)),
            "/orderpost" => {
                self.admit(request, misbehaviour).and_then(|()| self.post(site, request, misbehaviour))
            }
            "/ordercancel" => {
                self.admit(request, misbehaviour).and_then(|()| self.cancel(site, request, misbehaviour))
            }
            "/ordertracking" => {
                self.admit(request, misbehaviour).and_then(|()| self.track(site, request, misbehaviour))
            }
            _ => Err(UNKNOWN_OPERATION),
        };
        let reply = told.map(|body| Reply::json(200, &body)).unwrap_or_else(|refusal| {
            site.tally.refused(refusal.reason);
            Reply::json(refusal.http, &json!({ "Status": refusal.status, "Message": refusal.text }))
        });
        reply.into()
    }
}

impl Postal {
    pub(crate) fn new(credentials: Credentials, access: Duration, refresh: Duration, feed: Feed) -> Self {
        let (access, refresh) = (Tokens::new(access), Tokens::new(refresh));
        let feed = Arc::new(feed);
        let orders = Arc::new(Orders::new(Arc::clone(&feed)));
        Self { credentials, access, refresh, feed, orders }
    }

    /// Ends the life of every access token now; refresh tokens stay good.
    pub(crate) fn expire_tokens(&self) {
        self.access.expire();
    }

    /// A user with a password, or a refresh token, as JSON or as a form.
    fn token(
        &self,
        site: &Site,
        request: &Request,
        misbehaviour: Option<&Misbehaviour>,
    ) -> Result<Value, Refusal> {
        if request.method != "POST" {
            return Err(WRONG_METHOD);
        }
        let refreshing = match asked(request, "refresh_token")? {
            Some(token) => {
                self.refresh.take(Some(&token)).map_err(|_| WRONG_REFRESH)?;
                true
            }
            None => {
                let user = asked(request, "username")?.ok_or(MALFORMED)?;
                let password = asked(request, "password")?.ok_or(MALFORMED)?;
                let own = &self.credentials;
                if (user, password) != (own.postal_username.clone(), own.postal_password.clone()) {
                    return Err(WRONG_LOGIN);
                }
                false
            }
        };
        match misbehaviour {
            Some(Misbehaviour::SignatureRefused) if refreshing => return Err(WRONG_REFRESH),
            Some(Misbehaviour::SignatureRefused) => return Err(WRONG_LOGIN),
            Some(Misbehaviour::OkWithError) => return Err(SYSTEM),
            _ => {}
        }
        site.tally.token_issued();
        let mut token = json!({
            "access_token": self.access.issue(), "refresh_token": self.refresh.issue(), "token_type": "Bearer",
            "expires_in": self.access.lives_s(),
        });
        fields::spoil(&mut token, misbehaviour, "access_token", "accessToken");
        Ok(token)
    }

    fn admit(&self, request: &Request, misbehaviour: Option<&Misbehaviour>) -> Result<(), Refusal> {
        let token = request.header("access_token");
        if misbehaviour == Some(&Misbehaviour::ExpiredToken) {
            self.access.spend(token);
        }
        let text = "Access token không hợp lệ hoặc đã hết hạn";
        self.access.check(token).map_err(|wrong| refusal(wrong.reason(), 401, "401", text))?;
        match misbehaviour {
            Some(Misbehaviour::SignatureRefused) => Err(FORBIDDEN),
            Some(Misbehaviour::OkWithError) => Err(SYSTEM),
            _ => Ok(()),
        }
    }

    fn page(
        &self,
        site: &Site,
        request: &Request,
        misbehaviour: Option<&Misbehaviour>,
    ) -> Result<Value, Refusal> {
        if request.method != "GET" {
            return Err(WRONG_METHOD);
        }
        let size = request.parameter("pagesize").and_then(|size| size.parse().ok()).ok_or(MALFORMED)?;
        let last = request.parameter("lastId").unwrap_or_default();
        let oid = last.len() == OID_DIGITS && last.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !(1..=PAGE_ROWS_MAX).contains(&size) || !(last.is_empty() || oid) {
            return Err(MALFORMED);
        }
        let mut rows = self.feed.page(&last.to_ascii_lowercase(), size);
        // Whoever has read the feed to its end has looked for every order.
        if rows.len() < size {
            site.late.settle();
        }
        // The last row alone: whoever takes a page row by row takes the others.
        if let Some(row) = rows.last_mut() {
            fields::spoil(row, misbehaviour, "orderNumber", "maDonHang");
            fields::unknown_state(row, misbehaviour, "statusCode", json!("77"));
        }
        Ok(json!({ "_embedded": { "rhDoc": rows } }))
    }

    fn quote(&self, request: &Request, misbehaviour: Option<&Misbehaviour>) -> Result<Value, Refusal> {
        let asked = self.customers(request)?;
        let mut data = price(&asked)?;
        fields::spoil(&mut data, misbehaviour, "Total", "TongTien");
        let mut told = json!({ "Status": "100", "Message": "Thành công", "Data": data });
        fields::unknown_state(&mut told, misbehaviour, "Status", json!("177"));
        Ok(told)
    }
}

impl Postal {
    /// What a customer of ours asks, as JSON.
    fn customers(&self, request: &Request) -> Result<Map<String, Value>, Refusal> {
        if request.method != "POST" {
            return Err(WRONG_METHOD);
        }
        if request.media_type() != "application/json" {
            return Err(WRONG_CONTENT);
        }
        let asked: Value = serde_json::from_slice(&request.body).map_err(|_| MALFORMED)?;
        let Value::Object(asked) = asked else { return Err(MALFORMED) };
        let customer = asked.get("CustomerCode").and_then(Value::as_str).ok_or(MALFORMED)?;
        if customer == self.credentials.postal_customer_code { Ok(asked) } else { Err(UNKNOWN_CUSTOMER) }
    }
}

/// One field of a token call.
fn asked(request: &Request, name: &str) -> Result<Option<String>, Refusal> {
    match request.media_type().as_str() {
        "application/x-www-form-urlencoded" => Ok(request.field(name)),
        "application/json" => {
            let body: Value = serde_json::from_slice(&request.body).map_err(|_| MALFORMED)?;
            Ok(body.get(name).and_then(Value::as_str).map(str::to_owned))
        }
        _ => Err(WRONG_CONTENT),
    }
}

fn price(asked: &Map<String, Value>) -> Result<Value, Refusal> {
    let known = [
        "CustomerCode",
        "SenderProvince",
        "SenderDistrict",
        "ReceiverProvince",
        "ReceiverDistrict",
        "Weight",
        "CODAmount",
    ];
    if asked.keys().any(|key| !known.contains(&key.as_str())) {
        return Err(MALFORMED);
    }
    let number = |name: &str| asked.get(name).and_then(Value::as_u64).ok_or(MALFORMED);
    let (from, to) = (number("SenderProvince")?, number("ReceiverProvince")?);
    let (weight, collected) = (number("Weight")?, number("CODAmount")?);
    number("SenderDistrict").and(number("ReceiverDistrict"))?;
    if !PROVINCES.contains(&from) || !PROVINCES.contains(&to) {
        return Err(UNKNOWN_PROVINCE);
    }
    if !(1..=GRAMS_MAX).contains(&weight) {
        return Err(MALFORMED);
    }
    let fee = if from == to { FEE_INSIDE } else { FEE_BETWEEN } + (weight - 1) / STEP_GRAMS * FEE_STEP;
    let extra = collected / COD_PER_VAS;
    Ok(json!({ "Fee": fee, "VAS": extra, "Total": fee + extra }))
}
