//! Prints where every field comes from: our field, the agency's field, and what happens on the way.

use std::fmt::Write as _;

use adapter_api::declarative::{Declarative, Line, Side};

/// An agency's lineage as a table, one exchange and block after the other.
pub fn table(adapter: &Declarative) -> String {
    let mut text = String::new();
    let lines = adapter.lineage();
    let mut heading = String::new();
    let width =
        |of: fn(&Line) -> &str| lines.iter().map(|line| of(line).chars().count()).max().unwrap_or_default();
    let (left, right) = (width(ours), width(theirs));
    for line in &lines {
        let above = format!("{}.{}", line.exchange, line.block);
        if above != heading {
            let _ = writeln!(text, "{}{above}", if heading.is_empty() { "" } else { "\n" });
            heading = above;
        }
        let arrow = match line.side {
            Side::ToAgency => "→",
            Side::FromAgency => "←",
        };
        let (ours, theirs, how) = (ours(line), theirs(line), line.how.join(" "));
        let row = format!("  {ours:<left$} {arrow} {theirs:<right$}  {how}");
        let _ = writeln!(text, "{}", row.trim_end());
    }
    text
}

/// Our side of a line: what it is drawn from on the way out, what it becomes on the way in.
fn ours(line: &Line) -> &str {
    match line.side {
        Side::ToAgency => &line.source,
        Side::FromAgency => &line.target,
    }
}

fn theirs(line: &Line) -> &str {
    match line.side {
        Side::ToAgency => &line.target,
        Side::FromAgency => &line.source,
    }
}
