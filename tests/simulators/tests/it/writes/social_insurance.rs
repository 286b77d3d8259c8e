//! A claim is taken as often as it is sent, and found by its reference.

use serde_json::{Value, json};
use simulators::{Misbehaviour as M, Person, SUPPLEMENT, Simulators, Standing, Times};

use super::{code, dying, lt, pdf, register_death, with};
use crate::agencies::{insurance, insurance_call, told};
use crate::client::start;

const CLAIM: &str = "nhanHoSoTuTuat";
const FIND: &str = "traCuuHoSo";

pub fn claim(sims: &Simulators, person: &Person, number: u32) -> Value {
    let act = sims.death_of(&person.id).unwrap();
    let died: String = act.died.split('.').rev().collect();
    json!({
        "maHoSoLT": lt(number), "maHoSoMCDT": code(number),
        "nguoiChet": {
            "hoTen": person.name.full(), "ngaySinh": person.born.iso().replace('-', ""), "soDinhDanh": person.id,
            "maSoBhxh": sims.register().social_insurance_number(person), "ngayChet": died,
            "soDangKyKhaiTu": act.number, "quyenSo": act.book,
        },
        "nguoiHuong": [
            { "hoTen": "NGUYỄN VĂN THỬ", "soDinhDanh": "064070000002", "quanHe": "Con", "tyLe": 60,
              "soTaiKhoan": "0123456789", "maNganHang": "VTB" },
            { "hoTen": "NGUYỄN THỊ THỬ", "soDinhDanh": "064070000003", "quanHe": "Con", "tyLe": "40" },
        ],
        "cheDo": "MTP", "tep": [{ "ten": "to-khai.pdf", "loai": "09-HSB", "noiDung": pdf() }],
    })
}

async fn find(sims: &Simulators, number: u32) -> Vec<Value> {
    let (status, body) = insurance(sims, FIND, &json!({ "maHoSoLT": lt(number) })).await;
    assert_eq!((status, told(&body["status"]).as_str()), (200, "1"), "{body}");
    body["value"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_claim_is_worked_on_and_paid_once() {
    let sims = start();
    let person = sims.register().dead().next().unwrap();
    let (status, taken) = insurance(&sims, CLAIM, &claim(&sims, person, 7)).await;
    assert_eq!((status, told(&taken["status"]).as_str()), (200, "1"), "{taken}");
    let number = taken["soHoSo"].as_str().unwrap();
    assert!(number.starts_with("00001/20") && number.ends_with("/07906"), "{number}");
    let mut seen = Vec::new();
    for _ in 0..3 {
        let row = find(&sims, 7).await.remove(0);
        assert_eq!(row["soHoSo"], number);
        seen.push((told(&row["trangThai"]), row["soTien"].clone()));
    }
    let expected = [("1", Value::Null), ("3", Value::Null), ("4", json!(23_400_000))];
    assert_eq!(seen, expected.map(|(state, sum)| (state.to_owned(), sum)));
    // The same benefit for the same person is declined, another one is not.
    for (number, benefit, state) in [(8, "MTP", "6"), (9, "TTMT", "4")] {
        insurance(&sims, CLAIM, &with(&claim(&sims, person, number), "cheDo", json!(benefit))).await;
        find(&sims, number).await;
        find(&sims, number).await;
        assert_eq!(told(&find(&sims, number).await[0]["trangThai"]), state);
    }
}

#[tokio::test]
async fn a_second_send_makes_a_second_file() {
    let sims = start();
    let person = sims.register().dead().next().unwrap();
    for _ in 0..2 {
        insurance(&sims, CLAIM, &claim(&sims, person, 7)).await;
    }
    assert_eq!((sims.social_insurance().effects_of(CLAIM, &lt(7)), find(&sims, 7).await.len()), (2, 2));
}

#[tokio::test]
async fn a_lost_reply_is_found_at_once_or_after_a_look() {
    let sims = start();
    let person = sims.register().dead().next().unwrap();
    let agency = sims.social_insurance();
    for (number, kind, first, then) in
        [(1, M::CommitThenDrop, 1, 1), (2, M::DropBeforeCommit, 0, 0), (3, M::CommitLate, 0, 1)]
    {
        agency.misbehave_on(CLAIM, kind, Times::Once).unwrap();
        let call = insurance_call(&sims, CLAIM, &claim(&sims, person, number)).await;
        assert!(call.send().await.is_err());
        assert_eq!((find(&sims, number).await.len(), find(&sims, number).await.len()), (first, then));
        assert_eq!(agency.effects_of(CLAIM, &lt(number)), then as u64);
    }
    // Who sends before looking has two.
    agency.misbehave_on(CLAIM, M::CommitLate, Times::Once).unwrap();
    assert!(insurance_call(&sims, CLAIM, &claim(&sims, person, 4)).await.send().await.is_err());
    insurance(&sims, CLAIM, &claim(&sims, person, 4)).await;
    assert_eq!((agency.settle(), agency.effects_of(CLAIM, &lt(4))), (1, 2));
}

#[tokio::test]
async fn a_supplement_belongs_to_the_file_that_wants_it() {
    let sims = start();
    let person = sims.register().dead().next().unwrap();
    let agency = sims.social_insurance();
    insurance(&sims, CLAIM, &claim(&sims, person, 7)).await;
    let wanted =
        Standing::Supplement { wanted: "Bổ sung sổ BHXH".to_owned(), findings: None, until: None };
    assert!(agency.decide(&lt(7), wanted));
    let row = find(&sims, 7).await.remove(0);
    assert_eq!((told(&row["trangThai"]).as_str(), &row["ghiChu"]), ("2", &json!("Bổ sung sổ BHXH")));
    let (_, taken) = insurance(&sims, CLAIM, &claim(&sims, person, 7)).await;
    assert_eq!((&taken["soHoSo"], find(&sims, 7).await.len()), (&row["soHoSo"], 1));
    assert_eq!(agency.effects_of(&format!("{CLAIM}{SUPPLEMENT}"), &lt(7)), 1);
}

#[tokio::test]
async fn for_the_living_nothing_is_paid() {
    let sims = start();
    let (living, dead) = (dying(&sims, 0), sims.register().dead().next().unwrap());
    let own = claim(&sims, dead, 7);
    let inside = |list: &str, name: &str, value: Value| {
        let mut body = own.clone();
        body[list] = match &body[list] {
            Value::Array(all) => json!([with(&all[0], name, value)]),
            one => with(one, name, value),
        };
        body
    };
    for (body, number) in [
        (inside("nguoiChet", "soDinhDanh", json!(living.id)), "201"),
        (inside("nguoiChet", "soDangKyKhaiTu", json!("99999")), "500"),
        (inside("nguoiChet", "maSoBhxh", json!("3820000001")), "500"),
        (inside("nguoiChet", "maSoBhxh", Value::Null), "200"),
        (inside("nguoiChet", "hoTen", json!("AI ĐÓ")), "500"),
        (inside("nguoiChet", "ngayChet", json!("19990101")), "500"),
        (inside("nguoiChet", "ngayChet", json!("01/01/1999")), "302"),
        (inside("nguoiChet", "ngaySinh", json!("19401301")), "302"),
        (inside("nguoiChet", "thua", json!(1)), "302"),
        (inside("nguoiHuong", "tyLe", json!(101)), "500"),
        (inside("nguoiHuong", "tyLe", json!("nhiều")), "302"),
        (inside("nguoiHuong", "soDinhDanh", json!("1")), "302"),
        (inside("nguoiHuong", "maNganHang", Value::Null), "200"),
        (inside("nguoiHuong", "thua", json!(1)), "302"),
        (inside("tep", "noiDung", json!("JVBERi0xLjQ=")), "500"),
        (inside("tep", "noiDung", json!("")), "200"),
        (with(&own, "nguoiHuong", json!([])), "200"),
        (with(&own, "nguoiHuong", json!("x")), "302"),
        (with(&own, "cheDo", json!("XX")), "302"),
        (with(&own, "maHoSoLT", json!("x")), "302"),
        (with(&own, "thua", json!(1)), "302"),
    ] {
        let (status, refused) = insurance(&sims, CLAIM, &body).await;
        assert_eq!((status, told(&refused["status"]).as_str()), (200, "0"), "{refused}");
        assert_eq!(
            (told(&refused["errorCode"]).as_str(), &refused["soHoSo"]),
            (number, &Value::Null),
            "{body}"
        );
    }
    let (_, refused) = insurance(&sims, FIND, &json!({})).await;
    assert_eq!((told(&refused["errorCode"]).as_str(), &refused["value"]), ("200", &Value::Null));
    assert_eq!(sims.social_insurance().effects().len(), 0);
    // Declared dead, the same claim is taken.
    register_death(&sims, living, 8).await;
    assert_eq!(told(&insurance(&sims, CLAIM, &claim(&sims, living, 8)).await.1["status"]), "1");
}

#[tokio::test]
async fn what_the_agency_tells_wrongly_shows() {
    let sims = start();
    let person = sims.register().dead().next().unwrap();
    let agency = sims.social_insurance();
    agency.misbehave_on(CLAIM, M::OkWithError, Times::Once).unwrap();
    assert_eq!(told(&insurance(&sims, CLAIM, &claim(&sims, person, 7)).await.1["errorCode"]), "500");
    agency.misbehave_on(CLAIM, M::MissingField, Times::Once).unwrap();
    assert!(insurance(&sims, CLAIM, &claim(&sims, person, 7)).await.1.get("soHoSo").is_none());
    assert_eq!(agency.effects_of(CLAIM, &lt(7)), 1);
    agency.misbehave_on(FIND, M::Twice, Times::Once).unwrap();
    assert_eq!(find(&sims, 7).await.len(), 2);
    agency.misbehave_on(FIND, M::WrongPerson, Times::Once).unwrap();
    assert_ne!(find(&sims, 7).await[0]["maHoSoLT"], lt(7));
    agency.misbehave_on(FIND, M::OutOfOrder, Times::Once).unwrap();
    assert_eq!(told(&find(&sims, 7).await[0]["trangThai"]), "1");
}
