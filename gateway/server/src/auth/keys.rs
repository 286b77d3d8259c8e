//! Public keys, from a JSON Web Key Set (RFC 7517). A key that does not say clearly what it is for is not used.

use adapter_api::codec::{Limits, json};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde_json::Value;

use super::jws::Algorithm;

/// RSA keys below this are refused (NIST SP 800-131A).
const RSA_BITS_MIN: usize = 2048;

/// An issuer's keys.
#[derive(Clone)]
pub struct KeySet {
    keys: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    kid: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

/// Why a key set cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not JSON, or without `keys`.
    #[error("not a JSON Web Key Set")]
    Form,
    /// None of its keys is for ES256, EdDSA or RS256 signatures.
    #[error("no key for ES256, EdDSA or RS256 signatures in it")]
    Nothing,
    /// This key contradicts itself or is too weak.
    #[error("key {position} cannot be used")]
    Key {
        /// From 1.
        position: usize,
    },
}

impl KeySet {
    /// Parses a key set; keys for other purposes are passed over, unsound ones are an error.
    pub fn parse(text: &str) -> Result<KeySet, KeyError> {
        let set = json::parse_value(text.as_bytes(), &Limits::default()).map_err(|_error| KeyError::Form)?;
        let listed = set.get("keys").and_then(Value::as_array).ok_or(KeyError::Form)?;
        let mut keys = Vec::new();
        for (index, jwk) in listed.iter().enumerate() {
            if let Some(algorithm) = algorithm_of(jwk) {
                keys.push(read(jwk, algorithm).ok_or(KeyError::Key { position: index + 1 })?);
            }
        }
        if keys.is_empty() { Err(KeyError::Nothing) } else { Ok(KeySet { keys }) }
    }

    /// The key set of one key.
    pub fn of_key(jwk: &Value) -> Result<KeySet, KeyError> {
        let algorithm = algorithm_of(jwk).ok_or(KeyError::Nothing)?;
        let key = read(jwk, algorithm).ok_or(KeyError::Key { position: 1 })?;
        Ok(KeySet { keys: vec![key] })
    }

    /// The key that `kid` names if it is for this algorithm; without `kid` the only key of the algorithm.
    pub fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&DecodingKey> {
        let mut fitting = self.keys.iter().filter(|key| key.algorithm == algorithm);
        match kid {
            Some(kid) => fitting.find(|key| key.kid.as_deref() == Some(kid)).map(|key| &key.key),
            None => {
                let only = fitting.next()?;
                fitting.next().is_none().then_some(&only.key)
            }
        }
    }
}

/// What a key is for, by its type *and* its own `alg`, `use` and `key_ops`.
fn algorithm_of(jwk: &Value) -> Option<Algorithm> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let algorithm = match (text("kty")?, text("crv")) {
        ("EC", Some("P-256")) => Algorithm::Es256,
        ("OKP", Some("Ed25519")) => Algorithm::EdDsa,
        ("RSA", None) => Algorithm::Rs256,
        _ => return None,
    };
    let alg_fits = jwk.get("alg").is_none_or(|alg| alg.as_str().and_then(Algorithm::of_name) == Some(algorithm));
    let use_fits = jwk.get("use").is_none_or(|used| used.as_str() == Some("sig"));
    let operations = jwk.get("key_ops").map(Value::as_array);
    let operations_fit = operations.is_none_or(|list| {
        list.is_some_and(|list| list.iter().any(|operation| operation.as_str() == Some("verify")))
    });
    (alg_fits && use_fits && operations_fit).then_some(algorithm)
}

fn read(jwk: &Value, algorithm: Algorithm) -> Option<Key> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
    let key = match algorithm {
        Algorithm::Es256 => {
            let sound = bytes("x")?.len() == 32 && bytes("y")?.len() == 32;
            sound.then(|| DecodingKey::from_ec_components(text("x")?, text("y")?).ok()).flatten()?
        }
        Algorithm::EdDsa => {
            let sound = bytes("x")?.len() == 32;
            sound.then(|| DecodingKey::from_ed_components(text("x")?).ok()).flatten()?
        }
        Algorithm::Rs256 => {
            let modulus = bytes("n")?;
            let significant = modulus.iter().skip_while(|byte| **byte == 0).count();
            let sound = significant * 8 >= RSA_BITS_MIN;
            sound.then(|| DecodingKey::from_rsa_components(text("n")?, text("e")?).ok()).flatten()?
        }
    };
    Some(Key { kid: text("kid").map(str::to_string), algorithm, key })
}
