//! A signed token (JWS, RFC 7515, compact form), taken apart and verified; strict, because everything in it is a stranger's word.

use adapter_api::codec::{Limits, json};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::keys::{Algorithm, VerificationKey};

/// Longest token: threats T3.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// The header of a token is flat.
const HEADER_DEPTH_MAX: usize = 4;

/// Header fields that would let a token bring its own key, or its own rules (RFC 7515 4.1, RFC 7797).
const REFUSED_FIELDS: [&str; 7] = ["crit", "b64", "jku", "jwk", "x5u", "x5c", "zip"];

/// Why a token is not believed. For our log alone: the caller hears "unauthenticated".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum TokenFlaw {
    #[error("longer than {TOKEN_BYTES_MAX} bytes")]
    TooLong,
    #[error("not three parts in base64url")]
    Parts,
    #[error("header is not a plain JSON object")]
    Header,
    #[error("header has {0}")]
    RefusedField(&'static str),
    #[error("algorithm not allowed for this key")]
    Algorithm,
    #[error("no such key")]
    UnknownKey,
    #[error("signature does not fit")]
    Signature,
    #[error("claims are not a plain JSON object")]
    Claims,
    #[error("claim {0} is missing or of the wrong kind")]
    Claim(&'static str),
    #[error("issuer is not known")]
    UnknownIssuer,
    #[error("meant for somebody else")]
    Audience,
    #[error("lives too long, or ends before it begins")]
    Lifetime,
    #[error("has ended")]
    Ended,
    #[error("has not begun")]
    NotYet,
    #[error("client is not known")]
    UnknownClient,
    #[error("client belongs to another issuer")]
    ForeignClient,
}

/// What a header may say to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// `alg`.
    pub algorithm: String,
    /// `kid`: a name to look up, nothing else.
    pub key: Option<String>,
}

/// A token, taken apart; nothing of it is proven yet.
#[derive(Debug)]
pub struct Parts<'t> {
    /// What it says of itself.
    pub header: Header,
    /// What it carries.
    pub payload: Vec<u8>,
    signed: &'t str,
    signature: &'t str,
}

impl<'t> Parts<'t> {
    /// Takes a token apart.
    pub fn of(token: &'t str) -> Result<Self, TokenFlaw> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenFlaw::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenFlaw::Parts)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenFlaw::Parts)?;
        if payload.contains('.') || header.is_empty() || signature.is_empty() {
            return Err(TokenFlaw::Parts);
        }
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenFlaw::Parts);
        decode(signature)?;
        Ok(Parts { header: read_header(&decode(header)?)?, payload: decode(payload)?, signed, signature })
    }

    /// Verifies the signature with this key, whose own algorithm the header must name.
    pub fn verify(&self, key: &VerificationKey) -> Result<(), TokenFlaw> {
        if Algorithm::named(&self.header.algorithm) != Ok(key.algorithm) {
            return Err(TokenFlaw::Algorithm);
        }
        if self.header.key.is_some() && key.id.is_some() && self.header.key != key.id {
            return Err(TokenFlaw::UnknownKey);
        }
        match key.fits(self.signature, self.signed.as_bytes()) {
            true => Ok(()),
            false => Err(TokenFlaw::Signature),
        }
    }
}

/// Verifies a compact JWS with one key and gives its payload.
pub fn verify_jws(token: &str, key: &VerificationKey) -> Result<Vec<u8>, TokenFlaw> {
    let parts = Parts::of(token)?;
    parts.verify(key)?;
    Ok(parts.payload)
}

fn read_header(bytes: &[u8]) -> Result<Header, TokenFlaw> {
    let limits = Limits { bytes_max: TOKEN_BYTES_MAX, depth_max: HEADER_DEPTH_MAX, ..Limits::default() };
    let Ok(Value::Object(fields)) = json::parse_value(bytes, &limits) else { return Err(TokenFlaw::Header) };
    if let Some(field) = REFUSED_FIELDS.into_iter().find(|field| fields.contains_key(*field)) {
        return Err(TokenFlaw::RefusedField(field));
    }
    let text = |name: &str| match fields.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(TokenFlaw::Header),
    };
    Ok(Header { algorithm: text("alg")?.ok_or(TokenFlaw::Header)?, key: text("kid")? })
}
