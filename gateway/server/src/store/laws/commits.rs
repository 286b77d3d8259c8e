//! Laws of committing what happened.

use engine::case::store::{Commit, Lease, NotCommitted};
use engine::case::{Case, LegState, Why};
use futures_util::future::join_all;
use serde_json::json;

use super::{Ground, Held, LEASE_MS, node, same, sound, with};

/// The first leg taken in by its agency, under a lease or not.
fn sent(case: &Case, lease: Option<Lease>, release: bool, at_ms: i64) -> Commit {
    let (mut case, entries) = with(case, "registration", LegState::Sent, Why::Taken, at_ms);
    for leg in case.legs.iter_mut().filter(|leg| leg.name == "registration") {
        leg.taken = true;
        leg.value = Some(json!({ "number": "01/2025", "names": ["Nguyễn Văn Mẫu"] }));
        leg.references = vec![("dossier".into(), "H26.25-1".into())];
        leg.turn_ms = Some(at_ms + 1_000_000);
    }
    Commit { case, entries, lease, release, message: None }
}

fn later(case: &Case) -> Case {
    Case { version: case.version + 1, ..case.clone() }
}

pub async fn is_there(ground: &Ground<'_>) -> Held {
    let case = ground.admit("case-1").await?;
    let one = node("node-1", 1);
    let lease = ground.claim(&one, LEASE_MS, ("case-1", "registration")).await?;
    let intent = sent(&case, Some(lease.clone()), false, ground.time());
    sound(ground.store.commit(intent.clone()).await)?;
    same(ground.load("case-1").await?, later(&intent.case), "the case")?;
    ground.nothing(&one, "the lease was kept").await?;
    let mut result = sent(&later(&intent.case), Some(lease), true, ground.time());
    result.case.input = json!({ "deceased": { "full_name": "Trần Thị Mẫu" } });
    for leg in result.case.legs.iter_mut().filter(|leg| leg.name == "registration") {
        leg.turn_ms = Some(ground.time());
    }
    sound(ground.store.commit(result.clone()).await)?;
    same(ground.load("case-1").await?, later(&result.case), "the case after the result")?;
    ground.claim(&one, LEASE_MS, ("case-1", "registration")).await.map(drop)
}

pub async fn fenced(ground: &Ground<'_>) -> Held {
    let case = ground.admit("case-1").await?;
    let old = ground.claim(&node("node-1", 1), LEASE_MS, ("case-1", "registration")).await?;
    (ground.pass)(2 * LEASE_MS);
    let new = ground.claim(&node("node-2", 1), LEASE_MS, ("case-1", "registration")).await?;
    let told = ground.store.commit(sent(&case, Some(old.clone()), true, ground.time())).await;
    same(told, Err(NotCommitted::Fenced), "the loser's commit")?;
    same(ground.load("case-1").await?, case.clone(), "the case after it")?;
    let stranger = Lease { leg: "removal".into(), ..old };
    let told = ground.store.commit(sent(&case, Some(stranger), true, ground.time())).await;
    same(told, Err(NotCommitted::Fenced), "a lease on a leg that nobody holds")?;
    sound(ground.store.commit(sent(&case, Some(new.clone()), true, ground.time())).await)?;
    let case = ground.load("case-1").await?;
    let told = ground.store.commit(sent(&case, Some(new), true, ground.time())).await;
    same(told, Err(NotCommitted::Fenced), "a lease that was given back")
}

pub async fn changed(ground: &Ground<'_>) -> Held {
    let case = ground.admit("case-1").await?;
    let first = sent(&case, None, false, ground.time());
    sound(ground.store.commit(first.clone()).await)?;
    let mut second = sent(&case, None, false, ground.time());
    second.message = Some("message-1".into());
    same(ground.store.commit(second.clone()).await, Err(NotCommitted::Changed), "upon the old version")?;
    same(ground.load("case-1").await?, later(&first.case), "the case after it")?;
    // What was not committed left no message behind.
    second.case.version += 1;
    same(ground.store.commit(second).await, Ok(()), "the same message upon the new version")?;
    let mut strange = first;
    strange.case.id = "case-0".into();
    same(ground.store.commit(strange).await, Err(NotCommitted::Failed), "a case that is not there")
}

/// Commits at the same time; a simulation polls them by turns.
const AT_ONCE: usize = 20;

pub async fn race(ground: &Ground<'_>) -> Held {
    let case = ground.admit("case-1").await?;
    let commits = (0..AT_ONCE).map(|_| ground.store.commit(sent(&case, None, false, ground.time())));
    let told = join_all(commits).await;
    let won = told.iter().filter(|told| told.is_ok()).count();
    let lost = told.iter().filter(|told| **told == Err(NotCommitted::Changed)).count();
    same((won, lost), (1, AT_ONCE - 1), "who won and who lost")?;
    same(ground.load("case-1").await?.version, 1, "the version")
}

pub async fn message(ground: &Ground<'_>) -> Held {
    let case = ground.admit("case-1").await?;
    let about = |case: &Case, message: &str| Commit {
        message: Some(message.to_owned()),
        ..sent(case, None, false, ground.time())
    };
    sound(ground.store.commit(about(&case, "message-1")).await)?;
    let case = ground.load("case-1").await?;
    let told = ground.store.commit(about(&case, "message-1")).await;
    same(told, Err(NotCommitted::Duplicate), "the message again")?;
    same(ground.load("case-1").await?, case.clone(), "the case after it")?;
    same(ground.store.commit(about(&case, "message-2")).await, Ok(()), "another message")
}
