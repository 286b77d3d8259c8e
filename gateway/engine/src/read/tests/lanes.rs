//! Lanes and turns through the whole road: who waits for whom.

use super::*;
use crate::client::Lane;
use crate::fakes::world::Built;
use crate::read::Answer;

/// A question about another dossier, so that nobody shares it.
fn about(dossier: usize, officer: &str, lane: Lane) -> Question {
    let mut asked = Question { lane, ..question() };
    asked.purpose.dossier = Some(format!("H56.14-250812-{dossier:04}"));
    asked.purpose.officer = officer.into();
    asked
}

fn slow_party() -> PartyLimits {
    PartyLimits { rate_per_s: 10, burst: 1, concurrency: 4, queue: 1_000, ..PartyLimits::default() }
}

fn patient() -> ServiceSettings {
    ServiceSettings { deadline_ms: 60_000, share: Share::Dossier, ..ServiceSettings::default() }
}

type Asked = tokio::task::JoinHandle<Result<Answer, Failure>>;

fn ask(world: &Built, who: &str, question: Question) -> Asked {
    let (engine, client) = (Arc::clone(&world.engine), client(who));
    tokio::spawn(async move { engine.read(&client, question).await })
}

#[tokio::test(start_paused = true)]
async fn t23_a_flood_at_agency_and_carrier_costs_another_client_about_a_turn() {
    for lane in [Lane::Counter, Lane::Batch] {
        let (limits, carrier) = (slow_party(), Some(slow_party()));
        let world = World { limits, carrier, service: patient(), ..World::default() }.build();
        let flood: Vec<Asked> = (0..400).map(|at| ask(&world, "desk", about(at, "cb01", lane))).collect();
        sleep(Duration::from_millis(5_020)).await;
        for at in 0..5 {
            let before = world.wire.count();
            let began = Instant::now();
            world.engine.read(&client("narrow"), about(1_000 + at, "cb02", Lane::Counter)).await.unwrap();
            let orders = world.wire.orders.lock().unwrap();
            let turn = orders.iter().rposition(|officer| officer.contains("cb02")).unwrap();
            let overtaken = turn - before as usize;
            assert!(overtaken <= 2, "{overtaken} of the flood overtook in the lane {}", lane.word());
            let waited = began.elapsed() - Duration::from_millis(100);
            assert!(waited <= Duration::from_millis(300), "{waited:?}");
        }
        flood.iter().for_each(Asked::abort);
    }
}

#[tokio::test(start_paused = true)]
async fn a_counter_that_joins_what_a_batch_began_gets_it_at_its_own_turn() {
    let world = World { limits: slow_party(), service: patient(), ..World::default() }.build();
    let lot: Vec<Asked> = (0..50).map(|at| ask(&world, "desk", about(at, "cb01", Lane::Batch))).collect();
    sleep(Duration::from_millis(1_020)).await;
    let before = world.wire.count();
    let began = Instant::now();
    world.engine.read(&client("narrow"), about(49, "cb02", Lane::Counter)).await.unwrap();
    assert!(began.elapsed() <= Duration::from_millis(300), "the last of the batch came first");
    assert!(world.wire.count() - before <= 3);
    for asked in lot {
        asked.await.unwrap().unwrap();
    }
    assert_eq!(world.wire.count(), 50, "and the agency was asked once for it");
}

#[tokio::test(start_paused = true)]
async fn a_batch_has_the_patience_that_a_counter_has_not() {
    for (lane, all) in [(Lane::Counter, false), (Lane::Batch, true)] {
        let limits = PartyLimits { rate_per_s: 1, ..slow_party() };
        let world = World { limits, service: uncached(), ..World::default() }.build();
        let asked: Vec<Asked> = (0..8).map(|at| ask(&world, "desk", about(at, "cb01", lane))).collect();
        let mut answered = 0;
        for one in asked {
            match one.await.unwrap() {
                Ok(_) => answered += 1,
                Err(failure) => assert!(matches!(fault_of(failure), Fault::Overloaded { .. })),
            }
        }
        assert_eq!(answered == 8, all, "{answered} in the lane {}", lane.word());
        assert_eq!(world.wire.count(), answered, "nobody is asked for who has been refused");
    }
}
