//! Every reference finds the case: kept as keyed hashes, so that the table says nothing to who reads it.

use engine::case::Leg;
use engine::case::whole::reference;
use rusqlite::{Connection, params};

use super::sealing::MasterKey;
use super::{Failure, sql};

/// A reference, hashed; its leg is empty where it is the case's own.
pub struct Named {
    /// Its keyed hash.
    pub hash: Vec<u8>,
    /// The leg.
    pub leg: String,
    /// What sort of reference, `waybill`.
    pub kind: String,
}

/// Gives a case another name to be found by.
pub fn refer(
    connection: &Connection,
    master: &MasterKey,
    case: &str,
    leg: &str,
    (kind, value): (&str, &str),
) -> Result<(), Failure> {
    let named = Named { hash: reference_hash(master, value), leg: leg.to_owned(), kind: kind.to_owned() };
    add_references(connection, case, &[named])
}

/// The keyed hash of a reference; what somebody copied with spaces around it is the same reference.
pub fn reference_hash(master: &MasterKey, value: &str) -> Vec<u8> {
    master.lookup("reference", &[value.trim()])
}

/// A leg's own reference towards its agency, and the agency's.
pub fn named<'a>(master: &'a MasterKey, case: &str, leg: &'a Leg) -> impl Iterator<Item = Named> + 'a {
    let own = ("own".to_owned(), reference(case, leg));
    let all = std::iter::once(own).chain(leg.references.iter().cloned());
    all.map(|(kind, value)| Named { hash: reference_hash(master, &value), leg: leg.name.clone(), kind })
}

/// Adds what is not there yet.
pub fn add_references(connection: &Connection, case: &str, named: &[Named]) -> Result<(), Failure> {
    for Named { hash, leg, kind } in named {
        connection.prepare_cached(sql::ADD_REFERENCE)?.execute(params![hash, case, leg, kind])?;
    }
    Ok(())
}
