//! Names, paths and prefixes: C1 to C4.

use super::Seed;

pub(super) const SEEDS: &[Seed] = &[
    (
        "manifest misspelt",
        "exchanges = [\"register\"]",
        "exchangs = [\"register\"]",
        &[
            ("C1", "exchangs", "did you mean `exchanges`?"),
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
    (
        "let that is never absent",
        "day = \"$paper\"",
        "day = \"$paper?\"",
        &[("C4", "day = ", "`$paper` is never absent")],
    ),
    (
        "let of theirs that is never absent",
        "full_name = \"$who.Name\"",
        "full_name = \"$who?.Name\"",
        &[
            ("C4", "full_name = \"$who", "`$who` is never absent"),
            ("C5", "full_name = \"$who", "requires `full_name` and it may be absent"),
        ],
    ),
    (
        "required field that may be absent",
        "full_name = \"$who.Name\"",
        "full_name = \"$who.Name?\"",
        &[("C5", "full_name = \"$who", "requires `full_name` and it may be absent")],
    ),
    (
        "list tested as text",
        "path = \"full_name\", text = [\"upper\"]",
        "path = \"full_name\", when = { \"$call.id\" = \"1\", \".\" = \"2\" }",
        &[("C3", "path = \"full_name\", when", "is an object, the test is for text")],
    ),
    (
        "shape of a single value",
        "items = { each = \"items\", item = { code",
        "more = { path = \"name\", shape = \"address\" }\nitems = { each = \"items\", item = { code",
        &[("C3", "more = ", "drawn from an object, this is text")],
    ),
    (
        "row of together misspelt",
        "item = \"reference\" }",
        "item = \"refrence\" }",
        &[("C2", "refs = ", "a row of `$together` has no `refrence`")],
    ),
    (
        "not needed: a test guards it",
        "id = { first = [\"personal_id?\", \"$number.id\"] }",
        "id = { path = \"personal_id\", when = { personal_id = { empty = false } } }",
        &[],
    ),
];
