//! F17: told to stop, the gateway answers what is under way, takes nothing new, and ends in order.

use futures_util::future::join_all;
use sandbox::questions::about;
use simulators::{Misbehaviour, Times};
use tokio::net::TcpStream;

use crate::harness::Town;

/// Requests under way when the stop comes.
const UNDER_WAY: usize = 8;

#[tokio::test]
async fn a_stop_lets_what_is_under_way_be_answered() {
    let town = Town::usual().await;
    let residence = town.simulators().residence().clone();
    residence.misbehave(Misbehaviour::Hang, Times::Always).unwrap();
    let people: Vec<_> = town.register().ordinary().take(UNDER_WAY).cloned().collect();
    let asked: Vec<_> = people
        .into_iter()
        .map(|person| {
            let caller = town.one_stop.clone();
            tokio::spawn(async move { caller.ask("residence.verify", about(&person)).await })
        })
        .collect();
    residence.until_asked(UNDER_WAY as u64).await;

    let address = town.gateway.api.trim_start_matches("http://").to_string();
    let audit = town.world().audit_folder();
    let Town { gateway, .. } = town;
    let stopped = tokio::spawn(gateway.stop());
    // Once nothing new is taken, the stop has begun; what hangs is let go only then.
    while TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    residence.behave().unwrap();
    for told in join_all(asked).await {
        let told = told.unwrap().expect("a request under way was cut off");
        assert_eq!((told.status, told.word()), (200, "found"), "{}", told.body);
    }
    assert!(stopped.await.unwrap().unwrap(), "it did not end in order");
    let log = server::audit_log::verify(&audit).unwrap();
    assert!(log.lines >= 2 * UNDER_WAY as u64, "{log:?}");
}
