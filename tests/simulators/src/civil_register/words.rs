//! Dates in Vietnamese words, as a birth certificate spells them.

use crate::people::Born;

const DIGITS: [&str; 10] = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"];

/// `Ngày một tháng một năm một nghìn chín trăm chín mươi`, as far as the date is known.
pub(super) fn date(born: Born) -> String {
    let year = |year| format!("năm {}", number(year));
    match born {
        Born::Day(day) => {
            let (date, month) = (number(u16::from(day.day)), number(u16::from(day.month)));
            format!("Ngày {date} tháng {month} {}", year(day.year))
        }
        Born::Month { year: known, month } => format!("Tháng {} {}", number(u16::from(month)), year(known)),
        Born::Year(known) => format!("Năm {}", number(known)),
    }
}

/// Numbers below ten thousand.
fn number(value: u16) -> String {
    let digit = |value: u16| DIGITS.get(usize::from(value % 10)).copied().unwrap_or_default();
    let mut words = Vec::new();
    if value >= 1000 {
        words.extend([digit(value / 1000), "nghìn"]);
    }
    if value >= 100 {
        words.extend([digit(value / 100), "trăm"]);
    }
    let (tens, units) = (value / 10 % 10, value % 10);
    match (tens, units) {
        (0, 0) if value > 0 => {}
        (0, _) if value >= 100 => words.extend(["linh", digit(units)]),
        (0, _) => words.push(digit(units)),
        (1, _) => words.push("mười"),
        _ => words.extend([digit(tens), "mươi"]),
    }
    match (tens, units) {
        (0, _) | (_, 0) => {}
        (1.., 5) => words.push("lăm"),
        (2.., 1) => words.push("mốt"),
        _ => words.push(digit(units)),
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_read_as_spoken() {
        let spoken = [(1, "một"), (10, "mười"), (15, "mười lăm"), (21, "hai mươi mốt"), (28, "hai mươi tám")];
        let years = [(1990, "một nghìn chín trăm chín mươi"), (2005, "hai nghìn không trăm linh năm")];
        for (value, words) in spoken.into_iter().chain(years) {
            assert_eq!(number(value), words);
        }
    }
}
