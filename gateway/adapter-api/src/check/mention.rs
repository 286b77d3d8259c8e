//! Walks what is written and names every path, table, shape, secret and prefix in it, whatever it means.

use crate::agency::{ExchangePlan, InboundPlan};
use crate::language::syntax::{Conditions, Convert, Drawing, Expression, Form, Head, Node, Path, Rule, Test};

/// Something that is named.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mention<'a> {
    Path(&'a Path),
    Table(&'a str),
    Shape(&'a str),
    Secret(&'a str),
    /// A drawn field's name.
    Field(&'a str),
}

/// Everything an exchange mentions.
pub(super) fn of_exchange(plan: &ExchangePlan) -> Vec<Mention<'_>> {
    let mut all = Vec::new();
    if let Some(conditions) = &plan.when {
        of_conditions(conditions, &mut all);
    }
    of_rules(&plan.rules, &mut all);
    if let Some(pages) = &plan.pages {
        all.extend([&pages.items, &pages.cursor].into_iter().chain(&pages.same).map(Mention::Path));
    }
    let send = &plan.send;
    for drawing in [&send.url, &send.query, &send.headers, &send.body].into_iter().flatten() {
        of_drawing(drawing, &mut all);
    }
    for expression in send.lets.values().chain(plan.reply_lets.values()) {
        of_expression(expression, &mut all);
    }
    for drawing in plan.verdicts.values() {
        of_drawing(drawing, &mut all);
    }
    all
}

/// Everything an inbound message mentions.
pub(super) fn of_inbound(plan: &InboundPlan) -> Vec<Mention<'_>> {
    let mut all: Vec<Mention<'_>> = plan.same.iter().chain([&plan.code]).map(Mention::Path).collect();
    of_rules(&plan.rules, &mut all);
    for expression in plan.lets.values().chain(&plan.at) {
        of_expression(expression, &mut all);
    }
    for drawing in plan.event_drawings.values().chain(plan.answers.values()) {
        of_drawing(drawing, &mut all);
    }
    all
}

pub(super) fn of_rules<'a>(rules: &'a [Rule], all: &mut Vec<Mention<'a>>) {
    for rule in rules {
        of_conditions(&rule.when, all);
    }
}

pub(super) fn of_drawing<'a>(drawing: &'a Drawing, all: &mut Vec<Mention<'a>>) {
    for field in &drawing.fields {
        all.push(Mention::Field(&field.name));
        of_expression(&field.value, all);
    }
}

pub(super) fn of_expression<'a>(expression: &'a Expression, all: &mut Vec<Mention<'a>>) {
    match &expression.node {
        Node::Path(path) => all.push(Mention::Path(path)),
        Node::Constant(_) => {}
        Node::List(items) => items.iter().for_each(|item| of_expression(item, all)),
        Node::Form(form) => of_form(form, all),
        Node::Drawing(drawing) => of_drawing(drawing, all),
    }
}

fn of_form<'a>(form: &'a Form, all: &mut Vec<Mention<'a>>) {
    match &form.head {
        Head::Path(path) => all.push(Mention::Path(path)),
        Head::Const(_) => {}
        Head::First(parts) | Head::Join { parts, .. } => {
            parts.iter().for_each(|part| of_expression(part, all))
        }
        Head::Each { source, item } => {
            of_expression(source, all);
            if let Some(item) = item {
                of_expression(item, all);
            }
        }
        Head::One { source } => of_expression(source, all),
        Head::Secret(name) => all.push(Mention::Secret(name)),
        Head::Object(drawing) => of_drawing(drawing, all),
    }
    if let Some(when) = &form.modifiers.when {
        of_conditions(when, all);
    }
    match &form.modifiers.convert {
        Some(Convert::Table(name)) => all.push(Mention::Table(name)),
        Some(Convert::Shape(name)) => all.push(Mention::Shape(name)),
        Some(Convert::Date(_) | Convert::Document) | None => {}
    }
}

fn of_conditions<'a>(conditions: &'a Conditions, all: &mut Vec<Mention<'a>>) {
    for condition in &conditions.conditions {
        all.push(Mention::Path(&condition.path));
        for test in &condition.tests {
            if let Test::Same(path) = test {
                all.push(Mention::Path(path));
            }
        }
    }
}
