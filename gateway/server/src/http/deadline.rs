//! The caller's own patience: `X-Deadline-Ms`.

use std::time::Duration;

use actix_web::http::header::HeaderMap;
use tokio::time::Instant;

/// Milliseconds from the request's arrival until its caller stops waiting; the service's own deadline bounds it too.
pub const DEADLINE_HEADER: &str = "x-deadline-ms";

/// Longer than any service's deadline; a larger number says nothing more.
pub const DEADLINE_MS_MAX: u64 = 60_000;

/// When the caller stops waiting; `None` where the header is missing or is no whole number of 1 to 60000.
pub fn of(headers: &HeaderMap) -> Option<Instant> {
    let text = headers.get(DEADLINE_HEADER)?.to_str().ok()?;
    let milliseconds = text.trim().parse().ok().filter(|number| (1..=DEADLINE_MS_MAX).contains(number))?;
    Some(Instant::now() + Duration::from_millis(milliseconds))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_a_sensible_number_shortens_the_wait() {
        let wait = |text: &str| {
            let mut headers = HeaderMap::new();
            let name = HeaderName::from_static(DEADLINE_HEADER);
            headers.insert(name, HeaderValue::from_str(text).unwrap());
            of(&headers).map(|deadline| (deadline - Instant::now()).as_millis())
        };
        assert_eq!(wait("1"), Some(1));
        assert_eq!(wait(" 60000 "), Some(60_000));
        for text in ["0", "60001", "-1", "1.5", "soon", "", "99999999999999999999"] {
            assert_eq!(wait(text), None, "{text}");
        }
        assert_eq!(of(&HeaderMap::new()), None);
    }
}
