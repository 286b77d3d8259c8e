//! Every state × every event, in one table.

use std::collections::BTreeSet;

use super::*;
use crate::case::history::Why;

/// Rows: events. Columns: states in the order of [`LegState::ALL`]. A letter: the new state; `=`: stays, recorded;
/// `.` out of place, `e` ended, `s` sending just now, `d` in doubt, `a` the same person.
const TABLE: [(&str, &str); 62] = [
    // W R S T P Q U K D N X Z
    ("released", "R.......eeee"),
    ("passed", "Z.......eeee"),
    ("intended", ".S....d.eeee"),
    ("lease lost", "..U.....eeee"),
    ("send: taken", "..T===..===."),
    ("send: already", "..U===..===."),
    ("send: under way", "..PP==..===."),
    ("send: in part", "..PP==..===."),
    ("send: supplement", "..QQQ=..===."),
    ("send: completed", "..DDDD..===."),
    ("send: declined", "..NNNN..===."),
    ("send: withdrawn", "..XXXX..===."),
    ("send: not there", "..U===..===."),
    ("send: not ours", "..U===..===."),
    ("send: refused", "..K===..===."),
    ("send: not sent", "..R===..===."),
    ("send: silence", "..U===..===."),
    ("find: taken", "...===T====."),
    ("find: already", "...===T====."),
    ("find: under way", "...P==PP===."),
    ("find: in part", "...P==PP===."),
    ("find: supplement", "...QQ=QQ===."),
    ("find: completed", "...DDDDD===."),
    ("find: declined", "...NNNNN===."),
    ("find: withdrawn", "...XXXXX===."),
    ("find: not there", "...========."),
    ("find: not there, settled", "...===R====."),
    ("find: not ours", "...===K====."),
    ("find: refused", "...========."),
    ("find: not sent", "...========."),
    ("find: silence", "...========."),
    ("look: taken", "...===.====."),
    ("look: already", "...===.====."),
    ("look: under way", "...P=P.P===."),
    ("look: in part", "...P=P.P===."),
    ("look: supplement", "...QQ=.Q===."),
    ("look: completed", "...DDD.D===."),
    ("look: declined", "...NNN.N===."),
    ("look: withdrawn", "...XXX.X===."),
    ("look: not there", "...===.====."),
    ("look: not ours", "...KKK.====."),
    ("look: refused", "...===.====."),
    ("look: not sent", "...===.====."),
    ("look: silence", "...===.====."),
    ("message: under way", ".PPP=PPP===."),
    ("message: in part", ".PPP=PPP===."),
    ("message: supplement", ".QQQQ=QQ===."),
    ("message: completed", ".DDDDDDD=DD."),
    ("message: declined", ".NNNNNNNN=N."),
    ("message: withdrawn", ".XXXXXXXXX=."),
    ("message: late", ".PPP==PP===."),
    ("supplemented", ".....R..eeee"),
    ("lapsed", ".....K..eeee"),
    ("withdrawal asked", "XX=====Xeeee"),
    ("overaged", ".KsKK.K.eeee"),
    ("retried", ".=s==.=Reeee"),
    ("retried, attested", ".=s==.=Reeee"),
    ("amended", "..s...dReeee"),
    ("amended alone", "..s...daeeee"),
    ("concluded: done", "..sDDDDDeeee"),
    ("concluded: declined", "..sNNNNNeeee"),
    ("concluded: withdrawn", "..sXXXXXeeee"),
];

/// Every event the machine knows, in every form that decides differently.
fn events() -> Vec<Event> {
    let answers = || {
        let standings = [under_way(), in_part(), supplement(), completed(), declined(), Standing::Withdrawn];
        let references = || vec![("dossier".to_owned(), "H56.14-250812-0035".to_owned())];
        let plain = [
            Answer::Taken(references()),
            Answer::Already(references()),
            Answer::NotThere,
            Answer::NotOurs,
            Answer::Refused { code: Some("DATA_INCORRECT".into()), findings: Vec::new() },
            Answer::NotSent("unreachable"),
            Answer::Silence("uncertain"),
        ];
        standings.into_iter().map(Answer::Stands).chain(plain).collect::<Vec<_>>()
    };
    let standings = [under_way(), in_part(), supplement(), completed(), declined(), Standing::Withdrawn];
    let amended = |approved_by: &str| Event::Amended {
        by: "cb01".into(),
        approved_by: approved_by.into(),
        query: None,
    };
    let mut all = vec![
        Event::Released,
        Event::Passed(Skip::PredecessorDeclined),
        Event::Intended { until_ms: 20_000 },
        Event::LeaseLost,
        answered(Asked::Find, 1_000 + SETTLE, Answer::NotThere),
        message(1, under_way()),
        Event::Supplemented { query: None },
        Event::Lapsed,
        Event::WithdrawalAsked,
        Event::Overaged,
        Event::Retried { attested: false },
        Event::Retried { attested: true },
        amended("cb02"),
        amended("cb01"),
        Event::Concluded(Conclusion::Done(Some(json!({ "number": "15" })))),
        Event::Concluded(Conclusion::Declined),
        Event::Concluded(Conclusion::Withdrawn),
    ];
    for asked in [Asked::Send, Asked::Find, Asked::Look] {
        all.extend(answers().into_iter().map(|one| answer(asked, one)));
    }
    all.extend(standings.into_iter().map(|standing| message(20_000, standing)));
    all
}

/// The row an event stands in. Without a "whatever else": a new event does not compile before it has its row.
fn row(event: &Event) -> String {
    match event {
        Event::Released => "released".into(),
        Event::Passed(_) => "passed".into(),
        Event::Intended { .. } => "intended".into(),
        Event::LeaseLost => "lease lost".into(),
        Event::Answered(answered) => {
            let asked = match answered.asked {
                Asked::Send => "send",
                Asked::Find => "find",
                Asked::Look => "look",
            };
            let settled = if answered.asked_ms > SETTLE { ", settled" } else { "" };
            format!("{asked}: {}{settled}", answer_word(&answered.answer))
        }
        Event::Message { at_ms: 1, .. } => "message: late".into(),
        Event::Message { standing, .. } => format!("message: {}", standing_word(standing)),
        Event::Supplemented { .. } => "supplemented".into(),
        Event::Lapsed => "lapsed".into(),
        Event::WithdrawalAsked => "withdrawal asked".into(),
        Event::Overaged => "overaged".into(),
        Event::Retried { attested: false } => "retried".into(),
        Event::Retried { attested: true } => "retried, attested".into(),
        Event::Amended { by, approved_by, .. } if by == approved_by => "amended alone".into(),
        Event::Amended { .. } => "amended".into(),
        Event::Concluded(Conclusion::Done(_)) => "concluded: done".into(),
        Event::Concluded(Conclusion::Declined) => "concluded: declined".into(),
        Event::Concluded(Conclusion::Withdrawn) => "concluded: withdrawn".into(),
    }
}

fn answer_word(answer: &Answer) -> &'static str {
    match answer {
        Answer::Taken(_) => "taken",
        Answer::Already(_) => "already",
        Answer::Stands(standing) => standing_word(standing),
        Answer::NotThere => "not there",
        Answer::NotOurs => "not ours",
        Answer::Refused { .. } => "refused",
        Answer::NotSent(_) => "not sent",
        Answer::Silence(_) => "silence",
    }
}

fn standing_word(standing: &Standing) -> &'static str {
    match standing {
        Standing::UnderWay { .. } => "under way",
        Standing::Supplement { .. } => "supplement",
        Standing::Completed { partial: true, .. } => "in part",
        Standing::Completed { partial: false, .. } => "completed",
        Standing::Declined { .. } => "declined",
        Standing::Withdrawn => "withdrawn",
    }
}

fn letter(state: LegState) -> char {
    match state {
        LegState::Waiting => 'W',
        LegState::Ready => 'R',
        LegState::Sending => 'S',
        LegState::Sent => 'T',
        LegState::Pending => 'P',
        LegState::Supplement => 'Q',
        LegState::Uncertain => 'U',
        LegState::Parked => 'K',
        LegState::Done => 'D',
        LegState::Declined => 'N',
        LegState::Withdrawn => 'X',
        LegState::Skipped => 'Z',
    }
}

fn mark(before: &Leg, next: &Result<Change, Refused>) -> char {
    match next {
        Ok(change) if change.leg.state == before.state => '=',
        Ok(change) => letter(change.leg.state),
        Err(Refused::OutOfPlace) => '.',
        Err(Refused::Ended) => 'e',
        Err(Refused::Sending) => 's',
        Err(Refused::InDoubt) => 'd',
        Err(Refused::SamePerson) => 'a',
    }
}

#[test]
fn every_state_and_every_event_end_as_the_table_says() {
    let mut wrong = Vec::new();
    for event in events() {
        let name = row(&event);
        let expected = TABLE.iter().find(|(row, _)| *row == name).map_or("", |(_, marks)| marks);
        let is: String = LegState::ALL
            .iter()
            .map(|state| {
                let before = leg(*state);
                let next = next(&before, &event, NOW);
                if let Ok(change) = &next {
                    check_change(&before, change);
                }
                mark(&before, &next)
            })
            .collect();
        if is != expected {
            wrong.push(format!("{name}: expected {expected:?}, is {is:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_table_is_complete_each_row_once_and_each_column_filled() {
    let asked: Vec<String> = events().iter().map(row).collect();
    let known: BTreeSet<&str> = TABLE.iter().map(|(row, _)| *row).collect();
    assert_eq!(known.len(), TABLE.len(), "a row stands twice");
    assert_eq!(asked.len(), TABLE.len(), "an event has no row, or a row no event");
    assert_eq!(asked.iter().map(String::as_str).collect::<BTreeSet<_>>(), known);
    for (row, marks) in TABLE {
        assert_eq!(marks.chars().count(), LegState::ALL.len(), "{row}");
    }
    let states: BTreeSet<LegState> = LegState::ALL.into_iter().collect();
    assert_eq!(states.len(), LegState::ALL.len());
    let reached: BTreeSet<char> = TABLE.iter().flat_map(|(_, marks)| marks.chars()).collect();
    for state in LegState::ALL.into_iter().filter(|state| *state != LegState::Waiting) {
        assert!(reached.contains(&letter(state)), "{state:?} is never reached");
    }
}

#[test]
fn every_reason_has_a_code_of_its_own_and_says_why_in_both_languages() {
    let all = Why::all();
    let codes: BTreeSet<&str> = all.iter().map(|why| why.code()).collect();
    assert_eq!(codes.len(), all.len());
    let sentences: BTreeSet<&str> = all.iter().flat_map(|why| [why.vi(), why.en()]).collect();
    assert_eq!(sentences.len(), 2 * all.len(), "two reasons say the same");
    for why in all {
        let is_vietnamese = why.vi().chars().any(|letter| !letter.is_ascii() && letter.is_alphabetic());
        assert!(is_vietnamese && why.en().is_ascii(), "{why:?}");
        assert!(why.vi().ends_with('.') && why.en().ends_with('.'), "{why:?}");
    }
}
