//! Who asks: bearer tokens verified against the issuers' key sets, nothing taken from a token that its signature does not cover.
//!
//! RFC 7515, 7519, 8725. The algorithm comes from the issuer's allow-list *and* the key, never from the token alone (T3).

pub mod development;
pub mod jws;
pub mod keys;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest;
use engine::client::Client;
use engine::ports::Clock;
use engine::refusal::Refusal;
use moka::sync::Cache;
use serde_json::{Map, Value};

use crate::config::ConfigError;
use crate::config::document::{beside, read_text};
use crate::config::parties::{ClientsFile, IssuerBlock};
use jws::{Algorithm, Signed};
use keys::KeySet;

/// Clocks of issuer and gateway may differ by this much, in seconds (RFC 7519 4.1.4: "no more than a few minutes").
const LEEWAY_S: i64 = 30;
/// The longest life of a token unless the issuer's block says otherwise (threats T4).
const TOKEN_LIFETIME_MAX_S: u64 = 600;
/// Verified tokens remembered: a province has some dozens of clients, each with a few live tokens.
const REMEMBERED_MAX: u64 = 10_000;

/// Knows the issuers and the clients.
pub struct Authenticator {
    issuers: BTreeMap<String, Issuer>,
    clients: BTreeMap<String, Client>,
    clock: Arc<dyn Clock>,
    verified: Cache<[u8; 32], Arc<Admitted>>,
}

struct Issuer {
    audience: String,
    keys: KeySet,
    algorithms: Vec<Algorithm>,
    lifetime_max_s: i64,
}

struct Admitted {
    client: Client,
    expires: i64,
}

/// Why a token was refused. For the log alone: the caller hears `unauthenticated`, always the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distrust {
    /// Its form, its header or its signature.
    Jws(jws::JwsError),
    /// The claims are no object, or one that is required is missing or of the wrong type.
    Claims,
    /// Nobody we know issued it.
    Issuer,
    /// It is meant for somebody else.
    Audience,
    /// Its time is over, has not come, or is longer than allowed.
    Time,
    /// We do not know this client.
    Client,
}

impl Authenticator {
    /// Reads the issuers' key sets.
    pub fn read(file: &Path, clients: &ClientsFile, clock: Arc<dyn Clock>) -> Result<Self, Vec<ConfigError>> {
        let mut findings = Vec::new();
        let mut issuers = BTreeMap::new();
        for block in &clients.issuers {
            match read_issuer(file, block) {
                Ok(issuer) => {
                    issuers.insert(block.issuer.clone(), issuer);
                }
                Err(error) => findings.push(error),
            }
        }
        if !findings.is_empty() {
            return Err(findings);
        }
        let known = clients.clients.iter().map(|(id, block)| {
            let client = Client { id: id.clone(), rights: block.rights.iter().cloned().collect() };
            (id.clone(), client)
        });
        let verified = Cache::new(REMEMBERED_MAX);
        Ok(Authenticator { issuers, clients: known.collect(), clock, verified })
    }

    /// The client behind a token. Every refusal is the same to the caller; the reason goes to the log.
    pub fn authenticate(&self, token: &str) -> Result<Client, Refusal> {
        self.admit(token).map_err(|distrust| {
            tracing::info!(?distrust, "token refused");
            Refusal::Unauthenticated
        })
    }

    /// As [`Authenticator::authenticate`], with the reason.
    pub fn admit(&self, token: &str) -> Result<Client, Distrust> {
        if token.len() > jws::TOKEN_BYTES_MAX {
            return Err(Distrust::Jws(jws::JwsError::TooLong));
        }
        let now = self.clock.unix_ms() / 1000;
        let print = fingerprint(token);
        if let Some(admitted) = self.verified.get(&print) {
            return if now < admitted.expires { Ok(admitted.client.clone()) } else { Err(Distrust::Time) };
        }
        let admitted = self.verify(token, now)?;
        let client = admitted.client.clone();
        self.verified.insert(print, Arc::new(admitted));
        Ok(client)
    }

    fn verify(&self, token: &str, now: i64) -> Result<Admitted, Distrust> {
        let signed = Signed::read(token).map_err(Distrust::Jws)?;
        let claims = signed.claims().map_err(|_unreadable| Distrust::Claims)?;
        let issuer = self.issuers.get(text(&claims, "iss")?).ok_or(Distrust::Issuer)?;
        signed.verify(&issuer.keys, &issuer.algorithms).map_err(Distrust::Jws)?;
        if !names_audience(&claims, &issuer.audience) {
            return Err(Distrust::Audience);
        }
        let (begins, expires) = (seconds(&claims, "nbf")?, seconds(&claims, "exp")?);
        let lives = expires.checked_sub(begins).ok_or(Distrust::Time)?;
        let in_time = now + LEEWAY_S >= begins && now < expires.saturating_add(LEEWAY_S);
        if !in_time || lives <= 0 || lives > issuer.lifetime_max_s {
            return Err(Distrust::Time);
        }
        let client = self.clients.get(text(&claims, "sub")?).ok_or(Distrust::Client)?.clone();
        Ok(Admitted { client, expires: expires.saturating_add(LEEWAY_S) })
    }
}

fn read_issuer(file: &Path, block: &IssuerBlock) -> Result<Issuer, ConfigError> {
    let path = beside(file, &block.jwks);
    let keys = KeySet::parse(&read_text(&path)?).map_err(|error| ConfigError::unfit(&path, error.to_string()))?;
    let mut algorithms = Vec::new();
    for name in &block.algorithms {
        let algorithm = Algorithm::of_name(name).ok_or_else(|| {
            let message = format!("issuer {}: algorithm `{name}` is not one of ES256, EdDSA, RS256", block.issuer);
            ConfigError::unfit(file, message)
        })?;
        algorithms.push(algorithm);
    }
    let lifetime_max_s = block.token_lifetime_max_s.unwrap_or(TOKEN_LIFETIME_MAX_S);
    let lifetime_max_s = i64::try_from(lifetime_max_s).unwrap_or(i64::MAX);
    Ok(Issuer { audience: block.audience.clone(), keys, algorithms, lifetime_max_s })
}

fn fingerprint(token: &str) -> [u8; 32] {
    let mut print = [0; 32];
    print.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    print
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Result<&'a str, Distrust> {
    claims.get(name).and_then(Value::as_str).ok_or(Distrust::Claims)
}

/// A NumericDate: a JSON number, never text (T3: `"exp": "9999999999"`). Fractions are cut.
fn seconds(claims: &Map<String, Value>, name: &str) -> Result<i64, Distrust> {
    let number = claims.get(name).ok_or(Distrust::Claims)?;
    let whole = number.as_i64().or_else(|| {
        let fraction = number.as_f64()?;
        (fraction.is_finite() && fraction.abs() < 1e15).then_some(fraction as i64)
    });
    whole.ok_or(Distrust::Claims)
}

/// `aud` is one text or a list of texts (RFC 7519 4.1.3).
fn names_audience(claims: &Map<String, Value>, audience: &str) -> bool {
    match claims.get("aud") {
        Some(Value::String(one)) => one == audience,
        Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(audience)),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
