//! One mistake at a time in the sample agency: each is found, by its code, at its line, and nothing else is.

use super::sample::{findings, texts};

/// A mistake: what it is called, the text changed (it occurs once), what it becomes, and what is to be found.
type Seed = (&'static str, &'static str, &'static str, &'static [Found]);

/// What is to be found: code, a text that occurs on that line alone, a part of the message or of its help.
type Found = (&'static str, &'static str, &'static str);

/// Names, paths and prefixes: C1 to C4.
const NAMES: &[Seed] = &[
    (
        "manifest misspelt",
        "exchanges = [\"register\"]",
        "exchangs = [\"register\"]",
        &[
            ("C1", "exchangs", "did you mean `exchanges`?"),
            ("C1", "[operation.register]", "`exchanges` is missing"),
            ("C10", "[operation.register]", "has no exchange"),
            ("C11", "[exchange.register]", "nothing uses the exchange"),
        ],
    ),
    (
        "unknown let",
        "day = \"$paper\"",
        "day = \"$papre\"",
        &[
            ("C2", "day = ", "nothing is called `$papre` here"),
            ("C11", "paper = ", "nothing uses the let `paper`"),
            ("L12", "[operation.register]", "`issued_on`, which never reaches the wire"),
        ],
    ),
    (
        "unknown setting",
        "unit = \"$setting.unit\"",
        "unit = \"$setting.unt\"",
        &[
            ("C2", "$setting.unt", "did you mean `unit`?"),
            ("C11", "agency = ", "nothing uses the setting `unit`"),
        ],
    ),
    (
        "wrong prefix",
        "who = \"p:Reply.Person\"",
        "who = \"q:Reply.Person\"",
        &[("C2", "who = ", "prefix `q` is not declared")],
    ),
    (
        "wrong part of the call",
        "ref = \"$call.reference\"",
        "ref = \"$call.refrence\"",
        &[("C2", "$call.refrence", "did you mean `reference`?")],
    ),
    (
        "a read has no reference",
        "user = { secret = \"user\" }",
        "user = \"$call.reference\"",
        &[
            ("C2", "user = \"$call", "has no `reference`"),
            ("C13", "[credentials.account]", "nothing uses the secret `user`"),
        ],
    ),
    (
        "reply in a request",
        "after = \"$cursor?\"",
        "after = \"$reply.status\"",
        &[("C2", "after = ", "there is no reply yet")],
    ),
    (
        "let of the reply in a request",
        "refs = { each = \"$together\", item = \"reference\" }",
        "refs = \"$mine\"",
        &[
            ("C2", "refs = ", "is read from the reply"),
            ("C10", "[operation.find]", "no exchange names `$together`"),
        ],
    ),
    (
        "pages where there are none",
        "name = \"name\"",
        "name = \"$cursor?\"",
        &[("C2", "name = \"$cursor?\"", "no pages"), ("L12", "[operation.register]", "`name`, which never")],
    ),
    (
        "position outside each",
        "unit = \"$setting.unit\"",
        "unit = \"$position\"",
        &[("C2", "unit = \"$position\"", "rows of `each`"), ("C11", "agency = ", "setting `unit`")],
    ),
    (
        "no such shape",
        "shape = \"address\"",
        "shape = \"adress\"",
        &[
            ("C2", "shape = \"adress\"", "did you mean `address`?"),
            ("C11", "[shape.address]", "nothing uses the shape"),
        ],
    ),
    (
        "path typo",
        "path = \"full_name\", text",
        "path = \"full_nmae\", text",
        &[
            ("C3", "full_nmae", "did you mean `full_name`?"),
            ("L12", "[operation.person]", "`full_name`, which never"),
        ],
    ),
    (
        "step through a list",
        "name = \"name\"",
        "name = \"items.code\"",
        &[
            ("C3", "name = \"items.code\"", "through a list"),
            ("L12", "[operation.register]", "`name`, which never"),
        ],
    ),
    (
        "each of one",
        "items = { each = \"items\", item = { code = \"code\", amount = \"amount\", row = \"$position\" } }",
        "items = { each = \"name\", item = { row = \"$position\" } }",
        &[
            ("C3", "each = \"name\"", "this is text"),
            ("L12", "[operation.register]", "`items.code`"),
            ("L12", "[operation.register]", "`items.amount`"),
        ],
    ),
    (
        "step below a single value",
        "name = \"name\"",
        "name = \"name.first\"",
        &[
            ("C3", "name.first", "text has no `first`"),
            ("L12", "[operation.register]", "`name`, which never"),
        ],
    ),
    (
        "group of a pattern misspelt",
        "book = \"$book?.page\"",
        "book = \"$book?.pgae\"",
        &[("C3", "book = \"$book?.pgae\"", "the pattern has no `pgae`")],
    ),
    (
        "required treated as optional",
        "path = \"full_name\", text",
        "path = \"full_name?\", text",
        &[("C4", "full_name?", "never absent")],
    ),
    (
        "optional treated as required",
        "id = { first = [\"personal_id?\", \"$number.id\"] }",
        "id = \"personal_id\"",
        &[("C4", "id = \"personal_id\"", "this operation also needs `personal_id`")],
    ),
    (
        "first that ends too early",
        "[\"personal_id?\", \"$number.id\"]",
        "[\"$number.id\", \"personal_id?\"]",
        &[("C4", "id = { first", "number 2 of `first` is never reached")],
    ),
    (
        "else never used",
        "path = \"full_name\", text = [\"upper\"]",
        "path = \"full_name\", else = \"x\"",
        &[("C4", "else = ", "`else` is never used")],
    ),
    (
        "cursor without question mark",
        "after = \"$cursor?\"",
        "after = \"$cursor\"",
        &[("C4", "after = ", "absent on the first page")],
    ),
    (
        "hole that nothing fills",
        "GET /person/{id}",
        "GET /person/{key}",
        &[("C1", "[exchange.person]", "hole `{key}`"), ("C1", "id = { first", "no hole `{id}`")],
    ),
];

/// Targets, code lists, dates: C5 to C7, C12.
const VALUES: &[Seed] = &[
    (
        "target not in the schema",
        "birth_date = { path = \"$who.Born\"",
        "birth_day = { path = \"$who.Born\"",
        &[
            ("C5", "birth_day = ", "did you mean `birth_date`?"),
            ("C5", "[person.found]", "requires `birth_date`; nothing feeds it"),
        ],
    ),
    (
        "required field fed by nothing",
        "full_name = \"$who.Name\"\n",
        "",
        &[("C5", "[person.found]", "requires `full_name`; nothing feeds it")],
    ),
    (
        "required field in a shape",
        "province = \"Province\"\n",
        "",
        &[("C5", "[shape.address]", "requires `province`")],
    ),
    (
        "wrong type",
        "book = \"$book?.page\"",
        "book = \"$query.full_name\"",
        &[
            ("C5", "book = \"$query", "wants a whole number, this gives text"),
            ("C11", "book = { path", "nothing uses the let `book`"),
        ],
    ),
    (
        "list read as one",
        "addresses = { each = \"$who.Address\", item = { path = \".\", shape = \"address\" } }",
        "addresses = { path = \"$who.Address\", shape = \"address\" }",
        &[("C5", "[shape.address]", "wants a list, an object is drawn")],
    ),
    (
        "one read as a list",
        "full_name = \"$who.Name\"",
        "full_name = [\"$who.Name\"]",
        &[("C5", "full_name = [", "wants text, a list is drawn")],
    ),
    (
        "object read as text",
        "photo.file = { path = \"$who.Photo\", document = \"base64\" }\nphoto.taken_on = { path = \"$who.Taken\", date = \"dd/MM/yyyy\" }",
        "photo = \"$who.Photo\"",
        &[("C5", "photo = ", "wants an object")],
    ),
    (
        "document without document",
        "path = \"$who.Photo\", document = \"base64\"",
        "path = \"$who.Photo\"",
        &[("C5", "photo.file", "wants a document")],
    ),
    (
        "constant of the wrong type",
        "number = \"$mine.number\"",
        "number = { const = \"none\" }",
        &[("C5", "number = { const", "wants a whole number, the constant is `none`")],
    ),
    (
        "verdict that must carry something",
        "[register.supplement]\nwanted = \"message\"\n",
        "",
        &[("C5", "then = \"supplement\"", "must carry wanted")],
    ),
    (
        "object of ours written raw",
        "amount = \"amount\", row = \"$position\" } }",
        "row = \".\" } }",
        &[("C5", "row = \".\"", "an object of ours is written as it is")],
    ),
    (
        "descriptive table for a closed list",
        "path = \"$who.Sex\", table = \"sex\"",
        "path = \"$who.Sex\", table = \"folk\"",
        &[("C5", "table = \"folk\" }\nbirth", "gives { system, code, title }")],
    ),
    (
        "no such table",
        "path = \"sex\", table = \"sex\"",
        "path = \"sex\", table = \"sx\"",
        &[("C6", "table = \"sx\"", "there is no table `sx`")],
    ),
    (
        "word missing in a table",
        "female = \"2\"\n",
        "",
        &[("C6", "path = \"sex\", table", "cannot say female")],
    ),
    (
        "word not in the schema",
        "first = \"A\"",
        "frist = \"A\"",
        &[
            ("C6", "path = \"kind\", table", "cannot say first"),
            ("C6", "$mine.kind", "gives `frist`, not in the schema's closed list"),
        ],
    ),
    (
        "codes shifted",
        "again = [\"B\", \"C\"]",
        "again = [\"A\", \"C\"]",
        &[("C6", "again = ", "the code `A` stands for `first` and for `again`")],
    ),
    (
        "two rows for every other code",
        "again = [\"B\", \"C\"]",
        "again = \"*\"\nother = \"*\"",
        &[
            ("C6", "other = ", "two rows for every other code"),
            ("C6", "path = \"kind\", table", "cannot say again"),
            ("C6", "$mine.kind", "gives `other`"),
        ],
    ),
    (
        "closed list without a table",
        "path = \"$who.Sex\", table = \"sex\"",
        "path = \"$who.Sex\"",
        &[("C6", "path = \"$who.Sex\"", "no table is given")],
    ),
    (
        "closed list of ours written raw",
        "kind = { path = \"kind\", table = \"kind\" }",
        "kind = \"kind\"",
        &[("C6", "kind = \"kind\"", "written as it is")],
    ),
    (
        "table not descriptive",
        "descriptive = \"sample-folk\"\n",
        "",
        &[("C6", "table = \"folk\"", "gives a word")],
    ),
    (
        "test on a word that does not exist",
        "date = [\"yyyyMMdd\", \"yyyyMM\", \"yyyy\"] }\nsex = { path = \"sex\"",
        "date = [\"yyyyMMdd\", \"yyyyMM\", \"yyyy\"], when = { sex = \"men\" } }\nsex = { path = \"sex\"",
        &[("C6", "sex = \"men\"", "never `men`")],
    ),
    (
        "date without format",
        "birth_date = { path = \"$who.Born\", date = [\"yyyyMMdd\", \"yyyyMM\", \"yyyy\"] }",
        "birth_date = \"$who.Born\"",
        &[("C7", "birth_date = \"$who", "no format is given")],
    ),
    (
        "date of ours written raw",
        "paper = { path = \"issued_on\", date = \"dd/MM/yyyy\" }",
        "paper = \"issued_on\"",
        &[("C7", "day = ", "a whole date of ours is written as it is")],
    ),
    (
        "date too coarse for the schema",
        "path = \"$who.Taken\", date = \"dd/MM/yyyy\"",
        "path = \"$who.Taken\", date = \"MM/yyyy\"",
        &[("C7", "photo.taken_on", "`MM/yyyy` gives less")],
    ),
    (
        "moment without time",
        "path = \"$who.Moved?\", date = \"yyyyMMddHHmmss\"",
        "path = \"$who.Moved?\", date = \"yyyyMMdd\"",
        &[("C7", "moved_at", "gives less")],
    ),
    (
        "date with a time",
        "path = \"$who.Taken\", date = \"dd/MM/yyyy\"",
        "path = \"$who.Taken\", date = \"dd/MM/yyyy HH:mm\"",
        &[("C7", "photo.taken_on", "gives a time too")],
    ),
    (
        "date cut",
        "path = \"issued_on\", date = \"dd/MM/yyyy\"",
        "path = \"issued_on\", date = \"yyyy\"",
        &[("C7", "paper = ", "can be written in none of these formats")],
    ),
    (
        "any digit in a request",
        "path = \"issued_on\", date = \"dd/MM/yyyy\"",
        "path = \"issued_on\", date = \"dd/MM/yyyy**\"",
        &[("C7", "paper = ", "`*` is any digit")],
    ),
    (
        "date of a text",
        "path = \"issued_on\", date = \"dd/MM/yyyy\"",
        "path = \"name\", date = \"dd/MM/yyyy\"",
        &[("C7", "paper = ", "`date` of text"), ("L12", "[operation.register]", "`issued_on`, which never")],
    ),
    (
        "partial date of one precision",
        "born = { path = \"birth_date\", date = [\"yyyyMMdd\", \"yyyyMM\", \"yyyy\"] }",
        "born = { path = \"birth_date\", date = \"yyyyMMdd\" }",
        &[("C7", "born = ", "another precision")],
    ),
    (
        "date without a year",
        "path = \"issued_on\", date = \"dd/MM/yyyy\"",
        "path = \"issued_on\", date = \"dd/MM\"",
        &[
            ("C7", "paper = ", "`dd/MM`"),
            ("C2", "day = ", "nothing is called `$paper`"),
            ("L12", "[operation.register]", "`issued_on`, which never"),
        ],
    ),
    (
        "look-ahead in a pattern",
        "'^(?<page>\\d+)/(?<year>\\d+)$'",
        "'^(?=9)(?<page>\\d+)$'",
        &[("C8", "book = { path", "looks ahead"), ("C2", "book = \"$book", "nothing is called `$book`")],
    ),
    (
        "decode in a request",
        "paper = { path = \"issued_on\", date = \"dd/MM/yyyy\" }",
        "paper = { path = \"name\", decode = [\"json\"] }",
        &[
            ("C12", "paper = ", "`decode` stands in a block that writes"),
            ("L12", "[operation.register]", "`issued_on`, which never"),
        ],
    ),
    (
        "encode in an answer",
        "reason = \"message\"",
        "reason = { path = \"message\", encode = [\"json\"] }",
        &[("C12", "reason = ", "`encode` stands in a block that reads")],
    ),
    (
        "table on a word that is ours",
        "path = \"$who.Sex\", table = \"sex\"",
        "path = \"$query.sex\", table = \"sex\"",
        &[("C12", "$query.sex", "ours already")],
    ),
    (
        "date on a word that is theirs",
        "id = { first = [\"personal_id?\", \"$number.id\"] }",
        "id = { path = \"$number.day\", date = \"yyyy\" }",
        &[("C12", "id = { path", "theirs already")],
    ),
];

/// Rules: C9.
const RULES: &[Seed] = &[
    (
        "verdict misspelt",
        "then = \"already-received\"",
        "then = \"already-recieved\"",
        &[("C9", "already-recieved", "did you mean `already-received`?")],
    ),
    (
        "go backward",
        "{ when = { code = \"9\" }, then = \"rejected\" }",
        "{ when = { code = \"9\" }, go = \"number\" }",
        &[
            ("C9", "go = \"number\"", "does not lead forward"),
            ("C11", "[number.rejected]", "leads to the block `rejected`"),
        ],
    ),
    (
        "reached by a rule, not by skipping",
        "when = { personal_id = { empty = true } }\nsend = \"POST /number\"",
        "send = \"POST /number\"",
        &[],
    ),
    (
        "exchange nobody goes to",
        "when = { personal_id = { empty = true } }\nsend = \"POST /number\"\nformat = \"json\"\nkind = \"read\"\nrules = [\n  { when = { id = { matches = '^\\d{12}$' } }, go = \"person\" },",
        "send = \"POST /number\"\nformat = \"json\"\nkind = \"read\"\nrules = [",
        &[("C9", "[operation.person]", "no rule goes to the exchange `person`")],
    ),
    (
        "success by status alone",
        "{ \"p:Reply.Person.Name\" = { empty = false } }",
        "{ \"$reply.status\" = 200 }",
        &[("C9", "then = \"found\"", "without any positive sign")],
    ),
    (
        "success by what was asked and answered",
        "{ when = { rows = { exists = true } }, then = \"page\" }",
        "{ when = { \"$call.id\" = { empty = false }, rows = { empty = false } }, then = \"page\" }",
        &[],
    ),
    (
        "absent from a missing list",
        "list = { exists = true, empty = true }",
        "list = { empty = true }",
        &[
            ("C9", "list = { empty", "without any positive sign"),
            ("C9", "list = { empty", "nothing shows that it could be there"),
        ],
    ),
    (
        "absent from a list whose holder is not shown",
        "{ rows = { exists = true }, \"$mine\" = { empty = true } }",
        "{ code = \"0\", \"$mine\" = { empty = true } }",
        &[("C9", "code = \"0\"", "`$mine` is empty, but nothing shows")],
    ),
    (
        "carrier looks into good replies",
        "{ \"$reply.status\" = [401, 403], \"$reply.text\"",
        "{ \"$reply.text\"",
        &[("C9", "contains = \"token\"", "`$reply.text` is looked into for a good reply")],
    ),
    (
        "own rule looks into good replies",
        "{ \"$reply.status\" = 400, \"$reply.text\"",
        "{ \"$reply.text\"",
        &[("C9", "contains = \"sai\"", "`$reply.text` is looked into for a good reply")],
    ),
    (
        "outcome drawn from raw text",
        "detail = \"Detail?\"",
        "detail = \"$reply.text?\"",
        &[("C9", "detail = ", "an outcome is drawn from `$reply.text`")],
    ),
    (
        "hidden by the same",
        "{ when = { code = 3 }, then = \"supplement\" }",
        "{ when = { code = 2 }, then = \"supplement\" }",
        &[("C9", "{ code = 2 }", "never reached")],
    ),
    (
        "hidden by a weaker one",
        "{ when = { code = 4 }, then = \"declined\" }",
        "{ when = { code = 4, message = \"Cập nhật thành công\" }, then = \"declined\" }",
        &[("C9", "{ code = 4,", "never reached")],
    ),
    (
        "not hidden: the phrase is negated",
        "{ when = { code = 4 }, then = \"declined\" }",
        "{ when = { code = 4, message = \"không thành công\" }, then = \"declined\" }",
        &[],
    ),
    (
        "hidden by the carrier",
        "\"$reply.status\" = 400, \"$reply.text\" = { contains = \"sai\" }",
        "\"$reply.status\" = 503",
        &[("C9", "\"$reply.status\" = 503 }", "never reached")],
    ),
    (
        "not hidden: another status",
        "{ when = { code = 4 }, then = \"declined\" }",
        "{ when = { \"$reply.status\" = 409, code = 2 }, then = \"declined\" }",
        &[],
    ),
    (
        "negated phrase decides success",
        "contains = \"thành công\"",
        "contains = \"không thành công\"",
        &[("C9", "không thành công", "itself negated")],
    ),
    (
        "a write that finds",
        "then = \"already-received\"",
        "then = \"found\"",
        &[
            ("C9", "then = \"found\" },\n  { when = { message", "`found` from an exchange that writes"),
            ("C5", "then = \"found\" },\n  { when = { message", "must carry number, kind"),
        ],
    ),
    (
        "a page nobody judges",
        "{ when = { rows = { exists = true } }, then = \"page\" }",
        "{ when = { state = \"ok\" }, then = \"page\" }",
        &[("C9", "[exchange.news.pages]", "a page cannot be judged")],
    ),
    (
        "no rules",
        "rules = [\n  { when = { rows = { exists = true } }, then = \"page\" },\n]\n",
        "",
        &[
            ("C9", "[exchange.news]", "has no rules"),
            ("C9", "[exchange.news.pages]", "a page cannot be judged"),
            ("C11", "[news.page]", "leads to the block `page`"),
        ],
    ),
];

/// Operations, unused things, secrets, messages, circles, reach: C10 to C15, L12.
const WHOLE: &[Seed] = &[
    (
        "no such service",
        "service = \"sample.news\"",
        "service = \"sample.new\"",
        &[("C10", "[operation.news]", "did you mean `sample.news`?")],
    ),
    (
        "find that helps nobody",
        "for = \"register\"",
        "for = \"registre\"",
        &[
            ("C10", "[operation.find]", "did you mean `register`?"),
            ("C10", "[operation.register]", "`find = \"find\"` is no operation for `register`"),
        ],
    ),
    (
        "find that does not exist",
        "find = \"find\"\n",
        "find = \"look\"\n",
        &[
            ("C10", "[operation.register]", "names no operation"),
            ("C11", "[operation.find]", "nothing uses the helper"),
        ],
    ),
    (
        "find that writes",
        "send = \"POST /lookup\"\nformat = \"json\"\nkind = \"read\"",
        "send = \"POST /lookup\"\nformat = \"json\"\nkind = \"write\"",
        &[("C10", "[operation.register]", "so asking would itself change something")],
    ),
    (
        "no such exchange",
        "exchanges = [\"lookup\"]",
        "exchanges = [\"lokup\"]",
        &[
            ("C10", "[operation.find]", "there is no exchange `lokup`"),
            ("C11", "[exchange.lookup]", "nothing uses the exchange"),
        ],
    ),
    (
        "a write without repeat",
        "repeat = \"by-find\"\n",
        "",
        &[("C10", "[operation.register]", "does not say `repeat`")],
    ),
    (
        "a write without settle_for",
        "settle_for = \"15 min\"\n",
        "",
        &[("C10", "[operation.register]", "does not say `settle_for`")],
    ),
    (
        "by find without find",
        "find = \"find\"\n",
        "",
        &[
            ("C10", "[operation.register]", "names no `find`"),
            ("C11", "[operation.find]", "nothing uses the helper"),
        ],
    ),
    (
        "a read without subject",
        "subject = [\"full_name\", \"birth_date\"]\n",
        "",
        &[("C10", "[operation.person]", "does not say its `subject`")],
    ),
    (
        "subject that is not answered",
        "subject = [\"full_name\", \"birth_date\"]",
        "subject = \"note\"",
        &[("C10", "[operation.person]", "the subject `note` is not in the answer")],
    ),
    (
        "unused that is no field",
        "unused = [\"note\"]",
        "unused = [\"note\", \"notes\"]",
        &[("C10", "[operation.person]", "`notes`, which is not in the request schema")],
    ),
    (
        "a read that repeats",
        "feed = { every_s = 60 }",
        "feed = { every_s = 60 }\nrepeat = \"never\"",
        &[("C10", "[operation.news]", "only reads, so `repeat` says nothing")],
    ),
    (
        "unused table",
        "descriptive = \"sample-folk\"",
        "x = \"1\"\n[more]\ndescriptive = \"sample-folk\"",
        &[("C6", "table = \"folk\"", "gives a word"), ("C11", "[more]", "nothing uses the table `more`")],
    ),
    (
        "unused block",
        "[register.declined]",
        "[register.pending]\nstate = \"code\"\n[register.declined]",
        &[("C11", "[register.pending]", "leads to the block `pending`")],
    ),
    (
        "unused shape",
        "[shape.address]",
        "[shape.name]\ngiven = \"x\"\n[shape.address]",
        &[("C11", "[shape.name]", "nothing uses the shape `name`")],
    ),
    (
        "unused let",
        "paper = {",
        "more = \"name\"\npaper = {",
        &[("C11", "more = ", "nothing uses the let `more`")],
    ),
    (
        "unused setting",
        "unit = \"our unit code\"",
        "unit = \"our unit code\"\nplace = \"x\"",
        &[("C11", "agency = ", "nothing uses the setting `place`")],
    ),
    (
        "unused namespace",
        "p = \"urn:sample\"",
        "p = \"urn:sample\"\nq = \"urn:other\"",
        &[("C11", "agency = ", "nothing uses the namespace `q`")],
    ),
    ("unused seal", "seal = \"order\"\n", "", &[("C11", "[seal.order]", "nothing uses the seal `order`")]),
    (
        "secret nobody gives",
        "token = { secret = \"token\" }",
        "token = { secret = \"tokn\" }",
        &[
            ("C13", "token = { secret", "did you mean `token`?"),
            ("C13", "token = \"session\"", "nothing uses the secret `token`"),
        ],
    ),
    (
        "secret in an answer",
        "reason = \"message\"",
        "reason = { secret = \"key\" }",
        &[("C13", "reason = ", "stands in a block that reads")],
    ),
    (
        "message without verify",
        "verify = { seal = \"message\" }\n",
        "",
        &[("C14", "[inbound.paid]", "anybody could send it")],
    ),
    (
        "answer missing",
        "[paid.answer.unknown]\nref = \"$message.ref\"\nstate = { const = \"01\" }\n",
        "",
        &[("C14", "[inbound.paid]", "has no answer `unknown`")],
    ),
    (
        "seal over a field the answer lacks",
        "ref = \"$message.ref\"\n",
        "",
        &[("C14", "[paid.answer.unknown]", "covers `ref`, which the answer does not draw")],
    ),
    (
        "seal over a field the request lacks",
        "fields = [\"ref\", \"unit\"]",
        "fields = [\"ref\", \"units\"]",
        &[("C14", "[exchange.register]", "covers `units`, which the request does not draw")],
    ),
    (
        "no such event schema",
        "paid = \"sample.paid\"",
        "paid = \"sample.payed\"",
        &[("C14", "[inbound.paid]", "there is no event schema `sample.payed`")],
    ),
    (
        "shape that draws itself",
        "detail = \"Detail?\"",
        "detail = { path = \"Detail?\", shape = \"address\" }",
        &[("C15", "[shape.address]", "draws itself")],
    ),
    (
        "let that needs itself",
        "paper = { path = \"issued_on\"",
        "paper = { path = \"$paper\"",
        &[("C15", "paper = ", "needs itself"), ("L12", "[operation.register]", "`issued_on`, which never")],
    ),
    (
        "required field of the query not written",
        "sex = { path = \"sex\", table = \"sex\" }\n",
        "",
        &[("L12", "[operation.person]", "`sex`, which never reaches the wire")],
    ),
    (
        "field of an item not written",
        "amount = \"amount\", ",
        "",
        &[("L12", "[operation.register]", "`items.amount`, which never")],
    ),
    (
        "unused that is written",
        "unused = [\"note\"]",
        "unused = [\"note\", \"sex\"]",
        &[("L12", "[operation.person]", "`sex`, which does reach the wire")],
    ),
];

/// Every seed of a table; all failures are told at once.
fn check_all(seeds: &[Seed]) {
    let failures: Vec<String> = seeds.iter().filter_map(failure).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
}

/// What is wrong with the findings of one seed.
fn failure((name, from, to, expected): &Seed) -> Option<String> {
    let mut texts = texts();
    let hits: usize = texts.iter().map(|(_, text)| text.matches(from).count()).sum();
    if hits != 1 {
        return Some(format!("{name}: `{from}` occurs {hits} times"));
    }
    for (_, text) in &mut texts {
        *text = text.replace(from, to);
    }
    let mut told: Vec<(String, &str, String)> = findings(&texts)
        .into_iter()
        .map(|found| {
            (
                found.place.to_string(),
                found.code,
                format!("{} {}", found.message, found.help.unwrap_or_default()),
            )
        })
        .collect();
    let mut missing = Vec::new();
    for (code, marker, part) in *expected {
        let line = line_of(&texts, marker);
        let found =
            told.iter().position(|(place, of, said)| *place == line && of == code && said.contains(part));
        match found {
            Some(index) => drop(told.remove(index)),
            None => missing.push(format!("  missing {line} {code} {part}")),
        }
    }
    let besides = told.iter().map(|(place, code, said)| format!("  besides {place} {code} {said}"));
    let all: Vec<String> = missing.into_iter().chain(besides).collect();
    (!all.is_empty()).then(|| format!("{name}\n{}", all.join("\n")))
}

/// The place of the only line on which this text begins.
fn line_of(texts: &[(&str, String); 4], marker: &str) -> String {
    let places: Vec<String> = texts
        .iter()
        .flat_map(|(file, text)| {
            text.match_indices(marker)
                .map(move |(at, _)| format!("{file}:{}", text[..at].matches('\n').count() + 1))
        })
        .collect();
    if let [place] = places.as_slice() { place.clone() } else { format!("`{marker}` begins at {places:?}") }
}

#[test]
fn mistakes_in_names_are_found() {
    check_all(NAMES);
}

#[test]
fn mistakes_in_values_are_found() {
    check_all(VALUES);
}

#[test]
fn mistakes_in_rules_are_found() {
    check_all(RULES);
}

#[test]
fn mistakes_in_the_whole_are_found() {
    check_all(WHOLE);
}

#[test]
fn a_finding_says_where_what_and_the_remedy() {
    let mut texts = texts();
    for (_, text) in &mut texts {
        *text = text.replace("path = \"$who.Sex\", table = \"sex\"", "path = \"$who.Sex\", table = \"sx\"");
    }
    let told: Vec<String> = findings(&texts).iter().map(ToString::to_string).collect();
    let expected =
        "words.toml:23: error[C6] person.found.sex: there is no table `sx`\n  help: did you mean `sex`?";
    assert_eq!(told, [expected]);
}
