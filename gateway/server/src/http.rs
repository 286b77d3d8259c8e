//! The API's routes, as a table of contents, and what all of them share.

pub mod answer;
pub mod batch;
pub mod catalogue;
pub mod composite;
pub mod deadline;
pub mod docs;
pub mod documents;
pub mod envelope;
pub mod fallback;
pub mod lane;
pub mod operations;
pub mod read;

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::HeaderMap;
use actix_web::{Route, guard, web};
use adapter_api::codec::Limits as CodecLimits;
use engine::ports::Chance;
use engine::read::Engine;
use engine::refusal::Refusal;

use crate::auth::Authenticator;
use crate::http::batch::Batches;
use crate::limits::Limits;
use crate::pages::Pages;
use crate::problem::{Language, Problem, Words};

/// What every handler needs.
pub struct Shared {
    /// The roads.
    pub engine: Arc<Engine>,
    /// Who asks.
    pub authenticator: Arc<Authenticator>,
    /// How much they may ask.
    pub limits: Arc<Limits>,
    /// The batches under way.
    pub batches: Arc<Batches>,
    /// Problem pages.
    pub pages: Arc<Pages>,
    /// The OpenAPI document, serialised once.
    pub openapi: Arc<String>,
    /// Identifiers.
    pub chance: Arc<dyn Chance>,
    /// Limits of the JSON reader at the edge.
    pub codec_limits: CodecLimits,
    /// What problem pages' addresses begin with.
    pub public_url: String,
    /// A body may be this long.
    pub body_bytes_max: usize,
    /// A body must have come whole after this time (T7).
    pub body_timeout: Duration,
}

/// The API, one line a route.
pub fn routes(api: &mut web::ServiceConfig) {
    api.route("/v1/services", look().to(catalogue::services))
        .route("/v1/agencies", look().to(catalogue::agencies))
        .route("/v1/batch", web::post().to(batch::batch))
        // Whole, so that another method of it is not taken for a read of an agency of this name.
        .service(
            web::resource("/v1/documents/{id}")
                .route(look().to(documents::document))
                .default_service(web::to(fallback::no_route)),
        )
        .route("/v1/{agency}/{operation}", web::post().to(read::read))
        .route("/openapi.json", look().to(docs::openapi))
        .route("/problems/{code}", look().to(docs::problem_page))
        .configure(docs::pages)
        .default_service(web::to(fallback::no_route));
}

/// GET, and HEAD wherever GET is (RFC 9110 9.3.2); the server leaves a HEAD's body out itself.
pub fn look() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// One request's trace, language and client, gathered before anything else is looked at.
#[derive(Debug, Clone)]
pub struct Edge {
    /// Joins logs, audit and answer.
    pub trace_id: String,
    /// The caller's language.
    pub language: Language,
}

impl Edge {
    /// Reads trace (W3C `traceparent`) and language off a request; a trace that is none is replaced.
    pub fn of(headers: &HeaderMap, chance: &dyn Chance) -> Edge {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let trace_id =
            text("traceparent").and_then(trace_of).unwrap_or_else(|| chance.uuid().replace('-', ""));
        Edge { trace_id, language: Language::accepted(text("accept-language")) }
    }
}

/// The trace id of a `traceparent` header: `00-<32 hex>-<16 hex>-<2 hex>`.
fn trace_of(header: &str) -> Option<String> {
    let mut parts = header.split('-');
    let (_version, trace) = (parts.next()?, parts.next()?);
    let sound = trace.len() == 32
        && trace.bytes().all(|byte| byte.is_ascii_hexdigit())
        && trace.bytes().any(|b| b != b'0');
    sound.then(|| trace.to_ascii_lowercase())
}

/// The bearer token of a request. Two headers are none: whoever stands between might believe the other one.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all("authorization");
    let (Some(only), None) = (given.next(), given.next()) else { return None };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl Shared {
    /// The client behind a request's bearer token.
    pub fn client(&self, headers: &HeaderMap) -> Result<engine::client::Client, Box<Problem>> {
        let unknown = |token_refused| {
            Box::new(Problem { token_refused, ..Problem::of_refusal(&Refusal::Unauthenticated) })
        };
        let token = bearer(headers).ok_or_else(|| unknown(headers.contains_key("authorization")))?;
        self.authenticator.authenticate(token).map_err(|_unauthenticated| unknown(true))
    }

    /// What a problem is put into words with.
    pub fn words(&self, language: Language) -> Words<'_> {
        Words { pages: &self.pages, language, public_url: &self.public_url }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{AUTHORIZATION, HeaderValue};

    use super::*;

    #[test]
    fn one_bearer_token_is_read_and_no_other() {
        let headers = |given: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in given {
                headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            }
            headers
        };
        for one in ["Bearer a.b.c", "bearer a.b.c", "BEARER  a.b.c "] {
            assert_eq!(bearer(&headers(&[one])), Some("a.b.c"), "{one}");
        }
        let none: [&[&str]; 5] =
            [&[], &["Basic a.b.c"], &["Bearer"], &["Bearer a.b.c", "Bearer d.e.f"], &["Bearer a", "Basic b"]];
        for none in none {
            assert_eq!(bearer(&headers(none)), None, "{none:?}");
        }
    }

    #[test]
    fn only_a_sound_trace_is_taken_over() {
        assert_eq!(
            trace_of("00-0AF7651916CD43DD8448EB211C80319C-00f067aa0ba902b7-01").as_deref(),
            Some("0af7651916cd43dd8448eb211c80319c")
        );
        for wrong in [
            "",
            "00-xyz-1-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-\u{1b}[31m-1-1",
        ] {
            assert_eq!(trace_of(wrong), None, "{wrong}");
        }
    }
}
