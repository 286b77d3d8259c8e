//! One exchange within its conversation: what is drawn, what comes back, the blocks of its verdicts (C1, C5, C9, C14, C15).

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::agency::{ExchangePlan, Operation};
use crate::diagnostic::Place;
use crate::fault::Kind;
use crate::language::syntax::{Decision, Verdict};
use crate::schema::{Scalar, Shape};

use super::Checker;
use super::known::{Scope, Talk, Way, property, text};
use super::mention::{Mention, of_drawing};
use super::nearest::meant;
use super::path::FIXED_ROOTS;

/// A conversation: the operation with its query and answer, or a login without.
pub(super) struct Conversation<'a> {
    pub operation: Option<&'a Operation>,
    pub exchanges: Vec<&'a str>,
    pub query: Option<Shape>,
    pub answer: Shape,
    pub reference: bool,
}

impl<'a> Checker<'a> {
    /// Checks one exchange of a conversation.
    pub(super) fn exchange(
        &mut self,
        name: &'a str,
        plan: &'a ExchangePlan,
        conversation: &Conversation<'a>,
    ) {
        let talk = Rc::new(talk_of(name, plan, conversation));
        self.let_names(plan);
        let write = Scope { sending: true, ..Scope::new(&talk, Way::Write, name) };
        if let Some(when) = &plan.when {
            self.conditions(when, &Scope { at: format!("exchange.{name}"), ..write.clone() });
        }
        self.requests(plan, &write);
        self.holes(plan, name);
        let read = Scope::new(&talk, Way::Read, name);
        self.lets(&talk, &read);
        self.rules(plan, &read);
        self.page_rules(plan, &read);
        self.page_paths(plan, &read);
        self.blocks(plan, &read);
        self.seal_of_request(plan, name);
        self.credentials_named(plan, name);
    }

    fn requests(&mut self, plan: &'a ExchangePlan, write: &Scope<'a>) {
        let guards = plan.when.as_ref().map(super::conditions::shown_to_be_there).unwrap_or_default();
        let send = &plan.send;
        let parts =
            [("url", &send.url), ("query", &send.query), ("headers", &send.headers), ("body", &send.body)];
        for (part, drawing) in parts {
            let scope =
                Scope { at: format!("{}.send.{part}", write.at), guards: guards.clone(), ..write.clone() };
            if let Some(drawing) = drawing {
                self.drawing(drawing, &scope, &Shape::Any);
            }
        }
    }

    /// Every `let` where it stands, used or not.
    pub(super) fn lets(&mut self, talk: &Rc<Talk<'a>>, scope: &Scope<'a>) {
        for (name, (way, expression)) in &talk.lets {
            self.expression(expression, &scope.of_let(name, *way), &Shape::Any);
        }
    }

    /// A `let` must not take the name of a root or of an exchange.
    fn let_names(&mut self, plan: &'a ExchangePlan) {
        for (name, expression) in plan.send.lets.iter().chain(&plan.reply_lets) {
            let twice = plan.send.lets.contains_key(name) && plan.reply_lets.contains_key(name);
            if twice || FIXED_ROOTS.contains(&name.as_str()) || self.agency.exchanges.contains_key(name) {
                let message = format!("`${name}` means something else already");
                self.error("C2", (&expression.place, &format!("let.{name}")), message, "choose another name");
            }
        }
    }

    /// The path's holes and the values for them.
    fn holes(&mut self, plan: &ExchangePlan, name: &str) {
        let holes: BTreeSet<&str> = plan
            .path
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split_once('}'))
            .map(|(hole, _)| hole)
            .collect();
        let fields = plan.send.url.as_ref().map(|url| url.fields.as_slice()).unwrap_or_default();
        for hole in holes.iter().filter(|hole| !fields.iter().any(|field| field.name == **hole)) {
            let message = format!("nothing fills the hole `{{{hole}}}` of the path");
            let help = format!("add `{hole} = …` to [{name}.send.url]");
            self.error("C1", (&plan.place, &format!("exchange.{name}.send")), message, help);
        }
        for field in fields.iter().filter(|field| !holes.contains(field.name.as_str())) {
            let message = format!("the path has no hole `{{{}}}`", field.name);
            let help = meant(&field.name, holes.iter().copied());
            self.error("C1", (&field.place, &format!("{name}.send.url.{}", field.name)), message, help);
        }
    }

    fn page_paths(&mut self, plan: &'a ExchangePlan, read: &Scope<'a>) {
        let Some(pages) = &plan.pages else { return };
        let scope = Scope { at: format!("{}.pages", read.at), ..read.clone() };
        for path in [&pages.items, &pages.cursor].into_iter().chain(&pages.same) {
            self.path(path, &pages.place, &scope);
        }
    }

    /// The block of each verdict the rules can give, against what that verdict must carry.
    fn blocks(&mut self, plan: &'a ExchangePlan, read: &Scope<'a>) {
        let carriers = self.carriers_rules(plan).into_iter().map(|(_, rule)| rule);
        let mut first: BTreeMap<Verdict, &Place> = BTreeMap::new();
        for rule in plan.rules.iter().chain(carriers) {
            if let Decision::Verdict(verdict) = rule.then {
                first.entry(verdict).or_insert(&rule.place);
            }
        }
        for (verdict, place) in first {
            let word = verdict.word();
            let scope = read.below(word);
            let wanted = wanted(verdict, &scope.talk);
            match plan.verdicts.get(word) {
                Some(drawing) => {
                    let scope = Scope { outcome: !verdict.is_fault(), ..scope };
                    self.drawing(drawing, &scope, &wanted);
                }
                None => self.block_missing(word, place, &wanted, &scope),
            }
        }
    }

    fn block_missing(&mut self, word: &str, place: &Place, wanted: &Shape, scope: &Scope<'a>) {
        let Shape::Object(properties) = wanted else { return };
        let required: Vec<&str> = properties
            .iter()
            .filter(|property| property.required)
            .map(|property| property.name.as_str())
            .collect();
        if !required.is_empty() {
            let message = format!("`{word}` has no block, but must carry {}", required.join(", "));
            let help = format!("draw it in [{}.{word}]", scope.talk.name);
            self.error("C5", (place, &scope.at), message, help);
        }
    }

    fn seal_of_request(&mut self, plan: &ExchangePlan, name: &str) {
        let Some(seal_name) = &plan.seal else { return };
        let at = format!("exchange.{name}.seal");
        let Some(seal) = self.agency.seals.get(seal_name) else {
            let help = meant(seal_name, self.agency.seals.keys().map(String::as_str));
            self.error("C14", (&plan.place, &at), format!("there is no seal `{seal_name}`"), help);
            return;
        };
        let mut mentions = Vec::new();
        for drawing in [&plan.send.body, &plan.send.query].into_iter().flatten() {
            of_drawing(drawing, &mut mentions);
        }
        let drawn: BTreeSet<&str> = mentions
            .iter()
            .filter_map(|mention| if let Mention::Field(name) = mention { Some(*name) } else { None })
            .collect();
        for field in seal.fields.iter().filter(|field| !drawn.contains(last_name(field))) {
            let message = format!("the seal `{seal_name}` covers `{field}`, which the request does not draw");
            self.error("C14", (&plan.place, &at), message, "draw it, or take it out of the seal's fields");
        }
    }

    fn credentials_named(&mut self, plan: &ExchangePlan, name: &str) {
        for credential in plan.credentials.iter().filter(|name| !self.agency.credentials.contains_key(*name))
        {
            let help = meant(credential, self.agency.credentials.keys().map(String::as_str));
            let message = format!("there are no credentials `{credential}`");
            self.report(
                crate::diagnostic::Diagnostic::error(
                    "C10",
                    &plan.place,
                    format!("exchange.{name}.credentials"),
                    message,
                )
                .help(help),
            );
        }
    }
}

/// The last name of a dotted wire field.
pub(super) fn last_name(field: &str) -> &str {
    field.rsplit('.').next().unwrap_or(field)
}

fn talk_of<'a>(name: &'a str, plan: &'a ExchangePlan, conversation: &Conversation<'a>) -> Talk<'a> {
    let sends = plan.send.lets.iter().map(|(name, expression)| (name.as_str(), (Way::Write, expression)));
    let replies = plan.reply_lets.iter().map(|(name, expression)| (name.as_str(), (Way::Read, expression)));
    let operation = conversation.operation;
    Talk {
        name,
        query: conversation.query.clone(),
        answer: conversation.answer.clone(),
        reference: conversation.reference,
        together: operation.is_some_and(|operation| operation.together.is_some()),
        feed: operation.is_some_and(|operation| operation.feed_every_s.is_some()),
        pages: plan.pages.as_ref(),
        before: conversation.exchanges.iter().copied().take_while(|other| *other != name).collect(),
        reply_format: plan.reply,
        inbound: false,
        lets: sends.chain(replies).collect(),
    }
}

/// What a verdict's block must be (`reference/mapping.md` 1.5).
fn wanted(verdict: Verdict, talk: &Talk<'_>) -> Shape {
    let integer = Shape::Scalar(Scalar::Integer);
    match verdict {
        Verdict::Found | Verdict::Completed => talk.answer.clone(),
        Verdict::Page => page(&talk.answer),
        // References of any kind may be told.
        Verdict::Accepted | Verdict::AlreadyReceived => Shape::Any,
        Verdict::Pending => Shape::Object(vec![
            property("state", false, text()),
            property("reference", false, text()),
            property("look_again_s", false, integer),
        ]),
        Verdict::Supplement => {
            Shape::Object(vec![property("wanted", true, text()), property("until", false, text())])
        }
        Verdict::Declined => {
            Shape::Object(vec![property("reason", true, text()), property("code", false, text())])
        }
        // These say all by themselves; a field drawn for them would go nowhere.
        Verdict::Absent
        | Verdict::Malformed
        | Verdict::Unavailable
        | Verdict::Overloaded
        | Verdict::Uncertain
        | Verdict::Renew => Shape::Object(Vec::new()),
        Verdict::Rejected => {
            let finding = ["agency_field", "message", "code"].map(|name| property(name, false, text()));
            let findings = Shape::List(Box::new(Shape::Object(finding.to_vec())));
            Shape::Object(vec![property("code", false, text()), property("findings", false, findings)])
        }
    }
}

/// A page of a feed: rows as the service answers them, each with its duplicate key, and where to go on.
fn page(answer: &Shape) -> Shape {
    let row = match answer.property("items").map(|items| &items.shape) {
        Some(Shape::List(row)) => (**row).clone(),
        Some(_) | None => Shape::Any,
    };
    let row = match row {
        Shape::Object(mut fields) => {
            fields.push(property("same", false, text()));
            Shape::Object(fields)
        }
        other => other,
    };
    Shape::Object(vec![
        property("items", true, Shape::List(Box::new(row))),
        property("cursor", false, text()),
        property("more", false, Shape::Scalar(Scalar::Boolean)),
    ])
}

/// Whether an exchange changes something at the agency.
pub(super) fn writes(plan: &ExchangePlan) -> bool {
    plan.kind == Kind::Write
}
