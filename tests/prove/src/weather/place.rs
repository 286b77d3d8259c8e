//! Where a misbehaviour is played: the agencies, the carrier, and whoever gives a token.

use sandbox::World;
use simulators::Handle;

use super::questions::{Question, Questions};

/// Where a misbehaviour is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Bộ Công an, reached directly.
    Residence,
    /// Hộ tịch, behind the carrier.
    CivilStatus,
    /// Bảo hiểm xã hội, behind the carrier.
    SocialInsurance,
    /// Thuế, behind the carrier.
    Tax,
    /// Bưu chính, reached directly.
    Postal,
    /// Biên lai VNPT, reached directly.
    Vnpt,
    /// Biên lai Viettel, reached directly.
    Viettel,
    /// The carrier, on the way to the agency.
    Carrier,
    /// The carrier's token endpoint.
    Token,
    /// The post's token endpoint.
    PostalToken,
    /// Viettel's login.
    ViettelLogin,
}

/// Every place where a misbehaviour is played.
pub const PLACES: [Place; 11] = [
    Place::Residence,
    Place::CivilStatus,
    Place::SocialInsurance,
    Place::Tax,
    Place::Postal,
    Place::Vnpt,
    Place::Viettel,
    Place::Carrier,
    Place::Token,
    Place::PostalToken,
    Place::ViettelLogin,
];

impl Place {
    /// As tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Place::Residence => "residence",
            Place::CivilStatus => "civil-status behind the carrier",
            Place::SocialInsurance => "social-insurance behind the carrier",
            Place::Tax => "tax behind the carrier",
            Place::Postal => "postal",
            Place::Vnpt => "e-receipt-vnpt",
            Place::Viettel => "e-receipt-viettel",
            Place::Carrier => "the carrier",
            Place::Token => "the carrier's token",
            Place::PostalToken => "the post's token",
            Place::ViettelLogin => "Viettel's login",
        }
    }

    /// The party that is told to misbehave.
    pub fn handle(self, world: &World) -> &Handle {
        match self {
            Place::Residence => world.simulators.residence(),
            Place::CivilStatus => world.simulators.civil_status(),
            Place::SocialInsurance => world.simulators.social_insurance(),
            Place::Tax => world.simulators.tax(),
            Place::Postal | Place::PostalToken => world.simulators.postal(),
            Place::Vnpt => world.simulators.e_receipt_vnpt(),
            Place::Viettel | Place::ViettelLogin => world.simulators.e_receipt_viettel(),
            Place::Carrier | Place::Token => world.simulators.lgsp(),
        }
    }

    /// The reads that are spoiled there.
    pub fn questions(self, questions: &Questions) -> &[Question] {
        match self {
            Place::Residence => &questions.residence,
            Place::CivilStatus | Place::Carrier | Place::Token => &questions.civil_status,
            Place::SocialInsurance => &questions.social_insurance,
            Place::Tax => &questions.tax,
            Place::Postal | Place::PostalToken => &questions.postal,
            Place::Vnpt => &questions.vnpt,
            Place::Viettel | Place::ViettelLogin => &questions.viettel,
        }
    }

    /// The operation by which a token is asked for here; `None` where no login is played.
    pub fn login(self) -> Option<&'static str> {
        match self {
            Place::Token | Place::PostalToken => Some("token"),
            Place::ViettelLogin => Some("login"),
            Place::Residence | Place::CivilStatus | Place::SocialInsurance | Place::Tax => None,
            Place::Postal | Place::Vnpt | Place::Viettel | Place::Carrier => None,
        }
    }

    /// Whether it is an agency's own login, not the carrier's.
    pub fn is_agencys_login(self) -> bool {
        self.login().is_some() && self != Place::Token
    }

    /// Whether its door is the carrier's: it answers in its stead when it is shut.
    pub fn is_carried(self) -> bool {
        matches!(self, Place::CivilStatus | Place::SocialInsurance | Place::Tax)
    }
}
