//! Spoils a finished reply without knowing what it says.

use super::Misbehaviour as M;
use crate::Party;
use crate::wire::http::{Reply, find};

/// Far above any sane depth limit, still only some megabytes.
const NESTING_LEVELS: usize = 100_000;
/// What [`M::Oversize`] pads a reply to: ten times the largest person record imaginable, and more.
const OVERSIZE_BYTES: usize = 10 * 1024 * 1024;
/// Seconds named in `Retry-After`.
const RETRY_AFTER_S: &str = "7";

/// Applies a misbehaviour of [`super::Stage::Whole`]; leaves the reply alone for any other.
pub(crate) fn spoil(reply: Reply, misbehaviour: &M, party: Party, elsewhere: &str) -> Reply {
    match misbehaviour {
        M::TruncatedBody => with_body(reply, |body| body.truncate(body.len() / 2)),
        M::HtmlPage => html(200, "Hệ thống đang bảo trì, vui lòng quay lại sau."),
        M::ServerError { status } => server_error(*status, party),
        M::CommitThenError => server_error(500, party),
        M::WrongCharset => with_body(reply, |body| *body = utf16(body)),
        M::InvalidUtf8 => with_body(reply, break_utf8),
        M::DeepNesting => with_body(reply, nest),
        M::Oversize => with_body(reply, |body| body.resize(OVERSIZE_BYTES.max(body.len()), b' ')),
        M::DuplicateKeys => with_body(reply, double_keys),
        M::OtherFormat => other_format(&reply),
        M::EmptyBody => with_body(reply, Vec::clear),
        M::Bom => with_body(reply, |body| {
            body.splice(0..0, *b"\xEF\xBB\xBF");
        }),
        M::MaintenanceWindow => html(503, "Bảo trì định kỳ").with("Retry-After", RETRY_AFTER_S),
        M::TooManyRequests => too_many(party).with("Retry-After", RETRY_AFTER_S),
        M::Redirect => Reply::new(302, "text/html", "").with("Location", format!("{elsewhere}/elsewhere")),
        _ => reply,
    }
}

/// The entity bomb, with an external entity that points at the canary server.
pub(crate) fn doctype(elsewhere: &str) -> String {
    let mut text = format!("<!DOCTYPE bomb [<!ENTITY x SYSTEM \"{elsewhere}/entity\"><!ENTITY a0 \"nổ\">");
    for level in 1..10 {
        let below = format!("&a{};", level - 1).repeat(10);
        text.push_str(&format!("<!ENTITY a{level} \"{below}\">"));
    }
    text.push_str("]>");
    text
}

fn with_body(mut reply: Reply, change: impl FnOnce(&mut Vec<u8>)) -> Reply {
    change(&mut reply.body);
    reply
}

fn html(status: u16, text: &str) -> Reply {
    let page =
        format!("<!DOCTYPE html><html><head><title>{text}</title></head><body><h1>{text}</h1></body></html>");
    Reply::new(status, "text/html; charset=utf-8", page)
}

fn server_error(status: u16, party: Party) -> Reply {
    match party {
        Party::Lgsp => html(status, "Trục tích hợp tạm thời không phục vụ"),
        _ => Reply::new(status, "text/plain; charset=utf-8", "Loi he thong, vui long lien he quan tri vien"),
    }
}

/// The carrier speaks for the agencies behind it, with WSO2's own code \[BG\].
fn too_many(party: Party) -> Reply {
    match party {
        Party::Lgsp | Party::CivilStatus | Party::SocialInsurance | Party::Tax => {
            crate::lgsp::fault(429, 900_800, "Message throttled out")
        }
        _ => Reply::new(429, "text/plain; charset=utf-8", "Vuot qua han muc truy van"),
    }
}

fn utf16(body: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(body);
    let mut bytes = vec![0xFF, 0xFE];
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    bytes
}

/// Puts an impossible byte pair inside the first text of the message.
fn break_utf8(body: &mut Vec<u8>) {
    let at = match body.first() {
        Some(b'<') => find(body, b"</"),
        _ => find(body, b"\":\"").map(|at| at + 3),
    };
    let at = at.or_else(|| find(body, b"\"").map(|at| at + 1)).unwrap_or(body.len());
    body.splice(at..at, *b"\xC3\x28");
}

fn nest(body: &mut Vec<u8>) {
    let (open, close) = if body.first() == Some(&b'<') { ("<sau>", "</sau>") } else { ("[", "]") };
    *body = format!("{}{}", open.repeat(NESTING_LEVELS), close.repeat(NESTING_LEVELS)).into_bytes();
}

/// The first member of the first JSON object, or the first leaf of an XML message, stands there twice.
fn double_keys(body: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(body).into_owned();
    let doubled = if !text.starts_with('<') { double_first_member(&text) } else { double_first_leaf(&text) };
    *body = doubled.into_bytes();
}

fn double_first_member(text: &str) -> String {
    let Some((name, _)) = text.trim_start_matches(['[', '{']).split_once(':') else { return text.to_owned() };
    text.replacen('{', &format!("{{{name}:\"gia-mao\","), 1)
}

fn double_first_leaf(text: &str) -> String {
    let Some((before, after)) = text.split_once("</") else { return text.to_owned() };
    let Some(start) = before.rfind('<') else { return text.to_owned() };
    let (head, leaf) = before.split_at(start);
    let Some((close, rest)) = after.split_once('>') else { return text.to_owned() };
    let twin = format!("<{close}>000000000000</{close}>");
    format!("{head}{twin}{leaf}</{close}>{rest}")
}

fn other_format(reply: &Reply) -> Reply {
    if reply.body.first() == Some(&b'<') {
        Reply::json(200, &serde_json::json!({ "status": "1", "data": "định dạng khác" }))
    } else {
        Reply::new(200, "application/xml; charset=utf-8", "<ketQua><status>1</status></ketQua>")
    }
}
