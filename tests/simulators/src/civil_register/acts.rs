//! The fields of an act as its XML carries them (interfaces 6.4), all of them text.
//!
//! Dates: what happened to a person (`…NgaySinh`, `nktNgayChet`) is `dd.MM.yyyy`, or `MM.yyyy`, or `yyyy`; what was
//! issued (`ngayCap…`, `gbtNgay`) is `yyyyMMdd` (A.1). Ethnicity and nationality are names, addresses one line of
//! text (A.1, A.2). Lists: giới tính 1/2, loaiCuTru 1, giấy tờ 4 CCCD or 1 CMND.

use super::words;
use crate::people::{Day, Person, Register};

type Fields = Vec<(String, String)>;

fn fields<const N: usize>(pairs: [(&str, &str); N]) -> Fields {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// KS.
pub(super) fn birth(register: &Register, child: &Person, unit: &str, again: bool) -> Fields {
    let relative = |index: Option<usize>| index.and_then(|index| register.person(index));
    let (mother, father) = (relative(child.mother), relative(child.father));
    let home = child.place.old_name;
    let (ethnicity, other_ethnicity) = ethnicity(child);
    let mut act = fields([
        ("maGCS", ""),
        ("ngayCapGCS", ""),
        ("loaiDangKy", if again { "2" } else { "1" }),
        ("noiDangKy", unit),
        ("soLuongBanSao", "1"),
        ("nksHoTen", &child.name.full()),
        ("nksGioiTinh", child.sex.code()),
        ("nksNgaySinh", &child.born.dotted()),
        ("nksNgaySinhBangChu", &words::date(child.born)),
        ("nksNoiSinh", &format!("Trạm y tế Thử Nghiệm, {home}")),
        ("nksNoiSinhDVHC", child.place.old_commune),
        ("nksNoiSinhNuocNgoai", ""),
        ("nksQueQuan", home),
        ("nksDanToc", ethnicity),
        ("nksDanTocKhac", other_ethnicity),
        ("nksQuocTich", nationality(child)),
        ("nksLoaiKhaiSinh", "1"),
    ]);
    act.extend(parent("me", mother));
    act.extend(parent("cha", father));
    let asking = mother.or(father).unwrap_or(child);
    act.extend(applicant(asking, if mother.is_some() { "Mẹ" } else { "Bản thân" }));
    act.extend(fields([
        ("soDinhDanh", &child.id),
        ("ndkksMaTinh", &child.birth_registered_at.province),
        ("ndkksMaHuyen", child.birth_registered_at.district.as_deref().unwrap_or_default()),
        ("ndkksMaXa", &child.birth_registered_at.commune),
        ("maGiayToKetQua", "KQ.G15.000031"),
    ]));
    act
}

/// KT.
pub(super) fn death(register: &Register, dead: &Person, died: Day, unit: &str) -> Fields {
    let (ethnicity, other_ethnicity) = ethnicity(dead);
    let issued = died.compact();
    let mut act = fields([
        ("maGBT", ""),
        ("ngayCapGBT", &issued),
        ("loaiDangKy", "1"),
        ("noiDangKy", unit),
        ("soLuongBanSao", "1"),
        ("nktHoTen", &dead.name.full()),
        ("nktGioiTinh", dead.sex.code()),
        ("nktNgaySinh", &dead.born.dotted()),
        ("nktDanToc", ethnicity),
        ("nktDanTocKhac", other_ethnicity),
        ("nktQuocTich", nationality(dead)),
        ("nktLoaiCuTru", "1"),
        ("nktNoiCuTru", dead.place.old_name),
        ("nktLoaiGiayToTuyThan", "4"),
        ("nktSoGiayToTuyThan", &dead.id),
        ("nktNgayChet", &died.dotted()),
        ("nktGioPhutChet", "08:30"),
        ("nktNoiChet", "Tại nhà"),
        ("nktNguyenNhanChet", "Tuổi già"),
        ("gbtLoai", "1"),
        ("gbtSo", "12/GBT"),
        ("gbtNgay", &issued),
        ("gbtCoQuanCap", "Trạm y tế Thử Nghiệm"),
    ]);
    let head = register.household_of(dead).and_then(|home| home.members.first());
    let asking = head.and_then(|head| register.person(head.person)).unwrap_or(dead);
    act.extend(applicant(asking, "Con"));
    act.extend(fields([("maGiayToKetQua", "KQ.G15.000034")]));
    act
}

/// KH.
pub(super) fn marriage(head: &Person, spouse: &Person, unit: &str) -> Fields {
    let male = crate::people::Sex::Male;
    let (husband, wife) = if head.sex == male { (head, spouse) } else { (spouse, head) };
    let mut act = fields([("loaiDangKy", "1"), ("noiDangKy", unit)]);
    act.extend(partner("chong", husband));
    act.extend(partner("vo", wife));
    act.extend(fields([("soBanSao", "2")]));
    act
}

fn partner(role: &str, person: &Person) -> Fields {
    let mut partner = parent(role, Some(person));
    let more = [("SoLanKH", "1"), ("TinhTrangHonNhan", "1"), ("YeuCauXNTTHN", "0")];
    partner.extend(more.map(|(name, value)| (format!("{role}{name}"), value.to_owned())));
    partner
}

/// me, cha, chong, vo: the same fields behind another prefix; empty when nobody is known.
fn parent(role: &str, person: Option<&Person>) -> Fields {
    let of = |draw: fn(&Person) -> String| person.map(draw).unwrap_or_default();
    [
        ("HoTen", of(|person| person.name.full())),
        ("NgaySinh", of(|person| person.born.dotted())),
        ("DanToc", of(|person| ethnicity(person).0.to_owned())),
        ("QuocTich", of(|person| nationality(person).to_owned())),
        ("LoaiCuTru", of(|_| "1".to_owned())),
        ("NoiCuTru", of(|person| person.place.old_name.to_owned())),
        ("LoaiGiayToTuyThan", of(|person| paper(person).to_owned())),
        ("SoGiayToTuyThan", of(|person| person.any_id().to_owned())),
        ("SoDDCN", of(|person| person.id.clone())),
        ("XacThucThongTin", of(|_| "1".to_owned())),
    ]
    .map(|(name, value)| (format!("{role}{name}"), value))
    .to_vec()
}

fn applicant(person: &Person, relation: &str) -> Fields {
    fields([
        ("nycHoTen", &person.name.full()),
        ("nycQuanHe", relation),
        ("nycLoaiGiayToTuyThan", paper(person)),
        ("nycGiayToKhac", ""),
        ("nycSoGiayToTuyThan", person.any_id()),
        ("nycNgayCapGiayToTuyThan", "20210815"),
        ("nycNoiCapGiayToTuyThan", "Cục Cảnh sát QLHC về TTXH"),
        ("nycSoDienThoai", "0900000000"),
        ("nycEmail", "mau@vi-du.invalid"),
        ("nycSoDDCN", &person.id),
    ])
}

/// 4 CCCD, 1 CMND.
fn paper(person: &Person) -> &'static str {
    if person.id.is_empty() { "1" } else { "4" }
}

/// DanToc and DanTocKhac.
fn ethnicity(person: &Person) -> (&'static str, &'static str) {
    if person.ethnicity == "01" { ("Kinh", "") } else { ("Khác", "Dân tộc Thử") }
}

fn nationality(person: &Person) -> &'static str {
    if person.nationality == "VN" { "Việt Nam" } else { "Lào" }
}
