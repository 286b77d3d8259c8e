//! The wire as talks see it: replies read by the house's own codecs, requests printed with their slots shown.

use std::convert::Infallible;

use adapter_api::codec::{self, Limits, Unreadable};
use adapter_api::wire::Format;
use adapter_api::{Exchange, Reply, Tree, WireRequest};

use crate::conversation::RawReply;

/// Reads a reply as the house reads it.
pub fn exchange(request: &WireRequest, raw: &RawReply) -> Exchange {
    let mut reply =
        codec::read_reply(request.reply_format, raw.status, &raw.content_type, &raw.body, &Limits::default());
    lift_documents(&mut reply, &request.documents);
    Exchange { name: request.exchange.clone(), reply }
}

/// Takes documents out as the house does; in talks nobody stores them.
fn lift_documents(reply: &mut Reply, paths: &[String]) {
    let mut let_go = |_: Vec<u8>| Ok::<_, Infallible>(None);
    let Ok(()) = codec::documents::lift(reply, paths, &mut let_go);
}

/// Reads a message that a talk tells by its media type.
pub fn read_message(media_type: &str, body: &str) -> Result<Tree, Unreadable> {
    codec::decode(format_of(media_type), body.as_bytes(), &Limits::default())
}

fn format_of(media_type: &str) -> Format {
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media_type.as_str() {
        "application/soap+xml" => Format::Soap12,
        "application/x-www-form-urlencoded" => Format::Form,
        "text/plain" => Format::Text,
        _ if media_type.ends_with("xml") => Format::Xml,
        _ => Format::Json,
    }
}

/// The query string as talks show it, with its question mark.
pub fn print_query(request: &WireRequest) -> String {
    match codec::print_query(&request.query) {
        query if query.is_empty() => query,
        query => format!("?{query}"),
    }
}

/// The drawn headers as talks show them, one a line; those the house adds by itself (type, length, credentials) are not.
pub fn print_headers(request: &WireRequest) -> String {
    let lines = request.headers.iter().map(|(name, value)| {
        let value = codec::print(Format::Text, value, &[]);
        format!("{name}: {}", value.trim()).trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The body as talks show it.
pub fn print_body(request: &WireRequest) -> String {
    let body = request.body.as_ref().map(|body| codec::print(request.format, body, &request.namespaces));
    body.unwrap_or_default().trim_end().to_owned()
}

/// Reads a body as talks show it: slots are text there.
pub fn read_printed(request: &WireRequest, body: &str) -> Result<Tree, Unreadable> {
    codec::decode(request.format, body.as_bytes(), &Limits::default())
}

/// An answer to a message as talks show it: JSON where it is an object, else as it is.
pub fn print_answer(tree: &Tree) -> String {
    codec::print(Format::Json, tree, &[]).trim_end().to_owned()
}
