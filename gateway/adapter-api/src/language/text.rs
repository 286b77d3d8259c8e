//! What the language knows of text: normal form, the text functions, comparison of names, and phrases that a negation takes back.

use std::borrow::Cow;

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::language::syntax::TextFunction;

/// Beyond this no sum of đồng is written in words: 10^18 is a thousand times the state budget.
const DONG_DIGITS_MAX: usize = 18;

/// What turns a sentence into its opposite when it stands directly before or after a phrase (`reference/mapping.md` 7.4).
const NEGATIONS: [&str; 5] = ["không", "chưa", "ko", "khong", FAILED];

/// The one negation that is said after what it takes back.
const FAILED: &str = "thất bại";

/// The two places a tone mark may stand over oa, oe and uy, both in use: `hoà` and `hòa`. The first is folded into the second.
const TONES: [(&str, &str); 15] = [
    ("oà", "òa"),
    ("oá", "óa"),
    ("oả", "ỏa"),
    ("oã", "õa"),
    ("oạ", "ọa"),
    ("oè", "òe"),
    ("oé", "óe"),
    ("oẻ", "ỏe"),
    ("oẽ", "õe"),
    ("oẹ", "ọe"),
    ("uỳ", "ùy"),
    ("uý", "úy"),
    ("uỷ", "ủy"),
    ("uỹ", "ũy"),
    ("uỵ", "ụy"),
];

/// NFC. Almost all text is in it already, Vietnamese as every keyboard writes it included, and is only looked at: composing it
/// anew, sign by sign, was a sixth of all instructions of a read.
pub fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc(text) { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

/// NFC without blanks at either end: how every scalar is read.
pub fn normalise(text: &str) -> String {
    composed(text.trim()).into_owned()
}

/// Whether nothing but blanks stands here.
pub fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// Folds what `contains` and the comparison of subjects overlook: case, runs of blanks, composition, the place of the tone mark.
pub fn fold(text: &str) -> String {
    let lower = composed(text).to_lowercase();
    let lower = composed(&lower);
    let mut folded = String::with_capacity(lower.len());
    for word in lower.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    if folded.is_ascii() {
        return folded;
    }
    TONES
        .iter()
        .fold(folded, |text, (from, to)| if text.contains(from) { text.replace(from, to) } else { text })
}

/// How far a negation reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Before and after the phrase: `không thành công`, `thành công không …`. The safe reading of anything but a fault.
    Around,
    /// Before it, and `thất bại` after it. For faults: in `session không hợp lệ` the phrase `session` is what is spoken of.
    Before,
}

/// Whether the phrase stands in the text at least once without a negation directly before or after it.
pub fn contains_affirmed(text: &str, phrase: &str, reach: Reach) -> bool {
    let (text, phrase) = (fold(text), fold(phrase));
    if phrase.is_empty() {
        return false;
    }
    text.match_indices(phrase.as_str()).any(|(start, found)| {
        let (before, after) =
            (text.get(..start).unwrap_or(""), text.get(start + found.len()..).unwrap_or(""));
        let follows =
            |word: &str| starts_with_word(after, word) && (reach == Reach::Around || word == FAILED);
        !NEGATIONS.iter().any(|word| ends_with_word(before, word) || follows(word))
    })
}

/// Whether a negation stands in the phrase itself, as a whole word.
pub fn is_negated(phrase: &str) -> bool {
    let phrase = fold(phrase);
    let stands_alone = |start: usize, found: &str| {
        let (before, after) =
            (phrase.get(..start).unwrap_or(""), phrase.get(start + found.len()..).unwrap_or(""));
        !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric)
    };
    NEGATIONS.iter().any(|word| phrase.match_indices(word).any(|(start, found)| stands_alone(start, found)))
}

fn ends_with_word(before: &str, word: &str) -> bool {
    let Some(rest) = before.strip_suffix(' ').and_then(|before| before.strip_suffix(word)) else {
        return false;
    };
    !rest.ends_with(char::is_alphanumeric)
}

fn starts_with_word(after: &str, word: &str) -> bool {
    let Some(rest) = after.strip_prefix(' ').and_then(|after| after.strip_prefix(word)) else { return false };
    !rest.starts_with(char::is_alphanumeric)
}

/// Applies one text function; `None` when the text is no whole number where one is needed.
pub fn apply(function: TextFunction, text: &str) -> Option<String> {
    Some(match function {
        TextFunction::Upper => composed(&text.to_uppercase()).into_owned(),
        TextFunction::Lower => composed(&text.to_lowercase()).into_owned(),
        TextFunction::Digits => text.chars().filter(char::is_ascii_digit).collect(),
        TextFunction::Alnum => text.chars().filter(|letter| letter.is_alphanumeric()).collect(),
        TextFunction::WithoutDiacritics => without_diacritics(text),
        TextFunction::DongInWords => return dong_in_words(text),
    })
}

/// `Nguyễn Đức` → `Nguyen Duc`.
fn without_diacritics(text: &str) -> String {
    text.nfd()
        .filter(|letter| !is_combining_mark(*letter))
        .map(|letter| match letter {
            'đ' => 'd',
            'Đ' => 'D',
            other => other,
        })
        .collect()
}

const DIGITS: [&str; 10] = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"];
const GROUPS: [&str; 6] = ["", "nghìn", "triệu", "tỷ", "nghìn tỷ", "triệu tỷ"];

/// 8000 → `Tám nghìn đồng` (số tiền bằng chữ).
fn dong_in_words(text: &str) -> Option<String> {
    if text.is_empty() || text.len() > DONG_DIGITS_MAX || !text.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let mut rest: u64 = text.parse().ok()?;
    let mut groups = Vec::new();
    while rest > 0 || groups.is_empty() {
        groups.push(usize::try_from(rest % 1000).ok()?);
        rest /= 1000;
    }
    let last = groups.len() - 1;
    let mut words: Vec<&str> = Vec::new();
    for (index, group) in groups.iter().enumerate().rev() {
        if *group == 0 {
            continue;
        }
        push_three_digits(&mut words, *group, index < last);
        words.extend(GROUPS.get(index).filter(|name| !name.is_empty()));
        if index == 4 && groups.get(3) != Some(&0) {
            // "hai nghìn ba trăm tỷ": the word tỷ stands once, after the thousands of tỷ.
            words.pop();
            words.push("nghìn");
        }
        if index == 5 && (groups.get(4) != Some(&0) || groups.get(3) != Some(&0)) {
            words.pop();
            words.push("triệu");
        }
    }
    if words.is_empty() {
        words.push("không");
    }
    words.push("đồng");
    let sentence = words.join(" ");
    let mut letters = sentence.chars();
    let first = letters.next()?;
    Some(first.to_uppercase().chain(letters).collect())
}

/// Reads up to 999; `full` also says an empty hundreds place, as inside a larger number.
fn push_three_digits(words: &mut Vec<&'static str>, group: usize, full: bool) {
    let (hundreds, tens, units) = (group / 100, group / 10 % 10, group % 10);
    let digit = |value: usize| DIGITS.get(value).copied().unwrap_or("");
    let with_hundreds = hundreds > 0 || full;
    if with_hundreds {
        words.extend([digit(hundreds), "trăm"]);
    }
    match (tens, units) {
        (0, 0) => {}
        (0, _) => {
            words.extend(with_hundreds.then_some("lẻ"));
            words.push(digit(units));
        }
        (1, 0) => words.push("mười"),
        (1, 5) => words.extend(["mười", "lăm"]),
        (1, _) => words.extend(["mười", digit(units)]),
        (_, 0) => words.extend([digit(tens), "mươi"]),
        (_, 1) => words.extend([digit(tens), "mươi", "mốt"]),
        (_, 5) => words.extend([digit(tens), "mươi", "lăm"]),
        (_, _) => words.extend([digit(tens), "mươi", digit(units)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_composed_whether_it_was_or_not() {
        let forms = [
            "",
            "abc",
            "Nguyễn Văn Mẫu",
            "Thúy hoà ỵ",
            "\u{1100}\u{1161}",
            "\u{212b}",
            "a\u{323}\u{302}",
            "\u{344}",
        ];
        for text in forms {
            let (nfc, nfd): (String, String) = (text.nfc().collect(), text.nfd().collect());
            assert_eq!(composed(text), nfc);
            assert_eq!(composed(&nfd), nfc);
            assert!(matches!(composed(&nfc), Cow::Borrowed(_)), "{nfc} is only looked at");
        }
    }

    #[test]
    fn counts_a_phrase_only_where_nothing_takes_it_back() {
        let affirmed = |text: &str| contains_affirmed(text, "thành công", Reach::Around);
        assert!(affirmed("Đồng bộ hồ sơ THÀNH  CÔNG."));
        assert!(affirmed("Tha\u{300}nh co\u{302}ng"), "NFD");
        for negated in [
            "Đồng bộ hồ sơ không thành công",
            "chưa thành công",
            "Chưa\n thành công!",
            "ko thành công",
            "khong thành công",
            "thất bại thành công",
            "thành công thất bại",
            "thành công không",
            "thành công không xác định",
        ] {
            assert!(!affirmed(negated), "{negated}");
        }
        assert!(affirmed("không thành công, rồi thành công"), "one of the two counts");
        assert!(affirmed("tiko thành công"), "a negation is a whole word");
        assert!(affirmed("thành công, không có lỗi"), "a comma parts them");
        assert!(contains_affirmed("Không thành công", "không thành công", Reach::Around));
    }

    #[test]
    fn reads_what_a_fault_speaks_of() {
        assert!(contains_affirmed("Session không hợp lệ", "session", Reach::Before));
        assert!(!contains_affirmed("Session không hợp lệ", "session", Reach::Around));
        assert!(!contains_affirmed("không session", "session", Reach::Before));
        assert!(!contains_affirmed("đăng nhập thất bại", "đăng nhập", Reach::Before));
    }

    #[test]
    fn knows_a_phrase_that_denies() {
        for phrase in ["không thành công", "Xử lý THẤT BẠI", "(chưa có)", "lỗi, ko lưu", "tìm khong thấy"]
        {
            assert!(is_negated(phrase), "{phrase}");
        }
        for phrase in ["thành công", "tiko", "chưaa", ""] {
            assert!(!is_negated(phrase), "{phrase}");
        }
    }

    #[test]
    fn folds_the_two_places_of_the_tone_mark() {
        assert!(contains_affirmed("Đã HOÀ giải", "hòa giải", Reach::Around));
        assert!(contains_affirmed("đã thủy lợi", "thuỷ lợi", Reach::Around));
        assert!(contains_affirmed("Mạnh khoẻ", "khỏe", Reach::Around));
        assert!(contains_affirmed("đã hoàn thành", "hoàn thành", Reach::Around));
        assert!(!contains_affirmed("hoá đơn", "hòa đơn", Reach::Around), "another tone is another word");
        assert!(!contains_affirmed("thanh cong", "thành công", Reach::Around), "diacritics are kept");
    }

    #[test]
    fn writes_sums_in_words() {
        let cases = [
            ("0", "Không đồng"),
            ("5", "Năm đồng"),
            ("15", "Mười lăm đồng"),
            ("21", "Hai mươi mốt đồng"),
            ("105", "Một trăm lẻ năm đồng"),
            ("8000", "Tám nghìn đồng"),
            ("1005", "Một nghìn không trăm lẻ năm đồng"),
            ("20000000", "Hai mươi triệu đồng"),
            ("1000000000", "Một tỷ đồng"),
            ("2300000000000", "Hai nghìn ba trăm tỷ đồng"),
            ("2000000000000", "Hai nghìn tỷ đồng"),
        ];
        for (sum, words) in cases {
            assert_eq!(apply(TextFunction::DongInWords, sum).as_deref(), Some(words));
        }
        for bad in ["", "-1", "1.5", "1234567890123456789", "một"] {
            assert_eq!(apply(TextFunction::DongInWords, bad), None, "{bad}");
        }
    }

    #[test]
    fn applies_the_text_functions() {
        let cases = [
            (TextFunction::Upper, "Nguyễn Văn Mẫu", "NGUYỄN VĂN MẪU"),
            (TextFunction::Lower, "ĐỨC", "đức"),
            (TextFunction::Digits, "0912 345-678", "0912345678"),
            (TextFunction::Alnum, "29-A1 234.56", "29A123456"),
            (TextFunction::WithoutDiacritics, "Nguyễn Đức Mẫu", "Nguyen Duc Mau"),
        ];
        for (function, from, to) in cases {
            assert_eq!(apply(function, from).as_deref(), Some(to));
        }
    }
}
