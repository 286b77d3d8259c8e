//! The tax agency and the business register, when they behave.

use serde_json::{Value, json};
use simulators::{Aspect, Party};

use crate::agencies::{OBLIGATIONS, answer, carried, company, notice_xml, obligations_of, taxpayer, told};
use crate::client::start;

#[tokio::test]
async fn companies_and_branches_are_found_by_their_code() {
    let sims = start();
    let companies = sims.register().companies();
    let branches = companies.iter().filter(|company| company.tax_code.len() == 13).count();
    assert!(companies.len() >= 12 && branches >= 3);
    for status in ["00", "01", "03"] {
        assert!(companies.iter().any(|company| company.status == status));
    }
    for company_known in companies {
        let (status, body) = company(&sims, &company_known.tax_code).await;
        assert_eq!((status, &body["Status"]), (200, &json!(1)));
        assert_eq!(body["ENTERPRISE_GDT_CODE"], company_known.tax_code);
        assert_eq!(
            (&body["NAME"], &body["ENTERPRISE_STATUS"]),
            (&json!(company_known.name), &json!(company_known.status))
        );
        assert!(body["HOAdress"].as_str().unwrap().starts_with("Số 8 đường Doanh Nghiệp Mẫu, "));
        let legal = sims.register().person(company_known.legal).unwrap();
        assert_eq!(body["LEGAL_NAMES"], legal.name.full());
    }
    let branch = companies.iter().find(|company| company.tax_code.len() == 13).unwrap();
    let (head, tail) = branch.tax_code.split_at(10);
    assert_eq!(company(&sims, &format!("{head}-{tail}")).await.1["NAME"], branch.name);
}

/// Interfaces 4.4, written a second time.
#[test]
fn tax_codes_carry_a_right_check_digit() {
    let register = simulators::Register::new(3);
    for company in register.companies() {
        let digits: Vec<u32> = company.tax_code.chars().map(|digit| digit.to_digit(10).unwrap()).collect();
        let weights = [31, 29, 23, 19, 17, 13, 7, 5, 3];
        let sum: u32 = digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum();
        assert_eq!(digits[9], 10 - sum % 11, "{}", company.tax_code);
        assert!(company.tax_code[2..9].bytes().any(|digit| digit != b'0'));
    }
}

#[tokio::test]
async fn people_are_found_by_their_id_number() {
    let sims = start();
    let register = sims.register();
    let sample = register.sample();
    let (status, body) = taxpayer(&sims, &sample.id).await;
    let data = &body["Data"];
    assert_eq!((status, &body["Status"], &data["MST"]), (200, &json!(1), &json!("038090000001")));
    assert_eq!((&data["TEN_NNT"], &data["TRANG_THAI"]), (&json!("NGUYỄN VĂN MẪU"), &json!("00")));
    assert_eq!(data["MA_XA"], sample.residence.as_ref().unwrap().commune);
    assert_eq!(data["NGAY_CAP"].as_str().unwrap().split('/').map(str::len).collect::<Vec<_>>(), [2, 2, 4]);
    let dead = register.dead().next().unwrap();
    assert_eq!(taxpayer(&sims, &dead.id).await.1["Data"]["TRANG_THAI"], "01");
    let (mut kinds, mut paused) = (std::collections::BTreeSet::new(), 0);
    for person in register.ordinary().filter(|person| register.is_taxpayer(person)).take(30) {
        let data = taxpayer(&sims, &person.id).await.1["Data"].clone();
        kinds.insert(data["LOAI_NNT"].as_str().unwrap().to_owned());
        paused += u32::from(data["TRANG_THAI"] == "03");
    }
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["CN", "HKD"]);
    assert!(paused > 0);
    let child = register.all().iter().find(|person| person.born.year() > 2007).unwrap();
    for nobody in ["064099999999", &child.id, &register.foreign().id] {
        let answer = taxpayer(&sims, nobody).await;
        assert_eq!(answer, (200, json!({ "Status": 0, "Message": "Không tìm thấy người nộp thuế" })));
    }
    assert_eq!(sims.tax().counts().by_subject[&dead.id], 1);
}

#[tokio::test]
async fn the_disagreeing_are_told_as_tax_keeps_them() {
    let sims = start();
    let mut different = 0;
    for found in sims.register().disagreeing().iter().filter(|found| found.aspect != Aspect::BirthDate) {
        let truth = sims.register().person(found.person).unwrap();
        let (_, said) = found.says.iter().find(|(party, _)| *party == Party::Tax).unwrap();
        let data = taxpayer(&sims, &truth.id).await.1["Data"].clone();
        if found.aspect == Aspect::Name {
            assert_eq!(data["TEN_NNT"], said.as_str());
        } else {
            let (place, street) = said.split_once(' ').unwrap();
            assert_eq!(data["MA_XA"], place.split_once('/').unwrap().1);
            assert!(data["DIA_CHI"].as_str().unwrap().starts_with(street));
        }
        different += u32::from(*said != found.says[0].1);
    }
    assert!(different >= 5, "{different}");
}

#[tokio::test]
async fn notices_have_no_one_or_many_rows_and_the_newest_stands() {
    let sims = start();
    let mut rows = Vec::new();
    let mut superseded = 0;
    for notice in sims.register().notices() {
        let asked = obligations_of(&sims, &notice.dossier);
        let (status, body) = answer(carried(&sims, OBLIGATIONS, Some(&asked)).await).await;
        assert_eq!(status, 200, "{body}");
        let xml = notice_xml(&body);
        let head = format!("<DATA><BODY><ROW_LIST><MA_HSO>{}</MA_HSO>", notice.dossier);
        assert!(xml.contains(&head), "{xml}");
        assert_eq!(xml.matches("<LIST>").count(), notice.levies.len());
        for levy in &notice.levies {
            let row = format!(
                "<NGAY_QUYET_DINH>{}</NGAY_QUYET_DINH><TEN_TIEUMUC>{}</TEN_TIEUMUC><SO_TIEN>{}</SO_TIEN>",
                levy.decided_on.dashed(),
                levy.heading,
                levy.amount
            );
            assert!(xml.contains(&row), "{xml}");
            let newer = notice
                .levies
                .iter()
                .any(|other| other.heading == levy.heading && other.decided_on > levy.decided_on);
            assert_eq!(newer, levy.superseded);
            superseded += u32::from(newer);
        }
        assert!(sims.register().dossiers().iter().any(|dossier| dossier.code == notice.dossier));
        assert!(sims.register().by_id(&notice.taxpayer).is_some());
        rows.push(notice.levies.len());
    }
    assert!(rows.contains(&0) && rows.contains(&1) && rows.contains(&3) && superseded >= 4);
}

#[tokio::test]
async fn success_has_three_spellings() {
    let sims = start();
    let asked = obligations_of(&sims, &sims.register().notices()[0].dossier);
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(answer(carried(&sims, OBLIGATIONS, Some(&asked)).await).await.1["error_code"].clone());
    }
    assert_eq!(codes, [json!("0"), json!(0), json!("00")]);
}

#[tokio::test]
async fn every_deviation_is_refused() {
    let sims = start();
    let known = obligations_of(&sims, &sims.register().notices()[0].dossier);
    let with = |name: &str, value: Value| {
        let mut asked = known.clone();
        asked[name] = value;
        asked
    };
    for (asked, code, message) in [
        (with("SecurityKey", json!("sai")), "-1", "SecurityKey không đúng"),
        (with("MaHoSo", json!("H56.14-250812-8001")), "-2", "Không tìm thấy thông báo thuế"),
        (with("MaHoSo", json!("")), "-3", "Dữ liệu gửi lên không hợp lệ"),
        (with("Thua", json!("x")), "-3", "Dữ liệu gửi lên không hợp lệ"),
        (json!([]), "-3", "Dữ liệu gửi lên không hợp lệ"),
    ] {
        let (status, body) = answer(carried(&sims, OBLIGATIONS, Some(&asked)).await).await;
        assert_eq!(
            (status, told(&body["error_code"]).as_str(), &body["message"]),
            (200, code, &json!(message))
        );
    }
    let code = sims.register().companies()[0].tax_code.clone();
    let spoiled = format!("{}{}", &code[..9], (code[9..10].parse::<u32>().unwrap() + 1) % 10);
    for wrong in ["123", &spoiled, "99000001x6", "038090000001"] {
        let refused = json!({ "Status": 0, "Message": "Mã số không hợp lệ" });
        assert_eq!(company(&sims, wrong).await, (200, refused), "{wrong}");
    }
    assert_eq!(taxpayer(&sims, &code).await.1["Message"], "Mã số không hợp lệ");
    assert_eq!(company(&sims, "0100233488").await.1["Message"], "Không tìm thấy doanh nghiệp");
    let refusals = sims.tax().counts().refusals;
    assert_eq!(
        (refusals["wrong-security-key"], refusals["malformed-code"], refusals["malformed-message"]),
        (1, 5, 3)
    );
    for (path, body, status) in [
        (OBLIGATIONS, None, 405),
        ("/apiThue/1.0/traCuuNNT?mst=038090000001", Some(&known), 405),
        ("/apiThue/1.0/dichVuLa", None, 404),
    ] {
        assert_eq!(answer(carried(&sims, path, body).await).await.0, status, "{path}");
    }
}
