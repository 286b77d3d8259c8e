//! The wall clock: the one place of the house that reads it.

use std::time::{SystemTime, UNIX_EPOCH};

use engine::ports::Clock;
use jiff::Timestamp;
use jiff::tz::Offset;

/// Viet Nam has kept UTC+7 without summer time since 1975, so a fixed offset says the local time in full.
const VIETNAM_HOURS: i8 = 7;

/// The clock of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> String {
        vietnam_time(self.unix_ms())
    }

    #[expect(clippy::disallowed_methods, reason = "this is the port that everybody else is sent to")]
    fn unix_ms(&self) -> i64 {
        // A clock before 1970 is a broken clock: 0 makes every token untimely, which fails closed.
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Writes milliseconds since 1970 as RFC 3339 with +07:00, `2025-08-12T09:00:00.000+07:00`.
pub fn vietnam_time(unix_ms: i64) -> String {
    let moment = Timestamp::from_millisecond(unix_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let local = Offset::constant(VIETNAM_HOURS).to_datetime(moment);
    format!("{}+07:00", local.strftime("%Y-%m-%dT%H:%M:%S%.3f"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_vietnamese_time_with_milliseconds() {
        assert_eq!(vietnam_time(0), "1970-01-01T07:00:00.000+07:00");
        assert_eq!(vietnam_time(1_754_964_000_005), "2025-08-12T09:00:00.005+07:00");
    }

    #[test]
    fn what_the_clock_says_can_be_read_back() {
        let before = WallClock.unix_ms();
        let told: Timestamp = WallClock.now().parse().unwrap();
        assert!(told.as_millisecond() >= before);
    }
}
