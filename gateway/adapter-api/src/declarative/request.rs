//! Draws one wire request: path, query, headers and body as trees with slots, nested encodings still open.

use crate::agency::{Agency, CredentialKind, ExchangePlan, Operation};
use crate::codec::percent_encode_path;
use crate::fault::{Blame, Fault, Finding, Kind, Reason};
use crate::language::evaluate::{Origin, Scope, Spot, Stop, draw};
use crate::language::syntax::Drawing;
use crate::schema::Shape;
use crate::tree::{Coding, Slot, Tree};
use crate::wire::{Format, WireRequest};

/// Where a request is drawn.
pub(super) struct Draft<'a> {
    pub(super) agency: &'a Agency,
    pub(super) operation: Option<&'a Operation>,
    pub(super) name: &'a str,
    pub(super) plan: &'a ExchangePlan,
}

impl Draft<'_> {
    /// Draws the request over the caller's query.
    pub(super) fn draw(&self, scope: &Scope<'_>) -> Result<WireRequest, Stop> {
        let (plan, send) = (self.plan, &self.plan.send);
        let path = self.path(&fields_of(send.url.as_ref(), scope)?)?;
        let query = repeat_lists(fields_of(send.query.as_ref(), scope)?);
        let constant = |(name, value): &(String, String)| (name.clone(), Tree::Text(value.clone()));
        let mut headers: Vec<_> = plan.headers.iter().map(constant).collect();
        headers.extend(fields_of(send.headers.as_ref(), scope)?);
        check_headers(&headers)?;
        let mut body = match &send.body {
            Some(drawing) => draw(drawing, &scope.absent_as(plan.absent), &Shape::Any)?,
            None => None,
        };
        if let (Some(body), Some(seal)) = (&mut body, &plan.seal) {
            put_seal(self.agency, seal, body);
        }
        Ok(WireRequest {
            exchange: self.name.to_owned(),
            kind: plan.kind,
            method: plan.method.clone(),
            path,
            query,
            headers,
            format: plan.format,
            reply_format: plan.reply,
            namespaces: self.namespaces(body.as_ref()),
            body,
            seal: plan.seal.clone(),
            credentials: self.credentials(),
            documents: self.operation.map_or(Vec::new(), |operation| operation.documents.clone()),
        })
    }

    /// The path with its holes filled, each value percent-encoded so that it stays one segment.
    fn path(&self, holes: &[(String, Tree)]) -> Result<String, Stop> {
        let mut path = String::new();
        let mut rest = self.plan.path.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let Some((hole, further)) = after.split_once('}') else { break };
            let value = holes.iter().find(|(name, _)| name == hole).map(|(_, value)| value);
            let Some(Tree::Text(text) | Tree::Number(text)) = value else {
                return Err(Stop::broken(hole, "a hole of the path without a value"));
            };
            let unsaid =
                |_| Stop::new(hole, "no segment of a path", &Spot { origin: Origin::Caller, pointer: None });
            path.push_str(before);
            path.push_str(&percent_encode_path(text).map_err(unsaid)?);
            rest = further;
        }
        path.push_str(rest);
        Ok(path)
    }

    /// The declared prefixes that the body really uses, in the manifest's order.
    fn namespaces(&self, body: Option<&Tree>) -> Vec<(String, String)> {
        let is_xml = self.plan.format == Format::Xml || self.plan.format.is_soap();
        let mut used = Vec::new();
        if let Some(body) = body {
            collect_prefixes(body, is_xml, &mut used);
        }
        let declared = self.agency.namespaces.iter().filter(|(prefix, _)| used.contains(prefix));
        declared.map(|(prefix, uri)| (prefix.clone(), uri.clone())).collect()
    }

    /// The exchange's own narrowing or all the agency's; a login never needs the session it is to give.
    fn credentials(&self) -> Vec<String> {
        if !self.plan.credentials.is_empty() {
            return self.plan.credentials.clone();
        }
        let gives_it = |kind: &CredentialKind| matches!(kind, CredentialKind::SessionLogin { exchange, .. } if exchange == self.name);
        let apply = self.agency.credentials.iter().filter(|(_, credential)| !gives_it(&credential.kind));
        apply.map(|(name, _)| name.clone()).collect()
    }
}

fn fields_of(drawing: Option<&Drawing>, scope: &Scope<'_>) -> Result<Vec<(String, Tree)>, Stop> {
    let drawn = match drawing {
        Some(drawing) => draw(drawing, scope, &Shape::Any)?,
        None => None,
    };
    Ok(match drawn {
        Some(Tree::Object(fields)) => fields,
        _ => Vec::new(),
    })
}

/// A list in a query string is its name several times.
fn repeat_lists(fields: Vec<(String, Tree)>) -> Vec<(String, Tree)> {
    let repeat = |(name, value): (String, Tree)| match value {
        Tree::List(items) => items.into_iter().map(|item| (name.clone(), item)).collect(),
        one => vec![(name, one)],
    };
    fields.into_iter().flat_map(repeat).collect()
}

/// A line break in a header would begin another one.
fn check_headers(headers: &[(String, Tree)]) -> Result<(), Stop> {
    for (name, value) in headers {
        if matches!(value, Tree::Text(text) if text.chars().any(char::is_control)) {
            let spot = Spot { origin: Origin::Caller, pointer: None };
            return Err(Stop::new(name, "a control character in a header", &spot));
        }
    }
    Ok(())
}

/// Puts the seal's slot where the manifest says; a drawn value there is replaced.
pub(super) fn put_seal(agency: &Agency, name: &str, body: &mut Tree) {
    let field = agency.seals.get(name).map_or("", |seal| seal.field.as_str());
    let mut place = body;
    for part in field.split('.').filter(|part| !part.is_empty()) {
        let Tree::Object(fields) = place else { return };
        let index = match fields.iter().position(|(name, _)| name == part) {
            Some(index) => index,
            None => {
                fields.push((part.to_owned(), Tree::Object(Vec::new())));
                fields.len() - 1
            }
        };
        let Some((_, value)) = fields.get_mut(index) else { return };
        place = value;
    }
    if !field.is_empty() {
        *place = Tree::Slot(Slot::Seal(name.to_owned()));
    }
}

fn collect_prefixes(tree: &Tree, is_xml: bool, used: &mut Vec<String>) {
    match tree {
        Tree::Object(fields) => {
            for (name, value) in fields {
                let prefix = name.trim_start_matches('@').split_once(':').map(|(prefix, _)| prefix);
                used.extend(prefix.filter(|_| is_xml).map(str::to_owned));
                collect_prefixes(value, is_xml, used);
            }
        }
        Tree::List(items) => items.iter().for_each(|item| collect_prefixes(item, is_xml, used)),
        Tree::Encoded { codings, inner } => match codings.first() {
            Some(Coding::Xml) => collect_prefixes(inner, true, used),
            Some(Coding::Json | Coding::Base64) | None => collect_prefixes(inner, false, used),
        },
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) => {}
        Tree::Element(_) | Tree::Slot(_) | Tree::Bytes(_) => {}
    }
}

/// What it means that a request could not be drawn. `earlier` is the kind of the exchange before, if one was sent.
pub(super) fn unsaid(stop: Stop, exchange: &str, earlier: Option<Kind>) -> Fault {
    match (stop.broken, stop.origin, earlier) {
        (false, Origin::Caller, _) => Fault::Rejected {
            code: None,
            findings: vec![Finding {
                pointer: stop.pointer,
                code: Some("cannot-be-said".to_owned()),
                ..Finding::default()
            }],
            sent: earlier.is_some(),
            blame: Blame::Caller,
        },
        (false, Origin::Agency, Some(kind)) => unread(stop, exchange, kind),
        (true, _, _) | (false, Origin::House, _) | (false, Origin::Agency, None) => broken(&stop, exchange),
    }
}

/// What it means that a reply could not be read: on a write, nobody knows.
pub(super) fn unread(stop: Stop, exchange: &str, kind: Kind) -> Fault {
    if stop.broken {
        return broken(&stop, exchange);
    }
    let at = Some(stop.at);
    let reason = Reason { exchange: Some(exchange.to_owned()), at, why: stop.why, ..Reason::default() };
    senseless(reason, kind)
}

/// Words that make no sense: after a read that is all, after a write nobody knows.
pub(super) fn senseless(reason: Reason, kind: Kind) -> Fault {
    match kind {
        Kind::Read => Fault::Malformed(reason),
        Kind::Write => Fault::Uncertain(reason),
    }
}

fn broken(stop: &Stop, exchange: &str) -> Fault {
    Fault::AdapterFailed { place: format!("{exchange}: {}: {}", stop.at, stop.why) }
}
