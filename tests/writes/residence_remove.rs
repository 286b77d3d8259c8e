//! Whoever is registered dead is taken out of the register of residence, once.

use super::*;

const REMOVE: &str = "xoaThuongTru";

fn removal<'a>(country: &'a Country, (person, act): &(Person, Death), number: u32) -> Write<'a> {
    let query = json!({
        "deceased": { "personal_id": person.id, "full_name": person.name.full(), "died_on": died().iso() },
        "registration": { "number": act.number, "book": act.book, "office": act.unit },
        "residence_office": person.place.new_commune,
    });
    Write::of(country, "residence.remove", code(number), query)
}

fn desk(country: &Country) -> Desk<'_> {
    Desk { agency: country.sims().residence(), file: REMOVE }
}

#[tokio::test]
async fn it_is_taken_in_once_worked_on_and_notified() {
    let country = Country::usual();
    let dead = dead(&country, 0).await;
    let write = removal(&country, &dead, 7);
    assert_eq!(accepted(&write.send().await)["residence_file"], "CT-000001");
    already(&write.send().await);
    assert_eq!(desk(&country).done(&write), 1);
    pending(&write.look().await);
    pending(&write.look().await);
    let result = completed(write.look().await);
    assert_eq!((&result["file_number"], &result["notice_number"]), (&json!("CT-000001"), &json!("1/CT08")));
    assert!(country.bytes(&result["notice"]).starts_with(b"%PDF-"), "{result}");
    assert!(country.sims().person_now(&dead.0.id).unwrap().residence.is_none());
    assert_eq!(country.sims().residence().counts().refusals, [].into());
}

#[tokio::test]
async fn silence_is_found_out() {
    let country = Country::usual();
    let (one, two, three) = (dead(&country, 0).await, dead(&country, 1).await, dead(&country, 2).await);
    let writes = [removal(&country, &one, 1), removal(&country, &two, 2), removal(&country, &three, 3)];
    desk(&country).goes_silent(writes).await;
}

#[tokio::test]
async fn a_supplement_is_a_new_revision_and_ends_in_a_notice() {
    let country = Country::usual();
    let dead = dead(&country, 0).await;
    let result = desk(&country).is_worked_on(removal(&country, &dead, 7), code(8)).await;
    assert_eq!(result["notice_number"], "77/CT08");
    desk(&country).is_declined(removal(&country, &dead, 9)).await;
}

#[tokio::test]
async fn who_is_not_registered_dead_so_is_refused() {
    let country = Country::usual();
    let dead = dead(&country, 0).await;
    let mut write = removal(&country, &dead, 7);
    write.query["residence_office"] = json!("99999");
    assert_eq!(refused(write.send().await), (Some("106".into()), vec![]));
    write.query = removal(&country, &dead, 7).query;
    write.query["registration"]["number"] = json!("999");
    assert_eq!(refused(write.send().await), (Some("500".into()), vec![]));
    assert_eq!(desk(&country).done(&write), 0);
}
