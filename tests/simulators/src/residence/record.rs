//! Writes the answers of C06: citizen, verification, household.

use crate::people::{Address, Born, Household, Member, Name, Person};
use crate::persons::Persons;
use crate::xml::Element;

/// `CongdanCollection`; empty for nobody.
pub(super) fn citizens(persons: &Persons, people: &[Person]) -> Element {
    Element::branch("CongdanCollection", people.iter().map(|person| citizen(persons, person)).collect())
}

/// `KetQuaXacThuc`; told twice when told to speak of two people.
pub(super) fn verified(found: usize, twice: bool) -> Element {
    let told = Element::leaf("TonTai", if found > 0 { "true" } else { "false" });
    let children = if twice { vec![told.clone(), Element::leaf("TonTai", "false")] } else { vec![told] };
    Element::branch("KetQuaXacThuc", children)
}

/// `HoGiaDinhCollection`; empty for nobody and for those without a household.
pub(super) fn households(persons: &Persons, people: &[Person]) -> Element {
    let found = people.iter().filter_map(|person| persons.register.household_of(person));
    Element::branch("HoGiaDinhCollection", found.map(|found| household(persons, found)).collect())
}

/// The members whose registration stands, the head first. Where the head was removed, the next one is the head, with
/// the relations of the others as they were. \[SIM\]
fn members<'a>(persons: &'a Persons, home: &'a Household) -> impl Iterator<Item = (&'a Member, &'a Person)> {
    let known =
        home.members.iter().filter_map(|member| Some((member, persons.register.person(member.person)?)));
    known.filter(|(_, person)| !persons.is_removed(&person.id))
}

fn relation_to_head(place: usize, member: &Member) -> &'static str {
    if place == 0 { "CH00" } else { member.relation }
}

fn citizen(persons: &Persons, person: &Person) -> Element {
    let relative = |index: Option<usize>| index.and_then(|index| persons.register.person(index));
    let mut fields = vec![
        Element::leaf("SoDinhDanh", &person.id),
        Element::leaf("SoCMND", &person.old_id),
        name(&person.shown_name()),
        Element::leaf("GioiTinh", person.sex.code()),
        Element::leaf("DanToc", &person.ethnicity),
        Element::leaf("TonGiao", "00"),
        Element::leaf("TinhTrangHonNhan", person.marital_status),
        Element::leaf("NhomMau", "00"),
        birth_date(person.born),
        address("NoiDangKyKhaiSinh", &person.birth_registered_at),
        address("QueQuan", &person.birth_registered_at),
    ];
    for part in ["ThuongTru", "NoiOHienTai"] {
        fields.extend(person.residence.as_ref().map(|residence| address(part, residence)));
    }
    fields.push(Element::leaf("QuocTich", &person.nationality));
    let relatives = [("Cha", person.father), ("Me", person.mother), ("VoChong", person.spouse)];
    for (role, index) in relatives {
        fields.extend(relative(index).map(|relative| relation(role, relative)));
    }
    if let Some(home) = persons.register.household_of(person) {
        fields.extend(head(persons, home, person));
        fields.push(Element::leaf("SoSoHoKhau", &home.book));
    }
    Element::branch("CongDan", fields)
}

/// Cha, Me, VoChong: a name in one piece, nationality and numbers.
fn relation(role: &str, relative: &Person) -> Element {
    let fields = vec![
        Element::leaf("HoVaTen", relative.shown_name().full()),
        Element::leaf("QuocTich", &relative.nationality),
        Element::leaf("SoDinhDanh", &relative.id),
        Element::leaf("SoCMND", &relative.old_id),
    ];
    Element::branch(role, fields)
}

/// ChuHo: what the person is to the head of the household, and who that is.
fn head(persons: &Persons, home: &Household, person: &Person) -> Option<Element> {
    let (_, first) = members(persons, home).next()?;
    let own = |(_, (_, other)): &(usize, (&Member, &Person))| other.any_id() == person.any_id();
    let (place, (member, _)) = members(persons, home).enumerate().find(own)?;
    let fields = vec![
        Element::leaf("QuanHe", relation_to_head(place, member)),
        Element::leaf("HoVaTen", first.shown_name().full()),
        Element::leaf("SoDinhDanh", &first.id),
        Element::leaf("SoCMND", &first.old_id),
    ];
    Some(Element::branch("ChuHo", fields))
}

fn household(persons: &Persons, home: &Household) -> Element {
    let head = members(persons, home).next().map(|(_, head)| {
        let name = Element::leaf("HoVaTen", head.shown_name().full());
        Element::branch("ChuHo", vec![Element::leaf("SoDinhDanh", &head.id), name])
    });
    let members = members(persons, home).enumerate().map(|(place, (member, person))| {
        let fields = vec![
            Element::leaf("SoDinhDanh", &person.id),
            name(&person.shown_name()),
            birth_date(person.born),
            Element::leaf("GioiTinh", person.sex.code()),
            Element::leaf("QuanHe", relation_to_head(place, member)),
            Element::leaf("NgayDangKy", member.since.compact()),
        ];
        Element::branch("ThanhVien", fields)
    });
    let members = Element::branch("DanhSachThanhVien", members.collect());
    let mut fields = vec![Element::leaf("SoSoHoKhau", &home.book), address("DiaChi", &home.address)];
    fields.extend(head);
    fields.push(members);
    Element::branch("HoGiaDinh", fields)
}

fn name(name: &Name) -> Element {
    let fields = vec![
        Element::leaf("Ho", &name.family),
        Element::leaf("ChuDem", &name.middle),
        Element::leaf("Ten", &name.given),
    ];
    Element::branch("HoVaTen", fields)
}

/// In replies one text, `yyyyMMdd` or `yyyy` (interfaces 8 and B.1 give it no children, unlike in requests); a month
/// without a day is told as its year.
fn birth_date(born: Born) -> Element {
    let text = match born {
        Born::Day(day) => day.compact(),
        Born::Month { year, .. } | Born::Year(year) => format!("{year:04}"),
    };
    Element::leaf("NgayThangNamSinh", text)
}

fn address(role: &str, address: &Address) -> Element {
    let fields = vec![
        Element::leaf("MaTinhThanh", &address.province),
        Element::leaf("MaQuanHuyen", address.district.as_deref().unwrap_or_default()),
        Element::leaf("MaPhuongXa", &address.commune),
        Element::leaf("ChiTiet", &address.detail),
        Element::leaf("QuocGia", &address.country),
    ];
    Element::branch(role, fields)
}
