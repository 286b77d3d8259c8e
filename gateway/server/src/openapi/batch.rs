//! The path of batches in the OpenAPI document.

use serde_json::{Value, json};

use super::{is_personal, responses_of};
use crate::http::batch::QUERIES_MAX;
use crate::schema_files::SchemaFiles;

/// `POST /v1/batch`
pub fn path(files: &SchemaFiles) -> Value {
    let single = files.services().filter(|(_, document)| document.get("x-composite") != Some(&json!(true)));
    let (personal, of_nobody): (Vec<_>, Vec<_>) = single.partition(|(_, document)| is_personal(document));
    let names =
        |services: Vec<(&str, &Value)>| services.into_iter().map(|(name, _)| name.to_owned()).collect();
    let bodies = [
        order(names(personal), "purpose", &["purpose", "service", "queries"]),
        order(names(of_nobody), "purpose_if_any", &["service", "queries"]),
    ];
    json!({
        "post": {
            "operationId": "batch",
            "summary": "Tra cứu theo lô / a batch of queries",
            "description": "Tối đa 1.000 câu hỏi của một dịch vụ, cùng một mục đích, trả lời từng dòng JSON ngay khi mỗi câu xong \
                (thứ tự tự do, `index` cho biết câu nào); dòng cuối là `summary`, thiếu nó là chưa đủ. Lô đi làn chậm: quầy luôn \
                được phục vụ trước. Câu hỏi sai chỉ hỏng dòng của nó. / Up to 1,000 queries of one service for one purpose, each \
                answered in a JSON line as it ends (in any order, `index` says which); the last line is the `summary`, and \
                without it the answer is not whole. A batch goes in the slow lane: the counter is served first. A bad query \
                fails its own line only.",
            "tags": ["batch"],
            "requestBody": {
                "required": true,
                "content": { "application/json": { "schema": { "anyOf": bodies } } },
            },
            "responses": responses_of("application/x-ndjson", line()),
        },
    })
}

/// The body for these services: about somebody, the purpose is needed.
fn order(services: Vec<String>, purpose: &str, required: &[&str]) -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": {
            "purpose": { "$ref": format!("#/components/schemas/{purpose}") },
            "service": { "enum": services },
            "queries": {
                "type": "array",
                "minItems": 1,
                "maxItems": QUERIES_MAX,
                // No type here: each is held to its service's own schema, and fails its own line alone.
                "items": {
                    "description": "Câu hỏi, theo lược đồ của dịch vụ / a query, as its service's own path describes it",
                },
            },
        },
    })
}

/// One line of the answer.
fn line() -> Value {
    let number = json!({ "type": "integer", "minimum": 0 });
    let place = json!({ "index": number, "done": number, "total": number });
    let with = |more: Value| {
        let mut properties = place.as_object().cloned().unwrap_or_default();
        properties.extend(more.as_object().cloned().unwrap_or_default());
        let required: Vec<&String> = properties.keys().collect();
        json!({ "type": "object", "required": required, "properties": properties })
    };
    json!({
        "description": "Một dòng / one line",
        "oneOf": [
            with(json!({
                "outcome": { "enum": ["found", "absent"] },
                "data": { "type": ["object", "null"] },
                "source": { "$ref": "#/components/schemas/source" },
                "trace_id": { "type": "string" },
            })),
            with(json!({ "problem": { "$ref": "#/components/schemas/problem" } })),
            {
                "type": "object",
                "required": ["summary"],
                "properties": { "summary": {
                    "type": "object",
                    "required": ["total", "found", "absent", "failed"],
                    "properties": { "total": number, "found": number, "absent": number, "failed": number },
                } },
            },
        ],
    })
}
