use std::time::Duration;

use adapter_api::agency::{Credential, CredentialKind, Login, Seal};
use adapter_api::diagnostic::Place;
use adapter_api::wire::Format;
use adapter_api::{Call, Reply, Slot, Tree};
use engine::client::Purpose;
use engine::documents::{InMemory, Room};
use futures_util::future::join_all;
use tokio::time::Instant;

use super::*;
use crate::chance::SecureChance;
use party::{Answer, Authority, Party as FakeParty};

mod login;
mod party;

const NOW_MS: i64 = 1_754_964_000_123;

struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> String {
        crate::clock::vietnam_time(NOW_MS)
    }
    fn unix_ms(&self) -> i64 {
        NOW_MS
    }
}

fn nowhere() -> Place {
    Place::new(&"test".into(), 1)
}

fn manifest(
    credentials: &[(&str, CredentialKind)],
    seals: &[(&str, Seal)],
) -> Arc<adapter_api::agency::Agency> {
    Arc::new(adapter_api::agency::Agency {
        name: "agency".into(),
        place: nowhere(),
        through: Vec::new(),
        carrier_rules: Default::default(),
        credentials: credentials
            .iter()
            .map(|(name, kind)| ((*name).into(), Credential { place: nowhere(), kind: kind.clone() }))
            .collect(),
        settings: Default::default(),
        namespaces: Default::default(),
        seals: seals.iter().map(|(name, seal)| ((*name).into(), seal.clone())).collect(),
        operations: Default::default(),
        exchanges: Default::default(),
        inbound: Default::default(),
        shapes: Default::default(),
        tables: Default::default(),
    })
}

fn secrets(credential: &str, keys: &[(&str, &str)]) -> Secrets {
    let keys = keys.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    Secrets(BTreeMap::from([(credential.into(), keys)]))
}

fn settings(base_url: &str, manifest: Arc<adapter_api::agency::Agency>) -> AgencySettings {
    AgencySettings {
        manifest,
        carrier: DIRECT.into(),
        base_url: Some(base_url.into()),
        tls: Tls::default(),
        secrets: Secrets::default(),
        signature: Signature::default(),
        logins: BTreeMap::new(),
        reply_bytes_max: None,
        connect_timeout_ms: None,
        concurrency: None,
    }
}

fn built(settings: AgencySettings) -> Agencies {
    Agencies::build(BTreeMap::from([("agency".into(), settings)]), &BTreeMap::new(), Arc::new(FixedClock))
        .unwrap()
}

fn plain(party: &FakeParty) -> Agencies {
    built(settings(&party.url(), manifest(&[], &[])))
}

fn request(kind: Kind) -> WireRequest {
    WireRequest {
        exchange: "ask".into(),
        kind,
        method: "POST".into(),
        path: "/ask".into(),
        query: Vec::new(),
        headers: Vec::new(),
        format: Format::Json,
        reply_format: Format::Json,
        body: Some(Tree::Object(vec![("a".into(), Tree::Number("1".into()))])),
        namespaces: Vec::new(),
        seal: None,
        credentials: Vec::new(),
        documents: Vec::new(),
    }
}

fn call() -> Call {
    let nothing = || serde_json::json!({});
    Call {
        operation: "ask".into(),
        id: "call".into(),
        now: crate::clock::vietnam_time(NOW_MS),
        reference: None,
        purpose: nothing(),
        setting: nothing(),
        query: nothing(),
        together: Vec::new(),
        cursor: None,
        page_size: None,
    }
}

async fn ask_within(agencies: &Agencies, request: &WireRequest, time: Duration) -> Result<Heard, Fault> {
    watched(agencies, request, time, &Arc::default()).await
}

async fn watched(
    agencies: &Agencies,
    request: &WireRequest,
    time: Duration,
    progress: &Arc<engine::ports::Progress>,
) -> Result<Heard, Fault> {
    let deadline = Instant::now() + time;
    agencies.exchange(Order { agency: "agency", call: &call(), request, deadline, progress }).await
}

/// Long enough never to decide a test.
const AMPLE: Duration = Duration::from_secs(60);
/// Short, where passing it is what is tested.
const SHORT: Duration = Duration::from_millis(100);

async fn ask(agencies: &Agencies, request: &WireRequest) -> Result<Heard, Fault> {
    ask_within(agencies, request, AMPLE).await
}

async fn renew(agencies: &Agencies, request: &WireRequest, admission: u64) -> Result<(), Fault> {
    let (deadline, progress) = (Instant::now() + AMPLE, &Arc::default());
    agencies.renew(Order { agency: "agency", call: &call(), request, deadline, progress }, admission).await
}

fn is_uncertain(result: Result<Heard, Fault>) -> bool {
    matches!(result, Err(Fault::Uncertain(_)))
}

#[tokio::test]
async fn a_reply_is_decoded_with_its_status_type_and_retry_after() {
    let party = FakeParty::plain(|_| {
        Answer::reply("503 Busy", "Content-Type: application/json\r\nRetry-After: 7\r\n", r#"{"ok":false}"#)
    });
    let mut request = request(Kind::Read);
    request.query = vec![("q".into(), Tree::Text("Nguyễn & Mẫu".into()))];
    let Heard { reply, admission } = ask(&plain(&party), &request).await.unwrap();
    assert_eq!((reply.status, reply.retry_after_s, admission), (503, Some(7), 0));
    assert_eq!(reply.content_type, "application/json");
    assert_eq!(reply.body, Ok(Tree::Object(vec![("ok".into(), Tree::Bool(false))])));
    let heard = party.heard();
    assert!(
        heard[0].starts_with("POST /ask?q=Nguy%E1%BB%85n%20%26%20M%E1%BA%ABu HTTP/1.1\r\n"),
        "{}",
        heard[0]
    );
    assert!(heard[0].ends_with("\r\n\r\n{\"a\":1}"));
    assert!(heard[0].contains("content-type: application/json\r\n"));
}

#[tokio::test]
async fn f6_no_connection_is_unreachable_and_names_who() {
    let closed = FakeParty::plain(|_| Answer::Close).closed();
    let agencies = built(settings(&closed, manifest(&[], &[])));
    for kind in [Kind::Read, Kind::Write] {
        let fault = ask(&agencies, &request(kind)).await.unwrap_err();
        assert_eq!(fault, Fault::Unreachable { party: Party::Agency });
    }
    let behind =
        AgencySettings { carrier: "lgsp".into(), base_url: None, ..settings("", manifest(&[], &[])) };
    let carrier = CarrierSettings { base_url: closed, ..CarrierSettings::default() };
    let carriers = BTreeMap::from([("lgsp".into(), carrier)]);
    let agencies =
        Agencies::build(BTreeMap::from([("agency".into(), behind)]), &carriers, Arc::new(FixedClock))
            .unwrap();
    assert_eq!(
        ask(&agencies, &request(Kind::Read)).await.unwrap_err(),
        Fault::Unreachable { party: Party::Carrier }
    );
    assert_eq!(agencies.probe("agency").await, Reach::Down { why: "no connection" });
    assert_eq!(agencies.probe("nobody").await, Reach::Down { why: "not configured" });
}

#[tokio::test]
async fn f6_silence_after_sending_is_uncertain_and_is_not_repeated() {
    let half = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"ok\":";
    let broken: [fn(&str) -> Answer; 4] = [
        |_| Answer::Close,
        |_| Answer::Reset,
        |_| Answer::Bytes("HTTP/1.1 200 OK\r\nContent-Ty".into()),
        |_| Answer::Bytes("this is not HTTP\r\n\r\n".into()),
    ];
    for answer in broken {
        let party = FakeParty::plain(answer);
        assert!(is_uncertain(ask(&plain(&party), &request(Kind::Read)).await));
        assert!(is_uncertain(ask(&plain(&party), &request(Kind::Write)).await));
        assert_eq!(party.connections(), 2);
    }
    let party = FakeParty::plain(move |_| Answer::Bytes(half.into()));
    assert!(is_uncertain(ask(&plain(&party), &request(Kind::Read)).await));
    assert!(is_uncertain(ask(&plain(&party), &request(Kind::Write)).await));
}

#[tokio::test]
async fn f6_an_answer_that_never_comes_ends_with_the_deadline() {
    let party = FakeParty::plain(|_| Answer::Silence);
    let agencies = plain(&party);
    let read = ask_within(&agencies, &request(Kind::Read), SHORT).await.unwrap_err();
    assert_eq!(read, Fault::DeadlineExceeded { waiting_for: Waiting::Agency });
    assert!(is_uncertain(ask_within(&agencies, &request(Kind::Write), SHORT).await));
    let dripping = FakeParty::plain(|_| {
        Answer::BytesThenSilence("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".into())
    });
    let read = ask_within(&plain(&dripping), &request(Kind::Read), SHORT).await.unwrap_err();
    assert_eq!(read, Fault::DeadlineExceeded { waiting_for: Waiting::Agency });
}

#[tokio::test]
async fn a_reply_that_is_too_long_is_cut_off() {
    let party = FakeParty::plain(|_| Answer::ok(&format!("\"{}\"", "x".repeat(1_000))));
    let limit = |bytes| {
        let settings = settings(&party.url(), manifest(&[], &[]));
        built(AgencySettings { reply_bytes_max: Some(bytes), ..settings })
    };
    let fault = ask(&limit(1_001), &request(Kind::Read)).await.unwrap_err();
    assert!(matches!(&fault, Fault::Malformed(reason) if reason.why == "longer than 1001 bytes"), "{fault}");
    assert!(is_uncertain(ask(&limit(1_001), &request(Kind::Write)).await));
    assert!(ask(&limit(1_002), &request(Kind::Read)).await.unwrap().reply.body.is_ok());
    let endless = FakeParty::plain(|_| Answer::Endless);
    assert!(matches!(ask(&plain(&endless), &request(Kind::Read)).await, Err(Fault::Malformed(_))));
}

#[tokio::test]
async fn t13_a_redirect_is_an_answer_and_is_not_followed() {
    let elsewhere = FakeParty::plain(|_| Answer::ok("{}"));
    let location = format!("Location: {}/other\r\n", elsewhere.url());
    let party = FakeParty::plain(move |_| Answer::reply("302 Found", &location, ""));
    assert_eq!(ask(&plain(&party), &request(Kind::Read)).await.unwrap().reply.status, 302);
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn t13_a_path_cannot_lead_away() {
    let party = FakeParty::plain(|_| Answer::ok("{}"));
    let agencies = plain(&party);
    for path in ["@evil.example/", ".evil.example/", "0/ask", "/ask#part", ""] {
        let fault =
            ask(&agencies, &WireRequest { path: path.into(), ..request(Kind::Read) }).await.unwrap_err();
        assert!(matches!(fault, Fault::AdapterFailed { .. }), "{path}: {fault}");
    }
    assert_eq!(party.connections(), 0);
    for base in ["ftp://a", "http://user@a", "http://a/?b", "nonsense", ""] {
        let settings = settings(base, manifest(&[], &[]));
        let agencies = BTreeMap::from([("agency".into(), settings)]);
        assert!(Agencies::build(agencies, &BTreeMap::new(), Arc::new(FixedClock)).is_err(), "{base}");
    }
}

#[tokio::test]
async fn reads_keep_their_connection_and_writes_never_do() {
    let party = FakeParty::plain(|_| Answer::ok("{}"));
    let agencies = plain(&party);
    for _ in 0..3 {
        ask(&agencies, &request(Kind::Read)).await.unwrap();
    }
    assert_eq!(party.connections(), 1);
    for _ in 0..3 {
        ask(&agencies, &request(Kind::Write)).await.unwrap();
    }
    assert_eq!(party.connections(), 4);
}

#[tokio::test]
async fn secrets_and_seals_are_filled_and_an_open_slot_never_leaves() {
    let party = FakeParty::plain(|_| Answer::ok("{}"));
    let names = vec!["user".into(), "checksum".into(), "unset".into()];
    let seal = |algorithm: &str| Seal {
        place: nowhere(),
        algorithm: algorithm.into(),
        fields: vec!["a".into(), "gone".into(), "u".into()],
        join: "|".into(),
        secret: "checksum".into(),
        field: "mac".into(),
    };
    let seals = [("plain", seal("sha256-hex")), ("keyed", seal("hmac-sha256-hex"))];
    let manifest = manifest(&[("key", CredentialKind::Secrets { names })], &seals);
    let settings = settings(&party.url(), manifest);
    let agencies = built(AgencySettings {
        secrets: secrets("key", &[("user", "mẫu"), ("checksum", "s3")]),
        ..settings
    });
    let slot = |slot: Slot| Tree::Slot(slot);
    let body = |last: (String, Tree)| {
        let user = slot(Slot::Secret("user".into()));
        Some(Tree::Object(vec![("a".into(), Tree::Number("1".into())), ("u".into(), user), last]))
    };
    let sealed = WireRequest {
        body: body(("z".into(), Tree::Null)),
        seal: Some("plain".into()),
        ..request(Kind::Write)
    };
    ask(&agencies, &sealed).await.unwrap();
    let keyed = body(("m".into(), slot(Slot::Seal("keyed".into()))));
    ask(&agencies, &WireRequest { body: keyed, ..request(Kind::Write) }).await.unwrap();
    let heard = party.heard();
    // printf '1||mẫu|s3' | sha256sum
    let expected = "e1172ddd8b6fc0e2ab3b39f5e245cb511076e463aab7d5db597dee41ad4051e4";
    assert!(
        heard[0].ends_with(&format!(r#"{{"a":1,"u":"mẫu","z":null,"mac":"{expected}"}}"#)),
        "{}",
        heard[0]
    );
    // printf '1||mẫu' | openssl dgst -sha256 -hmac s3
    let expected = "f1be192fa44698aa6e9165a0b7558f8e90d479556f95fda78a5d987c0701f173";
    assert!(heard[1].ends_with(&format!(r#"{{"a":1,"u":"mẫu","m":"{expected}"}}"#)), "{}", heard[1]);
    for open in [
        Slot::Secret("unset".into()),
        Slot::Secret("checksum2".into()),
        Slot::Seal("no".into()),
        Slot::Document("d".into()),
    ] {
        let body = body(("x".into(), slot(open)));
        let fault = ask(&agencies, &WireRequest { body, ..request(Kind::Read) }).await.unwrap_err();
        assert!(matches!(fault, Fault::AdapterFailed { .. }), "{fault}");
    }
    assert_eq!(party.heard().len(), 2);
}

#[tokio::test]
async fn the_c06_signature_is_the_one_computed_by_hand() {
    let party = FakeParty::plain(|_| Answer::reply("200 OK", "Content-Type: text/xml\r\n", "<a/>"));
    let keys = [
        ("user", "mau"),
        ("secret_key", "s3cret"),
        ("api_key", "key-1"),
        ("x_road_client", "VN/GOV/H56/mau"),
    ];
    let base = settings(&party.url(), manifest(&[("signature", CredentialKind::C06Signature)], &[]));
    let known = Signature { url_base: Some("https://c06.example/dichvu/".into()), ..Signature::default() };
    let agencies =
        built(AgencySettings { secrets: secrets("signature", &keys), signature: known, ..base.clone() });
    let soap = WireRequest { format: Format::Soap11, reply_format: Format::Xml, ..request(Kind::Read) };
    ask(&agencies, &soap).await.unwrap();
    let order = ["secret_key", "timestamp", "user", "url"].map(String::from).to_vec();
    let other =
        Signature { digest: order, milliseconds: false, url_base: Some("https://c06.example".into()) };
    let agencies = built(AgencySettings { secrets: secrets("signature", &keys), signature: other, ..base });
    ask(&agencies, &soap).await.unwrap();
    let heard = party.heard();
    for line in [
        "timestamp: 1754964000123\r\n",
        "authorization: Basic bWF1OjA4Njc4ODVmMzcyYzA1ZmRmZGNjMmRlY2UwNDIxNGFhZDIwMmU5ZTcyNzE0YTczZGE4NWI2OTA4NGI3ZTA4N2U=\r\n",
        "x-road-client: VN/GOV/H56/mau\r\n",
        "apikey: key-1\r\n",
        "soapaction: \"\"\r\n",
        "content-type: text/xml; charset=utf-8\r\n",
    ] {
        assert!(heard[0].contains(line), "{line} {}", heard[0]);
    }
    for line in [
        "timestamp: 1754964000\r\n",
        "authorization: Basic bWF1OjdjMTRhYjY0MmM2NWQ2NWU3NTdlOGFjYTk1NWRlZjFiZjNjMzY3OGUyNjBhNmJjZGUyYzYzNzQ3MzcwYzM2ZjY=\r\n",
    ] {
        assert!(heard[1].contains(line), "{line} {}", heard[1]);
    }
}

fn lgsp(party: &FakeParty, access_key: bool) -> Agencies {
    let behind = AgencySettings {
        carrier: "lgsp".into(),
        base_url: None,
        ..settings("", manifest(&[("token", CredentialKind::LgspToken { access_key })], &[]))
    };
    let keys = [
        ("consumer_key", "ck"),
        ("consumer_secret", "cs"),
        ("access_key", "ak"),
        ("secret_key", "sk"),
        ("app_name", "Một cửa mẫu"),
    ];
    let carrier = CarrierSettings {
        base_url: party.url(),
        secrets: secrets("token", &keys),
        ..CarrierSettings::default()
    };
    let carriers = BTreeMap::from([("lgsp".into(), carrier)]);
    let agencies = BTreeMap::from([("agency".into(), behind.clone()), ("neighbour".into(), behind)]);
    Agencies::build(agencies, &carriers, Arc::new(FixedClock)).unwrap()
}

/// Gives `token-1`, `token-2` …, each living for so long.
fn token_party(expires_in: u64) -> FakeParty {
    let given = AtomicU64::new(0);
    FakeParty::plain(move |heard| match heard.starts_with("POST /token ") {
        true => {
            let number = given.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
            Answer::ok(&format!(
                r#"{{"access_token":"token-{number}","token_type":"Bearer","expires_in":{expires_in}}}"#
            ))
        }
        false => Answer::ok("{}"),
    })
}

fn token_calls(party: &FakeParty) -> usize {
    party.heard().iter().filter(|heard| heard.starts_with("POST /token ")).count()
}

#[tokio::test]
async fn a_hundred_calls_at_once_share_one_login_even_across_agencies() {
    let party = token_party(3_600);
    let agencies = lgsp(&party, true);
    let request = request(Kind::Read);
    let (call, deadline, progress) = (call(), Instant::now() + AMPLE, Arc::default());
    let asked = (0..100).map(|number| {
        let agency = if number % 2 == 0 { "agency" } else { "neighbour" };
        agencies.exchange(Order { agency, call: &call, request: &request, deadline, progress: &progress })
    });
    let heard = join_all(asked).await;
    assert!(heard.iter().all(|heard| heard.as_ref().is_ok_and(|heard| heard.admission == 1)));
    assert_eq!(token_calls(&party), 1);
    let all = party.heard();
    let login = all.iter().find(|heard| heard.starts_with("POST /token ")).unwrap();
    // printf 'ck:cs' | base64
    assert!(login.contains("authorization: Basic Y2s6Y3M=\r\n"), "{login}");
    assert!(login.contains("content-type: application/x-www-form-urlencoded\r\n"));
    assert!(login.ends_with("\r\n\r\ngrant_type=client_credentials"), "{login}");
    // printf '{"AccessKey":"ak","SecretKey":"sk","AppName":"Một cửa mẫu"}' | base64 -w0
    let access = "lgspaccesstoken: eyJBY2Nlc3NLZXkiOiJhayIsIlNlY3JldEtleSI6InNrIiwiQXBwTmFtZSI6Ik3hu5l0IGPhu61hIG3huqt1In0=\r\n";
    assert!(all.iter().all(|heard| heard.contains(access)), "{login}");
    assert_eq!(all.iter().filter(|heard| heard.contains("authorization: Bearer token-1\r\n")).count(), 100);
}

#[tokio::test]
async fn an_agency_with_secrets_of_its_own_logs_in_where_its_carrier_does() {
    let party = FakeParty::plain(|_| Answer::ok(r#"{"access_token":"a","expires_in":3600}"#));
    let own = secrets("token", &[("access_key", "ak"), ("secret_key", "sk"), ("app_name", "an")]);
    let token = CredentialKind::LgspToken { access_key: true };
    let behind = AgencySettings {
        carrier: "lgsp".into(),
        base_url: None,
        secrets: own,
        ..settings("", manifest(&[("token", token)], &[]))
    };
    let carrier = CarrierSettings {
        base_url: party.url(),
        secrets: secrets("token", &[("consumer_key", "ck"), ("consumer_secret", "cs")]),
        token_path: Some("/oauth2/token".into()),
        ..CarrierSettings::default()
    };
    let carriers = BTreeMap::from([("lgsp".into(), carrier)]);
    let agencies = BTreeMap::from([("agency".into(), behind)]);
    let agencies = Agencies::build(agencies, &carriers, Arc::new(FixedClock)).unwrap();
    ask(&agencies, &request(Kind::Read)).await.unwrap();
    assert!(party.heard()[0].starts_with("POST /oauth2/token "), "{}", party.heard()[0]);
}

#[tokio::test]
async fn those_refused_with_one_login_renew_it_once() {
    let party = token_party(3_600);
    let agencies = lgsp(&party, false);
    let request = request(Kind::Read);
    assert_eq!(ask(&agencies, &request).await.unwrap().admission, 1);
    let renewed = join_all((0..20).map(|_| renew(&agencies, &request, 1))).await;
    assert!(renewed.iter().all(Result::is_ok));
    assert_eq!(token_calls(&party), 2);
    assert_eq!(ask(&agencies, &request).await.unwrap().admission, 2);
    // A late refusal of the old login does not cost the new one.
    renew(&agencies, &request, 1).await.unwrap();
    assert_eq!(token_calls(&party), 2);
    assert!(party.heard().iter().all(|heard| !heard.contains("lgspaccesstoken")));
}

#[tokio::test]
async fn a_token_is_renewed_before_its_end() {
    let party = token_party(0);
    let agencies = lgsp(&party, false);
    for number in 1..=3 {
        assert_eq!(ask(&agencies, &request(Kind::Read)).await.unwrap().admission, number);
    }
    assert_eq!(token_calls(&party), 3);
}

#[tokio::test]
async fn a_login_that_fails_is_the_carriers_fault_and_nothing_is_sent() {
    let party = Party::Carrier;
    let exchange = || "ask".to_owned();
    let cases: [(Answer, Fault); 6] = [
        (Answer::reply("401 No", "", "{}"), Fault::NotAdmitted { exchange: exchange(), renew: false, party }),
        (
            Answer::reply("503 Busy", "Retry-After: 5\r\n", ""),
            Fault::Unavailable { party, retry_after_s: Some(5) },
        ),
        (Answer::reply("429 Slow", "", ""), Fault::Overloaded { party, retry_after_s: None }),
        (Answer::Close, Fault::Unreachable { party }),
        (Answer::ok("<html>"), malformed("token reply is not JSON")),
        (Answer::ok(r#"{"access_token":""}"#), malformed("token reply without access_token")),
    ];
    for (answer, fault) in cases {
        let carrier = FakeParty::plain(move |_| answer.clone());
        for kind in [Kind::Read, Kind::Write] {
            assert_eq!(ask(&lgsp(&carrier, false), &request(kind)).await.unwrap_err(), fault);
        }
        assert_eq!(token_calls(&carrier), carrier.heard().len());
    }
    let silent = FakeParty::plain(|_| Answer::Silence);
    let fault = ask_within(&lgsp(&silent, false), &request(Kind::Write), SHORT).await.unwrap_err();
    assert_eq!(fault, Fault::DeadlineExceeded { waiting_for: Waiting::Carrier });
}

#[tokio::test]
async fn logins_are_told_to_whoever_keeps_the_quota_even_when_they_fail() {
    let carrier = FakeParty::plain(|heard| match heard.starts_with("POST /token ") {
        true => Answer::ok(r#"{"access_token":"a","expires_in":3600}"#),
        false => Answer::ok("{}"),
    });
    let agencies = lgsp(&carrier, false);
    let progress = Arc::new(engine::ports::Progress::default());
    for _ in 0..3 {
        watched(&agencies, &request(Kind::Read), AMPLE, &progress).await.unwrap();
    }
    assert_eq!((progress.take_logins(Party::Carrier), progress.take_logins(Party::Agency)), (1, 0));
    let silent = FakeParty::plain(|_| Answer::Silence);
    watched(&lgsp(&silent, false), &request(Kind::Read), SHORT, &progress).await.unwrap_err();
    assert_eq!(progress.take_logins(Party::Carrier), 1, "it has left, though nobody waits any more");
}

fn malformed(why: &str) -> Fault {
    Fault::Malformed(adapter_api::Reason { why: why.into(), by: Some(Party::Carrier), ..Default::default() })
}

#[tokio::test]
async fn a_failed_login_is_shared_by_all_who_waited_and_then_tried_again() {
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let gate = std::sync::Mutex::new(gate);
    let carrier = FakeParty::plain(move |heard| match heard.starts_with("POST /token ") {
        true => {
            gate.lock().unwrap().recv().unwrap();
            Answer::reply("500 Broken", "", "")
        }
        false => Answer::ok("{}"),
    });
    let agencies = lgsp(&carrier, false);
    let request = request(Kind::Read);
    let waiting = join_all((0..50).map(|_| ask(&agencies, &request)));
    let opening = async {
        carrier.wait_for(1).await;
        open.send(()).unwrap();
    };
    let (faults, ()) = tokio::join!(waiting, opening);
    assert!(
        faults.iter().all(|fault| matches!(fault, Err(Fault::Unavailable { party: Party::Carrier, .. })))
    );
    assert_eq!(token_calls(&carrier), 1);
    open.send(()).unwrap();
    assert!(ask(&agencies, &request).await.is_err());
    assert_eq!(token_calls(&carrier), 2);
}

#[tokio::test]
async fn a_password_login_is_refreshed_and_a_refresh_token_is_shown_once() {
    let party = FakeParty::plain(|heard| match heard.rsplit("\r\n\r\n").next() {
        Some("grant_type=password&username=mau&password=p%40ss") => {
            Answer::ok(r#"{"access_token":"first","refresh_token":"once","expires_in":"0"}"#)
        }
        Some("grant_type=refresh_token&refresh_token=once") => {
            Answer::ok(r#"{"access_token":"second","expires_in":3600}"#)
        }
        _ => Answer::ok("{}"),
    });
    let login = Login { path: Some("/login".into()), refresh: true, ..Login::default() };
    let kind = CredentialKind::OauthPassword { header: Some("access_token".into()), login };
    let settings = settings(&party.url(), manifest(&[("token", kind)], &[]));
    let secrets = secrets("token", &[("user", "mau"), ("password", "p@ss")]);
    let agencies = built(AgencySettings { secrets, ..settings });
    for _ in 0..3 {
        ask(&agencies, &request(Kind::Read)).await.unwrap();
    }
    let heard = party.heard();
    assert_eq!(heard.iter().filter(|heard| heard.starts_with("POST /login ")).count(), 2);
    assert!(heard[1].contains("access_token: first\r\n"));
    assert!(heard[3].contains("access_token: second\r\n") && heard[4].contains("access_token: second\r\n"));
}

#[tokio::test]
async fn keys_passwords_and_missing_ones() {
    let party = FakeParty::plain(|_| Answer::ok("{}"));
    let key = CredentialKind::ApiKey { header: "SecurityCode".into() };
    let with = |kind: CredentialKind, keys: &[(&str, &str)]| {
        let settings = settings(&party.url(), manifest(&[("one", kind)], &[]));
        built(AgencySettings { secrets: secrets("one", keys), ..settings })
    };
    ask(&with(key.clone(), &[("key", "k-1")]), &request(Kind::Read)).await.unwrap();
    let basic = [("user", "mau"), ("password", "thu")];
    ask(&with(CredentialKind::Basic, &basic), &request(Kind::Read)).await.unwrap();
    // printf 'mau:thu' | base64
    assert!(party.heard()[0].contains("securitycode: k-1\r\n"));
    assert!(party.heard()[1].contains("authorization: Basic bWF1OnRodQ==\r\n"));
    let login = CredentialKind::SessionLogin { exchange: "login".into(), lasts_s: None };
    for kind in [key, CredentialKind::Basic, CredentialKind::C06Signature, login] {
        let fault = ask(&with(kind, &[]), &request(Kind::Read)).await.unwrap_err();
        assert!(
            matches!(&fault, Fault::AdapterFailed { place } if place.contains("credentials.one")),
            "{fault}"
        );
    }
    assert_eq!(party.heard().len(), 2);
}

const PDF: &str = "JVBERi0xLjQKJSBiaWVuIGxhaSBtYXUsIGtob25nIGNvIGdpYSB0cmkKJSVFT0YK";

#[tokio::test]
async fn documents_are_stored_before_anybody_sees_the_reply() {
    let told = format!(r#"{{"value":[{{"tep":"{PDF}"}},{{"tep":""}},{{"khac":"AAAA"}}]}}"#);
    let party = FakeParty::plain(move |_| Answer::ok(&told));
    let request = WireRequest { documents: vec!["value.tep?".into()], ..request(Kind::Read) };
    let room = Room { bytes_max: 1_000, document_bytes_max: 1_000, kept_for: Duration::from_secs(60) };
    let store = Arc::new(InMemory::new(room, Arc::new(SecureChance)));
    let storing = plain(&party).storing(store.clone());
    let Reply { body, text, .. } = ask(&storing, &request).await.unwrap().reply;
    assert_eq!(text, "", "the beginning of the body is the beginning of the document");
    let rows = format!("{body:?}");
    assert!(rows.contains("JVBERi0x") && !rows.contains("JVBERi0xL"), "{rows}");
    let Ok(Tree::Object(members)) = body else { panic!("{rows}") };
    let Tree::List(rows) = &members[0].1 else { panic!("no list") };
    let Tree::Object(row) = &rows[0] else { panic!("no row") };
    let Tree::Slot(Slot::Lifted(lifted)) = &row[0].1 else { panic!("not lifted") };
    let stored = lifted.stored.clone().unwrap();
    assert_eq!((stored.size, stored.media_type), (48, "application/pdf"));
    assert_eq!(store.get(&stored.id, "desk", &Purpose::default()), None, "nobody's before an answer left");
}

#[tokio::test]
async fn a_document_that_breaks_off_makes_its_reply_senseless() {
    // printf '%%PDF-1.4 half of it' | base64
    let party = FakeParty::plain(|_| Answer::ok(r#"{"tep":"JVBERi0xLjQgaGFsZiBvZiBpdA=="}"#));
    let request = WireRequest { documents: vec!["tep".into()], ..request(Kind::Read) };
    let room = Room { bytes_max: 1_000, document_bytes_max: 1_000, kept_for: Duration::from_secs(60) };
    let storing = plain(&party).storing(Arc::new(InMemory::new(room, Arc::new(SecureChance))));
    let fault = ask(&storing, &request).await.unwrap_err();
    assert!(
        matches!(&fault, Fault::Malformed(reason) if reason.why == "a document that breaks off"),
        "{fault}"
    );
}

#[tokio::test]
async fn t12_the_agency_and_we_must_both_show_the_right_certificate() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let folder = tempfile::tempdir().unwrap();
    let party = FakeParty::mutual_tls(&ours, |_| Answer::ok("{}"));
    let with = |ca: &Authority, client: Option<&Authority>| {
        let file = |name: &str, text: String| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            Some(path)
        };
        let pair = client.map(|client| client.issue("mot-cua-mau"));
        let tls = Tls {
            ca: file("ca.pem", ca.pem()),
            certificate: pair.as_ref().and_then(|(certificate, _)| file("client.pem", certificate.clone())),
            key: pair.as_ref().and_then(|(_, key)| file("client.key", key.clone())),
        };
        built(AgencySettings {
            tls,
            ..settings(&party.url(), manifest(&[("tls", CredentialKind::Mtls)], &[]))
        })
    };
    let admitted = with(&ours, Some(&ours));
    assert_eq!(ask(&admitted, &request(Kind::Write)).await.unwrap().reply.status, 200);
    assert_eq!(admitted.probe("agency").await, Reach::Up);
    let not_admitted = Fault::NotAdmitted { exchange: "ask".into(), renew: false, party: Party::Agency };
    for client in [None, Some(&theirs)] {
        for kind in [Kind::Read, Kind::Write] {
            assert_eq!(ask(&with(&ours, client), &request(kind)).await.unwrap_err(), not_admitted);
        }
    }
    let stranger = with(&theirs, Some(&ours));
    let fault = ask(&stranger, &request(Kind::Write)).await.unwrap_err();
    assert_eq!(fault, Fault::Unreachable { party: Party::Agency });
    assert_eq!(stranger.probe("agency").await, Reach::Down { why: "TLS handshake failed" });
    assert_eq!(party.heard().len(), 1);
}
