//! One login shared by everybody: fetched once at a time, renewed before its end, forgotten by its number.
//!
//! `none -> fetching -> current -> (soon over, or refused with its number) -> fetching …`. A fetch runs as its own task, so that a
//! caller with a short deadline cannot cut off the login that the others wait for. A failed fetch is the answer for all who
//! waited for it; the next caller tries again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use adapter_api::agency::{Below, Login, LoginFormat};
use adapter_api::codec::{Limits, encode, json};
use adapter_api::wire::Format;
use adapter_api::{Fault, Kind, Party, Reason, Tree};
use arc_swap::ArcSwapOption;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use engine::ports::Progress;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::connection::{Connection, RawReply, SendFailure};
use super::{TOKEN_PATH, misplaced};

/// A token call that takes longer than this is given up; its callers have gone by then (deadlines are seconds).
const LOGIN_S_MAX: u64 = 10;
/// A token's reply is a line of JSON; 64 KiB leaves room for the largest signed token.
const LOGIN_BYTES_MAX: usize = 64 * 1024;
/// How long a token lives that does not say so: half an hour less than WSO2's hour would be believing too much.
const LIFETIME_S_UNTOLD: u64 = 300;
/// Renewed this long before its end: longer than any deadline, so that no exchange outlives its token.
const MARGIN_S: u64 = 60;

/// What is shown to get a token.
pub(super) enum Grant {
    /// WSO2 client credentials (interfaces.md 3.1); `access_token` is the header of 3.2.
    ClientCredentials {
        key: Option<SecretString>,
        secret: Option<SecretString>,
        access_token: Option<SecretString>,
    },
    /// User and password; refreshed while its refresh token lasts, where the login says that it may be.
    Password { user: Option<SecretString>, password: Option<SecretString> },
}

/// A token, with the number of its login.
pub(super) struct Token {
    pub number: u64,
    pub value: SecretString,
    refresh: Option<SecretString>,
    renew_at: Instant,
}

/// Where the tokens of one credential come from.
pub(super) struct TokenSource {
    grant: Grant,
    login: Login,
    connection: Arc<Connection>,
    party: Party,
    /// Numbers logins across all sources, so that an admission names one of them.
    logins: Arc<AtomicU64>,
    current: ArcSwapOption<Token>,
    fetching: Mutex<Fetched>,
}

/// The outcome of the latest fetch.
#[derive(Default)]
struct Fetched {
    count: u64,
    failure: Option<Fault>,
}

impl TokenSource {
    pub fn new(
        grant: Grant,
        login: Login,
        connection: Arc<Connection>,
        party: Party,
        logins: Arc<AtomicU64>,
    ) -> Self {
        let (current, fetching) = (ArcSwapOption::empty(), Mutex::default());
        TokenSource { grant, login, connection, party, logins, current, fetching }
    }

    /// Tells apart sources that ask in different words.
    pub fn variant(&self) -> String {
        let grant = match self.grant {
            Grant::ClientCredentials { access_token: None, .. } => "client",
            Grant::ClientCredentials { access_token: Some(_), .. } => "client with access key",
            Grant::Password { .. } => "password",
        };
        format!("{grant} {:?}", self.login)
    }

    /// The current token; fetched if there is none.
    pub async fn current(
        self: &Arc<Self>,
        exchange: &str,
        progress: &Arc<Progress>,
    ) -> Result<Arc<Token>, Fault> {
        self.after(0, exchange, progress).await
    }

    /// Forgets a login that was refused, and logs in again, once for all who were refused with it.
    pub async fn renew(
        self: &Arc<Self>,
        refused: u64,
        exchange: &str,
        progress: &Arc<Progress>,
    ) -> Result<(), Fault> {
        self.after(refused, exchange, progress).await.map(|_| ())
    }

    /// A token of a login later than the one of this number.
    async fn after(
        self: &Arc<Self>,
        refused: u64,
        exchange: &str,
        progress: &Arc<Progress>,
    ) -> Result<Arc<Token>, Fault> {
        if let Some(token) = self.fresh(refused) {
            return Ok(token);
        }
        progress.waits_for(self.party.into());
        let (source, exchange, progress) = (Arc::clone(self), exchange.to_owned(), Arc::clone(progress));
        let fetching = tokio::spawn(async move { source.fetch_after(refused, &exchange, &progress).await });
        fetching.await.unwrap_or_else(|_| Err(misplaced("login: its task failed")))
    }

    fn fresh(&self, refused: u64) -> Option<Arc<Token>> {
        self.current.load_full().filter(|token| token.number > refused && Instant::now() < token.renew_at)
    }

    async fn fetch_after(
        &self,
        refused: u64,
        exchange: &str,
        progress: &Progress,
    ) -> Result<Arc<Token>, Fault> {
        let before = self.logins_tried();
        let mut fetched = self.fetching.lock().await;
        if let Some(token) = self.fresh(refused) {
            return Ok(token);
        }
        if let Some(failure) = fetched.failure.as_ref().filter(|_| fetched.count > before) {
            return Err(failure.clone());
        }
        let result = self.fetch(exchange, progress).await;
        fetched.count = self.logins.fetch_add(1, Ordering::AcqRel) + 1;
        match result {
            Ok(token) => {
                let token = Arc::new(Token { number: fetched.count, ..token });
                fetched.failure = None;
                self.current.store(Some(Arc::clone(&token)));
                Ok(token)
            }
            Err(fault) => {
                fetched.failure = Some(fault.clone());
                Err(fault)
            }
        }
    }

    /// Logins tried so far, by all sources; a fetch that ends later has a higher count.
    fn logins_tried(&self) -> u64 {
        self.logins.load(Ordering::Acquire)
    }

    async fn fetch(&self, exchange: &str, progress: &Progress) -> Result<Token, Fault> {
        let refresh = self.current.load_full().and_then(|token| token.refresh.clone());
        if let (true, Some(refresh)) = (self.login.refresh, refresh) {
            // A refresh token is good for one use: whatever comes of it, it is not shown again.
            self.current.store(None);
            let words = [("refresh_token", refresh.expose_secret())];
            let refreshed = self.ask("refresh_token", &words, exchange, progress).await;
            // Who only does not take it takes a password; who is away or busy is not asked twice.
            if !matches!(refreshed, Err(Fault::NotAdmitted { .. } | Fault::Malformed(_))) {
                return refreshed;
            }
        }
        match &self.grant {
            Grant::ClientCredentials { .. } => self.ask("client_credentials", &[], exchange, progress).await,
            Grant::Password { user, password } => {
                let (user, password) = (needed(user, "user")?, needed(password, "password")?);
                let words = [("username", user), ("password", password)];
                self.ask("password", &words, exchange, progress).await
            }
        }
    }

    async fn ask(
        &self,
        grant_type: &str,
        words: &[(&str, &str)],
        exchange: &str,
        progress: &Progress,
    ) -> Result<Token, Fault> {
        let request = self.request(grant_type, words)?;
        // Counted before it leaves: the party hears it even if nobody waits for the answer any more.
        progress.login(self.party);
        // A read: nothing but a token comes of it, and a kept connection is welcome.
        let sending = self.connection.send(Kind::Read, request, LOGIN_BYTES_MAX);
        let unreachable = Fault::Unreachable { party: self.party };
        match timeout(Duration::from_secs(LOGIN_S_MAX), sending).await {
            Err(_) => Err(unreachable),
            Ok(Ok(reply)) => self.read(&reply, exchange),
            Ok(Err(SendFailure::CertificateRefused)) => Err(self.refused(exchange)),
            Ok(Err(SendFailure::TooLong(_))) => Err(self.malformed("longer than a token's reply may be")),
            // Of the exchange that waits for this token nothing has been sent.
            Ok(Err(SendFailure::NotConnected | SendFailure::Broken(_))) => Err(unreachable),
        }
    }

    fn request(&self, grant_type: &str, words: &[(&str, &str)]) -> Result<Request, Fault> {
        let path = self.login.path.as_deref().unwrap_or(TOKEN_PATH);
        let url = match self.login.below {
            Below::Address => self.connection.url(path),
            Below::Host => self.connection.url_at_host(path),
        };
        let url = url.ok_or_else(|| misplaced("login: its path leads away from the address"))?;
        let (format, media_type, grant) = match self.login.format {
            LoginFormat::Form => {
                (Format::Form, "application/x-www-form-urlencoded", Some(("grant_type", grant_type)))
            }
            LoginFormat::Json => (Format::Json, "application/json", None),
        };
        let fields = grant.iter().chain(words);
        let fields = fields.map(|(name, value)| ((*name).to_owned(), Tree::Text((*value).to_owned())));
        let body = encode(format, &Tree::Object(fields.collect()), &[])
            .map_err(|_| misplaced("login: its words cannot be written"))?;
        let mut request = Request::new(Method::POST, url);
        *request.body_mut() = Some(body.into());
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Grant::ClientCredentials { key, secret, access_token } = &self.grant {
            let pair = format!("{}:{}", needed(key, "consumer_key")?, needed(secret, "consumer_secret")?);
            headers.insert(AUTHORIZATION, hidden(&format!("Basic {}", STANDARD.encode(pair)))?);
            if let Some(access_token) = access_token {
                headers.insert("lgspaccesstoken", hidden(access_token.expose_secret())?);
            }
        }
        Ok(request)
    }

    fn read(&self, reply: &RawReply, exchange: &str) -> Result<Token, Fault> {
        let (party, retry_after_s) = (self.party, reply.retry_after_s);
        match reply.status {
            200..=299 => self.read_token(&reply.body),
            400 | 401 | 403 => Err(self.refused(exchange)),
            429 => Err(Fault::Overloaded { party, retry_after_s }),
            500..=599 => Err(Fault::Unavailable { party, retry_after_s }),
            _ => Err(self.malformed("token reply with an unknown status")),
        }
    }

    fn read_token(&self, body: &[u8]) -> Result<Token, Fault> {
        let reply = json::parse_value(body, &Limits { bytes_max: LOGIN_BYTES_MAX, ..Limits::default() })
            .map_err(|_| self.malformed("token reply is not JSON"))?;
        let text = |name: &str| reply.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let value = text("access_token").ok_or_else(|| self.malformed("token reply without access_token"))?;
        let lifetime_s = reply.get("expires_in").and_then(seconds).unwrap_or(LIFETIME_S_UNTOLD);
        // A token that lives two minutes or less is kept for half its life.
        let keep_s = lifetime_s.saturating_sub(MARGIN_S).max(lifetime_s / 2);
        let keep = Duration::from_secs(keep_s.min(u64::from(u32::MAX)));
        Ok(Token {
            number: 0,
            value: value.into(),
            refresh: text("refresh_token").map(Into::into),
            renew_at: Instant::now() + keep,
        })
    }

    fn refused(&self, exchange: &str) -> Fault {
        Fault::NotAdmitted { exchange: exchange.into(), renew: false, party: self.party }
    }

    fn malformed(&self, why: &str) -> Fault {
        Fault::Malformed(Reason { why: why.into(), by: Some(self.party), ..Reason::default() })
    }
}

/// Seconds as a number, or as text, which some deployments send.
fn seconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn hidden(text: &str) -> Result<HeaderValue, Fault> {
    let mut value =
        HeaderValue::from_str(text).map_err(|_| misplaced("login: a secret that no header can carry"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn needed<'s>(secret: &'s Option<SecretString>, key: &str) -> Result<&'s str, Fault> {
    secret
        .as_ref()
        .map(ExposeSecret::expose_secret)
        .ok_or_else(|| misplaced(format!("login: {key} is not configured")))
}
