//! Reads JSON exactly as RFC 8259 and RFC 7493 have it: for replies of agencies, and for what comes in at our own edge.

use std::fmt;

use serde_json::{Map, Number, Value};

use super::limits::{Budget, Exhausted, Limits};
use super::{Unreadable, strip_mark};
use crate::tree::Tree;

pub(super) mod write;

/// Why bytes are not the JSON we accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonError {
    /// Not JSON, or not UTF-8, or half a surrogate pair.
    Malformed {
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
    },
    /// One object names a key twice.
    Duplicate {
        /// RFC 6901, the key itself included.
        pointer: String,
    },
    /// A number that our own representation cannot hold without loss.
    OutOfRange {
        /// RFC 6901.
        pointer: String,
    },
    /// Not read but drawn: a leaf that JSON does not have (a slot, an element, bytes).
    Foreign {
        /// RFC 6901.
        pointer: String,
    },
    /// Nested deeper than the limit.
    TooDeep {
        /// The limit.
        depth_max: usize,
    },
    /// More bytes or more values than the limits allow.
    TooLarge,
}

impl JsonError {
    /// The same error, seen from one level further out.
    fn below(self, step: &str) -> Self {
        let longer = |pointer: String| format!("/{}{pointer}", step.replace('~', "~0").replace('/', "~1"));
        match self {
            JsonError::Duplicate { pointer } => JsonError::Duplicate { pointer: longer(pointer) },
            JsonError::OutOfRange { pointer } => JsonError::OutOfRange { pointer: longer(pointer) },
            JsonError::Foreign { pointer } => JsonError::Foreign { pointer: longer(pointer) },
            JsonError::Malformed { .. } | JsonError::TooDeep { .. } | JsonError::TooLarge => self,
        }
    }
}

impl From<Exhausted> for JsonError {
    fn from(_: Exhausted) -> Self {
        JsonError::TooLarge
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JsonError::Malformed { line, column } => write!(f, "not JSON: line {line}, column {column}"),
            JsonError::Duplicate { .. } => f.write_str("duplicate key"),
            JsonError::OutOfRange { .. } => f.write_str("number out of range"),
            JsonError::Foreign { .. } => f.write_str("a leaf that JSON does not have"),
            JsonError::TooDeep { depth_max } => write!(f, "deeper than {depth_max}"),
            JsonError::TooLarge => f.write_str("too large"),
        }
    }
}

impl std::error::Error for JsonError {}

impl From<JsonError> for Unreadable {
    /// Drops the pointer: an agency's key may be a person's number.
    fn from(error: JsonError) -> Self {
        Unreadable::because(error.to_string())
    }
}

/// Reads an agency's JSON. Numbers keep their wire text.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Tree, Unreadable> {
    read(bytes, limits).map_err(Unreadable::from)
}

/// Reads JSON that came in at our own edge.
pub fn parse_value(bytes: &[u8], limits: &Limits) -> Result<Value, JsonError> {
    into_value(read(bytes, limits)?)
}

/// A decoded JSON tree as the value the rest of the house uses.
///
/// Fails for a number that would lose digits, and for leaves JSON does not have (slots, elements, bytes).
pub fn to_value(tree: &Tree) -> Result<Value, Unreadable> {
    into_value(tree.clone()).map_err(Unreadable::from)
}

fn into_value(tree: Tree) -> Result<Value, JsonError> {
    Ok(match tree {
        Tree::Null => Value::Null,
        Tree::Bool(truth) => Value::Bool(truth),
        Tree::Text(text) => Value::String(text),
        Tree::Number(text) => Value::Number(exact(&text)?),
        Tree::List(items) => {
            let item =
                |(place, item): (usize, Tree)| into_value(item).map_err(|e| e.below(&place.to_string()));
            Value::Array(items.into_iter().enumerate().map(item).collect::<Result<_, _>>()?)
        }
        Tree::Object(members) => {
            let mut object = Map::with_capacity(members.len());
            for (name, member) in members {
                let value = into_value(member).map_err(|error| error.below(&name))?;
                object.insert(name, value);
            }
            Value::Object(object)
        }
        Tree::Element(_) | Tree::Slot(_) | Tree::Encoded { .. } | Tree::Bytes(_) => {
            return Err(JsonError::Foreign { pointer: String::new() });
        }
    })
}

/// A whole number exactly, a fraction as the nearest double; nothing that overflows.
fn exact(text: &str) -> Result<Number, JsonError> {
    let whole =
        || text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from)).ok();
    let fraction = || text.parse::<f64>().ok().and_then(Number::from_f64);
    let number = if text.contains(['.', 'e', 'E']) || text == "-0" { fraction() } else { whole() };
    number.ok_or(JsonError::OutOfRange { pointer: String::new() })
}

/// Whether a text is a number as RFC 8259 draws it.
pub fn is_number(text: &str) -> bool {
    number_length(text.as_bytes()) == Some(text.len())
}

/// How many bytes at the beginning are a number.
fn number_length(bytes: &[u8]) -> Option<usize> {
    let digits = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let sign = usize::from(bytes.first() == Some(&b'-'));
    let mut length = match bytes.get(sign)? {
        b'0' => sign + 1,
        b'1'..=b'9' => sign + digits(sign),
        _ => return None,
    };
    if bytes.get(length) == Some(&b'.') {
        let count = digits(length + 1);
        length += 1 + Some(count).filter(|&count| count > 0)?;
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        let count = digits(length + 1 + sign);
        length += 1 + sign + Some(count).filter(|&count| count > 0)?;
    }
    Some(length)
}

fn read(bytes: &[u8], limits: &Limits) -> Result<Tree, JsonError> {
    if bytes.len() > limits.bytes_max {
        return Err(JsonError::TooLarge);
    }
    let bytes = strip_mark(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return Err(malformed(bytes, error.valid_up_to())),
    };
    let budget = Budget::new(limits, bytes.len());
    let mut reader = Reader { text, at: 0, depth: 0, limits, budget };
    reader.blank();
    let tree = reader.value()?;
    reader.blank();
    match reader.peek() {
        None => Ok(tree),
        Some(_) => Err(reader.malformed()),
    }
}

fn malformed(bytes: &[u8], at: usize) -> JsonError {
    let before = String::from_utf8_lossy(bytes.get(..at).unwrap_or(bytes));
    let last = before.rsplit('\n').next().unwrap_or_default();
    JsonError::Malformed { line: 1 + before.matches('\n').count(), column: 1 + last.chars().count() }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    limits: &'a Limits,
    budget: Budget,
}

impl<'a> Reader<'a> {
    fn malformed(&self) -> JsonError {
        malformed(self.text.as_bytes(), self.at)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.eat(byte) { Ok(()) } else { Err(self.malformed()) }
    }

    fn value(&mut self) -> Result<Tree, JsonError> {
        self.budget.node()?;
        match self.peek() {
            Some(b'{') => self.deeper(Self::object),
            Some(b'[') => self.deeper(Self::list),
            Some(b'"') => Ok(Tree::Text(self.string()?)),
            Some(b't') => self.word("true", Tree::Bool(true)),
            Some(b'f') => self.word("false", Tree::Bool(false)),
            Some(b'n') => self.word("null", Tree::Null),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str, meaning: Tree) -> Result<Tree, JsonError> {
        if !self.rest().starts_with(word) {
            return Err(self.malformed());
        }
        self.at += word.len();
        Ok(meaning)
    }

    fn number(&mut self) -> Result<Tree, JsonError> {
        let length = number_length(self.rest().as_bytes()).ok_or_else(|| self.malformed())?;
        let text = self.rest().get(..length).unwrap_or_default();
        self.budget.text(length)?;
        self.at += length;
        Ok(Tree::Number(text.to_owned()))
    }

    fn deeper(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<Tree, JsonError>,
    ) -> Result<Tree, JsonError> {
        if self.depth >= self.limits.depth() {
            return Err(JsonError::TooDeep { depth_max: self.limits.depth() });
        }
        self.depth += 1;
        self.at += 1;
        self.blank();
        let tree = inner(self);
        self.depth -= 1;
        tree
    }

    fn list(&mut self) -> Result<Tree, JsonError> {
        let mut items = Vec::new();
        if self.eat(b']') {
            return Ok(Tree::List(items));
        }
        loop {
            let item = self.value().map_err(|error| error.below(&items.len().to_string()))?;
            self.budget.push(&mut items, item)?;
            self.blank();
            if self.eat(b']') {
                return Ok(Tree::List(items));
            }
            self.expect(b',')?;
            self.blank();
        }
    }

    fn object(&mut self) -> Result<Tree, JsonError> {
        let mut members: Vec<(String, Tree)> = Vec::new();
        if self.eat(b'}') {
            return Ok(Tree::Object(members));
        }
        loop {
            let name = self.string()?;
            if name.chars().nth(self.limits.name_chars_max).is_some() {
                return Err(JsonError::TooLarge);
            }
            self.blank();
            self.expect(b':')?;
            self.blank();
            let value = self.value().map_err(|error| error.below(&name))?;
            self.budget.push(&mut members, (name, value))?;
            self.blank();
            if self.eat(b'}') {
                break;
            }
            self.expect(b',')?;
            self.blank();
        }
        match repeated(&members) {
            None => Ok(Tree::Object(members)),
            Some(name) => Err(JsonError::Duplicate { pointer: String::new() }.below(name)),
        }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.expect(b'"')?;
        let mut text = String::new();
        loop {
            let plain = self.rest().bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
            let run = plain.and_then(|length| self.rest().get(..length));
            let Some(run) = run else {
                self.at = self.text.len();
                return Err(self.malformed());
            };
            self.budget.bytes(run.len())?;
            text.push_str(run);
            self.at += run.len();
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    self.budget.rounding(text.len())?;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                _ => return Err(self.malformed()),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        self.at += 1;
        let meant = match self.peek() {
            Some(sign @ (b'"' | b'\\' | b'/')) => char::from(sign),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.code_point(),
            _ => return Err(self.malformed()),
        };
        self.at += 1;
        Ok(meant)
    }

    /// `\u0110`, or a whole surrogate pair; half of one is refused (RFC 7493 2.1).
    fn code_point(&mut self) -> Result<char, JsonError> {
        let first = self.unit()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first).ok_or_else(|| self.malformed());
        }
        self.expect(b'\\')?;
        let second = self.unit()?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err(self.malformed());
        }
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        char::from_u32(code).ok_or_else(|| self.malformed())
    }

    fn unit(&mut self) -> Result<u32, JsonError> {
        self.expect(b'u')?;
        let digits =
            self.rest().get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let unit = unit.ok_or_else(|| self.malformed())?;
        self.at += 4;
        Ok(unit)
    }
}

/// The first name that stands twice, found by sorting: no hash that could be attacked, no square of the length.
pub(super) fn repeated(members: &[(String, Tree)]) -> Option<&str> {
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.windows(2).find_map(|pair| match pair {
        [one, other] if one == other => Some(*one),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> JsonError {
        parse_value(text.as_bytes(), &Limits::default()).unwrap_err()
    }

    #[test]
    fn errors_say_where() {
        assert_eq!(error("{\n \"họ\": tên }"), JsonError::Malformed { line: 2, column: 8 });
        assert_eq!(
            error(r#"{"a":[1,{"b/c":1,"x":2,"b/c":1}]}"#),
            JsonError::Duplicate { pointer: "/a/1/b~1c".into() }
        );
        assert_eq!(error(r#"{"a":1,"\u0061":2}"#), JsonError::Duplicate { pointer: "/a".into() });
        assert_eq!(error(r#"{"n":[0,1e400]}"#), JsonError::OutOfRange { pointer: "/n/1".into() });
        assert_eq!(error("18446744073709551616"), JsonError::OutOfRange { pointer: String::new() });
        assert_eq!(error(""), JsonError::Malformed { line: 1, column: 1 });
        assert_eq!(error("{} {}"), JsonError::Malformed { line: 1, column: 4 });
        assert_eq!(error(r#""\ud83d""#), JsonError::Malformed { line: 1, column: 8 });
    }

    #[test]
    fn one_byte_order_mark_is_taken_off_and_no_more() {
        let read = |bytes: &[u8]| parse(bytes, &Limits::default());
        assert_eq!(read(b"\xef\xbb\xbf{}"), Ok(Tree::Object(Vec::new())));
        assert!(read(b"\xef\xbb\xbf\xef\xbb\xbf{}").is_err());
        assert!(
            crate::codec::decode(
                crate::wire::Format::Json,
                b"\xef\xbb\xbf\xef\xbb\xbf{}",
                &Limits::default()
            )
            .is_err()
        );
    }

    #[test]
    fn numbers_keep_their_wire_text_and_values_their_order() {
        let tree = parse(br#"{"b":1.50,"a":-0,"c":18446744073709551615}"#, &Limits::default()).unwrap();
        let Tree::Object(members) = &tree else { panic!("{tree:?}") };
        assert_eq!(members[0], ("b".into(), Tree::Number("1.50".into())));
        assert_eq!(to_value(&tree).unwrap().to_string(), r#"{"b":1.5,"a":-0.0,"c":18446744073709551615}"#);
        assert!(to_value(&Tree::List(vec![Tree::Bytes(vec![1])])).is_err());
    }

    #[test]
    fn nothing_deeper_than_the_limit_is_built() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse_value(nested(64).as_bytes(), &Limits::default()).is_ok());
        assert_eq!(error(&nested(65)), JsonError::TooDeep { depth_max: 64 });
        assert_eq!(error(&"{\"a\":".repeat(1 << 16)), JsonError::TooDeep { depth_max: 64 });
        let boundless = Limits { depth_max: usize::MAX, ..Limits::default() };
        assert!(parse_value(nested(257).as_bytes(), &boundless).is_err());
    }

    #[test]
    fn a_message_that_unfolds_too_far_is_refused_and_a_long_one_is_not() {
        assert_eq!(error(&format!("[{}1]", "1,".repeat(1 << 18))), JsonError::TooLarge);
        let text = format!("\"{}\"", "chữ \\u1ea1 \\n".repeat(1 << 14));
        assert!(parse_value(text.as_bytes(), &Limits::default()).is_ok());
        let row = r#"{"maHoSo":"H56.14-250812-0035","trangThai":"4","maTinh":"52","ghiChu":null},"#;
        let page = format!("[{}0]", row.repeat(10_000));
        assert!(parse_value(page.as_bytes(), &Limits::default()).is_ok());
        let key = format!("{{\"{}\":1}}", "k".repeat(257));
        assert_eq!(error(&key), JsonError::TooLarge);
    }

    #[test]
    fn only_real_numbers_are_numbers() {
        for good in ["0", "-0", "12", "1.5", "1e2", "1E+2", "-0.1e-7"] {
            assert!(is_number(good), "{good}");
        }
        for bad in ["", "-", "01", "+1", "1.", ".5", "1e", "1e+", "0x1", "1 ", "NaN"] {
            assert!(!is_number(bad), "{bad}");
        }
    }
}
