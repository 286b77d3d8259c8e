//! A test's grip on one party: where it is, what it shall do wrong, what reached it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::desk::{Filed, Pace, Standing};
use crate::lgsp;
use crate::misbehaviour::{Misbehaviour, MisbehaviourError, Stage};
use crate::wire::script::Times;
use crate::wire::tally::{Counts, Moment};
use crate::wire::{Movement, Site};

/// What stands behind the name of an operation where the supplement of a dossier is counted among the effects.
pub const SUPPLEMENT: &str = "/bo-sung";

/// Who can misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// Bộ Công an (C06).
    Residence,
    /// Hộ tịch (Bộ Tư pháp), behind the carrier.
    CivilStatus,
    /// Bảo hiểm xã hội Việt Nam, behind the carrier.
    SocialInsurance,
    /// Lao động – Thương binh và Xã hội (bảo trợ xã hội), behind the carrier.
    SocialAffairs,
    /// Cơ quan thuế và Cơ sở dữ liệu đăng ký kinh doanh, behind the carrier.
    Tax,
    /// Bưu điện (VNPost BCCI).
    Postal,
    /// Biên lai điện tử, provider VNPT.
    EReceiptVnpt,
    /// Biên lai điện tử, provider Viettel.
    EReceiptViettel,
    /// The carrier.
    Lgsp,
    /// The server at the end of redirects and external entities; it never misbehaves.
    Elsewhere,
}

impl Party {
    /// The kebab-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Residence => "residence",
            Self::CivilStatus => "civil-status",
            Self::SocialInsurance => "social-insurance",
            Self::SocialAffairs => "social-affairs",
            Self::Tax => "tax",
            Self::Postal => "postal",
            Self::EReceiptVnpt => "e-receipt-vnpt",
            Self::EReceiptViettel => "e-receipt-viettel",
            Self::Lgsp => "lgsp",
            Self::Elsewhere => "elsewhere",
        }
    }
}

/// A grip on one party; clones hold the same one.
#[derive(Debug, Clone)]
pub struct Handle(Arc<Site>);

impl Handle {
    pub(crate) fn new(site: Arc<Site>) -> Self {
        Self(site)
    }

    /// Scheme, address and port, without a slash at the end. An agency behind a carrier has the carrier's.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.0.base_url
    }

    /// Which party this is.
    #[must_use]
    pub fn party(&self) -> Party {
        self.0.party
    }

    /// Orders a misbehaviour for every operation, behind those ordered before and not yet used up.
    ///
    /// [`Misbehaviour::Refuse`] closes the port; what never arrives cannot be counted, so there `times` means
    /// nothing and it lasts until [`Handle::behave`]. On the carrier, kinds that only its token answer can show
    /// wait for a token call.
    pub fn misbehave(&self, misbehaviour: Misbehaviour, times: Times) -> Result<(), MisbehaviourError> {
        let only = self.0.party == Party::Lgsp && lgsp::token_only(&misbehaviour);
        self.order(misbehaviour, times, only.then(|| "token".to_owned()))
    }

    /// Orders a misbehaviour for one operation: the last part of the path, such as `traCuuSoHoTich` or `token`.
    /// What happens at the connection cannot be told apart by operation.
    pub fn misbehave_on(
        &self,
        operation: &str,
        misbehaviour: Misbehaviour,
        times: Times,
    ) -> Result<(), MisbehaviourError> {
        let lost = self.0.door.is_some() && misbehaviour.stage() == Stage::Door;
        let never = self.0.party == Party::Lgsp && lgsp::token_only(&misbehaviour) && operation != "token";
        if lost || never || !misbehaviour.reaches(operation) {
            return Err(self.does_not_apply(&misbehaviour));
        }
        self.order(misbehaviour, times, Some(operation.to_owned()))
    }

    fn order(
        &self,
        misbehaviour: Misbehaviour,
        times: Times,
        operation: Option<String>,
    ) -> Result<(), MisbehaviourError> {
        if !misbehaviour.applies_to(self.0.party) {
            return Err(self.does_not_apply(&misbehaviour));
        }
        let movement = match (misbehaviour.stage(), &misbehaviour) {
            (Stage::Door, Misbehaviour::Refuse) => Some(Movement::Shut),
            (Stage::Door, _) => Some(Movement::Refresh),
            _ => None,
        };
        self.0.script.add(misbehaviour, times, operation);
        movement.map_or(Ok(()), |movement| self.0.move_door(movement))
    }

    fn does_not_apply(&self, misbehaviour: &Misbehaviour) -> MisbehaviourError {
        MisbehaviourError::DoesNotApply { misbehaviour: misbehaviour.name(), party: self.0.party.name() }
    }

    /// Forgets every order, opens the port again, and lets hanging requests go.
    pub fn behave(&self) -> Result<(), MisbehaviourError> {
        let doors = self.0.script.clear();
        self.release();
        if doors { self.0.move_door(Movement::Open) } else { Ok(()) }
    }

    /// Answers every request that hangs, as it should have been answered: all that are counted by now.
    pub fn release(&self) {
        self.0.releases.send_modify(|releases| *releases += 1);
    }

    /// Everything counted so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.0.tally.snapshot()
    }

    /// How often this operation was asked.
    #[must_use]
    pub fn requests_of(&self, operation: &str) -> u64 {
        self.counts().by_operation.get(operation).copied().unwrap_or_default()
    }

    /// How often this was done under this reference: 1 is what everybody wants. A dossier counts when the agency has
    /// it, its supplement as [`SUPPLEMENT`] behind the operation's name; the reference is `maHoSoLT`, `MaHoSo` of the
    /// social affairs, `OrderNumber` of the post, the key of a receipt.
    #[must_use]
    pub fn effects_of(&self, operation: &str, reference: &str) -> u64 {
        self.0.tally.effects_of(operation, reference)
    }

    /// Everything done here since the start, by operation and reference; never forgotten.
    #[must_use]
    pub fn effects(&self) -> BTreeMap<(String, String), u64> {
        self.0.tally.effects()
    }

    /// Does at once whatever [`Misbehaviour::CommitLate`] has put off; says how much that was.
    pub fn settle(&self) -> usize {
        self.0.late.settle()
    }

    /// The dossiers handed in here with this reference or code, oldest first.
    #[must_use]
    pub fn filed(&self, code: &str) -> Vec<Filed> {
        self.0.desk.by_code(code)
    }

    /// Puts the newest dossier with this reference or code where it is told, as an officer of the agency would; says
    /// whether there is one.
    pub fn decide(&self, code: &str, standing: Standing) -> bool {
        self.0.desk.decide(code, standing)
    }

    /// What moves dossiers here from now on, instead of [`crate::Options::pace`].
    pub fn set_pace(&self, pace: Pace) {
        self.0.desk.set_pace(pace);
    }

    /// When each request came, in order; enough to compute rates per window.
    #[must_use]
    pub fn moments(&self) -> Vec<Moment> {
        self.0.tally.moments()
    }

    /// Starts counting anew; requests on their way stay counted as in flight.
    pub fn forget_counts(&self) {
        self.0.tally.forget();
    }

    /// Waits until so many requests have come since the start or the last [`Handle::forget_counts`].
    pub async fn until_asked(&self, requests: u64) {
        // The sender lives as long as this handle, so the wait cannot end otherwise.
        let _ = self.0.tally.total().wait_for(|total| *total >= requests).await;
    }
}
