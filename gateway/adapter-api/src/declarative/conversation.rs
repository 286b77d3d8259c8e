//! Walks the straight line of exchanges: skips, asks, pages, judges, goes forward; it always ends.

use super::Trace;
use super::ground::{Ground, Rows, size_of};
use super::request::{Draft, senseless, unread, unsaid};
use super::rules::{RuleHit, first_that_holds, is_known_by_text};
use super::verdict::Judgement;
use crate::adapter::{Call, Exchange, Step};
use crate::agency::{Agency, CredentialKind, ExchangePlan, Operation};
use crate::fault::{Fault, Kind, Party, Reason};
use crate::language::evaluate::{Stop, holds};
use crate::language::syntax::{Decision, Verdict};
use crate::schema::Schemas;
use crate::wire::Reply;

/// The next step of a conversation, with the rules that held on the way.
pub(super) fn trace(agency: &Agency, schemas: &Schemas, call: &Call, said: &[Exchange]) -> Trace {
    let operation = agency.operations.get(&call.operation);
    let mut walk =
        Walk { agency, schemas, call, said, operation, exchange: None, rules: Vec::new(), by_text: false };
    let step = walk.step();
    Trace { step, exchange: walk.exchange.map(str::to_owned), rules: walk.rules, known_by_text: walk.by_text }
}

struct Walk<'a> {
    agency: &'a Agency,
    schemas: &'a Schemas,
    call: &'a Call,
    said: &'a [Exchange],
    operation: Option<&'a Operation>,
    exchange: Option<&'a str>,
    rules: Vec<RuleHit>,
    by_text: bool,
}

/// What a judged reply leads to.
enum Ruling<'a> {
    Go(&'a str),
    Step(Step),
}

impl<'a> Walk<'a> {
    fn step(&mut self) -> Result<Step, Fault> {
        let names = self.line()?;
        let mut index = 0;
        while let Some(name) = names.get(index) {
            let Some(plan) = self.agency.exchanges.get(*name) else {
                return Err(failed(format!("{name}: no such exchange")));
            };
            if self.is_skipped(name, plan)? {
                index += 1;
                continue;
            }
            self.exchange = Some(name);
            match self.take(name, plan)? {
                Ruling::Step(step) => return Ok(step),
                Ruling::Go(target) => match names.iter().position(|name| *name == target) {
                    Some(further) if further > index => index = further,
                    Some(_) | None => return Err(failed(format!("{name}: goes back to {target}"))),
                },
            }
        }
        Err(failed(format!("{}: no exchange left", self.call.operation)))
    }

    /// The operation's exchanges; a login is an operation named like its exchange.
    fn line(&self) -> Result<Vec<&'a str>, Fault> {
        if let Some(operation) = self.operation {
            return Ok(operation.exchanges.iter().map(String::as_str).collect());
        }
        let logins = self.agency.credentials.values().filter_map(|credential| match &credential.kind {
            CredentialKind::SessionLogin { exchange, .. } => Some(exchange.as_str()),
            _ => None,
        });
        let login: Vec<&str> = logins.filter(|login| *login == self.call.operation).take(1).collect();
        if login.is_empty() {
            return Err(failed(format!("no operation {}", self.call.operation)));
        }
        Ok(login)
    }

    fn is_skipped(&self, name: &str, plan: &'a ExchangePlan) -> Result<bool, Fault> {
        let Some(when) = &plan.when else { return Ok(false) };
        let ground = Ground::of_call(self.agency, self.call, self.said);
        let world = ground.world(None);
        match holds(when, &ground.writing(&world)) {
            Ok(holds) => Ok(!holds),
            Err(stop) => Err(unsaid(stop, name, self.earlier())),
        }
    }

    /// The kind of what was sent last; a write sent earlier is never forgotten.
    fn earlier(&self) -> Option<Kind> {
        let kinds = self.said.iter().filter_map(|exchange| self.agency.exchanges.get(&exchange.name));
        let kinds: Vec<Kind> = kinds.map(|plan| plan.kind).collect();
        if kinds.contains(&Kind::Write) { Some(Kind::Write) } else { kinds.last().copied() }
    }

    /// Asks an exchange that was not asked yet, or its next page, or judges its reply.
    fn take(&mut self, name: &'a str, plan: &'a ExchangePlan) -> Result<Ruling<'a>, Fault> {
        let Some(last) = self.said.iter().rposition(|exchange| exchange.name == name) else {
            return self.ask(name, plan).map(Ruling::Step);
        };
        let upto = self.said.get(..=last).unwrap_or(self.said);
        let Some(Exchange { reply, .. }) = upto.last() else {
            return Err(failed(format!("{name}: no reply")));
        };
        let unread = |stop: Stop| unread(stop, name, plan.kind);
        let (ground, rows) =
            Ground::of_exchange(self.agency, (name, plan), self.call, upto).map_err(unread)?;
        if rows.as_ref().is_some_and(|rows| self.has_more(plan, rows, reply)) {
            let asked = upto.iter().filter(|exchange| exchange.name == name).count();
            let most = plan.pages.as_ref().map_or(0, |pages| pages.at_most);
            if asked >= usize::try_from(most).unwrap_or(usize::MAX) {
                return Err(senseless(reason(name, reply, "more pages than at_most"), plan.kind));
            }
            return self.ask(name, plan).map(Ruling::Step);
        }
        self.judge((name, plan), reply, &ground, rows.as_ref())
    }

    fn ask(&self, name: &'a str, plan: &'a ExchangePlan) -> Result<Step, Fault> {
        let unsaid = |stop: Stop| unsaid(stop, name, self.earlier());
        let (ground, _) =
            Ground::of_exchange(self.agency, (name, plan), self.call, self.said).map_err(unsaid)?;
        let world = ground.world(Some(plan));
        let draft = Draft { agency: self.agency, operation: self.operation, name, plan };
        let request = draft.draw(&ground.writing(&world)).map_err(unsaid)?;
        Ok(Step::Send(Box::new(request)))
    }

    /// A page is judged before the next is asked: 2xx and rows there, else the rules. A feed takes one page a conversation.
    fn has_more(&self, plan: &ExchangePlan, rows: &Rows, reply: &Reply) -> bool {
        let (Some(pages), Some(last)) = (&plan.pages, rows.last) else { return false };
        let is_feed = self.operation.is_some_and(|operation| operation.feed_every_s.is_some());
        let [newest, before] = &rows.cursors;
        let full = last >= usize::try_from(size_of(pages, self.call)).unwrap_or(usize::MAX);
        let good = (200..=299).contains(&reply.status) && reply.body.is_ok();
        !is_feed && good && full && newest.is_some() && newest != before
    }

    fn judge(
        &mut self,
        (name, plan): (&'a str, &'a ExchangePlan),
        reply: &'a Reply,
        ground: &Ground<'a>,
        rows: Option<&Rows>,
    ) -> Result<Ruling<'a>, Fault> {
        let world = ground.world(Some(plan));
        let scope = ground.reading(&world);
        let first = first_that_holds(self.agency, (name, plan), reply.status, &scope)
            .map_err(|stop| unread(stop, name, plan.kind))?;
        let Some((hit, rule)) = first else {
            let why = match &reply.body {
                Ok(_) => "no rule holds".to_owned(),
                Err(unreadable) => format!("unreadable: {}", unreadable.why),
            };
            return Err(senseless(reason(name, reply, why), plan.kind));
        };
        self.rules.push(hit.clone());
        match &rule.then {
            Decision::Go(target) => Ok(Ruling::Go(target)),
            Decision::Event(_) => Err(failed(format!("{name}: an event outside of an inbound message"))),
            Decision::Verdict(verdict) => {
                self.by_text = *verdict == Verdict::Renew && is_known_by_text(&rule.when);
                let (agency, schemas, call) = (self.agency, self.schemas, self.call);
                let operation = self.operation;
                let judgement =
                    Judgement { agency, schemas, call, operation, name, plan, reply, hit: &hit, rule };
                judgement.decide(*verdict, &scope, rows).map(Step::Done).map(Ruling::Step)
            }
        }
    }
}

fn reason(exchange: &str, reply: &Reply, why: impl Into<String>) -> Reason {
    let by = Some(reply.from).filter(|from| *from == Party::Carrier);
    Reason { exchange: Some(exchange.to_owned()), at: None, why: why.into(), by, claim: None }
}

fn failed(place: String) -> Fault {
    Fault::AdapterFailed { place }
}
