//! `agencies.toml`, `carriers.toml`, `clients.toml`: where everybody is, what we show them, what they may cost.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use engine::client::Lane;
use engine::settings::PartyLimits;
use secrecy::SecretString;
use serde::Deserialize;

use super::document::{ConfigError, beside, read_private};

/// One block of `agencies.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgencyBlock {
    /// The road to it: `direct`, or a block of `carriers.toml`.
    #[serde(default = "direct")]
    pub carrier: String,
    /// The units (mã đơn vị) it answers for, where others answer the same services: codes, or beginnings of codes with `*`.
    /// Without any it answers for every unit that nobody else names.
    #[serde(default)]
    pub units: Vec<String>,
    /// Its address, when the carrier is `direct`.
    pub base_url: Option<String>,
    /// Pinned authority and our certificate.
    #[serde(default)]
    pub tls: TlsBlock,
    /// Secrets by credential name of the manifest, then by key.
    #[serde(default)]
    pub credentials: BTreeMap<String, BTreeMap<String, SecretReference>>,
    /// Where tokens are asked for, by credential name, if this deployment differs from what the agency's folder says.
    #[serde(default)]
    pub logins: BTreeMap<String, LoginBlock>,
    /// How the C06 digest is joined: it differs by deployment (interfaces.md 3.4).
    pub signature: Option<SignatureBlock>,
    /// Values of the manifest's settings.
    #[serde(default)]
    pub settings: BTreeMap<String, toml::Value>,
    /// What it may cost.
    #[serde(default)]
    pub limits: PartyLimits,
    /// How often its feeds are asked for news, in seconds; without it as the manifest says.
    pub feed_every_s: Option<u64>,
    /// Replies longer than this are refused, in bytes.
    pub reply_bytes_max: Option<usize>,
    /// How long a connection may take, in milliseconds.
    pub connect_timeout_ms: Option<u64>,
}

/// One block of `carriers.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CarrierBlock {
    /// Its address.
    pub base_url: String,
    /// Pinned authority and our certificate.
    #[serde(default)]
    pub tls: TlsBlock,
    /// Secrets by credential name, then by key; shared by the agencies behind it.
    #[serde(default)]
    pub credentials: BTreeMap<String, BTreeMap<String, SecretReference>>,
    /// Where its tokens come from, below its address.
    pub token_path: Option<String>,
    /// What it may cost.
    #[serde(default)]
    pub limits: PartyLimits,
}

/// Certificates of one connection.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsBlock {
    /// The one authority that is trusted; without it the web's public roots.
    pub ca: Option<PathBuf>,
    /// Our certificate, for mutual TLS.
    pub certificate: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
}

/// Where and how a token is asked for; what is left out is as the agency's folder says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginBlock {
    /// Its path.
    pub path: Option<String>,
    /// What the path is below: `address` (the `base_url`), or `host` (its root).
    pub below: Option<String>,
    /// How user and password are written: `form`, `json`.
    pub format: Option<String>,
}

/// What the C06 signature is made of, in order.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureBlock {
    /// Parts of the digest: `url`, `user`, `timestamp`, `secret_key`.
    pub digest: Option<Vec<String>>,
    /// `ms` or `s`.
    pub timestamp: Option<String>,
    /// What the service URL begins with, if the agency knows itself by another address than we do.
    pub url_base: Option<String>,
}

/// Where a secret stands; never the secret itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretReference {
    /// A file, mode 0600.
    pub file: Option<PathBuf>,
    /// An environment variable.
    pub env: Option<String>,
}

/// `clients.toml`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientsFile {
    /// Whose tokens are believed.
    pub issuers: Vec<IssuerBlock>,
    /// Known clients.
    pub clients: BTreeMap<String, ClientBlock>,
}

/// One issuer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerBlock {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
    /// Its key set, a file.
    pub jwks: PathBuf,
    /// The algorithms allowed.
    pub algorithms: Vec<String>,
    /// The longest life of a token, in seconds.
    pub token_lifetime_max_s: Option<u64>,
}

/// One client.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientBlock {
    /// Its name for people.
    pub title: String,
    /// Who issues its tokens, as in `[[issuers]]`; needed where there are several.
    pub issuer: Option<String>,
    /// Rights beyond services: `no-cache`.
    #[serde(default)]
    pub rights: Vec<String>,
    /// Its lane: `counter`, or `batch` for software nobody stands and waits for.
    #[serde(default)]
    pub lane: Lane,
}

fn direct() -> String {
    engine::settings::DIRECT.to_string()
}

impl SecretReference {
    /// Reads the secret; `at` names it in errors.
    pub fn read(&self, config: &Path, at: &str) -> Result<SecretString, ConfigError> {
        let unfit = |message: String| ConfigError::unfit(config, message);
        let text = match (&self.file, &self.env) {
            (Some(file), None) => String::from_utf8(read_private(&beside(config, file))?)
                .map_err(|_not_text| unfit(format!("{at}: the secret is not text")))?,
            (None, Some(name)) => environment_variable(name)
                .ok_or_else(|| unfit(format!("{at}: the environment variable {name} is not set")))?,
            _ => return Err(unfit(format!("{at}: a secret is {{ file = … }} or {{ env = … }}"))),
        };
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Err(unfit(format!("{at}: the secret is empty")));
        }
        Ok(SecretString::from(text.to_string()))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "secrets by environment reference are part of the configuration"
)]
fn environment_variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
