//! A receipt's PDF, from the provider to the officer: stored once, and nobody's but whose answer told of it.

use std::collections::BTreeMap;

use sandbox::Told;
use sandbox::caller::usual_purpose;
use serde_json::{Value, json};
use simulators::{Party, Receipt};

use crate::harness::Town;

/// The PDF's reference, and the answer that told of it.
async fn receipt(town: &Town) -> (String, Told) {
    let of_vnpt = |receipt: &&Receipt| receipt.provider == Party::EReceiptVnpt;
    let key = town.register().receipts().iter().find(of_vnpt).unwrap().key.clone();
    let told = town.one_stop.ask("e-receipt.file", json!({ "key": key })).await.unwrap();
    assert_eq!((told.status, told.word()), (200, "found"), "{}", told.body);
    assert_eq!(told.at("/source/cache"), "miss");
    assert_eq!(told.at("/data/file/media_type"), "application/pdf");
    (told.at("/data/file/document").as_str().unwrap().to_owned(), told)
}

struct Fetched {
    status: u16,
    headers: BTreeMap<String, String>,
    bytes: Vec<u8>,
}

async fn fetch(town: &Town, token: &str, id: &str, purpose: Option<&Value>) -> Fetched {
    let mut request =
        reqwest::Client::builder().build().unwrap().get(format!("{}/v1/documents/{id}", town.gateway.api));
    if !token.is_empty() {
        request = request.bearer_auth(token);
    }
    if let Some(purpose) = purpose {
        request = request.header("x-purpose", purpose.to_string());
    }
    let response = request.send().await.unwrap();
    let headers = response.headers().iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    Fetched { status: response.status().as_u16(), headers, bytes: response.bytes().await.unwrap().to_vec() }
}

impl Fetched {
    fn code(&self) -> String {
        let body: Value = String::from_utf8_lossy(&self.bytes).parse().unwrap();
        body["code"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_receipt_is_fetched_by_whom_the_answer_told_of_it_and_by_nobody_else() {
    let town = Town::usual().await;
    let (id, told) = receipt(&town).await;
    let size = told.at("/data/file/size").as_u64().unwrap();
    let (one_stop, connector) = (
        town.world().token(sandbox::world::ONE_STOP).unwrap(),
        town.world().token(sandbox::world::CONNECTOR).unwrap(),
    );
    let purpose = usual_purpose();
    let pdf = fetch(&town, &one_stop, &id, Some(&purpose)).await;
    assert_eq!(pdf.status, 200);
    assert!(pdf.bytes.starts_with(b"%PDF-") && pdf.bytes.trim_ascii_end().ends_with(b"%%EOF"));
    assert_eq!(pdf.bytes.len() as u64, size);
    let header = |name: &str| pdf.headers.get(name).map(String::as_str).unwrap_or_default();
    assert_eq!(header("content-type"), "application/pdf");
    assert_eq!(header("cache-control"), "private, no-store");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("content-disposition").starts_with("attachment"), "{:?}", pdf.headers);
    assert!(header("repr-digest").starts_with("sha-256=:") && header("etag").starts_with("\"sha256-"));

    let mut foreign = purpose.clone();
    foreign["dossier"] = json!("H56.14-250812-9999");
    let mut elsewhere = purpose.clone();
    elsewhere["unit"] = json!("H56.15");
    let nobodys = "doc-00000000000000000000000000000000";
    let mut answers = Vec::new();
    for (token, id, purpose) in [
        (&connector, id.as_str(), &purpose),
        (&one_stop, id.as_str(), &foreign),
        (&one_stop, id.as_str(), &elsewhere),
        (&one_stop, nobodys, &purpose),
    ] {
        let refused = fetch(&town, token, id, Some(purpose)).await;
        assert_eq!((refused.status, refused.code()), (404, "not-found".to_owned()));
        let mut body: Value = String::from_utf8_lossy(&refused.bytes).parse().unwrap();
        body["trace_id"] = Value::Null;
        answers.push(body);
    }
    assert!(
        answers.windows(2).all(|two| two[0] == two[1]),
        "T29: foreign and unknown look alike: {answers:?}"
    );
    assert_eq!(fetch(&town, "", &id, Some(&purpose)).await.status, 401);
    let unsaid = fetch(&town, &one_stop, &id, None).await;
    assert_eq!((unsaid.status, unsaid.code()), (422, "invalid".to_owned()));

    // One record for the answer, one for the document, before its first byte; and no byte of it anywhere. Nobody waits for the
    // notes of refusals, but a record that is awaited takes along what stood before it.
    receipt(&town).await;
    let audit = town.audit_text();
    assert_eq!(audit.matches("\"/document\"").count(), 1, "{audit}");
    assert_eq!(audit.matches("\"not-found\"").count(), 4);
    for text in [audit, town.log_text(), told.body.to_string()] {
        assert!(!text.contains("JVBERi0") && !text.contains("%PDF"), "a document in the open");
    }
}

#[tokio::test]
async fn each_answer_has_a_document_of_its_own() {
    let town = Town::usual().await;
    let ((one, _), (other, _)) = (receipt(&town).await, receipt(&town).await);
    assert_ne!(one, other, "an answer with a document is never kept");
    let token = town.world().token(sandbox::world::ONE_STOP).unwrap();
    let (one, other) = (
        fetch(&town, &token, &one, Some(&usual_purpose())).await,
        fetch(&town, &token, &other, Some(&usual_purpose())).await,
    );
    assert_eq!((one.status, one.bytes), (200, other.bytes), "the same file");
    assert_eq!(one.headers["etag"], other.headers["etag"]);
}
