//! Whoever is registered dead can be removed, and then has no residence.

use serde_json::{Value, json};
use simulators::{Misbehaviour as M, Standing, Times};

use super::{cutru, dying, lt, register_death, removal, with};
use crate::client::{ask, start};

const REMOVE: &str = "xoaThuongTru";
const POLL: &str = "traCuuHoSo";

async fn poll(sims: &simulators::Simulators, number: u32) -> Vec<Value> {
    let (status, body) = cutru(sims, POLL, &json!({ "maHoSoLT": [lt(number), lt(999)] })).await;
    assert_eq!((status, &body["status"]), (200, &json!("1")), "{body}");
    body["value"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_dead_live_on_at_residence_until_they_are_removed() {
    let sims = start();
    let person = dying(&sims, 0);
    register_death(&sims, person, 7).await;
    let look_up = async || ask(&sims, "TraCuuThongTinCongDan", person).await.1;
    assert!(look_up().await.contains("<ns1:ThuongTru>"));
    let (status, told) = cutru(&sims, REMOVE, &removal(&sims, person, 7)).await;
    assert_eq!(
        (status, &told["status"], &told["maHoSoCuTru"]),
        (200, &json!("1"), &json!("CT-000001")),
        "{told}"
    );
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(poll(&sims, 7).await[0]["trangThai"].clone());
    }
    assert_eq!(seen, [1, 3, 4]);
    let row = poll(&sims, 7).await.remove(0);
    assert_eq!(row["ketQua"]["soThongBao"], "1/CT08");
    assert!(row["ketQua"]["tep"].as_str().unwrap().starts_with("JVBERi0"));
    let now = look_up().await;
    assert!(now.contains(&person.id) && !now.contains("ThuongTru") && !now.contains("SoSoHoKhau"), "{now}");
    let now = sims.person_now(&person.id).unwrap();
    assert!(now.residence.is_none() && now.household.is_none() && now.died == Some(super::died()));

    // The household goes on without them.
    let home = sims.register().household_of(person).unwrap();
    let members = home.members.iter().filter_map(|member| sims.register().person(member.person));
    let left: Vec<_> = members.filter(|other| other.id != person.id).collect();
    let (_, told) = ask(&sims, "CungCapThongTinHoGiaDinh", left[0]).await;
    assert!(!told.contains(&person.id) && told.matches("<ns1:ThanhVien>").count() == left.len(), "{told}");
    assert_eq!(told.matches(">CH00<").count(), 1);
    assert!(!ask(&sims, "CungCapThongTinHoGiaDinh", person).await.1.contains("<ns1:HoGiaDinh>"));
}

#[tokio::test]
async fn those_who_were_dead_at_the_start_can_be_removed_too_but_once() {
    let sims = start();
    let person = sims.register().dead().next().unwrap();
    for number in [1, 2] {
        cutru(&sims, REMOVE, &removal(&sims, person, number)).await;
        poll(&sims, number).await;
        poll(&sims, number).await;
    }
    assert_eq!(poll(&sims, 1).await[0]["trangThai"], 4);
    let row = poll(&sims, 2).await.remove(0);
    assert_eq!(
        (&row["trangThai"], &row["ghiChu"]),
        (&json!(6), &json!("Người này không có đăng ký thường trú"))
    );
}

#[tokio::test]
async fn a_repeat_is_there_already_and_a_supplement_is_taken() {
    let sims = start();
    let person = sims.register().dead().next().unwrap();
    let body = removal(&sims, person, 7);
    cutru(&sims, REMOVE, &body).await;
    let (_, told) = cutru(&sims, REMOVE, &body).await;
    assert_eq!((&told["status"], &told["errorDescription"]), (&json!("0"), &json!("Hồ sơ đã tồn tại")));
    let agency = sims.residence();
    let wanted = Standing::Supplement {
        wanted: "Bổ sung trích lục".to_owned(),
        findings: None,
        until: Some(super::died()),
    };
    assert!(agency.decide(&lt(7), wanted));
    let row = poll(&sims, 7).await.remove(0);
    assert_eq!((&row["trangThai"], &row["hanBoSung"]), (&json!(2), &json!("10/08/2025")));
    assert_eq!(cutru(&sims, REMOVE, &body).await.1["status"], "1");
    assert_eq!((agency.effects_of(REMOVE, &lt(7)), agency.requests_of(REMOVE)), (1, 3));
}

#[tokio::test]
async fn whoever_is_not_declared_dead_is_not_removed() {
    let sims = start();
    let (living, dead) = (dying(&sims, 0), sims.register().dead().next().unwrap());
    let own = removal(&sims, dead, 7);
    for (body, number) in [
        (with(&own, "soDinhDanh", json!(living.id)), "201"),
        (with(&own, "soDangKyKhaiTu", json!("99999")), "500"),
        (with(&own, "quyenSo", json!("02/1900")), "500"),
        (with(&own, "noiDangKyKhaiTu", json!("00000")), "500"),
        (with(&own, "hoTen", json!(living.name.full() + " KHÁC")), "500"),
        (with(&own, "ngayChet", json!("01/01/1999")), "500"),
        (with(&own, "ngayChet", json!("01.01.1999")), "302"),
        (with(&own, "maDonViCuTru", json!("99999")), "106"),
        (with(&own, "maHoSoLT", json!("x")), "302"),
        (with(&own, "hoTen", Value::Null), "200"),
        (with(&own, "hoTen", json!(5)), "302"),
        (with(&own, "thua", json!(5)), "302"),
    ] {
        let (status, told) = cutru(&sims, REMOVE, &body).await;
        assert_eq!(
            (status, &told["status"], &told["errorCode"]),
            (200, &json!("0"), &json!(number)),
            "{told}"
        );
    }
    for (body, number) in
        [(json!({}), "200"), (json!({ "maHoSoLT": lt(1) }), "302"), (json!({ "maHoSoLT": [] }), "200")]
    {
        assert_eq!(cutru(&sims, POLL, &body).await.1["errorCode"], number);
    }
    assert_eq!(cutru(&sims, "dichVuLa", &own).await.1["errorCode"], "500");
    assert_eq!(sims.residence().effects().len(), 0);
}

#[tokio::test]
async fn what_the_agency_does_wrong_shows_through_the_carrier() {
    let sims = start();
    let dead = sims.register().dead().next().unwrap();
    let (agency, body) = (sims.residence(), removal(&sims, dead, 7));
    agency.misbehave_on(REMOVE, M::Busy, Times::Once).unwrap();
    assert_eq!(cutru(&sims, REMOVE, &body).await.1["errorCode"], "005");
    agency.misbehave_on(REMOVE, M::SignatureRefused, Times::Once).unwrap();
    assert_eq!(cutru(&sims, REMOVE, &body).await.1["errorCode"], "100");
    agency.misbehave(M::Refuse, Times::Always).unwrap();
    assert_eq!(cutru(&sims, REMOVE, &body).await.0, 503);
    agency.behave().unwrap();
    agency.misbehave_on(REMOVE, M::UnknownState, Times::Once).unwrap();
    assert_eq!(cutru(&sims, REMOVE, &body).await.1["status"], "77");
    assert_eq!(agency.effects_of(REMOVE, &lt(7)), 1);
    agency.misbehave_on(POLL, M::TwoPeople, Times::Once).unwrap();
    assert_eq!(poll(&sims, 7).await.len(), 2);
}
