//! Funeral support is asked of social affairs, whose sentences alone tell what became of it.

use super::*;

const FILE: &str = "nhanHoSoBTXH";

fn support<'a>(country: &'a Country, (person, act): &(Person, Death), number: u32) -> Write<'a> {
    let place = json!({ "province": "38", "commune": person.place.new_commune, "detail": "Thôn 1" });
    let query = json!({
        "procedure": "1.001731", "procedure_title": "Hỗ trợ chi phí mai táng", "unit": "H56.14",
        "received_at": "2025-08-12T09:01:00+07:00", "category": "social_protection",
        "applicant": {
            "full_name": "Nguyễn Văn Thử", "relation": "Con", "personal_id": "038070000002",
            "birth_date": "1970-03-15", "phone": "0900000001", "address": place,
        },
        "deceased": { "personal_id": person.id, "full_name": person.name.full(), "died_on": died().iso() },
        "registration": { "number": act.number, "book": act.book },
        "account": { "number": "0000000001", "bank": "MAUVNVX" },
    });
    Write::of(country, "social-affairs.claim-funeral-support", code(number), query)
}

fn desk(country: &Country) -> Desk<'_> {
    Desk { agency: country.sims().social_affairs(), file: FILE }
}

#[tokio::test]
async fn it_is_taken_in_once_worked_on_and_decided() {
    let country = Country::usual();
    let dead = dead(&country, 0).await;
    let write = support(&country, &dead, 7);
    accepted(&write.send().await);
    already(&write.send().await);
    assert_eq!(desk(&country).done(&write), 1);
    pending(&write.look().await);
    pending(&write.look().await);
    let result = completed(write.look().await);
    assert_eq!((&result["decision_number"], &result["issuer"]), (&json!("1/QĐ-BTXH"), &json!("UBND xã Mẫu")));
    assert_eq!(result["account"], write.query["account"]);
}

#[tokio::test]
async fn silence_is_found_out() {
    let country = Country::usual();
    let (one, two, three) = (dead(&country, 0).await, dead(&country, 1).await, dead(&country, 2).await);
    let writes = [support(&country, &one, 1), support(&country, &two, 2), support(&country, &three, 3)];
    desk(&country).goes_silent(writes).await;
}

#[tokio::test]
async fn a_supplement_is_a_new_revision_and_ends_in_a_decision() {
    let country = Country::usual();
    let dead = dead(&country, 0).await;
    let result = desk(&country).is_worked_on(support(&country, &dead, 7), code(8)).await;
    assert_eq!(result["decision_number"], "77/QĐ-BTXH");
    desk(&country).is_declined(support(&country, &dead, 9)).await;
}

#[tokio::test]
async fn a_refusal_names_the_field() {
    let country = Country::usual();
    let dead = dead(&country, 0).await;
    let mut write = support(&country, &dead, 7);
    write.query["applicant"]["personal_id"] = json!("12");
    let (code, findings) = refused(write.send().await);
    assert_eq!(code.as_deref(), Some("-1"));
    assert_eq!(findings[0].agency_field.as_deref(), Some("SoDinhDanh"));
    write.query = support(&country, &dead, 7).query;
    write.query["registration"]["number"] = json!("999");
    let (_, findings) = refused(write.send().await);
    assert_eq!(findings[0].agency_field.as_deref(), Some("TrichYeu"));
    assert_eq!(desk(&country).done(&write), 0);
}
