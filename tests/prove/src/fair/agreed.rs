//! What was agreed with a party, against when its requests came: between every two moments, not in windows of our choice.

use std::time::Duration;

use simulators::Moment;

use crate::score::Score;

/// Requests a second, and at once.
#[derive(Debug, Clone, Copy)]
pub struct Agreed {
    /// Requests a second.
    pub rate_per_s: u32,
    /// Requests at once.
    pub burst: u32,
}

/// More than this is allowed to nobody: a machine that stands still for longer proves nothing.
const LATE_MAX: Duration = Duration::from_millis(500);

impl Agreed {
    /// Checks that between every two of these moments, both counted, came no more than the burst and the rate since the first.
    ///
    /// The moments are the party's own, taken as it has read a request. That requests which left one after the other arrive
    /// together is the gateway's to mind: it keeps 50 ms of the rate off its burst, and nothing is allowed for it here. Only for
    /// the time by which the party itself was `late` on a busy machine, what the rate lets through is allowed.
    pub fn check(self, of_whom: &str, moments: &[Moment], late: Duration, score: &mut Score) {
        let times: Vec<Duration> = moments.iter().map(|moment| moment.at).collect();
        let Some(most) = self.most_ahead(&times) else {
            return score.check(false, || format!("{of_whom} was never asked"));
        };
        let Agreed { rate_per_s, burst } = self;
        let late = late.min(LATE_MAX);
        let allowed = f64::from(burst) + f64::from(rate_per_s) * late.as_secs_f64();
        score.check(most <= allowed, || {
            format!("{of_whom} saw {most:.2} requests beyond {rate_per_s} a second, {burst} agreed, {allowed:.2} allowed")
        });
        println!(
            "  {of_whom}: {} requests; between every two of them at most {most:.2} beyond {rate_per_s} a second, {burst} agreed \
             ({:.1} ms late ourselves: {allowed:.2} allowed)",
            times.len(),
            late.as_secs_f64() * 1e3
        );
    }

    /// The most by which any stretch of requests runs ahead of the rate: of all pairs i <= j the largest
    /// `(j - i + 1) - rate * (t_j - t_i)`, that is of all j the height `j + 1 - rate * t_j` above the lowest `i - rate * t_i` so far.
    fn most_ahead(self, times: &[Duration]) -> Option<f64> {
        let mut lowest = f64::INFINITY;
        let ahead = times.iter().enumerate().map(|(number, at)| {
            let begins = number as f64 - f64::from(self.rate_per_s) * at.as_secs_f64();
            lowest = lowest.min(begins);
            begins + 1.0 - lowest
        });
        ahead.reduce(f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn most_ahead(rate_per_s: u32, times_ms: &[u64]) -> f64 {
        let times: Vec<Duration> = times_ms.iter().map(|ms| Duration::from_millis(*ms)).collect();
        Agreed { rate_per_s, burst: 0 }.most_ahead(&times).unwrap()
    }

    /// As it is written: every pair.
    fn of_every_pair(rate_per_s: u32, times_ms: &[u64]) -> f64 {
        let of_pair = |from: usize, to: usize| {
            let passed = (times_ms[to] - times_ms[from]) as f64 / 1e3;
            (to - from + 1) as f64 - f64::from(rate_per_s) * passed
        };
        let pairs = (0..times_ms.len()).flat_map(|from| (from..times_ms.len()).map(move |to| (from, to)));
        pairs.map(|(from, to)| of_pair(from, to)).fold(f64::MIN, f64::max)
    }

    #[test]
    fn one_pass_finds_what_every_pair_finds() {
        let pace: Vec<u64> = (0..50).map(|number| number * 100).collect();
        let crowd = [0, 400, 1_000, 1_010, 1_020, 1_030, 1_500, 1_501, 3_000, 3_000, 3_000];
        for times in [pace.as_slice(), &crowd, &[7], &[0, 0, 0, 900, 900]] {
            let (one, other) = (most_ahead(10, times), of_every_pair(10, times));
            assert!((one - other).abs() < 1e-6, "{one} is not {other}: {times:?}");
        }
        assert!(
            (most_ahead(10, &pace) - 1.0).abs() < 1e-6,
            "an even pace is never ahead by more than itself"
        );
        assert!((most_ahead(10, &crowd) - 3.7).abs() < 1e-6, "four within 30 ms");
    }

    #[test]
    fn nobody_asked_is_nothing_proved() {
        assert_eq!(Agreed { rate_per_s: 10, burst: 1 }.most_ahead(&[]), None);
    }
}
