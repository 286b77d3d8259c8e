//! The two providers of electronic receipts, when they behave.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use simulators::{Aspect, Options, Party, Simulators};

use crate::agencies::{
    VIETTEL_FILE, VIETTEL_SEARCH, answer, call, receipt_of, result, text, viettel_body, viettel_call,
    viettel_file_body, viettel_login, viettel_url, vnpt_call, vnpt_inside,
};
use crate::client::{http, start};

const VIEW: &str = "getInvViewFkey";
const LIST: &str = "listInvByCus";
const PDF: &str = "downloadInvPDFFkeyNoPay";

#[test]
fn both_providers_have_issued_for_dossiers_of_the_register() {
    let register = simulators::Register::new(1);
    let receipts = register.receipts();
    let of = |party| receipts.iter().filter(|receipt| receipt.provider == party).count();
    assert!(of(Party::EReceiptVnpt) >= 20 && of(Party::EReceiptViettel) >= 20);
    assert_eq!(of(Party::EReceiptVnpt) + of(Party::EReceiptViettel), receipts.len());
    let keys: BTreeSet<_> = receipts.iter().map(|receipt| &receipt.key).collect();
    let numbers: BTreeSet<_> = receipts.iter().map(|receipt| receipt.number).collect();
    assert_eq!((keys.len(), numbers.len()), (receipts.len(), receipts.len()));
    let dossiers: BTreeSet<_> = register.dossiers().iter().map(|dossier| &dossier.code).collect();
    assert!(receipts.iter().all(|receipt| dossiers.contains(&receipt.dossier)));
    assert!(receipts.iter().any(|receipt| receipt.key.ends_with("-LP")));
    // Whoever disagrees about a name there is among the payers, as the provider keeps it.
    for found in register.disagreeing().iter().filter(|found| found.aspect == Aspect::Name) {
        let truth = register.person(found.person).unwrap();
        let receipt = receipts.iter().find(|receipt| receipt.payer_id == truth.id).unwrap();
        assert!(found.says.contains(&(receipt.provider, receipt.payer.clone())));
    }
}

async fn vnpt(sims: &Simulators, operation: &str, subject: &str) -> String {
    let (status, text) = text(vnpt_call(sims, operation, &vnpt_inside(sims, subject))).await;
    assert_eq!(status, 200, "{text}");
    result(&text)
}

#[tokio::test]
async fn vnpt_tells_a_receipt_in_two_ways() {
    let sims = start();
    let (mut whole, mut short) = (0, 0);
    for receipt in sims.register().receipts().iter().filter(|receipt| receipt.provider == Party::EReceiptVnpt)
    {
        let told = vnpt(&sims, VIEW, &format!("<fkey>{}</fkey>", receipt.key)).await;
        if told == format!("OK:C45-BB0/002;BM/25E-{}_{}", receipt.key, receipt.number) {
            whole += 1;
        } else {
            assert_eq!(told, format!("OK:C45-BB0/002;BM/25E;{}", receipt.number));
            short += 1;
        }
    }
    assert!(whole > short && short > 0);
    assert_eq!(vnpt(&sims, VIEW, "<fkey>khong-co</fkey>").await, "ERR:2");
    assert_eq!(sims.e_receipt_vnpt().requests_of(VIEW), whole + short + 1);
    assert_eq!(sims.e_receipt_vnpt().counts().by_subject["khong-co"], 1);
    // What Viettel has issued is not VNPT's.
    let other = &receipt_of(&sims, sims.e_receipt_viettel()).key;
    assert_eq!(vnpt(&sims, VIEW, &format!("<fkey>{other}</fkey>")).await, "ERR:2");
}

#[tokio::test]
async fn vnpt_lists_what_a_dossier_paid() {
    let sims = start();
    let receipts = sims.register().receipts();
    let charge = |receipt: &&simulators::Receipt| {
        receipt.provider == Party::EReceiptVnpt && receipt.key.ends_with("-LP")
    };
    let charge = receipts.iter().find(charge).unwrap();
    let asked = |from: &str, to: &str| {
        format!("<cusCode>{}</cusCode><fromDate>{from}</fromDate><toDate>{to}</toDate>", charge.dossier)
    };
    let list = vnpt(&sims, LIST, &asked("01/08/2025", "31/08/2025")).await;
    assert_eq!(list.matches("&lt;Item&gt;").count(), 2, "{list}");
    for part in [
        format!("&lt;fkey&gt;{}&lt;", charge.key),
        format!("&lt;cusName&gt;{}&lt;", charge.payer),
        format!("&lt;amount&gt;{}&lt;", charge.amount),
        format!("&lt;publishDate&gt;{}&lt;", charge.issued_on.slashed()),
    ] {
        assert!(list.contains(&part), "{part} {list}");
    }
    assert_eq!(vnpt(&sims, LIST, &asked("01/01/2024", "31/12/2024")).await, "&lt;Data/&gt;");
    assert_eq!(vnpt(&sims, LIST, &asked("2024-01-01", "")).await, "ERR:3");
    assert_eq!(vnpt(&sims, LIST, &format!("<cusCode>{}</cusCode>", charge.dossier)).await, list);
    assert_eq!(vnpt(&sims, LIST, "<cusCode>khong-co</cusCode>").await, "ERR:2");
}

/// Enough of PDF to know that the cross-references hold.
fn is_pdf(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let start: usize = text.rsplit("startxref\n").next().unwrap().lines().next().unwrap().parse().unwrap();
    let table: Vec<&str> = text[start..].lines().collect();
    let objects = (1..=5).all(|number| {
        let at: usize = table[2 + number][..10].parse().unwrap();
        text[at..].starts_with(&format!("{number} 0 obj\n"))
    });
    text.starts_with("%PDF-1.4\n") && text.ends_with("%%EOF\n") && table[0] == "xref" && objects
}

#[tokio::test]
async fn both_give_the_receipt_as_pdf() {
    let sims = start();
    let first = receipt_of(&sims, sims.e_receipt_vnpt());
    let told = vnpt(&sims, PDF, &format!("<fkey>{}</fkey>", first.key)).await;
    assert_eq!(vnpt(&sims, "downloadInvPDFFkey", &format!("<fkey>{}</fkey>", first.key)).await, told);
    let file = STANDARD.decode(told).unwrap();
    assert!(is_pdf(&file) && String::from_utf8_lossy(&file).contains(&first.key));
    assert_eq!(vnpt(&sims, PDF, "<fkey>khong-co</fkey>").await, "ERR:2");
    let second = receipt_of(&sims, sims.e_receipt_viettel());
    let request = viettel_call(&sims, VIETTEL_FILE, &viettel_file_body(&sims, second)).await;
    let (status, body) = answer(request).await;
    assert_eq!((status, &body["errorCode"]), (200, &Value::Null));
    assert_eq!(body["fileName"], format!("{}.pdf", second.series_and_number()));
    let file = STANDARD.decode(body["fileToBytes"].as_str().unwrap()).unwrap();
    assert!(is_pdf(&file) && String::from_utf8_lossy(&file).contains(&second.key));
}

#[tokio::test]
async fn vnpt_refuses_every_deviation() {
    let sims = start();
    let key = format!("<fkey>{}</fkey>", receipt_of(&sims, sims.e_receipt_vnpt()).key);
    let right = vnpt_inside(&sims, &key);
    let own = sims.credentials();
    let user = format!("<userName>{}</userName>", own.vnpt_username);
    let account =
        format!("<Account>{}</Account><ACpass>{}</ACpass>", own.vnpt_account, own.vnpt_account_password);
    for (inside, status, reason) in [
        (right.replace(&own.vnpt_password, "sai"), 200, "ERR:1"),
        (format!("{}{right}", account.replace(&own.vnpt_account, "khac")), 200, "ERR:1"),
        (right.replace(&user, ""), 500, "missing-element"),
        (format!("{user}{}", right.replace(&user, "")), 500, "element-order"),
        (format!("{right}{user}"), 500, "element-order"),
        (format!("{right}<thua/>"), 500, "unknown-element"),
        (right.replace("<fkey>", "<fkey xmlns=\"urn:khac\">"), 500, "wrong-namespace"),
        (right.replace("</fkey>", ""), 400, "not-xml"),
    ] {
        sims.e_receipt_vnpt().forget_counts();
        let (seen, text) = text(vnpt_call(&sims, VIEW, &inside)).await;
        assert_eq!(seen, status, "{reason} {text}");
        assert_eq!(text.contains("<soap:Fault>"), status != 200);
        assert_eq!(sims.e_receipt_vnpt().counts().refusals.get(reason), Some(&1), "{reason}");
    }
    assert!(result(&text(vnpt_call(&sims, VIEW, &format!("{account}{right}"))).await.1).starts_with("OK:"));
    for (name, value, status) in [
        ("soapaction", "\"http://tempuri.org/cancelInv\"", 500),
        ("soapaction", "", 500),
        ("soapaction", "\"http://tempuri.org/listInvByCus\"", 500),
        ("content-type", "application/soap+xml", 415),
    ] {
        let mut request = vnpt_call(&sims, VIEW, &right).build().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
        assert_eq!(http().execute(request).await.unwrap().status(), status, "{value}");
    }
    let base = sims.e_receipt_vnpt().base_url();
    assert_eq!(http().get(format!("{base}/PortalService.asmx")).send().await.unwrap().status(), 405);
    assert_eq!(http().get(format!("{base}/khac")).send().await.unwrap().status(), 404);
    let envelope = vnpt_call(&sims, VIEW, &right).body("<x/>");
    assert_eq!(text(envelope).await.0, 500);
}

#[tokio::test]
async fn viettel_finds_a_receipt_by_our_key() {
    let sims = start();
    for receipt in
        sims.register().receipts().iter().filter(|receipt| receipt.provider == Party::EReceiptViettel).take(5)
    {
        let (status, body) =
            answer(viettel_call(&sims, VIETTEL_SEARCH, &viettel_body(&sims, receipt)).await).await;
        assert_eq!(
            (status, &body["errorCode"], body["result"].as_array().unwrap().len()),
            (200, &Value::Null, 1)
        );
        let row = &body["result"][0];
        assert_eq!(
            (&row["transactionUuid"], &row["invoiceNo"]),
            (&json!(receipt.key), &json!(receipt.series_and_number()))
        );
        assert_eq!(
            (&row["buyerName"], &row["issueDate"]),
            (&json!(receipt.payer), &json!(receipt.issued_on.iso()))
        );
        assert_eq!(row["totalAmountWithTax"], receipt.amount);
    }
    let receipt = receipt_of(&sims, sims.e_receipt_viettel());
    let form =
        format!("supplierTaxCode={}&transactionUuid={}", sims.credentials().viettel_tax_code, receipt.key);
    let token = answer(viettel_login(&sims)).await.1["access_token"].as_str().unwrap().to_owned();
    let request =
        http().post(viettel_url(&sims, VIETTEL_SEARCH)).header("Cookie", format!("access_token={token}"));
    let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(form);
    assert_eq!(answer(request).await.1["result"][0]["transactionUuid"], receipt.key);
    assert_eq!(sims.e_receipt_viettel().counts().by_subject[&receipt.key], 2);
}

#[tokio::test]
async fn viettel_refuses_every_deviation() {
    let sims = start();
    let receipt = receipt_of(&sims, sims.e_receipt_viettel());
    let (search, file) = (viettel_body(&sims, receipt), viettel_file_body(&sims, receipt));
    let with = |body: &Value, name: &str, value: Value| {
        let mut body = body.clone();
        body[name] = value;
        body
    };
    for (path, body, status, code) in [
        (VIETTEL_SEARCH, with(&search, "transactionUuid", json!("khong-co")), 200, "INVOICE_NOT_FOUND"),
        (VIETTEL_SEARCH, with(&search, "supplierTaxCode", json!("0100233488")), 200, "SUPPLIER_NOT_FOUND"),
        (VIETTEL_SEARCH, with(&search, "transactionUuid", json!(1)), 400, "BAD_REQUEST"),
        (VIETTEL_FILE, with(&file, "invoiceNo", json!("BM25E9999999")), 200, "INVOICE_NOT_FOUND"),
        (VIETTEL_FILE, with(&file, "templateCode", json!("khac")), 200, "INVOICE_NOT_FOUND"),
        (VIETTEL_FILE, with(&file, "fileType", json!("ZIP")), 400, "BAD_REQUEST"),
        ("InvoiceAPI/InvoiceWS/dichVuLa", json!({}), 404, "NOT_FOUND"),
        ("searchInvoiceByTransactionUuid", search.clone(), 404, "NOT_FOUND"),
    ] {
        let (seen, body) = answer(viettel_call(&sims, path, &body).await).await;
        assert_eq!((seen, &body["errorCode"]), (status, &json!(code)), "{path}");
    }
    let url = viettel_url(&sims, VIETTEL_SEARCH);
    for headers in [vec![], vec![("Authorization", "Bearer bia-dat".to_owned())]] {
        assert_eq!(answer(call(url.clone(), &headers, Some(&search))).await.0, 401);
    }
    let late = viettel_call(&sims, VIETTEL_SEARCH, &search).await;
    sims.expire_receipt_tokens();
    assert_eq!(answer(late).await.0, 401);
    let get = viettel_call(&sims, VIETTEL_SEARCH, &search).await.build().unwrap();
    let mut get = get;
    *get.method_mut() = reqwest::Method::GET;
    assert_eq!(http().execute(get).await.unwrap().status(), 405);
    for (body, status) in [(json!({ "username": "ai-do", "password": "sai" }), 401), (json!({}), 400)] {
        let url = format!("{}/auth/login", sims.e_receipt_viettel().base_url());
        assert_eq!(answer(call(url, &[], Some(&body))).await.0, status);
    }
    let refusals = sims.e_receipt_viettel().counts().refusals;
    for reason in ["missing-token", "unknown-token", "expired-token", "wrong-login"] {
        assert_eq!(refusals[reason], 1, "{reason}");
    }
}

#[tokio::test]
async fn the_life_of_a_login_is_an_option() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { receipt_token_lives: Duration::ZERO, ..Options::new(folder.path()) };
    let sims = Simulators::start(options).unwrap();
    let body = viettel_body(&sims, receipt_of(&sims, sims.e_receipt_viettel()));
    assert_eq!(answer(viettel_call(&sims, VIETTEL_SEARCH, &body).await).await.0, 401);
}
