//! Draws: a target is drawn, its leaves say where each value comes from, modifiers apply in their fixed order.

use regex::{Captures, Regex};

use super::condition::{holds, holds_strictly};
use super::convert::{
    cast, constant_tree, read_document, read_table, scalar_text, write_document, write_table,
};
use super::held::{Headed, Held, Place, settle};
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
        Node::Constant(constant) => settle(Held::Drawn(constant_tree(constant)), scope, want)
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
    settle(Held::Seen(view), scope, want).map(Some).map_err(stop)
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

fn evaluate_head<'e, 's>(form: &'e Form, scope: &Scope<'s>, want: &Shape) -> Result<Headed<'e, 's>, Stop> {
    match &form.head {
        Head::Path(path) => {
            let value = resolve(path, scope)?.map(Held::Seen);
            Ok(Headed { value, at: &path.text, place: Place::Path(path) })
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
            let place = Place::Spot(Spot::of(scope.spot.origin));
            Ok(Headed { value: value.map(Held::Drawn), at: "first", place })
        }
        Head::Join { parts, with } => join(parts, with, scope),
        Head::Each { source, item } => {
            let value = each(source, item.as_ref(), &form.modifiers, scope, want)?;
            let place = Place::Spot(scope.spot.clone());
            Ok(Headed { value: Some(Held::Drawn(value)), at: source_name(source), place })
        }
        Head::One { source } => {
            let (value, spot) = one(source, &form.modifiers, scope)?;
            Ok(Headed { value, at: source_name(source), place: Place::Spot(spot) })
        }
    }
}

fn join<'e, 's>(parts: &[Expression], with: &str, scope: &Scope<'s>) -> Result<Headed<'e, 's>, Stop> {
    let spot = Spot::of(scope.spot.origin);
    let mut joined = Vec::new();
    for part in parts {
        if let Some(value) = evaluate(part, scope, &Shape::Any)? {
            joined.push(scalar_text(&value).map_err(|why| Stop::new("join", why, &spot))?);
        }
    }
    let value = (!joined.is_empty()).then(|| Held::Drawn(Tree::Text(joined.join(with))));
    Ok(Headed { value, at: "join", place: Place::Spot(spot) })
}

fn source_name(source: &Expression) -> &str {
    match &source.node {
        Node::Path(path) => &path.text,
        Node::Form(form) => match &form.head {
            Head::Path(path) => &path.text,
            _ => "each",
        },
        Node::Constant(_) | Node::List(_) | Node::Drawing(_) => "each",
    }
}

/// What `each` and `one` take their rows from, and where it stands.
fn rows_of<'s>(source: &Expression, scope: &Scope<'s>) -> Result<Option<(Held<'s>, Spot)>, Stop> {
    Ok(match &source.node {
        Node::Path(path) => resolve(path, scope)?.map(|view| (Held::Seen(view), spot(path, scope))),
        _ => {
            let drawn = evaluate(source, scope, &Shape::Any)?;
            drawn.map(|tree| (Held::Drawn(tree), Spot::of(scope.spot.origin)))
        }
    })
}

/// The rows for which `when` holds, each given to `take`.
fn choose_rows<'s>(
    (view, base): (View<'s>, &Spot),
    modifiers: &Modifiers,
    scope: &Scope<'s>,
    take: &mut dyn FnMut(&Scope<'s>) -> Result<(), Stop>,
) -> Result<(), Stop> {
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
    let Some((rows, base)) = rows_of(source, scope)? else { return Ok(Tree::List(list)) };
    choose_rows((rows.view(), &base), modifiers, scope, &mut |row| {
        count += 1;
        let position = Tree::Number(count.to_string());
        let row = Scope { position: Some(&position), ..row.clone() };
        let value = match item {
            Some(item) => evaluate(item, &row, inner)?,
            None => {
                let stop = |why: String| Stop::new(".", why, &row.spot);
                Some(settle(Held::Seen(row.here.clone()), &row, inner).map_err(stop)?)
            }
        };
        list.extend(value);
        Ok(())
    })?;
    Ok(Tree::List(list))
}

/// The only row for which `when` holds; two are a stop, none is absent.
fn one<'s>(
    source: &Expression,
    modifiers: &Modifiers,
    scope: &Scope<'s>,
) -> Result<(Option<Held<'s>>, Spot), Stop> {
    let found = match rows_of(source, scope)? {
        None => None,
        Some((Held::Seen(view), base)) => {
            the_one(source, (view, &base), modifiers, scope)?.map(|(row, spot)| (Held::Seen(row), spot))
        }
        Some((Held::Drawn(tree), base)) => the_one(source, (View::of(&tree), &base), modifiers, scope)?
            .map(|(row, spot)| (Held::Drawn(row.to_tree()), spot)),
    };
    Ok(match found {
        Some((row, spot)) => (Some(row), spot),
        None => (None, scope.spot.clone()),
    })
}

fn the_one<'s>(
    source: &Expression,
    rows: (View<'s>, &Spot),
    modifiers: &Modifiers,
    scope: &Scope<'s>,
) -> Result<Option<(View<'s>, Spot)>, Stop> {
    let mut found = None;
    let mut count = 0;
    choose_rows(rows, modifiers, scope, &mut |row| {
        count += 1;
        found.get_or_insert_with(|| (row.here.clone(), row.spot.clone()));
        Ok(())
    })?;
    if count > 1 {
        return Err(Stop::new(source_name(source), too_many(count), &scope.spot));
    }
    Ok(found)
}

/// The modifiers, always in this order, whatever the order in the file.
fn finish(
    mut headed: Headed<'_, '_>,
    modifiers: &Modifiers,
    scope: &Scope<'_>,
    want: &Shape,
) -> Result<Option<Tree>, Stop> {
    let mut value = match headed.value.take() {
        Some(held) if held.is_filled_last() => Some(held.into_tree()),
        held => {
            let value = match unpack(held, &headed, modifiers, scope)? {
                Some(held) => transform(held, &headed, modifiers, scope, want)?,
                None => None,
            };
            let blank = matches!(&value, Some(Tree::Text(text)) if text::is_blank(text));
            let otherwise = modifiers.otherwise.as_ref().filter(|_| value.is_none() || blank);
            otherwise.map(constant_tree).or(value)
        }
    };
    if !modifiers.encode.is_empty() && value.is_some() {
        if scope.way == Way::Read {
            return Err(Stop::broken(headed.at, "encode while reading"));
        }
        let codings = modifiers.encode.clone();
        value = value.map(|value| Tree::Encoded { codings, inner: Box::new(value) });
    }
    Ok(value)
}

/// `decode`, then `match` or `scan`.
fn unpack<'s>(
    mut held: Option<Held<'s>>,
    headed: &Headed<'_, '_>,
    modifiers: &Modifiers,
    scope: &Scope<'_>,
) -> Result<Option<Held<'s>>, Stop> {
    let stop = |why: String| headed.stop(why, scope);
    for coding in &modifiers.decode {
        let Some(value) = &held else { return Ok(None) };
        let text = value.text().map_err(stop)?;
        let decoded = decode_coding(*coding, &text, &Limits::default())
            .map_err(|unreadable| stop(format!("not {}: {}", coding_word(*coding), unreadable.why)))?;
        held = Some(Held::Drawn(decoded));
    }
    if let (Some(pattern), Some(value)) = (&modifiers.pattern, &held) {
        held = find(pattern, &value.text().map_err(stop)?).map(Held::Drawn);
    }
    Ok(held)
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
    mut held: Held<'_>,
    headed: &Headed<'_, '_>,
    modifiers: &Modifiers,
    scope: &Scope<'_>,
    want: &Shape,
) -> Result<Option<Tree>, Stop> {
    let stop = |why: String| headed.stop(why, scope);
    for function in &modifiers.text {
        let Some(text) = text::apply(*function, &held.text().map_err(stop)?) else {
            return Err(stop("not a sum of đồng".to_owned()));
        };
        held = Held::Drawn(Tree::Text(text));
    }
    if let Some(conversion) = &modifiers.convert {
        held = match convert(conversion, held, headed, scope, want)? {
            Some(value) => Held::Drawn(value),
            None => return Ok(None),
        };
    }
    if let Some(as_type) = modifiers.cast {
        held = Held::Drawn(held.text().and_then(|text| cast(text, as_type)).map_err(stop)?);
    }
    settle(held, scope, want).map(Some).map_err(stop)
}

fn convert(
    conversion: &Convert,
    held: Held<'_>,
    headed: &Headed<'_, '_>,
    scope: &Scope<'_>,
    want: &Shape,
) -> Result<Option<Tree>, Stop> {
    let stop = |why: String| headed.stop(why, scope);
    let converted = match conversion {
        Convert::Date(formats) => {
            let text = held.text().map_err(stop)?;
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
                return Err(Stop::broken(headed.at, format!("no table {name}")));
            };
            match scope.way {
                Way::Read => held.text().and_then(|code| read_table(table, name, &code)),
                Way::Write => write_table(table, name, &held.into_tree()),
            }
        }
        Convert::Document => match scope.way {
            Way::Read => read_document(&held.into_tree()),
            Way::Write => write_document(&held.into_tree()),
        },
        Convert::Shape(name) => {
            let Some(shape) = scope.world.words.shapes.get(name) else {
                return Err(Stop::broken(headed.at, format!("no shape {name}")));
            };
            let inner = scope.deeper(headed.at)?;
            let inner = Scope { here: held.view(), spot: headed.spot(scope), ..inner };
            return draw(shape, &inner, want);
        }
    };
    converted.map(Some).map_err(stop)
}
