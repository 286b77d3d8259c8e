//! What the words of one exchange can name: *here*, the roots, the lets; each let is evaluated once, when it is first used.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};

use indexmap::IndexMap;
use serde_json::Value;

use super::{DEPTH_MAX, Origin, Spot, Stop, WORK_MAX, Way, evaluate, resolve};
use crate::agency::{AbsentAs, Agency, Table};
use crate::language::syntax::{Drawing, Expression, Node, Path};
use crate::language::text::Reach;
use crate::schema::Shape;
use crate::tree::{Element, Tree};

/// The named parts that drawings refer to.
#[derive(Debug, Clone, Copy)]
pub struct Words<'w> {
    /// Code lists.
    pub tables: &'w IndexMap<String, Table>,
    /// Drawings used again.
    pub shapes: &'w IndexMap<String, Drawing>,
    /// Prefix → URI.
    pub namespaces: &'w IndexMap<String, String>,
}

impl<'w> Words<'w> {
    /// The words of an agency.
    pub fn of(agency: &'w Agency) -> Self {
        Words { tables: &agency.tables, shapes: &agency.shapes, namespaces: &agency.namespaces }
    }
}

/// What `$name` means.
#[derive(Debug, Clone)]
pub struct Root<'w> {
    /// Without the dollar sign.
    pub name: &'w str,
    /// Its value.
    pub value: &'w Tree,
    /// Where it stands.
    pub spot: Spot,
}

/// A named part of an exchange.
#[derive(Debug)]
pub struct Let<'w> {
    name: &'w str,
    expression: &'w Expression,
    way: Way,
    here: &'w Tree,
    spot: Spot,
    absent: AbsentAs,
    strict: OnceCell<Result<Option<Tree>, Stop>>,
    lenient: OnceCell<Result<Option<Tree>, Stop>>,
}

impl<'w> Let<'w> {
    /// A let evaluated this way over this *here*.
    pub fn new(name: &'w str, expression: &'w Expression, way: Way, here: &'w Tree, spot: Spot) -> Self {
        let (strict, lenient) = (OnceCell::new(), OnceCell::new());
        Let { name, expression, way, here, spot, absent: AbsentAs::Omit, strict, lenient }
    }

    /// The path it is only another name for, if it is one: looked up where it is used, for what stands there may be a whole record,
    /// and a copy of it would cost more than all its leaves.
    fn renames(&self) -> Option<&'w Path> {
        match (self.way, &self.expression.node) {
            (Way::Read, Node::Path(path)) => Some(path),
            (Way::Read | Way::Write, _) => None,
        }
    }

    /// What a field of theirs without a value becomes in it.
    pub fn absent(mut self, absent: AbsentAs) -> Self {
        self.absent = absent;
        self
    }
}

/// Everything that one exchange's words can name.
#[derive(Debug)]
pub struct World<'w> {
    /// Tables, shapes, namespaces.
    pub words: Words<'w>,
    roots: Vec<Root<'w>>,
    lets: Vec<Let<'w>>,
    running: RefCell<Vec<(usize, bool)>>,
    work: Cell<u64>,
}

impl<'w> World<'w> {
    /// A world of these words, roots and lets.
    pub fn new(words: Words<'w>, roots: Vec<Root<'w>>, lets: Vec<Let<'w>>) -> Self {
        World { words, roots, lets, running: RefCell::new(Vec::new()), work: Cell::new(0) }
    }

    /// Counts one piece of work.
    pub(super) fn count(&self, at: &str) -> Result<(), Stop> {
        self.work.set(self.work.get() + 1);
        if self.work.get() > WORK_MAX {
            return Err(Stop::broken(at, format!("more than {WORK_MAX} expressions in one step")));
        }
        Ok(())
    }

    /// Where `$name` stands.
    pub(super) fn spot(&self, name: &str) -> Spot {
        let of_let = |named: &Let<'_>| match named.spot.origin {
            Origin::Caller => Spot { origin: Origin::Caller, pointer: None },
            origin => Spot::of(origin),
        };
        match self.roots.iter().find(|root| root.name == name) {
            Some(root) => root.spot.clone(),
            None => self.lets.iter().find(|named| named.name == name).map_or(Spot::of(Origin::House), of_let),
        }
    }

    /// What `$name` is; the fixed roots come before lets, so that no let can hide one.
    pub(super) fn root(&self, name: &str, lenient: bool, depth: u32) -> Result<Option<View<'_>>, Stop> {
        if let Some(root) = self.roots.iter().find(|root| root.name == name) {
            return Ok(Some(View::of(root.value)));
        }
        let Some((index, named)) = self.lets.iter().enumerate().find(|(_, named)| named.name == name) else {
            return Ok(None);
        };
        if let Some(path) = named.renames() {
            return self.within_let(index, named, lenient, depth, |scope| resolve(path, scope));
        }
        let cell = if lenient { &named.lenient } else { &named.strict };
        if cell.get().is_none() {
            let value = self.within_let(index, named, lenient, depth, |scope| {
                evaluate(named.expression, scope, &Shape::Any)
            });
            let _ = cell.set(value);
        }
        match cell.get() {
            Some(Ok(value)) => Ok(value.as_ref().map(View::of)),
            Some(Err(stop)) => Err(stop.clone()),
            None => Err(Stop::broken(format!("${name}"), "a let without a value")),
        }
    }

    fn within_let<'s, T>(
        &'s self,
        index: usize,
        named: &'s Let<'w>,
        lenient: bool,
        depth: u32,
        take: impl FnOnce(&Scope<'s>) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let running = self.running.borrow().contains(&(index, lenient));
        if running {
            return Err(Stop::broken(format!("${}", named.name), "needs itself"));
        }
        self.running.borrow_mut().push((index, lenient));
        let scope = Scope {
            world: self,
            here: View::of(named.here),
            spot: named.spot.clone(),
            way: named.way,
            lenient,
            position: None,
            absent: named.absent,
            reach: Reach::Around,
            depth,
        };
        let value = take(&scope);
        self.running.borrow_mut().pop();
        value
    }
}

/// Where an expression is evaluated.
#[derive(Debug, Clone)]
pub struct Scope<'s> {
    /// What can be named.
    pub world: &'s World<'s>,
    /// Where a bare path starts.
    pub here: View<'s>,
    /// Where *here* stands.
    pub spot: Spot,
    /// Which way the words go.
    pub way: Way,
    /// What is missing is merely absent (conditions).
    pub lenient: bool,
    /// `$position` inside `each`.
    pub position: Option<&'s Tree>,
    /// What a field of theirs without a value becomes.
    pub absent: AbsentAs,
    /// How far a negation reaches in `contains`.
    pub reach: Reach,
    pub(super) depth: u32,
}

impl<'s> Scope<'s> {
    /// A strict scope over a tree.
    pub fn new(world: &'s World<'s>, here: &'s Tree, spot: Spot, way: Way) -> Self {
        let here = View::of(here);
        Scope {
            world,
            here,
            spot,
            way,
            lenient: false,
            position: None,
            absent: AbsentAs::Omit,
            reach: Reach::Around,
            depth: 0,
        }
    }

    /// The same over another *here*.
    pub fn at(&self, here: View<'s>, spot: Spot) -> Self {
        Scope { here, spot, ..self.clone() }
    }

    /// The same, the other way.
    pub fn toward(&self, way: Way) -> Self {
        Scope { way, ..self.clone() }
    }

    /// The same, where a field of theirs without a value becomes this.
    pub fn absent_as(&self, absent: AbsentAs) -> Self {
        Scope { absent, ..self.clone() }
    }

    /// The same, with another reach of negations.
    pub fn reaching(&self, reach: Reach) -> Self {
        Scope { reach, ..self.clone() }
    }

    /// The same, where what is missing is merely absent.
    pub fn soft(&self) -> Self {
        Scope { lenient: true, ..self.clone() }
    }

    /// The same, where what is missing stops.
    pub fn hard(&self) -> Self {
        Scope { lenient: false, ..self.clone() }
    }

    /// The same one level deeper.
    pub(super) fn deeper(&self, at: &str) -> Result<Self, Stop> {
        self.world.count(at)?;
        if self.depth >= DEPTH_MAX {
            return Err(Stop::broken(at, format!("deeper than {DEPTH_MAX}")));
        }
        Ok(Scope { depth: self.depth + 1, ..self.clone() })
    }
}

/// A value looked at where it stands.
#[derive(Debug, Clone)]
pub enum View<'s> {
    /// A tree, but no element.
    Tree(&'s Tree),
    /// An element.
    Element(&'s Element),
    /// A repeated element.
    Many(Vec<&'s Element>),
    /// An attribute's value.
    Text(&'s str),
}

impl<'s> View<'s> {
    /// Looks at a tree.
    pub fn of(tree: &'s Tree) -> Self {
        match tree {
            Tree::Element(element) => View::of_element(element),
            other => View::Tree(other),
        }
    }

    /// Looks at an element, or at what was lifted out of it.
    pub(super) fn of_element(element: &'s Element) -> Self {
        element.lifted.as_ref().map_or(View::Element(element), View::Tree)
    }

    /// The value itself.
    pub fn to_tree(&self) -> Tree {
        let element = |element: &Element| Tree::Element(Box::new(element.clone()));
        match self {
            View::Tree(tree) => (*tree).clone(),
            View::Element(one) => element(one),
            View::Many(many) => Tree::List(many.iter().map(|one| element(one)).collect()),
            View::Text(text) => Tree::Text((*text).to_owned()),
        }
    }

    /// The text of a single value as it stood, or why it is none.
    pub fn text(&self) -> Result<String, String> {
        super::convert::text_of_view(self).map(Cow::into_owned)
    }

    /// The rows for `each` and `one`: one is a list of one.
    pub fn rows(&self) -> Vec<View<'s>> {
        match self {
            View::Tree(Tree::List(items)) => items.iter().map(View::of).collect(),
            View::Many(many) => many.iter().map(|one| View::of_element(one)).collect(),
            one => vec![one.clone()],
        }
    }

    /// How many, where it is a list or a repeated element.
    pub fn many(&self) -> Option<usize> {
        match self {
            View::Tree(Tree::List(items)) => Some(items.len()),
            View::Many(many) => Some(many.len()),
            View::Tree(_) | View::Element(_) | View::Text(_) => None,
        }
    }

    /// Whether it counts as not there: null, blank text, `xsi:nil`, an element with neither attributes nor content.
    pub fn is_blank(&self) -> bool {
        match self {
            View::Tree(Tree::Null) => true,
            View::Tree(Tree::Text(text)) => super::super::text::is_blank(text),
            View::Tree(_) | View::Many(_) => false,
            View::Element(element) => is_blank_element(element),
            View::Text(text) => super::super::text::is_blank(text),
        }
    }

    /// Blank, or a list or object with nothing in it.
    pub fn is_empty(&self) -> bool {
        match self {
            View::Tree(Tree::List(items)) => items.is_empty(),
            View::Tree(Tree::Object(fields)) => fields.is_empty(),
            other => other.is_blank(),
        }
    }
}

/// The namespace of `xsi:nil`.
pub(super) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

fn is_blank_element(element: &Element) -> bool {
    let is_nil = |value: &str| matches!(value.trim(), "true" | "1");
    let of_xsi = |namespace: &str| namespace == XSI;
    if element.attributes.iter().any(|one| of_xsi(&one.namespace) && one.name == "nil" && is_nil(&one.value))
    {
        return true;
    }
    let attributes = element.attributes.iter().any(|one| !of_xsi(&one.namespace));
    element.children.is_empty() && !attributes && super::super::text::is_blank(&element.text)
}

/// A value of ours as a tree.
pub fn from_json(value: &Value) -> Tree {
    match value {
        Value::Null => Tree::Null,
        Value::Bool(truth) => Tree::Bool(*truth),
        Value::Number(number) => Tree::Number(number.to_string()),
        Value::String(text) => Tree::Text(text.clone()),
        Value::Array(items) => Tree::List(items.iter().map(from_json).collect()),
        Value::Object(fields) => {
            Tree::Object(fields.iter().map(|(name, value)| (name.clone(), from_json(value))).collect())
        }
    }
}
