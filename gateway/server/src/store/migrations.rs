//! The schema's versions: embedded files, applied in order, each remembered with the hash of its text.

use aws_lc_rs::digest::{SHA256, digest};
use rusqlite::{Connection, OptionalExtension, params};

use super::OpenError;

/// One step of the schema.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// From 1, without gaps.
    pub version: i64,
    /// What it is about.
    pub name: &'static str,
    text: &'static str,
}

/// Every step this program knows. An applied one is never edited: its hash would no longer agree.
pub const ALL: [Migration; 1] =
    [Migration { version: 1, name: "cases", text: include_str!("migrations/sqlite/0001_cases.sql") }];

const TABLE: &str = "CREATE TABLE IF NOT EXISTS migrations (
    version INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    applied_ms INTEGER NOT NULL
) STRICT";

/// A step, and when it was applied.
#[derive(Debug, Clone)]
pub struct Step {
    /// The step.
    pub migration: Migration,
    /// When, in milliseconds since 1970; `None`: not yet.
    pub applied_ms: Option<i64>,
}

impl Migration {
    fn hash(&self) -> String {
        crate::hex::lower(digest(&SHA256, self.text.as_bytes()).as_ref())
    }
}

/// Every step with its standing. Refuses a database that a newer program wrote, or whose steps were other ones.
pub fn status(connection: &Connection) -> Result<Vec<Step>, OpenError> {
    let applied = applied(connection)?;
    if let Some((version, ..)) =
        applied.iter().find(|(version, ..)| ALL.iter().all(|one| one.version != *version))
    {
        return Err(OpenError::Newer { found: *version, known: ALL.len() });
    }
    let mut steps = Vec::new();
    for migration in ALL {
        let row = applied.iter().find(|(version, ..)| *version == migration.version);
        if row.is_some_and(|(_, hash, _)| *hash != migration.hash()) {
            return Err(OpenError::Altered { version: migration.version });
        }
        let applied_ms = row.map(|(_, _, applied_ms)| *applied_ms);
        if applied_ms.is_some() && steps.iter().any(|step: &Step| step.applied_ms.is_none()) {
            return Err(OpenError::Altered { version: migration.version });
        }
        steps.push(Step { migration, applied_ms });
    }
    Ok(steps)
}

/// Whether nothing was ever put into this database.
pub fn is_fresh(connection: &Connection) -> Result<bool, OpenError> {
    let count: i64 = connection.query_row("SELECT COUNT(*) FROM sqlite_master", [], |row| row.get(0))?;
    Ok(count == 0)
}

/// Applies what is missing, each step in a transaction of its own; gives the steps that were applied.
pub fn apply(connection: &mut Connection, now_ms: i64) -> Result<Vec<Migration>, OpenError> {
    let pending = status(connection)?.into_iter().filter(|step| step.applied_ms.is_none());
    let mut done = Vec::new();
    for Step { migration, .. } in pending {
        let transaction = connection.transaction()?;
        transaction.execute_batch(TABLE)?;
        transaction.execute_batch(migration.text)?;
        transaction.execute(
            "INSERT INTO migrations (version, name, hash, applied_ms) VALUES ($1, $2, $3, $4)",
            params![migration.version, migration.name, migration.hash(), now_ms],
        )?;
        transaction.commit()?;
        done.push(migration);
    }
    Ok(done)
}

/// Version, hash and time of each applied step.
fn applied(connection: &Connection) -> Result<Vec<(i64, String, i64)>, OpenError> {
    let table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migrations'";
    if connection.query_row(table, [], |_| Ok(())).optional()?.is_none() {
        return Ok(Vec::new());
    }
    let mut statement =
        connection.prepare("SELECT version, hash, applied_ms FROM migrations ORDER BY version")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn migrated() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        assert!(is_fresh(&connection).unwrap());
        assert_eq!(apply(&mut connection, 5).unwrap().len(), ALL.len());
        connection
    }

    #[test]
    fn what_was_applied_is_remembered_and_not_applied_again() {
        let mut connection = migrated();
        assert!(!is_fresh(&connection).unwrap());
        assert!(apply(&mut connection, 6).unwrap().is_empty());
        assert!(status(&connection).unwrap().iter().all(|step| step.applied_ms == Some(5)));
        let versions: Vec<i64> = ALL.iter().map(|migration| migration.version).collect();
        assert_eq!(versions, (1..=i64::try_from(ALL.len()).unwrap()).collect::<Vec<_>>());
    }

    #[test]
    fn a_newer_database_is_refused_and_so_is_one_with_other_steps() {
        let mut connection = migrated();
        connection.execute("INSERT INTO migrations VALUES (999, 'later', '', 1)", []).unwrap();
        assert!(matches!(status(&connection), Err(OpenError::Newer { found: 999, .. })));
        assert!(matches!(apply(&mut connection, 1), Err(OpenError::Newer { .. })));
        let connection = migrated();
        connection.execute("UPDATE migrations SET hash = 'other' WHERE version = 1", []).unwrap();
        assert!(matches!(status(&connection), Err(OpenError::Altered { version: 1 })));
    }

    #[test]
    fn a_step_that_fails_leaves_nothing_behind() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE legs (a TEXT)").unwrap();
        assert!(apply(&mut connection, 1).is_err());
        let left: i64 =
            connection.query_row("SELECT COUNT(*) FROM sqlite_master", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 1, "only the table that was there before");
    }
}
