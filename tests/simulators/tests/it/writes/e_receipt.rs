//! Receipts are issued once for a key, fee and charge apart, found by it, and cancelled once.

use serde_json::{Value, json};
use simulators::{Misbehaviour as M, Simulators, Times};

use super::code;
use crate::agencies::{
    VIETTEL_SEARCH, answer, call, result, text, viettel_call, viettel_login, viettel_url, vnpt_call,
    vnpt_inside,
};
use crate::client::{http, start};

const ISSUE: &str = "ImportAndPublishInv";
const CANCEL: &str = "cancelInv";
const VIEW: &str = "getInvViewFkey";

/// The XML of interfaces 14.1.
pub fn invoice(key: &str, amount: u32) -> String {
    format!(
        "<Invoices><Inv><key>{key}</key><Invoice><CusCode>{}</CusCode><ArisingDate>12/09/2025</ArisingDate>\
         <CusName>Nguyễn Văn Thử</CusName><CusAddress/><CusTaxCode/><Email/><PaymentMethod>CK</PaymentMethod>\
         <PaymentStatus>1</PaymentStatus><Products><Product><Code>1.000656</Code><ProdName>Phí</ProdName>\
         <ProdUnit>Lần</ProdUnit><ProdQuantity>1</ProdQuantity><ProdPrice>{amount}</ProdPrice><Amount>{amount}</Amount>\
         </Product></Products><Total>{amount}</Total><VATRate/><VATAmount/><Amount>{amount}</Amount>\
         <AmountInWords>Tám nghìn đồng</AmountInWords><Extra/></Invoice></Inv></Invoices>",
        key.trim_end_matches("-LP")
    )
}

fn account(sims: &Simulators) -> String {
    let own = sims.credentials();
    format!("<Account>{}</Account><ACpass>{}</ACpass>", own.vnpt_account, own.vnpt_account_password)
}

pub fn issued(sims: &Simulators, xml: &str, pattern: &str, serial: &str) -> reqwest::RequestBuilder {
    let own = sims.credentials();
    let inside = format!(
        "{}<xmlInvData><![CDATA[{xml}]]></xmlInvData><username>{}</username><password>{}</password>\
         <pattern>{pattern}</pattern><serial>{serial}</serial><convert>0</convert>",
        account(sims),
        own.vnpt_username,
        own.vnpt_password
    );
    at(sims, "PublishService.asmx", vnpt_call(sims, ISSUE, &inside))
}

/// The same request at another service.
fn at(sims: &Simulators, service: &str, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    let mut built = request.build().unwrap();
    *built.url_mut() = format!("{}/{service}", sims.e_receipt_vnpt().base_url()).parse().unwrap();
    reqwest::RequestBuilder::from_parts(http(), built)
}

pub async fn issue(sims: &Simulators, xml: &str) -> String {
    result(&text(issued(sims, xml, "C45-BB0/002", "BM/25E")).await.1)
}

pub fn cancel_call(sims: &Simulators, key: &str) -> reqwest::RequestBuilder {
    let inside = format!("{}{}", account(sims), vnpt_inside(sims, &format!("<fkey>{key}</fkey>")));
    at(sims, "BusinessService.asmx", vnpt_call(sims, CANCEL, &inside))
}

async fn cancel(sims: &Simulators, key: &str) -> String {
    result(&text(cancel_call(sims, key)).await.1)
}

async fn portal(sims: &Simulators, operation: &str, subject: &str) -> String {
    result(&text(vnpt_call(sims, operation, &vnpt_inside(sims, subject))).await.1)
}

async fn view(sims: &Simulators, key: &str) -> String {
    portal(sims, VIEW, &format!("<fkey>{key}</fkey>")).await
}

#[tokio::test]
async fn vnpt_issues_fee_and_charge_under_keys_of_their_own() {
    let sims = start();
    let (fee, charge) = (code(7), format!("{}-LP", code(7)));
    assert_eq!(view(&sims, &fee).await, "ERR:2");
    let told = issue(&sims, &invoice(&fee, 8_000)).await;
    assert!(told.starts_with(&format!("OK:C45-BB0/002;BM/25E-{fee}_")), "{told}");
    let with_kind = invoice(&charge, 5_000).replace("<Extra/>", "<Extra/><Extra2>1</Extra2>");
    assert!(issue(&sims, &with_kind).await.starts_with("OK:"));
    assert_eq!(issue(&sims, &invoice(&fee, 8_000)).await, "ERR:13");
    for key in [&fee, &charge] {
        assert_eq!(sims.e_receipt_vnpt().effects_of(ISSUE, key), 1);
        assert!(view(&sims, key).await.starts_with("OK:C45-BB0/002;BM/25E"));
    }
    let list = portal(&sims, "listInvByCus", &format!("<cusCode>{fee}</cusCode>")).await;
    assert_eq!(list.matches("&lt;Item&gt;").count(), 2);
    for part in [
        "cusName&gt;Nguyễn Văn Thử&lt;",
        "amount&gt;8000&lt;",
        "amount&gt;5000&lt;",
        "publishDate&gt;12/09/2025&lt;",
    ] {
        assert!(list.contains(part), "{part} {list}");
    }
    let file = portal(&sims, "downloadInvPDFFkeyNoPay", &format!("<fkey>{charge}</fkey>")).await;
    assert!(file.starts_with("JVBERi0"));
    // A key of the beginning is taken as well.
    let taken =
        sims.register().receipts().iter().find(|receipt| receipt.provider == sims.e_receipt_vnpt().party());
    assert_eq!(issue(&sims, &invoice(&taken.unwrap().key, 8_000)).await, "ERR:13");
}

#[tokio::test]
async fn vnpt_cancels_once() {
    let sims = start();
    issue(&sims, &invoice(&code(7), 8_000)).await;
    assert_eq!(cancel(&sims, &code(7)).await, format!("OK:{}", code(7)));
    assert_eq!(cancel(&sims, &code(7)).await, "ERR:9");
    assert_eq!(cancel(&sims, &code(8)).await, "ERR:2");
    assert_eq!(sims.e_receipt_vnpt().effects_of(CANCEL, &code(7)), 1);
    let list = portal(&sims, "listInvByCus", &format!("<cusCode>{}</cusCode>", code(7))).await;
    assert!(list.contains("status&gt;5&lt;"), "{list}");
    // Its key stays taken.
    assert_eq!(issue(&sims, &invoice(&code(7), 8_000)).await, "ERR:13");
}

#[tokio::test]
async fn vnpt_judges_every_deviation_by_its_number() {
    let sims = start();
    let own = invoice(&code(7), 8_000);
    for (xml, told) in [
        (own.replace("12/09/2025", "01/01/2025"), "ERR:30"),
        (own.replace("12/09/2025", "2025-09-12"), "ERR:3"),
        (own.replace("<Total>8000", "<Total>9000"), "ERR:3"),
        (own.replace("<ProdQuantity>1", "<ProdQuantity>2"), "ERR:3"),
        (own.replace("<Extra/>", "<Extra/><Extra2>7</Extra2>"), "ERR:3"),
        (own.replace("<CusAddress/>", ""), "ERR:3"),
        (own.replace("Nguyễn Văn Thử", ""), "ERR:3"),
        (own.replace("Tám nghìn đồng", ""), "ERR:3"),
        (own.replace("<PaymentStatus>1", "<PaymentStatus>x"), "ERR:3"),
        (own.replace("<ProdName>Phí</ProdName>", ""), "ERR:3"),
        (own.replace("8000", "0"), "ERR:3"),
        (own.replace("<key>", "<khoa>").replace("</key>", "</khoa>"), "ERR:3"),
        ("<Invoices/>".to_owned(), "ERR:3"),
        ("khong phai XML".to_owned(), "ERR:3"),
        (own.replace("</Inv></Invoices>", "</Inv><Inv/></Invoices>"), "ERR:10"),
    ] {
        assert_eq!(issue(&sims, &xml).await, told, "{xml}");
    }
    for (pattern, serial, told) in [("", "BM/25E", "ERR:35"), ("C45-BB0/002", "XX/25E", "ERR:20")] {
        assert_eq!(result(&text(issued(&sims, &own, pattern, serial)).await.1), told);
    }
    for (kind, told) in
        [(M::NumbersExhausted, "ERR:6"), (M::CertificateRevoked, "ERR:51"), (M::SignatureRefused, "ERR:1")]
    {
        sims.e_receipt_vnpt().misbehave_on(ISSUE, kind, Times::Once).unwrap();
        assert_eq!(issue(&sims, &own).await, told);
    }
    // At the wrong service, or with the account left out, it is no message at all.
    let at_portal = at(&sims, "PortalService.asmx", issued(&sims, &own, "C45-BB0/002", "BM/25E"));
    assert_eq!(text(at_portal).await.0, 500);
    let inside = vnpt_inside(&sims, &format!("<fkey>{}</fkey>", code(7)));
    assert_eq!(text(at(&sims, "BusinessService.asmx", vnpt_call(&sims, CANCEL, &inside))).await.0, 500);
    assert_eq!(sims.e_receipt_vnpt().counts().refusals["missing-element"], 1);
    assert_eq!(sims.e_receipt_vnpt().effects().len(), 0);
}

#[tokio::test]
async fn a_receipt_whose_reply_is_lost_is_found_by_its_key() {
    let sims = start();
    let agency = sims.e_receipt_vnpt();
    for (number, kind, first, then) in [
        (1, M::CommitThenDrop, true, true),
        (2, M::DropBeforeCommit, false, false),
        (3, M::CommitLate, false, true),
    ] {
        agency.misbehave_on(ISSUE, kind, Times::Once).unwrap();
        let xml = invoice(&code(number), 8_000);
        assert!(issued(&sims, &xml, "C45-BB0/002", "BM/25E").send().await.is_err());
        let seen = (view(&sims, &code(number)).await, view(&sims, &code(number)).await);
        assert_eq!((seen.0.starts_with("OK:"), seen.1.starts_with("OK:")), (first, then));
        assert_eq!(agency.effects_of(ISSUE, &code(number)), u64::from(then));
    }
    agency.misbehave_on(ISSUE, M::CommitLate, Times::Once).unwrap();
    assert!(issued(&sims, &invoice(&code(4), 1), "C45-BB0/002", "BM/25E").send().await.is_err());
    assert!(issue(&sims, &invoice(&code(4), 1)).await.starts_with("OK:"));
    assert_eq!((agency.settle(), agency.effects_of(ISSUE, &code(4))), (1, 1));
}

pub fn receipt(key: &str) -> Value {
    json!({
        "generalInvoiceInfo": {
            "invoiceType": "01BLP", "templateCode": "01BLP0-001", "invoiceSeries": "BM25E", "currencyCode": "VND",
            "adjustmentType": "1", "paymentStatus": true, "transactionUuid": key,
        },
        "buyerInfo": { "buyerName": "Nguyễn Văn Thử", "buyerIdType": "1", "buyerIdNo": "064070000002" },
        "payments": [{ "paymentMethod": "CK" }],
        "itemInfo": [{
            "itemName": "Lệ phí", "unitName": "Lần", "quantity": 1, "unitPrice": 5000,
            "itemTotalAmountWithoutTax": 5000, "taxPercentage": -2,
        }],
        "taxBreakdowns": [], "summarizeInfo": { "totalAmountWithTax": 5000 },
    })
}

const CREATE: &str = "createInvoice";

pub async fn create_call(sims: &Simulators, body: &Value) -> reqwest::RequestBuilder {
    let path = format!("InvoiceAPI/InvoiceWS/{CREATE}/{}", sims.credentials().viettel_tax_code);
    viettel_call(sims, &path, body).await
}

pub async fn create(sims: &Simulators, body: &Value) -> Value {
    answer(create_call(sims, body).await).await.1
}

pub async fn search(sims: &Simulators, key: &str) -> Value {
    let body = json!({ "supplierTaxCode": sims.credentials().viettel_tax_code, "transactionUuid": key });
    answer(viettel_call(sims, VIETTEL_SEARCH, &body).await).await.1
}

pub async fn cancel_form(sims: &Simulators, number: &str, issued_on: &str) -> reqwest::RequestBuilder {
    let token = answer(viettel_login(sims)).await.1["access_token"].as_str().unwrap().to_owned();
    let url = viettel_url(sims, "InvoiceAPI/InvoiceWS/cancelTransactionInvoice");
    let form = format!(
        "supplierTaxCode={}&invoiceNo={number}&strIssueDate={issued_on}&additionalReferenceDesc=Huy\
         &additionalReferenceDate={issued_on}",
        sims.credentials().viettel_tax_code
    );
    let request = http().post(url).bearer_auth(token).body(form);
    request.header("Content-Type", "application/x-www-form-urlencoded")
}

/// A day of an answer as a cancellation wants it.
pub fn slashed(day: &Value) -> String {
    day.as_str().unwrap().split('-').rev().collect::<Vec<_>>().join("/")
}

async fn cancel_by_form(sims: &Simulators, number: &str, issued_on: &str) -> Value {
    answer(cancel_form(sims, number, issued_on).await).await.1
}

#[tokio::test]
async fn viettel_issues_once_finds_and_cancels_once() {
    let sims = start();
    let agency = sims.e_receipt_viettel();
    let told = create(&sims, &receipt(&code(7))).await;
    let number = told["result"]["invoiceNo"].as_str().unwrap().to_owned();
    assert!(told["errorCode"].is_null() && number.starts_with("BM25E"), "{told}");
    assert_eq!(create(&sims, &receipt(&code(7))).await["errorCode"], "TRANSACTION_UUID_EXISTED");
    let row = search(&sims, &code(7)).await["result"][0].clone();
    assert_eq!(
        (&row["invoiceNo"], &row["totalAmountWithTax"], &row["status"]),
        (&json!(number), &json!(5000), &json!("1"))
    );
    assert_eq!((&row["buyerIdNo"], &row["itemName"]), (&json!("064070000002"), &json!("Lệ phí")));
    let on = slashed(&row["issueDate"]);
    let on = on.as_str();
    for (number, on, told) in [
        (number.as_str(), on, Value::Null),
        (&number, on, json!("INVOICE_CANCELLED")),
        (&number, "01/01/2025", json!("INVOICE_NOT_FOUND")),
        ("BM25E9999999", on, json!("INVOICE_NOT_FOUND")),
        (&number, "2025-01-01", json!("BAD_REQUEST")),
    ] {
        assert_eq!(cancel_by_form(&sims, number, on).await["errorCode"], told);
    }
    assert_eq!(search(&sims, &code(7)).await["result"][0]["status"], "5");
    assert_eq!(
        (agency.effects_of(CREATE, &code(7)), agency.effects_of("cancelTransactionInvoice", &code(7))),
        (1, 1)
    );
    assert_eq!(agency.requests_of(CREATE), 2);
}

#[tokio::test]
async fn viettel_refuses_every_deviation() {
    let sims = start();
    let changed = |pointer: &str, value: Value| {
        let mut body = receipt(&code(7));
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    for (body, told) in [
        (changed("/generalInvoiceInfo/templateCode", json!("khac")), "INVOICE_TEMPLATE_NOT_FOUND"),
        (changed("/generalInvoiceInfo/currencyCode", json!("USD")), "BAD_REQUEST"),
        (changed("/generalInvoiceInfo/adjustmentType", json!("3")), "BAD_REQUEST"),
        (changed("/generalInvoiceInfo/paymentStatus", json!("x")), "BAD_REQUEST"),
        (changed("/generalInvoiceInfo/transactionUuid", json!("")), "BAD_REQUEST"),
        (changed("/buyerInfo/buyerName", Value::Null), "BAD_REQUEST"),
        (changed("/buyerInfo/buyerIdType", json!("9")), "BAD_REQUEST"),
        (changed("/payments", json!([])), "BAD_REQUEST"),
        (changed("/payments/0/paymentMethod", json!("9")), "BAD_REQUEST"),
        (changed("/itemInfo", json!([])), "BAD_REQUEST"),
        (changed("/itemInfo/0/unitPrice", json!(1)), "BAD_REQUEST"),
        (changed("/itemInfo/0/taxPercentage", json!(10)), "BAD_REQUEST"),
        (changed("/summarizeInfo/totalAmountWithTax", json!(1)), "BAD_REQUEST"),
        (changed("/summarizeInfo", Value::Null), "BAD_REQUEST"),
        (changed("", json!({ "la": 1 })), "BAD_REQUEST"),
    ] {
        assert_eq!(create(&sims, &body).await["errorCode"], told, "{body}");
    }
    // 1 January 2025 is before the last receipt of the beginning.
    let mut early = receipt(&code(7));
    early["generalInvoiceInfo"]["invoiceIssuedDate"] = json!(1_735_689_600_000_u64);
    assert_eq!(create(&sims, &early).await["errorCode"], "INVOICE_ISSUED_DATE_INVALID");
    for (kind, told) in [
        (M::NumbersExhausted, "INVOICE_NUMBER_EXHAUSTED"),
        (M::CertificateRevoked, "CERTIFICATE_REVOKED"),
        (M::OkWithError, "GENERAL"),
    ] {
        sims.e_receipt_viettel().misbehave_on(CREATE, kind, Times::Once).unwrap();
        assert_eq!(create(&sims, &receipt(&code(7))).await["errorCode"], told);
    }
    let other =
        viettel_call(&sims, "InvoiceAPI/InvoiceWS/createInvoice/9900000017", &receipt(&code(7))).await;
    assert_eq!(answer(other).await.1["errorCode"], "SUPPLIER_NOT_FOUND");
    let folder = format!("InvoiceAPI/InvoiceUtilsWS/{CREATE}/{}", sims.credentials().viettel_tax_code);
    assert_eq!(answer(viettel_call(&sims, &folder, &receipt(&code(7))).await).await.0, 404);
    let unknown = call(viettel_url(&sims, &folder.replace("Utils", "")), &[], Some(&receipt(&code(7))));
    assert_eq!(answer(unknown).await.0, 401);
    assert_eq!(sims.e_receipt_viettel().effects().len(), 0);
}

#[tokio::test]
async fn viettel_keeps_what_it_did_when_its_reply_is_lost() {
    let sims = start();
    let agency = sims.e_receipt_viettel();
    for (number, kind, first, then) in [
        (1, M::CommitThenDrop, true, true),
        (2, M::DropBeforeCommit, false, false),
        (3, M::CommitLate, false, true),
    ] {
        agency.misbehave_on(CREATE, kind, Times::Once).unwrap();
        let request = create_call(&sims, &receipt(&code(number))).await;
        assert!(request.send().await.is_err());
        let found = async || search(&sims, &code(number)).await["errorCode"].is_null();
        assert_eq!((found().await, found().await), (first, then));
        assert_eq!(agency.effects_of(CREATE, &code(number)), u64::from(then));
    }
    agency.misbehave_on(CREATE, M::SchemaDrift, Times::Once).unwrap();
    assert!(create(&sims, &receipt(&code(4))).await["result"]["soHoaDon"].is_string());
    agency.misbehave_on(CREATE, M::UnknownState, Times::Once).unwrap();
    assert_eq!(create(&sims, &receipt(&code(5))).await["errorCode"], "LA_77");
}
