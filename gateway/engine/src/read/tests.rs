//! The straight road end to end, over a world of fakes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use adapter_api::{Blame, Expected, Fault, Finding, Outcome, Party, Waiting};
use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::{Instant, advance, sleep};

use crate::audit::Entry;
use crate::fakes::world::{PERSONAL_ID, World, agency, client, documents, person, question};
use crate::fakes::{FakeAdapter, FakeWire};
use crate::read::{CacheUse, Question};
use crate::refusal::{Failure, Refusal};
use crate::resilience::breaker::BreakerState;
use crate::settings::{PartyLimits, ServiceSettings, Share};

mod lanes;

/// The agency had been asked and had not answered.
const AGENCY_LATE: Fault = Fault::DeadlineExceeded { waiting_for: Waiting::Agency };

fn uncached() -> ServiceSettings {
    ServiceSettings::default()
}

fn fault_of(failure: Failure) -> Fault {
    match failure {
        Failure::Fault { fault, .. } => fault,
        Failure::Refusal(refusal) => panic!("{refusal:?}"),
    }
}

fn unavailable() -> Fault {
    Fault::Unavailable { party: Party::Agency, retry_after_s: None }
}

#[tokio::test(start_paused = true)]
async fn a_question_is_answered_audited_and_kept() {
    let world = World::default().build();
    let first = world.ask("desk").await.unwrap();
    assert_eq!(first.data.as_deref(), Some(&person(PERSONAL_ID)));
    assert_eq!((first.source.cache, first.source.fresh_for_s), (CacheUse::Miss, 60));
    assert_eq!(first.source.reference, "call-0");
    advance(Duration::from_secs(7)).await;
    let second = world.ask("desk").await.unwrap();
    assert_eq!((second.source.cache, second.source.age_s), (CacheUse::Hit, 7));
    assert_eq!(world.wire.count(), 1);

    let appended = world.audit.appended.lock().unwrap();
    assert_eq!(appended.len(), 2, "the kept answer is audited as well");
    assert!(appended.iter().all(|record| record.subject.is_some()));
    let noted = world.audit.noted.lock().unwrap();
    let ended = |cache: &str| Entry::Ended {
        service: "residence.person".into(),
        result: "found".into(),
        cache: Some(cache.into()),
    };
    assert_eq!(
        noted.iter().map(|record| record.entry.clone()).collect::<Vec<_>>(),
        [ended("miss"), ended("hit")]
    );
    let written = serde_json::to_string(&(&*appended, &*noted)).unwrap();
    assert!(!written.contains(PERSONAL_ID) && !written.contains("MẪU"), "{written}");
}

#[tokio::test(start_paused = true)]
async fn p6_a_thousand_misses_are_one_exchange() {
    let world = World::default().build();
    let began = Instant::now();
    let answers = join_all((0..1_000).map(|_| world.ask("desk"))).await;
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap().data.is_some()));
    assert_eq!(world.wire.count(), 1);
    assert_eq!(began.elapsed(), Duration::from_millis(100), "nobody waits longer than the agency");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p6_holds_on_several_threads() {
    let wire = FakeWire::following(|_| async { Ok(200) }.boxed());
    let world = Arc::new(World { wire, ..World::default() }.build());
    let tasks = (0..1_000).map(|_| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.ask("desk").await.unwrap() })
    });
    for answer in join_all(tasks).await {
        answer.unwrap();
    }
    assert_eq!(world.wire.count(), 1, "also those who looked while the first load landed");
}

#[tokio::test(start_paused = true)]
async fn t14_what_was_asked_before_an_eviction_is_not_kept() {
    let world = World::default().build();
    let (before, ()) = tokio::join!(world.ask("desk"), async {
        sleep(Duration::from_millis(50)).await;
        world.engine.evict(PERSONAL_ID);
    });
    before.unwrap();
    assert_eq!(world.engine.cache.settled_count().await, 0);
    assert_eq!(world.ask("desk").await.unwrap().source.cache, CacheUse::Miss);
    assert_eq!(world.wire.count(), 2);
    world.engine.evict(PERSONAL_ID);
    assert_eq!(world.ask("desk").await.unwrap().source.cache, CacheUse::Miss);
}

#[tokio::test(start_paused = true)]
async fn p7_each_waits_with_its_own_deadline() {
    let wire = FakeWire::answering(200, Duration::from_secs(2));
    let world = World { wire, ..World::default() }.build();
    let began = Instant::now();
    let hurried = Question { deadline: Some(began + Duration::from_secs(1)), ..question() };
    let desk = client("desk");
    let (hurried, patient) =
        tokio::join!(async { (world.engine.read(&desk, hurried).await, began.elapsed()) }, async {
            (world.ask("desk").await, began.elapsed())
        },);
    assert_eq!(fault_of(hurried.0.unwrap_err()), AGENCY_LATE);
    assert_eq!(hurried.1, Duration::from_secs(1));
    assert!(patient.0.is_ok(), "the first caller's patience is not everybody's");
    assert_eq!(patient.1, Duration::from_secs(2));
    assert_eq!(world.wire.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn f6_a_hung_agency_is_answered_for_by_the_deadline() {
    let wire = FakeWire::following(|_| std::future::pending().boxed());
    let world = World { wire, service: uncached(), ..World::default() }.build();
    let began = Instant::now();
    assert_eq!(fault_of(world.ask("desk").await.unwrap_err()), AGENCY_LATE);
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    for _ in 0..4 {
        // The load ends at the same moment as its caller's patience; the next caller is to begin one of its own.
        sleep(Duration::from_millis(1)).await;
        world.ask("desk").await.unwrap_err();
    }
    sleep(Duration::from_millis(1)).await;
    assert_eq!(world.wire.count(), 5);
    let failure = world.ask("desk").await.unwrap_err();
    assert!(matches!(fault_of(failure), Fault::Unavailable { .. }), "hanging opens the breaker");
}

#[tokio::test(start_paused = true)]
async fn f8_calls_that_hang_open_the_breaker_before_they_end() {
    let wire = FakeWire::following(|_| std::future::pending().boxed());
    let limits = PartyLimits { breaker_samples: 3, breaker_slow_ms: 1_000, ..PartyLimits::default() };
    let world = World { wire, limits, service: uncached(), ..World::default() }.build();
    let began = Instant::now();
    let hung = (0..3).map(|at| {
        let purpose =
            crate::client::Purpose { dossier: Some(format!("H56.14-250812-{at:04}")), ..question().purpose };
        let (engine, question) = (Arc::clone(&world.engine), Question { purpose, ..question() });
        tokio::spawn(async move { engine.read(&client("desk"), question).await })
    });
    let hung: Vec<_> = hung.collect();
    sleep(Duration::from_millis(1_001)).await;
    assert!(matches!(fault_of(world.ask("desk").await.unwrap_err()), Fault::Unavailable { .. }));
    assert_eq!(began.elapsed(), Duration::from_millis(1_001));
    for read in join_all(hung).await {
        assert_eq!(fault_of(read.unwrap().unwrap_err()), AGENCY_LATE);
    }
}

#[tokio::test(start_paused = true)]
async fn an_agency_that_says_when_to_come_back_is_left_until_then() {
    let wire = FakeWire::following(|_| {
        async { Err(Fault::Overloaded { party: Party::Agency, retry_after_s: Some(20) }) }.boxed()
    });
    let world = World { wire, service: uncached(), ..World::default() }.build();
    world.ask("desk").await.unwrap_err();
    advance(Duration::from_secs(1)).await;
    let fault = fault_of(world.ask("desk").await.unwrap_err());
    assert!(matches!(fault, Fault::Overloaded { retry_after_s: Some(19), .. }), "{fault:?}");
    assert_eq!(world.wire.count(), 1);
    world.wire.follow(|_| async { Ok(200) }.boxed());
    advance(Duration::from_secs(19)).await;
    world.ask("desk").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn f11_stale_while_it_is_asked_again_and_while_it_faults_but_no_longer() {
    let world = World::default().build();
    world.ask("desk").await.unwrap();
    advance(Duration::from_secs(61)).await;
    world.wire.follow(|_| async { Err(unavailable()) }.boxed());
    let stale = world.ask("desk").await.unwrap();
    assert_eq!((stale.source.cache, stale.source.fresh_for_s), (CacheUse::Stale, -1));
    sleep(Duration::from_secs(2)).await;
    assert!(world.wire.count() > 1, "it was asked again behind the caller's back");
    assert_eq!(world.ask("desk").await.unwrap().source.cache, CacheUse::Stale, "the fault does not end it");
    advance(Duration::from_secs(600)).await;
    assert!(matches!(fault_of(world.ask("desk").await.unwrap_err()), Fault::Unavailable { .. }));

    world.wire.follow(|_| async { Ok(200) }.boxed());
    advance(Duration::from_secs(60)).await;
    assert_eq!(world.ask("desk").await.unwrap().source.cache, CacheUse::Miss);
}

#[tokio::test(start_paused = true)]
async fn absent_is_remembered_for_its_own_time_and_never_stale() {
    let wire = FakeWire::answering(404, Duration::from_millis(1));
    let world = World { wire, ..World::default() }.build();
    assert_eq!(world.ask("desk").await.unwrap().data, None);
    assert_eq!(world.ask("desk").await.unwrap().source.cache, CacheUse::Hit);
    advance(Duration::from_secs(11)).await;
    assert_eq!(world.ask("desk").await.unwrap().source.cache, CacheUse::Miss);
    assert_eq!(world.wire.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn never_cached_still_joins_who_asks_at_the_same_time_in_the_same_scope() {
    let world = World { service: uncached(), ..World::default() }.build();
    let other = Question {
        purpose: crate::client::Purpose { dossier: Some("H56.14-250812-0036".into()), ..question().purpose },
        ..question()
    };
    let desk = client("desk");
    let (a, b, c) = tokio::join!(world.ask("desk"), world.ask("desk"), world.engine.read(&desk, other));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(world.wire.count(), 2, "one for each dossier");
    assert_eq!(world.ask("desk").await.unwrap().source.cache, CacheUse::Miss);
}

#[tokio::test(start_paused = true)]
async fn without_a_dossier_nothing_is_shared_between_officers() {
    let service = ServiceSettings { share: Share::Dossier, fresh_for_s: 60, ..uncached() };
    let world = World { service, ..World::default() }.build();
    for officer in ["cb01", "cb02"] {
        let purpose = crate::client::Purpose { dossier: None, officer: officer.into(), ..question().purpose };
        world.engine.read(&client("desk"), Question { purpose, ..question() }).await.unwrap();
    }
    assert_eq!(
        *world.wire.orders.lock().unwrap(),
        ["\"cb01\"", "\"cb02\""],
        "the agency sees each officer's purpose"
    );
}

#[tokio::test(start_paused = true)]
async fn several_people_live_a_minute_at_most() {
    let service = ServiceSettings { fresh_for_s: 3_600, stale_for_s: 3_600, share: Share::All, ..uncached() };
    let world = World { service, ..World::default() }.build();
    let household = || Question { service: "residence.household".into(), ..question() };
    let desk = client("desk");
    world.engine.read(&desk, household()).await.unwrap();
    advance(Duration::from_secs(59)).await;
    assert_eq!(world.engine.read(&desk, household()).await.unwrap().source.cache, CacheUse::Hit);
    advance(Duration::from_secs(2)).await;
    assert_eq!(world.engine.read(&desk, household()).await.unwrap().source.cache, CacheUse::Miss);
}

#[tokio::test(start_paused = true)]
async fn t2_each_client_sees_its_own_fields_of_the_same_kept_answer() {
    let world = World::default().build();
    let narrow = json!({
        "full_name": "NGUYỄN VĂN MẪU",
        "spouse": { "full_name": "TRẦN THỊ THỬ" },
        "relatives": [{ "full_name": "NGUYỄN THỊ THỬ" }]
    });
    for round in 0..2 {
        assert_eq!(world.ask("narrow").await.unwrap().data.as_deref(), Some(&narrow), "{round}");
        assert_eq!(world.ask("desk").await.unwrap().data.as_deref(), Some(&person(PERSONAL_ID)), "{round}");
    }
    assert_eq!(world.wire.count(), 1);
    let appended = world.audit.appended.lock().unwrap();
    let Entry::Permitted { fields, .. } = &appended[0].entry else { panic!("{appended:?}") };
    assert_eq!(*fields, ["/full_name", "/relatives/*/full_name", "/spouse/full_name"]);
}

#[tokio::test(start_paused = true)]
async fn t1_whatever_no_rule_says_is_denied() {
    let world = World::default().build();
    let denied = |what| Failure::Refusal(Refusal::Denied { what });
    assert_eq!(world.ask("stranger").await, Err(denied("service")));
    let with = |change: &dyn Fn(&mut Question)| {
        let mut question = question();
        change(&mut question);
        question
    };
    let cases: Vec<(&str, Question, &str)> = vec![
        ("narrow", with(&|question| question.service = "residence.household".into()), "service"),
        ("desk", with(&|question| question.purpose.procedure = "1.000657".into()), "purpose"),
        ("narrow", with(&|question| question.purpose.unit = Some("H21.14".into())), "unit"),
        ("narrow", with(&|question| question.purpose.unit = None), "unit"),
        ("desk", with(&|question| question.no_cache = true), "right"),
    ];
    for (who, question, what) in cases {
        assert_eq!(
            world.engine.read(&client(who), question.clone()).await,
            Err(denied(what)),
            "{who} {question:?}"
        );
    }
    let unknown = with(&|question| question.service = "residence.x".into());
    let known = vec!["residence.person".to_owned()];
    assert_eq!(
        world.engine.read(&client("narrow"), unknown).await,
        Err(Failure::Refusal(Refusal::UnknownService { known }))
    );
    assert_eq!(world.wire.count(), 0);
    assert_eq!(world.audit.noted.lock().unwrap().len(), 6, "every denial leaves a line");
}

#[tokio::test(start_paused = true)]
async fn f25_no_append_no_data_not_even_from_the_cache() {
    let world = World::default().build();
    world.ask("desk").await.unwrap();
    world.audit.broken.store(true, Ordering::SeqCst);
    let began = Instant::now();
    assert_eq!(world.ask("desk").await, Err(Refusal::AuditUnavailable.into()), "it is in the cache");
    world.engine.evict(PERSONAL_ID);
    assert_eq!(world.ask("desk").await, Err(Refusal::AuditUnavailable.into()));
    assert_eq!(began.elapsed(), Duration::ZERO, "nobody waits for an agency in vain");
}

#[tokio::test(start_paused = true)]
async fn asked_again_needs_the_right_and_renews_what_is_kept() {
    let world = World::default().build();
    world.ask("desk").await.unwrap();
    let mut desk = client("desk");
    desk.rights.insert("no-cache".into());
    let again = Question { no_cache: true, ..question() };
    let answer = world.engine.read(&desk, again).await.unwrap();
    assert_eq!((answer.source.cache, answer.source.age_s), (CacheUse::Revalidated, 0));
    assert_eq!(world.ask("desk").await.unwrap().source.reference, "call-1");
}

#[tokio::test(start_paused = true)]
async fn breaker_opens_leaves_the_agency_alone_probes_and_closes() {
    let wire = FakeWire::following(|_| async { Err(Fault::Malformed(Default::default())) }.boxed());
    let world = World { wire, service: uncached(), ..World::default() }.build();
    for _ in 0..5 {
        assert!(matches!(fault_of(world.ask("desk").await.unwrap_err()), Fault::Malformed(_)));
    }
    let closed = Fault::Unavailable { party: Party::Agency, retry_after_s: Some(5) };
    assert_eq!(fault_of(world.ask("desk").await.unwrap_err()), closed);
    assert_eq!(world.wire.count(), 5);
    let view = &world.engine.agencies().agencies[0];
    assert_eq!(view.breaker, BreakerState::Open);
    assert!(
        view.operations.contains(&("household".into(), BreakerState::Closed)),
        "another operation is another breaker"
    );
    assert_eq!(view.last_failure.as_ref().unwrap().1, "malformed");

    world.wire.follow(|_| async { Ok(200) }.boxed());
    advance(Duration::from_secs(5)).await;
    world.ask("desk").await.unwrap();
    let view = &world.engine.agencies().agencies[0];
    assert_eq!(view.breaker, BreakerState::Closed);
    assert!(view.last_success.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_failing_carrier_is_told_apart_from_its_agencies() {
    let fault = Fault::Unavailable { party: Party::Carrier, retry_after_s: None };
    let said = fault.clone();
    let wire = FakeWire::following(move |_| {
        let fault = said.clone();
        async move { Err(fault) }.boxed()
    });
    let carrier = Some(PartyLimits { breaker_failures: 2, ..PartyLimits::default() });
    let world = World { wire, carrier, service: uncached(), ..World::default() }.build();
    for _ in 0..2 {
        let failure = world.ask("desk").await.unwrap_err();
        let carrier = Some("lgsp".to_owned());
        assert_eq!(failure, Failure::Fault { fault: fault.clone(), agency: "residence".into(), carrier });
    }
    let views = world.engine.agencies();
    assert_eq!(
        (views.carriers[0].breaker, views.agencies[0].breaker),
        (BreakerState::Open, BreakerState::Closed)
    );
    let tried = world.wire.count();
    assert!(matches!(
        fault_of(world.ask("desk").await.unwrap_err()),
        Fault::Unavailable { party: Party::Carrier, retry_after_s: Some(_) }
    ));
    assert_eq!(world.wire.count(), tried);
}

#[tokio::test(start_paused = true)]
async fn a_read_is_tried_again_and_counts_once() {
    let wire = FakeWire::following(|number| {
        async move { if number % 3 == 2 { Ok(200) } else { Err(Fault::Unreachable { party: Party::Agency }) } }.boxed()
    });
    let world = World { wire, service: uncached(), ..World::default() }.build();
    world.ask("desk").await.unwrap();
    assert_eq!(world.wire.count(), 3);
    assert_eq!(world.engine.agencies().agencies[0].breaker, BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn t23_retries_stay_within_their_budget() {
    let wire = FakeWire::following(|_| async { Err(Fault::Unreachable { party: Party::Agency }) }.boxed());
    let limits = PartyLimits {
        breaker_failures: u32::MAX,
        breaker_samples: u32::MAX,
        rate_per_s: 10_000,
        burst: 10_000,
        ..PartyLimits::default()
    };
    let world = World { wire, limits, service: uncached(), ..World::default() }.build();
    for _ in 0..4_000 {
        world.ask("desk").await.unwrap_err();
    }
    let exchanges = world.wire.count();
    assert!((4_300..=4_400).contains(&exchanges), "{exchanges} exchanges for 4000 calls");
}

#[tokio::test(start_paused = true)]
async fn credentials_are_renewed_once_for_an_exchange() {
    let refused = || Err(Fault::NotAdmitted { exchange: "person".into(), renew: true, party: Party::Agency });
    let adapter = Arc::new(FakeAdapter(move |_: &adapter_api::Call, status| match status {
        401 => refused(),
        _ => Ok(Outcome::Found(person(PERSONAL_ID))),
    }));
    let wire = FakeWire::following(|number| async move { Ok(if number == 0 { 401 } else { 200 }) }.boxed());
    let world = World { wire, adapter: adapter.clone(), service: uncached(), ..World::default() }.build();
    world.ask("desk").await.unwrap();
    assert_eq!((world.wire.count(), world.wire.renewals.load(Ordering::SeqCst)), (2, 1));

    let wire = FakeWire::following(|_| async { Ok(401) }.boxed());
    let world = World { wire, adapter, service: uncached(), ..World::default() }.build();
    let fault = fault_of(world.ask("desk").await.unwrap_err());
    assert_eq!(fault, Fault::NotAdmitted { exchange: "person".into(), renew: false, party: Party::Agency });
    assert_eq!((world.wire.count(), world.wire.renewals.load(Ordering::SeqCst)), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn f23_an_adapter_that_panics_harms_one_call() {
    let adapter = Arc::new(FakeAdapter(|_: &adapter_api::Call, status| match status {
        500 => panic!("with {PERSONAL_ID} in its words"),
        _ => Ok(Outcome::Found(person(PERSONAL_ID))),
    }));
    let wire = FakeWire::following(|number| async move { Ok(if number == 0 { 500 } else { 200 }) }.boxed());
    let world = World { wire, adapter, ..World::default() }.build();
    let fault = fault_of(world.ask("desk").await.unwrap_err());
    assert_eq!(fault, Fault::AdapterFailed { place: "person: panic".into() });
    world.ask("desk").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn f7_nonsense_and_another_subject_are_malformed_and_not_kept() {
    let mut unknown_field = person(PERSONAL_ID);
    unknown_field["x038042000001"] = json!(1);
    let mut wrong_type = person(PERSONAL_ID);
    wrong_type["full_name"] = json!(PERSONAL_ID.parse::<u64>().unwrap());
    let cases: [(Outcome, &str, &str); 4] = [
        (Outcome::Found(person("038042000009")), "/data/personal_id", "not the subject asked"),
        (Outcome::Found(unknown_field), "/data", "unknown-field"),
        (Outcome::Found(wrong_type), "/data/full_name", "wrong-type"),
        (Outcome::Found(json!({})), "/data/full_name", "required"),
    ];
    for (outcome, at, why) in cases {
        let adapter = Arc::new(FakeAdapter(move |_: &adapter_api::Call, _| Ok(outcome.clone())));
        let world = World { adapter, ..World::default() }.build();
        let Fault::Malformed(reason) = fault_of(world.ask("desk").await.unwrap_err()) else {
            panic!("{why}")
        };
        assert_eq!((reason.at.as_deref(), reason.why.as_str()), (Some(at), why));
        assert_eq!(world.engine.cache.settled_count().await, 0);
    }
    let adapter = Arc::new(FakeAdapter(|_: &adapter_api::Call, _| {
        Ok(Outcome::Completed { value: person(PERSONAL_ID), partial: false })
    }));
    let world = World { adapter, ..World::default() }.build();
    assert!(matches!(fault_of(world.ask("desk").await.unwrap_err()), Fault::Malformed(_)));
}

#[tokio::test(start_paused = true)]
async fn a_full_house_says_so_at_once() {
    let limits = PartyLimits { concurrency: 1, queue: 1, ..PartyLimits::default() };
    let world = World { limits, service: uncached(), ..World::default() }.build();
    let ask = |at: u32| {
        let purpose =
            crate::client::Purpose { dossier: Some(format!("H56.14-250812-{at:04}")), ..question().purpose };
        let question = Question { purpose, ..question() };
        async { world.engine.read(&client("desk"), question).await }
    };
    let (a, b, c) = tokio::join!(ask(1), ask(2), ask(3));
    assert!(a.is_ok() && b.is_ok());
    assert_eq!(fault_of(c.unwrap_err()), Fault::Overloaded { party: Party::Agency, retry_after_s: None });
    assert_eq!(
        world.engine.agencies().agencies[0].breaker,
        BreakerState::Closed,
        "our own limits are not its failure"
    );
}

#[tokio::test]
async fn a_purpose_that_is_none_is_the_callers_to_mend() {
    type Change = fn(&mut crate::client::Purpose);
    let world = World::default().build();
    let cases: [(Change, &[&str]); 6] = [
        (
            |purpose| *purpose = Default::default(),
            &["/purpose/procedure required", "/purpose/officer required"],
        ),
        (|purpose| purpose.procedure = "1000656".into(), &["/purpose/procedure wrong-format"]),
        (|purpose| purpose.officer = " ".into(), &["/purpose/officer required"]),
        (|purpose| purpose.officer = "a\u{1b}[2J".into(), &["/purpose/officer wrong-format"]),
        (|purpose| purpose.dossier = Some("x".into()), &["/purpose/dossier wrong-format"]),
        (|purpose| purpose.unit = Some("x".into()), &["/purpose/unit wrong-format"]),
    ];
    for (change, expected) in cases {
        let mut asked = question();
        change(&mut asked.purpose);
        let Err(Failure::Refusal(Refusal::Invalid { findings })) =
            world.engine.read(&client("desk"), asked).await
        else {
            panic!("{expected:?}");
        };
        let told = |finding: Finding| format!("{} {}", finding.pointer.unwrap(), finding.code.unwrap());
        assert_eq!(findings.into_iter().map(told).collect::<Vec<_>>(), expected);
    }
    assert_eq!(world.wire.count(), 0);
}

#[tokio::test]
async fn findings_say_what_the_schema_expects() {
    let world = World::default().build();
    let form = |text: &str| Some(Expected::Form(text.to_owned()));
    let one_of =
        |names: &[&str]| Some(Expected::OneOf(names.iter().map(|name| (*name).to_owned()).collect()));
    let cases = [
        (json!({ "old_id": 7391, "birth_date": "1942" }), form("text")),
        (json!({ "old_id": "1", "birth_date": "7391/3/12" }), form("partial-date: 1942, 1942-03")),
        (json!({ "personal_id": "7391x", "birth_date": "1942" }), form("personal-id")),
        (json!({ "old_id": "1", "birth_date": "1942", "sex": "7391" }), one_of(&["male", "female"])),
        (json!({ "birth_date": "1942" }), one_of(&["personal_id", "old_id"])),
        (json!({ "old_id": "1", "birth_date": "1942", "x7391": "x" }), None),
    ];
    for (query, expected) in cases {
        let asked = Question { query: query.clone(), ..question() };
        let Err(Failure::Refusal(Refusal::Invalid { findings })) =
            world.engine.read(&client("desk"), asked).await
        else {
            panic!("{query}");
        };
        assert_eq!(findings[0].expected, expected, "{query}");
        assert!(!format!("{findings:?}").contains("7391"), "a value is told: {findings:?}");
    }
}

#[tokio::test]
async fn findings_name_fields_and_never_values() {
    let world = World::default().build();
    let findings = |query: Value| {
        let question = Question { query, ..question() };
        let world = &world;
        async move {
            match world.engine.read(&client("desk"), question).await {
                Err(Failure::Refusal(Refusal::Invalid { findings })) => findings
                    .into_iter()
                    .map(|finding| format!("{} {}", finding.pointer.unwrap(), finding.code.unwrap()))
                    .collect::<Vec<_>>(),
                other => panic!("{other:?}"),
            }
        }
    };
    let cases: Vec<(Value, &[&str])> = vec![
        (json!([]), &["/query wrong-type"]),
        (json!({}), &["/query either-or", "/query/birth_date required"]),
        (json!({ "old_id": 1, "birth_date": "1942" }), &["/query/old_id wrong-type"]),
        (json!({ "old_id": "1", "birth_date": "1942", "surname": "x" }), &["/query/surname unknown-field"]),
        (json!({ "old_id": "1", "birth_date": "1942", "n038042000001": "x" }), &["/query unknown-field"]),
        (json!({ "old_id": "1", "birth_date": "12/3/1942" }), &["/query/birth_date wrong-format"]),
        (json!({ "old_id": "1", "birth_date": "1942-02-30" }), &["/query/birth_date date-impossible"]),
        (json!({ "old_id": "1", "birth_date": "2025-08-13" }), &["/query/birth_date date-in-future"]),
        (json!({ "old_id": "1", "birth_date": "1942", "sex": "x" }), &["/query/sex not-in-list"]),
        (
            json!({ "personal_id": "038042001", "birth_date": "1942" }),
            &["/query/personal_id personal-id-length"],
        ),
        (
            json!({ "personal_id": "03804200000x", "birth_date": "1942" }),
            &["/query/personal_id wrong-format"],
        ),
        (
            json!({ "personal_id": "999142000001", "birth_date": "1950", "sex": "male" }),
            &[
                "/query/personal_id personal-id-province",
                "/query/personal_id personal-id-sex",
                "/query/personal_id personal-id-year",
            ],
        ),
    ];
    for (query, expected) in cases {
        let mut found = findings(query.clone()).await;
        found.sort();
        assert_eq!(found, expected, "{query}");
    }
    assert_eq!(world.wire.count(), 0);
}

#[tokio::test]
async fn a_client_is_told_what_it_may_ask() {
    let world = World::default().build();
    let views = world.engine.services(&client("narrow"));
    assert_eq!(views.len(), 1);
    assert_eq!((views[0].title.as_str(), views[0].purpose_required), ("Thông tin công dân", true));
    assert_eq!(
        (views[0].procedures.clone(), views[0].units.clone()),
        (vec!["1.*".to_owned()], vec!["H56.*".to_owned()])
    );
    let fields: Vec<&str> = views[0].fields.iter().map(|field| field.field.name.as_str()).collect();
    assert_eq!(fields, ["full_name", "spouse", "spouse.full_name", "relatives", "relatives.full_name"]);
    assert!(world.engine.services(&client("stranger")).is_empty());
}

#[tokio::test]
async fn a_write_is_no_question() {
    let mut documents = documents();
    documents[1]["x-kind"] = json!("write");
    let world = World { documents, ..World::default() }.build();
    let desk = client("desk");
    let views = world.engine.services(&desk);
    assert_eq!(views.iter().map(|view| view.name.as_str()).collect::<Vec<_>>(), ["residence.person"]);
    let asked = Question { service: "residence.household".into(), ..question() };
    match world.engine.read(&desk, asked).await {
        Err(Failure::Refusal(Refusal::UnknownService { known })) => assert_eq!(known, ["residence.person"]),
        other => panic!("{:?}", other.err()),
    }
    assert_eq!(world.wire.count(), 0);
}

#[test]
fn what_does_not_fit_together_is_told_at_once() {
    use crate::catalogue::{Catalogue, Sources};
    let mut documents = documents();
    documents[0]["x-subject"] = json!(["/nobody"]);
    documents[1]["$defs"]["answer"]["properties"]["spouse"] = json!({ "$ref": "../common/none.json" });
    let agency = agency();
    let settings = [("residence.typo".to_owned(), ServiceSettings::default())].into();
    let sources = Sources { documents, agencies: vec![&agency, &agency], settings, ..Sources::default() };
    let Err(unfit) = Catalogue::build(sources) else { panic!("it fits") };
    let told: Vec<String> = unfit.iter().map(ToString::to_string).collect();
    let told = told.join("\n");
    for part in
        ["residence.person answers residence.person too", "no schema describes the service residence.typo"]
    {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn rules_that_can_have_no_effect_are_named() {
    use crate::catalogue::{Catalogue, Sources};
    use crate::policy::{Policy, PolicySettings};
    let agency = agency();
    let sources = Sources { documents: documents(), agencies: vec![&agency], ..Sources::default() };
    let catalogue = Catalogue::build(sources).ok().unwrap();
    let settings: PolicySettings = toml::from_str(
        r#"
        [[rules]]
        name = "slips"
        client = "desk"
        services = ["residence.person", "residenc.*"]
        procedures = ["1.00065"]
        fields = ["ful_name"]
        units = []
        "#,
    )
    .unwrap();
    let Err(unfit) = Policy::build(&settings, &catalogue) else { panic!("it fits") };
    assert!(unfit.iter().all(|unfit| unfit.place == "slips"));
    let told: Vec<&str> = unfit.iter().map(|unfit| unfit.why.as_str()).collect();
    assert_eq!(
        told,
        [
            "units is empty: the rule allows nothing",
            "services: residenc.* is no service of the catalogue",
            "fields: no service of the rule answers ful_name",
            "procedures: 1.00065 is no procedure code",
        ]
    );
    assert!(
        toml::from_str::<PolicySettings>("[[rules]]\nclint = \"desk\"").is_err(),
        "unknown keys are refused"
    );
}

#[tokio::test(start_paused = true)]
async fn a_login_counts_at_the_agency_it_went_to() {
    let limits = PartyLimits { rate_per_s: 1, burst: 2, ..PartyLimits::default() };
    let world = World { limits, service: uncached(), ..World::default() }.build();
    world.wire.logins.store(1, Ordering::SeqCst);
    let began = Instant::now();
    world.ask("desk").await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_millis(100));
    world.wire.logins.store(0, Ordering::SeqCst);
    world.ask("desk").await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_millis(1_100), "the login had taken the burst's second place");
}

#[tokio::test(start_paused = true)]
async fn time_spent_in_our_own_back_off_is_not_the_agencys_fault() {
    let wire = FakeWire::following(|_| async { Err(unavailable()) }.boxed());
    let limits = PartyLimits { backoff_ms: 8_000, ..PartyLimits::default() };
    let world = World { wire, limits, service: uncached(), ..World::default() }.build();
    let began = Instant::now();
    let hurried = Question { deadline: Some(began + Duration::from_secs(1)), ..question() };
    let fault = fault_of(world.engine.read(&client("desk"), hurried).await.unwrap_err());
    assert_eq!(fault, Fault::DeadlineExceeded { waiting_for: Waiting::Gateway });
    assert_eq!(fault.blame(), Blame::Gateway);
}
