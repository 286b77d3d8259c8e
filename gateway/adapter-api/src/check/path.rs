//! Resolves paths: what `$name` is here, whether the request schema has the step, whether `?` says the truth (C2, C3, C4).

use crate::agency::Agency;
use crate::diagnostic::Place;
use crate::language::syntax::{Path, PathStep, Root};
use crate::schema::{Scalar, Shape};

use super::Checker;
use super::known::{Holder, Known, Scope, Way, Words, describe, property, text};
use super::nearest::meant;

/// The roots that are not a `let` or an exchange (`reference/mapping.md` 1.3).
pub(super) const FIXED_ROOTS: [&str; 12] = [
    "query", "purpose", "setting", "call", "reply", "position", "items", "cursor", "page", "pages",
    "together", "message",
];

/// A path without its question marks, for comparing paths.
pub(super) fn bare(path: &Path) -> String {
    path.text.replace('?', "")
}

impl<'a> Checker<'a> {
    /// What a path gives here.
    pub(super) fn path(&mut self, path: &Path, place: &Place, scope: &Scope<'a>) -> Known {
        if scope.outcome {
            self.no_raw_text(path, place, scope);
        }
        let Some(mut known) = self.root(path, place, scope) else { return Known::unknown() };
        for step in &path.steps {
            if let Some(prefix) = &step.prefix {
                self.prefix(prefix, (place, &scope.at));
            }
            match self.step(known, step, (path, place), scope) {
                Some(next) => known = next,
                None => return Known::unknown(),
            }
        }
        known
    }

    /// The namespace prefix of a step or a drawn field must be declared.
    pub(super) fn prefix(&mut self, prefix: &str, spot: (&Place, &str)) {
        if !self.agency.namespaces.contains_key(prefix) {
            let help = meant(prefix, self.agency.namespaces.keys().map(String::as_str));
            self.error("C2", spot, format!("the namespace prefix `{prefix}` is not declared"), help);
        }
    }

    fn root(&mut self, path: &Path, place: &Place, scope: &Scope<'a>) -> Option<Known> {
        let Root::Named { name, optional } = &path.root else { return Some(scope.here.clone()) };
        let spot = (place, scope.at.as_str());
        if let Some((declared, (way, _))) = scope.talk.lets.get_key_value(name.as_str()) {
            return self.let_root((declared, *way), *optional, spot, scope);
        }
        if scope.talk.before.contains(&name.as_str()) {
            return Some(Known { maybe: *optional, ..Known::theirs() });
        }
        match fixed_root(name, path, self.agency, scope) {
            Ok(mut known) => {
                if name == "cursor" && !*optional && !scope.soft {
                    let message = "`$cursor` is absent on the first page".to_owned();
                    self.error("C4", spot, message, "write `$cursor?`");
                }
                known.maybe |= *optional;
                Some(known)
            }
            Err(why) => {
                let names = scope.talk.lets.keys().chain(&scope.talk.before).copied().chain(FIXED_ROOTS);
                let message = match why {
                    "" => format!("nothing is called `${name}` here"),
                    why => format!("`{}` cannot stand here: {why}", path.text),
                };
                self.error("C2", spot, message, meant(name, names));
                None
            }
        }
    }

    fn let_root(
        &mut self,
        (name, way): (&'a str, Way),
        optional: bool,
        spot: (&Place, &str),
        scope: &Scope<'a>,
    ) -> Option<Known> {
        if way == Way::Read && scope.way == Way::Write && !scope.talk.inbound {
            let message =
                format!("`${name}` is read from the reply, which is not there when the request is drawn");
            self.error("C2", spot, message, format!("move it to [{}.send.let]", scope.talk.name));
            return None;
        }
        let known = self.let_value(name, scope);
        if optional && !known.maybe && known.holder != Holder::Unknown {
            self.error("C4", spot, format!("`${name}` is never absent"), "drop the `?`");
        }
        if known.maybe && !optional && scope.way == Way::Write && !scope.soft {
            let message = format!("this operation also needs `${name}`, which may be absent");
            self.note("C4", spot, message, format!("write `${name}?` if it can be left out"));
        }
        Some(Known { maybe: optional, ..known })
    }

    /// What a `let` gives; its findings stand at its own place, however often it is used.
    fn let_value(&mut self, name: &'a str, scope: &Scope<'a>) -> Known {
        let Some((way, expression)) = scope.talk.lets.get(name).copied() else { return Known::unknown() };
        if scope.lets.contains(&name) {
            return Known::unknown();
        }
        self.expression(expression, &scope.of_let(name, way), &Shape::Any)
    }

    fn step(
        &mut self,
        known: Known,
        step: &PathStep,
        (path, place): (&Path, &Place),
        scope: &Scope<'a>,
    ) -> Option<Known> {
        let spot = (place, scope.at.as_str());
        match &known.shape {
            Shape::Any => Some(Known { maybe: known.maybe || step.optional, ..known }),
            Shape::List(_) => {
                let message = format!("`{}` steps through a list to `{}`", path.text, step.name);
                self.error("C3", spot, message, "only `each` and `one` take many: use one of them");
                None
            }
            Shape::Scalar(_) => {
                let message = format!("`{}`: {} has no `{}`", path.text, describe(&known.shape), step.name);
                self.error("C3", spot, message, "end the path one step earlier");
                None
            }
            Shape::Object(properties) => match known.shape.property(&step.name) {
                Some(property) => {
                    self.presence(property.required, known.holder, (step, path), spot, scope);
                    let origin = known.origin.as_deref().map(|origin| longer(origin, &step.name));
                    let shape = property.shape.clone();
                    Some(Known { shape, maybe: known.maybe || step.optional, origin, ..known })
                }
                None => {
                    let help = meant(&step.name, properties.iter().map(|property| property.name.as_str()));
                    let (code, holder) = match known.holder {
                        Holder::Query | Holder::Agency | Holder::Unknown => ("C3", "the request schema"),
                        Holder::Groups => ("C3", "the pattern"),
                        Holder::Root(root) => ("C2", root),
                    };
                    let message = format!("`{}`: {holder} has no `{}`", path.text, step.name);
                    self.error(code, spot, message, help);
                    None
                }
            },
        }
    }

    /// Whether `?` says the truth about a field that the schema requires or not.
    fn presence(
        &mut self,
        required: bool,
        holder: Holder,
        (step, path): (&PathStep, &Path),
        spot: (&Place, &str),
        scope: &Scope<'a>,
    ) {
        let (name, text) = (&step.name, &path.text);
        match (required, step.optional, holder) {
            (true, true, Holder::Query | Holder::Root(_)) => {
                self.error("C4", spot, format!("`{text}`: `{name}` is never absent"), "drop the `?`");
            }
            (false, false, Holder::Query) if !scope.soft && !scope.guards.contains(&bare(path)) => {
                let message =
                    format!("this operation also needs `{}`: `{name}` is optional in the schema", bare(path));
                self.note("C4", spot, message, format!("write `{name}?` if the agency can do without it"));
            }
            _ => {}
        }
    }
}

fn longer(origin: &str, name: &str) -> String {
    if origin.is_empty() { name.to_owned() } else { format!("{origin}.{name}") }
}

/// The value of a fixed root, or why it cannot stand here (empty: there is no such root).
fn fixed_root(name: &str, path: &Path, agency: &Agency, scope: &Scope<'_>) -> Result<Known, &'static str> {
    let talk = &scope.talk;
    let integer = || Shape::Scalar(Scalar::Integer);
    let needs_step =
        |known: Known| if path.steps.is_empty() { Err("say which part of it") } else { Ok(known) };
    match name {
        "query" => talk.query.as_ref().map(Known::query).ok_or("nobody asks here"),
        "call" => needs_step(call(talk.reference)),
        "purpose" => {
            let names = ["procedure", "dossier", "unit", "officer"];
            let fields = names.iter().map(|name| property(name, false, Shape::Any)).collect();
            needs_step(Known::of(Shape::Object(fields), Words::Either, Holder::Root("`$purpose`")))
        }
        "setting" => {
            let fields = agency.settings.keys().map(|name| property(name, false, Shape::Any)).collect();
            needs_step(Known::of(Shape::Object(fields), Words::Either, Holder::Root("[settings]")))
        }
        "reply" if scope.way == Way::Write || talk.inbound => Err("there is no reply yet"),
        "reply" => needs_step(reply()),
        "position" if !scope.row => Err("it counts the rows of `each`"),
        "position" => Ok(Known::of(integer(), Words::Either, Holder::Agency)),
        "items" | "page" | "pages" if talk.pages.is_none() => Err("the exchange has no pages"),
        "items" if scope.way == Way::Write => Err("there is no reply yet"),
        "items" => Ok(Known { shape: Shape::List(Box::new(Shape::Any)), ..Known::theirs() }),
        "page" => Ok(Known::of(integer(), Words::Either, Holder::Agency)),
        "pages" => {
            let fields = vec![property("size", true, integer()), property("at_most", true, integer())];
            needs_step(Known::of(Shape::Object(fields), Words::Either, Holder::Root("`$pages`")))
        }
        "cursor" if talk.pages.is_none() && !talk.feed => Err("the exchange has no pages"),
        "cursor" => Ok(Known { maybe: true, ..Known::theirs() }),
        "together" if !talk.together => Err("the operation does not say `together`"),
        "together" => {
            let row = Shape::Object(vec![property("reference", true, text())]);
            let rows = Shape::List(Box::new(row));
            Ok(Known::of(rows, Words::Either, Holder::Root("a row of `$together`")))
        }
        "message" if !talk.inbound || scope.way == Way::Read => Err("only an answer to a message knows it"),
        "message" => Ok(Known::theirs()),
        _ => Err(""),
    }
}

fn call(reference: bool) -> Known {
    let mut fields = vec![property("id", true, text()), property("now", true, Shape::Scalar(Scalar::Moment))];
    if reference {
        fields.push(property("reference", true, text()));
    }
    Known::of(Shape::Object(fields), Words::Ours, Holder::Root("the `$call` of this operation"))
}

fn reply() -> Known {
    let fault = vec![property("code", false, Shape::Any), property("text", false, Shape::Any)];
    let mut fields: Vec<_> =
        ["status", "type", "text"].iter().map(|name| property(name, false, Shape::Any)).collect();
    fields.push(property("fault", false, Shape::Object(fault)));
    Known::of(Shape::Object(fields), Words::Theirs, Holder::Root("`$reply`"))
}
