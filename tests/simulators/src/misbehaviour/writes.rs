//! What only a write can meet, or the poll that follows it; and what becomes of a write under every misbehaviour.

use super::Misbehaviour as M;
use crate::Party;

/// The operations that change something.
const WRITES: [&str; 10] = [
    "nhanHoSoDKHT",
    "xoaThuongTru",
    "nhanHoSoTuTuat",
    "nhanHoSoBTXH",
    "orderpost",
    "ordercancel",
    "ImportAndPublishInv",
    "cancelInv",
    "createInvoice",
    "cancelTransactionInvoice",
];
/// Those by which a written dossier is asked after.
const POLLS: [&str; 2] = ["traTrangThaiHoSoDKHT", "traCuuHoSo"];
/// Those by which an order of the post is asked after: the same, without a course that could be disordered.
const FINDS: [&str; 1] = ["ordertracking"];

/// Whether the operation is a write, or there for the sake of one.
pub(super) fn knows(operation: &str) -> bool {
    WRITES.contains(&operation) || POLLS.contains(&operation) || FINDS.contains(&operation)
}

/// When a write that was in order is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// At once.
    Now,
    /// After the next look-up by its reference, which still says that it is not there.
    Late,
    /// Not at all.
    Never,
}

impl Fate {
    /// A party that answers with a refusal of its own, or whose front answers for it, has done nothing; one that
    /// garbles its answer, or loses it, has. `server-error` is the front's; after the deed it is `commit-then-error`.
    pub(crate) fn of(misbehaviour: Option<&M>) -> Self {
        match misbehaviour {
            Some(M::CommitLate) => Self::Late,
            Some(M::DropBeforeCommit | M::OkWithError | M::SignatureRefused | M::ExpiredToken) => Self::Never,
            Some(M::Busy | M::IpDisallowed | M::MaintenanceWindow | M::TooManyRequests) => Self::Never,
            Some(M::HtmlPage | M::ServerError { .. } | M::Redirect) => Self::Never,
            Some(M::NumbersExhausted | M::CertificateRevoked) => Self::Never,
            _ => Self::Now,
        }
    }
}

impl M {
    /// Every kind that only writes, and the polls after them, can meet.
    #[must_use]
    pub fn of_writes() -> Vec<Self> {
        let mut all = vec![M::DropBeforeCommit, M::CommitThenDrop, M::CommitLate, M::CommitThenError];
        all.extend([M::OutOfOrder, M::Twice, M::NumbersExhausted, M::CertificateRevoked]);
        all
    }

    pub(super) fn is_of_writes(&self) -> bool {
        Self::of_writes().contains(self)
    }

    /// Whether a party that is written to has this way to fail.
    pub(super) fn writes_of(&self, party: Party) -> bool {
        use Party::{CivilStatus, EReceiptViettel, EReceiptVnpt, Postal, Residence};
        use Party::{SocialAffairs, SocialInsurance};
        let receipts = matches!(party, EReceiptVnpt | EReceiptViettel);
        let desks = matches!(party, CivilStatus | Residence | SocialInsurance | SocialAffairs);
        match self {
            M::NumbersExhausted | M::CertificateRevoked => receipts,
            M::OutOfOrder | M::Twice => desks,
            _ => receipts || desks || party == Postal,
        }
    }

    /// Whether a write, or the poll after one, can show it. The answer to a write tells of nobody and has no XML of
    /// somebody else inside.
    pub(super) fn reaches_write(&self, operation: &str) -> bool {
        let (write, poll) = (WRITES.contains(&operation), POLLS.contains(&operation));
        match self {
            M::OutOfOrder | M::Twice => poll,
            M::NumbersExhausted | M::CertificateRevoked => {
                matches!(operation, "ImportAndPublishInv" | "createInvoice")
            }
            _ if self.is_of_writes() => write,
            M::WrongPerson | M::TwoPeople => poll,
            M::Doctype => false,
            M::WrongNamespace => matches!(operation, "ImportAndPublishInv" | "cancelInv"),
            M::Busy => operation == "xoaThuongTru" || operation == "traCuuHoSo",
            _ => true,
        }
    }

    pub(super) fn words_of_writes(&self) -> (&'static str, &'static str, &'static str) {
        match self {
            M::DropBeforeCommit => (
                "drop-before-commit",
                "Ngắt kết nối, chưa ghi nhận gì",
                "resets the connection and has done nothing",
            ),
            M::CommitThenDrop => {
                ("commit-then-drop", "Đã ghi nhận rồi mất câu trả lời", "does it, and its reply is lost")
            }
            M::CommitLate => (
                "commit-late",
                "Mất câu trả lời, chỉ ghi nhận sau lần tra cứu kế tiếp",
                "its reply is lost, and it does it only after the next look-up",
            ),
            M::CommitThenError => (
                "commit-then-error",
                "Đã ghi nhận nhưng trả lỗi máy chủ 500",
                "does it, and answers with a server error",
            ),
            M::OutOfOrder => (
                "out-of-order",
                "Báo lại trạng thái cũ với thời điểm cũ",
                "tells an old state again, with its old time",
            ),
            M::Twice => ("twice", "Báo một hồ sơ hai lần", "tells the same dossier twice"),
            M::NumbersExhausted => ("numbers-exhausted", "Hết dải số biên lai", "has no receipt number left"),
            _ => (
                "certificate-revoked",
                "Chứng thư số của đơn vị phát hành đã bị thu hồi",
                "the issuer's certificate has been revoked",
            ),
        }
    }
}
