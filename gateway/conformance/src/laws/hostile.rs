//! L7 and L15: what no agency should ever send, in place of each reply, ends in a fault.

use std::collections::HashSet;

use adapter_api::Outcome;
use adapter_api::diagnostic::Diagnostic;
use adapter_api::wire::Format;

use crate::conversation::{Conversation, End, RawReply, Way};
use crate::ground::{Effort, Ground};

/// The large body: a third of what the reader lets through, so that it is read and not merely refused.
/// Tried once per format, as it is the reader that it tries.
const LARGE_BYTES: usize = 10 << 20;
/// Deeper than any reader goes.
const DEEP: usize = 2_000;

const PAGE: &str =
    "<!doctype html><html><head><title>502</title></head><body><h1>Hệ thống đang bảo trì</h1></body></html>";
const PAGE_CLOSED: &str = "<html><body><h1>Thành công</h1><p>Hệ thống đang bảo trì</p></body></html>";
const SOAP_FAULT: &str = "<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"><S:Body>\
    <S:Fault><faultcode>S:Server</faultcode>\
    <faultstring>x</faultstring></S:Fault></S:Body></S:Envelope>";
const SOAP_EMPTY: &str =
    "<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"><S:Body/></S:Envelope>";
const DOCTYPE: &str = "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>";

/// Statuses that say "not done" whatever the body says.
const REFUSING: [u16; 16] = [300, 301, 302, 304, 400, 401, 403, 404, 405, 408, 409, 413, 429, 500, 502, 503];
/// Statuses that are good only with a body that says so.
const EMPTY_HANDED: [u16; 5] = [200, 201, 202, 204, 206];

/// Tries every hostile reply in place of each reply of each conversation.
pub fn check(ground: &Ground<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let (mut tried, mut large) = (HashSet::new(), HashSet::new());
    for conversation in ground.conversations {
        for (index, raw) in conversation.replies.iter().enumerate() {
            let last = index + 1 == conversation.replies.len();
            let code = if last { "L7" } else { "L15" };
            let before: Vec<&Vec<u8>> =
                conversation.replies.iter().take(index).map(|reply| &reply.body).collect();
            let mut bodies = Vec::new();
            if tried.insert(format!("{:?}{before:?}", conversation.call)) {
                bodies.extend(fixed(raw));
            }
            let Some(request) = conversation.requests.get(index) else { continue };
            if ground.effort == Effort::Full && large.insert(request.reply_format) {
                bodies.push(large_body(raw, request.reply_format));
            }
            if conversation.end.is_success() {
                bodies.extend(derived(raw, request.reply_format));
            }
            for (what, hostile) in bodies {
                let way = ground.with_reply(conversation, index, &hostile);
                findings.extend(judge(&way).map(|why| {
                    ground
                        .finding(code, conversation, index, format!("{what} in place of this reply: {why}"))
                        .help("success and `absent` need a positive sign in the reply itself; everything else is a fault")
                }));
            }
            if conversation.end.is_success() {
                findings.extend(mark_is_tolerated(ground, conversation, index, raw));
            }
        }
    }
    findings
}

/// What is wrong with a conversation that went on after a hostile reply.
fn judge(way: &Way) -> Option<String> {
    match way {
        Way::AsksOn | Way::Ended(End::Fault(_)) => None,
        Way::Ended(End::Outcome(Outcome::Pending { .. })) => None,
        Way::Ended(End::Outcome(outcome)) => Some(format!("it is taken for `{}`", outcome.word())),
        Way::Ended(End::Panic) => Some("the adapter panics".to_owned()),
        Way::Endless => Some("the conversation does not end".to_owned()),
    }
}

fn mark_is_tolerated(
    ground: &Ground<'_>,
    conversation: &Conversation,
    index: usize,
    raw: &RawReply,
) -> Option<Diagnostic> {
    let marked = raw.with_body([b"\xef\xbb\xbf", raw.body.as_slice()].concat());
    let way = ground.with_reply(conversation, index, &marked);
    (way.end() != Some(&conversation.end)).then(|| {
        ground.finding(
            "L7",
            conversation,
            index,
            "with a UTF-8 byte order mark this reply means something else",
        )
    })
}

/// Bodies that owe nothing to the good reply.
fn fixed(raw: &RawReply) -> Vec<(String, RawReply)> {
    let good = |body: &str| RawReply { status: 200, ..raw.with_body(body) };
    let typed =
        |body: &str, content_type: &str| RawReply { content_type: content_type.to_owned(), ..good(body) };
    let mut all = vec![
        ("nothing but a blank", good(" \n")),
        ("null", good("null")),
        ("an empty list", good("[]")),
        ("an empty object", good("{}")),
        ("`true`", good("true")),
        ("`0`", good("0")),
        ("an empty text", good("\"\"")),
        ("a sentence", typed("no healthy upstream", "text/plain")),
        ("an HTML page", typed(PAGE, "text/html")),
        ("an HTML page of the right type", good(PAGE)),
        ("an HTML page that speaks of success", good(PAGE_CLOSED)),
        ("a DOCTYPE with an entity", good(DOCTYPE)),
        ("another element", good("<a/>")),
        ("an empty SOAP body", good(SOAP_EMPTY)),
        ("a SOAP fault with status 200", good(SOAP_FAULT)),
        ("a NUL", good("\0")),
        ("bytes that are not UTF-8", RawReply { body: vec![b'"', 0xc3, 0x28, b'"'], ..good("") }),
        ("lists in lists", good(&"[".repeat(DEEP))),
        ("elements in elements", good(&"<a>".repeat(DEEP))),
    ]
    .into_iter()
    .map(|(what, reply)| (what.to_owned(), reply))
    .collect::<Vec<_>>();
    all.extend(
        EMPTY_HANDED.map(|status| (format!("nothing with status {status}"), RawReply { status, ..good("") })),
    );
    all.extend([400, 401, 404, 500, 502, 503].map(|status| {
        (format!("an HTML page with status {status}"), RawReply { status, ..typed(PAGE, "text/html") })
    }));
    all
}

/// Well-formed as far as it goes, so that the reader works through all of it.
fn large_body(raw: &RawReply, format: Format) -> (String, RawReply) {
    let body = match format {
        Format::Json => format!("[{}0]", "0,".repeat(LARGE_BYTES / 2)),
        Format::Xml | Format::Soap11 | Format::Soap12 => format!("<a>{}</a>", "x".repeat(LARGE_BYTES)),
        Format::Form | Format::Text => "a".repeat(LARGE_BYTES),
    };
    ("10 MB".to_owned(), RawReply { status: 200, ..raw.with_body(body) })
}

/// Bodies made from the good reply.
fn derived(raw: &RawReply, format: Format) -> Vec<(String, RawReply)> {
    let body = &raw.body;
    let text = String::from_utf8_lossy(body).into_owned();
    let sixteen: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut all = vec![
        ("half of it".to_owned(), raw.with_body(body.get(..body.len() / 2).unwrap_or_default())),
        (
            "all but its last sign".to_owned(),
            raw.with_body(body.get(..body.len().saturating_sub(1)).unwrap_or_default()),
        ),
        ("it in UTF-16".to_owned(), raw.with_body(sixteen)),
        ("it twice".to_owned(), raw.with_body(format!("{text}{text}"))),
        ("it in another charset".to_owned(), in_another_charset(raw)),
    ];
    match format {
        Format::Json => {
            all.push(("it inside a list".to_owned(), raw.with_body(format!("[{text}]"))));
            all.push(("two of it in a list".to_owned(), raw.with_body(format!("[{text},{text}]"))));
            all.push(("a key twice".to_owned(), raw.with_body(text.replacen('{', "{\"ab\":1,\"ab\":2,", 1))));
        }
        Format::Xml | Format::Soap11 | Format::Soap12 => {
            all.push(("a DOCTYPE before it".to_owned(), raw.with_body(format!("<!DOCTYPE a>{text}"))));
        }
        Format::Form | Format::Text => {}
    }
    all.extend(
        // An agency may say "not there" with a status that refuses; what it truly sent is not hostile.
        REFUSING
            .into_iter()
            .filter(|status| *status != raw.status)
            .map(|status| (format!("the same with status {status}"), RawReply { status, ..raw.clone() })),
    );
    all
}

fn in_another_charset(raw: &RawReply) -> RawReply {
    let media_type = raw.content_type.split(';').next().unwrap_or_default();
    RawReply { content_type: format!("{media_type}; charset=utf-16"), ..raw.clone() }
}
