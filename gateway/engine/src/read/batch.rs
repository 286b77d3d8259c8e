//! What can be said about a batch before the first of its queries is asked.

use adapter_api::Finding;

use crate::client::Client;
use crate::policy::purpose_findings;
use crate::read::{Engine, Question};
use crate::refusal::Refusal;

impl Engine {
    /// Whether a batch of such questions may begin: a service of one agency, a purpose that is stated, a client that may.
    ///
    /// The query is not looked at. Each question still goes the whole road on its own; this only tells once what would be told
    /// for each of them. Composites are no service of a batch (`not-in-batch`): one of their queries is a fan-out already.
    pub fn may_begin(&self, client: &Client, question: &Question) -> Result<(), Refusal> {
        if self.composites.holds(&question.service) {
            let finding = Finding {
                pointer: Some("/service".to_owned()),
                code: Some("not-in-batch".to_owned()),
                ..Finding::default()
            };
            return Err(Refusal::Invalid { findings: vec![finding] });
        }
        let service = self.service(client, &question.service)?;
        let findings = purpose_findings(&question.purpose, service.is_personal());
        if !findings.is_empty() {
            return Err(Refusal::Invalid { findings });
        }
        self.permit(client, question, &service).map(|_permission| ())
    }
}
