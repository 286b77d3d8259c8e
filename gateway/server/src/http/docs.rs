//! The documentation, offline: the OpenAPI document, its page, and the problem pages.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use utoipa_swagger_ui::{Config, serve};

use super::{Edge, Shared, answer, look};
use crate::problem::{Misuse, Problem};

/// `GET /openapi.json`
pub async fn openapi(shared: web::Data<Shared>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(shared.openapi.as_ref().clone())
}

/// `GET /problems/{code}`: the page a problem's `type` points at, Markdown as plain text, in the caller's language.
pub async fn problem_page(
    request: HttpRequest,
    code: web::Path<String>,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let edge = Edge::of(request.headers(), shared.chance.as_ref());
    match shared.pages.page(&code) {
        Some(page) => HttpResponse::Ok()
            .content_type("text/markdown; charset=utf-8")
            .insert_header(("content-language", edge.language.tag()))
            .insert_header(("vary", "accept-language"))
            .body(edge.language.of(&page.markdown).to_string()),
        None => answer::problem(&Problem::of_misuse(Misuse::NotFound), &shared, &edge, None),
    }
}

/// `/docs`: Swagger UI out of the binary, nothing from outside.
pub fn pages(api: &mut web::ServiceConfig) {
    api.route("/docs", look().to(to_docs)).route("/docs/{file:[^/]*}", look().to(docs_file));
}

async fn to_docs() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header(("location", "/docs/")).finish()
}

async fn docs_file(request: HttpRequest, file: web::Path<String>, shared: web::Data<Shared>) -> HttpResponse {
    match docs_text(&file) {
        Some((content_type, bytes)) => HttpResponse::Ok().content_type(content_type).body(bytes),
        None => {
            let edge = Edge::of(request.headers(), shared.chance.as_ref());
            answer::problem(&Problem::of_misuse(Misuse::NotFound), &shared, &edge, None)
        }
    }
}

/// A file of the page, under our own name and calling nobody: the validator would send the document to a foreign server.
fn docs_text(file: &str) -> Option<(String, Vec<u8>)> {
    let config = Config::from("/openapi.json").use_base_layout().validator_url(NO_VALIDATOR);
    let found = serve(file, Arc::new(config)).ok().flatten()?;
    let bytes = match file {
        "" | "index.html" => replaced(&found.bytes, "<title>Swagger UI</title>", "<title>Liên Thông</title>"),
        "swagger-initializer.js" => replaced(&found.bytes, &format!("\"{NO_VALIDATOR}\""), "null"),
        _ => found.bytes.into_owned(),
    };
    Some((found.content_type, bytes))
}

/// Stands in the settings until it is replaced by `null`, which they cannot say.
const NO_VALIDATOR: &str = "none";

fn replaced(text: &[u8], old: &str, new: &str) -> Vec<u8> {
    String::from_utf8_lossy(text).replacen(old, new, 1).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_bears_our_name_and_calls_nobody() {
        let text = |file: &str| String::from_utf8(docs_text(file).unwrap().1).unwrap();
        assert!(text("").contains("<title>Liên Thông</title>"), "{}", text(""));
        assert_eq!(text(""), text("index.html"));
        let settings = text("swagger-initializer.js");
        assert!(settings.contains("\"validatorUrl\": null"), "{settings}");
        assert!(settings.contains("/openapi.json"), "{settings}");
        assert!(docs_text("nothing.js").is_none());
    }
}
