//! A parcel is ordered and taken back at the post, whose tracking feed tells after silence.

use super::*;

const ORDER: &str = "orderpost";
const CANCEL: &str = "ordercancel";

fn order(country: &Country, number: u32) -> Write<'_> {
    let place = json!({ "province": "44", "district": "4410" });
    let query = json!({
        "sender": { "full_name": "UBND xã Mẫu", "address": "Thôn 1, xã Mẫu", "place": place, "phone": "0900000000" },
        "receiver": {
            "full_name": "Nguyễn Văn Thử", "address": "Thôn 2, xã Mẫu", "place": place, "phone": "0900000001",
        },
        "contents": "Trích lục khai tử",
    });
    Write::of(country, "postal.create-item", own(number), query)
}

fn cancel(country: &Country, number: u32) -> Write<'_> {
    let query = json!({ "order_number": own(number), "reason": "Người dân nhận trực tiếp" });
    Write::of(country, "postal.cancel-item", code(500 + number), query)
}

/// An order number that nobody of the register has.
fn own(number: u32) -> String {
    format!("H56.14-260102-{number:04}")
}

fn ordered(country: &Country, number: u32) -> u64 {
    country.sims().postal().effects_of(ORDER, &own(number))
}

fn cancelled(country: &Country, number: u32) -> u64 {
    country.sims().postal().effects_of(CANCEL, &own(number))
}

#[tokio::test]
async fn a_parcel_gets_its_waybill_once() {
    let country = Country::usual();
    let write = order(&country, 1);
    assert_eq!(write.find().await, Outcome::Absent);
    let result = completed(write.send().await.unwrap());
    assert_eq!((&result["order_number"], &result["item_code"]), (&json!(own(1)), &json!("RM000000001VN")));
    already(&write.send().await);
    assert_eq!(completed(write.find().await)["order_number"], own(1));
    assert_eq!((ordered(&country, 1), country.sims().postal().requests_of(ORDER)), (1, 2));
}

#[tokio::test]
async fn silence_after_an_order_is_found_out_in_the_feed() {
    let (country, misbehave) = (Country::usual(), |country: &Country, kind| {
        country.sims().postal().misbehave_on(ORDER, kind, Times::Once).unwrap();
    });
    let (lost, never, late) = (order(&country, 1), order(&country, 2), order(&country, 3));
    misbehave(&country, M::CommitThenDrop);
    lost.send_into_silence().await;
    assert_eq!(
        (completed(lost.find().await)["order_number"].clone(), ordered(&country, 1)),
        (json!(own(1)), 1)
    );
    misbehave(&country, M::DropBeforeCommit);
    never.send_into_silence().await;
    assert_eq!((never.find().await, ordered(&country, 2)), (Outcome::Absent, 0));
    misbehave(&country, M::CommitLate);
    late.send_into_silence().await;
    assert_eq!((ordered(&country, 3), late.find().await), (0, Outcome::Absent));
    completed(late.find().await);
    assert_eq!(ordered(&country, 3), 1);
}

#[tokio::test]
async fn a_place_or_a_waybill_that_will_not_do_is_refused() {
    let country = Country::usual();
    let mut write = order(&country, 1);
    write.query["receiver"]["place"]["province"] = json!("9");
    assert_eq!(refused(write.send().await).0.as_deref(), Some("102"));
    let mut write = order(&country, 2);
    write.query["item_code"] = json!("x");
    assert_eq!(refused(write.send().await).0.as_deref(), Some("101"));
    assert_eq!((ordered(&country, 1), ordered(&country, 2)), (0, 0));
}

#[tokio::test]
async fn an_order_is_taken_back_once_and_not_after_it_was_collected() {
    let country = Country::usual();
    for number in [1, 2] {
        completed(order(&country, number).send().await.unwrap());
    }
    let write = cancel(&country, 1);
    assert_eq!(write.find().await, Outcome::Absent);
    assert_eq!(
        completed(write.send().await.unwrap()),
        json!({ "order_number": own(1), "status": "cancelled" })
    );
    already(&write.send().await);
    assert_eq!(completed(write.find().await)["status"], "cancelled");
    assert_eq!(cancelled(&country, 1), 1);
    assert!(country.sims().move_parcel(&own(2), 20));
    assert_eq!(refused(cancel(&country, 2).send().await).0.as_deref(), Some("106"));
    assert_eq!(refused(cancel(&country, 3).send().await).0.as_deref(), Some("105"));
}

#[tokio::test]
async fn silence_after_a_cancellation_is_found_out_in_the_feed() {
    let country = Country::usual();
    let kinds = [(1, M::CommitThenDrop), (2, M::DropBeforeCommit), (3, M::CommitLate)];
    for (number, kind) in kinds {
        completed(order(&country, number).send().await.unwrap());
        country.sims().postal().misbehave_on(CANCEL, kind, Times::Once).unwrap();
        let write = cancel(&country, number);
        write.send_into_silence().await;
        let (first, then) = (write.find().await, write.find().await);
        assert_eq!(first == Outcome::Absent, number != 1, "{first:?}");
        assert_eq!(then == Outcome::Absent, number == 2, "{then:?}");
        assert_eq!(cancelled(&country, number), u64::from(number != 2));
    }
}
