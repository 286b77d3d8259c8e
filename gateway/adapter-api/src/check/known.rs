//! What is known of a value before any call, and what can be named where an expression stands.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::agency::Pages;
use crate::language::syntax::Expression;
use crate::schema::{Property, Scalar, Shape};
use crate::wire::Format;

/// The direction of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Ours to theirs.
    Write,
    /// Theirs to ours.
    Read,
}

/// Whose words a value is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// As our schema says it.
    Ours,
    /// As the agency says it.
    Theirs,
    /// A constant, a setting: either side may use it.
    Either,
}

/// What told the members of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    /// The service's request schema.
    Query,
    /// A fixed root such as `$call`.
    Root(&'static str),
    /// The named groups of a pattern.
    Groups,
    /// Nobody: the agency's own words.
    Agency,
    /// Nothing is known: a mistake has been reported.
    Unknown,
}

/// What is known of a value before any call.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub shape: Shape,
    pub words: Words,
    /// It may be absent without a fault.
    pub maybe: bool,
    /// It has been compared with what the schema wants, or cannot be.
    pub settled: bool,
    pub holder: Holder,
    /// The query path it was read from, `deceased.id_number`; empty for the query itself.
    pub origin: Option<String>,
}

impl Known {
    /// A value in the agency's words.
    pub fn theirs() -> Self {
        Known::of(Shape::Any, Words::Theirs, Holder::Agency)
    }

    /// A value of which nothing more is to be said.
    pub fn settled() -> Self {
        Known { settled: true, ..Known::of(Shape::Any, Words::Either, Holder::Agency) }
    }

    /// What a mistake leaves, so that it is told once.
    pub fn unknown() -> Self {
        Known { holder: Holder::Unknown, ..Known::settled() }
    }

    /// The caller's query.
    pub fn query(shape: &Shape) -> Self {
        let origin = Some(String::new());
        Known { origin, ..Known::of(shape.clone(), Words::Ours, Holder::Query) }
    }

    /// A value that is always there.
    pub fn of(shape: Shape, words: Words, holder: Holder) -> Self {
        Known { shape, words, maybe: false, settled: false, holder, origin: None }
    }
}

/// What can be named in one exchange or message.
#[derive(Debug, Clone)]
pub(super) struct Talk<'a> {
    /// The exchange's or message's name.
    pub name: &'a str,
    /// `None`: a login or an inbound message, where nobody asks.
    pub query: Option<Shape>,
    /// What `found` and `completed` must be.
    pub answer: Shape,
    /// The call carries our reference: the operation writes or helps one that does.
    pub reference: bool,
    /// Calls may share this exchange.
    pub together: bool,
    /// The operation is a feed.
    pub feed: bool,
    pub pages: Option<&'a Pages>,
    /// Earlier exchanges of the conversation.
    pub before: Vec<&'a str>,
    pub reply_format: Format,
    /// An inbound message, not an exchange.
    pub inbound: bool,
    pub lets: BTreeMap<&'a str, (Way, &'a Expression)>,
}

/// Where an expression stands.
#[derive(Debug, Clone)]
pub(super) struct Scope<'a> {
    pub talk: Rc<Talk<'a>>,
    pub way: Way,
    pub here: Known,
    /// The drawing's path so far.
    pub at: String,
    /// Inside a test: what is missing is merely empty.
    pub soft: bool,
    /// Inside `each` or `one`.
    pub row: bool,
    /// What is drawn here is an outcome, not a fault.
    pub outcome: bool,
    /// What is drawn here goes out to the agency.
    pub sending: bool,
    /// Paths that an enclosing `when` shows to be there.
    pub guards: Vec<String>,
    /// Shapes being applied, outermost first.
    pub shapes: Vec<&'a str>,
    /// Lets being evaluated, outermost first.
    pub lets: Vec<&'a str>,
}

impl<'a> Scope<'a> {
    /// The scope of a block of this direction.
    pub fn new(talk: &Rc<Talk<'a>>, way: Way, at: impl Into<String>) -> Self {
        let here = match (&talk.query, way, talk.inbound) {
            (Some(query), Way::Write, false) => Known::query(query),
            (None, Way::Write, false) => Known::query(&Shape::Object(Vec::new())),
            (_, Way::Write, true) | (_, Way::Read, _) => Known::theirs(),
        };
        Scope {
            talk: Rc::clone(talk),
            way,
            here,
            at: at.into(),
            soft: false,
            row: false,
            outcome: false,
            sending: false,
            guards: Vec::new(),
            shapes: Vec::new(),
            lets: Vec::new(),
        }
    }

    /// The same place, one name deeper.
    pub fn below(&self, name: &str) -> Self {
        let mut scope = self.clone();
        scope.at = format!("{}.{name}", self.at);
        scope
    }

    /// The scope of each row of a list.
    pub fn of_row(&self, row: Known) -> Self {
        Scope { here: row, row: true, guards: Vec::new(), ..self.clone() }
    }

    /// The scope in which a `let` of this direction is evaluated.
    pub fn of_let(&self, name: &'a str, way: Way) -> Self {
        let mut scope = Scope::new(&self.talk, way, format!("{}.let.{name}", self.talk.name));
        scope.sending = self.sending && way == Way::Write;
        scope.lets.clone_from(&self.lets);
        scope.lets.push(name);
        scope
    }
}

/// Says a shape in a few words, for messages.
pub(super) fn describe(shape: &Shape) -> &'static str {
    match shape {
        Shape::Object(_) => "an object",
        Shape::List(_) => "a list",
        Shape::Any => "anything",
        Shape::Scalar(scalar) => match scalar {
            Scalar::Text => "text",
            Scalar::Integer => "a whole number",
            Scalar::Boolean => "true or false",
            Scalar::Date => "a whole date",
            Scalar::PartialDate => "a partial date",
            Scalar::Moment => "a moment",
            Scalar::Words(_) => "a word of a closed list",
            Scalar::Document => "a document",
        },
    }
}

/// Whether a shape is a coded value `{ system, code, title }`, which a descriptive table gives.
pub(super) fn is_coded_value(shape: &Shape) -> bool {
    ["system", "code", "title"].into_iter().all(|name| shape.property(name).is_some())
}

/// A property that no schema wrote down.
pub(super) fn property(name: &str, required: bool, shape: Shape) -> Property {
    Property { name: name.to_owned(), required, shape, class: None }
}

/// Text, for fixed forms.
pub(super) fn text() -> Shape {
    Shape::Scalar(Scalar::Text)
}
