//! The questions of [`super::register::Register`] in SQL.

use engine::case::{Case, LegState};
use rusqlite::{Connection, OptionalExtension, Params, params};

use super::history::{event_place, event_row};
use super::record::{self, EventRow, Unreadable};
use super::references::reference_hash;
use super::register::{LegSummary, PAGE_MAX, Page, Recorded, Summary, Which, Whose};
use super::sealing::{CaseKey, MasterKey};
use super::transact::{load, number, text};
use super::{Failure, sql};

impl Whose {
    /// The client's name; empty: everybody's.
    fn name(&self) -> &str {
        match self {
            Whose::Client(name) => name,
            Whose::Everybody => "",
        }
    }

    fn may_see(&self, client: &str) -> bool {
        match self {
            Whose::Client(name) => name == client,
            Whose::Everybody => true,
        }
    }
}

/// A case with its summary.
pub fn case(
    connection: &Connection,
    master: &MasterKey,
    whose: &Whose,
    id: &str,
) -> Result<Option<(Summary, Case)>, Failure> {
    let Some(summary) = summary(connection, id)?.filter(|summary| whose.may_see(&summary.client)) else {
        return Ok(None);
    };
    Ok(load(connection, master, id)?.map(|stored| (summary, stored.case)))
}

/// A list of cases.
pub fn list(
    connection: &Connection,
    master: &MasterKey,
    whose: &Whose,
    which: &Which,
    page: &Page,
) -> Result<Vec<Summary>, Failure> {
    let (client, after, limit) = (whose.name(), &page.after, limit(page.limit));
    if *whose == Whose::Client(String::new()) {
        // In the statements below no name means everybody.
        return Ok(Vec::new());
    }
    let ids = match (which, whose) {
        (Which::All, Whose::Everybody) => ids(connection, sql::LIST_ALL, params![after, limit])?,
        (Which::All, Whose::Client(_)) => {
            ids(connection, sql::LIST_OF_CLIENT, params![client, after, limit])?
        }
        (Which::Reference(value), _) => {
            let hash = reference_hash(master, value);
            ids(connection, sql::LIST_BY_REFERENCE, params![hash, client, after, limit])?
        }
        (Which::Overdue(now_ms), _) => {
            ids(connection, sql::LIST_OVERDUE, params![now_ms, client, after, limit])?
        }
        (Which::Attention, _) => ids(connection, sql::LIST_ATTENTION, params![client, after, limit])?,
    };
    ids.iter().filter_map(|id| summary(connection, id).transpose()).collect()
}

fn ids(connection: &Connection, sql: &str, by: impl Params) -> Result<Vec<String>, Failure> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(by, |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn limit(wanted: usize) -> i64 {
    i64::try_from(wanted.min(PAGE_MAX)).unwrap_or(0)
}

fn summary(connection: &Connection, id: &str) -> Result<Option<Summary>, Failure> {
    type Row = (String, String, i64, i64, Option<i64>, Option<i64>);
    let mut statement = connection.prepare_cached(sql::SUMMARY)?;
    let row: Option<Row> = statement.query_row([id], |row| row.try_into()).optional()?;
    let Some((client, chain, version, opened_ms, due_ms, ended_ms)) = row else { return Ok(None) };
    let version = version.unsigned_abs();
    let legs = leg_summaries(connection, id)?;
    Ok(Some(Summary { id: id.to_owned(), client, chain, version, opened_ms, due_ms, ended_ms, legs }))
}

fn leg_summaries(connection: &Connection, case: &str) -> Result<Vec<LegSummary>, Failure> {
    type Row = (String, String, String, i64);
    let mut statement = connection.prepare_cached(sql::LEG_STATES)?;
    let rows = statement.query_map([case], |row| Row::try_from(row))?;
    rows.map(|row| {
        let (name, service, state, since_ms) = row?;
        let state = LegState::ALL.into_iter().find(|one| one.word() == state);
        let state = state.ok_or(Unreadable::Broken("a leg's state"))?;
        Ok(LegSummary { name, service, state, since_ms })
    })
    .collect()
}

/// A case's events.
pub fn history(
    connection: &Connection,
    master: &MasterKey,
    whose: &Whose,
    case: &str,
    (after, wanted): (u64, usize),
) -> Result<Vec<Recorded>, Failure> {
    if summary(connection, case)?.is_none_or(|summary| !whose.may_see(&summary.client)) {
        return Ok(Vec::new());
    }
    recorded(connection, master, sql::HISTORY, params![case, number(after), limit(wanted)])
}

/// The feed.
pub fn events(
    connection: &Connection,
    master: &MasterKey,
    whose: &Whose,
    (after, wanted): (u64, usize),
) -> Result<Vec<Recorded>, Failure> {
    let (after, limit) = (number(after), limit(wanted));
    match whose {
        Whose::Everybody => recorded(connection, master, sql::FEED_ALL, params![after, limit]),
        Whose::Client(name) => recorded(connection, master, sql::FEED_OF_CLIENT, params![name, after, limit]),
    }
}

/// An event's place: in the feed, and within its case.
struct Placed {
    seq: i64,
    case: String,
    version: i64,
    ordinal: i64,
    row: EventRow,
    sealed: Vec<u8>,
}

fn placed(row: &rusqlite::Row<'_>) -> rusqlite::Result<Placed> {
    Ok(Placed {
        seq: row.get(0)?,
        case: row.get(1)?,
        version: row.get(2)?,
        ordinal: row.get(3)?,
        row: EventRow {
            leg: row.get(4)?,
            revision: row.get(5)?,
            at_ms: row.get(6)?,
            was: row.get(7)?,
            became: row.get(8)?,
            why: row.get(9)?,
            words: String::new(),
        },
        sealed: row.get(10)?,
    })
}

fn recorded(
    connection: &Connection,
    master: &MasterKey,
    sql: &str,
    by: impl Params,
) -> Result<Vec<Recorded>, Failure> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(by, placed)?;
    let mut last: Option<(String, CaseKey)> = None;
    rows.map(|placed| {
        let Placed { seq, case, version, ordinal, row, sealed } = placed?;
        // Events of one case mostly stand together: its key is unwrapped once.
        let key = match last.take().filter(|(of, _)| *of == case) {
            Some((_, key)) => key,
            None => key_of(connection, master, &case)?,
        };
        let version = version.unsigned_abs();
        let place = event_row(version, ordinal);
        let words = text(key.open(&event_place(&case, &place), &sealed)?)?;
        let entry = record::read_event(EventRow { words, ..row })?;
        last = Some((case.clone(), key));
        Ok(Recorded { seq: seq.unsigned_abs(), case, version, entry })
    })
    .collect()
}

fn key_of(connection: &Connection, master: &MasterKey, case: &str) -> Result<CaseKey, Failure> {
    let wrapped: Vec<u8> = connection.prepare_cached(sql::KEY)?.query_row([case], |row| row.get(0))?;
    Ok(master.unwrap(case, &wrapped)?)
}

/// When something can next be claimed.
pub fn next_due(connection: &Connection) -> Result<Option<i64>, Failure> {
    let first = |sql: &str| -> Result<Option<i64>, Failure> {
        Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    };
    let both = [first(sql::NEXT_TURN)?, first(sql::NEXT_LAPSE)?];
    Ok(both.into_iter().flatten().min())
}
