//! The help for an unknown name.

use crate::diagnostic::nearest;

/// The name probably meant, or the ones there are.
pub(super) fn meant<'n>(wrong: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    match nearest(wrong, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => "none is declared".to_owned(),
        None => format!("there are: {}", names.join(", ")),
    }
}
