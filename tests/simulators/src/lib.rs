//! The other side of the wire: the agencies, played over real sockets on loopback.
//!
//! Written from `reference/interfaces.md` alone and from no other crate of the workspace, so that a mistake on one
//! side cannot hide on the other. The agencies are *strict* (each refusal has a test), can be told to *misbehave*
//! ([`Misbehaviour`]), and *count* every request ([`Counts`]) and every effect ([`Handle::effects_of`]). They run on
//! threads of their own; [`Simulators::start`] may be called from a plain test, an async test or a program, and dropping
//! the value ends everything, hangs too.
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
//! | `lgsp` | `POST {http}/token` | WSO2 client credentials; with `lgspaccesstoken`, a partner's token | \[SRC\] 3.1, 3.2, fault codes \[BG\] |
//! | `civil-status` | `POST {http}/apiHoTichTuPhap/traTrangThaiHoSo` | a dossier's state | states \[SRC\], path and shape \[SIM\] B.2 |
//! | `civil-status` | `POST {http}/apiHoTichTuPhap/traDanhSachHoSo` | records by dossier code | \[SRC\] 6.1, shape B.2 |
//! | `civil-status` | `POST {http}/apiHoTichTuPhap/traCuuSoHoTich` | records by book and number | \[SIM\] B.2 |
//! | `civil-status` | `POST {http}/apiLienThongKSKT/1.0/nhanHoSoDKHT` | a death is pushed, module LTKT | \[SRC\] 6.2, A.2 |
//! | `civil-status` | `POST {http}/apiLienThongKSKT/1.0/traTrangThaiHoSoDKHT` | pushed dossiers, three a call | words \[SRC\] A.2, path \[SIM\] |
//! | `residence` | `POST {http}/cutru/1.0/xoaThuongTru` | a residence is removed | \[SIM\] section 8, B.6 |
//! | `residence` | `POST {http}/cutru/1.0/traCuuHoSo` | where removals stand | \[SIM\] B.6 |
//! | `social-insurance` | `POST {http}/apiBHXH/getMaSoBhxhTheoTieuChi` | the number of a person | names \[SRC\] 9, frame \[SIM\] |
//! | `social-insurance` | `POST {http}/apiBHXH/getTraCuuTtHgdByMaSoBhxh` | the person of a number | names \[SRC\] 9, frame \[SIM\] |
//! | `social-insurance` | `POST {http}/apiBHXH/getTraCuuThongTinHgd` | the household a person stands in | names \[SRC\] 9, frame \[SIM\] |
//! | `social-insurance` | `POST {http}/apiBHXH/nhanHoSoTuTuat` | a survivor's claim; a repeat is a second one | \[SIM\] B.7 |
//! | `social-insurance` | `POST {http}/apiBHXH/traCuuHoSo` | the claims of a reference | \[SIM\] B.7 |
//! | `social-affairs` | `POST {http}/apiLDTBXH/1.0/nhanHoSoBTXH` | funeral support is asked for | names \[SRC\] A.5, path \[SIM\] |
//! | `social-affairs` | `POST {http}/apiLDTBXH/1.0/traCuuHoSo` | where it stands, down words of A.5 | names \[SRC\] A.5, path \[SIM\] |
//! | `tax` | `GET {http}/apiCSDLDKDN/chiTietDoanhNghiep?msdn=` | a company, 10 or 13 digits | names \[SRC\] 10, frame \[SIM\] |
//! | `tax` | `GET {http}/apiThue/1.0/traCuuNNT?mst=` | a taxpayer, 12 digits | \[SIM\] B.3 |
//! | `tax` | `POST {http}/apiThue/1.0/traCuuNghiaVuTaiChinh` | what a dossier owes | XML \[SRC\] 10, wire \[SIM\] B.4 |
//! | `postal` | `POST {http}/token` | user and password, or a refresh token | \[SRC\] 12, path and fields \[SIM\] |
//! | `postal` | `GET {http}/rhDoc?pagesize=&lastId=` | the tracking feed | shape \[SRC\] 12, states \[SIM\] B.5 |
//! | `postal` | `POST {http}/pricehcc` | what a parcel costs | name \[SRC\], wire \[SIM\] B.5 |
//! | `postal` | `POST {http}/orderpost` | a waybill is ordered | fields \[SRC\] 12, path from the LGSP name, reply \[SIM\] |
//! | `postal` | `POST {http}/ordercancel` | an order is taken back | name \[SRC\] 12, wire \[SIM\] |
//! | `postal` | `POST {http}/ordertracking` | one order, looked up | name \[SRC\] 12, wire \[SIM\] |
//! | `e-receipt-vnpt` | `POST {http}/PublishService.asmx` | `ImportAndPublishInv` | \[SRC\] 14.1 |
//! | `e-receipt-vnpt` | `POST {http}/BusinessService.asmx` | `cancelInv` | \[SRC\] 14.1, its `OK:` \[SIM\] |
//! | `e-receipt-vnpt` | `POST {http}/PortalService.asmx` | `getInvViewFkey`, `listInvByCus`, `downloadInvPDFFkey[NoPay]` | names \[SRC\] 14.1, elements \[BG\], list \[SIM\] |
//! | `e-receipt-viettel` | `POST {http}/auth/login` | user and password | \[SRC\] 14.2 |
//! | `e-receipt-viettel` | `POST {http}/services/einvoiceapplication/api/…InvoiceWS/createInvoice/{mst}` | a receipt is issued | \[SRC\] 14.2, codes \[SIM\] |
//! | `e-receipt-viettel` | `POST {http}/services/einvoiceapplication/api/…InvoiceWS/cancelTransactionInvoice` | and cancelled | \[SRC\] 14.2, codes \[SIM\] |
//! | `e-receipt-viettel` | `POST {http}/services/einvoiceapplication/api/…InvoiceWS/searchInvoiceByTransactionUuid` | a receipt by our key | name \[SRC\] 14.2, wire \[SIM\] |
//! | `e-receipt-viettel` | `POST {http}/services/einvoiceapplication/api/…InvoiceUtilsWS/getInvoiceRepresentationFile` | its PDF, `fileToBytes` | name \[SRC\] 14.2, request \[BG\] |
//!
//! Residence wants a client certificate of [`Pki::ca`] where it is read; it is written to through the carrier. Civil
//! status, social insurance, social affairs and tax are reached through the carrier only, the others directly. To add an
//! agency: one file with an `Agency`, one `Party`, and a door or a `Route` in `opening.rs`.
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
//! * **`lgspaccesstoken`** (3.2): without it, a token call gives an ordinary token, which the social insurance does not
//!   take (403, 900908); wrong, it is refused everywhere it is looked at (401). The five members in any order.
//! * **Social insurance** answers with a flat object; `trangThai` is 1, or 0 with an `errorCode` of 6.1 (`201` nobody; the field asked for is then there and null),
//!   told as numbers and as text by turns. A household is told by the row of the person asked about. `ngaySinh` is always
//!   eight digits, with 01 for what `loaiNgaySinh` says is unknown; asked, the unknown part may be missing and is not
//!   looked at. `isKs` 1 compares the place with that of birth registration, 0 with that of residence; the codes
//!   of district and commune must match where they are told. Letters may be of either case; diacritics and NFC count. Numbers are
//!   searched in the population's words; the record behind the number is the agency's own copy.
//! * **Tax**: the business register answers flat with `Status` beside the fields, `HOAdress` and `LEGAL_NAMES` as text,
//!   and `ENTERPRISE_STATUS` in the numbers of B.3. A code with a wrong check digit is `Status` 0 like every refusal:
//!   only the text tells it from an unknown one. Only the newest `NGAY_QUYET_DINH` of a `TEN_TIEUMUC` stands; it need
//!   not come last. `error_code` of success is `"0"`, `0` and `"00"` by turns; of a malformed message -3, of a broken
//!   system -99.
//! * **The post** takes the token call as JSON or as a form; a refresh token is good once and gives a new one. A token
//!   it does not take is 401. A page has `pagesize` rows at most (1 to 100) and begins with up to two that came before;
//!   behind the end it is empty. Provinces are the first two digits of the postal code; 101 is a malformed message,
//!   103 an unknown customer; the tariff is made up.
//! * **VNPT**: `getInvViewFkey` says `OK:pattern;serial-key_no`, for every fourth receipt `OK:pattern;serial;no`;
//!   what is not there is `ERR:2`. `userName` and `userPass` come last, `Account` and `ACpass` may come first. A list is
//!   XML inside the string, its dates `dd/MM/yyyy`. What is no message to it is a SOAP fault.
//! * **Viettel** takes the token as `Bearer` or as a cookie, the search as JSON or as a form; `result` is a list. What
//!   is not there is HTTP 200 with `errorCode` `INVOICE_NOT_FOUND`.
//! * **Writes**: what each agency takes, and where its document leaves a choice, stands at the head of its file. A dossier
//!   that takes its time goes through 1, 3, 4, a step each poll ([`Options::pace`]) or by hand ([`Handle::decide`]); one
//!   that wants a supplement gets it by being sent again with the same reference. Who is not in the register of deaths
//!   is not removed and not paid for; the dead are gone from residence only when the removal is done.
//! * **Lost writes**: garbled or lost replies are those of a write that was done; refusals, 5xx, 429, 503, redirects and
//!   pages are those of one that was not. [`Misbehaviour::of_writes`] says the rest by name.
//! * **Receipts**: our key is the dossier code, with `-LP` behind it for a charge beside the fee. Dossiers of H56, H26
//!   and H17 are VNPT's, the others Viettel's.

mod civil_register;
mod civil_status;
mod desk;
mod e_receipt;
mod handle;
mod lgsp;
mod misbehaviour;
mod opening;
mod paper;
mod people;
mod persons;
mod pki;
mod postal;
mod residence;
mod settings;
mod social_affairs;
mod social_insurance;
mod stamp;
mod tax;
mod tokens;
mod wire;
mod xml;

use std::sync::{Arc, mpsc as blocking};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

pub use civil_register::{Dossier, Module, Registration};
pub use desk::{Filed, Pace, Standing, Turn};
pub use e_receipt::receipts::Receipt;
pub use handle::{Handle, Party, SUPPLEMENT};
pub use misbehaviour::{Misbehaviour, MisbehaviourError};
pub use people::{
    Address, Aspect, Awkward, Born, Day, Disagreement, Household, Member, Name, NameForm, PLACES, Person,
    Place, Register, Sex,
};
pub use persons::Death;
pub use pki::Pki;
pub use postal::feed::Parcel;
pub use settings::{Credentials, Options, StartError};
pub use stamp::Stamp;
pub use tax::companies::{Company, Levy, Notice};
pub use wire::script::Times;
pub use wire::tally::{Counts, Moment};

use e_receipt::viettel::Viettel;
use lgsp::Lgsp;
use opening::open;
use persons::Persons;
use postal::Postal;
pub(crate) use settings::Rules;
use wire::http::{Reply, Request};
use wire::{Agency, Plan, Site};

/// Two cores serve the whole sandbox; more threads would only take turns.
const THREADS: usize = 2;

/// The agencies, running on threads of their own until stopped or dropped.
#[derive(Debug)]
pub struct Simulators {
    residence: Handle,
    civil_status: Handle,
    social_insurance: Handle,
    social_affairs: Handle,
    tax: Handle,
    postal: Handle,
    e_receipt_vnpt: Handle,
    e_receipt_viettel: Handle,
    lgsp: Handle,
    elsewhere: Handle,
    inside: Inside,
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

/// The agencies that can be moved by hand, beyond what their handles do.
struct Inside {
    lgsp: Arc<Lgsp>,
    postal: Arc<Postal>,
    viettel: Arc<Viettel>,
    persons: Arc<Persons>,
}

impl std::fmt::Debug for Inside {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Inside")
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

    /// The social insurance, behind the carrier.
    #[must_use]
    pub fn social_insurance(&self) -> &Handle {
        &self.social_insurance
    }

    /// The social affairs, behind the carrier.
    #[must_use]
    pub fn social_affairs(&self) -> &Handle {
        &self.social_affairs
    }

    /// The tax agency and the business register, behind the carrier.
    #[must_use]
    pub fn tax(&self) -> &Handle {
        &self.tax
    }

    /// The post.
    #[must_use]
    pub fn postal(&self) -> &Handle {
        &self.postal
    }

    /// The e-receipt provider VNPT.
    #[must_use]
    pub fn e_receipt_vnpt(&self) -> &Handle {
        &self.e_receipt_vnpt
    }

    /// The e-receipt provider Viettel.
    #[must_use]
    pub fn e_receipt_viettel(&self) -> &Handle {
        &self.e_receipt_viettel
    }

    /// Every party that can be asked, in the order of [`Party`].
    #[must_use]
    pub fn parties(&self) -> [&Handle; 10] {
        let [residence, civil_status, lgsp] = [&self.residence, &self.civil_status, &self.lgsp];
        let behind = [&self.social_insurance, &self.social_affairs, &self.tax];
        let direct = [&self.postal, &self.e_receipt_vnpt, &self.e_receipt_viettel];
        let ([insurance, affairs, tax], [postal, vnpt, viettel]) = (behind, direct);
        [residence, civil_status, insurance, affairs, tax, postal, vnpt, viettel, lgsp, &self.elsewhere]
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
        self.inside.lgsp.expire_tokens();
    }

    /// Ends the life of every access token of the post now; refresh tokens stay good.
    pub fn expire_postal_tokens(&self) {
        self.inside.postal.expire_tokens();
    }

    /// Ends the life of every access token of the e-receipt provider Viettel now.
    pub fn expire_receipt_tokens(&self) {
        self.inside.viettel.expire_tokens();
    }

    /// Something happens to a parcel: a row more in the feed, with one of the states of interfaces B.5. An order
    /// that had no parcel has one from now on. Says whether the state is known; if not, nothing happens.
    pub fn move_parcel(&self, order: &str, state: u16) -> bool {
        let known = postal::feed::knows_state(state);
        if known {
            self.inside.postal.feed.append(order, state);
        }
        known
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

    /// The act of death of the person with this ID number: of the beginning, or registered since.
    #[must_use]
    pub fn death_of(&self, id: &str) -> Option<Death> {
        self.inside.persons.death_of(id)
    }

    /// The person with this ID number as the population register has them now: without residence and household, and
    /// dead, once the residence was removed.
    #[must_use]
    pub fn person_now(&self, id: &str) -> Option<Person> {
        self.inside.persons.register.by_id(id).map(|person| self.inside.persons.now(person))
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
