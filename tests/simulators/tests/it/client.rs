//! A client written from the interface document: C06 signatures over mutual TLS, LGSP tokens.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use simulators::{Born, Options, Person, Simulators};

pub struct World {
    pub sims: Simulators,
    pub _folder: tempfile::TempDir,
}

impl std::ops::Deref for World {
    type Target = Simulators;

    fn deref(&self) -> &Simulators {
        &self.sims
    }
}

pub fn start() -> World {
    let folder = tempfile::tempdir().unwrap();
    let sims = Simulators::start(Options::new(folder.path())).unwrap();
    World { sims, _folder: folder }
}

/// A client with our authority and, if wanted, a certificate.
pub fn https(sims: &Simulators, identity: Option<(&std::path::Path, &std::path::Path)>) -> reqwest::Client {
    let ca = reqwest::Certificate::from_pem(&std::fs::read(&sims.pki().ca).unwrap()).unwrap();
    let mut builder = reqwest::Client::builder().tls_certs_only([ca]).no_proxy();
    builder = builder.redirect(reqwest::redirect::Policy::none()).retry(reqwest::retry::never());
    if let Some((certificate, key)) = identity {
        let mut pem = std::fs::read(certificate).unwrap();
        pem.extend(std::fs::read(key).unwrap());
        builder = builder.identity(reqwest::Identity::from_pem(&pem).unwrap());
    }
    builder.build().unwrap()
}

pub fn ours(sims: &Simulators) -> reqwest::Client {
    https(sims, Some((&sims.pki().client, &sims.pki().client_key)))
}

pub fn sha256_hex(text: &str) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// A signed request, to be changed before it is sent.
pub fn signed(
    sims: &Simulators,
    client: &reqwest::Client,
    operation: &str,
    timestamp: &str,
) -> reqwest::RequestBuilder {
    let credentials = sims.credentials();
    let url = format!("{}/{operation}", sims.residence().base_url());
    let text = format!("{url}{}{timestamp}{}", credentials.user, credentials.secret_key);
    let basic = STANDARD.encode(format!("{}:{}", credentials.user, sha256_hex(&text)));
    client
        .post(url)
        .header("Timestamp", timestamp)
        .header("Authorization", format!("Basic {basic}"))
        .header("ApiKey", &credentials.api_key)
        .header("X-Road-Client", &credentials.x_road_client)
        .header("SOAPAction", "\"\"")
        .header("Content-Type", "application/xml")
}

pub fn envelope(operation: &str, inside: &str) -> String {
    format!(
        "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:dan=\"http://dancuquocgia.bca\"><soapenv:Body><dan:{operation}>{inside}</dan:{operation}>\
         </soapenv:Body></soapenv:Envelope>"
    )
}

pub fn born_xml(born: Born) -> String {
    match born {
        Born::Day(day) => format!("<dan:NgayThangNam>{}</dan:NgayThangNam>", day.compact()),
        Born::Month { year, .. } | Born::Year(year) => format!("<dan:Nam>{year}</dan:Nam>"),
    }
}

pub fn query(operation: &str, person: &Person) -> String {
    let code = match operation {
        "TraCuuThongTinCongDan" => "037",
        "XacThucThongTinCongDan" => "034",
        _ => "033",
    };
    let id = if person.id.is_empty() {
        format!("<dan:SoCMND>{}</dan:SoCMND>", person.old_id)
    } else {
        format!("<dan:SoDinhDanh>{}</dan:SoDinhDanh>", person.id)
    };
    let inside = format!(
        "<dan:MaYeuCau>6f1c2f0e-0000-4000-8000-000000000001</dan:MaYeuCau><dan:MaDVC>1.000656</dan:MaDVC>\
         <dan:MaTichHop>{code}</dan:MaTichHop><dan:MaCanBo>cb01</dan:MaCanBo>{id}<dan:HoVaTen>{}</dan:HoVaTen>\
         <dan:NgayThangNamSinh>{}</dan:NgayThangNamSinh>",
        person.name.full(),
        born_xml(person.born)
    );
    envelope(operation, &inside)
}

/// Asks with any body; status and text of the answer.
pub async fn ask_with(
    sims: &Simulators,
    client: &reqwest::Client,
    operation: &str,
    body: String,
) -> (u16, String) {
    let reply = signed(sims, client, operation, &now_ms().to_string()).body(body).send().await.unwrap();
    (reply.status().as_u16(), reply.text().await.unwrap())
}

pub async fn ask(sims: &Simulators, operation: &str, person: &Person) -> (u16, String) {
    ask_with(sims, &ours(sims), operation, query(operation, person)).await
}

pub fn http() -> reqwest::Client {
    // Without a single root, none of the machine's own are read, which would take most of the time here.
    let builder = reqwest::Client::builder().tls_certs_only([]).no_proxy();
    let builder = builder.redirect(reqwest::redirect::Policy::none());
    builder.retry(reqwest::retry::never()).build().unwrap()
}

pub fn basic(key: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{key}:{secret}")))
}

pub fn token_call(sims: &Simulators, client: &reqwest::Client) -> reqwest::RequestBuilder {
    let credentials = sims.credentials();
    client
        .post(format!("{}/token", sims.lgsp().base_url()))
        .header("Authorization", basic(&credentials.consumer_key, &credentials.consumer_secret))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("grant_type=client_credentials")
}

pub async fn token(sims: &Simulators, client: &reqwest::Client) -> String {
    let reply = token_call(sims, client).send().await.unwrap();
    assert_eq!(reply.status(), 200);
    let body: serde_json::Value = reply.json().await.unwrap();
    body["access_token"].as_str().unwrap().to_owned()
}

pub fn civil_call(
    sims: &Simulators,
    client: &reqwest::Client,
    operation: &str,
    token: &str,
    body: &serde_json::Value,
) -> reqwest::RequestBuilder {
    client
        .post(format!("{}/apiHoTichTuPhap/{operation}", sims.lgsp().base_url()))
        .bearer_auth(token)
        .header("Content-Type", "application/json")
        .body(body.to_string())
}

/// Asks civil status with a fresh token; status and body.
pub async fn civil(sims: &Simulators, operation: &str, body: serde_json::Value) -> (u16, serde_json::Value) {
    let client = http();
    let token = token(sims, &client).await;
    let reply = civil_call(sims, &client, operation, &token, &body).send().await.unwrap();
    (reply.status().as_u16(), reply.json().await.unwrap())
}
