//! `[listen]`: where the service listens, and who may speak plain HTTP to it.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

use super::check::{Checker, read_certificates};
use super::document::{ListenSection, TlsSection};
use super::fault::{Complaint, complaint};
use super::secret_file::Readers;

/// Where the service listens.  There is a certificate or a trusted proxy, or both.
#[derive(Debug, Clone)]
pub struct Listen {
    /// Address and port.
    pub address: SocketAddr,
    /// The certificate; without it the service speaks plain HTTP to trusted proxies alone.
    pub tls: Option<TlsFiles>,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

/// Certificate and key; both are read again when they change.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// PEM file with the chain.
    pub certificate_file: PathBuf,
    /// PEM file with the private key.
    pub key_file: PathBuf,
}

pub(super) fn check(section: &ListenSection, checker: &mut Checker<'_>) -> Option<Listen> {
    let address = checker.accept("listen.address", address(&section.address));
    let networks: Vec<Option<IpNet>> = section
        .trusted_proxies
        .iter()
        .enumerate()
        .map(|(place, text)| {
            checker.accept(&format!("listen.trusted_proxies[{place}]"), network(text))
        })
        .collect();
    if section.tls.is_none() && section.trusted_proxies.is_empty() {
        checker.fault(
            "listen.tls",
            "passwords cannot be asked for over a plain connection",
            "set tls = { certificate_file = \"…\", key_file = \"…\" }, or name the proxies that encrypt with trusted_proxies",
        );
        return None;
    }
    let tls = match &section.tls {
        Some(tls) => Some(check_tls(tls, checker)?),
        None => None,
    };
    Some(Listen {
        address: address?,
        tls,
        trusted_proxies: networks.into_iter().collect::<Option<_>>()?,
    })
}

fn check_tls(section: &TlsSection, checker: &mut Checker<'_>) -> Option<TlsFiles> {
    let certificate_file =
        checker.certificates("listen.tls.certificate_file", &section.certificate_file);
    let key = checker.secret_text(
        "listen.tls.key_file",
        &section.key_file,
        Readers::OwnerAndGroup,
    );
    let certificate_file = certificate_file?;
    let key = PrivateKeyDer::from_pem_slice(key?.expose().as_bytes()).map_err(|_| {
        complaint(
            "names a file without a private key",
            "name a PEM file with the key of the certificate, not encrypted",
        )
    });
    let key = checker.accept("listen.tls.key_file", key)?;
    let pair = read_certificates(&certificate_file).and_then(|chain| {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        rustls::sign::CertifiedKey::from_der(chain, key, &provider).map_err(|error| {
            complaint(
                format!("does not belong to the certificate ({error})"),
                "name the key that the certificate was made for",
            )
        })
    });
    checker.accept("listen.tls.key_file", pair)?;
    Some(TlsFiles {
        certificate_file,
        key_file: checker.path(&section.key_file),
    })
}

fn address(text: &str) -> Result<SocketAddr, Complaint> {
    text.parse().map_err(|_| {
        complaint(
            "is not an address with a port",
            "write for instance 0.0.0.0:8443 or [::]:8443",
        )
    })
}

fn network(text: &str) -> Result<IpNet, Complaint> {
    let network = text
        .parse::<IpNet>()
        .or_else(|_| text.parse().map(|address: std::net::IpAddr| address.into()))
        .map_err(|_| {
            complaint(
                "is not a network",
                "write for instance 10.0.0.0/8 or 192.0.2.7",
            )
        })?;
    if network.prefix_len() == 0 {
        return Err(complaint(
            "is everybody, and would let anybody name any address as his own",
            "name the addresses of your proxies",
        ));
    }
    Ok(network)
}
