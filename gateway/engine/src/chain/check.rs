//! What is decided about a chain before anybody is a case of it.
use super::Chain;
use crate::catalogue::Unfit;
/// x
pub fn check(_: &Chain) -> Vec<Unfit> {
    Vec::new()
}
