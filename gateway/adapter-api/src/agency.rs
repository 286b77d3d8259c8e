//! An agency as its folder describes it: manifest, exchanges, words and tables, parsed and ready to be checked and run.

use indexmap::IndexMap;

use crate::diagnostic::{Diagnostic, Place, Source};
use crate::fault::Kind;
use crate::language::syntax::{Conditions, Constant, Drawing, Expression, Path, Rule};
use crate::wire::Format;

/// An agency folder's texts. Every `*.toml` of the folder is read as one.
#[derive(Debug, Clone, Default)]
pub struct Folder {
    /// The folder's name, for messages.
    pub name: String,
    /// `adapter.toml`, the operations, `tables.toml`, in name order.
    pub files: Vec<Source>,
    /// The rule files of the carriers, by carrier name.
    pub carriers: Vec<(String, Source)>,
}

/// An agency, parsed.
#[derive(Debug, Clone)]
pub struct Agency {
    /// `residence`.
    pub name: String,
    /// Where `agency = …` stands.
    pub place: Place,
    /// The carriers whose rules are tried first, in order.
    pub through: Vec<String>,
    /// By carrier name; only those named in `through` (also per exchange).
    pub carrier_rules: IndexMap<String, Vec<Rule>>,
    /// By name.
    pub credentials: IndexMap<String, Credential>,
    /// Name → what it is.
    pub settings: IndexMap<String, String>,
    /// Prefix → URI.
    pub namespaces: IndexMap<String, String>,
    /// By name.
    pub seals: IndexMap<String, Seal>,
    /// By name.
    pub operations: IndexMap<String, Operation>,
    /// By name; with their words.
    pub exchanges: IndexMap<String, ExchangePlan>,
    /// By name; with their words.
    pub inbound: IndexMap<String, InboundPlan>,
    /// `[shape.NAME]`.
    pub shapes: IndexMap<String, Drawing>,
    /// Code lists.
    pub tables: IndexMap<String, Table>,
}

/// One named credential.
#[derive(Debug, Clone)]
pub struct Credential {
    /// Where it stands.
    pub place: Place,
    /// Its kind and keys.
    pub kind: CredentialKind,
}

/// The kinds of credential (`reference/mapping.md` 1.1, `reference/interfaces.md` 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialKind {
    /// WSO2 client credentials; `access_key` adds the header `lgspaccesstoken`.
    LgspToken {
        /// Send `lgspaccesstoken` too.
        access_key: bool,
    },
    /// The population database's signature headers.
    C06Signature,
    /// A client certificate.
    Mtls,
    /// A login exchange whose `completed` block gives secrets.
    SessionLogin {
        /// The login exchange.
        exchange: String,
        /// How long a session lives, in seconds.
        lasts_s: Option<u64>,
    },
    /// Named values the server puts into slots.
    Secrets {
        /// Their names.
        names: Vec<String>,
    },
    /// A token for user and password: OAuth's password grant, or a login of the agency's own that is like it.
    OauthPassword {
        /// The header that carries the token; `Authorization: Bearer` if none.
        header: Option<String>,
        /// Where and how it is asked for.
        login: Login,
    },
    /// HTTP basic.
    Basic,
    /// A static key in a header.
    ApiKey {
        /// The header.
        header: String,
    },
}

/// Where and how a token is asked for with user and password; what stands here is a fact of the agency, and configuration may
/// say otherwise where deployments differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Login {
    /// Its path; without one the usual `/token`.
    pub path: Option<String>,
    /// What the path is below.
    pub below: Below,
    /// How user and password are written.
    pub format: LoginFormat,
    /// Whether the refresh token that came with a token gets the next one, at the same place.
    pub refresh: bool,
}

/// What the path of a login is below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Below {
    /// The agency's address, like every exchange.
    #[default]
    Address,
    /// The host of that address: the login stands beside the service, not in it.
    Host,
}

/// How user and password are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LoginFormat {
    /// `grant_type=password&username=…&password=…` (RFC 6749, 4.3).
    #[default]
    Form,
    /// `{"username":…,"password":…}`.
    Json,
}

impl Below {
    /// The words for it.
    pub const WORDS: [(&'static str, Below); 2] = [("address", Below::Address), ("host", Below::Host)];
}

impl LoginFormat {
    /// The words for it.
    pub const WORDS: [(&'static str, LoginFormat); 2] =
        [("form", LoginFormat::Form), ("json", LoginFormat::Json)];
}

/// A checksum over drawn fields.
#[derive(Debug, Clone)]
pub struct Seal {
    /// Where it stands.
    pub place: Place,
    /// `sha256-hex`, `hmac-sha256-hex`.
    pub algorithm: String,
    /// The wire fields, in order.
    pub fields: Vec<String>,
    /// What stands between them.
    pub join: String,
    /// The secret joined last (or the HMAC key).
    pub secret: String,
    /// Where it is put, or compared.
    pub field: String,
}

/// One operation.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Where it stands.
    pub place: Place,
    /// The catalogue's service; `None` for a helper (`for`).
    pub service: Option<String>,
    /// The operation whose query and answer a helper shares.
    pub helps: Option<String>,
    /// Its exchanges, in order.
    pub exchanges: Vec<String>,
    /// The operation asked after silence.
    pub find: Option<String>,
    /// The operation asked while pending.
    pub look: Option<String>,
    /// How many calls may share one exchange.
    pub together: Option<u32>,
    /// A feed, polled every so many seconds.
    pub feed_every_s: Option<u64>,
    /// What a second send would do (writes).
    pub repeat: Option<Repeat>,
    /// The agency's longest processing time, in seconds (writes).
    pub settle_for_s: Option<u64>,
    /// Answer fields that must equal the query's: the subject answered is the subject asked (L11).
    pub subject: Vec<String>,
    /// Query fields that the wire has no room for.
    pub unused: Vec<String>,
    /// Reply paths lifted into documents.
    pub documents: Vec<String>,
    /// Invented by us: no public interface was found.
    pub sim: bool,
}

/// What the agency does with our reference a second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It refuses it, recognisably.
    ByReference,
    /// It can be asked whether it is there.
    ByFind,
    /// Neither.
    Never,
}

/// One exchange: its frame, its rules, its words.
#[derive(Debug, Clone)]
pub struct ExchangePlan {
    /// Where it stands.
    pub place: Place,
    /// `GET`, `POST`, …
    pub method: String,
    /// The path with its `{holes}`.
    pub path: String,
    /// How the request is encoded.
    pub format: Format,
    /// How the reply is decoded.
    pub reply: Format,
    /// Whether it may be repeated.
    pub kind: Kind,
    /// Skipped when these fail.
    pub when: Option<Conditions>,
    /// Constant headers.
    pub headers: Vec<(String, String)>,
    /// What a field of theirs without a value becomes.
    pub absent: AbsentAs,
    /// The seal put into the request.
    pub seal: Option<String>,
    /// Narrows the credentials; empty means all of the agency.
    pub credentials: Vec<String>,
    /// Narrows the carriers; `None` means the agency's.
    pub through: Option<Vec<String>>,
    /// Tried after the carriers' rules, in order.
    pub rules: Vec<Rule>,
    /// Paging.
    pub pages: Option<Pages>,
    /// Invented by us.
    pub sim: bool,
    /// `[NAME.send.url]` and its neighbours.
    pub send: SendBlocks,
    /// `[NAME.reply.let]`.
    pub reply_lets: IndexMap<String, Expression>,
    /// `[NAME.VERDICT]`, by verdict word.
    pub verdicts: IndexMap<String, Drawing>,
}

/// What a field of theirs without a value becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AbsentAs {
    /// Left out.
    #[default]
    Omit,
    /// `""`.
    Empty,
    /// JSON null.
    Null,
}

/// The drawn parts of a request.
#[derive(Debug, Clone, Default)]
pub struct SendBlocks {
    /// Values for the path's holes.
    pub url: Option<Drawing>,
    /// The query string.
    pub query: Option<Drawing>,
    /// Further headers.
    pub headers: Option<Drawing>,
    /// The body.
    pub body: Option<Drawing>,
    /// Named parts.
    pub lets: IndexMap<String, Expression>,
}

/// How pages are asked for.
#[derive(Debug, Clone)]
pub struct Pages {
    /// Where it stands.
    pub place: Place,
    /// The rows of a page.
    pub items: Path,
    /// The cursor in a row.
    pub cursor: Path,
    /// Fewer rows than this: it was the last page.
    pub size: u32,
    /// More pages than this is a fault.
    pub at_most: u32,
    /// Rows equal in these are one row; the later stands.
    pub same: Vec<Path>,
}

/// A message the agency sends on its own.
#[derive(Debug, Clone)]
pub struct InboundPlan {
    /// Where it stands.
    pub place: Place,
    /// How it is decoded.
    pub format: Format,
    /// How it is known to be theirs.
    pub verify: Option<Verify>,
    /// The seal on our answers.
    pub sign: Option<String>,
    /// The path of the identifier that finds our case.
    pub code: Path,
    /// Two messages equal in these are the same.
    pub same: Vec<Path>,
    /// The agency's own time, if it tells one.
    pub at: Option<Expression>,
    /// Which event it is.
    pub rules: Vec<Rule>,
    /// Event name → schema.
    pub events: IndexMap<String, String>,
    /// `[NAME.message.let]`.
    pub lets: IndexMap<String, Expression>,
    /// `[NAME.EVENT]`.
    pub event_drawings: IndexMap<String, Drawing>,
    /// `[NAME.answer.stored|unknown|refused]`.
    pub answers: IndexMap<String, Drawing>,
}

/// How an inbound message is known to be theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verify {
    /// By a seal.
    Seal(String),
    /// By a shared secret in a field.
    Equals {
        /// The secret's name.
        secret: String,
        /// The field that carries it.
        field: String,
    },
}

/// A code list.
#[derive(Debug, Clone)]
pub struct Table {
    /// Where it stands.
    pub place: Place,
    /// A list that only describes: unknown codes become `{ system, code, title: null }`.
    pub descriptive: Option<String>,
    /// Its rows, in order.
    pub rows: Vec<TableRow>,
    /// Invented by us.
    pub sim: bool,
}

/// One row of a code list.
#[derive(Debug, Clone)]
pub struct TableRow {
    /// Where it stands.
    pub place: Place,
    /// Our word (a title in a descriptive list).
    pub ours: String,
    /// Their codes: the first is written, all are read; empty for `"*"`, which takes every other code.
    pub theirs: Vec<Constant>,
}

/// Parses an agency folder.
///
/// All findings at once; an agency is given whenever it can be built, so that the check can go on.
pub fn parse(folder: &Folder) -> (Option<Agency>, Vec<Diagnostic>) {
    crate::language::parse::parse_folder(folder)
}
