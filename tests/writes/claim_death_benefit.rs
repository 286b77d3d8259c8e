//! Survivors claim at the social insurance, which knows no second send: what is there is found by our reference.

use super::*;

const CLAIM: &str = "nhanHoSoTuTuat";

fn claim<'a>(country: &'a Country, (person, act): &(Person, Death), number: u32) -> Write<'a> {
    let insured = country.sims().register().social_insurance_number(person).unwrap();
    let query = json!({
        "dossier": code(number),
        "deceased": {
            "personal_id": person.id, "full_name": person.name.full(), "birth_date": person.born.iso(),
            "died_on": died().iso(), "insurance_number": insured,
        },
        "registration": { "number": act.number, "book": act.book },
        "benefit": "funeral",
        "beneficiaries": [{
            "full_name": "Nguyễn Văn Thử", "personal_id": "038070000002", "relation": "Con", "share_percent": 100,
            "account": { "number": "0000000001", "bank": "MAUVNVX" },
        }],
        "documents": [{
            "kind": "declaration", "title": "Tờ khai 09-HSB", "file_name": "09-hsb.pdf", "file": country.paper(),
        }],
    });
    Write::of(country, "social-insurance.claim-death-benefit", code(number), query)
}

fn desk(country: &Country) -> Desk<'_> {
    Desk { agency: country.sims().social_insurance(), file: CLAIM }
}

/// The nth of those who are insured.
async fn insured(country: &Country, nth: usize) -> (Person, Death) {
    let known =
        |index: &usize| country.sims().register().social_insurance_number(&country.dying(*index)).is_some();
    dead(country, (0..40).filter(known).nth(nth).unwrap()).await
}

#[tokio::test]
async fn it_is_taken_in_worked_on_and_paid() {
    let country = Country::usual();
    let dead = insured(&country, 0).await;
    let write = claim(&country, &dead, 7);
    assert_eq!(write.find().await, Outcome::Absent, "nothing yet, and said so in a list that is empty");
    let file = accepted(&write.send().await)["insurance_file"].clone();
    pending(&write.look().await);
    pending(&write.look().await);
    let result = completed(write.look().await);
    assert_eq!((&result["file_number"], &result["amount"]), (&file, &json!(23_400_000)));
    assert_eq!(
        (desk(&country).done(&write), country.sims().social_insurance().counts().refusals),
        (1, [].into())
    );
}

#[tokio::test]
async fn a_second_send_is_a_second_file_and_then_somebody_must_look() {
    let country = Country::usual();
    let dead = insured(&country, 0).await;
    let write = claim(&country, &dead, 7);
    country.sims().social_insurance().set_pace(Pace::ByHand);
    accepted(&write.send().await);
    accepted(&write.send().await);
    assert_eq!(desk(&country).done(&write), 2);
    let heard = write.ask(Asked::Find, true).await;
    assert!(matches!(heard.result, Err(Fault::Malformed(_))), "{heard:?}");
}

#[tokio::test]
async fn silence_is_found_out() {
    let country = Country::usual();
    let dead = insured(&country, 0).await;
    let writes = [claim(&country, &dead, 1), claim(&country, &dead, 2), claim(&country, &dead, 3)];
    desk(&country).goes_silent(writes).await;
}

#[tokio::test]
async fn a_supplement_is_a_new_revision_and_ends_in_a_sum() {
    let country = Country::usual();
    let dead = insured(&country, 0).await;
    let result = desk(&country).is_worked_on(claim(&country, &dead, 7), code(8)).await;
    assert_eq!(result["amount"], 23_400_000);
    desk(&country).is_declined(claim(&country, &dead, 9)).await;
}

#[tokio::test]
async fn whose_data_are_not_those_of_the_act_is_refused() {
    let country = Country::usual();
    let dead = insured(&country, 0).await;
    let mut write = claim(&country, &dead, 7);
    write.query["deceased"]["insurance_number"] = json!("0000000000");
    assert_eq!(refused(write.send().await), (Some("500".into()), vec![]));
    write.query["deceased"]["personal_id"] = json!(country.dying(9).id);
    assert_eq!(refused(write.send().await), (Some("201".into()), vec![]));
    assert_eq!(desk(&country).done(&write), 0);
}
