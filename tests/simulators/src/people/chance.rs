//! Chance that can be repeated.

use super::Day;

/// A small seeded generator (SplitMix64); statistical beauty is no concern here, repeatability is.
#[derive(Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }

    pub(crate) fn choose<'a>(&mut self, list: &[&'a str]) -> &'a str {
        let number = self.below(list.len() as u64);
        list.get(number as usize).copied().unwrap_or_default()
    }

    pub(crate) fn day_in(&mut self, year: u16) -> Day {
        Day { year, month: 1 + self.below(12) as u8, day: 1 + self.below(28) as u8 }
    }
}
