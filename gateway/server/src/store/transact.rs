//! What happens inside a transaction: a case is taken in, claimed, changed.

use engine::case::store::{Admission, Admitted, Claim, Commit, IdempotencyKey, Lease, Node, NotCommitted};
use engine::case::{Case, Leg, LegState};
use rusqlite::{Connection, OptionalExtension, params};

use super::history::{SealedEvent, add_events, seal_events};
use super::record::{self, LegRow};
use super::references::{Named, add_references, named, reference_hash};
use super::sealing::{CaseKey, MasterKey, Place};
use super::{Failure, sql};

/// The job that is due longest: one an earlier boot of this node held, one whose lease is over, one that nobody holds.
///
/// SQLite's own: it has one writer. (PostgreSQL will skip what is locked.)
const DUE: &str = "SELECT case_id, name FROM (
    SELECT * FROM (SELECT case_id, name, $1 AS since FROM legs
        WHERE fence IS NOT NULL AND lease_node = $2 AND lease_boot < $3 LIMIT 1)
    UNION ALL SELECT * FROM (SELECT case_id, name, lease_until_ms AS since FROM legs
        WHERE fence IS NOT NULL AND lease_until_ms <= $1 ORDER BY lease_until_ms LIMIT 1)
    UNION ALL SELECT * FROM (SELECT case_id, name, turn_ms AS since FROM legs
        WHERE fence IS NULL AND turn_ms IS NOT NULL AND turn_ms <= $1 ORDER BY turn_ms LIMIT 1)
    ) ORDER BY since LIMIT 1";

/// Jobs of cases that cannot be read which one claim sets aside before it gives up: a damaged row must not keep every other
/// case waiting behind it.
const SET_ASIDE_MAX: usize = 16;

/// An admission with everything sealed, ready to be written.
pub struct Prepared {
    case: Case,
    wrapped: Vec<u8>,
    input: Vec<u8>,
    legs: Vec<(LegRow, Vec<u8>)>,
    events: Vec<SealedEvent>,
    request: (Vec<u8>, Vec<u8>),
    client: String,
    unique: Vec<Vec<u8>>,
    references: Vec<Named>,
}

/// Seals an admission; outside the transaction, in the caller's own time.
pub fn prepare(master: &MasterKey, admission: Admission) -> Result<Prepared, Failure> {
    let Admission { case, entries, key, unique } = admission;
    let (data_key, wrapped) = master.make(&case.id)?;
    let input = data_key.seal(&input_place(&case.id), record::write_input(&case.input).as_bytes())?;
    let legs = case.legs.iter().map(|leg| {
        let row = record::write_leg(leg);
        let words = data_key.seal(&words_place(&case.id, &leg.name), row.words.as_bytes())?;
        Ok((row, words))
    });
    let legs = legs.collect::<Result<Vec<_>, Failure>>()?;
    let events = seal_events(&data_key, &case.id, case.version, &entries)?;
    let own = Named { hash: reference_hash(master, &case.id), leg: String::new(), kind: "case".into() };
    let legs_own = case.legs.iter().flat_map(|leg| named(master, &case.id, leg));
    Ok(Prepared {
        wrapped,
        input,
        legs,
        events,
        request: request_hashes(master, &key),
        unique: unique.iter().map(|hash| master.lookup("unique", &[hash])).collect(),
        references: std::iter::once(own).chain(legs_own).collect(),
        client: key.client,
        case,
    })
}

/// Takes a case in, or says why not.
pub fn admit(connection: &Connection, master: &MasterKey, new: &Prepared) -> Result<Admitted, Failure> {
    if let Some(known) = recall(connection, &new.request)? {
        return Ok(known);
    }
    for hash in &new.unique {
        let holder =
            connection.prepare_cached(sql::HOLDER)?.query_row([hash], |row| row.get(0)).optional()?;
        if let Some(holder) = holder {
            return Ok(Admitted::Conflict(holder));
        }
    }
    let Prepared { case, wrapped, input, legs, events, request, client, unique, references } = new;
    let ended_ms = has_ended(case).then_some(case.opened_ms);
    connection.prepare_cached(sql::ADD_CASE)?.execute(params![
        case.id,
        client,
        case.chain,
        number(case.version),
        case.opened_ms,
        ended_ms,
        master.id(),
        wrapped,
        input
    ])?;
    for (ordinal, (row, words)) in (0..).zip(legs) {
        add_leg(connection, &case.id, ordinal, row, words)?;
    }
    connection.prepare_cached(sql::ADD_REQUEST)?.execute(params![request.0, case.id, request.1])?;
    for hash in unique {
        connection.prepare_cached(sql::ADD_HOLD)?.execute(params![hash, case.id])?;
    }
    add_references(connection, &case.id, references)?;
    add_events(connection, &case.id, client, events)?;
    Ok(Admitted::New)
}

/// What became of this request before, if it came before.
pub fn recall(connection: &Connection, request: &(Vec<u8>, Vec<u8>)) -> Result<Option<Admitted>, Failure> {
    let (hash, fingerprint) = request;
    let mut statement = connection.prepare_cached(sql::REQUEST)?;
    let row = statement.query_row([hash], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?))).optional()?;
    Ok(row.map(|(case, before)| match before == *fingerprint {
        true => Admitted::Again(case),
        false => Admitted::OtherBody,
    }))
}

/// The keyed hashes of a request: of client and key, and of its body.
pub fn request_hashes(master: &MasterKey, key: &IdempotencyKey) -> (Vec<u8>, Vec<u8>) {
    (master.lookup("request", &[&key.client, &key.key]), master.lookup("fingerprint", &[&key.fingerprint]))
}

/// Claims the job that is due longest.
pub fn claim(
    connection: &Connection,
    master: &MasterKey,
    node: &Node,
    now_ms: i64,
    lease_ms: i64,
) -> Result<Option<Claim>, Failure> {
    for _ in 0..SET_ASIDE_MAX {
        let due = params![now_ms, node.name, number(node.boot)];
        let found: Option<(String, String)> = connection
            .prepare_cached(DUE)?
            .query_row(due, |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((id, leg)) = found else { return Ok(None) };
        let fence = raise(connection, "fence", 1)?;
        let until_ms = now_ms.saturating_add(lease_ms);
        let lease = params![fence, node.name, number(node.boot), until_ms, id, leg];
        connection.prepare_cached(sql::LEASE)?.execute(lease)?;
        match load(connection, master, &id) {
            Ok(Some(Stored { case, .. })) => {
                let lease = Lease { case: id, leg, fence: fence.unsigned_abs(), until_ms };
                return Ok(Some(Claim { lease, case }));
            }
            Err(Failure::Sql(error)) => return Err(Failure::Sql(error)),
            // Its lease runs out again and again, and each time somebody reads this.
            Ok(None) | Err(_) => {
                tracing::error!(case = id, leg, "this case cannot be read; its turn is passed over")
            }
        }
    }
    Ok(None)
}

/// Gives a lease back, if it is still this one.
pub fn release(connection: &Connection, lease: &Lease) -> Result<(), Failure> {
    let given = params![lease.case, lease.leg, number(lease.fence)];
    connection.prepare_cached(sql::GIVE_BACK)?.execute(given)?;
    Ok(())
}

/// Commits what happened to a case, or says why not; nothing is written before all is known to hold.
pub fn commit(
    connection: &Connection,
    master: &MasterKey,
    commit: &Commit,
    now_ms: i64,
) -> Result<Result<(), NotCommitted>, Failure> {
    let Commit { case, entries, lease, release: gives_back, message } = commit;
    let Some(before) = load(connection, master, &case.id)? else { return Ok(Err(NotCommitted::Failed)) };
    if let Some(lease) = lease
        && !holds(connection, &case.id, lease)?
    {
        return Ok(Err(NotCommitted::Fenced));
    }
    if before.case.version != case.version {
        return Ok(Err(NotCommitted::Changed));
    }
    if let Some(message) = message {
        let known = params![master.lookup("message", &[message]), case.id];
        if connection.prepare_cached(sql::ADD_MESSAGE)?.execute(known)? == 0 {
            return Ok(Err(NotCommitted::Duplicate));
        }
    }
    change(connection, master, &before, case, now_ms)?;
    let events = seal_events(&before.key, &case.id, case.version.saturating_add(1), entries)?;
    add_events(connection, &case.id, &before.client, &events)?;
    if let Some(lease) = lease.as_ref().filter(|_| *gives_back) {
        release(connection, lease)?;
    }
    Ok(Ok(()))
}

fn holds(connection: &Connection, case: &str, lease: &Lease) -> Result<bool, Failure> {
    let mut statement = connection.prepare_cached(sql::FENCE)?;
    let fence: Option<Option<i64>> =
        statement.query_row([&lease.case, &lease.leg], |row| row.get(0)).optional()?;
    Ok(lease.case == case && fence.flatten() == Some(number(lease.fence)))
}

/// Writes what differs.
fn change(
    connection: &Connection,
    master: &MasterKey,
    before: &Stored,
    case: &Case,
    now_ms: i64,
) -> Result<(), Failure> {
    if case.legs.len() != before.case.legs.len() {
        return Err(Failure::Misfit("a case's legs are its chain's, from beginning to end"));
    }
    for leg in &case.legs {
        let Some(old) = before.case.leg(&leg.name) else {
            return Err(Failure::Misfit("a case's legs are its chain's, from beginning to end"));
        };
        if old != leg {
            change_leg(connection, &before.key, &case.id, old, leg)?;
            let names: Vec<Named> = named(master, &case.id, leg).collect();
            add_references(connection, &case.id, &names)?;
        }
    }
    if before.case.input != case.input {
        let input = record::write_input(&case.input);
        let input = before.key.seal(&input_place(&case.id), input.as_bytes())?;
        connection.prepare_cached(sql::CHANGE_INPUT)?.execute(params![input, case.id])?;
    }
    let ended_ms = has_ended(case).then(|| before.ended_ms.unwrap_or(now_ms));
    let version = number(case.version.saturating_add(1));
    connection.prepare_cached(sql::CHANGE_CASE)?.execute(params![version, ended_ms, case.id])?;
    match (lets_go(&before.case), lets_go(case)) {
        (false, true) => connection.prepare_cached(sql::LET_GO)?.execute([&case.id])?,
        (true, false) => connection.prepare_cached(sql::HOLD_AGAIN)?.execute([&case.id])?,
        (false, false) | (true, true) => 0,
    };
    Ok(())
}

fn change_leg(
    connection: &Connection,
    key: &CaseKey,
    case: &str,
    old: &Leg,
    leg: &Leg,
) -> Result<(), Failure> {
    let (old, row) = (record::write_leg(old), record::write_leg(leg));
    let changed = params![row.service, row.state, row.since_ms, row.turn_ms, row.facts, case, row.name];
    connection.prepare_cached(sql::CHANGE_LEG)?.execute(changed)?;
    if old.words != row.words {
        let words = key.seal(&words_place(case, &row.name), row.words.as_bytes())?;
        connection.prepare_cached(sql::CHANGE_WORDS)?.execute(params![words, case, row.name])?;
    }
    Ok(())
}

/// A case as it stands, with what belongs to it.
pub struct Stored {
    /// The case.
    pub case: Case,
    /// Whose it is.
    pub client: String,
    /// When its last leg ended.
    pub ended_ms: Option<i64>,
    /// Its data key.
    pub key: CaseKey,
}

/// Reads a case.
pub fn load(connection: &Connection, master: &MasterKey, id: &str) -> Result<Option<Stored>, Failure> {
    type Row = (String, String, i64, i64, Option<i64>, Vec<u8>, Vec<u8>);
    let mut statement = connection.prepare_cached(sql::CASE)?;
    let row: Option<Row> = statement.query_row([id], |row| row.try_into()).optional()?;
    let Some((client, chain, version, opened_ms, ended_ms, wrapped, input)) = row else {
        return Ok(None);
    };
    let key = master.unwrap(id, &wrapped)?;
    let input = record::read_input(&text(key.open(&input_place(id), &input)?)?)?;
    let case = Case {
        id: id.to_owned(),
        chain,
        version: version.unsigned_abs(),
        opened_ms,
        input,
        legs: legs(connection, &key, id)?,
    };
    Ok(Some(Stored { case, client, ended_ms, key }))
}

fn legs(connection: &Connection, key: &CaseKey, case: &str) -> Result<Vec<Leg>, Failure> {
    type Row = (String, String, String, i64, Option<i64>, String, Vec<u8>);
    let mut statement = connection.prepare_cached(sql::LEGS)?;
    let rows = statement.query_map([case], |row| Row::try_from(row))?;
    rows.map(|row| {
        let (name, service, state, since_ms, turn_ms, facts, words) = row?;
        let words = text(key.open(&words_place(case, &name), &words)?)?;
        Ok(record::read_leg(LegRow { name, service, state, since_ms, turn_ms, facts, words })?)
    })
    .collect()
}

fn add_leg(
    connection: &Connection,
    case: &str,
    ordinal: i64,
    row: &LegRow,
    words: &[u8],
) -> Result<(), Failure> {
    let LegRow { name, service, state, since_ms, turn_ms, facts, .. } = row;
    let added = params![case, name, ordinal, service, state, since_ms, turn_ms, facts, words];
    connection.prepare_cached(sql::ADD_LEG)?.execute(added)?;
    Ok(())
}

/// Raises a counter; inside a transaction, so nobody else gets the same number.
pub fn raise(connection: &Connection, counter: &str, by: i64) -> Result<i64, Failure> {
    Ok(connection.prepare_cached(sql::RAISE)?.query_row(params![by, counter], |row| row.get(0))?)
}

/// Whether every leg has ended.
fn has_ended(case: &Case) -> bool {
    case.legs.iter().all(|leg| leg.state.is_final())
}

/// Whether the case holds nothing any more: it has ended, and nothing in it took effect. Who has died cannot die again.
fn lets_go(case: &Case) -> bool {
    has_ended(case) && case.legs.iter().all(|leg| leg.state != LegState::Done)
}

/// Where a case's input is sealed.
pub fn input_place(case: &str) -> Place<'_> {
    Place { case, table: "cases", column: "input", row: "" }
}

/// Where a leg's words are sealed.
pub fn words_place<'a>(case: &'a str, leg: &'a str) -> Place<'a> {
    Place { case, table: "legs", column: "words", row: leg }
}

/// Text that was sealed as text.
pub fn text(bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|_| Failure::Misfit("sealed text is no text"))
}

/// SQL's integers are signed; ours count from 0 and never come near the end.
pub fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
