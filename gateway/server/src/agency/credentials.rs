//! What we show an agency: tokens fetched once for all, signatures made fresh, keys and passwords.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use adapter_api::agency::CredentialKind;
use adapter_api::codec::{Limits as CodecLimits, json};
use adapter_api::{Fault, Party as Side, Reason};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use super::settings::{CredentialValues, DigestPart, Party, Signature};
use super::Link;
use crate::config::ConfigError;
use crate::hex;

/// A token is renewed this long before its end, or a tenth of its life if that is less.
const RENEW_BEFORE: Duration = Duration::from_secs(60);
/// A token answer is a few hundred bytes.
const TOKEN_REPLY_BYTES_MAX: usize = 64 << 10;
/// Life of a token whose answer does not say: the WSO2 default (interfaces.md 3.1).
const TOKEN_LIVES_S: u64 = 3600;

/// Counts logins over all tokens of the process: no two have the same number.
static GENERATIONS: AtomicU64 = AtomicU64::new(1);

/// Tokens shared by the agencies behind one carrier.
#[derive(Default)]
pub struct SharedTokens(HashMap<(String, String), Arc<Token>>);

/// One agency's credentials.
pub struct Wallet {
    tokens: HashMap<String, Arc<Token>>,
    party: Arc<Party>,
}

/// A token and its number, fetched by whoever needs it first.
#[derive(Default)]
struct Token {
    live: Mutex<Option<Live>>,
}

#[derive(Clone)]
struct Live {
    value: SecretString,
    generation: u64,
    ends: Instant,
}

/// What goes with one exchange.
pub struct Admission<'a> {
    party: &'a Party,
    shown: Vec<(&'a CredentialValues, Option<Live>)>,
}

impl Wallet {
    /// The wallet of an agency; kinds that this release cannot serve are refused at start.
    pub fn new(party: &Arc<Party>, shared: &mut SharedTokens) -> Result<Wallet, ConfigError> {
        let mut tokens = HashMap::new();
        for (name, credential) in &party.credentials {
            match &credential.kind {
                CredentialKind::LgspToken { .. } => {
                    let owner = party.carrier.clone().unwrap_or_else(|| party.agency.clone());
                    let token = shared.0.entry((owner, name.clone())).or_default();
                    tokens.insert(name.clone(), Arc::clone(token));
                }
                CredentialKind::SessionLogin { .. } | CredentialKind::OauthPassword { .. } => {
                    return Err(ConfigError::Unfit {
                        file: party.agency.clone(),
                        message: format!("credentials.{name}: this kind comes with the agencies that need it"),
                    });
                }
                CredentialKind::C06Signature
                | CredentialKind::Mtls
                | CredentialKind::Secrets { .. }
                | CredentialKind::Basic
                | CredentialKind::ApiKey { .. } => {}
            }
        }
        Ok(Wallet { tokens, party: Arc::clone(party) })
    }

    /// Gathers what an exchange must show, logging in where no live token is at hand.
    pub(super) async fn admit(&self, names: &[String], link: &Link, deadline: Instant) -> Result<Admission<'_>, Fault> {
        let mut shown = Vec::new();
        for (name, credential) in self.party.credentials.iter().filter(|(name, _)| names.contains(name)) {
            let live = match self.tokens.get(name) {
                Some(token) => Some(token.live(credential, link, deadline).await?),
                None => None,
            };
            shown.push((credential, live));
        }
        Ok(Admission { party: &self.party, shown })
    }

    /// Forgets the tokens of this login, if nobody has renewed them meanwhile.
    pub async fn forget(&self, names: &[String], generation: u64) {
        for token in names.iter().filter_map(|name| self.tokens.get(name)) {
            let mut live = token.live.lock().await;
            if live.as_ref().is_some_and(|live| live.generation == generation) {
                *live = None;
            }
        }
    }
}

impl Token {
    /// The live token; one fetch for all who wait.
    async fn live(&self, credential: &CredentialValues, link: &Link, deadline: Instant) -> Result<Live, Fault> {
        let locked = timeout_at(deadline, self.live.lock()).await;
        let mut live = locked.map_err(|_elapsed| Fault::DeadlineExceeded)?;
        if let Some(known) = live.as_ref().filter(|known| Instant::now() < known.ends) {
            return Ok(known.clone());
        }
        let fetched = timeout_at(deadline, fetch(credential, link)).await;
        let fetched = fetched.map_err(|_elapsed| Fault::DeadlineExceeded)??;
        *live = Some(fetched.clone());
        Ok(fetched)
    }
}

/// WSO2 client credentials (interfaces.md 3.1). Whatever goes wrong here is the carrier's: the agency was not reached.
async fn fetch(credential: &CredentialValues, link: &Link) -> Result<Live, Fault> {
    let side = link.side();
    let base = link.party.base_url.as_str().trim_end_matches('/');
    let url = format!("{base}{}", link.party.token_path);
    let user = basic(credential, "consumer_key", "consumer_secret");
    let mut request = link
        .reads
        .post(url)
        .header("authorization", user)
        .header("content-type", "application/x-www-form-urlencoded")
        .body("grant_type=client_credentials");
    if let Some(header) = access_token_header(credential) {
        request = request.header("lgspaccesstoken", header);
    }
    let mut response = request.send().await.map_err(|error| link.fault_of(&error, "token"))?;
    let status = response.status().as_u16();
    let retry_after_s = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| link.fault_of(&error, "token"))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > TOKEN_REPLY_BYTES_MAX {
            return Err(malformed(side));
        }
    }
    match status {
        200 => read_token(&bytes).ok_or_else(|| malformed(side)),
        400 | 401 | 403 => Err(Fault::NotAdmitted { exchange: "token".into(), renew: false, party: side }),
        429 => Err(Fault::Overloaded { party: side, retry_after_s }),
        500 | 502 | 503 | 504 => Err(Fault::Unavailable { party: side, retry_after_s }),
        _ => Err(malformed(side)),
    }
}

fn malformed(side: Side) -> Fault {
    Fault::Malformed(Reason {
        exchange: Some("token".into()),
        why: "no access_token".into(),
        by: Some(side),
        ..Reason::default()
    })
}

fn read_token(bytes: &[u8]) -> Option<Live> {
    let reply = json::parse_value(bytes, &CodecLimits::default()).ok()?;
    let value = reply.get("access_token")?.as_str().filter(|value| !value.is_empty())?;
    let seconds = reply.get("expires_in").and_then(Value::as_u64).unwrap_or(TOKEN_LIVES_S);
    let lives = Duration::from_secs(seconds);
    let ends = Instant::now() + lives - RENEW_BEFORE.min(lives / 10);
    let generation = GENERATIONS.fetch_add(1, Ordering::Relaxed);
    Some(Live { value: SecretString::from(value.to_string()), generation, ends })
}

impl Admission<'_> {
    /// The number of the login used; 0 where none is. The signature has none of its own: it is fresh every time.
    pub fn generation(&self) -> u64 {
        self.shown.iter().find_map(|(_, live)| live.as_ref()).map_or(0, |live| live.generation)
    }

    /// Puts the credentials' headers on a request.
    pub fn apply(&self, headers: &mut HeaderMap, url: &reqwest::Url, unix_ms: i64) -> Result<(), Fault> {
        for (credential, live) in &self.shown {
            match &credential.kind {
                CredentialKind::LgspToken { .. } => {
                    let value = live.as_ref().map(|live| live.value.expose_secret()).unwrap_or_default();
                    put(headers, "authorization", &format!("Bearer {value}"))?;
                    if let Some(header) = access_token_header(credential) {
                        put(headers, "lgspaccesstoken", &header)?;
                    }
                }
                CredentialKind::C06Signature => {
                    sign(headers, credential, &self.party.signature, &Signing { url, unix_ms })?;
                }
                CredentialKind::Basic => put(headers, "authorization", &basic(credential, "user", "password"))?,
                CredentialKind::ApiKey { header } => put(headers, header, &value(credential, "key"))?,
                CredentialKind::Mtls
                | CredentialKind::Secrets { .. }
                | CredentialKind::SessionLogin { .. }
                | CredentialKind::OauthPassword { .. } => {}
            }
        }
        Ok(())
    }
}

struct Signing<'a> {
    url: &'a reqwest::Url,
    unix_ms: i64,
}

/// The population database's headers (interfaces.md 3.4).
fn sign(
    headers: &mut HeaderMap,
    credential: &CredentialValues,
    signature: &Signature,
    signing: &Signing<'_>,
) -> Result<(), Fault> {
    let timestamp = if signature.in_milliseconds { signing.unix_ms } else { signing.unix_ms / 1000 }.to_string();
    let url = match &signature.url_base {
        Some(base) => format!("{}{}", base.trim_end_matches('/'), signing.url.path()),
        None => signing.url.to_string(),
    };
    let (user, secret_key) = (value(credential, "user"), value(credential, "secret_key"));
    let part = |part: &DigestPart| match part {
        DigestPart::Url => url.as_str(),
        DigestPart::User => user.as_str(),
        DigestPart::Timestamp => timestamp.as_str(),
        DigestPart::SecretKey => secret_key.as_str(),
    };
    let joined: String = signature.digest.iter().map(part).collect();
    let print = hex::lower(digest::digest(&digest::SHA256, joined.as_bytes()).as_ref());
    put(headers, "timestamp", &timestamp)?;
    put(headers, "authorization", &format!("Basic {}", STANDARD.encode(format!("{user}:{print}"))))?;
    put(headers, "x-road-client", &value(credential, "x_road_client"))?;
    put(headers, "apikey", &value(credential, "api_key"))
}

/// `lgspaccesstoken` (interfaces.md 3.2).
fn access_token_header(credential: &CredentialValues) -> Option<String> {
    let CredentialKind::LgspToken { access_key: true } = credential.kind else { return None };
    let header = serde_json::json!({
        "AccessKey": value(credential, "access_key"),
        "SecretKey": value(credential, "secret_key"),
        "AppName": value(credential, "app_name"),
        "PartnerCode": value(credential, "partner_code"),
        "PartnerCodeCus": value(credential, "partner_code_cus"),
    });
    Some(STANDARD.encode(header.to_string()))
}

fn basic(credential: &CredentialValues, user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", value(credential, user), value(credential, password))))
}

fn value(credential: &CredentialValues, key: &str) -> String {
    credential.secrets.get(key).map(|secret| secret.expose_secret().to_string()).unwrap_or_default()
}

fn put(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Fault> {
    let failed = || Fault::AdapterFailed { place: format!("header {name}") };
    let header: HeaderName = name.parse().map_err(|_unreadable| failed())?;
    let mut value = HeaderValue::from_str(value).map_err(|_unreadable| failed())?;
    value.set_sensitive(true);
    headers.insert(header, value);
    Ok(())
}
