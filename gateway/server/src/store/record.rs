//! How a leg and an event are written down: facts in clear, words sealed, both JSON with a version. Unknown versions are refused.
//!
//! What stands here is stable: a change that an older binary could not read raises the version, and the newer binary goes on
//! reading the older one (F27).

use adapter_api::Finding;
use adapter_api::agency::Repeat;
use adapter_api::fault::{Expected, Position};
use engine::case::leg::Word;
use engine::case::{Entry, Leg, LegState, Park, Skip, Terms, Why};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version this binary writes.
const VERSION: u32 = 1;

/// Why a row makes no sense. Never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A newer binary wrote it.
    #[error("written in version {0}; this program reads up to version {VERSION}")]
    Version(u32),
    /// It is not what this program writes.
    #[error("{0}")]
    Broken(&'static str),
}

/// A leg's row, less its lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegRow {
    /// Its name.
    pub name: String,
    /// The service it calls.
    pub service: String,
    /// Where it stands, [`LegState::word`].
    pub state: String,
    /// Since when.
    pub since_ms: i64,
    /// When the house turns to it next.
    pub turn_ms: Option<i64>,
    /// What decides about it, in clear.
    pub facts: String,
    /// What is said in it, to be sealed.
    pub words: String,
}

/// An event's row, less its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// The leg.
    pub leg: String,
    /// Its revision.
    pub revision: u32,
    /// When.
    pub at_ms: i64,
    /// Where it stood.
    pub was: String,
    /// Where it stands.
    pub became: String,
    /// Why, [`Why::code`].
    pub why: String,
    /// What was said, to be sealed.
    pub words: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    v: u32,
    terms: TermsFacts,
    revision: u32,
    sends: u32,
    tries: u32,
    taken: bool,
    claimed: bool,
    supplemented: bool,
    withdrawal: bool,
    corrections: u32,
    doubt_ms: Option<i64>,
    until_ms: Option<i64>,
    tried_since_ms: Option<i64>,
    heard: Option<(i64, u8)>,
    parked: Option<String>,
    skipped: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TermsFacts {
    repeat: RepeatWord,
    settle_for_ms: i64,
    can_find: bool,
    can_look: bool,
    look_every_ms: i64,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RepeatWord {
    ByReference,
    ByFind,
    Never,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LegWords {
    v: u32,
    query: Option<Value>,
    value: Option<Value>,
    references: Vec<(String, String)>,
    findings: Vec<FindingWords>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FindingWords {
    pointer: Option<String>,
    agency_field: Option<String>,
    code: Option<String>,
    expected: Option<ExpectedWords>,
    position: Option<(usize, usize)>,
    operator_text: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ExpectedWords {
    Form(String),
    OneOf(Vec<String>),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventWords {
    v: u32,
    code: Option<String>,
    detail: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InputWords {
    v: u32,
    input: Value,
}

#[derive(Deserialize)]
struct Head {
    v: u32,
}

/// Writes a case's input, to be sealed.
pub fn write_input(input: &Value) -> String {
    write(&InputWords { v: VERSION, input: input.clone() })
}

/// Reads a case's input.
pub fn read_input(text: &str) -> Result<Value, Unreadable> {
    Ok(read::<InputWords>(text, "a case's input")?.input)
}

/// Writes a leg.
pub fn write_leg(leg: &Leg) -> LegRow {
    let facts = Facts {
        v: VERSION,
        terms: terms_facts(&leg.terms),
        revision: leg.revision,
        sends: leg.sends,
        tries: leg.tries,
        taken: leg.taken,
        claimed: leg.claimed,
        supplemented: leg.supplemented,
        withdrawal: leg.withdrawal,
        corrections: leg.corrections,
        doubt_ms: leg.doubt_ms,
        until_ms: leg.until_ms,
        tried_since_ms: leg.tried_since_ms,
        heard: leg.heard.as_ref().map(Word::parts),
        parked: leg.parked.map(|park| park.word().to_owned()),
        skipped: leg.skipped.map(|skip| skip.word().to_owned()),
    };
    let words = LegWords {
        v: VERSION,
        query: leg.query.clone(),
        value: leg.value.clone(),
        references: leg.references.clone(),
        findings: leg.findings.iter().map(finding_words).collect(),
    };
    LegRow {
        name: leg.name.clone(),
        service: leg.service.clone(),
        state: leg.state.word().to_owned(),
        since_ms: leg.since_ms,
        turn_ms: leg.turn_ms,
        facts: write(&facts),
        words: write(&words),
    }
}

/// Reads a leg.
pub fn read_leg(row: LegRow) -> Result<Leg, Unreadable> {
    let facts: Facts = read(&row.facts, "a leg's facts")?;
    let words: LegWords = read(&row.words, "a leg's words")?;
    let heard = facts.heard.map(|(at_ms, rank)| Word::from_parts(at_ms, rank).ok_or(RANK)).transpose()?;
    let parked =
        facts.parked.as_deref().map(|word| of_word(word, &Park::ALL, Park::word, PARK)).transpose()?;
    let skipped = facts.skipped.as_deref().map(|word| of_word(word, &SKIPS, Skip::word, SKIP)).transpose()?;
    Ok(Leg {
        name: row.name,
        service: row.service,
        terms: terms_of(&facts.terms),
        state: state_of(&row.state)?,
        revision: facts.revision,
        sends: facts.sends,
        tries: facts.tries,
        taken: facts.taken,
        claimed: facts.claimed,
        supplemented: facts.supplemented,
        doubt_ms: facts.doubt_ms,
        until_ms: facts.until_ms,
        heard,
        turn_ms: row.turn_ms,
        since_ms: row.since_ms,
        tried_since_ms: facts.tried_since_ms,
        withdrawal: facts.withdrawal,
        corrections: facts.corrections,
        parked,
        skipped,
        findings: words.findings.into_iter().map(finding_of).collect(),
        query: words.query,
        value: words.value,
        references: words.references,
    })
}

/// Writes a line of a case's history.
pub fn write_event(entry: &Entry) -> EventRow {
    let words = EventWords { v: VERSION, code: entry.code.clone(), detail: entry.detail.clone() };
    EventRow {
        leg: entry.leg.clone(),
        revision: entry.revision,
        at_ms: entry.at_ms,
        was: entry.from.word().to_owned(),
        became: entry.to.word().to_owned(),
        why: entry.why.code().to_owned(),
        words: write(&words),
    }
}

/// Reads a line of a case's history.
pub fn read_event(row: EventRow) -> Result<Entry, Unreadable> {
    let words: EventWords = read(&row.words, "an event's words")?;
    Ok(Entry {
        leg: row.leg,
        revision: row.revision,
        at_ms: row.at_ms,
        from: state_of(&row.was)?,
        to: state_of(&row.became)?,
        why: of_word(&row.why, &Why::all(), Why::code, Unreadable::Broken("an event's reason"))?,
        code: words.code,
        detail: words.detail,
    })
}

const RANK: Unreadable = Unreadable::Broken("the rank of an agency's word");
const PARK: Unreadable = Unreadable::Broken("why a leg is parked");
const SKIP: Unreadable = Unreadable::Broken("why a leg is skipped");
const SKIPS: [Skip; 3] = [Skip::PredecessorDeclined, Skip::PredecessorWithdrawn, Skip::NotWanted];

fn state_of(word: &str) -> Result<LegState, Unreadable> {
    of_word(word, &LegState::ALL, LegState::word, Unreadable::Broken("a leg's state"))
}

fn of_word<T: Copy>(
    word: &str,
    all: &[T],
    word_of: fn(T) -> &'static str,
    unknown: Unreadable,
) -> Result<T, Unreadable> {
    all.iter().copied().find(|one| word_of(*one) == word).ok_or(unknown)
}

fn terms_facts(terms: &Terms) -> TermsFacts {
    let repeat = match terms.repeat {
        Repeat::ByReference => RepeatWord::ByReference,
        Repeat::ByFind => RepeatWord::ByFind,
        Repeat::Never => RepeatWord::Never,
    };
    TermsFacts {
        repeat,
        settle_for_ms: terms.settle_for_ms,
        can_find: terms.can_find,
        can_look: terms.can_look,
        look_every_ms: terms.look_every_ms,
    }
}

fn terms_of(facts: &TermsFacts) -> Terms {
    let repeat = match facts.repeat {
        RepeatWord::ByReference => Repeat::ByReference,
        RepeatWord::ByFind => Repeat::ByFind,
        RepeatWord::Never => Repeat::Never,
    };
    Terms {
        repeat,
        settle_for_ms: facts.settle_for_ms,
        can_find: facts.can_find,
        can_look: facts.can_look,
        look_every_ms: facts.look_every_ms,
    }
}

fn finding_words(finding: &Finding) -> FindingWords {
    FindingWords {
        pointer: finding.pointer.clone(),
        agency_field: finding.agency_field.clone(),
        code: finding.code.clone(),
        expected: finding.expected.clone().map(|expected| match expected {
            Expected::Form(form) => ExpectedWords::Form(form),
            Expected::OneOf(list) => ExpectedWords::OneOf(list),
        }),
        position: finding.position.map(|position| (position.line, position.column)),
        operator_text: finding.operator_text.clone(),
    }
}

fn finding_of(words: FindingWords) -> Finding {
    Finding {
        pointer: words.pointer,
        agency_field: words.agency_field,
        code: words.code,
        expected: words.expected.map(|expected| match expected {
            ExpectedWords::Form(form) => Expected::Form(form),
            ExpectedWords::OneOf(list) => Expected::OneOf(list),
        }),
        position: words.position.map(|(line, column)| Position { line, column }),
        operator_text: words.operator_text,
    }
}

/// Text of a structure; every structure here has text keys only, so there is nothing that could not be written.
fn write(structure: &impl Serialize) -> String {
    serde_json::to_string(structure).unwrap_or_default()
}

/// Looks at the version before anything else: what a newer binary writes may look otherwise altogether.
fn read<T: DeserializeOwned>(text: &str, what: &'static str) -> Result<T, Unreadable> {
    let head: Head = serde_json::from_str(text).map_err(|_| Unreadable::Broken(what))?;
    if head.v != VERSION {
        return Err(Unreadable::Version(head.v));
    }
    serde_json::from_str(text).map_err(|_| Unreadable::Broken(what))
}

#[cfg(test)]
mod tests {
    use engine::case::Standing;
    use serde_json::json;

    use super::*;

    fn full_leg() -> Leg {
        let terms = Terms {
            repeat: Repeat::ByFind,
            settle_for_ms: 1,
            can_find: true,
            can_look: false,
            look_every_ms: 2,
        };
        let finding = Finding {
            pointer: Some("/query/deceased/id_number".into()),
            agency_field: Some("SoDinhDanh".into()),
            code: Some("refused-by-agency".into()),
            expected: Some(Expected::OneOf(vec!["a".into(), "b".into()])),
            position: Some(Position { line: 3, column: 4 }),
            operator_text: Some("Số định danh không đúng".into()),
        };
        Leg {
            state: LegState::Parked,
            revision: 2,
            sends: 3,
            tries: 4,
            taken: true,
            claimed: true,
            supplemented: true,
            doubt_ms: Some(5),
            until_ms: Some(6),
            heard: Some(Word::new(&Standing::Declined { reason: "không".into() }, 7)),
            turn_ms: Some(8),
            tried_since_ms: Some(9),
            withdrawal: true,
            corrections: 10,
            parked: Some(Park::Unseen),
            skipped: Some(Skip::NotWanted),
            findings: vec![
                finding,
                Finding { expected: Some(Expected::Form("date".into())), ..Finding::default() },
            ],
            query: Some(json!({ "a": [1, "hai", null] })),
            value: Some(json!({ "number": "01/2025" })),
            references: vec![("dossier".into(), "H26.1".into())],
            ..Leg::new("registration", "civil-status.register-death", terms, 11)
        }
    }

    #[test]
    fn what_is_written_reads_back_as_itself() {
        let leg = full_leg();
        assert_eq!(read_leg(write_leg(&leg)).unwrap(), leg);
        let bare = Leg::new("removal", "residence.remove", leg.terms, 1);
        assert_eq!(read_leg(write_leg(&bare)).unwrap(), bare);
        for why in Why::all() {
            for state in LegState::ALL {
                let entry = Entry {
                    leg: "registration".into(),
                    revision: 2,
                    at_ms: 3,
                    from: state,
                    to: LegState::Done,
                    why,
                    code: Some("E01".into()),
                    detail: Some("lời cơ quan".into()),
                };
                assert_eq!(
                    read_event(write_event(&entry)).unwrap(),
                    entry,
                    "each reason has a code of its own"
                );
            }
        }
        let input = json!({ "deceased": { "id_number": "001042005678" } });
        assert_eq!(read_input(&write_input(&input)).unwrap(), input);
    }

    #[test]
    fn every_rank_of_a_word_reads_back_as_itself() {
        let standings = [
            Standing::UnderWay { look_again_ms: None },
            Standing::Supplement { wanted: String::new(), until_ms: 1 },
            Standing::Completed { value: Value::Null, partial: true },
            Standing::Completed { value: Value::Null, partial: false },
            Standing::Declined { reason: String::new() },
            Standing::Withdrawn,
        ];
        for standing in standings {
            let word = Word::new(&standing, 9);
            let (at_ms, rank) = word.parts();
            assert_eq!(Word::from_parts(at_ms, rank), Some(word), "{standing:?}");
        }
        assert!(Word::from_parts(1, 0).is_none() && Word::from_parts(1, 7).is_none());
    }

    #[test]
    fn nothing_personal_stands_in_a_legs_facts() {
        let row = write_leg(&full_leg());
        for word in ["hai", "01/2025", "H26.1", "SoDinhDanh", "không"] {
            assert!(!row.facts.contains(word), "{word}: {}", row.facts);
        }
    }

    #[test]
    fn what_a_newer_program_wrote_is_refused_and_not_guessed_at() {
        let row = write_leg(&full_leg());
        let newer = |text: &str| text.replacen("\"v\":1", "\"v\":2", 1);
        let facts = LegRow { facts: newer(&row.facts), ..row.clone() };
        assert_eq!(read_leg(facts), Err(Unreadable::Version(2)));
        let words = LegRow { words: newer(&row.words), ..row.clone() };
        assert_eq!(read_leg(words), Err(Unreadable::Version(2)));
        let strange = LegRow { facts: row.facts.replacen("{", "{\"strange\":1,", 1), ..row.clone() };
        assert_eq!(read_leg(strange), Err(Unreadable::Broken("a leg's facts")));
        let state = LegRow { state: "gone".into(), ..row };
        assert_eq!(read_leg(state), Err(Unreadable::Broken("a leg's state")));
    }

    /// A row that version 1 wrote, kept here as text: whoever changes the form sees this fail, and raises the version.
    #[test]
    fn a_row_of_version_1_stays_readable() {
        let row = LegRow {
            name: "registration".into(),
            service: "civil-status.register-death".into(),
            state: "sent".into(),
            since_ms: 11,
            turn_ms: Some(8),
            facts: r#"{"v":1,"terms":{"repeat":"by-reference","settle_for_ms":1,"can_find":true,"can_look":true,
                "look_every_ms":2},"revision":1,"sends":1,"tries":0,"taken":true,"claimed":false,"supplemented":false,
                "withdrawal":false,"corrections":0,"doubt_ms":null,"until_ms":null,"tried_since_ms":null,
                "heard":[7,1],"parked":null,"skipped":"not-wanted"}"#
                .into(),
            words: r#"{"v":1,"query":null,"value":{"a":1},"references":[["dossier","H26.1"]],"findings":[{"pointer":"/a",
                "agency_field":null,"code":null,"expected":{"one-of":["x"]},"position":[1,2],"operator_text":null}]}"#
                .into(),
        };
        let leg = read_leg(row.clone()).unwrap();
        let again = write_leg(&leg);
        let same = |a: &str, b: &str| {
            let (a, b): (Value, Value) = (serde_json::from_str(a).unwrap(), serde_json::from_str(b).unwrap());
            assert_eq!(a, b);
        };
        same(&again.facts, &row.facts);
        same(&again.words, &row.words);
    }
}
