//! Days that exist: the part of a date no pattern can say.

/// `1942-03-15`, a day of the calendar.
pub fn is_date(text: &str) -> bool {
    text.len() == 10 && is_partial_date(text)
}

/// `1942`, `1942-03` or `1942-03-15`, of the calendar.
pub fn is_partial_date(text: &str) -> bool {
    has_shape(text)
        && {
            let number = |range| text.get(range).map_or(Some(1), |part: &str| part.parse::<u32>().ok());
            let (year, month, day) = (number(0..4), number(5..7), number(8..10));
            matches!((year, month, day), (Some(year), Some(month), Some(day)) if day >= 1 && day <= days_of(year, month))
        }
}

/// `2025-08-12T09:01:00+07:00`, seconds possibly with a fraction.
pub fn is_moment(text: &str) -> bool {
    let Some((date, time)) = text.split_once('T') else {
        return false;
    };
    let Some((clock, fraction)) =
        time.strip_suffix("+07:00").map(|time| time.split_once('.').unwrap_or((time, "0")))
    else {
        return false;
    };
    let mut parts = clock.split(':');
    let mut below = |limit: u32| {
        parts.next().is_some_and(|part| {
            part.len() == 2 && all_digits(part) && part.parse::<u32>().is_ok_and(|number| number < limit)
        })
    };
    let sound = below(24) && below(60) && below(60);
    is_date(date) && sound && parts.next().is_none() && all_digits(fraction)
}

/// Whether the text is written like a date, whether or not the day exists.
pub fn has_shape(text: &str) -> bool {
    let bytes = text.as_bytes();
    matches!(bytes.len(), 4 | 7 | 10)
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit())
}

fn days_of(year: u32, month: u32) -> u32 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_exist() {
        for date in ["1942", "1942-03", "1942-03-15", "2000-02-29", "2024-02-29"] {
            assert!(is_partial_date(date), "{date}");
        }
        for date in [
            "1900-02-29",
            "2025-02-29",
            "2025-04-31",
            "2025-13",
            "2025-00",
            "2025-01-00",
            "42",
            "1942-3",
            "1942-",
            "đđđđ",
        ] {
            assert!(!is_partial_date(date), "{date}");
        }
        assert!(is_date("1942-03-15") && !is_date("1942-03"));
        for moment in ["2025-08-12T09:01:00+07:00", "2025-08-12T09:01:00.123+07:00"] {
            assert!(is_moment(moment), "{moment}");
        }
        for moment in [
            "2025-08-12T24:01:00+07:00",
            "2025-08-12T09:01:00Z",
            "2025-02-30T09:01:00+07:00",
            "2025-08-12T09:01+07:00",
            "2025-08-12T+9:01:00+07:00",
            "2025-08-12",
        ] {
            assert!(!is_moment(moment), "{moment}");
        }
    }
}
