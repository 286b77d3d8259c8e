//! Draws: a target is drawn, its leaves say where each value comes from, modifiers apply in their fixed order.

use regex::{Captures, Regex};

use super::condition::{holds, holds_strictly};
use super::convert::{
    cast, coerce, constant_tree, read_document, read_table, scalar_text, write_document, write_table,
};
use super::path::{resolve, spot, too_many};
use super::scope::{Scope, View};
use super::{Origin, Spot, Stop, Way};
use crate::agency::AbsentAs;
use crate::codec::{Limits, decode_coding};
use crate::language::syntax::{Convert, Drawing, Expression, Form, Head, Modifiers, Node, Path, Pattern};
use crate::language::{date, text};
use crate::schema::Shape;
use crate::tree::{Coding, Slot, Tree};

/// What an expression gives; `None` is absent. `want` is the shape of the target, ours, where it is known.
pub fn evaluate(expression: &Expression, scope: &Scope<'_>, want: &Shape) -> Result<Option<Tree>, Stop> {
    match &expression.node {
        Node::Path(path) => evaluate_path(path, scope, want),
        Node::Constant(constant) => settle(constant_tree(constant), scope, want)
            .map(Some)
            .map_err(|why| Stop::new("const", why, &Spot::of(Origin::House))),
        Node::List(items) => {
            let scope = scope.deeper("list")?;
            let inner = item_shape(want);
            let mut list = Vec::new();
            for item in items {
                list.extend(evaluate(item, &scope, inner)?);
            }
            Ok(Some(Tree::List(list)))
        }
        Node::Form(form) => evaluate_form(form, &scope.deeper("form")?, want),
        Node::Drawing(drawing) => draw(drawing, scope, want),
    }
}

/// What a drawing gives: a field that is absent is left out, a drawing with nothing in it is absent.
pub fn draw(drawing: &Drawing, scope: &Scope<'_>, want: &Shape) -> Result<Option<Tree>, Stop> {
    let scope = scope.deeper("drawing")?;
    let mut fields = Vec::new();
    for field in &drawing.fields {
        let inner = want.property(&field.name).map_or(&Shape::Any, |property| &property.shape);
        let value = evaluate(&field.value, &scope, inner)?;
        let instead = if field.name.starts_with('@') { None } else { instead_of_absent(&scope) };
        if let Some(value) = value.or(instead) {
            fields.push((field.name.clone(), value));
        }
    }
    if fields.is_empty() && !drawing.fields.is_empty() {
        return Ok(None);
    }
    Ok(Some(Tree::Object(fields)))
}

fn instead_of_absent(scope: &Scope<'_>) -> Option<Tree> {
    match (scope.way, scope.absent) {
        (Way::Write, AbsentAs::Empty) => Some(Tree::Text(String::new())),
        (Way::Write, AbsentAs::Null) => Some(Tree::Null),
        (Way::Write, AbsentAs::Omit) | (Way::Read, _) => None,
    }
}

fn item_shape(want: &Shape) -> &Shape {
    match want {
        Shape::List(inner) => inner,
        Shape::Object(_) | Shape::Scalar(_) | Shape::Any => &Shape::Any,
    }
}

fn evaluate_path(path: &Path, scope: &Scope<'_>, want: &Shape) -> Result<Option<Tree>, Stop> {
    let Some(view) = resolve(path, scope)? else { return Ok(None) };
    let stop = |why: String| Stop::new(&path.text, why, &spot(path, scope));
    settle(view.to_tree(), scope, want).map(Some).map_err(stop)
}

/// Brings a leaf into the form its side wants: ours by the schema, theirs as normal text.
fn settle(tree: Tree, scope: &Scope<'_>, want: &Shape) -> Result<Tree, String> {
    match scope.way {
        Way::Read => coerce(tree, want),
        Way::Write => match &tree {
            Tree::Text(text) => Ok(Tree::Text(text::normalise(text))),
            Tree::Element(element) if element.children.is_empty() => scalar_text(&tree).map(Tree::Text),
            Tree::Bytes(_) => scalar_text(&tree).map(Tree::Text),
            _ => Ok(tree),
        },
    }
}

/// A head's value with the name and the spot it is reported at.
struct Headed {
    value: Option<Tree>,
    at: String,
    spot: Spot,
}

impl Headed {
    fn of_house(value: Option<Tree>, at: &str) -> Self {
        Headed { value, at: at.to_owned(), spot: Spot::of(Origin::House) }
    }

    fn stop(&self, why: impl Into<String>) -> Stop {
        Stop::new(&self.at, why, &self.spot)
    }
}

fn evaluate_form(form: &Form, scope: &Scope<'_>, want: &Shape) -> Result<Option<Tree>, Stop> {
    let chooses_rows = matches!(form.head, Head::Each { .. } | Head::One { .. });
    let guard = form.modifiers.when.as_ref().filter(|_| !chooses_rows);
    let headed = match guard {
        Some(conditions) if !holds(conditions, scope)? => Headed::of_house(None, "when"),
        _ => evaluate_head(form, scope, want)?,
    };
    finish(headed, &form.modifiers, scope, want)
}

fn evaluate_head(form: &Form, scope: &Scope<'_>, want: &Shape) -> Result<Headed, Stop> {
    match &form.head {
        Head::Path(path) => {
            let value = resolve(path, scope)?.map(|view| view.to_tree());
            Ok(Headed { value, at: path.text.clone(), spot: spot(path, scope) })
        }
        Head::Const(constant) => Ok(Headed::of_house(Some(constant_tree(constant)), "const")),
        Head::Secret(name) => Ok(Headed::of_house(Some(Tree::Slot(Slot::Secret(name.clone()))), "secret")),
        Head::Object(drawing) => Ok(Headed::of_house(draw(drawing, scope, want)?, "object")),
        Head::First(choices) => {
            let mut value = None;
            for choice in choices {
                value = evaluate(choice, scope, want)?;
                if value.is_some() {
                    break;
                }
            }
            Ok(Headed { value, at: "first".to_owned(), spot: Spot { pointer: None, ..scope.spot.clone() } })
        }
        Head::Join { parts, with } => join(parts, with, scope),
        Head::Each { source, item } => {
            let value = each(source, item.as_ref(), &form.modifiers, scope, want)?;
            Ok(Headed { value: Some(value), at: source_name(source), spot: scope.spot.clone() })
        }
        Head::One { source } => {
            let (value, spot) = one(source, &form.modifiers, scope)?;
            Ok(Headed { value, at: source_name(source), spot })
        }
    }
}

fn join(parts: &[Expression], with: &str, scope: &Scope<'_>) -> Result<Headed, Stop> {
    let spot = Spot { pointer: None, ..scope.spot.clone() };
    let mut joined = Vec::new();
    for part in parts {
        if let Some(value) = evaluate(part, scope, &Shape::Any)? {
            joined.push(scalar_text(&value).map_err(|why| Stop::new("join", why, &spot))?);
        }
    }
    let value = if joined.is_empty() { None } else { Some(Tree::Text(joined.join(with))) };
    Ok(Headed { value, at: "join".to_owned(), spot })
}

fn source_name(source: &Expression) -> String {
    match &source.node {
        Node::Path(path) => path.text.clone(),
        Node::Form(form) => match &form.head {
            Head::Path(path) => path.text.clone(),
            _ => "each".to_owned(),
        },
        Node::Constant(_) | Node::List(_) | Node::Drawing(_) => "each".to_owned(),
    }
}

/// The rows of a source for which `when` holds, each given to `take` with its number.
fn choose_rows<'s>(
    source: &Expression,
    modifiers: &Modifiers,
    scope: &Scope<'s>,
    take: &mut dyn FnMut(&Scope<'_>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let drawn;
    let (view, base) = match &source.node {
        Node::Path(path) => (resolve(path, scope)?, spot(path, scope)),
        _ => {
            drawn = evaluate(source, scope, &Shape::Any)?;
            (drawn.as_ref().map(View::of), Spot { pointer: None, ..scope.spot.clone() })
        }
    };
    let Some(view) = view else { return Ok(()) };
    let is_list = view.many().is_some();
    for (index, row) in view.rows().into_iter().enumerate() {
        let spot = if is_list { base.member(&index.to_string()) } else { base.clone() };
        let row = Scope { here: row, spot, ..scope.clone() };
        scope.world.count("each")?;
        let chosen = match &modifiers.when {
            Some(conditions) => holds_strictly(conditions, &row)?,
            None => true,
        };
        if chosen {
            take(&row)?;
        }
    }
    Ok(())
}

fn each(
    source: &Expression,
    item: Option<&Expression>,
    modifiers: &Modifiers,
    scope: &Scope<'_>,
    want: &Shape,
) -> Result<Tree, Stop> {
    let inner = item_shape(want);
    let mut list = Vec::new();
    let mut count: u64 = 0;
    choose_rows(source, modifiers, scope, &mut |row| {
        count += 1;
        let position = Tree::Number(count.to_string());
        let row = Scope { position: Some(&position), ..row.clone() };
        let value = match item {
            Some(item) => evaluate(item, &row, inner)?,
            None => {
                let stop = |why: String| Stop::new(".", why, &row.spot);
                Some(settle(row.here.to_tree(), &row, inner).map_err(stop)?)
            }
        };
        list.extend(value);
        Ok(())
    })?;
    Ok(Tree::List(list))
}

/// The only row for which `when` holds; two are a stop, none is absent.
fn one(source: &Expression, modifiers: &Modifiers, scope: &Scope<'_>) -> Result<(Option<Tree>, Spot), Stop> {
    let mut found: Option<(Tree, Spot)> = None;
    let mut count = 0;
    choose_rows(source, modifiers, scope, &mut |row| {
        count += 1;
        found.get_or_insert_with(|| (row.here.to_tree(), row.spot.clone()));
        Ok(())
    })?;
    if count > 1 {
        return Err(Stop::new(source_name(source), too_many(count), &scope.spot));
    }
    Ok(match found {
        Some((row, spot)) => (Some(row), spot),
        None => (None, scope.spot.clone()),
    })
}

/// The modifiers, always in this order, whatever the order in the file.
fn finish(
    headed: Headed,
    modifiers: &Modifiers,
    scope: &Scope<'_>,
    want: &Shape,
) -> Result<Option<Tree>, Stop> {
    let mut headed = headed;
    let filled = matches!(headed.value, Some(Tree::Slot(Slot::Secret(_) | Slot::Seal(_))));
    if !filled {
        unpack(&mut headed, modifiers)?;
        transform(&mut headed, modifiers, scope, want)?;
        let blank = matches!(&headed.value, Some(Tree::Text(text)) if text::is_blank(text));
        if let Some(otherwise) = modifiers.otherwise.as_ref().filter(|_| headed.value.is_none() || blank) {
            headed.value = Some(constant_tree(otherwise));
        }
    }
    let Some(value) = headed.value else { return Ok(None) };
    if modifiers.encode.is_empty() {
        return Ok(Some(value));
    }
    if scope.way == Way::Read {
        return Err(Stop::broken(&headed.at, "encode while reading"));
    }
    Ok(Some(Tree::Encoded { codings: modifiers.encode.clone(), inner: Box::new(value) }))
}

/// `decode`, then `match` or `scan`.
fn unpack(headed: &mut Headed, modifiers: &Modifiers) -> Result<(), Stop> {
    for coding in &modifiers.decode {
        let Some(value) = &headed.value else { return Ok(()) };
        let text = scalar_text(value).map_err(|why| headed.stop(why))?;
        let decoded = decode_coding(*coding, &text, &Limits::default())
            .map_err(|unreadable| headed.stop(format!("not {}: {}", coding_word(*coding), unreadable.why)))?;
        headed.value = Some(decoded);
    }
    if let (Some(pattern), Some(value)) = (&modifiers.pattern, &headed.value) {
        let text = scalar_text(value).map_err(|why| headed.stop(why))?;
        headed.value = find(pattern, &text);
    }
    Ok(())
}

fn coding_word(coding: Coding) -> &'static str {
    match coding {
        Coding::Json => "JSON",
        Coding::Xml => "XML",
        Coding::Base64 => "base64",
    }
}

fn find(pattern: &Pattern, text: &str) -> Option<Tree> {
    if pattern.all {
        let all = pattern.patterns.iter().flat_map(|regex| {
            regex.captures_iter(text).filter_map(|captures| captured(regex, &captures)).collect::<Vec<_>>()
        });
        return Some(Tree::List(all.collect()));
    }
    let first = |regex: &Regex| regex.captures(text).map(|captures| captured(regex, &captures));
    pattern.patterns.iter().find_map(first).flatten()
}

/// One group gives its text, several named ones an object, none the whole match.
fn captured(regex: &Regex, captures: &Captures<'_>) -> Option<Tree> {
    let text =
        |group: Option<regex::Match<'_>>| group.map(|found| Tree::Text(found.as_str().trim().to_owned()));
    match regex.captures_len() {
        1 => text(captures.get(0)),
        2 => text(captures.get(1)),
        _ => {
            let named = regex.capture_names().flatten();
            let fields =
                named.filter_map(|name| text(captures.name(name)).map(|value| (name.to_owned(), value)));
            Some(Tree::Object(fields.collect()))
        }
    }
}

/// `text`, then the one conversion, then `as`, then what the schema wants.
fn transform(
    headed: &mut Headed,
    modifiers: &Modifiers,
    scope: &Scope<'_>,
    want: &Shape,
) -> Result<(), Stop> {
    let Some(mut value) = headed.value.take() else { return Ok(()) };
    for function in &modifiers.text {
        let text = scalar_text(&value).map_err(|why| headed.stop(why))?;
        let Some(text) = text::apply(*function, &text) else {
            return Err(headed.stop("not a sum of đồng"));
        };
        value = Tree::Text(text);
    }
    if let Some(conversion) = &modifiers.convert {
        value = match convert(conversion, value, headed, scope, want)? {
            Some(value) => value,
            None => return Ok(()),
        };
    }
    if let Some(as_type) = modifiers.cast {
        value = cast(&value, as_type).map_err(|why| headed.stop(why))?;
    }
    headed.value = Some(settle(value, scope, want).map_err(|why| headed.stop(why))?);
    Ok(())
}

fn convert(
    conversion: &Convert,
    value: Tree,
    headed: &Headed,
    scope: &Scope<'_>,
    want: &Shape,
) -> Result<Option<Tree>, Stop> {
    let stop = |why: String| headed.stop(why);
    let converted = match conversion {
        Convert::Date(formats) => {
            let text = scalar_text(&value).map_err(stop)?;
            let names = || formats.iter().map(|format| format.text.as_str()).collect::<Vec<_>>().join(", ");
            match scope.way {
                Way::Read => {
                    date::read(&text, formats).ok_or_else(|| format!("no date of the form {}", names()))
                }
                Way::Write => date::write(&text, formats)
                    .ok_or_else(|| format!("a date of this precision has no form here ({})", names())),
            }
            .map(Tree::Text)
        }
        Convert::Table(name) => {
            let Some(table) = scope.world.words.tables.get(name) else {
                return Err(Stop::broken(&headed.at, format!("no table {name}")));
            };
            match scope.way {
                Way::Read => scalar_text(&value).and_then(|code| read_table(table, name, &code)),
                Way::Write => write_table(table, name, &value),
            }
        }
        Convert::Document => match scope.way {
            Way::Read => read_document(&value),
            Way::Write => write_document(&value),
        },
        Convert::Shape(name) => {
            let Some(shape) = scope.world.words.shapes.get(name) else {
                return Err(Stop::broken(&headed.at, format!("no shape {name}")));
            };
            let inner = scope.deeper(&headed.at)?;
            let inner = Scope { here: View::of(&value), spot: headed.spot.clone(), ..inner };
            return draw(shape, &inner, want);
        }
    };
    converted.map(Some).map_err(stop)
}
