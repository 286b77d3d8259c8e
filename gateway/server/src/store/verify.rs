//! Proves that a database or a backup is whole: its pages, its schema, and that everything sealed opens.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::register::{PAGE_MAX, Page, Recorded, Which, Whose};
use super::sealing::MasterKey;
use super::transact::load;
use super::{Failure, OpenError, file, migrations, reading, sql};

/// Findings that are told; whoever has more has another trouble.
const FINDINGS_MAX: usize = 100;

/// What was found in a database.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The schema's version.
    pub version: i64,
    /// Rows of each table, in the tables' order.
    pub rows: Vec<(&'static str, i64)>,
    /// Cases that are open.
    pub open: i64,
    /// Sealed columns that were opened.
    pub opened: u64,
    /// The last event's place in the feed.
    pub last_event: i64,
    /// Everything that is wrong.
    pub findings: Vec<String>,
}

const TABLES: [&str; 7] = ["cases", "legs", "events", "requests", "holds", "messages", "case_references"];

/// Reads a whole database. An error: it could not even be begun.
pub fn verify(database: &Path, master: &MasterKey) -> Result<Verified, OpenError> {
    if !database.is_file() {
        let source = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(OpenError::Disk { file: database.into(), source });
    }
    let connection = file::reading(database)?;
    let steps = migrations::status(&connection)?;
    let mut found = Verified::default();
    match steps.iter().rev().find(|step| step.applied_ms.is_some()) {
        Some(step) => found.version = step.migration.version,
        None => {
            found.say("no schema: this is no database of the gateway's");
            return Ok(found);
        }
    }
    found.pages(&connection)?;
    found.count(&connection)?;
    found.keys(&connection, master)?;
    if found.findings.is_empty() {
        found.cases(&connection, master)?;
    }
    Ok(found)
}

impl Verified {
    fn say(&mut self, finding: impl Into<String>) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding.into());
        }
    }

    fn pages(&mut self, connection: &Connection) -> Result<(), OpenError> {
        let mut statement = connection.prepare("PRAGMA integrity_check(100)")?;
        let told = statement.query_map([], |row| row.get::<_, String>(0))?;
        for line in told {
            match line {
                Ok(line) if line == "ok" => {}
                Ok(line) => self.say(format!("integrity: {line}")),
                Err(error) => self.say(format!("integrity: {error}")),
            }
        }
        let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
        for table in statement.query_map([], |row| row.get::<_, String>(0))? {
            self.say(format!("{}: a row of no case", table?));
        }
        Ok(())
    }

    fn count(&mut self, connection: &Connection) -> Result<(), OpenError> {
        let one = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        for table in TABLES {
            self.rows.push((table, one(&format!("SELECT COUNT(*) FROM {table}"))?));
        }
        self.open = one("SELECT COUNT(*) FROM cases WHERE ended_ms IS NULL")?;
        self.last_event = one("SELECT COALESCE(MAX(seq), 0) FROM events")?;
        if one("SELECT value FROM counters WHERE name = 'event'")? < self.last_event {
            self.say("events: the feed's counter stands behind its last event");
        }
        if one("SELECT COUNT(*) FROM cases WHERE id NOT IN (SELECT case_id FROM legs)")? > 0 {
            self.say("cases: one has no legs");
        }
        Ok(())
    }

    fn keys(&mut self, connection: &Connection, master: &MasterKey) -> Result<(), OpenError> {
        let probe: Option<Vec<u8>> =
            connection.query_row(sql::MASTER_KEY, [master.id()], |row| row.get(0)).optional()?;
        if !probe.is_some_and(|probe| master.made(&probe)) {
            self.say(format!("the master key given ({}) is not the one it is sealed with", master.id()));
        }
        Ok(())
    }

    /// Opens everything, case by case; one that does not open is named, and the next is tried.
    fn cases(&mut self, connection: &Connection, master: &MasterKey) -> Result<(), OpenError> {
        let mut after = String::new();
        loop {
            let page = Page { after: after.clone(), limit: PAGE_MAX };
            let listed = reading::list(connection, master, &Whose::Everybody, &Which::All, &page);
            let listed = match listed {
                Ok(listed) => listed,
                Err(failure) => {
                    self.say(format!("cases after {after:?}: {failure}"));
                    return Ok(());
                }
            };
            let Some(last) = listed.last() else { return Ok(()) };
            after.clone_from(&last.id);
            for summary in &listed {
                if let Err(failure) = self.case(connection, master, &summary.id) {
                    self.say(format!("case {}: {failure}", summary.id));
                }
            }
        }
    }

    fn case(&mut self, connection: &Connection, master: &MasterKey, id: &str) -> Result<(), Failure> {
        let Some(stored) = load(connection, master, id)? else { return Ok(()) };
        let sealed = stored.case.legs.len().saturating_add(2);
        let history = whole_history(connection, master, id)?;
        self.opened += u64::try_from(sealed.saturating_add(history.len())).unwrap_or(u64::MAX);
        for leg in &stored.case.legs {
            let last = history.iter().rev().find(|line| line.entry.leg == leg.name);
            let explained =
                last.map_or(leg.state == engine::case::LegState::Waiting, |line| line.entry.to == leg.state);
            if !explained {
                self.say(format!(
                    "case {id}, leg {}: no event says why it is {}",
                    leg.name,
                    leg.state.word()
                ));
            }
        }
        Ok(())
    }
}

fn whole_history(connection: &Connection, master: &MasterKey, id: &str) -> Result<Vec<Recorded>, Failure> {
    let mut all: Vec<Recorded> = Vec::new();
    loop {
        let after = all.last().map_or(0, |line| line.seq);
        let mut next = reading::history(connection, master, &Whose::Everybody, id, (after, PAGE_MAX))?;
        if next.is_empty() {
            return Ok(all);
        }
        all.append(&mut next);
    }
}
