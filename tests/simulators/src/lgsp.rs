//! The carrier LGSP: WSO2 over plain HTTP, tokens that really expire, agencies behind path prefixes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::Credentials;
use crate::misbehaviour::Misbehaviour;
use crate::wire::http::{Reply, Request};
use crate::wire::{Agency, Plan, Reception, Site, attend};

/// Above this, expired tokens are forgotten; a load run renews far less often.
const TOKENS_MAX: usize = 100_000;

/// An agency behind the carrier.
pub(crate) struct Route {
    /// Such as `/apiHoTichTuPhap/`.
    pub(crate) prefix: &'static str,
    pub(crate) site: Arc<Site>,
    pub(crate) agency: Arc<dyn Agency>,
}

/// The carrier.
pub(crate) struct Lgsp {
    credentials: Credentials,
    token_lives: Duration,
    routes: Vec<Route>,
    /// Each token with its end.
    tokens: Mutex<HashMap<String, Instant>>,
}

/// A WSO2 fault; the codes are \[BG\] in interfaces 3.1.
pub(crate) fn fault(status: u16, code: u32, message: &str) -> Reply {
    let description = "Access failure for the API of the simulated LGSP";
    let fault = json!({ "fault": { "code": code, "message": message, "description": description } });
    Reply::json(status, &fault)
}

impl Agency for Lgsp {
    /// `token`, or the resource behind the carrier.
    fn operation(&self, request: &Request) -> String {
        request.path.rsplit('/').next().unwrap_or_default().to_owned()
    }

    fn answer(&self, site: &Arc<Site>, request: &Request, misbehaviour: Option<&Misbehaviour>) -> Plan {
        if request.path == "/token" {
            return self.token(site, request, misbehaviour).into();
        }
        match self.admit(request, misbehaviour) {
            Ok(()) => self.carry(site, request),
            Err((reason, reply)) => {
                site.tally.refused(reason);
                reply.into()
            }
        }
    }
}

impl Lgsp {
    pub(crate) fn new(credentials: Credentials, token_lives: Duration, routes: Vec<Route>) -> Self {
        Self { credentials, token_lives, routes, tokens: Mutex::default() }
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the life of every token now.
    pub(crate) fn expire_tokens(&self) {
        let now = Instant::now();
        self.tokens().values_mut().for_each(|end| *end = now);
    }

    fn token(&self, site: &Site, request: &Request, misbehaviour: Option<&Misbehaviour>) -> Reply {
        if let Err((reason, reply)) = self.known_consumer(request) {
            site.tally.refused(reason);
            return reply;
        }
        let token = uuid::Uuid::new_v4().to_string();
        let mut tokens = self.tokens();
        if tokens.len() > TOKENS_MAX {
            let now = Instant::now();
            tokens.retain(|_, end| *end > now);
        }
        tokens.insert(token.clone(), Instant::now() + self.token_lives);
        drop(tokens);
        site.tally.token_issued();
        let lives = self.token_lives.as_secs();
        let scope = "am_application_scope default";
        Reply::json(
            200,
            &match misbehaviour {
                Some(Misbehaviour::SchemaDrift) => {
                    json!({ "accessToken": token, "scope": scope, "tokenType": "Bearer", "expiresIn": lives })
                }
                Some(Misbehaviour::MissingField) => {
                    json!({ "scope": scope, "token_type": "Bearer", "expires_in": lives })
                }
                Some(Misbehaviour::WrongType) => {
                    json!({ "access_token": [token], "scope": scope, "token_type": "Bearer", "expires_in": "lâu" })
                }
                _ => {
                    json!({ "access_token": token, "scope": scope, "token_type": "Bearer", "expires_in": lives })
                }
            },
        )
    }

    /// The refusals are those of RFC 6749 section 5.2.
    fn known_consumer(&self, request: &Request) -> Result<(), (&'static str, Reply)> {
        let refuse = |reason, status, error: &str| {
            Err((reason, Reply::json(status, &json!({ "error": error, "error_description": "Bị từ chối" }))))
        };
        if request.method != "POST" {
            return refuse("wrong-method", 405, "invalid_request");
        }
        let pair = format!("{}:{}", self.credentials.consumer_key, self.credentials.consumer_secret);
        if request.header("authorization") != Some(format!("Basic {}", STANDARD.encode(pair)).as_str()) {
            return refuse("wrong-consumer", 401, "invalid_client");
        }
        if request.media_type() != "application/x-www-form-urlencoded" {
            return refuse("wrong-content-type", 400, "invalid_request");
        }
        let form = String::from_utf8_lossy(&request.body);
        if !form.split('&').any(|pair| pair == "grant_type=client_credentials") {
            return refuse("wrong-grant", 400, "unsupported_grant_type");
        }
        Ok(())
    }

    fn admit(
        &self,
        request: &Request,
        misbehaviour: Option<&Misbehaviour>,
    ) -> Result<(), (&'static str, Reply)> {
        let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let Some(bearer) = bearer else {
            return Err(("missing-token", fault(401, 900_902, "Missing Credentials")));
        };
        let mut tokens = self.tokens();
        let Some(end) = tokens.get_mut(bearer) else {
            return Err(("unknown-token", fault(401, 900_901, "Invalid Credentials")));
        };
        if misbehaviour == Some(&Misbehaviour::ExpiredToken) {
            *end = Instant::now();
        }
        if *end <= Instant::now() {
            return Err(("expired-token", fault(401, 900_904, "Access Token Inactive")));
        }
        Ok(())
    }

    /// Hands the request to the agency behind; its misbehaviour shows through, byte for byte.
    fn carry(&self, carrier: &Arc<Site>, request: &Request) -> Plan {
        let Some(route) = self.routes.iter().find(|route| request.path.starts_with(route.prefix)) else {
            carrier.tally.refused("unknown-resource");
            return fault(404, 404, "No matching resource found for given API Request").into();
        };
        let operation = route.agency.operation(request);
        let reception = Reception::new(&route.site, &operation);
        match reception.misbehaviour {
            // [BG] the code with which WSO2 says that the back end refuses.
            Some(Misbehaviour::Refuse) => fault(503, 101_503, "Error connecting to the back end").into(),
            // The agency sees no token: its refusal is the carrier's, and the token is spent.
            Some(Misbehaviour::ExpiredToken) => {
                self.spend(request);
                fault(401, 900_904, "Access Token Inactive").into()
            }
            _ => attend(&route.site, route.agency.as_ref(), request, reception),
        }
    }

    fn spend(&self, request: &Request) {
        let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let mut tokens = self.tokens();
        if let Some(end) = bearer.and_then(|bearer| tokens.get_mut(bearer)) {
            *end = Instant::now();
        }
    }
}

/// The kinds that the carrier can show on its token answer only.
pub(crate) fn token_only(misbehaviour: &Misbehaviour) -> bool {
    use Misbehaviour::{MissingField, SchemaDrift, WrongType};
    matches!(misbehaviour, SchemaDrift | MissingField | WrongType)
}
