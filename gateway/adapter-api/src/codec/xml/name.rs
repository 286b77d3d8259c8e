//! What may be a name in XML 1.0, 5th edition.

/// A name without colons, as namespaces want it.
pub(crate) fn is_local_name(text: &str) -> bool {
    !text.contains(':') && length(text) == text.len() && !text.is_empty()
}

/// How many bytes at the beginning are a name; 0 for none.
pub(super) fn length(text: &str) -> usize {
    // Byte by byte as far as the name is ASCII, which is nearly always all of it.
    let ascii = text.bytes().take_while(|byte| plain(*byte)).count();
    let starts_plain = text.bytes().next().is_some_and(|byte| plain(byte) && starts(char::from(byte)));
    if starts_plain && text.as_bytes().get(ascii).is_none_or(u8::is_ascii) {
        return ascii;
    }
    match text.chars().next() {
        Some(first) if starts(first) => {
            text.find(|sign| !starts(sign) && !continues(sign)).unwrap_or(text.len())
        }
        _ => 0,
    }
}

/// The ASCII of both productions.
fn plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'-' | b'.')
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_where_the_grammar_says() {
        let by_the_grammar = |text: &str| match text.chars().next() {
            Some(first) if starts(first) => {
                text.find(|sign| !starts(sign) && !continues(sign)).unwrap_or(text.len())
            }
            _ => 0,
        };
        for first in ('\0'..'\u{400}').chain(['\u{2040}', '\u{ffff}']) {
            for text in [
                format!("{first}"),
                format!("{first}a.b>"),
                format!("ns1:a{first}b c"),
                format!("a-1{first}"),
            ] {
                assert_eq!(length(&text), by_the_grammar(&text), "{text:?}");
            }
        }
        assert_eq!((length(""), length("-a"), length("Họ tên"), length("a\u{b7} ")), (0, 0, 4, 3));
    }
}
