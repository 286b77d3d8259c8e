//! What decides beside state and event: revisions, doubt, order, who asks.

use super::*;
use crate::case::history::Why;

fn after(leg: &Leg, event: Event) -> Leg {
    let change = next(leg, &event, NOW).unwrap();
    check_change(leg, &change);
    change.leg
}

fn never(state: LegState) -> Leg {
    let mut leg = leg(state);
    leg.terms = Terms { repeat: Repeat::Never, can_find: false, ..leg.terms };
    leg
}

#[test]
fn a_second_send_needs_a_not_there_that_was_asked_for_when_all_had_settled() {
    let uncertain = leg(LegState::Uncertain);
    let not_there = |asked_ms| answered(Asked::Find, asked_ms, Answer::NotThere);
    // It arrives long after, but it was asked a millisecond too early.
    let early = next(&uncertain, &not_there(1_000 + SETTLE - 1), 5 * SETTLE).unwrap();
    assert_eq!((early.leg.state, early.entry.why), (LegState::Uncertain, Why::NotThereYet));
    assert!(early.leg.turn_ms >= uncertain.settled_ms());
    let settled = next(&uncertain, &not_there(1_000 + SETTLE), 5 * SETTLE).unwrap();
    assert_eq!((settled.leg.state, settled.leg.doubt_ms), (LegState::Ready, None));
}

#[test]
fn a_lost_lease_counts_from_the_moment_its_sender_had_to_give_up() {
    let mut sending = leg(LegState::Sending);
    sending.until_ms = Some(NOW + 60_000);
    assert_eq!(after(&sending, Event::LeaseLost).doubt_ms, Some(NOW + 60_000));
    sending.until_ms = Some(NOW - 1);
    assert_eq!(after(&sending, Event::LeaseLost).doubt_ms, Some(NOW));
}

#[test]
fn what_must_never_be_sent_twice_parks_after_silence_until_a_person_attests() {
    for event in [Event::LeaseLost, answer(Asked::Send, Answer::Silence("uncertain"))] {
        let parked = after(&never(LegState::Sending), event);
        assert_eq!((parked.state, parked.parked), (LegState::Parked, Some(Park::NeverTwice)));
        assert_eq!(next(&parked, &Event::Retried { attested: false }, NOW), Err(Refused::InDoubt));
        let amended = Event::Amended { by: "a".into(), approved_by: "b".into(), query: None };
        assert_eq!(next(&parked, &amended, NOW), Err(Refused::InDoubt));
        let again = after(&parked, Event::Retried { attested: true });
        assert_eq!((again.state, again.doubt_ms), (LegState::Ready, None));
        // The agency's word settles it as well.
        assert_eq!(after(&parked, message(NOW, completed())).state, LegState::Done);
    }
    // Nothing left: that is no second send.
    assert_eq!(
        after(&never(LegState::Sending), answer(Asked::Send, Answer::NotSent("unreachable"))).state,
        LegState::Ready
    );
}

#[test]
fn already_received_is_no_success_before_the_record_was_seen() {
    let claimed = after(&leg(LegState::Sending), answer(Asked::Send, Answer::Already(Vec::new())));
    assert_eq!((claimed.state, claimed.claimed, claimed.taken), (LegState::Uncertain, true, false));
    assert_eq!(after(&claimed, answer(Asked::Find, Answer::NotOurs)).parked, Some(Park::NotOurs));
    assert_eq!(after(&claimed, answer(Asked::Find, Answer::Stands(completed()))).state, LegState::Done);
    // It says it has it and never shows it: a second send settles nothing.
    let unseen = after(&claimed, answered(Asked::Find, NOW + SETTLE, Answer::NotThere));
    assert_eq!(unseen.parked, Some(Park::Unseen));
    let mut blind = leg(LegState::Sending);
    blind.terms.can_find = false;
    assert_eq!(after(&blind, answer(Asked::Send, Answer::Already(Vec::new()))).parked, Some(Park::Unseen));
}

#[test]
fn a_supplement_is_a_new_revision_and_arrives_only_when_the_agency_stops_asking_for_it() {
    let ready = after(&leg(LegState::Supplement), Event::Supplemented { query: None });
    assert_eq!((ready.state, ready.revision, ready.sends), (LegState::Ready, 2, 0));
    let sending = after(&ready, Event::Intended { until_ms: NOW });
    let uncertain = after(&sending, answer(Asked::Send, Answer::Silence("uncertain")));
    let still = Answer::Stands(supplement());
    // Found, but still asking: that is the old record, not our supplement.
    assert_eq!(after(&uncertain, answer(Asked::Find, still.clone())).state, LegState::Uncertain);
    assert_eq!(after(&uncertain, answered(Asked::Find, NOW + SETTLE, still.clone())).state, LegState::Ready);
    assert_eq!(after(&uncertain, answer(Asked::Find, Answer::Stands(under_way()))).state, LegState::Pending);
    let claimed = after(&sending, answer(Asked::Send, Answer::Already(Vec::new())));
    assert_eq!(after(&claimed, answer(Asked::Find, still)).parked, Some(Park::SupplementNotTaken));
    // A repeated demand while the supplement is on its way moves nothing.
    for leg in [&ready, &sending, &uncertain] {
        assert_eq!(after(leg, message(20_000, supplement())).state, leg.state);
    }
}

#[test]
fn words_of_the_agency_are_ordered_by_its_own_time_then_by_rank_and_duplicates_fall_out() {
    let words = [
        message(5_000, under_way()),
        message(5_000, supplement()),
        message(6_000, under_way()),
        message(7_000, declined()),
        message(8_000, completed()),
        message(8_000, completed()),
        message(9_000, under_way()),
    ];
    let mut orders = vec![Vec::new()];
    for word in &words {
        let longer = |order: &Vec<Event>| {
            (0..=order.len())
                .map(|at| {
                    let mut order = order.clone();
                    order.insert(at, word.clone());
                    order
                })
                .collect::<Vec<_>>()
        };
        orders = orders.iter().flat_map(longer).collect();
    }
    assert_eq!(orders.len(), 5_040);
    for order in orders {
        let mut leg = leg(LegState::Sent);
        for word in &order {
            leg = after(&leg, word.clone());
        }
        assert_eq!(
            (leg.state, leg.heard),
            (LegState::Done, Some(Word::new(&completed(), 8_000))),
            "{order:?}"
        );
    }
    // What is open gives way to newer words in any order, too.
    for order in [[1, 2], [2, 1]] {
        let mut leg = leg(LegState::Sent);
        for at in order {
            leg = after(&leg, words[at].clone());
        }
        assert_eq!(leg.state, LegState::Pending);
    }
}

#[test]
fn a_done_leg_is_corrected_only_by_a_later_final_word() {
    let done = leg(LegState::Done);
    let change = next(&done, &message(20_000, completed()), NOW).unwrap();
    assert_eq!((change.entry.why, change.leg.corrections), (Why::Corrected, 1));
    assert_eq!(next(&done, &message(1_000, completed()), NOW).unwrap().entry.why, Why::Late);
    assert_eq!(next(&done, &message(20_000, supplement()), NOW).unwrap().entry.why, Why::Late);
}

#[test]
fn a_withdrawal_stops_what_the_agency_does_not_have_and_is_noted_where_it_does() {
    let sending = after(&leg(LegState::Sending), Event::WithdrawalAsked);
    assert!(sending.withdrawal && sending.state == LegState::Sending);
    let nothing_left = answer(Asked::Send, Answer::NotSent("unreachable"));
    assert_eq!(after(&sending, nothing_left).state, LegState::Withdrawn);
    let refused = Answer::Refused { code: None, findings: Vec::new() };
    assert_eq!(after(&sending, answer(Asked::Send, refused)).state, LegState::Withdrawn);
    let uncertain = after(&leg(LegState::Uncertain), Event::WithdrawalAsked);
    assert_eq!(
        after(&uncertain, answered(Asked::Find, 2 * SETTLE, Answer::NotThere)).state,
        LegState::Withdrawn
    );
    assert_eq!(after(&uncertain, answer(Asked::Find, Answer::Stands(completed()))).state, LegState::Done);
    // A supplement on its way: the agency has the case.
    let mut ready = leg(LegState::Ready);
    ready.taken = true;
    assert_eq!(after(&ready, Event::WithdrawalAsked).state, LegState::Ready);
    assert_eq!(after(&never(LegState::Sending), Event::LeaseLost).state, LegState::Parked);
}

#[test]
fn a_parked_leg_goes_on_where_its_reason_says() {
    for park in Park::ALL {
        let mut parked = leg(LegState::Parked);
        parked.parked = Some(park);
        let expected = match park {
            Park::Rejected | Park::UnreachedTooLong => Some(LegState::Ready),
            Park::NeverTwice => None,
            Park::NotOurs | Park::Unseen | Park::SupplementNotTaken | Park::UncertainTooLong => {
                Some(LegState::Uncertain)
            }
            Park::SupplementLapsed => Some(LegState::Supplement),
            Park::SilentTooLong => Some(LegState::Pending),
        };
        let retried = next(&parked, &Event::Retried { attested: false }, NOW).ok();
        assert_eq!(retried.map(|change| change.leg.state), expected, "{park:?}");
    }
}

#[test]
fn what_was_skipped_for_a_no_is_wanted_again_when_the_no_is_taken_back() {
    let mut skipped = leg(LegState::Skipped);
    skipped.skipped = Some(Skip::PredecessorDeclined);
    assert_eq!(after(&skipped, Event::Released).state, LegState::Ready);
}

#[test]
fn a_reply_that_a_message_overtook_keeps_its_identifiers_and_moves_nothing_back() {
    let reference = || vec![("dossier".to_owned(), "H56.14-250812-0035".to_owned())];
    let done = after(&leg(LegState::Sending), message(NOW, completed()));
    let after_reply = after(&done, answer(Asked::Send, Answer::Taken(reference())));
    assert_eq!((after_reply.state, after_reply.references), (LegState::Done, reference()));
    assert_eq!(after(&done, answer(Asked::Send, Answer::Silence("uncertain"))).state, LegState::Done);
}

#[test]
fn back_off_and_patience_go_on_from_one_try_to_the_next_while_nothing_leaves() {
    let mut ready = leg(LegState::Ready);
    for tries in 1..=4 {
        let at = NOW + i64::from(tries) * 1_000;
        let sending = next(&ready, &Event::Intended { until_ms: at + 60_000 }, at).unwrap().leg;
        let not_sent = answer(Asked::Send, Answer::NotSent("unreachable"));
        ready = next(&sending, &not_sent, at + 1).unwrap().leg;
        assert_eq!((ready.tries, ready.tried_since_ms), (tries, Some(NOW + 1_000)));
        assert_eq!(ready.turn_ms, Some(at + 1 + 2_000));
    }
    assert_eq!(after(&ready, Event::Overaged).parked, Some(Park::UnreachedTooLong));
    let sending = after(&ready, Event::Intended { until_ms: NOW });
    assert_eq!(after(&sending, answer(Asked::Send, Answer::Taken(Vec::new()))).tries, 0);
}
