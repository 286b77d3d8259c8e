//! A talk: one conversation with an agency as a text file, read with its line numbers and printed again.

use std::fmt::Write as _;
use std::sync::Arc;

use adapter_api::diagnostic::{Diagnostic, Place, Source};
use adapter_api::{Call, Inbound, Tree};
use serde_json::{Map, Value};

/// One talk file.
#[derive(Debug, Clone)]
pub struct Talk {
    /// The file's name.
    pub name: Arc<str>,
    /// Remarks before the first section, kept as they are.
    pub remarks: String,
    /// Who begins, and with what.
    pub opening: Opening,
    /// What follows, in order.
    pub turns: Vec<Section>,
}

/// The first section of a talk.
#[derive(Debug, Clone)]
pub enum Opening {
    /// `### call`: we ask.
    Call {
        /// `residence.person` or, for a helper, `civil-status.look`.
        named: String,
        /// The call; its operation is the part of `named` after the first dot until an agency says better.
        call: Box<Call>,
        /// As it stands in the file.
        section: Section,
    },
    /// `### heard`: the agency speaks first.
    Heard {
        /// The message's name in the manifest.
        message: String,
        /// When it arrived and the settings; its body comes from `### message`.
        inbound: Box<Inbound>,
        /// As it stands in the file.
        section: Section,
    },
}

/// One `### WORD HEAD` with the lines below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The line of the `###`, from 1.
    pub line: u32,
    /// Its word.
    pub word: Word,
    /// The rest of its line.
    pub head: String,
    /// The lines below, without blank lines at either end.
    pub body: String,
}

/// The words a section begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Word {
    /// What is asked.
    Call,
    /// What we send.
    Send,
    /// What comes back: evidence, never rewritten.
    Reply,
    /// A true answer.
    Outcome,
    /// A fault.
    Fault,
    /// Our credentials were refused for the first time.
    Renew,
    /// A message of the agency's own accord.
    Heard,
    /// Its text: evidence, never rewritten.
    Message,
    /// What it means.
    Event,
    /// In which words it expects to be answered.
    Answer,
}

impl Word {
    const ALL: [(Word, &'static str); 10] = [
        (Word::Call, "call"),
        (Word::Send, "send"),
        (Word::Reply, "reply"),
        (Word::Outcome, "outcome"),
        (Word::Fault, "fault"),
        (Word::Renew, "renew"),
        (Word::Heard, "heard"),
        (Word::Message, "message"),
        (Word::Event, "event"),
        (Word::Answer, "answer"),
    ];

    /// As it is written.
    pub fn text(self) -> &'static str {
        Word::ALL.iter().find(|(word, _)| *word == self).map_or("", |(_, text)| text)
    }

    fn of_text(text: &str) -> Option<Word> {
        Word::ALL.iter().find(|(_, known)| *known == text).map(|(word, _)| *word)
    }

    /// Whether a conversation ends with it.
    pub fn is_ending(self) -> bool {
        matches!(self, Word::Outcome | Word::Fault | Word::Renew)
    }
}

impl Talk {
    /// The file and the section's line.
    pub fn place(&self, line: u32) -> Place {
        Place::new(&self.name, line)
    }

    /// The opening's section.
    pub fn opening_section(&self) -> &Section {
        match &self.opening {
            Opening::Call { section, .. } | Opening::Heard { section, .. } => section,
        }
    }

    /// The file's text with other turns.
    pub fn print_with(&self, turns: &[Section]) -> String {
        let mut text = self.remarks.clone();
        for section in std::iter::once(self.opening_section()).chain(turns) {
            section.print(&mut text);
        }
        text
    }

    /// The file's text.
    pub fn print(&self) -> String {
        self.print_with(&self.turns)
    }
}

impl Section {
    /// A section that stands in no file.
    pub fn new(word: Word, head: impl Into<String>, body: impl Into<String>) -> Section {
        Section { line: 0, word, head: head.into(), body: body.into() }
    }

    fn print(&self, text: &mut String) {
        // Eight columns, so that the heads stand below each other.
        let line = format!("### {:<8} {}", self.word.text(), self.head);
        let _ = writeln!(text, "{}", line.trim_end());
        if !self.body.is_empty() {
            let _ = writeln!(text, "{}", self.body);
        }
    }
}

/// Reads a talk; all findings at once.
pub fn read(source: &Source) -> (Option<Talk>, Vec<Diagnostic>) {
    let mut findings = Vec::new();
    let (remarks, mut sections) = cut(source, &mut findings);
    if sections.is_empty() {
        let message = "the talk has no section; it begins with `### call` or `### heard`";
        findings.push(Diagnostic::error("L1", &Place::new(&source.name, 1), "talk", message));
        return (None, findings);
    }
    let turns = sections.split_off(1);
    let opening = sections.pop().and_then(|section| open(source, section, &mut findings));
    for section in &turns {
        if matches!(section.word, Word::Call | Word::Heard) {
            let message = "a talk is one conversation: a second opening belongs in a file of its own";
            findings.push(finding(source, section, message));
        }
        check_body(source, section, &mut findings);
    }
    let talk = opening.map(|opening| Talk { name: Arc::clone(&source.name), remarks, opening, turns });
    (talk, findings)
}

fn finding(source: &Source, section: &Section, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error("L1", &Place::new(&source.name, section.line), section.word.text(), message)
}

/// Cuts the file at its `###` lines.
fn cut(source: &Source, findings: &mut Vec<Diagnostic>) -> (String, Vec<Section>) {
    let mut remarks = String::new();
    let mut sections: Vec<Section> = Vec::new();
    let mut unknown = false;
    for (number, line) in (1u32..).zip(source.text.lines()) {
        if let Some(rest) = line.strip_prefix("### ") {
            let (word, head) = rest.split_once(' ').unwrap_or((rest, ""));
            unknown = false;
            match Word::of_text(word.trim()) {
                Some(word) => {
                    sections.push(Section {
                        line: number,
                        word,
                        head: head.trim().into(),
                        body: String::new(),
                    });
                }
                None => {
                    unknown = true;
                    findings.push(unknown_word(source, number, word));
                }
            }
        } else if unknown {
            // Already reported; its lines belong to nobody.
        } else if let Some(section) = sections.last_mut() {
            section.body.push_str(line);
            section.body.push('\n');
        } else {
            if !line.trim().is_empty() && !line.starts_with('#') {
                let message = "before the first section only remarks may stand, lines that begin with `#`";
                findings.push(Diagnostic::error("L1", &Place::new(&source.name, number), "talk", message));
            }
            remarks.push_str(line);
            remarks.push('\n');
        }
    }
    for section in &mut sections {
        section.body = section.body.trim_end().trim_start_matches('\n').to_owned();
    }
    (remarks, sections)
}

fn unknown_word(source: &Source, line: u32, word: &str) -> Diagnostic {
    let known: Vec<&str> = Word::ALL.iter().map(|(_, text)| *text).collect();
    Diagnostic::error("L1", &Place::new(&source.name, line), "talk", format!("no section is called `{word}`"))
        .help(format!("the sections are {}", known.join(", ")))
}

fn check_body(source: &Source, section: &Section, findings: &mut Vec<Diagnostic>) {
    match section.word {
        Word::Reply => {
            let status = section.head.split(' ').next().and_then(|status| status.parse::<u16>().ok());
            if !status.is_some_and(|status| (100..600).contains(&status)) {
                findings.push(finding(
                    source,
                    section,
                    "a reply begins with its status and media type, `200 text/xml`",
                ));
            }
        }
        Word::Outcome | Word::Fault | Word::Event if !section.body.is_empty() => {
            if let Err(error) = serde_json::from_str::<Value>(&section.body) {
                let line = section.line + u32::try_from(error.line()).unwrap_or(0);
                let place = Place::new(&source.name, line);
                findings.push(Diagnostic::error("L1", &place, section.word.text(), "not JSON"));
            }
        }
        _ => {}
    }
}

fn open(source: &Source, section: Section, findings: &mut Vec<Diagnostic>) -> Option<Opening> {
    let fields = match serde_json::from_str::<Value>(&section.body) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => {
            findings.push(finding(source, &section, "below the opening stands one JSON object"));
            return None;
        }
    };
    let Some((_, name)) = section.head.split_once('.') else {
        findings.push(finding(
            source,
            &section,
            "name what is asked: `residence.person`, or `AGENCY.OPERATION`",
        ));
        return None;
    };
    let name = name.to_owned();
    let known: &[&str] = match section.word {
        Word::Call => &CALL_KEYS,
        Word::Heard => &["now", "setting"],
        _ => {
            findings.push(finding(source, &section, "a talk begins with `### call` or `### heard`"));
            return None;
        }
    };
    for key in fields.keys().filter(|key| !known.contains(&key.as_str())) {
        let message = format!("no key is called `{key}`; the keys are {}", known.join(", "));
        findings.push(finding(source, &section, message));
    }
    if !fields.get("now").is_some_and(Value::is_string) {
        findings.push(finding(source, &section, "`now` is missing: the moment at which it is asked"));
    }
    Some(match section.word {
        Word::Heard => Opening::Heard {
            inbound: Box::new(Inbound {
                name: name.clone(),
                now: text_of(&fields, "now").unwrap_or_default(),
                setting: object_of(&fields, "setting"),
                body: Tree::Null,
            }),
            message: name,
            section,
        },
        _ => {
            let call = Box::new(call_of(&fields, name));
            Opening::Call { named: section.head.clone(), call, section }
        }
    })
}

const CALL_KEYS: [&str; 9] =
    ["id", "now", "reference", "purpose", "setting", "query", "together", "cursor", "pages"];

fn call_of(fields: &Map<String, Value>, operation: String) -> Call {
    Call {
        operation,
        id: text_of(fields, "id").unwrap_or_default(),
        now: text_of(fields, "now").unwrap_or_default(),
        reference: text_of(fields, "reference"),
        purpose: object_of(fields, "purpose"),
        setting: object_of(fields, "setting"),
        query: object_of(fields, "query"),
        together: texts_of(fields.get("together")),
        cursor: text_of(fields, "cursor"),
        page_size: fields
            .get("pages")
            .and_then(|pages| pages.get("size"))
            .and_then(Value::as_u64)
            .and_then(|size| u32::try_from(size).ok()),
    }
}

fn text_of(fields: &Map<String, Value>, key: &str) -> Option<String> {
    fields.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn object_of(fields: &Map<String, Value>, key: &str) -> Value {
    fields.get(key).filter(|value| value.is_object()).cloned().unwrap_or_else(|| Value::Object(Map::new()))
}

fn texts_of(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source { name: "a.talk".into(), text: text.into() }
    }

    const TALK: &str = "# a remark\n### call     toy.person\n{ \"id\": \"c1\", \"now\": \"2025-08-12T09:00:00+07:00\",\n  \"query\": { \"a\": 1 } }\n### send     GET /x\n### reply    200 application/json\n{\"b\":1}\n### outcome  found\n{\n \"b\": 1\n}\n";

    #[test]
    fn what_is_read_is_printed_again() {
        let (talk, findings) = read(&source(TALK));
        assert_eq!(findings, []);
        assert_eq!(talk.unwrap().print(), TALK);
    }

    #[test]
    fn sections_know_their_lines() {
        let talk = read(&source(TALK)).0.unwrap();
        assert_eq!(talk.turns.iter().map(|turn| turn.line).collect::<Vec<_>>(), [5, 6, 8]);
    }

    #[test]
    fn all_findings_come_at_once_with_their_lines() {
        let text =
            TALK.replace("### send ", "### sned ").replace("200 app", "app").replace("\"id\"", "\"ide\"");
        let (_, findings) = read(&source(&text));
        assert_eq!(findings.iter().map(|finding| finding.place.line).collect::<Vec<_>>(), [5, 2, 6]);
    }
}
