//! The JSON corpus: as the body of every POST route, and as an agency's reply.

use std::path::Path;
use std::time::Duration;

use adapter_api::codec::json::{self, JsonError};
use adapter_api::codec::{Limits, read_reply};
use adapter_api::wire::Format;
use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt, stream};
use sandbox::{Caller, Told};

use crate::ground::{AT_ONCE, Ground};
use crate::score::{Counts, Score, bar};

/// Files whose name begins so are sound JSON that repeats a key: refused by policy (threat T30).
const DUPLICATE: &str = "y_object_duplicated_key";

/// How long a limited post waits before it is tried again, and how often: far longer than any burst takes to come back.
const LATER: Duration = Duration::from_millis(250);
const LATER_MAX: usize = 120;

struct Case {
    name: String,
    bytes: Vec<u8>,
}

/// Posts every file to every route, and reads every file as a reply.
pub async fn prove(folder: &Path, ground: &Ground, score: &mut Score) -> Result<()> {
    let cases = read(folder)?;
    let routes = post_routes(ground).await?;
    let mut counts = Counts::default();
    let bar = bar(cases.len() * routes.len(), "JSON at the edge");
    let posts =
        cases.iter().enumerate().flat_map(|(at, case)| routes.iter().map(move |route| (at, case, route)));
    let mut posts = stream::iter(posts)
        .map(async |(at, case, route)| {
            let caller = if at % 2 == 0 { &ground.one_stop } else { &ground.connector };
            (case, route, patiently(caller, route, case).await)
        })
        .buffer_unordered(AT_ONCE);
    while let Some((case, route, told)) = posts.next().await {
        bar.inc(1);
        let told = told.with_context(|| format!("{} at {route}", case.name))?;
        let (status, code) = (told.status, told.word().to_string());
        counts.one(format!("{} -> {status} {code}", class(&case.name)));
        score.check(is_right(&case.name, status, &code), || {
            format!("{} at {route}: {status} {code}", case.name)
        });
    }
    bar.finish_and_clear();
    counts.print(&format!(
        "JSON corpus, {} files × {} POST routes of the running gateway",
        cases.len(),
        routes.len()
    ));
    at_the_operations_port(&cases, ground, score).await?;
    as_replies(&cases, score);
    Ok(())
}

/// Posts a file; where the client's own limit says "later" (opening a batch has the tightest), later.
async fn patiently(caller: &Caller, route: &str, case: &Case) -> Result<Told> {
    let mut told = caller.post(route, case.bytes.clone(), &[]).await?;
    for _ in 0..LATER_MAX {
        if told.status != 429 {
            break;
        }
        tokio::time::sleep(LATER).await;
        told = caller.post(route, case.bytes.clone(), &[]).await?;
    }
    Ok(told)
}

/// The one POST of the port that no client reaches: it has no problem pages, but it must not stumble either.
async fn at_the_operations_port(cases: &[Case], ground: &Ground, score: &mut Score) -> Result<()> {
    let mut counts = Counts::default();
    let port = Caller::new(&ground.gateway.operations, String::new())?;
    let mut posts = stream::iter(cases)
        .map(async |case| (case, port.post("/cache/evict", case.bytes.clone(), &[]).await))
        .buffer_unordered(AT_ONCE);
    while let Some((case, told)) = posts.next().await {
        let status = told.with_context(|| case.name.clone())?.status;
        counts.one(format!("{} -> {status}", class(&case.name)));
        let refused = (400..500).contains(&status);
        score.check(refused, || format!("{} at /cache/evict: {status}", case.name));
    }
    counts.print("JSON corpus at POST /cache/evict of the operations port (no file of it names a subject)");
    Ok(())
}

fn is_right(name: &str, status: u16, code: &str) -> bool {
    let malformed = status == 400 && code == "malformed-json";
    match name.get(..2) {
        Some("n_") => malformed,
        Some("y_") if name.starts_with(DUPLICATE) => malformed,
        Some("y_") => !malformed && status < 500 && !code.is_empty(),
        _ => status < 500 && !code.is_empty(),
    }
}

/// What an agency sends goes through the same reader.
fn as_replies(cases: &[Case], score: &mut Score) {
    let mut counts = Counts::default();
    for case in cases {
        let reply = read_reply(Format::Json, 200, "application/json", &case.bytes, &Limits::default());
        let duplicate =
            matches!(json::parse_value(&case.bytes, &Limits::default()), Err(JsonError::Duplicate { .. }));
        let passed = match case.name.get(..2) {
            Some("n_") => reply.body.is_err(),
            Some("y_") => reply.body.is_ok() || (case.name.starts_with(DUPLICATE) && duplicate),
            _ => true,
        };
        let verdict = if reply.body.is_ok() { "read" } else { "refused" };
        counts.one(format!("{} -> {verdict}", class(&case.name)));
        score.check(passed, || format!("{} as a reply: {verdict}", case.name));
    }
    counts.print("JSON corpus as an agency's reply, real codec");
}

fn class(name: &str) -> &'static str {
    match name.get(..2) {
        Some("n_") => "n_ (no JSON)",
        Some("y_") if name.starts_with(DUPLICATE) => "y_ with a key twice (refused by policy)",
        Some("y_") => "y_ (sound JSON)",
        _ => "i_ (either)",
    }
}

fn read(folder: &Path) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        cases.push(Case { name, bytes: std::fs::read(&path)? });
    }
    cases.sort_by(|left, right| left.name.cmp(&right.name));
    ensure!(cases.len() > 300, "the JSON corpus has only {} files", cases.len());
    Ok(cases)
}

/// Every POST route, from the gateway's own description of itself.
async fn post_routes(ground: &Ground) -> Result<Vec<String>> {
    let told = ground.one_stop.get("/openapi.json").await?;
    let paths = told.at("/paths").as_object().context("no paths in /openapi.json")?;
    let posts = paths.iter().filter(|(_, verbs)| verbs.get("post").is_some()).map(|(path, _)| path.clone());
    let routes: Vec<String> = posts.collect();
    ensure!(routes.len() >= crate::ground::SERVICES.len(), "only {} POST routes", routes.len());
    Ok(routes)
}
