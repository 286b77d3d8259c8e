//! Brings agency and carrier blocks, secrets and manifests together into the wire.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use adapter_api::agency::CredentialKind;
use engine::ports::Clock;
use secrecy::SecretString;

use super::World;
use crate::agency::{Agencies, AgencySettings, CarrierSettings, DIRECT, Secrets, Signature, Tls};
use crate::config::ConfigError;
use crate::config::document::beside;
use crate::config::parties::{AgencyBlock, CarrierBlock, SecretReference, TlsBlock};

type References = BTreeMap<String, BTreeMap<String, SecretReference>>;

/// Builds the wire; every missing secret and every unsound block is reported at once.
pub fn connect(world: &World, clock: Arc<dyn Clock>) -> Result<Agencies, Vec<ConfigError>> {
    let mut findings = Vec::new();
    let carriers_file = world.main.path(&world.main.files.carriers);
    let mut carriers = BTreeMap::new();
    for (name, block) in &world.carrier_blocks {
        let used = world.agency_blocks.values().any(|agency| agency.carrier == *name);
        if !used {
            continue;
        }
        match carrier_settings(name, block, &carriers_file) {
            Ok(settings) => {
                carriers.insert(name.clone(), settings);
            }
            Err(errors) => findings.extend(errors),
        }
    }
    let mut agencies = BTreeMap::new();
    for (name, block) in &world.agency_blocks {
        match agency_settings(world, name, block, &carriers) {
            Ok(settings) => {
                agencies.insert(name.clone(), settings);
            }
            Err(errors) => findings.extend(errors),
        }
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    let file = world.main.path(&world.main.files.agencies);
    Agencies::build(agencies, &carriers, clock)
        .map_err(|error| vec![ConfigError::unfit(&file, error.to_string())])
}

fn carrier_settings(
    name: &str,
    block: &CarrierBlock,
    file: &Path,
) -> Result<CarrierSettings, Vec<ConfigError>> {
    Ok(CarrierSettings {
        base_url: block.base_url.clone(),
        tls: tls(&block.tls, file),
        secrets: secrets(&block.credentials, file, name)?,
        token_path: block.token_path.clone(),
        connect_timeout_ms: None,
    })
}

fn agency_settings(
    world: &World,
    name: &str,
    block: &AgencyBlock,
    carriers: &BTreeMap<String, CarrierSettings>,
) -> Result<AgencySettings, Vec<ConfigError>> {
    let file = world.main.path(&world.main.files.agencies);
    let unfit = |message: String| vec![ConfigError::unfit(&file, message)];
    let manifest = world.agencies.get(name).ok_or_else(|| unfit(format!("[{name}] has no agency folder")))?;
    let settings = AgencySettings {
        manifest: Arc::clone(manifest),
        carrier: block.carrier.clone(),
        base_url: block.base_url.clone(),
        tls: tls(&block.tls, &file),
        secrets: secrets(&block.credentials, &file, name)?,
        signature: signature(block).map_err(unfit)?,
        token_path: None,
        reply_bytes_max: block.reply_bytes_max,
        connect_timeout_ms: block.connect_timeout_ms,
    };
    let missing = missing_values(name, &settings, carriers);
    if missing.is_empty() { Ok(settings) } else { Err(missing.into_iter().flat_map(unfit).collect()) }
}

/// What the manifest needs and neither the agency's block nor its carrier's gives.
fn missing_values(
    name: &str,
    settings: &AgencySettings,
    carriers: &BTreeMap<String, CarrierSettings>,
) -> Vec<String> {
    let carrier = carriers.get(&settings.carrier);
    let given = |credential: &str, key: &String| {
        let own = settings.secrets.0.get(credential).is_some_and(|values| values.contains_key(key));
        own || carrier.is_some_and(|carrier| {
            carrier.secrets.0.get(credential).is_some_and(|values| values.contains_key(key))
        })
    };
    let mut missing = Vec::new();
    if settings.carrier == DIRECT && settings.base_url.is_none() {
        missing.push(format!("[{name}] needs base_url"));
    }
    for (credential, declared) in &settings.manifest.credentials {
        if declared.kind == CredentialKind::Mtls {
            let shown = settings.tls.certificate.is_some() && settings.tls.key.is_some();
            let lent = carrier.is_some_and(|carrier| carrier.tls.certificate.is_some());
            if !shown && !lent {
                missing.push(format!("[{name}] needs tls = {{ certificate = …, key = … }} for mutual TLS"));
            }
        }
        let keys = required(&declared.kind).into_iter().filter(|key| !given(credential, key));
        missing.extend(keys.map(|key| format!("[{name}.credentials.{credential}] needs `{key}`")));
    }
    missing
}

/// The keys a kind of credential cannot do without.
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

fn secrets(references: &References, file: &Path, party: &str) -> Result<Secrets, Vec<ConfigError>> {
    let mut findings = Vec::new();
    let mut all: BTreeMap<String, BTreeMap<String, SecretString>> = BTreeMap::new();
    for (credential, keys) in references {
        for (key, reference) in keys {
            match reference.read(file, &format!("[{party}.credentials.{credential}] {key}")) {
                Ok(secret) => {
                    all.entry(credential.clone()).or_default().insert(key.clone(), secret);
                }
                Err(error) => findings.push(error),
            }
        }
    }
    if findings.is_empty() { Ok(Secrets(all)) } else { Err(findings) }
}

fn tls(block: &TlsBlock, file: &Path) -> Tls {
    let resolved = |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| beside(file, path));
    Tls { ca: resolved(&block.ca), certificate: resolved(&block.certificate), key: resolved(&block.key) }
}

fn signature(block: &AgencyBlock) -> Result<Signature, String> {
    let usual = Signature::default();
    let Some(block) = &block.signature else { return Ok(usual) };
    let milliseconds = match block.timestamp.as_deref() {
        None | Some("ms") => true,
        Some("s") => false,
        Some(other) => return Err(format!("signature.timestamp: `{other}` is not one of ms, s")),
    };
    let digest = block.digest.clone().unwrap_or(usual.digest);
    Ok(Signature { digest, milliseconds, url_base: block.url_base.clone() })
}
