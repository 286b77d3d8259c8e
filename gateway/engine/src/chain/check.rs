//! What is decided about a chain before anybody is a case of it: every name leads somewhere, and everything required is told.

use adapter_api::Kind;
use adapter_api::language::syntax::{Drawing, Node, Root};
use adapter_api::schema::Shape;

use super::{CASE_ROOT, Chain, LEG_ROOT, LegPlan};
use crate::catalogue::Unfit;
use crate::composite::mention::{Mention, dotted, of_conditions, of_drawing};
use crate::fan_out::{self, Part, Tangle};

/// A service, as far as a chain needs to know it.
#[derive(Debug, Clone)]
pub struct Write {
    /// A leg is always a write.
    pub kind: Kind,
    /// What it takes.
    pub query: Shape,
    /// What it gives when it is done.
    pub answer: Shape,
}

/// Everything that does not fit, at once. `input` is the shape of a case's input, where a schema describes it.
pub fn check(chain: &Chain, input: Option<&Shape>, service: &dyn Fn(&str) -> Option<Write>) -> Vec<Unfit> {
    let mut checker = Checker { chain, input: input.unwrap_or(&Shape::Any), service, findings: Vec::new() };
    checker.whole();
    for leg in &chain.legs {
        checker.leg(leg);
    }
    let place = chain.place.file.to_string();
    checker.findings.into_iter().map(|why| Unfit::new(place.clone(), why)).collect()
}

struct Checker<'a> {
    chain: &'a Chain,
    input: &'a Shape,
    service: &'a dyn Fn(&str) -> Option<Write>,
    findings: Vec<String>,
}

impl<'a> Checker<'a> {
    fn say(&mut self, why: String) {
        self.findings.push(why);
    }

    fn whole(&mut self) {
        match self.chain.leg(&self.chain.main) {
            None => self.say(format!("main: there is no leg {}", self.chain.main)),
            Some(main) if main.when.is_some() => {
                self.say(format!(
                    "main: {} is not always sent; nobody could say how the case ended",
                    main.name
                ));
            }
            Some(_) => {}
        }
        for name in self.chain.unique.clone() {
            if leads(self.input, &name) == Way::Nowhere {
                self.say(format!("unique: the input has no field {name}"));
            }
        }
        let is_known = |name: &&String| self.chain.leg(name).is_some();
        // Names that lead nowhere are told by the leg; here only what stands in a circle, or is too many.
        let parts: Vec<Part> = self
            .chain
            .legs
            .iter()
            .map(|leg| Part {
                name: leg.name.clone(),
                required: true,
                agency: String::new(),
                after: leg.after.iter().filter(is_known).cloned().collect(),
            })
            .collect();
        match fan_out::check(&parts) {
            Ok(()) => {}
            Err(Tangle::TooMany) => self.say(format!("more than {} legs", fan_out::PARTS_MAX)),
            Err(Tangle::Twice(name)) => self.say(format!("two legs are called {name}")),
            Err(Tangle::Stuck(name)) => self.say(format!("leg.{name}: stands after itself")),
        }
    }

    fn leg(&mut self, leg: &'a LegPlan) {
        let at = format!("leg.{}", leg.name);
        for name in leg.after.iter().filter(|name| self.chain.leg(name).is_none()) {
            self.say(format!("{at}: stands after {name}, which is no leg"));
        }
        let write = (self.service)(&leg.service);
        match &write {
            None => self.say(format!("{at}: there is no service {}", leg.service)),
            Some(Write { kind: Kind::Read, .. }) => {
                self.say(format!("{at}: {} is a read; a leg is a write", leg.service));
            }
            Some(Write { kind: Kind::Write, .. }) => {}
        }
        if let (Some(drawing), Some(write)) = (&leg.query, &write) {
            self.targets(drawing, &write.query, &format!("{at}.query"));
        }
        let drawn = leg.query.as_ref().map(of_drawing).unwrap_or_default();
        for mention in &drawn {
            self.mention(mention, leg, &at, true);
        }
        for mention in leg.when.as_ref().map(of_conditions).unwrap_or_default() {
            self.mention(&mention, leg, &format!("{at}.when"), false);
        }
    }

    /// Every drawn field exists, and every required one is drawn.
    fn targets(&mut self, drawing: &Drawing, shape: &Shape, at: &str) {
        let Shape::Object(properties) = shape else { return };
        for field in &drawing.fields {
            let Some(property) = properties.iter().find(|property| property.name == field.name) else {
                self.say(format!("{at}: the schema has no field {}", field.name));
                continue;
            };
            match &field.value.node {
                Node::Drawing(inner) => self.targets(inner, &property.shape, &format!("{at}.{}", field.name)),
                Node::Path(path) if property.required && path.steps.iter().any(|step| step.optional) => {
                    self.say(format!("{at}.{}: is required, and {} may be missing", field.name, path.text));
                }
                Node::Path(_) | Node::Constant(_) | Node::List(_) | Node::Form(_) => {}
            }
        }
        let is_drawn = |name: &str| drawing.fields.iter().any(|field| field.name == name);
        for property in properties.iter().filter(|property| property.required && !is_drawn(&property.name)) {
            self.say(format!("{at}: nothing feeds {}, which is required", property.name));
        }
    }

    fn mention(&mut self, mention: &Mention<'_>, leg: &LegPlan, at: &str, is_strict: bool) {
        let text = &mention.path.text;
        if let Some((name, field)) = mention.under(LEG_ROOT) {
            self.result(mention, (name, &field), leg, (at, is_strict));
            return;
        }
        let name = match &mention.path.root {
            Root::Here if mention.in_rows => return,
            Root::Here => dotted(&mention.path.steps),
            Root::Named { name, .. } if name == CASE_ROOT => dotted(&mention.path.steps),
            Root::Named { name, .. } if name == "position" => return,
            Root::Named { .. } => {
                self.say(format!("{at}: {text} begins with no root of a chain"));
                return;
            }
        };
        match leads(self.input, &name) {
            Way::Nowhere => self.say(format!("{at}: the input has no field {name}")),
            Way::Maybe if is_strict && mention.path.steps.iter().all(|step| !step.optional) => {
                self.say(format!("{at}: {text} may be missing in the input; write `?` if that is meant"));
            }
            Way::Maybe | Way::Sure => {}
        }
    }

    fn result(
        &mut self,
        mention: &Mention<'_>,
        (name, field): (&str, &str),
        leg: &LegPlan,
        (at, is_strict): (&str, bool),
    ) {
        let text = &mention.path.text;
        let Some(other) = self.chain.leg(name) else {
            self.say(format!("{at}: there is no leg {name}"));
            return;
        };
        if !leg.after.iter().any(|after| after == name) {
            self.say(format!("{at}: {text} is drawn from, but not named in `after`"));
        }
        let is_guarded = mention.path.steps.first().is_some_and(|step| step.optional);
        if is_strict && other.when.is_some() && !is_guarded {
            self.say(format!("{at}: {text} is the result of a leg that is not always sent; write `{name}?`"));
        }
        let answer = (self.service)(&other.service).map(|write| write.answer);
        if answer.is_some_and(|answer| leads(&answer, field) == Way::Nowhere) {
            self.say(format!("{at}: {} answers no field {field}", other.service));
        }
    }
}

/// Where a dotted name leads.
#[derive(Debug, PartialEq)]
enum Way {
    Nowhere,
    Maybe,
    Sure,
}

fn leads(shape: &Shape, name: &str) -> Way {
    let mut shape = shape;
    let mut way = Way::Sure;
    for step in name.split('.').filter(|step| !step.is_empty()) {
        while let Shape::List(item) = shape {
            shape = item;
        }
        match shape {
            Shape::Any => return way,
            Shape::Object(properties) => match properties.iter().find(|property| property.name == step) {
                Some(property) => {
                    shape = &property.shape;
                    way = if property.required { way } else { Way::Maybe };
                }
                None => return Way::Nowhere,
            },
            Shape::Scalar(_) | Shape::List(_) => return Way::Nowhere,
        }
    }
    way
}
