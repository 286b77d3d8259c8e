//! Funeral support: asked for once, for the dead only.

use serde_json::{Value, json};
use simulators::{Misbehaviour as M, Person, Simulators, Standing, Times};

use super::{code, dying, register_death, with};
use crate::agencies::{answer, carried};
use crate::client::start;

const FILE: &str = "nhanHoSoBTXH";
const FIND: &str = "traCuuHoSo";

pub fn support(sims: &Simulators, person: &Person, number: u32) -> Value {
    json!({
        "AcceptKey": sims.credentials().social_affairs_accept_key, "LoaiDuLieu": "100", "MaHoSo": code(number),
        "MaTTHC": "2.000488", "HoVaTen": person.name.full(), "NgayThangNamSinh": "1940", "GioiTinhId": 1,
        "MaTinh": "38", "HKTT_MaTinh": "38", "NgayTiepNhan": "20250812090100", "LoaiDinhDanh": "1",
        "SoDinhDanh": person.id, "StatusId": "1",
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
    assert_eq!(seen, ["1", "3", "4"]);
    let row = find(&sims, 7).await.remove(0);
    assert_eq!((&row["soQuyetDinh"], &row["soDinhDanh"]), (&json!("1/QĐ-BTXH"), &json!(person.id)));
    affairs(&sims, FILE, &support(&sims, person, 8)).await;
    find(&sims, 8).await;
    find(&sims, 8).await;
    assert_eq!(find(&sims, 8).await[0]["statusId"], "6");
}

#[tokio::test]
async fn a_supplement_is_the_same_dossier_again() {
    let sims = start();
    let person = sims.register().dead().next().unwrap();
    affairs(&sims, FILE, &support(&sims, person, 7)).await;
    let wanted = Standing::Supplement { wanted: "Bổ sung đơn".to_owned(), findings: None, until: None };
    assert!(sims.social_affairs().decide(&code(7), wanted));
    let row = find(&sims, 7).await.remove(0);
    assert_eq!((&row["statusId"], &row["trichYeu"]), (&json!("2"), &json!("Bổ sung đơn")));
    assert_eq!(affairs(&sims, FILE, &support(&sims, person, 7)).await.1["error_code"], "0");
    assert_eq!(find(&sims, 7).await[0]["statusId"], "1");
}

#[tokio::test]
async fn every_deviation_is_refused() {
    let sims = start();
    let own = support(&sims, sims.register().dead().next().unwrap(), 7);
    for (body, number, word) in [
        (with(&own, "AcceptKey", json!("sai")), "-1", "AcceptKey"),
        (with(&own, "AcceptKey", Value::Null), "-2", "AcceptKey empty"),
        (with(&own, "LoaiDuLieu", json!("200")), "-2", "LoaiDuLieu"),
        (with(&own, "MaHoSo", json!("x")), "-2", "MaHoSo"),
        (with(&own, "HoVaTen", json!("")), "-2", "HoVaTen empty"),
        (with(&own, "HoVaTen", json!("AI ĐÓ")), "-2", "HoVaTen"),
        (with(&own, "NgayThangNamSinh", json!("1940-01-01")), "-2", "NgayThangNamSinh"),
        (with(&own, "NgayTiepNhan", json!("2025-08-12")), "-2", "NgayTiepNhan"),
        (with(&own, "GioiTinhId", json!("nam")), "-2", "GioiTinhId"),
        (with(&own, "LoaiDinhDanh", json!("2")), "-2", "LoaiDinhDanh"),
        (with(&own, "SoDinhDanh", json!("1")), "-2", "SoDinhDanh"),
        (with(&own, "SoDinhDanh", json!(dying(&sims, 0).id)), "-4", "khai tử"),
        (with(&own, "StatusId", json!("4")), "-2", "StatusId"),
        (with(&own, "CertificateExtentData", json!("<Khac/>")), "-2", "CertificateExtentData"),
        (with(&own, "CertificateExtentData", json!("<ExtentData>")), "-2", "CertificateExtentData"),
        (with(&own, "Thua", json!("x")), "-2", "Thua"),
    ] {
        let (status, told) = affairs(&sims, FILE, &body).await;
        assert_eq!((status, told["error_code"].as_str().unwrap()), (200, number), "{told}");
        assert!(told["message"].as_str().unwrap().contains(word), "{told}");
    }
    let (_, told) = affairs(&sims, FIND, &json!({ "AcceptKey": "sai", "MaHoSo": code(7) })).await;
    assert_eq!((&told["result"]["error_code"], &told["result"]["data"]), (&json!(-1), &Value::Null));
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
    for (kind, number) in [(M::OkWithError, "-99"), (M::SignatureRefused, "-1"), (M::UnknownState, "77")] {
        agency.misbehave_on(FILE, kind, Times::Once).unwrap();
        assert_eq!(affairs(&sims, FILE, &support(&sims, person, 4)).await.1["error_code"], number);
    }
    assert_eq!(agency.effects_of(FILE, &code(4)), 1);
}
