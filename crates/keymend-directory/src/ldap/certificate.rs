//! A certificate as people compare it: whom it names, who signed it, until when.
//!
//! Whether to trust it is not decided here; that is the TLS library's business.

use std::fmt::Write as _;
use std::path::Path;

use keymend_domain::time::Moment;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// One certificate, and what of it a person can judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    der: CertificateDer<'static>,
    /// Whom it names.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Not before this.
    pub valid_from: Moment,
    /// Not after this.
    pub valid_until: Moment,
    /// The hosts it is for.
    pub hosts: Vec<String>,
    /// Whether it may sign others.
    pub is_authority: bool,
}

impl Certificate {
    /// Takes a certificate apart; `None` if it is none.
    pub(super) fn of(der: &CertificateDer<'_>) -> Option<Self> {
        let (_, parsed) = X509Certificate::from_der(der.as_ref()).ok()?;
        let moment = |secs: i64| Moment(secs.saturating_mul(1_000));
        let names = parsed.subject_alternative_name().ok().flatten();
        let hosts = names.map(|names| names.value.general_names.iter().filter_map(host).collect());
        Some(Self {
            der: der.clone().into_owned(),
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            valid_from: moment(parsed.validity().not_before.timestamp()),
            valid_until: moment(parsed.validity().not_after.timestamp()),
            hosts: hosts.unwrap_or_default(),
            is_authority: parsed.is_ca(),
        })
    }

    /// Reads the certificates of a PEM file.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, in words for its owner.
    pub fn read(path: &Path) -> Result<Vec<Self>, String> {
        let unreadable = |fault: rustls::pki_types::pem::Error| match fault {
            rustls::pki_types::pem::Error::Io(fault) => format!("cannot be read ({fault})"),
            _ => "is not a PEM file".to_owned(),
        };
        let mut all = Vec::new();
        for der in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
            let found = Self::of(&der.map_err(unreadable)?);
            all.push(found.ok_or("holds something that is no certificate")?);
        }
        if all.is_empty() {
            return Err("holds no certificate (-----BEGIN CERTIFICATE-----)".to_owned());
        }
        Ok(all)
    }

    /// Who signed it, by the common name or else the organisation; the whole name if it has
    /// neither, or if they are in letters that are not UTF-8.
    pub(super) fn signer(&self) -> String {
        let Ok((_, parsed)) = X509Certificate::from_der(self.der.as_ref()) else {
            return self.issuer.clone();
        };
        let issuer = parsed.issuer();
        let mut names = issuer.iter_common_name().chain(issuer.iter_organization());
        let name = names.find_map(|name| name.as_str().ok());
        name.map_or_else(|| self.issuer.clone(), str::to_owned)
    }

    /// Whether it signed itself, by its names.
    #[must_use]
    pub fn is_own_issuer(&self) -> bool {
        self.subject == self.issuer
    }

    /// SHA-256 of the certificate, in pairs of capitals as browsers and `openssl` show it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut text = String::new();
        for (place, byte) in Sha256::digest(self.der.as_ref()).iter().enumerate() {
            let colon = if place == 0 { "" } else { ":" };
            let _ = write!(text, "{colon}{byte:02X}");
        }
        text
    }

    /// The certificate as a PEM block (RFC 7468).
    #[must_use]
    pub fn pem(&self) -> String {
        let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
        for line in base64(self.der.as_ref()).as_bytes().chunks(64) {
            text.push_str(&String::from_utf8_lossy(line));
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
        text
    }

    pub(super) fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }
}

fn host(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress([a, b, c, d]) => Some(format!("{a}.{b}.{c}.{d}")),
        _ => None,
    }
}

fn base64(bytes: &[u8]) -> String {
    use ::base64::Engine as _;
    ::base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made for this test: `openssl req -x509 -newkey ed25519 -nodes -days 3650 -subj
    /// "/O=Example/CN=Example authority"`.
    const PEM: &str = "-----BEGIN CERTIFICATE-----\n\
        MIIBcTCCASOgAwIBAgIUQ7BoHlbAUGjlDtvkPrZ959mhnZMwBQYDK2VwMC4xEDAO\n\
        BgNVBAoMB0V4YW1wbGUxGjAYBgNVBAMMEUV4YW1wbGUgYXV0aG9yaXR5MB4XDTI2\n\
        MTEyMjEzMTcyM1oXDTM2MTExOTEzMTcyM1owLjEQMA4GA1UECgwHRXhhbXBsZTEa\n\
        MBgGA1UEAwwRRXhhbXBsZSBhdXRob3JpdHkwKjAFBgMrZXADIQA/jTuWIGv9zv0r\n\
        w4e3j+ATH4a1MiKm4Z/LPmiO0G4uOqNTMFEwHQYDVR0OBBYEFH52t8h9CfVrpz5N\n\
        XIg0WT3igm/MMB8GA1UdIwQYMBaAFH52t8h9CfVrpz5NXIg0WT3igm/MMA8GA1Ud\n\
        EwEB/wQFMAMBAf8wBQYDK2VwA0EAyplbWIlIYdKCtKrBgRqwhhyrODEoICFpbHhr\n\
        nyLFjFVAe5RyTz3AxogtjE8A4nbnY1ODm4h2AVsMPPKU2TvwBw==\n\
        -----END CERTIFICATE-----";

    #[test]
    fn the_end_and_the_signer_are_read() {
        let der = CertificateDer::from_pem_slice(PEM.as_bytes()).unwrap();
        let certificate = Certificate::of(&der).unwrap();
        assert_eq!(certificate.signer(), "Example authority");
        assert_eq!(certificate.valid_until, Moment(2_110_713_443_000));
        for cut in 0..der.len() {
            let _ = Certificate::of(&CertificateDer::from(&der[..cut]));
        }
    }
}
