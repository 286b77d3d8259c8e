//! The parsed form of the language: what a line says, with the place it stands at.

use regex::Regex;

use crate::diagnostic::Place;
use crate::tree::Coding;

/// A path, `$who.HoVaTen.Ho?`.
#[derive(Debug, Clone)]
pub struct Path {
    /// As written.
    pub text: String,
    /// Where it starts.
    pub root: Root,
    /// Its steps; empty for `.` and for a bare `$name`.
    pub steps: Vec<PathStep>,
}

/// Where a path starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Root {
    /// *Here*: the caller's query, the reply's body, the row.
    Here,
    /// `$name`: an exchange, a `let`, or one of the fixed roots.
    Named {
        /// Without the dollar sign.
        name: String,
        /// `$name?`.
        optional: bool,
    },
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathStep {
    /// `dc` in `dc:CongDan`.
    pub prefix: Option<String>,
    /// The name; without `@` for attributes.
    pub name: String,
    /// `@name`.
    pub attribute: bool,
    /// Ends in `?`.
    pub optional: bool,
}

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Constant {
    /// `true`, `false`.
    Bool(bool),
    /// A number in its own text.
    Number(String),
    /// Text.
    Text(String),
}

/// An expression with its place.
#[derive(Debug, Clone)]
pub struct Expression {
    /// Where it stands.
    pub place: Place,
    /// What it says.
    pub node: Node,
}

/// What an expression says.
#[derive(Debug, Clone)]
pub enum Node {
    /// A bare path.
    Path(Path),
    /// A bare number or truth value.
    Constant(Constant),
    /// `[a, b]`.
    List(Vec<Expression>),
    /// A table with a head.
    Form(Box<Form>),
    /// A table without a head: an object, an element with children.
    Drawing(Drawing),
}

/// A drawn object: its fields in the order of the lines.
#[derive(Debug, Clone)]
pub struct Drawing {
    /// Where it begins.
    pub place: Place,
    /// Its fields, in order.
    pub fields: Vec<Field>,
}

/// One drawn field.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name as written: `dan:MaYeuCau`, `@id`, `full_name`.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// Where its value comes from.
    pub value: Expression,
}

/// A head with its modifiers.
#[derive(Debug, Clone)]
pub struct Form {
    /// Exactly one.
    pub head: Head,
    /// Always applied in the order of the fields of [`Modifiers`], however written.
    pub modifiers: Modifiers,
}

/// What a form starts from.
#[derive(Debug, Clone)]
pub enum Head {
    /// `path = …`
    Path(Path),
    /// `const = …`
    Const(Constant),
    /// `first = […]`
    First(Vec<Expression>),
    /// `join = […]`, `with = " "`
    Join {
        /// What is joined.
        parts: Vec<Expression>,
        /// What stands between.
        with: String,
    },
    /// `each = …`, `item = …`; `None` draws the row itself.
    Each {
        /// A path or a form.
        source: Expression,
        /// What each row becomes.
        item: Option<Expression>,
    },
    /// `one = …`: the only row for which `when` holds.
    One {
        /// A path or a form.
        source: Expression,
    },
    /// `secret = …`
    Secret(String),
    /// `object = { … }`
    Object(Drawing),
}

/// What happens to the head's value, always in this order.
#[derive(Debug, Clone, Default)]
pub struct Modifiers {
    /// Conditions; for `each` and `one` they choose rows.
    pub when: Option<Conditions>,
    /// Codings to undo, first one first.
    pub decode: Vec<Coding>,
    /// `match` or `scan`.
    pub pattern: Option<Pattern>,
    /// Text functions, in order.
    pub text: Vec<TextFunction>,
    /// `date`, `table`, `document` or `shape`.
    pub convert: Option<Convert>,
    /// `as = …`
    pub cast: Option<Cast>,
    /// `else = …`
    pub otherwise: Option<Constant>,
    /// Codings to apply, first one first (innermost).
    pub encode: Vec<Coding>,
}

/// `match` or `scan` with its compiled patterns.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// The patterns, tried in order.
    pub patterns: Vec<Regex>,
    /// `scan`: all matches as a list.
    pub all: bool,
}

/// A text function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFunction {
    /// Upper case.
    Upper,
    /// Lower case.
    Lower,
    /// Digits only.
    Digits,
    /// Letters and digits only.
    Alnum,
    /// `Nguyễn` → `Nguyen`.
    WithoutDiacritics,
    /// 8000 → `Tám nghìn đồng`.
    DongInWords,
}

/// A conversion; it never gives absent.
#[derive(Debug, Clone)]
pub enum Convert {
    /// Date formats, tried in order.
    Date(Vec<DateFormat>),
    /// A code list's name.
    Table(String),
    /// `document = "base64"`.
    Document,
    /// A shape's name.
    Shape(String),
}

/// A date format as written and cut into tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateFormat {
    /// As written.
    pub text: String,
    /// Its tokens.
    pub tokens: Vec<DateToken>,
}

/// A token of a date format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DateToken {
    /// `yyyy`
    Year,
    /// `MM`
    Month,
    /// `dd`
    Day,
    /// `HH`
    Hour,
    /// `mm`
    Minute,
    /// `ss`
    Second,
    /// `*`: any digit (reading only).
    AnyDigit,
    /// These characters.
    Literal(String),
}

/// `as = text|number`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cast {
    /// Text.
    Text,
    /// A number.
    Number,
}

/// Tests that must all hold.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    /// In the order written.
    pub conditions: Vec<Condition>,
}

/// The tests of one path.
#[derive(Debug, Clone)]
pub struct Condition {
    /// Where it stands.
    pub place: Place,
    /// What is tested.
    pub path: Path,
    /// All must hold.
    pub tests: Vec<Test>,
}

/// One test.
#[derive(Debug, Clone)]
pub enum Test {
    /// Equal to one of these, as text after NFC and trim.
    In(Vec<Constant>),
    /// Contains one of these phrases, not under a negation.
    Contains(Vec<String>),
    /// Matches.
    Matches(Regex),
    /// Equal to what this path gives.
    Same(Path),
    /// The key or element is there.
    Exists(bool),
    /// Missing, null, blank, `[]`, `{}`.
    Empty(bool),
    /// A list stands there, be it an empty one: null, a blank and a single value are none.
    List(bool),
}

/// One classification rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Where it stands.
    pub place: Place,
    /// When it holds.
    pub when: Conditions,
    /// What it decides.
    pub then: Decision,
    /// Overrides whose fault a faulty verdict is.
    pub blame: Option<crate::fault::Blame>,
}

/// What a rule decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// `then = …`
    Verdict(Verdict),
    /// `go = …`: on to this exchange, forward only.
    Go(String),
    /// Inbound: the event's name.
    Event(String),
}

/// The closed list of verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// A read found it.
    Found,
    /// A read found nothing.
    Absent,
    /// A page of a feed.
    Page,
    /// A write was taken in.
    Accepted,
    /// A write had been taken in before.
    AlreadyReceived,
    /// Under way.
    Pending,
    /// The citizen must add something.
    Supplement,
    /// A write ended.
    Completed,
    /// Refused on the merits.
    Declined,
    /// Our words were refused.
    Rejected,
    /// Its words make no sense.
    Malformed,
    /// Closed.
    Unavailable,
    /// Too much.
    Overloaded,
    /// Nobody knows.
    Uncertain,
    /// One fresh login, then again.
    Renew,
}

impl Verdict {
    /// All, in the order of the grammar.
    pub const ALL: [Verdict; 15] = [
        Verdict::Found,
        Verdict::Absent,
        Verdict::Page,
        Verdict::Accepted,
        Verdict::AlreadyReceived,
        Verdict::Pending,
        Verdict::Supplement,
        Verdict::Completed,
        Verdict::Declined,
        Verdict::Rejected,
        Verdict::Malformed,
        Verdict::Unavailable,
        Verdict::Overloaded,
        Verdict::Uncertain,
        Verdict::Renew,
    ];

    /// The word in rules and block names.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Found => "found",
            Verdict::Absent => "absent",
            Verdict::Page => "page",
            Verdict::Accepted => "accepted",
            Verdict::AlreadyReceived => "already-received",
            Verdict::Pending => "pending",
            Verdict::Supplement => "supplement",
            Verdict::Completed => "completed",
            Verdict::Declined => "declined",
            Verdict::Rejected => "rejected",
            Verdict::Malformed => "malformed",
            Verdict::Unavailable => "unavailable",
            Verdict::Overloaded => "overloaded",
            Verdict::Uncertain => "uncertain",
            Verdict::Renew => "renew",
        }
    }

    /// The verdict of this word.
    pub fn of_word(word: &str) -> Option<Verdict> {
        Verdict::ALL.into_iter().find(|verdict| verdict.word() == word)
    }

    /// Whether it claims that the agency answered or did what was asked.
    pub fn is_success(self) -> bool {
        matches!(
            self,
            Verdict::Found
                | Verdict::Absent
                | Verdict::Page
                | Verdict::Accepted
                | Verdict::AlreadyReceived
                | Verdict::Completed
        )
    }

    /// Whether it becomes a fault.
    pub fn is_fault(self) -> bool {
        matches!(
            self,
            Verdict::Rejected
                | Verdict::Malformed
                | Verdict::Unavailable
                | Verdict::Overloaded
                | Verdict::Uncertain
                | Verdict::Renew
        )
    }
}
