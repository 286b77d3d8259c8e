//! Messages an agency sends on its own: whose they are, what they mean, how they are answered (C14).

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::agency::{InboundPlan, Verify};
use crate::language::syntax::{Decision, Rule};
use crate::schema::Shape;

use super::Checker;
use super::known::{Scope, Talk, Way};
use super::nearest::meant;
use super::path::FIXED_ROOTS;
use super::send::last_name;

/// The answers an agency can be given.
const ANSWERS: [&str; 3] = ["stored", "unknown", "refused"];

impl<'a> Checker<'a> {
    /// Every inbound message.
    pub(super) fn messages(&mut self) {
        for (name, plan) in &self.agency.inbound {
            let talk = Rc::new(talk_of(name, plan));
            let read = Scope::new(&talk, Way::Read, name.as_str());
            for (let_name, expression) in &plan.lets {
                if FIXED_ROOTS.contains(&let_name.as_str()) {
                    let message = format!("`${let_name}` means something else already");
                    self.error(
                        "C2",
                        (&expression.place, &format!("let.{let_name}")),
                        message,
                        "choose another name",
                    );
                }
            }
            self.lets(&talk, &read);
            self.verified(name, plan);
            self.known_by(plan, &read);
            self.message_rules(plan, &read);
            self.events(plan, &read);
            self.answers(plan, &talk);
        }
    }

    fn verified(&mut self, name: &str, plan: &InboundPlan) {
        let at = format!("inbound.{name}");
        match &plan.verify {
            None => {
                let message = format!("the message `{name}` has no `verify`: anybody could send it");
                let help = "verify = { seal = NAME }, or { equals = SECRET, field = NAME }";
                self.error("C14", (&plan.place, &at), message, help);
            }
            Some(Verify::Seal(seal)) => self.seal_named(seal, plan, &at),
            Some(Verify::Equals { .. }) => {}
        }
        if let Some(seal) = &plan.sign {
            self.seal_named(seal, plan, &at);
        }
    }

    fn seal_named(&mut self, seal: &str, plan: &InboundPlan, at: &str) {
        if !self.agency.seals.contains_key(seal) {
            let help = meant(seal, self.agency.seals.keys().map(String::as_str));
            self.error("C14", (&plan.place, at), format!("there is no seal `{seal}`"), help);
        }
    }

    /// The paths by which a message finds its case and its duplicates.
    fn known_by(&mut self, plan: &'a InboundPlan, read: &Scope<'a>) {
        let scope = Scope { at: format!("inbound.{}", read.talk.name), ..read.clone() };
        for path in plan.same.iter().chain([&plan.code]) {
            self.path(path, &plan.place, &scope);
        }
        if plan.same.is_empty() {
            let message = "no field says that two messages are the same".to_owned();
            self.error("C14", (&plan.place, &scope.at), message, "name them: same = [ … ]");
        }
        if let Some(at) = &plan.at {
            let moment = Shape::Scalar(crate::schema::Scalar::Moment);
            self.expression(at, &scope.below("at"), &moment);
        }
    }

    fn message_rules(&mut self, plan: &'a InboundPlan, read: &Scope<'a>) {
        let mut earlier: Vec<&Rule> = Vec::new();
        for (index, rule) in plan.rules.iter().enumerate() {
            let scope = Scope { at: format!("inbound.{}.rules[{index}]", read.talk.name), ..read.clone() };
            self.conditions(&rule.when, &scope);
            if let Decision::Event(event) = &rule.then {
                self.positive_sign(event, rule, &scope);
            }
            if let Some(hiding) = super::hidden::hiding(&earlier, rule, true) {
                let message = format!(
                    "this rule is never reached: the rule at {} holds whenever it does",
                    hiding.place
                );
                self.error(
                    "C9",
                    (&rule.place, &scope.at),
                    message,
                    "put the narrower rule first, or drop it",
                );
            }
            earlier.push(rule);
        }
    }

    fn events(&mut self, plan: &'a InboundPlan, read: &Scope<'a>) {
        let given: BTreeSet<&str> = plan
            .rules
            .iter()
            .filter_map(
                |rule| if let Decision::Event(event) = &rule.then { Some(event.as_str()) } else { None },
            )
            .collect();
        for (event, schema) in &plan.events {
            let scope = read.below(event);
            let spot = (&plan.place, scope.at.as_str());
            if !given.contains(event.as_str()) {
                self.error(
                    "C11",
                    spot,
                    format!("no rule gives the event `{event}`"),
                    "add a rule, or drop the event",
                );
            }
            let Some(wanted) = self.schemas.events.get(schema) else {
                let help = meant(schema, self.schemas.events.keys().map(String::as_str));
                self.error("C14", spot, format!("there is no event schema `{schema}`"), help);
                continue;
            };
            match plan.event_drawings.get(event) {
                Some(drawing) => {
                    self.drawing(drawing, &scope, wanted);
                }
                None => {
                    let message = format!("the event `{event}` is not drawn");
                    self.error("C14", spot, message, format!("draw it in [{}.{event}]", read.talk.name));
                }
            }
        }
    }

    fn answers(&mut self, plan: &'a InboundPlan, talk: &Rc<Talk<'a>>) {
        let seal = plan.sign.as_ref().and_then(|seal| self.agency.seals.get_key_value(seal));
        for answer in ANSWERS {
            let scope = Scope::new(talk, Way::Write, format!("{}.answer.{answer}", talk.name));
            let Some(drawing) = plan.answers.get(answer) else {
                let message = format!("the message `{}` has no answer `{answer}`", talk.name);
                let help = format!("draw it in [{}.answer.{answer}]", talk.name);
                self.error("C14", (&plan.place, &scope.at), message, help);
                continue;
            };
            self.drawing(drawing, &scope, &Shape::Any);
            let Some((name, seal)) = seal else { continue };
            let drawn = |field: &str| drawing.fields.iter().any(|drawn| drawn.name == last_name(field));
            for field in seal.fields.iter().filter(|field| !drawn(field)) {
                let message = format!("the seal `{name}` covers `{field}`, which the answer does not draw");
                self.error(
                    "C14",
                    (&drawing.place, &scope.at),
                    message,
                    "draw it, or take it out of the seal's fields",
                );
            }
        }
    }
}

fn talk_of<'a>(name: &'a str, plan: &'a InboundPlan) -> Talk<'a> {
    Talk {
        name,
        query: None,
        answer: Shape::Any,
        reference: false,
        together: false,
        feed: false,
        pages: None,
        before: Vec::new(),
        reply_format: plan.format,
        inbound: true,
        lets: plan.lets.iter().map(|(name, expression)| (name.as_str(), (Way::Read, expression))).collect(),
    }
}
