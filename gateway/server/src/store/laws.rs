//! What every store of cases must do: the same assertions over SQLite, PostgreSQL and the simulation's memory.
//!
//! Each law is run on an empty store. Time passes when a law says so, never by itself.

use std::fmt::Debug;

use engine::case::store::{Admission, IdempotencyKey, Lease, Node, Store};
use engine::case::{Case, Entry, Leg, LegState, Terms, Why};
use futures_util::future::BoxFuture;
use serde_json::json;

mod claims;
mod commits;
mod intake;
mod registers;

use super::register::Register;

/// A store to be tried, and the clock it looks at.
pub struct Ground<'a> {
    /// The store.
    pub store: &'a dyn Store,
    /// What its clock shows.
    pub now: &'a (dyn Fn() -> i64 + Sync),
    /// Lets so many milliseconds pass.
    pub pass: &'a (dyn Fn(i64) + Sync),
}

/// What came of a law: in words, what did not hold.
pub type Held = Result<(), String>;
/// A law over the port.
pub type Law = for<'a> fn(&'a Ground<'a>) -> BoxFuture<'a, Held>;
/// A law over the port and its reading half.
pub type RegisterLaw = for<'a> fn(&'a Ground<'a>, &'a dyn Register) -> BoxFuture<'a, Held>;

/// Every law of [`Store`], by name.
pub const LAWS: [(&str, Law); 16] = [
    ("what is admitted is there", |ground| Box::pin(intake::is_there(ground))),
    ("the same request is the same case", |ground| Box::pin(intake::same_request(ground))),
    ("what may be held once is held once", |ground| Box::pin(intake::held_once(ground))),
    ("a hold ends with a case in which nothing was done", |ground| Box::pin(intake::let_go(ground))),
    ("of equal requests at the same time one is new", |ground| Box::pin(intake::race(ground))),
    ("the job due longest is claimed first, and none before its time", |ground| {
        Box::pin(claims::in_order(ground))
    }),
    ("nobody claims what another holds", |ground| Box::pin(claims::held(ground))),
    ("two workers never take the same job", |ground| Box::pin(claims::two_workers(ground))),
    ("a lease that is over is another's", |ground| Box::pin(claims::lost(ground))),
    ("a node takes back what its earlier boot held", |ground| Box::pin(claims::boots(ground))),
    ("a lease given back leaves the job where it was", |ground| Box::pin(claims::given_back(ground))),
    ("what is committed is there, one version later", |ground| Box::pin(commits::is_there(ground))),
    ("a commit under a lost lease changes nothing", |ground| Box::pin(commits::fenced(ground))),
    ("a commit upon another version changes nothing", |ground| Box::pin(commits::changed(ground))),
    ("of commits at the same time one wins", |ground| Box::pin(commits::race(ground))),
    ("a message counts once", |ground| Box::pin(commits::message(ground))),
];

/// Every law of [`Register`], by name.
pub const REGISTER_LAWS: [(&str, RegisterLaw); 8] = [
    ("each start of a node has its number", |_, register| Box::pin(registers::boots(register))),
    ("a request that came before is known", |ground, register| {
        Box::pin(registers::recalled(ground, register))
    }),
    ("every reference finds the case", |ground, register| Box::pin(registers::references(ground, register))),
    ("a client sees its own alone", |ground, register| Box::pin(registers::own_alone(ground, register))),
    ("what is overdue is listed until it ends", |ground, register| {
        Box::pin(registers::overdue(ground, register))
    }),
    ("what needs a person is listed", |ground, register| Box::pin(registers::attention(ground, register))),
    ("the history is what was committed, in order", |ground, register| {
        Box::pin(registers::history(ground, register))
    }),
    ("a cursor skips nothing", |ground, register| Box::pin(registers::feed(ground, register))),
];

fn hold(holds: bool, what: &str) -> Held {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

fn same<T: PartialEq + Debug>(found: T, expected: T, what: &str) -> Held {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?} instead of {expected:?}")) }
}

/// An answer of the store's that must not be a failure.
fn sound<T, E: Debug>(answer: Result<T, E>) -> Result<T, String> {
    answer.map_err(|error| format!("the store said {error:?}"))
}

const TERMS: Terms = Terms {
    repeat: adapter_api::agency::Repeat::ByReference,
    settle_for_ms: 60_000,
    can_find: true,
    can_look: true,
    look_every_ms: 600_000,
};

fn node(name: &str, boot: u64) -> Node {
    Node { name: name.to_owned(), boot }
}

/// A case of two legs, the first due at once, the second waiting for it; with the line of its history that says so.
fn case(id: &str, at_ms: i64) -> (Case, Vec<Entry>) {
    let first = Leg::new("registration", "civil-status.register-death", TERMS, at_ms);
    let entry = moved(&first, LegState::Ready, Why::Released, at_ms);
    let first = Leg { state: LegState::Ready, turn_ms: Some(at_ms), ..first };
    let second = Leg::new("removal", "residence.remove", TERMS, at_ms);
    let case = Case {
        id: id.to_owned(),
        chain: "death".to_owned(),
        version: 0,
        opened_ms: at_ms,
        input: json!({ "deceased": { "full_name": "Nguyễn Văn Mẫu", "id_number": "001042005678" } }),
        legs: vec![first, second],
    };
    (case, vec![entry])
}

fn moved(leg: &Leg, to: LegState, why: Why, at_ms: i64) -> Entry {
    let (name, revision) = (leg.name.clone(), leg.revision);
    let detail = Some("lời của cơ quan".to_owned());
    Entry { leg: name, revision, at_ms, from: leg.state, to, why, code: Some("E01".to_owned()), detail }
}

/// Moves one leg of a case, and gives the line that says so.
fn with(case: &Case, leg: &str, to: LegState, why: Why, at_ms: i64) -> (Case, Vec<Entry>) {
    let mut case = case.clone();
    let mut entries = Vec::new();
    for place in case.legs.iter_mut().filter(|place| place.name == leg) {
        entries.push(moved(place, to, why, at_ms));
        place.state = to;
        place.since_ms = at_ms;
        place.turn_ms = None;
    }
    (case, entries)
}

fn admission(id: &str, client: &str, key: &str, at_ms: i64) -> Admission {
    let (case, entries) = case(id, at_ms);
    let (client, key) = (client.to_owned(), key.to_owned());
    let key = IdempotencyKey { client, key, fingerprint: "body-1".to_owned() };
    Admission { case, entries, key, unique: Vec::new() }
}

impl Ground<'_> {
    fn time(&self) -> i64 {
        (self.now)()
    }

    /// Takes a case in, with a request of its own.
    async fn admit(&self, id: &str) -> Result<Case, String> {
        let admission = admission(id, "mot-cua", id, self.time());
        let case = admission.case.clone();
        sound(self.store.admit(admission).await)?;
        Ok(case)
    }

    /// Claims, and must get this leg.
    async fn claim(&self, node: &Node, lease_ms: i64, leg: (&str, &str)) -> Result<Lease, String> {
        let claim = sound(self.store.claim(node, lease_ms).await)?
            .ok_or(format!("nothing to claim instead of {leg:?}"))?;
        same((claim.lease.case.as_str(), claim.lease.leg.as_str()), leg, "claimed")?;
        same(Some(claim.case), sound(self.store.load(leg.0).await)?, "the case claimed")?;
        Ok(claim.lease)
    }

    /// Claims, and must get nothing.
    async fn nothing(&self, node: &Node, why: &str) -> Held {
        let claim = sound(self.store.claim(node, LEASE_MS).await)?;
        same(claim.map(|claim| claim.lease.leg), None, why)
    }

    /// The case as it stands.
    async fn load(&self, id: &str) -> Result<Case, String> {
        sound(self.store.load(id).await)?.ok_or(format!("{id} is not there"))
    }
}

const LEASE_MS: i64 = 90_000;
