//! Opens the doors: every agency with its socket, or its route behind the carrier.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use crate::civil_status::{self, CivilStatus};
use crate::e_receipt::viettel::Viettel;
use crate::e_receipt::vnpt::Vnpt;
use crate::lgsp::{Lgsp, Route};
use crate::postal::Postal;
use crate::postal::feed::Feed;
use crate::residence::Residence;
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
    fn new(party: Party, scheme: &str, started: Instant, elsewhere: &str) -> Result<Self, StartError> {
        let listener = wire::listen()?;
        let base_url = format!("{scheme}://{}", listener.local_addr()?);
        let (door, orders) = mpsc::unbounded_channel();
        let site = Arc::new(site(party, base_url, started, elsewhere, Some(door)));
        Ok(Self { site, listener, orders })
    }

    fn inhabit(self, agency: Arc<dyn Agency>, tls: Option<Tls>) -> Handle {
        let house = House { site: Arc::clone(&self.site), agency, tls };
        tokio::spawn(wire::keep_door(house, self.listener, self.orders));
        Handle::new(self.site)
    }
}

fn site(
    party: Party,
    base_url: String,
    started: Instant,
    elsewhere: &str,
    door: Option<mpsc::UnboundedSender<wire::DoorOrder>>,
) -> Site {
    Site {
        party,
        base_url,
        elsewhere: elsewhere.to_owned(),
        script: wire::script::Script::default(),
        tally: Arc::new(wire::tally::Tally::new(started)),
        releases: watch::Sender::new(0),
        door,
    }
}

/// Opens everything; must be called inside the runtime that shall serve it.
pub(crate) fn open(options: Options) -> Result<Simulators, StartError> {
    let started = Instant::now();
    let (pki, tls) = pki::make(&options.folder)?;
    let register = Arc::new(Register::new(options.seed));
    let credentials = Credentials::false_ones();
    let elsewhere = Doorway::new(Party::Elsewhere, "http", started, "")?.inhabit(Arc::new(Elsewhere), None);
    let away = elsewhere.base_url().to_owned();
    let street = |party| Doorway::new(party, "http", started, &away);

    let rules = Rules {
        allowed_officers: options.allowed_officers.clone(),
        allowed_procedures: options.allowed_procedures.clone(),
        clock_skew_s: 300,
    };
    let residence = Residence { register: Arc::clone(&register), credentials: credentials.clone(), rules };
    let residence =
        Doorway::new(Party::Residence, "https", started, &away)?.inhabit(Arc::new(residence), Some(tls));

    let carrier = street(Party::Lgsp)?;
    let at_carrier = |party| Arc::new(site(party, carrier.site.base_url.clone(), started, &away, None));
    let sites = [Party::CivilStatus, Party::SocialInsurance, Party::Tax].map(at_carrier);
    let lgsp = Lgsp::new(credentials.clone(), options.token_lives, routes(&sites, &register, &credentials));
    let lgsp = Arc::new(lgsp);
    let [civil_status, social_insurance, tax] = sites.map(Handle::new);

    let (access, refresh) = (options.postal_token_lives, options.postal_refresh_lives);
    let postal = Arc::new(Postal::new(credentials.clone(), access, refresh, Feed::new(register.parcels())));
    let vnpt = Arc::new(Vnpt { register: Arc::clone(&register), credentials: credentials.clone() });
    let lives = options.receipt_token_lives;
    let viettel = Arc::new(Viettel::new(Arc::clone(&register), credentials.clone(), lives));
    Ok(Simulators {
        residence,
        civil_status,
        social_insurance,
        tax,
        postal: street(Party::Postal)?.inhabit(Arc::clone(&postal) as Arc<dyn Agency>, None),
        e_receipt_vnpt: street(Party::EReceiptVnpt)?.inhabit(vnpt, None),
        e_receipt_viettel: street(Party::EReceiptViettel)?
            .inhabit(Arc::clone(&viettel) as Arc<dyn Agency>, None),
        lgsp: carrier.inhabit(Arc::clone(&lgsp) as Arc<dyn Agency>, None),
        elsewhere,
        inside: Inside { lgsp, postal, viettel },
        pki,
        credentials,
        register,
        running: Running::default(),
    })
}

/// What stands behind the carrier. The tax agency and the business register are one party in two places.
fn routes(sites: &[Arc<Site>; 3], register: &Arc<Register>, credentials: &Credentials) -> Vec<Route> {
    let [civil_status, social_insurance, tax] = sites;
    let agencies: [Arc<dyn Agency>; 3] = [
        Arc::new(CivilStatus { register: Arc::clone(register), numbers_as_text: AtomicBool::new(false) }),
        Arc::new(SocialInsurance { register: Arc::clone(register), numbers_as_text: AtomicBool::new(false) }),
        Arc::new(Tax::new(Arc::clone(register), credentials.tax_security_key.clone())),
    ];
    let [births, insurance, taxes] = agencies;
    let route = |prefix, partners_only, site: &Arc<Site>, agency: &Arc<dyn Agency>| Route {
        prefix,
        partners_only,
        site: Arc::clone(site),
        agency: Arc::clone(agency),
    };
    vec![
        route(civil_status::PREFIX, false, civil_status, &births),
        route(social_insurance::PREFIX, true, social_insurance, &insurance),
        route(tax::BUSINESS_PREFIX, false, tax, &taxes),
        route(tax::TAX_PREFIX, false, tax, &taxes),
    ]
}
