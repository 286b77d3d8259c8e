//! Rules: C9.

use super::Seed;

pub(super) const SEEDS: &[Seed] = &[
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
    (
        "negation inside the phrase that decides success",
        "contains = \"thành công\"",
        "contains = \"đăng ký không thành công\"",
        &[("C9", "đăng ký không", "itself negated")],
    ),
    (
        "hidden: what lies below shows the whole",
        "{ when = { session = { empty = false } }, then = \"completed\" },",
        "{ when = { session = { empty = false } }, then = \"completed\" },\n  { when = { \"session.id\" = \"1\" }, then = \"rejected\" },",
        &[("C9", "session.id", "never reached")],
    ),
    (
        "success by a blank",
        "{ when = { rows = { exists = true } }, then = \"page\" }",
        "{ when = { rows = \"\" }, then = \"page\" }",
        &[("C9", "rows = \"\"", "without any positive sign")],
    ),
    (
        "reached by skipping alone",
        "  { when = { id = { matches = '^\\d{12}$' } }, go = \"person\" },\n",
        "",
        &[],
    ),
];
