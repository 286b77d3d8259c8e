//! What the examples do not exercise: feeds, holes, seals, subjects, blame, limits, and mappings that would never end.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use adapter_api::agency::{Folder, parse};
use adapter_api::codec::{Limits, read_reply};
use adapter_api::declarative::{Declarative, RuleOwner, Side};
use adapter_api::diagnostic::{Severity, Source};
use adapter_api::schema::{Property, Scalar, Schemas, ServiceShape, Shape};
use adapter_api::tree::{Slot, Tree};
use adapter_api::wire::Format;
use adapter_api::{Adapter, Blame, Call, Exchange, Fault, Inbound, Outcome, Party, Reply, Step, WireRequest};
use serde_json::{Value, json};

const LGSP: &str = r#"
rules = [
  { when = { "$reply.status" = [502, 503] }, then = "unavailable" },
  { when = { "$reply.status" = 429, "$reply.text" = { contains = "quota" } }, then = "overloaded" },
]
"#;

const TABLES: &str = r#"
[ethnicity]
descriptive = "demo-ethnicity"
Kinh = "01"
"#;

fn text(name: &str, required: bool) -> Property {
    Property { name: name.into(), required, shape: Shape::Scalar(Scalar::Text), class: None }
}

fn schemas() -> Arc<Schemas> {
    let row = Shape::Object(vec![text("id", true), text("state", false)]);
    let items =
        Property { name: "items".into(), required: true, shape: Shape::List(Box::new(row)), class: None };
    let person = Shape::Object(vec![
        text("personal_id", false),
        text("full_name", true),
        Property { name: "ethnicity".into(), required: false, shape: described(), class: None },
    ]);
    let services = [
        ("demo.person", ServiceShape { query: Shape::Any, answer: person }),
        (
            "demo.changes",
            ServiceShape { query: Shape::Any, answer: Shape::Object(vec![items, text("cursor", false)]) },
        ),
        ("demo.any", ServiceShape { query: Shape::Any, answer: Shape::Any }),
    ];
    let services: BTreeMap<String, ServiceShape> =
        services.into_iter().map(|(name, shapes)| (name.to_owned(), shapes)).collect();
    Arc::new(Schemas { services, ..Schemas::default() })
}

fn described() -> Shape {
    Shape::Object(vec![text("system", true), text("code", true), text("title", true)])
}

fn adapter(toml: &str) -> Declarative {
    let source = |name: &str, text: &str| Source { name: Arc::from(name), text: text.to_owned() };
    let folder = Folder {
        name: "demo".into(),
        files: vec![source("adapter.toml", toml), source("tables.toml", TABLES)],
        carriers: vec![("lgsp".into(), source("lgsp.toml", LGSP))],
    };
    let (agency, findings) = parse(&folder);
    let errors: Vec<String> =
        findings.iter().filter(|one| one.severity == Severity::Error).map(ToString::to_string).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    Declarative::new(Arc::new(agency.unwrap()), schemas())
}

fn call(operation: &str, query: Value) -> Call {
    Call {
        operation: operation.into(),
        id: "7d0c2c1e-0000-4000-8000-000000000001".into(),
        now: "2025-08-12T09:00:00+07:00".into(),
        reference: Some("H56.14-250812-0035".into()),
        purpose: json!({ "officer": "cb01" }),
        setting: json!({ "province": "38" }),
        query,
        together: Vec::new(),
        cursor: None,
        page_size: None,
    }
}

fn json_reply(status: u16, body: &str) -> Reply {
    read_reply(Format::Json, status, "application/json", body.as_bytes(), &Limits::default())
}

fn said(name: &str, reply: Reply) -> Vec<Exchange> {
    vec![Exchange { name: name.into(), reply }]
}

fn request(adapter: &Declarative, call: &Call) -> WireRequest {
    match adapter.next(call, &[]) {
        Ok(Step::Send(request)) => *request,
        other => panic!("{other:?}"),
    }
}

/// How one exchange's reply ends.
fn ends(adapter: &Declarative, call: &Call, name: &str, reply: Reply) -> Result<Outcome, Fault> {
    match adapter.next(call, &said(name, reply)) {
        Ok(Step::Done(outcome)) => Ok(outcome),
        Ok(Step::Send(request)) => panic!("sends {}", request.exchange),
        Err(fault) => Err(fault),
    }
}

const PERSON: &str = r#"
agency = "demo"
through = ["lgsp"]
[credentials.token]
kind = "lgsp-token"
[operation.person]
service = "demo.person"
exchanges = ["person"]
subject = ["personal_id", "full_name"]
[exchange.person]
send = "GET /people/{id}/card"
format = "json"
kind = "read"
rules = [
  { when = { name = { empty = false } }, then = "found" },
  { when = { people = { exists = true, empty = true } }, then = "absent" },
  { when = { "$reply.status" = 418 }, then = "rejected", blame = "gateway" },
  { when = { message = { contains = "hết phiên" } }, then = "renew" },
]
[person.send.url]
id = "personal_id"
[person.send.headers]
X-Officer = "$purpose.officer"
[person.send.query]
tag = { each = "tags?", item = "." }
[person.found]
personal_id = "id?"
full_name = "name"
ethnicity = { path = "ethnicity?", table = "ethnicity" }
"#;

/// A null where a list was is no empty list: after silence the difference is whether a write is sent again.
#[test]
fn a_list_is_there_if_it_is_empty_and_not_if_it_is_null() {
    let text =
        PERSON.replace("people = { exists = true, empty = true }", "people = { list = true, empty = true }");
    let adapter = adapter(&text);
    let asked = call("person", json!({ "personal_id": "1" }));
    let says = |body: &str| ends(&adapter, &asked, "person", json_reply(200, body));
    assert!(matches!(says(r#"{"people":[]}"#), Ok(Outcome::Absent)));
    for none in [r#"{"people":null}"#, r#"{"people":""}"#, r#"{"people":{}}"#, "{}", r#"{"people":[1]}"#] {
        assert!(matches!(says(none), Err(Fault::Malformed(_))), "{none}");
    }
}

#[test]
fn fills_the_holes_of_a_path_without_opening_it() {
    let adapter = adapter(PERSON);
    let sent = request(&adapter, &call("person", json!({ "personal_id": "a/b ?ệ", "tags": ["x", "y"] })));
    assert_eq!(sent.path, "/people/a%2Fb%20%3F%E1%BB%87/card");
    let tag = |text: &str| ("tag".to_owned(), Tree::Text(text.into()));
    assert_eq!(sent.query, [tag("x"), tag("y")]);
    assert_eq!(sent.headers, [("X-Officer".to_owned(), Tree::Text("cb01".into()))]);
    assert_eq!((sent.body, sent.credentials), (None, vec!["token".to_owned()]));
    for climbing in ["..", "."] {
        let refused = adapter.next(&call("person", json!({ "personal_id": climbing })), &[]);
        assert!(matches!(refused, Err(Fault::Rejected { sent: false, .. })), "{refused:?}");
    }
    let mut breaking = call("person", json!({ "personal_id": "1" }));
    breaking.purpose = json!({ "officer": "cb01\r\nX-Other: 1" });
    assert!(matches!(adapter.next(&breaking, &[]), Err(Fault::Rejected { sent: false, .. })));
}

#[test]
fn refuses_another_subject_than_the_one_asked() {
    let adapter = adapter(PERSON);
    let asked = call("person", json!({ "personal_id": "038042000001", "full_name": "Nguyễn Văn Mẫu" }));
    let end = |body: &str| ends(&adapter, &asked, "person", json_reply(200, body));
    let found = end(r#"{"id":"038042000001","name":"NGUYỄN  VĂN MẪU","ethnicity":"01"}"#);
    let ethnicity = json!({ "system": "demo-ethnicity", "code": "01", "title": "Kinh" });
    let expected =
        json!({ "personal_id": "038042000001", "full_name": "NGUYỄN  VĂN MẪU", "ethnicity": ethnicity });
    assert_eq!(found, Ok(Outcome::Found(expected)));
    for (other, at) in [
        (r#"{"id":"038042000002","name":"Nguyễn Văn Mẫu"}"#, "personal_id"),
        (r#"{"id":"038042000001","name":"Trần Thị Thử"}"#, "full_name"),
        (r#"{"name":"Nguyễn Văn Mẫu"}"#, "personal_id"),
    ] {
        let Err(Fault::Malformed(reason)) = end(other) else { panic!("{other}") };
        assert_eq!(reason.at.as_deref(), Some(at));
        assert!(!reason.to_string().contains("0380"), "no value in a fault: {reason}");
    }
}

#[test]
fn keeps_an_unknown_code_of_a_descriptive_list() {
    let adapter = adapter(PERSON);
    let end = ends(
        &adapter,
        &call("person", json!({})),
        "person",
        json_reply(200, r#"{"name":"A","ethnicity":77}"#),
    );
    let Ok(Outcome::Found(value)) = end else { panic!("{end:?}") };
    assert_eq!(value["ethnicity"], json!({ "system": "demo-ethnicity", "code": "77", "title": null }));
}

#[test]
fn lays_each_fault_at_the_right_door() {
    let adapter = adapter(PERSON);
    let asked = call("person", json!({}));
    let end = |reply: Reply| ends(&adapter, &asked, "person", reply).unwrap_err();
    let waiting = Reply { retry_after_s: Some(30), ..json_reply(503, "") };
    assert_eq!(end(waiting), Fault::Unavailable { party: Party::Carrier, retry_after_s: Some(30) });
    assert_eq!(
        end(json_reply(429, "Quota exceeded")),
        Fault::Overloaded { party: Party::Carrier, retry_after_s: None }
    );
    assert!(matches!(end(json_reply(418, "{}")), Fault::Rejected { blame: Blame::Gateway, sent: true, .. }));
    let renewed = end(json_reply(200, r#"{"message":"Hết phiên không rõ"}"#));
    assert_eq!(renewed, Fault::NotAdmitted { exchange: "person".into(), renew: true, party: Party::Agency });
    let Fault::Malformed(reason) = end(json_reply(200, "<html>")) else { panic!() };
    assert!(reason.why.starts_with("unreadable"), "{reason}");
    let Fault::Malformed(reason) = end(json_reply(200, r#"{"other":1}"#)) else { panic!() };
    assert_eq!(reason.why, "no rule holds");
    let carriers = Reply { from: Party::Carrier, ..json_reply(200, r#"{"other":1}"#) };
    assert_eq!(end(carriers).blame(), Blame::Carrier);
}

#[test]
fn tells_which_rules_decided() {
    let adapter = adapter(PERSON);
    let trace = |reply| adapter.trace(&call("person", json!({})), &said("person", reply));
    let hit = |trace: &adapter_api::declarative::Trace| {
        let last = trace.rules.last().unwrap();
        (last.owner.clone(), last.index, last.place.file.to_string())
    };
    let of_carrier = trace(json_reply(503, ""));
    assert_eq!(hit(&of_carrier), (RuleOwner::Carrier("lgsp".into()), 0, "lgsp.toml".to_owned()));
    let own = trace(json_reply(200, r#"{"people":[]}"#));
    assert_eq!(hit(&own), (RuleOwner::Exchange("person".into()), 1, "adapter.toml".to_owned()));
    assert_eq!(own.exchange.as_deref(), Some("person"));
    assert!(trace(json_reply(200, r#"{"message":"hết phiên"}"#)).known_by_text);
}

#[test]
fn a_sentence_in_a_good_reply_is_no_carriers_fault() {
    let adapter = adapter(PERSON);
    let end =
        ends(&adapter, &call("person", json!({})), "person", json_reply(200, r#"{"name":"Quota 503"}"#));
    assert!(matches!(end, Ok(Outcome::Found(_))), "{end:?}");
}

const WRITE: &str = r#"
agency = "demo"
through = ["lgsp"]
[credentials.account]
kind = "secrets"
names = ["user", "key"]
[credentials.session]
kind = "session-login"
exchange = "login"
[settings]
province = "code"
[namespaces]
d = "urn:demo"
[seal.sum]
algorithm = "sha256-hex"
fields = ["id"]
join = "|"
secret = "key"
field = "check.sum"
[operation.send]
service = "demo.any"
exchanges = ["push", "confirm"]
repeat = "never"
settle_for = "1h"
[exchange.login]
send = "POST /login"
format = "json"
kind = "read"
rules = [{ when = { session = { empty = false } }, then = "completed" }]
[login.send.body]
user = { secret = "user" }
[login.completed]
session = "session"
[exchange.push]
send = "POST /push"
format = "json"
kind = "write"
absent = "empty"
seal = "sum"
credentials = ["session"]
rules = [
  { when = { code = 1 }, then = "already-received" },
  { when = { code = 2 }, go = "confirm" },
  { when = { code = 3, errors = { exists = true } }, then = "rejected" },
  { when = { code = 4 }, then = "pending" },
  { when = { code = 5 }, then = "malformed" },
  { when = { "$reply.status" = 202 }, then = "accepted" },
]
[push.send.body]
id = "$call.reference"
where = { province = "$setting.province", note = "note?", "@kept" = "note?" }
rows = { each = "rows", item = { number = "$position", born = { path = "born", date = "dd/MM/yyyy" } } }
frame = { path = "$frame", encode = ["xml", "base64"] }
[push.send.let.frame."d:Frame"]
"@version" = { const = "1" }
Name = "name"
[push.already-received]
their_number = "number"
[push.rejected]
code = "code"
findings = { each = "errors", item = { agency_field = "field", message = "text?" } }
[push.pending]
look_again_s = "wait"
[exchange.confirm]
send = "POST /confirm"
format = "json"
kind = "write"
rules = [{ when = { code = 0 }, then = "completed" }]
[confirm.send.body]
ticket = "$push.ticket"
other = "other?"
[confirm.completed]
ticket = "$push.ticket"
"#;

fn write_query() -> Value {
    json!({ "name": "Nguyễn Văn Mẫu", "rows": [{ "born": "1942-03-15" }, { "born": "1950-01-02" }] })
}

#[test]
fn draws_slots_encodings_and_seals() {
    let sent = request(&adapter(WRITE), &call("send", write_query()));
    let text = |text: &str| Tree::Text(text.to_owned());
    let object = |fields: Vec<(&str, Tree)>| {
        Tree::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    };
    let row = |number: &str, born: &str| {
        object(vec![("number", Tree::Number(number.to_owned())), ("born", text(born))])
    };
    let frame =
        object(vec![("d:Frame", object(vec![("@version", text("1")), ("Name", text("Nguyễn Văn Mẫu"))]))]);
    let codings = vec![adapter_api::tree::Coding::Xml, adapter_api::tree::Coding::Base64];
    let expected = object(vec![
        ("id", text("H56.14-250812-0035")),
        ("where", object(vec![("province", text("38")), ("note", text(""))])),
        ("rows", Tree::List(vec![row("1", "15/03/1942"), row("2", "02/01/1950")])),
        ("frame", Tree::Encoded { codings, inner: Box::new(frame) }),
        ("check", object(vec![("sum", Tree::Slot(Slot::Seal("sum".into())))])),
    ]);
    assert_eq!(sent.body, Some(expected));
    assert_eq!(sent.namespaces, [("d".to_owned(), "urn:demo".to_owned())]);
    assert_eq!((sent.seal.as_deref(), sent.credentials), (Some("sum"), vec!["session".to_owned()]));
}

#[test]
fn points_at_the_callers_own_row() {
    let adapter = adapter(WRITE);
    let mut query = write_query();
    query["rows"][1]["born"] = json!("1950");
    let Err(Fault::Rejected { findings, sent: false, blame, .. }) = adapter.next(&call("send", query), &[])
    else {
        panic!()
    };
    assert_eq!(findings.first().unwrap().pointer.as_deref(), Some("/query/rows/1/born"));
    assert_eq!(findings.first().unwrap().code.as_deref(), Some("cannot-be-said"));
    assert_eq!(blame, Blame::Caller);
    let mut unset = call("send", write_query());
    unset.setting = json!({});
    let Err(Fault::AdapterFailed { place }) = adapter.next(&unset, &[]) else { panic!() };
    assert_eq!(place, "push: $setting.province: not there");
}

#[test]
fn a_write_that_is_not_understood_is_uncertain() {
    let adapter = adapter(WRITE);
    let asked = call("send", write_query());
    let end = |reply: Reply| ends(&adapter, &asked, "push", reply);
    for unclear in [
        json_reply(200, "{}"),
        json_reply(200, "<html>"),
        json_reply(503, "closed"),
        json_reply(202, "<html>"),
        json_reply(500, r#"{"code":1}"#),
        json_reply(200, r#"{"code":1}"#),
        json_reply(200, r#"{"code":4,"wait":"soon"}"#),
        json_reply(200, r#"{"code":[4,4],"wait":5}"#),
    ] {
        let ended = end(unclear);
        assert!(matches!(ended, Err(Fault::Uncertain(_))), "{ended:?}");
    }
    assert!(matches!(end(json_reply(200, r#"{"code":5}"#)), Err(Fault::Malformed(_))), "a rule may say so");
    let accepted = end(json_reply(200, r#"{"code":1,"number":"0007"}"#)).unwrap();
    let references = vec![
        ("their_number".to_owned(), "0007".to_owned()),
        ("reference".to_owned(), "H56.14-250812-0035".to_owned()),
    ];
    assert_eq!(accepted, Outcome::Accepted { references, already: true });
    let by_status = end(json_reply(202, "")).unwrap();
    assert_eq!(by_status.word(), "accepted");
    let pending = end(json_reply(200, r#"{"code":4,"wait":"060"}"#)).unwrap();
    assert_eq!(pending, Outcome::Pending { state: None, look_again_s: Some(60) });
}

#[test]
fn a_refused_field_leads_back_to_the_callers() {
    let adapter = adapter(WRITE);
    let body = r#"{"code":3,"errors":[{"field":"Name","text":"quá dài"},{"field":"born"},{"field":"id"}]}"#;
    let Err(Fault::Rejected { code, findings, .. }) =
        ends(&adapter, &call("send", write_query()), "push", json_reply(200, body))
    else {
        panic!()
    };
    assert_eq!(code.as_deref(), Some("3"));
    let pointers: Vec<Option<&str>> = findings.iter().map(|finding| finding.pointer.as_deref()).collect();
    assert_eq!(pointers, [Some("/query/name"), Some("/query/rows"), None]);
    assert_eq!(findings.first().unwrap().operator_text.as_deref(), Some("quá dài"));
}

#[test]
fn goes_forward_with_what_was_said() {
    let adapter = adapter(WRITE);
    let asked = call("send", write_query());
    let first = said("push", json_reply(200, r#"{"code":2,"ticket":"T-1"}"#));
    let trace = adapter.trace(&asked, &first);
    let Ok(Step::Send(next)) = trace.step else { panic!("{:?}", trace.step) };
    assert_eq!((next.exchange.as_str(), trace.rules.len()), ("confirm", 1));
    assert_eq!(next.credentials, ["account", "session"]);
    let mut both = first;
    both.extend(said("confirm", json_reply(200, r#"{"code":"0"}"#)));
    let trace = adapter.trace(&asked, &both);
    let completed = Outcome::Completed { value: json!({ "ticket": "T-1" }), partial: false };
    assert_eq!((trace.step, trace.rules.len()), (Ok(Step::Done(completed)), 2));
    let lost = said("push", json_reply(200, r#"{"code":2}"#));
    assert!(matches!(adapter.next(&asked, &lost), Err(Fault::Uncertain(_))), "the write was sent");
}

#[test]
fn a_login_runs_as_an_operation_of_its_own() {
    let adapter = adapter(WRITE);
    let asked = call("login", Value::Null);
    let sent = request(&adapter, &asked);
    assert_eq!(sent.credentials, ["account"], "not the session it is to give");
    let completed = ends(&adapter, &asked, "login", json_reply(200, r#"{"session":"S-1"}"#)).unwrap();
    assert_eq!(completed, Outcome::Completed { value: json!({ "session": "S-1" }), partial: false });
    assert!(matches!(adapter.next(&call("push", json!({})), &[]), Err(Fault::AdapterFailed { .. })));
}

const PAGES: &str = r#"
agency = "demo"
[operation.changes]
service = "demo.changes"
exchanges = ["changes"]
feed = { every_s = 60 }
[operation.all]
service = "demo.any"
exchanges = ["all"]
[exchange.changes]
send = "GET /changes"
format = "json"
kind = "read"
rules = [{ when = { rows = { exists = true } }, then = "page" }]
[exchange.changes.pages]
items = "rows"
cursor = "n"
size = 2
at_most = 9
same = ["n"]
[changes.send.query]
after = "$cursor?"
[changes.page]
items = { each = "$items", item = { id = "n", state = "state?" } }
[exchange.all]
send = "GET /all"
format = "json"
kind = "read"
rules = [{ when = { rows = { exists = true } }, then = "found" }]
[exchange.all.pages]
items = "rows"
cursor = "n"
size = 1
at_most = 2
same = ["n"]
[all.send.query]
page = "$page"
after = "$cursor?"
[all.found]
ids = { each = "$items", item = "n" }
"#;

#[test]
fn a_feed_gives_one_page_a_conversation() {
    let adapter = adapter(PAGES);
    let mut asked = call("changes", json!({}));
    asked.cursor = Some("7".into());
    assert_eq!(request(&adapter, &asked).query, [("after".to_owned(), Tree::Text("7".into()))]);
    let page = |body: &str| match ends(&adapter, &asked, "changes", json_reply(200, body)) {
        Ok(Outcome::Page(page)) => page,
        other => panic!("{other:?}"),
    };
    let full = page(r#"{"rows":[{"n":8,"state":"x"},{"n":9}]}"#);
    assert_eq!(full.received, [json!({"id":"8","state":"x","same":"8"}), json!({"id":"9","same":"9"})]);
    assert_eq!((full.cursor.as_deref(), full.more), (Some("9"), true));
    let last = page(r#"{"rows":[{"n":8}]}"#);
    assert_eq!((last.cursor.as_deref(), last.more), (Some("8"), false));
    let none = page(r#"{"rows":[]}"#);
    assert_eq!((none.cursor.as_deref(), none.more, none.received.len()), (Some("7"), false, 0));
    let odd = ends(&adapter, &asked, "changes", json_reply(200, r#"{"rows":[{"n":8,"state":["x"]}]}"#));
    assert!(matches!(odd, Err(Fault::Malformed(_))), "{odd:?}");
}

#[test]
fn pages_end_and_never_give_half_an_answer() {
    let adapter = adapter(PAGES);
    let asked = call("all", json!({}));
    let page = |rows: &str| Exchange {
        name: "all".into(),
        reply: json_reply(200, &format!(r#"{{"rows":{rows}}}"#)),
    };
    let Ok(Step::Send(second)) = adapter.next(&asked, &[page(r#"[{"n":1}]"#)]) else { panic!() };
    let query = [("page".to_owned(), Tree::Number("2".into())), ("after".to_owned(), Tree::Text("1".into()))];
    assert_eq!(second.query, query);
    let ended = |said: &[Exchange]| adapter.next(&asked, said);
    let found = Ok(Step::Done(Outcome::Found(json!({ "ids": ["1"] }))));
    assert_eq!(ended(&[page(r#"[{"n":1}]"#), page("[]")]).map(as_text), found.map(as_text));
    let unmoved = ended(&[page(r#"[{"n":1}]"#), page(r#"[{"n":1}]"#)]);
    assert!(matches!(unmoved, Ok(Step::Done(Outcome::Found(_)))), "the cursor did not move: {unmoved:?}");
    let Err(Fault::Malformed(reason)) = ended(&[page(r#"[{"n":1}]"#), page(r#"[{"n":2}]"#)]) else {
        panic!()
    };
    assert_eq!(reason.why, "more pages than at_most");
    let broken = Exchange { name: "all".into(), reply: json_reply(500, "") };
    assert!(
        matches!(ended(&[page(r#"[{"n":1}]"#), broken]), Err(Fault::Malformed(_))),
        "every page is judged"
    );
}

/// An answer of unknown shape keeps the wire's types; here only the rows matter.
fn as_text(step: Step) -> String {
    format!("{step:?}").replace("Number(1)", "String(\"1\")")
}

const XML: &str = r#"
agency = "demo"
[namespaces]
d = "urn:demo"
[operation.look]
service = "demo.any"
exchanges = ["look"]
[exchange.look]
send = "POST /look"
format = "soap"
kind = "read"
rules = [
  { when = { "d:Answer.Row" = { exists = true } }, then = "found" },
  { when = { "Plain.Row" = { empty = false } }, then = "found" },
  { when = { "d:Answer" = { exists = true }, "d:Answer.Row" = { empty = true } }, then = "absent" },
]
[look.found]
rows = { each = "d:Answer?.Row?", item = { kind = "@kind?", name = "Name?", other = "x:Name?" } }
plain = "Plain?.Row?"
"#;

#[test]
fn a_name_has_its_parents_namespace_unless_it_says_another() {
    let adapter = adapter(XML);
    let end = |body: &str| {
        let envelope = format!(
            r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><s:Body>{body}</s:Body></s:Envelope>"#
        );
        let reply = read_reply(Format::Soap11, 200, "text/xml", envelope.as_bytes(), &Limits::default());
        ends(&adapter, &call("look", json!({})), "look", reply)
    };
    let rows = r#"<Answer xmlns="urn:demo"><Row kind="k"><Name>A</Name></Row><Row><Name xmlns="urn:other">B</Name><Name xsi:nil="true">C</Name></Row></Answer>"#;
    assert_eq!(end(rows), Ok(Outcome::Found(json!({ "rows": [{ "kind": "k", "name": "A" }] }))));
    assert_eq!(end("<Plain><Row>7</Row></Plain>"), Ok(Outcome::Found(json!({ "rows": [], "plain": "7" }))));
    assert_eq!(end(r#"<Answer xmlns="urn:demo"/>"#), Ok(Outcome::Absent));
    for fault in [
        r#"<Answer xmlns="urn:other"><Row/></Answer>"#,
        r#"<d:Answer xmlns:d="urn:demo">text</d:Answer>"#,
        r#"<d:Answer xmlns:d="urn:demo"/><d:Answer xmlns:d="urn:demo"/>"#,
    ] {
        let ended = end(fault);
        assert!(matches!(ended, Err(Fault::Malformed(_))), "{fault}: {ended:?}");
    }
}

#[test]
fn mappings_that_would_never_end_end() {
    let head = r#"
agency = "demo"
[operation.go]
service = "demo.any"
exchanges = ["go"]
[exchange.go]
send = "POST /go"
format = "json"
kind = "read"
rules = [{ when = { code = 0 }, then = "found" }]
"#;
    let twice: String = (0..40)
        .map(|level| format!("[shape.s{level}]\na = {{ path = \".\", shape = \"s{0}\" }}\nb = {{ path = \".\", shape = \"s{0}\" }}\n", level + 1))
        .collect();
    let endless = [
        "[go.send.let]\na = \"$b\"\nb = \"$a\"\n[go.send.body]\nx = \"$a\"\n".to_owned(),
        "[go.send.body]\nx = { path = \".\", shape = \"s\" }\n[shape.s]\nx = { path = \".\", shape = \"s\" }\n".to_owned(),
        format!("[go.send.body]\nx = {{ path = \".\", shape = \"s0\" }}\n{twice}[shape.s40]\nx = {{ const = \"1\" }}\n"),
    ];
    for mapping in endless {
        let ended = adapter(&format!("{head}{mapping}")).next(&call("go", json!({ "a": 1 })), &[]);
        assert!(matches!(ended, Err(Fault::AdapterFailed { .. })), "{ended:?}");
    }
}

#[test]
fn lists_where_every_value_comes_from() {
    let lines = adapter(WRITE).lineage();
    let of = |side: Side, target: &str| {
        let line = lines.iter().find(|line| line.side == side && line.target == target).unwrap();
        (line.block.as_str(), line.source.as_str(), line.how.join(" "))
    };
    let born = of(Side::ToAgency, "rows[].born");
    assert_eq!(born, ("send.body", "rows[].born", "date=dd/MM/yyyy".to_owned()));
    assert_eq!(of(Side::ToAgency, "d:Frame.Name"), ("send.let.frame", "name", String::new()));
    assert_eq!(of(Side::FromAgency, "findings[].message"), ("rejected", "errors[].text", String::new()));
}

#[test]
fn refuses_a_message_without_reading_it() {
    let adapter = adapter(
        r#"
agency = "demo"
[settings]
partner = "code"
[inbound.news]
format = "json"
code = "id"
same = ["id"]
rules = [{ when = { kind = "x" }, then = "came" }]
[inbound.news.events]
came = "demo.came"
[news.came]
id = "id"
[news.answer.stored]
code = 0
id = "$message.id"
[news.answer.unknown]
code = 1
[news.answer.refused]
code = 9
partner = "$setting.partner"
"#,
    );
    let message = |body: Tree| Inbound {
        name: "news".into(),
        now: "2025-08-12T09:00:00+07:00".into(),
        setting: json!({ "partner": "H56" }),
        body,
    };
    let fields = |fields: &[(&str, &str)]| {
        Tree::Object(
            fields.iter().map(|(name, text)| ((*name).to_owned(), Tree::Text((*text).to_owned()))).collect(),
        )
    };
    let heard = adapter.hear(&message(fields(&[("kind", "x"), ("id", " 7 ")])));
    let received = heard.received.unwrap();
    assert_eq!((received.reference.as_str(), received.same), ("7", vec!["7".to_owned()]));
    assert_eq!(heard.rule.unwrap().owner, RuleOwner::Message("news".into()));
    let hostile = message(Tree::Text("not an object".into()));
    assert!(matches!(adapter.receive(&hostile), Err(Fault::Malformed(_))));
    assert!(matches!(adapter.receive(&message(fields(&[("kind", "y")]))), Err(Fault::Malformed(_))));
    let refused = adapter.refuse(&hostile).unwrap();
    let partner = ("partner".to_owned(), Tree::Text("H56".into()));
    assert_eq!(refused, Tree::Object(vec![("code".to_owned(), Tree::Number("9".into())), partner]));
}
