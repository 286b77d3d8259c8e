//! What happens to papers: what the post takes for them, where they are, which receipt was issued.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use sandbox::caller::{Told, USUAL_DOSSIER, purpose_of};
use sandbox::questions::{papers_by_post, unit_of};
use serde_json::{Value, json};
use simulators::{Party, Receipt};

use super::{Day, expect, found};

/// A parcel's delivery, in the numbers of the post (interfaces B.5).
const DELIVERED: u16 = 50;
/// What the simulated tariff takes for light papers between two provinces, value-added services included \[SIM\].
const QUOTED_DONG: u64 = 28_000;
/// How often and how many times we look whether the feed has brought the news: far longer than its pace in the sandbox.
const LOOK_EVERY: Duration = Duration::from_millis(200);
const LOOKS_MAX: usize = 100;

impl Day<'_> {
    /// The post.
    pub(super) async fn at_the_post(&mut self) {
        self.begin("Cước bưu chính công ích");
        let told = found(self.one_stop.ask("postal.quote", papers_by_post()).await);
        self.note(
            "Cước bưu chính công ích",
            told.and_then(|told| {
                ensure!(
                    told.at("/data/total") == QUOTED_DONG,
                    "{} đồng, không phải {QUOTED_DONG}",
                    told.at("/data/total")
                );
                Ok(format!("{QUOTED_DONG} đồng, đã gồm dịch vụ cộng thêm"))
            }),
        );

        self.begin("Hành trình bưu gửi");
        let parcel = self.register().parcels().iter().find(|parcel| parcel.states == [10]);
        let result = match parcel {
            Some(parcel) => self.follow(&parcel.order).await,
            None => Err(anyhow::anyhow!("không có bưu gửi nào đang chờ")),
        };
        self.note("Hành trình bưu gửi", result);

        let told =
            self.one_stop.ask("postal.tracking", json!({ "order_number": "H56.14-990101-0001" })).await;
        self.note(
            "Bưu gửi không có trong dòng tin",
            expect(told, 200, "absent").map(|_| "absent, không phải lỗi".into()),
        );
    }

    /// Sees a parcel wait, lets the postman deliver it, and sees it delivered.
    async fn follow(&self, order: &str) -> Result<String> {
        let before = self.tracked(order, "waiting").await?;
        ensure!(self.world.simulators.move_parcel(order, DELIVERED), "bưu tá không có bưu gửi này");
        let after = self.tracked(order, "delivered").await?;
        let events = |told: &Told| told.at("/data/events").as_array().map_or(0, Vec::len);
        ensure!(events(&after) == events(&before) + 1, "{}", after.body);
        Ok(format!("từ chờ thu gom đến đã phát, {} sự kiện, mỗi sự kiện một lần", events(&after)))
    }

    /// Looks until the feed has brought this news.
    async fn tracked(&self, order: &str, status: &str) -> Result<Told> {
        let mut last = Value::Null;
        for _ in 0..LOOKS_MAX {
            let told = self.one_stop.ask("postal.tracking", json!({ "order_number": order })).await?;
            if told.at("/data/status") == status {
                return Ok(told);
            }
            last = told.body;
            tokio::time::sleep(LOOK_EVERY).await;
        }
        bail!("chưa thấy {status}: {last}")
    }

    /// Receipts: which provider is asked, the unit decides; the file is a document.
    pub(super) async fn at_the_cash_desk(&mut self) {
        for (party, title) in
            [(Party::EReceiptVnpt, "Biên lai VNPT"), (Party::EReceiptViettel, "Biên lai Viettel")]
        {
            self.begin(title);
            let receipt = self.register().receipts().iter().find(|receipt| receipt.provider == party);
            let result = match receipt {
                Some(receipt) => self.receipt(receipt).await,
                None => Err(anyhow::anyhow!("sổ không có biên lai nào")),
            };
            self.note(title, result);
        }
        self.begin("Tệp biên lai");
        let own = |receipt: &&Receipt| receipt.provider == Party::EReceiptVnpt;
        let result = match self.register().receipts().iter().find(own) {
            Some(receipt) => self.receipts_file(receipt).await,
            None => Err(anyhow::anyhow!("sổ không có biên lai nào")),
        };
        self.note("Tệp biên lai", result);
    }

    async fn receipt(&self, receipt: &Receipt) -> Result<String> {
        let unit = unit_of(&receipt.dossier);
        let purpose = purpose_of(USUAL_DOSSIER, unit);
        let told = self.one_stop.ask_for("e-receipt.receipt", purpose, json!({ "key": receipt.key })).await;
        let told = found(told)?;
        ensure!(told.at("/data/number") == &json!(receipt.number), "số khác: {}", told.body);
        Ok(format!(
            "đơn vị {unit}, nguồn {}, ký hiệu {} số {}",
            told.at("/source/agency"),
            told.at("/data/serial"),
            told.at("/data/number")
        ))
    }

    async fn receipts_file(&self, receipt: &Receipt) -> Result<String> {
        let told = found(self.one_stop.ask("e-receipt.file", json!({ "key": receipt.key })).await)?;
        let id = told.at("/data/file/document").as_str().context("câu trả lời không kèm tài liệu")?;
        let (media, bytes) = self.one_stop.document(id).await?;
        ensure!(media == "application/pdf" && bytes.starts_with(b"%PDF-"), "không phải PDF: {media}");
        ensure!(self.connector.document(id).await.is_err(), "người khác cũng lấy được");
        Ok(format!("PDF {} byte, chỉ bên đã hỏi lấy được", bytes.len()))
    }
}
