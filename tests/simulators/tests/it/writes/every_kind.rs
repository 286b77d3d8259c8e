//! Every write under every misbehaviour: done, done late, or not done, as promised; and sent again, done once.

use simulators::{Handle, Misbehaviour as M, Simulators, Times};

use super::{
    PUSH, code, dying, e_receipt, form, lt, postal, pushed, removal, social_affairs, social_insurance,
};
use crate::agencies::{answer, carried, insurance_call, postal_call};
use crate::client::start;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Write {
    Death,
    Removal,
    Claim,
    Support,
    Order,
    TakeBack,
    Vnpt,
    VnptCancel,
    Viettel,
    ViettelCancel,
}

use Write as W;

const WRITES: [Write; 10] = [
    W::Death,
    W::Removal,
    W::Claim,
    W::Support,
    W::Order,
    W::TakeBack,
    W::Vnpt,
    W::VnptCancel,
    W::Viettel,
    W::ViettelCancel,
];

impl Write {
    fn party(self, sims: &Simulators) -> &Handle {
        match self {
            W::Death => sims.civil_status(),
            W::Removal => sims.residence(),
            W::Claim => sims.social_insurance(),
            W::Support => sims.social_affairs(),
            W::Order | W::TakeBack => sims.postal(),
            W::Vnpt | W::VnptCancel => sims.e_receipt_vnpt(),
            W::Viettel | W::ViettelCancel => sims.e_receipt_viettel(),
        }
    }

    fn operation(self) -> &'static str {
        match self {
            W::Death => PUSH,
            W::Removal => "xoaThuongTru",
            W::Claim => "nhanHoSoTuTuat",
            W::Support => "nhanHoSoBTXH",
            W::Order => "orderpost",
            W::TakeBack => "ordercancel",
            W::Vnpt => "ImportAndPublishInv",
            W::VnptCancel => "cancelInv",
            W::Viettel => "createInvoice",
            W::ViettelCancel => "cancelTransactionInvoice",
        }
    }

    fn reference(self, number: u32) -> String {
        if matches!(self, W::Death | W::Removal | W::Claim) { lt(number) } else { code(number) }
    }

    /// What must be there before.
    async fn prepare(self, sims: &Simulators, number: u32) -> Option<(String, String)> {
        match self {
            W::TakeBack => {
                drop(answer(postal_call(sims, "/orderpost", Some(&postal::order(sims, number))).await).await)
            }
            W::VnptCancel => drop(e_receipt::issue(sims, &e_receipt::invoice(&code(number), 8_000)).await),
            W::ViettelCancel => {
                let told = e_receipt::create(sims, &e_receipt::receipt(&code(number))).await;
                let on = e_receipt::search(sims, &code(number)).await["result"][0]["issueDate"].clone();
                let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
                return Some((text(&told["result"]["invoiceNo"]), e_receipt::slashed(&on)));
            }
            _ => {}
        }
        None
    }

    async fn request(
        self,
        sims: &Simulators,
        number: u32,
        receipt: Option<&(String, String)>,
    ) -> reqwest::RequestBuilder {
        let dead = sims.register().dead().next().unwrap();
        match self {
            W::Death => {
                let person = dying(sims, 0);
                let body = pushed(person, &form(person), number);
                carried(sims, &format!("/apiLienThongKSKT/1.0/{PUSH}"), Some(&body)).await
            }
            W::Removal => carried(sims, "/cutru/1.0/xoaThuongTru", Some(&removal(sims, dead, number))).await,
            W::Claim => {
                insurance_call(sims, "nhanHoSoTuTuat", &social_insurance::claim(sims, dead, number)).await
            }
            W::Support => {
                let body = social_affairs::support(sims, dead, number);
                carried(sims, "/apiLDTBXH/1.0/nhanHoSoBTXH", Some(&body)).await
            }
            W::Order => postal_call(sims, "/orderpost", Some(&postal::order(sims, number))).await,
            W::TakeBack => postal_call(sims, "/ordercancel", Some(&postal::about(sims, number))).await,
            W::Vnpt => {
                let xml = e_receipt::invoice(&code(number), 8_000);
                e_receipt::issued(sims, &xml, "C45-BB0/002", "BM/25E")
            }
            W::VnptCancel => e_receipt::cancel_call(sims, &code(number)),
            W::Viettel => e_receipt::create_call(sims, &e_receipt::receipt(&code(number))).await,
            W::ViettelCancel => {
                let (receipt, on) = receipt.unwrap();
                e_receipt::cancel_form(sims, receipt, on).await
            }
        }
    }
}

/// Under these nothing is done; under all others it is, or (`commit-late`) will be.
fn does_nothing(kind: &M) -> bool {
    matches!(
        kind.name(),
        "refuse"
            | "html-page"
            | "server-error"
            | "ok-with-error"
            | "expired-token"
            | "signature-refused"
            | "busy"
    ) || matches!(
        kind.name(),
        "ip-disallowed" | "maintenance-window" | "too-many-requests" | "redirect" | "drop-before-commit"
    ) || matches!(kind.name(), "numbers-exhausted" | "certificate-revoked")
}

async fn send(request: reqwest::RequestBuilder) {
    if let Ok(reply) = request.send().await {
        // Of a reply that breaks off nothing more is wanted than that it was sent.
        let _ = reply.bytes().await;
    }
}

#[tokio::test]
async fn every_write_is_done_once_or_not_at_all_under_every_kind() {
    let sims = start();
    let mut number = 1000;
    let mut shown = 0;
    for write in WRITES {
        let (party, operation) = (write.party(&sims), write.operation());
        // Waiting has its own tests, and changes nothing about what is done.
        let waits = |kind: &M| matches!(kind, M::Hang | M::SlowDrip { .. } | M::Delay { .. });
        for kind in M::all().into_iter().chain(M::of_writes()).filter(|kind| !waits(kind)) {
            number += 1;
            if party.misbehave_on(operation, kind.clone(), Times::Once).is_err() {
                continue;
            }
            let receipt = write.prepare(&sims, number).await;
            let effects = || party.effects_of(operation, &write.reference(number));
            send(write.request(&sims, number, receipt.as_ref()).await).await;
            let late = kind == M::CommitLate;
            let now = u64::from(!late && !does_nothing(&kind));
            assert_eq!(effects(), now, "{write:?} {}", kind.name());
            assert_eq!(party.counts().misbehaved.values().sum::<u64>(), 1, "{write:?} {}", kind.name());
            assert_eq!(party.settle(), usize::from(late));
            let settled = now + u64::from(late);
            assert_eq!(effects(), settled);
            party.behave().unwrap();
            send(write.request(&sims, number, receipt.as_ref()).await).await;
            // Only the social insurance does not recognise what it has.
            let again = if write == W::Claim { settled + 1 } else { 1 };
            assert_eq!(effects(), again, "{write:?} after {}", kind.name());
            party.forget_counts();
            shown += 1;
        }
    }
    assert!(shown > 250, "{shown}");
}
