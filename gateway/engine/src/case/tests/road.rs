//! The road to the agencies: what a worker asks leaves once, however often a read would have been tried.

use std::sync::Arc;

use adapter_api::{Fault, Party};
use futures_util::FutureExt;
use serde_json::json;

use crate::case::Asked;
use crate::case::agencies::{Agencies, Question};
use crate::fakes::FakeWire;
use crate::fakes::world::{PERSONAL_ID, World};
use crate::settings::ServiceSettings;

#[tokio::test(start_paused = true)]
async fn a_worker_asks_once_where_a_read_is_tried_again() {
    let build = || {
        let wire =
            FakeWire::following(|_| async { Err(Fault::Unreachable { party: Party::Agency }) }.boxed());
        World { wire, service: ServiceSettings::default(), ..World::default() }.build()
    };
    let reads = build();
    reads.ask("desk").await.unwrap_err();
    assert!(reads.wire.count() > 1, "nobody would have tried again: the test shows nothing");

    let works = build();
    let query = json!({ "personal_id": PERSONAL_ID });
    let question = Question {
        asked: Asked::Send,
        service: "residence.person",
        reference: "case.leg.1",
        query: &query,
        until_ms: 10_000_000_000_000,
        may_leave: Arc::new(|| true),
    };
    let heard = works.engine.case_agencies().ask(question).await;
    assert_eq!((heard.result, works.wire.count()), (Err(Fault::Unreachable { party: Party::Agency }), 1));
}
