//! The people of a simulation: who files a case, adds what is wanted, takes it back, and the operator who looks at what is parked.

use std::sync::Arc;

use adapter_api::agency::Repeat;
use engine::case::store::{Admission, Admitted, IdempotencyKey, Store};
use engine::case::whole::reference;
use engine::case::work::{Act, Unacted, act};
use engine::case::{Case, Conclusion, Event, Leg, LegState, Park, Standing, Terms};
use serde_json::{Value, json};

use super::super::Sabotage;
use super::super::agencies::{Word, terms};
use super::super::time::Dice;
use super::{DAY_MS, HOUR_MS, Happening, World, lock};

const NO_TERMS: Terms = Terms {
    repeat: Repeat::Never,
    settle_for_ms: 0,
    can_find: false,
    can_look: false,
    look_every_ms: HOUR_MS,
};

impl World {
    pub(super) fn opens(&mut self, number: usize) {
        let node = self.anybody();
        let id = format!("case-{number}");
        let input = input(number, &self.dice);
        let sabotage = self.sabotage;
        let terms = |service: &str| {
            let mut terms = terms(service).unwrap_or(NO_TERMS);
            if sabotage == Some(Sabotage::Settle) {
                terms.settle_for_ms = 0;
            }
            terms
        };
        let now = self.time.now();
        let (case, entries) = Case::open(&id, &self.chain, input, |plan| terms(&plan.service), now);
        let key =
            |key: &str| IdempotencyKey { client: "desk".into(), key: key.into(), fingerprint: "f".into() };
        let admission = |key: IdempotencyKey| {
            let (case, entries, unique) = (case.clone(), entries.clone(), vec![format!("person-{number}")]);
            Admission { case, entries, key, unique }
        };
        let (first, again, mut second) =
            (admission(key(&id)), admission(key(&id)), admission(key(&format!("{id}-again"))));
        second.case.id = format!("{id}-again");
        let (store, acknowledged, wrong) =
            (Arc::clone(&self.store), Arc::clone(&self.acknowledged), Arc::clone(&self.wrong));
        let work = async move {
            let expected = [Ok(Admitted::New), Ok(Admitted::Again(first.case.id.clone()))];
            let told = store.admit(first).await;
            if !expected.contains(&told) {
                lock(&wrong).push(format!("{id} was taken in as {told:?}"));
            }
            lock(&acknowledged).push(id.clone());
            let told = store.admit(again).await;
            if told != Ok(Admitted::Again(id.clone())) {
                lock(&wrong).push(format!("{id} again was {told:?}"));
            }
            let told = store.admit(second).await;
            // The first may have been taken back meanwhile: nothing was done for it, and it holds nobody any more.
            let is_free = store.case(&id).is_some_and(|case| {
                case.legs.iter().all(|leg| leg.state.is_final() && leg.state != LegState::Done)
            });
            let is_sound = match &told {
                Ok(Admitted::Conflict(other)) => *other == id,
                Ok(Admitted::New) => is_free,
                // The same answer as before: a kill came between.
                Ok(Admitted::Again(other)) => *other == format!("{id}-again"),
                Ok(Admitted::OtherBody) | Err(_) => false,
            };
            if !is_sound {
                lock(&wrong).push(format!("a second death of one person was {told:?}"));
            }
            None
        };
        self.begin(node, Box::pin(work), Some(Happening::Opens(number)));
        if self.dice.in_1000(100) {
            self.in_a_while(3 * DAY_MS, Happening::Withdrawal(format!("case-{number}")));
        }
    }

    pub(super) fn word(&mut self, word: Word) {
        let event = Event::Message { at_ms: word.at_ms, standing: word.standing.clone() };
        let acts = Act::Leg(word.leg.clone(), Box::new(event), Some(word.key.clone()));
        self.request(word.case.clone(), acts, Happening::Word(word));
    }

    pub(super) fn citizen(&mut self, case: String, leg: String) {
        let event = Event::Supplemented { query: None };
        self.request(
            case.clone(),
            Act::Leg(leg.clone(), Box::new(event), None),
            Happening::Citizen(case, leg),
        );
    }

    /// An operator looks at what stands parked, asks the agency on the telephone, and decides.
    pub(super) fn operator(&mut self, case: String, name: String) {
        let Some(whole) = self.store.case(&case) else { return };
        let Some(leg) = whole.leg(&name).filter(|leg| leg.state == LegState::Parked) else { return };
        let Some(event) = self.decision(&case, leg) else {
            self.in_a_while(DAY_MS, Happening::Operator(case, name));
            return;
        };
        let acts = Act::Leg(name.clone(), Box::new(event), None);
        self.request(case.clone(), acts, Happening::Operator(case, name));
    }

    /// `None`: not yet.
    pub(super) fn decision(&self, case: &str, leg: &Leg) -> Option<Event> {
        let now = self.time.now();
        let record = self.offices.record(case, &leg.name);
        let told = record.as_ref().and_then(|record| record.standing(now));
        let amended = || Event::Amended { by: "cb01".into(), approved_by: "cb02".into(), query: None };
        let withdrawn = Event::Concluded(Conclusion::Withdrawn);
        let reference = reference(case, leg);
        let has_come = record.as_ref().is_some_and(|record| record.effects.contains_key(&reference));
        let is_settled = leg.settled_ms().is_none_or(|settled| settled < now);
        Some(match (leg.parked, told) {
            (_, Some(Standing::Completed { value, partial: false })) => {
                Event::Concluded(Conclusion::Done(Some(value.clone())))
            }
            (_, Some(Standing::Declined { .. })) => Event::Concluded(Conclusion::Declined),
            (_, Some(Standing::Withdrawn)) => withdrawn,
            (Some(Park::Rejected), _) if self.dice.in_1000(900) => amended(),
            (Some(Park::Rejected | Park::NotOurs | Park::Unseen), _) => withdrawn,
            (Some(Park::NeverTwice), None) if record.is_none() && is_settled => {
                Event::Retried { attested: true }
            }
            // It waits for a supplement, and the one that was sent never came, or came and is not enough.
            (Some(Park::NeverTwice), Some(Standing::Supplement { .. })) if is_settled && leg.supplemented => {
                match has_come {
                    true => withdrawn,
                    false => Event::Retried { attested: true },
                }
            }
            (Some(Park::NeverTwice), _) => return None,
            (Some(Park::SupplementNotTaken), Some(Standing::Supplement { .. })) => {
                if !is_settled {
                    return None;
                }
                Event::Concluded(Conclusion::Withdrawn)
            }
            (Some(Park::SupplementLapsed), _) if self.dice.in_1000(500) => {
                Event::Supplemented { query: None }
            }
            (Some(Park::SupplementLapsed), _) => withdrawn,
            (_, _) => Event::Retried { attested: false },
        })
    }

    /// A request that some node serves; whoever sent it sends it again if nobody answers.
    pub(super) fn request(&mut self, case: String, acts: Act, again: Happening) {
        let node = self.anybody();
        let (store, chains, time) =
            (Arc::clone(&self.store), Arc::clone(&self.chains), Arc::clone(&self.time));
        let retry = again.clone();
        let work = async move {
            let told = act(&*store, &chains, &*time, &case, acts).await;
            (told == Err(Unacted::Failed)).then_some(retry)
        };
        self.begin(node, Box::pin(work), Some(again));
    }
}

/// The input of a death case. Nobody real: the number is made of the case's.
fn input(number: usize, dice: &Dice) -> Value {
    let person = |at: usize| format!("0380420{at:05}");
    let place = json!({ "province": "38", "commune": "14812" });
    let mut input = json!({
        "dossier": "H56.14-250812-0035", "chain_code": "G22.99.01-250812-0007", "office": "14812",
        "received_at": "2025-08-12T09:00:00+07:00", "kind": "on_time", "copies": 2,
        "deceased": { "personal_id": person(number), "full_name": "NGUYỄN VĂN MẪU", "sex": "male", "birth_date": "1942",
            "ethnicity": "Kinh", "nationality": "Việt Nam", "residence_kind": "permanent", "residence": place },
        "death": { "died_on": "2025-08-11", "place": place },
        "notice": { "kind": "death_notice", "number": "12/GBT", "issued_on": "2025-08-11" },
        "applicant": { "personal_id": person(number + 50_000), "full_name": "NGUYỄN THỊ THỬ", "relation": "Con",
            "phone": "0900000000" },
        "residence_office": "14812", "documents": [],
    });
    let account = json!({ "number": "0000000001", "bank": "MAUVNVX" });
    let mail = |name: &str| {
        json!({ "full_name": name, "address": "Thôn 1", "place": { "province": "44", "district": "4410" },
            "phone": "0900000000" })
    };
    let paid = |amount: u32, name: &str| {
        json!({ "payment_method": "transfer", "issued_on": "2025-08-12", "total": amount,
            "items": [{ "code": "1.000656", "name": name, "quantity": 1, "unit_price": amount, "amount": amount }] })
    };
    // The citizen picks two, three or four procedures, and whether to pay for copies and have them brought.
    let blocks = [
        (
            "survivor_benefit",
            json!({ "insurance_number": "3800000001", "benefit": "monthly", "beneficiaries": [] }),
        ),
        (
            "funeral_support",
            json!({ "procedure": "1.001731", "procedure_title": "Hỗ trợ chi phí mai táng", "unit": "H56.14",
                "category": "social_protection", "account": account }),
        ),
        ("fee", paid(16_000, "Phí bản sao trích lục")),
        ("charge", paid(8_000, "Lệ phí đăng ký khai tử")),
        ("delivery", json!({ "sender": mail("UBND xã Mẫu"), "receiver": mail("NGUYỄN THỊ THỬ") })),
    ];
    if let Some(input) = input.as_object_mut() {
        let wanted = blocks.into_iter().filter(|_| dice.in_1000(500));
        input.extend(wanted.map(|(name, block)| (name.to_owned(), block)));
    }
    input
}
