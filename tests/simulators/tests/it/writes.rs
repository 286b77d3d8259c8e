//! What is written to the agencies: taken once, worked on, answered for, and remembered by the others.

mod civil_status;
mod e_receipt;
mod every_kind;
mod postal;
mod residence;
mod social_affairs;
mod social_insurance;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use simulators::{Day, Person, Simulators};

use crate::agencies::{answer, carried};

pub const PUSH: &str = "nhanHoSoDKHT";
pub const POLL: &str = "traTrangThaiHoSoDKHT";

pub fn lt(number: u32) -> String {
    format!("G22.99.01-250812-{number:04}")
}

pub fn code(number: u32) -> String {
    format!("H56.14-250812-{number:04}")
}

pub fn pdf() -> String {
    STANDARD.encode("%PDF-1.4\ngiay bao tu\n%%EOF\n")
}

/// Somebody of the sample's province who lives.
pub fn dying(sims: &Simulators, nth: usize) -> &Person {
    let here = |person: &&Person| person.place.new_province == "38" && person.household.is_some();
    sims.register().ordinary().filter(here).nth(nth).unwrap()
}

pub fn died() -> Day {
    Day { year: 2025, month: 8, day: 10 }
}

/// The form of a death (A.2.2).
pub fn form(person: &Person) -> Value {
    let at = json!({ "maTinh": person.place.new_province, "maHuyen": "", "maXa": person.place.new_commune, "dcChiTiet": "Thôn 1" });
    json!({
        "loaiDangKy": "1", "noiDangKy": person.place.new_commune, "soLuongBanSao": "1", "nktHoTen": person.name.full(),
        "nktGioiTinh": person.sex.code(), "nktNgaySinh": person.born.dotted(), "nktDanToc": "Kinh",
        "nktQuocTich": "Việt Nam", "nktLoaiCuTru": "1", "nktNoiCuTru": at, "nktLoaiGiayToTuyThan": "4",
        "nktSoGiayToTuyThan": person.id, "nktNgayChet": died().dotted(), "nktGioPhutChet": "08:30", "nktNoiChet": at,
        "nktNguyenNhanChet": "Tuổi già", "gbtLoai": "1", "gbtSo": "12/GBT", "gbtNgay": "20250810",
        "gbtCoQuanCap": "Trạm y tế Thử Nghiệm", "nycHoTen": "NGUYỄN VĂN THỬ", "nycQuanHe": "Con",
        "nycLoaiGiayToTuyThan": "4", "nycSoGiayToTuyThan": "064070000002", "nycNoiCuTru": at,
    })
}

pub fn pushed(person: &Person, form: &Value, number: u32) -> Value {
    json!({
        "module": "LTKT", "maHoSoMCDT": code(number), "maHoSoLT": lt(number), "maDonVi": person.place.new_commune,
        "ngayTiepNhan": "12/08/2025 09:01:00", "data": form.to_string(),
        "fileDinhKem": [{
            "id": "1", "loaiGiayTo": "2", "tenGiayTo": "Giấy báo tử", "tenTepDinhKem": "gbt.pdf", "huyGiayTo": 0,
            "duLieuTepDinhKem": pdf(),
        }],
    })
}

pub async fn interlinked(
    sims: &Simulators,
    operation: &str,
    body: &Value,
) -> Result<(u16, Value), reqwest::Error> {
    let request = carried(sims, &format!("/apiLienThongKSKT/1.0/{operation}"), Some(body)).await;
    let reply = request.send().await?;
    let status = reply.status().as_u16();
    let body = reply.text().await?;
    Ok((status, serde_json::from_str(&body).unwrap_or(Value::String(body))))
}

pub async fn push(sims: &Simulators, person: &Person, number: u32) -> Result<(u16, Value), reqwest::Error> {
    interlinked(sims, PUSH, &pushed(person, &form(person), number)).await
}

/// The rows of a poll.
pub async fn poll(sims: &Simulators, codes: &[String]) -> Vec<Value> {
    let asked = json!({ "maDinhDanhHoSo": codes, "maTinh": "38", "module": "LTKT" });
    let (status, body) = interlinked(sims, POLL, &asked).await.unwrap();
    assert_eq!((status, &body["status"]), (200, &json!(1)), "{body}");
    body["value"].as_array().unwrap().clone()
}

/// Pushes a death and polls until it is registered; the result.
pub async fn register_death(sims: &Simulators, person: &Person, number: u32) -> Value {
    push(sims, person, number).await.unwrap();
    poll(sims, &[lt(number)]).await;
    poll(sims, &[lt(number)]).await;
    let row = poll(sims, &[lt(number)]).await.remove(0);
    assert_eq!(row["trangThai"], "4", "{row}");
    row["ketQuaXuLy"].clone()
}

pub async fn cutru(sims: &Simulators, operation: &str, body: &Value) -> (u16, Value) {
    answer(carried(sims, &format!("/cutru/1.0/{operation}"), Some(body)).await).await
}

/// What a removal asks for, from the act.
pub fn removal(sims: &Simulators, person: &Person, number: u32) -> Value {
    let act = sims.death_of(&person.id).unwrap();
    json!({
        "maHoSoLT": lt(number), "soDinhDanh": person.id, "hoTen": act.name, "ngayChet": act.died.replace('.', "/"),
        "soDangKyKhaiTu": act.number, "quyenSo": act.book, "noiDangKyKhaiTu": act.unit,
        "maDonViCuTru": person.place.new_commune,
    })
}

/// The body with one member changed; `null` takes it away.
pub fn with(body: &Value, name: &str, value: Value) -> Value {
    let mut fields: Map<String, Value> = body.as_object().unwrap().clone();
    match value {
        Value::Null => drop(fields.remove(name)),
        value => drop(fields.insert(name.to_owned(), value)),
    }
    Value::Object(fields)
}
