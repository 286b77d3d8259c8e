//! `GET /v1/services` and `GET /v1/agencies`: what this client may ask, and whether the links are up.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{Edge, Shared, answer};

/// What this client may ask, with purposes and fields.
pub async fn services(request: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    let edge = Edge::of(request.headers(), shared.chance.as_ref());
    match shared.client(request.headers()) {
        Ok(client) => answer::json_body(&shared.engine.services(&client), &edge),
        Err(problem) => answer::problem(&problem, &shared, &edge, None),
    }
}

/// Whether the links are up, agency and carrier apart.
pub async fn agencies(request: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    let edge = Edge::of(request.headers(), shared.chance.as_ref());
    match shared.client(request.headers()) {
        Ok(_) => answer::json_body(&shared.engine.agencies(), &edge),
        Err(problem) => answer::problem(&problem, &shared, &edge, None),
    }
}
