//! A death is pushed, polled, and then stands in the register.

use serde_json::{Value, json};
use simulators::{Misbehaviour as M, Pace, SUPPLEMENT, Standing, Times};

use super::{
    POLL, PUSH, code, died, dying, form, interlinked, lt, pdf, poll, push, pushed, register_death, with,
};
use crate::client::{civil, start};

fn states(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["trangThai"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_death_is_received_worked_on_and_registered_and_then_read() {
    let sims = start();
    let person = dying(&sims, 0);
    assert_eq!(sims.death_of(&person.id), None);
    let (status, told) = push(&sims, person, 7).await.unwrap();
    assert_eq!((status, &told["status"], &told["errorCode"]), (200, &json!("1"), &json!("")));
    let mut seen = Vec::new();
    for _ in 0..4 {
        let rows = poll(&sims, &[lt(7)]).await;
        seen.push(rows[0]["trangThai"].as_str().unwrap().to_owned());
    }
    assert_eq!(seen, ["1", "3", "4", "4"]);
    let row = poll(&sims, &[code(7)]).await.remove(0);
    assert_eq!((&row["maHoSoLT"], &row["maHoSoMCDT"]), (&json!(lt(7)), &json!(code(7))));
    let result = &row["ketQuaXuLy"];
    assert_eq!(result["nktSoGiayTo"], person.id);
    assert_eq!((&result["nktGioiTinh"], &result["nktNgayChet"]), (&json!(1), &json!(died().dotted())));
    assert!(result["giayKhaiTu"].as_str().unwrap().starts_with("JVBERi0"));
    let act = sims.death_of(&person.id).unwrap();
    assert_eq!((act.number.as_str(), act.name), (result["soDangKy"].as_str().unwrap(), person.name.full()));

    // The older interface reads the act by dossier and by number, and the dossier's state.
    let (_, by_dossier) =
        civil(&sims, "traDanhSachHoSo", json!({ "maTinh": "38", "module": "KT", "dsMaHoSo": [code(7)] }))
            .await;
    let asked = json!({ "maTinh": "38", "module": "KT", "soDangKy": act.number, "quyenSo": act.book });
    let (_, by_number) = civil(&sims, "traCuuSoHoTich", asked).await;
    assert_eq!(by_dossier["value"], by_number["value"]);
    let data = by_dossier["value"][0]["data"].as_str().unwrap();
    assert!(data.contains(&format!("<nktSoGiayToTuyThan>{}</nktSoGiayToTuyThan>", person.id)), "{data}");
    let unit: u64 = person.place.new_commune.parse().unwrap();
    let (_, state) = civil(&sims, "traTrangThaiHoSo", json!({ "maDonVi": unit, "maHoSo": code(7) })).await;
    assert_eq!(state["value"]["trangThai"], 4);
}

#[tokio::test]
async fn no_act_can_be_read_before_it_is_registered() {
    let sims = start();
    push(&sims, dying(&sims, 0), 7).await.unwrap();
    let asked = json!({ "maTinh": "38", "module": "KT", "dsMaHoSo": [code(7)] });
    let (_, told) = civil(&sims, "traDanhSachHoSo", asked).await;
    assert!(told["value"].is_null() || told["value"] == json!([]), "{told}");
}

#[tokio::test]
async fn a_repeat_is_received_already_and_done_once() {
    let sims = start();
    push(&sims, dying(&sims, 0), 7).await.unwrap();
    let (status, told) = push(&sims, dying(&sims, 0), 7).await.unwrap();
    assert_eq!((status, &told["status"]), (200, &json!("0")));
    assert!(told["errorDescription"].as_str().unwrap().contains("đã được tiếp nhận"), "{told}");
    assert_eq!((sims.civil_status().effects_of(PUSH, &lt(7)), sims.civil_status().requests_of(PUSH)), (1, 2));
    sims.civil_status().forget_counts();
    assert_eq!(sims.civil_status().effects_of(PUSH, &lt(7)), 1);
    assert_eq!(sims.civil_status().filed(&code(7)).len(), 1);
}

#[tokio::test]
async fn of_pushes_at_the_same_time_one_is_done() {
    let sims = start();
    let person = dying(&sims, 0);
    sims.civil_status().misbehave_on(PUSH, M::Hang, Times::Times(3)).unwrap();
    let all_there = async {
        sims.civil_status().until_asked(3).await;
        sims.civil_status().release();
    };
    let (first, second, third, ()) =
        tokio::join!(push(&sims, person, 7), push(&sims, person, 7), push(&sims, person, 7), all_there);
    let taken = [first, second, third].map(|told| told.unwrap().1["status"] == "1");
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 1);
    assert_eq!(sims.civil_status().effects_of(PUSH, &lt(7)), 1);
}

#[tokio::test]
async fn whoever_is_registered_dead_is_not_registered_again() {
    let sims = start();
    register_death(&sims, dying(&sims, 0), 7).await;
    push(&sims, dying(&sims, 0), 8).await.unwrap();
    poll(&sims, &[lt(8)]).await;
    poll(&sims, &[lt(8)]).await;
    let rows = poll(&sims, &[lt(8)]).await;
    assert_eq!(states(&rows), ["6"]);
    assert!(rows[0]["noiDungXuLy"].as_str().unwrap().contains("đã được đăng ký khai tử"));
}

#[tokio::test]
async fn an_officer_wants_a_supplement_declines_and_gives_a_number() {
    let sims = start();
    let (person, agency) = (dying(&sims, 0), sims.civil_status());
    agency.set_pace(Pace::ByHand);
    push(&sims, person, 7).await.unwrap();
    assert_eq!(states(&poll(&sims, &[lt(7)]).await), states(&poll(&sims, &[lt(7)]).await));
    let standing = Standing::Supplement {
        wanted: "Bổ sung giấy báo tử".to_owned(),
        findings: Some("gbtSo không được để trống.".to_owned()),
        until: Some(died()),
    };
    assert!(agency.decide(&code(7), standing.clone()));
    let row = poll(&sims, &[lt(7)]).await.remove(0);
    assert_eq!((&row["trangThai"], &row["hanBoSungHoSo"]), (&json!("2"), &json!("10/08/2025")));
    assert_eq!(
        (&row["errors"], &row["noiDungXuLy"]),
        (&json!("gbtSo không được để trống."), &json!("Bổ sung giấy báo tử"))
    );

    // The supplement is the same push; a repeat of it is received already.
    let (_, told) = push(&sims, person, 7).await.unwrap();
    assert_eq!(told["status"], "1");
    assert_eq!(states(&poll(&sims, &[lt(7)]).await), ["1"]);
    let (_, told) = push(&sims, person, 7).await.unwrap();
    assert_eq!(told["status"], "0");
    assert_eq!(agency.effects_of(PUSH, &lt(7)), 1);
    assert_eq!(agency.effects_of(&format!("{PUSH}{SUPPLEMENT}"), &lt(7)), 1);

    assert!(agency.decide(&lt(7), Standing::Done { number: Some("77".to_owned()) }));
    let result = poll(&sims, &[lt(7)]).await.remove(0)["ketQuaXuLy"].clone();
    assert_eq!(
        (&result["soDangKy"], sims.death_of(&person.id).unwrap().number.as_str()),
        (&json!("77"), "77")
    );
    let asked = json!({ "maTinh": "38", "module": "KT", "soDangKy": "77", "quyenSo": result["quyenSo"] });
    assert_eq!(civil(&sims, "traCuuSoHoTich", asked).await.1["value"][0]["so"], "77");

    push(&sims, dying(&sims, 1), 8).await.unwrap();
    assert!(agency.decide(&lt(8), Standing::Declined { reason: "Không đúng thẩm quyền".to_owned() }));
    let row = poll(&sims, &[lt(8)]).await.remove(0);
    assert_eq!((&row["trangThai"], &row["noiDungXuLy"]), (&json!("6"), &json!("Không đúng thẩm quyền")));
    assert!(!agency.decide(&lt(9), standing));
    let file = agency.filed(&lt(7)).remove(0);
    assert!(file.course.windows(2).all(|turns| turns[0].at < turns[1].at));
}

#[tokio::test]
async fn three_codes_are_polled_at_once_and_unknown_ones_are_left_out() {
    let sims = start();
    push(&sims, dying(&sims, 0), 7).await.unwrap();
    push(&sims, dying(&sims, 1), 8).await.unwrap();
    let rows = poll(&sims, &[lt(7), lt(9), lt(8)]).await;
    assert_eq!(
        rows.iter().map(|row| row["maHoSoLT"].clone()).collect::<Vec<_>>(),
        [json!(lt(7)), json!(lt(8))]
    );
    // Of another province nothing is told.
    let asked = json!({ "maDinhDanhHoSo": [lt(7)], "maTinh": "01", "module": "LTKT" });
    assert_eq!(interlinked(&sims, POLL, &asked).await.unwrap().1["value"], json!([]));
}

#[tokio::test]
async fn every_finding_stands_in_one_sentence() {
    let sims = start();
    let person = dying(&sims, 0);
    let own = form(person);
    let told = async |form: Value| {
        let (status, body) = interlinked(&sims, PUSH, &pushed(person, &form, 7)).await.unwrap();
        assert_eq!(
            (status, &body["status"], &body["title"]),
            (500, &json!(500), &json!("Có lỗi xảy ra.")),
            "{body}"
        );
        body["detail"].as_str().unwrap().to_owned()
    };
    let mut many = with(&own, "nktSoGiayToTuyThan", json!("0380900000012"));
    many["nktLoaiGiayToTuyThan"] = json!("4");
    many["nktGioiTinh"] = json!("7");
    assert_eq!(
        told(many).await,
        "nktGioiTinh không tồn tại. nktSoGiayToTuyThan có độ dài vượt quá số lượng cho phép. \
         nktSoGiayToTuyThan có định dạng không đúng."
    );
    for (name, value, sentence) in [
        ("nktHoTen", Value::Null, "nktHoTen không được để trống."),
        ("nktHoTen", json!(" "), "nktHoTen không được để trống."),
        ("nktHoTen", json!("A".repeat(251)), "nktHoTen có độ dài vượt quá số lượng cho phép."),
        ("nktHoTen", json!({}), "nktHoTen có định dạng không đúng."),
        ("nktNgaySinh", json!("1/1/1940"), "nktNgaySinh có định dạng không đúng."),
        ("nktNgayChet", json!("08.2025"), "nktNgayChet có định dạng không đúng."),
        ("nktNgayChet", json!("13.08.2025"), "nktNgayChet không hợp lệ."),
        ("nktGioPhutChet", json!("24:30"), "nktGioPhutChet có định dạng không đúng."),
        ("gbtNgay", json!("2025-08-10"), "gbtNgay có định dạng không đúng."),
        ("soLuongBanSao", json!("một"), "soLuongBanSao có định dạng không đúng."),
        ("loaiDangKy", json!("9"), "loaiDangKy không tồn tại."),
        ("nktNoiChet", json!("Tại nhà"), "nktNoiChet có định dạng không đúng."),
        ("nktNoiChet", Value::Null, "nktNoiChet không được để trống."),
        ("nktNoiChet", json!({ "maTinh": "99", "maXa": "14758" }), "nktNoiChet.maTinh không tồn tại."),
        ("nktNoiChet", json!({ "maTinh": "38", "maXa": "x" }), "nktNoiChet.maXa có định dạng không đúng."),
        (
            "nktNoiChet",
            json!({ "maTinh": "38", "maXa": "14758", "maHuyen": "x" }),
            "nktNoiChet.maHuyen có định dạng không đúng.",
        ),
        ("nktNoiChet", json!({ "maTinh": "38", "maXa": "14758", "so": 1 }), "nktNoiChet.so không tồn tại."),
        ("nktLa", json!("x"), "nktLa không tồn tại."),
        ("nycSoGiayToTuyThan", json!("06407000000"), "nycSoGiayToTuyThan có định dạng không đúng."),
    ] {
        assert_eq!(told(with(&own, name, value)).await, sentence);
    }
    assert_eq!(sims.civil_status().effects_of(PUSH, &lt(7)), 0);
    for year_or_month in ["1942", "03.1942"] {
        let partial = with(&own, "nktNgaySinh", json!(year_or_month));
        assert_eq!(interlinked(&sims, PUSH, &pushed(person, &partial, 9)).await.unwrap().0, 200);
    }
}

#[tokio::test]
async fn an_empty_or_broken_attachment_is_found() {
    let sims = start();
    let person = dying(&sims, 0);
    for (name, value, sentence) in [
        ("duLieuTepDinhKem", json!(""), "fileDinhKem[0].duLieuTepDinhKem không được để trống."),
        ("duLieuTepDinhKem", json!(pdf()[..20]), "fileDinhKem[0].duLieuTepDinhKem có định dạng không đúng."),
        ("duLieuTepDinhKem", json!("***"), "fileDinhKem[0].duLieuTepDinhKem có định dạng không đúng."),
        ("tenGiayTo", Value::Null, "fileDinhKem[0].tenGiayTo không được để trống."),
        ("la", json!(1), "fileDinhKem[0].la không tồn tại."),
    ] {
        let mut body = pushed(person, &form(person), 7);
        body["fileDinhKem"][0] = with(&body["fileDinhKem"][0], name, value);
        let (status, told) = interlinked(&sims, PUSH, &body).await.unwrap();
        assert_eq!((status, told["detail"].as_str().unwrap()), (500, sentence));
    }
}

#[tokio::test]
async fn every_deviation_of_the_frame_is_refused() {
    let sims = start();
    let person = dying(&sims, 0);
    let own = pushed(person, &form(person), 7);
    let polled = json!({ "maDinhDanhHoSo": [lt(7)], "maTinh": "38", "module": "LTKT" });
    for (operation, body, number, name) in [
        (PUSH, with(&own, "module", json!("KT")), "302", "DATA_TYPE_INVALID"),
        (PUSH, with(&own, "maHoSoLT", Value::Null), "200", "RECORD_UNCOMPLETE"),
        (PUSH, with(&own, "maHoSoLT", json!("G22-1")), "302", "DATA_TYPE_INVALID"),
        (PUSH, with(&own, "maHoSoMCDT", json!("h56.14-250812-0001")), "302", "DATA_TYPE_INVALID"),
        (PUSH, with(&own, "maDonVi", json!("99999")), "106", "AGENCY_ID_INCORRECT"),
        (PUSH, with(&own, "maDonVi", Value::Null), "200", "RECORD_UNCOMPLETE"),
        (PUSH, with(&own, "ngayTiepNhan", json!("2025-08-12")), "302", "DATA_TYPE_INVALID"),
        (PUSH, with(&own, "data", form(person)), "302", "DATA_TYPE_INVALID"),
        (PUSH, with(&own, "data", json!("<hoTich/>")), "302", "DATA_TYPE_INVALID"),
        (PUSH, with(&own, "fileDinhKem", Value::Null), "200", "RECORD_UNCOMPLETE"),
        (PUSH, with(&own, "thua", json!(1)), "302", "DATA_TYPE_INVALID"),
        (
            POLL,
            with(&polled, "maDinhDanhHoSo", json!([lt(1), lt(2), lt(3), lt(4)])),
            "302",
            "DATA_TYPE_INVALID",
        ),
        (POLL, with(&polled, "maDinhDanhHoSo", json!([])), "200", "RECORD_UNCOMPLETE"),
        (POLL, with(&polled, "maDinhDanhHoSo", json!(lt(1))), "302", "DATA_TYPE_INVALID"),
        (POLL, with(&polled, "maTinh", json!("99")), "108", "PROVINCE_ID_INCORRECT"),
        (POLL, with(&polled, "module", json!("KT")), "302", "DATA_TYPE_INVALID"),
        (POLL, with(&polled, "thua", json!(1)), "302", "DATA_TYPE_INVALID"),
        ("dichVuLa", json!({}), "500", "DATA_INCORRECT"),
        (PUSH, json!([]), "302", "DATA_TYPE_INVALID"),
    ] {
        let (status, told) = interlinked(&sims, operation, &body).await.unwrap();
        let failed = told["status"] == "0" || told["status"] == 0;
        assert!(status == 200 && failed, "{told}");
        assert_eq!(
            (told["errorCode"].as_str().unwrap(), told["errorDescription"].as_str().unwrap()),
            (number, name),
            "{body}"
        );
    }
    assert_eq!(sims.civil_status().effects().len(), 0);
}

#[tokio::test]
async fn a_lost_reply_leaves_one_effect_or_none() {
    let sims = start();
    let (person, agency) = (dying(&sims, 0), sims.civil_status());
    for (number, kind, effects) in
        [(1, M::CommitThenDrop, 1), (2, M::DropBeforeCommit, 0), (3, M::CommitLate, 0)]
    {
        agency.misbehave_on(PUSH, kind, Times::Once).unwrap();
        assert!(push(&sims, person, number).await.is_err());
        assert_eq!(agency.effects_of(PUSH, &lt(number)), effects);
    }
    agency.misbehave_on(PUSH, M::CommitThenError, Times::Once).unwrap();
    assert_eq!(push(&sims, person, 4).await.unwrap().0, 500);
    assert_eq!(agency.effects_of(PUSH, &lt(4)), 1);
    for (number, kind) in
        [(5, M::OkWithError), (6, M::ServerError { status: 502 }), (7, M::HtmlPage), (8, M::TooManyRequests)]
    {
        agency.misbehave_on(PUSH, kind, Times::Once).unwrap();
        push(&sims, person, number).await.unwrap();
        assert_eq!(agency.effects_of(PUSH, &lt(number)), 0);
    }
    // The late one is not there when it is looked for, and is there afterwards.
    assert_eq!(poll(&sims, &[lt(3)]).await.len(), 0);
    assert_eq!(poll(&sims, &[lt(3)]).await.len(), 1);
    assert_eq!((agency.effects_of(PUSH, &lt(3)), agency.settle()), (1, 0));
}

#[tokio::test]
async fn a_late_one_and_its_second_send_are_one() {
    let sims = start();
    let (person, agency) = (dying(&sims, 0), sims.civil_status());
    agency.misbehave_on(PUSH, M::CommitLate, Times::Once).unwrap();
    assert!(push(&sims, person, 7).await.is_err());
    assert_eq!(push(&sims, person, 7).await.unwrap().1["status"], "1");
    assert_eq!((agency.settle(), agency.effects_of(PUSH, &lt(7))), (1, 1));
}

#[tokio::test]
async fn a_poll_tells_old_states_twice_and_somebody_else() {
    let sims = start();
    let agency = sims.civil_status();
    register_death(&sims, dying(&sims, 0), 7).await;
    let right = poll(&sims, &[lt(7)]).await.remove(0);
    let mut told = Vec::new();
    for kind in [
        M::OutOfOrder,
        M::Twice,
        M::WrongPerson,
        M::TwoPeople,
        M::UnknownState,
        M::MissingField,
        M::SchemaDrift,
    ] {
        agency.misbehave_on(POLL, kind, Times::Once).unwrap();
        told.push(poll(&sims, &[lt(7)]).await);
    }
    assert_eq!(states(&told[0]), ["1"]);
    assert!(told[0][0]["thoiGianThucHien"].as_str() < right["thoiGianThucHien"].as_str());
    assert_eq!(told[1], [right.clone(), right.clone()]);
    assert!(told[2].len() == 1 && told[2][0]["maHoSoLT"] != right["maHoSoLT"]);
    assert!(told[3].len() == 2 && told[3][0] == right && told[3][1]["maHoSoLT"] != right["maHoSoLT"]);
    assert_eq!(told[4][0]["trangThai"], "77");
    assert_eq!((&told[5][0]["trangThai"], &told[6][0]["tinhTrang"]), (&Value::Null, &json!("4")));
}

#[tokio::test]
async fn what_no_write_can_show_is_not_taken() {
    let sims = start();
    let agency = sims.civil_status();
    for (operation, kind) in [
        (POLL, M::CommitLate),
        (PUSH, M::Twice),
        (PUSH, M::WrongPerson),
        (PUSH, M::Doctype),
        ("traDanhSachHoSo", M::CommitThenDrop),
    ] {
        assert!(agency.misbehave_on(operation, kind, Times::Once).is_err());
    }
    assert!(agency.misbehave(M::NumbersExhausted, Times::Once).is_err());
    assert!(sims.tax().misbehave(M::CommitLate, Times::Once).is_err());
    assert!(sims.lgsp().misbehave(M::CommitThenDrop, Times::Once).is_err());
    assert!(sims.postal().misbehave(M::OutOfOrder, Times::Once).is_err());
}
