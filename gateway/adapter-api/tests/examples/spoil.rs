//! Spoils the replies of the talks, one thing at a time, and says how each conversation then ends here.

use adapter_api::{Adapter, Call, Exchange, Step};
use serde_json::{Value, json};

use crate::folders::Example;
use crate::replay::{Section, call, ending, reply, sections};

/// One spoiled conversation.
pub struct Case {
    /// Which talk, which reply, what was done to it.
    pub what: String,
    /// For the reference evaluator.
    pub question: Value,
    /// How it ends here.
    pub ours: Value,
    /// Why it ends so here, for a fault.
    pub why: String,
}

/// Begins the fixed sequence of chances; another seed tries other pairs.
const SEED: u64 = 20_250_812;

/// How often two things are spoiled at once, per conversation.
const PAIRS: usize = 12;

/// All spoiled conversations of an example.
pub fn cases(example: &Example) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut chance = SEED;
    for (name, text) in &example.talks {
        let sections = sections(text);
        if sections[0].kind != "call" {
            continue;
        }
        for (index, replies) in conversations(&sections).into_iter().enumerate() {
            let what = format!("{}/{name} ending {}", example.name, index + 1);
            spoil_conversation(example, &sections[0], &replies, &what, &mut chance, &mut cases);
        }
    }
    cases
}

/// Hostile bodies and statuses in place of each reply of each talk, with what they lead to.
pub fn hostile(example: &Example) -> Vec<(String, Result<Step, adapter_api::Fault>)> {
    let deep = "[".repeat(10_000);
    let soap = |body: &str| {
        let envelope = "http://schemas.xmlsoap.org/soap/envelope/";
        format!("<s:Envelope xmlns:s=\"{envelope}\"><s:Body>{body}</s:Body></s:Envelope>")
    };
    let bodies = [
        String::new(),
        " ".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        "0".to_owned(),
        "\"thành công\"".to_owned(),
        r#"{"status":{},"error_code":[],"value":0,"message":{},"result":"x"}"#.to_owned(),
        r#"{"status":1,"status":0}"#.to_owned(),
        "<html><body>Đăng nhập thành công</body></html>".to_owned(),
        "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>".to_owned(),
        deep,
        soap(""),
        soap("<a/>"),
        soap("text"),
        soap("<s:Fault><faultcode>s:Server</faultcode><faultstring>x</faultstring></s:Fault>"),
    ];
    let mut found = Vec::new();
    for (name, text) in &example.talks {
        let sections = sections(text);
        if sections[0].kind != "call" {
            continue;
        }
        let call = call(&sections[0]);
        for (ending, replies) in conversations(&sections).into_iter().enumerate() {
            for index in 0..replies.len() {
                for (which, body) in bodies.iter().enumerate() {
                    for status in [
                        "200 application/json",
                        "204",
                        "302 text/html",
                        "404 text/html",
                        "500 text/xml",
                        "503",
                    ] {
                        let mut replies = replies[..=index].to_vec();
                        replies[index].body.clone_from(body);
                        replies[index].argument = status.to_owned();
                        let what = format!(
                            "{}/{name} ending {ending}, reply {index}: body {which}, {status}",
                            example.name
                        );
                        found.push((what, converse(example, &call, &replies)));
                    }
                }
            }
        }
    }
    found
}

/// The replies that lead to each outcome of a talk.
fn conversations(sections: &[Section]) -> Vec<Vec<Section>> {
    let (mut found, mut replies, mut ended) = (Vec::new(), Vec::<Section>::new(), false);
    for section in &sections[1..] {
        match section.kind.as_str() {
            "reply" => {
                if std::mem::take(&mut ended) {
                    replies.pop();
                }
                replies.push(section.clone());
            }
            "send" => ended = false,
            kind => {
                ended = true;
                if kind == "outcome" {
                    found.push(replies.clone());
                }
            }
        }
    }
    found
}

fn spoil_conversation(
    example: &Example,
    first: &Section,
    replies: &[Section],
    what: &str,
    chance: &mut u64,
    cases: &mut Vec<Case>,
) {
    for (index, reply) in replies.iter().enumerate() {
        let singles = spoil_body(&reply.body);
        let mut spoiled = singles.clone();
        for _ in 0..PAIRS {
            let Some((first, once)) = pick(&singles, chance) else { continue };
            let again = spoil_body(once);
            let Some((second, twice)) = pick(&again, chance) else { continue };
            spoiled.push((format!("{first}, then {second}"), twice.clone()));
        }
        for (how, body) in spoiled {
            let mut replies = replies.to_vec();
            replies[index].body = body;
            cases.push(case(example, first, replies, format!("{what}, reply {}: {how}", index + 1)));
        }
    }
}

fn pick<'a>(from: &'a [(String, String)], chance: &mut u64) -> Option<(&'a str, &'a String)> {
    *chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let index = usize::try_from(*chance >> 33).unwrap().checked_rem(from.len())?;
    from.get(index).map(|(how, body)| (how.as_str(), body))
}

fn case(example: &Example, first: &Section, replies: Vec<Section>, what: String) -> Case {
    let call = call(first);
    let step = converse(example, &call, &replies);
    let (kind, word, value) = ending(&step);
    let ours = match kind {
        "outcome" => json!({ "kind": kind, "word": word, "value": value }),
        _ => json!({ "kind": kind, "word": word }),
    };
    let why = step.err().map_or(String::new(), |fault| fault.to_string());
    let wire = |reply: &Section| {
        let (status, media) = reply.argument.split_once(' ').unwrap_or((&reply.argument, ""));
        json!({ "status": status.parse::<u16>().unwrap(), "type": media, "text": reply.body })
    };
    let question = json!({
        "folder": example.path.canonicalize().unwrap(),
        "operation": call.operation,
        "call": serde_json::from_str::<Value>(&first.body).unwrap(),
        "replies": replies.iter().map(wire).collect::<Vec<_>>(),
    });
    Case { what, question, ours, why }
}

fn converse(example: &Example, call: &Call, replies: &[Section]) -> Result<Step, adapter_api::Fault> {
    let mut said: Vec<Exchange> = Vec::new();
    for section in replies {
        match example.adapter.next(call, &said) {
            Ok(Step::Send(request)) => {
                said.push(Exchange {
                    name: request.exchange.clone(),
                    reply: reply(section, request.reply_format),
                });
            }
            ended => return ended,
        }
    }
    example.adapter.next(call, &said)
}

/// What the reference evaluator is known to do otherwise, and the sentence of `reference/mapping.md` we follow.
pub fn explain(case: &Case, theirs: &Value) -> Option<&'static str> {
    if case.ours.get("kind") != Some(&json!("fault")) {
        return None;
    }
    let because = |why: &str| case.why.contains(why);
    if case.what.contains("doubled") && because(" where one was expected") {
        return Some("1.2: two where one belongs ends in a fault at once, there a test of a list says no");
    }
    if case.what.contains("giayKhaiTu") && because("not base64") {
        return Some("1.3: conversions convert or fault, there the text of a document is not looked at");
    }
    if case.what.contains("Body doubled") && because("SOAP with two Bodies") {
        return Some("1.4: here is the Body, there the first of two is taken");
    }
    if case.what.contains("negated after") && theirs.get("kind") == Some(&json!("outcome")) {
        return Some("7.4: a negation directly after the phrase counts too");
    }
    None
}

/// Every way to spoil a body, each with its description.
fn spoil_body(body: &str) -> Vec<(String, String)> {
    if body.trim_start().starts_with('<') {
        return spoil_xml(body);
    }
    let Ok(value) = serde_json::from_str::<Value>(body) else { return Vec::new() };
    let mut found = Vec::new();
    let mut paths = Vec::new();
    collect_paths(&value, String::new(), &mut paths);
    for path in paths.iter().filter(|path| !path.is_empty()) {
        let mut keep = |how: &str, spoiled: Value| found.push((format!("{path} {how}"), spoiled.to_string()));
        keep("removed", without(&value, path));
        let with = |put: Value| {
            let mut spoiled = value.clone();
            *spoiled.pointer_mut(path).unwrap() = put;
            spoiled
        };
        let was = value.pointer(path).unwrap().clone();
        keep("null", with(Value::Null));
        keep("blank", with(json!(" ")));
        keep("doubled", with(json!([was, was])));
        keep("an object", with(json!({ "value": was })));
        match &was {
            Value::Number(number) => keep("as text", with(json!(number.to_string()))),
            Value::String(text) => {
                if let Ok(number) = text.parse::<i64>() {
                    keep("as number", with(json!(number)));
                }
                keep("negated", with(json!(format!("không {text}"))));
                keep("negated after", with(json!(format!("{text} thất bại"))));
                keep("lengthened", with(json!(format!("{text}9"))));
            }
            _ => keep("a number", with(json!(7))),
        }
    }
    found
}

fn collect_paths(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| collect_paths(value, format!("{at}/{name}"), found));
        }
        Value::Array(items) => {
            let each = items.iter().enumerate();
            each.for_each(|(index, value)| collect_paths(value, format!("{at}/{index}"), found));
        }
        _ => {}
    }
    found.push(at);
}

fn without(value: &Value, path: &str) -> Value {
    let mut spoiled = value.clone();
    let (parent, name) = path.rsplit_once('/').unwrap();
    match spoiled.pointer_mut(parent).unwrap() {
        Value::Object(fields) => {
            fields.shift_remove(name);
        }
        Value::Array(items) => {
            items.remove(name.parse().unwrap());
        }
        _ => {}
    }
    spoiled
}

/// Elements removed, doubled, emptied, given a child, renamed.
fn spoil_xml(body: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (name, from, to) in elements(body) {
        let (before, element, after) = (&body[..from], &body[from..to], &body[to..]);
        let mut keep =
            |how: &str, put: String| found.push((format!("{name} {how}"), format!("{before}{put}{after}")));
        keep("removed", String::new());
        keep("doubled", element.repeat(2));
        if let Some((content_from, content_to)) = content(element) {
            let (open, inner, close) =
                (&element[..content_from], &element[content_from..content_to], &element[content_to..]);
            keep("emptied", format!("{open}{close}"));
            keep("as other text", format!("{open}x9{close}"));
            keep("wrapped", format!("{open}<more>{inner}</more>{close}"));
        }
    }
    found
}

/// Name and span of every element; the examples hold neither comments nor CDATA.
fn elements(body: &str) -> Vec<(String, usize, usize)> {
    let (mut found, mut open, mut at) = (Vec::new(), Vec::new(), 0);
    while let Some(start) = body[at..].find('<').map(|start| at + start) {
        let end = start + body[start..].find('>').unwrap() + 1;
        let tag = &body[start + 1..end - 1];
        let name = tag.trim_matches('/').split_whitespace().next().unwrap_or("").to_owned();
        if tag.starts_with('/') {
            let (name, from) = open.pop().unwrap();
            found.push((name, from, end));
        } else if tag.ends_with('/') {
            found.push((name, start, end));
        } else {
            open.push((name, start));
        }
        at = end;
    }
    found
}

/// Where an element's content lies; `None` for `<x/>`.
fn content(element: &str) -> Option<(usize, usize)> {
    let from = element.find('>')? + 1;
    let to = element.rfind("</")?;
    (from <= to).then_some((from, to))
}
