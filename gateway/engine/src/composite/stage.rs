//! What a composite's words can name, and everything that is drawn with them.

use std::collections::BTreeMap;

use adapter_api::language::evaluate::{
    Origin, Root, Scope, Spot, Stop, Way, Words, World, draw, evaluate, from_json, holds, to_json,
};
use adapter_api::language::syntax::{Drawing, Expression, Node, Root as PathRoot};
use adapter_api::schema::Shape;
use adapter_api::{Blame, Fault, Finding, Tree};
use serde_json::{Value, json};

use super::mention::{dotted, of_drawing};
use super::plan::{Composite, FormPlan, PART_ROOT, PartPlan};
use super::{PartReport, field, invalid};
use crate::read::{Answer, Question};
use crate::refusal::{Failure, Refusal};

/// A composite with the question it is to answer.
pub struct Stage<'a> {
    pub composite: &'a Composite,
    query: Tree,
    purpose: Tree,
}

/// Why something could not be drawn; no value.
#[derive(Debug, Clone, PartialEq)]
pub struct Unasked {
    /// The part and the dotted field of it that is not there, where that is why.
    pub needed: Option<(String, String)>,
    stop: Box<Stop>,
}

impl Unasked {
    /// As a failure of what was to be asked of this agency.
    pub fn failure(self, agency: &str) -> Failure {
        let Stop { at, why, origin, pointer, broken } = *self.stop;
        let fault = match (broken, origin) {
            (false, Origin::Caller) => {
                return invalid(pointer.as_deref().unwrap_or("/query"), "required").into();
            }
            // An earlier agency did not tell what this one must be asked with: nothing was sent.
            (false, Origin::Agency) => {
                Fault::Rejected { code: None, findings: Vec::new(), sent: false, blame: Blame::Agency }
            }
            (true, _) | (false, Origin::House) => Fault::AdapterFailed { place: format!("{at}: {why}") },
        };
        Failure::Fault { fault, agency: agency.to_owned(), carrier: None }
    }
}

impl<'a> Stage<'a> {
    /// The question on the composite's stage.
    pub fn new(composite: &'a Composite, question: &Question) -> Self {
        let purpose = serde_json::to_value(&question.purpose).unwrap_or_default();
        Stage { composite, query: object(from_json(&question.query)), purpose: from_json(&purpose) }
    }

    /// The parts that are to be asked.
    pub fn wanted(&self) -> Result<Vec<&'a PartPlan>, Unasked> {
        let none = object(Tree::Null);
        let world = self.world(&none);
        let scope = self.scope(&world);
        let mut wanted = Vec::new();
        for part in &self.composite.parts {
            let asked = part.when.as_ref().map_or(Ok(true), |when| holds(when, &scope));
            if asked.map_err(unasked)? {
                wanted.push(part);
            }
        }
        Ok(wanted)
    }

    /// Whether what is required and waits for nobody can be asked at all.
    pub fn check_required(&self, wanted: &[&PartPlan]) -> Result<(), Box<Failure>> {
        let at_once = wanted.iter().filter(|part| part.required && part.after.is_empty());
        let mut findings: Vec<Finding> = Vec::new();
        for part in at_once {
            match self.query_of(part, &BTreeMap::new()).map_err(|unasked| unasked.failure(&part.service)) {
                Ok(_) => {}
                Err(Failure::Refusal(Refusal::Invalid { findings: more })) => findings.extend(more),
                Err(failure) => return Err(Box::new(failure)),
            }
        }
        if findings.is_empty() { Ok(()) } else { Err(Box::new(Refusal::Invalid { findings }.into())) }
    }

    /// A part's query, from the composite's and what the parts before it answered.
    pub fn query_of(&self, part: &PartPlan, before: &BTreeMap<String, Answer>) -> Result<Value, Unasked> {
        let answers = before.iter().map(|(name, answer)| (name.as_str(), answer));
        let answers = tree_of(answers);
        let world = self.world(&answers);
        let drawn = draw(&part.query, &self.scope(&world), &Shape::Any).map_err(|stop| Unasked {
            needed: of_drawing(&part.query)
                .iter()
                .find(|mention| mention.path.text == stop.at)
                .and_then(|mention| mention.part())
                .map(|(name, field)| (name.to_owned(), field)),
            stop: Box::new(stop),
        })?;
        json_of(drawn).map(|query| query.unwrap_or_else(|| json!({})))
    }

    /// The answer; every path is soft, for any part may have failed and any field may be masked.
    pub fn answer(&self, drawing: &Drawing, parts: &[PartReport]) -> Result<Option<Value>, Unasked> {
        let answers = tree_of(answered(parts));
        let world = self.world(&answers);
        json_of(draw(drawing, &self.scope(&world).soft(), &Shape::Any).map_err(unasked)?)
    }

    /// The fields of a form that somebody could fill, each with its source; nothing if nobody could fill any.
    pub fn filled(&self, form: &FormPlan, parts: &[PartReport]) -> Result<Option<Value>, Unasked> {
        let answers = tree_of(answered(parts));
        let world = self.world(&answers);
        let scope = self.scope(&world).soft();
        let mut fields = Vec::new();
        for plan in &form.fields {
            for expression in &plan.from {
                let Some(part) = source_of(expression, parts) else { continue };
                let Some(answer) = part.status.answer() else { continue };
                match evaluate(expression, &scope, &Shape::Any) {
                    Ok(Some(value)) => {
                        if let Some(value) = text_of(value)? {
                            fields.push(field(plan, value, part, &answer.source));
                            break;
                        }
                    }
                    Err(stop) if stop.broken => return Err(unasked(stop)),
                    // A value the form has no way to write (a date of another precision) is left to the officer.
                    Ok(None) | Err(_) => {}
                }
            }
        }
        let about = |fields| json!({ "procedure": self.composite.name, "title": form.title, "title_en": form.title_en, "fields": fields });
        Ok((!fields.is_empty()).then(|| about(fields)))
    }

    fn world<'w>(&'w self, answers: &'w Tree) -> World<'w> {
        let roots = vec![
            Root { name: "query", value: &self.query, spot: Spot::caller("/query") },
            Root { name: "purpose", value: &self.purpose, spot: Spot::caller("/purpose") },
            Root { name: PART_ROOT, value: answers, spot: Spot::of(Origin::Agency) },
        ];
        let words = Words {
            tables: &self.composite.tables,
            shapes: &self.composite.shapes,
            namespaces: &self.composite.namespaces,
        };
        World::new(words, roots, Vec::new())
    }

    fn scope<'s>(&'s self, world: &'s World<'s>) -> Scope<'s> {
        Scope::new(world, &self.query, Spot::caller("/query"), Way::Write)
    }
}

/// A finding about a part's query, pointed back at the caller's field where one was taken over as it is.
pub fn at_the_callers(finding: Finding, part: &PartPlan) -> Finding {
    let pointer = finding.pointer.as_deref().and_then(|pointer| pointer.strip_prefix("/query/"));
    let drawn = pointer.and_then(|name| part.query.fields.iter().find(|field| field.name == name));
    let taken = drawn.and_then(|field| match &field.value.node {
        Node::Path(path) if path.root == PathRoot::Here => {
            Some(format!("/query/{}", dotted(&path.steps).replace('.', "/")))
        }
        Node::Path(_) | Node::Constant(_) | Node::List(_) | Node::Form(_) | Node::Drawing(_) => None,
    });
    Finding { pointer: taken, ..finding }
}

fn unasked(stop: Stop) -> Unasked {
    Unasked { needed: None, stop: Box::new(stop) }
}

fn json_of(drawn: Option<Tree>) -> Result<Option<Value>, Unasked> {
    let broken = || unasked(Stop::broken("composite", "a value that is no JSON"));
    drawn.map(|tree| to_json(&tree).ok_or_else(broken)).transpose()
}

/// A form's value as text; blank is nothing.
fn text_of(value: Tree) -> Result<Option<String>, Unasked> {
    match json_of(Some(value))? {
        Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
            Err(unasked(Stop::broken("field", "a form's value is text or a number")))
        }
    }
}

/// The one part an expression draws from.
fn source_of<'p>(expression: &Expression, parts: &'p [PartReport]) -> Option<&'p PartReport> {
    let mentions = super::mention::of_expression(expression);
    let name = mentions.iter().find_map(|mention| mention.part())?.0;
    parts.iter().find(|part| part.name == name)
}

fn answered(parts: &[PartReport]) -> impl Iterator<Item = (&str, &Answer)> {
    parts.iter().filter_map(|part| Some((part.name.as_str(), part.status.answer()?)))
}

fn tree_of<'p>(answers: impl Iterator<Item = (&'p str, &'p Answer)>) -> Tree {
    let told = answers.filter_map(|(name, answer)| Some((name.to_owned(), from_json(answer.data.as_ref()?))));
    Tree::Object(told.collect())
}

/// A query that is nothing is an empty object: steps into it are merely not there.
fn object(tree: Tree) -> Tree {
    match tree {
        Tree::Null => Tree::Object(Vec::new()),
        tree => tree,
    }
}
