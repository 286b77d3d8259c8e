//! A certificate authority for the run, and another one for the refused tests.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::StartError;
use crate::wire::Tls;

/// Where the PEM files are. All of them belong to this run only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pki {
    /// The authority that issued the servers' and the gateway's certificates.
    pub ca: PathBuf,
    /// The gateway's client certificate.
    pub client: PathBuf,
    /// The key of [`Pki::client`], PKCS#8.
    pub client_key: PathBuf,
    /// An authority that the simulators do not trust.
    pub other_ca: PathBuf,
    /// A client certificate of [`Pki::other_ca`].
    pub other_client: PathBuf,
    /// The key of [`Pki::other_client`], PKCS#8.
    pub other_client_key: PathBuf,
}

struct Authority {
    pem: String,
    root: rustls::pki_types::CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

struct Leaf {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

/// Makes everything, writes the files, and returns what the residence server shows.
pub(crate) fn make(folder: &Path) -> Result<(Pki, Tls), StartError> {
    let ours = authority("CA mô phỏng Liên Thông, không dùng thật")?;
    let other = authority("CA mô phỏng khác, không được tin cậy")?;
    let client = leaf(&ours, "gateway-mau", ExtendedKeyUsagePurpose::ClientAuth)?;
    let other_client = leaf(&other, "gateway-la", ExtendedKeyUsagePurpose::ClientAuth)?;
    let file = |name: &str| folder.join(name);
    let pki = Pki {
        ca: file("ca.pem"),
        client: file("client.pem"),
        client_key: file("client.key"),
        other_ca: file("other-ca.pem"),
        other_client: file("other-client.pem"),
        other_client_key: file("other-client.key"),
    };
    std::fs::write(&pki.ca, &ours.pem)?;
    std::fs::write(&pki.other_ca, &other.pem)?;
    std::fs::write(&pki.client, client.certificate.pem())?;
    std::fs::write(&pki.other_client, other_client.certificate.pem())?;
    write_key(&pki.client_key, &client.key)?;
    write_key(&pki.other_client_key, &other_client.key)?;
    let proper = acceptor(&leaf(&ours, "dancu-mau", ExtendedKeyUsagePurpose::ServerAuth)?, &ours)?;
    let wrong = acceptor(&leaf(&other, "dancu-gia", ExtendedKeyUsagePurpose::ServerAuth)?, &ours)?;
    Ok((pki, Tls { proper, wrong }))
}

fn authority(name: &str) -> Result<Authority, StartError> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let (pem, root) = (certificate.pem(), certificate.der().clone());
    Ok(Authority { pem, root, issuer: Issuer::new(params, key) })
}

fn leaf(authority: &Authority, name: &str, usage: ExtendedKeyUsagePurpose) -> Result<Leaf, StartError> {
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![usage];
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &authority.issuer)?;
    Ok(Leaf { certificate, key })
}

/// The key is readable by its owner only, as a careful gateway may demand.
fn write_key(path: &Path, key: &KeyPair) -> Result<(), StartError> {
    std::fs::write(path, key.serialize_pem())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

fn acceptor(leaf: &Leaf, clients: &Authority) -> Result<TlsAcceptor, StartError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(clients.root.clone())?;
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|error| StartError::Tls(error.to_string()))?;
    let key = rustls::pki_types::PrivateKeyDer::try_from(leaf.key.serialize_der())
        .map_err(|error| StartError::Tls(error.to_owned()))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![leaf.certificate.der().clone()], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
