//! Brings agency and carrier blocks, secrets and manifests together into the wire.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use adapter_api::agency::{Agency, Below, CredentialKind, Login, LoginFormat};
use engine::ports::Clock;
use secrecy::SecretString;

use super::World;
use crate::agency::{
    Agencies, AgencyError, AgencySettings, CarrierSettings, DIRECT, Secrets, Signature, Tls,
};
use crate::config::ConfigError;
use crate::config::document::{beside, read_private};
use crate::config::parties::{AgencyBlock, CarrierBlock, LoginBlock, SecretReference, TlsBlock};

type References = BTreeMap<String, BTreeMap<String, SecretReference>>;

/// What the wire is built from, as far as it could be read.
pub struct Links {
    /// Agencies by name.
    pub agencies: BTreeMap<String, AgencySettings>,
    /// The carriers in use, by name.
    pub carriers: BTreeMap<String, CarrierSettings>,
}

/// Reads addresses, secrets and certificates; every missing secret and every unsound block is reported at once.
pub fn read_links(world: &World) -> (Links, Vec<ConfigError>) {
    let mut findings = Vec::new();
    let carriers_file = world.main.path(&world.main.files.carriers);
    let used = |name: &str| world.agency_blocks.values().any(|agency| agency.carrier == name);
    let mut links = Links { agencies: BTreeMap::new(), carriers: BTreeMap::new() };
    for (name, block) in world.carrier_blocks.iter().filter(|(name, _)| used(name)) {
        let settings = carrier_settings(name, block, &carriers_file, &mut findings);
        links.carriers.insert(name.clone(), settings);
    }
    for (name, block) in &world.agency_blocks {
        if let Some(settings) = agency_settings(world, name, block, &links.carriers, &mut findings) {
            links.agencies.insert(name.clone(), settings);
        }
    }
    (links, findings)
}

/// What of it could be read, whatever is wrong: enough to dial.
pub fn addresses(world: &World) -> Links {
    read_links(world).0
}

impl Links {
    /// Builds the wire to all agencies; whatever cannot be built is reported at once.
    pub fn connect(&self, world: &World, clock: &Arc<dyn Clock>) -> Result<Agencies, Vec<ConfigError>> {
        let alone = self.agencies.keys().filter_map(|name| self.connect_one(world, name, clock).err());
        let findings: Vec<ConfigError> = alone.collect();
        if !findings.is_empty() {
            return Err(findings);
        }
        Agencies::build(self.agencies.clone(), &self.carriers, Arc::clone(clock))
            .map_err(|error| vec![unbuilt(world, &error)])
    }

    /// Builds the wire to one agency, as if it were the only one.
    pub fn connect_one(
        &self,
        world: &World,
        name: &str,
        clock: &Arc<dyn Clock>,
    ) -> Result<Agencies, ConfigError> {
        let one = self.agencies.get(name).map(|settings| (name.to_string(), settings.clone()));
        Agencies::build(one.into_iter().collect(), &self.carriers, Arc::clone(clock))
            .map_err(|error| unbuilt(world, &error))
    }
}

fn unbuilt(world: &World, error: &AgencyError) -> ConfigError {
    ConfigError::unfit(&world.main.path(&world.main.files.agencies), error.to_string())
}

fn carrier_settings(
    name: &str,
    block: &CarrierBlock,
    file: &Path,
    findings: &mut Vec<ConfigError>,
) -> CarrierSettings {
    CarrierSettings {
        base_url: block.base_url.clone(),
        tls: tls(&block.tls, file, findings),
        secrets: secrets(&block.credentials, file, name, findings),
        token_path: block.token_path.clone(),
        connect_timeout_ms: None,
        concurrency: Some(block.limits.concurrency),
    }
}

fn agency_settings(
    world: &World,
    name: &str,
    block: &AgencyBlock,
    carriers: &BTreeMap<String, CarrierSettings>,
    findings: &mut Vec<ConfigError>,
) -> Option<AgencySettings> {
    let file = world.main.path(&world.main.files.agencies);
    let unfit = |message: String| ConfigError::unfit(&file, message);
    let Some(manifest) = world.agencies.get(name) else {
        findings.push(unfit(format!("[{name}] has no agency folder")));
        return None;
    };
    let signature = signature(block).unwrap_or_else(|why| {
        findings.push(unfit(format!("[{name}] {why}")));
        Signature::default()
    });
    let settings = AgencySettings {
        manifest: Arc::clone(manifest),
        carrier: block.carrier.clone(),
        base_url: block.base_url.clone(),
        tls: tls(&block.tls, &file, findings),
        secrets: secrets(&block.credentials, &file, name, findings),
        signature,
        logins: logins(manifest, block, &mut |why| findings.push(unfit(format!("[{name}.logins.{why}")))),
        reply_bytes_max: block.reply_bytes_max,
        connect_timeout_ms: block.connect_timeout_ms,
        concurrency: Some(block.limits.concurrency),
    };
    let told = |credential: &str, key: &str| {
        let carrier = world.carrier_blocks.get(&block.carrier).map(|carrier| &carrier.credentials);
        [Some(&block.credentials), carrier]
            .into_iter()
            .flatten()
            .any(|named| named.get(credential).is_some_and(|keys| keys.contains_key(key)))
    };
    findings.extend(missing_values(name, &settings, carriers, told).into_iter().map(unfit));
    Some(settings)
}

/// What the manifest needs and neither the agency's block nor its carrier's gives.
fn missing_values(
    name: &str,
    settings: &AgencySettings,
    carriers: &BTreeMap<String, CarrierSettings>,
    given: impl Fn(&str, &str) -> bool,
) -> Vec<String> {
    let carrier = carriers.get(&settings.carrier);
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
        if let CredentialKind::SessionLogin { .. } = declared.kind {
            missing.push(format!(
                "[{name}] credential `{credential}` is a session-login, which this version cannot make yet: \
                 every call would fail"
            ));
        }
        let keys = required(&declared.kind).into_iter().filter(|key| !given(credential, key.as_str()));
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

fn secrets(references: &References, file: &Path, party: &str, findings: &mut Vec<ConfigError>) -> Secrets {
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
    Secrets(all)
}

fn tls(block: &TlsBlock, file: &Path, findings: &mut Vec<ConfigError>) -> Tls {
    let resolved = |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| beside(file, path));
    let tls =
        Tls { ca: resolved(&block.ca), certificate: resolved(&block.certificate), key: resolved(&block.key) };
    // Whether the key can be used is the connection's to say; whether it is still secret is said here.
    findings.extend(tls.key.as_deref().and_then(|key| read_private(key).err()));
    tls
}

/// The manifest's logins with what the block says otherwise laid over them.
fn logins(
    manifest: &Agency,
    block: &AgencyBlock,
    report: &mut impl FnMut(String),
) -> BTreeMap<String, Login> {
    let mut logins = BTreeMap::new();
    for (credential, said) in &block.logins {
        let Some(CredentialKind::OauthPassword { login, .. }) =
            manifest.credentials.get(credential).map(|credential| &credential.kind)
        else {
            report(format!(
                "{credential}] is no credential of its folder that logs in with user and password"
            ));
            continue;
        };
        match laid_over(login, said) {
            Ok(login) => {
                logins.insert(credential.clone(), login);
            }
            Err(why) => report(format!("{credential}] {why}")),
        }
    }
    logins
}

fn laid_over(login: &Login, said: &LoginBlock) -> Result<Login, String> {
    let mut login = login.clone();
    if let Some(path) = &said.path {
        if !path.starts_with('/') {
            return Err(format!("path: `{path}` does not begin with `/`"));
        }
        login.path = Some(path.clone());
    }
    if let Some(word) = &said.below {
        login.below = one_of(&Below::WORDS, word).map_err(|why| format!("below: {why}"))?;
    }
    if let Some(word) = &said.format {
        login.format = one_of(&LoginFormat::WORDS, word).map_err(|why| format!("format: {why}"))?;
    }
    Ok(login)
}

fn one_of<T: Copy>(words: &[(&str, T)], said: &str) -> Result<T, String> {
    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let found = words.iter().find(|(word, _)| *word == said).map(|(_, meaning)| *meaning);
    found.ok_or_else(|| format!("`{said}` is not one of {}", known.join(", ")))
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

#[cfg(test)]
mod tests {
    use adapter_api::agency::{Agency, Credential};
    use adapter_api::diagnostic::Place;

    use super::*;

    #[test]
    fn a_login_we_cannot_make_is_refused_at_the_start() {
        let place = Place::new(&"adapter.toml".into(), 1);
        let kind = CredentialKind::SessionLogin { exchange: "login".into(), lasts_s: None };
        let credential = Credential { place: place.clone(), kind };
        let manifest = Agency {
            name: "postal".into(),
            place,
            through: Vec::new(),
            carrier_rules: Default::default(),
            credentials: [("session".to_string(), credential)].into_iter().collect(),
            settings: Default::default(),
            namespaces: Default::default(),
            seals: Default::default(),
            operations: Default::default(),
            exchanges: Default::default(),
            inbound: Default::default(),
            shapes: Default::default(),
            tables: Default::default(),
        };
        let settings = AgencySettings {
            manifest: Arc::new(manifest),
            carrier: DIRECT.into(),
            base_url: Some("https://postal.example.invalid".into()),
            tls: Tls::default(),
            secrets: Secrets::default(),
            signature: Signature::default(),
            logins: BTreeMap::new(),
            reply_bytes_max: None,
            connect_timeout_ms: None,
            concurrency: None,
        };
        let missing = missing_values("postal", &settings, &BTreeMap::new(), |_, _| true);
        assert_eq!(missing.len(), 1, "{missing:?}");
        assert!(missing[0].contains("`session` is a session-login"), "{missing:?}");
    }
}
