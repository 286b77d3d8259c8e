//! What may be a name in XML 1.0, 5th edition.

/// A name without colons, as namespaces want it.
pub(crate) fn is_local_name(text: &str) -> bool {
    !text.contains(':') && length(text) == text.len() && !text.is_empty()
}

/// How many bytes at the beginning are a name; 0 for none.
pub(super) fn length(text: &str) -> usize {
    match text.chars().next() {
        Some(first) if starts(first) => {
            text.find(|sign| !starts(sign) && !continues(sign)).unwrap_or(text.len())
        }
        _ => 0,
    }
}

/// NameStartChar, production 4.
fn starts(sign: char) -> bool {
    matches!(sign,
        ':' | '_' | 'A'..='Z' | 'a'..='z'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
        | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}'
        | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

/// What NameChar adds, production 4a.
fn continues(sign: char) -> bool {
    matches!(sign, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// Char, production 2.
pub(crate) fn is_legal(sign: char) -> bool {
    matches!(sign, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}
