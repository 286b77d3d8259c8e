//! Removal of a registration of residence (xóa đăng ký thường trú), behind the carrier: interfaces 8 and B.6, \[SIM\].
//!
//! Settings of the simulator \[SIM\], where the document leaves a choice: `ngayChet` is `dd/MM/yyyy`; the numbers of
//! refusals are those of interfaces 6.1; the result is a CT08 \[BG\]; a supplement is the removal of the same person sent
//! again, under the same reference or a new one.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::civil_register::knows_unit;
use crate::civil_status::interlinked::{is_code, take};
use crate::desk::{Filed, Filing, Standing, Taken};
use crate::misbehaviour::{Fate, Misbehaviour, fields};
use crate::paper;
use crate::persons::Persons;
use crate::stamp::read_day;
use crate::wire::http::{Reply, Request};
use crate::wire::{Agency, Plan, Site};

/// Where the carrier has it.
pub(crate) const PREFIX: &str = "/cutru/1.0/";
const REMOVE: &str = "xoaThuongTru";
const POLL: &str = "traCuuHoSo";
/// References in one poll. [SIM]
const CODES_MAX: usize = 100;

/// A refusal in HTTP 200: `errorCode` and `errorDescription`.
struct Refusal(&'static str, &'static str);

const MISSING: Refusal = Refusal("200", "Thiếu trường bắt buộc");
const NOT_DEAD: Refusal = Refusal("201", "Không tìm thấy đăng ký khai tử của người này");
const WRONG_TYPE: Refusal = Refusal("302", "Dữ liệu không đúng kiểu");
const WRONG_UNIT: Refusal = Refusal("106", "Mã đơn vị cư trú không đúng");
const MISMATCH: Refusal = Refusal("500", "Thông tin không khớp với đăng ký khai tử");
const SYSTEM: Refusal = Refusal("500", "Lỗi hệ thống");
const BUSY: Refusal = Refusal("005", "Hệ thống đang bận, vui lòng thử lại sau");
const FORBIDDEN: Refusal = Refusal("100", "Không được phép truy cập");

/// The agency's office for removals.
pub(crate) struct Removals {
    pub(crate) persons: Arc<Persons>,
}

impl Agency for Removals {
    fn operation(&self, request: &Request) -> String {
        request.path.strip_prefix(PREFIX).unwrap_or_default().to_owned()
    }

    fn answer(&self, site: &Arc<Site>, request: &Request, misbehaviour: Option<&Misbehaviour>) -> Plan {
        let body = self.hear(site, request, misbehaviour).unwrap_or_else(|Refusal(code, text)| {
            site.tally.refused(text);
            json!({ "status": "0", "errorCode": code, "errorDescription": text })
        });
        Reply::json(200, &body).into()
    }
}

impl Removals {
    fn hear(
        &self,
        site: &Arc<Site>,
        request: &Request,
        misbehaviour: Option<&Misbehaviour>,
    ) -> Result<Value, Refusal> {
        if request.method != "POST" || request.media_type() != "application/json" {
            return Err(WRONG_TYPE);
        }
        let body: Value = serde_json::from_slice(&request.body).map_err(|_| WRONG_TYPE)?;
        let asked = body.as_object().ok_or(WRONG_TYPE)?;
        match misbehaviour {
            Some(Misbehaviour::SignatureRefused) => return Err(FORBIDDEN),
            Some(Misbehaviour::Busy) => return Err(BUSY),
            Some(Misbehaviour::OkWithError) => return Err(SYSTEM),
            _ => {}
        }
        match self.operation(request).as_str() {
            REMOVE => self.remove(site, asked, misbehaviour),
            POLL => self.poll(site, asked, misbehaviour),
            _ => Err(SYSTEM),
        }
    }

    fn remove(
        &self,
        site: &Arc<Site>,
        asked: &Map<String, Value>,
        misbehaviour: Option<&Misbehaviour>,
    ) -> Result<Value, Refusal> {
        let names = [
            "maHoSoLT",
            "maHoSoMCDT",
            "soDinhDanh",
            "hoTen",
            "ngayChet",
            "soDangKyKhaiTu",
            "quyenSo",
            "noiDangKyKhaiTu",
            "maDonViCuTru",
        ];
        only(asked, &names)?;
        let reference = text(asked, "maHoSoLT")?;
        site.tally.asked_for(reference);
        let unit = text(asked, "maDonViCuTru")?;
        if !is_code(reference) {
            return Err(WRONG_TYPE);
        }
        if !unit.parse().is_ok_and(knows_unit) {
            return Err(WRONG_UNIT);
        }
        self.check_death(asked)?;
        let code = asked.get("maHoSoMCDT").map_or(Ok(reference), |_| text(asked, "maHoSoMCDT"))?;
        let filing = Filing {
            reference: reference.to_owned(),
            code: code.to_owned(),
            unit: unit.to_owned(),
            subject: text(asked, "soDinhDanh")?.to_owned(),
            matter: Some(REMOVE.to_owned()),
            said: Value::Object(asked.clone()),
        };
        let (desk, tally) = (Arc::clone(&site.desk), Arc::clone(&site.tally));
        let taken = site
            .late
            .write(Fate::of(misbehaviour), &[reference, code], move || take(&desk, &tally, REMOVE, filing));
        let mut told = match taken {
            Some(Taken::Again(file)) => json!({
                "status": "0", "maHoSoCuTru": own_code(&file), "errorCode": "", "errorDescription": "Hồ sơ đã tồn tại",
            }),
            Some(Taken::New(file) | Taken::Supplement(file)) => json!({
                "status": "1", "maHoSoCuTru": own_code(&file), "errorCode": "", "errorDescription": "",
            }),
            None => json!({ "status": "1", "errorCode": "", "errorDescription": "" }),
        };
        fields::spoil(&mut told, misbehaviour, "status", "trangThaiTiepNhan");
        fields::unknown_state(&mut told, misbehaviour, "status", json!("77"));
        Ok(told)
    }

    /// Number, book, office, name and day must be those of the act.
    fn check_death(&self, asked: &Map<String, Value>) -> Result<(), Refusal> {
        let died = read_day(text(asked, "ngayChet")?, '/').ok_or(WRONG_TYPE)?;
        let (number, book) = (text(asked, "soDangKyKhaiTu")?, text(asked, "quyenSo")?);
        let (office, name) = (text(asked, "noiDangKyKhaiTu")?, text(asked, "hoTen")?);
        let act = self.persons.death_of(text(asked, "soDinhDanh")?).ok_or(NOT_DEAD)?;
        let same = act.number == number
            && act.book == book
            && act.unit == office
            && act.name == name.to_uppercase()
            && act.died == died.dotted();
        if same { Ok(()) } else { Err(MISMATCH) }
    }

    fn poll(
        &self,
        site: &Site,
        asked: &Map<String, Value>,
        misbehaviour: Option<&Misbehaviour>,
    ) -> Result<Value, Refusal> {
        only(asked, &["maHoSoLT"])?;
        let codes = asked.get("maHoSoLT").ok_or(MISSING)?.as_array().ok_or(WRONG_TYPE)?;
        let codes: Vec<&str> = codes.iter().map(Value::as_str).collect::<Option<_>>().ok_or(WRONG_TYPE)?;
        if codes.is_empty() || codes.len() > CODES_MAX {
            return Err(MISSING);
        }
        let mut rows = Vec::new();
        for code in codes {
            site.tally.asked_for(code);
            let judge = |file: &Filed| self.judge(file);
            rows.extend(site.desk.told_as(code, misbehaviour, judge).iter().map(row));
            site.late.looked(code);
        }
        for row in &mut rows {
            fields::spoil(row, misbehaviour, "trangThai", "tinhTrang");
            fields::unknown_state(row, misbehaviour, "trangThai", json!(77));
        }
        Ok(json!({ "status": "1", "value": rows, "errorCode": "", "errorDescription": "" }))
    }

    /// Nobody is removed who has no registration (any more).
    fn judge(&self, file: &Filed) -> Result<(), &'static str> {
        let person = self.persons.register.by_id(&file.subject);
        let registered = person.is_none_or(|person| person.residence.is_some());
        if registered && !self.persons.is_removed(&file.subject) {
            Ok(())
        } else {
            Err("Người này không có đăng ký thường trú")
        }
    }
}

/// maHoSoCuTru.
fn own_code(file: &Filed) -> String {
    format!("CT-{:06}", file.number)
}

fn row(file: &Filed) -> Value {
    let (note, until) = match file.standing() {
        Standing::Supplement { wanted, until, .. } => (Some(wanted), *until),
        Standing::Declined { reason } => (Some(reason), None),
        _ => (None, None),
    };
    let result = file.is_done().then(|| {
        let number = format!("{}/CT08", file.result_number());
        let paper = paper::pdf(&format!("CT08 SO {}", file.result_number()), &file.reference);
        json!({ "soThongBao": number, "ngay": file.since().day().slashed(), "tep": STANDARD.encode(paper) })
    });
    json!({
        "maHoSoLT": file.reference, "maHoSoCuTru": own_code(file), "trangThai": file.standing().code(),
        "ghiChu": note, "hanBoSung": until.map(|day| day.slashed()), "ketQua": result,
    })
}

/// A field that nobody knows is a mistake of the sender.
fn only(asked: &Map<String, Value>, known: &[&str]) -> Result<(), Refusal> {
    let strange = asked.keys().any(|key| !known.contains(&key.as_str()));
    if strange { Err(WRONG_TYPE) } else { Ok(()) }
}

fn text<'a>(asked: &'a Map<String, Value>, name: &str) -> Result<&'a str, Refusal> {
    let value = asked.get(name).ok_or(MISSING)?.as_str().ok_or(WRONG_TYPE)?;
    if value.is_empty() { Err(MISSING) } else { Ok(value) }
}
