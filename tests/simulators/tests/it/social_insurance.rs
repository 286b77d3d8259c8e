//! The social insurance, when it behaves: the number, the person, the household, and what is refused.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use simulators::{Aspect, Party, Simulators};

use crate::agencies::{
    answer, call, criteria, household, insurance, insurance_call, partner_header, partner_token, told,
};
use crate::client::{http, start, token, token_call};

const SEARCH: &str = "getMaSoBhxhTheoTieuChi";
const PERSON: &str = "getTraCuuTtHgdByMaSoBhxh";
const HOUSEHOLD: &str = "getTraCuuThongTinHgd";

async fn number_found(sims: &Simulators, body: &Value) -> Option<String> {
    let (status, body) = insurance(sims, SEARCH, body).await;
    assert_eq!(status, 200);
    let found = body["maSoBhxh"].as_str().map(str::to_owned);
    let (state, code) = if found.is_some() { ("1", "null") } else { ("0", "201") };
    assert_eq!((told(&body["trangThai"]).as_str(), told(&body["errorCode"]).as_str()), (state, code));
    found
}

#[tokio::test]
async fn the_number_leads_to_the_person() {
    let sims = start();
    let register = sims.register();
    let mut numbers = BTreeSet::new();
    for person in [register.sample(), register.year_only(), register.year_month(), register.nine_digit_only()]
    {
        let number = number_found(&sims, &criteria(person)).await.unwrap();
        assert_eq!(Some(&number), register.social_insurance_number(person).as_ref());
        assert_eq!(register.by_social_insurance_number(&number).unwrap().name, person.name);
        let (status, body) = insurance(&sims, PERSON, &json!({ "maSoBhxh": number })).await;
        let asked = criteria(person);
        assert_eq!(status, 200);
        for field in ["hoTen", "ngaySinh", "loaiNgaySinh", "gioiTinh", "maTinhKs", "maHuyenKs", "maXaKs"] {
            assert_eq!(body[field], asked[field], "{field}");
        }
        assert!(body.get("maSoBhxh").is_none() && number.len() == 10);
        numbers.insert(number);
    }
    assert_eq!(numbers.len(), 4);
    assert_eq!(sims.social_insurance().counts().by_subject["NGUYỄN VĂN MẪU/1990-01-01"], 1);
}

#[tokio::test]
async fn name_date_sex_and_place_must_all_match() {
    let sims = start();
    let right = criteria(sims.register().sample());
    for (field, wrong) in [
        ("hoTen", json!("NGUYEN VAN MAU")),
        ("ngaySinh", json!("19900102")),
        ("loaiNgaySinh", json!("2")),
        ("gioiTinh", json!("2")),
        ("maTinhKs", json!("79")),
        ("maHuyenKs", json!("999")),
        ("maXaKs", json!("14758")),
        ("isKs", json!(0)),
    ] {
        let mut asked = right.clone();
        asked[field] = wrong;
        assert_eq!(number_found(&sims, &asked).await, None, "{field}");
    }
    let mut asked = right.clone();
    // The case of letters does not count, and numbers may be numbers.
    (asked["hoTen"], asked["gioiTinh"], asked["isKs"]) = (json!("Nguyễn Văn Mẫu"), json!(1), json!(true));
    assert!(number_found(&sims, &asked).await.is_some());
    assert_eq!(number_found(&sims, &criteria(sims.register().foreign())).await, None);
    // By residence: in the codes since 1 July 2025, without a district.
    let home = sims.register().sample().residence.clone().unwrap();
    let mut asked = right.clone();
    (asked["maTinhKs"], asked["maHuyenKs"]) = (json!(home.province), json!(""));
    (asked["maXaKs"], asked["isKs"]) = (json!(home.commune), json!("0"));
    assert!(number_found(&sims, &asked).await.is_some());
}

#[tokio::test]
async fn numbers_are_told_as_text_and_as_numbers_by_turns() {
    let sims = start();
    let body = criteria(sims.register().sample());
    let first = insurance(&sims, SEARCH, &body).await.1;
    let second = insurance(&sims, SEARCH, &body).await.1;
    assert_eq!((&first["trangThai"], &second["trangThai"]), (&json!(1), &json!("1")));
}

#[tokio::test]
async fn a_household_is_told_by_the_row_of_the_person_asked_about() {
    let sims = start();
    let register = sims.register();
    let sample = register.sample();
    let home = register.household_of(sample).unwrap();
    let (status, row) = insurance(&sims, HOUSEHOLD, &household(sample)).await;
    assert_eq!(status, 200);
    assert_eq!(row["hoTen"], sample.name.full());
    assert_eq!(row["maSo"].as_str().unwrap(), register.social_insurance_number(sample).unwrap());
    assert_eq!(row["maHo"], format!("H{}", home.book));
    assert!(row["diaChi"].as_str().unwrap().contains(&home.address.detail));
    let mut by_book = household(sample);
    by_book["soSo"] = json!(home.book);
    assert_eq!(insurance(&sims, HOUSEHOLD, &by_book).await.1, row);
    for (field, wrong) in [("soSo", "0"), ("maThe", "3899999999"), ("maTinh", "79"), ("hoTen", "AI ĐÓ")] {
        let mut asked = household(sample);
        asked[field] = json!(wrong);
        let (_, nobody) = insurance(&sims, HOUSEHOLD, &asked).await;
        assert_eq!(told(&nobody["errorCode"]), "201", "{field}");
    }
}

#[tokio::test]
async fn every_deviation_is_told_in_the_body() {
    let sims = start();
    let search = |field: &str, value: Value| {
        let mut asked = criteria(sims.register().sample());
        asked[field] = value;
        (SEARCH, asked)
    };
    for ((operation, asked), code, text) in [
        ((PERSON, json!({ "maSoBhxh": "123" })), "302", "DATA_TYPE_INVALID"),
        ((PERSON, json!({})), "200", "RECORD_UNCOMPLETE"),
        ((PERSON, json!({ "maSoBhxh": "3899999999" })), "201", "RECORD_NOT_FOUND"),
        ((PERSON, json!([])), "302", "DATA_TYPE_INVALID"),
        (search("thua", json!("x")), "302", "DATA_TYPE_INVALID"),
        (search("hoTen", json!("")), "200", "RECORD_UNCOMPLETE"),
        (search("hoTen", json!(["x"])), "302", "DATA_TYPE_INVALID"),
        (search("ngaySinh", json!("1990-01-01")), "302", "DATA_TYPE_INVALID"),
        (search("ngaySinh", json!("19901301")), "302", "DATA_TYPE_INVALID"),
        (search("ngaySinh", json!("1990")), "302", "DATA_TYPE_INVALID"),
        (search("loaiNgaySinh", json!("3")), "302", "DATA_TYPE_INVALID"),
        (search("gioiTinh", json!("4")), "302", "DATA_TYPE_INVALID"),
        (search("isKs", json!("2")), "302", "DATA_TYPE_INVALID"),
        (("dichVuLa", json!({})), "500", "DATA_INCORRECT"),
    ] {
        let (status, body) = insurance(&sims, operation, &asked).await;
        assert_eq!((status, told(&body["trangThai"]).as_str()), (200, "0"), "{body}");
        assert_eq!(
            (told(&body["errorCode"]).as_str(), &body["errorDescription"]),
            (code, &json!(text)),
            "{asked}"
        );
    }
    let no_json = insurance_call(&sims, PERSON, &json!({})).await.body("x");
    assert_eq!(told(&answer(no_json).await.1["errorCode"]), "500");
    assert_eq!(sims.social_insurance().counts().refusals["DATA_TYPE_INVALID"], 10);
}

#[tokio::test]
async fn the_partner_key_is_needed_twice() {
    let sims = start();
    let body = json!({ "maSoBhxh": "3820000001" });
    let url = format!("{}/apiBHXH/{PERSON}", sims.lgsp().base_url());
    let partner = || ("lgspaccesstoken", partner_header(&sims));
    let wrong = || ("lgspaccesstoken", "e30=".to_owned());
    let (full, plain) = (partner_token(&sims).await, token(&sims, &http()).await);
    let bearer = |token: &str| ("Authorization", format!("Bearer {token}"));
    for (headers, status, code) in [
        (vec![bearer(&full), partner()], 200, Value::Null),
        (vec![bearer(&full)], 401, json!(900_902)),
        (vec![bearer(&full), wrong()], 401, json!(900_901)),
        (vec![bearer(&plain), partner()], 403, json!(900_908)),
        (vec![partner()], 401, json!(900_902)),
    ] {
        let (seen, answer) = answer(call(url.clone(), &headers, Some(&body))).await;
        assert_eq!((seen, &answer["fault"]["code"]), (status, &code), "{headers:?}");
    }
    assert_eq!(sims.social_insurance().counts().requests, 1);
    let refusals = sims.lgsp().counts().refusals;
    for reason in ["missing-partner-key", "wrong-partner-key", "token-without-partner-key", "missing-token"] {
        assert_eq!(refusals[reason], 1, "{reason}");
    }
    // The token call itself: without is an ordinary token, wrong is refused.
    let (name, value) = wrong();
    let (status, body) = answer(token_call(&sims, &http()).header(name, value)).await;
    assert_eq!((status, &body["error"]), (401, &json!("invalid_client")));
    // A partner's token is good for the others too, and ends like theirs.
    let others = |token: &str| {
        call(format!("{}/apiThue/1.0/traCuuNNT?mst=x", sims.lgsp().base_url()), &[bearer(token)], None)
    };
    assert_eq!(answer(others(&full)).await.0, 200);
    sims.expire_tokens();
    assert_eq!(answer(others(&full)).await.1["fault"]["code"], 900_904);
    assert_eq!(sims.credentials().lgsp_access_token(), partner_header(&sims));
}

#[tokio::test]
async fn the_disagreeing_are_found_by_the_truth_and_told_otherwise() {
    let sims = start();
    let register = sims.register();
    let mut seen = BTreeSet::new();
    for found in register.disagreeing() {
        let truth = register.person(found.person).unwrap();
        let (_, said) =
            found.says.iter().find(|(party, _)| *party == Party::SocialInsurance).unwrap_or(&found.says[0]);
        let number = number_found(&sims, &criteria(truth)).await.unwrap();
        let (_, body) = insurance(&sims, PERSON, &json!({ "maSoBhxh": number })).await;
        match found.aspect {
            Aspect::Name => assert_eq!(body["hoTen"], said.as_str()),
            Aspect::BirthDate => {
                let digits = said.replace('-', "");
                assert!(body["ngaySinh"].as_str().unwrap().starts_with(&digits), "{body} {said}");
                let precision = ["2", "", "1", "", "0"][digits.len() - 4];
                assert_eq!(body["loaiNgaySinh"], precision);
            }
            Aspect::Address => {
                let (_, row) = insurance(&sims, HOUSEHOLD, &household(truth)).await;
                let street = said.split_once(' ').unwrap().1;
                assert!(row["diaChi"].as_str().unwrap().starts_with(street), "{row} {said}");
            }
        }
        if said != &found.says[0].1 {
            seen.insert(found.aspect);
        }
    }
    assert_eq!(seen.len(), 3);
}
