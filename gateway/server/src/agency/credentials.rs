//! Puts credentials on a request: tokens, signatures, passwords, keys, as `reference/interfaces.md` 3 has them.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use adapter_api::agency::{CredentialKind, Login};
use adapter_api::{Fault, Waiting, WireRequest};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use engine::ports::Progress;
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use super::request::Draft;
use super::token::{Grant, TokenSource};
use super::{Agency, misplaced};
use crate::hex;

/// Which login a request was sent with.
pub(super) struct Admission {
    /// The number of the latest login used; 0 where none is.
    pub number: u64,
}

impl Agency {
    /// Puts every credential that applies on a draft.
    pub(super) async fn admit(
        &self,
        draft: &mut Draft,
        request: &WireRequest,
        unix_ms: i64,
        progress: &Arc<Progress>,
    ) -> Result<Admission, Fault> {
        let mut number = 0;
        for name in self.credential_names(request) {
            let Some(credential) = self.manifest.credentials.get(name) else { continue };
            if let Some(source) = self.tokens.get(name) {
                let token = source.current(&request.exchange, progress).await?;
                progress.waits_for(Waiting::Agency);
                number = number.max(token.number);
                let value = token.value.expose_secret();
                match &credential.kind {
                    CredentialKind::OauthPassword { header: Some(header), .. } => {
                        draft.set_secret(header, value)?
                    }
                    _ => draft.set_secret("authorization", &format!("Bearer {value}"))?,
                }
            }
            self.put(draft, name, &credential.kind, unix_ms)?;
        }
        Ok(Admission { number })
    }

    /// Puts on what needs no login.
    fn put(&self, draft: &mut Draft, name: &str, kind: &CredentialKind, unix_ms: i64) -> Result<(), Fault> {
        match kind {
            CredentialKind::LgspToken { access_key: true } => {
                draft.set_secret("lgspaccesstoken", &self.access_token(name)?)
            }
            CredentialKind::C06Signature => self.sign(draft, name, unix_ms),
            CredentialKind::Basic => {
                let pair = format!("{}:{}", self.needed(name, "user")?, self.needed(name, "password")?);
                draft.set_secret("authorization", &format!("Basic {}", STANDARD.encode(pair)))
            }
            CredentialKind::ApiKey { header } => draft.set_secret(header, self.needed(name, "key")?),
            // The login's reply is an exchange of the adapter's own; the transport has no adapter to ask.
            CredentialKind::SessionLogin { .. } => {
                Err(misplaced(format!("credentials.{name}: session-login is not built yet")))
            }
            CredentialKind::LgspToken { access_key: false }
            | CredentialKind::OauthPassword { .. }
            | CredentialKind::Mtls
            | CredentialKind::Secrets { .. } => Ok(()),
        }
    }

    /// The C06 signature (interfaces.md 3.4).
    fn sign(&self, draft: &mut Draft, name: &str, unix_ms: i64) -> Result<(), Fault> {
        let timestamp =
            if self.signature.milliseconds { unix_ms } else { unix_ms.div_euclid(1_000) }.to_string();
        let (user, secret) = (self.needed(name, "user")?, self.needed(name, "secret_key")?);
        let base = self.signature.url_base.as_deref().unwrap_or(self.connection.base()).trim_end_matches('/');
        let url = format!("{base}{}", draft.path);
        let mut message = String::new();
        for part in &self.signature.digest {
            message.push_str(match part.as_str() {
                "url" => &url,
                "user" => user,
                "timestamp" => &timestamp,
                "secret_key" => secret,
                _ => return Err(misplaced("signature.digest: url, user, timestamp or secret_key")),
            });
        }
        let hash = hex::lower(digest(&SHA256, message.as_bytes()).as_ref());
        draft.set("timestamp", &timestamp)?;
        draft.set_secret("authorization", &format!("Basic {}", STANDARD.encode(format!("{user}:{hash}"))))?;
        draft.set_secret("x-road-client", self.needed(name, "x_road_client")?)?;
        draft.set_secret("apikey", self.needed(name, "api_key")?)
    }

    /// The value of the header `lgspaccesstoken` (interfaces.md 3.2).
    fn access_token(&self, name: &str) -> Result<String, Fault> {
        let mut fields = Map::new();
        for (field, key) in
            [("AccessKey", "access_key"), ("SecretKey", "secret_key"), ("AppName", "app_name")]
        {
            fields.insert(field.into(), Value::String(self.needed(name, key)?.into()));
        }
        for (field, key) in [("PartnerCode", "partner_code"), ("PartnerCodeCus", "partner_code_cus")] {
            if let Some(value) = self.secret(name, key) {
                fields.insert(field.into(), Value::String(value.expose_secret().into()));
            }
        }
        Ok(STANDARD.encode(Value::Object(fields).to_string()))
    }

    /// Where the tokens of a credential come from; `None` for credentials without one.
    pub(super) fn token_source(
        &self,
        name: &str,
        kind: &CredentialKind,
        login: Login,
        logins: &Arc<AtomicU64>,
    ) -> Option<TokenSource> {
        let secret = |key: &str| self.secret(name, key).cloned();
        let grant = match kind {
            CredentialKind::LgspToken { access_key } => Grant::ClientCredentials {
                key: secret("consumer_key"),
                secret: secret("consumer_secret"),
                access_token: access_key.then(|| self.access_token(name).ok().map(Into::into)).flatten(),
            },
            CredentialKind::OauthPassword { .. } => {
                Grant::Password { user: secret("user"), password: secret("password") }
            }
            CredentialKind::C06Signature
            | CredentialKind::Mtls
            | CredentialKind::SessionLogin { .. }
            | CredentialKind::Secrets { .. }
            | CredentialKind::Basic
            | CredentialKind::ApiKey { .. } => return None,
        };
        Some(TokenSource::new(grant, login, Arc::clone(&self.connection), self.party, Arc::clone(logins)))
    }

    fn needed(&self, credential: &str, key: &str) -> Result<&str, Fault> {
        self.secret(credential, key)
            .map(ExposeSecret::expose_secret)
            .ok_or_else(|| misplaced(format!("credentials.{credential}.{key}: not configured")))
    }
}
