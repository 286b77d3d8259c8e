//! Opens the doors: every agency with its socket, or its route behind the carrier.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use crate::civil_status::interlinked::Interlinked;
use crate::civil_status::{self, CivilStatus};
use crate::desk::{Desk, Pace};
use crate::e_receipt::book::Book;
use crate::e_receipt::viettel::Viettel;
use crate::e_receipt::vnpt::Vnpt;
use crate::lgsp::{Lgsp, Route};
use crate::persons::Persons;
use crate::postal::Postal;
use crate::postal::feed::Feed;
use crate::residence::Residence;
use crate::residence::removal::{self, Removals};
use crate::social_affairs::{self, SocialAffairs};
use crate::social_insurance::{self, SocialInsurance};
use crate::tax::{self, Tax};
use crate::wire::{self, Agency, House, Site, Tls};
use crate::{
    Credentials, Elsewhere, Handle, Inside, Options, Party, Register, Rules, Running, Simulators, StartError,
    pki,
};

/// A door that is being built: the socket listens, nobody answers yet.
struct Doorway {
    site: Arc<Site>,
    listener: TcpListener,
    orders: mpsc::UnboundedReceiver<wire::DoorOrder>,
}

impl Doorway {
    fn new(party: Party, scheme: &str, common: &Common, desk: Arc<Desk>) -> Result<Self, StartError> {
        let listener = wire::listen()?;
        let base_url = format!("{scheme}://{}", listener.local_addr()?);
        let (door, orders) = mpsc::unbounded_channel();
        let site = Arc::new(site(party, base_url, common, desk, Some(door)));
        Ok(Self { site, listener, orders })
    }

    fn inhabit(self, agency: Arc<dyn Agency>, tls: Option<Tls>) -> Handle {
        let house = House { site: Arc::clone(&self.site), agency, tls };
        tokio::spawn(wire::keep_door(house, self.listener, self.orders));
        Handle::new(self.site)
    }
}

/// What every party is told alike.
struct Common {
    started: Instant,
    elsewhere: String,
    pace: Pace,
}

impl Common {
    fn desk(&self) -> Arc<Desk> {
        Arc::new(Desk::new(self.pace))
    }
}

fn site(
    party: Party,
    base_url: String,
    common: &Common,
    desk: Arc<Desk>,
    door: Option<mpsc::UnboundedSender<wire::DoorOrder>>,
) -> Site {
    Site {
        party,
        base_url,
        elsewhere: common.elsewhere.clone(),
        script: wire::script::Script::default(),
        tally: Arc::new(wire::tally::Tally::new(common.started)),
        releases: watch::Sender::new(0),
        desk,
        late: wire::late::Late::default(),
        door,
    }
}

/// Opens everything; must be called inside the runtime that shall serve it.
pub(crate) fn open(options: Options) -> Result<Simulators, StartError> {
    let mut common = Common { started: Instant::now(), elsewhere: String::new(), pace: options.pace };
    let (pki, tls) = pki::make(&options.folder)?;
    let register = Arc::new(Register::new(options.seed));
    let credentials = Credentials::false_ones();
    let elsewhere = Doorway::new(Party::Elsewhere, "http", &common, common.desk())?;
    let elsewhere = elsewhere.inhabit(Arc::new(Elsewhere), None);
    common.elsewhere = elsewhere.base_url().to_owned();
    let street = |party| Doorway::new(party, "http", &common, common.desk());
    let (deaths, removals) = (common.desk(), common.desk());
    let persons = Arc::new(Persons {
        register: Arc::clone(&register),
        deaths: Arc::clone(&deaths),
        removals: Arc::clone(&removals),
    });

    let rules = Rules {
        allowed_officers: options.allowed_officers.clone(),
        allowed_procedures: options.allowed_procedures.clone(),
        clock_skew_s: 300,
    };
    let residence = Residence { persons: Arc::clone(&persons), credentials: credentials.clone(), rules };
    let c06 = Doorway::new(Party::Residence, "https", &common, removals)?;

    let carrier = street(Party::Lgsp)?;
    let at_carrier = |party, desk| Arc::new(site(party, carrier.site.base_url.clone(), &common, desk, None));
    let behind = Behind {
        residence: Arc::clone(&c06.site),
        civil_status: at_carrier(Party::CivilStatus, deaths),
        social_insurance: at_carrier(Party::SocialInsurance, common.desk()),
        social_affairs: at_carrier(Party::SocialAffairs, common.desk()),
        tax: at_carrier(Party::Tax, common.desk()),
    };
    let residence = c06.inhabit(Arc::new(residence), Some(tls));
    let lgsp = Lgsp::new(credentials.clone(), options.token_lives, routes(&behind, &persons, &credentials));
    let lgsp = Arc::new(lgsp);
    let Behind { civil_status, social_insurance, social_affairs, tax, .. } = behind;

    let (access, refresh) = (options.postal_token_lives, options.postal_refresh_lives);
    let postal = Arc::new(Postal::new(credentials.clone(), access, refresh, Feed::new(register.parcels())));
    let book = |provider| Arc::new(Book::new(&register, provider));
    let vnpt = Arc::new(Vnpt { book: book(Party::EReceiptVnpt), credentials: credentials.clone() });
    let lives = options.receipt_token_lives;
    let viettel = Arc::new(Viettel::new(book(Party::EReceiptViettel), credentials.clone(), lives));
    Ok(Simulators {
        residence,
        civil_status: Handle::new(civil_status),
        social_insurance: Handle::new(social_insurance),
        social_affairs: Handle::new(social_affairs),
        tax: Handle::new(tax),
        postal: street(Party::Postal)?.inhabit(Arc::clone(&postal) as Arc<dyn Agency>, None),
        e_receipt_vnpt: street(Party::EReceiptVnpt)?.inhabit(vnpt, None),
        e_receipt_viettel: street(Party::EReceiptViettel)?
            .inhabit(Arc::clone(&viettel) as Arc<dyn Agency>, None),
        lgsp: carrier.inhabit(Arc::clone(&lgsp) as Arc<dyn Agency>, None),
        elsewhere,
        inside: Inside { lgsp, postal, viettel, persons },
        pki,
        credentials,
        register,
        running: Running::default(),
    })
}

/// The sites that are reached through the carrier; residence has a door of its own beside it.
struct Behind {
    residence: Arc<Site>,
    civil_status: Arc<Site>,
    social_insurance: Arc<Site>,
    social_affairs: Arc<Site>,
    tax: Arc<Site>,
}

/// What stands behind the carrier. Civil status has two generations; the tax agency and the business register are one
/// party in two places.
fn routes(behind: &Behind, persons: &Arc<Persons>, credentials: &Credentials) -> Vec<Route> {
    let register = &persons.register;
    let births: Arc<dyn Agency> =
        Arc::new(CivilStatus { register: Arc::clone(register), numbers_as_text: AtomicBool::new(false) });
    let deaths: Arc<dyn Agency> = Arc::new(Interlinked { persons: Arc::clone(persons) });
    let removals: Arc<dyn Agency> = Arc::new(Removals { persons: Arc::clone(persons) });
    let insurance: Arc<dyn Agency> =
        Arc::new(SocialInsurance { persons: Arc::clone(persons), numbers_as_text: AtomicBool::new(false) });
    let affairs: Arc<dyn Agency> = Arc::new(SocialAffairs {
        persons: Arc::clone(persons),
        accept_key: credentials.social_affairs_accept_key.clone(),
    });
    let taxes: Arc<dyn Agency> =
        Arc::new(Tax::new(Arc::clone(register), credentials.tax_security_key.clone()));
    let route = |prefix, partners_only, site: &Arc<Site>, agency: &Arc<dyn Agency>| Route {
        prefix,
        partners_only,
        site: Arc::clone(site),
        agency: Arc::clone(agency),
    };
    vec![
        route(civil_status::PREFIX, false, &behind.civil_status, &births),
        route(civil_status::interlinked::PREFIX, false, &behind.civil_status, &deaths),
        route(removal::PREFIX, false, &behind.residence, &removals),
        route(social_insurance::PREFIX, true, &behind.social_insurance, &insurance),
        route(social_affairs::PREFIX, false, &behind.social_affairs, &affairs),
        route(tax::BUSINESS_PREFIX, false, &behind.tax, &taxes),
        route(tax::TAX_PREFIX, false, &behind.tax, &taxes),
    ]
}
