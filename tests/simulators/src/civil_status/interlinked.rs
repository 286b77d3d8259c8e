//! The interlinked half of civil status (generation 2, interfaces 6.2 and A.2): a death is pushed, and polled.
//!
//! Settings of the simulator \[SIM\]: the name of the poll, which the document leaves open; the numbers of the
//! refusals, which are those of 6.1; the book of registration, `02/year`.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::form::{self, scalar};
use super::{AGENCY_ID_INCORRECT, AUTHEN_ERROR, DATA_INCORRECT, DATA_TYPE_INVALID, IP_DISALLOWED};
use super::{Failure, only, text};
use super::{PROVINCE_ID_INCORRECT, RECORD_UNCOMPLETE};
use crate::civil_register::{Module, Registration, knows_province, knows_unit, province_of, stands_in};
use crate::desk::{Desk, Filed, Filing, Standing, Taken};
use crate::handle::SUPPLEMENT;
use crate::misbehaviour::{Fate, Misbehaviour, fields};
use crate::paper;
use crate::persons::Persons;
use crate::stamp::read_moment;
use crate::wire::http::{Reply, Request};
use crate::wire::{Agency, Plan, Site};

/// Where the carrier has it.
pub(crate) const PREFIX: &str = "/apiLienThongKSKT/1.0/";
const PUSH: &str = "nhanHoSoDKHT";
/// [SIM] The document has the poll's words but not its path.
const POLL: &str = "traTrangThaiHoSoDKHT";
/// Codes in one poll (interfaces 6.2).
const CODES_MAX: usize = 3;
const MODULE: &str = "LTKT";
/// What an act of death is called among results (A.2).
const RESULT: &str = "KQ.G15.000034";
/// [SIM] The number that comes with "đã được tiếp nhận": only the sentence tells it from a true refusal.
const RECEIVED_ALREADY: &str = "500";
/// [BG] HTTP status of findings; 6.3 has `"status":500` in the body.
const FINDINGS_HTTP: u16 = 500;
/// [SIM] Each finding ends so; there are several in one text.
const FINDING_END: &str = ". ";
/// Entries on one page of the book. [SIM]
const ENTRIES_PER_PAGE: u32 = 2;

/// The agency.
pub(crate) struct Interlinked {
    pub(crate) persons: Arc<Persons>,
}

/// What is answered instead.
enum Refused {
    /// Number and name of interfaces 6.1, in HTTP 200.
    Failed(Failure),
    /// Everything that is wrong with the fields, in one text.
    Findings(Vec<String>),
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Agency for Interlinked {
    fn operation(&self, request: &Request) -> String {
        request.path.strip_prefix(PREFIX).unwrap_or_default().to_owned()
    }

    fn answer(&self, site: &Arc<Site>, request: &Request, misbehaviour: Option<&Misbehaviour>) -> Plan {
        let operation = self.operation(request);
        let told = self.hear(site, &operation, request, misbehaviour);
        let reply = told.map(|body| Reply::json(200, &body)).unwrap_or_else(|refused| match refused {
            Refused::Failed(Failure(code, text)) => {
                site.tally.refused(text);
                let status = if operation == POLL { json!(0) } else { json!("0") };
                Reply::json(200, &json!({
                    "status": status, "statusDescription": text, "errorCode": code.to_string(), "errorDescription": text,
                }))
            }
            Refused::Findings(findings) => {
                site.tally.refused("findings");
                let detail: String = findings.iter().map(|finding| format!("{finding}{FINDING_END}")).collect();
                let body = json!({ "status": 500, "title": "Có lỗi xảy ra.", "detail": detail.trim_end() });
                Reply::json(FINDINGS_HTTP, &body)
            }
        });
        reply.into()
    }
}

impl Interlinked {
    fn hear(
        &self,
        site: &Arc<Site>,
        operation: &str,
        request: &Request,
        misbehaviour: Option<&Misbehaviour>,
    ) -> Result<Value, Refused> {
        if request.method != "POST" || request.media_type() != "application/json" {
            return Err(DATA_TYPE_INVALID.into());
        }
        let body: Value = serde_json::from_slice(&request.body).map_err(|_| DATA_INCORRECT)?;
        let asked = body.as_object().ok_or(DATA_TYPE_INVALID)?;
        match misbehaviour {
            Some(Misbehaviour::SignatureRefused) => return Err(AUTHEN_ERROR.into()),
            Some(Misbehaviour::IpDisallowed) => return Err(IP_DISALLOWED.into()),
            Some(Misbehaviour::OkWithError) => return Err(DATA_INCORRECT.into()),
            _ => {}
        }
        match operation {
            PUSH => push(site, asked, misbehaviour),
            POLL => self.poll(site, asked, misbehaviour).map_err(Refused::from),
            _ => Err(DATA_INCORRECT.into()),
        }
    }

    fn poll(
        &self,
        site: &Site,
        asked: &Map<String, Value>,
        misbehaviour: Option<&Misbehaviour>,
    ) -> Result<Value, Failure> {
        only(asked, &["maDinhDanhHoSo", "maTinh", "module"])?;
        let (province, module) = (text(asked, "maTinh")?, text(asked, "module")?);
        let codes =
            asked.get("maDinhDanhHoSo").ok_or(RECORD_UNCOMPLETE)?.as_array().ok_or(DATA_TYPE_INVALID)?;
        let codes: Vec<&str> =
            codes.iter().map(Value::as_str).collect::<Option<_>>().ok_or(DATA_TYPE_INVALID)?;
        if codes.is_empty() {
            return Err(RECORD_UNCOMPLETE);
        }
        if codes.len() > CODES_MAX || module != MODULE {
            return Err(DATA_TYPE_INVALID);
        }
        if !knows_province(province) {
            return Err(PROVINCE_ID_INCORRECT);
        }
        let mut rows = Vec::new();
        for code in codes {
            site.tally.asked_for(code);
            let files = site.desk.told_as(code, misbehaviour, |file| self.judge(file));
            rows.extend(files.iter().filter(|file| stands_in(&file.unit, province)).map(row));
            site.late.looked(code);
        }
        for row in &mut rows {
            fields::spoil(row, misbehaviour, "trangThai", "tinhTrang");
            fields::unknown_state(row, misbehaviour, "trangThai", json!("77"));
        }
        Ok(json!({ "status": 1, "statusDescription": "Thành công", "value": rows }))
    }

    /// Nobody dies twice.
    fn judge(&self, file: &Filed) -> Result<(), &'static str> {
        match self.persons.death_of(&file.subject) {
            Some(_) => Err("Người này đã được đăng ký khai tử"),
            None => Ok(()),
        }
    }
}

fn push(
    site: &Arc<Site>,
    asked: &Map<String, Value>,
    misbehaviour: Option<&Misbehaviour>,
) -> Result<Value, Refused> {
    only(asked, &["module", "maHoSoMCDT", "maHoSoLT", "maDonVi", "ngayTiepNhan", "data", "fileDinhKem"])?;
    let (reference, code) = (text(asked, "maHoSoLT")?, text(asked, "maHoSoMCDT")?);
    site.tally.asked_for(reference);
    if text(asked, "module")? != MODULE || !is_code(reference) || !is_code(code) {
        return Err(DATA_TYPE_INVALID.into());
    }
    let unit = scalar(asked, "maDonVi");
    if unit.is_empty() {
        return Err(RECORD_UNCOMPLETE.into());
    }
    if !unit.parse().is_ok_and(knows_unit) {
        return Err(AGENCY_ID_INCORRECT.into());
    }
    let received = read_moment(text(asked, "ngayTiepNhan")?).ok_or(DATA_TYPE_INVALID)?;
    let form: Value = serde_json::from_str(text(asked, "data")?).map_err(|_| DATA_TYPE_INVALID)?;
    let form = form.as_object().ok_or(DATA_TYPE_INVALID)?;
    let files = asked.get("fileDinhKem").ok_or(RECORD_UNCOMPLETE)?.as_array().ok_or(DATA_TYPE_INVALID)?;
    let mut findings = form::findings(form, received);
    findings.extend(form::attachment_findings(files));
    if !findings.is_empty() {
        return Err(Refused::Findings(findings));
    }
    let filing = Filing {
        reference: reference.to_owned(),
        code: code.to_owned(),
        unit,
        subject: scalar(form, "nktSoGiayToTuyThan"),
        matter: None,
        said: Value::Object(form.clone()),
    };
    let (desk, tally) = (Arc::clone(&site.desk), Arc::clone(&site.tally));
    let taken = site
        .late
        .write(Fate::of(misbehaviour), &[reference, code], move || take(&desk, &tally, PUSH, filing));
    let mut told = match taken {
        Some(Taken::Again(file)) => json!({
            "status": "0", "statusDescription": "Không thành công", "errorCode": RECEIVED_ALREADY,
            "errorDescription": format!("Hồ sơ {} đã được tiếp nhận", file.reference),
        }),
        _ => json!({
            "status": "1", "statusDescription": "Tiếp nhận hồ sơ thành công", "errorCode": "", "errorDescription": "",
        }),
    };
    fields::spoil(&mut told, misbehaviour, "status", "trangThaiTiepNhan");
    fields::unknown_state(&mut told, misbehaviour, "status", json!("77"));
    Ok(told)
}

/// Takes a dossier at a desk that recognises its references, and counts what was done.
pub(crate) fn take(desk: &Desk, tally: &crate::wire::tally::Tally, operation: &str, filing: Filing) -> Taken {
    let taken = desk.take(filing, true);
    count(tally, operation, &taken);
    taken
}

/// Counts what was done: a repeat is nothing.
pub(crate) fn count(tally: &crate::wire::tally::Tally, operation: &str, taken: &Taken) {
    match taken {
        Taken::New(file) => tally.did(operation, &file.reference),
        Taken::Supplement(file) => tally.did(&format!("{operation}{SUPPLEMENT}"), &file.reference),
        Taken::Again(_) => {}
    }
}

/// A dossier code of interfaces 4.1: agency, six digits of a day, four to six of a number.
pub(crate) fn is_code(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let agency = |part: &str| {
        let right = |letter: char| letter.is_ascii_digit() || letter.is_ascii_uppercase();
        part.contains(|letter: char| letter.is_ascii_uppercase())
            && part.split('.').all(|level| (1..=3).contains(&level.len()) && level.chars().all(right))
    };
    match text.split('-').collect::<Vec<_>>().as_slice() {
        [head, day, number] => {
            agency(head) && day.len() == 6 && digits(day) && (4..=6).contains(&number.len()) && digits(number)
        }
        _ => false,
    }
}

/// One row of A.2; `errors`, `ghiChu` and `hanBoSungHoSo` speak where something is wanted.
fn row(file: &Filed) -> Value {
    let (errors, said, until) = match file.standing() {
        Standing::Waiting => (None, "Chờ tiếp nhận", None),
        Standing::Processing => (None, "Đang xử lý", None),
        Standing::Done { .. } => (None, "Đã đăng ký", None),
        Standing::Declined { reason } => (None, reason.as_str(), None),
        Standing::Supplement { wanted, findings, until } => (findings.as_deref(), wanted.as_str(), *until),
    };
    json!({
        "maDonVi": file.unit, "maTinh": province_of(&file.unit), "module": MODULE, "maHoSoLT": file.reference,
        "maHoSoMCDT": file.code, "errors": errors, "trangThai": file.standing().code().to_string(),
        "thoiGianThucHien": file.since().slashed(), "ghiChu": null, "nguoiXuLy": "Cán bộ Mẫu",
        "chucDanh": "Công chức TP-HT", "phongBanXuLy": "UBND xã Mẫu", "noiDungXuLy": said,
        "hanBoSungHoSo": until.map(|day| day.slashed()),
        "ketQuaXuLy": file.is_done().then(|| result(file)),
    })
}

fn book(file: &Filed) -> String {
    format!("02/{}", file.since().day().year)
}

fn page(file: &Filed) -> String {
    (file.number / ENTRIES_PER_PAGE + 1).to_string()
}

/// ketQuaXuLy of a death (A.2).
fn result(file: &Filed) -> Value {
    let form = file.said.as_object().cloned().unwrap_or_default();
    let own = |name: &str| scalar(&form, name);
    let number = |name: &str| own(name).parse::<u8>().ok();
    let number_in_book = file.result_number();
    let certificate = paper::pdf(&format!("TRICH LUC KHAI TU SO {number_in_book}"), &file.reference);
    json!({
        "nktHoTen": own("nktHoTen"), "nktGioiTinh": number("nktGioiTinh"), "nktNgaySinh": own("nktNgaySinh"),
        "nktDanToc": own("nktDanToc"), "nktQuocTich": own("nktQuocTich"), "nktLoaiCuTru": number("nktLoaiCuTru"),
        "nktNoiCuTru": form.get("nktNoiCuTru"), "nktSoGiayTo": own("nktSoGiayToTuyThan"),
        "nktNgayChet": own("nktNgayChet"), "nktNoiChet": form.get("nktNoiChet"),
        "nktNguyenNhanChet": own("nktNguyenNhanChet"), "giayBaoTuLoai": own("gbtLoai"), "giayBaoTuSo": own("gbtSo"),
        "nycHoTen": own("nycHoTen"), "nycSoGiayTo": own("nycSoGiayToTuyThan"), "nycQuanHe": own("nycQuanHe"),
        "soDangKy": number_in_book, "quyenSo": book(file), "trangSo": page(file),
        "giayKhaiTu": STANDARD.encode(certificate), "maGiayToKetQua": RESULT,
    })
}

/// The act of a dossier that is done, as the register has it: addresses are one line of text there.
pub(crate) fn registration(file: &Filed) -> Registration {
    let form = file.said.as_object().cloned().unwrap_or_default();
    let line = |value: &Value| match value {
        Value::Object(parts) => scalar(parts, "dcChiTiet"),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    let mut fields: Vec<(String, String)> =
        form.iter().map(|(name, value)| (name.clone(), line(value))).collect();
    fields.push(("maGiayToKetQua".to_owned(), RESULT.to_owned()));
    Registration {
        module: Module::Death,
        id: format!("{}", 900_000 + file.number),
        dossier: file.code.clone(),
        province: province_of(&file.unit),
        unit: file.unit.clone(),
        number: file.result_number(),
        book: book(file),
        page: page(file),
        registered_on: file.since().day(),
        subjects: vec![file.subject.clone()],
        fields,
    }
}

/// The acts written since the start for a dossier with one of these codes.
pub(super) fn by_codes(desk: &Desk, codes: &[&str]) -> Vec<Registration> {
    let files = codes.iter().flat_map(|code| desk.by_code(code));
    files.filter(Filed::is_done).map(|file| registration(&file)).collect()
}

/// The act written since the start under this number of this book.
pub(super) fn by_number(desk: &Desk, number: &str, book_asked: &str) -> Option<Registration> {
    let fits = |file: &Filed| file.is_done() && file.result_number() == number && book(file) == book_asked;
    desk.find(fits).map(|file| registration(&file))
}
