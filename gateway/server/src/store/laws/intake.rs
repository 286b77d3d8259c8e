//! Laws of taking a case in.

use engine::case::store::{Admitted, Commit};
use engine::case::{LegState, Why};
use futures_util::future::join_all;

use super::{Ground, Held, admission, hold, same, sound, with};

pub async fn is_there(ground: &Ground<'_>) -> Held {
    let admission = admission("case-1", "mot-cua", "key-1", ground.time());
    let case = admission.case.clone();
    same(sound(ground.store.load("case-1").await)?, None, "before")?;
    same(sound(ground.store.admit(admission).await)?, Admitted::New, "admitted")?;
    same(ground.load("case-1").await?, case, "loaded")
}

pub async fn same_request(ground: &Ground<'_>) -> Held {
    let now = ground.time();
    let again = |id: &str| admission(id, "mot-cua", "key-1", now);
    sound(ground.store.admit(again("case-1")).await)?;
    let told = sound(ground.store.admit(again("case-2")).await)?;
    same(told, Admitted::Again("case-1".into()), "the same request")?;
    let mut other = again("case-3");
    other.key.fingerprint = "body-2".into();
    same(sound(ground.store.admit(other).await)?, Admitted::OtherBody, "another body")?;
    for id in ["case-2", "case-3"] {
        same(sound(ground.store.load(id).await)?, None, "what was not taken in")?;
    }
    let told = sound(ground.store.admit(admission("case-4", "cong-dvc", "key-1", now)).await)?;
    same(told, Admitted::New, "another client's key of the same name")
}

pub async fn held_once(ground: &Ground<'_>) -> Held {
    let now = ground.time();
    let dying = |id: &str| {
        let mut admission = admission(id, "mot-cua", id, now);
        admission.unique = vec!["death of one".into(), id.to_owned()];
        admission
    };
    same(sound(ground.store.admit(dying("case-1")).await)?, Admitted::New, "the first")?;
    let told = sound(ground.store.admit(dying("case-2")).await)?;
    same(told, Admitted::Conflict("case-1".into()), "the second")?;
    same(sound(ground.store.load("case-2").await)?, None, "the second is not taken in")?;
    // Refused is refused whole: neither its key nor its other hold is taken.
    let mut other = dying("case-2");
    other.unique = vec!["case-2".into()];
    same(sound(ground.store.admit(other).await)?, Admitted::New, "what was refused left nothing behind")
}

pub async fn let_go(ground: &Ground<'_>) -> Held {
    let dying = |id: &str| {
        let mut admission = admission(id, "mot-cua", id, ground.time());
        admission.unique = vec!["death of one".into()];
        admission
    };
    let told = |id: &str| ground.store.admit(dying(id));
    sound(told("case-1").await)?;
    end(ground, "case-1", (LegState::Declined, Why::Declined)).await?;
    same(sound(told("case-2").await)?, Admitted::New, "after a case that was declined")?;
    end(ground, "case-2", (LegState::Done, Why::Completed)).await?;
    let again = sound(told("case-3").await)?;
    same(again, Admitted::Conflict("case-2".into()), "after a case in which something was done")
}

/// Ends both legs: the first like this, the second skipped.
async fn end(ground: &Ground<'_>, id: &str, (state, why): (LegState, Why)) -> Held {
    let now = ground.time();
    let case = ground.load(id).await?;
    let (case, mut entries) = with(&case, "registration", state, why, now);
    let skip = engine::case::Skip::NotWanted;
    let (case, more) = with(&case, "removal", LegState::Skipped, Why::Skipped(skip), now);
    entries.extend(more);
    sound(ground.store.commit(Commit { case, entries, lease: None, release: false, message: None }).await)
}

/// Requests at the same time; a simulation polls them by turns.
const AT_ONCE: usize = 20;

pub async fn race(ground: &Ground<'_>) -> Held {
    let now = ground.time();
    let requests = (0..AT_ONCE).map(|number| {
        let mut admission = admission(&format!("case-{number}"), "mot-cua", "key-1", now);
        admission.unique = vec!["death of one".into()];
        ground.store.admit(admission)
    });
    let told: Vec<Admitted> =
        join_all(requests).await.into_iter().collect::<Result<_, _>>().map_err(|_| "failed")?;
    let new = told.iter().filter(|told| **told == Admitted::New).count();
    same(new, 1, "requests that were new")?;
    let again = told.iter().filter(|told| matches!(told, Admitted::Again(_))).count();
    same(again, AT_ONCE - 1, "requests that were the same again")?;
    let known: std::collections::BTreeSet<_> = told
        .iter()
        .filter_map(|told| match told {
            Admitted::Again(case) => Some(case.clone()),
            Admitted::New | Admitted::OtherBody | Admitted::Conflict(_) => None,
        })
        .collect();
    same(known.len(), 1, "cases they were told")?;
    let mut there = 0;
    for number in 0..AT_ONCE {
        there += usize::from(sound(ground.store.load(&format!("case-{number}")).await)?.is_some());
    }
    hold(there == 1, "more than one case is there")
}
