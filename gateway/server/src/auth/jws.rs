//! One compact JWS: read strictly, verified with a key that fits (RFC 7515, RFC 8725).

use adapter_api::codec::{Limits, json};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::keys::KeySet;

/// The longest token we look at (threats T3).
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// The algorithms we know. No other is ever verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA over P-256 with SHA-256.
    Es256,
    /// Ed25519 (RFC 8037).
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

/// Why a JWS is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Over [`TOKEN_BYTES_MAX`].
    #[error("too long")]
    TooLong,
    /// Not three parts of base64url without padding.
    #[error("not a compact JWS")]
    Form,
    /// The header is no JSON object, or names keys of its own, or wants what we do not understand.
    #[error("a header we do not accept")]
    Header,
    /// An algorithm that is not allowed.
    #[error("an algorithm that is not allowed")]
    Algorithm,
    /// No key fits.
    #[error("no key fits")]
    Key,
    /// The signature is wrong.
    #[error("a wrong signature")]
    Signature,
}

/// A JWS taken apart, not yet believed.
#[derive(Debug, Clone)]
pub struct Signed<'a> {
    algorithm: Algorithm,
    kid: Option<String>,
    message: &'a str,
    payload: Vec<u8>,
    signature: &'a str,
}

impl Algorithm {
    /// The algorithm of a name in a header, a key or a configuration.
    pub fn of_name(name: &str) -> Option<Algorithm> {
        match name {
            "ES256" => Some(Algorithm::Es256),
            "EdDSA" | "Ed25519" => Some(Algorithm::EdDsa),
            "RS256" => Some(Algorithm::Rs256),
            _ => None,
        }
    }

    pub(super) fn library(self) -> jsonwebtoken::Algorithm {
        match self {
            Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
            Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
            Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
        }
    }
}

impl<'a> Signed<'a> {
    /// Takes a compact JWS apart.
    pub fn read(token: &'a str) -> Result<Signed<'a>, JwsError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(JwsError::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(JwsError::Form)?;
        let (header, payload) = message.split_once('.').ok_or(JwsError::Form)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_error| JwsError::Form);
        let (header, payload) = (decode(header)?, decode(payload)?);
        decode(signature)?;
        let header = object(&header).ok_or(JwsError::Header)?;
        // A key, or a place to fetch one, inside the token is an attack; `crit` wants extensions we do not have.
        if ["jku", "x5u", "jwk", "x5c", "crit"].iter().any(|name| header.contains_key(*name)) {
            return Err(JwsError::Header);
        }
        let algorithm = header.get("alg").and_then(Value::as_str).ok_or(JwsError::Header)?;
        let algorithm = Algorithm::of_name(algorithm).ok_or(JwsError::Algorithm)?;
        let kid = match header.get("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid.clone()),
            Some(_) => return Err(JwsError::Header),
        };
        Ok(Signed { algorithm, kid, message, payload, signature })
    }

    /// The claims, not yet believed: needed to know whose keys to ask.
    pub fn claims(&self) -> Result<Map<String, Value>, JwsError> {
        object(&self.payload).ok_or(JwsError::Form)
    }

    /// The payload's bytes.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Verifies the signature with the key that `kid` names, or with the only key of the algorithm.
    pub fn verify(&self, keys: &KeySet, allowed: &[Algorithm]) -> Result<(), JwsError> {
        if !allowed.contains(&self.algorithm) {
            return Err(JwsError::Algorithm);
        }
        let key = keys.find(self.kid.as_deref(), self.algorithm).ok_or(JwsError::Key)?;
        let message = self.message.as_bytes();
        match jsonwebtoken::crypto::verify(self.signature, message, key, self.algorithm.library()) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(JwsError::Signature),
        }
    }
}

/// A strict JSON object: duplicate keys refused (`{"alg":"none","alg":"ES256"}`).
fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    match json::parse_value(bytes, &Limits::default()).ok()? {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
