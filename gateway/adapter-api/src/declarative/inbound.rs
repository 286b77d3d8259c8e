//! Reads a message the agency sent on its own and draws the three answers to it.

use serde_json::Value;

use super::Heard;
use super::request::put_seal;
use super::rules::{RuleHit, RuleOwner};
use crate::adapter::{Answers, Inbound, Received};
use crate::agency::{Agency, InboundPlan};
use crate::fault::{Fault, Reason};
use crate::language::evaluate::{
    Let, Origin, Root, Scope, Spot, Stop, View, Way, Words, World, draw, evaluate, fit, from_json, holds,
    resolve, to_json,
};
use crate::language::syntax::{Decision, Path, Rule};
use crate::schema::{Scalar, Schemas, Shape};
use crate::tree::Tree;

/// What a message means, with the rule that said so.
pub(super) fn hear(agency: &Agency, schemas: &Schemas, message: &Inbound) -> Heard {
    let Some(plan) = agency.inbound.get(&message.name) else {
        return Heard { received: Err(unknown(message)), rule: None };
    };
    let (setting, about) = (from_json(&message.setting), about(message));
    let world = world(agency, plan, message, (&setting, &about));
    let scope = Scope::new(&world, &message.body, Spot::of(Origin::Agency), Way::Read);
    match first_that_holds(plan, &scope) {
        Ok(Some((index, rule))) => {
            let hit = RuleHit::new(RuleOwner::Message(message.name.clone()), index, rule);
            let received = receive(agency, schemas, plan, rule, &scope);
            Heard { received: received.map_err(|stop| senseless(message, stop)), rule: Some(hit) }
        }
        Ok(None) => {
            let stop = Stop::new("rules", "no rule holds", &Spot::of(Origin::Agency));
            Heard { received: Err(senseless(message, stop)), rule: None }
        }
        Err(stop) => Heard { received: Err(senseless(message, stop)), rule: None },
    }
}

/// The refusing answer alone.
pub(super) fn refuse(agency: &Agency, message: &Inbound) -> Result<Tree, Fault> {
    let Some(plan) = agency.inbound.get(&message.name) else { return Err(unknown(message)) };
    let (setting, about) = (from_json(&message.setting), about(message));
    let world = world(agency, plan, message, (&setting, &about));
    let scope = Scope::new(&world, &message.body, Spot::of(Origin::Agency), Way::Read);
    answer(agency, plan, "refused", &scope).map_err(|stop| senseless(message, stop))
}

fn unknown(message: &Inbound) -> Fault {
    Fault::AdapterFailed { place: format!("no message {}", message.name) }
}

fn senseless(message: &Inbound, stop: Stop) -> Fault {
    if stop.broken {
        return Fault::AdapterFailed { place: format!("{}: {}: {}", message.name, stop.at, stop.why) };
    }
    Fault::Malformed(Reason {
        exchange: Some(message.name.clone()),
        at: Some(stop.at),
        why: stop.why,
        ..Reason::default()
    })
}

fn about(message: &Inbound) -> Tree {
    Tree::Object(vec![("now".to_owned(), Tree::Text(message.now.clone()))])
}

fn world<'w>(
    agency: &'w Agency,
    plan: &'w InboundPlan,
    message: &'w Inbound,
    (setting, about): (&'w Tree, &'w Tree),
) -> World<'w> {
    let house = || Spot::of(Origin::House);
    let agencys = || Spot::of(Origin::Agency);
    let roots = vec![
        Root { name: "message", value: &message.body, spot: agencys() },
        Root { name: "setting", value: setting, spot: house() },
        Root { name: "call", value: about, spot: house() },
    ];
    let lets = plan.lets.iter();
    let lets = lets.map(|(name, expression)| Let::new(name, expression, Way::Read, &message.body, agencys()));
    World::new(Words::of(agency), roots, lets.collect())
}

fn first_that_holds<'a>(plan: &'a InboundPlan, scope: &Scope<'_>) -> Result<Option<(usize, &'a Rule)>, Stop> {
    for (index, rule) in plan.rules.iter().enumerate() {
        if holds(&rule.when, scope)? {
            return Ok(Some((index, rule)));
        }
    }
    Ok(None)
}

fn receive(
    agency: &Agency,
    schemas: &Schemas,
    plan: &InboundPlan,
    rule: &Rule,
    scope: &Scope<'_>,
) -> Result<Received, Stop> {
    let Decision::Event(event) = &rule.then else {
        return Err(Stop::broken("rules", "a rule of a message that names no event"));
    };
    let Some(schema) = plan.events.get(event) else {
        return Err(Stop::broken(event, "an event without a schema"));
    };
    let shape = schemas.events.get(schema).unwrap_or(&Shape::Any);
    let at = match &plan.at {
        Some(expression) => evaluate(expression, scope, &Shape::Scalar(Scalar::Moment))?,
        None => None,
    };
    Ok(Received {
        event: event.clone(),
        schema: schema.clone(),
        reference: text_at(&plan.code, scope)?,
        same: plan.same.iter().map(|path| text_at(path, scope)).collect::<Result<_, _>>()?,
        at: at.and_then(|at| View::of(&at).text().ok()),
        value: event_value(plan, event, shape, scope)?,
        answers: Answers {
            stored: answer(agency, plan, "stored", scope)?,
            unknown: answer(agency, plan, "unknown", scope)?,
            refused: answer(agency, plan, "refused", scope)?,
        },
    })
}

fn event_value(plan: &InboundPlan, event: &str, shape: &Shape, scope: &Scope<'_>) -> Result<Value, Stop> {
    let drawn = match plan.event_drawings.get(event) {
        Some(drawing) => draw(drawing, scope, shape)?,
        None => None,
    };
    let drawn = drawn.unwrap_or(Tree::Object(Vec::new()));
    let agencys = Spot::of(Origin::Agency);
    if let Some(misfit) = fit(&drawn, shape) {
        return Err(Stop::new(misfit.pointer, misfit.why, &agencys));
    }
    to_json(&drawn).ok_or_else(|| Stop::new(event, "content that is no JSON", &agencys))
}

/// The text at a path; blank where it ends in `?` and is not there.
fn text_at(path: &Path, scope: &Scope<'_>) -> Result<String, Stop> {
    match resolve(path, scope)? {
        Some(view) => {
            let text = view.text().map_err(|why| Stop::new(&path.text, why, &scope.spot))?;
            Ok(crate::language::text::normalise(&text))
        }
        None => Ok(String::new()),
    }
}

fn answer(agency: &Agency, plan: &InboundPlan, result: &str, scope: &Scope<'_>) -> Result<Tree, Stop> {
    let Some(drawing) = plan.answers.get(result) else {
        return Err(Stop::broken(result, "no such answer"));
    };
    let writing = scope.toward(Way::Write);
    let mut tree = draw(drawing, &writing, &Shape::Any)?.unwrap_or(Tree::Object(Vec::new()));
    if let Some(seal) = &plan.sign {
        put_seal(agency, seal, &mut tree);
    }
    Ok(tree)
}
