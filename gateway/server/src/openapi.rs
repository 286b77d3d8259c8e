//! Assembles OpenAPI 3.1 from the catalogue's schemas: what is documented is what is served.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::http::envelope::PURPOSE_CHARS_MAX;
use crate::pages::{PROBLEM_CODES, Pages};
use crate::schema_files::SchemaFiles;

mod batch;
mod headers;
mod titles;

/// Assembles the document.
pub fn assemble(files: &SchemaFiles, pages: &Pages) -> Value {
    let mut paths = Map::new();
    paths.insert(
        "/v1/services".into(),
        lists_path(&["services"], "Dịch vụ được phép gọi", "The services this client may ask"),
    );
    paths.insert(
        "/v1/agencies".into(),
        lists_path(&["agencies", "carriers", "feeds"], "Tình trạng kết nối", "Whether the links are up"),
    );
    paths.insert("/v1/documents/{id}".into(), document_path());
    let mut schemas = shared_schemas();
    for (id, document) in &files.documents {
        schemas.extend(components_of(id, document));
    }
    for (service, document) in files.services() {
        paths.insert(format!("/v1/{}", service.replace('.', "/")), read_path(service, document));
    }
    paths.insert("/v1/batch".into(), batch::path(files));
    schemas.values_mut().for_each(titles::into_descriptions);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Liên Thông",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Một API chuẩn hoá cho các hệ thống quốc gia / one normalised API for the national systems",
            "description": "Dữ liệu cá nhân chỉ đi trong thân của POST, không bao giờ nằm trong địa chỉ. / \
                Personal data travels in POST bodies alone, never in an address.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": headers::parameters(),
            "responses": problem_responses(pages),
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" }
            },
        },
    })
}

fn read_path(service: &str, document: &Value) -> Value {
    let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default();
    let agency = service.split('.').next().unwrap_or_default();
    let purpose = if is_personal(document) { "purpose" } else { "purpose_if_any" };
    let required: &[&str] = if is_personal(document) { &["purpose", "query"] } else { &["query"] };
    json!({
        "post": {
            "operationId": service.replace(['.', '-'], "_"),
            "summary": format!("{} / {}", text("title"), text("x-title-en")),
            "description": text("description"),
            "tags": [agency],
            "parameters": headers::of_a_read(),
            "requestBody": {
                "required": true,
                "content": { "application/json": { "schema": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": required,
                    "properties": {
                        "purpose": { "$ref": format!("#/components/schemas/{purpose}") },
                        "query": { "$ref": format!("#/components/schemas/service.{service}.query") },
                    },
                } } },
            },
            "responses": responses(answer_schema(service, document.get("x-composite") == Some(&json!(true)))),
        },
    })
}

/// An answer: masking may take any field out, so a masked answer is described without its `required` lists.
fn answer_schema(service: &str, composite: bool) -> Value {
    let mut properties = Map::new();
    properties.insert("outcome".into(), json!({ "enum": ["found", "absent"] }));
    let data = json!({ "anyOf": [
        { "$ref": format!("#/components/schemas/service.{service}.answer") },
        { "type": "object", "description": "Các trường được phép xem / the fields permitted" },
        { "type": "null" },
    ] });
    properties.insert("data".into(), data);
    properties.insert("source".into(), json!({ "$ref": "#/components/schemas/source" }));
    if composite {
        let list = |of| json!({ "type": "array", "items": { "$ref": format!("#/components/schemas/{of}") } });
        properties.insert("parts".into(), list("part"));
        properties.insert("conflicts".into(), list("conflict"));
        properties.insert("complete".into(), json!({ "type": "boolean" }));
    }
    properties.insert("trace_id".into(), json!({ "type": "string" }));
    let required: Vec<&String> = properties.keys().collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

/// A path that answers lists; the first names it.
fn lists_path(lists: &[&str], vi: &str, en: &str) -> Value {
    let list = |name: &&str| ((*name).to_owned(), json!({ "type": "array", "items": { "type": "object" } }));
    let properties: Map<String, Value> = lists.iter().map(list).collect();
    json!({
        "get": {
            "operationId": lists.first(),
            "summary": format!("{vi} / {en}"),
            "tags": ["catalogue"],
            "responses": responses(json!({
                "type": "object",
                "required": lists,
                "properties": properties,
            })),
        },
    })
}

fn document_path() -> Value {
    let header = |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    let mut responses = problems();
    responses.insert(
        "200".into(),
        json!({
            "description": "Nội dung tài liệu / the document",
            "headers": {
                "ETag": header("Mã băm SHA-256 / its SHA-256"),
                "Repr-Digest": header("RFC 9530, sha-256"),
                "Content-Disposition": header("attachment"),
            },
            "content": { "application/pdf": { "schema": { "type": "string", "format": "binary" } } },
        }),
    );
    json!({
        "get": {
            "operationId": "document",
            "summary": "Tài liệu của một câu trả lời / the document an answer told of",
            "description": "Chỉ bên đã nhận được tham chiếu, cho cùng thủ tục và hồ sơ; với mọi bên khác là 404. Cổng giữ tài \
                liệu trong một thời gian ngắn. / Only for the client that got the reference, for the same procedure and \
                dossier; 404 for everybody else. Kept for a short while.",
            "tags": ["documents"],
            "parameters": [
                { "name": "id", "in": "path", "required": true, "schema": { "type": "string", "maxLength": 128 } },
                {
                    "name": "X-Purpose",
                    "in": "header",
                    "required": true,
                    "description": "Mục đích, như trong thân của POST, dạng JSON / the purpose as in a POST's body, as JSON",
                    "content": { "application/json": { "schema": { "$ref": "#/components/schemas/purpose" } } },
                },
            ],
            "responses": responses,
        },
    })
}

/// 200 and every problem, by status.
fn responses(schema: Value) -> Value {
    responses_of("application/json", schema)
}

fn responses_of(media: &str, schema: Value) -> Value {
    let mut responses = problems();
    responses
        .insert("200".into(), json!({ "description": "OK", "content": { media: { "schema": schema } } }));
    Value::Object(responses)
}

fn problems() -> Map<String, Value> {
    let mut responses = Map::new();
    for status in
        ["400", "401", "403", "404", "405", "408", "413", "415", "422", "429", "500", "502", "503", "504"]
    {
        responses
            .insert(status.into(), json!({ "$ref": format!("#/components/responses/problem-{status}") }));
    }
    responses
}

fn problem_responses(pages: &Pages) -> Value {
    let mut by_status: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    for code in PROBLEM_CODES {
        let Some(page) = pages.page(code) else { continue };
        let line = format!("`{code}`: {} / {}", page.title.vi, page.title.en);
        by_status.entry(page.status).or_default().push(line);
    }
    let response = |lines: &Vec<String>| {
        json!({
            "description": lines.join("; "),
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/problem" } } },
        })
    };
    let responses = by_status.iter().map(|(status, lines)| (format!("problem-{status}"), response(lines)));
    Value::Object(responses.collect())
}

/// What every service shares: purpose, source, problem.
fn shared_schemas() -> Map<String, Value> {
    let mut schemas = Map::new();
    schemas.insert("purpose".into(), purpose_schema(&["procedure", "officer"]));
    schemas.insert("purpose_if_any".into(), purpose_schema(&[]));
    schemas.insert(
        "source".into(),
        json!({
            "type": "object",
            "required": ["agency", "service", "retrieved_at", "age_s", "cache", "reference"],
            "properties": {
                "agency": { "type": "string" },
                "service": { "type": "string" },
                "retrieved_at": { "type": "string", "format": "date-time" },
                "age_s": { "type": "integer", "minimum": 0 },
                "cache": { "enum": ["hit", "miss", "stale", "revalidated"] },
                "reference": { "type": "string" },
            },
        }),
    );
    schemas.insert("problem".into(), problem_schema());
    schemas.insert("part".into(), part_schema());
    schemas.insert("conflict".into(), conflict_schema());
    schemas
}

/// No control character, and not nothing but blanks.
const OFFICER_PATTERN: &str = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";

/// Why somebody asks. About nobody in particular, it may be left out.
fn purpose_schema(required: &[&str]) -> Value {
    let code = |of: &str, vi: &str, example: &str| json!({ "$ref": format!("#/components/schemas/common.identifiers.{of}"), "title": vi, "examples": [example] });
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": {
            "procedure": code("procedure_code", "Mã thủ tục hành chính", "1.000656"),
            "dossier": code("dossier_code", "Mã hồ sơ", "H56.14-250812-0035"),
            "unit": code("agency_code", "Mã đơn vị", "H56.14"),
            "officer": {
                "type": "string", "minLength": 1, "maxLength": PURPOSE_CHARS_MAX, "pattern": OFFICER_PATTERN,
                "title": "Mã cán bộ", "examples": ["cb01"],
            },
        },
    })
}

/// Whether anything of it is about a person: the engine then demands a purpose, by the same two signs.
pub fn is_personal(document: &Value) -> bool {
    let subject = document.get("x-subject").and_then(Value::as_array);
    let answer = document.pointer("/$defs/answer").unwrap_or(&Value::Null);
    subject.is_some_and(|subject| !subject.is_empty()) || has_other_class_than_public(answer)
}

fn has_other_class_than_public(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => members.iter().any(|(name, value)| match name.as_str() {
            "x-data-class" => value != "public",
            _ => has_other_class_than_public(value),
        }),
        Value::Array(items) => items.iter().any(has_other_class_than_public),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// What became of one service's answer inside a composite.
fn part_schema() -> Value {
    json!({
        "type": "object",
        "required": ["name", "agency", "service", "required", "status", "at"],
        "properties": {
            "name": { "type": "string" },
            "agency": { "type": "string" },
            "service": { "type": "string" },
            "required": { "type": "boolean" },
            "status": { "enum": ["ok", "absent", "stale", "denied", "failed"] },
            "at": { "type": "string", "format": "date-time" },
            "source": { "$ref": "#/components/schemas/source" },
            "problem": { "$ref": "#/components/schemas/problem" },
        },
    })
}

/// Where agencies contradict each other: both are shown.
fn conflict_schema() -> Value {
    json!({
        "type": "object",
        "required": ["field", "title", "title_en", "kind", "values"],
        "properties": {
            "field": { "type": "string" },
            "title": { "type": "string" },
            "title_en": { "type": "string" },
            "kind": { "enum": ["different", "invented-day"] },
            "values": { "type": "array", "items": {
                "type": "object",
                "required": ["part", "agency", "value"],
                "properties": { "part": { "type": "string" }, "agency": { "type": "string" }, "value": {} },
            } },
        },
    })
}

fn problem_schema() -> Value {
    json!({
        "type": "object",
        "description": "RFC 9457",
        "required": ["type", "title", "status", "detail", "code", "blame", "retryable", "trace_id"],
        "properties": {
            "type": { "type": "string", "format": "uri-reference" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
            "code": { "enum": PROBLEM_CODES },
            "blame": { "enum": ["caller", "gateway", "carrier", "agency", "network"] },
            "retryable": { "type": "boolean" },
            "retry_after": { "type": "integer" },
            "agency": { "type": "string" },
            "carrier": { "type": "string" },
            "services": { "type": "array", "items": { "type": "string" } },
            "errors": { "type": "array", "items": {
                "type": "object",
                "required": ["code", "detail"],
                "properties": {
                    "pointer": { "type": "string", "format": "json-pointer" },
                    "code": { "type": "string" },
                    "detail": { "type": "string" },
                    "expected": {
                        "description": "Điều lược đồ cần: một dạng, hoặc một trong các giá trị hay trường / \
                            what the schema expects: a form, or one of these values or fields",
                        "anyOf": [
                            { "type": "string" },
                            { "type": "array", "items": { "type": "string" } },
                        ],
                    },
                    "line": { "type": "integer", "minimum": 1 },
                    "column": { "type": "integer", "minimum": 1 },
                },
            } },
            "trace_id": { "type": "string" },
        },
    })
}

/// A schema file's definitions as components, references rewritten.
fn components_of(id: &str, document: &Value) -> Vec<(String, Value)> {
    let prefix = component_prefix(id);
    let definitions = document.get("$defs").and_then(Value::as_object);
    let mut components: Vec<(String, Value)> = definitions
        .into_iter()
        .flatten()
        .map(|(name, schema)| (format!("{prefix}.{name}"), rewritten(schema, id)))
        .collect();
    if document.get("type").is_some() || document.get("$ref").is_some() {
        let mut root = document.clone();
        for key in ["$schema", "$id", "$defs"] {
            root.as_object_mut().map(|members| members.remove(key));
        }
        components.push((prefix, rewritten(&root, id)));
    }
    components
}

/// `…/schemas/common/address.json` → `common.address`; `…/schemas/services/residence.person.v1.json` → `service.residence.person`;
/// `…/schemas/cases/death.v1.json` → `case.death`.
fn component_prefix(id: &str) -> String {
    let file = id.rsplit('/').next().unwrap_or(id).trim_end_matches(".json");
    if id.contains("/services/") {
        let service = file.rsplit_once(".v").map_or(file, |(service, _)| service);
        return format!("service.{service}");
    }
    if id.contains("/cases/") {
        return format!("case.{}", file.rsplit_once(".v").map_or(file, |(case, _)| case));
    }
    format!("common.{file}")
}

fn rewritten(schema: &Value, base: &str) -> Value {
    match schema {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(key, value)| match (key.as_str(), value) {
                    ("$ref", Value::String(reference)) => {
                        (key.clone(), json!(component_reference(reference, base)))
                    }
                    _ => (key.clone(), rewritten(value, base)),
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(|item| rewritten(item, base)).collect()),
        scalar => scalar.clone(),
    }
}

fn component_reference(reference: &str, base: &str) -> String {
    let (file, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    let prefix = if file.is_empty() {
        component_prefix(base)
    } else {
        component_prefix(&crate::schema_files::join(base, file))
    };
    match fragment.strip_prefix("/$defs/") {
        Some(name) => format!("#/components/schemas/{prefix}.{name}"),
        None => format!("#/components/schemas/{prefix}"),
    }
}
