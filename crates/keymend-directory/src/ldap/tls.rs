//! TLS for directory connections.  There is no way to switch a check off.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use rustls_platform_verifier::Verifier;

use super::certificate::Certificate;
use super::options::{LdapOptions, OptionsError};

/// What a server shows that has an expired certificate, and one for another name.
pub(super) const EXPIRED: &str = "the certificate has expired";
pub(super) const OTHER_NAME: &str = "the certificate is not for this name";
/// What is said of a certificate that no trusted authority signed.
pub(super) const UNTRUSTED: &str = "no trusted authority signed the certificate";

/// The certificate that a server showed last and that was trusted.
#[derive(Debug, Default)]
pub(super) struct Shown(Mutex<Option<Certificate>>);

impl Shown {
    /// The certificate, once there was one.
    pub(super) fn last(&self) -> Option<Certificate> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The TLS settings of all connections to one server: TLS 1.2 and 1.3, the authorities of
/// `ca_file` or of the operating system; and where its certificate can be looked at.
///
/// The provider is passed explicitly: the day a dependency compiles in a second one, a default
/// would panic.
pub(super) fn client_config(
    options: &LdapOptions,
) -> Result<(Arc<ClientConfig>, Arc<Shown>), OptionsError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let no_tls = |fault: rustls::Error| options.wrong("ca_file", "", &fault.to_string());
    let shown = Arc::new(Shown::default());
    let watching = Watching {
        verifier: verifier(options, &provider)?,
        shown: Arc::clone(&shown),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(no_tls)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(watching))
        .with_no_client_auth();
    Ok((Arc::new(config), shown))
}

/// The library's own verifier, for the authorities that are to be trusted.
fn verifier(
    options: &LdapOptions,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, OptionsError> {
    let Some(path) = &options.ca_file else {
        let verifier = Verifier::new(Arc::clone(provider));
        let verifier = verifier.map_err(|fault| options.wrong("ca_file", "", &fault.to_string()));
        return Ok(Arc::new(verifier?));
    };
    let wrong = |remedy: String| options.wrong("ca_file", &path.display().to_string(), &remedy);
    let authorities = Arc::new(authorities(path).map_err(wrong)?);
    let verifier = WebPkiServerVerifier::builder_with_provider(authorities, Arc::clone(provider));
    let verifier = verifier.build().map_err(|fault| wrong(fault.to_string()))?;
    Ok(verifier)
}

/// The library's verifier, whose every verdict stands; what it trusted is noted on the way.
#[derive(Debug)]
struct Watching {
    verifier: Arc<dyn ServerCertVerifier>,
    shown: Arc<Shown>,
}

impl ServerCertVerifier for Watching {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verdict = self.verifier.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )?;
        let mut shown = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        *shown = Certificate::read(end_entity);
        Ok(verdict)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

fn authorities(path: &Path) -> Result<RootCertStore, String> {
    let unreadable = |fault: rustls::pki_types::pem::Error| {
        format!("cannot be read as PEM certificates ({fault}); name the file of your authority")
    };
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
        store
            .add(certificate.map_err(unreadable)?)
            .map_err(|fault| format!("holds a certificate that cannot be used: {fault}"))?;
    }
    if store.is_empty() {
        return Err("holds no certificate; name the file of your authority".to_owned());
    }
    Ok(store)
}

/// Whether an error came from a TLS check rather than from the network, and which check it was.
pub(super) fn distrust(error: &std::io::Error) -> Option<String> {
    let fault = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    match fault {
        rustls::Error::InvalidCertificate(reason) => Some(in_words(reason)),
        rustls::Error::NoCertificatesPresented
        | rustls::Error::PeerIncompatible(_)
        | rustls::Error::PeerMisbehaved(_)
        | rustls::Error::AlertReceived(_)
        | rustls::Error::InvalidMessage(_)
        | rustls::Error::UnsupportedNameType => Some(fault.to_string()),
        _ => None,
    }
}

fn in_words(reason: &CertificateError) -> String {
    match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => EXPIRED.to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the certificate is not valid yet".to_owned()
        }
        CertificateError::NotValidForName => OTHER_NAME.to_owned(),
        CertificateError::NotValidForNameContext { presented, .. } => {
            format!("{OTHER_NAME}, but for {}", presented.join(", "))
        }
        CertificateError::UnknownIssuer => UNTRUSTED.to_owned(),
        other => format!("{other:?}"),
    }
}
