//! The documentation, offline: the OpenAPI document, its page, and the problem pages.

use actix_web::{HttpRequest, HttpResponse, web};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::{Edge, Shared, answer};
use crate::problem::{Misuse, Problem};

/// `GET /openapi.json`
pub async fn openapi(shared: web::Data<Shared>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(shared.openapi.as_ref().clone())
}

/// `GET /problems/{code}`: the page a problem's `type` points at, Markdown as plain text.
pub async fn problem_page(
    request: HttpRequest,
    code: web::Path<String>,
    shared: web::Data<Shared>,
) -> HttpResponse {
    match shared.pages.page(&code) {
        Some(page) => {
            HttpResponse::Ok().content_type("text/markdown; charset=utf-8").body(page.markdown.clone())
        }
        None => {
            let edge = Edge::of(request.headers(), shared.chance.as_ref());
            answer::problem(&Problem::of_misuse(Misuse::NotFound), &shared, &edge, None)
        }
    }
}

/// `/docs`: Swagger UI out of the binary, nothing from outside.
pub fn pages(api: &mut web::ServiceConfig) {
    let config = Config::from("/openapi.json").use_base_layout();
    api.route("/docs", web::get().to(to_docs)).service(SwaggerUi::new("/docs/{_:.*}").config(config));
}

async fn to_docs() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header(("location", "/docs/")).finish()
}
