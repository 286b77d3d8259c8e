//! L14, third part: a date moved to a day after the 12th is read as that day; day and month in the wrong
//! order are not.

use adapter_api::diagnostic::Diagnostic;
use serde_json::Value;

use super::mutated::finding;
use crate::conversation::{Conversation, End, Way};
use crate::ending::outcome_value;
use crate::ground::Ground;
use crate::spot::{Edit, Spot, altered};

/// A day that is no month.
const DAY: u32 = 28;
/// The month it is moved to; read the other way round it is the same.
const MONTH: u32 = 11;

/// Moves a date in a good reply and looks what the answer makes of it.
pub fn check(
    ground: &Ground<'_>,
    conversation: &Conversation,
    index: usize,
    spot: &Spot,
) -> Option<Diagnostic> {
    let date = WireDate::of(spot.text()?)?;
    let body = conversation.said.get(index)?.reply.body.as_ref().ok()?;
    let tried = |day: u32| {
        let body = altered(body, &spot.hops, &Edit::Text(date.moved(day)))?;
        let way = ground.with_body(conversation, index, body);
        match way {
            Way::Ended(End::Outcome(outcome)) if conversation.end.is_success() && outcome.is_success() => {
                Some(outcome_value(&outcome))
            }
            _ => None,
        }
    };
    let End::Outcome(good) = &conversation.end else { return None };
    tried(MONTH)?;
    let path = &spot.path;
    let told = |message: String| {
        let finding = finding(ground, conversation, index, message);
        finding.help("the order of day and month in `date = …` is not the agency's; write a day after the 12th into the talk")
    };
    // The same day and month reads either way; if a day after the 12th then fails, it was read as a month.
    let Some(moved) = tried(DAY) else {
        return Some(told(format!(
            "`{path}` moved to day {DAY} of month {MONTH} cannot be read: day and month are swapped"
        )));
    };
    let (expected, raw) = (format!("{}-{MONTH:02}", date.year), date.moved(DAY));
    let good = outcome_value(good);
    changed(&good, &moved)
        .into_iter()
        .find(|text| looks_like_a_date(text) && !text.starts_with(&expected) && *text != raw)
        .map(|text| {
            told(format!("`{path}` moved to day {DAY} of month {MONTH} of {} is read as {text}", date.year))
        })
}

/// The texts in which the second value differs from the first.
fn changed(before: &Value, after: &Value) -> Vec<String> {
    match (before, after) {
        (Value::Object(one), Value::Object(other)) => other
            .iter()
            .flat_map(|(key, value)| changed(one.get(key).unwrap_or(&Value::Null), value))
            .collect(),
        (Value::Array(one), Value::Array(other)) => {
            one.iter().zip(other).flat_map(|(one, other)| changed(one, other)).collect()
        }
        (one, Value::String(text)) if one.as_str() != Some(text) => vec![text.clone()],
        _ => Vec::new(),
    }
}

fn looks_like_a_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let digits = |part: Option<&str>, count: usize| {
        part.is_some_and(|part| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    digits(parts.next(), 4) && digits(parts.next(), 2)
}

/// A date as agencies write it, cut so that day and month can be replaced.
struct WireDate {
    year: String,
    order: Order,
    separator: String,
    rest: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    YearMonthDay,
    DayMonthYear,
    MonthDayYear,
}

impl WireDate {
    /// Reads `19420315…`, `1942-03-15…`, `15/03/1942…`; with a day after the 12th the order is known for
    /// sure.
    fn of(text: &str) -> Option<WireDate> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let part = |from: usize, to: usize| {
            text.get(from..to).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let (year, first, second, separator, rest) = match digits {
            8 | 14 => (part(0, 4)?, part(4, 6)?, part(6, 8)?, "", text.get(8..)?),
            4 => (part(0, 4)?, part(5, 7)?, part(8, 10)?, text.get(4..5)?, text.get(10..)?),
            2 => (part(6, 10)?, part(0, 2)?, part(3, 5)?, text.get(2..3)?, text.get(10..)?),
            _ => return None,
        };
        let same_separator = digits != 2 || text.get(5..6) == Some(separator);
        let (first, second): (u32, u32) = (first.parse().ok()?, second.parse().ok()?);
        let century = year.starts_with("18") || year.starts_with("19") || year.starts_with("20");
        let days = (1..=31).contains(&first) && (1..=31).contains(&second) && (first <= 12 || second <= 12);
        if !century || !days || !same_separator || separator.chars().any(char::is_alphanumeric) {
            return None;
        }
        let order = match (digits, first, second) {
            (2, _, 13..) => Order::MonthDayYear,
            (2, _, _) => Order::DayMonthYear,
            (_, 13.., _) => return None,
            _ => Order::YearMonthDay,
        };
        Some(WireDate { year: year.into(), order, separator: separator.into(), rest: rest.into() })
    }

    /// The same year on this day of November.
    fn moved(&self, day: u32) -> String {
        let (year, separator, rest) = (&self.year, &self.separator, &self.rest);
        match self.order {
            Order::YearMonthDay => format!("{year}{separator}{MONTH:02}{separator}{day:02}{rest}"),
            Order::DayMonthYear => format!("{day:02}{separator}{MONTH:02}{separator}{year}{rest}"),
            Order::MonthDayYear => format!("{MONTH:02}{separator}{day:02}{separator}{year}{rest}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(text: &str) -> Option<String> {
        WireDate::of(text).map(|date| date.moved(DAY))
    }

    #[test]
    fn dates_are_known_and_moved_in_their_own_order() {
        assert_eq!(moved("19420305").unwrap(), "19421128");
        assert_eq!(moved("20250812090100").unwrap(), "20251128090100");
        assert_eq!(moved("05/03/1942").unwrap(), "28/11/1942");
        assert_eq!(moved("03/25/1942").unwrap(), "11/28/1942");
        assert_eq!(moved("12/08/2025 15:20:00").unwrap(), "28/11/2025 15:20:00");
        assert_eq!(moved("1942-03-05").unwrap(), "1942-11-28");
        for other in ["1942", "038042000001", "H56", "12345678", "31/31/1942", "10.08/2025"] {
            assert_eq!(moved(other), None, "{other}");
        }
    }
}
