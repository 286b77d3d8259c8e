//! What the simulators are told at the start, and what they tell those who want to be heard.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::desk::Pace;

/// How the simulators shall be.
#[derive(Debug, Clone)]
pub struct Options {
    /// The same seed gives the same people.
    pub seed: u64,
    /// An existing folder for the PEM files.
    pub folder: PathBuf,
    /// Life of an access token of the carrier; `expires_in` tells its whole seconds.
    pub token_lives: Duration,
    /// Life of an access token of the post.
    pub postal_token_lives: Duration,
    /// Life of a refresh token of the post; each is good once.
    pub postal_refresh_lives: Duration,
    /// Life of an access token of the e-receipt provider Viettel.
    pub receipt_token_lives: Duration,
    /// MaCanBo that may ask the residence agency; others meet fault 003.
    pub allowed_officers: Vec<String>,
    /// MaDVC for which it may be asked; others meet fault 004.
    pub allowed_procedures: Vec<String>,
    /// What moves a dossier on at the agencies that take their time; each poll a step unless told otherwise \[SIM\].
    pub pace: Pace,
}

impl Options {
    /// Sensible values: an hour's token (WSO2's default), a minute's at the post with an hour to refresh, five
    /// minutes' at Viettel (both \[SIM\]), officers `cb01` to `cb05`, the procedures of
    /// interfaces 4.3.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let procedures = [
            "1.001193", "2.000986", "2.002621", "1.000656", "2.002622", "1.000894", "1.000094", "1.000593",
            "2.000806", "2.000488", "1.007073", "1.011537",
        ];
        Self {
            seed: 1,
            folder: folder.into(),
            token_lives: Duration::from_secs(3600),
            postal_token_lives: Duration::from_secs(60),
            postal_refresh_lives: Duration::from_secs(3600),
            receipt_token_lives: Duration::from_secs(300),
            allowed_officers: (1..=5).map(|number| format!("cb{number:02}")).collect(),
            allowed_procedures: procedures.map(str::to_owned).to_vec(),
            pace: Pace::Polls(1),
        }
    }
}

/// What the gateway must show to be heard. Every value is obviously false.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// C06 user.
    pub user: String,
    /// C06 secret key, hashed into every signature.
    pub secret_key: String,
    /// C06 `ApiKey` header.
    pub api_key: String,
    /// C06 `X-Road-Client` header.
    pub x_road_client: String,
    /// LGSP consumer key.
    pub consumer_key: String,
    /// LGSP consumer secret.
    pub consumer_secret: String,
    /// LGSP `lgspaccesstoken`, member AccessKey; the social insurance is reached with it only.
    pub lgsp_access_key: String,
    /// LGSP `lgspaccesstoken`, member SecretKey.
    pub lgsp_secret_key: String,
    /// LGSP `lgspaccesstoken`, member AppName.
    pub lgsp_app_name: String,
    /// LGSP `lgspaccesstoken`, member PartnerCode.
    pub lgsp_partner_code: String,
    /// LGSP `lgspaccesstoken`, member PartnerCodeCus.
    pub lgsp_partner_code_cus: String,
    /// Tax, `SecurityKey` of the obligations.
    pub tax_security_key: String,
    /// Social affairs, `AcceptKey`.
    pub social_affairs_accept_key: String,
    /// Post, user of the token call.
    pub postal_username: String,
    /// Post, password of the token call.
    pub postal_password: String,
    /// Post, `CustomerCode` of the contract.
    pub postal_customer_code: String,
    /// E-receipts of VNPT, `Account`.
    pub vnpt_account: String,
    /// E-receipts of VNPT, `ACpass`.
    pub vnpt_account_password: String,
    /// E-receipts of VNPT, `userName`.
    pub vnpt_username: String,
    /// E-receipts of VNPT, `userPass`.
    pub vnpt_password: String,
    /// E-receipts of Viettel, user of the login.
    pub viettel_username: String,
    /// E-receipts of Viettel, password of the login.
    pub viettel_password: String,
    /// E-receipts of Viettel, `supplierTaxCode`: the issuer's own tax code.
    pub viettel_tax_code: String,
}

impl Credentials {
    pub(crate) fn false_ones() -> Self {
        Self {
            user: "tinh-mau".to_owned(),
            secret_key: "khoa-bi-mat-gia-dinh".to_owned(),
            api_key: "khoa-api-gia-dinh".to_owned(),
            x_road_client: "VN/GOV/H00/lien-thong-mau".to_owned(),
            consumer_key: "consumer-key-gia-dinh".to_owned(),
            consumer_secret: "consumer-secret-gia-dinh".to_owned(),
            lgsp_access_key: "access-key-gia-dinh".to_owned(),
            lgsp_secret_key: "secret-key-gia-dinh".to_owned(),
            lgsp_app_name: "lien-thong-mau".to_owned(),
            lgsp_partner_code: "H00".to_owned(),
            lgsp_partner_code_cus: "000.00.00.H00".to_owned(),
            tax_security_key: "khoa-thue-gia-dinh".to_owned(),
            social_affairs_accept_key: "khoa-btxh-gia-dinh".to_owned(),
            postal_username: "buu-dien-mau".to_owned(),
            postal_password: "mat-khau-buu-dien-gia-dinh".to_owned(),
            postal_customer_code: "H00MAU".to_owned(),
            vnpt_account: "tai-khoan-mau".to_owned(),
            vnpt_account_password: "mat-khau-tai-khoan-gia-dinh".to_owned(),
            vnpt_username: "dich-vu-mau".to_owned(),
            vnpt_password: "mat-khau-dich-vu-gia-dinh".to_owned(),
            viettel_username: "viettel-mau".to_owned(),
            viettel_password: "mat-khau-viettel-gia-dinh".to_owned(),
            // Nine digits of no province, with their right check digit.
            viettel_tax_code: "9900000016".to_owned(),
        }
    }

    /// The five members inside `lgspaccesstoken` (interfaces 3.2).
    pub(crate) fn lgsp_partner(&self) -> serde_json::Value {
        json!({
            "AccessKey": self.lgsp_access_key, "SecretKey": self.lgsp_secret_key, "AppName": self.lgsp_app_name,
            "PartnerCode": self.lgsp_partner_code, "PartnerCodeCus": self.lgsp_partner_code_cus,
        })
    }

    /// The whole value of the header `lgspaccesstoken`.
    #[must_use]
    pub fn lgsp_access_token(&self) -> String {
        STANDARD.encode(self.lgsp_partner().to_string())
    }
}

/// Whom the residence agency serves.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) allowed_officers: Vec<String>,
    pub(crate) allowed_procedures: Vec<String>,
    /// ±300 s, interfaces B.1.
    pub(crate) clock_skew_s: u64,
}

/// Why the simulators did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A socket, file or thread could not be had.
    #[error("a socket, file or thread could not be had: {0}")]
    Io(#[from] std::io::Error),
    /// A certificate could not be made.
    #[error("a certificate could not be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// TLS could not be set up.
    #[error("TLS could not be set up: {0}")]
    Tls(String),
}

impl From<rustls::Error> for StartError {
    fn from(error: rustls::Error) -> Self {
        Self::Tls(error.to_string())
    }
}
