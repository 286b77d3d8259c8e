//! Looks through the form of a death (A.2.2) as the ministry's program does: every mistake, in one sentence (6.3).
//!
//! Settings of the simulator \[SIM\]: which fields are required, their lengths, and the two sentences that no source
//! has (`không được để trống`, `không hợp lệ`). The other three are those of interfaces 6.3.

use serde_json::{Map, Value};

use crate::civil_register::knows_province;
use crate::people::Day;
use crate::stamp::{read_compact, read_day};

const TOO_LONG: &str = "có độ dài vượt quá số lượng cho phép";
const NOT_IN_LIST: &str = "không tồn tại";
const WRONG_FORM: &str = "có định dạng không đúng";
const EMPTY: &str = "không được để trống";
const IMPOSSIBLE: &str = "không hợp lệ";

/// The longest text in a field.
const TEXT_CHARACTERS_MAX: usize = 250;
/// Digits of the longest number of a paper that is no passport: the personal ID.
const NUMBER_CHARACTERS_MAX: usize = 12;

/// What a field holds.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    /// One of these codes.
    Code(&'static [&'static str]),
    /// `dd.MM.yyyy`, `MM.yyyy` or `yyyy`.
    Partial,
    /// `dd.MM.yyyy`.
    Day,
    /// Of a paper: `yyyyMMdd`, or `dd.MM.yyyy`. [SIM]
    Issued,
    /// `HH:mm`.
    Clock,
    /// A number of copies.
    Count,
    /// maTinh, maHuyen, maXa, dcChiTiet.
    Address,
    /// The number of the paper of which the kind stands in this field.
    Paper(&'static str),
}

/// Lists of interfaces 6.4; 10 was seen in 2025.
const KINDS_OF_PAPER: &[&str] = &["0", "1", "2", "3", "4", "5", "6", "7", "8", "10"];
const RESIDENCE: &[&str] = &["0", "1", "2"];
/// Verified against the population database or not. [SIM]
const VERIFIED: &[&str] = &["0", "1"];

use Kind::{Address, Clock, Code, Count, Day as Dated, Issued, Paper, Partial, Text};

/// The fields of A.2.2 with what they hold; those of which the dossier makes no sense without are required.
const FIELDS: [(&str, Kind, bool); 41] = [
    ("maGBT", Text, false),
    ("ngayCapGBT", Issued, false),
    ("loaiDangKy", Code(&["0", "1", "2", "3", "4"]), true),
    ("noiDangKy", Text, true),
    ("soLuongBanSao", Count, false),
    ("nktHoTen", Text, true),
    ("nktGioiTinh", Code(&["1", "2", "3"]), true),
    ("nktNgaySinh", Partial, true),
    ("nktDanToc", Text, false),
    ("nktDanTocKhac", Text, false),
    ("nktQuocTich", Text, false),
    ("nktQuocTichKhac", Text, false),
    ("nktLoaiCuTru", Code(RESIDENCE), false),
    ("nktNoiCuTru", Address, false),
    ("nktLoaiGiayToTuyThan", Code(KINDS_OF_PAPER), true),
    ("nktSoGiayToTuyThan", Paper("nktLoaiGiayToTuyThan"), true),
    ("nktNgayCapGiayToTuyThan", Issued, false),
    ("nktNoiCapGiayToTuyThan", Text, false),
    ("nktGiayToKhac", Text, false),
    ("nktNgayChet", Dated, true),
    ("nktGioPhutChet", Clock, false),
    ("nktNoiChet", Address, true),
    ("nktNguyenNhanChet", Text, false),
    ("nktXacThucThongTin", Code(VERIFIED), false),
    ("gbtLoai", Text, false),
    ("gbtSo", Text, false),
    ("gbtNgay", Issued, false),
    ("gbtCoQuanCap", Text, false),
    ("nycHoTen", Text, true),
    ("nycQuanHe", Text, true),
    ("nycLoaiGiayToTuyThan", Code(KINDS_OF_PAPER), true),
    ("nycGiayToKhac", Text, false),
    ("nycSoGiayToTuyThan", Paper("nycLoaiGiayToTuyThan"), true),
    ("nycNgayCapGiayToTuyThan", Issued, false),
    ("nycNoiCapGiayToTuyThan", Text, false),
    ("nycSoDienThoai", Text, false),
    ("nycEmail", Text, false),
    ("nycXacThucThongTin", Code(VERIFIED), false),
    ("nycNoiCuTru", Address, false),
    ("nycLoaiCuTru", Code(RESIDENCE), false),
    ("nycSoDDCN", Paper(""), false),
];

/// Everything that is wrong, each as `field sentence`; nobody dies after the dossier was received.
pub(super) fn findings(form: &Map<String, Value>, received: Day) -> Vec<String> {
    let known = |name: &str| FIELDS.iter().any(|(own, ..)| *own == name);
    let strange = form.keys().filter(|name| !known(name)).map(|name| format!("{name} {NOT_IN_LIST}"));
    let mut found: Vec<String> = strange.collect();
    for (name, kind, required) in FIELDS {
        let value = form.get(name).filter(|value| !is_empty(value));
        match value {
            None if required => found.push(format!("{name} {EMPTY}")),
            None => {}
            Some(value) => found.extend(field(form, name, kind, value)),
        }
    }
    let died = read_day(&scalar(form, "nktNgayChet"), '.');
    if died.is_some_and(|died| died > received) {
        found.push(format!("nktNgayChet {IMPOSSIBLE}"));
    }
    found
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// A text, or a number as text; empty for anything else.
pub(super) fn scalar(form: &Map<String, Value>, name: &str) -> String {
    match form.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn field(form: &Map<String, Value>, name: &str, kind: Kind, value: &Value) -> Vec<String> {
    if let Address = kind {
        return address(name, value);
    }
    let text = scalar(form, name);
    if !value.is_string() && !value.is_number() {
        return vec![format!("{name} {WRONG_FORM}")];
    }
    let wrong = |right: bool| if right { Vec::new() } else { vec![WRONG_FORM] };
    let sentences = match kind {
        Text if text.chars().count() > TEXT_CHARACTERS_MAX => vec![TOO_LONG],
        Text | Address => Vec::new(),
        Code(codes) if codes.contains(&text.as_str()) => Vec::new(),
        Code(_) => vec![NOT_IN_LIST],
        Partial => wrong(is_partial(&text)),
        Dated => wrong(read_day(&text, '.').is_some()),
        Issued => wrong(read_compact(&text).or_else(|| read_day(&text, '.')).is_some()),
        Clock => wrong(is_clock(&text)),
        Count => wrong(text.parse::<u8>().is_ok()),
        Paper(list) => paper(&text, &scalar(form, list)),
    };
    sentences.into_iter().map(|sentence| format!("{name} {sentence}")).collect()
}

fn is_partial(text: &str) -> bool {
    match text.len() {
        4 => text.bytes().all(|byte| byte.is_ascii_digit()),
        7 => read_day(&format!("01.{text}"), '.').is_some(),
        _ => read_day(text, '.').is_some(),
    }
}

fn is_clock(text: &str) -> bool {
    crate::stamp::read_moment(&format!("01/01/2025 {text}:00")).is_some()
}

/// 4 CCCD has twelve digits, 1 CMND nine; others are not looked into. Too long a number is told twice, as seen (6.3).
fn paper(number: &str, kind: &str) -> Vec<&'static str> {
    let digits = |length| number.len() == length && number.bytes().all(|byte| byte.is_ascii_digit());
    let right = match kind {
        "4" | "10" | "" => digits(12),
        "1" => digits(9),
        _ => true,
    };
    let mut sentences = Vec::new();
    if number.len() > NUMBER_CHARACTERS_MAX {
        sentences.push(TOO_LONG);
    }
    if !right {
        sentences.push(WRONG_FORM);
    }
    sentences
}

/// The parts of an address are told as `field.part`. [SIM]
fn address(name: &str, value: &Value) -> Vec<String> {
    let Some(parts) = value.as_object() else { return vec![format!("{name} {WRONG_FORM}")] };
    let known = ["maTinh", "maHuyen", "maXa", "dcChiTiet"];
    let strange = parts.keys().filter(|part| !known.contains(&part.as_str()));
    let mut found: Vec<String> = strange.map(|part| format!("{name}.{part} {NOT_IN_LIST}")).collect();
    let digits = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    let (province, district) = (scalar(parts, "maTinh"), scalar(parts, "maHuyen"));
    if !knows_province(&province) {
        found.push(format!("{name}.maTinh {NOT_IN_LIST}"));
    }
    if !district.is_empty() && !digits(&district, 3) {
        found.push(format!("{name}.maHuyen {WRONG_FORM}"));
    }
    if !digits(&scalar(parts, "maXa"), 5) {
        found.push(format!("{name}.maXa {WRONG_FORM}"));
    }
    found
}

/// What is wrong with the attachments: interfaces A.1, fault 18.14.
pub(super) fn attachment_findings(files: &[Value]) -> Vec<String> {
    let known = ["id", "loaiGiayTo", "tenGiayTo", "tenTepDinhKem", "huyGiayTo", "duLieuTepDinhKem"];
    let mut found = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let mut tell =
            |field: &str, sentence| found.push(format!("fileDinhKem[{number}].{field} {sentence}"));
        let Some(file) = file.as_object() else {
            tell("id", WRONG_FORM);
            continue;
        };
        file.keys().filter(|name| !known.contains(&name.as_str())).for_each(|name| tell(name, NOT_IN_LIST));
        for name in ["tenGiayTo", "tenTepDinhKem", "duLieuTepDinhKem"] {
            if scalar(file, name).trim().is_empty() {
                tell(name, EMPTY);
            }
        }
        let data = scalar(file, "duLieuTepDinhKem");
        if !data.is_empty() && !crate::paper::is_whole(&data, &scalar(file, "tenTepDinhKem")) {
            tell("duLieuTepDinhKem", WRONG_FORM);
        }
    }
    found
}
