//! One-stop software, as the gateway sees it: a token and questions.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

/// How long a caller keeps a silent connection.
const IDLE_MAX: Duration = Duration::from_secs(2);

/// The dossier that is worked on where nothing else is said.
pub const USUAL_DOSSIER: &str = "H56.14-250812-0035";

/// A client of the gateway.
#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    base: String,
    token: String,
    language: &'static str,
}

/// What the gateway said.
#[derive(Debug, Clone)]
pub struct Told {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; null if it is not JSON.
    pub body: Value,
}

impl Caller {
    /// A caller with this token.
    pub fn new(base: &str, token: String) -> Result<Caller> {
        // Shorter than the five seconds after which the gateway closes a silent connection: a POST that meets its end just
        // then is nobody's failure and everybody's puzzle.
        let http = reqwest::Client::builder().no_proxy().pool_idle_timeout(IDLE_MAX).build()?;
        Ok(Caller { http, base: base.to_string(), token, language: "vi" })
    }

    /// The same caller, speaking English.
    pub fn in_english(&self) -> Caller {
        Caller { language: "en", ..self.clone() }
    }

    /// The same caller, with another token.
    pub fn with_token(&self, token: &str) -> Caller {
        Caller { token: token.to_string(), ..self.clone() }
    }

    /// Asks a service with the usual purpose.
    pub async fn ask(&self, service: &str, query: Value) -> Result<Told> {
        self.ask_for(service, usual_purpose(), query).await
    }

    /// Asks a service for this purpose.
    pub async fn ask_for(&self, service: &str, purpose: Value, query: Value) -> Result<Told> {
        self.put(service, purpose, query, &[]).await
    }

    /// Asks a service for this purpose and waits no longer than this.
    pub async fn ask_for_within(
        &self,
        deadline: Duration,
        service: &str,
        purpose: Value,
        query: Value,
    ) -> Result<Told> {
        let deadline_ms = deadline.as_millis().to_string();
        self.put(service, purpose, query, &[("x-deadline-ms", &deadline_ms)]).await
    }

    async fn put(
        &self,
        service: &str,
        purpose: Value,
        query: Value,
        headers: &[(&str, &str)],
    ) -> Result<Told> {
        let body = json!({ "purpose": purpose, "query": query });
        let path = format!("/v1/{}", service.replace('.', "/"));
        self.post(&path, body.to_string().into_bytes(), headers).await
    }

    /// Posts bytes as they are.
    pub async fn post(&self, path: &str, body: Vec<u8>, headers: &[(&str, &str)]) -> Result<Told> {
        let mut request = self
            .http
            .post(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .header("accept-language", self.language)
            .body(body);
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        told(request.send().await?).await
    }

    /// Asks many queries of a service in one batch, with the usual purpose: the status, and the lines of the answer.
    pub async fn batch(&self, service: &str, queries: &[Value]) -> Result<(u16, Vec<Value>)> {
        let body = json!({ "purpose": usual_purpose(), "service": service, "queries": queries });
        let response = self.batch_under_way(&body).await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        Ok((status, text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?))
    }

    /// Begins a batch with this body; its lines are still to be read.
    pub async fn batch_under_way(&self, body: &Value) -> Result<reqwest::Response> {
        let request = self
            .http
            .post(format!("{}/v1/batch", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .header("accept-language", self.language)
            .header("content-type", "application/json");
        Ok(request.body(body.to_string()).send().await?)
    }

    /// Fetches a document that an answer told of, for the usual purpose: its media type and its bytes.
    pub async fn document(&self, id: &str) -> Result<(String, Vec<u8>)> {
        let request = self
            .http
            .get(format!("{}/v1/documents/{id}", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .header("x-purpose", usual_purpose().to_string());
        let response = request.send().await?.error_for_status()?;
        let media = response.headers().get("content-type").and_then(|value| value.to_str().ok());
        let media = media.unwrap_or_default().to_owned();
        Ok((media, response.bytes().await?.to_vec()))
    }

    /// Gets a path.
    pub async fn get(&self, path: &str) -> Result<Told> {
        let request = self
            .http
            .get(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .header("accept-language", self.language);
        told(request.send().await?).await
    }
}

/// The purpose of most questions: a death registration at the sample commune.
pub fn usual_purpose() -> Value {
    purpose_of(USUAL_DOSSIER, "H56.14")
}

/// The same for this dossier at this unit.
pub fn purpose_of(dossier: &str, unit: &str) -> Value {
    json!({ "procedure": "1.000656", "dossier": dossier, "unit": unit, "officer": "cb01" })
}

async fn told(response: reqwest::Response) -> Result<Told> {
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let body = serde_json::from_str(&response.text().await?).unwrap_or(Value::Null);
    Ok(Told { status, headers, body })
}

impl Told {
    /// A member of the body by JSON pointer; null if it is not there.
    pub fn at(&self, pointer: &str) -> &Value {
        self.body.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// The outcome's word or the problem's code.
    pub fn word(&self) -> &str {
        let word = self.at("/outcome").as_str().or_else(|| self.at("/code").as_str());
        word.unwrap_or("")
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
