//! Seeded author's mistakes: two sound agencies, and every mistake of the list sown into them one at a time.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use adapter_api::agency::Folder;
use adapter_api::declarative::Declarative;
use adapter_api::diagnostic::Source;
use adapter_api::schema::read::read_short;
use adapter_api::{Adapter, Call, Exchange, Fault, Inbound, Outcome, Reason, Received, Step, Tree};
use conformance::folder::CARRIERS;
use conformance::{AgencyInput, Effort, Report, Side, check_all, check_folder, disk, update_talks};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/seeds"))
}

/// A sound agency, its files named below `agencies/`.
fn sound(agency: &str) -> AgencyInput {
    let home = root().join("agencies");
    let read = disk::read(&home, Path::new("/nowhere"));
    let mut input = read.input(agency).unwrap();
    let short = |source: &Source| Source {
        name: Path::new(&*source.name).strip_prefix(&home).unwrap().display().to_string().into(),
        text: source.text.clone(),
    };
    let Folder { name, files, carriers } = input.folder;
    input.folder = Folder {
        name,
        files: files.iter().map(short).collect(),
        carriers: carriers.iter().map(|(carrier, source)| (carrier.clone(), short(source))).collect(),
    };
    input.talks = input.talks.iter().map(short).collect();
    let schemas = std::fs::read_to_string(root().join("schemas.toml")).unwrap();
    input.schemas = Arc::new(read_short(&schemas).unwrap());
    input.effort = Effort::Quick;
    input
}

/// `UPDATE=1 cargo test -p conformance sound_agencies` writes their talks anew, after one was changed on purpose; the tests
/// beside this one read them meanwhile.
#[test]
fn the_sound_agencies_are_green() {
    for agency in ["registry", "dossier"] {
        if disk::wants_update() {
            for talk in update_talks(&sound(agency)) {
                std::fs::write(root().join("agencies").join(&*talk.name), talk.text).unwrap();
            }
        }
        let report: Report = check_folder(&sound(agency));
        assert!(report.findings.is_empty(), "{}", report.text(Default::default()));
        assert!(report.counts.trials > 200, "{}", report.text(Default::default()));
    }
}

/// One mistake: what is changed in which file, and the finding that must come, with the line it must point
/// at.
struct Seed {
    name: &'static str,
    agency: &'static str,
    /// (file, what stands there, what the author wrote instead).
    changes: &'static [(&'static str, &'static str, &'static str)],
    /// One of these codes …
    codes: &'static [&'static str],
    /// … at a line of this file that holds this text.
    place: (&'static str, &'static str),
}

const PERSON: &str = "registry/person.toml";
const REGISTRY: &str = "registry/adapter.toml";
const TALK: &str = "registry/fixtures/person.found.talk";
const DOSSIER: &str = "dossier/adapter.toml";
const WORDS: &str = "dossier/words.toml";
const TRACK: &str = "dossier/fixtures/track.talk";
const SUBMIT: &str = "dossier/fixtures/submit.talk";

const SEEDS: &[Seed] = &[
    Seed {
        name: "day and month swapped, reading",
        agency: "registry",
        changes: &[(PERSON, r#"date = ["dd/MM/yyyy", "yyyy"]"#, r#"date = ["MM/dd/yyyy", "yyyy"]"#)],
        codes: &["L3"],
        place: (TALK, "\"birth_date\": \"1942-03-05\""),
    },
    Seed {
        name: "day and month swapped, and the talk made to agree",
        agency: "registry",
        changes: &[
            (PERSON, r#"date = ["dd/MM/yyyy", "yyyy"]"#, r#"date = ["MM/dd/yyyy", "yyyy"]"#),
            (
                TALK,
                " \"birth_date\": \"1942-03-05\",\n \"children\"",
                " \"birth_date\": \"1942-05-03\",\n \"children\"",
            ),
        ],
        codes: &["L14"],
        place: (TALK, "### reply    200"),
    },
    Seed {
        name: "day and month swapped, writing",
        agency: "registry",
        changes: &[(
            PERSON,
            r#"date = ["dd/MM/yyyy", "MM/yyyy", "yyyy"]"#,
            r#"date = ["MM/dd/yyyy", "MM/yyyy", "yyyy"]"#,
        )],
        codes: &["L3"],
        place: (TALK, "<r:Born>05/03/1942</r:Born>"),
    },
    Seed {
        name: "an unknown code treated as done",
        agency: "dossier",
        changes: &[(
            DOSSIER,
            r#"{ code = 0, message = { contains = "thành công" } }"#,
            r#"{ code = { empty = false }, message = { contains = "thành công" } }"#,
        )],
        codes: &["L8"],
        place: (SUBMIT, "### reply    200"),
    },
    Seed {
        name: "an unknown state treated as done",
        agency: "dossier",
        changes: &[("dossier/tables.toml", "returned   = \"3\"", "returned   = \"*\"")],
        codes: &["L8"],
        place: ("dossier/tables.toml", "returned"),
    },
    Seed {
        name: "a code table shifted by one",
        agency: "registry",
        changes: &[(
            "registry/tables.toml",
            "male   = \"1\"\nfemale = \"2\"",
            "male   = \"0\"\nfemale = \"1\"",
        )],
        codes: &["L3"],
        place: (TALK, "\"sex\": \"male\""),
    },
    Seed {
        name: "a required field unmapped, reading",
        agency: "registry",
        changes: &[(PERSON, "children    = \"$who.Children\"\n", "")],
        codes: &["C5"],
        place: (PERSON, "[person.found]"),
    },
    Seed {
        name: "a required field unmapped, writing",
        agency: "registry",
        changes: &[(PERSON, "Name     = { path = \"full_name\", text = [\"upper\"] }\n", "")],
        codes: &["L12"],
        place: (REGISTRY, "[operation.person]"),
    },
    Seed {
        name: "a field mapped to a wrong type",
        agency: "registry",
        changes: &[(PERSON, "children    = \"$who.Children\"", "children    = \"$who.Name\"")],
        codes: &["L3"],
        place: (TALK, "### outcome  found"),
    },
    Seed {
        name: "an object mapped to a single field",
        agency: "registry",
        changes: &[(
            PERSON,
            "nationality = \"$who.Nation?\"",
            "nationality = { path = \"$who.Address?\", shape = \"address\" }",
        )],
        codes: &["C5"],
        // The finding stands where the object is drawn; its path names the field.
        place: (PERSON, "[shape.address]"),
    },
    Seed {
        name: "a path with a typo, theirs",
        agency: "registry",
        changes: &[(PERSON, "children    = \"$who.Children\"", "children    = \"$who.Chidren\"")],
        codes: &["L3"],
        place: (TALK, "### outcome  found"),
    },
    Seed {
        name: "a path with a typo, ours",
        agency: "registry",
        changes: &[(PERSON, "Id       = \"personal_id\"", "Id       = \"personel_id\"")],
        codes: &["C3"],
        place: (PERSON, "personel_id"),
    },
    Seed {
        name: "a wrong namespace",
        agency: "registry",
        changes: &[(REGISTRY, "urn:example:registry", "urn:example:registry/")],
        codes: &["L3"],
        place: (TALK, "<r:Ask xmlns:r="),
    },
    Seed {
        name: "a wrong order of elements",
        agency: "registry",
        changes: &[
            (PERSON, "Id       = \"personal_id\"\n", ""),
            (PERSON, "Note     = ", "Id       = \"personal_id\"\nNote     = "),
        ],
        codes: &["L3"],
        place: (TALK, "<r:Id>"),
    },
    Seed {
        name: "a list read as one",
        agency: "registry",
        changes: &[(
            PERSON,
            r#"relatives   = { each = "$who.Relatives?.Relative?", item = { full_name = "Name", relation = { path = "Kind", table = "relation" } } }"#,
            r#"relatives   = [{ full_name = "$who.Relatives.Relative.Name", relation = { path = "$who.Relatives.Relative.Kind", table = "relation" } }]"#,
        )],
        codes: &["L3"],
        place: (TALK, "### outcome  found"),
    },
    Seed {
        name: "one read as a list",
        agency: "registry",
        changes: &[(
            PERSON,
            "nationality = \"$who.Nation?\"",
            "nationality = { each = \"$who.Nation?\", item = \".\" }",
        )],
        codes: &["C5"],
        place: (PERSON, "nationality"),
    },
    Seed {
        name: "\"no\" concluded from a list that is missing",
        agency: "dossier",
        changes: &[(
            DOSSIER,
            r#"{ code = 0, rows = { list = true }, "$mine" = { empty = true } }, then = "absent" },
]

[exchange.track]"#,
            r#"{ code = 0, "$mine" = { empty = true } }, then = "absent" },
]

[exchange.track]"#,
        )],
        codes: &["C9", "L14"],
        place: (DOSSIER, r#"{ code = 0, "$mine" = { empty = true } }"#),
    },
    Seed {
        name: "\"no\" concluded after silence from a null in place of the list",
        agency: "dossier",
        changes: &[(
            DOSSIER,
            r#"{ code = 0, rows = { list = true }, "$mine" = { empty = true } }, then = "absent" },
]

[exchange.track]"#,
            r#"{ code = 0, rows = { exists = true }, "$mine" = { empty = true } }, then = "absent" },
]

[exchange.track]"#,
        )],
        codes: &["L14"],
        place: ("dossier/fixtures/find.talk", "### reply    200"),
    },
    Seed {
        name: "a success phrase that its own negation satisfies",
        agency: "dossier",
        changes: &[(
            DOSSIER,
            r#"message = { contains = "thành công" }"#,
            r#"message = { matches = "thành công" }"#,
        )],
        codes: &["L14"],
        place: (SUBMIT, "### reply    200"),
    },
    Seed {
        name: "a carrier's text rule that can look into a good reply",
        agency: "registry",
        changes: &[(
            "carriers/road.toml",
            r#""$reply.status" = [401, 403], "$reply.text""#,
            r#""$reply.text""#,
        )],
        codes: &["C9"],
        place: ("carriers/road.toml", "invalid token"),
    },
    Seed {
        name: "\"no\" reported as a fault",
        agency: "registry",
        changes: &[(REGISTRY, "then = \"absent\"", "then = \"malformed\"")],
        codes: &["L3"],
        place: (TALK, "### outcome  absent"),
    },
    Seed {
        name: "a fault reported as \"no\"",
        agency: "registry",
        changes: &[(REGISTRY, "then = \"rejected\"", "then = \"absent\"")],
        codes: &["L3"],
        place: (TALK, "### fault    rejected"),
    },
    Seed {
        name: "the subject not compared",
        agency: "registry",
        changes: &[(REGISTRY, "subject   = \"personal_id\"\n", "")],
        codes: &["L11"],
        place: (TALK, "### reply    200"),
    },
    Seed {
        name: "an agency's sentence as the code of a problem",
        agency: "registry",
        changes: &[(PERSON, "code = \"r:Answer.Code\"", "code = \"r:Answer.Text?\"")],
        codes: &["L10"],
        place: (TALK, "### reply    200"),
    },
    Seed {
        name: "a date in the wrong century, and the talk made to agree",
        agency: "registry",
        changes: &[
            (TALK, "<Born>05/03/1942</Born><Children>2", "<Born>05/03/2042</Born><Children>2"),
            (
                TALK,
                " \"birth_date\": \"1942-03-05\",\n \"children\": 2",
                " \"birth_date\": \"2042-03-05\",\n \"children\": 2",
            ),
        ],
        codes: &["L4"],
        place: (TALK, "### reply    200"),
    },
    Seed {
        name: "a death that lies ahead, and the talk made to agree",
        agency: "registry",
        changes: &[
            (TALK, "<Died>10/08/2025</Died>", "<Died>10/08/2052</Died>"),
            (TALK, "\"died_on\": \"2025-08-10\"", "\"died_on\": \"2052-08-10\""),
        ],
        codes: &["L4"],
        place: (TALK, "### reply    200"),
    },
    Seed {
        name: "another header than the talk shows",
        agency: "registry",
        changes: &[(REGISTRY, "urn:registry-ask", "urn:registry-tell")],
        codes: &["L3"],
        place: (TALK, "SOAPAction: urn:registry-ask"),
    },
    Seed {
        name: "a header that the talk does not show",
        agency: "registry",
        changes: &[(TALK, "SOAPAction: urn:registry-ask\n\n", "")],
        codes: &["L3"],
        place: (TALK, "### send     POST /Registry"),
    },
    Seed {
        name: "something optional treated as required, writing",
        agency: "registry",
        changes: &[
            (PERSON, "Note     = \"note?\"", "Note     = \"note\""),
            (TALK, ", \"note\": \"hồ sơ thử\"", ""),
        ],
        codes: &["L3"],
        place: (TALK, "### send     POST /Registry"),
    },
    Seed {
        name: "something optional treated as required, reading",
        agency: "registry",
        changes: &[(PERSON, "nationality = \"$who.Nation?\"", "nationality = \"$who.Nation\"")],
        codes: &["L3"],
        place: (TALK, "### outcome  found"),
    },
    Seed {
        name: "something required treated as optional, writing",
        agency: "registry",
        changes: &[(PERSON, "path = \"full_name\"", "path = \"full_name?\"")],
        codes: &["C4"],
        place: (PERSON, "full_name?"),
    },
    Seed {
        name: "rules in an order that hides one",
        agency: "dossier",
        changes: &[
            (
                DOSSIER,
                r#"  { when = { code = 0, message = { contains = "đã tồn tại" } }, then = "already-received" },
"#,
                "",
            ),
            (
                DOSSIER,
                r#"then = "accepted" },
  { when = { code = 7 }"#,
                r#"then = "accepted" },
  { when = { code = 0, message = { contains = "cập nhật thành công" } }, then = "already-received" },
  { when = { code = 7 }"#,
            ),
        ],
        codes: &["L13"],
        place: (DOSSIER, "cập nhật thành công"),
    },
    Seed {
        name: "a talk whose outcome breaks its schema",
        agency: "registry",
        changes: &[(TALK, " \"children\": 2,", " \"children\": \"hai\",")],
        codes: &["L3"],
        place: (TALK, "\"children\": \"hai\""),
    },
    Seed {
        name: "a key of the manifest misspelt",
        agency: "registry",
        changes: &[(REGISTRY, "subject   = ", "subjekt   = ")],
        codes: &["C1"],
        place: (REGISTRY, "subjekt"),
    },
    Seed {
        name: "a key of a talk's call misspelt",
        agency: "registry",
        changes: &[(TALK, "\"purpose\": {", "\"purpos\": {")],
        codes: &["L1"],
        place: (TALK, "### call"),
    },
    Seed {
        name: "a write that does not say what a second send does",
        agency: "dossier",
        changes: &[(DOSSIER, "repeat     = \"by-find\"\n", "")],
        codes: &["L9"],
        place: (DOSSIER, "[operation.submit]"),
    },
    Seed {
        name: "a duplicate taken for a fresh acceptance",
        agency: "dossier",
        changes: &[(DOSSIER, "then = \"already-received\"", "then = \"accepted\"")],
        codes: &["L3"],
        place: (SUBMIT, "### outcome  already-received"),
    },
    Seed {
        name: "a row of somebody else's taken for mine",
        agency: "dossier",
        changes: &[(
            WORDS,
            r#"mine = { each = "$items", when = { code = { same = "$query.code" } }, item = "." }"#,
            r#"mine = { each = "$items", item = "." }"#,
        )],
        codes: &["L3"],
        place: (TRACK, "### outcome  found"),
    },
    Seed {
        name: "a talk missing",
        agency: "dossier",
        changes: &[(
            SUBMIT,
            "### reply    200 application/json\n{\"code\":7,\"message\":\"Không đúng thẩm quyền\"}\n### outcome  declined\n{\n \"reason\": \"Không đúng thẩm quyền\"\n}\n",
            "",
        )],
        codes: &["L13"],
        place: (DOSSIER, "{ code = 7 }"),
    },
    Seed {
        name: "a write whose silence no talk shows",
        agency: "dossier",
        changes: &[(
            SUBMIT,
            "### reply    200 application/json\n{\"code\":9,\"message\":\"Bận\"}\n### fault    uncertain\n{\n \"exchange\": \"submit\",\n \"why\": \"no rule holds\"\n}\n",
            "",
        )],
        codes: &["L2"],
        place: (DOSSIER, "[operation.submit]"),
    },
    Seed {
        name: "a success that does not look at the status",
        agency: "registry",
        changes: &[(
            REGISTRY,
            r#""r:Answer.People.Person" = { empty = false } }, then = "found""#,
            r#""r:Answer.People.Person" = { empty = false }, "$reply.status" = { exists = true } }, then = "found""#,
        )],
        codes: &["L7"],
        place: (TALK, "### reply    200"),
    },
];

/// Sows a mistake; the search text must be there exactly once, or the seed itself is wrong.
fn sow(seed: &Seed) -> AgencyInput {
    let mut input = sound(seed.agency);
    for (file, from, to) in seed.changes {
        let carriers = input.folder.carriers.iter_mut().map(|(_, source)| source);
        let mut sources = input.folder.files.iter_mut().chain(carriers).chain(&mut input.talks);
        let source = sources.find(|source| &*source.name == *file).unwrap();
        assert_eq!(source.text.matches(from).count(), 1, "{}: `{from}` in {file}", seed.name);
        source.text = source.text.replacen(from, to, 1);
    }
    input
}

fn line_of(input: &AgencyInput, file: &str, line: u32) -> String {
    let carriers = input.folder.carriers.iter().map(|(_, source)| source);
    let source =
        input.folder.files.iter().chain(carriers).chain(&input.talks).find(|source| &*source.name == file);
    source.and_then(|source| source.text.lines().nth(line as usize - 1)).unwrap_or_default().to_owned()
}

#[test]
fn every_seeded_mistake_is_found_where_it_was_made() {
    let mut missed = Vec::new();
    for seed in SEEDS {
        let input = sow(seed);
        let report = check_folder(&input);
        let (file, text) = seed.place;
        let named = report.errors().any(|finding| {
            seed.codes.contains(&finding.code)
                && &*finding.place.file == file
                && line_of(&input, file, finding.place.line).contains(text)
        });
        if !named {
            missed.push(format!("### {}\n{}", seed.name, report.text(Default::default())));
        }
    }
    assert!(missed.is_empty(), "{} of {} missed\n{}", missed.len(), SEEDS.len(), missed.join("\n"));
}

/// What data cannot say: a coded adapter around the declarative one, with a mistake of its own.
struct Coded {
    inner: Declarative,
    twist: fn(&Declarative, &Call, &[Exchange]) -> Result<Step, Fault>,
}

impl Adapter for Coded {
    fn next(&self, call: &Call, said: &[Exchange]) -> Result<Step, Fault> {
        (self.twist)(&self.inner, call, said)
    }

    fn receive(&self, message: &Inbound) -> Result<Received, Fault> {
        self.inner.receive(message)
    }
}

fn malformed(why: String) -> Fault {
    Fault::Malformed(Reason { why, ..Reason::default() })
}

/// Name, agency, mistake, expected code.
type CodedSeed =
    (&'static str, &'static str, fn(&Declarative, &Call, &[Exchange]) -> Result<Step, Fault>, &'static str);

const CODED: [CodedSeed; 10] = [
    ("a coded adapter without a mistake", "registry", |inner, call, said| inner.next(call, said), ""),
    (
        "the subject in a fault's text",
        "registry",
        |inner, call, said| {
            let quoting = |_| malformed(format!("no answer for {}", call.query["personal_id"]));
            inner.next(call, said).map_err(quoting)
        },
        "L10",
    ),
    (
        "the agency's text in a problem",
        "registry",
        |inner, call, said| {
            let text = said.last().map(|exchange| exchange.reply.text.clone()).unwrap_or_default();
            inner.next(call, said).map_err(|_| malformed(text))
        },
        "L10",
    ),
    (
        "an officer's name in a fault's text",
        "registry",
        |inner, call, said| {
            inner.next(call, said).map_err(|_| Fault::AdapterFailed { place: call.purpose.to_string() })
        },
        "L10",
    ),
    (
        "a later page not judged",
        "dossier",
        |inner, call, said| {
            let mut said = said.to_vec();
            for exchange in said.iter_mut().skip(1) {
                if exchange.reply.body.is_err() || exchange.reply.status > 299 {
                    exchange.reply.status = 200;
                    exchange.reply.body = Ok(Tree::Object(vec![
                        ("code".into(), Tree::Number("0".into())),
                        ("rows".into(), Tree::List(Vec::new())),
                    ]));
                }
            }
            inner.next(call, &said)
        },
        "L15",
    ),
    (
        "a panic on a short reply",
        "registry",
        |inner, call, said| {
            assert!(said.iter().all(|exchange| exchange.reply.text.len() > 3), "a panic that was sown");
            inner.next(call, said)
        },
        "L7",
    ),
    (
        "a step that depends on a counter",
        "dossier",
        |inner, call, said| {
            static COUNTER: AtomicU32 = AtomicU32::new(0);
            let id = format!("{}{}", call.id, COUNTER.fetch_add(1, Ordering::Relaxed));
            match inner.next(call, said) {
                Ok(Step::Done(_)) => {
                    Ok(Step::Done(Outcome::Accepted { references: vec![("id".into(), id)], already: false }))
                }
                other => other,
            }
        },
        "L5",
    ),
    (
        "pages without an end as long as the agency sends rows",
        "dossier",
        |inner, call, said| match inner.next(call, said) {
            Ok(Step::Done(_)) | Err(_)
                if said.last().is_some_and(|page| page.reply.text.contains("\"id\"")) =>
            {
                inner.next(call, &[])
            }
            other => other,
        },
        "L6",
    ),
    (
        "a name left over from trying out, sent for everybody",
        "registry",
        |inner, call, said| {
            let mut call = call.clone();
            call.query["full_name"] = "Nguyễn Văn Mẫu".into();
            inner.next(&call, said)
        },
        "L12",
    ),
    (
        "two people in one reply, the first one taken",
        "registry",
        |inner, call, said| {
            let mut said = said.to_vec();
            if let Some(Ok(Tree::Element(body))) =
                said.last_mut().map(|exchange| exchange.reply.body.as_mut())
            {
                let people = body
                    .children
                    .iter_mut()
                    .flat_map(|answer| &mut answer.children)
                    .filter(|child| child.name == "People");
                people.for_each(|people| people.children.truncate(1));
            }
            inner.next(call, &said)
        },
        "",
    ),
];

#[test]
fn mistakes_of_coded_adapters_are_found_too() {
    for (name, agency, twist, code) in CODED {
        let mut input = sound(agency);
        let (parsed, _) = adapter_api::agency::parse(&input.folder);
        let inner = Declarative::new(Arc::new(parsed.unwrap()), Arc::clone(&input.schemas));
        input.coded = Some(Arc::new(Coded { inner, twist }));
        let report = check_folder(&input);
        let found: Vec<&str> = report.errors().map(|finding| finding.code).collect();
        let told = report.text(Default::default());
        assert!(if code.is_empty() { found.is_empty() } else { found.contains(&code) }, "{name}\n{told}");
        assert!(
            report.errors().all(|finding| !finding.place.file.is_empty() && finding.place.line > 0),
            "{name}"
        );
    }
}

/// Of the carrier `road` one rule is reached by `dossier`, the other by nobody.
#[test]
fn a_carriers_rule_is_reached_by_some_agency() {
    let told = |inputs: &[AgencyInput]| -> Vec<String> {
        let reports = check_all(inputs);
        assert_eq!(reports.iter().filter(|report| report.agency != CARRIERS).count(), inputs.len());
        let carriers = reports.iter().filter(|report| report.agency == CARRIERS);
        carriers.flat_map(|report| &report.findings).map(ToString::to_string).collect()
    };
    let both = || vec![sound("registry"), sound("dossier")];
    let missed = told(&both());
    assert_eq!(missed.len(), 1, "{missed:?}");
    assert!(missed[0].starts_with("carriers/road.toml:4: error[L13] road:"), "{missed:?}");
    assert_eq!(told(&[sound("registry")]).len(), 2, "alone, registry reaches none of them");

    let mut reached = both();
    let talk = reached[0].talks.iter_mut().find(|talk| &*talk.name == TALK).unwrap();
    talk.text.push_str("### reply    503 text/plain\nbusy\n### fault    unavailable\n");
    assert_eq!(told(&reached), Vec::<String>::new());

    let mut unused = both();
    for file in unused.iter_mut().flat_map(|input| &mut input.folder.files) {
        file.text = file.text.replace("through = [\"road\"]", "through = []");
    }
    assert_eq!(told(&unused), Vec::<String>::new(), "nobody goes through it");

    let mut unreadable = both();
    unreadable[1].folder.files.clear();
    assert_eq!(told(&unreadable), Vec::<String>::new(), "nobody knows what it would have reached");
}

#[test]
fn every_law_is_broken_by_a_seed() {
    let in_data = SEEDS.iter().flat_map(|seed| seed.codes.iter().copied());
    let told: Vec<&str> = in_data.chain(CODED.iter().map(|(_, _, _, code)| *code)).collect();
    for law in conformance::laws::ALL {
        assert!(told.contains(&law.code), "no seed breaks {}", law.code);
    }
    assert!(SEEDS.len() + CODED.len() >= 40);
}

#[test]
fn the_callers_validator_is_asked_about_both_sides() {
    let mut input = sound("registry");
    input.validator = Some(Arc::new(|service: &str, side: Side, value: &serde_json::Value| match side {
        Side::Query => Vec::new(),
        Side::Answer if value["personal_id"] == "038042000001" => {
            vec![format!("{service}: /personal_id: a check of its own")]
        }
        Side::Answer => Vec::new(),
    }));
    let report = check_folder(&input);
    let told: Vec<String> = report.errors().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told.iter().all(|told| told.contains("error[L4]") && told.contains("a check of its own")),
        "{told:?}"
    );
}

#[test]
fn an_update_rewrites_our_part_and_keeps_every_reply() {
    let input = sound("registry");
    assert_eq!(update_talks(&input), [], "a sound talk is already what the adapter says");
    let mut wrong = sound("registry");
    let talk = wrong.talks.iter_mut().find(|talk| &*talk.name == TALK).unwrap();
    let whole = talk.text.clone();
    let replies = |text: &str| {
        text.lines().filter(|line| line.contains("<Answer") || line.contains("</Answer>")).count()
    };
    talk.text = talk
        .text
        .replace("\"sex\": \"male\"", "\"sex\": \"female\"")
        .replace("<r:Id>038042000001", "<r:Id>1");
    assert_ne!(talk.text, whole);
    let rewritten = update_talks(&wrong);
    assert_eq!(rewritten.len(), 1);
    assert_eq!(rewritten[0].text, whole);

    // An adapter that ends the conversation before its time loses no evidence either.
    let mut shorter = sound("dossier");
    let words = shorter.folder.files.iter_mut().find(|source| &*source.name == DOSSIER).unwrap();
    words.text = words.text.replace("at_most = 4", "at_most = 1");
    for talk in update_talks(&shorter) {
        let before = shorter.talks.iter().find(|source| source.name == talk.name).unwrap();
        let replies = |text: &str| text.lines().filter(|line| line.starts_with("### reply")).count();
        assert_eq!(replies(&talk.text), replies(&before.text), "{}", talk.name);
    }
    assert_eq!(replies(&rewritten[0].text), replies(&whole));
}
