//! Why a leg stands where it stands, in both languages: one entry of the history for every change.

use super::event::Skip;
use super::leg::{Leg, Park};
use super::state::LegState;

/// What a change came from. No state is reached without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// Its turn has come.
    Released,
    /// It is not to be sent.
    Skipped(Skip),
    /// The intent to send is stored.
    Intended,
    /// Nothing left; it will be sent again.
    NotSent,
    /// The agency has taken it in.
    Taken,
    /// The agency says it had it already.
    AlreadyReceived,
    /// The agency is working on it.
    UnderWay,
    /// The agency has given a part of the result.
    CompletedInPart,
    /// The agency wants something added.
    SupplementWanted,
    /// The agency has done it.
    Completed,
    /// The agency has refused it.
    Declined,
    /// The agency has cancelled it.
    Cancelled,
    /// Silence after the send.
    Silence,
    /// Whoever was sending it is gone.
    LeaseLost,
    /// Not there yet; what was sent may still take effect.
    NotThereYet,
    /// Not there, and nothing sent can take effect any more.
    NotThere,
    /// A person must look.
    Parked(Park),
    /// The citizen has added what was wanted.
    Supplemented,
    /// Taken back before anything was at the agency.
    Withdrawn,
    /// The wish to take it back is noted; the agency has it.
    WithdrawalNoted,
    /// An operator tries again.
    Retried,
    /// An operator tries again, having made sure that it is not there.
    RetriedAttested,
    /// An operator has corrected the input, and a second person agreed.
    Amended,
    /// An operator says how it ended.
    Concluded,
    /// The agency has corrected a finished result.
    Corrected,
    /// A word older than the last, or said before: recorded, nothing moves.
    Late,
    /// The answer to a question that another word has overtaken: recorded, nothing moves.
    Overtaken,
    /// Asked, and nothing is new.
    AsBefore,
}

impl Why {
    /// Every reason; a list for tests and pages.
    pub fn all() -> Vec<Why> {
        let skips = [Skip::PredecessorDeclined, Skip::PredecessorWithdrawn, Skip::NotWanted];
        let plain = [
            Why::Released,
            Why::Intended,
            Why::NotSent,
            Why::Taken,
            Why::AlreadyReceived,
            Why::UnderWay,
            Why::CompletedInPart,
            Why::SupplementWanted,
            Why::Completed,
            Why::Declined,
            Why::Cancelled,
            Why::Silence,
            Why::LeaseLost,
            Why::NotThereYet,
            Why::NotThere,
            Why::Supplemented,
            Why::Withdrawn,
            Why::WithdrawalNoted,
            Why::Retried,
            Why::RetriedAttested,
            Why::Amended,
            Why::Concluded,
            Why::Corrected,
            Why::Late,
            Why::Overtaken,
            Why::AsBefore,
        ];
        let skips = skips.into_iter().map(Why::Skipped);
        skips.chain(Park::ALL.into_iter().map(Why::Parked)).chain(plain).collect()
    }

    /// The event's code in the API, the store and logs.
    pub fn code(self) -> &'static str {
        match self {
            Why::Released => "released",
            Why::Skipped(skip) => skip.word(),
            Why::Intended => "intended",
            Why::NotSent => "not-sent",
            Why::Taken => "taken",
            Why::AlreadyReceived => "already-received",
            Why::UnderWay => "under-way",
            Why::CompletedInPart => "completed-in-part",
            Why::SupplementWanted => "supplement-wanted",
            Why::Completed => "completed",
            Why::Declined => "declined",
            Why::Cancelled => "cancelled",
            Why::Silence => "silence",
            Why::LeaseLost => "lease-lost",
            Why::NotThereYet => "not-there-yet",
            Why::NotThere => "not-there",
            Why::Parked(park) => park.word(),
            Why::Supplemented => "supplemented",
            Why::Withdrawn => "withdrawn",
            Why::WithdrawalNoted => "withdrawal-noted",
            Why::Retried => "retried",
            Why::RetriedAttested => "retried-attested",
            Why::Amended => "amended",
            Why::Concluded => "concluded",
            Why::Corrected => "corrected",
            Why::Late => "late",
            Why::Overtaken => "overtaken",
            Why::AsBefore => "as-before",
        }
    }

    /// The sentence for a Vietnamese reader.
    pub fn vi(self) -> &'static str {
        match self {
            Why::Released => "Đã đến lượt: các thủ tục đứng trước đã có kết quả.",
            Why::Skipped(skip) => skip_words(skip).0,
            Why::Intended => "Đã ghi ý định gửi; bắt đầu gửi sang cơ quan.",
            Why::NotSent => "Chưa gửi được gì sang cơ quan; sẽ gửi lại.",
            Why::Taken => "Cơ quan đã tiếp nhận.",
            Why::AlreadyReceived => "Cơ quan báo đã nhận trước đó; đang kiểm tra có đúng hồ sơ này không.",
            Why::UnderWay => "Cơ quan đang xử lý.",
            Why::CompletedInPart => "Cơ quan đã trả một phần kết quả; phần còn lại sẽ trả sau.",
            Why::SupplementWanted => "Cơ quan yêu cầu bổ sung hồ sơ; thời hạn tạm dừng.",
            Why::Completed => "Cơ quan đã giải quyết xong.",
            Why::Declined => "Cơ quan từ chối giải quyết.",
            Why::Cancelled => "Cơ quan đã hủy theo yêu cầu.",
            Why::Silence => "Đã gửi nhưng không nhận được trả lời; đang tra cứu xem cơ quan có hồ sơ chưa.",
            Why::LeaseLost => "Tiến trình gửi bị dừng giữa chừng; đang tra cứu xem cơ quan có hồ sơ chưa.",
            Why::NotThereYet => {
                "Cơ quan chưa có hồ sơ; còn chờ hết thời gian xử lý của cơ quan rồi tra cứu lại."
            }
            Why::NotThere => "Cơ quan chắc chắn không có hồ sơ; sẽ gửi lại.",
            Why::Parked(park) => park_words(park).0,
            Why::Supplemented => "Người dân đã bổ sung hồ sơ; sẽ gửi lại bản bổ sung.",
            Why::Withdrawn => "Đã rút hồ sơ khi cơ quan chưa nhận.",
            Why::WithdrawalNoted => {
                "Đã ghi nhận yêu cầu rút; cơ quan đang giữ hồ sơ nên chờ cơ quan hủy hoặc xử lý tiếp."
            }
            Why::Retried => "Cán bộ vận hành cho thử lại.",
            Why::RetriedAttested => "Cán bộ vận hành xác nhận cơ quan không có hồ sơ và cho gửi lại.",
            Why::Amended => "Cán bộ vận hành đã sửa dữ liệu, có người thứ hai duyệt; sẽ gửi bản mới.",
            Why::Concluded => "Cán bộ vận hành kết luận.",
            Why::Corrected => "Cơ quan đã đính chính kết quả.",
            Why::Late => "Tin đến muộn hoặc trùng; chỉ ghi lại, trạng thái giữ nguyên.",
            Why::Overtaken => "Đã có tin mới hơn trước khi có trả lời này; chỉ ghi lại.",
            Why::AsBefore => "Đã hỏi lại; chưa có gì mới.",
        }
    }

    /// The sentence for an English reader.
    pub fn en(self) -> &'static str {
        match self {
            Why::Released => "Its turn has come: the legs before it have their results.",
            Why::Skipped(skip) => skip_words(skip).1,
            Why::Intended => "The intent to send is stored; it is leaving for the agency.",
            Why::NotSent => "Nothing left for the agency; it will be sent again.",
            Why::Taken => "The agency has taken it in.",
            Why::AlreadyReceived => {
                "The agency says it had it already; we look whether that is really this one."
            }
            Why::UnderWay => "The agency is working on it.",
            Why::CompletedInPart => "The agency has given a part of the result; the rest is to follow.",
            Why::SupplementWanted => "The agency wants something added; the clock pauses.",
            Why::Completed => "The agency has done it.",
            Why::Declined => "The agency has refused it.",
            Why::Cancelled => "The agency has cancelled it as asked.",
            Why::Silence => "It was sent and no word came back; we ask the agency whether it is there.",
            Why::LeaseLost => {
                "Whoever was sending it stopped on the way; we ask the agency whether it is there."
            }
            Why::NotThereYet => {
                "The agency does not have it yet; we ask again when its processing time is over."
            }
            Why::NotThere => "The agency certainly does not have it; it will be sent again.",
            Why::Parked(park) => park_words(park).1,
            Why::Supplemented => "The citizen has added what was wanted; the supplement will be sent.",
            Why::Withdrawn => "Taken back before the agency had it.",
            Why::WithdrawalNoted => {
                "The wish to take it back is noted; the agency has it, and cancels it or goes on."
            }
            Why::Retried => "An operator tries again.",
            Why::RetriedAttested => {
                "An operator has made sure that the agency does not have it, and sends it again."
            }
            Why::Amended => {
                "An operator has corrected the data, a second person agreed; it will be sent anew."
            }
            Why::Concluded => "An operator says how it ended.",
            Why::Corrected => "The agency has corrected the result.",
            Why::Late => "A late or repeated word: recorded, nothing moves.",
            Why::Overtaken => "Newer word came before this answer: recorded, nothing moves.",
            Why::AsBefore => "Asked again; nothing is new.",
        }
    }

    /// Whether the history keeps it: a look that found all as before is not worth a line.
    pub fn is_news(self) -> bool {
        self != Why::AsBefore
    }
}

fn skip_words(skip: Skip) -> (&'static str, &'static str) {
    match skip {
        Skip::PredecessorDeclined => {
            ("Không gửi: thủ tục đứng trước bị từ chối.", "Not sent: a leg before it was declined.")
        }
        Skip::PredecessorWithdrawn => {
            ("Không gửi: thủ tục đứng trước đã rút.", "Not sent: a leg before it was withdrawn.")
        }
        Skip::NotWanted => {
            ("Không gửi: người dân không chọn thủ tục này.", "Not sent: it was not asked for.")
        }
    }
}

fn park_words(park: Park) -> (&'static str, &'static str) {
    match park {
        Park::Rejected => (
            "Cơ quan không nhận dữ liệu; cần người sửa theo từng trường.",
            "The agency refuses the data; a person must correct it field by field.",
        ),
        Park::NeverTwice => (
            "Không nhận được trả lời và không được gửi lần hai; cần người hỏi cơ quan.",
            "No word came back and it must never be sent twice; a person must ask the agency.",
        ),
        Park::NotOurs => (
            "Cơ quan có một hồ sơ trùng mã nhưng khác người hoặc khác số tiền; cần người xem.",
            "What the agency has is about somebody else or another amount; a person must look.",
        ),
        Park::Unseen => (
            "Cơ quan báo đã nhận nhưng không tra cứu được hồ sơ; cần người xác minh.",
            "The agency says it has it, but the record cannot be seen; a person must verify.",
        ),
        Park::SupplementNotTaken => (
            "Cơ quan báo đã nhận bản bổ sung nhưng vẫn yêu cầu bổ sung; cần người hỏi lại.",
            "The agency says it has the supplement and still asks for it; a person must ask.",
        ),
        Park::SupplementLapsed => (
            "Quá hạn bổ sung mà chưa có bản bổ sung; cần người liên hệ người dân.",
            "The term for the supplement is over and nothing was added; a person must see to it.",
        ),
        Park::UnreachedTooLong => (
            "Quá lâu không kết nối được cơ quan; chưa gửi gì; cần người xem.",
            "The agency could not be reached for too long; nothing was sent; a person must look.",
        ),
        Park::UncertainTooLong => (
            "Quá lâu chưa rõ cơ quan có hồ sơ hay không; cần người xác minh.",
            "It has been uncertain for too long; a person must verify.",
        ),
        Park::SilentTooLong => (
            "Cơ quan nhận đã quá lâu mà không có tin; cần người hỏi.",
            "The agency has had it for too long without a word; a person must ask.",
        ),
    }
}

/// One line of a case's history.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The leg.
    pub leg: String,
    /// Its revision.
    pub revision: u32,
    /// When, by our clock.
    pub at_ms: i64,
    /// Where it stood.
    pub from: LegState,
    /// Where it stands.
    pub to: LegState,
    /// Why.
    pub why: Why,
    /// A problem's or the agency's code, if there is one.
    pub code: Option<String>,
    /// The agency's or the operator's words; sealed in the store, never in a log.
    pub detail: Option<String>,
}

/// A leg after something happened, with the line that says why.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The leg as it is now.
    pub leg: Leg,
    /// Why.
    pub entry: Entry,
}

/// Why something cannot happen to a leg as it stands: a clear conflict, one winner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refused {
    /// It is not its time: nothing was asked for, or nothing was asked.
    OutOfPlace,
    /// The leg has ended.
    Ended,
    /// Bytes may be leaving just now.
    Sending,
    /// Nobody knows whether the agency has it; that must be known first.
    InDoubt,
    /// Whoever approves must be another person.
    SamePerson,
}

impl Refused {
    /// The code in problems.
    pub fn code(self) -> &'static str {
        match self {
            Refused::OutOfPlace => "out-of-place",
            Refused::Ended => "ended",
            Refused::Sending => "sending",
            Refused::InDoubt => "in-doubt",
            Refused::SamePerson => "same-person",
        }
    }

    /// The sentences, Vietnamese and English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Refused::OutOfPlace => {
                ("Việc này không áp dụng cho trạng thái hiện tại.", "This does not apply as the leg stands.")
            }
            Refused::Ended => ("Thủ tục này đã kết thúc.", "This leg has ended."),
            Refused::Sending => {
                ("Hồ sơ đang được gửi; thử lại sau.", "It is being sent just now; try later.")
            }
            Refused::InDoubt => (
                "Chưa rõ cơ quan có hồ sơ hay không; phải xác minh trước.",
                "Nobody knows yet whether the agency has it; that comes first.",
            ),
            Refused::SamePerson => {
                ("Người duyệt phải là người khác.", "Whoever approves must be another person.")
            }
        }
    }
}
