//! Replays a talk against an adapter and tells, line by line, where the adapter says something else.

use adapter_api::diagnostic::Diagnostic;
use adapter_api::{Adapter, Call, Exchange, Inbound, Received, WireRequest};

use crate::conversation::{Conversation, Next, RawReply, SENDS_MAX, next};
use crate::difference::{self, Difference, Headers};
use crate::ending;
use crate::talk::{Opening, Section, Talk, Word};
use crate::wire;

/// What a talk came to.
#[derive(Debug)]
pub struct Replay {
    /// Where the adapter differs from the talk.
    pub findings: Vec<Diagnostic>,
    /// Every ending with the conversation that led to it.
    pub conversations: Vec<Conversation>,
    /// What an inbound message was taken to mean.
    pub received: Option<(Inbound, Received)>,
    /// The file with `send`, `outcome`, `fault`, `event` and `answer` as the adapter says them now, and
    /// every reply untouched: the agency's words are evidence.
    pub rewritten: String,
}

/// What a replay is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Every difference is a finding; headers that are drawn must be shown.
    Check,
    /// As `Check`, but a talk that shows no header is not held to those that are drawn: the format's trial files are older
    /// than header lines.
    CheckWithoutHeaders,
    /// Nothing is a finding: the caller writes `rewritten` to the file.
    Update,
}

/// Replays a talk.
pub fn replay(talk: &Talk, adapter: &dyn Adapter, operation: &str, purpose: Purpose) -> Replay {
    let performance = match &talk.opening {
        Opening::Call { call, .. } => {
            let call = Call { operation: operation.to_owned(), ..(**call).clone() };
            Performance::of_call(talk, adapter, call)
        }
        Opening::Heard { inbound, .. } => Performance::of_message(talk, adapter, inbound),
    };
    let findings = match purpose {
        Purpose::Check => compare(talk, &performance, Headers::Required),
        Purpose::CheckWithoutHeaders => compare(talk, &performance, Headers::Optional),
        Purpose::Update => Vec::new(),
    };
    let mut turns = performance.turns.iter().map(|turn| turn.section.clone()).collect::<Vec<_>>();
    turns.extend(performance.left_over);
    Replay {
        findings,
        conversations: performance.conversations,
        received: performance.received,
        rewritten: talk.print_with(&turns),
    }
}

/// One section as it was played.
struct Turn {
    section: Section,
    request: Option<Box<WireRequest>>,
}

struct Performance {
    turns: Vec<Turn>,
    conversations: Vec<Conversation>,
    received: Option<(Inbound, Received)>,
    left_over: Vec<Section>,
}

impl Performance {
    fn new() -> Performance {
        Performance { turns: Vec::new(), conversations: Vec::new(), received: None, left_over: Vec::new() }
    }

    fn show(&mut self, section: Section) {
        self.turns.push(Turn { section, request: None });
    }

    /// Plays a call with the talk's replies. A reply after an ending stands in place of the last one.
    fn of_call(talk: &Talk, adapter: &dyn Adapter, call: Call) -> Performance {
        let mut play = Performance::new();
        let mut replies = talk.turns.iter().filter(|turn| turn.word == Word::Reply);
        let (mut requests, mut raw, mut said) = (Vec::new(), Vec::<RawReply>::new(), Vec::<Exchange>::new());
        for _ in 0..SENDS_MAX {
            match next(adapter, &call, &said) {
                Next::Send(request) => {
                    let section = send_section(&request);
                    play.turns.push(Turn { section, request: Some(request.clone()) });
                    let Some(reply) = replies.next() else { break };
                    play.show(reply.clone());
                    let reply = raw_reply(reply);
                    said.push(wire::exchange(&request, &reply));
                    requests.push(*request);
                    raw.push(reply);
                }
                Next::End(end) => {
                    play.show(ending::section(&end));
                    play.conversations.push(Conversation {
                        talk: talk.name.clone(),
                        line: raw.last().map_or(talk.opening_section().line, |reply| reply.line),
                        call: call.clone(),
                        requests: requests.clone(),
                        replies: raw.clone(),
                        said: said.clone(),
                        end,
                    });
                    let (Some(request), Some(reply)) = (requests.last(), replies.next()) else { break };
                    play.show(reply.clone());
                    let reply = raw_reply(reply);
                    said.pop();
                    said.push(wire::exchange(request, &reply));
                    raw.pop();
                    raw.push(reply);
                }
            }
        }
        play.left_over.extend(replies.cloned());
        play
    }

    /// Plays a message that the agency sent on its own.
    fn of_message(talk: &Talk, adapter: &dyn Adapter, inbound: &Inbound) -> Performance {
        let mut play = Performance::new();
        let Some(message) = talk.turns.iter().find(|turn| turn.word == Word::Message) else { return play };
        play.show(message.clone());
        let body = match wire::read_message(&message.head, &message.body) {
            Ok(body) => body,
            Err(unreadable) => {
                play.show(Section::new(Word::Fault, "malformed", unreadable.why));
                return play;
            }
        };
        let inbound = Inbound { body, ..inbound.clone() };
        match crate::conversation::receive(adapter, &inbound) {
            Ok(received) => {
                play.show(ending::event_section(&received));
                let answers = &received.answers;
                for (word, tree) in [
                    ("stored", &answers.stored),
                    ("unknown", &answers.unknown),
                    ("refused", &answers.refused),
                ] {
                    play.show(Section::new(Word::Answer, word, wire::print_answer(tree)));
                }
                play.received = Some((inbound, *received));
            }
            Err(end) => play.show(ending::section(&end)),
        }
        play
    }
}

/// A request as talks show it: its headers, a blank line, its body.
fn send_section(request: &WireRequest) -> Section {
    let query = wire::print_query(request);
    let head = format!("{} {}{}", request.method, request.path, query);
    let parts = [wire::print_headers(request), wire::print_body(request)];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    Section::new(Word::Send, head, parts.join("\n\n"))
}

/// The reply that a talk's section tells.
pub fn raw_reply(section: &Section) -> RawReply {
    let (status, content_type) = section.head.split_once(' ').unwrap_or((&section.head, ""));
    RawReply {
        line: section.line,
        status: status.parse().unwrap_or_default(),
        content_type: content_type.trim().to_owned(),
        body: section.body.clone().into_bytes(),
    }
}

/// Compares section by section; the first one of another kind ends the comparison, as nothing after it fits.
fn compare(talk: &Talk, performance: &Performance, headers: Headers) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let mut told = talk.turns.iter();
    for turn in &performance.turns {
        let Some(expected) = told.next() else {
            findings.push(not_told(talk, &turn.section));
            return findings;
        };
        if expected.word != turn.section.word {
            findings.push(other_turn(talk, expected, &turn.section));
            return findings;
        }
        if let Some(difference) = differ(expected, turn, headers) {
            findings.push(as_finding(talk, expected, &difference));
        }
    }
    for left in told {
        let message = format!("the conversation has ended; this `{}` is never reached", left.word.text());
        findings.push(Diagnostic::error("L3", &talk.place(left.line), left.word.text(), message));
    }
    findings
}

fn differ(expected: &Section, turn: &Turn, headers: Headers) -> Option<Difference> {
    let actual = &turn.section;
    match actual.word {
        Word::Send => difference::of_send(expected, actual, turn.request.as_deref(), headers),
        Word::Reply | Word::Message => None,
        Word::Answer => difference::of_answer(expected, actual),
        _ => difference::of_json(expected, actual),
    }
}

fn not_told(talk: &Talk, actual: &Section) -> Diagnostic {
    let line = talk.turns.last().map_or(talk.opening_section().line, |section| section.line);
    let word = actual.word.text();
    let message = match actual.word {
        Word::Send => format!("the talk stops where the adapter goes on: `### send {}`", actual.head),
        _ => format!("the talk does not tell how it ends: `### {word} {}`", actual.head),
    };
    Diagnostic::error("L3", &talk.place(line), word, message)
        .help("add the agency's reply, or let --update write our part")
}

fn other_turn(talk: &Talk, expected: &Section, actual: &Section) -> Diagnostic {
    let (told, said) = (expected.word.text(), actual.word.text());
    let body = if actual.body.is_empty() { String::new() } else { format!("\n{}", indent(&actual.body)) };
    let message = format!(
        "the talk tells `### {told} {}`, the adapter says `### {said} {}`{body}",
        expected.head, actual.head
    );
    Diagnostic::error("L3", &talk.place(expected.line), told, message).help(
        match (expected.word, actual.word) {
            (Word::Reply, Word::Send) => {
                "--update writes what is sent before each reply; read it before you keep it"
            }
            (_, Word::Send) => "the adapter goes on where the talk ends: which rule should have held?",
            _ => "which rule should have held? If the adapter is right, --update writes it",
        },
    )
}

fn as_finding(talk: &Talk, expected: &Section, difference: &Difference) -> Diagnostic {
    let line = expected.line + difference.line;
    let message = format!("the adapter says something else\n{}", indent(&difference.text));
    Diagnostic::error("L3", &talk.place(line), expected.word.text(), message)
        .help("`-` is told by the talk, `+` is what the adapter says; if `+` is right, --update writes it")
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}
