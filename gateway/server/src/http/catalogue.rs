//! `GET /v1/services` and `GET /v1/agencies`: what this client may ask, and whether the links are up.

use actix_web::{HttpRequest, HttpResponse, web};
use adapter_api::Kind;
use engine::feed::FeedView;
use engine::read::{AgencyViews, ServiceView};
use engine::resilience::PartyView;
use serde_json::{Value, json};

use super::{Edge, Shared, answer};

/// What this client may ask, with purposes and fields.
pub async fn services(request: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    let edge = Edge::of(request.headers(), shared.chance.as_ref());
    match shared.client(request.headers()) {
        Ok(client) => {
            let services: Vec<Value> = shared.engine.services(&client).iter().map(service).collect();
            answer::json_body(&json!({ "services": services }), &edge)
        }
        Err(problem) => answer::problem(&problem, &shared, &edge, None),
    }
}

/// Whether the links are up, agency and carrier apart.
pub async fn agencies(request: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    let edge = Edge::of(request.headers(), shared.chance.as_ref());
    match shared.client(request.headers()) {
        Ok(_) => answer::json_body(&links(&shared.engine.agencies()), &edge),
        Err(problem) => answer::problem(&problem, &shared, &edge, None),
    }
}

fn service(view: &ServiceView) -> Value {
    let fields = view.fields.iter().map(|shown| {
        json!({
            "name": shown.field.name,
            "title": shown.field.title,
            "title_en": shown.field.title_en,
            "class": class_word(shown.field.class),
            "procedures": shown.procedures,
        })
    });
    // Without units of its own it answers for every unit that no other names.
    let agencies = view.routes.iter().map(|route| json!({ "name": route.agency, "units": route.units }));
    json!({
        "name": view.name,
        "path": format!("/v1/{}", view.name.replace('.', "/")),
        "title": view.title,
        "title_en": view.title_en,
        "agencies": agencies.collect::<Vec<_>>(),
        "kind": match view.kind { Kind::Read => "read", Kind::Write => "write" },
        "purpose_required": view.purpose_required,
        "procedures": view.procedures,
        "units": view.units,
        "fields": fields.collect::<Vec<_>>(),
    })
}

fn class_word(class: adapter_api::schema::DataClass) -> &'static str {
    match class {
        adapter_api::schema::DataClass::Public => "public",
        adapter_api::schema::DataClass::Personal => "personal",
        adapter_api::schema::DataClass::Sensitive => "sensitive",
    }
}

/// The links as JSON: for clients, and for the operations port.
pub fn links(views: &AgencyViews) -> Value {
    json!({
        "agencies": views.agencies.iter().map(party).collect::<Vec<_>>(),
        "carriers": views.carriers.iter().map(party).collect::<Vec<_>>(),
        "feeds": views.feeds.iter().map(feed).collect::<Vec<_>>(),
    })
}

fn feed(view: &FeedView) -> Value {
    json!({
        "name": view.name,
        "agency": view.agency,
        "answers": view.answers,
        "every_s": view.every_s,
        "failing": view.failing,
        "last_read": view.last_read,
        "age_s": view.age_s,
        "cursor_age_s": view.cursor_age_s,
    })
}

fn party(view: &PartyView) -> Value {
    let operations = view.operations.iter().map(|(name, state)| (name.clone(), json!(state.word())));
    let failure = view.last_failure.as_ref().map(|(at, code)| json!({ "at": at, "code": code }));
    json!({
        "name": view.name,
        "carrier": view.carrier,
        "breaker": view.breaker.word(),
        "operations": Value::Object(operations.collect()),
        "last_success": view.last_success,
        "last_failure": failure,
    })
}
