//! A composite or a form as its file describes it: parts, what is drawn from them, what is compared.

use adapter_api::agency::Table;
use adapter_api::diagnostic::{Diagnostic, Place, Source};
use adapter_api::language::parse::value::{Findings, Keys, Spot};
use adapter_api::language::parse::{expression, path, rules, source, table};
use adapter_api::language::syntax::{Conditions, Drawing, Expression, Path};
use indexmap::IndexMap;

use crate::catalogue::Service;

/// The root under which the parts' answers stand: `$part.residence.sex`.
pub const PART_ROOT: &str = "part";

/// A composite or a form, parsed.
#[derive(Debug, Clone)]
pub struct Composite {
    /// The service, `person.profile`; of a form the procedure, `1.000656`.
    pub name: String,
    /// The file, for messages.
    pub place: Place,
    /// Whom it asks, in the order in which they are told.
    pub parts: Vec<PartPlan>,
    /// What it makes of the answers.
    pub shows: Shows,
    /// Fields that several parts give.
    pub comparisons: Vec<Comparison>,
    /// Drawings used again.
    pub shapes: IndexMap<String, Drawing>,
    /// Code lists, ours to the form's.
    pub tables: IndexMap<String, Table>,
    /// None: nothing here is XML; the language wants the list.
    pub namespaces: IndexMap<String, String>,
}

impl Composite {
    /// Where a compared field stands in the answer: a form's are rows of its `fields`.
    pub fn place_of<'a>(&self, field: &'a str) -> &'a str {
        match self.shows {
            Shows::Answer(_) => field,
            Shows::Form(_) => "fields",
        }
    }

    /// The titles of a compared field, official and English.
    pub fn titles_of(&self, field: &str, service: &Service) -> (String, String) {
        let titles = match &self.shows {
            Shows::Answer(_) => {
                let node = service.answer.at(&format!("/{}", field.replace('.', "/")));
                node.map(|node| (&node.title, &node.title_en))
            }
            Shows::Form(form) => {
                let plan = form.fields.iter().find(|plan| plan.name == field);
                plan.map(|plan| (&plan.title, &plan.title_en))
            }
        };
        titles.map(|(title, title_en)| (title.clone(), title_en.clone())).unwrap_or_default()
    }
}

/// One part.
#[derive(Debug, Clone)]
pub struct PartPlan {
    /// `social_insurance`.
    pub name: String,
    /// `social-insurance.person`.
    pub service: String,
    /// Without it there is no answer.
    pub required: bool,
    /// Parts whose answers its query draws from.
    pub after: Vec<String>,
    /// Asked only if this holds for the composite's query.
    pub when: Option<Conditions>,
    /// Its query, drawn from the composite's.
    pub query: Drawing,
}

/// What is made of the parts' answers.
#[derive(Debug, Clone)]
pub enum Shows {
    /// An answer of the service's own shape.
    Answer(Drawing),
    /// The fields of a form, each with its source.
    Form(FormPlan),
}

/// A form (biểu mẫu) to be filled in beforehand.
#[derive(Debug, Clone)]
pub struct FormPlan {
    /// Its official title.
    pub title: String,
    /// The English title.
    pub title_en: String,
    /// Its fields, in the form's order.
    pub fields: Vec<FieldPlan>,
}

/// One field of a form.
#[derive(Debug, Clone)]
pub struct FieldPlan {
    /// Its name.
    pub name: String,
    /// Its official title.
    pub title: String,
    /// The English title.
    pub title_en: String,
    /// The first that gives a value fills it; each draws from one part.
    pub from: Vec<Expression>,
}

/// One field that several parts give, and how their values are compared.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The field of the composite's answer, dotted; of a form, the name of its field.
    pub field: String,
    /// What two values must have in common to say the same.
    pub manner: Manner,
    /// Where each part gives it, by part. A part with several places (a marriage names two) agrees if one of them does.
    pub within: Vec<(String, Vec<Path>)>,
}

/// How values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// A name: letter case, composition, blanks and the place of the tone mark are overlooked.
    Name,
    /// A date: as far as both tell it.
    Date,
    /// An address: both brought to the two levels of 2025.
    Address,
    /// A commune's code of either generation: both brought to the two levels of 2025.
    Commune,
    /// Exactly, after NFC.
    Text,
}

const MANNERS: [(&str, Manner); 5] = [
    ("name", Manner::Name),
    ("date", Manner::Date),
    ("address", Manner::Address),
    ("commune", Manner::Commune),
    ("text", Manner::Text),
];

/// Reads one file of `config/composites` or `config/forms`; everything that is wrong with it at once.
pub fn read(file: &Source) -> Result<Composite, Vec<Diagnostic>> {
    let mut findings = Findings::default();
    let place = Place::new(&file.name, 1);
    let item = source::Item::of_table(place.clone(), source::read(file, &mut findings));
    let composite = read_composite(&Spot::new(&item, ""), place, &mut findings);
    let findings = findings.into_list();
    match composite {
        Some(composite) if findings.is_empty() => Ok(composite),
        Some(_) | None => Err(findings),
    }
}

fn read_composite(spot: &Spot<'_>, place: Place, findings: &mut Findings) -> Option<Composite> {
    let is_form = spot.table(findings)?.entry("procedure").is_some();
    let known: &[&str] = if is_form {
        &["procedure", "title", "title_en", "part", "field", "compare", "shape", "table"]
    } else {
        &["service", "part", "answer", "compare", "shape", "table"]
    };
    let keys = Keys::open(spot.clone(), known, findings)?;
    let name = keys.required_name(if is_form { "procedure" } else { "service" }, findings);
    let parts = read_each(keys.required("part", findings), findings, read_part);
    let shows = if is_form {
        let title = keys.required_name("title", findings);
        let title_en = keys.required_name("title_en", findings);
        let fields = read_each(keys.required("field", findings), findings, read_field);
        title.zip(title_en).map(|(title, title_en)| Shows::Form(FormPlan { title, title_en, fields }))
    } else {
        let answer = keys.required("answer", findings);
        answer.and_then(|spot| expression::read_drawing(&spot, findings)).map(Shows::Answer)
    };
    let shapes = read_each(keys.spot("shape"), findings, |name, spot, findings| {
        Some((name.to_owned(), expression::read_drawing(&spot, findings)?))
    });
    let tables = keys.spot("table").map(|spot| table::read_tables(spot.item, findings));
    Some(Composite {
        name: name?,
        place,
        parts,
        shows: shows?,
        comparisons: read_each(keys.spot("compare"), findings, read_comparison),
        shapes: shapes.into_iter().collect(),
        tables: tables.unwrap_or_default(),
        namespaces: IndexMap::new(),
    })
}

/// What each entry of a table becomes, by its key.
pub(crate) fn read_each<T>(
    spot: Option<Spot<'_>>,
    findings: &mut Findings,
    mut read: impl FnMut(&str, Spot<'_>, &mut Findings) -> Option<T>,
) -> Vec<T> {
    let Some((spot, table)) = spot.and_then(|spot| spot.table(findings).map(|table| (spot.clone(), table)))
    else {
        return Vec::new();
    };
    table.entries.iter().filter_map(|entry| read(&entry.key, spot.child(entry), findings)).collect()
}

fn read_part(name: &str, spot: Spot<'_>, findings: &mut Findings) -> Option<PartPlan> {
    let keys = Keys::open(spot, &["service", "required", "after", "when", "query"], findings)?;
    let service = keys.required_name("service", findings);
    let query = keys.required("query", findings);
    let query = query.and_then(|spot| expression::read_drawing(&spot, findings));
    let when = keys.spot("when");
    let is_bounded = when.is_some();
    let when = when.and_then(|spot| rules::read_conditions(&spot, findings));
    // A part that has lost its condition would be asked too often.
    if is_bounded && when.is_none() {
        return None;
    }
    Some(PartPlan {
        name: name.to_owned(),
        service: service?,
        required: keys.flag("required", findings),
        after: keys.names("after", findings),
        when,
        query: query?,
    })
}

fn read_field(name: &str, spot: Spot<'_>, findings: &mut Findings) -> Option<FieldPlan> {
    let keys = Keys::open(spot, &["title", "title_en", "from"], findings)?;
    let title = keys.required_name("title", findings);
    let title_en = keys.required_name("title_en", findings);
    let from = keys.required("from", findings)?.list(findings);
    let from = from.iter().filter_map(|spot| expression::read(spot, findings)).collect();
    Some(FieldPlan { name: name.to_owned(), title: title?, title_en: title_en?, from })
}

fn read_comparison(field: &str, spot: Spot<'_>, findings: &mut Findings) -> Option<Comparison> {
    let keys = Keys::open(spot, &["as", "in"], findings)?;
    let manner = keys.required("as", findings).and_then(|spot| spot.word(&MANNERS, findings));
    let within = read_each(keys.required("in", findings), findings, |part, spot, findings| {
        let paths = spot.one_or_many().iter().filter_map(|spot| path::read(spot, findings)).collect();
        Some((part.to_owned(), paths))
    });
    Some(Comparison { field: field.to_owned(), manner: manner?, within })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_wrong_with_a_file_is_told_with_its_line() {
        let text = "service = \"a.b\"\nansver = {}\n[part.one]\nservice = \"x.y\"\nwhen = {}\nquery = { a = \"b\" }\n\
                    [compare]\nname = { as = \"nmae\", in = { one = \"c\" } }\n[answer]\na = \"$part.one.a\"\n";
        let told = read(&Source { name: "x.toml".into(), text: text.into() }).unwrap_err();
        let told: Vec<String> = told.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 3, "{told:#?}");
        assert!(told[0].starts_with("x.toml:2:") && told[0].contains("did you mean `answer`"), "{told:#?}");
        assert!(told[1].starts_with("x.toml:5:") && told[2].contains("`name`"), "{told:#?}");
    }
}
