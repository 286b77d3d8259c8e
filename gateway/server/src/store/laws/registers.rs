//! Laws of reading.

use engine::case::store::{Admitted, Commit, IdempotencyKey};
use engine::case::{Case, Entry, LegState, Park, Why};
use futures_util::future::join_all;

use super::super::register::{Page, Recorded, Register, Summary, Which, Whose};
use super::{Ground, Held, admission, hold, same, sound, with};

const ALL: usize = 100;

fn client(name: &str) -> Whose {
    Whose::Client(name.to_owned())
}

fn ids(cases: &[Summary]) -> Vec<&str> {
    cases.iter().map(|case| case.id.as_str()).collect()
}

async fn list(register: &dyn Register, whose: &Whose, which: Which) -> Result<Vec<Summary>, String> {
    sound(register.list(whose, &which, &Page { after: String::new(), limit: ALL }).await)
}

/// Three cases: two of one client's, one of another's.
async fn three(ground: &Ground<'_>) -> Held {
    for (id, client) in [("case-1", "mot-cua"), ("case-2", "cong-dvc"), ("case-3", "mot-cua")] {
        let told = sound(ground.store.admit(admission(id, client, id, ground.time())).await)?;
        same(told, Admitted::New, id)?;
    }
    Ok(())
}

async fn move_leg(
    ground: &Ground<'_>,
    id: &str,
    leg: &str,
    (to, why): (LegState, Why),
) -> Result<Case, String> {
    let case = ground.load(id).await?;
    let (case, entries) = with(&case, leg, to, why, ground.time());
    let commit = Commit { case: case.clone(), entries, lease: None, release: false, message: None };
    sound(ground.store.commit(commit).await)?;
    Ok(case)
}

pub async fn boots(register: &dyn Register) -> Held {
    let mut numbers = Vec::new();
    for name in ["node-1", "node-1", "node-2", "node-1"] {
        numbers.push(sound(register.enlist(name).await)?.boot);
    }
    same(numbers, vec![1, 2, 1, 3], "boot numbers")
}

pub async fn recalled(ground: &Ground<'_>, register: &dyn Register) -> Held {
    three(ground).await?;
    let key = |client: &str, key: &str, body: &str| IdempotencyKey {
        client: client.into(),
        key: key.into(),
        fingerprint: body.into(),
    };
    let asked = [
        (key("mot-cua", "case-1", "body-1"), Some(Admitted::Again("case-1".into()))),
        (key("mot-cua", "case-1", "body-2"), Some(Admitted::OtherBody)),
        (key("cong-dvc", "case-1", "body-1"), None),
        (key("mot-cua", "case-9", "body-1"), None),
    ];
    for (key, expected) in asked {
        same(sound(register.recall(&key).await)?, expected, "recalled")?;
    }
    Ok(())
}

pub async fn references(ground: &Ground<'_>, register: &dyn Register) -> Held {
    three(ground).await?;
    let case = ground.load("case-1").await?;
    let (mut case, entries) = with(&case, "registration", LegState::Sent, Why::Taken, ground.time());
    for leg in case.legs.iter_mut().filter(|leg| leg.name == "registration") {
        leg.references = vec![("dossier".into(), "H26.25-1".into())];
    }
    let commit = Commit { case, entries, lease: None, release: false, message: None };
    sound(ground.store.commit(commit).await)?;
    sound(register.refer("case-1", "", "waybill", "EB123456789VN").await)?;
    sound(register.refer("case-3", "", "waybill", "EB123456789VN").await)?;
    hold(
        register.refer("case-9", "", "waybill", "EB1VN").await.is_err(),
        "a reference to no case was taken",
    )?;
    let asked = [
        ("case-1", vec!["case-1"]),
        ("case-1.registration.1", vec!["case-1"]),
        (" H26.25-1\n", vec!["case-1"]),
        ("EB123456789VN", vec!["case-1", "case-3"]),
        ("EB123456789", vec![]),
    ];
    for (value, expected) in asked {
        let found = list(register, &Whose::Everybody, Which::Reference(value.into())).await?;
        same(ids(&found), expected, value)?;
    }
    let strange = list(register, &client("cong-dvc"), Which::Reference("H26.25-1".into())).await?;
    same(ids(&strange), vec![], "another client's reference")
}

pub async fn own_alone(ground: &Ground<'_>, register: &dyn Register) -> Held {
    three(ground).await?;
    same(ids(&list(register, &client("mot-cua"), Which::All).await?), vec!["case-1", "case-3"], "its cases")?;
    same(ids(&list(register, &client(""), Which::All).await?), vec![], "nobody's cases")?;
    same(list(register, &Whose::Everybody, Which::All).await?.len(), 3, "everybody's cases")?;
    let page = Page { after: "case-1".into(), limit: 1 };
    let second = sound(register.list(&Whose::Everybody, &Which::All, &page).await)?;
    same(ids(&second), vec!["case-2"], "a page")?;
    let own = sound(register.case(&client("mot-cua"), "case-1").await)?;
    let (summary, case) = own.ok_or("its own case is not there")?;
    same(case, ground.load("case-1").await?, "its own case")?;
    same(summary.client.as_str(), "mot-cua", "whose it is")?;
    hold(sound(register.case(&client("mot-cua"), "case-2").await)?.is_none(), "another's case was shown")?;
    let strange = sound(register.history(&client("mot-cua"), "case-2", 0, ALL).await)?;
    same(strange, vec![], "another's history")?;
    let feed = sound(register.events(&client("cong-dvc"), 0, ALL).await)?;
    let cases: Vec<&str> = feed.iter().map(|event| event.case.as_str()).collect();
    same(cases, vec!["case-2"], "its feed")
}

pub async fn overdue(ground: &Ground<'_>, register: &dyn Register) -> Held {
    three(ground).await?;
    let now = ground.time();
    for id in ["case-1", "case-2"] {
        sound(register.set_due(id, Some(now)).await)?;
    }
    sound(register.set_due("case-3", Some(now + 10)).await)?;
    hold(register.set_due("case-9", Some(now)).await.is_err(), "a due time of no case was taken")?;
    same(list(register, &Whose::Everybody, Which::Overdue(now)).await?.len(), 0, "at the due time itself")?;
    let late = list(register, &client("mot-cua"), Which::Overdue(now + 1)).await?;
    same(ids(&late), vec!["case-1"], "a moment later, this client's")?;
    let late = list(register, &Whose::Everybody, Which::Overdue(now + 11)).await?;
    same(ids(&late), vec!["case-1", "case-2", "case-3"], "later still, everybody's")?;
    sound(register.set_due("case-3", None).await)?;
    for leg in ["registration", "removal"] {
        move_leg(ground, "case-1", leg, (LegState::Done, Why::Completed)).await?;
    }
    let late = list(register, &Whose::Everybody, Which::Overdue(now + 11)).await?;
    same(ids(&late), vec!["case-2"], "less what has ended and what stands still")
}

pub async fn attention(ground: &Ground<'_>, register: &dyn Register) -> Held {
    three(ground).await?;
    let parked = (LegState::Parked, Why::Parked(Park::Rejected));
    move_leg(ground, "case-3", "registration", parked).await?;
    move_leg(ground, "case-2", "registration", (LegState::Uncertain, Why::Silence)).await?;
    let found = list(register, &Whose::Everybody, Which::Attention).await?;
    same(ids(&found), vec!["case-2", "case-3"], "cases for a person")?;
    let states: Vec<LegState> = found.iter().flat_map(|case| case.legs.iter().map(|leg| leg.state)).collect();
    let expected = vec![LegState::Uncertain, LegState::Waiting, LegState::Parked, LegState::Waiting];
    same(states, expected, "their legs")?;
    same(ids(&list(register, &client("mot-cua"), Which::Attention).await?), vec!["case-3"], "this client's")
}

pub async fn history(ground: &Ground<'_>, register: &dyn Register) -> Held {
    let first = admission("case-1", "mot-cua", "key-1", ground.time());
    let mut expected = first.entries.clone();
    sound(ground.store.admit(first).await)?;
    for (state, why) in
        [(LegState::Sending, Why::Intended), (LegState::Sent, Why::Taken), (LegState::Done, Why::Completed)]
    {
        let case = ground.load("case-1").await?;
        let (case, entries) = with(&case, "registration", state, why, ground.time());
        expected.extend(entries.clone());
        let commit = Commit { case, entries, lease: None, release: false, message: None };
        sound(ground.store.commit(commit).await)?;
    }
    let told = sound(register.history(&client("mot-cua"), "case-1", 0, ALL).await)?;
    let entries: Vec<Entry> = told.iter().map(|event| event.entry.clone()).collect();
    same(entries, expected, "the history")?;
    let versions: Vec<u64> = told.iter().map(|event| event.version).collect();
    same(versions, vec![0, 1, 2, 3], "the versions they came with")?;
    let second = told.get(1).ok_or("a history of one")?.seq;
    let rest = sound(register.history(&client("mot-cua"), "case-1", second, 1).await)?;
    same(rest.first(), told.get(2), "the line after the second")
}

/// Commits at the same time.
const AT_ONCE: usize = 20;

pub async fn feed(ground: &Ground<'_>, register: &dyn Register) -> Held {
    for number in 0..AT_ONCE {
        ground.admit(&format!("case-{number:02}")).await?;
    }
    let mut cases = Vec::new();
    for number in 0..AT_ONCE {
        cases.push(ground.load(&format!("case-{number:02}")).await?);
    }
    let commits = cases.iter().map(|case| {
        let (case, entries) = with(case, "registration", LegState::Sent, Why::Taken, ground.time());
        ground.store.commit(Commit { case, entries, lease: None, release: false, message: None })
    });
    // Somebody follows the feed while it grows, three at a time.
    let follower = async {
        let mut seen: Vec<Recorded> = Vec::new();
        while seen.len() < 2 * AT_ONCE {
            let after = seen.last().map_or(0, |event| event.seq);
            seen.extend(sound(register.events(&client("mot-cua"), after, 3).await)?);
        }
        Ok::<_, String>(seen)
    };
    let (told, seen) = futures_util::future::join(join_all(commits), follower).await;
    hold(told.iter().all(Result::is_ok), "a commit was lost")?;
    let seen = seen?;
    let whole = sound(register.events(&Whose::Everybody, 0, ALL).await)?;
    same(seen.len(), whole.len(), "events seen on the way")?;
    hold(seen == whole, "what was seen on the way is not what is there")?;
    hold(whole.is_sorted_by(|one, next| one.seq < next.seq), "the feed is out of order")
}
