//! What cannot be said by one change.

use super::LongSeed;

pub(super) const SEEDS: &[LongSeed] = &[
    (
        "by reference, not recognised",
        &[("repeat = \"by-find\"", "repeat = \"by-reference\""), ("\"already-received\"", "\"accepted\"")],
        &[("C10", "[operation.register]", "a second send is not recognised")],
    ),
    (
        "by reference, not sent",
        &[
            ("repeat = \"by-find\"", "repeat = \"by-reference\""),
            ("ref = \"$call.reference\"\nunit", "ref = \"$call.id\"\nunit"),
        ],
        &[("C10", "[operation.register]", "a second send is not recognised")],
    ),
    ("by reference, recognised", &[("repeat = \"by-find\"", "repeat = \"by-reference\"")], &[]),
    (
        "neither reference nor find",
        &[
            ("find = \"find\"\nrepeat = \"by-find\"", "repeat = \"never\""),
            ("ref = \"$call.reference\"\nunit", "ref = \"$call.id\"\nunit"),
        ],
        &[
            ("C10", "[operation.register]", "without `$call.reference` and without `find`"),
            ("C11", "[operation.find]", "nothing uses the helper"),
        ],
    ),
    (
        "write that may miss a let",
        &[
            ("day = \"$paper\"", "day = \"$paper\"\nphone = \"$phone\""),
            ("paper = {", "phone = { path = \"name\", when = { kind = \"first\" } }\npaper = {"),
        ],
        &[("C4", "phone = \"$phone\"", "also needs `$phone`")],
    ),
    (
        "let named like a root",
        &[("day = \"$paper\"", "day = \"$page\""), ("paper = {", "page = {")],
        &[("C2", "page = {", "means something else already")],
    ),
    (
        "let of a message named like a root",
        &[("path = \"$sum.at\"", "path = \"$call.at\""), ("sum = {", "call = {")],
        &[("C2", "call = {", "means something else already")],
    ),
    (
        "event drawn by nobody",
        &[
            (
                "[paid.paid]\nreference = \"ref\"\npaid_at = { path = \"$sum.at\", date = \"yyyyMMddHHmmss\" }\n",
                "",
            ),
            ("state = { const = \"00\" }", "state = \"$sum.state\""),
        ],
        &[("C14", "[inbound.paid]", "the event `paid` is not drawn")],
    ),
    (
        "catch-all in a descriptive table",
        &[("Kinh = \"01\"", "Kinh = \"01\"\nother = \"*\"")],
        &[("C6", "other = ", "is descriptive, so `\"*\"` takes nothing")],
    ),
    (
        "one mistake is told once",
        &[
            ("day = \"$paper\"", "day = \"$paper?\""),
            ("paper = { path = \"issued_on\", date = \"dd/MM/yyyy\" }", "paper = \"issue_on\""),
        ],
        &[
            ("C3", "paper = ", "has no `issue_on`"),
            ("L12", "[operation.register]", "`issued_on`, which never"),
        ],
    ),
    (
        "a let drawn as an object reaches the wire",
        &[
            ("name = \"name\"\nday", "more = \"$box\"\nday"),
            ("paper = {", "box = { n = \"name\" }\npaper = {"),
        ],
        &[],
    ),
];
