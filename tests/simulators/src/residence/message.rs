//! Reads a C06 request, refusing every deviation from the order and the words of interfaces 8 and B.1.

use super::{Refusal, SOAP_NAMESPACE};
use crate::people::{Born, Day, Person};
use crate::xml::{self, Element};

/// Namespace of the requests.
const REQUEST_NAMESPACE: &str = "http://dancuquocgia.bca";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    LookUp,
    Verify,
    Household,
}

impl Operation {
    pub(super) fn of(path: &str) -> Option<Self> {
        [Self::LookUp, Self::Verify, Self::Household]
            .into_iter()
            .find(|own| path.strip_prefix('/') == Some(own.name()))
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::LookUp => "TraCuuThongTinCongDan",
            Self::Verify => "XacThucThongTinCongDan",
            Self::Household => "CungCapThongTinHoGiaDinh",
        }
    }

    /// MaTichHop.
    fn integration(self) -> &'static str {
        match self {
            Self::LookUp => "037",
            Self::Verify => "034",
            Self::Household => "033",
        }
    }
}

/// A request understood.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) procedure: String,
    pub(super) officer: String,
    /// SoDinhDanh or SoCMND.
    pub(super) id: String,
    name: String,
    born: AskedBorn,
}

#[derive(Debug, PartialEq, Eq)]
enum AskedBorn {
    Year(u16),
    Day(Day),
}

impl Ask {
    /// Name, birth date and ID must all match. The name counts letter by letter: upper case, NFC.
    pub(super) fn matches(&self, person: &Person) -> bool {
        let born = match (&self.born, person.born) {
            (AskedBorn::Day(asked), Born::Day(kept)) => *asked == kept,
            (AskedBorn::Year(asked), Born::Year(kept) | Born::Month { year: kept, .. }) => *asked == kept,
            _ => false,
        };
        born && self.name == person.name.full()
    }
}

pub(super) fn read(body: &[u8], operation: Operation) -> Result<Ask, Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| Refusal::client("not-utf8", "Không phải UTF-8"))?;
    let envelope = xml::read(text).map_err(|why| Refusal::client("not-xml", why))?;
    let asked = open(envelope)?;
    if asked.namespace != REQUEST_NAMESPACE || asked.children.iter().any(|c| c.namespace != REQUEST_NAMESPACE)
    {
        return Err(Refusal::client("wrong-namespace", "Sai không gian tên"));
    }
    if asked.name != operation.name() {
        return Err(Refusal::client("wrong-operation", "Thông điệp không thuộc dịch vụ này"));
    }
    let mut fields = Fields::new(&asked)?;
    let request_id = fields.required("MaYeuCau")?;
    let procedure = fields.required("MaDVC")?;
    let integration = fields.required("MaTichHop")?;
    let officer = fields.required("MaCanBo")?;
    for optional in ["MaDonVi", "TaiKhoan", "SoDienThoai"] {
        fields.optional(optional)?;
    }
    let id = match fields.optional("SoDinhDanh")? {
        Some(id) => digits(id, 12)?,
        None if fields.comes_later("SoDinhDanh") => return Err(fields.out_of_place("SoDinhDanh")),
        None => digits(fields.required("SoCMND")?, 9)?,
    };
    let name = fields.required("HoVaTen")?;
    let born = birth_date(fields.branch("NgayThangNamSinh")?)?;
    fields.finish()?;
    if uuid::Uuid::parse_str(&request_id).is_err() {
        return Err(Refusal::client("wrong-request-id", "MaYeuCau không phải UUID"));
    }
    if integration != operation.integration() {
        return Err(Refusal::client("wrong-integration-code", "Sai MaTichHop"));
    }
    Ok(Ask { procedure, officer, id, name, born })
}

/// The one element inside the body of the envelope.
fn open(envelope: Element) -> Result<Element, Refusal> {
    let wrong = |text: &str| Refusal::client("wrong-envelope", text);
    if envelope.name != "Envelope" || envelope.namespace != SOAP_NAMESPACE {
        return Err(wrong("Không phải SOAP 1.1 Envelope"));
    }
    let mut parts = envelope.children;
    if parts.iter().any(|part| part.namespace != SOAP_NAMESPACE) {
        return Err(wrong("Phần tử lạ trong Envelope"));
    }
    let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
    if !matches!(names.as_slice(), ["Body"] | ["Header", "Body"]) {
        return Err(wrong("Envelope phải có đúng một Body"));
    }
    let mut content = parts.pop().map(|body| body.children).unwrap_or_default();
    match (content.pop(), content.is_empty()) {
        (Some(asked), true) => Ok(asked),
        _ => Err(wrong("Body phải có đúng một phần tử")),
    }
}

/// The children of a request, taken in order.
struct Fields<'a> {
    left: std::slice::Iter<'a, Element>,
}

/// Every name section 8 knows, to tell disorder from strangers.
const KNOWN: [&str; 11] = [
    "MaYeuCau",
    "MaDVC",
    "MaTichHop",
    "MaCanBo",
    "MaDonVi",
    "TaiKhoan",
    "SoDienThoai",
    "SoDinhDanh",
    "SoCMND",
    "HoVaTen",
    "NgayThangNamSinh",
];

impl<'a> Fields<'a> {
    fn new(asked: &'a Element) -> Result<Self, Refusal> {
        let names: Vec<&str> = asked.children.iter().map(|child| child.name.as_str()).collect();
        if let Some(stranger) = names.iter().find(|name| !KNOWN.contains(name)) {
            return Err(Refusal::client("unknown-element", format!("Phần tử lạ: {stranger}")));
        }
        Ok(Self { left: asked.children.iter() })
    }

    fn optional(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        let Some(next) = self.left.as_slice().first().filter(|next| next.name == name) else {
            return Ok(None);
        };
        self.left.next();
        if !next.children.is_empty() {
            return Err(Refusal::client("wrong-content", format!("{name} phải là văn bản")));
        }
        Ok(Some(next.text.clone()))
    }

    fn required(&mut self, name: &'static str) -> Result<String, Refusal> {
        match self.optional(name)? {
            Some(text) if !text.trim().is_empty() => Ok(text),
            Some(_) => Err(Refusal::client("missing-element", format!("{name} rỗng"))),
            None => Err(self.out_of_place(name)),
        }
    }

    fn branch(&mut self, name: &str) -> Result<&'a Element, Refusal> {
        match self.left.as_slice().first().filter(|next| next.name == name) {
            Some(next) => {
                self.left.next();
                Ok(next)
            }
            None => Err(self.out_of_place(name)),
        }
    }

    fn comes_later(&self, name: &str) -> bool {
        self.left.clone().any(|element| element.name == name)
    }

    fn out_of_place(&self, name: &str) -> Refusal {
        let reason = if self.comes_later(name) { "element-order" } else { "missing-element" };
        Refusal::client(reason, format!("Thiếu {name} ở đúng vị trí"))
    }

    fn finish(mut self) -> Result<(), Refusal> {
        match self.left.next() {
            Some(extra) => {
                Err(Refusal::client("element-order", format!("{} sai vị trí hoặc lặp lại", extra.name)))
            }
            None => Ok(()),
        }
    }
}

fn digits(text: String, length: usize) -> Result<String, Refusal> {
    if text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text)
    } else {
        Err(Refusal::client("malformed-id", format!("Số giấy tờ phải có {length} chữ số")))
    }
}

fn birth_date(element: &Element) -> Result<AskedBorn, Refusal> {
    let wrong = || Refusal::client("malformed-date", "Nam dạng yyyy hoặc NgayThangNam dạng yyyyMMdd");
    let [only] = element.children.as_slice() else { return Err(wrong()) };
    if only.namespace != REQUEST_NAMESPACE || !only.children.is_empty() {
        return Err(wrong());
    }
    let text = only.text.as_str();
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    match (only.name.as_str(), text.len()) {
        ("Nam", 4) => text.parse().map(AskedBorn::Year).map_err(|_| wrong()),
        ("NgayThangNam", 8) => {
            let (year, rest) = text.split_at(4);
            let (month, day) = rest.split_at(2);
            match (year.parse(), month.parse(), day.parse()) {
                (Ok(year), Ok(month @ 1..=12), Ok(day @ 1..=31)) => {
                    Ok(AskedBorn::Day(Day { year, month, day }))
                }
                _ => Err(wrong()),
            }
        }
        _ => Err(wrong()),
    }
}
