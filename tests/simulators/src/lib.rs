//! The other side of the wire: the agencies, played over real sockets on loopback.
//!
//! Written from `reference/interfaces.md` alone and from no other crate of the workspace, so that a mistake on one
//! side cannot hide on the other. The agencies are *strict* (each refusal has a test), can be told to *misbehave*
//! ([`Misbehaviour`]), and *count* every request ([`Counts`]). They run on threads of their own; [`Simulators::start`]
//! may be called from a plain test, an async test or a program, and dropping the value ends everything, hangs too.
//!
//! ```
//! use simulators::{Misbehaviour, Options, Simulators, Times};
//!
//! let folder = tempfile::tempdir()?;
//! let sims = Simulators::start(Options::new(folder.path()))?;
//! let person = sims.register().year_only();
//! assert_eq!(person.born.iso(), "1942");
//! // The next look-up hangs; everything else is answered.
//! sims.residence().misbehave_on("TraCuuThongTinCongDan", Misbehaviour::Hang, Times::Once)?;
//! // ... the gateway at work, pointed at sims.residence().base_url() with sims.pki() and sims.credentials() ...
//! sims.residence().behave()?;
//! assert_eq!(sims.residence().requests_of("TraCuuThongTinCongDan"), 0);
//! sims.stop();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Endpoints
//!
//! | party | where | what | basis |
//! |---|---|---|---|
//! | `residence` | `POST {https}/TraCuuThongTinCongDan` | one citizen, MaTichHop 037 | \[SRC\] section 8 |
//! | `residence` | `POST {https}/XacThucThongTinCongDan` | `TonTai`, MaTichHop 034 | name \[SRC\], wire \[SIM\] B.1 |
//! | `residence` | `POST {https}/CungCapThongTinHoGiaDinh` | a household, MaTichHop 033 | name \[SRC\], wire \[SIM\] B.1 |
//! | `lgsp` | `POST {http}/token` | WSO2 client credentials | \[SRC\] 3.1, fault codes \[BG\] |
//! | `civil-status` | `POST {http}/apiHoTichTuPhap/traTrangThaiHoSo` | a dossier's state | states \[SRC\], path and shape \[SIM\] B.2 |
//! | `civil-status` | `POST {http}/apiHoTichTuPhap/traDanhSachHoSo` | records by dossier code | \[SRC\] 6.1, shape B.2 |
//! | `civil-status` | `POST {http}/apiHoTichTuPhap/traCuuSoHoTich` | records by book and number | \[SIM\] B.2 |
//!
//! Residence wants a client certificate of [`Pki::ca`]; civil status is reached through the carrier only.
//! To add an agency: one file with an `Agency`, one `Party`, and a door or a `Route` in `open`.
//!
//! # Where the document leaves a choice
//!
//! * **Signature** (3.4): `sha256hex(service-url + user + timestamp + secret key)` with nothing between; the
//!   service-url is the whole URL, `https://127.0.0.1:PORT/TraCuuThongTinCongDan`; `Timestamp` in epoch seconds or
//!   milliseconds, ±300 s. `SOAPAction` must be there, as `""` or empty; `Content-Type` is `application/xml` or
//!   `text/xml`. A wrong `ApiKey` or `X-Road-Client` is refused like a wrong signature (001).
//! * **Faults**: 001 to 005 travel as SOAP faults with HTTP 500; anything wrong with the message itself is `S:Client`.
//!   The fault texts are \[SIM\]. The signature is looked at before the message, the officer and procedure after it.
//! * **Optional request elements** (MaDonVi, TaiKhoan, SoDienThoai) and `SoCMND` are taken by all three operations.
//! * **Replies** of C06 stand directly in the SOAP body. `ChuHo`, `Cha`, `Me`, `VoChong` carry `HoVaTen` as text;
//!   citizens and members carry its three parts. `MaQuanHuyen` is there and empty in new addresses. Where the person
//!   has no residence, `ThuongTru` and `NoiOHienTai` are missing.
//! * **Birth dates** of C06 are a day or a year, in requests as `NgayThangNam` or `Nam`, in replies as plain text; a known month without a day is answered and asked as its year.
//! * **Civil status** tells numbers (`status`, `errorCode`) as numbers and as text by turns (18.2). Nothing found is
//!   `status` 0 with errorCode 201, or `status` 1 with `value: []`; always the same way for the same question.
//!   A missing field is 200 RECORD_UNCOMPLETE, a wrong type, an unknown field or module 302, no JSON 500.
//! * **Dates inside `data`**: of persons `dd.MM.yyyy` (or `MM.yyyy`, `yyyy`), of papers `yyyyMMdd`; beside it,
//!   `ngayDangKy` is `yyyy-MM-dd`. Ethnicity and nationality are names, as in the only public answer (A.2).
//! * **The carrier** lets an agency's misbehaviour through byte for byte; only a refusing agency is answered by the
//!   carrier itself (503, 101503 \[BG\]). Its own misbehaviour falls on `/token` and on every agency behind it.

mod civil_register;
mod civil_status;
mod handle;
mod lgsp;
mod misbehaviour;
mod people;
mod pki;
mod residence;
mod wire;
mod xml;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, mpsc as blocking};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};

pub use civil_register::{Dossier, Module, Registration};
pub use handle::{Handle, Party};
pub use misbehaviour::{Misbehaviour, MisbehaviourError};
pub use people::{
    Address, Awkward, Born, Day, Household, Member, Name, NameForm, PLACES, Person, Place, Register, Sex,
};
pub use pki::Pki;
pub use wire::script::Times;
pub use wire::tally::{Counts, Moment};

use civil_status::CivilStatus;
use lgsp::{Lgsp, Route};
use residence::Residence;
use wire::http::{Reply, Request};
use wire::{Agency, House, Plan, Site, Tls};

/// Two cores serve the whole sandbox; more threads would only take turns.
const THREADS: usize = 2;

/// How the simulators shall be.
#[derive(Debug, Clone)]
pub struct Options {
    /// The same seed gives the same people.
    pub seed: u64,
    /// An existing folder for the PEM files.
    pub folder: PathBuf,
    /// Life of an access token of the carrier; `expires_in` tells its whole seconds.
    pub token_lives: Duration,
    /// MaCanBo that may ask the residence agency; others meet fault 003.
    pub allowed_officers: Vec<String>,
    /// MaDVC for which it may be asked; others meet fault 004.
    pub allowed_procedures: Vec<String>,
}

impl Options {
    /// Sensible values: an hour's token (WSO2's default), officers `cb01` to `cb05`, the procedures of
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
            allowed_officers: (1..=5).map(|number| format!("cb{number:02}")).collect(),
            allowed_procedures: procedures.map(str::to_owned).to_vec(),
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
}

impl Credentials {
    fn false_ones() -> Self {
        Self {
            user: "tinh-mau".to_owned(),
            secret_key: "khoa-bi-mat-gia-dinh".to_owned(),
            api_key: "khoa-api-gia-dinh".to_owned(),
            x_road_client: "VN/GOV/H00/lien-thong-mau".to_owned(),
            consumer_key: "consumer-key-gia-dinh".to_owned(),
            consumer_secret: "consumer-secret-gia-dinh".to_owned(),
        }
    }
}

/// Whom the residence agency serves.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    allowed_officers: Vec<String>,
    allowed_procedures: Vec<String>,
    /// ±300 s, interfaces B.1.
    clock_skew_s: u64,
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

/// The agencies, running on threads of their own until stopped or dropped.
#[derive(Debug)]
pub struct Simulators {
    residence: Handle,
    civil_status: Handle,
    lgsp: Handle,
    elsewhere: Handle,
    expire_tokens: Expire,
    pki: Pki,
    credentials: Credentials,
    register: Arc<Register>,
    running: Running,
}

/// The thread all agencies run on; dropping it ends them.
#[derive(Debug, Default)]
struct Running {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Expire(Arc<Lgsp>);

impl std::fmt::Debug for Expire {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Expire")
    }
}

impl Simulators {
    /// Starts everything. Returns once all sockets listen; may be called from any thread, async or not.
    pub fn start(options: Options) -> Result<Self, StartError> {
        let (started, starting) = blocking::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("simulators".to_owned()).spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build();
            let runtime = match runtime {
                Ok(runtime) => runtime,
                Err(error) => return drop(started.send(Err(error.into()))),
            };
            let entered = runtime.enter();
            let opened = open(options);
            drop(entered);
            if started.send(opened).is_ok() {
                // Ends by an order or because the handle is gone; dropping the runtime ends every hang.
                let _ = runtime.block_on(stopped);
            }
        })?;
        let opened = starting.recv().map_err(|_| std::io::Error::other("the thread ended"))??;
        Ok(Self { running: Running { stop: Some(stop), thread: Some(thread) }, ..opened })
    }

    /// The residence agency (C06).
    #[must_use]
    pub fn residence(&self) -> &Handle {
        &self.residence
    }

    /// The civil-status agency, behind the carrier.
    #[must_use]
    pub fn civil_status(&self) -> &Handle {
        &self.civil_status
    }

    /// The carrier.
    #[must_use]
    pub fn lgsp(&self) -> &Handle {
        &self.lgsp
    }

    /// A server nobody has a reason to call: redirects and external entities point there.
    #[must_use]
    pub fn elsewhere(&self) -> &Handle {
        &self.elsewhere
    }

    /// Ends the life of every access token of the carrier now, as if its time had passed.
    pub fn expire_tokens(&self) {
        self.expire_tokens.0.expire_tokens();
    }

    /// Where the certificates are.
    #[must_use]
    pub fn pki(&self) -> &Pki {
        &self.pki
    }

    /// What the gateway must show.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Everybody and everything the agencies know.
    #[must_use]
    pub fn register(&self) -> &Register {
        &self.register
    }

    /// Ends all agencies at once; whatever hangs is cut off.
    pub fn stop(self) {
        drop(self.running);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The server at the end of wrong ways.
struct Elsewhere;

impl Agency for Elsewhere {
    fn operation(&self, request: &Request) -> String {
        request.path.clone()
    }

    fn answer(&self, _: &Arc<Site>, _: &Request, _: Option<&Misbehaviour>) -> Plan {
        Reply::new(200, "text/plain", "khong ai nen den day").into()
    }
}

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

fn open(options: Options) -> Result<Simulators, StartError> {
    let started = Instant::now();
    let (pki, tls) = pki::make(&options.folder)?;
    let register = Arc::new(Register::new(options.seed));
    let credentials = Credentials::false_ones();
    let rules = Rules {
        allowed_officers: options.allowed_officers,
        allowed_procedures: options.allowed_procedures,
        clock_skew_s: 300,
    };
    let elsewhere = Doorway::new(Party::Elsewhere, "http", started, "")?.inhabit(Arc::new(Elsewhere), None);
    let away = elsewhere.base_url().to_owned();
    let residence = Residence { register: Arc::clone(&register), credentials: credentials.clone(), rules };
    let residence =
        Doorway::new(Party::Residence, "https", started, &away)?.inhabit(Arc::new(residence), Some(tls));
    let carrier = Doorway::new(Party::Lgsp, "http", started, &away)?;
    let at_carrier = carrier.site.base_url.clone();
    let civil_status = Arc::new(site(Party::CivilStatus, at_carrier, started, &away, None));
    let agency = CivilStatus { register: Arc::clone(&register), numbers_as_text: AtomicBool::new(false) };
    let routes = vec![Route {
        prefix: civil_status::PREFIX,
        site: Arc::clone(&civil_status),
        agency: Arc::new(agency),
    }];
    let lgsp = Arc::new(Lgsp::new(credentials.clone(), options.token_lives, routes));
    let expire_tokens = Expire(Arc::clone(&lgsp));
    let lgsp = carrier.inhabit(lgsp, None);
    Ok(Simulators {
        residence,
        civil_status: Handle::new(civil_status),
        lgsp,
        elsewhere,
        expire_tokens,
        pki,
        credentials,
        register,
        running: Running::default(),
    })
}
