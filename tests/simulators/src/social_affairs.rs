//! Social affairs (LĐTBXH, bảo trợ xã hội) behind the carrier: support for funeral costs. Names \[SRC\] interfaces 16
//! and A.5, everything else \[SIM\].
//!
//! Settings of the simulator \[SIM\]: the paths; `MaHoSo` is the reference; the person is the applicant, as in the
//! National Portal's item with the same names (5.3), and `LoaiDinhDanh` 1 their 12 digits (4.4); the dead stand in
//! `TrichYeu` as `name; ID; dd/MM/yyyy; number; book`; `StatusId` and `statusId` are the Portal's states (4.6): 2, 4,
//! 5, 8, 9; the numbers of `error_code`; a dossier that wants a supplement gets it by being sent again, under the same
//! reference or a new one for the same dead; `SoTaiKhoan` and `NganHang`, which A.5 has on the way down alone, are
//! taken on the way up.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::civil_status::interlinked::{is_code, take};
use crate::desk::{Filed, Filing, Standing, Taken};
use crate::misbehaviour::{Fate, Misbehaviour, fields};
use crate::persons::Persons;
use crate::stamp::{read_compact, read_day, read_moment};
use crate::wire::http::{Reply, Request};
use crate::wire::{Agency, Plan, Site};
use crate::xml;

/// Where the carrier has it.
pub(crate) const PREFIX: &str = "/apiLDTBXH/1.0/";
const FILE: &str = "nhanHoSoBTXH";
const FIND: &str = "traCuuHoSo";
/// LoaiDuLieu of a dossier (interfaces 16).
const KIND: &str = "100";
/// StatusId of a dossier that the one-stop has received (4.6).
const RECEIVED: &str = "2";

/// `error_code` and `message`; success is `0`.
struct Refusal(i8, String);

fn refuse<T>(code: i8, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(code, message.into()))
}

const MALFORMED: i8 = -1;
const WRONG_KEY: i8 = -2;
/// With "đã tồn tại", as the National Portal says it (5.5).
const EXISTS: i8 = -3;
const SYSTEM: i8 = -99;

/// The fields up; those with `true` are required.
const FIELDS: [(&str, bool); 52] = [
    ("AcceptKey", true),
    ("LoaiDuLieu", true),
    ("MaHoSo", true),
    ("MaLinhVuc", false),
    ("LoaiKetQua", false),
    ("SoQuyetDinh", false),
    ("CoQuanBanHanh", false),
    ("TrichYeu", true),
    ("NgayBanHanh", false),
    ("TenLinhVuc", false),
    ("KenhThucHien", false),
    ("LoaiDoiTuong", false),
    ("HinhThucTra", false),
    ("MaTTHC", true),
    ("TenTTHC", false),
    ("HoVaTen", true),
    ("NgayThangNamSinh", false),
    ("GioiTinhId", false),
    ("DanTocId", false),
    ("CMND", false),
    ("CMND_NgayCap", false),
    ("CMND_NoiCap", false),
    ("MaTinh", true),
    ("MaHuyen", false),
    ("MaXa", false),
    ("HKTT_MaTinh", false),
    ("HKTT_MaHuyen", false),
    ("HKTT_MaXa", false),
    ("HKTT_MaThon", false),
    ("HKTT_ChiTiet", false),
    ("NOHT_MaTinh", false),
    ("NOHT_MaHuyen", false),
    ("NOHT_MaXa", false),
    ("NOHT_MaThon", false),
    ("NOHT_ChiTiet", false),
    ("SoDienThoai", false),
    ("Email", false),
    ("NgayTiepNhan", true),
    ("DonViXuLy", false),
    ("NoiNopHoSo", false),
    ("HoSoCoThanhPhanSoHoa", false),
    ("TaiKhoanDuocXacThucVoiVNeID", false),
    ("DuocThanhToanTrucTuyen", false),
    ("LoaiDinhDanh", true),
    ("SoDinhDanh", true),
    ("MaCSDL", false),
    ("StatusId", true),
    ("SubmitedDate", false),
    ("UrlDetail", false),
    ("CertificateExtentData", false),
    ("SoTaiKhoan", false),
    ("NganHang", false),
];

/// The agency.
pub(crate) struct SocialAffairs {
    pub(crate) persons: Arc<Persons>,
    pub(crate) accept_key: String,
}

impl Agency for SocialAffairs {
    fn operation(&self, request: &Request) -> String {
        request.path.strip_prefix(PREFIX).unwrap_or_default().to_owned()
    }

    fn answer(&self, site: &Arc<Site>, request: &Request, misbehaviour: Option<&Misbehaviour>) -> Plan {
        let operation = self.operation(request);
        let body =
            self.hear(site, &operation, request, misbehaviour).unwrap_or_else(|Refusal(code, message)| {
                site.tally.refused(&code.to_string());
                if operation == FIND {
                    json!({ "result": { "message": message, "error_code": code, "data": null } })
                } else {
                    json!({ "error_code": code.to_string(), "message": message })
                }
            });
        Reply::json(200, &body).into()
    }
}

impl SocialAffairs {
    fn hear(
        &self,
        site: &Arc<Site>,
        operation: &str,
        request: &Request,
        misbehaviour: Option<&Misbehaviour>,
    ) -> Result<Value, Refusal> {
        if request.method != "POST" || request.media_type() != "application/json" {
            return refuse(MALFORMED, "Sai kiểu nội dung");
        }
        let Ok(Value::Object(asked)) = serde_json::from_slice(&request.body) else {
            return refuse(MALFORMED, "Dữ liệu không hợp lệ");
        };
        match misbehaviour {
            Some(Misbehaviour::SignatureRefused) => return refuse(WRONG_KEY, "AcceptKey không đúng"),
            Some(Misbehaviour::OkWithError) => return refuse(SYSTEM, "Lỗi hệ thống"),
            _ => {}
        }
        if text(&asked, "AcceptKey")? != self.accept_key {
            return refuse(WRONG_KEY, "AcceptKey không đúng");
        }
        match operation {
            FILE => self.file(site, &asked, misbehaviour),
            FIND => find(site, &asked, misbehaviour),
            _ => refuse(SYSTEM, "Không có dịch vụ này"),
        }
    }

    fn file(
        &self,
        site: &Arc<Site>,
        asked: &Map<String, Value>,
        misbehaviour: Option<&Misbehaviour>,
    ) -> Result<Value, Refusal> {
        check_fields(asked)?;
        let reference = text(asked, "MaHoSo")?;
        site.tally.asked_for(&reference);
        check_words(asked)?;
        let dead = self.dead(&text(asked, "TrichYeu")?)?;
        let filing = Filing {
            reference: reference.clone(),
            code: reference.clone(),
            unit: text(asked, "MaTinh")?,
            subject: dead,
            matter: Some(FILE.to_owned()),
            said: Value::Object(asked.clone()),
        };
        let (desk, tally) = (Arc::clone(&site.desk), Arc::clone(&site.tally));
        let taken =
            site.late.write(Fate::of(misbehaviour), &[&reference], move || take(&desk, &tally, FILE, filing));
        if let Some(Taken::Again(_)) = taken {
            return refuse(EXISTS, format!("Hồ sơ {reference} đã tồn tại trên hệ thống"));
        }
        let mut told = json!({ "error_code": "0", "message": "Gửi dữ liệu thành công" });
        fields::spoil(&mut told, misbehaviour, "error_code", "errorCode");
        fields::unknown_state(&mut told, misbehaviour, "error_code", json!("77"));
        Ok(told)
    }
}

impl SocialAffairs {
    /// ID number of whom the summary tells, who must be registered dead just so.
    fn dead(&self, summary: &str) -> Result<String, Refusal> {
        let parts: Vec<&str> = summary.split(';').map(str::trim).collect();
        let &[name, id, died, number, book] = parts.as_slice() else {
            return refuse(MALFORMED, "TrichYeu không hợp lệ");
        };
        let Some(act) = self.persons.death_of(id) else {
            return refuse(MALFORMED, "TrichYeu chưa có thông tin khai tử của đối tượng");
        };
        let same = act.name == name.to_uppercase()
            && read_day(died, '/').is_some_and(|died| act.died == died.dotted())
            && (act.number.as_str(), act.book.as_str()) == (number, book);
        if same {
            Ok(id.to_owned())
        } else {
            refuse(MALFORMED, "TrichYeu không khớp với đăng ký khai tử")
        }
    }
}

fn check_fields(asked: &Map<String, Value>) -> Result<(), Refusal> {
    let known = |name: &str| FIELDS.iter().any(|(own, _)| *own == name);
    if let Some(strange) = asked.keys().find(|name| !known(name)) {
        return refuse(MALFORMED, format!("{strange} unknown"));
    }
    FIELDS.iter().filter(|(_, required)| *required).try_for_each(|(name, _)| text(asked, name).map(drop))
}

/// Codes, numbers, dates, and the XML inside.
fn check_words(asked: &Map<String, Value>) -> Result<(), Refusal> {
    let own = |name: &str| text(asked, name);
    let optional = |name: &str, right: &dyn Fn(&str) -> bool| {
        !asked.contains_key(name) || text(asked, name).is_ok_and(|text| right(&text))
    };
    let (id, received) = (own("SoDinhDanh")?, own("NgayTiepNhan")?);
    let digits = id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
    let moment = received.len() == 14 && received.get(..8).and_then(read_compact).is_some();
    for (name, right) in [
        ("LoaiDuLieu", own("LoaiDuLieu")? == KIND),
        ("MaHoSo", is_code(&own("MaHoSo")?)),
        ("GioiTinhId", optional("GioiTinhId", &|code| matches!(code, "1" | "2" | "3"))),
        ("LoaiDinhDanh", own("LoaiDinhDanh")? == "1"),
        ("SoDinhDanh", digits),
        ("NgayThangNamSinh", optional("NgayThangNamSinh", &is_partial)),
        ("NgayTiepNhan", moment || read_moment(&received).is_some()),
        ("StatusId", own("StatusId")? == RECEIVED),
        ("CertificateExtentData", asked.get("CertificateExtentData").is_none_or(is_extent_data)),
    ] {
        if !right {
            return refuse(MALFORMED, format!("{name} không hợp lệ"));
        }
    }
    Ok(())
}

/// `dd/MM/yyyy`, `MM/yyyy` or `yyyy`.
fn is_partial(date: &str) -> bool {
    let whole = match date.len() {
        4 => format!("01/01/{date}"),
        7 => format!("01/{date}"),
        _ => date.to_owned(),
    };
    read_day(&whole, '/').is_some()
}

/// `ExtentData{DanhsachTaiLieuNop, DanhSachGiayToKetQua}`, or nothing.
fn is_extent_data(value: &Value) -> bool {
    let Some(text) = value.as_str() else { return value.is_null() };
    let right = |root: xml::Element| {
        let known = ["DanhsachTaiLieuNop", "DanhSachGiayToKetQua"];
        root.name == "ExtentData" && root.children.iter().all(|child| known.contains(&child.name.as_str()))
    };
    text.is_empty() || xml::read(text).is_ok_and(right)
}

fn find(
    site: &Site,
    asked: &Map<String, Value>,
    misbehaviour: Option<&Misbehaviour>,
) -> Result<Value, Refusal> {
    if let Some(strange) = asked.keys().find(|name| !["AcceptKey", "MaHoSo"].contains(&name.as_str())) {
        return refuse(MALFORMED, format!("{strange} unknown"));
    }
    let reference = text(asked, "MaHoSo")?;
    site.tally.asked_for(&reference);
    let judge = |file: &Filed| {
        let others = site.desk.by_subject(&file.subject);
        let paid = others.iter().any(Filed::is_done);
        if paid { Err("Đối tượng đã được hỗ trợ chi phí mai táng") } else { Ok(()) }
    };
    let found = site.desk.told_as(&reference, misbehaviour, judge);
    site.late.looked(&reference);
    let rows = found.iter().map(|file| {
        let mut row = row(file);
        fields::spoil(&mut row, misbehaviour, "statusId", "trangThai");
        fields::unknown_state(&mut row, misbehaviour, "statusId", json!("77"));
        row
    });
    let rows: Vec<Value> = rows.collect();
    Ok(json!({ "result": { "message": "Thành công", "error_code": 0, "data": rows } }))
}

/// The National Portal's number (4.6); refused after receipt is 8 (7.1).
fn state(standing: &Standing) -> &'static str {
    match standing {
        Standing::Waiting => RECEIVED,
        Standing::Processing => "4",
        Standing::Supplement { .. } => "5",
        Standing::Done { .. } => "9",
        Standing::Declined { .. } => "8",
    }
}

/// The names down, with the artefacts of their serializer.
fn row(file: &Filed) -> Value {
    let sent = |name: &str| file.said.get(name).cloned().unwrap_or_default();
    let done = file.is_done();
    let decided = done.then(|| format!("{}/QĐ-BTXH", file.result_number()));
    let summary = match file.standing() {
        Standing::Supplement { wanted, .. } => wanted.clone(),
        Standing::Declined { reason } => reason.clone(),
        Standing::Done { .. } => "Hỗ trợ chi phí mai táng".to_owned(),
        Standing::Waiting | Standing::Processing => String::new(),
    };
    let day = file.since().day().slashed();
    json!({
        "maHoSo": file.reference, "maTTHC": sent("MaTTHC"), "hoVaTen": sent("HoVaTen"),
        "ngayThangNamSinh": sent("NgayThangNamSinh"), "soDinhDanh": sent("SoDinhDanh"), "cmnD_NgayCap": sent("CMND_NgayCap"),
        "hktT_MaTinh": sent("HKTT_MaTinh"), "nohT_MaXa": sent("NOHT_MaXa"),
        "loaiKetQua": done.then_some("1"), "soQuyetDinh": decided, "ngayBanHanh": done.then_some(&day),
        "coQuanBanHanh": done.then_some("UBND xã Mẫu"), "trichYeu": summary, "ngayHenTra": null,
        "ngayKetThucXuLy_ThucTe": done.then_some(&day), "soTaiKhoan": done.then(|| sent("SoTaiKhoan")),
        "nganHang": done.then(|| sent("NganHang")), "statusId": state(file.standing()),
        "urlDetail": null, "certificateExtentData": null,
    })
}

/// Text, or a number as text, neither missing nor empty: `MaHoSo empty`, as in 5.6.
fn text(asked: &Map<String, Value>, name: &str) -> Result<String, Refusal> {
    let text = match asked.get(name) {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        None | Some(Value::Null) => String::new(),
        Some(_) => return refuse(MALFORMED, format!("{name} không hợp lệ")),
    };
    if text.is_empty() { refuse(MALFORMED, format!("{name} empty")) } else { Ok(text) }
}
