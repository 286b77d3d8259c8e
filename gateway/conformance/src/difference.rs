//! Says where two sections differ: bodies are compared as values, differences are shown as lines.

use adapter_api::{Tree, WireRequest};
use serde_json::Value;

use crate::talk::Section;
use crate::wire;

/// Longer texts are not compared line by line: the table of the comparison grows with the square.
const LINES_MAX: usize = 600;
/// Equal lines shown around a difference, as `diff -u` does.
const CONTEXT_LINES: usize = 2;

/// A difference, ready to be shown.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    /// Lines below the section's own line at which it begins; 0 is the section's line itself.
    pub line: u32,
    /// Lines that begin with `-`, `+` or a blank.
    pub text: String,
}

/// Whether a talk must show the headers that are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Headers {
    /// It must.
    Required,
    /// It may show none.
    Optional,
}

/// Compares what is sent: the line exactly, headers by name and value in any order, the body as a value of its format, XML
/// in order.
pub fn of_send(
    expected: &Section,
    actual: &Section,
    request: Option<&WireRequest>,
    headers: Headers,
) -> Option<Difference> {
    let (told, said) = (Sent::of(expected, request), Sent::of(actual, request));
    of_head(expected, actual).or_else(|| of_headers(&told, &said, headers)).or_else(|| {
        let equal = match request {
            Some(request) if !told.body.is_empty() => {
                let read = |body: &str| wire::read_printed(request, body);
                match (read(told.body), read(said.body)) {
                    (Ok(one), Ok(other)) => equal_trees(&one, &other),
                    _ => told.body == said.body,
                }
            }
            _ => told.body == said.body,
        };
        (!equal).then(|| {
            let difference = of_lines(told.body, said.body);
            Difference { line: difference.line + told.lines_before, ..difference }
        })
    })
}

/// What stands below a `### send`: header lines, a blank line, the body.
struct Sent<'a> {
    headers: &'a str,
    body: &'a str,
    lines_before: u32,
}

impl<'a> Sent<'a> {
    /// Header lines are looked for only where the request has headers: without any, a text body may look like some.
    fn of(section: &'a Section, request: Option<&WireRequest>) -> Sent<'a> {
        let whole = Sent { headers: "", body: &section.body, lines_before: 0 };
        if request.is_none_or(|request| request.headers.is_empty()) {
            return whole;
        }
        let (headers, body) = section.body.split_once("\n\n").unwrap_or((&section.body, ""));
        if headers.is_empty() || !headers.lines().all(|line| header_of(line).is_some()) {
            return whole;
        }
        let lines_before = u32::try_from(headers.lines().count() + 1).unwrap_or(0);
        Sent { headers, body, lines_before }
    }
}

fn of_headers(told: &Sent<'_>, said: &Sent<'_>, headers: Headers) -> Option<Difference> {
    let sorted = |sent: &Sent<'_>| {
        let mut all: Vec<(String, String)> = sent.headers.lines().filter_map(header_of).collect();
        all.sort();
        all
    };
    let forgiven = told.headers.is_empty() && headers == Headers::Optional;
    (!forgiven && sorted(told) != sorted(said)).then(|| of_lines(told.headers, said.headers))
}

/// `SOAPAction: ""` → its name in lower case and its value; a name is a token (RFC 9110, 5.6.2).
fn header_of(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let good = !name.is_empty() && name.bytes().all(is_token) && (value.is_empty() || value.starts_with(' '));
    good.then(|| (name.to_ascii_lowercase(), value.trim().to_owned()))
}

/// Compares an answer to a message, which is JSON or XML.
pub fn of_answer(expected: &Section, actual: &Section) -> Option<Difference> {
    match (serde_json::from_str::<Value>(&expected.body), serde_json::from_str::<Value>(&actual.body)) {
        (Ok(_), Ok(_)) => of_json(expected, actual),
        _ => of_head(expected, actual)
            .or_else(|| (expected.body != actual.body).then(|| of_lines(&expected.body, &actual.body))),
    }
}

/// Compares sections whose body is JSON.
pub fn of_json(expected: &Section, actual: &Section) -> Option<Difference> {
    of_head(expected, actual).or_else(|| {
        let read = |section: &Section| {
            if section.body.is_empty() { Ok(Value::Null) } else { serde_json::from_str(&section.body) }
        };
        match (read(expected), read(actual)) {
            (Ok(one), Ok(other)) if one == other => None,
            (Ok(one), Ok(other)) if crate::ending::is_empty(&one) && crate::ending::is_empty(&other) => None,
            _ => Some(of_lines(&expected.body, &actual.body)),
        }
    })
}

fn of_head(expected: &Section, actual: &Section) -> Option<Difference> {
    (expected.head != actual.head)
        .then(|| Difference { line: 0, text: format!("- {}\n+ {}", expected.head, actual.head) })
}

/// Whether two decoded bodies mean the same: JSON objects in any order, XML in order.
pub fn equal_trees(one: &Tree, other: &Tree) -> bool {
    match (one, other) {
        (Tree::Object(one), Tree::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| {
                    other.iter().any(|(other_name, other)| name == other_name && equal_trees(value, other))
                })
        }
        (Tree::List(one), Tree::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal_trees(one, other))
        }
        _ => one == other,
    }
}

/// Shows two texts as one list of kept, dropped and added lines, and where they part.
pub fn of_lines(expected: &str, actual: &str) -> Difference {
    let (one, other): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), actual.lines().collect());
    let same_at_first = one.iter().zip(&other).take_while(|(one, other)| one.trim() == other.trim()).count();
    // A line that is missing at the end is told at the last line there is.
    let line = u32::try_from(same_at_first.min(one.len().saturating_sub(1)) + 1).unwrap_or(1);
    let line = if one.is_empty() { 0 } else { line };
    if one.len() > LINES_MAX || other.len() > LINES_MAX {
        let show = |lines: &[&str]| lines.get(same_at_first).copied().unwrap_or("(end)").to_owned();
        return Difference { line, text: format!("- {}\n+ {}", show(&one), show(&other)) };
    }
    Difference { line, text: shorten(&edits(&one, &other)) }
}

/// The shortest way from one list of lines to the other, by the table of longest common tails.
fn edits(one: &[&str], other: &[&str]) -> Vec<(char, String)> {
    let same = |one: &str, other: &str| one.trim() == other.trim();
    let width = other.len() + 1;
    let mut tails = vec![0usize; (one.len() + 1) * width];
    let at =
        |tails: &[usize], row: usize, column: usize| tails.get(row * width + column).copied().unwrap_or(0);
    for row in (0..one.len()).rev() {
        for column in (0..other.len()).rev() {
            let equal = one.get(row).zip(other.get(column)).is_some_and(|(one, other)| same(one, other));
            let longest = if equal {
                at(&tails, row + 1, column + 1) + 1
            } else {
                at(&tails, row + 1, column).max(at(&tails, row, column + 1))
            };
            if let Some(cell) = tails.get_mut(row * width + column) {
                *cell = longest;
            }
        }
    }
    let (mut row, mut column, mut lines) = (0, 0, Vec::new());
    loop {
        match (one.get(row), other.get(column)) {
            (Some(left), Some(right)) if same(left, right) => {
                lines.push((' ', (*left).to_owned()));
                row += 1;
                column += 1;
            }
            (Some(left), right)
                if right.is_none() || at(&tails, row + 1, column) >= at(&tails, row, column + 1) =>
            {
                lines.push(('-', (*left).to_owned()));
                row += 1;
            }
            (_, Some(right)) => {
                lines.push(('+', (*right).to_owned()));
                column += 1;
            }
            (_, None) => return lines,
        }
    }
}

/// Leaves out equal lines far from any difference.
fn shorten(lines: &[(char, String)]) -> String {
    let near = |index: usize| {
        let from = index.saturating_sub(CONTEXT_LINES);
        lines.iter().skip(from).take(index - from + CONTEXT_LINES + 1).any(|(mark, _)| *mark != ' ')
    };
    let mut text = Vec::new();
    for (index, (mark, line)) in lines.iter().enumerate() {
        if near(index) {
            text.push(format!("{mark} {line}").trim_end().to_owned());
        } else if text.last().is_some_and(|last| last != "  …") {
            text.push("  …".to_owned());
        }
    }
    text.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::Word;

    #[test]
    fn a_changed_line_is_shown_with_its_neighbours_and_its_number() {
        let difference =
            of_lines("{\n \"a\": 1,\n \"b\": 2,\n \"c\": 3\n}", "{\n \"a\": 1,\n \"b\": 5,\n \"c\": 3\n}");
        assert_eq!(difference.line, 3);
        assert_eq!(difference.text, "  {\n   \"a\": 1,\n-  \"b\": 2,\n+  \"b\": 5,\n   \"c\": 3\n  }");
    }

    #[test]
    fn headers_are_compared_apart_from_the_body() {
        let mut request = WireRequest {
            exchange: "ask".into(),
            kind: adapter_api::Kind::Read,
            method: "POST".into(),
            path: "/x".into(),
            query: Vec::new(),
            headers: vec![
                ("SOAPAction".into(), Tree::Text("\"\"".into())),
                ("X-Key".into(), Tree::Text("k".into())),
            ],
            format: adapter_api::wire::Format::Json,
            reply_format: adapter_api::wire::Format::Json,
            body: None,
            namespaces: Vec::new(),
            seal: None,
            credentials: Vec::new(),
            documents: Vec::new(),
        };
        let send = |body: &str| Section::new(Word::Send, "POST /x", body);
        let actual = send("SOAPAction: \"\"\nX-Key: k\n\n{ \"a\": 1 }");
        let line = |told: &str, request: &WireRequest, headers| {
            of_send(&send(told), &actual, Some(request), headers).map(|difference| difference.line)
        };
        let told = "x-key: k\nSOAPAction: \"\"\n\n{\"a\":1}";
        assert_eq!(line(told, &request, Headers::Required), None, "in any order, names in any case");
        let wrong = "SOAPAction: \"\"\nX-Key: other\n\n{\"a\":1}";
        assert_eq!(line(wrong, &request, Headers::Optional), Some(2), "what is shown is compared");
        assert_eq!(line("X-Key: k\n\n{\"a\":1}", &request, Headers::Optional), Some(1), "one is missing");
        let none = "{\"a\":1}";
        assert_eq!(line(none, &request, Headers::Required), Some(0));
        assert_eq!(line(none, &request, Headers::Optional), None);
        assert_eq!(
            line(&told.replace('1', "2"), &request, Headers::Required),
            Some(4),
            "the body's own line"
        );

        // A text that looks like a header is a body where none is drawn.
        request.headers.clear();
        request.format = adapter_api::wire::Format::Text;
        let note = send("Note: a");
        assert_eq!(of_send(&note, &note, Some(&request), Headers::Required), None);
        assert!(of_send(&send("Note: b"), &note, Some(&request), Headers::Required).is_some());
    }

    #[test]
    fn json_is_compared_as_a_value() {
        let one = Section::new(Word::Outcome, "found", "{\"a\":1,\"b\":[2]}");
        let other = Section::new(Word::Outcome, "found", "{ \"b\": [2],\n \"a\": 1 }");
        assert_eq!(of_json(&one, &other), None);
        let changed = Section::new(Word::Outcome, "found", "{\"a\":1,\"b\":[3]}");
        assert!(of_json(&one, &changed).is_some());
        assert!(of_json(&one, &Section::new(Word::Outcome, "absent", "")).is_some());
    }
}
