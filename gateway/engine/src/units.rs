//! Administrative units (đơn vị hành chính): from the three levels before 1 July 2025 to the two levels since, by the official table.
//!
//! Pure: the server gives the texts of `config/units`. A commune that was divided has no one successor: the answer is then
//! `approximate` and names every candidate.

use std::collections::HashMap;
use std::sync::Arc;

use adapter_api::{Adapter, Call, Exchange, Fault, Inbound, Outcome, Received, Step};
use serde_json::{Map, Value, json};

/// The service that converts an address, answered by the house itself.
pub const CONVERT: &str = "address.convert";
/// Rows of the conversion table at most: the one of 2025 has 10,602.
const ROWS_MAX: usize = 100_000;

/// The texts of the tables, as `config/units` has them.
#[derive(Debug, Clone, Copy)]
pub struct Tables<'a> {
    /// `provinces.csv`: code, name.
    pub provinces: &'a str,
    /// `communes.csv`: code, name, province.
    pub communes: &'a str,
    /// `conversion_2025-07-01.csv`: old province, district, commune; new commune, extent, default.
    pub conversion: &'a str,
}

/// The tables, read: some 5 MB, shared and never copied.
#[derive(Debug, Default)]
pub struct Units {
    provinces: HashMap<String, String>,
    communes: HashMap<String, Commune>,
    /// By old province, district and commune; the commune is blank for the five island districts that have none.
    successors: HashMap<[String; 3], Vec<Successor>>,
}

#[derive(Debug, Clone)]
struct Commune {
    name: String,
    province: String,
}

#[derive(Debug, Clone)]
struct Successor {
    commune: String,
    /// The one to take when nothing else is known: it took most of the old commune.
    usual: bool,
}

/// A unit of the two levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit<'a> {
    /// GSO code of the province, 2 digits.
    pub province: &'a str,
    /// Its name.
    pub province_name: &'a str,
    /// GSO code of the commune, ward or special zone, 5 digits.
    pub commune: &'a str,
    /// Its name.
    pub commune_name: &'a str,
    /// The one to take when nothing else is known.
    pub usual: bool,
}

impl Units {
    /// Reads the tables; every row that makes no sense is reported.
    pub fn read(tables: Tables<'_>) -> Result<Units, Vec<String>> {
        let mut units = Units::default();
        let mut findings = Vec::new();
        for (line, [code, name]) in rows(tables.provinces, "provinces", &mut findings) {
            if units.provinces.insert(code.to_owned(), name.to_owned()).is_some() {
                findings.push(format!("provinces, line {line}: the code stands twice"));
            }
        }
        for (line, [code, name, province]) in rows(tables.communes, "communes", &mut findings) {
            if !units.provinces.contains_key(province) {
                findings.push(format!("communes, line {line}: there is no such province"));
            }
            let commune = Commune { name: name.to_owned(), province: province.to_owned() };
            if units.communes.insert(code.to_owned(), commune).is_some() {
                findings.push(format!("communes, line {line}: the code stands twice"));
            }
        }
        for (line, [province, district, commune, new, extent, usual]) in
            rows(tables.conversion, "conversion", &mut findings)
        {
            if !units.communes.contains_key(new) {
                findings.push(format!("conversion, line {line}: there is no such new commune"));
            }
            if !matches!((extent, usual), ("whole", "1") | ("part", "0" | "1")) {
                findings.push(format!("conversion, line {line}: not whole or part, or not 0 or 1"));
            }
            let old = [province, district, commune].map(str::to_owned);
            let successor = Successor { commune: new.to_owned(), usual: usual == "1" };
            units.successors.entry(old).or_default().push(successor);
        }
        let usual = |all: &Vec<Successor>| all.iter().filter(|one| one.usual).count();
        for (old, _) in units.successors.iter().filter(|(_, all)| usual(all) != 1) {
            findings.push(format!("conversion: {} has not exactly one default", old.join("-")));
        }
        if findings.is_empty() { Ok(units) } else { Err(findings) }
    }

    /// What became of a unit of the three levels: every successor, the usual one first; `None` if there was no such unit.
    pub fn convert(&self, province: &str, district: &str, commune: &str) -> Option<Vec<Unit<'_>>> {
        let old = [province, district, commune].map(str::to_owned);
        let mut units: Vec<Unit<'_>> =
            self.successors.get(&old)?.iter().filter_map(|successor| self.unit(successor)).collect();
        units.sort_by_key(|unit| !unit.usual);
        Some(units)
    }

    /// Whether two communes' codes, each of either generation, can be the same place today. A code was given once in the
    /// country, but one that stayed may name the old commune or the new one: it is taken for both. True where the table knows
    /// one of them not.
    pub fn may_be_one_commune(&self, one: &str, other: &str) -> bool {
        // Nearly always: the whole table is gone through only for codes that differ.
        if one == other {
            return true;
        }
        let (one, other) = (self.today(one), self.today(other));
        one.is_empty() || other.is_empty() || one.iter().any(|place| other.contains(place))
    }

    /// The communes that a commune's code can stand for today.
    fn today<'a>(&'a self, code: &'a str) -> Vec<&'a str> {
        let succeeded = self.successors.iter().filter(|([.., commune], _)| commune == code);
        let new = succeeded.flat_map(|(_, all)| all.iter().map(|one| one.commune.as_str()));
        new.chain(self.communes.contains_key(code).then_some(code)).collect()
    }

    /// How many units of the three levels are known.
    pub fn count(&self) -> usize {
        self.successors.len()
    }

    fn unit<'a>(&'a self, successor: &'a Successor) -> Option<Unit<'a>> {
        let commune = self.communes.get(&successor.commune)?;
        Some(Unit {
            province: &commune.province,
            province_name: self.provinces.get(&commune.province)?,
            commune: &successor.commune,
            commune_name: &commune.name,
            usual: successor.usual,
        })
    }
}

/// The rows of a table with their line numbers, comments and the header left out.
fn rows<'a, const N: usize>(
    text: &'a str,
    table: &str,
    findings: &mut Vec<String>,
) -> Vec<(usize, [&'a str; N])> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.is_empty());
    let mut rows = Vec::new();
    for (at, line) in lines.skip(1).take(ROWS_MAX) {
        match <[&str; N]>::try_from(line.split(',').map(str::trim).collect::<Vec<_>>()) {
            Ok(row) => rows.push((at + 1, row)),
            Err(other) => {
                findings.push(format!("{table}, line {}: {} columns, not {N}", at + 1, other.len()))
            }
        }
    }
    if rows.is_empty() {
        findings.push(format!("{table} is empty"));
    }
    rows
}

/// What the house answers itself, in the form of an adapter that never sends anything: so it goes the same road as all.
pub struct HouseAdapter {
    units: Arc<Units>,
}

impl HouseAdapter {
    /// Answers by these tables.
    pub fn new(units: Arc<Units>) -> Self {
        HouseAdapter { units }
    }

    fn convert(&self, query: &Value) -> Outcome {
        let code = |name| query.get(name).and_then(Value::as_str).unwrap_or_default();
        match self.units.convert(code("province"), code("district"), code("commune")).as_deref() {
            Some([usual, others @ ..]) => {
                let mut answer = told(usual);
                answer.insert("approximate".into(), json!(!others.is_empty()));
                let candidates = [usual].into_iter().chain(others);
                answer
                    .insert("candidates".into(), candidates.map(|unit| Value::Object(told(unit))).collect());
                Outcome::Found(Value::Object(answer))
            }
            Some([]) | None => Outcome::Absent,
        }
    }
}

fn told(unit: &Unit<'_>) -> Map<String, Value> {
    let fields = [
        ("province", unit.province),
        ("province_name", unit.province_name),
        ("commune", unit.commune),
        ("commune_name", unit.commune_name),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
}

impl Adapter for HouseAdapter {
    fn next(&self, call: &Call, _said: &[Exchange]) -> Result<Step, Fault> {
        match call.operation.as_str() {
            CONVERT => Ok(Step::Done(self.convert(&call.query))),
            other => Err(Fault::AdapterFailed { place: format!("the house does not answer {other}") }),
        }
    }

    fn receive(&self, _message: &Inbound) -> Result<Received, Fault> {
        Err(Fault::AdapterFailed { place: "the house sends itself no message".into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = include_str!("../../../config/units/communes_before_2025-07-01.csv");

    pub fn real() -> Tables<'static> {
        Tables {
            provinces: include_str!("../../../config/units/provinces.csv"),
            communes: include_str!("../../../config/units/communes.csv"),
            conversion: include_str!("../../../config/units/conversion_2025-07-01.csv"),
        }
    }

    #[test]
    fn every_old_unit_has_successors_and_the_divided_ones_say_so() {
        let house = HouseAdapter::new(Arc::new(Units::read(real()).unwrap()));
        assert_eq!(house.units.count(), 10_040);
        let (mut whole, mut divided, mut parts) = (0, 0, 0);
        for row in OLD.lines().filter(|line| !line.starts_with('#')).skip(1) {
            let columns: Vec<&str> = row.split(',').collect();
            let query = json!({ "province": columns[4], "district": columns[2], "commune": columns[0] });
            let Outcome::Found(answer) = house.convert(&query) else { panic!("{row}") };
            let candidates = answer["candidates"].as_array().unwrap();
            assert_eq!(answer["approximate"], json!(candidates.len() > 1), "{row}");
            assert_eq!(answer["commune"], candidates[0]["commune"], "the usual one first");
            match candidates.len() {
                1 => whole += 1,
                several => {
                    divided += 1;
                    parts += several;
                }
            }
        }
        assert_eq!((whole, divided, parts), (9_569, 471, 1_033));
    }

    #[test]
    fn an_island_district_has_no_commune_and_a_wrong_one_is_absent() {
        let house = HouseAdapter::new(Arc::new(Units::read(real()).unwrap()));
        let island = house.convert(&json!({ "province": "48", "district": "498" }));
        assert!(
            matches!(&island, Outcome::Found(answer) if answer["province_name"] == "Thành phố Đà Nẵng"),
            "{island:?}"
        );
        let strange = house.convert(&json!({ "province": "01", "district": "002", "commune": "00001" }));
        assert_eq!(strange, Outcome::Absent, "a commune of another district");
    }

    #[test]
    fn rows_that_make_no_sense_are_told_with_their_line() {
        let tables = Tables {
            provinces: "code,name\n01,A\n",
            communes: "code,name,province_code\n00001,B,01\n00002,C,09\n",
            conversion: "# x\na,b,c,d,e,f\n01,001,1,00001,whole,1\n01,001,2,00001,part,0\n01,001,3,00009,half,1\n01\n",
        };
        let told = Units::read(tables).unwrap_err();
        let expected = [
            "conversion, line 6: 1 columns, not 6",
            "communes, line 3: there is no such province",
            "conversion, line 5: there is no such new commune",
            "conversion, line 5: not whole or part, or not 0 or 1",
            "conversion: 01-001-2 has not exactly one default",
        ];
        for finding in expected {
            assert!(told.iter().any(|told| told == finding), "{finding}: {told:?}");
        }
        assert_eq!(told.len(), expected.len(), "{told:?}");
    }
}
