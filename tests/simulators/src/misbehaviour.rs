//! Everything a party can be told to do wrong, when it is read from and when it is written to.

pub(crate) mod fields;
pub(crate) mod shape;
mod writes;

use crate::Party;
pub(crate) use writes::Fate;

/// One way to fail. Names and descriptions come from [`Misbehaviour::name`] and [`Misbehaviour::describe`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "`describe` holds the sentence for each kind, in two languages")]
pub enum Misbehaviour {
    Refuse,
    CloseAtAccept,
    WrongServerCertificate,
    Reset,
    Hang,
    ZeroBytes,
    HalfAnswer,
    Garbage,
    SlowDrip { bytes_per_s: u32 },
    Delay { ms: u64 },
    TruncatedBody,
    HtmlPage,
    ServerError { status: u16 },
    OkWithError,
    SchemaDrift,
    MissingField,
    WrongPerson,
    TwoPeople,
    WrongNamespace,
    WrongCharset,
    InvalidUtf8,
    Doctype,
    DeepNesting,
    Oversize,
    DuplicateKeys,
    OtherFormat,
    WrongType,
    EmptyBody,
    Bom,
    ExpiredToken,
    SignatureRefused,
    Busy,
    MaintenanceWindow,
    TooManyRequests,
    IpDisallowed,
    UnknownState,
    Redirect,
    DropBeforeCommit,
    CommitThenDrop,
    CommitLate,
    CommitThenError,
    OutOfOrder,
    Twice,
    NumbersExhausted,
    CertificateRevoked,
}

/// Where in the life of a request a misbehaviour is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// At the connection, before any byte of HTTP.
    Door,
    /// While the bytes of the right reply are sent.
    Bytes,
    /// On the finished reply, whatever it says.
    Whole,
    /// In the words of the agency, by the agency itself.
    Content,
}

/// A misbehaviour that its party cannot play, or a door that could not be moved.
#[derive(Debug, thiserror::Error)]
pub enum MisbehaviourError {
    /// The party has no such way to fail, so a test with it would test nothing.
    #[error("`{misbehaviour}` does not apply to `{party}`")]
    DoesNotApply {
        /// The misbehaviour's name.
        misbehaviour: &'static str,
        /// The party's name.
        party: &'static str,
    },
    /// The listening socket could not be shut or opened again.
    #[error("the door of `{party}` could not be moved")]
    Door {
        /// The party's name.
        party: &'static str,
    },
}

use Misbehaviour as M;

impl Misbehaviour {
    /// Every kind that a read can meet once, with a sensible value where it carries one; those that only a write or
    /// the poll after it can meet are [`Misbehaviour::of_writes`].
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all = vec![M::Refuse, M::CloseAtAccept, M::WrongServerCertificate, M::Reset, M::Hang];
        all.extend([M::ZeroBytes, M::HalfAnswer, M::Garbage, M::SlowDrip { bytes_per_s: 1 }]);
        all.extend([M::Delay { ms: 1_000 }, M::TruncatedBody, M::HtmlPage]);
        all.extend([500, 502, 503, 504].map(|status| M::ServerError { status }));
        all.extend([M::OkWithError, M::SchemaDrift, M::MissingField, M::WrongPerson, M::TwoPeople]);
        all.extend([M::WrongNamespace, M::WrongCharset, M::InvalidUtf8, M::Doctype, M::DeepNesting]);
        all.extend([M::Oversize, M::DuplicateKeys, M::OtherFormat, M::WrongType, M::EmptyBody, M::Bom]);
        all.extend([M::ExpiredToken, M::SignatureRefused, M::Busy, M::MaintenanceWindow]);
        all.extend([M::TooManyRequests, M::IpDisallowed, M::UnknownState, M::Redirect]);
        all
    }

    /// The kebab-case name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.words().0
    }

    /// One line in Vietnamese and one in English.
    #[must_use]
    pub fn describe(&self) -> (&'static str, &'static str) {
        let (_, vietnamese, english) = self.words();
        (vietnamese, english)
    }

    /// Whether this party has this way to fail.
    #[must_use]
    pub fn applies_to(&self, party: Party) -> bool {
        use Party::{CivilStatus, EReceiptVnpt, Elsewhere, Lgsp, Postal, Residence};
        use Party::{SocialAffairs, SocialInsurance, Tax};
        match self {
            _ if party == Elsewhere => false,
            M::WrongServerCertificate | M::Busy => party == Residence,
            M::WrongNamespace => matches!(party, Residence | EReceiptVnpt),
            M::CloseAtAccept => !matches!(party, CivilStatus | SocialInsurance | SocialAffairs | Tax),
            M::OkWithError | M::UnknownState | M::SignatureRefused => party != Lgsp,
            // The post tells of parcels and prices, not of people.
            M::TwoPeople | M::WrongPerson => !matches!(party, Lgsp | Postal),
            M::Doctype => matches!(party, Residence | CivilStatus | Tax | EReceiptVnpt),
            M::ExpiredToken => !matches!(party, Residence | EReceiptVnpt),
            M::IpDisallowed => party == CivilStatus,
            _ if self.is_of_writes() => self.writes_of(party),
            _ => true,
        }
    }

    pub(crate) fn stage(&self) -> Stage {
        match self {
            M::Refuse | M::CloseAtAccept | M::WrongServerCertificate => Stage::Door,
            M::Reset | M::Hang | M::ZeroBytes | M::HalfAnswer | M::Garbage => Stage::Bytes,
            M::SlowDrip { .. } | M::Delay { .. } => Stage::Bytes,
            M::DropBeforeCommit | M::CommitThenDrop | M::CommitLate => Stage::Bytes,
            M::OutOfOrder | M::Twice | M::NumbersExhausted | M::CertificateRevoked => Stage::Content,
            M::OkWithError | M::SchemaDrift | M::MissingField | M::WrongPerson | M::TwoPeople => {
                Stage::Content
            }
            M::WrongNamespace | M::Doctype | M::WrongType | M::ExpiredToken => Stage::Content,
            M::SignatureRefused | M::Busy | M::IpDisallowed | M::UnknownState => Stage::Content,
            M::TruncatedBody | M::HtmlPage | M::ServerError { .. } | M::WrongCharset => Stage::Whole,
            M::InvalidUtf8 | M::DeepNesting | M::Oversize | M::DuplicateKeys | M::OtherFormat => Stage::Whole,
            M::EmptyBody | M::Bom | M::MaintenanceWindow | M::TooManyRequests | M::Redirect => Stage::Whole,
            M::CommitThenError => Stage::Whole,
        }
    }

    /// Whether the operation can show it: an answer of yes or no names nobody, a file is one file, a token call has
    /// no token to expire and nobody to mistake, a record has no state, a look-up by code has no key to refuse, and
    /// not every answer has XML inside.
    pub(crate) fn reaches(&self, operation: &str) -> bool {
        if self.is_of_writes() || writes::knows(operation) {
            return self.reaches_write(operation);
        }
        let token_call = matches!(operation, "token" | "login");
        let company_or_taxpayer = matches!(operation, "chiTietDoanhNghiep" | "traCuuNNT");
        let file = matches!(
            operation,
            "downloadInvPDFFkey" | "downloadInvPDFFkeyNoPay" | "getInvoiceRepresentationFile"
        );
        match self {
            M::WrongPerson => operation != "XacThucThongTinCongDan" && !token_call,
            M::TwoPeople => !file && !token_call,
            M::ExpiredToken => !token_call,
            M::UnknownState => {
                !matches!(operation, "traDanhSachHoSo" | "traCuuSoHoTich" | "getTraCuuThongTinHgd")
                    && !token_call
            }
            M::SignatureRefused => !company_or_taxpayer,
            M::Doctype => operation != "traTrangThaiHoSo" && !company_or_taxpayer,
            _ => true,
        }
    }

    fn words(&self) -> (&'static str, &'static str, &'static str) {
        match self {
            M::Refuse => ("refuse", "Từ chối kết nối: cổng đóng", "connection refused: the port is closed"),
            M::CloseAtAccept => (
                "close-at-accept",
                "Nhận kết nối rồi ngắt ngay",
                "accepts the connection and resets it at once",
            ),
            M::WrongServerCertificate => (
                "wrong-server-certificate",
                "Chứng thư máy chủ do CA khác cấp",
                "the server certificate is from another authority",
            ),
            M::Reset => {
                ("reset", "Ngắt kết nối (RST) trước khi trả lời", "resets the connection before the reply")
            }
            M::Hang => ("hang", "Treo, không bao giờ trả lời", "never answers, until released"),
            M::ZeroBytes => {
                ("zero-bytes", "Đóng kết nối, không gửi byte nào", "closes without a single byte")
            }
            M::HalfAnswer => (
                "half-answer",
                "Gửi nửa câu trả lời rồi đóng",
                "sends half of what Content-Length promises, then closes",
            ),
            M::Garbage => ("garbage", "Gửi byte rác thay vì HTTP", "sends bytes that are no HTTP"),
            M::SlowDrip { .. } => ("slow-drip", "Nhỏ giọt từng byte", "drips the reply byte by byte"),
            M::Delay { .. } => ("delay", "Trả lời đúng nhưng chậm", "answers right, but late"),
            M::TruncatedBody => {
                ("truncated-body", "Nội dung bị cắt giữa chừng", "the body is cut, though framed correctly")
            }
            M::HtmlPage => {
                ("html-page", "Trang HTML bảo trì với mã 200", "an HTML maintenance page with status 200")
            }
            M::ServerError { .. } => {
                ("server-error", "Lỗi máy chủ 5xx dạng văn bản", "a 5xx that is no message")
            }
            M::OkWithError => {
                ("ok-with-error", "HTTP 200 nhưng nội dung báo lỗi", "HTTP 200 with a failure inside")
            }
            M::SchemaDrift => ("schema-drift", "Đổi tên một trường bắt buộc", "a required field is renamed"),
            M::MissingField => ("missing-field", "Thiếu một trường bắt buộc", "a required field is missing"),
            M::WrongPerson => ("wrong-person", "Trả về người khác", "the record of somebody else"),
            M::TwoPeople => ("two-people", "Trả về hai người thay vì một", "two records where one belongs"),
            _ => self.more_words(),
        }
    }

    fn more_words(&self) -> (&'static str, &'static str, &'static str) {
        match self {
            M::WrongNamespace => {
                ("wrong-namespace", "Sai không gian tên XML", "the XML namespace is another")
            }
            M::WrongCharset => {
                ("wrong-charset", "Mã hoá UTF-16 nhưng khai UTF-8", "UTF-16 bytes labelled as UTF-8")
            }
            M::InvalidUtf8 => ("invalid-utf8", "Chuỗi byte không phải UTF-8", "bytes that are no UTF-8"),
            M::Doctype => ("doctype", "Có DOCTYPE và thực thể lồng nhau", "a DOCTYPE with an entity bomb"),
            M::DeepNesting => {
                ("deep-nesting", "Lồng sâu một trăm nghìn tầng", "nested a hundred thousand levels deep")
            }
            M::Oversize => ("oversize", "Câu trả lời quá lớn (10 MB)", "a reply of 10 MB"),
            M::DuplicateKeys => {
                ("duplicate-keys", "Khoá lặp lại, giá trị trái nhau", "keys twice, with other values")
            }
            M::OtherFormat => {
                ("other-format", "JSON thay cho XML hoặc ngược lại", "JSON instead of XML, or the reverse")
            }
            M::WrongType => ("wrong-type", "Sai kiểu dữ liệu của trường", "a field of another type"),
            M::EmptyBody => ("empty-body", "Mã 200, nội dung rỗng", "status 200 with an empty body"),
            M::Bom => ("bom", "Có BOM ở đầu (vẫn hợp lệ)", "a byte order mark first (still to be read)"),
            M::ExpiredToken => ("expired-token", "Mã truy cập đã hết hạn", "the access token has expired"),
            M::SignatureRefused => {
                ("signature-refused", "Từ chối chữ ký xác thực", "our credentials are refused")
            }
            M::Busy => ("busy", "Hệ thống đang bận", "the agency says that it is busy"),
            M::MaintenanceWindow => {
                ("maintenance-window", "Đang bảo trì, hẹn giờ trở lại", "503 with Retry-After: maintenance")
            }
            M::TooManyRequests => {
                ("too-many-requests", "Vượt hạn mức gọi", "429 with Retry-After: over the quota")
            }
            M::IpDisallowed => {
                ("ip-disallowed", "Địa chỉ IP không được phép", "our address is not allowed (101)")
            }
            M::UnknownState => ("unknown-state", "Mã trạng thái chưa từng có", "a state that no list knows"),
            M::Redirect => ("redirect", "Chuyển hướng sang địa chỉ khác", "302 to somewhere else"),
            _ => self.words_of_writes(),
        }
    }
}
