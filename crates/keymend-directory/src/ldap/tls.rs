//! TLS for directory connections.  There is no way to switch a check off.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

/// What the last server showed.
#[derive(Debug, Default)]
pub(super) struct Shown(Mutex<Noted>);

/// Nothing of it is taken apart before somebody asks: a connection shows no stranger a second
/// reader of certificates.
#[derive(Debug, Default)]
struct Noted {
    chain: Vec<CertificateDer<'static>>,
    trusted: Option<CertificateDer<'static>>,
    was_complained_of: bool,
}

impl Shown {
    /// Every certificate of the last handshake, the server's own first, trusted or not, up to the
    /// first that cannot be read: what comes first must be the server's own.
    pub(super) fn chain(&self) -> Vec<Certificate> {
        let chain = self.noted().chain.clone();
        chain.iter().map_while(Certificate::of).collect()
    }

    /// The last of a server's own certificates that was trusted, once there was one that can be
    /// read.  That one cannot be read is logged once.
    pub(super) fn trusted(&self) -> Option<Certificate> {
        let der = self.noted().trusted.clone()?;
        let certificate = Certificate::of(&der);
        let is_news = certificate.is_none() && !self.noted().was_complained_of;
        if is_news {
            self.noted().was_complained_of = true;
            tracing::warn!(
                "a directory's certificate is trusted but cannot be read here, so nobody is told \
                 when it ends"
            );
        }
        certificate
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The TLS settings of all connections to one server, and where its certificates can be looked at.
pub(super) fn client_config(
    options: &LdapOptions,
) -> Result<(Arc<ClientConfig>, Arc<Shown>), OptionsError> {
    let path = options.ca_file.as_deref();
    let wrong = |remedy: String| {
        let value = path.map_or_else(String::new, |path| path.display().to_string());
        options.wrong("ca_file", &value, &remedy)
    };
    let authorities = path.map(authorities).transpose().map_err(wrong)?;
    config_trusting(authorities).map_err(wrong)
}

/// TLS 1.2 and 1.3, with these authorities and no others, or with those of the operating system.
///
/// The provider is passed explicitly: the day a dependency compiles in a second one, a default
/// would panic.
///
/// # Errors
///
/// Why the authorities cannot be used.
pub(super) fn config_trusting(
    authorities: Option<RootCertStore>,
) -> Result<(Arc<ClientConfig>, Arc<Shown>), String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let shown = Arc::new(Shown::default());
    let watching = Watching {
        verifier: verifier(authorities, &provider)?,
        shown: Arc::clone(&shown),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|fault| fault.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(watching))
        .with_no_client_auth();
    Ok((Arc::new(config), shown))
}

/// The library's own verifier, for the authorities that are to be trusted.
fn verifier(
    authorities: Option<RootCertStore>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, String> {
    let Some(authorities) = authorities.map(Arc::new) else {
        let verifier = Verifier::new(Arc::clone(provider)).map_err(|fault| fault.to_string())?;
        return Ok(Arc::new(verifier));
    };
    let verifier = WebPkiServerVerifier::builder_with_provider(authorities, Arc::clone(provider));
    Ok(verifier.build().map_err(|fault| fault.to_string())?)
}

/// The library's verifier, whose every verdict stands; what was shown is noted on the way.
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
        let chain = std::iter::once(end_entity).chain(intermediates);
        self.shown.noted().chain = chain.map(|der| der.clone().into_owned()).collect();
        let verdict = self.verifier.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )?;
        self.shown.noted().trusted = Some(end_entity.clone().into_owned());
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
