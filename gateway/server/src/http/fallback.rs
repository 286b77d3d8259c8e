//! What is asked where no route is: still a problem, in the caller's language.

use actix_web::http::Method;
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
    if let Some(method) = allowed.and_then(|method| method.as_str().parse().ok()) {
        response.headers_mut().insert(actix_web::http::header::ALLOW, method);
    }
    response
}

/// The method of a known path.
fn allowed_methods(path: &str) -> Option<Method> {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    match segments.as_slice() {
        ["v1", "services" | "agencies"] | ["openapi.json"] | ["problems", _] | ["docs", ..] => {
            Some(Method::GET)
        }
        ["v1", _, _] => Some(Method::POST),
        _ => None,
    }
}
