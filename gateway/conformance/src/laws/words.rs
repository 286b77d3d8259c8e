//! Which names of the agency's words decide something: tested by rules, read through closed lists, or shown as evidence.

use std::collections::BTreeSet;

use adapter_api::agency::{Agency, ExchangePlan};
use adapter_api::language::syntax::{
    Conditions, Convert, Drawing, Expression, Form, Head, Node, Path, Root, Rule, Test,
};

/// A let may name a let; no sound agency goes deeper.
const LETS_MAX: usize = 8;

/// Names the last steps of paths, through `let`s.
pub struct Words<'a> {
    agency: &'a Agency,
    plan: &'a ExchangePlan,
}

/// A set of local names.
pub type Names = BTreeSet<String>;

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
            self.add_codes(&rule.when, &mut names);
        }
        names
    }

    fn add_codes(&self, when: &Conditions, names: &mut Names) {
        for condition in &when.conditions {
            if condition.tests.iter().any(|test| matches!(test, Test::In(_) | Test::Matches(_))) {
                self.add_path(&condition.path, names, 0);
            }
        }
    }

    /// The names whose emptiness shows `absent`.
    pub fn emptied(&self) -> Names {
        let mut names = Names::new();
        for condition in self.rules().flat_map(|rule| &rule.when.conditions) {
            if condition.tests.iter().any(|test| matches!(test, Test::Empty(true))) {
                self.add_path(&condition.path, &mut names, 0);
            }
        }
        names
    }

    /// The names that are read through a list which does not take every code, with the list's name.
    pub fn closed_lists(&self) -> BTreeSet<(String, String)> {
        let mut found = BTreeSet::new();
        self.visit_forms(&mut |form| {
            if let Some(Convert::Table(table)) = &form.modifiers.convert
                && self.is_closed(table)
            {
                let mut names = Names::new();
                self.add_head(&form.head, &mut names, 0);
                found.extend(names.into_iter().map(|name| (name, table.clone())));
            }
        });
        found
    }

    /// The names tested where the words of an answer are chosen.
    pub fn guards(&self) -> Names {
        let mut names = Names::new();
        self.visit_forms(&mut |form| {
            if let Some(when) = &form.modifiers.when {
                self.add_codes(when, &mut names);
            }
        });
        names
    }

    fn is_closed(&self, table: &str) -> bool {
        let table = self.agency.tables.get(table);
        table.is_some_and(|table| table.descriptive.is_none() && table.rows.iter().all(|row| !row.theirs.is_empty()))
    }

    fn visit_forms(&self, see: &mut dyn FnMut(&Form)) {
        for expression in self.plan.reply_lets.values() {
            visit_expression(expression, see);
        }
        for drawing in self.plan.verdicts.values().chain(self.agency.shapes.values()) {
            visit_drawing(drawing, see);
        }
    }

    /// The names a path ends in: its last step, or what its `let` is drawn from.
    pub fn add_path(&self, path: &Path, names: &mut Names, depth: usize) {
        if let Some(step) = path.steps.last() {
            names.insert(step.name.clone());
            return;
        }
        if let Root::Named { name, .. } = &path.root
            && depth < LETS_MAX
            && let Some(expression) = self.plan.reply_lets.get(name)
        {
            self.add_expression(expression, names, depth + 1);
        }
    }

    fn add_expression(&self, expression: &Expression, names: &mut Names, depth: usize) {
        match &expression.node {
            Node::Path(path) => self.add_path(path, names, depth),
            Node::List(items) => items.iter().for_each(|item| self.add_expression(item, names, depth)),
            Node::Form(form) => self.add_head(&form.head, names, depth),
            Node::Drawing(drawing) => {
                drawing.fields.iter().for_each(|field| self.add_expression(&field.value, names, depth));
            }
            Node::Constant(_) => {}
        }
    }

    fn add_head(&self, head: &Head, names: &mut Names, depth: usize) {
        match head {
            Head::Path(path) => self.add_path(path, names, depth),
            Head::First(parts) | Head::Join { parts, .. } => {
                parts.iter().for_each(|part| self.add_expression(part, names, depth));
            }
            Head::Each { source, .. } | Head::One { source } => self.add_expression(source, names, depth),
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
