//! Counting, waiting and stopping.

use simulators::{Misbehaviour, Times};

use crate::client::{ask, ask_with, ours, query, start};

const LOOK_UP: &str = "TraCuuThongTinCongDan";
const VERIFY: &str = "XacThucThongTinCongDan";

#[tokio::test]
async fn requests_are_counted_by_operation_subject_and_moment() {
    let sims = start();
    let client = ours(&sims);
    for person in sims.register().ordinary().take(3) {
        ask_with(&sims, &client, LOOK_UP, query(LOOK_UP, person)).await;
        ask_with(&sims, &client, VERIFY, query(VERIFY, person)).await;
    }
    let residence = sims.residence();
    assert_eq!((residence.requests_of(LOOK_UP), residence.requests_of(VERIFY)), (3, 3));
    let counts = residence.counts();
    assert!(counts.by_subject.values().all(|count| *count == 2));
    assert_eq!((counts.by_subject.len(), counts.connections, counts.most_at_once), (3, 1, 1));
    let moments = residence.moments();
    assert_eq!((moments.len(), moments[1].operation.as_str()), (6, VERIFY));
    assert!(moments.is_sorted_by_key(|moment| moment.at));
    residence.forget_counts();
    assert_eq!(residence.counts().requests, 0);
}

#[tokio::test]
async fn the_most_at_once_are_seen_and_all_are_released() {
    let sims = start();
    sims.residence().misbehave(Misbehaviour::Hang, Times::Always).unwrap();
    let sample = sims.register().sample();
    let test = async {
        sims.residence().until_asked(3).await;
        assert_eq!(sims.residence().counts().in_flight, 3);
        sims.residence().behave().unwrap();
    };
    let (first, second, third, ()) = tokio::join!(
        ask(&sims, LOOK_UP, sample),
        ask(&sims, LOOK_UP, sample),
        ask(&sims, LOOK_UP, sample),
        test
    );
    assert_eq!((first.0, second.0, third.0), (200, 200, 200));
    assert_eq!(sims.residence().counts().most_at_once, 3);
}

#[tokio::test]
async fn stopping_frees_what_hangs() {
    let crate::client::World { sims, _folder } = start();
    sims.residence().misbehave(Misbehaviour::Hang, Times::Always).unwrap();
    let client = ours(&sims);
    let request = crate::client::signed(&sims, &client, LOOK_UP, &crate::client::now_ms().to_string());
    let request = request.body(query(LOOK_UP, sims.register().sample()));
    let hanging = tokio::spawn(request.send());
    sims.residence().until_asked(1).await;
    let address = sims.residence().base_url().trim_start_matches("https://").to_owned();
    sims.stop();
    assert!(hanging.await.unwrap().is_err());
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn they_start_without_any_runtime() {
    let sims = start();
    assert!(std::net::TcpStream::connect(sims.lgsp().base_url().trim_start_matches("http://")).is_ok());
}
