//! What the parts of a composite come to: one answer, where agencies contradict each other, and how old it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use adapter_api::language::evaluate::from_json;
use adapter_api::{Fault, Tree};
use serde_json::Value;

use super::conflict::{self, Conflict, Said};
use super::plan::{self, Composite, Shows};
use super::stage::Stage;
use super::{PartReport, Together, ours, told};
use crate::catalogue::{HOUSE, Service};
use crate::client::{Client, Purpose};
use crate::fan_out::PartStatus;
use crate::policy::Permission;
use crate::read::{Answer, CacheUse, Engine, Source};
use crate::refusal::Failure;

impl Engine {
    /// What the parts come to.
    pub(super) fn together(
        &self,
        (client, purpose): (&Client, &Purpose),
        (service, permission): (&Service, &Permission),
        stage: &Stage<'_>,
        parts: Vec<PartReport>,
    ) -> Result<Together, Box<Failure>> {
        // Without a part that is required there is no answer, and its fault is the whole's.
        if let Some(missing) = parts.iter().find(|part| part.required && !part.status.is_settled()) {
            return Err(Box::new(failure_of(&missing.status)));
        }
        // Whoever a required part does not know is nobody: what others say of the number alone is not shown for the name
        // that was asked.
        let is_nobody =
            parts.iter().any(|part| part.required && matches!(part.status, PartStatus::Absent(_)));
        let (data, conflicts) = match is_nobody {
            true => (None, Vec::new()),
            false => {
                let claims = self.claims(client, purpose, &parts);
                (
                    self.drawn(service, permission, stage, &parts)?,
                    self.conflicts(service, permission, stage.composite, &parts, &claims),
                )
            }
        };
        let complete = parts.iter().all(|part| part.status.is_settled());
        let source = self.source(service, &parts);
        Ok(Together { data, source, parts, conflicts, complete })
    }

    /// What the parts say together, masked to what this client may see; `None`: none of them knows anything.
    fn drawn(
        &self,
        service: &Service,
        permission: &Permission,
        stage: &Stage<'_>,
        parts: &[PartReport],
    ) -> Result<Option<Value>, Box<Failure>> {
        let drawn = match &stage.composite.shows {
            Shows::Answer(drawing) => stage.answer(drawing, parts),
            Shows::Form(form) => stage.filled(form, parts),
        };
        let mut data = drawn.map_err(|unasked| Box::new(unasked.failure(HOUSE)))?;
        if let Some(data) = &mut data {
            service.accept_answer(data).map_err(|fault| Box::new(ours(&service.name, &fault)))?;
            permission.mask(data);
        }
        Ok(data)
    }

    /// What records that were refused say of their subject otherwise than was asked, as far as this client may see it: the
    /// part has failed, and nothing of it is taken over, but that agencies contradict each other is not kept from anybody.
    fn claims<'p>(
        &self,
        client: &Client,
        purpose: &Purpose,
        parts: &'p [PartReport],
    ) -> BTreeMap<&'p str, Arc<Value>> {
        let piece = |part: &'p PartReport| {
            let PartStatus::Failed(Failure::Fault { fault: Fault::Malformed(reason), .. }) = &part.status
            else {
                return None;
            };
            let claim = reason.claim.as_ref()?;
            let service = self.catalogue().service(&part.service)?;
            let permission = self.policy.decide(client, purpose, service).ok()?;
            Some((part.name.as_str(), permission.masked(&Arc::new(claim.piece().clone()))))
        };
        parts.iter().filter_map(piece).collect()
    }

    /// Contradictions over fields that this client may see of the whole and of every agency named.
    fn conflicts(
        &self,
        service: &Service,
        permission: &Permission,
        composite: &Composite,
        parts: &[PartReport],
        claims: &BTreeMap<&str, Arc<Value>>,
    ) -> Vec<Conflict> {
        // Whole or not at all: an agency's value is not masked by what may be seen of the composite's.
        let shown = composite
            .comparisons
            .iter()
            .filter(|comparison| permission.shows_all(composite.place_of(&comparison.field)));
        let mut said: Vec<(&PartReport, Tree)> = Vec::new();
        for part in parts {
            let answered = part.status.answer().and_then(|answer| answer.data.as_ref());
            if let Some(answer) = answered.or_else(|| claims.get(part.name.as_str())) {
                said.push((part, from_json(answer)));
            }
        }
        let conflict = |comparison: &plan::Comparison| {
            let mut values: Vec<Said> = Vec::new();
            for (part, answer) in &said {
                let told = conflict::values_of(composite, comparison, &part.name, answer);
                let first = values.first().map(|said| &said.value);
                let Some(value) = conflict::nearest(told, first, comparison.manner, &self.units) else {
                    continue;
                };
                values.push(Said { part: part.name.clone(), agency: part.agency.clone(), value });
            }
            let compared = values.iter().map(|said| &said.value);
            let kind = conflict::difference(compared, comparison.manner, &self.units)?;
            let (title, title_en) = composite.titles_of(&comparison.field, service);
            Some(Conflict { field: comparison.field.clone(), title, title_en, kind, values })
        };
        shown.filter_map(conflict).collect()
    }

    /// As old as its oldest part, as fresh as its stalest.
    fn source(&self, service: &Service, parts: &[PartReport]) -> Source {
        let sources = || parts.iter().filter_map(|part| told(&part.status)).map(|answer| &answer.source);
        let used = |cache| sources().any(|source| source.cache == cache);
        let in_order = [CacheUse::Stale, CacheUse::Miss, CacheUse::Revalidated, CacheUse::Hit];
        let oldest = sources().max_by_key(|source| source.age_s);
        Source {
            agency: HOUSE.to_owned(),
            service: service.name.clone(),
            retrieved_at: oldest.map_or_else(|| self.clock.now(), |source| source.retrieved_at.clone()),
            age_s: oldest.map_or(0, |source| source.age_s),
            cache: in_order.into_iter().find(|cache| used(*cache)).unwrap_or(CacheUse::Miss),
            reference: self.road.chance.uuid(),
            fresh_for_s: sources().map(|source| source.fresh_for_s).min().unwrap_or(0),
        }
    }
}

fn failure_of(status: &PartStatus<Answer>) -> Failure {
    match status {
        PartStatus::Denied(refusal) => refusal.clone().into(),
        PartStatus::Failed(failure) => failure.clone(),
        PartStatus::Ok(_) | PartStatus::Stale(_) | PartStatus::Absent(_) => ours("parts", "a settled part"),
    }
}
