//! The synthetic people and their acts.

use std::collections::BTreeSet;

use simulators::{Awkward, Module, Register, Sex};

#[test]
fn the_same_seed_gives_the_same_people() {
    let ids = |seed| Register::new(seed).all().iter().map(|person| person.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(7), ids(7));
    assert_ne!(ids(7), ids(8));
    assert!(ids(7).len() >= 200, "{}", ids(7).len());
}

#[test]
fn id_numbers_agree_with_province_sex_century_and_year() {
    let register = Register::new(1);
    let mut seen = BTreeSet::new();
    for person in register.all() {
        assert!(seen.insert(person.any_id().to_owned()), "{} twice", person.any_id());
        if person.id.is_empty() {
            assert_eq!(person.old_id.len(), 9);
            continue;
        }
        assert_eq!(person.id.len(), 12);
        let year = person.born.year();
        let digit = u8::from(person.sex == Sex::Female) + if year >= 2000 { 2 } else { 0 };
        let head = format!("0{}{digit}{:02}", person.birth_registered_at.province, year % 100);
        assert!(person.id.starts_with(&head), "{} {head}", person.id);
    }
}

#[test]
fn every_awkward_person_is_there() {
    use Awkward::{DecomposedName, Foreign, MixedCaseName, NineDigitOnly, NoResidence};
    use Awkward::{OldAddress, UnknownEthnicity, WholeNameInGiven, YearMonth, YearOnly};
    let register = Register::new(3);
    for kind in [YearOnly, YearMonth, NineDigitOnly, WholeNameInGiven, DecomposedName] {
        assert_eq!(register.awkward(kind).awkward, Some(kind));
    }
    for kind in [MixedCaseName, OldAddress, NoResidence, UnknownEthnicity, Foreign] {
        assert_eq!(register.awkward(kind).awkward, Some(kind));
    }
    assert_eq!(register.dead().count(), 20);
}

#[test]
fn the_civil_register_is_full_and_unambiguous() {
    let register = Register::new(1);
    let of = |module| register.registrations().iter().filter(|entry| entry.module == module).count();
    assert!(of(Module::Birth) >= 100);
    assert_eq!((of(Module::Death), of(Module::Marriage)), (20, 15));
    let codes: BTreeSet<_> = register.dossiers().iter().map(|dossier| &dossier.code).collect();
    assert_eq!(codes.len(), register.dossiers().len());
    let keys = register.registrations().iter().map(|entry| (&entry.province, &entry.book, &entry.number));
    assert_eq!(keys.collect::<BTreeSet<_>>().len(), register.registrations().len());
}

#[test]
fn children_are_born_after_their_parents_and_named_like_their_fathers() {
    let register = Register::new(5);
    let of = |index: Option<usize>| index.and_then(|index| register.person(index));
    let mut children = 0;
    for child in register.all() {
        let (Some(father), Some(mother)) = (of(child.father), of(child.mother)) else { continue };
        children += 1;
        assert_eq!((father.sex, mother.sex), (Sex::Male, Sex::Female));
        assert_eq!(child.name.family, father.name.family);
        assert!(child.born.year() >= mother.born.year().max(father.born.year()) + 20);
    }
    assert!(children > 60);
}

#[test]
fn ten_people_are_kept_differently_and_nobody_else() {
    use simulators::{Aspect, Party};
    let register = Register::new(4);
    let about: BTreeSet<_> = register.disagreeing().iter().map(|found| found.person).collect();
    assert_eq!(about.len(), 10);
    for found in register.disagreeing() {
        let truth = register.person(found.person).unwrap();
        assert_eq!(truth.awkward, Some(Awkward::Disagreeing));
        let (first, right) = &found.says[0];
        assert_eq!(*first, Party::Residence);
        assert!(found.says.iter().any(|(_, said)| said != right), "{found:?}");
        if found.aspect == Aspect::BirthDate {
            let birth = register.registration_of(truth, Module::Birth).unwrap();
            let civil = found.says.iter().find(|(party, _)| *party == Party::CivilStatus).unwrap();
            let dotted = civil.1.split('-').rev().collect::<Vec<_>>().join(".");
            assert_eq!(birth.field("nksNgaySinh"), Some(dotted.as_str()));
        }
    }
    for aspect in [Aspect::Name, Aspect::BirthDate, Aspect::Address] {
        assert!(register.disagreeing().iter().filter(|found| found.aspect == aspect).count() >= 3);
    }
    assert!(register.ordinary().all(|person| register.kept_by(Party::Tax, person).name == person.name));
}
