//! A waybill is ordered once, appears in the feed, and can be taken back until it is collected.

use serde_json::{Value, json};
use simulators::{Misbehaviour as M, Simulators, Times};

use super::{code, with};
use crate::agencies::{answer, postal_call};
use crate::client::start;

const POST: &str = "orderpost";
const CANCEL: &str = "ordercancel";
const TRACK: &str = "ordertracking";

pub fn order(sims: &Simulators, number: u32) -> Value {
    json!({
        "CustomerCode": sims.credentials().postal_customer_code, "OrderNumber": code(number), "CODAmount": 0,
        "SenderProvince": 44, "SenderDistrict": 4400, "SenderAddress": "UBND xã Mẫu", "SenderName": "Một cửa",
        "SenderTel": "0900000000", "ReceiverName": "Nguyễn Văn Thử", "ReceiverAddress": "Thôn 1",
        "ReceiverTel": "0900000001", "ReceiverProvince": 44, "ReceiverDistrict": 4410, "FlagConfig": 2,
    })
}

pub fn about(sims: &Simulators, number: u32) -> Value {
    json!({ "CustomerCode": sims.credentials().postal_customer_code, "OrderNumber": code(number) })
}

async fn post(sims: &Simulators, operation: &str, body: &Value) -> Value {
    let (status, told) = answer(postal_call(sims, &format!("/{operation}"), Some(body)).await).await;
    assert_eq!(status, 200);
    told
}

async fn states_in_feed(sims: &Simulators, number: u32) -> Vec<String> {
    let (_, page) = answer(postal_call(sims, "/rhDoc?pagesize=100&lastId=", None).await).await;
    let rows = page["_embedded"]["rhDoc"].as_array().unwrap().clone();
    let own = rows.into_iter().filter(|row| row["orderNumber"] == code(number));
    own.map(|row| row["statusCode"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_waybill_is_given_once_and_appears_in_the_feed() {
    let sims = start();
    let told = post(&sims, POST, &order(&sims, 7)).await;
    let waybill = json!("RM000000001VN");
    assert_eq!((&told["Status"], &told["Data"]["ItemCode"]), (&json!("100"), &waybill), "{told}");
    let told = post(&sims, POST, &order(&sims, 7)).await;
    assert_eq!((&told["Status"], &told["Data"]["ItemCode"]), (&json!("104"), &waybill));
    assert!(told["Message"].as_str().unwrap().contains("đã tồn tại"));
    assert_eq!(
        (sims.postal().effects_of(POST, &code(7)), states_in_feed(&sims, 7).await),
        (1, vec!["10".to_owned()])
    );
    let told = post(&sims, TRACK, &about(&sims, 7)).await;
    assert_eq!((&told["Data"]["statusCode"], &told["Data"]["ItemCode"]), (&json!("10"), &waybill));
    // A number of our own range is kept, and no other order gets it.
    let own = |number| with(&order(&sims, number), "ItemCode", json!("RA123456789VN"));
    assert_eq!(post(&sims, POST, &own(8)).await["Data"]["ItemCode"], "RA123456789VN");
    assert_eq!(post(&sims, POST, &own(9)).await["Status"], "108");
    // The parcels of the beginning are orders too.
    let known = with(&order(&sims, 0), "OrderNumber", json!(sims.register().parcels()[0].order));
    assert_eq!(post(&sims, POST, &known).await["Status"], "104");
}

#[tokio::test]
async fn an_order_is_taken_back_until_it_is_collected() {
    let sims = start();
    for number in [1, 2] {
        post(&sims, POST, &order(&sims, number)).await;
    }
    assert_eq!(post(&sims, CANCEL, &about(&sims, 1)).await["Status"], "100");
    assert_eq!(post(&sims, CANCEL, &about(&sims, 1)).await["Status"], "107");
    assert_eq!(states_in_feed(&sims, 1).await, ["10", "80"]);
    assert_eq!(sims.postal().effects_of(CANCEL, &code(1)), 1);
    assert!(sims.move_parcel(&code(2), 20));
    assert_eq!(post(&sims, CANCEL, &about(&sims, 2)).await["Status"], "106");
    assert_eq!(post(&sims, CANCEL, &about(&sims, 3)).await["Status"], "105");
    assert_eq!(post(&sims, TRACK, &about(&sims, 3)).await["Status"], "105");
    let wrong = with(&about(&sims, 2), "ItemCode", json!("RM000000001VN"));
    assert_eq!(post(&sims, CANCEL, &wrong).await["Status"], "105");
}

#[tokio::test]
async fn every_deviation_of_an_order_is_refused() {
    let sims = start();
    let own = order(&sims, 7);
    for (body, status) in [
        (with(&own, "CustomerCode", json!("KHAC")), "103"),
        (with(&own, "OrderNumber", json!("")), "101"),
        (with(&own, "ReceiverName", Value::Null), "101"),
        (with(&own, "ReceiverTel", json!(900)), "101"),
        (with(&own, "SenderEmail", json!(1)), "101"),
        (with(&own, "SenderDistrict", json!("4400")), "101"),
        (with(&own, "ReceiverProvince", json!(5)), "102"),
        (with(&own, "FlagConfig", json!(1)), "101"),
        (with(&own, "CODAmount", json!(-1)), "101"),
        (with(&own, "ItemCode", json!("RM1VN")), "101"),
        (with(&own, "ItemCode", json!("rá123456789VN")), "101"),
        (with(&own, "Thua", json!(1)), "101"),
    ] {
        assert_eq!(post(&sims, POST, &body).await["Status"], status, "{body}");
    }
    assert_eq!(post(&sims, CANCEL, &with(&about(&sims, 7), "Thua", json!(1))).await["Status"], "101");
    assert_eq!(post(&sims, TRACK, &with(&about(&sims, 7), "Thua", json!(1))).await["Status"], "101");
    assert_eq!(sims.postal().effects().len(), 0);
}

#[tokio::test]
async fn lost_replies_leave_one_order_or_none() {
    let sims = start();
    let agency = sims.postal();
    for (number, kind, first, then) in [
        (1, M::CommitThenDrop, "100", "100"),
        (2, M::DropBeforeCommit, "105", "105"),
        (3, M::CommitLate, "105", "100"),
    ] {
        agency.misbehave_on(POST, kind, Times::Once).unwrap();
        assert!(postal_call(&sims, "/orderpost", Some(&order(&sims, number))).await.send().await.is_err());
        assert_eq!(post(&sims, TRACK, &about(&sims, number)).await["Status"], first);
        assert_eq!(post(&sims, TRACK, &about(&sims, number)).await["Status"], then);
        assert_eq!(agency.effects_of(POST, &code(number)), u64::from(then == "100"));
    }
    agency.misbehave_on(CANCEL, M::CommitThenDrop, Times::Once).unwrap();
    assert!(postal_call(&sims, "/ordercancel", Some(&about(&sims, 1))).await.send().await.is_err());
    assert_eq!(post(&sims, TRACK, &about(&sims, 1)).await["Data"]["statusCode"], "80");
    agency.misbehave_on(POST, M::OkWithError, Times::Once).unwrap();
    assert_eq!(post(&sims, POST, &order(&sims, 4)).await["Status"], "199");
    agency.misbehave_on(POST, M::UnknownState, Times::Once).unwrap();
    assert_eq!(post(&sims, POST, &order(&sims, 4)).await["Status"], "177");
    assert_eq!(agency.effects_of(POST, &code(4)), 1);
}
