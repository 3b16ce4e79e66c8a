//! TLS for directory connections.  There is no way to switch a check off.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

use super::options::{LdapOptions, OptionsError};

/// The TLS settings of all connections of one directory: TLS 1.2 and 1.3, the authorities of
/// `ca_file` or of the operating system.
///
/// The provider is passed explicitly: the day a dependency compiles in a second one, a default
/// would panic.
pub(super) fn client_config(options: &LdapOptions) -> Result<Arc<ClientConfig>, OptionsError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let no_tls = |fault: rustls::Error| options.wrong("ca_file", "", &fault.to_string());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(no_tls)?;
    let builder = match &options.ca_file {
        Some(path) => builder
            .with_root_certificates(authorities(path).map_err(|remedy| {
                options.wrong("ca_file", &path.display().to_string(), &remedy)
            })?),
        None => builder.with_platform_verifier().map_err(no_tls)?,
    };
    Ok(Arc::new(builder.with_no_client_auth()))
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
        rustls::Error::InvalidCertificate(reason) => Some(format!("{reason:?}")),
        rustls::Error::NoCertificatesPresented
        | rustls::Error::PeerIncompatible(_)
        | rustls::Error::PeerMisbehaved(_)
        | rustls::Error::AlertReceived(_)
        | rustls::Error::InvalidMessage(_)
        | rustls::Error::UnsupportedNameType => Some(fault.to_string()),
        _ => None,
    }
}
