//! Clients for the four agencies that came later, written from the interface document.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use simulators::{Born, Handle, Person, Receipt, Simulators};

use crate::client::token_call;

thread_local! {
    static CLIENT: reqwest::Client = {
        let builder = reqwest::Client::builder().tls_certs_only([]).no_proxy().pool_max_idle_per_host(0);
        let builder = builder.redirect(reqwest::redirect::Policy::none());
        builder.retry(reqwest::retry::never()).build().unwrap()
    };
}

/// One client for each test (each has a thread of its own), with a fresh connection for each request: to build a
/// client takes longer than to ask.
fn http() -> reqwest::Client {
    CLIENT.with(Clone::clone)
}

/// Any JSON call; a body makes it a POST.
pub fn call(
    url: String,
    headers: &[(&'static str, String)],
    body: Option<&Value>,
) -> reqwest::RequestBuilder {
    let mut request = match body {
        Some(body) => http().post(url).header("Content-Type", "application/json").body(body.to_string()),
        None => http().get(url),
    };
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    request
}

/// HTTP status and JSON of the answer.
pub async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let reply = request.send().await.unwrap();
    (reply.status().as_u16(), reply.json().await.unwrap())
}

/// `lgspaccesstoken`, built from interfaces 3.2.
pub fn partner_header(sims: &Simulators) -> String {
    let own = sims.credentials();
    let inside = format!(
        "{{\"AccessKey\":\"{}\",\"SecretKey\":\"{}\",\"AppName\":\"{}\",\"PartnerCode\":\"{}\",\"PartnerCodeCus\":\"{}\"}}",
        own.lgsp_access_key,
        own.lgsp_secret_key,
        own.lgsp_app_name,
        own.lgsp_partner_code,
        own.lgsp_partner_code_cus
    );
    STANDARD.encode(inside)
}

/// A token of the carrier, asked for as a partner.
pub async fn partner_token(sims: &Simulators) -> String {
    let request = token_call(sims, &http()).header("lgspAccessToken", partner_header(sims));
    answer(request).await.1["access_token"].as_str().unwrap().to_owned()
}

pub async fn insurance_call(sims: &Simulators, operation: &str, body: &Value) -> reqwest::RequestBuilder {
    let bearer = format!("Bearer {}", partner_token(sims).await);
    let headers = [("Authorization", bearer), ("lgspaccesstoken", partner_header(sims))];
    call(format!("{}/apiBHXH/{operation}", sims.social_insurance().base_url()), &headers, Some(body))
}

pub async fn insurance(sims: &Simulators, operation: &str, body: &Value) -> (u16, Value) {
    answer(insurance_call(sims, operation, body).await).await
}

/// ngaySinh and loaiNgaySinh.
pub fn born(born: Born) -> (String, &'static str) {
    match born {
        Born::Day(day) => (day.compact(), "0"),
        Born::Month { year, month } => (format!("{year}{month:02}01"), "1"),
        Born::Year(year) => (format!("{year}0101"), "2"),
    }
}

/// The criteria by which a number is searched.
pub fn criteria(person: &Person) -> Value {
    let (date, precision) = born(person.born);
    let at = &person.birth_registered_at;
    json!({
        "hoTen": person.name.full(), "ngaySinh": date, "loaiNgaySinh": precision, "gioiTinh": person.sex.code(),
        "maTinhKs": at.province, "maHuyenKs": at.district, "maXaKs": at.commune, "isKs": "1",
    })
}

/// The criteria by which a household is searched.
pub fn household(person: &Person) -> Value {
    let (date, precision) = born(person.born);
    json!({
        "maTinh": person.birth_registered_at.province, "hoTen": person.name.full(), "ngaySinh": date,
        "loaiNgaySinh": precision, "gioiTinh": person.sex.code(), "soSo": "", "maThe": "", "isKs": 1,
    })
}

/// A call behind the carrier with an ordinary token.
pub async fn carried(sims: &Simulators, path: &str, body: Option<&Value>) -> reqwest::RequestBuilder {
    let bearer = format!("Bearer {}", crate::client::token(sims, &http()).await);
    call(format!("{}{path}", sims.lgsp().base_url()), &[("Authorization", bearer)], body)
}

pub async fn company(sims: &Simulators, code: &str) -> (u16, Value) {
    answer(carried(sims, &format!("/apiCSDLDKDN/chiTietDoanhNghiep?msdn={code}"), None).await).await
}

pub async fn taxpayer(sims: &Simulators, code: &str) -> (u16, Value) {
    answer(carried(sims, &format!("/apiThue/1.0/traCuuNNT?mst={code}"), None).await).await
}

pub const OBLIGATIONS: &str = "/apiThue/1.0/traCuuNghiaVuTaiChinh";

pub fn obligations_of(sims: &Simulators, dossier: &str) -> Value {
    json!({ "SecurityKey": sims.credentials().tax_security_key, "MaHoSo": dossier })
}

/// The XML inside the base64 of an answer about obligations.
pub fn notice_xml(answer: &Value) -> String {
    String::from_utf8(STANDARD.decode(answer["Data"]["FileThongBaoThue"].as_str().unwrap()).unwrap()).unwrap()
}

pub fn postal_login(sims: &Simulators) -> reqwest::RequestBuilder {
    let own = sims.credentials();
    let body = json!({ "username": own.postal_username, "password": own.postal_password });
    call(format!("{}/token", sims.postal().base_url()), &[], Some(&body))
}

pub async fn postal_token(sims: &Simulators) -> String {
    answer(postal_login(sims)).await.1["access_token"].as_str().unwrap().to_owned()
}

pub async fn postal_call(sims: &Simulators, path: &str, body: Option<&Value>) -> reqwest::RequestBuilder {
    let headers = [("access_token", postal_token(sims).await)];
    call(format!("{}{path}", sims.postal().base_url()), &headers, body)
}

pub fn parcel(sims: &Simulators) -> Value {
    json!({
        "CustomerCode": sims.credentials().postal_customer_code, "SenderProvince": 61, "SenderDistrict": 6100,
        "ReceiverProvince": 40, "ReceiverDistrict": 4010, "Weight": 100, "CODAmount": 0,
    })
}

/// A SOAP call of VNPT; `inside` are the elements of the operation.
pub fn vnpt_call(sims: &Simulators, operation: &str, inside: &str) -> reqwest::RequestBuilder {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope \
         xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>\
         <{operation} xmlns=\"http://tempuri.org/\">{inside}</{operation}></soap:Body></soap:Envelope>"
    );
    http()
        .post(format!("{}/PortalService.asmx", sims.e_receipt_vnpt().base_url()))
        .header("Content-Type", "text/xml; charset=utf-8")
        .header("SOAPAction", format!("\"http://tempuri.org/{operation}\""))
        .body(body)
}

/// The elements of a VNPT call about one key or customer.
pub fn vnpt_inside(sims: &Simulators, subject: &str) -> String {
    let own = sims.credentials();
    format!("{subject}<userName>{}</userName><userPass>{}</userPass>", own.vnpt_username, own.vnpt_password)
}

/// HTTP status and text.
pub async fn text(request: reqwest::RequestBuilder) -> (u16, String) {
    let reply = request.send().await.unwrap();
    (reply.status().as_u16(), reply.text().await.unwrap())
}

/// The string in which VNPT answers, still escaped.
pub fn result(answer: &str) -> String {
    let (_, rest) = answer.split_once("Result>").unwrap();
    rest.split_once("</").unwrap().0.to_owned()
}

pub const VIETTEL_SEARCH: &str = "InvoiceAPI/InvoiceWS/searchInvoiceByTransactionUuid";
pub const VIETTEL_FILE: &str = "InvoiceAPI/InvoiceUtilsWS/getInvoiceRepresentationFile";

pub fn viettel_login(sims: &Simulators) -> reqwest::RequestBuilder {
    let own = sims.credentials();
    let body = json!({ "username": own.viettel_username, "password": own.viettel_password });
    call(format!("{}/auth/login", sims.e_receipt_viettel().base_url()), &[], Some(&body))
}

pub fn viettel_url(sims: &Simulators, path: &str) -> String {
    format!("{}/services/einvoiceapplication/api/{path}", sims.e_receipt_viettel().base_url())
}

pub async fn viettel_call(sims: &Simulators, path: &str, body: &Value) -> reqwest::RequestBuilder {
    let token = answer(viettel_login(sims)).await.1["access_token"].as_str().unwrap().to_owned();
    call(viettel_url(sims, path), &[("Authorization", format!("Bearer {token}"))], Some(body))
}

pub fn viettel_body(sims: &Simulators, receipt: &Receipt) -> Value {
    json!({ "supplierTaxCode": sims.credentials().viettel_tax_code, "transactionUuid": receipt.key })
}

pub fn viettel_file_body(sims: &Simulators, receipt: &Receipt) -> Value {
    json!({
        "supplierTaxCode": sims.credentials().viettel_tax_code, "invoiceNo": receipt.series_and_number(),
        "templateCode": receipt.pattern, "fileType": "PDF",
    })
}

/// The first receipt of a provider.
pub fn receipt_of<'a>(sims: &'a Simulators, provider: &Handle) -> &'a Receipt {
    sims.register().receipts().iter().find(|receipt| receipt.provider == provider.party()).unwrap()
}

/// A number told as a number or as text.
pub fn told(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
