//! The rules of an exchange: order, evidence, and what they look into (C9).

use std::collections::BTreeSet;

use crate::agency::ExchangePlan;
use crate::diagnostic::Place;
use crate::fault::Kind;
use crate::language::syntax::{Condition, Decision, Expression, Head, Node, Path, Root, Rule, Test, Verdict};
use crate::language::text::is_negated;
use crate::wire::Format;

use super::Checker;
use super::conditions::is_positive;
use super::hidden::{hiding, holds_for_good};
use super::known::{Scope, Talk, Way};
use super::path::bare;

/// No chain of lets is longer; a circle is reported as C15.
const LETS_MAX: usize = 64;

impl<'a> Checker<'a> {
    /// The carriers' rules, in the order in which they are tried.
    pub(super) fn carriers_rules(&self, plan: &ExchangePlan) -> Vec<(&'a str, &'a Rule)> {
        let through = plan.through.as_ref().unwrap_or(&self.agency.through);
        let files = through.iter().filter_map(|name| self.agency.carrier_rules.get_key_value(name));
        files.flat_map(|(name, rules)| rules.iter().map(move |rule| (name.as_str(), rule))).collect()
    }

    /// Every rule of an exchange, the carriers' first.
    pub(super) fn rules(&mut self, plan: &'a ExchangePlan, scope: &Scope<'a>) {
        let carriers = self.carriers_rules(plan);
        for (index, (carrier, rule)) in carriers.iter().enumerate() {
            let scope = Scope { at: format!("carriers.{carrier}"), ..scope.clone() };
            self.text_of_good_replies(rule, plan.reply, &scope.at);
            self.conditions(&rule.when, &scope);
            let earlier: Vec<&Rule> = carriers
                .iter()
                .take(index)
                .filter(|(name, _)| name == carrier)
                .map(|(_, rule)| *rule)
                .collect();
            self.hidden_rule(&earlier, rule, &scope);
        }
        let mut earlier: Vec<&Rule> = carriers.iter().map(|(_, rule)| *rule).collect();
        if plan.rules.is_empty() {
            let message =
                format!("the exchange `{}` has no rules, so no reply of it means anything", scope.talk.name);
            self.error("C9", (&plan.place, &scope.at), message, "say what its replies mean: rules = [ … ]");
        }
        for (index, rule) in plan.rules.iter().enumerate() {
            let scope = Scope { at: format!("{}.rules[{index}]", scope.at), ..scope.clone() };
            self.conditions(&rule.when, &scope);
            self.text_of_good_replies(rule, plan.reply, &scope.at);
            self.hidden_rule(&earlier, rule, &scope);
            if let Decision::Verdict(verdict) = rule.then {
                self.verdict(verdict, rule, plan, &scope);
            }
            earlier.push(rule);
        }
    }

    fn hidden_rule(&mut self, earlier: &[&Rule], rule: &Rule, scope: &Scope<'a>) {
        if let Some(hiding) = hiding(earlier, rule, scope.talk.inbound) {
            let message =
                format!("this rule is never reached: the rule at {} holds whenever it does", hiding.place);
            self.error("C9", (&rule.place, &scope.at), message, "put the narrower rule first, or drop it");
        }
    }

    fn text_of_good_replies(&mut self, rule: &Rule, reply: Format, at: &str) {
        let looks = rule.when.conditions.iter().find(|condition| bare(&condition.path) == "$reply.text");
        if let Some(condition) = looks.filter(|_| reply != Format::Text && holds_for_good(&rule.when)) {
            let message =
                "`$reply.text` is looked into for a good reply, which may hold the same words".to_owned();
            let help = "add \"$reply.status\" with statuses outside 2xx, or test a field of the reply";
            self.error("C9", (&condition.place, at), message, help);
        }
    }

    fn verdict(&mut self, verdict: Verdict, rule: &Rule, plan: &ExchangePlan, scope: &Scope<'a>) {
        let spot = (&rule.place, scope.at.as_str());
        let word = verdict.word();
        let misplaced = match verdict {
            Verdict::Found | Verdict::Page => plan.kind == Kind::Write,
            Verdict::Accepted | Verdict::AlreadyReceived => {
                !scope.talk.reference && scope.talk.query.is_some()
            }
            Verdict::Completed => {
                !scope.talk.reference && scope.talk.query.is_some() && plan.kind == Kind::Read
            }
            _ => false,
        };
        if misplaced {
            let (kind, help) = match plan.kind {
                Kind::Write => ("writes", "a write is `accepted`, `pending` or `completed`"),
                Kind::Read => ("reads", "a read is `found`, `absent` or a `page`"),
            };
            self.error("C9", spot, format!("`{word}` from an exchange that {kind}"), help);
        }
        if verdict.is_success() {
            self.positive_sign(word, rule, scope);
            self.negated_phrases(verdict, rule, scope);
        }
        if verdict == Verdict::Absent {
            self.evidence(rule, scope);
        }
    }

    /// Success needs something in this reply that says so.
    pub(super) fn positive_sign(&mut self, word: &str, rule: &Rule, scope: &Scope<'a>) {
        let signs = rule.when.conditions.iter().any(|condition| {
            condition.tests.iter().any(is_positive) && is_of_this_reply(&condition.path, &scope.talk)
        });
        if !signs {
            let message = format!("`{word}` without any positive sign in the reply");
            let help = "test a field of the reply that is only there when it is true";
            self.error("C9", (&rule.place, &scope.at), message, help);
        }
    }

    fn negated_phrases(&mut self, verdict: Verdict, rule: &Rule, scope: &Scope<'a>) {
        if verdict == Verdict::Absent {
            return;
        }
        for condition in &rule.when.conditions {
            for phrase in phrases(condition).filter(|phrase| is_negated(phrase)) {
                let message =
                    format!("`{}` is decided by a phrase that is itself negated: `{phrase}`", verdict.word());
                let help = "test a phrase that affirms, or the whole sentence as an equal";
                self.error("C9", (&condition.place, &scope.at), message, help);
            }
        }
    }

    /// `absent` because something is empty needs to see what would hold it.
    fn evidence(&mut self, rule: &Rule, scope: &Scope<'a>) {
        let conditions = &rule.when.conditions;
        let shown: BTreeSet<String> = conditions
            .iter()
            .filter(|condition| {
                condition
                    .tests
                    .iter()
                    .any(|test| matches!(test, Test::Exists(true) | Test::Empty(false) | Test::List(true)))
            })
            .map(|condition| base(&condition.path, &scope.talk))
            .collect();
        for condition in conditions {
            if !condition.tests.iter().any(|test| matches!(test, Test::Empty(true) | Test::Exists(false))) {
                continue;
            }
            let empty = base(&condition.path, &scope.talk);
            if !shown.iter().any(|shown| empty == *shown || empty.starts_with(&format!("{shown}."))) {
                let message = format!(
                    "`absent` because `{}` is empty, but nothing shows that it could be there",
                    condition.path.text
                );
                let help = format!("also demand `exists = true` of `{empty}`, or of what holds it");
                self.error("C9", (&condition.place, &scope.at), message, help);
            }
        }
    }

    /// Each page is judged by the rules before the next is asked.
    pub(super) fn page_rules(&mut self, plan: &ExchangePlan, scope: &Scope<'a>) {
        let Some(pages) = &plan.pages else { return };
        let items = bare(&pages.items);
        let judged = plan.rules.iter().flat_map(|rule| &rule.when.conditions).any(|condition| {
            let tested = bare(&condition.path);
            !tested.starts_with('$') && (items == tested || items.starts_with(&format!("{tested}.")))
        });
        if !judged {
            let message =
                format!("no rule looks at `{items}` or at what holds it, so a page cannot be judged");
            let help = format!("let the rules that succeed also demand \"{items}\" = {{ exists = true }}");
            self.error("C9", (&pages.place, &format!("{}.pages", scope.talk.name)), message, help);
        }
    }

    /// A block of an outcome must not be cut out of the raw text, of which only the beginning is kept.
    pub(super) fn no_raw_text(&mut self, path: &Path, place: &Place, scope: &Scope<'a>) {
        if scope.talk.reply_format != Format::Text && base(path, &scope.talk) == "$reply.text" {
            let message =
                "an outcome is drawn from `$reply.text`, of which only the beginning is kept".to_owned();
            self.error("C9", (place, &scope.at), message, "name the field of the reply");
        }
    }
}

fn phrases(condition: &Condition) -> impl Iterator<Item = &String> {
    condition
        .tests
        .iter()
        .filter_map(|test| if let Test::Contains(phrases) = test { Some(phrases) } else { None })
        .flatten()
}

/// Whether a path looks into this reply, not into the call or an earlier one; a bare status says nothing.
fn is_of_this_reply(path: &Path, talk: &Talk<'_>) -> bool {
    let base = base(path, talk);
    let root = base.strip_prefix('$').map(|rest| rest.split('.').next().unwrap_or(rest));
    match root {
        None | Some("items") => true,
        Some("reply") => base != super::hidden::STATUS && base != "$reply.type",
        Some(name) => talk.lets.get(name).is_some_and(|(way, _)| *way == Way::Read),
    }
}

/// The path in the reply that a path stands on: `$mine.state` → `value`, if `mine` picks from `value`.
pub(super) fn base(path: &Path, talk: &Talk<'_>) -> String {
    base_within(path, talk, LETS_MAX)
}

fn base_within(path: &Path, talk: &Talk<'_>, left: usize) -> String {
    let Root::Named { name, .. } = &path.root else { return bare(path) };
    if let Some(pages) = talk.pages.filter(|_| name == "items") {
        return bare(&pages.items);
    }
    let Some((_, expression)) = talk.lets.get(name.as_str()) else { return bare(path) };
    match source(expression) {
        Some((below, whole)) if left > 0 => {
            let below = base_within(below, talk, left - 1);
            let rest = bare(path).split_once('.').map(|(_, rest)| rest.to_owned());
            match rest.filter(|_| whole) {
                Some(rest) => format!("{below}.{rest}"),
                None => below,
            }
        }
        Some(_) | None => bare(path),
    }
}

/// The one path an expression reads, and whether it gives it whole.
fn source(expression: &Expression) -> Option<(&Path, bool)> {
    match &expression.node {
        Node::Path(path) => Some((path, true)),
        Node::Form(form) => match &form.head {
            Head::Path(path) => Some((path, false)),
            Head::Each { source: rows, .. } | Head::One { source: rows } => {
                source(rows).map(|(path, _)| (path, false))
            }
            Head::Const(_) | Head::First(_) | Head::Join { .. } | Head::Secret(_) | Head::Object(_) => None,
        },
        Node::Constant(_) | Node::List(_) | Node::Drawing(_) => None,
    }
}
