//! Seeded mistakes: each gives exactly its code, its line and its sentence, and nothing else.

use std::sync::Arc;

use crate::agency::{Agency, Folder};
use crate::diagnostic::{Diagnostic, Source};
use crate::language::parse::parse_folder;

/// An agency without a mistake; each case below replaces one piece of it.
const GOOD: &str = r#"agency  = "register"
through = ["lgsp"]

[credentials.account]
kind  = "secrets"
names = ["user"]

[settings]
unit = "our unit"

[namespaces]
p = "http://example.org/p"

[seal.sum]
algorithm = "sha256-hex"
fields = ["A", "B"]
join = "|"
secret = "user"
field = "C"

[operation.person]
service    = "register.person"
exchanges  = ["ask"]
repeat     = "by-reference"
settle_for = "15 min"
subject    = "id"

[exchange.ask]
send    = "POST /people/{id}"
format  = "json"
kind    = "read"
headers = { Accept = "application/json" }
rules   = [
  { when = { "data.name" = { empty = false } }, then = "found" },
  { when = { code = [0, "00"], data = { exists = true } }, then = "absent" },
  { when = { message = { contains = "sai" } }, then = "rejected", blame = "caller" },
]

[exchange.ask.pages]
items = "rows"
cursor = "_id.$oid"
size = 10
at_most = 5
same = ["_id"]

[ask.send.url]
id = "id"

[ask.send.body]
name = { path = "full_name", text = ["upper"] }
born = { path = "birth_date", date = ["dd/MM/yyyy", "yyyy"] }
kind = { const = "1", when = { kind = "a" } }
rows = { each = "rows", item = { no = "$position" } }

[ask.reply.let]
part = { path = "text", match = '^(\d+);' }

[ask.found]
name = { join = ["data.a?", "data.b"], with = " " }
sex  = { path = "data.sex", table = "sex" }

[inbound.tell]
format = "json"
verify = { seal = "sum" }
sign   = { seal = "sum" }
code   = "ref"
same   = ["ref"]
rules  = [{ when = { state = 1 }, then = "told" }]
[inbound.tell.events]
told = "register.told"

[tell.told]
ref = "ref"

[tell.answer.stored]
ok = true
"#;

const TABLES: &str = "[sex]\nmale = \"1\"\nfemale = [\"2\", \"02\"]\n";

const CARRIER: &str = "rules = [{ when = { \"$reply.status\" = 503 }, then = \"unavailable\" }]\n";

fn source(name: &str, text: &str) -> Source {
    Source { name: Arc::from(name), text: text.to_owned() }
}

fn parse(files: Vec<Source>, carrier: &str) -> (Option<Agency>, Vec<Diagnostic>) {
    let carriers = vec![("lgsp".to_owned(), source("lgsp.toml", carrier))];
    parse_folder(&Folder { name: "register".into(), files, carriers })
}

fn parse_one(text: &str) -> (Option<Agency>, Vec<Diagnostic>) {
    parse(vec![source("adapter.toml", text), source("tables.toml", TABLES)], CARRIER)
}

/// What is replaced by what, and what is then found: code, text on the line, part of the sentence or its help.
type Mistake = (&'static str, &'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const MISTAKES: &[Mistake] = &[
    // C0: not TOML
    ("through = [\"lgsp\"]", "through = [\"lgsp\"", "C0", "[credentials.account]", "not TOML"),
    ("unit = \"our unit\"", "unit = \"our unit\"\nunit = \"again\"", "C0", "unit = \"again\"", "duplicate key"),
    // C1: unknown words, wrong types, what is missing
    ("exchanges  = ", "exchange   = ", "C1", "exchange   = ", "did you mean `exchanges`?"),
    ("[settings]", "[setings]", "C1", "[setings]", "did you mean `settings`?"),
    ("[ask.found]", "[ask.fond]", "C1", "[ask.fond]", "did you mean `found`?"),
    ("[ask.found]", "[aks.found]", "C1", "[aks.found]", "neither a word of the manifest"),
    ("[ask.send.body]", "[ask.send.bodi]", "C1", "[ask.send.bodi]", "did you mean `body`?"),
    ("[tell.told]", "[tell.tod]", "C1", "[tell.tod]", "did you mean `told`?"),
    ("[tell.answer.stored]", "[tell.answer.stord]", "C1", "[tell.answer.stord]", "did you mean `stored`?"),
    ("kind  = \"secrets\"", "kind  = \"secret\"", "C1", "kind  = \"secret\"", "did you mean `secrets`?"),
    ("names = [\"user\"]", "names = \"user\"", "C1", "names = \"user\"", "text where a list belongs"),
    ("names = [\"user\"]", "names = [\"user\"]\nheader = \"X\"", "C1", "header = \"X\"", "`header` is unknown"),
    ("kind  = \"secrets\"\nnames = [\"user\"]", "kind = \"oauth-password\"\npath = \"token\"", "C1", "path =", "does not begin with `/`"),
    ("kind  = \"secrets\"\nnames = [\"user\"]", "kind = \"oauth-password\"\nbelow = \"hots\"", "C1", "below =", "did you mean `host`?"),
    ("kind  = \"secrets\"\nnames = [\"user\"]", "kind = \"oauth-password\"\nformat = \"xml\"", "C1", "format =", "`xml` is unknown"),
    ("through = [\"lgsp\"]", "through = [\"lgps\"]", "C1", "through = [\"lgps\"]", "did you mean `lgsp`?"),
    ("algorithm = \"sha256-hex\"", "algorithm = \"md5\"", "C1", "algorithm = \"md5\"", "`md5` is unknown"),
    ("\"15 min\"", "\"15 minutes\"", "C1", "settle_for", "is no duration"),
    ("\"15 min\"", "15", "C1", "settle_for", "a number where text belongs"),
    ("\"by-reference\"", "\"by-name\"", "C1", "repeat", "by-reference, by-find, never"),
    ("service    = \"register.person\"\n", "", "C1", "[operation.person]", "`service` or `for`"),
    ("format  = \"json\"", "format  = \"jsn\"", "C1", "format  = \"jsn\"", "did you mean `json`?"),
    ("kind    = \"read\"\n", "", "C1", "[exchange.ask]", "the key `kind` is missing"),
    ("POST /people/{id}", "FETCH /people", "C1", "send    =", "unknown method"),
    ("POST /people/{id}", "POST people", "C1", "send    =", "does not begin with `/`"),
    ("POST /people/{id}", "POST /people/{id", "C1", "send    =", "a hole"),
    ("POST /people/{id}", "GET /people?id=1", "C1", "send    =", "[NAME.send.query]"),
    ("{ Accept = \"application/json\" }", "{ Accept = 1 }", "C1", "headers", "a number where text belongs"),
    ("size = 10", "size = 0", "C1", "size = 0", "a whole number from 1"),
    ("at_most = 5\n", "", "C1", "[exchange.ask.pages]", "`at_most` is missing"),
    ("verify = { seal = \"sum\" }", "verify = { field = \"x\" }", "C1", "verify", "`seal` or `equals`"),
    ("told = \"register.told\"", "told = \"register.told\"\nanswer = \"x\"", "C1", "answer = \"x\"", "another block"),
    ("text = [\"upper\"]", "text = \"upper\"", "C1", "name = { path", "put it in brackets"),
    ("text = [\"upper\"]", "text = [\"uper\"]", "C1", "name = { path", "did you mean `upper`?"),
    ("table = \"sex\"", "table = \"sex\", shape = \"x\"", "C1", "sex  =", "exclude each other"),
    ("ok = true", "ok = 2025-01-01", "C1", "ok = 2025-01-01", "a TOML date is no expression"),
    ("{ const = \"1\", when", "{ const = [\"1\"], when", "C1", "kind = { const", "a list where text, a number"),
    ("ok = true", "ok = -inf", "C1", "ok = -inf", "inf or nan is no expression"),
    // C1: form or object?
    ("{ const = \"1\", when", "{ const = \"1\", path = \"a\", when", "C1", "kind = { const", "form or object? it has the heads"),
    ("{ path = \"data.sex\", table", "{ path = \"data.sex\", tabel", "C1", "sex  =", "did you mean `table`?"),
    ("{ path = \"data.sex\", table", "{ path = \"data.sex\", url", "C1", "sex  =", "{ object = { … } }"),
    ("{ const = \"1\", when", "{ when", "C1", "kind = {", "there is no head"),
    ("with = \" \"", "item = \".\"", "C1", "name = { join", "`item` goes with `each`"),
    ("ok = true", "path = \"a\"", "C1", "[tell.answer.stored]", "a block is an object"),
    ("each = \"rows\"", "each = [\"rows\"]", "C1", "rows = { each", "rows come from a path or a form"),
    ("join = [\"data.a?\", \"data.b\"]", "join = []", "C1", "name = { join", "an empty list gives nothing"),
    // C1: tests
    ("\"data.name\" = { empty", "data.name = { empty", "C1", "then = \"found\"", "a deeper path is written \"data.name\""),
    ("contains = \"sai\"", "contain = \"sai\"", "C1", "message =", "did you mean `contains`?"),
    ("exists = true", "exists = \"yes\"", "C1", "exists =", "text where true or false belongs"),
    // C2: paths
    ("code   = \"ref\"", "code   = \"ref..a\"", "C2", "code   =", "an empty step"),
    ("id = \"id\"", "id = \"Văn bản tự do\"", "C2", "id = \"Văn", "text is written { const"),
    ("id = \"id\"", "id = \"$.a\"", "C2", "id = \"$.a\"", "no name after `$`"),
    ("id = \"id\"", "id = '\"odd.name'", "C2", "id = '\"odd", "an open quote"),
    ("id = \"id\"", "id = \"a.@b.c\"", "C2", "id = \"a.@b", "below an attribute"),
    ("id = \"id\"", "id = \"a[0]\"", "C2", "id = \"a[0]\"", "is not a path"),
    ("id = \"id\"", "id = \"a??\"", "C2", "id = \"a??\"", "between a step and the next dot"),
    ("id = \"id\"", "id = \"\"", "C2", "id = \"\"", "an empty step"),
    ("subject    = \"id\"", "subject    = [\"id\", \"a b\"]", "C2", "subject", "`a b` is not a path"),
    // C7: date formats
    ("\"dd/MM/yyyy\"", "\"DD/MM/yyyy\"", "C7", "born =", "unknown letter `D`"),
    ("\"dd/MM/yyyy\"", "\"dd/MM\"", "C7", "born =", "has no year"),
    ("\"dd/MM/yyyy\"", "\"dd/yyyy\"", "C7", "born =", "has dd without MM"),
    ("\"dd/MM/yyyy\"", "\"dd/MM/yyyy 'giờ\"", "C7", "born =", "an open quote"),
    ("\"dd/MM/yyyy\"", "\"dd/MM/yyyy dd\"", "C7", "born =", "has dd twice"),
    // C8: patterns
    (r"'^(\d+);'", r"'^(\d+)(?=;)'", "C8", "part =", "looks ahead or behind"),
    (r"'^(\d+);'", r"'^(\d+)\1'", "C8", "part =", "refers back"),
    (r"'^(\d+);'", r"'^\d+;'", "C8", "part =", "has no group"),
    (r"'^(\d+);'", r"'^(\d+);(?<b>x)'", "C8", "part =", "2 groups, 1 of them named"),
    (r"'^(\d+);'", r"'^(\d+;'", "C8", "part =", "unclosed group"),
    (r"'^(\d+);'", r"'^(\w{1000})$'", "C8", "part =", "too large"),
    ("contains = \"sai\"", "matches = '(a'", "C8", "message =", "unclosed group"),
    // C9: rules
    ("then = \"absent\"", "then = \"abscent\"", "C9", "code = [0", "did you mean `absent`?"),
    ("then = \"absent\"", "then = \"absent\", go = \"ask\"", "C9", "code = [0", "not both"),
    (", then = \"absent\"", "", "C9", "code = [0", "decides nothing"),
    ("{ when = { state = 1 }, then", "{ then", "C9", "then = \"told\"", "would always hold"),
    ("then = \"told\"", "then = \"tolt\"", "C9", "then = \"tolt\"", "did you mean `told`?"),
    ("then = \"told\"", "go = \"ask\"", "C1", "go = \"ask\"", "`go` is unknown"),
    ("{ code = [0, \"00\"], data = { exists = true } }", "{}", "C9", "then = \"absent\"", "no tests"),
    ("[0, \"00\"]", "[]", "C9", "then = \"absent\"", "equals nothing"),
    ("then = \"absent\"", "then = \"absent\", blame = \"agency\"", "C9", "code = [0", "nobody is to blame"),
    ("blame = \"caller\"", "blame = \"citizen\"", "C1", "citizen", "`citizen` is unknown"),
];

#[test]
fn finds_mistakes_in_code_lists_and_carrier_rules() {
    let cases = [
        (TABLES, "odd = []", "C1", 4, "a word without a code"),
        (TABLES, "odd = { a = 1 }", "C1", 4, "a table where text, a number"),
        (TABLES, "odd = [\"1\", \"*\"]", "C1", 4, "`*` stands alone"),
        (TABLES, "[x]\ndescriptive = 3\nfemale = 2025-01-01", "C1", 6, "a TOML date"),
        (CARRIER, "rule = []", "C1", 2, "did you mean `rules`?"),
    ];
    for (good, more, code, line, part) in cases {
        let bad = format!("{good}{more}\n");
        let (tables, carrier) = if good == TABLES { (bad.as_str(), CARRIER) } else { (TABLES, bad.as_str()) };
        let (_, findings) = parse(vec![source("adapter.toml", GOOD), source("tables.toml", tables)], carrier);
        let told: Vec<_> = findings.iter().map(ToString::to_string).collect();
        let fits = |finding: &Diagnostic| {
            (finding.code, finding.place.line) == (code, line) && finding.to_string().contains(part)
        };
        assert!(matches!(findings.as_slice(), [finding] if fits(finding)), "{more}: {told:#?}");
    }
}

#[test]
fn several_files_are_read_as_one() {
    let (frame, words) = GOOD.split_at(GOOD.find("[ask.reply.let]").unwrap());
    let (agency, findings) = parse(
        vec![source("adapter.toml", frame), source("ask.toml", words), source("tables.toml", TABLES)],
        CARRIER,
    );
    assert_eq!(findings, Vec::new());
    let ask = &agency.unwrap().exchanges["ask"];
    assert_eq!(
        (ask.send.body.as_ref().unwrap().fields.len(), ask.verdicts.len(), ask.reply_lets.len()),
        (4, 1, 1)
    );
    assert_eq!(&*ask.verdicts["found"].place.file, "ask.toml");
}

#[test]
fn what_two_files_define_is_told_with_both_places() {
    let cases = [
        (
            "[exchange.ask]\nkind = \"read\"",
            1,
            "`exchange.ask` is written a second time; the first is at adapter.toml:28",
        ),
        (
            "[ask.send.body]\nx = \"a\"",
            1,
            "`ask.send.body` is written a second time; the first is at adapter.toml:49",
        ),
        (
            "[ask.reply.let]\npart = \"a\"",
            2,
            "`ask.reply.let.part` is written a second time; the first is at",
        ),
        ("agency = \"again\"", 1, "`agency` is written a second time; the first is at adapter.toml:1"),
        ("[settings]\nunit = \"a\"", 2, "`settings.unit` is written a second time"),
        ("settings = 3", 1, "`settings` is written a second time"),
    ];
    for (again, line, part) in cases {
        let files =
            vec![source("adapter.toml", GOOD), source("more.toml", again), source("tables.toml", TABLES)];
        let (_, findings) = parse(files, CARRIER);
        let told: Vec<_> = findings.iter().map(ToString::to_string).collect();
        let fits = |finding: &Diagnostic| {
            finding.code == "C1" && finding.place.line == line && finding.message.contains(part)
        };
        assert!(matches!(findings.as_slice(), [finding] if fits(finding)), "{again}: {told:#?}");
    }
}

#[test]
fn a_message_and_an_exchange_cannot_share_a_name() {
    let text = GOOD.replace("tell", "ask");
    let (_, findings) = parse_one(
        &text.replace("[ask.told]\nref = \"ref\"", "").replace("[ask.answer.stored]\nok = true", ""),
    );
    let told: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert!(
        matches!(told.as_slice(), [only] if only.contains("is also the exchange at adapter.toml:28")),
        "{told:#?}"
    );
}

#[test]
fn a_torn_file_has_no_echoes_elsewhere() {
    let (frame, words) = GOOD.split_at(GOOD.find("[ask.send.url]").unwrap());
    let torn = frame.replace("[operation.person]", "[operation.person");
    let files = vec![source("adapter.toml", &torn), source("ask.toml", words), source("tables.toml", TABLES)];
    let (_, findings) = parse(files, CARRIER);
    let told: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert!(!told.is_empty() && findings.iter().all(|finding| finding.code == "C0"), "{told:#?}");
    let files = vec![source("adapter.toml", "agency = \"x"), source("ask.toml", "[ask.found]\na = \"b\"")];
    let codes: Vec<_> = parse(files, CARRIER).1.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["C0"]);
}

#[test]
fn nothing_panics_on_torn_files() {
    for (end, _) in GOOD.char_indices().step_by(7) {
        let (torn, _) = GOOD.split_at(end);
        let (agency, _) = parse_one(torn);
        assert!(agency.is_some());
    }
    assert!(parse(Vec::new(), CARRIER).0.is_none());
}

#[test]
fn the_good_agency_has_no_mistake() {
    let (agency, findings) = parse_one(GOOD);
    assert_eq!(findings, Vec::new());
    let agency = agency.unwrap();
    assert_eq!(agency.operations["person"].settle_for_s, Some(900));
    assert_eq!(agency.exchanges["ask"].rules.len(), 3);
    assert_eq!(agency.inbound["tell"].answers.len(), 1);
    assert_eq!(agency.carrier_rules["lgsp"].len(), 1);
    assert_eq!(agency.tables["sex"].rows[1].theirs.len(), 2);
}

#[test]
fn each_mistake_is_found_where_it_stands() {
    let mut missed = Vec::new();
    for (good, bad, code, line, part) in MISTAKES {
        assert_eq!(GOOD.matches(good).count().min(1), 1, "{good} is not in the good agency");
        let text = GOOD.replacen(good, bad, 1);
        let expected = text.lines().position(|written| written.contains(line)).map(|index| index + 1);
        let (agency, findings) = parse_one(&text);
        assert!(agency.is_some());
        let fits = |finding: &Diagnostic| {
            finding.code == *code
                && Some(finding.place.line as usize) == expected
                && &*finding.place.file == "adapter.toml"
                && finding.to_string().contains(part)
        };
        if !matches!(findings.as_slice(), [finding] if fits(finding)) {
            let told: Vec<_> = findings.iter().map(ToString::to_string).collect();
            missed.push(format!("{bad:?}: expected {code} line {expected:?} {part:?}, found {told:#?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
