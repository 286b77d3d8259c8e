//! Writes the answers of C06: citizen, verification, household.

use crate::people::{Address, Born, Household, Name, Person, Register};
use crate::xml::Element;

/// `CongdanCollection`; empty for nobody.
pub(super) fn citizens(register: &Register, people: &[&Person]) -> Element {
    Element::branch("CongdanCollection", people.iter().map(|person| citizen(register, person)).collect())
}

/// `KetQuaXacThuc`; told twice when told to speak of two people.
pub(super) fn verified(found: usize, twice: bool) -> Element {
    let told = Element::leaf("TonTai", if found > 0 { "true" } else { "false" });
    let children = if twice { vec![told.clone(), Element::leaf("TonTai", "false")] } else { vec![told] };
    Element::branch("KetQuaXacThuc", children)
}

/// `HoGiaDinhCollection`; empty for nobody and for those without a household.
pub(super) fn households(register: &Register, people: &[&Person]) -> Element {
    let found = people.iter().filter_map(|person| register.household_of(person));
    Element::branch("HoGiaDinhCollection", found.map(|found| household(register, found)).collect())
}

fn citizen(register: &Register, person: &Person) -> Element {
    let relative = |index: Option<usize>| index.and_then(|index| register.person(index));
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
    if let Some(home) = register.household_of(person) {
        fields.extend(head(register, home, person));
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
fn head(register: &Register, home: &Household, person: &Person) -> Option<Element> {
    let first = register.person(home.members.first()?.person)?;
    let own = |index: usize| register.person(index).is_some_and(|other| other.any_id() == person.any_id());
    let relation = home.members.iter().find(|member| own(member.person))?.relation;
    let fields = vec![
        Element::leaf("QuanHe", relation),
        Element::leaf("HoVaTen", first.shown_name().full()),
        Element::leaf("SoDinhDanh", &first.id),
        Element::leaf("SoCMND", &first.old_id),
    ];
    Some(Element::branch("ChuHo", fields))
}

fn household(register: &Register, home: &Household) -> Element {
    let head = home.members.first().and_then(|member| register.person(member.person));
    let head = head.map(|head| {
        let name = Element::leaf("HoVaTen", head.shown_name().full());
        Element::branch("ChuHo", vec![Element::leaf("SoDinhDanh", &head.id), name])
    });
    let members = home.members.iter().filter_map(|member| {
        let person = register.person(member.person)?;
        let fields = vec![
            Element::leaf("SoDinhDanh", &person.id),
            name(&person.shown_name()),
            birth_date(person.born),
            Element::leaf("GioiTinh", person.sex.code()),
            Element::leaf("QuanHe", member.relation),
            Element::leaf("NgayDangKy", member.since.compact()),
        ];
        Some(Element::branch("ThanhVien", fields))
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
