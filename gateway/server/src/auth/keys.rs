//! The keys tokens are verified with: read from a configured key set (JWKS, RFC 7517), each bound to one algorithm.

use std::path::{Path, PathBuf};
use std::sync::Once;

use adapter_api::codec::{Limits, json};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;

use super::jws::TokenFlaw;

/// A key set file: the largest public ones hold a dozen keys with certificates, 40 KB.
pub const KEY_SET_BYTES_MAX: usize = 256 * 1024;

/// An RSA key below this is breakable (NIST SP 800-131A).
const RSA_MODULUS_BITS_MIN: usize = 2_048;

/// The signature algorithms the house knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// RSA PKCS#1 v1.5 with SHA-256.
    Rs256,
}

impl Algorithm {
    /// The algorithm of this name; every other name, `none` and the shared-secret ones first, is no algorithm.
    pub fn named(name: &str) -> Result<Self, KeySetError> {
        match name {
            "ES256" => Ok(Algorithm::Es256),
            "EdDSA" => Ok(Algorithm::EdDsa),
            "RS256" => Ok(Algorithm::Rs256),
            _ => Err(KeySetError::Algorithm(name.into())),
        }
    }

    fn library(self) -> jsonwebtoken::Algorithm {
        match self {
            Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
            Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
            Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
        }
    }
}

/// Why a key set cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// The file is not there or too large.
    #[error("key set {path}: {why}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why, in our words.
        why: String,
    },
    /// Only files are read: an address would let a flood of unknown keys become a flood of fetches (T5).
    #[error("key set {0}: must be a file; fetch it outside and replace the file, it is read again on reload")]
    Address(PathBuf),
    /// A key of the set cannot be used.
    #[error("key {position}: {why}")]
    Key {
        /// Counted from 1.
        position: usize,
        /// Why.
        why: &'static str,
    },
    /// Nothing usable for the algorithms allowed.
    #[error("key set {0}: no key for the algorithms allowed")]
    Empty(PathBuf),
    /// Not one of ours.
    #[error("algorithm {0}: only ES256, EdDSA and RS256 can be allowed")]
    Algorithm(String),
    /// One issuer twice.
    #[error("issuer {0} is configured twice")]
    IssuerTwice(String),
}

/// A public key with the one algorithm it verifies.
#[derive(Clone)]
pub struct VerificationKey {
    /// Its name in the set.
    pub id: Option<String>,
    /// Its algorithm.
    pub algorithm: Algorithm,
    key: DecodingKey,
}

#[derive(Debug, Deserialize)]
struct Jwk {
    kty: String,
    alg: Option<String>,
    crv: Option<String>,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    d: Option<Value>,
}

impl VerificationKey {
    /// Reads one key (JWK).
    pub fn from_jwk(jwk: &Value) -> Result<Self, &'static str> {
        let jwk: Jwk = serde_json::from_value(jwk.clone()).map_err(|_| "not a JSON Web Key")?;
        if jwk.d.is_some() {
            return Err("is a private key: a key set holds public keys only");
        }
        if jwk.purpose.as_deref().is_some_and(|purpose| purpose != "sig") {
            return Err("is not for signatures");
        }
        if jwk.key_ops.as_ref().is_some_and(|operations| !operations.iter().any(|one| one == "verify")) {
            return Err("is not for verifying");
        }
        let algorithm = jwk.algorithm().ok_or("of a kind that is not allowed")?;
        if jwk.alg.as_deref().is_some_and(|name| Algorithm::named(name) != Ok(algorithm)) {
            return Err("names an algorithm that is not its own");
        }
        let key = jwk.key(algorithm).ok_or("its numbers are missing or too small")?;
        Ok(VerificationKey { id: jwk.kid, algorithm, key })
    }

    /// Whether a signature (base64url) fits a message.
    pub(super) fn fits(&self, signature: &str, message: &[u8]) -> bool {
        install_cryptography();
        jsonwebtoken::crypto::verify(signature, message, &self.key, self.algorithm.library()).unwrap_or(false)
    }
}

impl Jwk {
    fn algorithm(&self) -> Option<Algorithm> {
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("EC", Some("P-256")) => Some(Algorithm::Es256),
            ("OKP", Some("Ed25519")) => Some(Algorithm::EdDsa),
            ("RSA", None) => Some(Algorithm::Rs256),
            _ => None,
        }
    }

    fn key(&self, algorithm: Algorithm) -> Option<DecodingKey> {
        match algorithm {
            Algorithm::Es256 => DecodingKey::from_ec_components(self.x.as_deref()?, self.y.as_deref()?).ok(),
            Algorithm::EdDsa => DecodingKey::from_ed_components(self.x.as_deref()?).ok(),
            Algorithm::Rs256 => {
                let modulus = URL_SAFE_NO_PAD.decode(self.n.as_deref()?).ok()?;
                let bits = 8 * modulus.iter().skip_while(|byte| **byte == 0).count();
                (bits >= RSA_MODULUS_BITS_MIN).then_some(())?;
                DecodingKey::from_rsa_components(self.n.as_deref()?, self.e.as_deref()?).ok()
            }
        }
    }
}

/// The keys of one issuer.
#[derive(Clone)]
pub struct KeySet {
    keys: Vec<VerificationKey>,
}

impl KeySet {
    /// Reads a key set file; keys for other algorithms than those allowed are left out, as issuers publish several.
    pub fn read(path: &Path, allowed: &[Algorithm]) -> Result<Self, KeySetError> {
        if path.to_str().is_some_and(|path| path.contains("://")) {
            return Err(KeySetError::Address(path.into()));
        }
        let unreadable = |why: String| KeySetError::Unreadable { path: path.into(), why };
        let bytes = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
        let limits = Limits { bytes_max: KEY_SET_BYTES_MAX, ..Limits::default() };
        let set = json::parse_value(&bytes, &limits).map_err(|error| unreadable(error.to_string()))?;
        let listed =
            set.get("keys").and_then(Value::as_array).ok_or_else(|| unreadable("no list `keys`".into()))?;
        let mut keys = Vec::new();
        for (position, jwk) in (1..).zip(listed) {
            if jwk.get("d").is_some() {
                let why = "is a private key: a key set holds public keys only";
                return Err(KeySetError::Key { position, why });
            }
            match VerificationKey::from_jwk(jwk) {
                Ok(key) if allowed.contains(&key.algorithm) => keys.push(key),
                Ok(_) => tracing::debug!(position, "key of an algorithm that is not allowed is left out"),
                Err(why) => tracing::warn!(position, why, "key is left out"),
            }
        }
        if keys.is_empty() { Err(KeySetError::Empty(path.into())) } else { Ok(KeySet { keys }) }
    }

    /// The key of this name; a token that names none is verified by the only key, if there is only one.
    pub(super) fn find(&self, id: Option<&str>) -> Result<&VerificationKey, TokenFlaw> {
        let found = match (id, self.keys.as_slice()) {
            (Some(id), keys) => keys.iter().find(|key| key.id.as_deref() == Some(id)),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        found.ok_or(TokenFlaw::UnknownKey)
    }
}

/// Names aws-lc-rs as the one provider of rustls and of the token library, before either has to guess.
pub fn install_cryptography() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // A refusal means that one is installed already: in this process it can only be the same.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    });
}
