//! JSON Schemas for editors, generated: of `lienthong.toml` from its default, of `adapter.toml` from the manifest's grammar.

use adapter_api::agency::{Below, LoginFormat};
use serde_json::{Map, Value, json};

use super::DEFAULT;

/// The schema of `lienthong.toml`: types and defaults from the values, descriptions from the comments above them.
pub fn of_default() -> Value {
    let table: toml::Table = DEFAULT.parse().unwrap_or_default();
    let comments = comments_of(DEFAULT);
    let mut sections = Map::new();
    for (section, keys) in &table {
        let mut properties = Map::new();
        for (key, value) in keys.as_table().into_iter().flatten() {
            let described = comments.iter().find(|(at, _)| *at == format!("{section}.{key}"));
            let description = described.map(|(_, text)| text.as_str()).unwrap_or_default();
            let property = json!({
                "type": type_of(value),
                "default": serde_json::to_value(value).unwrap_or_default(),
                "description": description,
            });
            properties.insert(key.clone(), property);
        }
        let section_schema =
            json!({ "type": "object", "additionalProperties": false, "properties": properties });
        sections.insert(section.clone(), section_schema);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://lienthong.example/schemas/config.schema.json",
        "title": "lienthong.toml",
        "type": "object",
        "additionalProperties": false,
        "properties": sections,
    })
}

/// The comment lines directly above each key.
fn comments_of(text: &str) -> Vec<(String, String)> {
    let (mut section, mut above, mut found) = (String::new(), Vec::new(), Vec::new());
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix('#') {
            above.push(comment.trim().to_string());
        } else if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_string();
            above.clear();
        } else if let Some((key, _)) = line.split_once(" = ") {
            found.push((format!("{section}.{key}"), above.join(" ")));
            above.clear();
        } else {
            above.clear();
        }
    }
    found
}

fn type_of(value: &toml::Value) -> &'static str {
    match value {
        toml::Value::Integer(_) => "integer",
        toml::Value::Float(_) => "number",
        toml::Value::Boolean(_) => "boolean",
        toml::Value::Array(_) => "array",
        toml::Value::Table(_) => "object",
        toml::Value::String(_) | toml::Value::Datetime(_) => "string",
    }
}

/// The schema of an agency's manifest keys (`reference/mapping.md` 1.1); words and tables are checked by `lienthong check`.
pub fn of_adapter() -> Value {
    let text = json!({ "type": "string" });
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    let rules = json!({ "type": "array", "items": {
        "type": "object",
        "required": ["when"],
        "additionalProperties": false,
        "properties": {
            "when": { "type": "object" },
            "then": { "enum": adapter_api::language::syntax::Verdict::ALL.map(|verdict| verdict.word()) },
            "go": text,
            "blame": { "enum": ["gateway", "caller", "agency"] },
        },
    } });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://lienthong.example/schemas/adapter.schema.json",
        "title": "adapter.toml",
        "type": "object",
        "properties": {
            "agency": text,
            "through": texts,
            "credentials": { "additionalProperties": { "type": "object", "required": ["kind"], "properties": {
                "kind": { "enum": ["lgsp-token", "c06-signature", "mtls", "session-login", "secrets", "oauth-password",
                    "basic", "api-key"] },
                "header": text, "path": { "type": "string", "pattern": "^/" },
                "below": { "enum": Below::WORDS.map(|(word, _)| word) },
                "format": { "enum": LoginFormat::WORDS.map(|(word, _)| word) },
                "refresh": { "type": "boolean" },
            } } },
            "settings": { "additionalProperties": text },
            "namespaces": { "additionalProperties": text },
            "seal": { "additionalProperties": { "type": "object",
                "required": ["algorithm", "fields", "join", "secret", "field"] } },
            "operation": { "additionalProperties": operation(&text, &texts) },
            "exchange": { "additionalProperties": exchange(&text, &texts, &rules) },
            "inbound": { "additionalProperties": { "type": "object", "properties": {
                "format": { "enum": ["json", "xml", "soap", "soap12", "form", "text"] }, "rules": { "type": "array" },
            } } },
        },
    })
}

fn operation(text: &Value, texts: &Value) -> Value {
    json!({ "type": "object", "required": ["exchanges"], "properties": {
        "service": text, "for": text, "exchanges": texts, "find": text, "look": text,
        "together": { "type": "integer", "minimum": 1 },
        "repeat": { "enum": ["by-reference", "by-find", "never"] },
        "settle_for": text, "subject": { "type": ["string", "array"] },
        "unused": texts, "documents": texts, "sim": { "type": "boolean" },
    } })
}

fn exchange(text: &Value, texts: &Value, rules: &Value) -> Value {
    let formats = json!(["json", "xml", "soap", "soap12", "form", "text"]);
    json!({ "type": "object", "required": ["send", "format", "kind", "rules"], "properties": {
        "send": { "type": "string", "pattern": "^(GET|POST|PUT|PATCH|DELETE) /" },
        "format": { "enum": formats }, "reply": { "enum": formats },
        "kind": { "enum": ["read", "write"] }, "when": { "type": "object" },
        "headers": { "additionalProperties": text }, "absent": { "enum": ["omit", "empty", "null"] },
        "seal": text, "credentials": texts, "through": texts, "rules": rules, "sim": { "type": "boolean" },
        "pages": { "type": "object", "required": ["items", "cursor", "size", "at_most", "same"] },
    } })
}
