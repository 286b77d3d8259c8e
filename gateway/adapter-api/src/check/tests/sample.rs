//! An agency of our own, invented, that uses every part of the language and has no finding.

use std::sync::Arc;

use crate::agency::{Folder, parse};
use crate::check::check;
use crate::diagnostic::{Diagnostic, Source};
use crate::schema::Schemas;
use crate::schema::read::read_short;

pub(super) const SCHEMAS: &str = r#"
["sample.person".query]
personal_id = "text?"
full_name = "text"
birth_date = "partial-date"
sex = "male|female"
note = "text"
["sample.person".answer]
personal_id = "text?"
full_name = "text"
sex = "male|female"
birth_date = "partial-date"
moved_at = "moment?"
book = "integer?"
"addresses[]" = { province = "text", detail = "text?" }
"photo?" = { file = "document", taken_on = "date" }
"ethnicity?" = { system = "text", code = "text", title = "text?" }

["sample.register".query]
name = "text"
issued_on = "date"
kind = "first|again"
file = "document"
"items[]" = { code = "text", amount = "integer" }
["sample.register".answer]
number = "integer"
kind = "first|again"

["sample.news".query]
["sample.news".answer]
"items[]" = { code = "text" }

["sample.paid"]
reference = "text"
paid_at = "moment"
"#;

pub(super) const MANIFEST: &str = r#"agency = "sample"
through = ["road"]
[credentials.account]
kind = "secrets"
names = ["user", "key"]
[credentials.session]
kind = "session-login"
exchange = "login"
[settings]
unit = "our unit code"
[namespaces]
p = "urn:sample"
[seal.message]
algorithm = "sha256-hex"
fields = ["ref", "state"]
join = "|"
secret = "key"
field = "sum"
[seal.order]
algorithm = "sha256-hex"
fields = ["ref", "unit"]
join = "|"
secret = "key"
field = "sum"

[operation.person]
service = "sample.person"
exchanges = ["number", "person"]
subject = ["full_name", "birth_date"]
unused = ["note"]

[operation.register]
service = "sample.register"
exchanges = ["register"]
find = "find"
repeat = "by-find"
settle_for = "15 min"

[operation.find]
for = "register"
exchanges = ["lookup"]
together = 3

[operation.news]
service = "sample.news"
exchanges = ["news"]
feed = { every_s = 60 }

[exchange.login]
send = "POST /login"
format = "json"
kind = "read"
rules = [
  { when = { session = { empty = false } }, then = "completed" },
]

[exchange.number]
when = { personal_id = { empty = true } }
send = "POST /number"
format = "json"
kind = "read"
rules = [
  { when = { id = { matches = '^\d{12}$' } }, go = "person" },
  { when = { list = { exists = true, empty = true } }, then = "absent" },
  { when = { code = "9" }, then = "rejected" },
]

[exchange.person]
send = "GET /person/{id}"
format = "xml"
kind = "read"
rules = [
  { when = { "p:Reply.Person.Name" = { empty = false } }, then = "found" },
  { when = { "p:Reply.People" = { exists = true }, "$mine" = { empty = true } }, then = "absent" },
  { when = { "$reply.status" = 400, "$reply.text" = { contains = "sai" } }, then = "rejected" },
]

[exchange.register]
send = "POST /register"
format = "json"
kind = "write"
seal = "order"
rules = [
  { when = { message = { contains = "đã có" } }, then = "already-received" },
  { when = { message = { contains = "thành công" } }, then = "accepted" },
  { when = { code = [1, 2] }, then = "rejected" },
  { when = { code = 3 }, then = "supplement" },
  { when = { code = 4 }, then = "declined" },
]

[exchange.lookup]
send = "POST /lookup"
format = "json"
kind = "read"
rules = [
  { when = { rows = { exists = true }, "$mine" = { empty = true } }, then = "absent" },
  { when = { "$mine.number" = { empty = false } }, then = "completed" },
]

[exchange.news]
send = "GET /news"
format = "json"
kind = "read"
rules = [
  { when = { rows = { exists = true } }, then = "page" },
]
[exchange.news.pages]
items = "rows"
cursor = "id"
size = 50
at_most = 20
same = ["id"]

[inbound.paid]
format = "json"
verify = { seal = "message" }
sign = { seal = "message" }
code = "ref"
same = ["ref", "state"]
rules = [
  { when = { state = "00" }, then = "paid" },
]
[inbound.paid.events]
paid = "sample.paid"
"#;

pub(super) const WORDS: &str = r#"[login.send.body]
user = { secret = "user" }
[login.completed]
token = "session"

[number.send.body]
name = { path = "full_name", text = ["upper"] }
born = { path = "birth_date", date = ["yyyyMMdd", "yyyyMM", "yyyy"] }
sex = { path = "sex", table = "sex" }
token = { secret = "token" }
[number.rejected]
code = "code"

[person.send.url]
id = { first = ["personal_id?", "$number.id"] }
[person.reply.let]
who = "p:Reply.Person"
mine = { one = "p:Reply.People.Person", when = { Id = { same = "$query.personal_id" } } }
book = { path = "$who.Book?", match = '^(?<page>\d+)/(?<year>\d+)$' }
[person.found]
personal_id = "$who.Id?"
full_name = "$who.Name"
sex = { path = "$who.Sex", table = "sex" }
birth_date = { path = "$who.Born", date = ["yyyyMMdd", "yyyyMM", "yyyy"] }
moved_at = { path = "$who.Moved?", date = "yyyyMMddHHmmss" }
book = "$book?.page"
addresses = { each = "$who.Address", item = { path = ".", shape = "address" } }
ethnicity = { path = "$who.Folk?", table = "folk" }
photo.file = { path = "$who.Photo", document = "base64" }
photo.taken_on = { path = "$who.Taken", date = "dd/MM/yyyy" }
[person.rejected]
code = { path = "$reply.text", match = '(\d+)' }
[shape.address]
province = "Province"
detail = "Detail?"

[register.send.let]
paper = { path = "issued_on", date = "dd/MM/yyyy" }
[register.send.body]
ref = "$call.reference"
unit = "$setting.unit"
name = "name"
day = "$paper"
kind = { path = "kind", table = "kind" }
file = { path = "file", document = "base64" }
items = { each = "items", item = { code = "code", amount = "amount", row = "$position" } }
[register.rejected]
code = "code"
[register.supplement]
wanted = "message"
[register.declined]
reason = "message"

[lookup.send.body]
refs = { each = "$together", item = "reference" }
[lookup.reply.let]
mine = { one = "rows", when = { ref = { same = "$call.reference" } } }
[lookup.completed]
number = "$mine.number"
kind = { path = "$mine.kind", table = "kind" }

[news.send.query]
after = "$cursor?"
[news.page]
items = { each = "$items", item = { code = "code", same = "id" } }

[paid.message.let]
sum = { path = "body", decode = ["base64", "json"] }
[paid.paid]
reference = "ref"
paid_at = { path = "$sum.at", date = "yyyyMMddHHmmss" }
[paid.answer.stored]
ref = "ref"
state = { const = "00" }
[paid.answer.unknown]
ref = "$message.ref"
state = { const = "01" }
[paid.answer.refused]
ref = { const = "" }
state = { const = "97" }
"#;

pub(super) const TABLES: &str = r#"[sex]
male = "1"
female = "2"
[kind]
first = "A"
again = ["B", "C"]
[folk]
descriptive = "sample-folk"
Kinh = "01"
"#;

pub(super) const ROAD: &str = r#"rules = [
  { when = { "$reply.status" = [401, 403], "$reply.text" = { contains = "token" } }, then = "renew" },
  { when = { "$reply.status" = [502, 503] }, then = "unavailable" },
]
"#;

/// The texts of the agency, by file name.
pub(super) fn texts() -> [(&'static str, String); 4] {
    [("adapter.toml", MANIFEST), ("words.toml", WORDS), ("tables.toml", TABLES), ("road.toml", ROAD)]
        .map(|(name, text)| (name, text.to_owned()))
}

pub(super) fn schemas() -> Schemas {
    read_short(SCHEMAS).unwrap()
}

/// What parser and check find in these texts, together.
pub(super) fn findings(texts: &[(&str, String); 4]) -> Vec<Diagnostic> {
    let [manifest, words, tables, road] =
        texts.each_ref().map(|(name, text)| Source { name: Arc::from(*name), text: text.clone() });
    let folder = Folder {
        name: "sample".to_owned(),
        files: vec![manifest, words, tables],
        carriers: vec![("road".to_owned(), road)],
    };
    let (agency, mut told) = parse(&folder);
    if let Some(agency) = agency {
        told.extend(check(&agency, &schemas()));
    }
    told
}

#[test]
fn the_sample_has_no_finding() {
    let told: Vec<String> = findings(&texts()).iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}
