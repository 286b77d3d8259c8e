//! Walks an expression with what the schema wants of it: heads, modifiers in their order, and whether the result suits.

use std::collections::BTreeSet;

use crate::diagnostic::Place;
use crate::language::syntax::{Cast, Constant, Expression, Form, Head, Modifiers, Node, Pattern};
use crate::schema::{Scalar, Shape};

use super::Checker;
use super::conditions::shown_to_be_there;
use super::fit::{constant_fits, misfit};
use super::known::{Holder, Known, Scope, Way, Words, describe, property};

impl<'a> Checker<'a> {
    /// What an expression gives, compared with what is wanted of it.
    pub(super) fn expression(
        &mut self,
        expression: &'a Expression,
        scope: &Scope<'a>,
        want: &Shape,
    ) -> Known {
        let place = &expression.place;
        match &expression.node {
            Node::Path(path) => {
                let known = self.path(path, place, scope);
                self.suits(known, want, place, scope)
            }
            Node::Constant(constant) => self.constant(constant, want, (place, scope)),
            Node::List(items) => self.list(items, place, scope, want),
            Node::Form(form) => self.form(form, place, scope, want),
            Node::Drawing(drawing) => self.drawing(drawing, scope, want),
        }
    }

    fn list(&mut self, items: &'a [Expression], place: &Place, scope: &Scope<'a>, want: &Shape) -> Known {
        let inner = self.item_wanted(want, place, scope);
        for (index, item) in items.iter().enumerate() {
            let mut scope = scope.clone();
            scope.at = format!("{}[{index}]", scope.at);
            let known = self.expression(item, &scope, &inner);
            self.leaf(&known, &item.place, &scope);
        }
        Known { settled: true, ..Known::of(Shape::List(Box::new(Shape::Any)), Words::Either, Holder::Agency) }
    }

    /// What is wanted of each item where many are drawn.
    fn item_wanted(&mut self, want: &Shape, place: &Place, scope: &Scope<'a>) -> Shape {
        match want {
            Shape::List(inner) => (**inner).clone(),
            Shape::Any => Shape::Any,
            Shape::Object(_) | Shape::Scalar(_) => {
                let message = format!("the schema wants {}, a list is drawn", describe(want));
                self.error("C5", (place, &scope.at), message, "draw one value, or pick one row with `one`");
                Shape::Any
            }
        }
    }

    fn form(&mut self, form: &'a Form, place: &'a Place, scope: &Scope<'a>, want: &Shape) -> Known {
        let modifiers = &form.modifiers;
        let rows = matches!(form.head, Head::Each { .. } | Head::One { .. });
        let mut inner = scope.clone();
        if let Some(when) = modifiers.when.as_ref().filter(|_| !rows) {
            self.conditions(when, scope);
            inner.guards.extend(shown_to_be_there(when));
        }
        let head_want = if changes_value(modifiers) { &Shape::Any } else { want };
        let mut known = self.head(form, place, &inner, head_want);
        known.maybe |= modifiers.when.is_some() && !rows;
        known = self.opened(known, modifiers, place, scope);
        if let Some(convert) = &modifiers.convert {
            known = self.converted(known, convert, (place, modifiers.when.is_some()), scope, want);
        }
        if let Some(cast) = modifiers.cast.filter(|_| scope.way == Way::Write) {
            let scalar = if cast == Cast::Text { Scalar::Text } else { Scalar::Integer };
            known.shape = Shape::Scalar(scalar);
        }
        if let Some(constant) = &modifiers.otherwise {
            known = self.otherwise(known, constant, (place, scope), want);
        }
        if !modifiers.encode.is_empty() {
            if scope.way == Way::Read {
                let message = "`encode` stands in a block that reads".to_owned();
                self.error("C12", (place, &scope.at), message, "it belongs to a request; to read, `decode`");
            }
            known.settled = true;
        }
        self.suits(known, want, place, scope)
    }

    fn head(&mut self, form: &'a Form, place: &'a Place, scope: &Scope<'a>, want: &Shape) -> Known {
        match &form.head {
            Head::Path(path) => self.path(path, place, scope),
            Head::Const(constant) => self.constant(constant, want, (place, scope)),
            Head::First(choices) => self.first(choices, scope, want),
            Head::Join { parts, .. } => self.join(parts, scope),
            Head::Each { source, item } => {
                let (many, row) = self.rows(form, source, scope);
                self.each(many, item.as_ref(), (place, &row), want)
            }
            Head::One { source } => {
                let (_, row) = self.rows(form, source, scope);
                Known { maybe: true, ..row.here }
            }
            Head::Secret(name) => {
                self.secret(name, place, scope);
                Known::settled()
            }
            Head::Object(drawing) => self.drawing(drawing, scope, want),
        }
    }

    fn first(&mut self, choices: &'a [Expression], scope: &Scope<'a>, want: &Shape) -> Known {
        let mut ended = false;
        for (index, choice) in choices.iter().enumerate() {
            let mut scope = scope.clone();
            scope.at = format!("{}.first[{index}]", scope.at);
            if ended {
                let message = format!(
                    "number {} of `first` is never reached: the one before is never absent",
                    index + 1
                );
                self.error(
                    "C4",
                    (&choice.place, &scope.at),
                    message,
                    "drop it, or mark the one before with `?` or `when`",
                );
                break;
            }
            let known = self.expression(choice, &scope, want);
            self.leaf(&known, &choice.place, &scope);
            ended = !known.maybe;
        }
        Known { maybe: !ended, settled: !matches!(want, Shape::Any), ..Known::theirs_or_either(scope) }
    }

    fn join(&mut self, parts: &'a [Expression], scope: &Scope<'a>) -> Known {
        let mut maybe = true;
        for (index, part) in parts.iter().enumerate() {
            let mut scope = scope.clone();
            scope.at = format!("{}.join[{index}]", scope.at);
            let known = self.expression(part, &scope, &Shape::Any);
            self.leaf(&known, &part.place, &scope);
            maybe &= known.maybe;
        }
        Known { maybe, ..Known::theirs_or_either(scope) }
    }

    /// The list that `each` or `one` takes, and the scope of its rows, their `when` checked.
    fn rows(&mut self, form: &'a Form, source: &'a Expression, scope: &Scope<'a>) -> (Known, Scope<'a>) {
        let many = self.expression(source, scope, &Shape::Any);
        let shape = match &many.shape {
            Shape::List(inner) => (**inner).clone(),
            Shape::Any => Shape::Any,
            Shape::Object(_) | Shape::Scalar(_) => {
                let message = format!("`each` and `one` take a list, this is {}", describe(&many.shape));
                self.error(
                    "C3",
                    (&source.place, &scope.at),
                    message,
                    "name the list, or use the path as it is",
                );
                Shape::Any
            }
        };
        let row = Known { shape, maybe: false, settled: false, ..many.clone() };
        let mut scope = scope.of_row(row);
        if let Some(when) = &form.modifiers.when {
            self.conditions(when, &scope);
            scope.guards = shown_to_be_there(when);
        }
        (many, scope)
    }

    fn each(
        &mut self,
        many: Known,
        item: Option<&'a Expression>,
        (place, row): (&Place, &Scope<'a>),
        want: &Shape,
    ) -> Known {
        let Some(item) = item else { return Known { maybe: false, ..many } };
        let inner = self.item_wanted(want, place, row);
        let mut row = row.clone();
        row.at.push_str("[]");
        let known = self.expression(item, &row, &inner);
        self.leaf(&known, &item.place, &row);
        let settled = !matches!(want, Shape::Any);
        Known { shape: Shape::List(Box::new(Shape::Any)), settled, origin: None, maybe: false, ..known }
    }

    /// `decode`, `match` or `scan`, `text`.
    fn opened(&mut self, mut known: Known, modifiers: &Modifiers, place: &Place, scope: &Scope<'a>) -> Known {
        if !modifiers.decode.is_empty() {
            if scope.way == Way::Write {
                let message = "`decode` stands in a block that writes".to_owned();
                self.error("C12", (place, &scope.at), message, "it belongs to an answer; to write, `encode`");
            }
            known = Known { shape: Shape::Any, holder: Holder::Agency, settled: false, ..known };
        }
        if let Some(pattern) = &modifiers.pattern {
            known = matched(known, pattern);
        }
        if !modifiers.text.is_empty() && scope.way == Way::Write {
            known.shape = Shape::Scalar(Scalar::Text);
        }
        known
    }

    fn otherwise(
        &mut self,
        known: Known,
        constant: &Constant,
        (place, scope): (&Place, &Scope<'a>),
        want: &Shape,
    ) -> Known {
        if !known.maybe {
            let message = "`else` is never used: the value is never absent".to_owned();
            self.error(
                "C4",
                (place, &scope.at),
                message,
                "drop it, or mark the step that may be missing with `?`",
            );
        }
        if scope.way == Way::Read {
            self.constant(constant, want, (place, scope));
        }
        Known { maybe: false, ..known }
    }

    fn constant(&mut self, constant: &Constant, want: &Shape, (place, scope): (&Place, &Scope<'a>)) -> Known {
        let said = match constant {
            Constant::Bool(value) => value.to_string(),
            Constant::Number(text) | Constant::Text(text) => text.clone(),
        };
        let spot = (place, scope.at.as_str());
        match want {
            Shape::Scalar(Scalar::Words(words)) if !words.contains(&said) => {
                let message = format!("`{said}` is not in the schema's closed list");
                self.error(
                    "C6",
                    spot,
                    message,
                    super::nearest::meant(&said, words.iter().map(String::as_str)),
                );
            }
            Shape::Scalar(scalar) if !constant_fits(constant, scalar) => {
                let message = format!("the schema wants {}, the constant is `{said}`", describe(want));
                self.error(
                    "C5",
                    spot,
                    message,
                    "write a constant of that type, or read the value from the reply",
                );
            }
            Shape::Object(_) | Shape::List(_) => {
                let message = format!("the schema wants {}, a constant is given", describe(want));
                self.error("C5", spot, message, "draw it");
            }
            Shape::Scalar(_) | Shape::Any => {}
        }
        Known::settled()
    }

    /// Compares what a reading block gives with what our schema wants.
    pub(super) fn suits(&mut self, known: Known, want: &Shape, place: &Place, scope: &Scope<'a>) -> Known {
        if scope.way == Way::Read
            && !known.settled
            && let Some((code, message, help)) = misfit(&known.shape, want)
        {
            self.error(code, (place, &scope.at), message, help);
        }
        known
    }

    /// A value that is written here: its query field has reached the wire, and it must be in the agency's words.
    pub(super) fn leaf(&mut self, known: &Known, place: &Place, scope: &Scope<'a>) {
        if scope.way == Way::Read {
            return;
        }
        if let Some(origin) = known.origin.as_ref().filter(|_| scope.sending) {
            self.reached.insert(origin.clone());
        }
        if known.settled || known.words != Words::Ours {
            return;
        }
        let (code, help) = match &known.shape {
            Shape::Scalar(Scalar::Words(_)) => ("C6", "say theirs with `table = …`"),
            Shape::Scalar(Scalar::Date | Scalar::PartialDate | Scalar::Moment) => {
                ("C7", "say how the agency writes it with `date = …`")
            }
            Shape::Scalar(Scalar::Document) => ("C5", "write it with `document = \"base64\"`"),
            Shape::Object(_) => ("C5", "draw it field by field, or use a shape"),
            Shape::List(inner) if matches!(**inner, Shape::Object(_)) => {
                ("C5", "draw each row with `each` and `item`")
            }
            Shape::Scalar(Scalar::Text | Scalar::Integer | Scalar::Boolean) | Shape::List(_) | Shape::Any => {
                return;
            }
        };
        let message = format!("{} of ours is written as it is", describe(&known.shape));
        self.error(code, (place, &scope.at), message, help);
    }
}

impl Known {
    /// A value put together from several: theirs in a reading block, ready to be written in a writing one.
    fn theirs_or_either(scope: &Scope<'_>) -> Known {
        match scope.way {
            Way::Read => Known::theirs(),
            Way::Write => Known::of(Shape::Any, Words::Either, Holder::Agency),
        }
    }
}

/// Whether the modifiers make something else of the head's value, so that the schema's wish is not the head's.
fn changes_value(modifiers: &Modifiers) -> bool {
    !modifiers.decode.is_empty()
        || modifiers.pattern.is_some()
        || !modifiers.text.is_empty()
        || modifiers.convert.is_some()
        || !modifiers.encode.is_empty()
}

/// `match` or `scan`: one group gives its text, several named ones an object; `scan` a list of them.
fn matched(known: Known, pattern: &Pattern) -> Known {
    let names: BTreeSet<&str> =
        pattern.patterns.iter().flat_map(|regex| regex.capture_names().flatten()).collect();
    let single = pattern.patterns.iter().all(|regex| regex.captures_len() <= 2);
    let found = match single {
        true => Shape::Any,
        false => Shape::Object(names.into_iter().map(|name| property(name, false, Shape::Any)).collect()),
    };
    let shape = if pattern.all { Shape::List(Box::new(found)) } else { found };
    let words = if known.words == Words::Ours { Words::Either } else { known.words };
    Known {
        shape,
        words,
        holder: Holder::Groups,
        maybe: known.maybe || !pattern.all,
        settled: false,
        ..known
    }
}
