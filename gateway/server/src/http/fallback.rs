//! What is asked where no route is: still a problem, in the caller's language.

use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};

use super::{Edge, Shared, answer};
use crate::problem::{Misuse, Problem};

/// No route: another method of a known path, or no path of ours.
pub async fn no_route(request: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    let edge = Edge::of(request.headers(), shared.chance.as_ref());
    let allowed = allowed_methods(request.path());
    let misuse = match allowed {
        Some(_) => Misuse::MethodNotAllowed,
        None => Misuse::NotFound,
    };
    let mut response = answer::problem(&Problem::of_misuse(misuse), &shared, &edge, None);
    if let Some(methods) = allowed {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    }
    response
}

/// The methods of a known path. One slash more makes another path, and no path of ours.
fn allowed_methods(path: &str) -> Option<&'static str> {
    let path = path.strip_prefix('/')?;
    let segments: Vec<&str> = path.split('/').collect();
    match segments.as_slice() {
        ["docs"] | ["docs", _] => Some("GET, HEAD"),
        known if known.contains(&"") => None,
        ["v1", "services" | "agencies"] | ["v1", "documents", _] | ["openapi.json"] | ["problems", _] => {
            Some("GET, HEAD")
        }
        ["v1", "batch"] | ["v1", _, _] => Some("POST"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_path_of_a_route_has_a_method() {
        let looked_at = [
            "/v1/services",
            "/v1/agencies",
            "/v1/documents/1",
            "/openapi.json",
            "/problems/invalid",
            "/docs",
            "/docs/",
        ];
        for path in looked_at {
            assert_eq!(allowed_methods(path), Some("GET, HEAD"), "{path}");
        }
        for path in ["/v1/residence/person", "/v1/batch"] {
            assert_eq!(allowed_methods(path), Some("POST"), "{path}");
        }
        for path in [
            "/",
            "",
            "//",
            "/v1",
            "/v1/services/",
            "//v1/services",
            "/v1//person",
            "/v1/residence/person/",
            "/v1/residence/",
            "/v1/batch/",
            "/v1/documents",
            "/problems/",
            "/docs//",
        ] {
            assert_eq!(allowed_methods(path), None, "{path}");
        }
    }
}
