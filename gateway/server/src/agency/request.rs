//! A request on its way from the adapter's tree to bytes: secrets and seals filled in, query, headers and body encoded.

use std::sync::Arc;

use adapter_api::agency::{CredentialKind, Seal};
use adapter_api::codec::encode_query;
use adapter_api::codec::{Unfilled, encode, fill};
use adapter_api::wire::Format;
use adapter_api::{Fault, Kind, Slot, Tree, WireRequest};
use aws_lc_rs::digest::{self, digest};
use aws_lc_rs::hmac;
use engine::ports::{Documents, Progress};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request};
use secrecy::ExposeSecret;

use super::body::Leaving;
use super::connection::Connection;
use super::{Agency, misplaced};
use crate::hex;

/// A request ready but for its credentials.
pub(super) struct Draft {
    method: Method,
    /// The path with its query, as it will stand in the URL.
    pub path: String,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
}

impl Draft {
    /// Fills and encodes what the adapter drew.
    pub fn of(
        request: &WireRequest,
        agency: &Agency,
        documents: Option<&dyn Documents>,
    ) -> Result<Self, Fault> {
        let mut request = request.clone();
        fill_documents(&mut request, documents)?;
        fill_secrets(&mut request, agency)?;
        fill_seals(&mut request, agency)?;
        let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| misplaced("method"))?;
        let body = request
            .body
            .as_ref()
            .map(|body| encode(request.format, body, &request.namespaces))
            .transpose()
            .map_err(|unfilled| unsaid("body", &unfilled))?;
        let mut draft = Draft { method, path: with_query(&request)?, headers: HeaderMap::new(), body };
        if draft.body.is_some() {
            draft.set(CONTENT_TYPE.as_str(), media_type(request.format))?;
        }
        draft.set(ACCEPT.as_str(), accepted(request.reply_format))?;
        if request.format == Format::Soap11 {
            draft.set("soapaction", "\"\"")?;
        }
        for (name, value) in &request.headers {
            let text = encode(Format::Text, value, &[]).map_err(|unfilled| unsaid("header", &unfilled))?;
            draft.set_bytes(name, &text)?;
        }
        Ok(draft)
    }

    /// Sets a header.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        self.set_bytes(name, value.as_bytes())
    }

    /// Sets a header that must not be printed, not even by a debugger.
    pub fn set_secret(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        self.set(name, value)?;
        if let Some(value) = HeaderName::try_from(name).ok().and_then(|name| self.headers.get_mut(name)) {
            value.set_sensitive(true);
        }
        Ok(())
    }

    fn set_bytes(&mut self, name: &str, value: &[u8]) -> Result<(), Fault> {
        let place = || misplaced("header: not a header's name or value");
        let name = HeaderName::try_from(name).map_err(|_| place())?;
        self.headers.insert(name, HeaderValue::from_bytes(value).map_err(|_| place())?);
        Ok(())
    }

    /// The request, addressed.
    pub fn finish(
        self,
        connection: &Connection,
        kind: Kind,
        progress: &Arc<Progress>,
    ) -> Result<Request, Fault> {
        let url =
            connection.url(&self.path).ok_or_else(|| misplaced("path: leads away from the base_url"))?;
        let mut request = Request::new(self.method, url);
        *request.headers_mut() = self.headers;
        *request.body_mut() = match kind {
            Kind::Read => self.body.map(Into::into),
            // Only a body can hold a write back until its first byte is pulled.
            Kind::Write => {
                let body = self.body.filter(|body| !body.is_empty());
                let body = body.ok_or_else(|| misplaced("body: a write needs one"))?;
                Some(Leaving::of(body, Arc::clone(progress)).into())
            }
        };
        Ok(request)
    }
}

fn with_query(request: &WireRequest) -> Result<String, Fault> {
    let query = encode_query(&request.query).map_err(|unfilled| unsaid("query", &unfilled))?;
    match (query.is_empty(), request.path.contains('?')) {
        (true, _) => Ok(request.path.clone()),
        (false, false) => Ok(format!("{}?{query}", request.path)),
        (false, true) => Ok(format!("{}&{query}", request.path)),
    }
}

/// Every tree of a request that may hold a slot.
fn trees(request: &mut WireRequest) -> impl Iterator<Item = &mut Tree> {
    let named = request.query.iter_mut().chain(request.headers.iter_mut()).map(|(_, tree)| tree);
    request.body.iter_mut().chain(named)
}

/// Puts stored documents in, as the base64 text that the mapping wants of them.
fn fill_documents(request: &mut WireRequest, documents: Option<&dyn Documents>) -> Result<(), Fault> {
    let content = |id: &str| documents.and_then(|documents| documents.content(id));
    for tree in trees(request) {
        fill(tree, &mut |slot| match slot {
            Slot::Document(id) => content(id)
                .map(|document| Tree::Bytes(document.bytes.clone()))
                .ok_or_else(|| misplaced("document: not stored any more")),
            other => Ok(Tree::Slot(other.clone())),
        })?;
    }
    Ok(())
}

fn fill_secrets(request: &mut WireRequest, agency: &Agency) -> Result<(), Fault> {
    let applying = agency.credential_names(request).cloned().collect::<Vec<_>>();
    for tree in trees(request) {
        fill(tree, &mut |slot| match slot {
            Slot::Secret(name) => secret_value(agency, &applying, name),
            other => Ok(Tree::Slot(other.clone())),
        })?;
    }
    Ok(())
}

fn secret_value(agency: &Agency, applying: &[String], name: &str) -> Result<Tree, Fault> {
    applying
        .iter()
        .filter(|credential| declares(agency, credential, name))
        .find_map(|credential| agency.secret(credential, name))
        .map(|secret| Tree::Text(secret.expose_secret().to_owned()))
        .ok_or_else(|| misplaced(format!("secret {name}: not configured, or of no credential that applies")))
}

fn declares(agency: &Agency, credential: &str, name: &str) -> bool {
    agency.manifest.credentials.get(credential).is_some_and(|credential| match &credential.kind {
        CredentialKind::Secrets { names } => names.iter().any(|one| one == name),
        _ => false,
    })
}

fn fill_seals(request: &mut WireRequest, agency: &Agency) -> Result<(), Fault> {
    let sealed = request.body.clone();
    let value = |name: &str| {
        let seal =
            agency.manifest.seals.get(name).ok_or_else(|| misplaced(format!("seal {name}: not declared")))?;
        seal_value(name, seal, sealed.as_ref(), agency).map(Tree::Text)
    };
    let mut filled = Vec::new();
    for tree in trees(request) {
        fill(tree, &mut |slot| match slot {
            Slot::Seal(name) => {
                filled.push(name.clone());
                value(name)
            }
            other => Ok(Tree::Slot(other.clone())),
        })?;
    }
    let Some(name) = request.seal.clone().filter(|name| !filled.contains(name)) else { return Ok(()) };
    let (value, field) = (value(&name)?, agency.manifest.seals.get(&name).map(|seal| seal.field.clone()));
    match (&mut request.body, field) {
        (Some(Tree::Object(members)), Some(field)) => {
            members.retain(|(member, _)| *member != field);
            members.push((field, value));
            Ok(())
        }
        _ => Err(misplaced(format!("seal {name}: the body has no place for it"))),
    }
}

/// The checksum over the drawn fields: a field left out counts as nothing, as the agencies do it.
fn seal_value(name: &str, seal: &Seal, body: Option<&Tree>, agency: &Agency) -> Result<String, Fault> {
    let secret = agency
        .manifest
        .credentials
        .keys()
        .find_map(|credential| agency.secret(credential, &seal.secret))
        .ok_or_else(|| misplaced(format!("seal {name}: its secret is not configured")))?
        .expose_secret();
    let mut fields = Vec::new();
    for field in &seal.fields {
        let text = match body.and_then(|body| find(body, field)) {
            None => Ok(Vec::new()),
            Some(leaf) => encode(Format::Text, leaf, &[]).map_err(|unfilled| unsaid("seal", &unfilled)),
        };
        fields.push(text?);
    }
    match seal.algorithm.as_str() {
        "sha256-hex" => {
            fields.push(secret.as_bytes().to_vec());
            Ok(hex::lower(digest(&digest::SHA256, &fields.join(seal.join.as_bytes())).as_ref()))
        }
        "hmac-sha256-hex" => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
            Ok(hex::lower(hmac::sign(&key, &fields.join(seal.join.as_bytes())).as_ref()))
        }
        _ => Err(misplaced(format!("seal {name}: its algorithm is not known"))),
    }
}

/// A drawn field by its path from the body's root.
fn find<'t>(body: &'t Tree, path: &str) -> Option<&'t Tree> {
    path.split('.').try_fold(body, |tree, step| match tree {
        Tree::Object(members) => members.iter().find(|(name, _)| name == step).map(|(_, member)| member),
        _ => None,
    })
}

fn unsaid(place: &str, unfilled: &Unfilled) -> Fault {
    misplaced(format!("{place}: {unfilled}"))
}

fn media_type(format: Format) -> &'static str {
    match format {
        Format::Json => "application/json",
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
        Format::Xml | Format::Soap11 => "text/xml, application/xml",
        Format::Soap12 => "application/soap+xml",
        Format::Form | Format::Text => "*/*",
    }
}
