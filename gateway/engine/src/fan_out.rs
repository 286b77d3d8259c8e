//! Asks for several parts at once within one deadline, and says of each what became of it.

use std::collections::BTreeMap;
use std::fmt;

use adapter_api::{Fault, Waiting};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, timeout_at};

use crate::refusal::{Failure, Refusal};

/// Parts of one composite: as many agencies as there are words for in the design, twice over.
pub const PARTS_MAX: usize = 16;

/// One part of a composite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name, `residence`.
    pub name: String,
    /// Without it there is no answer.
    pub required: bool,
    /// The agency it asks: whose silence it is at the deadline.
    pub agency: String,
    /// Parts that must have answered first; what they answered is given to this one.
    pub after: Vec<String>,
}

impl Part {
    fn failed<T>(&self, fault: Fault) -> PartStatus<T> {
        PartStatus::Failed(Failure::Fault { fault, agency: self.agency.clone(), carrier: None })
    }
}

/// What became of a part.
#[derive(Debug, Clone, PartialEq)]
pub enum PartStatus<T> {
    /// It answered.
    Ok(T),
    /// There is none; with the answer that said so, or nothing where a part it stands after was absent.
    Absent(Option<T>),
    /// It answered with what it had kept.
    Stale(T),
    /// This client may not ask it.
    Denied(Refusal),
    /// It could not be asked: the exchange failed, or a part it stands after did not answer.
    Failed(Failure),
}

impl<T> PartStatus<T> {
    /// The word in `parts[].status`.
    pub fn word(&self) -> &'static str {
        match self {
            PartStatus::Ok(_) => "ok",
            PartStatus::Absent(_) => "absent",
            PartStatus::Stale(_) => "stale",
            PartStatus::Denied(_) => "denied",
            PartStatus::Failed(_) => "failed",
        }
    }

    /// What it answered, if it did.
    pub fn answer(&self) -> Option<&T> {
        match self {
            PartStatus::Ok(answer) | PartStatus::Stale(answer) => Some(answer),
            PartStatus::Absent(_) | PartStatus::Denied(_) | PartStatus::Failed(_) => None,
        }
    }

    /// Whether a composite may stand without asking further: it answered, or there truly is none.
    pub fn is_settled(&self) -> bool {
        match self {
            PartStatus::Ok(_) | PartStatus::Stale(_) | PartStatus::Absent(_) => true,
            PartStatus::Denied(_) | PartStatus::Failed(_) => false,
        }
    }
}

/// Parts that cannot be put in an order, told when they are loaded and not when they are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tangle {
    /// More than [`PARTS_MAX`].
    TooMany,
    /// Two parts have this name.
    Twice(String),
    /// It stands after itself, or after a part that is not there.
    Stuck(String),
}

impl fmt::Display for Tangle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tangle::TooMany => write!(f, "more than {PARTS_MAX} parts"),
            Tangle::Twice(name) => write!(f, "two parts are called {name}"),
            Tangle::Stuck(name) => write!(f, "{name} stands after itself, or after a part that is not there"),
        }
    }
}

/// Says whether every part can be reached.
pub fn check(parts: &[Part]) -> Result<(), Tangle> {
    if parts.len() > PARTS_MAX {
        return Err(Tangle::TooMany);
    }
    let mut placed: Vec<&str> = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        if parts.iter().take(at).any(|earlier| earlier.name == part.name) {
            return Err(Tangle::Twice(part.name.clone()));
        }
    }
    loop {
        let free = |part: &&Part| part.after.iter().all(|name| placed.contains(&name.as_str()));
        let next: Vec<&str> = parts
            .iter()
            .filter(|part| !placed.contains(&part.name.as_str()))
            .filter(free)
            .map(|part| part.name.as_str())
            .collect();
        if next.is_empty() {
            let stuck = parts.iter().find(|part| !placed.contains(&part.name.as_str()));
            return stuck.map_or(Ok(()), |part| Err(Tangle::Stuck(part.name.clone())));
        }
        placed.extend(next);
    }
}

/// A part that is still out when all must be over: it was asked, and whoever it asked has not come back.
const OUT_OF_TIME: Fault = Fault::DeadlineExceeded { waiting_for: Waiting::Agency };

/// Asks every part as soon as those before it have answered, and comes back by the deadline with what there is (F6, P7).
///
/// `ask` gets a part and what the parts it stands after have answered. A part still out at the deadline has failed with
/// `DeadlineExceeded`; so has, without being asked, a part that stands after one without an answer, with that one's fault.
pub async fn fan_out<'a, T, F>(
    parts: &'a [Part],
    deadline: Instant,
    mut ask: F,
) -> BTreeMap<String, PartStatus<T>>
where
    T: Clone + Send,
    F: FnMut(&'a Part, BTreeMap<String, T>) -> BoxFuture<'a, PartStatus<T>>,
{
    let mut done: BTreeMap<String, PartStatus<T>> = BTreeMap::new();
    let mut waiting: Vec<&Part> = parts.iter().collect();
    let mut asked = FuturesUnordered::new();
    loop {
        let (ready, rest): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|part| part.after.iter().all(|name| done.contains_key(name)));
        waiting = rest;
        for part in ready.iter().copied() {
            let before =
                part.after.iter().filter_map(|name| Some((name.clone(), done.get(name)?.answer()?.clone())));
            let before: BTreeMap<String, T> = before.collect();
            let missing = part.after.iter().find(|name| !before.contains_key(*name));
            match missing.and_then(|name| done.get(name)) {
                Some(gap) => {
                    let status = without(gap);
                    done.insert(part.name.clone(), status);
                }
                None => {
                    let answer = ask(part, before);
                    asked.push(async move { (part, timeout_at(deadline, answer).await) });
                }
            }
        }
        if !ready.is_empty() {
            // A part that fell through may free others at once.
            continue;
        }
        let Some((part, answered)) = asked.next().await else {
            break;
        };
        done.insert(part.name.clone(), answered.unwrap_or(part.failed(OUT_OF_TIME)));
    }
    for part in waiting {
        // Only for parts that `check` would have refused.
        done.insert(part.name.clone(), part.failed(Fault::AdapterFailed { place: "parts".into() }));
    }
    done
}

/// What a part is when one it stands after gave it nothing to go by.
fn without<T>(gap: &PartStatus<T>) -> PartStatus<T> {
    match gap {
        PartStatus::Denied(refusal) => PartStatus::Denied(refusal.clone()),
        PartStatus::Failed(fault) => PartStatus::Failed(fault.clone()),
        PartStatus::Absent(_) | PartStatus::Ok(_) | PartStatus::Stale(_) => PartStatus::Absent(None),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;

    use super::*;

    fn part(name: &str, after: &[&str]) -> Part {
        Part {
            name: name.into(),
            required: true,
            agency: name.into(),
            after: after.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn asks_in_order_and_gives_what_came_before() {
        let parts = [part("insurance", &["residence"]), part("residence", &[]), part("tax", &[])];
        let began = Instant::now();
        let done =
            fan_out(&parts, began + Duration::from_secs(9), |part, before: BTreeMap<String, String>| {
                async move {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    PartStatus::Ok(format!("{} knows {before:?}", part.name))
                }
                .boxed()
            })
            .await;
        assert_eq!(began.elapsed(), Duration::from_secs(2), "residence and tax together, insurance after");
        let insurance = done["insurance"].answer().unwrap();
        assert!(insurance.contains("residence knows {}"), "{insurance}");
    }

    #[tokio::test(start_paused = true)]
    async fn comes_back_by_the_deadline_with_what_there_is() {
        let parts = [part("hung", &[]), part("after", &["hung"]), part("quick", &[])];
        let began = Instant::now();
        let done = fan_out(&parts, began + Duration::from_secs(2), |part, _| {
            async move {
                if part.name == "hung" {
                    std::future::pending::<()>().await;
                }
                PartStatus::Ok(1)
            }
            .boxed()
        })
        .await;
        assert_eq!(began.elapsed(), Duration::from_secs(2));
        assert_eq!(done["quick"], PartStatus::Ok(1));
        let hung = Failure::Fault { fault: OUT_OF_TIME, agency: "hung".into(), carrier: None };
        assert_eq!(done["hung"], PartStatus::Failed(hung.clone()));
        assert_eq!(done["after"], PartStatus::Failed(hung), "never asked");
    }

    #[tokio::test]
    async fn what_stands_after_an_absent_part_is_absent() {
        let parts = [part("c", &["b"]), part("b", &["a"]), part("a", &[])];
        let done = fan_out(&parts, Instant::now() + Duration::from_secs(1), |_, _| {
            async { PartStatus::<u8>::Absent(None) }.boxed()
        })
        .await;
        assert!(done.values().all(|status| *status == PartStatus::Absent(None)) && done.len() == 3);
    }

    #[test]
    fn tangles_are_told_when_loaded() {
        assert_eq!(check(&[part("a", &[]), part("b", &["a"])]), Ok(()));
        assert_eq!(check(&[part("a", &["b"]), part("b", &["a"])]), Err(Tangle::Stuck("a".into())));
        assert_eq!(check(&[part("a", &["x"])]), Err(Tangle::Stuck("a".into())));
        assert_eq!(check(&[part("a", &[]), part("a", &[])]), Err(Tangle::Twice("a".into())));
        let many: Vec<Part> = (0..=PARTS_MAX).map(|at| part(&at.to_string(), &[])).collect();
        assert_eq!(check(&many), Err(Tangle::TooMany));
    }
}
