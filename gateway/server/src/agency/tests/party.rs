//! A party on loopback that answers as a test says, down to the byte; one thread per connection.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use tokio::sync::Notify;

/// What to do with a request.
#[derive(Clone)]
pub enum Answer {
    /// These bytes; the connection is kept.
    Reply(String),
    /// These bytes; then the connection is closed.
    Bytes(String),
    /// These bytes, and no more, with the connection open.
    BytesThenSilence(String),
    /// A reply without end.
    Endless,
    /// Nothing; the connection is closed.
    Close,
    /// The connection is reset as soon as the request begins.
    Reset,
    /// Nothing, with the connection open.
    Silence,
}

impl Answer {
    pub fn ok(body: &str) -> Self {
        Answer::reply("200 OK", "Content-Type: application/json\r\n", body)
    }

    pub fn reply(status: &str, headers: &str, body: &str) -> Self {
        Answer::Reply(format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()))
    }
}

type Script = dyn Fn(&str) -> Answer + Send + Sync;

struct Shared {
    script: Box<Script>,
    heard: Mutex<Vec<String>>,
    connections: AtomicUsize,
    closing: AtomicBool,
    arrived: Notify,
}

pub struct Party {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Party {
    pub fn plain(script: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        Self::start("http", script, Some)
    }

    /// A party that shows a certificate of this authority and asks for one of the same.
    pub fn mutual_tls(
        authority: &Authority,
        script: impl Fn(&str) -> Answer + Send + Sync + 'static,
    ) -> Self {
        crate::auth::keys::install_cryptography();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
        let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
        let (certificate, key) = authority.issue("127.0.0.1");
        let config = ServerConfig::builder()
            .with_client_cert_verifier(verifier)
            .with_single_cert(
                vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
            )
            .unwrap();
        let config = Arc::new(config);
        Self::start("https", script, move |stream| {
            Some(StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream))
        })
    }

    fn start<S: Read + Write + 'static>(
        scheme: &'static str,
        script: impl Fn(&str) -> Answer + Send + Sync + 'static,
        open: impl Fn(TcpStream) -> Option<S> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            script: Box::new(script),
            heard: Mutex::default(),
            connections: AtomicUsize::new(0),
            closing: AtomicBool::new(false),
            arrived: Notify::new(),
        });
        let (ours, open) = (Arc::clone(&shared), Arc::new(open));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ours.closing.load(Ordering::SeqCst) {
                    return;
                }
                ours.connections.fetch_add(1, Ordering::SeqCst);
                let (ours, open) = (Arc::clone(&ours), Arc::clone(&open));
                std::thread::spawn(move || {
                    let stream = stream.unwrap();
                    let socket = stream.try_clone().unwrap();
                    ours.speak(open(stream).unwrap());
                    if scheme == "https" {
                        hang_up(socket);
                    }
                });
            }
        });
        Party { address, scheme, shared, thread: Some(thread) }
    }

    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Closes the port and says where it was.
    pub fn closed(self) -> String {
        self.url()
    }

    pub fn heard(&self) -> Vec<String> {
        self.shared.heard.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Waits until so many requests have arrived.
    pub async fn wait_for(&self, count: usize) {
        loop {
            let arrival = self.shared.arrived.notified();
            if self.heard().len() >= count {
                return;
            }
            arrival.await;
        }
    }
}

impl Drop for Party {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        self.thread.take().unwrap().join().unwrap();
    }
}

impl Shared {
    fn speak(&self, mut stream: impl Read + Write) {
        if matches!((self.script)(""), Answer::Reset) {
            // Closing with unread bytes resets the connection.
            let _ = stream.read(&mut [0; 1]);
            return;
        }
        while let Some(request) = read_request(&mut stream) {
            self.heard.lock().unwrap().push(request.clone());
            self.arrived.notify_waiters();
            match (self.script)(&request) {
                Answer::Reply(bytes) => {
                    let _ = stream.write_all(bytes.as_bytes()).and_then(|()| stream.flush());
                }
                Answer::Bytes(bytes) => {
                    let _ = stream.write_all(bytes.as_bytes()).and_then(|()| stream.flush());
                    return;
                }
                Answer::BytesThenSilence(bytes) => {
                    let _ = stream.write_all(bytes.as_bytes()).and_then(|()| stream.flush());
                    let _ = stream.read_to_end(&mut Vec::new());
                    return;
                }
                Answer::Endless => {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n");
                    while stream.write_all(&[b' '; 4_096]).is_ok() {}
                    return;
                }
                Answer::Close | Answer::Reset => return,
                Answer::Silence => {
                    let _ = stream.read_to_end(&mut Vec::new());
                    return;
                }
            }
        }
    }
}

/// Ends a connection in good order: closing it with unread bytes would reset it and lose the TLS alert on its way.
fn hang_up(mut socket: TcpStream) {
    let _ = socket.shutdown(std::net::Shutdown::Write);
    let _ = socket.read_to_end(&mut Vec::new());
}

fn read_request(stream: &mut impl Read) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4_096];
        let read = stream.read(&mut chunk).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            return Some(text);
        }
    }
}

/// A certificate authority of one test.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for a name and its key, in PEM.
    pub fn issue(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }
}
