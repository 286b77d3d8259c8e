//! One line of the audit log: its number, the hash of the line before it, its content, and a hash over itself.

use std::borrow::Cow;

use aws_lc_rs::digest::{SHA256, digest};
use engine::audit::Record;
use serde::{Deserialize, Serialize};

/// Longest line. A record names at most a few hundred fields of a hundred characters: 64 KiB leaves room for ten times that.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// What the first line of a log names as the line before it.
pub const FIRST_PREV: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What stands between a line's words and the hash over them.
const SEAL_KEY: &str = ",\"seal\":\"";
/// A SHA-256 in hexadecimal digits.
const SEAL_DIGITS: usize = 64;
/// What ends a line, before its newline.
const LINE_END: &str = "\"}";

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Content {
    /// A look-up: who, for whom, why, what.
    Record(Box<Record>),
    /// Nothing but that the log works.
    Beat {
        /// When.
        at: String,
    },
    /// The log went on after a stop in the middle of a write, or after a failed one.
    Recovered {
        /// When.
        at: String,
        /// The segment that ended early.
        segment: u64,
        /// Bytes of it that stand.
        kept_bytes: u64,
        /// Bytes after them: never acknowledged, cut off unless `damaged`.
        lost_bytes: u64,
        /// The bytes were whole lines that do not fit the chain: left where they are, for `verify` to show.
        damaged: bool,
    },
}

/// Borrowed for writing, owned after reading.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words<'a> {
    sequence: u64,
    origin: Cow<'a, str>,
    prev: Cow<'a, str>,
    content: Cow<'a, Content>,
}

/// Where the chain stands: what the next line must say of the lines before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The number of the next line; the first is 1.
    pub sequence: u64,
    /// The seal of the line before it.
    pub prev: String,
}

impl Link {
    /// Before the first line.
    pub fn first() -> Self {
        Link { sequence: 1, prev: FIRST_PREV.into() }
    }
}

/// Why a line cannot be written or does not belong where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineFlaw {
    /// Longer than [`LINE_BYTES_MAX`].
    #[error("longer than {LINE_BYTES_MAX} bytes")]
    TooLong,
    /// Its own hash is missing or does not fit its words.
    #[error("does not fit its own seal")]
    Seal,
    /// Its words are not those of an audit line.
    #[error("not an audit line")]
    Words,
    /// Its number is not the next one.
    #[error("number out of order")]
    Sequence,
    /// It does not name the line before it.
    #[error("does not follow the line before it")]
    Chain,
}

/// Writes the next line, newline included, and says where the chain stands after it.
pub fn write(link: &Link, origin: &str, content: &Content) -> Result<(Vec<u8>, Link), LineFlaw> {
    let words = Words {
        sequence: link.sequence,
        origin: Cow::Borrowed(origin),
        prev: Cow::Borrowed(&link.prev),
        content: Cow::Borrowed(content),
    };
    let mut line = serde_json::to_string(&words).map_err(|_| LineFlaw::Words)?;
    line.pop();
    let seal = hash(line.as_bytes());
    line.push_str(SEAL_KEY);
    line.push_str(&seal);
    line.push_str(LINE_END);
    line.push('\n');
    if line.len() > LINE_BYTES_MAX {
        return Err(LineFlaw::TooLong);
    }
    Ok((line.into_bytes(), Link { sequence: link.sequence + 1, prev: seal }))
}

/// Reads a line without its newline, checks that it belongs here, and says where the chain stands after it.
pub fn read(link: &Link, line: &[u8]) -> Result<(Content, Link), LineFlaw> {
    let line = std::str::from_utf8(line).map_err(|_| LineFlaw::Words)?;
    let (words, seal) = line.strip_suffix(LINE_END).and_then(split_seal).ok_or(LineFlaw::Seal)?;
    if hash(words.as_bytes()) != seal {
        return Err(LineFlaw::Seal);
    }
    let words: Words<'_> = serde_json::from_str(&format!("{words}}}")).map_err(|_| LineFlaw::Words)?;
    if words.sequence != link.sequence {
        return Err(LineFlaw::Sequence);
    }
    if words.prev != link.prev {
        return Err(LineFlaw::Chain);
    }
    Ok((words.content.into_owned(), Link { sequence: link.sequence + 1, prev: seal.into() }))
}

/// Where the chain stood before this line, as the line itself says.
pub fn before(line: &[u8]) -> Option<Link> {
    let line = std::str::from_utf8(line).ok()?;
    let (words, _) = line.strip_suffix(LINE_END).and_then(split_seal)?;
    let words: Words<'_> = serde_json::from_str(&format!("{words}}}")).ok()?;
    Some(Link { sequence: words.sequence, prev: words.prev.into_owned() })
}

fn split_seal(line: &str) -> Option<(&str, &str)> {
    let (before, seal) = line.split_at_checked(line.len().checked_sub(SEAL_DIGITS)?)?;
    Some((before.strip_suffix(SEAL_KEY)?, seal))
}

fn hash(bytes: &[u8]) -> String {
    crate::hex::lower(digest(&SHA256, bytes).as_ref())
}
