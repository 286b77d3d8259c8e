//! Access tokens that really expire, and refresh tokens that can be spent once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Above this, expired tokens are forgotten; a load run renews far less often.
const TOKENS_MAX: usize = 100_000;

/// What is wrong with a token that was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoToken {
    Missing,
    Unknown,
    Expired,
}

impl NoToken {
    /// As it is counted.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Missing => "missing-token",
            Self::Unknown => "unknown-token",
            Self::Expired => "expired-token",
        }
    }
}

/// The tokens of one kind that one party has issued, each with its end.
#[derive(Debug)]
pub(crate) struct Tokens {
    lives: Duration,
    ends: Mutex<HashMap<String, Instant>>,
}

impl Tokens {
    pub(crate) fn new(lives: Duration) -> Self {
        Self { lives, ends: Mutex::default() }
    }

    fn ends(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whole seconds, as `expires_in` tells them.
    pub(crate) fn lives_s(&self) -> u64 {
        self.lives.as_secs()
    }

    pub(crate) fn issue(&self) -> String {
        let token = uuid::Uuid::new_v4().to_string();
        let mut ends = self.ends();
        if ends.len() > TOKENS_MAX {
            let now = Instant::now();
            ends.retain(|_, end| *end > now);
        }
        ends.insert(token.clone(), Instant::now() + self.lives);
        token
    }

    pub(crate) fn check(&self, token: Option<&str>) -> Result<(), NoToken> {
        let token = token.filter(|token| !token.is_empty()).ok_or(NoToken::Missing)?;
        let end = self.ends().get(token).copied().ok_or(NoToken::Unknown)?;
        if end <= Instant::now() { Err(NoToken::Expired) } else { Ok(()) }
    }

    /// Checks a token that is good once; a second time it is unknown.
    pub(crate) fn take(&self, token: Option<&str>) -> Result<(), NoToken> {
        self.check(token)?;
        token.map(|token| self.ends().remove(token));
        Ok(())
    }

    /// Ends the life of one token now.
    pub(crate) fn spend(&self, token: Option<&str>) {
        let mut ends = self.ends();
        if let Some(end) = token.and_then(|token| ends.get_mut(token)) {
            *end = Instant::now();
        }
    }

    /// Ends the life of every token now.
    pub(crate) fn expire(&self) {
        let now = Instant::now();
        self.ends().values_mut().for_each(|end| *end = now);
    }
}
