//! The residence agency, when it behaves: what it answers and what it refuses.

use simulators::{Awkward, Person, Simulators};

use crate::client::{ask, ask_with, https, now_ms, ours, query, sha256_hex, signed, start};

const LOOK_UP: &str = "TraCuuThongTinCongDan";
const VERIFY: &str = "XacThucThongTinCongDan";
const HOUSEHOLD: &str = "CungCapThongTinHoGiaDinh";
const NOBODY: &str = "<ns1:CongdanCollection xmlns:ns1=\"http://www.mic.gov.vn/dancu/1.0\"/>";

#[track_caller]
fn holds(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[tokio::test]
async fn look_up_of_the_sample_person() {
    let sims = start();
    let (status, text) = ask(&sims, LOOK_UP, sims.register().sample()).await;
    assert_eq!(status, 200, "{text}");
    let name = "<ns1:HoVaTen><ns1:Ho>NGUYỄN</ns1:Ho><ns1:ChuDem>VĂN</ns1:ChuDem><ns1:Ten>MẪU</ns1:Ten></ns1:HoVaTen>";
    holds(
        &text,
        &[
            "<ns1:CongdanCollection xmlns:ns1=\"http://www.mic.gov.vn/dancu/1.0\"><ns1:CongDan>",
            "<ns1:SoDinhDanh>038090000001</ns1:SoDinhDanh>",
            name,
            "<ns1:NgayThangNamSinh>19900101</ns1:NgayThangNamSinh>",
            "<ns1:ThuongTru><ns1:MaTinhThanh>38</ns1:MaTinhThanh><ns1:MaQuanHuyen/>",
            "<ns1:ChuHo><ns1:QuanHe>CH00</ns1:QuanHe>",
            "<ns1:VoChong>",
        ],
    );
    let counts = sims.residence().counts();
    assert_eq!((counts.connections, counts.requests), (1, 1));
    assert_eq!(counts.by_subject["038090000001"], 1);
}

#[tokio::test]
async fn verification_says_true_and_false() {
    let sims = start();
    let person = sims.register().sample();
    let (_, text) = ask(&sims, VERIFY, person).await;
    holds(&text, &["<ns1:KetQuaXacThuc", "<ns1:TonTai>true</ns1:TonTai>"]);
    let (_, text) =
        ask(&sims, VERIFY, &Person { born: simulators::Born::Year(1990), ..person.clone() }).await;
    holds(&text, &["<ns1:TonTai>false</ns1:TonTai>"]);
}

#[tokio::test]
async fn household_names_everybody() {
    let sims = start();
    let person = sims.register().sample();
    let home = sims.register().household_of(person).unwrap();
    let (_, text) = ask(&sims, HOUSEHOLD, person).await;
    assert_eq!(text.matches("<ns1:ThanhVien>").count(), home.members.len());
    holds(&text, &["<ns1:QuanHe>CH01</ns1:QuanHe>", &format!("<ns1:SoSoHoKhau>{}</", home.book)]);
    let (status, text) = ask(&sims, HOUSEHOLD, sims.register().no_residence()).await;
    assert_eq!(status, 200);
    holds(&text, &["<ns1:HoGiaDinhCollection xmlns:ns1=\"http://www.mic.gov.vn/dancu/1.0\"/>"]);
}

#[tokio::test]
async fn name_date_and_id_must_all_match() {
    use unicode_normalization::UnicodeNormalization;
    let sims = start();
    let client = ours(&sims);
    let right = query(LOOK_UP, sims.register().sample());
    for (what, wrong) in [
        ("another id", right.replace("038090000001", "038090000009")),
        ("mixed case", right.replace("NGUYỄN VĂN MẪU", "Nguyễn Văn Mẫu")),
        ("no diacritics", right.replace("NGUYỄN VĂN MẪU", "NGUYEN VAN MAU")),
        ("NFD", right.replace("NGUYỄN VĂN MẪU", &"NGUYỄN VĂN MẪU".nfd().collect::<String>())),
        ("another day", right.replace("19900101", "19900102")),
        (
            "only the year",
            right
                .replace("NgayThangNam>19900101", "Nam>1990")
                .replace("1990</dan:NgayThangNam>", "1990</dan:Nam>"),
        ),
    ] {
        assert_ne!(wrong, right, "{what}");
        let (status, text) = ask_with(&sims, &client, LOOK_UP, wrong).await;
        assert_eq!(status, 200, "{what}: {text}");
        assert!(text.contains(NOBODY), "{what}: {text}");
    }
    let (_, text) = ask_with(&sims, &client, LOOK_UP, right).await;
    assert!(!text.contains(NOBODY));
}

#[tokio::test]
async fn a_year_only_person_is_found_by_that_year_only() {
    let sims = start();
    let client = ours(&sims);
    for person in [sims.register().year_only(), sims.register().year_month()] {
        let right = query(LOOK_UP, person);
        let (_, text) = ask_with(&sims, &client, LOOK_UP, right.clone()).await;
        holds(&text, &["<ns1:NgayThangNamSinh>1942</ns1:NgayThangNamSinh>"]);
        let whole = "<dan:NgayThangNam>19420301</dan:NgayThangNam>";
        for wrong in [right.replace("1942</", "1943</"), right.replace("<dan:Nam>1942</dan:Nam>", whole)] {
            let (_, text) = ask_with(&sims, &client, LOOK_UP, wrong).await;
            holds(&text, &[NOBODY]);
        }
    }
}

#[tokio::test]
async fn awkward_people_answer_awkwardly() {
    use unicode_normalization::UnicodeNormalization;
    let sims = start();
    let register = sims.register();
    let (_, text) = ask(&sims, LOOK_UP, register.nine_digit_only()).await;
    let old_id = format!("<ns1:SoDinhDanh/><ns1:SoCMND>{}</ns1:SoCMND>", register.nine_digit_only().old_id);
    holds(&text, &[&old_id]);
    let person = register.whole_name_in_given();
    let (_, text) = ask(&sims, LOOK_UP, person).await;
    holds(&text, &[&format!("<ns1:Ho/><ns1:ChuDem/><ns1:Ten>{}</ns1:Ten>", person.name.full())]);
    let person = register.decomposed_name();
    let (_, text) = ask(&sims, LOOK_UP, person).await;
    let decomposed: String = person.name.family.nfd().collect();
    assert_ne!(decomposed, person.name.family);
    holds(&text, &[&format!("<ns1:Ho>{decomposed}</ns1:Ho>")]);
    let person = register.mixed_case_name();
    let (_, text) = ask(&sims, LOOK_UP, person).await;
    holds(
        &text,
        &["<ns1:ChuDem>Thị</ns1:ChuDem>", &format!("<ns1:Ten>{}</", person.name.given.to_lowercase())],
    );
    let (_, text) = ask(&sims, LOOK_UP, register.old_address()).await;
    let home = register.old_address().place;
    holds(
        &text,
        &[&format!(
            "<ns1:ThuongTru><ns1:MaTinhThanh>{}</ns1:MaTinhThanh><ns1:MaQuanHuyen>{}</",
            home.old_province, home.old_district
        )],
    );
    let (_, text) = ask(&sims, LOOK_UP, register.no_residence()).await;
    assert!(text.contains("<ns1:CongDan>") && !text.contains("ThuongTru"), "{text}");
    let (_, text) = ask(&sims, LOOK_UP, register.unknown_ethnicity()).await;
    holds(&text, &["<ns1:DanToc>97</ns1:DanToc>"]);
    let (_, text) = ask(&sims, LOOK_UP, register.foreign()).await;
    holds(&text, &["<ns1:QuocTich>LA</ns1:QuocTich>"]);
    let (_, text) = ask(&sims, LOOK_UP, register.dead().next().unwrap()).await;
    holds(&text, &["<ns1:ThuongTru>"]);
    assert_eq!(register.awkward(Awkward::Foreign).nationality, "LA");
}

/// Asks with a spoiled body; the fault code and the counted reason.
async fn refused(sims: &Simulators, body: String) -> (String, String) {
    let before = sims.residence().counts().refusals;
    let (status, text) = ask_with(sims, &ours(sims), LOOK_UP, body).await;
    assert_eq!(status, 500, "{text}");
    (fault_code(&text), counted_since(sims, &before))
}

fn fault_code(text: &str) -> String {
    let (_, rest) = text.split_once("<faultcode>").unwrap();
    rest.split_once('<').unwrap().0.to_owned()
}

fn counted_since(sims: &Simulators, before: &std::collections::BTreeMap<String, u64>) -> String {
    let now = sims.residence().counts().refusals;
    let more =
        now.into_iter().find(|(reason, count)| before.get(reason).copied().unwrap_or_default() + 1 == *count);
    more.unwrap().0
}

#[tokio::test]
async fn every_deviation_of_the_message_is_refused() {
    let sims = start();
    let right = query(LOOK_UP, sims.register().sample());
    let officer = "<dan:MaCanBo>cb01</dan:MaCanBo>";
    let procedure = "<dan:MaDVC>1.000656</dan:MaDVC>";
    let request_id = "<dan:MaYeuCau>6f1c2f0e-0000-4000-8000-000000000001</dan:MaYeuCau>";
    for (wrong, code, reason) in [
        (right.replace("cb01", "cb99"), "003", "officer-not-allowed"),
        (right.replace("1.000656", "9.999999"), "004", "procedure-not-allowed"),
        (right.replace("http://dancuquocgia.bca", "http://dancuquocgia.bca/"), "S:Client", "wrong-namespace"),
        (
            right.replace(
                &format!("{procedure}<dan:MaTichHop>037</dan:MaTichHop>"),
                &format!("<dan:MaTichHop>037</dan:MaTichHop>{procedure}"),
            ),
            "S:Client",
            "element-order",
        ),
        (right.replace(officer, &format!("{officer}{officer}")), "S:Client", "element-order"),
        (
            right.replace(officer, &format!("{officer}<dan:GhiChu>x</dan:GhiChu>")),
            "S:Client",
            "unknown-element",
        ),
        (right.replace("037", "034"), "S:Client", "wrong-integration-code"),
        (right.replace(request_id, ""), "S:Client", "missing-element"),
        (right.replace(request_id, "<dan:MaYeuCau/>"), "S:Client", "missing-element"),
        (right.replace(request_id, "<dan:MaYeuCau>1</dan:MaYeuCau>"), "S:Client", "wrong-request-id"),
        (right.replace("19900101", "01/01/1990"), "S:Client", "malformed-date"),
        (right.replace("19900101", "19901301"), "S:Client", "malformed-date"),
        (right.replace("038090000001", "38090000001"), "S:Client", "malformed-id"),
        (right.replace("<soapenv:Body>", "<!DOCTYPE x><soapenv:Body>"), "S:Client", "not-xml"),
        (right.replace("</soapenv:Body>", ""), "S:Client", "not-xml"),
        (
            right.replace(
                "http://schemas.xmlsoap.org/soap/envelope/",
                "http://www.w3.org/2003/05/soap-envelope",
            ),
            "S:Client",
            "wrong-envelope",
        ),
        (query(VERIFY, sims.register().sample()), "S:Client", "wrong-operation"),
    ] {
        assert_ne!(wrong, right, "{reason}");
        assert_eq!(refused(&sims, wrong).await, (code.to_owned(), reason.to_owned()));
    }
    let optional =
        format!("{officer}<dan:MaDonVi>H56.14</dan:MaDonVi><dan:SoDienThoai>0900000000</dan:SoDienThoai>");
    let (status, text) = ask_with(&sims, &ours(&sims), LOOK_UP, right.replace(officer, &optional)).await;
    assert_eq!(status, 200, "{text}");
}

#[tokio::test]
async fn every_wrong_header_is_refused() {
    let sims = start();
    let client = ours(&sims);
    let body = query(LOOK_UP, sims.register().sample());
    let now = now_ms();
    let sign = |timestamp: u64| signed(&sims, &client, LOOK_UP, &timestamp.to_string()).body(body.clone());
    let with = |name: &'static str, value: &str| {
        let mut request = sign(now).build().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
        request
    };
    for (request, code) in [
        (with("authorization", &crate::client::basic("tinh-mau", &sha256_hex("x"))), "001"),
        (with("timestamp", &(now + 1).to_string()), "001"),
        (with("apikey", "khac"), "001"),
        (with("x-road-client", "khac"), "001"),
        (sign(now - 301_000).build().unwrap(), "002"),
        (sign(now + 302_000).build().unwrap(), "002"),
        (with("soapaction", "\"tra-cuu\""), "S:Client"),
        (with("content-type", "application/json"), "S:Client"),
    ] {
        let reply = client.execute(request).await.unwrap();
        assert_eq!(reply.status(), 500);
        assert_eq!(fault_code(&reply.text().await.unwrap()), code);
    }
    // Seconds do as well as milliseconds, and 299 s are still in time.
    for timestamp in [now / 1000, now - 290_000] {
        assert_eq!(sign(timestamp).send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn a_client_certificate_of_our_authority_is_needed() {
    let sims = start();
    let pki = sims.pki();
    let strangers = [None, Some((pki.other_client.as_path(), pki.other_client_key.as_path()))];
    for identity in strangers {
        let client = https(&sims, identity);
        let body = query(LOOK_UP, sims.register().sample());
        let sent = signed(&sims, &client, LOOK_UP, &now_ms().to_string()).body(body).send().await;
        assert!(sent.is_err());
    }
    assert_eq!(sims.residence().counts().requests, 0);
}
