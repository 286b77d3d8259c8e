//! Chance: identifiers and jitter from the cryptographic generator.

use engine::ports::Chance;

/// The generator of aws-lc.
#[derive(Debug, Clone, Copy, Default)]
pub struct SecureChance;

/// An `f64` holds 53 bits of a fraction.
const FRACTION_BITS: u32 = 53;

impl Chance for SecureChance {
    #[expect(clippy::disallowed_methods, reason = "this is the port that everybody else is sent to")]
    fn uuid(&self) -> String {
        uuid::Uuid::new_v4().to_string()
    }

    fn fraction(&self) -> f64 {
        let mut bytes = [0_u8; 8];
        // The generator cannot fail once the library is up; were it to, jitter in the middle harms nobody.
        if aws_lc_rs::rand::fill(&mut bytes).is_err() {
            return 0.5;
        }
        let bits = u64::from_le_bytes(bytes) >> (u64::BITS - FRACTION_BITS);
        bits as f64 / (1_u64 << FRACTION_BITS) as f64
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn identifiers_differ_and_are_version_4() {
        let drawn: BTreeSet<String> = (0..1_000).map(|_| SecureChance.uuid()).collect();
        assert_eq!(drawn.len(), 1_000);
        assert!(drawn.iter().all(|uuid| uuid.len() == 36 && uuid.as_bytes()[14] == b'4'));
    }

    #[test]
    fn fractions_lie_below_one_and_reach_both_halves() {
        let drawn: Vec<f64> = (0..1_000).map(|_| SecureChance.fraction()).collect();
        assert!(drawn.iter().all(|fraction| (0.0..1.0).contains(fraction)));
        assert!(
            drawn.iter().any(|fraction| *fraction < 0.5) && drawn.iter().any(|fraction| *fraction >= 0.5)
        );
    }
}
