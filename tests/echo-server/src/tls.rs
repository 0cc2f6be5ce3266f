use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::stream::Stream;

/// A certificate with its key: what a server proves its name with.
#[derive(Clone)]
pub struct Identity {
    config: Arc<ServerConfig>,
    authority: Option<CertificateDer<'static>>,
}

impl Identity {
    /// A certificate for `localhost`, `127.0.0.1`, `::1` and these names, signed by an authority that is
    /// made for it and forgotten at once.
    ///
    /// # Errors
    /// When one of `names` cannot stand in a certificate.
    pub fn made_on_the_spot(names: &[String]) -> io::Result<Self> {
        let (chain, key) = make(names).map_err(io::Error::other)?;
        let authority = chain.last().cloned();
        Ok(Self { config: server_config(chain, key)?, authority })
    }

    /// A certificate chain and its key, each from a PEM file.
    ///
    /// # Errors
    /// When a file cannot be read, holds something else, or the key does not belong to the certificate.
    pub fn from_pem_files(chain: &Path, key: &Path) -> io::Result<Self> {
        let read = |path: &Path| {
            std::fs::read(path)
                .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
        };
        let no =
            |path: &Path, what, error| io::Error::other(format!("{}: no {what}: {error}", path.display()));
        let certificates = CertificateDer::pem_slice_iter(&read(chain)?)
            .collect::<Result<_, _>>()
            .map_err(|error| no(chain, "certificates", error))?;
        let secret = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|error| no(key, "key", error))?;
        Ok(Self { config: server_config(certificates, secret)?, authority: None })
    }

    /// The certificate, in DER, that a client must trust; none if the certificate is one's own.
    pub fn authority(&self) -> Option<&[u8]> {
        self.authority.as_deref()
    }

    /// Performs the handshake; `None` if the client fails, leaves, or takes longer than `patience`.
    pub(crate) async fn accept(&self, tcp: TcpStream, patience: Duration) -> Option<Stream> {
        let handshake = TlsAcceptor::from(Arc::clone(&self.config)).accept(tcp);
        let stream = timeout(patience, handshake).await.ok()?.ok()?;
        Some(Stream::Secured(Box::new(stream)))
    }
}

impl fmt::Debug for Identity {
    /// Never the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

fn server_config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> io::Result<Arc<ServerConfig>> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(io::Error::other)?;
    // WebSockets are spoken over HTTP/1.1 here.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

type Made = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn make(names: &[String]) -> Result<Made, rcgen::Error> {
    let authority_key = KeyPair::generate()?;
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.distinguished_name.push(DnType::CommonName, "Everwire test authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority_certificate = authority.self_signed(&authority_key)?;

    let key = KeyPair::generate()?;
    let own = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let mut leaf = CertificateParams::new(own.into_iter().chain(names.iter().cloned()).collect::<Vec<_>>())?;
    leaf.distinguished_name.push(DnType::CommonName, "Everwire test peer");
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = leaf.signed_by(&key, &Issuer::new(authority, authority_key))?;

    let chain = vec![certificate.der().clone(), authority_certificate.der().clone()];
    Ok((chain, PrivatePkcs8KeyDer::from(key.serialize_der()).into()))
}
