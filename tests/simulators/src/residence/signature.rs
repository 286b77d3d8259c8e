//! Checks the signature headers of C06 (interfaces 3.4).
//!
//! Hashed is `service-url + user + timestamp + secret key`, nothing between them, where `service-url` is the whole
//! URL of the operation (`https://127.0.0.1:PORT/TraCuuThongTinCongDan`) and `timestamp` the header as sent. The
//! order differs between real deployments; this is the one written down.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Refusal;
use crate::Credentials;
use crate::wire::http::Request;

/// Epoch seconds stay below this until the year 5138, epoch milliseconds have been above it since 1973.
const SECONDS_BELOW: u64 = 100_000_000_000;

pub(super) fn check(
    request: &Request,
    url: &str,
    credentials: &Credentials,
    skew_s: u64,
) -> Result<(), Refusal> {
    // SOAP 1.1 wants the header there; both `""` and nothing mean "see the address".
    if !matches!(request.header("soapaction"), Some("" | "\"\"")) {
        return Err(Refusal::client("wrong-soap-action", "Thiếu SOAPAction rỗng"));
    }
    let timestamp = request.header("timestamp").unwrap_or_default();
    let expected = authorization(url, credentials, timestamp);
    let ours = request.header("authorization") == Some(expected.as_str())
        && request.header("apikey") == Some(credentials.api_key.as_str())
        && request.header("x-road-client") == Some(credentials.x_road_client.as_str());
    if !ours {
        return Err(Refusal::bad_signature());
    }
    let expired = || Refusal::numbered("expired-timestamp", "002", "Thời gian ký đã hết hiệu lực");
    let number: u64 = timestamp.parse().map_err(|_| expired())?;
    let seconds = if number < SECONDS_BELOW { number } else { number / 1000 };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| expired())?.as_secs();
    if seconds.abs_diff(now) > skew_s { Err(expired()) } else { Ok(()) }
}

/// `Basic base64(user ":" sha256hex(url + user + timestamp + secret key))`.
fn authorization(url: &str, credentials: &Credentials, timestamp: &str) -> String {
    let text = format!("{url}{}{timestamp}{}", credentials.user, credentials.secret_key);
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let hex: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("Basic {}", STANDARD.encode(format!("{}:{hex}", credentials.user)))
}
