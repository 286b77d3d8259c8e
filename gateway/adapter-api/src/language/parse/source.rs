//! TOML as the language reads it: tables in the order of their lines, each key and value with its place.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::value::Findings;
use crate::diagnostic::{Diagnostic, Place, Source};

/// What the crate says of a key that is written twice.
const DUPLICATE: &str = "duplicate key";

/// A value with its place.
#[derive(Debug, Clone)]
pub struct Item {
    /// Where it stands.
    pub place: Place,
    /// What stands there.
    pub value: Value,
}

/// What can stand in TOML.
#[derive(Debug, Clone)]
pub enum Value {
    /// Text.
    Text(String),
    /// A number in its own text, decimal.
    Number(String),
    /// true or false.
    Bool(bool),
    /// What TOML has and the language has no use for: a date, `inf`.
    Foreign(&'static str),
    /// A list.
    List(Vec<Item>),
    /// A table.
    Table(Table),
}

/// A table, in the order of its lines.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Its entries; each key once.
    pub entries: Vec<Entry>,
}

/// A key with its value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub place: Place,
    /// Its value.
    pub item: Item,
}

impl Item {
    /// A table as a value.
    pub fn of_table(place: Place, table: Table) -> Self {
        Item { place, value: Value::Table(table) }
    }
}

impl Value {
    /// What it is, for messages.
    pub fn word(&self) -> &'static str {
        match self {
            Value::Text(_) => "text",
            Value::Number(_) => "a number",
            Value::Bool(_) => "true or false",
            Value::Foreign(word) => word,
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

impl Table {
    /// The entry of this key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.key.as_str())
    }
}

/// Reads a file. What could be read of a torn one is given too, so that its names are known.
pub fn read(file: &Source, findings: &mut Findings) -> Table {
    let lines = Lines::of(file);
    let (root, errors) = DeTable::parse_recoverable(&file.text);
    for error in telling(&errors) {
        let place = lines.place(error.span().unwrap_or_default());
        let message = error.message().lines().collect::<Vec<_>>().join("; ");
        findings.push(
            Diagnostic::error("C0", &place, "", format!("not TOML: {message}")).help(
                "the files are TOML 1.1: text in quotes, each key once, lists and inline tables closed",
            ),
        );
    }
    if !errors.is_empty() {
        findings.tear(&file.name);
    }
    lines.table(root.get_ref())
}

/// The errors that stand for themselves: keys written twice, up to the first line that is no TOML. All behind that line may
/// be its echo: one open bracket gives an error for nearly every line below it.
fn telling(errors: &[toml::de::Error]) -> Vec<&toml::de::Error> {
    let start = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
    let is_torn = |error: &&toml::de::Error| error.message() != DUPLICATE;
    let torn = errors.iter().filter(is_torn).min_by_key(|error| start(error));
    let mut telling: Vec<_> = errors.iter().filter(|error| !is_torn(error)).collect();
    telling.retain(|error| torn.is_none_or(|torn| start(error) < start(torn)));
    telling.extend(torn);
    telling
}

/// Finds the line of a byte.
struct Lines {
    file: Arc<str>,
    starts: Vec<usize>,
}

impl Lines {
    fn of(file: &Source) -> Self {
        let breaks = file.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Lines { file: Arc::clone(&file.name), starts: breaks.map(|(at, _)| at + 1).collect() }
    }

    fn place(&self, span: Range<usize>) -> Place {
        let line = self.starts.partition_point(|start| *start <= span.start) + 1;
        Place::new(&self.file, u32::try_from(line).unwrap_or(u32::MAX))
    }

    fn table(&self, table: &DeTable<'_>) -> Table {
        let entries = table.iter().map(|(key, value)| {
            let place = self.place(key.span());
            let mut item = self.item(value);
            // A table that only its children's headers name has no span of its own: its key has.
            if matches!(item.value, Value::Table(_)) {
                item.place = place.clone();
            }
            Entry { key: key.get_ref().to_string(), place, item }
        });
        Table { entries: entries.collect() }
    }

    fn item(&self, value: &Spanned<DeValue<'_>>) -> Item {
        let place = self.place(value.span());
        let value = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => Value::Number(decimal(number)),
            DeValue::Float(number) if number.as_str().ends_with(['f', 'n']) => Value::Foreign("inf or nan"),
            DeValue::Float(number) => Value::Number(number.as_str().trim_start_matches('+').to_owned()),
            DeValue::Boolean(flag) => Value::Bool(*flag),
            DeValue::Datetime(_) => Value::Foreign("a TOML date"),
            DeValue::Array(items) => Value::List(items.iter().map(|item| self.item(item)).collect()),
            DeValue::Table(table) => Value::Table(self.table(table)),
        };
        Item { place, value }
    }
}

/// An integer's decimal text, whatever base it was written in.
fn decimal(number: &DeInteger<'_>) -> String {
    let text = number.as_str().trim_start_matches('+');
    if number.radix() == 10 {
        return text.to_owned();
    }
    i128::from_str_radix(text, number.radix()).map_or_else(|_| text.to_owned(), |value| value.to_string())
}
