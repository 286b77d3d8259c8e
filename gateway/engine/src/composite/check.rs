//! What is decided about a composite before anybody asks it: every name it writes leads to a field somebody gives.

use std::collections::BTreeSet;

use adapter_api::Kind;
use adapter_api::language::syntax::{Drawing, Node as Word, Root};

use super::mention::{
    Conversion, Mention, Named, conversions_in, conversions_of, of_conditions, of_drawing, of_expression,
};
use super::plan::{Composite, PartPlan, Shows};
use crate::catalogue::{Catalogue, Node, Unfit};
use crate::fan_out;

/// The roots that can be named beside the parts; `$position` inside rows.
const ROOTS: [&str; 3] = ["query", "purpose", "position"];

/// Everything that does not fit the catalogue; `service` is the service that shows it.
pub fn check(composite: &Composite, service: &str, catalogue: &Catalogue) -> Vec<Unfit> {
    let mut checker = Checker { composite, catalogue, findings: Vec::new() };
    let Some(own) = catalogue.service(service) else {
        checker.say(format!("no schema describes the service {service}"));
        return checker.told();
    };
    if let Err(tangle) = fan_out::check(&super::fan_out_parts(composite.parts.iter())) {
        checker.say(tangle.to_string());
    }
    for part in &composite.parts {
        checker.part(part, &own.query);
    }
    match &composite.shows {
        Shows::Answer(drawing) => {
            checker.targets(drawing, &own.answer, "answer");
            checker.mentions(&of_drawing(drawing), None, "answer");
        }
        Shows::Form(form) => {
            for field in &form.fields {
                checker.field(&field.name, &field.from);
            }
        }
    }
    checker.words();
    for comparison in &composite.comparisons {
        let at = format!("compare.{}", comparison.field);
        let is_answered = match &composite.shows {
            Shows::Answer(_) => has(&own.answer, &comparison.field),
            Shows::Form(form) => form.fields.iter().any(|field| field.name == comparison.field),
        };
        if !is_answered {
            checker.say(format!("{at}: the service answers no such field"));
        }
        if comparison.within.len() < 2 {
            checker.say(format!("{at}: one part alone contradicts nobody"));
        }
        for (part, path) in
            comparison.within.iter().flat_map(|(part, paths)| paths.iter().map(move |path| (part, path)))
        {
            checker.in_part(part, &super::mention::dotted(&path.steps), &at);
        }
    }
    checker.told()
}

struct Checker<'a> {
    composite: &'a Composite,
    catalogue: &'a Catalogue,
    findings: Vec<String>,
}

impl Checker<'_> {
    fn say(&mut self, why: String) {
        self.findings.push(why);
    }

    fn told(self) -> Vec<Unfit> {
        let place = self.composite.place.file.to_string();
        self.findings.into_iter().map(|why| Unfit::new(place.clone(), why)).collect()
    }

    fn part(&mut self, part: &PartPlan, own: &Node) {
        let at = format!("part.{}", part.name);
        match self.catalogue.service(&part.service).cloned() {
            Some(service) if service.is_of_the_house() => {
                self.say(format!(
                    "{at}: {} is answered by the house itself and can be no part",
                    part.service
                ));
            }
            Some(service) if service.kind == Kind::Write => {
                self.say(format!("{at}: {} writes and can be no part", part.service));
            }
            Some(service) => self.targets(&part.query, &service.query, &format!("{at}.query")),
            // An optional part that nobody answers here is told as such in every answer.
            None if part.required => self.say(format!("{at}: nobody answers {}", part.service)),
            None => {}
        }
        let known = |name: &String| {
            self.composite.parts.iter().any(|other| other.name == *name && other.when.is_some())
        };
        for name in part.after.iter().filter(|name| known(name)).cloned().collect::<Vec<_>>() {
            self.say(format!("{at}: stands after {name}, which is not always asked"));
        }
        let mut mentions = of_drawing(&part.query);
        let tested = part.when.as_ref().map(of_conditions).unwrap_or_default();
        if tested.iter().any(|mention| mention.part().is_some()) {
            self.say(format!("{at}.when: whether a part is asked is decided by the query alone"));
        }
        mentions.extend(tested);
        for name in mentions.iter().filter_map(Mention::query) {
            if !has(own, &name) {
                self.say(format!("{at}: the query has no field {name}"));
            }
        }
        self.mentions(&mentions, Some(&part.after), &at);
    }

    /// Code lists and shapes: each that is named is there, and each that is there is named.
    fn words(&mut self) {
        let composite = self.composite;
        let mut conversions: Vec<Conversion<'_>> =
            composite.parts.iter().flat_map(|part| conversions_in(&part.query)).collect();
        conversions.extend(composite.shapes.values().flat_map(conversions_in));
        match &composite.shows {
            Shows::Answer(drawing) => conversions.extend(conversions_in(drawing)),
            Shows::Form(form) => {
                let from = form.fields.iter().flat_map(|field| &field.from);
                conversions.extend(from.flat_map(conversions_of));
            }
        }
        let unfit = Named::by(conversions).beside(composite.tables.keys(), composite.shapes.keys());
        unfit.into_iter().for_each(|(_, why)| self.say(why));
    }

    fn field(&mut self, name: &str, from: &[adapter_api::language::syntax::Expression]) {
        let at = format!("field.{name}");
        if from.is_empty() {
            self.say(format!("{at}: from is empty: nothing fills it"));
        }
        for expression in from {
            let mentions = of_expression(expression);
            let parts: BTreeSet<&str> =
                mentions.iter().filter_map(Mention::part).map(|(part, _)| part).collect();
            if parts.len() != 1 {
                self.say(format!("{at}: each of `from` draws from exactly one part, that is its source"));
            }
            self.mentions(&mentions, None, &at);
        }
    }

    /// Roots that exist, parts that are there (of `after`, where it is given), fields that they answer.
    fn mentions(&mut self, mentions: &[Mention<'_>], after: Option<&[String]>, at: &str) {
        for mention in mentions {
            match (mention.part(), &mention.path.root) {
                (Some((part, _)), _) if after.is_some_and(|after| !after.iter().any(|name| name == part)) => {
                    self.say(format!("{at}: {} is drawn from, but not named in `after`", mention.path.text));
                }
                (Some((part, field)), _) => self.in_part(part, &field, at),
                (None, Root::Named { name, .. }) if !ROOTS.contains(&name.as_str()) => {
                    self.say(format!("{at}: {} begins with no root of a composite", mention.path.text));
                }
                (None, Root::Named { .. } | Root::Here) => {}
            }
        }
    }

    fn in_part(&mut self, part: &str, field: &str, at: &str) {
        let Some(plan) = self.composite.parts.iter().find(|plan| plan.name == part) else {
            self.say(format!("{at}: there is no part {part}"));
            return;
        };
        let unknown = self
            .catalogue
            .service(&plan.service)
            .is_some_and(|service| !field.is_empty() && !has(&service.answer, field));
        if unknown {
            self.say(format!("{at}: {} answers no field {field}", plan.service));
        }
    }

    /// Whether every drawn field exists in the schema it is drawn for.
    fn targets(&mut self, drawing: &Drawing, node: &Node, at: &str) {
        for field in &drawing.fields {
            match (node.fields.get(&field.name), &field.value.node) {
                (None, _) => self.say(format!("{at}: the schema has no field {}", field.name)),
                (Some(inner), Word::Drawing(drawing)) => {
                    self.targets(drawing, inner, &format!("{at}.{}", field.name));
                }
                (Some(_), Word::Path(_) | Word::Constant(_) | Word::List(_) | Word::Form(_)) => {}
            }
        }
    }
}

/// Whether the shape has a field of this dotted name.
fn has(node: &Node, name: &str) -> bool {
    node.at(&format!("/{}", name.replace('.', "/"))).is_some()
}
