//! Claims of survivors (tử tuất, mai táng phí): interfaces B.7, \[SIM\]. A second send is a second file.
//!
//! Settings of the simulator \[SIM\], where the document leaves a choice: dates are `yyyyMMdd`, a birth date also
//! `yyyyMM` or `yyyy`; the shares of all beneficiaries are 100 percent together at most; an account and its bank may be
//! missing together; nothing found is `status` 1 with an empty list; a file that wants a supplement gets it by being
//! sent again, under the same reference or as a new claim of the same benefit for the same person. The funeral
//! allowance is ten times the base salary \[BG\], the other sums are made up.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    DATA_INCORRECT, DATA_TYPE_INVALID, Failure, RECORD_NOT_FOUND, RECORD_UNCOMPLETE, Visit, any_text, only,
    text,
};
use crate::civil_status::interlinked::{count, is_code};
use crate::desk::{Filed, Filing, Standing, Taken};
use crate::misbehaviour::{Fate, fields};
use crate::stamp::{read_compact, read_day};

pub(super) const CLAIM: &str = "nhanHoSoTuTuat";
pub(super) const FIND: &str = "traCuuHoSo";

/// The office of the example in interfaces 9, `NNNNN/YYYY/07906`.
const OFFICE: &str = "07906";
/// Chế độ with what is paid, in đồng: mai táng phí; tử tuất hàng tháng; tử tuất một lần.
const BENEFITS: [(&str, u64); 3] = [("MTP", 23_400_000), ("TTHT", 1_170_000), ("TTMT", 7_020_000)];
const SHARES_PERCENT_MAX: u64 = 100;

impl Visit<'_> {
    /// What a claim or its find is told that failed.
    pub(super) fn failed_claim(&self, operation: &str, Failure(code, text): Failure) -> Value {
        let (status, code) = (self.number(0), self.number(code));
        if operation == CLAIM {
            json!({ "status": status, "soHoSo": null, "errorCode": code, "errorDescription": text })
        } else {
            json!({ "status": status, "value": null, "errorCode": code, "errorDescription": text })
        }
    }

    pub(super) fn claim(&self, asked: &Map<String, Value>) -> Result<Value, Failure> {
        only(asked, &["maHoSoLT", "maHoSoMCDT", "nguoiChet", "nguoiHuong", "cheDo", "tep"])?;
        let (reference, code) = (text(asked, "maHoSoLT")?, text(asked, "maHoSoMCDT")?);
        self.site.tally.asked_for(&reference);
        self.admit()?;
        if !is_code(&reference) || !is_code(&code) {
            return Err(DATA_TYPE_INVALID);
        }
        let dead = asked.get("nguoiChet").ok_or(RECORD_UNCOMPLETE)?.as_object().ok_or(DATA_TYPE_INVALID)?;
        let benefit = text(asked, "cheDo")?;
        if !BENEFITS.iter().any(|(own, _)| *own == benefit) {
            return Err(DATA_TYPE_INVALID);
        }
        check_beneficiaries(list(asked, "nguoiHuong")?)?;
        list(asked, "tep")?.iter().try_for_each(check_file)?;
        self.check_dead(dead)?;
        let filing = Filing {
            reference: reference.clone(),
            code,
            unit: OFFICE.to_owned(),
            subject: text(dead, "soDinhDanh")?,
            matter: Some(benefit.clone()),
            said: json!({ "cheDo": benefit }),
        };
        let (desk, tally) = (Arc::clone(&self.site.desk), Arc::clone(&self.site.tally));
        let taken = self.site.late.write(Fate::of(self.misbehaviour), &[&reference], move || {
            let taken = desk.take(filing, false);
            count(&tally, CLAIM, &taken);
            taken
        });
        let number = match &taken {
            Some(Taken::New(file) | Taken::Supplement(file) | Taken::Again(file)) => Some(own_code(file)),
            None => None,
        };
        let mut told = json!({
            "status": self.number(1), "soHoSo": number, "errorCode": null, "errorDescription": null,
        });
        fields::spoil(&mut told, self.misbehaviour, "soHoSo", "maHoSo");
        fields::unknown_state(&mut told, self.misbehaviour, "status", json!(77));
        Ok(told)
    }

    /// The dead must be in the register of deaths and have this insurance number.
    fn check_dead(&self, dead: &Map<String, Value>) -> Result<(), Failure> {
        let names = ["hoTen", "ngaySinh", "soDinhDanh", "maSoBhxh", "ngayChet", "soDangKyKhaiTu", "quyenSo"];
        only(dead, &names)?;
        let (name, born, id) = (text(dead, "hoTen")?, text(dead, "ngaySinh")?, text(dead, "soDinhDanh")?);
        let insured = text(dead, "maSoBhxh")?;
        let (number, book) = (text(dead, "soDangKyKhaiTu")?, text(dead, "quyenSo")?);
        let died = read_compact(&text(dead, "ngayChet")?).ok_or(DATA_TYPE_INVALID)?;
        if !is_partial(&born) {
            return Err(DATA_TYPE_INVALID);
        }
        let act = self.persons.death_of(&id).ok_or(RECORD_NOT_FOUND)?;
        let person = self.register.by_id(&id);
        let own = person.and_then(|person| self.register.social_insurance_number(person));
        let same = act.number == number
            && act.book == book
            && act.name == name.to_uppercase()
            && read_day(&act.died, '.') == Some(died)
            && own == Some(insured);
        if same { Ok(()) } else { Err(DATA_INCORRECT) }
    }

    pub(super) fn find_claims(&self, asked: &Map<String, Value>) -> Result<Value, Failure> {
        only(asked, &["maHoSoLT"])?;
        let reference = text(asked, "maHoSoLT")?;
        self.site.tally.asked_for(&reference);
        self.admit()?;
        let found = self.site.desk.told_as(&reference, self.misbehaviour, |file| self.judge(file));
        self.site.late.looked(&reference);
        let rows = found.iter().map(|file| {
            let mut row = self.claim_row(file);
            fields::spoil(&mut row, self.misbehaviour, "trangThai", "tinhTrang");
            fields::unknown_state(&mut row, self.misbehaviour, "trangThai", json!(77));
            row
        });
        let rows: Vec<Value> = rows.collect();
        Ok(json!({ "status": self.number(1), "value": rows, "errorCode": null, "errorDescription": null }))
    }

    /// A benefit is paid once.
    fn judge(&self, file: &Filed) -> Result<(), &'static str> {
        let others = self.site.desk.by_subject(&file.subject);
        let paid = others.iter().any(|other| other.is_done() && other.said == file.said);
        if paid { Err("Chế độ này đã được giải quyết") } else { Ok(()) }
    }

    fn claim_row(&self, file: &Filed) -> Value {
        let note = match file.standing() {
            Standing::Supplement { wanted, .. } => Some(wanted),
            Standing::Declined { reason } => Some(reason),
            _ => None,
        };
        let benefit = file.said.get("cheDo").and_then(Value::as_str);
        let sum = BENEFITS.iter().find(|(own, _)| Some(*own) == benefit).map(|(_, sum)| *sum);
        json!({
            "soHoSo": own_code(file), "maHoSoLT": file.reference,
            "trangThai": self.number(u16::from(file.standing().code())), "ngayTiepNhan": file.received().compact(),
            "ghiChu": note, "soTien": sum.filter(|_| file.is_done()),
        })
    }
}

/// soHoSo.
fn own_code(file: &Filed) -> String {
    format!("{:05}/{}/{OFFICE}", file.number, file.received().day().year)
}

fn list<'a>(asked: &'a Map<String, Value>, name: &str) -> Result<&'a [Value], Failure> {
    let list = asked.get(name).ok_or(RECORD_UNCOMPLETE)?.as_array().ok_or(DATA_TYPE_INVALID)?;
    Ok(list.as_slice())
}

/// `yyyyMMdd`, `yyyyMM` or `yyyy`.
fn is_partial(date: &str) -> bool {
    let whole = match date.len() {
        4 => format!("{date}0101"),
        6 => format!("{date}01"),
        _ => date.to_owned(),
    };
    read_compact(&whole).is_some()
}

fn check_beneficiaries(all: &[Value]) -> Result<(), Failure> {
    if all.is_empty() {
        return Err(RECORD_UNCOMPLETE);
    }
    let mut shares = 0_u64;
    for one in all {
        let one = one.as_object().ok_or(DATA_TYPE_INVALID)?;
        only(one, &["hoTen", "soDinhDanh", "quanHe", "tyLe", "soTaiKhoan", "maNganHang"])?;
        text(one, "hoTen").and(text(one, "quanHe"))?;
        let id = text(one, "soDinhDanh")?;
        let share: u64 = text(one, "tyLe")?.parse().map_err(|_| DATA_TYPE_INVALID)?;
        let account = |name| if one.contains_key(name) { any_text(one, name) } else { Ok(String::new()) };
        let (account, bank) = (account("soTaiKhoan")?, account("maNganHang")?);
        if id.len() != 12 || !(id + &account).bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(DATA_TYPE_INVALID);
        }
        if account.is_empty() != bank.is_empty() {
            return Err(RECORD_UNCOMPLETE);
        }
        shares = shares.saturating_add(share);
        if share == 0 || shares > SHARES_PERCENT_MAX {
            return Err(DATA_INCORRECT);
        }
    }
    Ok(())
}

fn check_file(file: &Value) -> Result<(), Failure> {
    let file = file.as_object().ok_or(DATA_TYPE_INVALID)?;
    only(file, &["ten", "loai", "noiDung"])?;
    let (name, content) = (text(file, "ten")?, text(file, "noiDung")?);
    text(file, "loai")?;
    if crate::paper::is_whole(&content, &name) { Ok(()) } else { Err(DATA_INCORRECT) }
}
