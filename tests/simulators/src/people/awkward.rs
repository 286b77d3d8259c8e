//! The people on whom careless programs stumble, two of each kind.

use super::families::{self, FAMILIES, GIVEN, Town};
use super::{Address, Awkward, Born, Chance, Name, NameForm, PLACES, Person, Sex};

/// So many of each kind, in different places.
const OF_EACH_KIND: usize = 2;

const KINDS: [Awkward; 10] = [
    Awkward::YearOnly,
    Awkward::YearMonth,
    Awkward::NineDigitOnly,
    Awkward::WholeNameInGiven,
    Awkward::DecomposedName,
    Awkward::MixedCaseName,
    Awkward::OldAddress,
    Awkward::NoResidence,
    Awkward::UnknownEthnicity,
    Awkward::Foreign,
];

pub(super) fn add(town: &mut Town, chance: &mut Chance) {
    let kinds = KINDS.iter().cycle().take(KINDS.len() * OF_EACH_KIND);
    for (kind, place) in kinds.zip(PLACES.iter().cycle()) {
        let name = Name::new(chance.choose(&FAMILIES), "Thị", chance.choose(&GIVEN));
        let year = 1950 + chance.below(50) as u16;
        let born = Born::Day(chance.day_in(year));
        let mut person = families::person(*place, name, Sex::Female, born);
        person.awkward = Some(*kind);
        distort(&mut person, *kind, town, chance);
        town.add(person);
    }
}

fn distort(person: &mut Person, kind: Awkward, town: &mut Town, chance: &mut Chance) {
    match kind {
        Awkward::YearOnly => person.born = Born::Year(1942),
        Awkward::YearMonth => person.born = Born::Month { year: 1942, month: 3 },
        Awkward::NineDigitOnly => {
            person.old_id = format!("{}{:07}", person.place.old_province, 1_000_000 + town.next_serial());
        }
        Awkward::WholeNameInGiven => person.name_form = NameForm::WholeInGiven,
        Awkward::DecomposedName => person.name_form = NameForm::Decomposed,
        Awkward::MixedCaseName => person.name_form = NameForm::MixedCase,
        Awkward::OldAddress => person.residence = Some(Address::old(&person.place, "Tổ 3, khối phố Mẫu")),
        Awkward::NoResidence => person.residence = None,
        // The population register numbers ethnicities 01 to 54; 97 stands for none of them.
        Awkward::UnknownEthnicity => person.ethnicity = "97".to_owned(),
        // These have a file of their own.
        Awkward::Disagreeing => {}
        Awkward::Foreign => {
            person.nationality = "LA".to_owned();
            person.name = Name::new("Mẫu", "", chance.choose(&["Vilayphone", "Bounmy"]));
            person.birth_registered_at.country = "LA".to_owned();
        }
    }
}
