//! Rows at rest: AES-256-GCM, with a key for each row version.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk};
use keymend_domain::code::MacKey;
use keymend_domain::time::{Entropy, NoEntropy};
use zeroize::Zeroizing;

use super::{KEY_BYTES, derived};

/// The format: this byte, 16 random bytes, the ciphertext, 16 bytes of tag.
const VERSION: u8 = 1;
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;

/// Seals and opens the rows of one table.
///
/// Each sealing draws 16 random bytes and derives a key and nonce from them and the row id, so
/// that no nonce is ever used twice with one key (NIST SP 800-38D §8).
#[derive(Clone)]
pub struct Seal {
    table: &'static str,
    key: Prk,
}

/// Where a sealed value belongs; it opens nowhere else.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Id of the row.
    pub row: &'a str,
    /// What the value is for, for instance the column.
    pub purpose: &'static str,
}

/// Why a value could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealFault {
    /// The random source failed; nothing was sealed.
    #[error("no randomness for a sealed row")]
    NoEntropy,
    /// Altered, cut off, moved from another row, or sealed under another root key.  Nothing of it
    /// may be used.
    #[error("a sealed row does not open here")]
    DoesNotOpen,
    /// The library failed; nothing was sealed.
    #[error("a row could not be sealed")]
    Failed,
}

impl From<NoEntropy> for SealFault {
    fn from(_: NoEntropy) -> Self {
        Self::NoEntropy
    }
}

impl Seal {
    pub(super) fn new(table: &'static str, key: &[u8; KEY_BYTES]) -> Self {
        let key = Prk::new_less_safe(HKDF_SHA256, key);
        Self { table, key }
    }

    /// A seal for what no table keeps, under a key that follows from a key for tags.
    #[must_use]
    pub fn following(purpose: &'static str, key: &MacKey) -> Self {
        let tag = key.tag(&[b"seal", purpose.as_bytes()]);
        Self::new(purpose, tag.bytes())
    }

    /// Seals `plain` for one place.  The result is 33 bytes longer.
    ///
    /// # Errors
    ///
    /// [`SealFault`]: fail the request, save nothing.
    pub fn seal(
        &self,
        place: Place<'_>,
        plain: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, SealFault> {
        let mut salt = [0; SALT_BYTES];
        entropy.fill(&mut salt)?;
        let (key, nonce) = self.row_key(place, &salt).ok_or(SealFault::Failed)?;
        // Room for the tag, so that sealing does not move the plain text and leave a copy behind.
        let mut body = Vec::with_capacity(plain.len() + AES_256_GCM.tag_len());
        body.extend_from_slice(plain);
        key.seal_in_place_append_tag(nonce, self.bound_to(place), &mut body)
            .map_err(|_| SealFault::Failed)?;
        let mut sealed = Vec::with_capacity(1 + SALT_BYTES + body.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&salt);
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Opens what was sealed for exactly this place.
    ///
    /// # Errors
    ///
    /// [`SealFault::DoesNotOpen`]: the row is damaged or does not belong here; audit it.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealFault> {
        let (version, rest) = sealed.split_first().ok_or(SealFault::DoesNotOpen)?;
        let (salt, body) = rest
            .split_first_chunk::<SALT_BYTES>()
            .ok_or(SealFault::DoesNotOpen)?;
        if *version != VERSION {
            return Err(SealFault::DoesNotOpen);
        }
        let (key, nonce) = self.row_key(place, salt).ok_or(SealFault::DoesNotOpen)?;
        let mut body = Zeroizing::new(body.to_vec());
        let length = key
            .open_in_place(nonce, self.bound_to(place), &mut body)
            .map_err(|_| SealFault::DoesNotOpen)?
            .len();
        body.truncate(length);
        Ok(body)
    }

    /// The key and nonce of one row version.
    fn row_key(&self, place: Place<'_>, salt: &[u8; SALT_BYTES]) -> Option<(LessSafeKey, Nonce)> {
        let length = (place.row.len() as u64).to_be_bytes();
        let info: [&[u8]; 3] = [&length, place.row.as_bytes(), salt];
        let material: Zeroizing<[u8; KEY_BYTES + NONCE_BYTES]> = derived(&self.key, &info).ok()?;
        let (key, nonce) = material.split_first_chunk::<KEY_BYTES>()?;
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
        Some((key, Nonce::try_assume_unique_for_key(nonce).ok()?))
    }

    /// Table, row, purpose and version, each preceded by its length.
    fn bound_to(&self, place: Place<'_>) -> Aad<Vec<u8>> {
        let mut bound = vec![VERSION];
        for part in [self.table, place.row, place.purpose] {
            bound.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bound.extend_from_slice(part.as_bytes());
        }
        Aad::from(bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;
    use crate::keys::{Keys, RootKey};

    const HERE: Place<'static> = Place {
        row: "row-1",
        purpose: "body",
    };

    struct Sevens;
    impl Entropy for Sevens {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
            bytes.fill(7);
            Ok(())
        }
    }

    struct Dry;
    impl Entropy for Dry {
        fn fill(&self, _: &mut [u8]) -> Result<(), NoEntropy> {
            Err(NoEntropy)
        }
    }

    fn seal_of(table: &'static str, byte: u8) -> Seal {
        let text: String = (0..32_u8).map(|n| format!("{:02x}", n ^ byte)).collect();
        let root = RootKey::parse(&text).unwrap();
        let keys = Keys::derive(&root, "installation").unwrap();
        keys.seal(table).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_in_its_place() {
        let seal = seal_of("outbox", 0);
        for plain in [&b""[..], b"x", &[0xFF; 4_096]] {
            let sealed = seal.seal(HERE, plain, &SystemEntropy).unwrap();
            assert_eq!(sealed.len(), plain.len() + 33);
            assert_eq!(seal.open(HERE, &sealed).unwrap().as_slice(), plain);
        }
    }

    #[test]
    fn a_sealed_value_opens_in_no_other_row_purpose_table_or_installation() {
        let sealed = seal_of("outbox", 0)
            .seal(HERE, b"123456", &SystemEntropy)
            .unwrap();
        let elsewhere = |seal: Seal, place| seal.open(place, &sealed).unwrap_err();
        let row = Place {
            row: "row-2",
            ..HERE
        };
        let purpose = Place {
            purpose: "to",
            ..HERE
        };
        let shifted = Place {
            row: "row-1b",
            purpose: "ody",
        };
        let nowhere = SealFault::DoesNotOpen;
        assert_eq!(elsewhere(seal_of("outbox", 0), row), nowhere);
        assert_eq!(elsewhere(seal_of("outbox", 0), purpose), nowhere);
        assert_eq!(elsewhere(seal_of("outbox", 0), shifted), nowhere);
        assert_eq!(elsewhere(seal_of("flow", 0), HERE), nowhere);
        assert_eq!(elsewhere(seal_of("outbox", 64), HERE), nowhere);
    }

    #[test]
    fn every_altered_byte_and_every_cut_is_noticed() {
        let seal = seal_of("outbox", 0);
        let sealed = seal.seal(HERE, b"123456", &SystemEntropy).unwrap();
        for place in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[place] ^= 1;
            assert!(seal.open(HERE, &altered).is_err(), "byte {place}");
            assert!(seal.open(HERE, &sealed[..place]).is_err(), "cut at {place}");
        }
    }

    #[test]
    fn two_sealings_of_one_value_differ_and_none_happens_without_randomness() {
        let seal = seal_of("outbox", 0);
        let first = seal.seal(HERE, b"same", &SystemEntropy).unwrap();
        let second = seal.seal(HERE, b"same", &SystemEntropy).unwrap();
        assert_ne!(first, second);
        assert_eq!(
            seal.seal(HERE, b"same", &Dry).unwrap_err(),
            SealFault::NoEntropy
        );
    }

    #[test]
    fn the_format_is_frozen() {
        // If this changes, raise VERSION and keep opening the old one: rows live for years.
        let sealed = seal_of("outbox", 0).seal(HERE, b"frozen", &Sevens).unwrap();
        let text: String = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            text,
            "0107070707070707070707070707070707ddfdc000bd36d7fc5b23f44a2c74a45866dcd340582f"
        );
    }
}
