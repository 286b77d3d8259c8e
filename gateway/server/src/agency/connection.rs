//! One connection to one party: its address, its certificates, how a request is sent and a reply is read within limits.

use std::error::Error;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use adapter_api::{Fault, Kind, Party, WireRequest};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::tls::Version;
use reqwest::{Certificate, Client, ClientBuilder, Identity, Request, Url};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{AlertDescription, ClientConfig, ClientConnection, RootCertStore};

use super::{Reach, Tls, reason, uncertain};

/// Shorter than the 60 s after which usual servers and firewalls forget a silent connection.
const IDLE_S_MAX: u64 = 30;
/// A party that says "come back in a year" is asked again tomorrow.
const RETRY_AFTER_S_MAX: u64 = 86_400;

/// A party's address with the clients that speak to it.
pub(super) struct Connection {
    base: String,
    url: Url,
    reads: Client,
    writes: Client,
    probe: Option<Arc<ClientConfig>>,
    timeout: Duration,
}

/// A reply, not yet decoded.
pub(super) struct RawReply {
    pub status: u16,
    pub content_type: String,
    pub retry_after_s: Option<u64>,
    pub body: Vec<u8>,
}

/// How sending can fail; said without a URL, a header or a byte of a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SendFailure {
    /// No connection came about: nothing was sent.
    NotConnected,
    /// The other side refused our certificate while shaking hands: nothing was heard.
    CertificateRefused,
    /// It was sent, and then the line broke.
    Broken(&'static str),
    /// The reply is longer than allowed.
    TooLong(usize),
}

impl SendFailure {
    /// The fault of an exchange that failed so.
    pub fn fault(self, request: &WireRequest, party: Party) -> Fault {
        match self {
            SendFailure::NotConnected => Fault::Unreachable { party },
            SendFailure::CertificateRefused => {
                Fault::NotAdmitted { exchange: request.exchange.clone(), renew: false, party }
            }
            SendFailure::Broken(why) => uncertain(request, party, why),
            SendFailure::TooLong(bytes) => {
                let why = format!("longer than {bytes} bytes");
                match request.kind {
                    // Who behind a carrier said too much cannot be seen; blaming the carrier would open its breaker and
                    // close the road to every other agency behind it.
                    Kind::Read => Fault::Malformed(reason(request, Party::Agency, why)),
                    // What it did is done; what it said of it cannot be read.
                    Kind::Write => uncertain(request, party, why),
                }
            }
        }
    }
}

impl Connection {
    /// Reads the certificates and builds the clients. So many connections are kept open for reads.
    pub fn build(base: &str, tls: &Tls, timeout_ms: u64, idle_max: usize) -> Result<Self, String> {
        let base = base.trim_end_matches('/').to_owned();
        let url = Url::parse(&base).map_err(|error| format!("base_url: {error}"))?;
        let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        if !matches!(url.scheme(), "http" | "https") || !plain || url.host_str().is_none() {
            return Err("base_url: must be http(s)://host[:port][/path]".into());
        }
        let timeout = Duration::from_millis(timeout_ms);
        let authorities = tls.ca.as_ref().map(read).transpose()?;
        let identity = match (&tls.certificate, &tls.key) {
            (Some(certificate), Some(key)) => Some((read(certificate)?, read(key)?)),
            (None, None) => None,
            _ => return Err("tls: certificate and key belong together".into()),
        };
        // Without TLS no authority is needed, and reading the system's would cost each client its time.
        let trusted = if url.scheme() == "http" { Some(Vec::new()) } else { pinned(authorities.as_deref())? };
        let client = |idle| client(trusted.as_deref(), identity.as_ref(), timeout, idle);
        Ok(Connection {
            reads: client(idle_max)?,
            // A kept connection may be closed by the other side just as a write leaves on it.
            writes: client(0)?,
            probe: probe_config(authorities.as_deref(), identity.as_ref())?
                .filter(|_| url.scheme() == "https"),
            base,
            url,
            timeout,
        })
    }

    /// The address without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The URL of a path (with its query) below the address; `None` if it would lead elsewhere.
    pub fn url(&self, path: &str) -> Option<Url> {
        let url = Url::parse(&format!("{}{path}", self.base)).ok()?;
        let stays = path.starts_with('/') && url.origin() == self.url.origin() && url.fragment().is_none();
        stays.then_some(url)
    }

    /// The URL of a path at the root of the address's host; `None` if it would lead elsewhere.
    pub fn url_at_host(&self, path: &str) -> Option<Url> {
        let url = Url::parse(&format!("{}{path}", self.url.origin().ascii_serialization())).ok()?;
        let stays = path.starts_with('/') && url.origin() == self.url.origin() && url.fragment().is_none();
        stays.then_some(url)
    }

    /// Sends a request once and reads the reply whole.
    pub async fn send(
        &self,
        kind: Kind,
        request: Request,
        bytes_max: usize,
    ) -> Result<RawReply, SendFailure> {
        let client = match kind {
            Kind::Read => &self.reads,
            Kind::Write => &self.writes,
        };
        let mut response = client.execute(request).await.map_err(|error| failure_of(&error))?;
        let mut body = Vec::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|_| SendFailure::Broken("the answer broke off"))?
        {
            if body.len() + chunk.len() > bytes_max {
                return Err(SendFailure::TooLong(bytes_max));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(RawReply {
            status: response.status().as_u16(),
            content_type: text_of(response.headers(), CONTENT_TYPE).unwrap_or_default(),
            retry_after_s: text_of(response.headers(), RETRY_AFTER)
                .and_then(|text| text.trim().parse::<u64>().ok())
                .map(|seconds| seconds.min(RETRY_AFTER_S_MAX)),
            body,
        })
    }

    /// Connects, shakes hands where an authority is pinned, and hangs up.
    pub async fn probe(&self) -> Reach {
        let (Some(host), Some(port)) = (self.url.host_str(), self.url.port_or_known_default()) else {
            return Reach::Down { why: "no host" };
        };
        let host = host.trim_matches(['[', ']']).to_owned();
        let (config, timeout) = (self.probe.clone(), self.timeout);
        tokio::task::spawn_blocking(move || connect(&host, port, config, timeout))
            .await
            .unwrap_or(Reach::Down { why: "probe failed" })
    }
}

fn connect(host: &str, port: u16, config: Option<Arc<ClientConfig>>, timeout: Duration) -> Reach {
    let Ok(mut addresses) = (host, port).to_socket_addrs() else {
        return Reach::Down { why: "name is not known" };
    };
    let Some(mut stream) = addresses.find_map(|address| TcpStream::connect_timeout(&address, timeout).ok())
    else {
        return Reach::Down { why: "no connection" };
    };
    let Some(config) = config else { return Reach::Up };
    let limited = stream.set_read_timeout(Some(timeout)).and(stream.set_write_timeout(Some(timeout)));
    let session = ServerName::try_from(host.to_owned()).ok().map(|name| ClientConnection::new(config, name));
    let (Ok(()), Some(Ok(mut session))) = (limited, session) else {
        return Reach::Down { why: "no TLS for this name" };
    };
    while session.is_handshaking() {
        if session.complete_io(&mut stream).is_err() {
            return Reach::Down { why: "TLS handshake failed" };
        }
    }
    Reach::Up
}

fn client(
    trusted: Option<&[Certificate]>,
    identity: Option<&(Vec<u8>, Vec<u8>)>,
    timeout: Duration,
    idle: usize,
) -> Result<Client, String> {
    let mut builder = ClientBuilder::new()
        .http1_only()
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .retry(reqwest::retry::never())
        .min_tls_version(Version::TLS_1_2)
        .connect_timeout(timeout)
        .pool_max_idle_per_host(idle)
        .pool_idle_timeout(Duration::from_secs(IDLE_S_MAX))
        .user_agent(concat!("lien-thong/", env!("CARGO_PKG_VERSION")));
    if let Some(trusted) = trusted {
        builder = builder.tls_certs_only(trusted.iter().cloned());
    }
    if let Some((certificate, key)) = identity {
        let pem = [certificate.as_slice(), b"\n", key.as_slice()].concat();
        let identity = Identity::from_pem(&pem).map_err(|_| "tls: certificate or key is not PEM")?;
        builder = builder.identity(identity);
    }
    builder.build().map_err(|_| "tls: certificate and key do not fit each other, or cannot be used".into())
}

/// The pinned authorities; `None` for the system's.
fn pinned(pem: Option<&[u8]>) -> Result<Option<Vec<Certificate>>, String> {
    let Some(pem) = pem else { return Ok(None) };
    let pinned = Certificate::from_pem_bundle(pem).map_err(|_| "tls.ca: not a PEM certificate")?;
    if pinned.is_empty() { Err("tls.ca: holds no certificate".into()) } else { Ok(Some(pinned)) }
}

fn probe_config(
    authorities: Option<&[u8]>,
    identity: Option<&(Vec<u8>, Vec<u8>)>,
) -> Result<Option<Arc<ClientConfig>>, String> {
    let Some(pem) = authorities else { return Ok(None) };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(pem).filter_map(Result::ok));
    let builder = ClientConfig::builder().with_root_certificates(roots);
    let Some((certificate, key)) = identity else {
        return Ok(Some(Arc::new(builder.with_no_client_auth())));
    };
    let chain = CertificateDer::pem_slice_iter(certificate).filter_map(Result::ok).collect();
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| "tls.key: not a PEM key")?;
    let config =
        builder.with_client_auth_cert(chain, key).map_err(|_| "tls: certificate and key do not fit")?;
    Ok(Some(Arc::new(config)))
}

/// Tells "nothing was sent" from "something may have been".
fn failure_of(error: &reqwest::Error) -> SendFailure {
    if certificate_refused(error) {
        SendFailure::CertificateRefused
    } else if error.is_connect() {
        SendFailure::NotConnected
    } else {
        SendFailure::Broken("no answer: the line broke")
    }
}

/// Whether the other side refused our certificate: with TLS 1.3 we hear of it only when we wait for the answer.
fn certificate_refused(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(current) = cause {
        let io = current.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref());
        let inner = io.and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(rustls::Error::AlertReceived(alert)) = current.downcast_ref().or(inner) {
            return matches!(
                alert,
                AlertDescription::CertificateRequired
                    | AlertDescription::BadCertificate
                    | AlertDescription::UnsupportedCertificate
                    | AlertDescription::CertificateRevoked
                    | AlertDescription::CertificateExpired
                    | AlertDescription::CertificateUnknown
                    | AlertDescription::UnknownCA
                    | AlertDescription::AccessDenied
                    // A certificate whose issuer has the right name and the wrong key. Like all above it is of the handshake alone.
                    | AlertDescription::DecryptError
            );
        }
        cause = current.source();
    }
    false
}

fn text_of(headers: &HeaderMap, name: reqwest::header::HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn read(path: &PathBuf) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}
