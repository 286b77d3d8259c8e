//! Lists where every drawn value comes from, for `lienthong lineage`, and leads an agency's field back to the caller's.

use std::collections::BTreeMap;

use crate::agency::{Agency, ExchangePlan};
use crate::language::syntax::{Convert, Drawing, Expression, Head, Modifiers, Node, Path, Root};

/// How deep shapes are followed; a shape may not contain itself, so this only bounds a mapping that was never checked.
const DEPTH_MAX: u32 = 32;

/// One target with the path that feeds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which way the words go.
    pub side: Side,
    /// The exchange or message, `push`.
    pub exchange: String,
    /// The block, `send.body`, `found`, `answer.stored`.
    pub block: String,
    /// The target inside the block, `NgayThangNamSinh.Nam`, `obligations[].amount`.
    pub target: String,
    /// The path it is drawn from, from its own root: `birth_date`, `documents[].title`, `$who.GioiTinh`.
    pub source: String,
    /// What happens on the way, `date=yyyyMMdd`, `table=sex`.
    pub how: Vec<String>,
}

/// Which way the words go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Ours to theirs.
    ToAgency,
    /// Theirs to ours.
    FromAgency,
}

/// All lines of an agency.
pub(super) fn of_agency(agency: &Agency) -> Vec<Line> {
    let mut lines = Vec::new();
    for (name, plan) in &agency.exchanges {
        of_exchange(agency, name, plan, &mut lines);
    }
    for (name, plan) in &agency.inbound {
        let mut add = |side, block: String, sources| push(&mut lines, side, name, &block, sources);
        for (part, expression) in &plan.lets {
            add(Side::FromAgency, format!("message.let.{part}"), sources_of_let(agency, expression));
        }
        for (event, drawing) in &plan.event_drawings {
            add(Side::FromAgency, event.clone(), sources_of(agency, drawing));
        }
        for (result, drawing) in &plan.answers {
            add(Side::ToAgency, format!("answer.{result}"), sources_of(agency, drawing));
        }
    }
    lines
}

fn of_exchange(agency: &Agency, name: &str, plan: &ExchangePlan, lines: &mut Vec<Line>) {
    let send = &plan.send;
    let parts =
        [("url", &send.url), ("query", &send.query), ("headers", &send.headers), ("body", &send.body)];
    let mut add = |side, block: String, sources| push(lines, side, name, &block, sources);
    for (part, drawing) in parts {
        if let Some(drawing) = drawing {
            add(Side::ToAgency, format!("send.{part}"), sources_of(agency, drawing));
        }
    }
    for (part, expression) in &send.lets {
        add(Side::ToAgency, format!("send.let.{part}"), sources_of_let(agency, expression));
    }
    for (part, expression) in &plan.reply_lets {
        add(Side::FromAgency, format!("reply.let.{part}"), sources_of_let(agency, expression));
    }
    for (verdict, drawing) in &plan.verdicts {
        add(Side::FromAgency, verdict.clone(), sources_of(agency, drawing));
    }
}

fn push(lines: &mut Vec<Line>, side: Side, exchange: &str, block: &str, sources: Vec<Source>) {
    let line = |source: Source| Line {
        side,
        exchange: exchange.to_owned(),
        block: block.to_owned(),
        target: source.target,
        source: source.path,
        how: source.how,
    };
    lines.extend(sources.into_iter().map(line));
}

/// An agency's field → JSON pointer to the caller's, read backwards from the request; a name drawn from two fields names nobody.
pub(super) fn pointers_of(agency: &Agency, plan: &ExchangePlan) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, Option<String>> = BTreeMap::new();
    let body = plan.send.body.iter().flat_map(|drawing| sources_of(agency, drawing));
    let lets = plan.send.lets.values().flat_map(|expression| sources_of_let(agency, expression));
    for source in body.chain(lets) {
        let Some(pointer) = pointer_of(&source.path) else { continue };
        let name = source.target.rsplit('.').next().unwrap_or("").trim_end_matches("[]");
        let name = name.rsplit(':').next().unwrap_or(name).to_owned();
        let same = found.get(&name).is_none_or(|known| known.as_ref() == Some(&pointer));
        found.insert(name, same.then_some(pointer));
    }
    found.into_iter().filter_map(|(name, pointer)| pointer.map(|pointer| (name, pointer))).collect()
}

/// A pointer to the caller's field, of the query or of the purpose; for a field of a list's rows, to the list: which row
/// it was, nobody said.
fn pointer_of(path: &str) -> Option<String> {
    let (home, own) = match (path.strip_prefix("$query."), path.strip_prefix("$purpose.")) {
        (Some(own), _) => ("query", own),
        (_, Some(own)) => ("purpose", own.trim_end_matches('?')),
        _ if path.starts_with('$') => return None,
        _ => ("query", path),
    };
    let whole = own.split("[]").next().unwrap_or(own);
    let names: Vec<&str> = whole.split('.').filter(|name| !name.is_empty()).collect();
    (!names.is_empty()).then(|| format!("/{home}/{}", names.join("/")))
}

struct Source {
    target: String,
    path: String,
    how: Vec<String>,
}

/// Where a walk through an expression stands.
#[derive(Clone)]
struct Stand {
    target: String,
    /// What a bare path is relative to, `documents[]`.
    here: String,
    how: Vec<String>,
    depth: u32,
}

fn sources_of(agency: &Agency, drawing: &Drawing) -> Vec<Source> {
    let mut found = Vec::new();
    walk_drawing(agency, drawing, &Stand::start(), &mut found);
    found
}

fn sources_of_let(agency: &Agency, expression: &Expression) -> Vec<Source> {
    let mut found = Vec::new();
    walk(agency, expression, &Stand::start(), &mut found);
    found
}

impl Stand {
    fn start() -> Self {
        Stand { target: String::new(), here: String::new(), how: Vec::new(), depth: 0 }
    }

    fn source(&self, path: &Path) -> String {
        let own: Vec<&str> = path.steps.iter().map(|step| step.name.as_str()).collect();
        let start = match &path.root {
            Root::Here => self.here.clone(),
            Root::Named { name, .. } => format!("${name}"),
        };
        let parts = std::iter::once(start.as_str()).filter(|start| !start.is_empty()).chain(own);
        let whole = parts.collect::<Vec<_>>().join(".");
        if whole.is_empty() { ".".to_owned() } else { whole }
    }

    fn with(&self, modifiers: &Modifiers) -> Self {
        let mut how = self.how.clone();
        how.extend(modifiers.decode.iter().map(|coding| format!("decode={coding:?}").to_lowercase()));
        match &modifiers.convert {
            Some(Convert::Date(formats)) => {
                let names: Vec<&str> = formats.iter().map(|format| format.text.as_str()).collect();
                how.push(format!("date={}", names.join("|")));
            }
            Some(Convert::Table(name)) => how.push(format!("table={name}")),
            Some(Convert::Document) => how.push("document".to_owned()),
            Some(Convert::Shape(name)) => how.push(format!("shape={name}")),
            None => {}
        }
        how.extend((!modifiers.text.is_empty()).then(|| "text".to_owned()));
        how.extend(modifiers.pattern.as_ref().map(|_| "pattern".to_owned()));
        Stand { how, ..self.clone() }
    }
}

fn walk_drawing(agency: &Agency, drawing: &Drawing, stand: &Stand, found: &mut Vec<Source>) {
    for field in &drawing.fields {
        let target = if stand.target.is_empty() {
            field.name.clone()
        } else {
            format!("{}.{}", stand.target, field.name)
        };
        walk(agency, &field.value, &Stand { target, ..stand.clone() }, found);
    }
}

fn walk(agency: &Agency, expression: &Expression, stand: &Stand, found: &mut Vec<Source>) {
    if stand.depth > DEPTH_MAX {
        return;
    }
    let stand = &Stand { depth: stand.depth + 1, ..stand.clone() };
    match &expression.node {
        Node::Path(path) => leaf(path, stand, found),
        Node::Constant(_) => {}
        Node::List(items) => {
            let stand = Stand { target: format!("{}[]", stand.target), ..stand.clone() };
            items.iter().for_each(|item| walk(agency, item, &stand, found));
        }
        Node::Drawing(drawing) => walk_drawing(agency, drawing, stand, found),
        Node::Form(form) => {
            walk_head(agency, &form.head, &form.modifiers, &stand.with(&form.modifiers), found)
        }
    }
}

fn leaf(path: &Path, stand: &Stand, found: &mut Vec<Source>) {
    let (target, how) = (stand.target.clone(), stand.how.clone());
    found.push(Source { target, path: stand.source(path), how });
}

fn walk_head(agency: &Agency, head: &Head, modifiers: &Modifiers, stand: &Stand, found: &mut Vec<Source>) {
    match head {
        Head::Path(path) => match &modifiers.convert {
            Some(Convert::Shape(name)) => {
                leaf(path, stand, found);
                let inner = Stand { here: relative(&stand.source(path)), ..stand.clone() };
                if let Some(shape) = agency.shapes.get(name).filter(|_| stand.depth <= DEPTH_MAX) {
                    walk_drawing(agency, shape, &inner, found);
                }
            }
            _ => leaf(path, stand, found),
        },
        Head::Const(_) | Head::Secret(_) => {}
        Head::First(parts) | Head::Join { parts, .. } => {
            parts.iter().for_each(|part| walk(agency, part, stand, found));
        }
        Head::Object(drawing) => walk_drawing(agency, drawing, stand, found),
        Head::Each { source, item } => {
            let rows = Stand { target: format!("{}[]", stand.target), ..stand.clone() };
            let before = found.len();
            walk(agency, source, &rows, found);
            let base = found.get(before).map_or_else(|| "?".to_owned(), |source| source.path.clone());
            if let Some(item) = item {
                let inner = Stand { here: format!("{}[]", relative(&base)), ..rows };
                walk(agency, item, &inner, found);
            }
        }
        Head::One { source } => walk(agency, source, stand, found),
    }
}

/// What bare paths below a source are relative to; `.` adds nothing.
fn relative(source: &str) -> String {
    if source == "." { String::new() } else { source.to_owned() }
}
