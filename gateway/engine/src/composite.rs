//! Answers put together from several services: each part goes the whole straight road on its own, one deadline holds for all.
//!
//! A part is drawn only from what this client may see of the others: what is masked is not used on its behalf either.

use std::collections::BTreeMap;
use std::sync::Arc;

use adapter_api::{Fault, Finding, Party, Reason};
use futures_util::FutureExt;
use serde_json::{Value, json};

use crate::catalogue::{Catalogue, HOUSE, Service, Unfit};
use crate::client::{Client, Purpose};
use crate::fan_out::{Part, PartStatus, fan_out};
use crate::read::{Answer, CacheUse, Engine, Question, Source};
use crate::refusal::{Failure, Refusal};

mod check;
pub mod conflict;
pub(crate) mod mention;
pub mod plan;
mod stage;
#[cfg(test)]
mod tests;
mod together;

use conflict::Conflict;
use plan::{Composite, PartPlan};
use stage::{Stage, Unasked};

/// The service that fills in forms beforehand; its query names the procedure.
pub const PREFILL: &str = "forms.prefill";

/// All composites and forms.
#[derive(Debug, Clone, Default)]
pub struct Composites {
    /// By service.
    pub services: BTreeMap<String, Arc<Composite>>,
    /// The forms, by procedure.
    pub forms: BTreeMap<String, Arc<Composite>>,
}

/// An answer, of one service or of several.
#[derive(Debug, Clone, PartialEq)]
pub enum Answered {
    /// Of one.
    One(Answer),
    /// Of several.
    Several(Box<Together>),
}

/// An answer put together.
#[derive(Debug, Clone, PartialEq)]
pub struct Together {
    /// What this client may see of what was put together; `None`: nobody knows anything.
    pub data: Option<Value>,
    /// Where it came from, as of its oldest part.
    pub source: Source,
    /// What became of each part, in the order of the file.
    pub parts: Vec<PartReport>,
    /// Where agencies contradict each other.
    pub conflicts: Vec<Conflict>,
    /// Every part that was asked has answered, or truly has nothing.
    pub complete: bool,
}

/// What became of one part.
#[derive(Debug, Clone, PartialEq)]
pub struct PartReport {
    /// Its name.
    pub name: String,
    /// Its service.
    pub service: String,
    /// Whom it asks.
    pub agency: String,
    /// Without it there is no answer.
    pub required: bool,
    /// What became of it.
    pub status: PartStatus<Answer>,
    /// When that was said, or failed: RFC 3339 with +07:00.
    pub at: String,
}

impl Composites {
    /// The services that the composites answer.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let forms = (!self.forms.is_empty()).then(|| PREFILL.to_owned());
        self.services.keys().cloned().chain(forms)
    }

    /// Everything that does not fit the catalogue.
    pub fn findings(&self, catalogue: &Catalogue) -> Vec<Unfit> {
        let services = self.services.iter().map(|(service, composite)| (service.as_str(), composite));
        let all = services.chain(self.forms.values().map(|form| (PREFILL, form)));
        all.flat_map(|(service, composite)| check::check(composite, service, catalogue)).collect()
    }

    /// Whether this service is put together from several.
    pub(crate) fn holds(&self, service: &str) -> bool {
        self.services.contains_key(service) || (service == PREFILL && !self.forms.is_empty())
    }

    /// The composite behind a question; a form is chosen by the procedure its query names.
    fn of(&self, question: &Question) -> Result<&Composite, Refusal> {
        if let Some(composite) = self.services.get(&question.service) {
            return Ok(composite);
        }
        let procedure = question.query.get("procedure").and_then(Value::as_str).unwrap_or_default();
        let unknown = || invalid("/query/procedure", "not-in-list");
        self.forms.get(procedure).map(Arc::as_ref).ok_or_else(unknown)
    }
}

impl Engine {
    /// Answers one question, of one service or of several.
    pub async fn ask(&self, client: &Client, question: Question) -> Result<Answered, Failure> {
        if self.composites.holds(&question.service) {
            return self
                .compose(client, question)
                .await
                .map(|together| Answered::Several(Box::new(together)));
        }
        self.read(client, question).await.map(Answered::One)
    }

    /// Answers one question put to several agencies, or says why not.
    pub async fn compose(&self, client: &Client, question: Question) -> Result<Together, Failure> {
        let service = self.service(client, &question.service)?;
        self.validate(&service, &question)?;
        let composite = self.composites.of(&question)?;
        let deadline = self.deadline(&service, &question);
        // The right to the whole; the right to each part is decided on its own road.
        let permission = self.permit(client, &question, &service)?;
        let stage = Stage::new(composite, &question);
        let wanted = stage.wanted().map_err(|unasked| unasked.failure(HOUSE))?;
        // What the caller left out is told before anybody is asked.
        stage.check_required(&wanted).map_err(|failure| *failure)?;
        let question = Question { deadline: Some(deadline), ..question };
        let parts = fan_out_parts(wanted.iter().copied());
        let done = fan_out(&parts, deadline, |part, before| {
            self.ask_part(client, &question, &stage, &part.name, before).boxed()
        });
        let reports = self.reports(&wanted, &question.purpose, done.await);
        let outcome = self
            .together((client, &question.purpose), (&service, &permission), &stage, reports)
            .map_err(|failure| *failure);
        self.note_together(client, &question, &service, &outcome);
        outcome
    }

    /// One part on its own road.
    async fn ask_part(
        &self,
        client: &Client,
        question: &Question,
        stage: &Stage<'_>,
        part: &str,
        before: BTreeMap<String, Answer>,
    ) -> PartStatus<Answer> {
        let Some(plan) = stage.composite.parts.iter().find(|plan| plan.name == part) else {
            return failed(HOUSE, Fault::AdapterFailed { place: "parts".into() });
        };
        let query = match stage.query_of(plan, &before) {
            Ok(query) => query,
            Err(unasked) => return self.unasked(client, question, stage, plan, unasked),
        };
        let asked = Question { service: plan.service.clone(), query, ..question.clone() };
        match self.read(client, asked).await {
            Ok(answer) if answer.data.is_none() => PartStatus::Absent(Some(answer)),
            Ok(answer) if answer.source.cache == CacheUse::Stale => PartStatus::Stale(answer),
            Ok(answer) => PartStatus::Ok(answer),
            Err(Failure::Refusal(refusal @ Refusal::Denied { .. })) => PartStatus::Denied(refusal),
            Err(Failure::Refusal(Refusal::Invalid { findings })) => {
                PartStatus::Failed(self.misasked(question, stage, plan, findings))
            }
            Err(failure) => PartStatus::Failed(failure),
        }
    }

    /// A part's query that does not fit: the caller's to mend where its words were taken over, else another agency's words.
    fn misasked(
        &self,
        question: &Question,
        stage: &Stage<'_>,
        plan: &PartPlan,
        findings: Vec<Finding>,
    ) -> Failure {
        let told = |finding: &Finding| finding.pointer.clone().unwrap_or_default();
        let place = findings.first().map(told);
        let findings: Vec<Finding> =
            findings.into_iter().map(|finding| stage::at_the_callers(finding, plan)).collect();
        let source =
            plan.after.first().and_then(|name| stage.composite.parts.iter().find(|part| part.name == *name));
        match source {
            Some(source) if findings.iter().all(|finding| finding.pointer.is_none()) => {
                let why = "what it told does not fit the next part's question".to_owned();
                let fault =
                    Fault::Malformed(Reason { at: place, why, by: Some(Party::Agency), ..Reason::default() });
                Failure::Fault { fault, agency: self.agency_of(source, &question.purpose), carrier: None }
            }
            Some(_) | None => Refusal::Invalid { findings }.into(),
        }
    }

    /// A part whose query could not be drawn: the client may not see what it needs, or nobody told it.
    fn unasked(
        &self,
        client: &Client,
        question: &Question,
        stage: &Stage<'_>,
        plan: &PartPlan,
        unasked: Unasked,
    ) -> PartStatus<Answer> {
        let needed = unasked.needed.as_ref();
        let source =
            needed.and_then(|(part, _)| stage.composite.parts.iter().find(|other| other.name == *part));
        if let (Some((_, field)), Some(source)) = (needed, source)
            && let Some(service) = self.catalogue().service(&source.service)
            && let Ok(permission) = self.policy.decide(client, &question.purpose, service)
            && !permission.shows(field)
        {
            return PartStatus::Denied(Refusal::Denied { what: "field" });
        }
        // Who did not tell what was needed is named, not who could not be asked for lack of it.
        PartStatus::Failed(unasked.failure(&self.agency_of(source.unwrap_or(plan), &question.purpose)))
    }

    /// The agency behind a part; of a service nobody answers here, or not for this unit, the name says it.
    fn agency_of(&self, plan: &PartPlan, purpose: &Purpose) -> String {
        let service = self.catalogue().service(&plan.service);
        let route = service.and_then(|service| service.route(purpose).ok());
        route.map_or_else(|| agency_in(&plan.service).to_owned(), |route| route.agency.clone())
    }

    fn reports(
        &self,
        wanted: &[&PartPlan],
        purpose: &Purpose,
        mut done: BTreeMap<String, PartStatus<Answer>>,
    ) -> Vec<PartReport> {
        let now = self.clock.now();
        let report = |plan: &&PartPlan| {
            let status = done.remove(&plan.name)?;
            let at = told(&status).map_or_else(|| now.clone(), |answer| answer.source.retrieved_at.clone());
            let (name, service) = (plan.name.clone(), plan.service.clone());
            Some(PartReport {
                agency: self.agency_of(plan, purpose),
                required: plan.required,
                name,
                service,
                status,
                at,
            })
        };
        wanted.iter().filter_map(report).collect()
    }

    /// Each part has records of its own; this one says what came of the whole.
    fn note_together(
        &self,
        client: &Client,
        question: &Question,
        service: &Service,
        outcome: &Result<Together, Failure>,
    ) {
        let (result, cache) = match outcome {
            Ok(Together { complete: false, source, .. }) => ("partial", Some(source.cache)),
            Ok(Together { data: Some(_), source, .. }) => ("found", Some(source.cache)),
            Ok(Together { data: None, source, .. }) => ("absent", Some(source.cache)),
            Err(failure) => (failure.code(), None),
        };
        metrics::counter!("lienthong_composites_total", "service" => service.name.clone(), "code" => result)
            .increment(1);
        self.append_note(client, question, service, result, cache);
    }
}

/// The parts as the fan-out wants them.
fn fan_out_parts<'a>(plans: impl Iterator<Item = &'a PartPlan>) -> Vec<Part> {
    plans
        .map(|plan| Part {
            name: plan.name.clone(),
            required: plan.required,
            agency: agency_in(&plan.service).to_owned(),
            after: plan.after.clone(),
        })
        .collect()
}

/// `tax.taxpayer` → `tax`.
fn agency_in(service: &str) -> &str {
    service.split('.').next().unwrap_or(service)
}

/// What an agency said, were it that there is nothing.
fn told(status: &PartStatus<Answer>) -> Option<&Answer> {
    match status {
        PartStatus::Ok(answer) | PartStatus::Stale(answer) => Some(answer),
        PartStatus::Absent(answer) => answer.as_ref(),
        PartStatus::Denied(_) | PartStatus::Failed(_) => None,
    }
}

fn failed(agency: &str, fault: Fault) -> PartStatus<Answer> {
    PartStatus::Failed(Failure::Fault { fault, agency: agency.to_owned(), carrier: None })
}

/// A mistake of our own files.
fn ours(place: &str, why: impl std::fmt::Display) -> Failure {
    let fault = Fault::AdapterFailed { place: format!("{place}: {why}") };
    Failure::Fault { fault, agency: HOUSE.to_owned(), carrier: None }
}

fn invalid(pointer: &str, code: &str) -> Refusal {
    let finding =
        Finding { pointer: Some(pointer.to_owned()), code: Some(code.to_owned()), ..Finding::default() };
    Refusal::Invalid { findings: vec![finding] }
}

/// A form's field, filled.
fn field(plan: &plan::FieldPlan, value: String, part: &PartReport, source: &Source) -> Value {
    json!({
        "name": plan.name,
        "title": plan.title,
        "title_en": plan.title_en,
        "value": value,
        "source": {
            "part": part.name,
            "agency": source.agency,
            "service": source.service,
            "retrieved_at": source.retrieved_at,
        },
    })
}
