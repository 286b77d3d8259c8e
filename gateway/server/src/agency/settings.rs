//! One agency as the transport sees it: configuration and manifest brought together, secrets read, certificates loaded.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use adapter_api::agency::{Agency, CredentialKind, Seal};
use engine::settings::DIRECT;
use secrecy::SecretString;

use crate::config::ConfigError;
use crate::config::document::{beside, read_text};
use crate::config::parties::{AgencyBlock, CarrierBlock, SecretReference, SignatureBlock, TlsBlock};

/// A reply may be this long unless the block says otherwise: the longest honest reply of a read, a household of twenty,
/// has some 20 kB; a scanned certificate in base64 some hundreds.
pub const REPLY_BYTES_MAX: usize = 2 << 20;
/// A connection may take this long unless the block says otherwise.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// One agency, ready to be talked to.
pub struct Party {
    /// Its name.
    pub agency: String,
    /// The carrier it is reached through; `None` for `direct`.
    pub carrier: Option<String>,
    /// The fixed address.
    pub base_url: reqwest::Url,
    /// Certificates.
    pub tls: Tls,
    /// The manifest's credentials with their values.
    pub credentials: BTreeMap<String, CredentialValues>,
    /// The manifest's seals.
    pub seals: BTreeMap<String, Seal>,
    /// How the C06 digest is joined.
    pub signature: Signature,
    /// Where tokens come from, below the address.
    pub token_path: String,
    /// Replies longer than this are refused.
    pub reply_bytes_max: usize,
    /// How long a connection may take.
    pub connect_timeout: Duration,
}

/// Certificates, loaded.
#[derive(Default)]
pub struct Tls {
    /// The pinned authority.
    pub authority: Option<Vec<reqwest::Certificate>>,
    /// Our certificate and key.
    pub identity: Option<reqwest::Identity>,
}

/// One credential with its values.
pub struct CredentialValues {
    /// What it is.
    pub kind: CredentialKind,
    /// Its secrets by key.
    pub secrets: BTreeMap<String, SecretString>,
}

/// How the C06 signature is made (interfaces.md 3.4): it differs by deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// What is joined, in order.
    pub digest: Vec<DigestPart>,
    /// Milliseconds, or seconds.
    pub in_milliseconds: bool,
    /// The address the agency knows itself by, if not ours.
    pub url_base: Option<String>,
}

/// A part of the C06 digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestPart {
    /// The service URL.
    Url,
    /// The user.
    User,
    /// The timestamp.
    Timestamp,
    /// The secret key.
    SecretKey,
}

/// What the parties are built from.
pub struct Blocks<'a> {
    /// The file that secrets and certificates of agencies are relative to.
    pub agencies_file: &'a Path,
    /// The same for carriers.
    pub carriers_file: &'a Path,
    /// `carriers.toml`.
    pub carriers: &'a BTreeMap<String, CarrierBlock>,
}

impl Party {
    /// Brings manifest, agency block and carrier block together.
    pub fn build(agency: &Agency, block: &AgencyBlock, blocks: &Blocks<'_>) -> Result<Arc<Party>, Vec<ConfigError>> {
        let one = |error: ConfigError| vec![error];
        let unfit = |message: String| vec![ConfigError::unfit(blocks.agencies_file, message)];
        let carrier = (block.carrier != DIRECT).then_some(&block.carrier);
        let carrier_block = match carrier {
            Some(name) => Some(blocks.carriers.get(name).ok_or_else(|| {
                unfit(format!("[{}] carrier = \"{name}\" has no block in carriers.toml", agency.name))
            })?),
            None => None,
        };
        let address = carrier_block.map(|carrier| &carrier.base_url).or(block.base_url.as_ref());
        let address = address.ok_or_else(|| unfit(format!("[{}] needs base_url", agency.name)))?;
        let base_url = reqwest::Url::parse(address)
            .map_err(|error| unfit(format!("[{}] base_url: {error}", agency.name)))?;
        let tls = match carrier_block {
            Some(carrier) => load_tls(&carrier.tls, blocks.carriers_file).map_err(one)?,
            None => load_tls(&block.tls, blocks.agencies_file).map_err(one)?,
        };
        Ok(Arc::new(Party {
            agency: agency.name.clone(),
            carrier: carrier.cloned(),
            base_url,
            tls,
            credentials: credentials(agency, block, carrier_block, blocks)?,
            seals: agency.seals.iter().map(|(name, seal)| (name.clone(), seal.clone())).collect(),
            signature: signature(block.signature.as_ref()).map_err(unfit)?,
            token_path: carrier_block.and_then(|carrier| carrier.token_path.clone()).unwrap_or_else(|| "/token".into()),
            reply_bytes_max: block.reply_bytes_max.unwrap_or(REPLY_BYTES_MAX),
            connect_timeout: block.connect_timeout_ms.map_or(CONNECT_TIMEOUT, Duration::from_millis),
        }))
    }
}

/// The manifest's credentials, each with the values of the agency's block, or of its carrier's.
fn credentials(
    agency: &Agency,
    block: &AgencyBlock,
    carrier: Option<&CarrierBlock>,
    blocks: &Blocks<'_>,
) -> Result<BTreeMap<String, CredentialValues>, Vec<ConfigError>> {
    let mut findings = Vec::new();
    let mut credentials = BTreeMap::new();
    for (name, credential) in &agency.credentials {
        let own = block.credentials.get(name).map(|values| (values, blocks.agencies_file));
        let shared = carrier.and_then(|carrier| carrier.credentials.get(name));
        let given = own.or(shared.map(|values| (values, blocks.carriers_file)));
        let at = format!("{}.credentials.{name}", agency.name);
        let secrets = given.map_or(Ok(BTreeMap::new()), |(values, file)| read_secrets(values, file, &at));
        match secrets {
            Ok(secrets) => {
                let missing = required(&credential.kind).into_iter().find(|key| !secrets.contains_key(key));
                if let Some(key) = missing {
                    findings.push(ConfigError::unfit(blocks.agencies_file, format!("[{at}] needs `{key}`")));
                }
                credentials.insert(name.clone(), CredentialValues { kind: credential.kind.clone(), secrets });
            }
            Err(errors) => findings.extend(errors),
        }
    }
    if findings.is_empty() { Ok(credentials) } else { Err(findings) }
}

/// The keys a kind of credential needs.
fn required(kind: &CredentialKind) -> Vec<String> {
    let keys: &[&str] = match kind {
        CredentialKind::LgspToken { access_key: false } => &["consumer_key", "consumer_secret"],
        CredentialKind::LgspToken { access_key: true } => {
            &["consumer_key", "consumer_secret", "access_key", "secret_key", "app_name"]
        }
        CredentialKind::C06Signature => &["user", "secret_key", "api_key", "x_road_client"],
        CredentialKind::Mtls | CredentialKind::SessionLogin { .. } => &[],
        CredentialKind::Secrets { names } => return names.clone(),
        CredentialKind::OauthPassword { .. } | CredentialKind::Basic => &["user", "password"],
        CredentialKind::ApiKey { .. } => &["key"],
    };
    keys.iter().map(|key| key.to_string()).collect()
}

fn read_secrets(
    values: &BTreeMap<String, SecretReference>,
    file: &Path,
    at: &str,
) -> Result<BTreeMap<String, SecretString>, Vec<ConfigError>> {
    let mut findings = Vec::new();
    let mut secrets = BTreeMap::new();
    for (key, reference) in values {
        match reference.read(file, &format!("{at}.{key}")) {
            Ok(secret) => {
                secrets.insert(key.clone(), secret);
            }
            Err(error) => findings.push(error),
        }
    }
    if findings.is_empty() { Ok(secrets) } else { Err(findings) }
}

fn load_tls(block: &TlsBlock, file: &Path) -> Result<Tls, ConfigError> {
    let unfit = |message: String| ConfigError::unfit(file, message);
    let authority = match &block.ca {
        Some(path) => {
            let pem = read_text(&beside(file, path))?;
            let roots = reqwest::Certificate::from_pem_bundle(pem.as_bytes())
                .map_err(|error| unfit(format!("tls.ca: {error}")))?;
            Some(roots)
        }
        None => None,
    };
    let identity = match (&block.certificate, &block.key) {
        (Some(certificate), Some(key)) => {
            let pem = format!("{}\n{}", read_text(&beside(file, certificate))?, read_text(&beside(file, key))?);
            let identity = reqwest::Identity::from_pem(pem.as_bytes())
                .map_err(|error| unfit(format!("tls.certificate: {error}")))?;
            Some(identity)
        }
        (None, None) => None,
        _ => return Err(unfit("tls.certificate and tls.key belong together".into())),
    };
    Ok(Tls { authority, identity })
}

fn signature(block: Option<&SignatureBlock>) -> Result<Signature, String> {
    let named = |name: &str| match name {
        "url" => Ok(DigestPart::Url),
        "user" => Ok(DigestPart::User),
        "timestamp" => Ok(DigestPart::Timestamp),
        "secret_key" => Ok(DigestPart::SecretKey),
        other => Err(format!("signature.digest: `{other}` is not one of url, user, timestamp, secret_key")),
    };
    let usual = ["url", "user", "timestamp", "secret_key"].map(str::to_string).to_vec();
    let order = block.and_then(|block| block.digest.clone()).unwrap_or(usual);
    let in_milliseconds = match block.and_then(|block| block.timestamp.as_deref()) {
        None | Some("ms") => true,
        Some("s") => false,
        Some(other) => return Err(format!("signature.timestamp: `{other}` is not one of ms, s")),
    };
    Ok(Signature {
        digest: order.iter().map(|name| named(name)).collect::<Result<_, _>>()?,
        in_milliseconds,
        url_base: block.and_then(|block| block.url_base.clone()),
    })
}
