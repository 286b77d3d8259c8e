//! Backups: whole, made while the store works, found damaged where they are.

use super::super::backup::{BackupError, RESTORED_STEP, backup, restore};
use super::super::verify::verify;
use super::*;

fn everything(
    store: &Sqlite,
) -> impl Future<Output = Result<Vec<super::super::register::Summary>, StoreFailed>> {
    let page = Page { after: String::new(), limit: 500 };
    async move { store.list(&Whose::Everybody, &Which::All, &page).await }
}

#[tokio::test]
async fn a_backup_made_while_working_is_a_prefix_of_what_was_acknowledged() {
    let place = Place::new();
    let store = place.open();
    for number in 0..50 {
        store.admit(one_of_many(number)).await.unwrap();
    }
    let target = place.folder.path().join("backups/one.db");
    let (file, copy) = (place.file(), target.clone());
    let (begun, has_begun) = std::sync::mpsc::channel();
    let backing = std::thread::spawn(move || {
        begun.send(()).unwrap();
        backup(&file, &copy)
    });
    has_begun.recv().unwrap();
    for number in 50..150 {
        store.admit(one_of_many(number)).await.unwrap();
    }
    assert!(backing.join().unwrap().unwrap() > 0);
    let found = verify(&target, &master(1)).unwrap();
    assert_eq!(found.findings, Vec::<String>::new());
    let count = |table: &str| found.rows.iter().find(|(name, _)| *name == table).unwrap().1;
    assert!((50..=150).contains(&count("cases")), "{found:?}");
    assert_eq!(count("events"), count("cases"), "whole transactions alone");
    assert_eq!(
        found.opened,
        u64::try_from(count("cases") * 4).unwrap(),
        "key, input, words of a leg and of an event"
    );
    assert_eq!(found.open, count("cases"));
    let beside: Vec<_> =
        std::fs::read_dir(target.parent().unwrap()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(beside, ["one.db"], "one file, whole in itself");
}

#[tokio::test]
async fn nothing_is_overwritten_and_what_was_replaced_is_kept() {
    let place = Place::new();
    let store = place.open();
    store.admit(one_of_many(1)).await.unwrap();
    let target = place.folder.path().join("one.db");
    backup(&place.file(), &target).unwrap();
    assert!(matches!(backup(&place.file(), &target), Err(BackupError::There(_))));
    store.admit(one_of_many(2)).await.unwrap();
    let whole =
        store.list(&Whose::Everybody, &Which::All, &Page { after: String::new(), limit: 9 }).await.unwrap();
    let held = restore(&target, &place.file(), true, 7);
    assert!(matches!(held, Err(BackupError::Open(OpenError::Held(_)))), "never under a running gateway");
    drop(store);
    assert!(matches!(restore(&target, &place.file(), false, 7), Err(BackupError::There(_))));
    let aside = restore(&target, &place.file(), true, 7).unwrap().unwrap();
    let store = place.open();
    let ids = |cases: Vec<super::super::register::Summary>| {
        cases.into_iter().map(|case| case.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(everything(&store).await.unwrap()), ["case-0001"]);
    // A number that was given to an event or a claim before is never given again.
    store.admit(one_of_many(3)).await.unwrap();
    let feed = store.events(&Whose::Everybody, 0, 10).await.unwrap();
    let last = i64::try_from(feed.last().unwrap().seq).unwrap();
    assert!(feed.len() == 2 && last > RESTORED_STEP, "{last}");
    drop(store);
    let kept = Opening { file: aside, ..place.opening() };
    let store = Sqlite::open(&kept, master(1), Arc::clone(&place.clock) as _).unwrap();
    assert_eq!(ids(everything(&store).await.unwrap()), ids(whole));
}

#[tokio::test]
async fn a_damaged_backup_and_a_wrong_key_are_found() {
    let place = Place::new();
    let store = place.open();
    for number in 0..20 {
        store.admit(one_of_many(number)).await.unwrap();
    }
    let target = place.folder.path().join("one.db");
    backup(&place.file(), &target).unwrap();
    assert!(verify(&target, &master(1)).unwrap().findings.is_empty());
    let wrong = verify(&target, &master(2)).unwrap().findings;
    assert!(wrong.len() == 1 && wrong[0].contains("master key"), "{wrong:?}");
    assert!(verify(&place.folder.path().join("none.db"), &master(1)).is_err());
    let sound = std::fs::read(&target).unwrap();
    let spoiled = [
        "UPDATE events SET words = zeroblob(40) WHERE case_id = 'case-0007'",
        "UPDATE legs SET state = 'done' WHERE case_id = 'case-0007'",
        "UPDATE cases SET key = (SELECT key FROM cases WHERE id = 'case-0001') WHERE id = 'case-0007'",
        "PRAGMA foreign_keys = OFF; DELETE FROM legs WHERE case_id = 'case-0007'",
        "UPDATE counters SET value = 3 WHERE name = 'event'",
    ];
    for sql in spoiled {
        std::fs::write(&target, &sound).unwrap();
        rusqlite::Connection::open(&target).unwrap().execute_batch(sql).unwrap();
        assert_eq!(verify(&target, &master(1)).unwrap().findings.len(), 1, "{sql}");
    }
    // Whatever is cut off is missed, wherever it is cut.
    for kept in [0, 100, sound.len() / 2, sound.len() - 4_096] {
        std::fs::write(&target, &sound[..kept]).unwrap();
        let found = verify(&target, &master(1));
        assert!(found.map_or(true, |found| !found.findings.is_empty()), "{kept} bytes");
    }
}
