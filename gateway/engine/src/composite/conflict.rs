//! Whether several agencies say the same of one thing, after what only differs in writing is overlooked.

use adapter_api::Tree;
use adapter_api::language::evaluate::{Scope, Spot, Way, Words, World, resolve, to_json};
use adapter_api::language::text::{fold, normalise};
use serde_json::Value;

use super::plan::{Comparison, Composite, Manner};
use crate::units::Units;

/// A contradiction between agencies; both are shown, nobody decides.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// The field of the composite's answer, dotted; of a form, the name of its field.
    pub field: String,
    /// Its official title.
    pub title: String,
    /// The English title.
    pub title_en: String,
    /// What kind of difference.
    pub kind: Difference,
    /// Who says what, as it was said.
    pub values: Vec<Said>,
}

/// What one part said.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// The part.
    pub part: String,
    /// The agency.
    pub agency: String,
    /// Its value, as it was said.
    pub value: Value,
}

/// How values differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// They cannot both be right.
    Different,
    /// One tells the first of January where another knows the year alone: that day may be invented (mapping 7.5).
    InventedDay,
}

impl Difference {
    /// The word in answers.
    pub fn word(self) -> &'static str {
        match self {
            Difference::Different => "different",
            Difference::InventedDay => "invented-day",
        }
    }
}

/// The values a part gives for a comparison, one for each of its places; none where it gives none, or the caller may not see
/// them.
pub fn values_of(composite: &Composite, comparison: &Comparison, part: &str, answer: &Tree) -> Vec<Value> {
    let Some((_, paths)) = comparison.within.iter().find(|(name, _)| name == part) else { return Vec::new() };
    let words =
        Words { tables: &composite.tables, shapes: &composite.shapes, namespaces: &composite.namespaces };
    let world = World::new(words, Vec::new(), Vec::new());
    let here = Spot::of(adapter_api::language::evaluate::Origin::Agency);
    let scope = Scope::new(&world, answer, here, Way::Write).soft();
    paths.iter().filter_map(|path| to_json(&resolve(path, &scope).ok()??.to_tree())).collect()
}

/// Of the places in which one part says it, the one that agrees with what another has said; else the first.
pub fn nearest(mut values: Vec<Value>, said: Option<&Value>, manner: Manner, units: &Units) -> Option<Value> {
    let agrees = |value: &Value| said.is_some_and(|said| between(said, value, manner, units).is_none());
    let at = values.iter().position(agrees).unwrap_or(0);
    (at < values.len()).then(|| values.swap_remove(at))
}

/// The gravest difference among values, if there is one.
pub fn difference<'a>(
    values: impl Iterator<Item = &'a Value> + Clone,
    manner: Manner,
    units: &Units,
) -> Option<Difference> {
    let mut gravest = None;
    for (at, one) in values.clone().enumerate() {
        for other in values.clone().skip(at + 1) {
            match between(one, other, manner, units) {
                Some(Difference::Different) => return Some(Difference::Different),
                Some(Difference::InventedDay) => gravest = Some(Difference::InventedDay),
                None => {}
            }
        }
    }
    gravest
}

fn between(one: &Value, other: &Value, manner: Manner, units: &Units) -> Option<Difference> {
    let differ = |same: bool| (!same).then_some(Difference::Different);
    match (one, other, manner) {
        (Value::String(one), Value::String(other), Manner::Name) => differ(fold(one) == fold(other)),
        (Value::String(one), Value::String(other), Manner::Date) => between_dates(one, other),
        (Value::String(one), Value::String(other), Manner::Text) => {
            differ(normalise(one) == normalise(other))
        }
        (Value::Object(_), Value::Object(_), Manner::Address) => differ(may_be_one(one, other, units)),
        (Value::String(one), Value::String(other), Manner::Commune) => {
            differ(units.may_be_one_commune(one, other))
        }
        // An address in words says nothing that could be held against codes.
        (_, _, Manner::Address) => None,
        (one, other, Manner::Name | Manner::Date | Manner::Commune | Manner::Text) => differ(one == other),
    }
}

fn between_dates(one: &str, other: &str) -> Option<Difference> {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if !long.starts_with(short) {
        return Some(Difference::Different);
    }
    (short.len() == 4 && long.ends_with("-01-01")).then_some(Difference::InventedDay)
}

/// Whether two addresses can be the same place: they share a unit of the two levels, as far as both tell it.
fn may_be_one(one: &Value, other: &Value, units: &Units) -> bool {
    let (one, other) = (places(one, units), places(other, units));
    one.is_empty() || other.is_empty() || one.iter().any(|place| other.iter().any(|it| place.meets(it)))
}

/// A place of the two levels.
struct Place {
    province: String,
    commune: Option<String>,
}

impl Place {
    fn meets(&self, other: &Place) -> bool {
        let communes = self.commune.as_ref().zip(other.commune.as_ref());
        self.province == other.province && communes.is_none_or(|(one, other)| one == other)
    }
}

/// What an address may be today: every successor of a unit of three levels; nothing if the table does not know it.
fn places(address: &Value, units: &Units) -> Vec<Place> {
    let code = |name| address.get(name).and_then(Value::as_str);
    let Some(province) = code("province") else { return Vec::new() };
    let Some(district) = code("district") else {
        return vec![Place { province: province.to_owned(), commune: code("commune").map(str::to_owned) }];
    };
    let successors = units.convert(province, district, code("commune").unwrap_or_default());
    let place = |unit: crate::units::Unit<'_>| Place {
        province: unit.province.to_owned(),
        commune: Some(unit.commune.to_owned()),
    };
    successors.into_iter().flatten().map(place).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::units::Tables;

    fn units() -> Units {
        Units::read(Tables {
            provinces: "code,name\n38,Tỉnh Thanh Hóa\n40,Tỉnh Nghệ An\n",
            communes: "code,name,province_code\n14812,A,38\n14813,B,38\n16000,C,40\n",
            conversion: "a,b,c,d,e,f\n38,380,00001,14812,part,1\n38,380,00001,14813,part,0\n38,380,00002,14812,whole,1\n",
        })
        .unwrap()
    }

    fn found(one: Value, other: Value, manner: Manner) -> Option<Difference> {
        difference([one, other].iter(), manner, &units())
    }

    #[test]
    fn what_only_differs_in_writing_is_no_conflict() {
        assert_eq!(found(json!("NGUYỄN  VĂN HOÀ"), json!("Nguyễn Văn Hòa"), Manner::Name), None);
        assert_eq!(found(json!("1942"), json!("1942-03-15"), Manner::Date), None);
        assert_eq!(found(json!("1942-03"), json!("1942-03-01"), Manner::Date), None);
    }

    #[test]
    fn what_cannot_both_be_right_is_one() {
        let different = Some(Difference::Different);
        assert_eq!(found(json!("Nguyễn Văn Mẫu"), json!("Nguyễn Văn Mau"), Manner::Name), different);
        assert_eq!(found(json!("1942"), json!("1943-01-01"), Manner::Date), different);
        assert_eq!(found(json!("male"), json!("female"), Manner::Text), different);
        assert_eq!(found(json!("1942"), json!("1942-01-01"), Manner::Date), Some(Difference::InventedDay));
    }

    #[test]
    fn addresses_are_compared_as_of_today() {
        let old = json!({ "province": "38", "district": "380", "commune": "00001" });
        let new = |commune: &str| json!({ "province": "38", "commune": commune });
        assert_eq!(found(old.clone(), new("14812"), Manner::Address), None);
        assert_eq!(found(old.clone(), new("14813"), Manner::Address), None, "divided: either may be right");
        let whole = json!({ "province": "38", "district": "380", "commune": "00002" });
        assert_eq!(found(whole.clone(), new("14813"), Manner::Address), Some(Difference::Different));
        assert_eq!(found(whole, json!({ "province": "40" }), Manner::Address), Some(Difference::Different));
        assert_eq!(found(old, json!("Thôn 1, xã Mẫu"), Manner::Address), None);
        let commune = |one: &str, other: &str| found(json!(one), json!(other), Manner::Commune);
        assert_eq!(commune("00002", "14812"), None, "the old code of the same place");
        assert_eq!(commune("00001", "14813"), None, "divided: either may be right");
        assert_eq!(commune("00002", "14813"), Some(Difference::Different));
        assert_eq!(commune("14812", "16000"), Some(Difference::Different));
        assert_eq!(commune("14812", "99999"), None, "the table does not know it");
        let unknown = json!({ "province": "38", "district": "999", "commune": "99999" });
        assert_eq!(found(unknown, new("14812"), Manner::Address), None, "the table does not know it");
    }
}
