mod due;
mod guards;
mod road;
mod table;

use adapter_api::agency::Repeat;
use serde_json::json;

use super::leg::Word;
use super::*;

/// When everything in these tests happens.
pub const NOW: i64 = 10_000;
pub const SETTLE: i64 = 900_000;

/// A leg of a by-find agency standing somewhere, as it usually got there.
pub fn leg(state: LegState) -> Leg {
    let terms = Terms {
        repeat: Repeat::ByFind,
        settle_for_ms: SETTLE,
        can_find: true,
        can_look: true,
        look_every_ms: 600_000,
    };
    let mut leg = Leg::new("claim", "social-insurance.claim-death-benefit", terms, 0);
    leg.state = state;
    let heard = |standing: Standing| Some(Word::new(&standing, 1_000));
    match state {
        LegState::Waiting => {}
        LegState::Ready => leg.turn_ms = Some(1_000),
        LegState::Sending => (leg.until_ms, leg.turn_ms) = (Some(5_000), Some(5_000)),
        LegState::Sent => (leg.taken, leg.turn_ms) = (true, Some(1_000)),
        LegState::Pending => {
            (leg.taken, leg.heard, leg.turn_ms) = (true, heard(under_way()), Some(1_000));
        }
        LegState::Supplement => {
            (leg.taken, leg.heard, leg.turn_ms) = (true, heard(supplement()), Some(SETTLE));
        }
        LegState::Uncertain => (leg.doubt_ms, leg.turn_ms) = (Some(1_000), Some(1_000)),
        LegState::Parked => leg.parked = Some(Park::Rejected),
        LegState::Done => (leg.taken, leg.heard) = (true, heard(completed())),
        LegState::Declined => (leg.taken, leg.heard) = (true, heard(declined())),
        LegState::Withdrawn => (leg.taken, leg.heard) = (true, heard(Standing::Withdrawn)),
        LegState::Skipped => leg.skipped = Some(Skip::NotWanted),
    }
    leg
}

pub fn under_way() -> Standing {
    Standing::UnderWay { look_again_ms: None }
}

pub fn supplement() -> Standing {
    Standing::Supplement { wanted: "Cần bổ sung giấy báo tử".into(), until_ms: NOW + SETTLE }
}

pub fn completed() -> Standing {
    Standing::Completed { value: json!({ "number": "15" }), partial: false }
}

pub fn in_part() -> Standing {
    Standing::Completed { value: json!({ "number": "15" }), partial: true }
}

pub fn declined() -> Standing {
    Standing::Declined { reason: "Không đủ điều kiện".into() }
}

pub fn answered(asked: Asked, asked_ms: i64, answer: Answer) -> Event {
    Event::Answered(Answered { asked, asked_ms, wait_ms: 2_000, answer })
}

pub fn answer(asked: Asked, answer: Answer) -> Event {
    answered(asked, NOW, answer)
}

pub fn message(at_ms: i64, standing: Standing) -> Event {
    Event::Message { at_ms, standing }
}

/// What must hold after every change whatever.
pub fn check_change(before: &Leg, change: &Change) {
    let leg = &change.leg;
    assert_eq!((change.entry.from, change.entry.to), (before.state, leg.state));
    assert_eq!(leg.state == LegState::Parked, leg.parked.is_some(), "{leg:?}");
    assert_eq!(leg.state == LegState::Skipped, leg.skipped.is_some(), "{leg:?}");
    assert!(leg.state != LegState::Uncertain || leg.doubt_ms.is_some(), "{leg:?}");
    assert!(
        leg.state != LegState::Ready || leg.doubt_ms.is_none(),
        "a leg in doubt may not be sent: {leg:?}"
    );
    assert!(leg.state == before.state || change.entry.why.is_news(), "a state without a line: {change:?}");
    let turns = !leg.state.is_final() && !matches!(leg.state, LegState::Waiting | LegState::Parked);
    assert!(!turns || leg.turn_ms.is_some(), "nobody would ever turn to it: {leg:?}");
}
