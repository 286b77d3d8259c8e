//! Receipts are issued and cancelled at both providers, under our reference as their key.

use super::*;

/// A provider, with a unit it issues for.
struct Provider {
    word: &'static str,
    unit: &'static str,
    issue: &'static str,
    cancel: &'static str,
}

const VNPT: Provider =
    Provider { word: "vnpt", unit: "H56.14", issue: "ImportAndPublishInv", cancel: "cancelInv" };
const VIETTEL: Provider =
    Provider { word: "viettel", unit: "H01.14", issue: "createInvoice", cancel: "cancelTransactionInvoice" };

impl Provider {
    fn agency<'a>(&self, country: &'a Country) -> &'a Handle {
        let sims = country.sims();
        if self.word == "vnpt" { sims.e_receipt_vnpt() } else { sims.e_receipt_viettel() }
    }

    fn issue<'a>(&self, country: &'a Country, number: u32) -> Write<'a> {
        let query = json!({
            "dossier": code(number), "kind": "charge",
            "payer": { "full_name": "Nguyễn Văn Thử", "personal_id": "038070000002", "address": "Thôn 1, xã Mẫu" },
            "payment_method": "transfer", "issued_on": today(country),
            "items": [{
                "code": "1.000656", "name": "Lệ phí đăng ký khai tử", "quantity": 1, "unit_price": 8000, "amount": 8000,
            }],
            "total": 8000,
        });
        Write { unit: Some(self.unit), ..Write::of(country, "e-receipt.issue", key(number), query) }
    }

    fn cancel<'a>(&self, country: &'a Country, number: u32) -> Write<'a> {
        let query = json!({
            "key": key(number), "issued_on": today(country), "reason": "Biên bản hủy số 01/BB",
            "cancelled_on": today(country),
        });
        Write { unit: Some(self.unit), ..Write::of(country, "e-receipt.cancel", code(500 + number), query) }
    }

    fn misbehaves(&self, country: &Country, operation: &str, misbehaviour: M) {
        self.agency(country).misbehave_on(operation, misbehaviour, Times::Once).unwrap();
    }

    fn issued(&self, country: &Country, number: u32) -> u64 {
        self.agency(country).effects_of(self.issue, &key(number))
    }

    fn cancelled(&self, country: &Country, number: u32) -> u64 {
        self.agency(country).effects_of(self.cancel, &key(number))
    }
}

/// Fee and charge of one dossier are two receipts with two keys (14.1).
fn key(number: u32) -> String {
    format!("{}-LP", code(number))
}

fn today(country: &Country) -> String {
    country.road.clock.now()[..10].to_owned()
}

#[tokio::test]
async fn a_receipt_is_issued_once_and_found_by_its_key() {
    let country = Country::usual();
    for provider in [VNPT, VIETTEL] {
        let write = provider.issue(&country, 7);
        assert_eq!(write.find().await, Outcome::Absent, "{}", provider.word);
        let issued = completed(write.send().await.unwrap());
        assert_eq!((&issued["key"], &issued["provider"]), (&json!(key(7)), &json!(provider.word)));
        already(&write.send().await);
        let found = completed(write.find().await);
        assert_eq!((&found["serial"], &found["number"]), (&issued["serial"], &issued["number"]));
        assert_eq!(provider.issued(&country, 7), 1);
    }
}

#[tokio::test]
async fn a_company_pays_under_its_tax_code() {
    let country = Country::usual();
    for provider in [VNPT, VIETTEL] {
        let mut write = provider.issue(&country, 7);
        write.query["payer"] = json!({ "full_name": "Công ty Mẫu", "tax_code": "0100000012" });
        completed(write.send().await.unwrap());
    }
}

#[tokio::test]
async fn a_lost_receipt_is_looked_up_by_its_key() {
    let country = Country::usual();
    for provider in [VNPT, VIETTEL] {
        for (number, kind) in [(1, M::CommitThenDrop), (2, M::DropBeforeCommit), (3, M::CommitLate)] {
            provider.misbehaves(&country, provider.issue, kind);
            let write = provider.issue(&country, number);
            write.send_into_silence().await;
            let (first, then) = (write.find().await, write.find().await);
            assert_eq!(first == Outcome::Absent, number != 1, "{} {number}: {first:?}", provider.word);
            assert_eq!(then == Outcome::Absent, number == 2, "{} {number}: {then:?}", provider.word);
            assert_eq!(provider.issued(&country, number), u64::from(number != 2));
        }
    }
}

#[tokio::test]
async fn a_provider_that_cannot_issue_says_so() {
    let country = Country::usual();
    for (provider, kind, told) in [
        (VNPT, M::NumbersExhausted, "6"),
        (VNPT, M::CertificateRevoked, "51"),
        (VIETTEL, M::NumbersExhausted, "INVOICE_NUMBER_EXHAUSTED"),
        (VIETTEL, M::CertificateRevoked, "CERTIFICATE_REVOKED"),
    ] {
        provider.misbehaves(&country, provider.issue, kind);
        assert_eq!(refused(provider.issue(&country, 7).send().await).0.as_deref(), Some(told));
        assert_eq!(provider.issued(&country, 7), 0);
    }
    let mut early = VNPT.issue(&country, 7);
    early.query["issued_on"] = json!("2025-01-02");
    let (code, findings) = refused(early.send().await);
    assert_eq!((code.as_deref(), pointers(&findings)), (Some("30"), vec!["/query/issued_on"]));
}

#[tokio::test]
async fn a_receipt_is_cancelled_once() {
    let country = Country::usual();
    for (provider, again, nobody) in [(VNPT, "9", "2"), (VIETTEL, "INVOICE_CANCELLED", "INVOICE_NOT_FOUND")] {
        completed(provider.issue(&country, 7).send().await.unwrap());
        let write = provider.cancel(&country, 7);
        let expected = json!({ "key": key(7), "provider": provider.word });
        assert_eq!(completed(write.send().await.unwrap()), expected);
        assert_eq!(refused(write.send().await).0.as_deref(), Some(again));
        assert_eq!(provider.cancelled(&country, 7), 1);
        let heard = provider.cancel(&country, 8).ask(Asked::Send, true).await;
        assert_eq!(refused(heard.result).0.as_deref(), Some(nobody));
    }
}

#[tokio::test]
async fn a_cancellation_nobody_heard_of_is_looked_up_at_vnpt_and_a_persons_to_see_at_viettel() {
    let country = Country::usual();
    for (number, kind) in [(1, M::CommitThenDrop), (2, M::DropBeforeCommit), (3, M::CommitLate)] {
        for provider in [VNPT, VIETTEL] {
            completed(provider.issue(&country, number).send().await.unwrap());
            provider.misbehaves(&country, provider.cancel, kind.clone());
            provider.cancel(&country, number).send_into_silence().await;
        }
        let write = VNPT.cancel(&country, number);
        let (first, then) = (write.find().await, write.find().await);
        assert_eq!(first == Outcome::Absent, number != 1, "{number}: {first:?}");
        assert_eq!(then == Outcome::Absent, number == 2, "{number}: {then:?}");
        assert_eq!(VNPT.cancelled(&country, number), u64::from(number != 2));
        let heard = VIETTEL.cancel(&country, number).ask(Asked::Find, true).await;
        assert!(matches!(heard.result, Err(Fault::AdapterFailed { .. })), "it cannot be asked: {heard:?}");
    }
}
