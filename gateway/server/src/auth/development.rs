//! Keys and tokens for development and the sandbox; in production they come from the province's identity provider.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::ports::Clock;
use jsonwebtoken::{EncodingKey, Header};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use serde_json::json;

use super::keys::install_cryptography;
use crate::clock::WallClock;

/// The private key, mode 0600.
pub const KEY_FILE: &str = "development.key.pem";
/// The public key set, as `clients.toml` names it.
pub const JWKS_FILE: &str = "development.jwks.json";
/// Read and written by its owner alone.
const OWNER_ONLY: u32 = 0o600;

/// Why there is no key or no token.
#[derive(Debug, thiserror::Error)]
pub enum DevelopmentError {
    /// The folder cannot be used.
    #[error("{0}")]
    Folder(#[from] io::Error),
    /// The key file holds no ES256 key.
    #[error("{KEY_FILE} is not an ES256 key")]
    Key,
}

/// What a token is to say.
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

/// Makes the key pair if the folder has none, and writes its key set.
pub fn ensure_keys(folder: &Path) -> Result<(), DevelopmentError> {
    std::fs::create_dir_all(folder)?;
    let private = folder.join(KEY_FILE);
    let pair = match std::fs::read_to_string(&private) {
        Ok(pem) => KeyPair::from_pem(&pem).map_err(|_| DevelopmentError::Key)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|_| DevelopmentError::Key)?;
            let mut file = OpenOptions::new().create_new(true).write(true).mode(OWNER_ONLY).open(&private)?;
            file.write_all(pair.serialize_pem().as_bytes())?;
            pair
        }
        Err(error) => return Err(error.into()),
    };
    let (jwk, _) = public_jwk(&pair)?;
    std::fs::write(folder.join(JWKS_FILE), format!("{:#}\n", json!({ "keys": [jwk] })))?;
    Ok(())
}

/// Issues a token with the key of a folder.
pub fn issue(folder: &Path, order: &TokenOrder<'_>) -> Result<String, DevelopmentError> {
    issue_at(folder, order, WallClock.unix_ms().div_euclid(1_000))
}

/// Issues a token that begins at a given second.
pub fn issue_at(folder: &Path, order: &TokenOrder<'_>, now_s: i64) -> Result<String, DevelopmentError> {
    let claims = json!({
        "iss": order.issuer,
        "aud": order.audience,
        "sub": order.client,
        "iat": now_s,
        "nbf": now_s,
        "exp": now_s.saturating_add_unsigned(order.lives_s),
    });
    sign(&std::fs::read_to_string(folder.join(KEY_FILE))?, &claims)
}

/// Signs claims with a private key in PEM.
pub fn sign(pem: &str, claims: &serde_json::Value) -> Result<String, DevelopmentError> {
    install_cryptography();
    let (_, id) = public_jwk(&KeyPair::from_pem(pem).map_err(|_| DevelopmentError::Key)?)?;
    let key = EncodingKey::from_ec_pem(pem.as_bytes()).map_err(|_| DevelopmentError::Key)?;
    let header = Header { kid: Some(id), ..Header::new(jsonwebtoken::Algorithm::ES256) };
    jsonwebtoken::encode(&header, claims, &key).map_err(|_| DevelopmentError::Key)
}

/// The public half as a JWK, and its name: the thumbprint of RFC 7638.
fn public_jwk(pair: &KeyPair) -> Result<(serde_json::Value, String), DevelopmentError> {
    // An uncompressed point: 0x04, 32 bytes of x, 32 bytes of y.
    let point = pair.public_key_raw().strip_prefix(&[4]).filter(|point| point.len() == 64);
    let (x, y) = point.ok_or(DevelopmentError::Key)?.split_at(32);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    let id = URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()));
    let jwk = json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": id, "x": x, "y": y });
    Ok((jwk, id))
}
