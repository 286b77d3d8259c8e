//! HTTP/1.1 as far as a server on loopback needs it: a request read whole, a reply written whole.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The longest head accepted; common servers take 8 to 64 KiB.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// The longest body accepted; a dossier with attachments stays below this in every source read.
const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How much is read from the socket at once.
const READ_BYTES: usize = 16 * 1024;

/// One request, read whole.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// The path without the query.
    pub(crate) path: String,
    /// What stands behind the question mark.
    pub(crate) query: String,
    /// Header names are in lower case.
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// One parameter of the query, decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        form_field(&self.query, name)
    }

    /// One field of a form in the body, decoded.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        form_field(&String::from_utf8_lossy(&self.body), name)
    }

    /// The media type without its parameters, in lower case.
    pub(crate) fn media_type(&self) -> String {
        let value = self.header("content-type").unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    pub(crate) fn wants_close(&self) -> bool {
        self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

/// One reply, before any misbehaviour at the byte level.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("Content-Type", content_type.to_owned())], body: body.into() }
    }

    pub(crate) fn json(status: u16, value: &serde_json::Value) -> Self {
        Self::new(status, "application/json; charset=utf-8", value.to_string())
    }

    pub(crate) fn with(mut self, header: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((header, value.into()));
        self
    }

    /// The head, with `Content-Length` of the whole body.
    pub(crate) fn head(&self, keep: bool) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let connection = if keep { "keep-alive" } else { "close" };
        head.push_str(&format!("Content-Length: {}\r\nConnection: {connection}\r\n\r\n", self.body.len()));
        head.into_bytes()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        405 => "Method Not Allowed",
        415 => "Unsupported Media Type",
        429 => "Too Many Requests",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        500 => "Internal Server Error",
        _ => "Unknown",
    }
}

/// Why no request came.
#[derive(Debug)]
pub(crate) enum NoRequest {
    /// The other side closed, or the socket broke.
    Closed,
    /// The bytes are no HTTP/1.1 request.
    Malformed(&'static str),
}

impl From<std::io::Error> for NoRequest {
    fn from(_: std::io::Error) -> Self {
        Self::Closed
    }
}

/// Reads the next request; `buffer` keeps what came after it.
pub(crate) async fn read_request<S>(stream: &mut S, buffer: &mut Vec<u8>) -> Result<Request, NoRequest>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let end = loop {
        if let Some(end) = find(buffer, b"\r\n\r\n") {
            break end;
        }
        if buffer.len() > HEAD_BYTES_MAX {
            return Err(NoRequest::Malformed("the head is too long"));
        }
        fill(stream, buffer).await?;
    };
    let head: Vec<u8> = buffer.drain(..end + 4).collect();
    let (mut request, length) = parse_head(&head)?;
    if request.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        stream.flush().await?;
    }
    request.body = match length {
        Length::Known(length) => take(stream, buffer, length).await?,
        Length::Chunked => read_chunks(stream, buffer).await?,
    };
    Ok(request)
}

enum Length {
    Known(usize),
    Chunked,
}

fn parse_head(head: &[u8]) -> Result<(Request, Length), NoRequest> {
    let text = std::str::from_utf8(head).map_err(|_| NoRequest::Malformed("the head is not text"))?;
    let mut lines = text.trim_end_matches("\r\n").split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some("HTTP/1.1"), None) =
        (first.next(), first.next(), first.next(), first.next())
    else {
        return Err(NoRequest::Malformed("the request line is wrong"));
    };
    let mut headers = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':').ok_or(NoRequest::Malformed("a header has no colon"))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    let request = Request { method: method.to_owned(), path, query, headers, body: Vec::new() };
    let length = body_length(&request)?;
    Ok((request, length))
}

fn body_length(request: &Request) -> Result<Length, NoRequest> {
    match (request.header("content-length"), request.header("transfer-encoding")) {
        (Some(_), Some(_)) => Err(NoRequest::Malformed("both a length and a transfer encoding")),
        (None, Some(coding)) if coding.eq_ignore_ascii_case("chunked") => Ok(Length::Chunked),
        (None, Some(_)) => Err(NoRequest::Malformed("an unknown transfer encoding")),
        (None, None) => Ok(Length::Known(0)),
        (Some(length), None) => match length.parse() {
            Ok(length) if length <= BODY_BYTES_MAX => Ok(Length::Known(length)),
            _ => Err(NoRequest::Malformed("the length is wrong or too large")),
        },
    }
}

async fn read_chunks<S: AsyncRead + Unpin>(
    stream: &mut S,
    buffer: &mut Vec<u8>,
) -> Result<Vec<u8>, NoRequest> {
    let mut body = Vec::new();
    loop {
        let line = read_line(stream, buffer).await?;
        let size = line.split(';').next().unwrap_or_default().trim().to_owned();
        let size =
            usize::from_str_radix(&size, 16).map_err(|_| NoRequest::Malformed("a chunk has no size"))?;
        if size.saturating_add(body.len()) > BODY_BYTES_MAX {
            return Err(NoRequest::Malformed("the body is too large"));
        }
        if size == 0 {
            while !read_line(stream, buffer).await?.is_empty() {}
            return Ok(body);
        }
        body.extend(take(stream, buffer, size).await?);
        if take(stream, buffer, 2).await? != b"\r\n" {
            return Err(NoRequest::Malformed("a chunk does not end where it says"));
        }
    }
}

async fn read_line<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut Vec<u8>) -> Result<String, NoRequest> {
    let end = loop {
        if let Some(end) = find(buffer, b"\r\n") {
            break end;
        }
        if buffer.len() > HEAD_BYTES_MAX {
            return Err(NoRequest::Malformed("a line is too long"));
        }
        fill(stream, buffer).await?;
    };
    let line: Vec<u8> = buffer.drain(..end + 2).collect();
    Ok(String::from_utf8_lossy(&line).trim_end_matches("\r\n").to_owned())
}

async fn take<S: AsyncRead + Unpin>(
    stream: &mut S,
    buffer: &mut Vec<u8>,
    length: usize,
) -> Result<Vec<u8>, NoRequest> {
    while buffer.len() < length {
        fill(stream, buffer).await?;
    }
    Ok(buffer.drain(..length).collect())
}

async fn fill<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut Vec<u8>) -> Result<(), NoRequest> {
    buffer.reserve(READ_BYTES);
    match stream.read_buf(buffer).await? {
        0 => Err(NoRequest::Closed),
        _ => Ok(()),
    }
}

/// A field of `application/x-www-form-urlencoded`; what is not rightly encoded is as good as not there.
fn form_field(text: &str, name: &str) -> Option<String> {
    let (_, value) = text.split('&').filter_map(|pair| pair.split_once('=')).find(|(own, _)| *own == name)?;
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Where a byte string begins inside another.
pub(crate) fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
