//! What the words of one exchange stand on: the call's parts as trees, the bodies said so far, the pages joined into rows.

use std::collections::HashMap;

use crate::adapter::{Call, Exchange};
use crate::agency::{Agency, ExchangePlan, Pages};
use crate::language::evaluate::{
    Let, Origin, Root, Scope, Spot, Stop, View, Way, Words, World, from_json, resolve,
};
use crate::language::syntax::Path;
use crate::tree::Tree;
use crate::wire::{Reply, TEXT_CHARS_MAX};

/// The body of a reply that has none, or that could not be read.
static NOTHING: Tree = Tree::Object(Vec::new());

/// The roots of one exchange.
pub(super) struct Ground<'a> {
    agency: &'a Agency,
    bodies: Vec<(&'a str, &'a Tree)>,
    parts: Vec<(&'static str, Tree, Spot)>,
    query: Tree,
    body: &'a Tree,
}

/// The rows of all pages so far.
pub(super) struct Rows {
    /// Rows equal in `same` are one, the later stands.
    pub(super) items: Vec<Tree>,
    /// What makes each of them the same as another; empty where the manifest names nothing.
    pub(super) keys: Vec<String>,
    /// The rows of the last page; `None` where it has no list at all.
    pub(super) last: Option<usize>,
    /// The last row's cursor, and the one of the page before.
    pub(super) cursors: [Option<Tree>; 2],
}

/// The body of a reply, or nothing where it could not be read.
pub(super) fn body_of(reply: &Reply) -> &Tree {
    reply.body.as_ref().unwrap_or(&NOTHING)
}

impl<'a> Ground<'a> {
    /// What can be named before any reply: the call and what was said earlier.
    pub(super) fn of_call(agency: &'a Agency, call: &Call, said: &'a [Exchange]) -> Self {
        let object = |value: &serde_json::Value| match from_json(value) {
            Tree::Null => NOTHING.clone(),
            tree => tree,
        };
        let text = |text: &str| Tree::Text(text.to_owned());
        let mut about = vec![("id".to_owned(), text(&call.id)), ("now".to_owned(), text(&call.now))];
        about.extend(call.reference.as_ref().map(|reference| ("reference".to_owned(), text(reference))));
        let alone: Vec<String> = call.reference.iter().cloned().collect();
        let together = if call.together.is_empty() { &alone } else { &call.together };
        let batch =
            together.iter().map(|reference| Tree::Object(vec![("reference".to_owned(), text(reference))]));
        let query = object(&call.query);
        let parts = vec![
            ("query", query.clone(), Spot::caller("/query")),
            ("purpose", object(&call.purpose), Spot::caller("/purpose")),
            ("setting", object(&call.setting), Spot::of(Origin::House)),
            ("call", Tree::Object(about), Spot::of(Origin::House)),
            ("together", Tree::List(batch.collect()), Spot::of(Origin::House)),
        ];
        let bodies = said.iter().map(|exchange| (exchange.name.as_str(), body_of(&exchange.reply))).collect();
        Ground { agency, bodies, parts, query, body: &NOTHING }
    }

    /// Adds what this exchange's own replies say: `$reply`, and its pages.
    pub(super) fn of_exchange(
        agency: &'a Agency,
        (name, plan): (&str, &ExchangePlan),
        call: &Call,
        said: &'a [Exchange],
    ) -> Result<(Self, Option<Rows>), Stop> {
        let mut ground = Ground::of_call(agency, call, said);
        let mine: Vec<&'a Exchange> = said.iter().filter(|exchange| exchange.name == name).collect();
        if let Some(last) = mine.last() {
            ground.body = body_of(&last.reply);
            ground.parts.push(("reply", reply_tree(&last.reply), Spot::of(Origin::Agency)));
        }
        let Some(pages) = &plan.pages else {
            ground.push_cursor(call.cursor.as_deref().map(|cursor| Tree::Text(cursor.to_owned())));
            return Ok((ground, None));
        };
        let mut rows = join_pages(agency, pages, &mine)?;
        let number = |number: String| Tree::Number(number);
        let size = number(size_of(pages, call).to_string());
        let about =
            vec![("size".to_owned(), size), ("at_most".to_owned(), number(pages.at_most.to_string()))];
        let given = call.cursor.as_deref().map(|cursor| Tree::Text(cursor.to_owned()));
        let [cursor, _] = &rows.cursors;
        ground.push_cursor(if mine.is_empty() { given } else { cursor.clone() });
        ground.parts.extend([
            ("pages", Tree::Object(about), Spot::of(Origin::House)),
            ("page", number((mine.len() + 1).to_string()), Spot::of(Origin::House)),
            ("items", Tree::List(std::mem::take(&mut rows.items)), Spot::of(Origin::Agency)),
        ]);
        Ok((ground, Some(rows)))
    }

    fn push_cursor(&mut self, cursor: Option<Tree>) {
        self.parts.extend(cursor.map(|cursor| ("cursor", cursor, Spot::of(Origin::Agency))));
    }

    /// The roots with the lets of an exchange, if there is one.
    pub(super) fn world(&self, plan: Option<&'a ExchangePlan>) -> World<'_> {
        let parts = self.parts.iter().map(|(name, value, spot)| Root { name, value, spot: spot.clone() });
        let said = |(name, value): &(&'a str, &'a Tree)| Root { name, value, spot: Spot::of(Origin::Agency) };
        // The latest reply of an exchange stands for it.
        let roots = parts.chain(self.bodies.iter().rev().map(said)).collect();
        let mut lets = Vec::new();
        if let Some(plan) = plan {
            let send = plan.send.lets.iter().map(|(name, expression)| {
                let spot = Spot::caller("/query");
                Let::new(name, expression, Way::Write, &self.query, spot).absent(plan.absent)
            });
            let reply = plan.reply_lets.iter().map(|(name, expression)| {
                Let::new(name, expression, Way::Read, self.body, Spot::of(Origin::Agency))
            });
            lets = send.chain(reply).collect();
        }
        World::new(Words::of(self.agency), roots, lets)
    }

    /// Writing: *here* is the caller's query.
    pub(super) fn writing<'s>(&'s self, world: &'s World<'s>) -> Scope<'s> {
        Scope::new(world, &self.query, Spot::caller("/query"), Way::Write)
    }

    /// Reading: *here* is the reply's body.
    pub(super) fn reading<'s>(&'s self, world: &'s World<'s>) -> Scope<'s> {
        Scope::new(world, self.body, Spot::of(Origin::Agency), Way::Read)
    }
}

/// How many rows a full page has.
pub(super) fn size_of(pages: &Pages, call: &Call) -> u32 {
    call.page_size.unwrap_or(pages.size)
}

fn reply_tree(reply: &Reply) -> Tree {
    let text = |text: &str| Tree::Text(text.to_owned());
    let mut fields = vec![
        ("status".to_owned(), Tree::Number(reply.status.to_string())),
        ("type".to_owned(), text(&reply.content_type)),
        ("text".to_owned(), Tree::Text(reply.text.chars().take(TEXT_CHARS_MAX).collect())),
    ];
    if let Some(fault) = &reply.fault {
        let fault = vec![("code".to_owned(), text(&fault.code)), ("text".to_owned(), text(&fault.text))];
        fields.push(("fault".to_owned(), Tree::Object(fault)));
    }
    Tree::Object(fields)
}

/// Joins the pages of one exchange.
fn join_pages(agency: &Agency, pages: &Pages, mine: &[&Exchange]) -> Result<Rows, Stop> {
    let mut rows = Rows { items: Vec::new(), keys: Vec::new(), last: None, cursors: [None, None] };
    let mut seen: HashMap<Vec<String>, usize> = HashMap::new();
    for exchange in mine {
        let world = World::new(Words::of(agency), Vec::new(), Vec::new());
        let scope = Scope::new(&world, body_of(&exchange.reply), Spot::of(Origin::Agency), Way::Read);
        let page = resolve(&pages.items, &scope.soft())?;
        let is_list =
            page.as_ref().is_some_and(|view| view.many().is_some() || matches!(view, View::Element(_)));
        let views = page.map_or(Vec::new(), |view| view.rows());
        rows.last = is_list.then_some(views.len());
        let [newest, _] = std::mem::take(&mut rows.cursors);
        let cursor = match views.last() {
            Some(row) => text_at(&pages.cursor, row, &scope)?.map(Tree::Text),
            None => None,
        };
        rows.cursors = [cursor, newest];
        for view in &views {
            let key = key_of(pages, view, &scope)?;
            match key.as_ref().and_then(|key| seen.get(key)).and_then(|index| rows.items.get_mut(*index)) {
                Some(row) => *row = view.to_tree(),
                None => {
                    rows.keys.extend(key.as_ref().map(|key| key.join(" ")));
                    seen.extend(key.map(|key| (key, rows.items.len())));
                    rows.items.push(view.to_tree());
                }
            }
        }
    }
    Ok(rows)
}

/// What makes rows the same; `None` where nothing does.
pub(super) fn key_of(pages: &Pages, row: &View<'_>, scope: &Scope<'_>) -> Result<Option<Vec<String>>, Stop> {
    if pages.same.is_empty() {
        return Ok(None);
    }
    let texts = pages.same.iter().map(|path| text_at(path, row, scope).map(Option::unwrap_or_default));
    texts.collect::<Result<_, _>>().map(Some)
}

/// The text at a path of a row.
pub(super) fn text_at(path: &Path, row: &View<'_>, scope: &Scope<'_>) -> Result<Option<String>, Stop> {
    let row = scope.hard().at(row.clone(), scope.spot.clone());
    match resolve(path, &row)? {
        Some(view) => view.text().map(Some).map_err(|why| Stop::new(&path.text, why, &row.spot)),
        None => Ok(None),
    }
}
