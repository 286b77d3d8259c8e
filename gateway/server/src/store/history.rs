//! A case's events: sealed, and given their places in the feed.

use engine::case::Entry;
use rusqlite::{Connection, params};

use super::record;
use super::sealing::{CaseKey, Place};
use super::transact::{number, raise};
use super::{Failure, sql};

/// An event ready to be written.
pub struct SealedEvent {
    row: record::EventRow,
    words: Vec<u8>,
    version: u64,
    ordinal: i64,
}

/// Seals the lines that come with one version of a case.
pub fn seal_events(
    key: &CaseKey,
    case: &str,
    version: u64,
    entries: &[Entry],
) -> Result<Vec<SealedEvent>, Failure> {
    let sealed = (0..).zip(entries).map(|(ordinal, entry)| {
        let row = record::write_event(entry);
        let place = event_row(version, ordinal);
        let words = key.seal(&event_place(case, &place), row.words.as_bytes())?;
        Ok(SealedEvent { row, words, version, ordinal })
    });
    sealed.collect()
}

/// Gives the events their places in the feed: inside the transaction, and there is one at a time, so a cursor skips none.
pub fn add_events(
    connection: &Connection,
    case: &str,
    client: &str,
    events: &[SealedEvent],
) -> Result<(), Failure> {
    if events.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let last = raise(connection, "event", count)?;
    for (seq, event) in (last - count + 1..=last).zip(events) {
        let SealedEvent { row, words, version, ordinal } = event;
        connection.prepare_cached(sql::ADD_EVENT)?.execute(params![
            seq,
            case,
            client,
            number(*version),
            ordinal,
            row.leg,
            row.revision,
            row.at_ms,
            row.was,
            row.became,
            row.why,
            words
        ])?;
    }
    Ok(())
}

/// An event's row within its case.
pub fn event_row(version: u64, ordinal: i64) -> String {
    format!("{version}.{ordinal}")
}

/// Where an event's words are sealed.
pub fn event_place<'a>(case: &'a str, row: &'a str) -> Place<'a> {
    Place { case, table: "events", column: "words", row }
}
