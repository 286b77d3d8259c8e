//! Operations, unused things, secrets, messages, circles, reach: C10 to C15, L12.

use super::Seed;

pub(super) const SEEDS: &[Seed] = &[
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
    (
        "no such seal on a message",
        "sign = { seal = \"message\" }",
        "sign = { seal = \"massage\" }",
        &[("C14", "[inbound.paid]", "did you mean `message`?")],
    ),
    (
        "no such seal on a request",
        "seal = \"order\"\n",
        "seal = \"ordre\"\n",
        &[
            ("C14", "[exchange.register]", "there is no seal `ordre`"),
            ("C11", "[seal.order]", "nothing uses the seal"),
        ],
    ),
    (
        "message without a duplicate key",
        "same = [\"ref\", \"state\"]",
        "same = []",
        &[("C14", "[inbound.paid]", "two messages are the same")],
    ),
    (
        "message rule hidden",
        "{ when = { state = \"00\" }, then = \"paid\" },",
        "{ when = { state = \"00\" }, then = \"paid\" },\n  { when = { state = \"00\", kind = \"1\" }, then = \"paid\" },",
        &[("C9", "{ when = { state = \"00\", kind", "never reached")],
    ),
    (
        "event no rule gives",
        "paid = \"sample.paid\"",
        "paid = \"sample.paid\"\nlost = \"sample.paid\"",
        &[
            ("C11", "[inbound.paid]", "no rule gives the event `lost`"),
            ("C14", "[inbound.paid]", "the event `lost` is not drawn"),
        ],
    ),
    (
        "exchange twice",
        "exchanges = [\"news\"]",
        "exchanges = [\"news\", \"news\"]",
        &[("C10", "[operation.news]", "stands twice")],
    ),
    (
        "no login exchange",
        "exchange = \"login\"",
        "exchange = \"signin\"",
        &[
            ("C10", "[credentials.session]", "no exchange `signin` to log in by"),
            ("C11", "[exchange.login]", "nothing uses the exchange"),
            ("C13", "token = { secret", "no credentials give the secret `token`"),
        ],
    ),
    (
        "no such credentials",
        "seal = \"order\"\n",
        "seal = \"order\"\ncredentials = [\"acount\"]\n",
        &[("C10", "[exchange.register]", "there are no credentials `acount`")],
    ),
];
