//! The wire to the agencies: one exchange each, with address, carrier, slots, seals, credentials, certificates and a size limit.
//!
//! An exchange is made in two stages. First it is *prepared*: a token is fetched if need be, slots are filled, bytes are
//! encoded; whatever fails there, nothing of the exchange has been sent. Then it is *sent*, once: no retry, no redirect, no
//! proxy. From the first byte on that could have left, silence is [`Fault::Uncertain`].

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use adapter_api::agency::{CredentialKind, Login};
use adapter_api::codec::{Limits, read_reply};
use adapter_api::{Fault, Kind, Party, Waiting, WireRequest};
use engine::ports::{Clock, Documents, Heard, Order, Progress, Wire};
use futures_util::future::BoxFuture;
use secrecy::SecretString;
use tokio::time::timeout_at;

mod body;
mod connection;
mod credentials;
mod documents;
mod request;
mod token;

use connection::Connection;
use credentials::Admission;
use token::TokenSource;

/// Replies longer than this are refused: the largest answer measured, a household with scanned papers aside, is 300 KB.
pub const REPLY_BYTES_MAX: usize = 2 * 1024 * 1024;

/// How long a connection may take: an agency across the country answers a handshake within 200 ms; ten times that is a loss.
pub const CONNECT_TIMEOUT_MS: u64 = 2_000;
/// The default of `engine::settings::PartyLimits`.
const CONCURRENCY: u32 = 32;

/// The carrier that is none.
pub const DIRECT: &str = "direct";

/// Where WSO2 gives its tokens (interfaces.md 3.1).
pub const TOKEN_PATH: &str = "/token";

/// Secrets by credential name of the manifest, then by key. Nothing in it can be printed.
///
/// Keys by kind: `lgsp-token` `consumer_key consumer_secret`, with `access_key` also `access_key secret_key app_name` and, where
/// the LGSP wants them, `partner_code partner_code_cus`; `c06-signature` `user secret_key api_key x_road_client`; `basic` and
/// `oauth-password` `user password`; `api-key` `key`; `secrets` the names of the manifest.
#[derive(Debug, Clone, Default)]
pub struct Secrets(pub BTreeMap<String, BTreeMap<String, SecretString>>);

/// The certificates of one connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// The one authority that is trusted (PEM); without it the public ones.
    pub ca: Option<PathBuf>,
    /// Our certificate (PEM), for mutual TLS.
    pub certificate: Option<PathBuf>,
    /// Its key (PEM).
    pub key: Option<PathBuf>,
}

/// What the C06 signature is made of (interfaces.md 3.4); it differs by deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Parts of the digest in order: `url`, `user`, `timestamp`, `secret_key`.
    pub digest: Vec<String>,
    /// Whether the timestamp is in milliseconds, or in seconds.
    pub milliseconds: bool,
    /// What the service URL begins with, where the agency knows itself by another address than we do.
    pub url_base: Option<String>,
}

impl Default for Signature {
    fn default() -> Self {
        let digest = ["url", "user", "timestamp", "secret_key"].map(String::from).to_vec();
        Signature { digest, milliseconds: true, url_base: None }
    }
}

/// What the transport needs to know of one agency.
#[derive(Debug, Clone)]
pub struct AgencySettings {
    /// Its folder, for its credentials and seals.
    pub manifest: Arc<adapter_api::agency::Agency>,
    /// [`DIRECT`], or a carrier's name.
    pub carrier: String,
    /// Its address; behind a carrier the carrier's, unless it has one of its own.
    pub base_url: Option<String>,
    /// Its certificates; behind a carrier the carrier's, unless it has some of its own.
    pub tls: Tls,
    /// Its own secrets, looked into before its carrier's.
    pub secrets: Secrets,
    /// How its C06 digest is joined.
    pub signature: Signature,
    /// Where its tokens come from, by credential, where the deployment differs from what the manifest says.
    pub logins: BTreeMap<String, Login>,
    /// Replies longer than this are refused; [`REPLY_BYTES_MAX`] if none is named.
    pub reply_bytes_max: Option<usize>,
    /// How long a connection may take; [`CONNECT_TIMEOUT_MS`] if none is named.
    pub connect_timeout_ms: Option<u64>,
    /// How many exchanges it may have at once: as many connections are kept open; `CONCURRENCY` if none is named.
    pub concurrency: Option<u32>,
}

/// What the transport needs to know of one carrier.
#[derive(Debug, Clone, Default)]
pub struct CarrierSettings {
    /// Its address.
    pub base_url: String,
    /// Its certificates.
    pub tls: Tls,
    /// Secrets shared by the agencies behind it.
    pub secrets: Secrets,
    /// Where its tokens come from, below its address; [`TOKEN_PATH`] if none is named.
    pub token_path: Option<String>,
    /// How long a connection may take; [`CONNECT_TIMEOUT_MS`] if none is named.
    pub connect_timeout_ms: Option<u64>,
    /// How many exchanges it may have at once: as many connections are kept open; `CONCURRENCY` if none is named.
    pub concurrency: Option<u32>,
}

/// Why the wire cannot be built.
#[derive(Debug, thiserror::Error)]
#[error("{party}: {why}")]
pub struct AgencyError {
    /// Which agency or carrier.
    pub party: String,
    /// Why, in our words.
    pub why: String,
}

/// Whether a party can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// A connection (and its TLS handshake) came about.
    Up,
    /// It did not.
    Down {
        /// Why, in our words.
        why: &'static str,
    },
}

/// One agency, ready to be spoken to.
struct Agency {
    manifest: Arc<adapter_api::agency::Agency>,
    party: Party,
    connection: Arc<Connection>,
    secrets: Secrets,
    carrier_secrets: Secrets,
    signature: Signature,
    reply_bytes_max: usize,
    /// By credential name; those of a carrier are shared by its agencies.
    tokens: BTreeMap<String, Arc<TokenSource>>,
}

/// Every agency we speak to.
pub struct Agencies {
    agencies: BTreeMap<String, Agency>,
    clock: Arc<dyn Clock>,
    documents: Option<Arc<dyn Documents>>,
}

impl Agencies {
    /// Builds the wire: reads certificates, opens no connection.
    pub fn build(
        agencies: BTreeMap<String, AgencySettings>,
        carriers: &BTreeMap<String, CarrierSettings>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AgencyError> {
        crate::auth::keys::install_cryptography();
        let mut builder = Builder {
            carriers,
            connections: BTreeMap::new(),
            tokens: BTreeMap::new(),
            logins: Arc::default(),
        };
        let agencies = agencies
            .into_iter()
            .map(|(name, settings)| {
                let agency = builder.agency(&name, settings)?;
                Ok((name, agency))
            })
            .collect::<Result<_, AgencyError>>()?;
        Ok(Agencies { agencies, clock, documents: None })
    }

    /// The same wire, which stores the documents that agencies send; without a store they are let go.
    pub fn storing(mut self, documents: Arc<dyn Documents>) -> Self {
        self.documents = Some(documents);
        self
    }

    /// Connects to an agency (or its carrier) and says nothing to it.
    ///
    /// The handshake is tried where an authority is pinned; elsewhere only the connection is.
    pub async fn probe(&self, agency: &str) -> Reach {
        match self.agencies.get(agency) {
            Some(agency) => agency.connection.probe().await,
            None => Reach::Down { why: "not configured" },
        }
    }

    fn agency(&self, name: &str) -> Result<&Agency, Fault> {
        self.agencies.get(name).ok_or_else(|| misplaced("agencies.toml: agency is not configured"))
    }

    async fn make(&self, order: Order<'_>) -> Result<Heard, Fault> {
        let agency = self.agency(order.agency)?;
        let documents = self.documents.as_deref();
        let preparing = agency.prepare(order.request, self.clock.unix_ms(), order.progress, documents);
        // Nothing of the exchange has been sent: for a write, too, this is only a deadline.
        let (request, admission) =
            timeout_at(order.deadline, preparing).await.map_err(|_| agency.no_token_in_time())??;
        let sending = agency.connection.send(order.request.kind, request, agency.reply_bytes_max);
        let raw = match timeout_at(order.deadline, sending).await {
            Ok(sent) => sent.map_err(|failure| failure.fault(order.request, agency.party))?,
            Err(_) => return Err(silence(order.request, agency.party)),
        };
        let limits = Limits { bytes_max: agency.reply_bytes_max, ..Limits::default() };
        let mut reply =
            read_reply(order.request.reply_format, raw.status, &raw.content_type, &raw.body, &limits);
        reply.retry_after_s = raw.retry_after_s;
        documents::store(&mut reply, order.request, documents)?;
        Ok(Heard { reply, admission })
    }
}

impl Wire for Agencies {
    fn exchange<'a>(&'a self, order: Order<'a>) -> BoxFuture<'a, Result<Heard, Fault>> {
        Box::pin(self.make(order))
    }

    fn renew<'a>(&'a self, order: Order<'a>, admission: u64) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async move {
            let agency = self.agency(order.agency)?;
            for source in agency.token_sources(order.request) {
                let renewing = source.renew(admission, &order.request.exchange, order.progress);
                timeout_at(order.deadline, renewing).await.map_err(|_| agency.no_token_in_time())??;
            }
            Ok(())
        })
    }
}

impl Agency {
    /// Makes a request ready to leave, and says which login it uses.
    async fn prepare(
        &self,
        request: &WireRequest,
        unix_ms: i64,
        progress: &Arc<Progress>,
        documents: Option<&dyn Documents>,
    ) -> Result<(reqwest::Request, u64), Fault> {
        let mut draft = request::Draft::of(request, self, documents)?;
        let Admission { number } = self.admit(&mut draft, request, unix_ms, progress).await?;
        Ok((draft.finish(&self.connection, request.kind, progress)?, number))
    }

    /// While an exchange is prepared nothing is waited for but a token.
    fn no_token_in_time(&self) -> Fault {
        Fault::DeadlineExceeded { waiting_for: self.party.into() }
    }

    /// The value of a secret, the agency's own before its carrier's.
    fn secret(&self, credential: &str, key: &str) -> Option<&SecretString> {
        let of = |secrets: &'_ Secrets| secrets.0.get(credential).is_some_and(|keys| keys.contains_key(key));
        let secrets = if of(&self.secrets) { &self.secrets } else { &self.carrier_secrets };
        secrets.0.get(credential)?.get(key)
    }

    /// The names of the credentials that apply to a request.
    fn credential_names<'a>(&'a self, request: &'a WireRequest) -> impl Iterator<Item = &'a String> {
        let all = request.credentials.is_empty();
        self.manifest.credentials.keys().filter(move |name| all || request.credentials.contains(name))
    }

    fn token_sources<'a>(&'a self, request: &'a WireRequest) -> impl Iterator<Item = &'a Arc<TokenSource>> {
        self.credential_names(request).filter_map(|name| self.tokens.get(name))
    }
}

/// What is shared between agencies while the wire is built.
struct Builder<'a> {
    carriers: &'a BTreeMap<String, CarrierSettings>,
    connections: BTreeMap<String, Arc<Connection>>,
    tokens: BTreeMap<String, Arc<TokenSource>>,
    logins: Arc<AtomicU64>,
}

impl Builder<'_> {
    fn agency(&mut self, name: &str, settings: AgencySettings) -> Result<Agency, AgencyError> {
        let wrong = |why: String| AgencyError { party: name.into(), why };
        let carriers = self.carriers;
        let carrier = match settings.carrier.as_str() {
            DIRECT => None,
            named => Some(carriers.get(named).ok_or_else(|| wrong(format!("no carrier {named}")))?),
        };
        let party = if carrier.is_some() { Party::Carrier } else { Party::Agency };
        let connection = self.connection(name, &settings, carrier)?;
        let mut agency = Agency {
            manifest: Arc::clone(&settings.manifest),
            party,
            connection,
            secrets: settings.secrets.clone(),
            carrier_secrets: carrier.map(|carrier| carrier.secrets.clone()).unwrap_or_default(),
            signature: settings.signature.clone(),
            reply_bytes_max: settings.reply_bytes_max.unwrap_or(REPLY_BYTES_MAX),
            tokens: BTreeMap::new(),
        };
        for (credential, plan) in &settings.manifest.credentials {
            let own = settings.secrets.0.contains_key(credential) || carrier.is_none();
            let login = match (&plan.kind, settings.logins.get(credential)) {
                (_, Some(login)) => login.clone(),
                (CredentialKind::OauthPassword { login, .. }, None) => login.clone(),
                // Whose secrets they are does not matter: the carrier gives its tokens in one place.
                _ => {
                    Login { path: carrier.and_then(|carrier| carrier.token_path.clone()), ..Login::default() }
                }
            };
            if let Some(source) = agency.token_source(credential, &plan.kind, login, &self.logins) {
                let owner = if own { name } else { &settings.carrier };
                let shared = format!("{owner} {credential} {}", source.variant());
                let source = self.tokens.entry(shared).or_insert_with(|| Arc::new(source));
                agency.tokens.insert(credential.clone(), Arc::clone(source));
            }
        }
        Ok(agency)
    }

    /// The connection of an agency; agencies without an address of their own share their carrier's.
    fn connection(
        &mut self,
        name: &str,
        settings: &AgencySettings,
        carrier: Option<&CarrierSettings>,
    ) -> Result<Arc<Connection>, AgencyError> {
        let own_tls = settings.tls != Tls::default();
        let base = settings.base_url.as_ref().or(carrier.map(|carrier| &carrier.base_url));
        let base = base.ok_or_else(|| AgencyError { party: name.into(), why: "no base_url".into() })?;
        let tls = carrier.filter(|_| !own_tls).map_or(&settings.tls, |carrier| &carrier.tls);
        let timeout_ms =
            settings.connect_timeout_ms.or(carrier.and_then(|carrier| carrier.connect_timeout_ms));
        let own = carrier.is_none()
            || own_tls
            || settings.base_url.is_some()
            || settings.connect_timeout_ms.is_some();
        let concurrency =
            if own { settings.concurrency } else { carrier.and_then(|carrier| carrier.concurrency) };
        let build = || {
            // With fewer kept open than may be in use, every other exchange would have to connect anew.
            let idle_max = usize::try_from(concurrency.unwrap_or(CONCURRENCY)).unwrap_or(usize::MAX);
            Connection::build(base, tls, timeout_ms.unwrap_or(CONNECT_TIMEOUT_MS), idle_max)
                .map(Arc::new)
                .map_err(|why| AgencyError { party: name.into(), why })
        };
        if own {
            return build();
        }
        if let Some(shared) = self.connections.get(&settings.carrier) {
            return Ok(Arc::clone(shared));
        }
        let connection = build()?;
        self.connections.insert(settings.carrier.clone(), Arc::clone(&connection));
        Ok(connection)
    }
}

/// The deadline passed after something may have been sent.
fn silence(request: &WireRequest, party: Party) -> Fault {
    match request.kind {
        Kind::Read => Fault::DeadlineExceeded { waiting_for: Waiting::Agency },
        Kind::Write => uncertain(request, party, "no answer before the deadline"),
    }
}

fn uncertain(request: &WireRequest, party: Party, why: impl Into<String>) -> Fault {
    Fault::Uncertain(reason(request, party, why))
}

fn reason(request: &WireRequest, party: Party, why: impl Into<String>) -> adapter_api::Reason {
    adapter_api::Reason {
        exchange: Some(request.exchange.clone()),
        why: why.into(),
        by: Some(party),
        ..adapter_api::Reason::default()
    }
}

/// A mistake of ours, in words that hold no value.
fn misplaced(place: impl Into<String>) -> Fault {
    Fault::AdapterFailed { place: place.into() }
}

#[cfg(test)]
mod tests;
