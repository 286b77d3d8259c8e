//! Laws of claiming a job and losing it.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::{Ground, Held, LEASE_MS, hold, node, same, sound};

pub async fn in_order(ground: &Ground<'_>) -> Held {
    let one = node("node-1", 1);
    ground.nothing(&one, "an empty store").await?;
    ground.admit("case-2").await?;
    (ground.pass)(10);
    ground.admit("case-1").await?;
    let mut later = super::admission("case-0", "mot-cua", "case-0", ground.time());
    for leg in later.case.legs.iter_mut().filter(|leg| leg.turn_ms.is_some()) {
        leg.turn_ms = Some(ground.time() + 60_000);
    }
    sound(ground.store.admit(later).await)?;
    // A claim of a simulation takes a while: the last turn lies far behind that.
    let first = ground.claim(&one, 10 * LEASE_MS, ("case-2", "registration")).await?;
    let second = ground.claim(&one, 10 * LEASE_MS, ("case-1", "registration")).await?;
    hold(second.fence > first.fence, "a later claim has no larger number")?;
    ground.nothing(&one, "before its time").await?;
    (ground.pass)(60_000);
    ground.claim(&one, LEASE_MS, ("case-0", "registration")).await.map(drop)
}

pub async fn held(ground: &Ground<'_>) -> Held {
    ground.admit("case-1").await?;
    ground.claim(&node("node-1", 1), LEASE_MS, ("case-1", "registration")).await?;
    ground.nothing(&node("node-2", 1), "another node").await?;
    ground.nothing(&node("node-1", 1), "the same boot").await
}

/// Claims at the same time; a simulation polls them by turns.
const AT_ONCE: usize = 24;

pub async fn two_workers(ground: &Ground<'_>) -> Held {
    for number in 0..AT_ONCE / 2 {
        ground.admit(&format!("case-{number}")).await?;
    }
    let nodes = [node("node-1", 1), node("node-2", 1)];
    let workers = nodes.iter().cycle().take(AT_ONCE);
    let claims = join_all(workers.map(|node| ground.store.claim(node, LEASE_MS))).await;
    let mut cases = BTreeSet::new();
    let mut fences = BTreeSet::new();
    for claim in claims {
        if let Some(claim) = sound(claim)? {
            hold(cases.insert(claim.lease.case.clone()), "a job was claimed twice")?;
            hold(fences.insert(claim.lease.fence), "two claims have the same number")?;
        }
    }
    same(cases.len(), AT_ONCE / 2, "jobs that were claimed")
}

pub async fn lost(ground: &Ground<'_>) -> Held {
    ground.admit("case-1").await?;
    let (one, two) = (node("node-1", 1), node("node-2", 1));
    let old = ground.claim(&one, LEASE_MS, ("case-1", "registration")).await?;
    (ground.pass)(LEASE_MS / 2);
    ground.nothing(&two, "in the middle of the lease").await?;
    (ground.pass)(LEASE_MS);
    let new = ground.claim(&two, LEASE_MS, ("case-1", "registration")).await?;
    hold(new.fence > old.fence, "the later claim has no larger number")?;
    hold(new.until_ms > old.until_ms, "the later lease does not last longer")?;
    // Whoever lost it gives nothing back.
    sound(ground.store.release(&old).await)?;
    ground.nothing(&one, "after the loser gave back").await
}

pub async fn boots(ground: &Ground<'_>) -> Held {
    ground.admit("case-1").await?;
    ground.claim(&node("node-1", 7), LEASE_MS, ("case-1", "registration")).await?;
    ground.nothing(&node("node-2", 9), "a later boot of another node").await?;
    ground.nothing(&node("node-1", 6), "an earlier boot").await?;
    ground.claim(&node("node-1", 8), LEASE_MS, ("case-1", "registration")).await?;
    ground.nothing(&node("node-1", 8), "it is held again").await
}

pub async fn given_back(ground: &Ground<'_>) -> Held {
    let before = ground.admit("case-1").await?;
    let one = node("node-1", 1);
    let first = ground.claim(&one, LEASE_MS, ("case-1", "registration")).await?;
    sound(ground.store.release(&first).await)?;
    same(ground.load("case-1").await?, before, "the case")?;
    let second = ground.claim(&one, LEASE_MS, ("case-1", "registration")).await?;
    hold(second.fence > first.fence, "the later claim has no larger number")
}
