//! Replays one talk: what is sent, what it ends in, every further ending that stands after it.

use adapter_api::codec::{Limits, decode, print, print_query, read_reply};
use adapter_api::declarative::Declarative;
use adapter_api::wire::Format;
use adapter_api::{Adapter, Call, Exchange, Fault, Inbound, Outcome, Reason, Reply, Step, WireRequest};
use serde_json::{Map, Value, json};

/// A line `### kind argument` with what stands below it.
#[derive(Debug, Clone)]
pub struct Section {
    pub kind: String,
    pub argument: String,
    pub body: String,
}

/// Cuts a talk into its sections.
pub fn sections(text: &str) -> Vec<Section> {
    let mut found: Vec<Section> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("### "), found.last_mut()) {
            (Some(head), _) => {
                let (kind, argument) = head.split_once(' ').unwrap_or((head, ""));
                let (kind, argument) = (kind.to_owned(), argument.trim().to_owned());
                found.push(Section { kind, argument, body: String::new() });
            }
            (None, Some(section)) => {
                section.body.push_str(line);
                section.body.push('\n');
            }
            (None, None) => {}
        }
    }
    found.iter_mut().for_each(|section| section.body = section.body.trim().to_owned());
    found
}

/// The call of a talk.
pub fn call(section: &Section) -> Call {
    let given: Value = serde_json::from_str(&section.body).unwrap();
    let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
    let object = |name: &str| given.get(name).cloned().unwrap_or_else(|| json!({}));
    let together = given.get("together").and_then(Value::as_array).cloned().unwrap_or_default();
    let page_size = given.pointer("/pages/size").and_then(Value::as_u64);
    Call {
        operation: section.argument.split_once('.').unwrap().1.to_owned(),
        id: text("id").unwrap_or_default(),
        now: text("now").unwrap_or_default(),
        reference: text("reference"),
        purpose: object("purpose"),
        setting: object("setting"),
        query: object("query"),
        together: together.iter().map(|one| one.as_str().unwrap().to_owned()).collect(),
        cursor: None,
        page_size: page_size.map(|size| u32::try_from(size).unwrap()),
    }
}

/// The reply of a section.
pub fn reply(section: &Section, format: Format) -> Reply {
    let (status, media) = section.argument.split_once(' ').unwrap_or((&section.argument, ""));
    read_reply(format, status.parse().unwrap(), media, section.body.as_bytes(), &Limits::default())
}

/// Replays a talk; gives how many endings were compared, or the first difference.
pub fn replay(adapter: &Declarative, text: &str) -> Result<usize, String> {
    let sections = sections(text);
    let (first, rest) = sections.split_first().unwrap();
    match first.kind.as_str() {
        "call" => converse(adapter, &call(first), rest),
        "heard" => hear(adapter, first, rest),
        other => Err(format!("begins with {other}")),
    }
}

fn converse(adapter: &Declarative, call: &Call, sections: &[Section]) -> Result<usize, String> {
    let mut rest = sections.iter();
    let mut said: Vec<Exchange> = Vec::new();
    let mut endings = 0;
    loop {
        let step = adapter.next(call, &said);
        let written = rest.next().ok_or("a step more than written")?;
        if let Ok(Step::Send(request)) = &step {
            compare_request(request, written)?;
            let Some(answered) = rest.next() else { return Err("no reply in the talk".into()) };
            said.push(Exchange {
                name: request.exchange.clone(),
                reply: reply(answered, request.reply_format),
            });
            continue;
        }
        compare_ending(&step, written).map_err(|why| format!("ending {}: {why}", endings + 1))?;
        endings += 1;
        // A reply after an ending stands in place of the last one.
        match (rest.next(), said.last_mut()) {
            (None, _) => return Ok(endings),
            (Some(answered), Some(last)) => {
                let format = adapter.agency().exchanges.get(&last.name).unwrap().reply;
                last.reply = reply(answered, format);
            }
            (Some(_), None) => return Err("a reply to nothing".into()),
        }
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, ours: &T, written: &T) -> Result<(), String> {
    if ours == written { Ok(()) } else { Err(format!("{what}\n  ours    {ours:?}\n  written {written:?}")) }
}

fn compare_request(request: &WireRequest, written: &Section) -> Result<(), String> {
    same("kind", &"send", &written.kind.as_str())?;
    let query =
        if request.query.is_empty() { String::new() } else { format!("?{}", print_query(&request.query)) };
    same("line", &format!("{} {}{query}", request.method, request.path), &written.argument)?;
    let Some(body) = &request.body else { return same("body", &"", &written.body.as_str()) };
    let printed = print(request.format, body, &request.namespaces);
    match request.format {
        Format::Json => {
            let json =
                |text: &str| serde_json::from_str::<Value>(text).map_err(|error| format!("{error}: {text}"));
            same("body", &json(&printed)?, &json(&written.body)?)
        }
        _ => {
            let xml = |text: &str| decode(Format::Xml, text.as_bytes(), &Limits::default());
            same("body", &xml(&printed), &xml(&written.body))
        }
    }
}

fn compare_ending(step: &Result<Step, Fault>, written: &Section) -> Result<(), String> {
    let (kind, word, told) = ending(step);
    same("ending", &(kind, word.as_str()), &(written.kind.as_str(), written.argument.as_str()))
        .map_err(|why| format!("{why}\n  {step:?}"))?;
    let mut expected: Value = match written.body.as_str() {
        "" => json!({}),
        body => serde_json::from_str(body).unwrap(),
    };
    if kind == "fault" {
        adjust(&mut expected);
    }
    same("value", &told, &expected)
}

/// What the reference evaluator words differently: its reasons, and the place of a missing field of ours.
fn adjust(expected: &mut Value) {
    let Value::Object(fields) = expected else { return };
    let why = fields.remove("why").and_then(|why| why.as_str().map(str::to_owned)).unwrap_or_default();
    if fields.contains_key("where") && fields.get("where") == fields.get("exchange") {
        let pointer = why.split(':').next().unwrap_or("").to_owned();
        fields.insert("where".into(), pointer.into());
    }
    if let Some(unreadable) = fields.get_mut("unreadable") {
        *unreadable = true.into();
    }
    if fields.get("findings").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        fields.remove("findings");
    }
    for finding in fields.get_mut("findings").and_then(Value::as_array_mut).into_iter().flatten() {
        if fields_of(finding).is_some_and(|finding| !finding.contains_key("agency_field")) {
            finding.as_object_mut().unwrap().remove("message");
        }
    }
}

fn fields_of(value: &Value) -> Option<&Map<String, Value>> {
    value.as_object()
}

/// A step as a talk writes it: section, word, value.
pub fn ending(step: &Result<Step, Fault>) -> (&'static str, String, Value) {
    match step {
        Ok(Step::Send(request)) => ("send", request.exchange.clone(), json!({})),
        Ok(Step::Done(outcome)) => ("outcome", outcome.word().to_owned(), outcome_value(outcome)),
        Err(Fault::NotAdmitted { exchange, renew: true, .. }) => ("renew", exchange.clone(), json!({})),
        Err(fault) => ("fault", fault.code().to_owned(), fault_value(fault)),
    }
}

fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let given = fields.into_iter().filter_map(|(name, value)| value.map(|value| (name.to_owned(), value)));
    Value::Object(given.collect())
}

fn text(text: &Option<String>) -> Option<Value> {
    text.clone().map(Value::String)
}

fn outcome_value(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Found(value) | Outcome::Completed { value, .. } => value.clone(),
        Outcome::Absent => json!({}),
        Outcome::Page(page) => json!({ "items": page.received, "cursor": page.cursor, "more": page.more }),
        Outcome::Accepted { references, .. } => Value::Object(
            references.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect(),
        ),
        Outcome::Pending { state, look_again_s } => {
            object([("state", text(state)), ("look_again_s", look_again_s.map(Value::from))])
        }
        Outcome::Supplement { wanted, until } => {
            object([("wanted", Some(wanted.clone().into())), ("until", text(until))])
        }
        Outcome::Declined { reason, code } => {
            object([("reason", Some(reason.clone().into())), ("code", text(code))])
        }
    }
}

fn fault_value(fault: &Fault) -> Value {
    match fault {
        Fault::Malformed(reason) | Fault::Uncertain(reason) => reason_value(reason),
        Fault::Rejected { code, findings, sent, .. } => {
            let finding = |finding: &adapter_api::Finding| {
                object([
                    ("agency_field", text(&finding.agency_field)),
                    ("message", text(&finding.operator_text)),
                    ("pointer", text(&finding.pointer)),
                ])
            };
            let findings: Vec<Value> = findings.iter().map(finding).collect();
            object([
                ("code", text(code)),
                ("findings", (!findings.is_empty()).then_some(Value::Array(findings))),
                ("sent", (!sent).then_some(false.into())),
            ])
        }
        _ => json!({}),
    }
}

fn reason_value(reason: &Reason) -> Value {
    if reason.why.starts_with("a status alone") || reason.why.starts_with("a rule says") {
        return json!({});
    }
    let unreadable = reason.why.starts_with("unreadable").then_some(true.into());
    object([("exchange", text(&reason.exchange)), ("where", text(&reason.at)), ("unreadable", unreadable)])
}

fn hear(adapter: &Declarative, first: &Section, sections: &[Section]) -> Result<usize, String> {
    let given: Value = serde_json::from_str(&first.body).unwrap();
    let name = first.argument.split_once('.').unwrap().1;
    let format = adapter.agency().inbound.get(name).unwrap().format;
    let mut messages = sections.iter().filter(|section| section.kind == "message");
    let message = messages.next().ok_or("no message")?;
    let heard = Inbound {
        name: name.to_owned(),
        now: given.get("now").and_then(Value::as_str).unwrap_or_default().to_owned(),
        setting: given.get("setting").cloned().unwrap_or_else(|| json!({})),
        body: decode(format, message.body.as_bytes(), &Limits::default())
            .map_err(|error| error.to_string())?,
    };
    let received = adapter.receive(&heard).map_err(|fault| fault.to_string())?;
    let mut endings = 0;
    for section in sections {
        match section.kind.as_str() {
            "event" => {
                let same_keys: Vec<String> =
                    received.same.iter().map(|key| key.chars().take(24).collect()).collect();
                let told = json!({
                    "event": received.schema, "code": received.reference, "same": same_keys, "value": received.value
                });
                same("event", &received.event, &section.argument)?;
                same("event", &told, &serde_json::from_str(&section.body).unwrap())?;
                endings += 1;
            }
            "answer" => {
                let answer = match section.argument.as_str() {
                    "stored" => &received.answers.stored,
                    "unknown" => &received.answers.unknown,
                    _ => &received.answers.refused,
                };
                let printed: Value = serde_json::from_str(&print(Format::Json, answer, &[])).unwrap();
                same("answer", &printed, &serde_json::from_str(&section.body).unwrap())?;
            }
            _ => {}
        }
    }
    Ok(endings)
}
