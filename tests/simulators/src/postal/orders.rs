//! Orders: a waybill for each, once; fields \[SRC\] interfaces 12, the rest \[SIM\].
//!
//! Settings of the simulator \[SIM\]: the paths are the LGSP names without their prefix; an order number given a second
//! time is `Status` 104 with the waybill of the first; 105 unknown, 106 collected already, 107 cancelled already, 108 a
//! waybill number that another order has; a cancellation may say why in `Description`; the post's own numbers are `RM` and nine digits and `VN`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use super::feed::{Feed, words};
use super::{
    CANCELLED, COLLECTED, MALFORMED, PROVINCES, Postal, Refusal, TAKEN_CODE, UNKNOWN_ORDER, UNKNOWN_PROVINCE,
};
use crate::misbehaviour::{Fate, Misbehaviour, fields};
use crate::wire::Site;
use crate::wire::http::Request;

/// The two first states and the last: ordered, collected, cancelled (B.5).
const ORDERED: u16 = 10;
const CANCELLED_STATE: u16 = 80;
/// FlagConfig of the only public example.
const FLAG: u64 = 2;

const REQUIRED_TEXTS: [&str; 7] = [
    "OrderNumber",
    "SenderAddress",
    "SenderName",
    "SenderTel",
    "ReceiverName",
    "ReceiverAddress",
    "ReceiverTel",
];
const OPTIONAL_TEXTS: [&str; 5] = ["ItemCode", "SenderEmail", "SenderDesc", "Description", "ReceiverEmail"];
const REQUIRED_NUMBERS: [&str; 5] =
    ["SenderProvince", "SenderDistrict", "ReceiverProvince", "ReceiverDistrict", "FlagConfig"];

/// What became of an order that was given.
enum Given {
    New(String),
    /// With the waybill of the first.
    Again(Option<String>),
    TakenCode,
}

/// Waybills by order number; those of the beginning have none here, only rows in the feed.
#[derive(Debug)]
pub(super) struct Orders {
    feed: Arc<Feed>,
    waybills: Mutex<BTreeMap<String, String>>,
}

impl Orders {
    pub(super) fn new(feed: Arc<Feed>) -> Self {
        Self { feed, waybills: Mutex::default() }
    }

    fn waybills(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.waybills.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give(&self, order: &str, code: Option<String>) -> Given {
        let mut waybills = self.waybills();
        if self.feed.state_of(order).is_some() {
            return Given::Again(waybills.get(order).cloned());
        }
        if code.as_ref().is_some_and(|code| waybills.values().any(|own| own == code)) {
            return Given::TakenCode;
        }
        let code = code.unwrap_or_else(|| format!("RM{:09}VN", waybills.len() + 1));
        waybills.insert(order.to_owned(), code.clone());
        self.feed.append(order, ORDERED);
        Given::New(code)
    }

    fn take_back(&self, order: &str) -> Result<(), Refusal> {
        // Held, so that two cannot take back at once.
        let _waybills = self.waybills();
        match self.feed.state_of(order) {
            None => Err(UNKNOWN_ORDER),
            Some(ORDERED) => {
                self.feed.append(order, CANCELLED_STATE);
                Ok(())
            }
            Some(CANCELLED_STATE) => Err(CANCELLED),
            Some(_) => Err(COLLECTED),
        }
    }
}

impl Postal {
    pub(super) fn post(
        &self,
        site: &Arc<Site>,
        request: &Request,
        misbehaviour: Option<&Misbehaviour>,
    ) -> Result<Value, Refusal> {
        let asked = self.customers(request)?;
        let order = text(&asked, "OrderNumber")?.to_owned();
        site.tally.asked_for(&order);
        check(&asked)?;
        let code = asked.get("ItemCode").and_then(Value::as_str).filter(|code| !code.is_empty());
        let code = code.map(str::to_owned);
        if code.as_ref().is_some_and(|code| !is_item_code(code)) {
            return Err(MALFORMED);
        }
        let (orders, tally, own) = (Arc::clone(&self.orders), Arc::clone(&site.tally), order.clone());
        let given = site.late.write(Fate::of(misbehaviour), &[&order], move || {
            let given = orders.give(&own, code);
            if let Given::New(_) = given {
                tally.did("orderpost", &own);
            }
            given
        });
        let (status, message, code) = match given {
            Some(Given::New(code)) => ("100", "Thành công", Some(code)),
            Some(Given::Again(code)) => {
                site.tally.refused("known-order");
                ("104", "Đơn hàng đã tồn tại", code)
            }
            Some(Given::TakenCode) => return Err(TAKEN_CODE),
            None => ("100", "Thành công", None),
        };
        let mut told = json!({
            "Status": status, "Message": message, "Data": { "OrderNumber": order, "ItemCode": code },
        });
        fields::spoil(&mut told, misbehaviour, "Status", "TrangThai");
        fields::unknown_state(&mut told, misbehaviour, "Status", json!("177"));
        Ok(told)
    }

    pub(super) fn cancel(
        &self,
        site: &Arc<Site>,
        request: &Request,
        misbehaviour: Option<&Misbehaviour>,
    ) -> Result<Value, Refusal> {
        let asked = self.customers(request)?;
        only(&asked, &["CustomerCode", "OrderNumber", "ItemCode", "Description"])?;
        let order = text(&asked, "OrderNumber")?.to_owned();
        site.tally.asked_for(&order);
        if asked.contains_key("ItemCode") {
            let own = self.orders.waybills().get(&order).cloned();
            if own.as_deref() != Some(text(&asked, "ItemCode")?) {
                return Err(UNKNOWN_ORDER);
            }
        }
        let (orders, tally, own) = (Arc::clone(&self.orders), Arc::clone(&site.tally), order.clone());
        let taken_back = site.late.write(Fate::of(misbehaviour), &[&order], move || {
            let taken_back = orders.take_back(&own);
            if taken_back.is_ok() {
                tally.did("ordercancel", &own);
            }
            taken_back
        });
        taken_back.unwrap_or(Ok(()))?;
        let mut told = json!({ "Status": "100", "Message": "Thành công" });
        fields::spoil(&mut told, misbehaviour, "Status", "TrangThai");
        fields::unknown_state(&mut told, misbehaviour, "Status", json!("177"));
        Ok(told)
    }

    pub(super) fn track(
        &self,
        site: &Site,
        request: &Request,
        misbehaviour: Option<&Misbehaviour>,
    ) -> Result<Value, Refusal> {
        let asked = self.customers(request)?;
        only(&asked, &["CustomerCode", "OrderNumber"])?;
        let order = text(&asked, "OrderNumber")?;
        site.tally.asked_for(order);
        let (state, code) = (self.feed.state_of(order), self.orders.waybills().get(order).cloned());
        site.late.looked(order);
        let state = state.ok_or(UNKNOWN_ORDER)?;
        let mut data = json!({
            "OrderNumber": order, "ItemCode": code, "statusCode": state.to_string(), "statusMessage": words(state),
        });
        fields::spoil(&mut data, misbehaviour, "statusCode", "maTrangThai");
        fields::unknown_state(&mut data, misbehaviour, "statusCode", json!("77"));
        Ok(json!({ "Status": "100", "Message": "Thành công", "Data": data }))
    }
}

fn check(asked: &Map<String, Value>) -> Result<(), Refusal> {
    let known: Vec<&str> = ["CustomerCode", "CODAmount"]
        .into_iter()
        .chain(REQUIRED_TEXTS)
        .chain(OPTIONAL_TEXTS)
        .chain(REQUIRED_NUMBERS)
        .collect();
    only(asked, &known)?;
    REQUIRED_TEXTS.iter().try_for_each(|name| text(asked, name).map(drop))?;
    let texts = |name: &&str| asked.get(*name).is_none_or(Value::is_string);
    let whole = |name: &str| asked.get(name).and_then(Value::as_u64).ok_or(MALFORMED);
    REQUIRED_NUMBERS.iter().try_for_each(|name| whole(name).map(drop))?;
    let collected = asked.get("CODAmount").is_none_or(Value::is_u64);
    if !OPTIONAL_TEXTS.iter().all(texts) || !collected || whole("FlagConfig")? != FLAG {
        return Err(MALFORMED);
    }
    let provinces = [whole("SenderProvince")?, whole("ReceiverProvince")?];
    if provinces.iter().all(|province| PROVINCES.contains(province)) { Ok(()) } else { Err(UNKNOWN_PROVINCE) }
}

/// Two letters, nine digits, `VN`: the form of the Universal Postal Union.
fn is_item_code(code: &str) -> bool {
    let (head, rest) = code.split_at_checked(2).unwrap_or_default();
    let digits = rest.strip_suffix("VN").unwrap_or_default();
    head.bytes().all(|letter| letter.is_ascii_uppercase())
        && digits.len() == 9
        && digits.bytes().all(|digit| digit.is_ascii_digit())
}

fn only(asked: &Map<String, Value>, known: &[&str]) -> Result<(), Refusal> {
    let strange = asked.keys().any(|name| !known.contains(&name.as_str()));
    if strange { Err(MALFORMED) } else { Ok(()) }
}

fn text<'a>(asked: &'a Map<String, Value>, name: &str) -> Result<&'a str, Refusal> {
    asked.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty()).ok_or(MALFORMED)
}
