//! Tokens for development and the sandbox, from a local key. A province's tokens come from its identity provider.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::ports::Clock;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::json;

/// The key set's file.
pub const JWKS_FILE: &str = "development.jwks.json";
/// The private key's file.
const KEY_FILE: &str = "development.key.pem";
/// The key's name in the set.
const KEY_ID: &str = "development";

/// What a token shall say.
#[derive(Debug, Clone, Copy)]
pub struct TokenOrder<'a> {
    /// `iss`.
    pub issuer: &'a str,
    /// `aud`.
    pub audience: &'a str,
    /// `sub`.
    pub client: &'a str,
    /// How long it lives, in seconds.
    pub lives_s: u64,
}

/// Why no token can be had.
#[derive(Debug, thiserror::Error)]
pub enum DevelopmentError {
    /// A file.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// A key could not be made.
    #[error("no key could be made: {0}")]
    Key(#[from] rcgen::Error),
    /// Signing failed.
    #[error("the token could not be signed: {0}")]
    Sign(#[from] jsonwebtoken::errors::Error),
}

/// Makes the key pair and its key set, unless they are there.
pub fn ensure_keys(folder: &Path) -> Result<(), DevelopmentError> {
    let (key_file, jwks_file) = (folder.join(KEY_FILE), folder.join(JWKS_FILE));
    if key_file.exists() && jwks_file.exists() {
        return Ok(());
    }
    std::fs::create_dir_all(folder)?;
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
    // An uncompressed point: 0x04, then x and y of 32 bytes each (SEC 1, 2.3.3).
    let point = pair.public_key_raw();
    let half = |from: usize| URL_SAFE_NO_PAD.encode(point.get(from..from + 32).unwrap_or_default());
    let jwks = json!({ "keys": [{
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": KEY_ID, "x": half(1), "y": half(33),
    }] });
    write_private(&key_file, pair.serialize_pem().as_bytes())?;
    std::fs::write(jwks_file, format!("{jwks:#}\n"))?;
    Ok(())
}

/// Issues a token with the key of this folder.
pub fn issue(folder: &Path, order: &TokenOrder<'_>) -> Result<String, DevelopmentError> {
    crate::start::install_crypto();
    let key = EncodingKey::from_ec_pem(&std::fs::read(folder.join(KEY_FILE))?)?;
    let now = crate::clock::WallClock.unix_ms() / 1000;
    let lives = i64::try_from(order.lives_s).unwrap_or(i64::MAX / 2);
    let claims = json!({
        "iss": order.issuer, "aud": order.audience, "sub": order.client, "nbf": now, "exp": now + lives,
    });
    sign(&json!({ "alg": "ES256", "typ": "JWT", "kid": KEY_ID }), &claims, &key, Algorithm::ES256)
}

/// Signs a header and claims as they are; tests use it to sign what should be refused.
pub fn sign(
    header: &serde_json::Value,
    claims: &serde_json::Value,
    key: &EncodingKey,
    algorithm: Algorithm,
) -> Result<String, DevelopmentError> {
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = crypto::sign(message.as_bytes(), key, algorithm)?;
    Ok(format!("{message}.{signature}"))
}

/// Writes a file only its owner can read.
pub fn write_private(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut opened = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?;
    opened.write_all(bytes)
}
