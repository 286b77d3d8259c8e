//! The headers a read may carry besides its token.

use serde_json::{Value, json};

use crate::http::deadline::DEADLINE_MS_MAX;

/// `components.parameters`: what a read may say about its own hurry. None is needed; what cannot be read is as good as not said.
pub fn parameters() -> Value {
    let header = |name: &str, description: String, example: &str| {
        json!({
            "name": name,
            "in": "header",
            "required": false,
            "description": description,
            "schema": { "type": "string", "examples": [example] },
        })
    };
    let deadline = format!(
        "Số mili giây bên gọi còn chờ, 1 đến {DEADLINE_MS_MAX}; chỉ rút ngắn thời hạn của dịch vụ. / Milliseconds the caller \
         waits, 1 to {DEADLINE_MS_MAX}; it can only shorten the service's own deadline."
    );
    let lane = "`batch`: không ai đứng chờ, nhường làn cho quầy. Chỉ hạ làn của mình, không nâng. / `batch`: nobody stands and \
        waits, the counter goes first. It lowers a request's lane, and never raises it.";
    json!({
        "deadline": header("X-Deadline-Ms", deadline, "2000"),
        "lane": header("X-Lane", lane.to_owned(), "batch"),
    })
}

/// The references to them at a read's path.
pub fn of_a_read() -> Value {
    json!(["deadline", "lane"].map(|name| json!({ "$ref": format!("#/components/parameters/{name}") })))
}
