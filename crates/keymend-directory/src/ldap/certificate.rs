//! The little of a certificate that an administrator wants to know: until when, and from whom.
//!
//! Whether to trust it is not decided here; that is the TLS library's business.

use keymend_domain::time::Moment;
use ldap3::asn1::{PL, StructureTag, TagClass, parse_tag};

use super::generalized_time;

/// `commonName` and `organizationName` (RFC 4519 §2.3, §2.19) as DER writes them.
const COMMON_NAME: [u8; 3] = [0x55, 4, 3];
const ORGANIZATION: [u8; 3] = [0x55, 4, 10];
/// UTCTime, with two digits of the year (RFC 5280 §4.1.2.5.1).
const UTC_TIME: u64 = 23;

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    /// The end of its validity.
    pub(super) ends_at: Moment,
    /// Who signed it, by its common name or its organisation.
    pub(super) issuer: String,
}

impl Certificate {
    /// Reads the DER form (RFC 5280 §4.1); `None` if it is not one.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let (_, whole) = parse_tag(der).ok()?;
        let to_be_signed = whole.expect_constructed()?.into_iter().next()?;
        let fields = to_be_signed.expect_constructed()?.into_iter();
        // The version in front is left out of old certificates.
        let mut fields = fields.filter(|field| field.class == TagClass::Universal);
        let issuer = fields.nth(2)?;
        let validity = fields.next()?.expect_constructed()?;
        Some(Self {
            ends_at: instant(validity.into_iter().nth(1)?)?,
            issuer: name(issuer).unwrap_or_default(),
        })
    }
}

fn instant(tag: StructureTag) -> Option<Moment> {
    let is_short = tag.id == UTC_TIME;
    let text = String::from_utf8(bytes(tag)?).ok()?;
    if !is_short {
        return generalized_time::parse(&text);
    }
    let century = if text.as_str() >= "50" { "19" } else { "20" };
    generalized_time::parse(&format!("{century}{text}"))
}

fn name(tag: StructureTag) -> Option<String> {
    let mut organization = None;
    for relative in tag.expect_constructed()? {
        for part in relative.expect_constructed()? {
            let mut part = part.expect_constructed()?.into_iter();
            let kind = bytes(part.next()?)?;
            let value = String::from_utf8_lossy(&bytes(part.next()?)?).into_owned();
            if kind == COMMON_NAME {
                return Some(value);
            }
            if kind == ORGANIZATION {
                organization = Some(value);
            }
        }
    }
    organization
}

fn bytes(tag: StructureTag) -> Option<Vec<u8>> {
    match tag.payload {
        PL::P(bytes) => Some(bytes),
        PL::C(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

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
        let certificate = Certificate::read(&der).unwrap();
        assert_eq!(certificate.issuer, "Example authority");
        assert_eq!(certificate.ends_at, Moment(2_110_713_443_000));
        for cut in 0..der.len() {
            let _ = Certificate::read(&der[..cut]);
        }
    }
}
