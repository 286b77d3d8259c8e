//! Households of ordinary synthetic people.

use super::{Address, Born, Chance, Day, Household, Member, Name, NameForm, PLACES, Person, Place, Sex};

/// Enough for more than two hundred people, with the size of a hamlet.
const HOUSEHOLDS: usize = 60;
/// In so many households a parent of the head has died.
const DEAD: usize = 20;
/// ID numbers from here on are given out in order; below are those with a fixed number.
const FIRST_SERIAL: u64 = 100_000;
const LAST_SERIAL: u64 = 999_999;
/// Prime to the range, so that a number comes back only after all others.
const SERIAL_STEP: u64 = 7_919;

pub(super) const FAMILIES: [&str; 8] = ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Phan", "Vũ", "Đặng"];
const MIDDLE_MALE: [&str; 4] = ["Văn", "Đức", "Hữu", "Quốc"];
const MIDDLE_FEMALE: [&str; 4] = ["Thị", "Thu", "Ngọc", "Thanh"];
/// Sample, trial, sham, example, tested … : nobody is called so.
pub(super) const GIVEN: [&str; 10] =
    ["Mẫu", "Thử", "Giả", "Ví Dụ", "Kiểm", "Nghiệm", "Phỏng", "Tưởng Tượng", "Minh Họa", "Dữ Liệu"];

/// The people while they are being made.
pub(super) struct Town {
    pub(super) people: Vec<Person>,
    pub(super) households: Vec<Household>,
    serial: u64,
}

/// The person of the interface document.
pub(super) fn sample_person() -> Person {
    let [place, ..] = PLACES;
    let born = Born::Day(Day { year: 1990, month: 1, day: 1 });
    let name = Name::new("Nguyễn", "Văn", "Mẫu");
    Person { id: "038090000001".to_owned(), ..person(place, name, Sex::Male, born) }
}

/// Somebody without numbers and without relatives yet.
pub(super) fn person(place: Place, name: Name, sex: Sex, born: Born) -> Person {
    Person {
        id: String::new(),
        old_id: String::new(),
        name,
        name_form: NameForm::Parts,
        born,
        sex,
        ethnicity: "01".to_owned(),
        nationality: "VN".to_owned(),
        marital_status: "1",
        birth_registered_at: Address::old(&place, "Thôn Mẫu"),
        residence: Some(Address::new(&place, "Số 1 đường Thử Nghiệm")),
        place,
        died: None,
        father: None,
        mother: None,
        spouse: None,
        household: None,
        awkward: None,
    }
}

/// Province of birth registration, sex and century, year: interfaces 4.4.
pub(super) fn identify(person: &Person, serial: u64) -> String {
    let year = person.born.year();
    let century = if year >= 2000 { 2 } else { 0 };
    let digit = century + u8::from(person.sex == Sex::Female);
    format!("0{}{digit}{:02}{serial:06}", person.place.old_province, year % 100)
}

impl Town {
    pub(super) fn new(sample: Person) -> Self {
        Self { people: vec![sample], households: Vec::new(), serial: 0 }
    }

    pub(super) fn settle(&mut self, chance: &mut Chance) {
        self.serial = chance.below(LAST_SERIAL - FIRST_SERIAL);
        for (number, place) in PLACES.iter().cycle().take(HOUSEHOLDS).enumerate() {
            let head = if number == 0 { 0 } else { self.head(*place, number, chance) };
            self.found_household(head, number, chance);
        }
    }

    /// Gives a number and a place in the list.
    pub(super) fn add(&mut self, mut person: Person) -> usize {
        if person.id.is_empty() && person.old_id.is_empty() {
            person.id = identify(&person, self.next_serial());
        }
        self.people.push(person);
        self.people.len() - 1
    }

    pub(super) fn next_serial(&mut self) -> u64 {
        let range = LAST_SERIAL - FIRST_SERIAL + 1;
        self.serial = (self.serial + SERIAL_STEP) % range;
        FIRST_SERIAL + self.serial
    }

    fn head(&mut self, place: Place, number: usize, chance: &mut Chance) -> usize {
        let sex = if number % 5 == 4 { Sex::Female } else { Sex::Male };
        let family = chance.choose(&FAMILIES).to_owned();
        let year = 1955 + chance.below(38) as u16;
        let head = somebody(place, &family, sex, year, chance);
        self.add(head)
    }

    fn found_household(&mut self, head: usize, number: usize, chance: &mut Chance) {
        let Some(first) = self.people.get(head).cloned() else { return };
        let mut members = vec![member(head, "CH00", chance)];
        let spouse = self.marry(head, &first, chance);
        members.push(member(spouse, "CH01", chance));
        for _ in 0..=number % 3 {
            let child = self.child(head, spouse, chance);
            members.push(member(child, "CH02", chance));
        }
        if number < DEAD {
            let parent = self.dead_parent(head, &first, chance);
            members.push(member(parent, "CH03", chance));
        }
        let address = Address::new(&first.place, &format!("Số {} đường Thử Nghiệm", number + 1));
        let household = self.households.len();
        for member in &members {
            if let Some(person) = self.people.get_mut(member.person) {
                person.household = Some(household);
                person.residence = Some(address.clone());
            }
        }
        let book = format!("{}{number:06}", first.place.old_province);
        self.households.push(Household { book, address, members });
    }

    fn marry(&mut self, head: usize, first: &Person, chance: &mut Chance) -> usize {
        let sex = if first.sex == Sex::Male { Sex::Female } else { Sex::Male };
        let family = chance.choose(&FAMILIES).to_owned();
        let year = first.born.year() + chance.below(5) as u16;
        let mut spouse = somebody(first.place, &family, sex, year, chance);
        (spouse.spouse, spouse.marital_status) = (Some(head), "2");
        let spouse = self.add(spouse);
        if let Some(head) = self.people.get_mut(head) {
            (head.spouse, head.marital_status) = (Some(spouse), "2");
        }
        spouse
    }

    fn child(&mut self, head: usize, spouse: usize, chance: &mut Chance) -> usize {
        let male = |index: &usize| self.people.get(*index).is_some_and(|person| person.sex == Sex::Male);
        let (father, mother) = if male(&head) { (head, spouse) } else { (spouse, head) };
        let (place, family, year) = match (self.people.get(father), self.people.get(mother)) {
            (Some(father), Some(mother)) => {
                let year = father.born.year().max(mother.born.year()) + 22 + chance.below(8) as u16;
                (father.place, father.name.family.clone(), year.min(2024))
            }
            _ => return head,
        };
        let sex = if chance.below(2) == 0 { Sex::Male } else { Sex::Female };
        let mut child = somebody(place, &family, sex, year, chance);
        (child.father, child.mother) = (Some(father), Some(mother));
        self.add(child)
    }

    fn dead_parent(&mut self, head: usize, first: &Person, chance: &mut Chance) -> usize {
        let year = first.born.year() - 25 - chance.below(5) as u16;
        let mut parent = somebody(first.place, &first.name.family, Sex::Male, year, chance);
        let died = 2019 + chance.below(6) as u16;
        parent.died = Some(chance.day_in(died));
        parent.marital_status = "2";
        let parent = self.add(parent);
        if let Some(head) = self.people.get_mut(head) {
            head.father = Some(parent);
        }
        parent
    }
}

fn somebody(place: Place, family: &str, sex: Sex, year: u16, chance: &mut Chance) -> Person {
    let middle = match sex {
        Sex::Male => chance.choose(&MIDDLE_MALE),
        Sex::Female => chance.choose(&MIDDLE_FEMALE),
    };
    let name = Name::new(family, middle, chance.choose(&GIVEN));
    let born = Born::Day(chance.day_in(year));
    person(place, name, sex, born)
}

fn member(person: usize, relation: &'static str, chance: &mut Chance) -> Member {
    Member { person, relation, since: chance.day_in(2024) }
}
