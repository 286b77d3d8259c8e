//! Who asks: turns a bearer token into a known client, or refuses.
//!
//! The token proves its issuer and its subject; what the client may do stands in our own configuration, never in the token.
//! Tokens that were verified once are remembered by their hash until they end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use adapter_api::codec::{Limits, json};
use aws_lc_rs::digest::{SHA256, digest};
use engine::client::{Client, Lane};
use engine::ports::Clock;
use engine::refusal::Refusal;
use moka::sync::Cache;
use serde_json::Value;

pub mod development;
pub mod jws;
pub mod keys;

use jws::{Parts, TOKEN_BYTES_MAX, TokenFlaw};
use keys::{Algorithm, KeySet, KeySetError};

/// Longest life of a token where its issuer's settings name none: threats T4 says ten minutes.
pub const TOKEN_LIFETIME_S_MAX: u64 = 600;

/// Two clocks kept by NTP differ by less than a second; a minute forgives one that lost its server overnight.
pub const LEEWAY_S: i64 = 60;

/// Verified tokens remembered: ten thousand clients with one live token each, about 3 MB.
pub const REMEMBERED_TOKENS_MAX: u64 = 10_000;

/// Claims nest in no known issuer deeper than this.
const CLAIMS_DEPTH_MAX: usize = 8;

/// Beyond the year 9999 a time is a mistake, and adding leeway to it must not overflow.
const LAST_SECOND: i64 = 253_402_300_799;

/// One issuer whose tokens are believed.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// `iss`, to the letter.
    pub issuer: String,
    /// What `aud` must be or contain.
    pub audience: String,
    /// The file with its key set (JWKS).
    pub jwks: PathBuf,
    /// The algorithms allowed, `ES256`, `EdDSA`, `RS256`.
    pub algorithms: Vec<String>,
    /// The longest life of a token; [`TOKEN_LIFETIME_S_MAX`] if none is named.
    pub token_lifetime_max_s: Option<u64>,
}

/// Known clients.
pub type KnownClients = BTreeMap<String, KnownClient>;

/// One client, as our own configuration knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownClient {
    /// Whose tokens speak for it: another issuer's do not, however well they are signed.
    pub issuer: String,
    /// What it may do beyond services.
    pub rights: BTreeSet<String>,
    /// The lane of its requests.
    pub lane: Lane,
}

struct Believed {
    audience: String,
    keys: KeySet,
    lifetime_max_s: i64,
}

/// Believes tokens, or not.
pub struct Authenticator {
    issuers: BTreeMap<String, Believed>,
    clients: KnownClients,
    clock: Arc<dyn Clock>,
    remembered: Cache<[u8; 32], Remembered>,
}

#[derive(Debug, Clone)]
struct Remembered {
    issuer: String,
    subject: String,
    from_s: i64,
    until_s: i64,
}

impl Authenticator {
    /// Reads every issuer's key set; everything that is wrong is reported at once.
    pub fn load(
        issuers: &[Issuer],
        clients: KnownClients,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Vec<KeySetError>> {
        let mut believed = BTreeMap::new();
        let mut wrong = Vec::new();
        for issuer in issuers {
            match Believed::of(issuer) {
                Ok(one) => {
                    if believed.insert(issuer.issuer.clone(), one).is_some() {
                        wrong.push(KeySetError::IssuerTwice(issuer.issuer.clone()));
                    }
                }
                Err(error) => wrong.push(error),
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let remembered = Cache::builder().max_capacity(REMEMBERED_TOKENS_MAX).build();
        Ok(Authenticator { issuers: believed, clients, clock, remembered })
    }

    /// Says whose token this is.
    pub fn authenticate(&self, token: &str) -> Result<Client, Refusal> {
        self.client(token).map_err(|flaw| {
            tracing::info!(%flaw, "token refused");
            Refusal::Unauthenticated
        })
    }

    fn client(&self, token: &str) -> Result<Client, TokenFlaw> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenFlaw::TooLong);
        }
        let now_s = self.clock.unix_ms().div_euclid(1_000);
        let mut hash = [0_u8; 32];
        hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        let known = match self.remembered.get(&hash) {
            Some(known) => known,
            None => {
                let verified = self.verify(token)?;
                self.remembered.insert(hash, verified.clone());
                verified
            }
        };
        if now_s >= known.until_s + LEEWAY_S {
            self.remembered.invalidate(&hash);
            return Err(TokenFlaw::Ended);
        }
        if now_s < known.from_s - LEEWAY_S {
            return Err(TokenFlaw::NotYet);
        }
        let client = self.clients.get(&known.subject).ok_or(TokenFlaw::UnknownClient)?;
        if client.issuer != known.issuer {
            return Err(TokenFlaw::ForeignClient);
        }
        Ok(Client { id: known.subject, rights: client.rights.clone(), lane: client.lane })
    }

    fn verify(&self, token: &str) -> Result<Remembered, TokenFlaw> {
        let parts = Parts::of(token)?;
        let claims = read_claims(&parts.payload)?;
        // The unverified issuer only chooses the key set that must have signed it.
        let issuer = text(&claims, "iss")?;
        let believed = self.issuers.get(issuer).ok_or(TokenFlaw::UnknownIssuer)?;
        parts.verify(believed.keys.find(parts.header.key.as_deref())?)?;
        if !names_audience(&claims, &believed.audience) {
            return Err(TokenFlaw::Audience);
        }
        let (from_s, until_s) = (seconds(&claims, "nbf")?, seconds(&claims, "exp")?);
        let issued_s = if claims.get("iat").is_some() { seconds(&claims, "iat")? } else { from_s };
        if until_s <= from_s || until_s - from_s.min(issued_s) > believed.lifetime_max_s {
            return Err(TokenFlaw::Lifetime);
        }
        let subject = text(&claims, "sub")?.to_owned();
        Ok(Remembered { issuer: issuer.to_owned(), subject, from_s, until_s })
    }
}

impl Believed {
    fn of(issuer: &Issuer) -> Result<Self, KeySetError> {
        let algorithms =
            issuer.algorithms.iter().map(|name| Algorithm::named(name)).collect::<Result<Vec<_>, _>>()?;
        let keys = KeySet::read(&issuer.jwks, &algorithms)?;
        let lifetime = issuer.token_lifetime_max_s.unwrap_or(TOKEN_LIFETIME_S_MAX);
        let lifetime_max_s = i64::try_from(lifetime).unwrap_or(LAST_SECOND).min(LAST_SECOND);
        Ok(Believed { audience: issuer.audience.clone(), keys, lifetime_max_s })
    }
}

fn read_claims(payload: &[u8]) -> Result<Value, TokenFlaw> {
    let limits = Limits { bytes_max: TOKEN_BYTES_MAX, depth_max: CLAIMS_DEPTH_MAX, ..Limits::default() };
    json::parse_value(payload, &limits).ok().filter(Value::is_object).ok_or(TokenFlaw::Claims)
}

fn text<'c>(claims: &'c Value, name: &'static str) -> Result<&'c str, TokenFlaw> {
    claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).ok_or(TokenFlaw::Claim(name))
}

/// A NumericDate as whole seconds; text is refused, however number-like.
fn seconds(claims: &Value, name: &'static str) -> Result<i64, TokenFlaw> {
    claims
        .get(name)
        .and_then(Value::as_i64)
        .filter(|seconds| (0..=LAST_SECOND).contains(seconds))
        .ok_or(TokenFlaw::Claim(name))
}

fn names_audience(claims: &Value, audience: &str) -> bool {
    match claims.get("aud") {
        Some(Value::String(one)) => one == audience,
        Some(Value::Array(many)) => many.iter().any(|one| one.as_str() == Some(audience)),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
