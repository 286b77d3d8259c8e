//! The civil-status agency, when it behaves.

use serde_json::{Value, json};
use simulators::{Module, Registration, Simulators};

use crate::client::{civil, start};

fn number_of(unit: &str) -> u64 {
    unit.parse().unwrap()
}

/// A number told as a number or as text.
fn told(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

async fn by_dossier(sims: &Simulators, entry: &Registration) -> Value {
    let asked =
        json!({ "maTinh": entry.province, "module": entry.module.code(), "dsMaHoSo": [entry.dossier] });
    civil(sims, "traDanhSachHoSo", asked).await.1
}

#[tokio::test]
async fn dossiers_stand_in_every_state() {
    let sims = start();
    for state in 0..=4 {
        let dossier = sims.register().dossier_in_state(state).unwrap();
        let asked = json!({ "maDonVi": number_of(&dossier.unit), "maHoSo": dossier.code });
        let (status, body) = civil(&sims, "traTrangThaiHoSo", asked).await;
        assert_eq!(status, 200);
        assert_eq!(
            body["value"],
            json!({ "maHoSo": dossier.code, "trangThai": state, "ghiChu": dossier.note })
        );
    }
}

#[tokio::test]
async fn records_are_found_by_dossier_and_by_number() {
    let sims = start();
    for module in [Module::Birth, Module::Death, Module::Marriage] {
        let entry = sims.register().registrations().iter().find(|entry| entry.module == module).unwrap();
        let first = by_dossier(&sims, entry).await;
        let asked = json!({
            "maTinh": entry.province, "module": module.code(), "soDangKy": entry.number, "quyenSo": entry.book,
        });
        let (_, second) = civil(&sims, "traCuuSoHoTich", asked).await;
        assert_eq!(first["value"], second["value"]);
        let row = &first["value"][0];
        assert_eq!(first["value"].as_array().unwrap().len(), 1);
        assert_eq!(row["so"], entry.number.as_str());
        assert_eq!(row["ngayDangKy"], entry.registered_on.iso());
        let data = row["data"].as_str().unwrap();
        assert!(data.starts_with("<hotich><hoso><") && data.ends_with("</hoso></hotich>"), "{data}");
        let (name, value) = entry.fields.iter().find(|(name, _)| name.ends_with("HoTen")).unwrap();
        assert!(data.contains(&format!("<{name}>{value}</{name}>")), "{data}");
    }
}

#[tokio::test]
async fn dates_inside_the_xml_are_dotted_when_of_people_and_compact_when_of_papers() {
    let sims = start();
    let dead = sims.register().dead().next().unwrap();
    let entry = sims.register().registration_of(dead, Module::Death).unwrap();
    assert_eq!(entry.field("nktNgayChet").unwrap(), dead.died.unwrap().dotted());
    assert_eq!(entry.field("gbtNgay").unwrap(), dead.died.unwrap().compact());
    let birth = |person| sims.register().registration_of(person, Module::Birth).unwrap().field("nksNgaySinh");
    assert_eq!(birth(sims.register().year_only()), Some("1942"));
    assert_eq!(birth(sims.register().year_month()), Some("03.1942"));
}

#[tokio::test]
async fn nothing_is_told_in_two_ways() {
    let sims = start();
    let ask = |code: &str| {
        let asked = json!({ "maTinh": "38", "module": "KS", "dsMaHoSo": [code] });
        civil(&sims, "traDanhSachHoSo", asked)
    };
    let (mut empty, mut not_found) = (0, 0);
    for code in ["H56.14-250812-8001", "H56.14-250812-8002"] {
        let (status, body) = ask(code).await;
        assert_eq!(status, 200);
        if body["value"] == json!([]) {
            assert_eq!((told(&body["status"]), &body["errorCode"]), ("1".to_owned(), &Value::Null));
            empty += 1;
        } else {
            assert_eq!((told(&body["status"]), told(&body["errorCode"])), ("0".to_owned(), "201".to_owned()));
            not_found += 1;
        }
    }
    assert_eq!((empty, not_found), (1, 1));
    let (_, body) =
        civil(&sims, "traTrangThaiHoSo", json!({ "maDonVi": 14755, "maHoSo": "H56.14-250812-8001" })).await;
    assert_eq!(told(&body["errorCode"]), "201");
}

#[tokio::test]
async fn status_is_a_number_and_then_a_text() {
    let sims = start();
    let entry = &sims.register().registrations()[0];
    let first = by_dossier(&sims, entry).await;
    let second = by_dossier(&sims, entry).await;
    assert_eq!((&first["status"], &second["status"]), (&json!(1), &json!("1")));
    assert_eq!(first["value"], second["value"]);
}

#[tokio::test]
async fn every_deviation_is_told_in_the_body() {
    let sims = start();
    let record = |change: &dyn Fn(&mut Value)| {
        let mut asked = json!({ "maTinh": "38", "module": "KS", "dsMaHoSo": ["H56.14-250812-0001"] });
        change(&mut asked);
        ("traDanhSachHoSo", asked)
    };
    for ((operation, asked), code, text) in [
        (("traTrangThaiHoSo", json!({ "maDonVi": 99999, "maHoSo": "x" })), "106", "AGENCY_ID_INCORRECT"),
        (("traTrangThaiHoSo", json!({ "maDonVi": "xa", "maHoSo": "x" })), "302", "DATA_TYPE_INVALID"),
        (("traTrangThaiHoSo", json!({ "maDonVi": 14755 })), "200", "RECORD_UNCOMPLETE"),
        (("traTrangThaiHoSo", json!([])), "302", "DATA_TYPE_INVALID"),
        (record(&|asked| asked["maTinh"] = json!("99")), "108", "PROVINCE_ID_INCORRECT"),
        (record(&|asked| asked["module"] = json!("XX")), "302", "DATA_TYPE_INVALID"),
        (record(&|asked| asked["thua"] = json!(1)), "302", "DATA_TYPE_INVALID"),
        (record(&|asked| asked["dsMaHoSo"] = json!("một")), "302", "DATA_TYPE_INVALID"),
        (record(&|asked| asked["dsMaHoSo"] = json!([])), "200", "RECORD_UNCOMPLETE"),
        (
            ("traCuuSoHoTich", json!({ "maTinh": "38", "module": "KS", "soDangKy": "1" })),
            "200",
            "RECORD_UNCOMPLETE",
        ),
        (("dichVuLa", json!({})), "500", "DATA_INCORRECT"),
    ] {
        let (status, body) = civil(&sims, operation, asked).await;
        assert_eq!((status, told(&body["status"])), (200, "0".to_owned()), "{body}");
        assert_eq!(
            (told(&body["errorCode"]).as_str(), body["errorDescription"].as_str().unwrap()),
            (code, text)
        );
    }
    assert_eq!(sims.civil_status().counts().refusals["DATA_TYPE_INVALID"], 5);
}
