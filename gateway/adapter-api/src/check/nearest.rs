//! Finds the name an author probably meant.

/// Above this many changed letters a guess misleads more often than it helps.
const CHANGES_MAX: usize = 2;

/// The help for an unknown name: the one probably meant, or the ones there are.
pub(super) fn meant<'n>(wrong: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let near = names
        .iter()
        .map(|name| (changes(wrong, name), *name))
        .filter(|(changes, name)| *changes <= CHANGES_MAX.min(name.chars().count() / 2))
        .min();
    match near {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None if names.is_empty() => "there is none to name here".to_owned(),
        None => format!("there are: {}", names.join(", ")),
    }
}

/// How many letters must be changed, added or dropped (Levenshtein).
fn changes(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut left = line + 1;
        let mut next = vec![left];
        for ((above_left, above), theirs) in row.iter().zip(row.iter().skip(1)).zip(&other) {
            let swap = above_left + usize::from(letter != *theirs);
            left = swap.min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
