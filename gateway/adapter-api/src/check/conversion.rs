//! Conversions between our words and theirs: direction, date precision, shapes, documents (C5, C7, C12, C15).

use crate::diagnostic::Place;
use crate::language::syntax::{Convert, DateFormat, DateToken};
use crate::schema::{Scalar, Shape};

use super::Checker;
use super::known::{Holder, Known, Scope, Way, Words, describe};
use super::nearest::meant;

/// How precise a date format is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Precision {
    Year,
    Month,
    Day,
    Time,
}

impl<'a> Checker<'a> {
    /// What a value becomes by `date`, `table`, `document` or `shape`. `guarded`: a `when` stands beside it.
    pub(super) fn converted(
        &mut self,
        known: Known,
        convert: &'a Convert,
        (place, guarded): (&'a Place, bool),
        scope: &Scope<'a>,
        want: &Shape,
    ) -> Known {
        match convert {
            Convert::Date(formats) => {
                self.direction(&known, "date", place, scope);
                match scope.way {
                    Way::Write => self.date_written(&known.shape, formats, (place, guarded), scope),
                    Way::Read => self.date_read(formats, place, scope, want),
                }
                finished(known, scope.way)
            }
            Convert::Table(name) => {
                self.direction(&known, "table", place, scope);
                self.table_used(name, &known, (place, scope), want);
                finished(known, scope.way)
            }
            Convert::Document => {
                self.document(&known, place, scope, want);
                finished(known, scope.way)
            }
            Convert::Shape(name) => self.shape_applied(known, name, place, scope, want),
        }
    }

    /// A block that writes turns ours into theirs, one that reads theirs into ours.
    fn direction(&mut self, known: &Known, what: &str, place: &Place, scope: &Scope<'a>) {
        let message = match (scope.way, known.words) {
            (Way::Write, Words::Theirs) => {
                format!("`{what}` turns our word into theirs here, this is theirs already")
            }
            (Way::Read, Words::Ours) => {
                format!("`{what}` turns their word into ours here, this is ours already")
            }
            _ => return,
        };
        self.error(
            "C12",
            (place, &scope.at),
            message,
            format!("drop `{what}`, or name the other side's field"),
        );
    }

    fn date_written(
        &mut self,
        shape: &Shape,
        formats: &[DateFormat],
        (place, guarded): (&Place, bool),
        scope: &Scope<'a>,
    ) {
        let spot = (place, scope.at.as_str());
        for format in formats.iter().filter(|format| format.tokens.contains(&DateToken::AnyDigit)) {
            let message = format!("the format `{}` cannot be written: `*` is any digit", format.text);
            self.error("C7", spot, message, "write the digits, or `*` only where you read");
        }
        let precisions: Vec<Precision> = formats.iter().map(precision).collect();
        let Shape::Scalar(scalar) = shape else {
            if !matches!(shape, Shape::Any) {
                let message = format!("`date` of {}", describe(shape));
                self.error("C7", spot, message, "name the date field");
            }
            return;
        };
        let (fits, how): (fn(&Precision) -> bool, &str) = match scalar {
            Scalar::Date => (|precision| *precision == Precision::Day, "year, month and day"),
            Scalar::Moment => (|precision| *precision >= Precision::Day, "the day, or the day and the time"),
            Scalar::PartialDate => {
                (|precision| *precision <= Precision::Day, "the year, with month and day if known")
            }
            Scalar::Text | Scalar::Integer | Scalar::Boolean | Scalar::Words(_) | Scalar::Document => {
                self.error(
                    "C7",
                    spot,
                    format!("`date` of {}", describe(shape)),
                    "name the date field, or drop `date`",
                );
                return;
            }
        };
        if !precisions.iter().any(fits) {
            let message = format!("{} can be written in none of these formats", describe(shape));
            self.error(
                "C7",
                spot,
                message,
                format!("give a format that says {how}: a date is never cut or invented"),
            );
        } else if *scalar == Scalar::PartialDate && !guarded {
            let all = [Precision::Year, Precision::Month, Precision::Day];
            if !all.iter().all(|one| precisions.contains(one)) {
                let message =
                    "a partial date of another precision cannot be said here and is refused".to_owned();
                self.note(
                    "C7",
                    spot,
                    message,
                    "give a format for each of year, month and day, if the agency takes them",
                );
            }
        }
    }

    fn date_read(&mut self, formats: &[DateFormat], place: &Place, scope: &Scope<'a>, want: &Shape) {
        let spot = (place, scope.at.as_str());
        let (low, high) = match want {
            Shape::Any | Shape::Scalar(Scalar::Text) => return,
            Shape::Scalar(Scalar::Date) => (Precision::Day, Precision::Day),
            Shape::Scalar(Scalar::PartialDate) => (Precision::Year, Precision::Day),
            Shape::Scalar(Scalar::Moment) => (Precision::Time, Precision::Time),
            Shape::Scalar(_) | Shape::Object(_) | Shape::List(_) => {
                let message = format!("the schema wants {}, this gives a date", describe(want));
                self.error("C5", spot, message, "drop `date`, or name another field");
                return;
            }
        };
        for format in formats {
            let given = precision(format);
            let (message, help) = if given < low {
                (
                    format!("the schema wants {}, `{}` gives less", describe(want), format.text),
                    "read a fuller format",
                )
            } else if given > high {
                (
                    format!("the schema wants {}, `{}` gives a time too", describe(want), format.text),
                    "write `*` for each digit of the time",
                )
            } else {
                continue;
            };
            self.error("C7", spot, message, help);
        }
    }

    fn document(&mut self, known: &Known, place: &Place, scope: &Scope<'a>, want: &Shape) {
        let (shape, whose) = match scope.way {
            Way::Write => (&known.shape, "this is"),
            Way::Read => (want, "the schema wants"),
        };
        if !matches!(shape, Shape::Any | Shape::Scalar(Scalar::Document)) {
            let message = format!("`document` makes a document, {whose} {}", describe(shape));
            self.error("C5", (place, &scope.at), message, "drop `document`, or name the document's field");
        }
    }

    fn shape_applied(
        &mut self,
        known: Known,
        name: &'a str,
        place: &Place,
        scope: &Scope<'a>,
        want: &Shape,
    ) -> Known {
        let Some(drawing) = self.agency.shapes.get(name) else {
            let help = meant(name, self.agency.shapes.keys().map(String::as_str));
            self.error("C2", (place, &scope.at), format!("there is no shape `{name}`"), help);
            return Known::unknown();
        };
        if scope.shapes.contains(&name) {
            return Known::unknown();
        }
        if !matches!(known.shape, Shape::Any | Shape::Object(_)) {
            let message =
                format!("the shape `{name}` is drawn from an object, this is {}", describe(&known.shape));
            self.error("C3", (place, &scope.at), message, "name the object, or take each row with `each`");
            return Known::unknown();
        }
        let maybe = known.maybe;
        let mut inner = scope.clone();
        inner.here = Known { maybe: false, settled: false, ..known };
        inner.at = format!("{}<{name}>", scope.at);
        inner.shapes.push(name);
        inner.guards.clear();
        let drawn = self.drawing(drawing, &inner, want);
        Known { maybe: maybe || drawn.maybe, ..Known::settled() }
    }
}

/// A converted value: theirs once written, ours once read; compared already.
fn finished(known: Known, way: Way) -> Known {
    let words = match way {
        Way::Write => Words::Theirs,
        Way::Read => Words::Ours,
    };
    Known { shape: Shape::Any, words, holder: Holder::Agency, settled: true, ..known }
}

fn precision(format: &DateFormat) -> Precision {
    let has = |token: &DateToken| format.tokens.contains(token);
    if has(&DateToken::Hour) || has(&DateToken::Minute) || has(&DateToken::Second) {
        Precision::Time
    } else if has(&DateToken::Day) {
        Precision::Day
    } else if has(&DateToken::Month) {
        Precision::Month
    } else {
        Precision::Year
    }
}
