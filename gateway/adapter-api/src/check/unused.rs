//! What is declared and never used, and what needs itself (C11, C15).

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use crate::agency::{CredentialKind, ExchangePlan};
use crate::diagnostic::Place;
use crate::language::syntax::{Decision, Expression, Root};

use super::Checker;
use super::mention::{Mention, of_drawing, of_exchange, of_expression, of_inbound, of_rules};
use super::operation::helping;

impl<'a> Checker<'a> {
    /// Everything that nothing uses, and every circle.
    pub(super) fn unused(&mut self) {
        self.circles_of_shapes();
        let mentions = self.mentions();
        self.tables_and_shapes(&mentions);
        self.settings_and_namespaces(&mentions);
        self.exchanges_unused();
        self.seals_unused();
        for (name, plan) in &self.agency.exchanges {
            self.blocks_unused(name, plan);
            let own = self.with_shapes(of_exchange(plan));
            self.lets_unused(name, &plan.send.lets, &own);
            self.lets_unused(name, &plan.reply_lets, &own);
        }
        for (name, plan) in &self.agency.inbound {
            let own = self.with_shapes(of_inbound(plan));
            self.lets_unused(name, &plan.lets, &own);
        }
    }

    fn mentions(&self) -> Vec<Mention<'a>> {
        let agency = self.agency;
        let mut all: Vec<Mention<'a>> = agency.exchanges.values().flat_map(of_exchange).collect();
        all.extend(agency.inbound.values().flat_map(of_inbound));
        agency.carrier_rules.values().for_each(|rules| of_rules(rules, &mut all));
        self.with_shapes(all)
    }

    /// These mentions and those of every shape they lead to.
    fn with_shapes(&self, mut all: Vec<Mention<'a>>) -> Vec<Mention<'a>> {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut index = 0;
        while let Some(mention) = all.get(index).copied() {
            if let Mention::Shape(name) = mention
                && seen.insert(name)
                && let Some(drawing) = self.agency.shapes.get(name)
            {
                of_drawing(drawing, &mut all);
            }
            index += 1;
        }
        all
    }

    fn tables_and_shapes(&mut self, mentions: &[Mention<'_>]) {
        for (name, table) in &self.agency.tables {
            if !mentions.iter().any(|mention| matches!(mention, Mention::Table(used) if used == name)) {
                self.nothing_uses("table", name, &table.place, &format!("tables.{name}"));
            }
        }
        for (name, shape) in &self.agency.shapes {
            if !mentions.iter().any(|mention| matches!(mention, Mention::Shape(used) if used == name)) {
                self.nothing_uses("shape", name, &shape.place, &format!("shape.{name}"));
            }
        }
    }

    fn settings_and_namespaces(&mut self, mentions: &[Mention<'_>]) {
        let place = &self.agency.place;
        let settings: BTreeSet<&str> = mentions.iter().filter_map(setting).collect();
        for name in self.agency.settings.keys().filter(|name| !settings.contains(name.as_str())) {
            self.nothing_uses("setting", name, place, &format!("settings.{name}"));
        }
        let prefixes: BTreeSet<&str> = mentions.iter().flat_map(prefixes).collect();
        for name in self.agency.namespaces.keys().filter(|name| !prefixes.contains(name.as_str())) {
            self.nothing_uses("namespace", name, place, &format!("namespaces.{name}"));
        }
    }

    fn exchanges_unused(&mut self) {
        let agency = self.agency;
        let logins = agency.credentials.values().filter_map(|credential| match &credential.kind {
            CredentialKind::SessionLogin { exchange, .. } => Some(exchange),
            _ => None,
        });
        let used: BTreeSet<&String> =
            agency.operations.values().flat_map(|operation| &operation.exchanges).chain(logins).collect();
        for (name, plan) in agency.exchanges.iter().filter(|(name, _)| !used.contains(name)) {
            self.nothing_uses("exchange", name, &plan.place, &format!("exchange.{name}"));
        }
        let helping: BTreeSet<&str> = helping(agency).collect();
        for (name, operation) in &agency.operations {
            if operation.helps.is_some() && !helping.contains(name.as_str()) {
                self.nothing_uses("helper", name, &operation.place, &format!("operation.{name}"));
            }
        }
    }

    fn seals_unused(&mut self) {
        let agency = self.agency;
        let verified = agency.inbound.values().filter_map(|plan| match &plan.verify {
            Some(crate::agency::Verify::Seal(name)) => Some(name),
            Some(crate::agency::Verify::Equals { .. }) | None => None,
        });
        let signed = agency.inbound.values().filter_map(|plan| plan.sign.as_ref());
        let sent = agency.exchanges.values().filter_map(|plan| plan.seal.as_ref());
        let used: BTreeSet<&String> = verified.chain(signed).chain(sent).collect();
        for (name, seal) in agency.seals.iter().filter(|(name, _)| !used.contains(name)) {
            self.nothing_uses("seal", name, &seal.place, &format!("seal.{name}"));
        }
    }

    fn nothing_uses(&mut self, kind: &str, name: &str, place: &Place, at: &str) {
        self.error("C11", (place, at), format!("nothing uses the {kind} `{name}`"), "use it, or drop it");
    }

    /// A block that no rule leads to.
    fn blocks_unused(&mut self, name: &str, plan: &'a ExchangePlan) {
        let carriers = self.carriers_rules(plan).into_iter().map(|(_, rule)| rule);
        let said: BTreeSet<&str> = plan
            .rules
            .iter()
            .chain(carriers)
            .filter_map(
                |rule| if let Decision::Verdict(verdict) = rule.then { Some(verdict.word()) } else { None },
            )
            .collect();
        for (word, block) in plan.verdicts.iter().filter(|(word, _)| !said.contains(word.as_str())) {
            let message = format!("no rule of `{name}` leads to the block `{word}`");
            let help = format!("add a rule with `then = \"{word}\"`, or drop the block");
            self.error("C11", (&block.place, &format!("{name}.{word}")), message, help);
        }
    }

    /// Lets that nothing names, and lets that need themselves.
    fn lets_unused(&mut self, talk: &str, lets: &'a IndexMap<String, Expression>, mentions: &[Mention<'_>]) {
        let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, expression) in lets {
            let mut own = Vec::new();
            of_expression(expression, &mut own);
            edges.insert(
                name,
                self.with_shapes(own)
                    .iter()
                    .filter_map(root)
                    .filter(|root| lets.contains_key(*root))
                    .collect(),
            );
        }
        for (name, expression) in lets {
            let at = format!("{talk}.let.{name}");
            if leads_to(&edges, name, name) {
                let message = format!("the let `${name}` needs itself");
                self.error("C15", (&expression.place, &at), message, "break the circle");
            } else if !mentions.iter().filter_map(root).any(|root| root == name) {
                self.nothing_uses("let", name, &expression.place, &at);
            }
        }
    }

    fn circles_of_shapes(&mut self) {
        let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, drawing) in &self.agency.shapes {
            let mut own = Vec::new();
            of_drawing(drawing, &mut own);
            let shapes = own
                .iter()
                .filter_map(|mention| if let Mention::Shape(name) = mention { Some(*name) } else { None });
            edges.insert(name, shapes.collect());
        }
        for (name, drawing) in &self.agency.shapes {
            if leads_to(&edges, name, name) {
                let message = format!("the shape `{name}` draws itself");
                self.error("C15", (&drawing.place, &format!("shape.{name}")), message, "break the circle");
            }
        }
    }
}

fn leads_to(edges: &BTreeMap<&str, BTreeSet<&str>>, from: &str, target: &str) -> bool {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&str> = edges.get(from).into_iter().flatten().copied().collect();
    while let Some(next) = open.pop() {
        if next == target {
            return true;
        }
        if seen.insert(next) {
            open.extend(edges.get(next).into_iter().flatten().copied());
        }
    }
    false
}

fn root<'m>(mention: &Mention<'m>) -> Option<&'m str> {
    match mention {
        Mention::Path(path) => match &path.root {
            Root::Named { name, .. } => Some(name),
            Root::Here => None,
        },
        Mention::Table(_) | Mention::Shape(_) | Mention::Secret(_) | Mention::Field(_) => None,
    }
}

fn setting<'m>(mention: &Mention<'m>) -> Option<&'m str> {
    match mention {
        Mention::Path(path) if root(mention) == Some("setting") => {
            path.steps.first().map(|step| step.name.as_str())
        }
        _ => None,
    }
}

fn prefixes<'m>(mention: &Mention<'m>) -> Vec<&'m str> {
    match mention {
        Mention::Path(path) => path.steps.iter().filter_map(|step| step.prefix.as_deref()).collect(),
        Mention::Field(name) => {
            name.trim_start_matches('@').split_once(':').map(|(prefix, _)| prefix).into_iter().collect()
        }
        Mention::Table(_) | Mention::Shape(_) | Mention::Secret(_) => Vec::new(),
    }
}
