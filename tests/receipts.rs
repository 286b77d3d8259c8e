//! Two providers of electronic receipts behind the same services: the unit chooses, and nothing of one reaches the other.

use futures_util::future::join_all;
use sandbox::questions::unit_of;
use sandbox::{Told, World, WorldOptions};
use serde_json::{Value, json};
use simulators::{Handle, Misbehaviour, Party, Receipt, Times};

use crate::harness::{Town, run};

const VNPT: &str = "e-receipt-vnpt";
const VIETTEL: &str = "e-receipt-viettel";
const SEARCH: &str = "searchInvoiceByTransactionUuid";
const LIST: &str = "listInvByCus";
const LOGIN: &str = "login";

fn change(world: &World, file: &str, how: impl FnOnce(String) -> String) {
    let file = world.folder().join("config").join(file);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, how(text)).unwrap();
}

/// Takes the units of the first provider away, or gives the second some: whatever stands in the block's first lines.
fn replace(world: &World, from: &str, to: &str) {
    change(world, "agencies.toml", |text| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    });
}

fn receipts(town: &Town, provider: Party) -> Vec<Receipt> {
    let receipts = town.register().receipts().iter();
    receipts.filter(|receipt| receipt.provider == provider).cloned().collect()
}

fn purpose(receipt: &Receipt, unit: &str) -> Value {
    json!({ "procedure": "1.000656", "dossier": receipt.dossier, "unit": unit, "officer": "cb01" })
}

async fn ask(town: &Town, service: &str, receipt: &Receipt, unit: &str) -> Told {
    let query = json!({ "key": receipt.key });
    town.one_stop.ask_for(service, purpose(receipt, unit), query).await.unwrap()
}

fn asked(handle: &Handle) -> u64 {
    handle.counts().requests
}

#[tokio::test]
async fn a_units_receipt_comes_from_its_own_provider_and_the_other_hears_nothing() {
    let town = Town::usual().await;
    let (vnpt, viettel) = (town.simulators().e_receipt_vnpt(), town.simulators().e_receipt_viettel());
    for (provider, agency, word, asked_one, other) in [
        (Party::EReceiptVnpt, VNPT, "vnpt", vnpt, viettel),
        (Party::EReceiptViettel, VIETTEL, "viettel", viettel, vnpt),
    ] {
        let before = (asked(asked_one), asked(other));
        let all = receipts(&town, provider);
        let charges = all.iter().filter(|receipt| receipt.key.ends_with("-LP")).take(2);
        // A receipt that is told without its key is among VNPT's first eight.
        for receipt in all.iter().take(8).chain(charges) {
            let told = ask(&town, "e-receipt.receipt", receipt, unit_of(&receipt.dossier)).await;
            assert_eq!((told.status, told.word()), (200, "found"), "{}: {}", receipt.key, told.body);
            assert_eq!(told.at("/source/agency"), agency);
            assert_eq!(
                (told.at("/data/key"), told.at("/data/provider")),
                (&json!(receipt.key), &json!(word))
            );
            let number = (told.at("/data/serial"), told.at("/data/number"));
            assert_eq!(number, (&json!(receipt.serial), &json!(receipt.number)), "{}", told.body);
            if provider == Party::EReceiptVnpt {
                let told = (told.at("/data/amount"), told.at("/data/issued_on"), told.at("/data/state"));
                let expected = (&json!(receipt.amount), &json!(receipt.issued_on.iso()), &json!("issued"));
                assert_eq!(told, expected);
            }
        }
        assert!(asked(asked_one) > before.0);
        assert_eq!(asked(other), before.1, "{agency} alone was asked");
        assert_eq!(asked_one.counts().refusals, [].into(), "{agency} refused something");
    }
    let audit = town.audit_text();
    assert!([VNPT, VIETTEL].iter().all(|agency| audit.contains(&format!("\"agency\":\"{agency}\""))));
    let metrics = town.metrics().await;
    assert!([VNPT, VIETTEL].iter().all(|agency| metrics.contains(&format!("agency=\"{agency}\""))));
}

#[tokio::test]
async fn both_providers_stand_in_the_catalogue_and_among_the_links() {
    let town = Town::usual().await;
    let services = town.one_stop.get("/v1/services").await.unwrap();
    let service = |name: &str| {
        let services = services.at("/services").as_array().unwrap();
        services.iter().find(|service| service["name"] == name).unwrap()["agencies"].clone()
    };
    let expected = json!([
        { "name": VIETTEL, "units": [] },
        { "name": VNPT, "units": ["H56*", "H26*", "H17*"] },
    ]);
    assert_eq!((service("e-receipt.receipt"), service("e-receipt.file")), (expected.clone(), expected));
    assert_eq!(service("residence.person"), json!([{ "name": "residence", "units": [] }]));
    let links = town.one_stop.get("/v1/agencies").await.unwrap();
    let names: Vec<&Value> =
        links.at("/agencies").as_array().unwrap().iter().map(|agency| &agency["name"]).collect();
    assert!(names.contains(&&json!(VNPT)) && names.contains(&&json!(VIETTEL)), "{names:?}");
}

#[tokio::test]
async fn the_same_question_of_two_units_is_two_questions() {
    let town = Town::usual().await;
    let receipt = &receipts(&town, Party::EReceiptVnpt)[0];
    // The dossier and the key are the same: only the unit tells them apart, and the cache keeps them apart.
    for expected in ["miss", "hit"] {
        let own = ask(&town, "e-receipt.receipt", receipt, unit_of(&receipt.dossier)).await;
        assert_eq!((own.word(), own.at("/source/agency")), ("found", &json!(VNPT)), "{}", own.body);
        assert_eq!(own.at("/source/cache"), expected);
        let other = ask(&town, "e-receipt.receipt", receipt, "H57.1").await;
        assert_eq!((other.word(), other.at("/source/agency")), ("absent", &json!(VIETTEL)), "{}", other.body);
        assert_eq!(other.at("/source/cache"), expected);
    }
    // Two units of one provider share what one dossier may share.
    let neighbour = ask(&town, "e-receipt.receipt", receipt, "H17.3").await;
    assert_eq!(
        (neighbour.word(), neighbour.at("/source/cache")),
        ("found", &json!("hit")),
        "{}",
        neighbour.body
    );
}

#[tokio::test]
async fn a_provider_that_is_down_does_not_close_the_other() {
    let town = Town::usual().await;
    let (ours, theirs) = (receipts(&town, Party::EReceiptVnpt), receipts(&town, Party::EReceiptViettel));
    town.simulators()
        .e_receipt_vnpt()
        .misbehave(Misbehaviour::ServerError { status: 503 }, Times::Always)
        .unwrap();
    for receipt in &ours[..8] {
        let told = ask(&town, "e-receipt.receipt", receipt, unit_of(&receipt.dossier)).await;
        assert_eq!((told.status, told.at("/agency")), (503, &json!(VNPT)), "{}", told.body);
    }
    let told = ask(&town, "e-receipt.receipt", &theirs[0], unit_of(&theirs[0].dossier)).await;
    assert_eq!((told.word(), told.at("/source/agency")), ("found", &json!(VIETTEL)), "{}", told.body);
}

#[tokio::test]
async fn a_token_that_ends_costs_one_login_and_the_provider_without_tokens_none() {
    let town = Town::usual().await;
    let viettel = town.simulators().e_receipt_viettel();
    let theirs = receipts(&town, Party::EReceiptViettel);
    for round in 0..3 {
        let some = theirs[round * 6..][..6].iter();
        let told =
            join_all(some.map(|receipt| ask(&town, "e-receipt.receipt", receipt, unit_of(&receipt.dossier))))
                .await;
        assert!(told.iter().all(|told| told.word() == "found"), "{told:?}");
        assert_eq!(viettel.requests_of(LOGIN), round as u64 + 1);
        town.simulators().expire_receipt_tokens();
    }
    assert_eq!(viettel.counts().tokens_issued, 3);
}

#[tokio::test]
async fn somebody_elses_receipt_is_nobodys() {
    let town = Town::usual().await;
    let cases = [
        (Party::EReceiptVnpt, town.simulators().e_receipt_vnpt(), LIST),
        (Party::EReceiptViettel, town.simulators().e_receipt_viettel(), SEARCH),
    ];
    for (provider, handle, operation) in cases {
        for misbehaviour in [Misbehaviour::WrongPerson, Misbehaviour::TwoPeople] {
            handle.misbehave_on(operation, misbehaviour.clone(), Times::Always).unwrap();
            let receipt = &receipts(&town, provider)[0];
            let told = ask(&town, "e-receipt.receipt", receipt, unit_of(&receipt.dossier)).await;
            let own = told.word() == "found" && told.at("/data/number") == &json!(receipt.number);
            assert!(own || told.word() == "malformed", "{misbehaviour:?}: {}", told.body);
            handle.behave().unwrap();
        }
    }
}

#[tokio::test]
async fn the_file_is_asked_of_the_units_provider_too() {
    let town = Town::usual().await;
    let (vnpt, viettel) = (town.simulators().e_receipt_vnpt(), town.simulators().e_receipt_viettel());
    let (ours, theirs) = (receipts(&town, Party::EReceiptVnpt), receipts(&town, Party::EReceiptViettel));
    ask(&town, "e-receipt.file", &ours[0], unit_of(&ours[0].dossier)).await;
    assert_eq!((vnpt.requests_of("downloadInvPDFFkey"), asked(viettel)), (1, 0));
    let before = asked(vnpt);
    ask(&town, "e-receipt.file", &theirs[0], unit_of(&theirs[0].dossier)).await;
    assert_eq!((viettel.requests_of("getInvoiceRepresentationFile"), asked(vnpt)), (1, before));
}

#[tokio::test]
async fn a_unit_that_no_provider_serves_is_told_so_before_anybody_is_asked() {
    let world = World::build(&WorldOptions::default()).unwrap();
    replace(&world, "[e-receipt-viettel]\n", "[e-receipt-viettel]\nunits = [\"H57*\"]\n");
    let town = Town::of(world).await;
    let receipt = &receipts(&town, Party::EReceiptVnpt)[0];
    let told = ask(&town, "e-receipt.receipt", receipt, "H60.2").await;
    assert_eq!((told.status, told.word()), (422, "invalid"), "{}", told.body);
    let error = |told: &Told| (told.at("/errors/0/pointer").clone(), told.at("/errors/0/code").clone());
    assert_eq!(error(&told), (json!("/purpose/unit"), json!("unit-not-served")));
    assert!(!told.at("/errors/0/detail").as_str().unwrap().is_empty());
    let mut purpose = purpose(receipt, "");
    purpose.as_object_mut().unwrap().remove("unit");
    let query = json!({ "key": receipt.key });
    let told = town.one_stop.ask_for("e-receipt.receipt", purpose, query).await.unwrap();
    assert_eq!(error(&told), (json!("/purpose/unit"), json!("required")), "{}", told.body);
    let (vnpt, viettel) = (town.simulators().e_receipt_vnpt(), town.simulators().e_receipt_viettel());
    assert_eq!((asked(vnpt), asked(viettel)), (0, 0));
}

#[test]
fn blocks_that_leave_no_choice_are_refused_and_both_are_named() {
    let cases = [
        ("units = [\"H56*\", \"H26*\", \"H17*\"]\n", "", "for every unit"),
        (
            "[e-receipt-viettel]\n",
            "[e-receipt-viettel]\nunits = [\"H56.20*\"]\n",
            "`H56.20*` of the one and `H56*`",
        ),
        ("units = [\"H56*\", ", "units = [\"h56*\", ", "[e-receipt-vnpt] units: `h56*` is neither"),
    ];
    for (from, to, words) in cases {
        let world = World::build(&WorldOptions::default()).unwrap();
        replace(&world, from, to);
        let config = world.config_file().display().to_string();
        let said = run(&["config", "check", "--config", &config], &[]);
        let text = String::from_utf8_lossy(&said.stdout) + String::from_utf8_lossy(&said.stderr);
        assert!(!said.status.success() && text.contains(words), "{words}: {text}");
        let both = ["e-receipt.receipt", "e-receipt.file"]
            .map(|service| format!("[e-receipt-viettel] and [e-receipt-vnpt] both answer {service}"));
        assert!(
            words.starts_with("[e-receipt-vnpt]") || both.iter().all(|both| text.contains(both)),
            "{text}"
        );
    }
}
