//! Documents on the straight road: granted with the answer that tells of them, fetched with a record of their own.

use std::sync::Arc;
use std::time::Duration;

use adapter_api::Fault;
use tokio::time::{Instant, timeout_at};

use super::{Answer, Engine, Question};
use crate::audit::{Entry, Record};
use crate::catalogue::Service;
use crate::client::{Client, Purpose};
use crate::documents::{Document, Grant};
use crate::policy::purpose_findings;
use crate::refusal::Refusal;

/// How long the record of a fetched document may take: as long as a read's deadline usually is.
const AUDIT_WAIT: Duration = Duration::from_secs(5);

impl Engine {
    /// The document of an answer that went to this client for this purpose; `None`: there is none for them.
    ///
    /// A document is personal data like the answer that told of it: no record, no document (F25).
    pub async fn document(
        &self,
        client: &Client,
        purpose: &Purpose,
        id: &str,
        trace_id: &str,
    ) -> Result<Option<Arc<Document>>, Refusal> {
        let findings = purpose_findings(purpose, true);
        if !findings.is_empty() {
            return Err(Refusal::Invalid { findings });
        }
        let record = |subject, entry| Record {
            at: self.clock.now(),
            trace_id: trace_id.to_owned(),
            client: client.id.clone(),
            purpose: purpose.clone(),
            subject,
            entry,
        };
        let ended = |subject, result: &str| {
            let service = "document".to_owned();
            self.audit
                .note(record(subject, Entry::Ended { service, result: result.to_owned(), cache: None }));
        };
        // The rule that let the answer out must hold still; unknown, somebody else's and no longer allowed are told alike (T29).
        let is_allowed = |grant: &Grant| {
            let service = self.catalogue.service(&grant.service);
            service.is_some_and(|service| self.policy.decide(client, purpose, service).is_ok())
        };
        let granted = self.documents.get(id, &client.id, purpose);
        let Some((document, grant)) = granted.filter(|(_, grant)| is_allowed(grant)) else {
            ended(None, "not-found");
            return Ok(None);
        };
        let fields = vec!["/document".to_owned()];
        let permitted = record(
            grant.subject.clone(),
            Entry::Permitted { services: vec![grant.service], agency: grant.agency, fields },
        );
        match timeout_at(Instant::now() + AUDIT_WAIT, self.audit.append(permitted)).await {
            Ok(Ok(())) => {
                ended(grant.subject, "found");
                Ok(Some(document))
            }
            Ok(Err(_)) | Err(_) => Err(Refusal::AuditUnavailable),
        }
    }

    /// Shows the documents of an answer, as it leaves, to whom it goes; a fault where one was dropped meanwhile.
    pub(super) fn grant(
        &self,
        client: &Client,
        question: &Question,
        service: &Service,
        answer: &Answer,
    ) -> Result<(), Fault> {
        let subjects = self.hasher.subjects(&service.subject, &question.query);
        let mut gone = false;
        let mut show = |id: &str| {
            let grant = Grant {
                client: client.id.clone(),
                purpose: question.purpose.clone(),
                service: service.name.clone(),
                agency: answer.source.agency.clone(),
                subject: (!subjects.is_empty()).then(|| subjects.join(" ")),
            };
            gone |= !self.documents.grant(id, grant);
        };
        if let Some(data) = &answer.data {
            service.answer.each_document(data, &mut show);
        }
        let why = "the document was dropped before its answer left";
        if gone { Err(Fault::AdapterFailed { place: why.into() }) } else { Ok(()) }
    }
}
