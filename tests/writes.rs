//! The write adapters and the simulated agencies over real sockets: one conversation at a time, exactly as the durable road's
//! worker holds it. What is told, whether a byte could have left, and how often it was done.

mod claim_death_benefit;
mod claim_funeral_support;
mod e_receipt;
mod postal;
mod register_death;
mod residence_remove;

use std::sync::Arc;

use sandbox::{World, WorldOptions};
use serde_json::{Value, json};
use server::start::cases::{Agencies, Asked, CaseRoad, Fault, Finding, Heard, Outcome, Question, case_road};
use simulators::{
    Day, Death, Handle, Misbehaviour as M, Pace, Person, SUPPLEMENT, Simulators, Standing, Times,
};

/// Long enough for a busy machine; nothing here is about time.
const PATIENCE_MS: i64 = 30_000;

/// A world and the road of the cases into it.
struct Country {
    road: CaseRoad,
    world: World,
}

impl Country {
    fn usual() -> Country {
        let world = World::build(&WorldOptions::default()).unwrap();
        Country { road: case_road(&world.config_file()).unwrap(), world }
    }

    fn sims(&self) -> &Simulators {
        &self.world.simulators
    }

    /// Somebody of the sample's province who lives, and is not the others asked for.
    fn dying(&self, nth: usize) -> Person {
        let register = self.sims().register();
        let here = |person: &&Person| person.place.new_province == "38" && person.household.is_some();
        register.ordinary().filter(here).nth(nth).unwrap().clone()
    }

    /// A whole paper in the house's store, as a query names it.
    fn paper(&self) -> Value {
        let paper = b"%PDF-1.4\ngiay to mau\n%%EOF\n".to_vec();
        json!({ "document": self.road.documents.put(paper).unwrap().unwrap().id })
    }

    /// The bytes of a document that an agency sent.
    fn bytes(&self, reference: &Value) -> Vec<u8> {
        self.road.documents.content(reference["document"].as_str().unwrap()).unwrap().bytes.clone()
    }
}

/// A leg of a case: a service with its reference and its query.
struct Write<'a> {
    country: &'a Country,
    service: &'static str,
    reference: String,
    unit: Option<&'static str>,
    query: Value,
}

impl Write<'_> {
    /// What the intake would let through, and nothing else.
    fn of<'a>(country: &'a Country, service: &'static str, reference: String, query: Value) -> Write<'a> {
        assert_eq!(country.road.findings(service, &query), [], "{query}");
        Write { country, service, reference, unit: None, query }
    }

    async fn ask(&self, asked: Asked, may_leave: bool) -> Heard {
        let road = &self.country.road;
        let question = Question {
            asked,
            service: self.service,
            reference: &self.reference,
            query: &self.query,
            until_ms: road.clock.unix_ms() + PATIENCE_MS,
            may_leave: Arc::new(move || may_leave),
        };
        match self.unit {
            Some(unit) => road.agencies.ask_for(question, Some(unit)).await,
            None => road.agencies.ask(question).await,
        }
    }

    /// Sends; something of it has left.
    async fn send(&self) -> Result<Outcome, Fault> {
        let heard = self.ask(Asked::Send, true).await;
        assert!(heard.left, "{heard:?}");
        heard.result
    }

    /// Sends, and no word that can be relied on comes back.
    async fn send_into_silence(&self) {
        let told = self.send().await;
        assert!(matches!(told, Err(Fault::Uncertain(_))), "{told:?}");
    }

    /// A question is no write: nothing of one leaves.
    async fn question(&self, asked: Asked) -> Outcome {
        let heard = self.ask(asked, true).await;
        assert!(!heard.left, "{heard:?}");
        heard.result.unwrap()
    }

    async fn find(&self) -> Outcome {
        self.question(Asked::Find).await
    }

    async fn look(&self) -> Outcome {
        self.question(Asked::Look).await
    }

    /// The lease is lost before the first byte, and then nobody is there: nothing leaves.
    async fn leaves_nothing(&self) {
        let heard = self.ask(Asked::Send, false).await;
        assert!(!heard.left && heard.result.is_err(), "{heard:?}");
    }
}

fn lt(number: u32) -> String {
    format!("G22.99.01-250812-{number:04}")
}

fn code(number: u32) -> String {
    format!("H56.14-250812-{number:04}")
}

fn died() -> Day {
    Day { year: 2025, month: 8, day: 10 }
}

fn accepted(told: &Result<Outcome, Fault>) -> Value {
    match told {
        Ok(Outcome::Accepted { references, already: false }) => {
            references.iter().map(|(kind, id)| (kind.clone(), json!(id))).collect()
        }
        other => panic!("not accepted: {other:?}"),
    }
}

fn already(told: &Result<Outcome, Fault>) {
    assert!(matches!(told, Ok(Outcome::Accepted { already: true, .. })), "{told:?}");
}

fn pending(told: &Outcome) {
    assert!(matches!(told, Outcome::Pending { .. }), "{told:?}");
}

fn completed(told: Outcome) -> Value {
    match told {
        Outcome::Completed { value, partial: false } => value,
        other => panic!("not completed: {other:?}"),
    }
}

fn refused(told: Result<Outcome, Fault>) -> (Option<String>, Vec<Finding>) {
    match told {
        Err(Fault::Rejected { code, findings, sent: true, .. }) => (code, findings),
        other => panic!("not refused: {other:?}"),
    }
}

/// Where the findings point, in order.
fn pointers(findings: &[Finding]) -> Vec<&str> {
    findings.iter().filter_map(|finding| finding.pointer.as_deref()).collect()
}

/// Somebody whose death is registered, with the act.
async fn dead(country: &Country, nth: usize) -> (Person, Death) {
    let person = country.dying(nth);
    register_death::register(country, &person, 9_000 + u32::try_from(nth).unwrap()).await;
    let act = country.sims().death_of(&person.id).unwrap();
    (person, act)
}

/// The operations of an agency where dossiers take their time.
struct Desk<'a> {
    agency: &'a Handle,
    file: &'static str,
}

impl Desk<'_> {
    fn done(&self, write: &Write<'_>) -> u64 {
        self.agency.effects_of(self.file, &write.reference)
    }

    fn misbehaves(&self, misbehaviour: M) {
        self.agency.misbehave_on(self.file, misbehaviour, Times::Once).unwrap();
    }

    /// Three writes: the reply is lost after the deed, before it, and the third is done late.
    async fn goes_silent(&self, [lost, never, late]: [Write<'_>; 3]) {
        self.agency.set_pace(Pace::ByHand);
        self.misbehaves(M::CommitThenDrop);
        lost.send_into_silence().await;
        pending(&lost.find().await);
        assert_eq!(self.done(&lost), 1);

        self.misbehaves(M::DropBeforeCommit);
        never.send_into_silence().await;
        assert_eq!((never.find().await, self.done(&never)), (Outcome::Absent, 0));
        never.leaves_nothing().await;
        assert_eq!((never.find().await, self.done(&never)), (Outcome::Absent, 0));
        accepted(&never.send().await);
        assert_eq!(self.done(&never), 1);

        self.misbehaves(M::CommitLate);
        late.send_into_silence().await;
        assert_eq!((self.done(&late), late.find().await), (0, Outcome::Absent));
        pending(&late.find().await);
        assert_eq!(self.done(&late), 1);
    }

    /// It waits, wants a supplement, gets it as a new revision under this reference, and is finished; with its result.
    async fn is_worked_on(&self, mut write: Write<'_>, revised: String) -> Value {
        self.agency.set_pace(Pace::ByHand);
        accepted(&write.send().await);
        pending(&write.look().await);
        let wanted = "Bổ sung tờ khai".to_owned();
        let standing = Standing::Supplement { wanted: wanted.clone(), findings: None, until: None };
        assert!(self.agency.decide(&write.reference, standing));
        assert_eq!(write.look().await, Outcome::Supplement { wanted, until: None });
        write.reference = revised;
        accepted(&write.send().await);
        pending(&write.look().await);
        let supplement = format!("{}{SUPPLEMENT}", self.file);
        assert_eq!((self.done(&write), self.agency.effects_of(&supplement, &write.reference)), (0, 1));
        assert!(self.agency.decide(&write.reference, Standing::Processing));
        pending(&write.look().await);
        assert!(self.agency.decide(&write.reference, Standing::Done { number: Some("77".to_owned()) }));
        completed(write.look().await)
    }

    /// It is declined, with the reason.
    async fn is_declined(&self, write: Write<'_>) {
        accepted(&write.send().await);
        let reason = "Không thuộc diện giải quyết".to_owned();
        assert!(self.agency.decide(&write.reference, Standing::Declined { reason: reason.clone() }));
        assert_eq!(write.look().await, Outcome::Declined { reason, code: None });
    }
}
