//! What a leg is asked with, and whether it is wanted: drawn from the case's input and earlier results.

use adapter_api::language::evaluate::{
    Origin, Root, Scope, Spot, Stop, Way, Words, World, draw, from_json, holds, to_json,
};
use adapter_api::schema::Shape;
use adapter_api::{Finding, Tree};
use serde_json::{Value, json};

use super::{CASE_ROOT, Chain, LEG_ROOT, LegPlan};

/// A query that cannot be drawn; nothing was sent. Holds no value.
#[derive(Debug, Clone, PartialEq)]
pub struct Undrawn {
    /// Where the words lead nowhere, and why.
    pub place: String,
    /// The case's field that is missing, if it is one: points into the case's input.
    pub findings: Vec<Finding>,
}

impl Chain {
    /// The query of a leg, from the case's input and the results of other legs by name.
    pub fn query(&self, leg: &LegPlan, input: &Value, results: &[(&str, &Value)]) -> Result<Value, Undrawn> {
        let Some(drawing) = &leg.query else { return Ok(input.clone()) };
        let stage = Stage::new(input, results);
        let world = stage.world(self);
        let drawn = draw(drawing, &stage.scope(&world), &Shape::Any).map_err(undrawn)?;
        let broken = || undrawn(Stop::broken("chain", "a value that is no JSON"));
        let value = drawn.map(|tree| to_json(&tree).ok_or_else(broken)).transpose()?;
        Ok(value.unwrap_or_else(|| json!({})))
    }

    /// Whether a leg is wanted; what is missing merely does not hold.
    pub fn wants(&self, leg: &LegPlan, input: &Value, results: &[(&str, &Value)]) -> Result<bool, Undrawn> {
        let Some(when) = &leg.when else { return Ok(true) };
        let stage = Stage::new(input, results);
        let world = stage.world(self);
        holds(when, &stage.scope(&world).soft()).map_err(undrawn)
    }
}

struct Stage {
    input: Tree,
    results: Tree,
}

impl Stage {
    fn new(input: &Value, results: &[(&str, &Value)]) -> Stage {
        let told = results.iter().map(|(name, value)| ((*name).to_owned(), from_json(value)));
        Stage { input: from_json(input), results: Tree::Object(told.collect()) }
    }

    fn world<'w>(&'w self, chain: &'w Chain) -> World<'w> {
        let roots = vec![
            Root { name: CASE_ROOT, value: &self.input, spot: Spot::caller("") },
            Root { name: LEG_ROOT, value: &self.results, spot: Spot::of(Origin::Agency) },
        ];
        let words = Words { tables: &chain.tables, shapes: &chain.shapes, namespaces: &chain.namespaces };
        World::new(words, roots, Vec::new())
    }

    fn scope<'s>(&'s self, world: &'s World<'s>) -> Scope<'s> {
        Scope::new(world, &self.input, Spot::caller(""), Way::Write)
    }
}

fn undrawn(stop: Stop) -> Undrawn {
    let code = || Some("required".to_owned());
    let finding = Finding { pointer: stop.pointer, code: code(), ..Finding::default() };
    let findings = if finding.pointer.is_some() { vec![finding] } else { Vec::new() };
    Undrawn { place: format!("{}: {}", stop.at, stop.why), findings }
}
