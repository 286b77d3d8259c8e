//! Four ministries in one answer, and the services of the other agencies one by one.

use anyhow::{Context, Result, ensure};
use sandbox::caller::Told;
use sandbox::questions::{about, address_before, insured, profile_of};
use serde_json::{Value, json};
use simulators::{Aspect, Module, Party};

use super::{Day, expect, found};

impl Day<'_> {
    /// A profile, a form filled in, and what each of the agencies says alone.
    pub(super) async fn at_the_ministries(&mut self) {
        self.profile().await;
        self.contradiction().await;
        self.form().await;
        self.old_address().await;
        self.insurance_and_tax().await;
        self.wrong_check_digit().await;
    }

    async fn profile(&mut self) {
        self.begin("Hồ sơ một người từ bốn cơ quan");
        let person = self.register().sample();
        let birth = self.register().registration_of(person, Module::Birth);
        let told = found(self.one_stop.ask("person.profile", profile_of(person, birth)).await);
        self.note(
            "Hồ sơ một người từ bốn cơ quan",
            told.and_then(|told| {
                let parts = statuses(&told);
                ensure!(parts.iter().all(|(_, status)| status == "ok"), "{parts:?}");
                ensure!(parts.len() == 4 && told.at("/complete") == true, "{parts:?}");
                ensure!(told.at("/conflicts") == &json!([]), "{}", told.at("/conflicts"));
                Ok(format!(
                    "{}, số BHXH {}, mã số thuế {}, khai sinh số {}",
                    told.at("/data/full_name"),
                    told.at("/data/social_insurance/insurance_number"),
                    told.at("/data/tax/tax_code"),
                    told.at("/data/registration/number"),
                ))
            }),
        );
    }

    async fn contradiction(&mut self) {
        self.begin("Hai cơ quan nói khác nhau");
        let disagreement = self.register().disagreeing().iter().find(|found| {
            let tax = found.says.iter().find(|(party, _)| *party == Party::Tax);
            found.aspect == Aspect::Name && tax.is_some_and(|(_, said)| said != &found.says[0].1)
        });
        let person = disagreement.and_then(|found| self.register().person(found.person));
        let result = match person {
            Some(person) => found(self.one_stop.ask("person.profile", profile_of(person, None)).await),
            None => Err(anyhow::anyhow!("sổ không có ai bị ghi khác nhau")),
        };
        self.note(
            "Hai cơ quan nói khác nhau",
            result.and_then(|told| {
                let values = told.at("/conflicts/0/values").as_array().cloned().unwrap_or_default();
                ensure!(values.len() >= 2, "không nêu khác biệt: {}", told.body);
                let said = |value: &Value| format!("{} ghi {}", value["agency"], value["value"]);
                let all: Vec<String> = values.iter().map(said).collect();
                Ok(format!("{}: {}", told.at("/conflicts/0/title"), all.join("; ")))
            }),
        );
    }

    async fn form(&mut self) {
        self.begin("Điền sẵn tờ khai khai tử");
        let [person, requester] = [self.register().sample(), self.register().mixed_case_name()];
        let query = json!({
            "procedure": "1.000656",
            "people": { "deceased": about(person), "requester": about(requester) },
        });
        let told = found(self.one_stop.ask("forms.prefill", query).await);
        self.note(
            "Điền sẵn tờ khai khai tử",
            told.and_then(|told| {
                let fields = told.at("/data/fields").as_array().cloned().unwrap_or_default();
                let named = |name: &str| fields.iter().find(|field| field["name"] == name).cloned();
                let name = named("deceased_full_name").context("không có tên người chết")?;
                ensure!(name["value"] == person.name.full(), "tên khác: {name}");
                ensure!(fields.iter().all(|field| field["source"]["agency"].is_string()), "thiếu nguồn");
                Ok(format!("{} ô, mỗi ô ghi rõ nguồn", fields.len()))
            }),
        );
    }

    async fn old_address(&mut self) {
        self.begin("Đổi địa chỉ cũ sang mới");
        let person = self.register().old_address();
        let query = address_before(person);
        let told = found(self.one_stop.ask("address.convert", query).await);
        self.note(
            "Đổi địa chỉ cũ sang mới",
            told.map(|told| {
                let approximate = if told.at("/data/approximate") == true { ", gần đúng" } else { "" };
                format!("{}, {}{approximate}", told.at("/data/commune_name"), told.at("/data/province_name"))
            }),
        );
    }

    async fn insurance_and_tax(&mut self) {
        self.begin("Hộ gia đình tham gia BHXH");
        let person = self.register().sample();
        let told = found(self.one_stop.ask("social-insurance.household", insured(person)).await);
        self.note(
            "Hộ gia đình tham gia BHXH",
            told.map(|told| format!("mã hộ {}", told.at("/data/household_number"))),
        );

        self.begin("Doanh nghiệp theo mã số thuế");
        let company = self.register().companies().iter().find(|company| company.tax_code.len() == 10);
        let result = match company {
            Some(company) => {
                let query = json!({ "tax_code": company.tax_code });
                found(self.one_stop.ask("tax.taxpayer", query).await).and_then(|told| {
                    ensure!(told.at("/data/full_name") == &json!(company.name), "{}", told.body);
                    Ok(format!("{} ({})", company.name, company.tax_code))
                })
            }
            None => Err(anyhow::anyhow!("sổ không có doanh nghiệp nào")),
        };
        self.note("Doanh nghiệp theo mã số thuế", result);

        self.begin("Nghĩa vụ tài chính, thông báo sau thay thông báo trước");
        let notice =
            self.register().notices().iter().find(|notice| notice.levies.iter().any(|levy| levy.superseded));
        let result = match notice {
            Some(notice) => {
                let query = json!({ "dossier": notice.dossier });
                found(self.one_stop.ask("tax.obligations", query).await)
                    .and_then(|told| standing(&told, notice.levies.len()))
            }
            None => Err(anyhow::anyhow!("không có thông báo nào bị thay")),
        };
        self.note("Nghĩa vụ tài chính, thông báo sau thay thông báo trước", result);
    }

    /// A list checked in one batch, in the lane that gives way to the counter.
    pub(super) async fn many_at_once(&mut self) {
        self.begin("Đối chiếu cả danh sách trong một lô");
        let mut queries: Vec<Value> = self.register().ordinary().skip(60).take(40).map(about).collect();
        queries.push(json!({ "full_name": "" }));
        let told = self.one_stop.batch("residence.person", &queries).await;
        self.note(
            "Đối chiếu cả danh sách trong một lô",
            told.and_then(|(status, lines)| {
                let summary = lines.last().map(|line| line["summary"].clone()).unwrap_or_default();
                ensure!(status == 200 && lines.len() == queries.len() + 1, "{status}: {summary}");
                ensure!(summary["found"] == 40 && summary["failed"] == 1, "{summary}");
                let wrong = lines.iter().find(|line| line["problem"]["code"] == "invalid");
                let pointer = wrong.map(|line| line["problem"]["errors"][0]["pointer"].clone());
                Ok(format!("40 người tìm thấy, một dòng sai được chỉ ra tại {}", pointer.unwrap_or_default()))
            }),
        );
    }

    async fn wrong_check_digit(&mut self) {
        let told = self.one_stop.ask("tax.taxpayer", json!({ "tax_code": "8000000001" })).await;
        let asked = self.world.simulators.tax().requests_of("chiTietDoanhNghiep");
        self.note(
            "Mã số thuế sai chữ số kiểm tra",
            expect(told, 422, "invalid").and_then(|told| {
                ensure!(asked == 1, "cơ quan vẫn bị hỏi: {asked}");
                Ok(told.at("/errors/0/detail").to_string())
            }),
        );
    }
}

/// The parts of a composite and what became of each.
pub(super) fn statuses(told: &Told) -> Vec<(String, String)> {
    let text = |part: &Value, key: &str| part[key].as_str().unwrap_or_default().to_owned();
    let parts = told.at("/parts").as_array().cloned().unwrap_or_default();
    parts.iter().map(|part| (text(part, "name"), text(part, "status"))).collect()
}

/// Every row is told, and those that a later notice has replaced say so.
fn standing(told: &Told, rows: usize) -> Result<String> {
    let levies = told.at("/data/obligations").as_array().cloned().unwrap_or_default();
    ensure!(levies.len() == rows, "{} dòng thay vì {rows}: {}", levies.len(), told.body);
    let superseded = levies.iter().filter(|levy| levy["superseded"] == true).count();
    ensure!(superseded > 0 && superseded < rows, "{superseded} dòng bị thay: {}", told.body);
    let due: u64 = levies
        .iter()
        .filter(|levy| levy["superseded"] != true)
        .filter_map(|levy| levy["amount"].as_u64())
        .sum();
    Ok(format!("{rows} dòng, {superseded} đã bị thay, còn phải nộp {due} đồng"))
}
