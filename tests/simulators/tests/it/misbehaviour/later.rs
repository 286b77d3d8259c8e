//! The agencies that came later: how each question is asked, and how each misbehaviour of words shows.

use serde_json::Value;
use simulators::{Misbehaviour as M, Party, Simulators};

use super::{Question, Question as Q, Seen};
use crate::agencies::{
    OBLIGATIONS, VIETTEL_FILE, VIETTEL_SEARCH, carried, criteria, household, insurance_call, notice_xml,
    obligations_of, parcel, postal_call, postal_login, receipt_of, result, told, viettel_body, viettel_call,
    viettel_file_body, viettel_login, vnpt_call, vnpt_inside,
};

pub fn party(question: Question) -> Party {
    match question {
        Q::Number | Q::Insured | Q::InsuredHome => Party::SocialInsurance,
        Q::Company | Q::Taxpayer | Q::Notice => Party::Tax,
        Q::PostToken | Q::Feed | Q::Quote => Party::Postal,
        Q::View | Q::List | Q::VnptFile => Party::EReceiptVnpt,
        _ => Party::EReceiptViettel,
    }
}

pub fn operation(question: Question) -> &'static str {
    match question {
        Q::Number => "getMaSoBhxhTheoTieuChi",
        Q::Insured => "getTraCuuTtHgdByMaSoBhxh",
        Q::InsuredHome => "getTraCuuThongTinHgd",
        Q::Company => "chiTietDoanhNghiep",
        Q::Taxpayer => "traCuuNNT",
        Q::Notice => "traCuuNghiaVuTaiChinh",
        Q::PostToken => "token",
        Q::Feed => "rhDoc",
        Q::Quote => "pricehcc",
        Q::View => "getInvViewFkey",
        Q::List => "listInvByCus",
        Q::VnptFile => "downloadInvPDFFkeyNoPay",
        Q::Login => "login",
        Q::Search => "searchInvoiceByTransactionUuid",
        _ => "getInvoiceRepresentationFile",
    }
}

pub async fn request(question: Question, sims: &Simulators) -> reqwest::RequestBuilder {
    let register = sims.register();
    let sample = register.sample();
    let vnpt = receipt_of(sims, sims.e_receipt_vnpt());
    let viettel = receipt_of(sims, sims.e_receipt_viettel());
    match question {
        Q::Number => insurance_call(sims, operation(question), &criteria(sample)).await,
        Q::Insured => {
            let number = register.social_insurance_number(sample);
            insurance_call(sims, operation(question), &serde_json::json!({ "maSoBhxh": number })).await
        }
        Q::InsuredHome => insurance_call(sims, operation(question), &household(sample)).await,
        Q::Company => {
            let code = &register.companies()[0].tax_code;
            carried(sims, &format!("/apiCSDLDKDN/chiTietDoanhNghiep?msdn={code}"), None).await
        }
        Q::Taxpayer => carried(sims, &format!("/apiThue/1.0/traCuuNNT?mst={}", sample.id), None).await,
        Q::Notice => {
            let asked = obligations_of(sims, &register.notices()[0].dossier);
            carried(sims, OBLIGATIONS, Some(&asked)).await
        }
        Q::PostToken => postal_login(sims),
        Q::Feed => postal_call(sims, "/rhDoc?pagesize=10&lastId=", None).await,
        Q::Quote => postal_call(sims, "/pricehcc", Some(&parcel(sims))).await,
        Q::View | Q::VnptFile => {
            let inside = vnpt_inside(sims, &format!("<fkey>{}</fkey>", vnpt.key));
            vnpt_call(sims, operation(question), &inside)
        }
        Q::List => {
            let inside = vnpt_inside(sims, &format!("<cusCode>{}</cusCode>", vnpt.dossier));
            vnpt_call(sims, operation(question), &inside)
        }
        Q::Login => viettel_login(sims),
        Q::Search => viettel_call(sims, VIETTEL_SEARCH, &viettel_body(sims, viettel)).await,
        _ => viettel_call(sims, VIETTEL_FILE, &viettel_file_body(sims, viettel)).await,
    }
}

/// Where the field stands that a misbehaviour spoils: in which object, under which name, and how it is renamed.
fn spoiled(question: Question) -> (&'static str, &'static str, &'static str) {
    match question {
        Q::Number => ("", "maSoBhxh", "soBhxh"),
        Q::Insured => ("", "hoTen", "hoVaTen"),
        Q::InsuredHome => ("", "hoTen", "hoVaTen"),
        Q::Company => ("", "NAME", "TEN_DOANH_NGHIEP"),
        Q::Taxpayer => ("/Data", "TEN_NNT", "TEN_NGUOI_NOP_THUE"),
        Q::Notice => ("/Data", "FileThongBaoThue", "TepThongBaoThue"),
        Q::Feed => ("/_embedded/rhDoc/9", "orderNumber", "maDonHang"),
        Q::Quote => ("/Data", "Total", "TongTien"),
        Q::Search => ("/result/0", "invoiceNo", "soHoaDon"),
        Q::File => ("", "fileToBytes", "tepPdf"),
        _ => ("", "access_token", "accessToken"),
    }
}

/// Whether an agency that speaks JSON shows what it was told to.
fn json_shows(question: Question, kind: &M, seen: &Seen, right: &Seen) -> Option<bool> {
    let (at, field, renamed) = spoiled(question);
    let (body, right) = (seen.json(), right.json());
    let object = body.pointer(at).unwrap_or(&Value::Null);
    let was = &right.pointer(at).unwrap()[field];
    // A token is another every time.
    let same = |value: &Value| {
        value == was || (matches!(question, Q::PostToken | Q::Login) && value.is_string() && was.is_string())
    };
    Some(match kind {
        M::SchemaDrift => object.get(field).is_none() && same(&object[renamed]),
        M::MissingField => {
            object.as_object().is_some_and(|own| !own.is_empty() || question == Q::Notice)
                && object.get(field).is_none()
        }
        M::WrongType => object[field].is_object(),
        M::DuplicateKeys => {
            let text = seen.text();
            let name = text.trim_start_matches(['[', '{']).split(':').next().unwrap();
            text.contains(&format!("{{{name}:\"gia-mao\",{name}:"))
        }
        _ => return None,
    })
}

pub fn shows(question: Question, kind: &M, seen: &Seen, right: &Seen) -> bool {
    if party(question) == Party::EReceiptVnpt {
        return vnpt_shows(question, kind, seen, right);
    }
    if let Some(shown) = json_shows(question, kind, seen, right) {
        return shown;
    }
    match party(question) {
        Party::SocialInsurance => insurance_shows(question, kind, seen, right),
        Party::Tax => tax_shows(question, kind, seen, right),
        Party::Postal => postal_shows(question, kind, seen),
        _ => viettel_shows(question, kind, seen, right),
    }
}

fn insurance_shows(question: Question, kind: &M, seen: &Seen, right: &Seen) -> bool {
    let (body, right) = (seen.json(), right.json());
    let name = spoiled(question).1;
    let rows = |body: &Value| body.as_array().map(Vec::len).unwrap_or_default();
    match kind {
        M::SignatureRefused => seen.status == 401 && body["fault"]["code"] == 900_901,
        M::OkWithError => seen.status == 200 && told(&body["errorCode"]) == "500",
        M::UnknownState => body["trangThai"] == 77,
        M::WrongPerson => body[name].is_string() && body[name] != right[name],
        M::TwoPeople => rows(&body) == 2 && body[0][name] == right[name] && body[1][name] != right[name],
        _ => false,
    }
}

fn tax_shows(question: Question, kind: &M, seen: &Seen, right: &Seen) -> bool {
    let (body, right) = (seen.json(), right.json());
    match (kind, question) {
        (M::SignatureRefused, Q::Notice) => told(&body["error_code"]) == "-1",
        (M::OkWithError, Q::Notice) => seen.status == 200 && told(&body["error_code"]) == "-99",
        (M::UnknownState, Q::Notice) => body["error_code"] == "77",
        (M::OkWithError, _) => {
            seen.status == 200
                && body["Status"] == 0
                && body["Message"].as_str().unwrap().starts_with("Lỗi hệ thống")
        }
        (M::UnknownState, Q::Company) => body["ENTERPRISE_STATUS"] == "77",
        (M::UnknownState, _) => body["Data"]["TRANG_THAI"] == "77",
        (M::WrongPerson, Q::Company) => body["NAME"].is_string() && body["NAME"] != right["NAME"],
        (M::WrongPerson, Q::Taxpayer) => {
            body["Data"]["MST"].is_string() && body["Data"]["MST"] != right["Data"]["MST"]
        }
        (M::TwoPeople, Q::Company) => body[0] == right && body[1]["NAME"].is_string() && body[1] != right,
        (M::TwoPeople, Q::Taxpayer) => body["Data"][0] == right["Data"] && body["Data"][1]["MST"].is_string(),
        (M::WrongPerson, _) => {
            let (xml, right) = (notice_xml(&body), notice_xml(&right));
            xml.matches("<ROW_LIST>").count() == 1 && xml != right
        }
        (M::TwoPeople, _) => notice_xml(&body).matches("<ROW_LIST>").count() == 2,
        (M::Doctype, Q::Notice) => {
            let xml = notice_xml(&body);
            xml.contains("<!DOCTYPE bomb [") && xml.contains("&a9;")
        }
        _ => false,
    }
}

fn postal_shows(question: Question, kind: &M, seen: &Seen) -> bool {
    let body = seen.json();
    match (kind, question) {
        (M::SignatureRefused, Q::PostToken) => seen.status == 401,
        (M::SignatureRefused, _) => seen.status == 403,
        (M::OkWithError, _) => seen.status == 200 && body["Status"] == "199",
        // The last row alone.
        (M::UnknownState, Q::Feed) => {
            body["_embedded"]["rhDoc"][9]["statusCode"] == "77"
                && body["_embedded"]["rhDoc"][8]["statusCode"] != "77"
        }
        (M::UnknownState, Q::Quote) => body["Status"] == "177",
        _ => false,
    }
}

fn viettel_shows(question: Question, kind: &M, seen: &Seen, right: &Seen) -> bool {
    let (body, right) = (seen.json(), right.json());
    let (row, own) = (&body["result"][0], &right["result"][0]);
    match (kind, question) {
        (M::SignatureRefused, Q::Login) => seen.status == 401,
        (M::SignatureRefused, _) => seen.status == 403,
        (M::OkWithError, _) => seen.status == 200 && body["errorCode"] == "GENERAL",
        (M::UnknownState, Q::Search) => row["status"] == "77",
        (M::UnknownState, Q::File) => body["errorCode"] == "LA_77",
        (M::WrongPerson, Q::Search) => row["invoiceNo"].is_string() && row["invoiceNo"] != own["invoiceNo"],
        (M::WrongPerson, Q::File) => {
            body["fileToBytes"].is_string() && body["fileToBytes"] != right["fileToBytes"]
        }
        (M::TwoPeople, Q::Search) => row == own && body["result"][1]["invoiceNo"].is_string(),
        _ => false,
    }
}

fn vnpt_shows(question: Question, kind: &M, seen: &Seen, right: &Seen) -> bool {
    let (text, right) = (seen.text(), right.text());
    let name = operation(question);
    let (told, own) = (|| result(&text), result(&right));
    match (kind, question) {
        (M::SignatureRefused, _) => told() == "ERR:1",
        (M::OkWithError, _) => seen.status == 200 && told() == "ERR:7",
        (M::WrongNamespace, _) => text == right.replace("http://tempuri.org/\"", "http://tempuri.org/9.9/\""),
        (M::SchemaDrift, _) => text == right.replace(&format!("{name}Result"), &format!("{name}KetQua")),
        (M::MissingField, _) => text.contains(&format!("<{name}Response ")) && !text.contains("Result"),
        (M::WrongType, _) => text.contains(&format!("<{name}Result><GiaTri>{own}</GiaTri>")),
        (M::Doctype, _) => text.contains("<!DOCTYPE bomb [") && text.contains("&a9;"),
        (M::DuplicateKeys, _) => text.len() > right.len() && text.contains(">000000000000<"),
        (M::UnknownState, Q::List) => told().contains("&lt;status&gt;77&lt;"),
        (M::UnknownState, _) => told() == "ERR:77",
        (M::WrongPerson, Q::View) => told().starts_with("OK:") && told() != own,
        (M::WrongPerson, Q::List) => told().contains("&lt;Item&gt;") && told() != own,
        (M::WrongPerson, _) => told().len() > 500 && told() != own,
        (M::TwoPeople, Q::View) => told().starts_with(&format!("{own},")),
        (M::TwoPeople, _) => {
            told().matches("&lt;Item&gt;").count() == own.matches("&lt;Item&gt;").count() + 1
        }
        _ => false,
    }
}
