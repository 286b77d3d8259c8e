//! The tax agency and the business register behind the carrier: look-ups by code, and notices as XML in base64.

pub(crate) mod companies;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::misbehaviour::{Misbehaviour, fields, shape};
use crate::people::{Address, Person, Register, Sex};
use crate::wire::http::{Reply, Request};
use crate::wire::{Agency, Plan, Site};
use crate::xml::Element;
use companies::{Company, Notice};

/// Where the carrier has the business register (Cơ sở dữ liệu quốc gia về đăng ký doanh nghiệp).
pub(crate) const BUSINESS_PREFIX: &str = "/apiCSDLDKDN/";
/// Where it has the tax agency.
pub(crate) const TAX_PREFIX: &str = "/apiThue/1.0/";

const COMPANY: &str = "/apiCSDLDKDN/chiTietDoanhNghiep";
const TAXPAYER: &str = "/apiThue/1.0/traCuuNNT";
const OBLIGATIONS: &str = "/apiThue/1.0/traCuuNghiaVuTaiChinh";

/// Who is born later has no tax code of his own yet; TT 86/2024/TT-BTC makes the ID number the tax code.
const YOUNGEST_TAXPAYER: u16 = 2007;
/// Every so many taxpayers keep a household business, or have paused.
const HOUSEHOLD_BUSINESS_EVERY: usize = 7;
const PAUSED_EVERY: usize = 11;

/// A failure told in the body of an HTTP 200. The texts are [SIM] but for the two of B.3 and B.4.
#[derive(Debug, Clone, Copy)]
struct Failure {
    /// As it is counted.
    reason: &'static str,
    /// `error_code` of B.4; the look-ups say `Status` 0 whatever it is.
    code: i64,
    text: &'static str,
}

const fn failure(reason: &'static str, code: i64, text: &'static str) -> Failure {
    Failure { reason, code, text }
}

const NO_COMPANY: Failure = failure("not-found", 0, "Không tìm thấy doanh nghiệp");
const NO_TAXPAYER: Failure = failure("not-found", 0, "Không tìm thấy người nộp thuế");
const NO_NOTICE: Failure = failure("not-found", -2, "Không tìm thấy thông báo thuế");
const WRONG_KEY: Failure = failure("wrong-security-key", -1, "SecurityKey không đúng");
const WRONG_CODE: Failure = failure("malformed-code", 0, "Mã số không hợp lệ");
const WRONG_MESSAGE: Failure = failure("malformed-message", -3, "Dữ liệu gửi lên không hợp lệ");
const SYSTEM: Failure = failure("system-error", -99, "Lỗi hệ thống, vui lòng thử lại sau");

/// The agency.
pub(crate) struct Tax {
    register: Arc<Register>,
    security_key: String,
    /// Changes with every answer about obligations: `error_code` as "0", 0 and "00" (interfaces 18.2).
    habit: AtomicUsize,
}

impl Tax {
    pub(crate) fn new(register: Arc<Register>, security_key: String) -> Self {
        Self { register, security_key, habit: AtomicUsize::new(0) }
    }
}

/// One exchange with the agency.
struct Visit<'a> {
    agency: &'a Tax,
    site: &'a Site,
    misbehaviour: Option<&'a Misbehaviour>,
}

impl Agency for Tax {
    fn operation(&self, request: &Request) -> String {
        let behind = [BUSINESS_PREFIX, TAX_PREFIX].into_iter().find_map(|at| request.path.strip_prefix(at));
        behind.unwrap_or_default().to_owned()
    }

    fn answer(&self, site: &Arc<Site>, request: &Request, misbehaviour: Option<&Misbehaviour>) -> Plan {
        let visit = Visit { agency: self, site, misbehaviour };
        let wanted = match request.path.as_str() {
            COMPANY | TAXPAYER => "GET",
            OBLIGATIONS => "POST",
            _ => {
                return refuse(
                    site,
                    "unknown-resource",
                    404,
                    "No matching resource found for given API Request",
                );
            }
        };
        if request.method != wanted {
            return refuse(site, "wrong-method", 405, "Method not allowed for given API resource");
        }
        let told = match request.path.as_str() {
            COMPANY => visit.company(request),
            TAXPAYER => visit.taxpayer(request),
            _ => visit.obligations(request),
        };
        let told = told.unwrap_or_else(|failure| {
            site.tally.refused(failure.reason);
            visit.failed(wanted, failure)
        });
        Reply::json(200, &told).into()
    }
}

fn refuse(site: &Site, reason: &str, status: u16, text: &str) -> Plan {
    site.tally.refused(reason);
    crate::lgsp::fault(status, u32::from(status), text).into()
}

impl Visit<'_> {
    /// The look-ups and the notices tell a failure in words of their own.
    fn failed(&self, method: &str, failure: Failure) -> Value {
        if method == "GET" {
            return json!({ "Status": 0, "Message": failure.text });
        }
        let code = failure.code;
        let code = if self.turn().is_multiple_of(2) { json!(code.to_string()) } else { json!(code) };
        json!({ "error_code": code, "message": failure.text, "Data": null })
    }

    fn turn(&self) -> usize {
        self.agency.habit.fetch_add(1, Ordering::Relaxed)
    }

    /// What was ordered to go wrong before any data is looked at.
    fn admit(&self) -> Result<(), Failure> {
        match self.misbehaviour {
            Some(Misbehaviour::SignatureRefused) => Err(WRONG_KEY),
            Some(Misbehaviour::OkWithError) => Err(SYSTEM),
            _ => Ok(()),
        }
    }

    fn company(&self, request: &Request) -> Result<Value, Failure> {
        let code = request.parameter("msdn").ok_or(WRONG_CODE)?.replace('-', "");
        self.site.tally.asked_for(&code);
        let digits = code.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || !matches!(code.len(), 10 | 13) || !companies::checks(&code) {
            return Err(WRONG_CODE);
        }
        self.admit()?;
        let all = self.agency.register.companies();
        let found = all.iter().find(|company| company.tax_code == code).ok_or(NO_COMPANY)?;
        let other = all.iter().find(|company| company.tax_code != code).unwrap_or(found);
        let row = |company: &Company| {
            let legal = self.agency.register.person(company.legal);
            let mut row = json!({
                "ENTERPRISE_GDT_CODE": company.tax_code, "NAME": company.name,
                "ENTERPRISE_STATUS": company.status,
                "LEGAL_NAMES": legal.map(|legal| legal.name.full()).unwrap_or_default(),
                "HOAdress": company.address.line(), "Status": 1,
            });
            fields::spoil(&mut row, self.misbehaviour, "NAME", "TEN_DOANH_NGHIEP");
            fields::unknown_state(&mut row, self.misbehaviour, "ENTERPRISE_STATUS", json!("77"));
            row
        };
        Ok(fields::choose(self.misbehaviour, row(found), row(other)))
    }

    fn taxpayer(&self, request: &Request) -> Result<Value, Failure> {
        let code = request.parameter("mst").ok_or(WRONG_CODE)?;
        self.site.tally.asked_for(&code);
        if code.len() != 12 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(WRONG_CODE);
        }
        self.admit()?;
        let register = &self.agency.register;
        let found = register.by_id(&code).filter(|person| is_taxpayer(person)).ok_or(NO_TAXPAYER)?;
        let other = register.ordinary().find(|other| is_taxpayer(other) && other.id != code).unwrap_or(found);
        let row = |person: &Person| {
            let mut row = taxpayer(register, person);
            fields::spoil(&mut row, self.misbehaviour, "TEN_NNT", "TEN_NGUOI_NOP_THUE");
            fields::unknown_state(&mut row, self.misbehaviour, "TRANG_THAI", json!("77"));
            row
        };
        let data = fields::choose(self.misbehaviour, row(found), row(other));
        Ok(json!({ "Status": 1, "Data": data }))
    }

    fn obligations(&self, request: &Request) -> Result<Value, Failure> {
        let asked: Value = serde_json::from_slice(&request.body).map_err(|_| WRONG_MESSAGE)?;
        let asked =
            asked.as_object().filter(|_| request.media_type() == "application/json").ok_or(WRONG_MESSAGE)?;
        let text = |name: &str| asked.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        if asked.len() != 2 {
            return Err(WRONG_MESSAGE);
        }
        let (key, dossier) =
            (text("SecurityKey").ok_or(WRONG_MESSAGE)?, text("MaHoSo").ok_or(WRONG_MESSAGE)?);
        self.site.tally.asked_for(dossier);
        if key != self.agency.security_key {
            return Err(WRONG_KEY);
        }
        self.admit()?;
        let all = self.agency.register.notices();
        let found = all.iter().find(|notice| notice.dossier == dossier).ok_or(NO_NOTICE)?;
        let other = all.iter().find(|notice| notice.dossier != dossier).unwrap_or(found);
        let told = match self.misbehaviour {
            Some(Misbehaviour::WrongPerson) => vec![other],
            Some(Misbehaviour::TwoPeople) => vec![found, other],
            _ => vec![found],
        };
        let mut data = json!({ "FileThongBaoThue": STANDARD.encode(self.file(&told)) });
        fields::spoil(&mut data, self.misbehaviour, "FileThongBaoThue", "TepThongBaoThue");
        let code = match (self.misbehaviour, self.turn() % 3) {
            (Some(Misbehaviour::UnknownState), _) => json!("77"),
            (_, 0) => json!("0"),
            (_, 1) => json!(0),
            _ => json!("00"),
        };
        Ok(json!({ "error_code": code, "message": "Thành công", "Data": data }))
    }

    /// `/DATA/BODY/ROW_LIST{MA_HSO, LIST…}`, interfaces 10.
    fn file(&self, notices: &[&Notice]) -> String {
        let body = Element::branch("BODY", notices.iter().map(|notice| row_list(notice)).collect());
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
        Element::branch("DATA", vec![body]).write("", None, &mut text);
        if self.misbehaviour == Some(&Misbehaviour::Doctype) {
            let bomb = shape::doctype(&self.site.elsewhere);
            text = text.replacen("?>", &format!("?>{bomb}"), 1).replacen("</", "&a9;&x;</", 1);
        }
        text
    }
}

fn row_list(notice: &Notice) -> Element {
    let rows = notice.levies.iter().map(|levy| {
        let fields = vec![
            Element::leaf("MA_SO_THUE", &notice.taxpayer),
            Element::leaf("SO_QUYET_DINH", &levy.decision),
            Element::leaf("NGAY_QUYET_DINH", levy.decided_on.dashed()),
            Element::leaf("TEN_TIEUMUC", levy.heading),
            Element::leaf("SO_TIEN", levy.amount.to_string()),
        ];
        Element::branch("LIST", fields)
    });
    let head = Element::leaf("MA_HSO", &notice.dossier);
    Element::branch("ROW_LIST", std::iter::once(head).chain(rows).collect())
}

/// Whether the ID number of this person is a tax code.
pub(crate) fn is_taxpayer(person: &Person) -> bool {
    !person.id.is_empty() && person.born.year() <= YOUNGEST_TAXPAYER && person.nationality == "VN"
}

fn taxpayer(register: &Register, truth: &Person) -> Value {
    let person = register.kept_by(crate::Party::Tax, truth);
    let turn = register.position(truth).unwrap_or_default();
    let kind = if turn % HOUSEHOLD_BUSINESS_EVERY == 3 { "HKD" } else { "CN" };
    let state = match truth.died {
        Some(_) => "01",
        None if turn % PAUSED_EVERY == PAUSED_EVERY - 1 => "03",
        None => "00",
    };
    let home = person.residence.clone();
    let home = home.unwrap_or_else(|| Address::new(&person.place, "Không có nơi thường trú"));
    let month = 1 + turn % 12;
    let half = if person.sex == Sex::Male { 12 } else { 24 };
    json!({
        "MST": person.id, "TEN_NNT": person.name.full(), "LOAI_NNT": kind, "TRANG_THAI": state,
        "CQT_QL": format!("Thuế cơ sở Mẫu {}", home.province), "DIA_CHI": home.line(), "MA_XA": home.commune,
        "NGAY_CAP": format!("{half:02}/{month:02}/2021"),
    })
}
