//! What passed, what failed and why, and tables that a person understands.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Failures told one by one; the rest are counted. More than a screen hides the first.
const TOLD_MAX: usize = 30;

/// The score of a run.
#[derive(Debug, Default)]
pub struct Score {
    passed: usize,
    failed: usize,
    skipped: usize,
    told: usize,
}

impl Score {
    /// Counts one check; says why if it failed.
    pub fn check(&mut self, passed: bool, why: impl FnOnce() -> String) {
        if passed {
            self.passed += 1;
            return;
        }
        self.failed += 1;
        self.told += 1;
        if self.told <= TOLD_MAX {
            println!("  ✘ {}", why());
        } else if self.told == TOLD_MAX + 1 {
            println!("  ✘ … and more; the rest are counted");
        }
    }

    /// Counts something that could not be proved here.
    pub fn skip(&mut self, what: &str) {
        self.skipped += 1;
        println!("  – skipped: {what}");
    }

    /// Adds another score, whose failures have been told already.
    pub fn add(&mut self, other: Score) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.told += other.told;
    }

    /// How many failed.
    pub fn failed(&self) -> usize {
        self.failed
    }

    /// `N passed, N failed`, and what was skipped.
    pub fn last_line(&self) -> String {
        let skipped = if self.skipped == 0 { String::new() } else { format!(", {} skipped", self.skipped) };
        format!("{} passed, {} failed{skipped}", self.passed, self.failed)
    }
}

/// Counts by class, printed as a table.
#[derive(Debug, Default)]
pub struct Counts(BTreeMap<String, usize>);

impl Counts {
    /// One more of this class.
    pub fn one(&mut self, class: impl Into<String>) {
        self.many(class, 1);
    }

    /// So many more of this class.
    pub fn many(&mut self, class: impl Into<String>, number: usize) {
        *self.0.entry(class.into()).or_default() += number;
    }

    /// Adds other counts, class by class.
    pub fn add(&mut self, other: &Counts) {
        other.0.iter().for_each(|(class, number)| self.many(class.clone(), *number));
    }

    /// How many of this class.
    pub fn of(&self, class: &str) -> usize {
        self.0.get(class).copied().unwrap_or_default()
    }

    /// Prints them under a title.
    pub fn print(&self, title: &str) {
        println!("\n{title}");
        self.0.iter().for_each(|(class, number)| println!("  {number:>8}  {class}"));
    }
}

/// Prints rows under a heading, columns aligned.
pub fn print_table(title: &str, heading: &[&str], rows: &[Vec<String>]) {
    let heading: Vec<String> = heading.iter().map(|cell| (*cell).to_string()).collect();
    let lines = || std::iter::once(&heading).chain(rows);
    let width =
        |column: usize| lines().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..heading.len()).map(|column| width(column).unwrap_or(0)).collect();
    println!("\n{title}");
    for row in lines() {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        println!("  {}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

/// The value below which this part of a sorted list lies.
pub fn at<T: Copy + Default>(sorted: &[T], part: f64) -> T {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * part).ceil() as usize).copied().unwrap_or_default()
}

/// A bar for so many steps; it draws nothing where there is no terminal.
pub fn bar(steps: usize, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(steps as u64).with_message(what);
    if let Ok(style) = ProgressStyle::with_template("  {msg} {bar:30} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
