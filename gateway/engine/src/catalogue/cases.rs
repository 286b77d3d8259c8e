//! What a case of a chain is given: one schema a chain, `schemas/cases/NAME.v1.json`, held to as a service's query is.

use std::collections::BTreeMap;
use std::sync::Arc;

use adapter_api::Finding;
use jsonschema::{Registry, Validator};
use serde_json::Value;

use super::shape::Documents;
use super::{Compiler, Node, Unfit, subject_of};

/// The form of a chain's input.
pub struct CaseForm {
    /// The chain, `death`.
    pub name: String,
    /// Its schema's identifier, which says the version too.
    pub id: String,
    /// The official Vietnamese title.
    pub title: String,
    /// The English title.
    pub title_en: String,
    /// Pointers into the input that say whom the case is about.
    pub subject: Vec<String>,
    /// The input's shape.
    pub input: Node,
    pub(super) validator: Validator,
}

/// The forms of every document with an `x-case`, by its name.
pub(super) fn read(
    documents: &BTreeMap<String, Value>,
    registry: &Registry<'_>,
    unfit: &mut Vec<Unfit>,
) -> BTreeMap<String, Arc<CaseForm>> {
    let mut cases: BTreeMap<String, Arc<CaseForm>> = BTreeMap::new();
    for (id, document) in documents.iter().filter(|(_, document)| document.get("x-case").is_some()) {
        match read_one(&Compiler { id, document, documents, registry }) {
            Ok(case) => {
                if let Some(other) = cases.insert(case.name.clone(), Arc::new(case)) {
                    unfit.push(Unfit::new(id, format!("{} says the same x-case", other.id)));
                }
            }
            Err(why) => unfit.push(Unfit::new(id, why)),
        }
    }
    cases
}

fn read_one(compiler: &Compiler<'_>) -> Result<CaseForm, String> {
    let input = Documents::new(compiler.documents).node(&format!("{}#/$defs/input", compiler.id))?;
    let subject = subject_of(compiler.document)?;
    if let Some(strange) = subject.iter().find(|pointer| input.at(pointer).is_none()) {
        return Err(format!("x-subject {strange} is no field of the input"));
    }
    Ok(CaseForm {
        name: compiler.text("x-case")?,
        id: compiler.id.to_owned(),
        title: compiler.text("title")?,
        title_en: compiler.text("x-title-en")?,
        subject,
        validator: compiler.validator("input")?,
        input,
    })
}

/// A finding of a query, `/query/deceased`, as one of an input, `/deceased`.
pub(super) fn into_input(finding: Finding) -> Finding {
    let pointer = finding.pointer.map(|pointer| match pointer.strip_prefix("/query") {
        Some(below) => below.to_owned(),
        None => pointer,
    });
    Finding { pointer, ..finding }
}
