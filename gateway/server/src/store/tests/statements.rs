//! The statements themselves: that each is one, is in the shared dialect, and finds its rows by an index.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::super::migrations;

/// Every statement of `sql.rs`, by name, as it is written there.
fn statements() -> Vec<(&'static str, String)> {
    let text = include_str!("../sql.rs");
    let constants = text.split("pub const ").skip(1);
    let all = constants.map(|constant| {
        let (name, rest) = constant.split_once(':').unwrap();
        let inside = rest.split_once('"').unwrap().1.split_once("\";").unwrap().0;
        (name, inside.to_owned())
    });
    let all: Vec<_> = all.collect();
    assert!(all.len() > 35, "{}", all.len());
    all
}

fn migrated() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    migrations::apply(&mut connection, 1).unwrap();
    connection
}

#[test]
fn every_statement_fits_the_tables() {
    let connection = migrated();
    for (name, sql) in statements() {
        connection.prepare(&sql).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

/// SQLite numbers `$n` by first appearance, PostgreSQL by `n`: only where both agree does one text serve both.
#[test]
fn parameters_appear_in_their_order() {
    for (name, sql) in statements() {
        let mut seen: Vec<usize> = Vec::new();
        for part in sql.split('$').skip(1) {
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            let number: usize = digits.parse().unwrap_or_else(|_| panic!("{name}: ${part}"));
            if !seen.contains(&number) {
                seen.push(number);
            }
        }
        assert_eq!(seen, (1..=seen.len()).collect::<Vec<_>>(), "{name}");
        assert!(
            !sql.contains('?') && !sql.to_uppercase().contains("OR IGNORE"),
            "{name}: SQLite's own words"
        );
    }
}

/// With 10^6 finished cases nothing may read a table from end to end (P11).
#[test]
fn no_statement_reads_a_whole_table() {
    // These read a list by its own order, from a place on, so many; or a table of a handful of rows.
    let lists: BTreeSet<&str> = ["MASTER_KEYS"].into();
    let connection = migrated();
    let due = include_str!("../transact.rs").split_once("const DUE: &str = \"").unwrap().1;
    let due = ("DUE", due.split_once("\";").unwrap().0.to_owned());
    for (name, sql) in statements().into_iter().chain([due]).filter(|(name, _)| !lists.contains(name)) {
        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let count = plan.parameter_count();
        let lines = plan
            .query_map(rusqlite::params_from_iter(vec![1; count]), |row| row.get::<_, String>(3))
            .unwrap();
        for line in lines.map(Result::unwrap) {
            let reads_all = line.starts_with("SCAN")
                && !line.contains("USING")
                && !line.contains("subquery")
                && !line.contains("CONSTANT");
            assert!(!reads_all, "{name}: {line}");
        }
    }
}
