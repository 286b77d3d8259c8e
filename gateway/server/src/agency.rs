//! The wire to the agencies: address, carrier, credentials, slots, seals, certificates, bytes.
//!
//! One exchange, once: no retry, no redirect, no proxy from the environment. What may be repeated, and when, is the
//! engine's to say.

pub mod credentials;
pub mod filling;
pub mod settings;

use std::collections::HashMap;
use std::sync::Arc;

use adapter_api::codec::{self, Limits as CodecLimits};
use adapter_api::wire::Format;
use adapter_api::{Fault, Kind, Party as Side, Reason, Reply, Tree, WireRequest};
use engine::ports::{Clock, Heard, Order, Wire};
use futures_util::future::BoxFuture;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::{Instant, timeout_at};

use crate::config::ConfigError;
use credentials::Wallet;
use settings::Party;

/// All agencies, connected.
pub struct Agencies {
    links: HashMap<String, Link>,
    clock: Arc<dyn Clock>,
}

/// The road to one agency.
struct Link {
    party: Arc<Party>,
    wallet: Wallet,
    reads: reqwest::Client,
    writes: reqwest::Client,
    limits: CodecLimits,
}

impl Agencies {
    /// Builds a client for every agency's own identity; certificates that cannot be read are reported at once.
    pub fn connect(parties: &[Arc<Party>], clock: Arc<dyn Clock>) -> Result<Agencies, Vec<ConfigError>> {
        let mut links = HashMap::new();
        let mut findings = Vec::new();
        let mut shared = credentials::SharedTokens::default();
        for party in parties {
            match Link::new(party, &mut shared) {
                Ok(link) => {
                    links.insert(party.agency.clone(), link);
                }
                Err(error) => findings.push(error),
            }
        }
        if findings.is_empty() { Ok(Agencies { links, clock }) } else { Err(findings) }
    }

    /// Whether the address behind an agency answers at all, with its certificate and ours; for `doctor`.
    pub async fn probe(&self, agency: &str, deadline: Instant) -> Result<(), Fault> {
        let link = self.link(agency)?;
        let request = link.reads.get(link.party.base_url.clone());
        match timeout_at(deadline, request.send()).await {
            Ok(Ok(_any_answer)) => Ok(()),
            Ok(Err(error)) => Err(link.fault_of(&error, "probe")),
            Err(_elapsed) => Err(Fault::DeadlineExceeded),
        }
    }

    fn link(&self, agency: &str) -> Result<&Link, Fault> {
        self.links.get(agency).ok_or_else(|| Fault::AdapterFailed { place: format!("no link to {agency}") })
    }

    async fn make(&self, order: Order<'_>) -> Result<Heard, Fault> {
        let link = self.link(order.agency)?;
        let request = order.request;
        let url = link.url(request)?;
        let admission = link.wallet.admit(&request.credentials, link, order.deadline).await?;
        let mut headers = link.headers(request)?;
        admission.apply(&mut headers, &url, self.clock.unix_ms())?;
        let body = link.body(request)?;
        let client = match request.kind {
            Kind::Read => &link.reads,
            Kind::Write => &link.writes,
        };
        let method = request.method.parse().map_err(|_unknown| failed(request, "method"))?;
        let mut ready = client.request(method, url).headers(headers);
        if let Some(body) = body {
            ready = ready.body(body);
        }
        let reply = timeout_at(order.deadline, link.hear(ready, request)).await;
        let reply = reply.map_err(|_elapsed| Fault::DeadlineExceeded)??;
        Ok(Heard { reply, admission: admission.generation() })
    }
}

impl Wire for Agencies {
    fn exchange<'a>(&'a self, order: Order<'a>) -> BoxFuture<'a, Result<Heard, Fault>> {
        Box::pin(self.make(order))
    }

    fn renew<'a>(&'a self, order: Order<'a>, admission: u64) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async move {
            self.link(order.agency)?.wallet.forget(&order.request.credentials, admission).await;
            Ok(())
        })
    }
}

impl Link {
    fn new(party: &Arc<Party>, shared: &mut credentials::SharedTokens) -> Result<Link, ConfigError> {
        let build = |kind: Kind| {
            let mut builder = reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .no_proxy()
                .connect_timeout(party.connect_timeout);
            builder = match (&party.tls.authority, &party.tls.identity) {
                (Some(roots), _) => builder.tls_certs_only(roots.clone()),
                (None, _) => builder,
            };
            if let Some(identity) = &party.tls.identity {
                builder = builder.identity(identity.clone());
            }
            if kind == Kind::Write {
                // A pooled connection may be dead without our knowing: the loss of a write's reply must never come from that.
                builder = builder.pool_max_idle_per_host(0);
            }
            builder.build().map_err(|error| ConfigError::Unfit {
                file: party.agency.clone(),
                message: format!("no TLS client can be built: {error}"),
            })
        };
        let limits = CodecLimits { bytes_max: party.reply_bytes_max, ..CodecLimits::default() };
        let wallet = Wallet::new(party, shared)?;
        Ok(Link { party: Arc::clone(party), wallet, reads: build(Kind::Read)?, writes: build(Kind::Write)?, limits })
    }

    /// Who is at the other end of the connection.
    fn side(&self) -> Side {
        if self.party.carrier.is_some() { Side::Carrier } else { Side::Agency }
    }

    /// The fixed address, the drawn path and query: nothing of an agency's reply can lead elsewhere (T13).
    fn url(&self, request: &WireRequest) -> Result<reqwest::Url, Fault> {
        let mut query = Vec::new();
        for (name, value) in &request.query {
            let mut value = value.clone();
            self.fill(&mut value, request)?;
            query.push((name.clone(), value));
        }
        let query = codec::encode_query(&query).map_err(|_unfilled| failed(request, "query"))?;
        let base = self.party.base_url.as_str().trim_end_matches('/');
        let mark = if query.is_empty() { "" } else { "?" };
        let url = format!("{base}{}{mark}{query}", request.path);
        reqwest::Url::parse(&url).map_err(|_unreadable| failed(request, "address"))
    }

    fn headers(&self, request: &WireRequest) -> Result<HeaderMap, Fault> {
        let mut headers = HeaderMap::new();
        if request.body.is_some() {
            headers.insert("content-type", HeaderValue::from_static(media_type(request.format)));
        }
        headers.insert("accept", HeaderValue::from_static(accepted(request.reply_format)));
        for (name, value) in &request.headers {
            let mut value = value.clone();
            self.fill(&mut value, request)?;
            let text = match &value {
                Tree::Text(text) | Tree::Number(text) => text.as_str(),
                _ => return Err(failed(request, "header")),
            };
            let name: HeaderName = name.parse().map_err(|_unreadable| failed(request, "header"))?;
            let value = HeaderValue::from_str(text).map_err(|_unreadable| failed(request, "header"))?;
            headers.insert(name, value);
        }
        Ok(headers)
    }

    fn body(&self, request: &WireRequest) -> Result<Option<Vec<u8>>, Fault> {
        let Some(body) = &request.body else { return Ok(None) };
        let mut body = body.clone();
        self.fill(&mut body, request)?;
        if let Some(seal) = &request.seal {
            filling::seal(&mut body, seal, &self.party).map_err(|place| failed(request, place))?;
        }
        let bytes = codec::encode(request.format, &body, &request.namespaces);
        bytes.map(Some).map_err(|_unfilled| failed(request, "body"))
    }

    fn fill(&self, tree: &mut Tree, request: &WireRequest) -> Result<(), Fault> {
        codec::fill(tree, &mut |slot| filling::fill(slot, &self.party)).map_err(|place| failed(request, place))
    }

    /// Sends and reads the reply, bounded in length while it comes.
    async fn hear(&self, ready: reqwest::RequestBuilder, request: &WireRequest) -> Result<Reply, Fault> {
        let mut response = ready.send().await.map_err(|error| self.fault_of(&error, &request.exchange))?;
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_string);
        let content_type = header("content-type").unwrap_or_default();
        let retry_after_s = header("retry-after").and_then(|text| text.trim().parse().ok());
        let status = response.status().as_u16();
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.fault_of(&error, &request.exchange))? {
            if bytes.len() + chunk.len() > self.party.reply_bytes_max {
                return Err(Fault::Malformed(Reason {
                    exchange: Some(request.exchange.clone()),
                    why: format!("longer than {} bytes", self.party.reply_bytes_max),
                    ..Reason::default()
                }));
            }
            bytes.extend_from_slice(&chunk);
        }
        let reply = codec::read_reply(request.reply_format, status, &content_type, &bytes, &self.limits);
        Ok(Reply { retry_after_s, ..reply })
    }

    /// Before a connection stands nothing was sent; after that nobody knows.
    fn fault_of(&self, error: &reqwest::Error, exchange: &str) -> Fault {
        if error.is_connect() || error.is_builder() {
            return Fault::Unreachable { party: self.side() };
        }
        Fault::Uncertain(Reason {
            exchange: Some(exchange.to_string()),
            why: "the connection ended before the reply did".into(),
            by: Some(self.side()),
            ..Reason::default()
        })
    }
}

/// A mistake of ours: what was drawn cannot be put on the wire. Names the place, never a value.
fn failed(request: &WireRequest, place: &str) -> Fault {
    Fault::AdapterFailed { place: format!("{}: {place}", request.exchange) }
}

fn media_type(format: Format) -> &'static str {
    match format {
        Format::Json => "application/json; charset=utf-8",
        Format::Xml => "application/xml; charset=utf-8",
        Format::Soap11 => "text/xml; charset=utf-8",
        Format::Soap12 => "application/soap+xml; charset=utf-8",
        Format::Form => "application/x-www-form-urlencoded",
        Format::Text => "text/plain; charset=utf-8",
    }
}

fn accepted(format: Format) -> &'static str {
    match format {
        Format::Json => "application/json",
        Format::Xml => "application/xml, text/xml",
        Format::Soap11 => "text/xml",
        Format::Soap12 => "application/soap+xml",
        Format::Form | Format::Text => "*/*",
    }
}

#[cfg(test)]
mod tests;
