//! Typed reading of TOML values: what is of the wrong type, unknown or missing becomes a finding.

use std::sync::Arc;

use super::source::{Entry, Item, Table, Value};
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::language::syntax::Constant;

/// Everything found so far.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<Diagnostic>,
    torn: Vec<Arc<str>>,
}

impl Findings {
    /// Adds a finding.
    pub fn push(&mut self, finding: Diagnostic) {
        self.list.push(finding);
    }

    /// Adds an error.
    pub fn say(&mut self, code: &'static str, spot: &Spot<'_>, message: impl Into<String>) {
        self.push(Diagnostic::error(code, &spot.place, spot.at.clone(), message));
    }

    /// Adds an error with its remedy.
    pub fn advise(
        &mut self,
        code: &'static str,
        spot: &Spot<'_>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Diagnostic::error(code, &spot.place, spot.at.clone(), message).help(help));
    }

    /// Says of a word why it is not one of a closed list, and which one may be meant.
    pub fn unknown(
        &mut self,
        code: &'static str,
        spot: &Spot<'_>,
        (word, why): (&str, &str),
        known: &[&str],
    ) {
        let help = match nearest(word, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => "there is none".to_owned(),
            None => format!("one of: {}", known.join(", ")),
        };
        self.advise(code, spot, format!("`{word}` {why}"), help);
    }

    /// How many there are, so that a reader can see whether its part was clean.
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// Remembers that a file is not TOML throughout.
    pub fn tear(&mut self, file: &Arc<str>) {
        self.torn.push(Arc::clone(file));
    }

    /// Whether a file is not TOML throughout, so that what seems to be missing may stand there.
    pub fn is_torn(&self) -> bool {
        !self.torn.is_empty()
    }

    /// Everything found, by place. Of a torn file only that it is torn: what its lines seem to say would mislead.
    pub fn into_list(mut self) -> Vec<Diagnostic> {
        self.list.retain(|finding| finding.code == "C0" || !self.torn.contains(&finding.place.file));
        self.list.sort();
        self.list
    }
}

/// A value where it is read: with its place and the drawing's path to it.
#[derive(Debug, Clone)]
pub struct Spot<'a> {
    /// The value.
    pub item: &'a Item,
    /// The line that findings name: the value's, a table's key's.
    pub place: Place,
    /// `person.found.sex`.
    pub at: String,
}

impl<'a> Spot<'a> {
    /// A value at a path.
    pub fn new(item: &'a Item, at: impl Into<String>) -> Self {
        Spot { item, place: item.place.clone(), at: at.into() }
    }

    /// A table's entry.
    pub fn child(&self, entry: &'a Entry) -> Spot<'a> {
        let dot = if self.at.is_empty() { "" } else { "." };
        Spot::new(&entry.item, format!("{}{dot}{}", self.at, entry.key))
    }

    /// The key of an entry, for findings about the key itself.
    pub fn key(&self, entry: &'a Entry) -> Spot<'a> {
        Spot { place: entry.place.clone(), ..self.child(entry) }
    }

    /// The entries of a table, or a finding.
    pub fn table(&self, findings: &mut Findings) -> Option<&'a Table> {
        match &self.item.value {
            Value::Table(table) => Some(table),
            other => {
                findings.say("C1", self, format!("{} where a table belongs", other.word()));
                None
            }
        }
    }

    /// The elements of a list, or a finding.
    pub fn list(&self, findings: &mut Findings) -> Vec<Spot<'a>> {
        match &self.item.value {
            Value::List(items) => self.elements(items),
            other => {
                findings.advise(
                    "C1",
                    self,
                    format!("{} where a list belongs", other.word()),
                    "put it in brackets: [ … ]",
                );
                Vec::new()
            }
        }
    }

    /// The elements of a list; anything else is a list of one.
    pub fn one_or_many(&self) -> Vec<Spot<'a>> {
        match &self.item.value {
            Value::List(items) => self.elements(items),
            _ => vec![self.clone()],
        }
    }

    fn elements(&self, items: &'a [Item]) -> Vec<Spot<'a>> {
        let spots = items.iter().enumerate();
        spots.map(|(index, item)| Spot::new(item, format!("{}[{}]", self.at, index + 1))).collect()
    }

    /// Text, or a finding.
    pub fn text(&self, findings: &mut Findings) -> Option<&'a str> {
        match &self.item.value {
            Value::Text(text) => Some(text),
            other => {
                findings.say("C1", self, format!("{} where text belongs", other.word()));
                None
            }
        }
    }

    /// Text that is not blank: a name, a word.
    pub fn name(&self, findings: &mut Findings) -> Option<String> {
        let text = self.text(findings)?;
        if text.trim().is_empty() {
            findings.say("C1", self, "blank where a name belongs");
            return None;
        }
        Some(text.to_owned())
    }

    /// A list of names.
    pub fn names(&self, findings: &mut Findings) -> Vec<String> {
        self.list(findings).iter().filter_map(|spot| spot.name(findings)).collect()
    }

    /// true or false, or a finding.
    pub fn flag(&self, findings: &mut Findings) -> Option<bool> {
        match &self.item.value {
            Value::Bool(flag) => Some(*flag),
            other => {
                findings.say("C1", self, format!("{} where true or false belongs", other.word()));
                None
            }
        }
    }

    /// A whole number from 1, or a finding.
    pub fn count<N: TryFrom<u64>>(&self, findings: &mut Findings) -> Option<N> {
        let number = match &self.item.value {
            Value::Number(number) => number.parse::<u64>().ok().filter(|number| *number > 0),
            _ => None,
        };
        let number = number.and_then(|number| N::try_from(number).ok());
        if number.is_none() {
            findings.say("C1", self, "a whole number from 1 belongs here");
        }
        number
    }

    /// A text, number or truth value; `None` without a finding for anything else.
    pub fn scalar(&self) -> Option<Constant> {
        match &self.item.value {
            Value::Text(text) => Some(Constant::Text(text.clone())),
            Value::Number(number) => Some(Constant::Number(number.clone())),
            Value::Bool(flag) => Some(Constant::Bool(*flag)),
            Value::Foreign(_) | Value::List(_) | Value::Table(_) => None,
        }
    }

    /// A text, number or truth value, or a finding.
    pub fn constant(&self, findings: &mut Findings) -> Option<Constant> {
        let scalar = self.scalar();
        if scalar.is_none() {
            let word = self.item.value.word();
            findings.say("C1", self, format!("{word} where text, a number, true or false belongs"));
        }
        scalar
    }

    /// One of a closed list of words, or a finding.
    pub fn word<T: Copy>(&self, known: &[(&str, T)], findings: &mut Findings) -> Option<T> {
        let text = self.text(findings)?;
        let found = known.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
            findings.unknown("C1", self, (text, "is unknown here"), &words);
        }
        found
    }
}

/// A table whose keys are a closed list.
#[derive(Debug)]
pub struct Keys<'a> {
    /// The table's own spot.
    pub spot: Spot<'a>,
    table: &'a Table,
    /// What unknown keys were probably meant to be: such a key is not reported as missing too.
    meant: Vec<&'a str>,
}

impl<'a> Keys<'a> {
    /// Opens a table and reports the keys that do not belong there.
    pub fn open(spot: Spot<'a>, known: &[&'static str], findings: &mut Findings) -> Option<Self> {
        let table = spot.table(findings)?;
        let mut meant = Vec::new();
        for entry in &table.entries {
            if !known.contains(&entry.key.as_str()) {
                findings.unknown("C1", &spot.key(entry), (&entry.key, "is unknown here"), known);
                meant.extend(nearest(&entry.key, known.iter().copied()));
            }
        }
        Some(Keys { spot, table, meant })
    }

    /// The value of a key, if it is there.
    pub fn spot(&self, key: &str) -> Option<Spot<'a>> {
        self.table.entry(key).map(|entry| self.spot.child(entry))
    }

    /// The value of a key that must be there.
    pub fn required(&self, key: &str, findings: &mut Findings) -> Option<Spot<'a>> {
        let spot = self.spot(key);
        if spot.is_none() && !self.meant.contains(&key) {
            findings.say("C1", &self.spot, format!("the key `{key}` is missing"));
        }
        spot
    }

    /// A name, if the key is there.
    pub fn name(&self, key: &str, findings: &mut Findings) -> Option<String> {
        self.spot(key).and_then(|spot| spot.name(findings))
    }

    /// A name that must be there.
    pub fn required_name(&self, key: &str, findings: &mut Findings) -> Option<String> {
        self.required(key, findings).and_then(|spot| spot.name(findings))
    }

    /// A list of names; empty without the key.
    pub fn names(&self, key: &str, findings: &mut Findings) -> Vec<String> {
        self.spot(key).map(|spot| spot.names(findings)).unwrap_or_default()
    }

    /// true or false; false without the key.
    pub fn flag(&self, key: &str, findings: &mut Findings) -> bool {
        self.spot(key).and_then(|spot| spot.flag(findings)).unwrap_or_default()
    }

    /// A whole number from 1, if the key is there.
    pub fn count<N: TryFrom<u64>>(&self, key: &str, findings: &mut Findings) -> Option<N> {
        self.spot(key).and_then(|spot| spot.count(findings))
    }
}
