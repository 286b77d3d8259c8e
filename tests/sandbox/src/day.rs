//! A citizen's day: each step asks the gateway something and knows what the answer must be.

mod hung;
mod ministries;
mod papers;

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use sandbox::caller::{Told, usual_purpose};
use sandbox::questions::{about, act_by_dossier, act_by_registration};
use sandbox::world::{CONNECTOR, ONE_STOP, PROVINCE};
use sandbox::{Caller, Gateway, World};
use serde_json::{Value, json};
use simulators::{Misbehaviour, Module, Person, Register, Times};

/// The day, about to be lived.
pub struct Day<'a> {
    world: &'a World,
    one_stop: Caller,
    connector: Caller,
    bar: ProgressBar,
    wrong: usize,
}

impl<'a> Day<'a> {
    /// A day in this world.
    pub fn new(world: &'a World, gateway: &Gateway) -> Result<Day<'a>> {
        let bar = ProgressBar::new_spinner();
        bar.set_style(ProgressStyle::with_template("  {spinner} {msg}")?);
        bar.enable_steady_tick(Duration::from_millis(100));
        Ok(Day {
            world,
            one_stop: Caller::new(&gateway.api, world.token(ONE_STOP)?)?,
            connector: Caller::new(&gateway.api, world.token(CONNECTOR)?)?,
            bar,
            wrong: 0,
        })
    }

    /// Lives it; gives the number of steps that were not what they should be.
    pub async fn live(mut self) -> usize {
        self.at_the_counter().await;
        self.at_the_register().await;
        self.at_the_ministries().await;
        self.at_the_post().await;
        self.at_the_cash_desk().await;
        self.many_at_once().await;
        self.mistakes().await;
        self.bad_weather().await;
        self.with_one_agency_hung().await;
        self.bookkeeping().await;
        self.bar.finish_and_clear();
        self.wrong
    }

    fn register(&self) -> &'a Register {
        self.world.simulators.register()
    }

    fn note(&mut self, step: &str, result: Result<String>) {
        let line = match result {
            Ok(detail) => format!("  ✔ {step}: {detail}"),
            Err(error) => {
                self.wrong += 1;
                format!("  ✘ {step}: {error:#}")
            }
        };
        self.bar.suspend(|| println!("{line}"));
    }

    fn begin(&self, step: &'static str) {
        self.bar.set_message(step);
    }

    /// The officer looks people up.
    async fn at_the_counter(&mut self) {
        let register = self.register();
        let person = register.sample();
        self.begin("Tra cứu công dân");
        let first = found(self.one_stop.ask("residence.person", about(person)).await);
        self.note("Tra cứu công dân", first.and_then(|told| describe(&told, person)));

        self.begin("Hỏi lại cùng hồ sơ");
        let again = found(self.one_stop.ask("residence.person", about(person)).await);
        let asked = self.world.simulators.residence().requests_of("TraCuuThongTinCongDan");
        self.note(
            "Hỏi lại cùng hồ sơ",
            again.and_then(|told| {
                ensure!(told.at("/source/cache") == "hit", "không lấy từ bộ nhớ đệm: {}", told.body);
                ensure!(asked == 1, "cơ quan bị hỏi {asked} lần");
                Ok("từ bộ nhớ đệm, cơ quan chỉ bị hỏi một lần".into())
            }),
        );

        let awkward: [(&str, &Person); 4] = [
            ("Người chỉ biết năm sinh", register.year_only()),
            ("Người chỉ có CMND 9 số", register.nine_digit_only()),
            ("Tên dồn hết vào ô Tên", register.whole_name_in_given()),
            ("Tên lưu dạng NFD", register.decomposed_name()),
        ];
        for (step, person) in awkward {
            let told = found(self.one_stop.ask("residence.person", about(person)).await);
            self.note(step, told.and_then(|told| describe(&told, person)));
        }

        self.begin("Hộ gia đình");
        let household = found(self.one_stop.ask("residence.household", about(person)).await);
        self.note(
            "Hộ gia đình",
            household.and_then(|told| {
                let members = told.at("/data/members").as_array().map_or(0, Vec::len);
                let kept = register.household_of(person).map_or(0, |home| home.members.len());
                ensure!(members == kept, "{members} thành viên, sổ ghi {kept}");
                let head = told.at("/data/head/full_name").as_str().unwrap_or_default();
                Ok(format!("{members} thành viên, chủ hộ {head}"))
            }),
        );

        self.begin("Cổng quốc gia chỉ thấy phần được phép");
        let narrow = found(self.connector.ask("residence.person", about(person)).await);
        self.note(
            "Cổng quốc gia chỉ thấy phần được phép",
            narrow.and_then(|told| {
                let fields: Vec<&String> =
                    told.at("/data").as_object().map(|data| data.keys().collect()).unwrap_or_default();
                ensure!(fields == ["full_name", "birth_date"], "thấy {fields:?}");
                Ok("họ tên và ngày sinh, không hơn".into())
            }),
        );
    }

    /// Civil status, through the province's LGSP.
    async fn at_the_register(&mut self) {
        let register = self.register();
        let acts = [
            (Module::Birth, "Khai sinh theo mã hồ sơ"),
            (Module::Death, "Khai tử theo mã hồ sơ"),
            (Module::Marriage, "Kết hôn theo mã hồ sơ"),
        ];
        for (module, step) in acts {
            self.begin(step);
            let result = match register
                .registrations()
                .iter()
                .find(|act| act.module == module && act.province == PROVINCE)
            {
                Some(act) => found(self.one_stop.ask("civil-status.record", act_by_dossier(act)).await)
                    .and_then(|told| {
                        ensure!(
                            told.at("/data/number") == &json!(act.number),
                            "số {} thay vì {}",
                            told.at("/data/number"),
                            act.number
                        );
                        Ok(format!("số {}, quyển {}", act.number, act.book))
                    }),
                None => Err(anyhow::anyhow!("sổ không có mục nào")),
            };
            self.note(step, result);
        }
        if let Some(act) = register.registrations().iter().find(|act| act.province == PROVINCE) {
            let told = found(self.one_stop.ask("civil-status.record", act_by_registration(act)).await);
            self.note(
                "Tra theo số và quyển",
                told.map(|told| format!("đăng ký ngày {}", told.at("/data/registered_on"))),
            );
        }
        for (state, word) in
            [(1, "received"), (2, "supplement"), (3, "eligible"), (4, "finished"), (0, "error")]
        {
            let Some(dossier) = register.dossier_in_state(state) else { continue };
            let query = json!({ "dossier": dossier.code, "office": dossier.unit });
            let told = found(self.one_stop.ask("civil-status.dossier-status", query).await);
            self.note(
                "Trạng thái hồ sơ hộ tịch",
                told.and_then(|told| {
                    ensure!(told.at("/data/state") == word, "{} thay vì {word}", told.at("/data/state"));
                    Ok(format!("{word} (mã {state} của Bộ Tư pháp)"))
                }),
            );
        }
        self.world.simulators.expire_tokens();
        let told = match register.dossier_in_state(1) {
            Some(dossier) => {
                self.one_stop
                    .ask(
                        "civil-status.dossier-status",
                        json!({ "dossier": dossier.code, "office": dossier.unit }),
                    )
                    .await
            }
            None => Err(anyhow::anyhow!("không có hồ sơ")),
        };
        self.note(
            "Mã truy cập LGSP hết hạn giữa chừng",
            found(told).map(|_| "đăng nhập lại một lần, người dân không thấy gì".into()),
        );
    }

    /// What a person gets wrong, and how they are told.
    async fn mistakes(&mut self) {
        let person = self.register().sample();
        let mut nobody = about(person);
        nobody["full_name"] = json!("TRẦN THỊ THỬ KHÔNG CÓ");
        let told = self.one_stop.ask("residence.person", nobody).await;
        self.note(
            "Sai tên thì không tìm thấy",
            expect(told, 200, "absent").map(|_| "absent, không phải lỗi".into()),
        );

        let wrong_sex = flipped_sex(&person.id);
        let query = json!({ "personal_id": wrong_sex, "full_name": person.name.full(), "birth_date": person.born.iso() });
        let told = self.one_stop.ask("residence.person", query).await;
        self.note(
            "Số định danh mâu thuẫn",
            expect(told, 422, "invalid").and_then(|told| {
                ensure!(!told.body.to_string().contains(&wrong_sex), "lỗi nhắc lại giá trị");
                Ok(format!("{} – {}", told.at("/errors/0/pointer"), told.at("/errors/0/detail")))
            }),
        );

        let told = self.one_stop.ask("land.parcel", json!({})).await;
        self.note(
            "Dịch vụ không có",
            expect(told, 404, "unknown-service").map(|told| format!("được phép: {}", told.at("/services"))),
        );

        let mut purpose = usual_purpose();
        purpose["procedure"] = json!("3.000181");
        let told = self.one_stop.ask_for("residence.person", purpose, about(person)).await;
        self.note("Sai mục đích", expect(told, 403, "denied").map(|told| told.at("/detail").to_string()));

        let told = self.connector.ask("residence.household", about(person)).await;
        self.note("Không được phân quyền", expect(told, 403, "denied").map(|_| "403".into()));
    }

    /// What agencies do to us.
    async fn bad_weather(&mut self) {
        let simulators = &self.world.simulators;
        let fresh: Vec<&Person> = self.register().ordinary().skip(20).take(4).collect();
        let [first, second, third, fourth] = fresh.as_slice() else {
            self.note("Thời tiết xấu", Err(anyhow::anyhow!("sổ có ít người quá")));
            return;
        };
        self.begin("Bộ Công an trả trang bảo trì HTML");
        let result =
            self.under(simulators.residence(), Misbehaviour::HtmlPage, first, 502, "malformed").await;
        self.note("Bộ Công an trả trang bảo trì HTML", result);
        self.begin("Bộ Công an trả nhầm người");
        let result =
            self.under(simulators.residence(), Misbehaviour::WrongPerson, second, 502, "malformed").await;
        self.note("Bộ Công an trả nhầm người", result);
        self.begin("Bộ Công an im lặng");
        let result =
            self.under(simulators.residence(), Misbehaviour::Hang, third, 504, "deadline-exceeded").await;
        self.note("Bộ Công an im lặng", result);
        let told = found(self.one_stop.ask("residence.person", about(fourth)).await);
        self.note("Bộ Công an trở lại", told.and_then(|told| describe(&told, fourth)));
    }

    async fn under(
        &self,
        agency: &simulators::Handle,
        misbehaviour: Misbehaviour,
        person: &Person,
        status: u16,
        word: &str,
    ) -> Result<String> {
        agency.misbehave(misbehaviour, Times::Always)?;
        let told = self.one_stop.ask("residence.person", about(person)).await;
        agency.behave()?;
        let told = expect(told, status, word)?;
        Ok(format!("{word}, lỗi của {}, gọi lại: {}", told.at("/blame"), told.at("/retryable")))
    }

    /// The books at the end of the day.
    async fn bookkeeping(&mut self) {
        let folder = self.world.audit_folder();
        let report = server::audit_log::verify(&folder);
        self.note(
            "Nhật ký kiểm toán",
            report
                .context("nhật ký không đọc được")
                .map(|report| format!("{} dòng, chuỗi băm liền mạch", report.lines)),
        );
        let told = self.one_stop.get("/v1/services").await;
        self.note(
            "Danh mục dịch vụ của tôi",
            told.and_then(|told| match told.at("/services").as_array().map(Vec::len) {
                Some(count) if count > 0 => Ok(format!("{count} dịch vụ")),
                _ => bail!("trống: {}", told.body),
            }),
        );
        let strays = self.world.simulators.elsewhere().counts().requests;
        self.note(
            "Không có cuộc gọi lạc",
            if strays == 0 { Ok("0".into()) } else { Err(anyhow::anyhow!("{strays}")) },
        );
    }
}

fn found(told: Result<Told>) -> Result<Told> {
    expect(told, 200, "found")
}

fn expect(told: Result<Told>, status: u16, word: &str) -> Result<Told> {
    let told = told?;
    ensure!(
        told.status == status && told.word() == word,
        "{} thay vì {status} {word}: {}",
        told.status,
        told.body
    );
    Ok(told)
}

/// One line about a person, if the answer is about the one asked for.
fn describe(told: &Told, person: &Person) -> Result<String> {
    let data = told.at("/data");
    let same = |key: &str, number: &str| number.is_empty() || data.get(key) == Some(&json!(number));
    ensure!(same("personal_id", &person.id) && same("old_id", &person.old_id), "người khác: {data}");
    let text = |key: &str| data.get(key).and_then(Value::as_str).unwrap_or("?");
    Ok(format!(
        "{}, {}, nguồn {} ({})",
        text("full_name"),
        text("birth_date"),
        told.at("/source/agency"),
        told.at("/source/cache")
    ))
}

/// The same number with the century-and-sex digit of another century.
fn flipped_sex(id: &str) -> String {
    let flipped = |digit: char| if digit < '2' { '3' } else { '0' };
    id.chars().enumerate().map(|(index, digit)| if index == 3 { flipped(digit) } else { digit }).collect()
}
