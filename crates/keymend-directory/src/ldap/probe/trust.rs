//! The usual check of certificates, with a note of what was shown.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;

use super::{Certificate, Trust};

/// The certificates that the last server showed.
#[derive(Debug, Clone, Default)]
pub(super) struct Notes(Arc<Mutex<Vec<Certificate>>>);

impl Notes {
    pub(super) fn chain(&self) -> Vec<Certificate> {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.clone()
    }

    fn put(&self, chain: Vec<Certificate>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = chain;
    }
}

/// TLS settings that check as all others do, and note the chain on the way.
///
/// # Errors
///
/// Why the authorities cannot be used.
pub(super) fn client_config(trust: &Trust, notes: &Notes) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let witness = Witness {
        inner: verifier(trust, Arc::clone(&provider))?,
        notes: notes.clone(),
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|fault| fault.to_string())?;
    let config = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(witness))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn verifier(
    trust: &Trust,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, String> {
    match trust {
        Trust::System => {
            let verifier = Verifier::new(provider).map_err(|fault| fault.to_string())?;
            Ok(Arc::new(verifier))
        }
        Trust::Authorities(authorities) => {
            let mut store = RootCertStore::empty();
            for authority in authorities {
                let added = store.add(authority.der().clone());
                added.map_err(|fault| fault.to_string())?;
            }
            let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider);
            let verifier = builder.build().map_err(|fault| fault.to_string())?;
            Ok(verifier)
        }
    }
}

/// Passes every question on to the real check.
#[derive(Debug)]
struct Witness {
    inner: Arc<dyn ServerCertVerifier>,
    notes: Notes,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = std::iter::once(end_entity).chain(intermediates);
        self.notes.put(shown.filter_map(Certificate::of).collect());
        self.inner
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
