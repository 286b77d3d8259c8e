//! The XML corpus: through the real codec, and as the words of a hostile agency through the running gateway.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use adapter_api::codec::{Limits, decode, read_reply};
use adapter_api::wire::Format;
use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt, stream};
use sandbox::questions::kind;
use sandbox::stub::{Said, Stub};
use sandbox::world::World;
use serde_json::{Value, json};
use simulators::{Module, Registration};

use crate::ground::{AT_ONCE, Ground};
use crate::score::{Counts, Score, bar};

/// The corpus's manifest looked for the word: here it stands in a CDATA section, and the document is not well-formed.
const DOCTYPE_AS_TEXT: &str = "o-p18pass1";
/// The book in which the hostile agency files its documents.
const BOOK: &str = "01/2025";

/// One document.
pub struct Document {
    id: String,
    well_formed: bool,
    doctype: bool,
    bytes: Vec<u8>,
}

/// An agency whose registrations hold the documents of the corpus.
pub struct Hostile {
    /// Plays the carrier with the agency behind it.
    pub stub: Stub,
    documents: Vec<Document>,
    /// What stands in `data`, by registration number.
    data: Arc<HashMap<String, String>>,
}

/// An act of the simulated register, for the words that must be right.
pub fn some_act(world: &World) -> Result<Registration> {
    let acts = world.simulators.register().registrations().iter();
    acts.into_iter().find(|act| act.module == Module::Death).cloned().context("no death in the register")
}

/// Reads the corpus and starts the agency.
///
/// Each document that is text stands under `alone/N` as it is, its external entities pointing at the canary server, and
/// under `inside/N` within a registration that is otherwise perfect.
pub async fn hostile_agency(corpora: &Path, world: &World, act: &Registration) -> Result<Hostile> {
    let documents = read(&corpora.join("xml-conformance"))?;
    let canary = world.simulators.elsewhere().base_url();
    let mut data = HashMap::from([("control".to_string(), registration(act, ""))]);
    for (index, document) in documents.iter().enumerate() {
        let Ok(text) = std::str::from_utf8(&document.bytes) else { continue };
        data.insert(format!("alone/{index}"), pointed_at(text, canary));
        data.insert(format!("inside/{index}"), registration(act, &without_declaration(text)));
    }
    let data = Arc::new(data);
    let told = Arc::clone(&data);
    let stub = Stub::start(move |asked| answer(&asked.path, &asked.body, &told)).await?;
    Ok(Hostile { stub, documents, data })
}

/// Codec first, then the gateway.
pub async fn prove(hostile: &Hostile, act: &Registration, ground: &Ground, score: &mut Score) -> Result<()> {
    for format in [Format::Xml, Format::Soap11] {
        through_codec(&hostile.documents, format, score);
    }
    through_gateway(hostile, act, ground, score).await
}

fn through_codec(documents: &[Document], format: Format, score: &mut Score) {
    let mut counts = Counts::default();
    for document in documents {
        let reply = read_reply(format, 200, "text/xml", &document.bytes, &Limits::default());
        let verdict = match &reply.body {
            Ok(_) => "read".to_string(),
            Err(unreadable) if unreadable.why == "DOCTYPE" => "refused: DOCTYPE".to_string(),
            Err(_) => "refused".to_string(),
        };
        counts.one(format!("{} -> {verdict}", class(document)));
        let hostile = document.doctype || !document.well_formed;
        score.check(!hostile || reply.body.is_err(), || {
            format!("XML {} as {format:?}: {verdict}", document.id)
        });
    }
    counts.print(&format!("XML corpus, {} documents through the real codec, {format:?}", documents.len()));
    if format == Format::Xml {
        let read = documents.iter().filter(|document| !document.doctype && document.well_formed);
        let read =
            read.filter(|document| decode(format, &document.bytes, &Limits::default()).is_ok()).count();
        score.check(read > 30, || {
            format!("only {read} well-formed documents are read: the reader refuses everything")
        });
    }
}

async fn through_gateway(
    hostile: &Hostile,
    act: &Registration,
    ground: &Ground,
    score: &mut Score,
) -> Result<()> {
    let mut counts = Counts::default();
    let ask = async |number: String| {
        let query = json!({ "kind": kind(act.module), "number": number, "book": BOOK });
        ground.one_stop.ask("civil-status.record", query).await
    };
    let control = ask("control".into()).await?;
    score.check(control.word() == "found", || {
        format!("the perfect registration is not found: {}", control.body)
    });
    let bar = bar(hostile.documents.len() * 2, "XML of a hostile agency");
    let mut made_good = Vec::new();
    let asked = hostile
        .documents
        .iter()
        .enumerate()
        .flat_map(|(index, document)| ["alone", "inside"].map(|place| (index, document, place)));
    let mut told = stream::iter(asked)
        .map(async |(index, document, place)| {
            let number = format!("{place}/{index}");
            let told = if hostile.data.contains_key(&number) { Some(ask(number).await) } else { None };
            (index, document, place, told)
        })
        .buffer_unordered(AT_ONCE);
    while let Some((index, document, place, told)) = told.next().await {
        bar.inc(1);
        let Some(told) = told else {
            counts.one(format!("{place}: not UTF-8, cannot stand in a JSON string (codec only)"));
            continue;
        };
        let told = told?;
        let word = format!("{} {}", told.status, told.word());
        counts.one(format!("{place}: {} -> {word}", class(document)));
        let refused = word == "502 malformed" && told.at("/agency") == "civil-status";
        // Outside the root element much is wrong that is right inside another element: two roots, text beside it.
        let may_be_found = place == "inside" && !document.doctype;
        let passed = refused || (may_be_found && word == "200 found");
        score.check(passed, || format!("XML {} {place}: {word}", document.id));
        score.check(place == "alone" || agrees(hostile, index, &word), || {
            format!("XML {} inside: codec and gateway disagree: {word}", document.id)
        });
        if place == "inside" && !document.well_formed && word == "200 found" {
            made_good.push(document.id.clone());
        }
    }
    drop(told);
    bar.finish_and_clear();
    counts.print("XML corpus as `data` of a hostile agency through the running gateway (control: found)");
    made_good.sort();
    println!("  wrong alone, right inside another element: {}", made_good.join(" "));
    Ok(())
}

/// The gateway finds a registration exactly if the codec can read it.
fn agrees(hostile: &Hostile, index: usize, word: &str) -> bool {
    let data = hostile.data.get(&format!("inside/{index}")).map(String::as_str).unwrap_or_default();
    let read = decode(Format::Xml, data.as_bytes(), &Limits::default()).is_ok();
    read == (word == "200 found")
}

fn class(document: &Document) -> &'static str {
    match (document.doctype, document.well_formed) {
        (true, true) => "with DOCTYPE, well-formed",
        (true, false) => "with DOCTYPE, not well-formed",
        (false, true) => "well-formed",
        (false, false) => "not well-formed",
    }
}

fn read(folder: &Path) -> Result<Vec<Document>> {
    let manifest = super::read_json(&folder.join("manifest.json"))?;
    let mut documents = Vec::new();
    for case in manifest.as_array().context("a manifest that is no list")? {
        let text = |name: &str| case.get(name).and_then(Value::as_str).unwrap_or_default();
        let id = text("id").to_string();
        let doctype = case.get("doctype") == Some(&Value::Bool(true)) && id != DOCTYPE_AS_TEXT;
        let bytes = std::fs::read(folder.join(text("uri"))).with_context(|| id.clone())?;
        documents.push(Document { id, well_formed: text("type") != "not-wf", doctype, bytes });
    }
    ensure!(documents.len() > 900, "the XML corpus has only {} documents", documents.len());
    Ok(documents)
}

/// The carrier's token, or the registration asked for.
fn answer(path: &str, body: &[u8], data: &HashMap<String, String>) -> Said {
    if path.starts_with("/token") {
        return Said::json(&json!({ "access_token": "the-ha", "token_type": "Bearer", "expires_in": 3600 }));
    }
    let asked: Value = serde_json::from_str(&String::from_utf8_lossy(body)).unwrap_or_default();
    let number = asked.get("soDangKy").and_then(Value::as_str).unwrap_or_default();
    let entry = json!({
        "id": "1", "so": number, "quyenSo": BOOK, "ngayDangKy": "2025-01-02", "noiDangKy": "14812",
        "data": data.get(number),
    });
    Said::json(&json!({ "status": 1, "value": [entry], "errorCode": null, "errorDescription": null }))
}

/// `<hotich><hoso>…</hoso></hotich>` with something more at its end.
fn registration(act: &Registration, more: &str) -> String {
    let field = |(name, value): &(String, String)| {
        let value = value.replace('&', "&amp;").replace('<', "&lt;");
        format!("<{name}>{value}</{name}>")
    };
    let fields: String = act.fields.iter().map(field).collect();
    format!("<hotich><hoso>{fields}{more}</hoso></hotich>")
}

/// The document as it may stand inside another: a declaration may only stand at the very beginning.
fn without_declaration(text: &str) -> String {
    let text = text.trim_start_matches('\u{feff}');
    match text.strip_prefix("<?xml ").and_then(|rest| rest.split_once("?>")) {
        Some((_, rest)) => rest.to_string(),
        None => text.to_string(),
    }
}

/// Every external identifier becomes an address of the canary server.
fn pointed_at(text: &str, canary: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("SYSTEM") {
        out.push_str(before);
        out.push_str("SYSTEM");
        rest = after;
        let literal = after.trim_start();
        let quote = literal.chars().next().filter(|quote| ['"', '\''].contains(quote));
        let Some((quote, (_, behind))) = quote.and_then(|q| Some((q, literal.get(1..)?.split_once(q)?)))
        else {
            continue;
        };
        out.push_str(&format!(" {quote}{canary}/entity{quote}"));
        rest = behind;
    }
    out.push_str(rest);
    out
}
