//! The agencies of a simulation: what they take in has an effect, is worked on, and is told late, twice, out of order or not at all.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use adapter_api::agency::Repeat;
use adapter_api::{Blame, Fault, Finding, Outcome, Party, Reason};
use engine::case::agencies::{Agencies, Heard, Question};
use engine::case::{Asked, Standing, Terms};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::time::{Dice, Time};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// What each agency is like.
pub struct Manner {
    /// The service.
    pub service: &'static str,
    /// What a second send does.
    pub repeat: Repeat,
    /// Its longest processing time.
    pub settle_for_ms: i64,
    /// It can be asked how far it is; if not, it sends word.
    pub can_look: bool,
}

/// As the design and interfaces B say: a push by dossier code, a removal, a claim it does not recognise twice, a parcel, a receipt.
pub const MANNERS: [Manner; 6] = [
    Manner {
        service: "civil-status.register-death",
        repeat: Repeat::ByReference,
        settle_for_ms: 10 * MINUTE_MS,
        can_look: true,
    },
    Manner {
        service: "residence.remove",
        repeat: Repeat::ByReference,
        settle_for_ms: 5 * MINUTE_MS,
        can_look: true,
    },
    Manner {
        service: "social-insurance.claim-death-benefit",
        repeat: Repeat::ByFind,
        settle_for_ms: 15 * MINUTE_MS,
        can_look: true,
    },
    Manner {
        service: "social-affairs.claim-funeral-support",
        repeat: Repeat::Never,
        settle_for_ms: 30 * MINUTE_MS,
        can_look: false,
    },
    Manner {
        service: "e-receipt.issue",
        repeat: Repeat::ByFind,
        settle_for_ms: 2 * MINUTE_MS,
        can_look: true,
    },
    Manner {
        service: "postal.create-item",
        repeat: Repeat::Never,
        settle_for_ms: 5 * MINUTE_MS,
        can_look: false,
    },
];

/// The manner of a service.
pub fn manner(service: &str) -> Option<&'static Manner> {
    MANNERS.iter().find(|manner| manner.service == service)
}

/// The terms under which a service is written to.
pub fn terms(service: &str) -> Option<Terms> {
    let manner = manner(service)?;
    Some(Terms {
        repeat: manner.repeat,
        settle_for_ms: manner.settle_for_ms,
        can_find: manner.repeat != Repeat::Never,
        can_look: manner.can_look,
        look_every_ms: 4 * HOUR_MS,
    })
}

/// What an agency has of one leg.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Effects by reference: a second one for the same reference is what must never be.
    pub effects: BTreeMap<String, u32>,
    /// What it said of it, with its own time, in order.
    pub words: Vec<(i64, Standing)>,
    /// Whose it is.
    subject: Value,
    /// Supplements it still wants.
    supplements: u32,
}

impl Record {
    /// The last word that is out at this time.
    pub fn standing(&self, now: i64) -> Option<&Standing> {
        self.words.iter().rev().find(|(at, _)| *at <= now).map(|(_, standing)| standing)
    }
}

/// Word that an agency sends.
#[derive(Debug, Clone)]
pub struct Word {
    pub case: String,
    pub leg: String,
    pub key: String,
    pub at_ms: i64,
    pub standing: Standing,
    pub deliver_ms: i64,
}

/// How rough it is. Times in a thousand.
#[derive(Debug, Clone, Copy)]
pub struct Weather {
    pub unreachable: u64,
    pub request_lost: u64,
    pub reply_lost: u64,
    pub commit_late: u64,
    pub rejected: u64,
    pub declined: u64,
    pub supplement: u64,
    pub foreign: u64,
    pub cancels: u64,
}

/// All agencies.
pub struct Offices {
    kept: Mutex<Kept>,
    time: Arc<Time>,
    dice: Arc<Dice>,
    weather: Weather,
}

#[derive(Default)]
struct Kept {
    records: BTreeMap<(String, String), Record>,
    /// What was taken and takes effect later: when, service, reference, subject.
    late: Vec<(i64, String, String, Value)>,
    words: Vec<Word>,
    outages: BTreeMap<String, i64>,
    rejected: BTreeMap<String, bool>,
    /// Legs whose key is somebody else's record there.
    foreign: BTreeMap<(String, String), bool>,
}

/// What tells whose a record is, and for how much: in a query and in a result.
pub const IDENTITY: [&str; 3] = ["/deceased/personal_id", "/deceased/id_number", "/total"];

/// The part of a query that a result repeats.
fn subject(query: &Value) -> Value {
    let mut subject = json!({ "number": "15", "book": "01/2025" });
    for name in ["deceased", "total"] {
        if let (Some(value), Some(object)) = (query.get(name), subject.as_object_mut()) {
            object.insert(name.to_owned(), value.clone());
        }
    }
    subject
}

fn somebody_else() -> Value {
    json!({ "number": "7", "deceased": { "personal_id": "0", "id_number": "0" }, "total": 0 })
}

/// `CASE.LEG.REVISION`.
fn parts(reference: &str) -> (String, String) {
    let mut parts = reference.split('.');
    let mut part = || parts.next().unwrap_or_default().to_owned();
    (part(), part())
}

impl Offices {
    /// Offices in this weather.
    pub fn new(time: &Arc<Time>, dice: &Arc<Dice>, weather: Weather) -> Arc<Offices> {
        Arc::new(Offices { kept: Mutex::default(), time: Arc::clone(time), dice: Arc::clone(dice), weather })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody reaches this agency until then.
    pub fn close(&self, service: &str, until_ms: i64) {
        self.kept().outages.insert(service.to_owned(), until_ms);
    }

    /// The truth about a leg, with everything that was late in effect.
    pub fn record(&self, case: &str, leg: &str) -> Option<Record> {
        self.settle();
        self.kept().records.get(&(case.to_owned(), leg.to_owned())).cloned()
    }

    /// The words to be delivered since the last time.
    pub fn take_words(&self) -> Vec<Word> {
        std::mem::take(&mut self.kept().words)
    }

    /// Everything that takes effect by now does.
    fn settle(&self) {
        let now = self.time.now();
        let mut kept = self.kept();
        let (due, later) = std::mem::take(&mut kept.late).into_iter().partition(|(at, ..)| *at <= now);
        kept.late = later;
        let due: Vec<(i64, String, String, Value)> = due;
        for (at, service, reference, subject) in due {
            self.take(&mut kept, &service, &reference, subject, at);
        }
    }

    /// Takes something in: an effect, and work that begins. `false`: it had it already.
    fn take(&self, kept: &mut Kept, service: &str, reference: &str, subject: Value, at: i64) -> bool {
        let (case, leg) = parts(reference);
        let refuses = manner(service).is_some_and(|manner| manner.repeat == Repeat::ByReference);
        let record = kept.records.entry((case.clone(), leg.clone())).or_default();
        if refuses && record.effects.contains_key(reference) {
            return false;
        }
        *record.effects.entry(reference.to_owned()).or_default() += 1;
        record.subject = subject;
        let open = record.standing(i64::MAX).is_none_or(|standing| !standing.is_final());
        let first = record.words.is_empty();
        if first {
            record.supplements = u32::from(self.dice.in_1000(self.weather.supplement))
                + u32::from(self.dice.in_1000(self.weather.supplement / 4));
        }
        let waiting = matches!(record.standing(i64::MAX), Some(Standing::Supplement { .. }));
        if open && (first || waiting) {
            let words = self.work(record, service, at);
            for (at_ms, standing) in words {
                record.words.push((at_ms, standing.clone()));
                self.tell(&mut kept.words, service, (&case, &leg), at_ms, &standing);
            }
        }
        true
    }

    /// What the agency will say of it, from now to its end or its next demand.
    fn work(&self, record: &mut Record, service: &str, at: i64) -> Vec<(i64, Standing)> {
        let mut words = Vec::new();
        // Who recognises a second send may take its time to look into a supplement; the others' record tells at once that it came.
        let refuses = manner(service).is_some_and(|manner| manner.repeat == Repeat::ByReference);
        let looks_later = record.words.is_empty() || refuses;
        let mut at = at + if looks_later { 1 + self.dice.span(HOUR_MS) } else { 0 };
        if service != "e-receipt.issue" || !looks_later {
            words.push((at, Standing::UnderWay { look_again_ms: None }));
        }
        at += 1 + self.dice.span(3 * DAY_MS);
        if record.supplements > 0 {
            record.supplements -= 1;
            let until_ms = at + 9 * DAY_MS;
            words.push((at, Standing::Supplement { wanted: "Cần bổ sung giấy báo tử".into(), until_ms }));
        } else if self.dice.in_1000(self.weather.declined) {
            words.push((at, Standing::Declined { reason: "Không đủ điều kiện".into() }));
        } else if self.dice.in_1000(self.weather.cancels) {
            words.push((at, Standing::Withdrawn));
        } else {
            if self.dice.in_1000(100) {
                words.push((at, Standing::Completed { value: record.subject.clone(), partial: true }));
                at += 1 + self.dice.span(DAY_MS);
            }
            words.push((at, Standing::Completed { value: record.subject.clone(), partial: false }));
        }
        words
    }

    /// Sends word, late, twice or out of order; who can be asked may also forget to.
    fn tell(
        &self,
        words: &mut Vec<Word>,
        service: &str,
        (case, leg): (&str, &str),
        at_ms: i64,
        standing: &Standing,
    ) {
        let can_look = manner(service).is_some_and(|manner| manner.can_look);
        // A cancellation can be told only so: no outcome of a look says it.
        if can_look && *standing != Standing::Withdrawn && self.dice.in_1000(500) {
            return;
        }
        let key = format!("{case}.{leg}@{at_ms}.{}", standing.rank());
        for _ in 0..=u8::from(self.dice.in_1000(300)) {
            let deliver_ms = at_ms + self.dice.span(12 * HOUR_MS);
            let (case, leg, key) = (case.to_owned(), leg.to_owned(), key.clone());
            words.push(Word { case, leg, key, at_ms, standing: standing.clone(), deliver_ms });
        }
    }

    /// The reply to a send that has arrived.
    fn reply(&self, kept: &mut Kept, question: &Sent) -> Result<Outcome, Fault> {
        let rejects = self.dice.in_1000(self.weather.rejected);
        // What is wrong with a revision is wrong with it every time.
        if *kept.rejected.entry(question.reference.clone()).or_insert(rejects) {
            let finding = Finding { pointer: Some("/query/deceased".into()), ..Finding::default() };
            return Err(Fault::Rejected {
                code: None,
                findings: vec![finding],
                sent: true,
                blame: Blame::Caller,
            });
        }
        let is_known = manner(&question.service).is_some_and(|manner| manner.repeat != Repeat::Never);
        let occupied = is_known && self.dice.in_1000(self.weather.foreign);
        if *kept.foreign.entry(parts(&question.reference)).or_insert(occupied) {
            return Ok(Outcome::Accepted { references: Vec::new(), already: true });
        }
        let references = vec![("dossier".to_owned(), format!("H56.{}", question.reference))];
        if self.dice.in_1000(self.weather.commit_late) {
            let delay = self.dice.below(question.settle_for_ms);
            let at = self.time.now() + delay;
            kept.late.push((
                at,
                question.service.clone(),
                question.reference.clone(),
                question.subject.clone(),
            ));
            return Err(uncertain());
        }
        let now = self.time.now();
        let new = self.take(kept, &question.service, &question.reference, question.subject.clone(), now);
        Ok(Outcome::Accepted { references, already: !new })
    }

    /// What a find or a look sees.
    fn see(&self, kept: &Kept, reference: &str) -> Outcome {
        let (case, leg) = parts(reference);
        if kept.foreign.get(&(case.clone(), leg.clone())) == Some(&true) {
            return Outcome::Completed { value: somebody_else(), partial: false };
        }
        let now = self.time.now();
        let Some(record) = kept.records.get(&(case, leg)) else { return Outcome::Absent };
        match record.standing(now) {
            None => Outcome::Accepted { references: Vec::new(), already: false },
            Some(Standing::UnderWay { .. }) => Outcome::Pending { state: None, look_again_s: None },
            Some(Standing::Supplement { wanted, .. }) => {
                Outcome::Supplement { wanted: wanted.clone(), until: None }
            }
            Some(Standing::Completed { value, partial }) => {
                Outcome::Completed { value: value.clone(), partial: *partial }
            }
            Some(Standing::Declined { reason }) => Outcome::Declined { reason: reason.clone(), code: None },
            // No outcome says so: the word comes as a message.
            Some(Standing::Withdrawn) => {
                Outcome::Pending { state: Some("cancelled".into()), look_again_s: None }
            }
        }
    }
}

/// A send on its way.
struct Sent {
    service: String,
    reference: String,
    subject: Value,
    settle_for_ms: i64,
}

fn uncertain() -> Fault {
    Fault::Uncertain(Reason { why: "no reply".into(), ..Reason::default() })
}

impl Agencies for Offices {
    fn ask<'a>(&'a self, question: Question<'a>) -> BoxFuture<'a, Heard> {
        Box::pin(async move {
            let is_send = question.asked == Asked::Send;
            let heard = |result, left| Heard { result, left: left && is_send };
            self.time.sleep(self.dice.below(500)).await;
            let closed =
                self.kept().outages.get(question.service).is_some_and(|until| *until > self.time.now());
            if closed || self.dice.in_1000(self.weather.unreachable) {
                return heard(Err(Fault::Unreachable { party: Party::Agency }), false);
            }
            // The first byte is pulled: whoever has lost the lease sends nothing.
            if is_send && !(question.may_leave)() {
                return heard(Err(Fault::Unreachable { party: Party::Agency }), false);
            }
            let sent = Sent {
                service: question.service.to_owned(),
                reference: question.reference.to_owned(),
                subject: subject(question.query),
                settle_for_ms: manner(question.service).map_or(0, |manner| manner.settle_for_ms),
            };
            if self.dice.in_1000(self.weather.request_lost) {
                self.time.sleep(30_000).await;
                return heard(Err(uncertain()), true);
            }
            self.settle();
            let result = if is_send {
                self.reply(&mut self.kept(), &sent)
            } else {
                Ok(self.see(&self.kept(), question.reference))
            };
            // It is done there; from here on only the way back.
            self.time.sleep(self.dice.below(2_000)).await;
            if self.dice.in_1000(self.weather.reply_lost) {
                self.time.sleep(25_000).await;
                return heard(Err(uncertain()), true);
            }
            heard(result, true)
        })
    }
}
