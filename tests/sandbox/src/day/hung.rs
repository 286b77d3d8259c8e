//! P7: agencies that hang, one at a time, and what the officer has on the desk all the same when the deadline comes.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use sandbox::caller::{Told, USUAL_DOSSIER, purpose_of, usual_purpose};
use sandbox::questions::{birth_form_of, couple, profile_of, unit_of};
use sandbox::world::PROVINCE;
use serde_json::{Value, json};
use simulators::{Handle, Misbehaviour, Module, Party, Person, Receipt, Times};
use tokio::time::Instant;

use super::ministries::statuses;
use super::{Day, expect, found};

/// How long the officer waits for each answer.
const PATIENCE: Duration = Duration::from_secs(2);

impl Day<'_> {
    /// The register of civil status hangs: a profile and a form without its part, and what does not need it at all. Then the
    /// post, whose news we know already, and who issues the receipts.
    pub(super) async fn with_one_agency_hung(&mut self) {
        let world = self.world;
        let simulators = &world.simulators;
        let (civil_status, postal, vnpt) =
            (simulators.civil_status(), simulators.postal(), simulators.e_receipt_vnpt());
        if self.hangs("Hệ thống hộ tịch", civil_status) {
            let profile = self.profile_without_civil_status().await;
            self.note("  Hồ sơ một người, thiếu đúng phần hộ tịch", profile);
            let form = self.form_without_civil_status().await;
            self.note("  Tờ khai khai sinh, thiếu đúng ô kết hôn", form);
            let parcel = self.parcel().await;
            self.note("  Hành trình bưu gửi, không vướng", parcel);
            let receipt = self.receipt_in_time(1).await.and_then(|(told, took)| shown(told, &took));
            self.note("  Biên lai, không vướng", receipt);
            self.is_back(civil_status);
        }
        if self.hangs("Bưu điện", postal) {
            let parcel = self.parcel().await;
            self.note("  Hành trình bưu gửi, trả lời từ dòng tin đã theo", parcel);
            self.is_back(postal);
        }
        if self.hangs("Nhà cung cấp biên lai VNPT", vnpt) {
            let receipt = self.receipt_in_time(2).await.and_then(|(told, took)| refused(told, &took));
            self.note("  Biên lai, nói rõ vì sao chưa có", receipt);
            self.is_back(vnpt);
        }
    }

    /// From now on it answers nobody; `false`, and told as wrong, if it cannot be brought to that.
    fn hangs(&mut self, who: &str, agency: &Handle) -> bool {
        self.begin("Một cơ quan im lặng");
        let hung = agency.misbehave(Misbehaviour::Hang, Times::Always);
        let well = hung.is_ok();
        let detail = format!("mỗi câu hỏi có hạn {} ms", PATIENCE.as_millis());
        self.note(&format!("{who} im lặng"), hung.map(|()| detail).map_err(Into::into));
        well
    }

    fn is_back(&mut self, agency: &Handle) {
        if let Err(error) = agency.behave() {
            self.note("Cơ quan trở lại", Err(error.into()));
        }
    }

    /// Asks within the officer's patience, and says how long it took.
    async fn ask_in_time(&self, service: &str, purpose: Value, query: Value) -> (Result<Told>, String) {
        let begun = Instant::now();
        let told = self.one_stop.ask_for_within(PATIENCE, service, purpose, query).await;
        let took = begun.elapsed().as_millis();
        (told, format!("hạn {} ms, trả lời sau {took} ms", PATIENCE.as_millis()))
    }

    async fn profile_without_civil_status(&self) -> Result<String> {
        self.begin("Hồ sơ một người khi hộ tịch im lặng");
        // Of our province: another's acts stand in another register.
        let registered = |person: &&Person| {
            let act = self.register().registration_of(person, Module::Birth);
            act.is_some_and(|act| act.province == PROVINCE)
        };
        let person = self.register().ordinary().skip(30).find(registered).context("sổ có ít người quá")?;
        let birth = self.register().registration_of(person, Module::Birth);
        let query = profile_of(person, birth);
        let (told, took) = self.ask_in_time("person.profile", usual_purpose(), query).await;
        let gap = one_gap(&found(told)?, "civil_status")?;
        Ok(format!("{gap}; {took}"))
    }

    async fn form_without_civil_status(&self) -> Result<String> {
        self.begin("Tờ khai khai sinh khi hộ tịch im lặng");
        let couple = couple(self.register()).context("sổ không có đôi nào kết hôn")?;
        let query = birth_form_of(couple);
        let (told, took) = self.ask_in_time("forms.prefill", usual_purpose(), query).await;
        let told = found(told)?;
        let gap = one_gap(&told, "marriage")?;
        let fields = told.at("/data/fields").as_array().map_or(0, Vec::len);
        ensure!(fields > 0, "không điền được ô nào");
        Ok(format!("điền {fields} ô, {gap}; {took}"))
    }

    async fn parcel(&self) -> Result<String> {
        self.begin("Hành trình bưu gửi khi có nơi im lặng");
        let parcel = self.register().parcels().iter().find(|parcel| parcel.states.len() > 1);
        let parcel = parcel.context("không có bưu gửi nào")?;
        let query = json!({ "order_number": parcel.order });
        let (told, took) = self.ask_in_time("postal.tracking", usual_purpose(), query).await;
        let told = found(told)?;
        let events = told.at("/data/events").as_array().map_or(0, Vec::len);
        ensure!(events == parcel.states.len(), "{events} sự kiện: {}", told.body);
        Ok(format!("{events} sự kiện, tin cũ {} giây; {took}", told.at("/source/age_s")))
    }

    /// A receipt that nobody has asked for today.
    async fn receipt_in_time(&self, nth: usize) -> Result<(Told, String)> {
        self.begin("Biên lai khi có nơi im lặng");
        let own = |receipt: &&Receipt| receipt.provider == Party::EReceiptVnpt;
        let receipt =
            self.register().receipts().iter().filter(own).nth(nth).context("sổ có ít biên lai quá")?;
        let purpose = purpose_of(USUAL_DOSSIER, unit_of(&receipt.dossier));
        let (told, took) =
            self.ask_in_time("e-receipt.receipt", purpose, json!({ "key": receipt.key })).await;
        Ok((told?, took))
    }
}

fn shown(told: Told, took: &str) -> Result<String> {
    let told = found(Ok(told))?;
    Ok(format!("số {}; {took}", told.at("/data/number")))
}

fn refused(told: Told, took: &str) -> Result<String> {
    let told = expect(Ok(told), 504, "deadline-exceeded")?;
    ensure!(told.at("/agency") == "e-receipt-vnpt", "không nói cơ quan nào: {}", told.body);
    Ok(format!("{}, {}; {took}", told.at("/agency"), told.at("/title")))
}

/// Exactly this part is missing, for the deadline, and the rest is there.
fn one_gap(told: &Told, missing: &str) -> Result<String> {
    let statuses = statuses(told);
    let sound = statuses.iter().all(|(part, status)| status == if part == missing { "failed" } else { "ok" });
    ensure!(sound && told.at("/complete") == false, "{statuses:?}");
    let parts = told.at("/parts").as_array().cloned().unwrap_or_default();
    let part = parts.iter().find(|part| part["name"] == missing).context("không có phần ấy")?;
    ensure!(part["problem"]["code"] == "deadline-exceeded", "{}", part["problem"]);
    Ok(format!("{} phần có, phần {} ghi {}", statuses.len() - 1, part["agency"], part["problem"]["code"]))
}
