//! Funeral support: asked for once, for the dead only.

use serde_json::{Value, json};
use simulators::{Misbehaviour as M, Person, Simulators, Standing, Times};

use super::{code, dying, register_death, with};
use crate::agencies::{answer, carried};
use crate::client::start;

const FILE: &str = "nhanHoSoBTXH";
const FIND: &str = "traCuuHoSo";

pub fn support(sims: &Simulators, person: &Person, number: u32) -> Value {
    let act = sims.death_of(&person.id);
    let (died, number_of_act, book) =
        act.map(|act| (act.died.replace('.', "/"), act.number, act.book)).unwrap_or_default();
    let summary = format!("{}; {}; {died}; {number_of_act}; {book}", person.name.full(), person.id);
    json!({
        "AcceptKey": sims.credentials().social_affairs_accept_key, "LoaiDuLieu": "100", "MaHoSo": code(number),
        "MaTTHC": "2.000488", "HoVaTen": "Nguyễn Văn Thử", "NgayThangNamSinh": "1970", "GioiTinhId": 1,
        "TrichYeu": summary, "SoTaiKhoan": "0000000001", "NganHang": "MAUVNVX",
        "MaTinh": "38", "HKTT_MaTinh": "38", "NgayTiepNhan": "20250812090100", "LoaiDinhDanh": "1",
        "SoDinhDanh": "064070000002", "StatusId": "2",
        "CertificateExtentData": "<ExtentData><DanhsachTaiLieuNop/><DanhSachGiayToKetQua/></ExtentData>",
    })
}

async fn affairs(sims: &Simulators, operation: &str, body: &Value) -> (u16, Value) {
    answer(carried(sims, &format!("/apiLDTBXH/1.0/{operation}"), Some(body)).await).await
}

async fn find(sims: &Simulators, number: u32) -> Vec<Value> {
    let key = &sims.credentials().social_affairs_accept_key;
    let (_, body) = affairs(sims, FIND, &json!({ "AcceptKey": key, "MaHoSo": code(number) })).await;
    assert_eq!(body["result"]["error_code"], 0, "{body}");
    body["result"]["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn support_is_decided_once_and_a_repeat_exists_already() {
    let sims = start();
    let person = dying(&sims, 0);
    register_death(&sims, person, 7).await;
    let taken = affairs(&sims, FILE, &support(&sims, person, 7)).await;
    assert_eq!(taken, (200, json!({ "error_code": "0", "message": "Gửi dữ liệu thành công" })));
    let (_, again) = affairs(&sims, FILE, &support(&sims, person, 7)).await;
    assert_eq!(again["error_code"], "-3");
    assert!(again["message"].as_str().unwrap().contains("đã tồn tại"));
    assert_eq!(sims.social_affairs().effects_of(FILE, &code(7)), 1);
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(find(&sims, 7).await[0]["statusId"].clone());
    }
    assert_eq!(seen, ["2", "4", "9"]);
    let row = find(&sims, 7).await.remove(0);
    assert_eq!((&row["soQuyetDinh"], &row["soDinhDanh"]), (&json!("1/QĐ-BTXH"), &json!("064070000002")));
    assert_eq!((&row["soTaiKhoan"], &row["nganHang"]), (&json!("0000000001"), &json!("MAUVNVX")));
    affairs(&sims, FILE, &support(&sims, person, 8)).await;
    find(&sims, 8).await;
    find(&sims, 8).await;
    assert_eq!(find(&sims, 8).await[0]["statusId"], "8");
}

#[tokio::test]
async fn a_supplement_is_the_same_dossier_again() {
    let sims = start();
    let person = sims.register().dead().next().unwrap();
    affairs(&sims, FILE, &support(&sims, person, 7)).await;
    let wanted = Standing::Supplement { wanted: "Bổ sung đơn".to_owned(), findings: None, until: None };
    assert!(sims.social_affairs().decide(&code(7), wanted));
    let row = find(&sims, 7).await.remove(0);
    assert_eq!((&row["statusId"], &row["trichYeu"]), (&json!("5"), &json!("Bổ sung đơn")));
    assert_eq!(affairs(&sims, FILE, &support(&sims, person, 7)).await.1["error_code"], "0");
    assert_eq!(find(&sims, 7).await[0]["statusId"], "2");
}

#[tokio::test]
async fn every_deviation_is_refused() {
    let sims = start();
    let own = support(&sims, sims.register().dead().next().unwrap(), 7);
    for (body, number, word) in [
        (with(&own, "AcceptKey", json!("sai")), "-2", "AcceptKey"),
        (with(&own, "AcceptKey", Value::Null), "-1", "AcceptKey empty"),
        (with(&own, "LoaiDuLieu", json!("200")), "-1", "LoaiDuLieu"),
        (with(&own, "MaHoSo", json!("x")), "-1", "MaHoSo"),
        (with(&own, "HoVaTen", json!("")), "-1", "HoVaTen empty"),
        (with(&own, "TrichYeu", json!("AI ĐÓ")), "-1", "TrichYeu"),
        (
            with(&own, "TrichYeu", json!(own["TrichYeu"].as_str().unwrap().replacen("; ", " khác; ", 1))),
            "-1",
            "TrichYeu không khớp",
        ),
        (with(&own, "NgayThangNamSinh", json!("1940-01-01")), "-1", "NgayThangNamSinh"),
        (with(&own, "NgayTiepNhan", json!("2025-08-12")), "-1", "NgayTiepNhan"),
        (with(&own, "GioiTinhId", json!("nam")), "-1", "GioiTinhId"),
        (with(&own, "LoaiDinhDanh", json!("2")), "-1", "LoaiDinhDanh"),
        (with(&own, "SoDinhDanh", json!("1")), "-1", "SoDinhDanh"),
        (
            with(&own, "TrichYeu", support(&sims, dying(&sims, 0), 7)["TrichYeu"].clone()),
            "-1",
            "chưa có thông tin khai tử",
        ),
        (with(&own, "StatusId", json!("4")), "-1", "StatusId"),
        (with(&own, "CertificateExtentData", json!("<Khac/>")), "-1", "CertificateExtentData"),
        (with(&own, "CertificateExtentData", json!("<ExtentData>")), "-1", "CertificateExtentData"),
        (with(&own, "Thua", json!("x")), "-1", "Thua"),
    ] {
        let (status, told) = affairs(&sims, FILE, &body).await;
        assert_eq!((status, told["error_code"].as_str().unwrap()), (200, number), "{told}");
        assert!(told["message"].as_str().unwrap().contains(word), "{told}");
    }
    let (_, told) = affairs(&sims, FIND, &json!({ "AcceptKey": "sai", "MaHoSo": code(7) })).await;
    assert_eq!((&told["result"]["error_code"], &told["result"]["data"]), (&json!(-2), &Value::Null));
    assert_eq!(sims.social_affairs().effects().len(), 0);
}

#[tokio::test]
async fn lost_replies_and_wrong_words_show() {
    let sims = start();
    let person = sims.register().dead().next().unwrap();
    let agency = sims.social_affairs();
    for (number, kind, first, then) in
        [(1, M::CommitThenDrop, 1, 1), (2, M::DropBeforeCommit, 0, 0), (3, M::CommitLate, 0, 1)]
    {
        agency.misbehave_on(FILE, kind, Times::Once).unwrap();
        let call =
            carried(&sims, &format!("/apiLDTBXH/1.0/{FILE}"), Some(&support(&sims, person, number))).await;
        assert!(call.send().await.is_err());
        assert_eq!((find(&sims, number).await.len(), find(&sims, number).await.len()), (first, then));
        assert_eq!(agency.effects_of(FILE, &code(number)), then as u64);
    }
    for (kind, number) in [(M::OkWithError, "-99"), (M::SignatureRefused, "-2"), (M::UnknownState, "77")] {
        agency.misbehave_on(FILE, kind, Times::Once).unwrap();
        assert_eq!(affairs(&sims, FILE, &support(&sims, person, 4)).await.1["error_code"], number);
    }
    assert_eq!(agency.effects_of(FILE, &code(4)), 1);
}
