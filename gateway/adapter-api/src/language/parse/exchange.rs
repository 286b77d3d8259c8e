//! Reads exchanges: the frame in the manifest and the words in their blocks.

use indexmap::IndexMap;

use super::manifest::read_through;
use super::rules::{CarrierRules, read_conditions, read_rules};
use super::source::Value;
use super::value::{Findings, Keys, Spot};
use super::{expression, path};
use crate::agency::{AbsentAs, ExchangePlan, Pages, SendBlocks};
use crate::fault::Kind;
use crate::language::syntax::{Drawing, Expression, Path, Verdict};
use crate::wire::Format;

const KEYS: [&str; 13] = [
    "send",
    "format",
    "reply",
    "kind",
    "when",
    "headers",
    "absent",
    "seal",
    "credentials",
    "through",
    "rules",
    "pages",
    "sim",
];

/// The words of formats.
const FORMATS: [(&str, Format); 6] = [
    ("json", Format::Json),
    ("xml", Format::Xml),
    ("soap", Format::Soap11),
    ("soap12", Format::Soap12),
    ("form", Format::Form),
    ("text", Format::Text),
];

const KINDS: [(&str, Kind); 2] = [("read", Kind::Read), ("write", Kind::Write)];

const ABSENTS: [(&str, AbsentAs); 3] =
    [("omit", AbsentAs::Omit), ("empty", AbsentAs::Empty), ("null", AbsentAs::Null)];

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Reads `[exchange.NAME]`.
pub fn read(spot: Spot<'_>, carriers: &CarrierRules, findings: &mut Findings) -> Option<ExchangePlan> {
    let keys = Keys::open(spot, &KEYS, findings)?;
    let send = keys.required("send", findings).and_then(|spot| read_send(&spot, findings));
    let (method, path) = send.unwrap_or_else(|| ("POST".into(), "/".into()));
    let format = keys.required("format", findings).and_then(|spot| read_format(&spot, findings));
    let format = format.unwrap_or(Format::Json);
    // What cannot be read counts as a write, the kind that is never repeated blindly.
    let kind =
        keys.required("kind", findings).and_then(|spot| spot.word(&KINDS, findings)).unwrap_or(Kind::Write);
    Some(ExchangePlan {
        place: keys.spot.place.clone(),
        method,
        path,
        format,
        reply: keys.spot("reply").and_then(|spot| read_format(&spot, findings)).unwrap_or(format),
        kind,
        when: keys.spot("when").and_then(|spot| read_conditions(&spot, findings)),
        headers: keys.spot("headers").map(|spot| read_headers(&spot, findings)).unwrap_or_default(),
        absent: keys.spot("absent").and_then(|spot| spot.word(&ABSENTS, findings)).unwrap_or_default(),
        seal: keys.name("seal", findings),
        credentials: keys.names("credentials", findings),
        through: keys.spot("through").map(|spot| read_through(&spot, carriers, findings)),
        rules: keys.spot("rules").map(|spot| read_rules(&spot, None, findings)).unwrap_or_default(),
        pages: keys.spot("pages").and_then(|spot| read_pages(spot, findings)),
        sim: keys.flag("sim", findings),
        send: SendBlocks::default(),
        reply_lets: IndexMap::new(),
        verdicts: IndexMap::new(),
    })
}

/// Reads a format's word.
pub fn read_format(spot: &Spot<'_>, findings: &mut Findings) -> Option<Format> {
    spot.word(&FORMATS, findings)
}

/// Reads `METHOD /path/{hole}`.
fn read_send(spot: &Spot<'_>, findings: &mut Findings) -> Option<(String, String)> {
    let text = spot.text(findings)?;
    let fault = match text.split_once(' ') {
        None => Some("has no method or no path"),
        Some((method, _)) if !METHODS.contains(&method) => Some("has an unknown method"),
        Some((_, path)) => fault_of_path(path),
    };
    if let Some(fault) = fault {
        let help = format!("METHOD /path/{{hole}}, METHOD one of {}", METHODS.join(", "));
        findings.advise("C1", spot, format!("`{text}` {fault}"), help);
        return None;
    }
    text.split_once(' ').map(|(method, path)| (method.to_owned(), path.to_owned()))
}

/// What is wrong with a request path, if anything.
fn fault_of_path(path: &str) -> Option<&'static str> {
    if !path.starts_with('/') {
        return Some("has a path that does not begin with `/`");
    }
    if path.contains(|letter: char| letter.is_whitespace() || matches!(letter, '?' | '#')) {
        return Some("has a blank, `?` or `#` in its path: the query string is drawn in [NAME.send.query]");
    }
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let hole = after.split_once('}').filter(|(hole, _)| !hole.is_empty() && !hole.contains('{'));
        let (Some((_, next)), false) = (hole, before.contains('}')) else {
            return Some("has a hole that is not `{name}`");
        };
        rest = next;
    }
    rest.contains('}').then_some("has a hole that is not `{name}`")
}

fn read_headers(spot: &Spot<'_>, findings: &mut Findings) -> Vec<(String, String)> {
    let Some(table) = spot.table(findings) else { return Vec::new() };
    let mut headers = Vec::with_capacity(table.entries.len());
    for entry in &table.entries {
        if let Some(value) = spot.child(entry).text(findings) {
            headers.push((entry.key.clone(), value.to_owned()));
        }
    }
    headers
}

fn read_pages(spot: Spot<'_>, findings: &mut Findings) -> Option<Pages> {
    let keys = Keys::open(spot, &["items", "cursor", "size", "at_most", "same"], findings)?;
    let items = keys.required("items", findings).and_then(|spot| path::read(&spot, findings));
    let cursor = keys.required("cursor", findings).and_then(|spot| path::read(&spot, findings));
    let size = keys.required("size", findings).and_then(|spot| spot.count(findings));
    let at_most = keys.required("at_most", findings).and_then(|spot| spot.count(findings));
    let same = keys.required("same", findings).map(|spot| read_paths(&spot, findings));
    Some(Pages {
        place: keys.spot.place.clone(),
        items: items?,
        cursor: cursor?,
        size: size?,
        at_most: at_most?,
        same: same?,
    })
}

/// Reads a list of paths.
pub fn read_paths(spot: &Spot<'_>, findings: &mut Findings) -> Vec<Path> {
    spot.list(findings).iter().filter_map(|spot| path::read(spot, findings)).collect()
}

/// Reads `[NAME.send.…]`, `[NAME.reply.let]` and `[NAME.VERDICT]`.
pub fn read_words(plan: &mut ExchangePlan, spot: &Spot<'_>, findings: &mut Findings) {
    let Some(table) = spot.table(findings) else { return };
    for entry in &table.entries {
        let block = spot.child(entry);
        match entry.key.as_str() {
            "send" => plan.send = read_send_blocks(block, findings),
            "reply" => plan.reply_lets = read_let_block(block, findings),
            word if Verdict::of_word(word).is_some() => {
                if let Some(drawing) = expression::read_drawing(&block, findings) {
                    plan.verdicts.insert(word.to_owned(), drawing);
                }
            }
            word => {
                let known: Vec<&str> =
                    ["send", "reply"].into_iter().chain(Verdict::ALL.map(Verdict::word)).collect();
                findings.unknown("C1", &spot.key(entry), (word, "is no block of an exchange"), &known);
            }
        }
    }
}

fn read_send_blocks(spot: Spot<'_>, findings: &mut Findings) -> SendBlocks {
    let Some(keys) = Keys::open(spot, &["url", "query", "headers", "body", "let"], findings) else {
        return SendBlocks::default();
    };
    let drawing = |key: &str, findings: &mut Findings| -> Option<Drawing> {
        keys.spot(key).and_then(|spot| expression::read_drawing(&spot, findings))
    };
    SendBlocks {
        url: drawing("url", findings),
        query: drawing("query", findings),
        headers: drawing("headers", findings),
        body: drawing("body", findings),
        lets: keys.spot("let").map(|spot| read_lets(&spot, findings)).unwrap_or_default(),
    }
}

/// Reads a block that holds `let` alone.
pub fn read_let_block(spot: Spot<'_>, findings: &mut Findings) -> IndexMap<String, Expression> {
    let Some(keys) = Keys::open(spot, &["let"], findings) else { return IndexMap::new() };
    keys.spot("let").map(|spot| read_lets(&spot, findings)).unwrap_or_default()
}

/// Reads named expressions, reporting names that `$name` could not say.
fn read_lets(spot: &Spot<'_>, findings: &mut Findings) -> IndexMap<String, Expression> {
    let mut lets = IndexMap::new();
    let Value::Table(_) = &spot.item.value else {
        findings.say("C1", spot, "`let` is a table of names");
        return lets;
    };
    let Some(table) = spot.table(findings) else { return lets };
    for entry in &table.entries {
        let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
        if entry.key.is_empty() || !entry.key.chars().all(plain) {
            let message = format!("`{}` cannot be said as $name", entry.key);
            findings.advise("C1", &spot.key(entry), message, "use letters, digits, _ and -");
        } else if let Some(expression) = expression::read(&spot.child(entry), findings) {
            lets.insert(entry.key.clone(), expression);
        }
    }
    lets
}
