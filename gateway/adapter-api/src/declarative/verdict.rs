//! Turns the verdict of a rule into an outcome or a fault, drawing the verdict's block.

use serde_json::{Map, Value};

use super::ground::{Rows, size_of};
use super::lineage::pointers_of;
use super::request::{senseless, unread};
use super::rules::{RuleHit, is_status_alone};
use super::subject;
use crate::adapter::Call;
use crate::agency::{Agency, CredentialKind, ExchangePlan, Operation};
use crate::fault::{Blame, Fault, Finding, Kind, Party, Reason};
use crate::language::evaluate::{Scope, Stop, draw, fit, to_json};
use crate::language::syntax::{Rule, Verdict};
use crate::outcome::{Outcome, Page};
use crate::schema::{Property, Scalar, Schemas, Shape};
use crate::tree::Tree;
use crate::wire::Reply;

/// A reply with the rule that decided over it.
pub(super) struct Judgement<'a> {
    pub(super) agency: &'a Agency,
    pub(super) schemas: &'a Schemas,
    pub(super) call: &'a Call,
    pub(super) operation: Option<&'a Operation>,
    pub(super) name: &'a str,
    pub(super) plan: &'a ExchangePlan,
    pub(super) reply: &'a Reply,
    pub(super) hit: &'a RuleHit,
    pub(super) rule: &'a Rule,
}

/// The fields of a block, drawn and judged.
type Fields = Map<String, Value>;

impl Judgement<'_> {
    /// What the verdict comes to.
    pub(super) fn decide(
        &self,
        verdict: Verdict,
        scope: &Scope<'_>,
        rows: Option<&Rows>,
    ) -> Result<Outcome, Fault> {
        // A status alone may say "accepted" over an empty body; over one that nobody could read it says nothing.
        let speaks = verdict.is_success() && !self.reply.text.trim().is_empty();
        if let (true, Err(unreadable)) = (speaks, &self.reply.body) {
            return Err(self.senseless(None, format!("unreadable: {}", unreadable.why)));
        }
        match verdict {
            Verdict::Found => Ok(Outcome::Found(self.answer(verdict, scope)?)),
            Verdict::Completed => {
                Ok(Outcome::Completed { value: self.answer(verdict, scope)?, partial: false })
            }
            Verdict::Absent => Ok(Outcome::Absent),
            Verdict::Page => self.page(scope, rows).map(Outcome::Page),
            Verdict::Accepted | Verdict::AlreadyReceived => self.accepted(verdict, scope),
            Verdict::Pending => self.pending(scope),
            Verdict::Supplement => self.supplement(scope),
            Verdict::Declined => self.declined(scope),
            Verdict::Rejected => Err(self.rejected(scope)),
            Verdict::Malformed => Err(Fault::Malformed(self.reason(None, "a rule says so"))),
            Verdict::Uncertain => Err(Fault::Uncertain(self.reason(None, "a rule says so"))),
            Verdict::Renew => {
                Err(Fault::NotAdmitted { exchange: self.name.to_owned(), renew: true, party: self.party() })
            }
            Verdict::Unavailable if self.plan.kind == Kind::Write && is_status_alone(&self.rule.when) => {
                Err(Fault::Uncertain(self.reason(None, "a status alone does not say that it was not done")))
            }
            Verdict::Unavailable => {
                Err(Fault::Unavailable { party: self.party(), retry_after_s: self.reply.retry_after_s })
            }
            Verdict::Overloaded => {
                Err(Fault::Overloaded { party: self.party(), retry_after_s: self.reply.retry_after_s })
            }
        }
    }

    fn party(&self) -> Party {
        match self.rule.blame {
            Some(Blame::Agency) => Party::Agency,
            Some(Blame::Carrier) => Party::Carrier,
            Some(Blame::Caller | Blame::Gateway | Blame::Network) | None => self.hit.party(self.reply.from),
        }
    }

    fn reason(&self, at: Option<String>, why: impl Into<String>) -> Reason {
        let (exchange, by) = (Some(self.name.to_owned()), Some(self.party()));
        Reason { exchange, at, why: why.into(), by, claim: None }
    }

    fn senseless(&self, at: Option<String>, why: impl Into<String>) -> Fault {
        senseless(self.reason(at, why), self.plan.kind)
    }

    fn unread(&self, stop: Stop) -> Fault {
        unread(stop, self.name, self.plan.kind)
    }

    /// Draws the verdict's block in this shape; an empty object where there is none or nothing in it.
    fn draw(&self, verdict: Verdict, scope: &Scope<'_>, shape: &Shape) -> Result<Value, Fault> {
        let drawn = match self.plan.verdicts.get(verdict.word()) {
            Some(drawing) => draw(drawing, scope, shape).map_err(|stop| self.unread(stop))?,
            None => None,
        };
        let drawn = drawn.unwrap_or(Tree::Object(Vec::new()));
        if let Some(misfit) = fit(&drawn, shape) {
            return Err(self.senseless(Some(misfit.pointer), misfit.why));
        }
        to_json(&drawn).ok_or_else(|| self.senseless(None, "an answer that is no JSON"))
    }

    fn fields(&self, verdict: Verdict, scope: &Scope<'_>, shape: &Shape) -> Result<Fields, Fault> {
        match self.draw(verdict, scope, shape)? {
            Value::Object(fields) => Ok(fields),
            _ => Err(self.senseless(None, "not an object")),
        }
    }

    fn answer(&self, verdict: Verdict, scope: &Scope<'_>) -> Result<Value, Fault> {
        let value = self.draw(verdict, scope, self.answer_shape())?;
        if let Some(told) = subject::mismatch(self.subject(), &self.call.query, &value) {
            let reason = Reason { claim: told.claim, ..self.reason(Some(told.path), told.why) };
            return Err(senseless(reason, self.plan.kind));
        }
        Ok(value)
    }

    /// A helper answers as the operation it helps; a login answers nobody.
    fn answer_shape(&self) -> &Shape {
        let is_login = self.agency.credentials.values().any(|credential| {
            matches!(&credential.kind, CredentialKind::SessionLogin { exchange, .. } if exchange == self.name)
        });
        let operation = self.operation.filter(|_| !is_login);
        let service = operation
            .and_then(|operation| operation.service.as_ref().or_else(|| self.helped()?.service.as_ref()));
        let shapes = service.and_then(|service| self.schemas.services.get(service));
        shapes.map_or(&Shape::Any, |shapes| &shapes.answer)
    }

    fn helped(&self) -> Option<&Operation> {
        self.agency.operations.get(self.operation?.helps.as_ref()?)
    }

    fn subject(&self) -> &[String] {
        let own = self.operation.map_or([].as_slice(), |operation| operation.subject.as_slice());
        if own.is_empty() { self.helped().map_or(&[], |helped| helped.subject.as_slice()) } else { own }
    }

    /// A page of a feed: `items` are its rows, `cursor` and `more` come from the paging unless the block draws them.
    fn page(&self, scope: &Scope<'_>, rows: Option<&Rows>) -> Result<Page, Fault> {
        let mut fields = self.fields(Verdict::Page, scope, &Shape::Any)?;
        let mut received = match fields.remove("items") {
            Some(Value::Array(items)) => items,
            None | Some(_) => Vec::new(),
        };
        let shape = match self.answer_shape().property("items") {
            Some(Property { shape: Shape::List(row), .. }) => row,
            _ => &Shape::Any,
        };
        // Drawn one for one, the rows have the keys of the page; a block that chooses among them draws `same` itself.
        let keys = rows.map_or([].as_slice(), |rows| rows.keys.as_slice());
        let keys = if keys.len() == received.len() { keys } else { &[] };
        for (index, row) in received.iter_mut().enumerate() {
            self.settle_row(row, shape, index, keys.get(index))?;
        }
        let last = rows.and_then(|rows| rows.last);
        let full = |count: usize| {
            self.plan.pages.as_ref().is_some_and(|pages| count >= as_usize(size_of(pages, self.call)))
        };
        let own_cursor = rows.and_then(|rows| rows.cursors.first().cloned().flatten());
        let cursor = match (fields.remove("cursor"), own_cursor) {
            (Some(Value::String(cursor)), _) | (None, Some(Tree::Text(cursor))) => Some(cursor),
            (Some(Value::Number(cursor)), _) => Some(cursor.to_string()),
            _ => self.call.cursor.clone(),
        };
        let more = match fields.remove("more") {
            Some(Value::Bool(more)) => more,
            Some(Value::String(more)) => more == "true",
            _ => last.is_some_and(full) && cursor != self.call.cursor,
        };
        Ok(Page { received, cursor, more })
    }

    /// Judges a row of a feed without its duplicate key, which is the house's.
    fn settle_row(
        &self,
        row: &mut Value,
        shape: &Shape,
        index: usize,
        key: Option<&String>,
    ) -> Result<(), Fault> {
        let drawn_same = row.as_object_mut().and_then(|fields| fields.shift_remove("same"));
        let drawn = crate::language::evaluate::from_json(row);
        let typed = crate::language::evaluate::coerce(drawn, shape)
            .map_err(|why| self.senseless(Some(format!("/items/{index}")), why))?;
        if let Some(misfit) = fit(&typed, shape) {
            return Err(self.senseless(Some(format!("/items/{index}{}", misfit.pointer)), misfit.why));
        }
        *row = to_json(&typed).ok_or_else(|| self.senseless(None, "an answer that is no JSON"))?;
        let same = drawn_same.as_ref().and_then(text_of).or_else(|| key.cloned());
        if let (Some(same), Some(fields)) = (same, row.as_object_mut()) {
            fields.insert("same".to_owned(), Value::String(same));
        }
        Ok(())
    }

    fn accepted(&self, verdict: Verdict, scope: &Scope<'_>) -> Result<Outcome, Fault> {
        let mut references = Vec::new();
        for (name, value) in self.fields(verdict, scope, &Shape::Any)? {
            match text_of(&value) {
                Some(text) => references.push((name, text)),
                None => return Err(self.senseless(Some(format!("/{name}")), "not text")),
            }
        }
        if !references.iter().any(|(name, _)| name == "reference") {
            let ours = self.call.reference.clone();
            references.extend(ours.map(|reference| ("reference".to_owned(), reference)));
        }
        Ok(Outcome::Accepted { references, already: verdict == Verdict::AlreadyReceived })
    }

    fn pending(&self, scope: &Scope<'_>) -> Result<Outcome, Fault> {
        let number = ("look_again_s", Shape::Scalar(Scalar::Integer), false);
        let shape = object_of([optional("state"), optional("reference"), number]);
        let mut fields = self.fields(Verdict::Pending, scope, &shape)?;
        let look_again_s = fields.get("look_again_s").and_then(Value::as_u64);
        Ok(Outcome::Pending { state: take_text(&mut fields, "state"), look_again_s })
    }

    fn supplement(&self, scope: &Scope<'_>) -> Result<Outcome, Fault> {
        let shape = object_of([required("wanted"), optional("until")]);
        let mut fields = self.fields(Verdict::Supplement, scope, &shape)?;
        let wanted = take_text(&mut fields, "wanted").unwrap_or_default();
        Ok(Outcome::Supplement { wanted, until: take_text(&mut fields, "until") })
    }

    fn declined(&self, scope: &Scope<'_>) -> Result<Outcome, Fault> {
        let shape = object_of([required("reason"), optional("code")]);
        let mut fields = self.fields(Verdict::Declined, scope, &shape)?;
        let reason = take_text(&mut fields, "reason").unwrap_or_default();
        Ok(Outcome::Declined { reason, code: take_text(&mut fields, "code") })
    }

    fn rejected(&self, scope: &Scope<'_>) -> Fault {
        let row = object_of([optional("agency_field"), optional("message"), optional("code")]);
        let findings = ("findings", Shape::List(Box::new(row)), false);
        let shape = object_of([optional("code"), findings]);
        let mut fields = match self.fields(Verdict::Rejected, scope, &shape) {
            Ok(fields) => fields,
            Err(fault) => return fault,
        };
        let found = match fields.remove("findings") {
            Some(Value::Array(found)) => found,
            None | Some(_) => Vec::new(),
        };
        let pointers = pointers_of(self.agency, self.plan);
        let finding = |found: Value| {
            let Value::Object(mut found) = found else { return Finding::default() };
            let agency_field = take_text(&mut found, "agency_field");
            Finding {
                pointer: agency_field.as_ref().and_then(|field| pointers.get(field).cloned()),
                agency_field,
                code: take_text(&mut found, "code").or_else(|| Some("refused-by-agency".to_owned())),
                operator_text: take_text(&mut found, "message"),
                ..Finding::default()
            }
        };
        Fault::Rejected {
            code: take_text(&mut fields, "code"),
            findings: found.into_iter().map(finding).collect(),
            sent: true,
            blame: self.rule.blame.unwrap_or(Blame::Caller),
        }
    }
}

fn as_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn required(name: &'static str) -> (&'static str, Shape, bool) {
    (name, Shape::Scalar(Scalar::Text), true)
}

fn optional(name: &'static str) -> (&'static str, Shape, bool) {
    (name, Shape::Scalar(Scalar::Text), false)
}

/// The shape of a block of fixed form.
fn object_of<const N: usize>(properties: [(&'static str, Shape, bool); N]) -> Shape {
    let property = |(name, shape, required): (&str, Shape, bool)| Property {
        name: name.to_owned(),
        required,
        shape,
        class: None,
    };
    Shape::Object(properties.into_iter().map(property).collect())
}

fn take_text(fields: &mut Fields, name: &str) -> Option<String> {
    fields.get(name).and_then(text_of)
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(crate::language::text::normalise(text)),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
