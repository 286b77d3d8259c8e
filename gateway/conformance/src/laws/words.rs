//! Which names of the agency's words decide something: tested by rules, read through closed lists, or shown
//! as evidence.

use std::collections::BTreeSet;

use adapter_api::agency::{Agency, ExchangePlan};
use adapter_api::language::syntax::{
    Conditions, Convert, Drawing, Expression, Form, Head, Node, Path, Root, Rule, Test,
};

use crate::spot::Spot;

/// A let may name a let; no sound agency goes deeper.
const LETS_MAX: usize = 8;

/// Names the last steps of paths, through `let`s.
pub struct Words<'a> {
    agency: &'a Agency,
    plan: &'a ExchangePlan,
}

/// Ways through a reply, by local names.
pub type Names = BTreeSet<Trail>;

/// A way through a reply, by local names: from its top, or, where it begins in a row or a shape, only its
/// end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trail {
    steps: Vec<String>,
    whole: bool,
}

/// Whether one of these ways leads to a place.
pub fn leads_to(names: &Names, spot: &Spot) -> bool {
    names.iter().any(|trail| trail.leads_to(spot))
}

impl Trail {
    fn leads_to(&self, spot: &Spot) -> bool {
        let number = |step: &&str| step.bytes().all(|byte| byte.is_ascii_digit());
        let steps: Vec<&str> = spot
            .path
            .split('.')
            .filter(|step| !number(step))
            .map(|step| step.trim_start_matches('@'))
            .collect();
        let from = steps.len().checked_sub(self.steps.len()).filter(|from| *from == 0 || !self.whole);
        from.and_then(|from| steps.get(from..)).is_some_and(|end| end == self.steps)
    }
}

impl<'a> Words<'a> {
    /// The words of one exchange.
    pub fn of(agency: &'a Agency, plan: &'a ExchangePlan) -> Words<'a> {
        Words { agency, plan }
    }

    /// The rules tried on a reply, the carriers' first.
    pub fn rules(&self) -> impl Iterator<Item = &'a Rule> + use<'a> {
        let carriers = self.plan.through.as_ref().unwrap_or(&self.agency.through);
        let agency = self.agency;
        carriers.iter().filter_map(|name| agency.carrier_rules.get(name)).flatten().chain(&self.plan.rules)
    }

    /// The names whose values rules compare with codes.
    pub fn tested_codes(&self) -> Names {
        let mut names = Names::new();
        for rule in self.rules() {
            self.add_codes(&rule.when, &mut names, true);
        }
        names
    }

    /// Adds the names compared with codes; `top` tests are rules, others guards, where a pattern asks for a
    /// form, not a code.
    fn add_codes(&self, when: &Conditions, names: &mut Names, top: bool) {
        for condition in &when.conditions {
            let is_code =
                |test: &Test| matches!(test, Test::In(_)) || (top && matches!(test, Test::Matches(_)));
            if condition.tests.iter().any(is_code) {
                names.extend(self.trails(&condition.path, top, 0));
            }
        }
    }

    /// The names whose emptiness shows `absent`.
    pub fn emptied(&self) -> Names {
        let mut names = Names::new();
        for condition in self.rules().flat_map(|rule| &rule.when.conditions) {
            if condition.tests.iter().any(|test| matches!(test, Test::Empty(true))) {
                names.extend(self.trails(&condition.path, true, 0));
            }
        }
        names
    }

    /// The names that are read through a list which does not take every code, so that an unknown one is a
    /// fault.
    pub fn closed_lists(&self) -> Names {
        let mut names = Names::new();
        self.visit_forms(&mut |form| {
            if let Some(Convert::Table(table)) = &form.modifiers.convert
                && self.is_closed(table)
            {
                self.add_head(&form.head, &mut names, false, 0);
            }
        });
        names
    }

    /// The names tested where the words of an answer are chosen.
    pub fn guards(&self) -> Names {
        let mut names = Names::new();
        self.visit_forms(&mut |form| {
            if let Some(when) = &form.modifiers.when {
                self.add_codes(when, &mut names, false);
            }
        });
        names
    }

    fn is_closed(&self, table: &str) -> bool {
        let table = self.agency.tables.get(table);
        table.is_some_and(|table| {
            table.descriptive.is_none() && table.rows.iter().all(|row| !row.theirs.is_empty())
        })
    }

    fn visit_forms(&self, see: &mut dyn FnMut(&Form)) {
        for expression in self.plan.reply_lets.values() {
            visit_expression(expression, see);
        }
        for drawing in self.plan.verdicts.values().chain(self.agency.shapes.values()) {
            visit_drawing(drawing, see);
        }
    }

    /// The ways a path may take, through `let`s; `top` says that *here* is the whole reply.
    pub fn trails(&self, path: &Path, top: bool, depth: usize) -> Vec<Trail> {
        let own: Vec<String> = path.steps.iter().map(|step| step.name.clone()).collect();
        let Root::Named { name, .. } = &path.root else { return vec![Trail { steps: own, whole: top }] };
        let mut begun = Names::new();
        if let (Some(expression), true) = (self.plan.reply_lets.get(name), depth < LETS_MAX) {
            self.add_expression(expression, &mut begun, true, depth + 1);
        }
        if begun.is_empty() {
            return if own.is_empty() { Vec::new() } else { vec![Trail { steps: own, whole: false }] };
        }
        let longer = begun.into_iter().map(|trail| Trail {
            steps: trail.steps.into_iter().chain(own.iter().cloned()).collect(),
            whole: trail.whole,
        });
        longer.collect()
    }

    fn add_expression(&self, expression: &Expression, names: &mut Names, top: bool, depth: usize) {
        match &expression.node {
            Node::Path(path) => names.extend(self.trails(path, top, depth)),
            Node::List(items) => items.iter().for_each(|item| self.add_expression(item, names, top, depth)),
            Node::Form(form) => self.add_head(&form.head, names, top, depth),
            Node::Drawing(drawing) => {
                drawing.fields.iter().for_each(|field| self.add_expression(&field.value, names, top, depth));
            }
            Node::Constant(_) => {}
        }
    }

    fn add_head(&self, head: &Head, names: &mut Names, top: bool, depth: usize) {
        match head {
            Head::Path(path) => names.extend(self.trails(path, top, depth)),
            Head::First(parts) | Head::Join { parts, .. } => {
                parts.iter().for_each(|part| self.add_expression(part, names, top, depth));
            }
            Head::Each { source, .. } | Head::One { source } => {
                self.add_expression(source, names, top, depth)
            }
            Head::Object(_) | Head::Const(_) | Head::Secret(_) => {}
        }
    }
}

fn visit_expression(expression: &Expression, see: &mut dyn FnMut(&Form)) {
    match &expression.node {
        Node::List(items) => items.iter().for_each(|item| visit_expression(item, see)),
        Node::Drawing(drawing) => visit_drawing(drawing, see),
        Node::Form(form) => {
            see(form);
            match &form.head {
                Head::First(parts) | Head::Join { parts, .. } => {
                    parts.iter().for_each(|part| visit_expression(part, see));
                }
                Head::Each { source, item } => {
                    visit_expression(source, see);
                    item.iter().for_each(|item| visit_expression(item, see));
                }
                Head::One { source } => visit_expression(source, see),
                Head::Object(drawing) => visit_drawing(drawing, see),
                Head::Path(_) | Head::Const(_) | Head::Secret(_) => {}
            }
        }
        Node::Path(_) | Node::Constant(_) => {}
    }
}

fn visit_drawing(drawing: &Drawing, see: &mut dyn FnMut(&Form)) {
    drawing.fields.iter().for_each(|field| visit_expression(&field.value, see));
}
