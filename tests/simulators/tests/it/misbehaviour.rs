//! Every misbehaviour of every party, seen from the client's side of the wire.

use std::collections::BTreeSet;
use std::io::{Read, Write};

use serde_json::{Value, json};
use simulators::{Misbehaviour, Module, Party, Simulators, Times};

use crate::client::{civil_call, http, now_ms, ours, query, signed, start, token, token_call};

use Misbehaviour as M;

mod later;

/// What a client can see of one exchange.
#[derive(Debug)]
struct Seen {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: Vec<u8>,
}

impl Seen {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The rows or the state of civil status.
    fn value(&self) -> Value {
        self.json()["value"].clone()
    }
}

async fn see(request: reqwest::RequestBuilder) -> Result<Seen, reqwest::Error> {
    let reply = request.send().await?;
    let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
    let body = reply.bytes().await?.to_vec();
    Ok(Seen { status, headers, body })
}

/// One operation of one party, asked about somebody the register knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    LookUp,
    Verify,
    Household,
    State,
    Record,
    Token,
    Number,
    Insured,
    InsuredHome,
    Company,
    Taxpayer,
    Notice,
    PostToken,
    Feed,
    Quote,
    View,
    List,
    VnptFile,
    Login,
    Search,
    File,
}

use Question as Q;

impl Question {
    fn party(self) -> Party {
        match self {
            Q::LookUp | Q::Verify | Q::Household => Party::Residence,
            Q::State | Q::Record => Party::CivilStatus,
            Q::Token => Party::Lgsp,
            _ => later::party(self),
        }
    }

    fn operation(self) -> &'static str {
        match self {
            Q::LookUp => "TraCuuThongTinCongDan",
            Q::Verify => "XacThucThongTinCongDan",
            Q::Household => "CungCapThongTinHoGiaDinh",
            Q::State => "traTrangThaiHoSo",
            Q::Record => "traDanhSachHoSo",
            Q::Token => "token",
            _ => later::operation(self),
        }
    }

    async fn request(self, sims: &Simulators) -> reqwest::RequestBuilder {
        let client = if self.party() == Party::Residence { ours(sims) } else { http() };
        let entry = sims.register().registration_of(sims.register().sample(), Module::Birth).unwrap();
        match self {
            Q::Token => token_call(sims, &client),
            Q::State | Q::Record => {
                let token = token(sims, &client).await;
                let body = if self == Q::State {
                    json!({ "maDonVi": entry.unit.parse::<u64>().unwrap(), "maHoSo": entry.dossier })
                } else {
                    json!({ "maTinh": entry.province, "module": "KS", "dsMaHoSo": [entry.dossier] })
                };
                civil_call(sims, &client, self.operation(), &token, &body)
            }
            Q::LookUp | Q::Verify | Q::Household => {
                let request = signed(sims, &client, self.operation(), &now_ms().to_string());
                request.body(query(self.operation(), sims.register().sample()))
            }
            _ => later::request(self, sims).await,
        }
    }
}

fn grip(sims: &Simulators, party: Party) -> &simulators::Handle {
    sims.parties().into_iter().find(|handle| handle.party() == party).unwrap()
}

const QUESTIONS: [Question; 21] = [
    Q::LookUp,
    Q::Verify,
    Q::Household,
    Q::State,
    Q::Record,
    Q::Token,
    Q::Number,
    Q::Insured,
    Q::InsuredHome,
    Q::Company,
    Q::Taxpayer,
    Q::Notice,
    Q::PostToken,
    Q::Feed,
    Q::Quote,
    Q::View,
    Q::List,
    Q::VnptFile,
    Q::Login,
    Q::Search,
    Q::File,
];

/// Those of which the waiting or the door needs a test of its own.
fn apart(kind: &M) -> bool {
    matches!(
        kind,
        M::Hang
            | M::SlowDrip { .. }
            | M::Refuse
            | M::WrongServerCertificate
            | M::CloseAtAccept
            | M::Delay { .. }
    )
}

#[tokio::test]
async fn each_kind_shows_on_each_question_and_passes() {
    let sims = start();
    let mut shown = 0;
    for question in QUESTIONS {
        let handle = grip(&sims, question.party());
        let right = see(question.request(&sims).await).await.unwrap();
        for kind in M::all().into_iter().filter(|kind| !apart(kind)) {
            if handle.misbehave_on(question.operation(), kind.clone(), Times::Once).is_err() {
                continue;
            }
            let seen = see(question.request(&sims).await).await;
            shows(question, &kind, &seen, &right);
            let after = see(question.request(&sims).await).await.unwrap();
            assert_eq!(after.status, 200, "{question:?} after {}", kind.name());
            assert_eq!(handle.counts().misbehaved.values().sum::<u64>(), 1);
            handle.forget_counts();
            shown += 1;
        }
    }
    assert!(shown > 480, "{shown}");
    assert_eq!(sims.elsewhere().counts().requests, 0);
}

/// Asserts that the effect is the one promised.
#[track_caller]
fn shows(question: Question, kind: &M, seen: &Result<Seen, reqwest::Error>, right: &Seen) {
    // Of ten megabytes the beginning is enough; to escape them all takes longer than to send them.
    let begin = |seen: &Seen| seen.text().chars().take(2_000).collect::<String>();
    let what = format!("{question:?} {} {:?}", kind.name(), seen.as_ref().map(begin));
    if matches!(kind, M::Reset | M::ZeroBytes | M::HalfAnswer | M::Garbage) {
        assert!(seen.is_err(), "{what}");
        return;
    }
    assert!(seen.is_ok(), "{what}");
    let seen = seen.as_ref().unwrap();
    let text = seen.text();
    let as_expected = match kind {
        M::TruncatedBody => seen.status == 200 && seen.body.len().abs_diff(right.body.len() / 2) < 3,
        M::HtmlPage => seen.status == 200 && text.starts_with("<!DOCTYPE html>"),
        M::ServerError { status } => {
            seen.status == *status && !text.contains("value") && !text.contains("Envelope")
        }
        M::WrongCharset => seen.body.starts_with(&[0xFF, 0xFE]) && labelled_utf8(seen),
        M::InvalidUtf8 => String::from_utf8(seen.body.clone()).is_err(),
        M::DeepNesting => text.matches("<sau>").count().max(text.matches('[').count()) == 100_000,
        M::Oversize => {
            seen.body.len() == 10 * 1024 * 1024 && text.trim_end().len().abs_diff(right.body.len()) < 10
        }
        M::EmptyBody => seen.status == 200 && seen.body.is_empty(),
        M::Bom => seen.body.starts_with(b"\xEF\xBB\xBF") && seen.body.len().abs_diff(right.body.len()) < 10,
        M::OtherFormat => text.starts_with('<') != right.text().starts_with('<'),
        M::MaintenanceWindow => seen.status == 503 && seen.headers.contains_key("retry-after"),
        M::TooManyRequests => seen.status == 429 && seen.headers.contains_key("retry-after"),
        M::Redirect => {
            seen.status == 302 && seen.headers["location"].to_str().unwrap().ends_with("/elsewhere")
        }
        M::ExpiredToken if matches!(question.party(), Party::Postal | Party::EReceiptViettel) => {
            seen.status == 401 && text.contains("hết hạn")
        }
        M::ExpiredToken => seen.status == 401 && seen.json()["fault"]["code"] == 900_904,
        _ if question.party() == Party::Residence => residence_shows(question, kind, seen, right),
        _ if question == Q::Token => token_shows(kind, seen),
        _ if question.party() == Party::CivilStatus => civil_shows(question, kind, seen, right),
        _ => later::shows(question, kind, seen, right),
    };
    assert!(as_expected, "{what}");
}

fn labelled_utf8(seen: &Seen) -> bool {
    let label = seen.headers["content-type"].to_str().unwrap();
    label.contains("utf-8")
}

fn residence_shows(question: Question, kind: &M, seen: &Seen, right: &Seen) -> bool {
    let (text, right) = (seen.text(), right.text());
    let verify = question == Q::Verify;
    let own = text.contains("038090000001");
    match kind {
        M::SignatureRefused => seen.status == 500 && text.contains("<faultcode>001<"),
        M::Busy => seen.status == 500 && text.contains("<faultcode>005<"),
        M::OkWithError => seen.status == 200 && text.contains("<S:Fault>"),
        M::WrongNamespace => text == right.replace("dancu/1.0", "dancu/9.9"),
        M::SchemaDrift => {
            text == right.replace("ns1:HoVaTen>", "ns1:HoTenDayDu>").replace(":TonTai>", ":CoTonTai>")
        }
        M::MissingField if verify => !text.contains("TonTai"),
        M::MissingField => own && !text.contains("NgayThangNamSinh"),
        M::WrongType => text.contains("<ns1:GiaTri>"),
        M::UnknownState => text.contains(if verify { ">khong-ro<" } else { "<ns1:GioiTinh>77<" }),
        M::WrongPerson => seen.status == 200 && !own && text.contains("<ns1:HoVaTen>"),
        M::TwoPeople if verify => text.matches("<ns1:TonTai>").count() == 2,
        M::TwoPeople => {
            own && text.matches("<ns1:CongDan>").count() + text.matches("<ns1:HoGiaDinh>").count() == 2
        }
        M::Doctype => text.contains("<!DOCTYPE bomb [") && text.contains("&a9;"),
        M::DuplicateKeys => text.len() > right.len() && text.contains(">000000000000<"),
        _ => false,
    }
}

fn token_shows(kind: &M, seen: &Seen) -> bool {
    let token = &seen.json()["access_token"];
    match kind {
        M::SchemaDrift => token.is_null() && seen.json()["accessToken"].is_string(),
        M::MissingField => token.is_null() && seen.json()["expires_in"].is_number(),
        M::WrongType => token.is_array(),
        M::DuplicateKeys => seen.text().matches("\"access_token\":").count() == 2,
        _ => false,
    }
}

fn civil_shows(question: Question, kind: &M, seen: &Seen, right: &Seen) -> bool {
    let (value, right) = (seen.value(), right.value());
    let code = || seen.json()["errorCode"].to_string().replace('"', "");
    match (kind, question) {
        (M::SignatureRefused, _) => seen.status == 200 && code() == "100",
        (M::IpDisallowed, _) => seen.status == 200 && code() == "101",
        (M::OkWithError, _) => seen.status == 200 && code() == "500",
        (M::DuplicateKeys, _) => seen.text().matches("\"status\":").count() == 2,
        (M::SchemaDrift, Q::State) => {
            value["trangThai"].is_null() && value["tinhTrang"] == right["trangThai"]
        }
        (M::SchemaDrift, _) => value[0]["data"].is_null() && value[0]["duLieu"] == right[0]["data"],
        (M::MissingField, Q::State) => value["trangThai"].is_null() && value["maHoSo"] == right["maHoSo"],
        (M::MissingField, _) => value[0]["data"].is_null() && value[0]["id"] == right[0]["id"],
        (M::WrongType, Q::State) => value["trangThai"].is_object(),
        (M::WrongType, _) => value[0]["data"].is_number(),
        (M::UnknownState, Q::State) => value["trangThai"] == 77,
        (M::WrongPerson, Q::State) => value["maHoSo"].is_string() && value["maHoSo"] != right["maHoSo"],
        (M::WrongPerson, _) => value.as_array().unwrap().len() == 1 && value[0]["id"] != right[0]["id"],
        (M::TwoPeople, _) => value.as_array().unwrap().len() == 2,
        (M::Doctype, Q::Record) => value[0]["data"].as_str().unwrap().starts_with("<!DOCTYPE bomb ["),
        _ => false,
    }
}

#[test]
fn every_kind_has_a_name_two_sentences_and_a_party() {
    let all = [M::all(), M::of_writes()].concat();
    let names: BTreeSet<_> = all.iter().map(M::name).collect();
    // `server-error` stands there with four statuses.
    assert_eq!(names.len() + 3, all.len());
    let sentences: BTreeSet<_> = all.iter().map(M::describe).collect();
    assert_eq!(sentences.len(), names.len());
    for kind in &all {
        assert!(kind.name().chars().all(|letter| letter.is_ascii_lowercase() || "-8".contains(letter)));
        assert!(QUESTIONS.iter().any(|question| kind.applies_to(question.party())));
    }
}

#[tokio::test]
async fn what_cannot_be_played_is_not_taken() {
    let sims = start();
    assert!(sims.lgsp().misbehave(M::WrongPerson, Times::Once).is_err());
    assert!(sims.residence().misbehave(M::IpDisallowed, Times::Once).is_err());
    assert!(sims.residence().misbehave_on("XacThucThongTinCongDan", M::WrongPerson, Times::Once).is_err());
    assert!(sims.residence().misbehave_on("TraCuuThongTinCongDan", M::Refuse, Times::Once).is_err());
    assert!(sims.civil_status().misbehave_on("traCuuSoHoTich", M::UnknownState, Times::Once).is_err());
    assert!(sims.postal().misbehave(M::WrongPerson, Times::Once).is_err());
    assert!(sims.postal().misbehave_on("token", M::ExpiredToken, Times::Once).is_err());
    assert!(sims.e_receipt_viettel().misbehave_on("login", M::UnknownState, Times::Once).is_err());
    assert!(sims.e_receipt_vnpt().misbehave(M::ExpiredToken, Times::Once).is_err());
    assert!(sims.social_insurance().misbehave(M::CloseAtAccept, Times::Once).is_err());
    assert!(sims.tax().misbehave_on("traCuuNNT", M::Doctype, Times::Once).is_err());
    assert!(sims.elsewhere().misbehave(M::Reset, Times::Once).is_err());
}

#[tokio::test]
async fn orders_are_played_in_turn_and_as_often_as_told() {
    let sims = start();
    let handle = sims.residence();
    handle.misbehave(M::EmptyBody, Times::Times(2)).unwrap();
    handle.misbehave_on("XacThucThongTinCongDan", M::HtmlPage, Times::Always).unwrap();
    handle.misbehave(M::ServerError { status: 504 }, Times::Once).unwrap();
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let seen = see(Q::LookUp.request(&sims).await).await.unwrap();
        statuses.push((seen.status, seen.body.is_empty()));
    }
    assert_eq!(statuses, [(200, true), (200, true), (504, false), (200, false)]);
    for _ in 0..2 {
        assert!(see(Q::Verify.request(&sims).await).await.unwrap().text().starts_with("<!DOCTYPE html>"));
    }
    handle.behave().unwrap();
    assert!(see(Q::Verify.request(&sims).await).await.unwrap().text().contains("Envelope"));
}

#[tokio::test]
async fn a_shut_port_refuses_and_opens_again_and_old_connections_are_gone() {
    let sims = start();
    for question in [Q::LookUp, Q::Token, Q::PostToken, Q::View, Q::Login] {
        let handle = grip(&sims, question.party());
        let (kept, request) = question.request(&sims).await.build_split();
        let request = request.unwrap();
        let again = || request.try_clone().unwrap();
        assert_eq!(kept.execute(again()).await.unwrap().status(), 200);
        handle.misbehave(M::Refuse, Times::Always).unwrap();
        // The client may not have noticed yet that its kept connection is closed; no request passes there.
        assert!(kept.execute(again()).await.is_err());
        assert!(see(question.request(&sims).await).await.unwrap_err().is_connect());
        let address = handle.base_url().rsplit('/').next().unwrap();
        let refused = std::net::TcpStream::connect(address).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        assert_eq!(handle.counts().requests, 1);
        handle.behave().unwrap();
        assert_eq!(kept.execute(again()).await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn a_connection_closed_at_accept_gives_no_answer() {
    let sims = start();
    for question in [Q::LookUp, Q::Token, Q::PostToken, Q::View, Q::Login] {
        grip(&sims, question.party()).misbehave(M::CloseAtAccept, Times::Once).unwrap();
        assert!(see(question.request(&sims).await).await.is_err());
        assert_eq!(see(question.request(&sims).await).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn the_certificate_of_another_authority_is_shown_once() {
    let sims = start();
    sims.residence().misbehave(M::WrongServerCertificate, Times::Once).unwrap();
    let error = see(Q::LookUp.request(&sims).await).await.unwrap_err();
    assert!(error.is_connect() && format!("{error:?}").contains("UnknownIssuer"), "{error:?}");
    assert_eq!(see(Q::LookUp.request(&sims).await).await.unwrap().status, 200);
    assert_eq!(sims.residence().counts().failed_handshakes, 1);
}

#[tokio::test]
async fn who_hangs_is_counted_in_flight_until_released() {
    let sims = start();
    for question in QUESTIONS {
        let handle = grip(&sims, question.party());
        handle.misbehave_on(question.operation(), M::Hang, Times::Once).unwrap();
        let request = question.request(&sims).await;
        // A login before it is counted until its last byte is out, which may be after it was read.
        while handle.counts().in_flight > 0 {
            tokio::task::yield_now().await;
        }
        handle.forget_counts();
        let waiting = async {
            handle.until_asked(1).await;
            assert_eq!(handle.counts().in_flight, 1);
            handle.release();
        };
        let (seen, ()) = tokio::join!(see(request), waiting);
        assert_eq!(seen.unwrap().status, 200, "{question:?}");
    }
}

#[tokio::test]
async fn a_delay_comes_before_the_answer() {
    let sims = start();
    sims.residence().misbehave(M::Delay { ms: 60 }, Times::Once).unwrap();
    let request = Q::Verify.request(&sims).await;
    let begun = std::time::Instant::now();
    assert_eq!(see(request).await.unwrap().status, 200);
    assert!(begun.elapsed() >= std::time::Duration::from_millis(60));
}

/// Sends a token call over a bare socket.
fn raw_token_call(sims: &Simulators) -> std::net::TcpStream {
    let address = sims.lgsp().base_url().trim_start_matches("http://").to_owned();
    let credentials = sims.credentials();
    let basic = crate::client::basic(&credentials.consumer_key, &credentials.consumer_secret);
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /token HTTP/1.1\r\nHost: x\r\nAuthorization: {basic}\r\nTransfer-Encoding: chunked\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(b"b\r\ngrant_type=\r\n12\r\nclient_credentials\r\n0\r\n\r\n").unwrap();
    stream
}

/// Everything that came, and how it ended.
fn all_bytes(mut stream: std::net::TcpStream) -> (Vec<u8>, Result<(), std::io::ErrorKind>) {
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes);
    (bytes, end.map(drop).map_err(|error| error.kind()))
}

#[test]
fn the_bytes_on_the_wire_are_as_told() {
    let sims = start();
    let ordered = |kind: M| {
        sims.lgsp().misbehave(kind, Times::Once).unwrap();
        all_bytes(raw_token_call(&sims))
    };
    assert_eq!(ordered(M::Reset), (vec![], Err(std::io::ErrorKind::ConnectionReset)));
    assert_eq!(ordered(M::ZeroBytes), (vec![], Ok(())));
    sims.lgsp().misbehave(M::CloseAtAccept, Times::Once).unwrap();
    let stream = std::net::TcpStream::connect(sims.lgsp().base_url().trim_start_matches("http://")).unwrap();
    assert_eq!(all_bytes(stream), (vec![], Err(std::io::ErrorKind::ConnectionReset)));
    let (bytes, end) = ordered(M::Garbage);
    assert!(!bytes.starts_with(b"HTTP") && !bytes.is_empty() && end.is_ok());
    let (bytes, end) = ordered(M::HalfAnswer);
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let length = head.split("Content-Length: ").nth(1).unwrap().split("\r\n").next().unwrap();
    assert!(end.is_ok() && body.len() == length.parse::<usize>().unwrap() / 2, "{text}");
}

#[test]
fn a_drip_is_slow_but_whole() {
    let sims = start();
    sims.lgsp().misbehave(M::SlowDrip { bytes_per_s: 2_000 }, Times::Once).unwrap();
    let mut stream = raw_token_call(&sims);
    let mut first = [0; 4096];
    let begun = std::time::Instant::now();
    let early = stream.read(&mut first).unwrap();
    let (rest, end) = all_bytes(stream);
    // Each byte waits half a millisecond, so the whole cannot have come faster than this.
    assert!(begun.elapsed() >= std::time::Duration::from_micros(500) * u32::try_from(rest.len()).unwrap());
    assert!(early < early + rest.len() && end.is_ok());
    assert!(String::from_utf8([&first[..early], &rest].concat()).unwrap().contains("access_token"));
}

#[test]
fn what_is_no_http_is_refused() {
    let sims = start();
    let address = sims.lgsp().base_url().trim_start_matches("http://").to_owned();
    for wrong in [
        "GET /token\r\n\r\n",
        "POST /token HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /token HTTP/1.1\r\nContent-Length: viel\r\n\r\n",
    ] {
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        stream.write_all(wrong.as_bytes()).unwrap();
        assert!(all_bytes(stream).0.starts_with(b"HTTP/1.1 400 "), "{wrong}");
    }
    assert_eq!(sims.lgsp().counts().refusals["malformed-http"], 3);
}
