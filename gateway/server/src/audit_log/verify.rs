//! Reads an audit log back and says whether every line is the line that was written, with no key and no network.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::line::{self, Content, LINE_BYTES_MAX, LineFlaw, Link};
use super::{segment_name, segment_numbers};

/// What a sound log holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Segment files.
    pub segments: usize,
    /// Lines, beats and recoveries included.
    pub lines: u64,
    /// The seal of the last line: what a second place keeps, to notice a log that was cut short.
    pub last_seal: String,
}

/// The first place where a log is not sound.
#[derive(Debug, thiserror::Error)]
pub enum Flaw {
    /// A line is not what it should be.
    #[error("{segment}, line {line}: {flaw}")]
    Line {
        /// The file.
        segment: String,
        /// Counted from 1.
        line: u64,
        /// What is wrong with it.
        flaw: LineFlaw,
    },
    /// The file ends in the middle of a line.
    #[error("{segment}, line {line}: ends in the middle of a line")]
    Torn {
        /// The file.
        segment: String,
        /// Counted from 1.
        line: u64,
    },
    /// A segment ends elsewhere than the log itself says.
    #[error("{segment}: does not end where the log says it ended")]
    End {
        /// The file.
        segment: String,
    },
    /// The log cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
}

/// Verifies the log of a folder from its first line to its last.
pub fn verify(folder: &Path) -> Result<Verified, Flaw> {
    let mut link = Link::first();
    let mut sizes = Vec::new();
    for number in segment_numbers(folder)? {
        let name = segment_name(number);
        let mut reader = BufReader::new(File::open(folder.join(&name))?);
        let (bytes, after) = verify_segment(&mut reader, &name, link, &sizes)?;
        sizes.push((number, bytes));
        link = after;
    }
    Ok(Verified { segments: sizes.len(), lines: link.sequence - 1, last_seal: link.prev })
}

fn verify_segment(
    reader: &mut impl BufRead,
    name: &str,
    mut link: Link,
    before: &[(u64, u64)],
) -> Result<(u64, Link), Flaw> {
    let mut bytes = 0;
    for number in 1_u64.. {
        let mut line = Vec::new();
        let read = reader.take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut line)?;
        if read == 0 {
            break;
        }
        bytes += read as u64;
        let Some(words) = line.strip_suffix(b"\n") else {
            return Err(Flaw::Torn { segment: name.into(), line: number });
        };
        let (content, after) = line::read(&link, words).map_err(|flaw| Flaw::Line {
            segment: name.into(),
            line: number,
            flaw,
        })?;
        if let Content::Recovered { segment, kept_bytes, .. } = content
            && !before.contains(&(segment, kept_bytes))
        {
            return Err(Flaw::End { segment: segment_name(segment) });
        }
        link = after;
    }
    Ok((bytes, link))
}
