//! Operations: services, helpers, the order of exchanges, what a write must declare, the subject (C9, C10).

use crate::agency::{Agency, CredentialKind, ExchangePlan, Operation, Repeat};
use crate::language::syntax::{Decision, Path, Root, Rule, Verdict};
use crate::schema::{ServiceShape, Shape};

use super::mention::{Mention, of_exchange};
use super::nearest::meant;
use super::send::{Conversation, writes};
use super::{Checker, Demand};

/// Names of ours that say who somebody is.
const IDENTIFYING: [&str; 4] = ["personal_id", "old_id", "id_number", "insurance_number"];

impl<'a> Checker<'a> {
    /// Every operation with its exchanges.
    pub(super) fn operations(&mut self) {
        for (name, operation) in &self.agency.operations {
            self.helpers(name, operation);
            let Some(shape) = self.service_of(name, operation) else { continue };
            let plans = self.plans_of(name, operation);
            let write = plans.iter().any(|(_, plan)| writes(plan));
            let conversation = Conversation {
                operation: Some(operation),
                exchanges: plans.iter().map(|(name, _)| *name).collect(),
                query: Some(shape.query.clone()),
                answer: shape.answer.clone(),
                reference: write || operation.helps.is_some(),
            };
            self.reached.clear();
            for (exchange, plan) in &plans {
                self.exchange(exchange, plan, &conversation);
            }
            // Of a conversation that is not whole nothing more can be said.
            if plans.is_empty() || plans.len() < operation.exchanges.len() {
                continue;
            }
            self.order(name, operation, &plans);
            self.together_used(name, operation, &plans);
            self.paths_of_query("unused", &operation.unused, (name, operation), shape);
            if operation.helps.is_none() {
                self.write_declares(name, operation, (&plans, write));
                self.subject(name, operation, shape, write);
                self.reach(name, operation, &shape.query);
            }
        }
    }

    /// The exchanges by which sessions are opened.
    pub(super) fn logins(&mut self) {
        for (name, credential) in &self.agency.credentials {
            let CredentialKind::SessionLogin { exchange, .. } = &credential.kind else { continue };
            let Some((exchange, plan)) = self.agency.exchanges.get_key_value(exchange) else {
                let help = meant(exchange, self.agency.exchanges.keys().map(String::as_str));
                let message = format!("there is no exchange `{exchange}` to log in by");
                self.error("C10", (&credential.place, &format!("credentials.{name}")), message, help);
                continue;
            };
            let exchanges = vec![exchange.as_str()];
            let login = Conversation {
                operation: None,
                exchanges,
                query: None,
                answer: Shape::Any,
                reference: false,
            };
            self.exchange(exchange, plan, &login);
        }
    }

    fn service_of(&mut self, name: &str, operation: &Operation) -> Option<&'a ServiceShape> {
        let at = format!("operation.{name}");
        let service = match (&operation.service, &operation.helps) {
            (Some(service), _) => service,
            (None, Some(helped)) => {
                let service =
                    self.agency.operations.get(helped).and_then(|operation| operation.service.as_ref());
                let Some(service) = service else {
                    let help = meant(helped, self.agency.operations.keys().map(String::as_str));
                    let message = format!("`for = \"{helped}\"` names no operation that answers a service");
                    self.error("C10", (&operation.place, &at), message, help);
                    return None;
                };
                service
            }
            // The parser has said it.
            (None, None) => return None,
        };
        let shape = self.schemas.services.get(service);
        if shape.is_none() {
            let help = meant(service, self.schemas.services.keys().map(String::as_str));
            self.error("C10", (&operation.place, &at), format!("there is no service `{service}`"), help);
        }
        shape
    }

    fn helpers(&mut self, name: &str, operation: &Operation) {
        let at = format!("operation.{name}");
        for (key, helper) in [("find", &operation.find), ("look", &operation.look)] {
            let Some(helper) = helper else { continue };
            let spot = (&operation.place, at.as_str());
            let Some(found) = self.agency.operations.get(helper) else {
                let help = meant(helper, self.agency.operations.keys().map(String::as_str));
                self.error("C10", spot, format!("`{key} = \"{helper}\"` names no operation"), help);
                continue;
            };
            if found.helps.as_deref() != Some(name) {
                let message = format!("`{key} = \"{helper}\"` is no operation for `{name}`");
                self.error("C10", spot, message, format!("write `for = \"{name}\"` in [operation.{helper}]"));
            }
            let plans = found.exchanges.iter().filter_map(|exchange| self.agency.exchanges.get(exchange));
            if plans.into_iter().any(writes) {
                let message =
                    format!("`{key} = \"{helper}\"` writes, so asking would itself change something");
                self.error("C10", spot, message, "let it use exchanges of kind `read` only");
            }
        }
    }

    /// The exchanges of an operation that exist.
    fn plans_of(&mut self, name: &str, operation: &'a Operation) -> Vec<(&'a str, &'a ExchangePlan)> {
        let at = format!("operation.{name}.exchanges");
        let spot = (&operation.place, at.as_str());
        if operation.exchanges.is_empty() {
            self.error("C10", spot, format!("the operation `{name}` has no exchange"), "name at least one");
        }
        let mut plans: Vec<(&str, &ExchangePlan)> = Vec::new();
        for exchange in &operation.exchanges {
            match self.agency.exchanges.get_key_value(exchange) {
                Some((exchange, _)) if plans.iter().any(|(other, _)| other == exchange) => {
                    let message = format!("the exchange `{exchange}` stands twice in `{name}`");
                    self.error("C10", spot, message, "a conversation goes forward only: name it once");
                }
                Some((exchange, plan)) => plans.push((exchange, plan)),
                None => {
                    let help = meant(exchange, self.agency.exchanges.keys().map(String::as_str));
                    self.error("C10", spot, format!("there is no exchange `{exchange}`"), help);
                }
            }
        }
        plans
    }

    /// `go` leads forward, and every exchange is reached: by `go`, or because those before may be skipped.
    fn order(&mut self, name: &str, operation: &Operation, plans: &[(&'a str, &'a ExchangePlan)]) {
        let mut reached = vec![plans.first().map(|(name, _)| *name)];
        for (index, (exchange, plan)) in plans.iter().enumerate() {
            let later: Vec<&str> = plans.iter().skip(index + 1).map(|(name, _)| *name).collect();
            for (number, rule) in plan.rules.iter().enumerate() {
                let Decision::Go(target) = &rule.then else { continue };
                if !later.contains(&target.as_str()) {
                    let message = format!("`go = \"{target}\"` does not lead forward in `{name}`");
                    let at = format!("exchange.{exchange}.rules[{number}]");
                    self.error("C9", (&rule.place, &at), message, meant(target, later.iter().copied()));
                }
            }
            if reached.contains(&Some(exchange)) {
                reached.extend(plan.rules.iter().filter_map(gone_to).map(Some));
                reached.push(later.first().copied().filter(|_| plan.when.is_some()));
            }
        }
        for (exchange, _) in plans.iter().filter(|(exchange, _)| !reached.contains(&Some(exchange))) {
            let message = format!("no rule goes to the exchange `{exchange}`");
            let help = format!("add a rule with `go = \"{exchange}\"` before it, or take it out of `{name}`");
            self.error("C9", (&operation.place, &format!("operation.{name}.exchanges")), message, help);
        }
    }

    fn together_used(&mut self, name: &str, operation: &Operation, plans: &[(&str, &ExchangePlan)]) {
        if operation.together.is_some() && !plans.iter().any(|(_, plan)| names(plan, "together", None)) {
            let message = format!("`{name}` says `together`, but no exchange names `$together`");
            let help = "list the references in the request: { each = \"$together\", item = \"reference\" }";
            self.error("C10", (&operation.place, &format!("operation.{name}.together")), message, help);
        }
    }

    /// What an operation that writes must say, and what only such a one may.
    fn write_declares(
        &mut self,
        name: &str,
        operation: &Operation,
        (plans, write): (&[(&str, &ExchangePlan)], bool),
    ) {
        let at = format!("operation.{name}");
        let spot = (&operation.place, at.as_str());
        if !write {
            for (key, _) in [
                ("repeat", operation.repeat.is_some()),
                ("settle_for", operation.settle_for_s.is_some()),
                ("find", operation.find.is_some()),
                ("look", operation.look.is_some()),
            ]
            .iter()
            .filter(|(_, said)| *said)
            {
                let message = format!("`{name}` only reads, so `{key}` says nothing");
                self.error(
                    "C10",
                    spot,
                    message,
                    format!("drop `{key}`, or write `kind = \"write\"` in the exchange"),
                );
            }
            return;
        }
        let referenced = plans.iter().any(|(_, plan)| writes(plan) && self.sends_reference(plan));
        if !referenced && operation.find.is_none() {
            let message = format!("`{name}` writes without `$call.reference` and without `find`");
            self.error(
                "C10",
                spot,
                message,
                "send the reference, or name an operation that finds what was sent",
            );
        }
        if operation.repeat.is_none() && self.strictness.demands(Demand::Repeat) {
            let message = format!("`{name}` writes and does not say `repeat`");
            self.error("C10", spot, message, "say what a second send does: by-reference, by-find or never");
        }
        if operation.settle_for_s.is_none() && self.strictness.demands(Demand::SettleFor) {
            let message = format!("`{name}` writes and does not say `settle_for`");
            self.error(
                "C10",
                spot,
                message,
                "say the agency's longest processing time, e.g. settle_for = \"15 min\"",
            );
        }
        if operation.repeat == Some(Repeat::ByFind) && operation.find.is_none() {
            let message = format!("`{name}` repeats by find and names no `find`");
            self.error("C10", spot, message, "name the operation that finds what was sent: find = …");
        }
        if operation.repeat == Some(Repeat::ByReference) && !(referenced && recognises_repetition(plans)) {
            let message = format!("`{name}` repeats by reference, but a second send is not recognised");
            let help = "send `$call.reference`, and give a rule for the refusal: `already-received` or `go`";
            self.error("C10", spot, message, help);
        }
    }

    fn sends_reference(&self, plan: &ExchangePlan) -> bool {
        names(plan, "call", Some("reference"))
            || of_exchange(plan).iter().any(|mention| {
                let Mention::Shape(name) = mention else { return false };
                self.agency.shapes.get(*name).is_some_and(|drawing| {
                    let mut all = Vec::new();
                    super::mention::of_drawing(drawing, &mut all);
                    all.iter().any(|mention| is_named(mention, "call", Some("reference")))
                })
            })
    }

    /// A read about a person says which field must come back as it was asked.
    fn subject(&mut self, name: &str, operation: &Operation, shape: &ServiceShape, write: bool) {
        let at = format!("operation.{name}.subject");
        let spot = (&operation.place, at.as_str());
        for path in &operation.subject {
            for (side, shape) in [("query", &shape.query), ("answer", &shape.answer)] {
                if !has_path(shape, path) {
                    let message = format!("the subject `{path}` is not in the {side}");
                    self.error("C10", spot, message, "name a field that query and answer both have");
                }
            }
        }
        let demanded = !write && operation.feed_every_s.is_none() && self.strictness.demands(Demand::Subject);
        if demanded && operation.subject.is_empty() && identifies(&shape.answer, &shape.query) {
            let message = format!("`{name}` answers about a person and does not say its `subject`");
            let help = "name what must come back as it was asked: subject = \"personal_id\", or [\"full_name\", \"birth_date\"]";
            self.error("C10", spot, message, help);
        }
    }

    fn paths_of_query(
        &mut self,
        key: &str,
        paths: &[String],
        (name, operation): (&str, &Operation),
        shape: &ServiceShape,
    ) {
        for path in paths.iter().filter(|path| !has_path(&shape.query, path)) {
            let message = format!("`{key}` names `{path}`, which is not in the request schema");
            self.error(
                "C10",
                (&operation.place, &format!("operation.{name}.{key}")),
                message,
                "drop it, or spell it as the schema does",
            );
        }
    }
}

fn gone_to(rule: &Rule) -> Option<&str> {
    match &rule.then {
        Decision::Go(target) => Some(target),
        Decision::Verdict(_) | Decision::Event(_) => None,
    }
}

fn recognises_repetition(plans: &[(&str, &ExchangePlan)]) -> bool {
    plans
        .iter()
        .filter(|(_, plan)| writes(plan))
        .flat_map(|(_, plan)| &plan.rules)
        .any(|rule| matches!(rule.then, Decision::Go(_) | Decision::Verdict(Verdict::AlreadyReceived)))
}

/// Whether an exchange names `$root` (and this step of it).
fn names(plan: &ExchangePlan, root: &str, step: Option<&str>) -> bool {
    of_exchange(plan).iter().any(|mention| is_named(mention, root, step))
}

fn is_named(mention: &Mention<'_>, root: &str, step: Option<&str>) -> bool {
    let Mention::Path(Path { root: Root::Named { name, .. }, steps, .. }) = mention else { return false };
    name == root && step.is_none_or(|step| steps.first().is_some_and(|first| first.name == step))
}

/// Whether a dotted path leads somewhere in a shape.
pub(super) fn has_path(shape: &Shape, path: &str) -> bool {
    let mut shape = shape;
    for step in path.split('.').map(|step| step.trim_end_matches('?')) {
        while let Shape::List(inner) = shape {
            shape = inner;
        }
        match (shape, shape.property(step)) {
            (Shape::Any, _) => return true,
            (_, Some(property)) => shape = &property.shape,
            (_, None) => return false,
        }
    }
    true
}

/// Whether an answer says who somebody is, or the query asks for somebody and the answer shares a field with it.
fn identifies(answer: &Shape, query: &Shape) -> bool {
    names_somebody(answer) || (names_somebody(query) && shares_field(answer, query))
}

fn names_somebody(shape: &Shape) -> bool {
    let Shape::Object(properties) = shape else { return false };
    let has = |name: &str| shape.property(name).is_some();
    IDENTIFYING.into_iter().any(has)
        || (has("full_name") && has("birth_date"))
        || properties.iter().any(|property| names_somebody(&property.shape))
}

fn shares_field(answer: &Shape, query: &Shape) -> bool {
    let Shape::Object(properties) = answer else { return false };
    properties.iter().any(|property| query.property(&property.name).is_some())
}

/// Every operation that somebody's `find` or `look` names.
pub(super) fn helping(agency: &Agency) -> impl Iterator<Item = &str> {
    agency
        .operations
        .values()
        .flat_map(|operation| operation.find.iter().chain(&operation.look))
        .map(String::as_str)
}
