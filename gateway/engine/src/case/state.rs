//! Where a leg stands, and where a case stands because its legs do.

/// Where a leg (thủ tục thành phần) stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LegState {
    /// A leg it stands `after` has not ended yet.
    Waiting,
    /// It may be sent; nothing of this revision is under way.
    Ready,
    /// The intent is stored; bytes may be leaving.
    Sending,
    /// The agency has taken it in.
    Sent,
    /// The agency says it is under way.
    Pending,
    /// The citizen must add something; the chain's clock pauses.
    Supplement,
    /// Silence after a write: nobody knows yet whether the agency has it.
    Uncertain,
    /// A person must look; the reason stands beside it.
    Parked,
    /// The agency has done it.
    Done,
    /// The agency has refused it on the merits.
    Declined,
    /// It was taken back before it took effect.
    Withdrawn,
    /// It was never to be sent; the reason stands beside it.
    Skipped,
}

impl LegState {
    /// Every state, in the order of a leg's life.
    pub const ALL: [LegState; 12] = [
        LegState::Waiting,
        LegState::Ready,
        LegState::Sending,
        LegState::Sent,
        LegState::Pending,
        LegState::Supplement,
        LegState::Uncertain,
        LegState::Parked,
        LegState::Done,
        LegState::Declined,
        LegState::Withdrawn,
        LegState::Skipped,
    ];

    /// The word in the API, the store and logs.
    pub fn word(self) -> &'static str {
        match self {
            LegState::Waiting => "waiting",
            LegState::Ready => "ready",
            LegState::Sending => "sending",
            LegState::Sent => "sent",
            LegState::Pending => "pending",
            LegState::Supplement => "supplement",
            LegState::Uncertain => "uncertain",
            LegState::Parked => "parked",
            LegState::Done => "done",
            LegState::Declined => "declined",
            LegState::Withdrawn => "withdrawn",
            LegState::Skipped => "skipped",
        }
    }

    /// Whether nothing more is to be done about it; a later word of the agency may still correct it.
    pub fn is_final(self) -> bool {
        match self {
            LegState::Done | LegState::Declined | LegState::Withdrawn | LegState::Skipped => true,
            LegState::Waiting | LegState::Ready | LegState::Sending | LegState::Sent => false,
            LegState::Pending | LegState::Supplement | LegState::Uncertain | LegState::Parked => false,
        }
    }

    /// Whether it needs somebody's eye.
    pub fn needs_attention(self) -> bool {
        match self {
            LegState::Uncertain | LegState::Parked => true,
            LegState::Waiting | LegState::Ready | LegState::Sending | LegState::Sent => false,
            LegState::Pending | LegState::Supplement => false,
            LegState::Done | LegState::Declined | LegState::Withdrawn | LegState::Skipped => false,
        }
    }
}

/// Where a case (hồ sơ liên thông) stands; never stored as a decision of its own, always derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CaseState {
    /// Something is still to be done, and nobody need look.
    Open,
    /// A leg is parked or uncertain.
    Attention,
    /// The main leg is done, and so is every other that was wanted.
    Done,
    /// The main leg is done; another was declined, withdrawn, or skipped because its predecessor was.
    PartlyDone,
    /// The main leg was declined.
    Declined,
    /// The main leg was withdrawn.
    Withdrawn,
}

impl CaseState {
    /// The word in the API.
    pub fn word(self) -> &'static str {
        match self {
            CaseState::Open => "open",
            CaseState::Attention => "attention",
            CaseState::Done => "done",
            CaseState::PartlyDone => "partly-done",
            CaseState::Declined => "declined",
            CaseState::Withdrawn => "withdrawn",
        }
    }

    /// Whether the case has come to its end.
    pub fn is_final(self) -> bool {
        match self {
            CaseState::Done | CaseState::PartlyDone | CaseState::Declined | CaseState::Withdrawn => true,
            CaseState::Open | CaseState::Attention => false,
        }
    }
}
