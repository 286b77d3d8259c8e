//! What is decided about a chain before anybody is a case of it: every name leads somewhere, and everything required is told.

use std::collections::BTreeSet;

use adapter_api::Kind;
use adapter_api::diagnostic::{Diagnostic, Place};
use adapter_api::language::syntax::{Conditions, Drawing, Field, Node, Path, Root, Test};
use adapter_api::schema::Shape;

use super::fits::{Way, leads, misfit, way};
use super::{CASE_ROOT, Chain, LEG_ROOT, LegPlan};
use crate::composite::mention::{Mention, Named, conversions_in, dotted, of_conditions, of_drawing};
use crate::fan_out::{self, Part, Tangle};

/// The code of everything a chain's check finds.
pub const CODE: &str = "chain";

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

/// Everything that does not fit, at once, each with its line. `input` is the shape of a case's input, where a schema
/// describes it; `service` tells what is known of a service, `None` where nobody answers it.
pub fn check(
    chain: &Chain,
    input: Option<&Shape>,
    service: &dyn Fn(&str) -> Option<Write>,
) -> Vec<Diagnostic> {
    let mut checker = Checker { chain, input: input.unwrap_or(&Shape::Any), service, findings: Vec::new() };
    checker.whole();
    for leg in &chain.legs {
        checker.leg(leg);
    }
    checker.words();
    checker.findings
}

struct Checker<'a> {
    chain: &'a Chain,
    input: &'a Shape,
    service: &'a dyn Fn(&str) -> Option<Write>,
    findings: Vec<Diagnostic>,
}

/// Where something stands that is looked at: the leg, the words' path, and whether a missing value stops it.
#[derive(Clone, Copy)]
struct At<'a> {
    leg: &'a LegPlan,
    at: &'a str,
    is_strict: bool,
    sure: &'a BTreeSet<String>,
}

impl<'a> Checker<'a> {
    fn say(&mut self, place: &Place, at: &str, why: impl Into<String>) {
        self.findings.push(Diagnostic::error(CODE, place, at, why));
    }

    fn whole(&mut self) {
        let chain = self.chain;
        match chain.leg(&chain.main) {
            None => self.say(&chain.place, "main", format!("there is no leg {}", chain.main)),
            Some(main) if main.when.is_some() => {
                let why = format!("{} is not always sent; nobody could say how the case ended", main.name);
                self.say(&main.place, "main", why);
            }
            Some(_) => {}
        }
        for name in chain.unique.iter().filter(|name| leads(self.input, name).0 == Way::Nowhere) {
            self.say(&chain.place, "unique", format!("the input has no field {name}"));
        }
        // Names that lead nowhere are told by the leg; here only what stands in a circle, or is too many.
        let is_known = |name: &&String| chain.leg(name).is_some();
        let part = |leg: &LegPlan| Part {
            name: leg.name.clone(),
            required: true,
            agency: String::new(),
            after: leg.after.iter().filter(is_known).cloned().collect(),
        };
        let parts: Vec<Part> = chain.legs.iter().map(part).collect();
        let place_of = |name: &str| chain.leg(name).map_or(&chain.place, |leg| &leg.place);
        match fan_out::check(&parts) {
            Ok(()) => {}
            Err(Tangle::TooMany) => {
                self.say(&chain.place, "leg", format!("more than {} legs", fan_out::PARTS_MAX));
            }
            Err(Tangle::Twice(name)) => {
                self.say(place_of(&name), "leg", format!("two legs are called {name}"));
            }
            Err(Tangle::Stuck(name)) => {
                self.say(place_of(&name), &format!("leg.{name}"), "stands after itself")
            }
        }
    }

    fn leg(&mut self, leg: &'a LegPlan) {
        let at = format!("leg.{}", leg.name);
        for name in leg.after.iter().filter(|name| self.chain.leg(name).is_none()) {
            self.say(&leg.place, &at, format!("stands after {name}, which is no leg"));
        }
        let write = (self.service)(&leg.service);
        match &write {
            None => self.say(&leg.place, &at, format!("nobody answers {}", leg.service)),
            Some(Write { kind: Kind::Read, .. }) => {
                self.say(&leg.place, &at, format!("{} is a read; a leg is a write", leg.service));
            }
            Some(Write { kind: Kind::Write, .. }) => {}
        }
        let sure = leg.when.as_ref().map(proven).unwrap_or_default();
        if let Some(write) = &write {
            let place = &leg.place;
            match &leg.query {
                Some(drawing) => self.targets(drawing, &write.query, (leg, &sure), &format!("{at}.query")),
                None => {
                    let unfit = misfit(self.input, &write.query, &BTreeSet::new(), "");
                    unfit
                        .into_iter()
                        .for_each(|why| self.say(place, &at, format!("the input does not fit: {why}")));
                }
            }
        }
        let here = At { leg, at: &at, is_strict: true, sure: &sure };
        for mention in leg.query.as_ref().map(of_drawing).unwrap_or_default() {
            self.mention(&mention, here);
        }
        let at = format!("{at}.when");
        for mention in leg.when.as_ref().map(of_conditions).unwrap_or_default() {
            self.mention(&mention, At { at: &at, is_strict: false, ..here });
        }
    }

    /// Code lists and shapes: each that is named is there, and each that is there is named.
    fn words(&mut self) {
        let chain = self.chain;
        let drawn = chain.legs.iter().filter_map(|leg| leg.query.as_ref()).chain(chain.shapes.values());
        let named = Named::by(drawn.flat_map(conversions_in));
        for (place, why) in named.beside(chain.tables.keys(), chain.shapes.keys()) {
            self.say(place.unwrap_or(&chain.place), "words", why);
        }
    }

    /// Every drawn field exists and fits, and every required one is drawn.
    fn targets(&mut self, drawing: &Drawing, shape: &Shape, leg: (&LegPlan, &BTreeSet<String>), at: &str) {
        let Shape::Object(properties) = shape else { return };
        for field in &drawing.fields {
            match properties.iter().find(|property| property.name == field.name) {
                None => self.say(&field.place, at, format!("the schema has no field {}", field.name)),
                Some(property) => {
                    let at = format!("{at}.{}", field.name);
                    self.target(field, (&property.shape, property.required), leg, &at);
                }
            }
        }
        let is_drawn = |name: &str| drawing.fields.iter().any(|field| field.name == name);
        for property in properties.iter().filter(|property| property.required && !is_drawn(&property.name)) {
            self.say(&drawing.place, at, format!("nothing feeds {}, which is required", property.name));
        }
    }

    fn target(
        &mut self,
        field: &Field,
        (shape, is_required): (&Shape, bool),
        leg: (&LegPlan, &BTreeSet<String>),
        at: &str,
    ) {
        match &field.value.node {
            Node::Drawing(inner) => self.targets(inner, shape, leg, at),
            Node::Path(path) => {
                if is_required && path.steps.iter().any(|step| step.optional) {
                    self.say(&field.place, at, format!("is required, and {} may be missing", path.text));
                }
                if let Some((source, from)) = self.source(path) {
                    let unfit = misfit(&source, shape, leg.1, &from);
                    unfit.into_iter().for_each(|why| self.say(&field.place, at, why));
                }
            }
            Node::Constant(_) | Node::List(_) | Node::Form(_) => {}
        }
    }

    /// The shape of what a bare path leads to, with its dotted name in the input; `None` where that is not known.
    fn source(&self, path: &Path) -> Option<(Shape, String)> {
        let mention = |root: &str| matches!(&path.root, Root::Named { name, .. } if name == root);
        if mention(LEG_ROOT) {
            let (leg, rest) = path.steps.split_first()?;
            let answer = (self.service)(&self.chain.leg(&leg.name)?.service)?.answer;
            return Some((leads(&answer, &dotted(rest)).1?.clone(), String::new()));
        }
        let name = dotted(&path.steps);
        let is_input = path.root == Root::Here || mention(CASE_ROOT);
        if is_input { Some((leads(self.input, &name).1?.clone(), name)) } else { None }
    }

    fn mention(&mut self, mention: &Mention<'_>, here: At<'_>) {
        let text = &mention.path.text;
        if let Some((name, field)) = mention.under(LEG_ROOT) {
            self.result(mention, (name, &field), here);
            return;
        }
        let name = match &mention.path.root {
            Root::Here if mention.in_rows => return,
            Root::Here => dotted(&mention.path.steps),
            Root::Named { name, .. } if name == CASE_ROOT => dotted(&mention.path.steps),
            Root::Named { name, .. } if name == "position" => return,
            Root::Named { .. } => {
                self.say(mention.place, here.at, format!("{text} begins with no root of a chain"));
                return;
            }
        };
        let is_guarded = mention.path.steps.iter().any(|step| step.optional);
        match way(self.input, &name, here.sure) {
            Way::Nowhere => self.say(mention.place, here.at, format!("the input has no field {name}")),
            Way::Maybe if here.is_strict && !is_guarded => {
                let why = format!("{text} may be missing in the input; write `?` if that is meant");
                self.say(mention.place, here.at, why);
            }
            Way::Maybe | Way::Sure => {}
        }
    }

    fn result(&mut self, mention: &Mention<'_>, (name, field): (&str, &str), here: At<'_>) {
        let text = &mention.path.text;
        let Some(other) = self.chain.leg(name) else {
            self.say(mention.place, here.at, format!("there is no leg {name}"));
            return;
        };
        if !here.leg.after.iter().any(|after| after == name) {
            self.say(mention.place, here.at, format!("{text} is drawn from, but not named in `after`"));
        }
        let is_guarded = mention.path.steps.first().is_some_and(|step| step.optional);
        if here.is_strict && other.when.is_some() && !is_guarded {
            let why = format!("{text} is the result of a leg that is not always sent; write `{name}?`");
            self.say(mention.place, here.at, why);
        }
        let answer = (self.service)(&other.service).map(|write| write.answer);
        match answer.map(|answer| leads(&answer, field).0) {
            Some(Way::Nowhere) => {
                self.say(mention.place, here.at, format!("{} answers no field {field}", other.service));
            }
            Some(Way::Maybe) if here.is_strict && mention.path.steps.iter().all(|step| !step.optional) => {
                let why = format!("{text} may be missing in the answer; write `?` if that is meant");
                self.say(mention.place, here.at, why);
            }
            Some(Way::Maybe | Way::Sure) | None => {}
        }
    }
}

/// The dotted names in the input that are there wherever these tests hold.
fn proven(conditions: &Conditions) -> BTreeSet<String> {
    let is_proof = |test: &Test| match test {
        Test::Exists(there) => *there,
        Test::Empty(empty) => !*empty,
        Test::In(_) | Test::Contains(_) | Test::Matches(_) => true,
        Test::List(there) => *there,
        Test::Same(_) => false,
    };
    let of_input = |root: &Root| match root {
        Root::Here => true,
        Root::Named { name, .. } => name == CASE_ROOT,
    };
    let proofs = conditions.conditions.iter().filter(|condition| of_input(&condition.path.root));
    proofs
        .filter(|condition| condition.tests.iter().any(is_proof))
        .map(|condition| dotted(&condition.path.steps))
        .collect()
}
