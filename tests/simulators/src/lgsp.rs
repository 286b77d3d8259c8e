//! The carrier LGSP: WSO2 over plain HTTP, tokens that really expire, agencies behind path prefixes.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::Credentials;
use crate::misbehaviour::Misbehaviour;
use crate::tokens::{NoToken, Tokens};
use crate::wire::http::{Reply, Request};
use crate::wire::{Agency, Plan, Reception, Site, attend};

/// The second credential of HCM, Hậu Giang and Gia Lai, interfaces 3.2.
const PARTNER_HEADER: &str = "lgspaccesstoken";

/// An agency behind the carrier.
pub(crate) struct Route {
    /// Such as `/apiHoTichTuPhap/`.
    pub(crate) prefix: &'static str,
    /// Whether its calls, and the token call before them, carry `lgspaccesstoken` (interfaces 3.2).
    pub(crate) partners_only: bool,
    pub(crate) site: Arc<Site>,
    pub(crate) agency: Arc<dyn Agency>,
}

/// The carrier.
pub(crate) struct Lgsp {
    credentials: Credentials,
    routes: Vec<Route>,
    tokens: Tokens,
    /// Those of the tokens that were asked for with `lgspaccesstoken`.
    partner_tokens: Tokens,
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
        let (tokens, partner_tokens) = (Tokens::new(token_lives), Tokens::new(token_lives));
        Self { credentials, routes, tokens, partner_tokens }
    }

    /// Ends the life of every token now.
    pub(crate) fn expire_tokens(&self) {
        self.tokens.expire();
        self.partner_tokens.expire();
    }

    fn token(&self, site: &Site, request: &Request, misbehaviour: Option<&Misbehaviour>) -> Reply {
        if let Err((reason, reply)) = self.known_consumer(request) {
            site.tally.refused(reason);
            return reply;
        }
        let tokens =
            if request.header(PARTNER_HEADER).is_some() { &self.partner_tokens } else { &self.tokens };
        let token = tokens.issue();
        site.tally.token_issued();
        let lives = self.tokens.lives_s();
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
        if self.partner(request) == Err("wrong-partner-key") {
            return refuse("wrong-partner-key", 401, "invalid_client");
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
        let bearer = bearer(request);
        let tokens = self.tokens_of(request);
        if misbehaviour == Some(&Misbehaviour::ExpiredToken) {
            tokens.spend(bearer);
        }
        tokens.check(bearer).map_err(|wrong| {
            let (code, message) = match wrong {
                NoToken::Missing => (900_902, "Missing Credentials"),
                NoToken::Unknown => (900_901, "Invalid Credentials"),
                NoToken::Expired => (900_904, "Access Token Inactive"),
            };
            (wrong.reason(), fault(401, code, message))
        })
    }

    /// The tokens among which the one shown is to be looked for.
    fn tokens_of(&self, request: &Request) -> &Tokens {
        match self.partner_tokens.check(bearer(request)) {
            Err(NoToken::Unknown | NoToken::Missing) => &self.tokens,
            Ok(()) | Err(NoToken::Expired) => &self.partner_tokens,
        }
    }

    /// `lgspaccesstoken` is base64 of a JSON object with these five members, in any order.
    fn partner(&self, request: &Request) -> Result<(), &'static str> {
        let header = request.header(PARTNER_HEADER).ok_or("missing-partner-key")?;
        let shown = STANDARD.decode(header).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
        if shown == Some(self.credentials.lgsp_partner()) { Ok(()) } else { Err("wrong-partner-key") }
    }

    /// What an agency for partners only asks for beyond a token; the codes are [BG].
    fn admit_partner(&self, request: &Request) -> Result<(), (&'static str, Reply)> {
        self.partner(request).map_err(|reason| match reason {
            "missing-partner-key" => (reason, fault(401, 900_902, "Missing Credentials")),
            _ => (reason, fault(401, 900_901, "Invalid Credentials")),
        })?;
        self.partner_tokens.check(bearer(request)).map_err(|_| {
            let reply = fault(403, 900_908, "Resource forbidden");
            ("token-without-partner-key", reply)
        })
    }

    /// Hands the request to the agency behind; its misbehaviour shows through, byte for byte.
    fn carry(&self, carrier: &Arc<Site>, request: &Request) -> Plan {
        let Some(route) = self.routes.iter().find(|route| request.path.starts_with(route.prefix)) else {
            carrier.tally.refused("unknown-resource");
            return fault(404, 404, "No matching resource found for given API Request").into();
        };
        if route.partners_only
            && let Err((reason, reply)) = self.admit_partner(request)
        {
            carrier.tally.refused(reason);
            return reply.into();
        }
        let operation = route.agency.operation(request);
        let reception = Reception::through_carrier(&route.site, &operation);
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
        self.tokens_of(request).spend(bearer(request));
    }
}

fn bearer(request: &Request) -> Option<&str> {
    request.header("authorization").and_then(|value| value.strip_prefix("Bearer "))
}

/// The kinds that the carrier can show on its token answer only.
pub(crate) fn token_only(misbehaviour: &Misbehaviour) -> bool {
    use Misbehaviour::{MissingField, SchemaDrift, WrongType};
    matches!(misbehaviour, SchemaDrift | MissingField | WrongType)
}
