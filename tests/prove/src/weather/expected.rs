//! What each misbehaviour must be told as: reasoned from design 5 and 7, never read off a run.

use std::fmt;

use sandbox::Told;
use simulators::Misbehaviour;

use super::Place;

/// What a read is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The right answer all the same.
    Found,
    /// This problem: status, code, blame.
    Problem(u16, Word, Word),
}

/// A word of ours. Others are all the same: wrong.
pub type Word = &'static str;

use Expected::{Found, Problem};

/// The carrier or the agency could not be connected to: nothing was sent.
const NO_ROAD: Expected = Problem(503, "unreachable", "network");
const NO_CARRIER: Expected = Problem(503, "unreachable", "carrier");
/// Sent, and then the connection ended: anything after the first byte could have arrived (design 5).
const NO_WORD: Expected = Problem(504, "uncertain", "network");
/// Silence till the deadline. Who is silent behind a carrier cannot be seen; the agency's name stands beside it.
const SILENCE: Expected = Problem(504, "deadline-exceeded", "agency");
/// The carrier alone is asked for its token: its silence is its own, and the agency was never reached.
const CARRIER_SILENT: Expected = Problem(504, "deadline-exceeded", "carrier");
/// Words that make no sense: the agency's own, or the carrier's where only it can have said them (its token).
const NONSENSE: Expected = Problem(502, "malformed", "agency");
const NONSENSE_OF_CARRIER: Expected = Problem(502, "malformed", "carrier");
/// It says that it is closed.
const CLOSED: Expected = Problem(503, "unavailable", "agency");
const CARRIER_CLOSED: Expected = Problem(503, "unavailable", "carrier");
/// It says that we ask too much.
const TOO_MUCH: Expected = Problem(503, "overloaded", "agency");
pub const CARRIER_TOO_MUCH: Expected = Problem(503, "overloaded", "carrier");
/// Our credentials, after one fresh login: ours to mend.
pub const NOT_LET_IN: Expected = Problem(502, "not-admitted", "gateway");
/// It refuses our own words, not the caller's: our address, our province, our request.
const OUR_FAULT: Expected = Problem(502, "rejected", "gateway");

/// One row: the misbehaviour, what is told, and why where it is not plain.
type Row = (&'static str, Expected);

/// What every party does alike: bytes that break off, and words that are no answer.
const ALIKE: &[Row] = &[
    ("reset", NO_WORD),
    ("hang", SILENCE),
    ("zero-bytes", NO_WORD),
    ("half-answer", NO_WORD),
    ("garbage", NO_WORD), // no HTTP at all: nobody knows what became of the request
    ("slow-drip", SILENCE),
    ("delay", Found),
    ("truncated-body", NONSENSE), // behind the carrier, seen from here the agency's
    ("html-page", NONSENSE),
    ("server-error 500", NONSENSE), // no fault of theirs in it: no rule holds
    ("schema-drift", NONSENSE),
    ("missing-field", NONSENSE),
    ("wrong-person", NONSENSE), // the subject answered is the subject asked
    ("two-people", NONSENSE),
    ("wrong-namespace", NONSENSE),
    ("wrong-charset", NONSENSE),
    ("invalid-utf8", NONSENSE),
    ("doctype", NONSENSE),
    ("deep-nesting", NONSENSE),
    ("oversize", NONSENSE),
    ("duplicate-keys", NONSENSE),
    ("other-format", NONSENSE),
    ("wrong-type", NONSENSE),
    ("empty-body", NONSENSE),
    ("bom", Found),                    // L7: a byte order mark is tolerated
    ("expired-token", NOT_LET_IN),     // refused again with a fresh token
    ("signature-refused", NOT_LET_IN), // AUTHEN_ERROR, twice
    ("unknown-state", NONSENSE),       // nothing unknown is success
    ("redirect", NONSENSE),            // never followed (T13)
];

/// Reached directly: it is shut or busy itself.
const DIRECT: &[Row] = &[
    ("refuse", NO_ROAD),
    ("close-at-accept", NO_WORD), // plain HTTP has no handshake: the request may have left
    ("server-error 502", CLOSED),
    ("server-error 503", CLOSED),
    ("server-error 504", CLOSED),
    ("maintenance-window", CLOSED),
    ("too-many-requests", TOO_MUCH),
];

/// Behind the carrier: who says 502 to 504 cannot be told apart; the carrier's rules come first.
const CARRIED: &[Row] = &[
    ("refuse", CARRIER_CLOSED), // the carrier answers in its stead: 503, 101503
    ("server-error 502", CARRIER_CLOSED),
    ("server-error 503", CARRIER_CLOSED),
    ("server-error 504", CARRIER_CLOSED),
    ("maintenance-window", CARRIER_CLOSED),
    ("too-many-requests", CARRIER_TOO_MUCH),
];

/// Over mutual TLS, speaks SOAP.
const RESIDENCE: &[Row] = &[
    ("close-at-accept", NO_ROAD), // the handshake never ends, so no request was sent
    ("wrong-server-certificate", NO_ROAD),
    ("ok-with-error", CLOSED), // fault 005 with HTTP 200: "busy"
    ("busy", CLOSED),
];

const CIVIL_STATUS: &[Row] = &[
    ("ok-with-error", OUR_FAULT), // 500 DATA_INCORRECT: our words
    ("ip-disallowed", OUR_FAULT), // 101: our address
];

/// The codes of the social insurance and the sentences of the tax office are not public: the agency is blamed (interfaces 9,
/// 10).
const AGENCY_REFUSES: Expected = Problem(502, "rejected", "agency");

const SOCIAL_INSURANCE: &[Row] = &[
    ("ok-with-error", AGENCY_REFUSES),
    ("unknown-state", Found), // trangThai of a participant is told on as it came, and decides nothing
];

const TAX: &[Row] = &[("ok-with-error", AGENCY_REFUSES)];

const POSTAL: &[Row] = &[("ok-with-error", CLOSED)]; // 199: system error

/// Speaks SOAP, our account stands in each message.
const VNPT: &[Row] = &[
    ("ok-with-error", OUR_FAULT),     // ERR:7, our company
    ("signature-refused", OUR_FAULT), // ERR:1, our account
    ("two-people", Found),            // the row with our key is taken, the other left
];

const VIETTEL: &[Row] = &[("ok-with-error", OUR_FAULT)];

/// The carrier itself, over plain HTTP.
const CARRIER: &[Row] = &[("refuse", NO_CARRIER), ("close-at-accept", NO_WORD)];

/// The login of an agency reached directly: beside what every token endpoint does, an account that is refused.
const LOGIN: &[Row] =
    &[("ok-with-error", NONSENSE), ("signature-refused", NOT_LET_IN), ("unknown-state", NONSENSE)];

/// The carrier's token endpoint: whatever goes wrong here is the carrier's, the agency was not reached. A token that is lost
/// on its way leaves nothing uncertain: of the question nothing has been sent, which is what `unreachable` means.
const TOKEN: &[Row] = &[
    ("reset", NO_CARRIER),
    ("hang", CARRIER_SILENT),
    ("zero-bytes", NO_CARRIER),
    ("half-answer", NO_CARRIER),
    ("garbage", NO_CARRIER),
    ("slow-drip", CARRIER_SILENT),
    ("delay", Found),
    ("truncated-body", NONSENSE_OF_CARRIER),
    ("html-page", NONSENSE_OF_CARRIER),
    ("server-error 500", CARRIER_CLOSED),
    ("server-error 502", CARRIER_CLOSED),
    ("server-error 503", CARRIER_CLOSED),
    ("server-error 504", CARRIER_CLOSED),
    ("schema-drift", NONSENSE_OF_CARRIER),
    ("missing-field", NONSENSE_OF_CARRIER),
    ("wrong-charset", NONSENSE_OF_CARRIER),
    ("invalid-utf8", NONSENSE_OF_CARRIER),
    ("deep-nesting", NONSENSE_OF_CARRIER),
    ("oversize", NONSENSE_OF_CARRIER),
    ("duplicate-keys", NONSENSE_OF_CARRIER),
    ("other-format", NONSENSE_OF_CARRIER),
    ("wrong-type", NONSENSE_OF_CARRIER),
    ("empty-body", NONSENSE_OF_CARRIER),
    ("bom", Found),
    ("maintenance-window", CARRIER_CLOSED),
    ("too-many-requests", CARRIER_TOO_MUCH),
    ("redirect", NONSENSE_OF_CARRIER),
];

/// Where one read cannot tell what the others can. Each is a gap that the wire leaves, written down, not hidden.
const EXCEPTIONS: &[(&str, Place, &str, Expected)] = &[
    // The reply to a dossier code names no dossier (interfaces 6.1): a single row about somebody else looks like ours.
    ("wrong-person", Place::CivilStatus, "record by dossier", Found),
    // Asked by number alone, the reply names no number (interfaces 9): another person's record looks like the right one.
    ("wrong-person", Place::SocialInsurance, "person by number", Found),
    // What the first exchange shows is believed only if the list of the second has a row with our key.
    ("wrong-person", Place::Vnpt, "receipt, looked up", Found),
    // A file names no key (interfaces 14): the document of another receipt looks like the right one.
    ("wrong-person", Place::Vnpt, "receipt's file", Found),
    ("wrong-person", Place::Viettel, "receipt's file", Found),
    // Viettel's state of a receipt is not told on; that there is one with this number, is.
    ("unknown-state", Place::Viettel, "receipt", Found),
    ("unknown-state", Place::Viettel, "receipt of a file", Found),
    // An error code in no document: theirs are all about our request.
    ("unknown-state", Place::Viettel, "receipt's file", OUR_FAULT),
    // The business register's status is told on as the code it came in, and decides nothing.
    ("unknown-state", Place::Tax, "enterprise", Found),
    // The notices' service has numbers for its errors, of which this one is in no document: no rule holds.
    ("ok-with-error", Place::Tax, "obligations", NONSENSE),
];

/// Where the kernel decides what we see: a connection that is reset at once is either never ours, or ours and then gone.
const OR_ELSE: &[(&str, Place, Expected)] = &[
    ("close-at-accept", Place::Carrier, NO_CARRIER),
    ("close-at-accept", Place::Postal, NO_ROAD),
    ("close-at-accept", Place::Vnpt, NO_ROAD),
    ("close-at-accept", Place::Viettel, NO_ROAD),
    // A kept connection that the party ends, as it shuts its door, just when a request leaves on it: whether it arrived,
    // nobody knows.
    ("wrong-server-certificate", Place::Residence, NO_WORD),
    ("close-at-accept", Place::Residence, NO_WORD),
    ("refuse", Place::Residence, NO_WORD),
    ("refuse", Place::Postal, NO_WORD),
    ("refuse", Place::Vnpt, NO_WORD),
    ("refuse", Place::Viettel, NO_WORD),
    ("refuse", Place::Carrier, NO_WORD),
];

/// Whether this read may be told this.
pub fn allows(kind: &Misbehaviour, place: Place, read: &str, told: Expected) -> bool {
    let name = label(kind);
    let or_else = OR_ELSE.iter().any(|(own, at, also)| *own == name && *at == place && *also == told);
    or_else || of(kind, place, read) == Some(told)
}

/// What this read must be told; `None` where no row says so, which is a failure of its own.
pub fn of(kind: &Misbehaviour, place: Place, read: &str) -> Option<Expected> {
    let name = label(kind);
    let except = EXCEPTIONS.iter().find(|(own, at, only, _)| *own == name && *at == place && *only == read);
    if let Some((_, _, _, expected)) = except {
        return Some(*expected);
    }
    // What a party does in its own way stands first, what it does as others after it.
    let tables: &[&[Row]] = match place {
        Place::Residence => &[RESIDENCE, DIRECT, ALIKE],
        Place::CivilStatus => &[CIVIL_STATUS, CARRIED, ALIKE],
        Place::SocialInsurance => &[SOCIAL_INSURANCE, CARRIED, ALIKE],
        Place::Tax => &[TAX, CARRIED, ALIKE],
        Place::Postal => &[POSTAL, DIRECT, ALIKE],
        Place::Vnpt => &[VNPT, DIRECT, ALIKE],
        Place::Viettel => &[VIETTEL, DIRECT, ALIKE],
        Place::Carrier => &[CARRIER, CARRIED, ALIKE],
        Place::Token => &[TOKEN],
        Place::PostalToken | Place::ViettelLogin => &[LOGIN, TOKEN],
    };
    let row = tables.iter().copied().flatten().find(|(row, _)| *row == name);
    row.map(|(_, expected)| expected.of_whom(place))
}

/// The misbehaviour's name, with its status where that decides.
pub fn label(kind: &Misbehaviour) -> String {
    match kind {
        Misbehaviour::ServerError { status } => format!("{} {status}", kind.name()),
        _ => kind.name().to_string(),
    }
}

const CODES: [Word; 9] = [
    "rejected",
    "not-admitted",
    "malformed",
    "unreachable",
    "uncertain",
    "unavailable",
    "overloaded",
    "deadline-exceeded",
    "adapter-failed",
];
const BLAMES: [Word; 5] = ["caller", "gateway", "carrier", "agency", "network"];

impl Expected {
    /// At the login of an agency reached directly, what is the carrier's at its own token endpoint is the agency's.
    fn of_whom(self, place: Place) -> Expected {
        match self {
            NO_CARRIER if place.is_agencys_login() => NO_ROAD,
            Problem(status, code, "carrier") if place.is_agencys_login() => Problem(status, code, "agency"),
            other => other,
        }
    }

    /// What was told.
    pub fn told(told: &Told) -> Expected {
        if told.status == 200 && told.word() == "found" {
            return Found;
        }
        Expected::problem(told.status, told.word(), told.at("/blame").as_str().unwrap_or_default())
    }

    /// A problem in our words.
    pub fn problem(status: u16, code: &str, blame: &str) -> Expected {
        let known =
            |words: &[Word], word: &str| words.iter().find(|known| **known == word).copied().unwrap_or("?");
        Problem(status, known(&CODES, code), known(&BLAMES, blame))
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Found => out.write_str("found"),
            Problem(status, code, blame) => write!(out, "{status} {code} ({blame})"),
        }
    }
}
