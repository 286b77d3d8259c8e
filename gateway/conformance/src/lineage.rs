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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use adapter_api::agency::{self, Folder};
    use adapter_api::diagnostic::Source;
    use adapter_api::schema::Schemas;

    use super::*;

    #[test]
    fn both_ways_stand_side_by_side() {
        let text = include_str!("../templates/json/adapter.toml").to_owned()
            + include_str!("../templates/json/record.toml");
        let files = vec![Source { name: "adapter.toml".into(), text }];
        let (agency, findings) = agency::parse(&Folder { name: "toy".into(), files, carriers: Vec::new() });
        assert_eq!(findings, []);
        let adapter = Declarative::new(Arc::new(agency.unwrap()), Arc::new(Schemas::default()));
        let table = table(&adapter);
        let row = |ours: &str| table.lines().find(|line| line.trim_start().starts_with(ours)).unwrap();
        assert!(row("full_name ").contains("→ name"), "{table}");
        assert!(
            row("birth_date ").contains("← record.born") && row("birth_date ").contains("date="),
            "{table}"
        );
    }
}
