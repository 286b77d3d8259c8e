//! One cache under every read of every agency: kept once, given to whom it is due, refused to whom it is not.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use futures_util::{StreamExt, stream};
use sandbox::caller::{USUAL_DOSSIER, purpose_of};
use sandbox::questions::{about, act_by_registration, insured, unit_of};
use sandbox::world::PROVINCE;
use sandbox::{Caller, Told};
use serde_json::{Value, json};
use simulators::{Party, Register};

use crate::Wishes;
use crate::ground::{Dice, Ground, SERVICES};
use crate::score::{Counts, Score, bar};

/// Subjects of one service.
const SUBJECTS: usize = 8;
/// How often each subject is asked about, in each of two dossiers.
const ROUNDS: usize = 3;
const AT_ONCE: usize = 32;
/// A document is granted to the one to whom its answer went: each asks for its own.
const NEVER_KEPT: &str = "e-receipt.file";
/// What the connector may ask (config/policy.toml).
const CONNECTORS: [&str; 4] =
    ["residence.person", "residence.verify", "civil-status.dossier-status", "postal.quote"];
/// Two dossiers of the same officer: what one has fetched is not the other's (`share = "dossier"`).
const DOSSIERS: [&str; 2] = [USUAL_DOSSIER, "H56.14-250812-0036"];

/// From, to, grams, cash to be collected, and what the sample tariff takes in đồng: 18,000 within a province and 28,000 between
/// two, 5,000 for each further half kilogram begun, a hundredth of the cash (interfaces B.5).
const QUOTES: [(&str, &str, u32, u32, u32); 5] = [
    ("44", "10", 100, 0, 28_000),
    ("10", "10", 100, 0, 18_000),
    ("10", "10", 501, 0, 23_000),
    ("44", "10", 1_600, 0, 43_000),
    ("44", "10", 100, 250_000, 30_500),
];

/// A question, and where its answer shows that it is about the right subject.
#[derive(Clone)]
struct Asked {
    service: &'static str,
    query: Value,
    unit: String,
    shows: (&'static str, Value),
}

/// Every read about several subjects in two dossiers, in an order from the seed, out of one cache; then the same by a client
/// that policy shuts out.
pub async fn prove(ground: &Ground, wishes: &Wishes, score: &mut Score) -> Result<()> {
    let questions = questions(ground.world.simulators.register())?;
    let missing = SERVICES.iter().find(|name| !questions.iter().any(|asked| asked.service == **name));
    score.check(missing.is_none(), || format!("{missing:?} is asked by nobody"));
    let mut turns: Vec<(&str, &Asked)> = (0..ROUNDS)
        .flat_map(|_| {
            DOSSIERS.into_iter().flat_map(|dossier| questions.iter().map(move |asked| (dossier, asked)))
        })
        .collect();
    shuffle(&mut turns, &mut Dice::new(wishes.seed));
    let mut counts = Counts::default();
    let mut misses: BTreeMap<&str, usize> = BTreeMap::new();
    let bar = bar(turns.len(), "reads of every service");
    let mut told = stream::iter(turns)
        .map(async |(dossier, asked)| (asked, ask(&ground.one_stop, asked, dossier).await))
        .buffer_unordered(AT_ONCE);
    while let Some((asked, told)) = told.next().await {
        let told = told?;
        let verdict = judge(asked, &told);
        score.check(verdict.is_none(), || format!("{}: {}", asked.service, verdict.unwrap_or_default()));
        *misses.entry(asked.service).or_default() += usize::from(told.at("/source/cache") == "miss");
        counts.one(format!("{}: {}", asked.service, told.at("/source/cache").as_str().unwrap_or("-")));
        bar.inc(1);
    }
    bar.finish_and_clear();
    for service in SERVICES {
        let subjects = questions.iter().filter(|asked| asked.service == service).count();
        let missed = misses.get(service).copied().unwrap_or_default();
        let turns = subjects * DOSSIERS.len() * ROUNDS;
        // Once for each subject and dossier at least, as nothing is shared across dossiers; records of people lie there from before.
        // Callers who wait for one load are told `miss` as well: all of one subject's turns but the last at most.
        let least = if service == "residence.person" { subjects } else { subjects * DOSSIERS.len() };
        let sound = if service == NEVER_KEPT { missed == turns } else { (least..turns).contains(&missed) };
        score
            .check(sound, || format!("{service}: {missed} loads in {turns} reads about {subjects} subjects"));
    }
    shut_out(ground, &questions, score, &mut counts).await?;
    counts.print(&format!(
        "{SUBJECTS} subjects of each service at most, {ROUNDS} times in each of two dossiers"
    ));
    Ok(())
}

/// What lies in the cache is no way around the policy: the connector may ask little.
async fn shut_out(
    ground: &Ground,
    questions: &[Asked],
    score: &mut Score,
    counts: &mut Counts,
) -> Result<()> {
    for asked in questions.iter().filter(|asked| !CONNECTORS.contains(&asked.service)) {
        let told = ask(&ground.connector, asked, USUAL_DOSSIER).await?;
        score.check(told.status == 403, || {
            format!("{}: the connector is told {}", asked.service, told.status)
        });
        counts.one("a client that policy shuts out: 403, though it lies in the cache");
    }
    Ok(())
}

async fn ask(caller: &Caller, asked: &Asked, dossier: &str) -> Result<Told> {
    caller.ask_for(asked.service, purpose_of(dossier, &asked.unit), asked.query.clone()).await
}

/// What is wrong with an answer; never whom it was about.
fn judge(asked: &Asked, told: &Told) -> Option<String> {
    if told.word() != "found" {
        return Some(format!("{} {}", told.status, told.word()));
    }
    let (pointer, value) = &asked.shows;
    (told.at(pointer) != value).then(|| format!("{pointer} is somebody else's"))
}

fn shuffle<T>(items: &mut [T], dice: &mut Dice) {
    for end in (1..items.len()).rev() {
        items.swap(end, dice.below(end + 1));
    }
}

fn questions(register: &Register) -> Result<Vec<Asked>> {
    let mut all = of_persons(register)?;
    all.extend(of_civil_status(register));
    all.extend(of_tax(register));
    all.extend(of_carriers_of_papers(register));
    Ok(all)
}

const UNIT: &str = "H56.14";

fn asked(service: &'static str, query: Value, shows: (&'static str, Value)) -> Asked {
    Asked { service, query, unit: UNIT.into(), shows }
}

fn of_persons(register: &Register) -> Result<Vec<Asked>> {
    let mut all = Vec::new();
    for person in register.ordinary().filter(|person| register.household_of(person).is_some()).take(SUBJECTS)
    {
        let home = register.household_of(person).context("a household")?;
        let query = about(person);
        all.push(asked("residence.person", query.clone(), ("/data/personal_id", json!(person.id))));
        all.push(asked("residence.verify", query.clone(), ("/data/verified", json!(true))));
        all.push(asked("residence.household", query, ("/data/address/detail", json!(home.address.detail))));
        let Some(number) = register.social_insurance_number(person) else { continue };
        let name = ("/data/full_name", json!(person.name.full()));
        all.push(asked("social-insurance.person", json!({ "insurance_number": number }), name.clone()));
        all.push(asked("social-insurance.household", insured(person), name));
    }
    Ok(all)
}

fn of_civil_status(register: &Register) -> Vec<Asked> {
    let acts = register.registrations().iter().filter(|act| act.province == PROVINCE).take(SUBJECTS);
    let acts = acts.map(|act| {
        asked("civil-status.record", act_by_registration(act), ("/data/number", json!(act.number)))
    });
    let states = (1..=4).filter_map(|state| register.dossier_in_state(state));
    let states = states.map(|dossier| {
        let query = json!({ "dossier": dossier.code, "office": dossier.unit });
        asked("civil-status.dossier-status", query, ("/data/dossier", json!(dossier.code)))
    });
    acts.chain(states).collect()
}

fn of_tax(register: &Register) -> Vec<Asked> {
    let companies = register.companies().iter().take(SUBJECTS).map(|company| {
        let query = json!({ "tax_code": company.tax_code });
        asked("tax.taxpayer", query, ("/data/full_name", json!(company.name)))
    });
    let notices = register.notices().iter().filter(|notice| !notice.levies.is_empty()).take(SUBJECTS);
    let notices = notices.map(|notice| {
        let query = json!({ "dossier": notice.dossier });
        asked("tax.obligations", query, ("/data/dossier", json!(notice.dossier)))
    });
    companies.chain(notices).collect()
}

fn of_carriers_of_papers(register: &Register) -> Vec<Asked> {
    let quotes = QUOTES.into_iter().map(|(from, to, weight_g, cash, total)| {
        let place = |province: &str| json!({ "province": province, "district": format!("{province}0") });
        let query = json!({
            "sender": place(from), "receiver": place(to), "weight_g": weight_g, "cash_on_delivery": cash,
        });
        asked("postal.quote", query, ("/data/total", json!(total)))
    });
    let receipts = [(Party::EReceiptVnpt, "vnpt"), (Party::EReceiptViettel, "viettel")];
    let receipts = receipts.into_iter().flat_map(|(party, provider)| {
        let own = register.receipts().iter().filter(move |receipt| receipt.provider == party).take(SUBJECTS);
        own.flat_map(move |receipt| {
            ["e-receipt.receipt", "e-receipt.file"].map(|service| Asked {
                service,
                query: json!({ "key": receipt.key }),
                unit: unit_of(&receipt.dossier).to_owned(),
                shows: ("/data/provider", json!(provider)),
            })
        })
    });
    quotes.chain(receipts).collect()
}
