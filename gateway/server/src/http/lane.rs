//! The caller's own urgency: `X-Lane`.

use actix_web::http::header::HeaderMap;
use engine::client::{Client, Lane};

/// `batch`: nobody stands and waits for this request. It may lower itself, never raise: the lane of a client whose
/// clients.toml says `batch` stays that, whatever its requests say.
pub const LANE_HEADER: &str = "x-lane";

/// The lane of a request; a word that is none says nothing.
pub fn of(headers: &HeaderMap, client: &Client) -> Lane {
    let text = headers.get(LANE_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let batch = text.trim().eq_ignore_ascii_case(Lane::Batch.word());
    client.lane.lowered_to(if batch { Lane::Batch } else { Lane::Counter })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn a_request_may_lower_itself_and_never_raise() {
        let lane = |own: Lane, text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static(LANE_HEADER), HeaderValue::from_str(text).unwrap());
            of(&headers, &Client { id: "desk".into(), rights: Default::default(), lane: own })
        };
        for text in ["batch", " Batch ", "BATCH"] {
            assert_eq!(lane(Lane::Counter, text), Lane::Batch, "{text}");
        }
        for text in ["counter", "", "batches", "quầy"] {
            assert_eq!(lane(Lane::Counter, text), Lane::Counter, "{text}");
            assert_eq!(lane(Lane::Batch, text), Lane::Batch, "{text}");
        }
        let nothing = Client { id: "desk".into(), rights: Default::default(), lane: Lane::Batch };
        assert_eq!(of(&HeaderMap::new(), &nothing), Lane::Batch);
    }
}
