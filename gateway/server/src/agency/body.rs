//! The body of a write: it asks whether it may leave as its first byte is pulled, and says that it could have.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use engine::ports::Progress;
use http_body::{Body, Frame, SizeHint};

/// The bytes of a write that have not left yet.
pub(super) struct Leaving {
    bytes: Option<Bytes>,
    progress: Arc<Progress>,
}

impl Leaving {
    /// Of these bytes; `progress` says whether they may leave.
    pub fn of(bytes: Vec<u8>, progress: Arc<Progress>) -> Self {
        Leaving { bytes: Some(bytes.into()), progress }
    }
}

impl From<Leaving> for reqwest::Body {
    fn from(body: Leaving) -> Self {
        reqwest::Body::wrap(body)
    }
}

/// The lease was lost, or whoever asked has gone: the connection is dropped with the head unsent or without a body.
#[derive(Debug)]
pub(super) struct NotLeft;

impl fmt::Display for NotLeft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the write may not leave any more")
    }
}

impl std::error::Error for NotLeft {}

impl Body for Leaving {
    type Data = Bytes;
    type Error = NotLeft;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, NotLeft>>> {
        let Some(bytes) = self.bytes.take() else { return Poll::Ready(None) };
        let frame = if self.progress.leave() { Ok(Frame::data(bytes)) } else { Err(NotLeft) };
        Poll::Ready(Some(frame))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    /// Exact, so that the length is told and nothing is sent in chunks.
    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
