//! Keys: one root, and everything that is derived from it.
//!
//! ```text
//! root key (32 bytes, a file only its owner can read; never in database, environment or backup)
//! └─ HKDF-SHA-256 (RFC 5869), salt = installation id, info = "keymend/v1/<label>"
//!    ├─ code-mac, proof-mac, pepper, name-tag, decoy, csrf, device, human
//!    └─ seal/<table> → per row version: HKDF(row id, 16 random bytes)
//! audit signing (Ed25519): a key of its own, kept beside the root
//! ```

mod audit;
mod seal;

use std::fmt;

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keymend_domain::code::MacKey;
use keymend_domain::flow::FlowKeys;
use keymend_domain::secret::Secret;
use keymend_domain::time::{Entropy, NoEntropy};
use zeroize::Zeroizing;

pub use audit::{AuditKeyFault, AuditSigner, verify_audit};
pub use seal::{Place, Seal, SealFault};

/// Bytes of the root key and of every derived key.
pub const KEY_BYTES: usize = 32;

/// The one secret that everything else is derived from; wiped on drop.
pub struct RootKey(Zeroizing<[u8; KEY_BYTES]>);

/// All derived keys of one installation.
pub struct Keys {
    /// Short codes, links, approvals.
    pub code_mac: MacKey,
    /// Stored proofs, pending settings.
    pub proof_mac: MacKey,
    /// Added to recovery codes and answers before they are hashed.
    pub pepper: MacKey,
    /// Names that resolve to nobody, and addresses as keys of counters.
    pub name_tag: MacKey,
    /// Choices made for decoys, the same each time.
    pub decoy: MacKey,
    /// Tokens in forms.
    pub csrf: MacKey,
    /// Cookies of familiar browsers.
    pub device: MacKey,
    /// Challenges of the bot check.
    pub human: MacKey,
    root: Prk,
}

/// Why a text is not a root key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadRootKey {
    /// Neither 64 hexadecimal digits nor 44 signs of base64.
    #[error("is not 32 bytes in hexadecimal or base64")]
    Shape,
    /// So regular that nobody can have drawn it at random.
    #[error("is not random: a key of 32 random bytes has more than 15 different ones")]
    NotRandom,
}

/// The library refused to derive a key.  It never does for 32 bytes; treat it as a broken build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key could not be derived")]
pub struct KeyFault;

impl RootKey {
    /// Draws a new root key.
    ///
    /// # Errors
    ///
    /// [`NoEntropy`] if the random source failed.
    pub fn fresh(entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        entropy.fill(bytes.as_mut())?;
        Ok(Self(bytes))
    }

    /// Reads a root key from 64 hexadecimal digits or base64; blanks around it are dropped.
    ///
    /// # Errors
    ///
    /// [`BadRootKey`]: restore the right key file, or make one with `keymend keys new` if there
    /// is no data yet.
    pub fn parse(text: &str) -> Result<Self, BadRootKey> {
        let bytes = key_bytes(text.trim()).ok_or(BadRootKey::Shape)?;
        let different: std::collections::BTreeSet<u8> = bytes.iter().copied().collect();
        // 32 random bytes hold fewer than 16 different values with probability below 2^-60.
        if different.len() < 16 {
            return Err(BadRootKey::NotRandom);
        }
        Ok(Self(bytes))
    }

    /// The key as 64 hexadecimal digits, for the key file alone.
    #[must_use]
    pub fn to_hexadecimal(&self) -> Secret {
        Secret::new(hexadecimal(self.0.as_ref()))
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKey(..)")
    }
}

impl Keys {
    /// Derives every key of the installation with this id.
    ///
    /// # Errors
    ///
    /// [`KeyFault`] if the library fails; the service cannot start.
    pub fn derive(root: &RootKey, installation: &str) -> Result<Self, KeyFault> {
        let root = Salt::new(HKDF_SHA256, installation.as_bytes()).extract(root.0.as_ref());
        let key = |label: &str| derived(&root, &[b"keymend/v1/", label.as_bytes()]);
        Ok(Self {
            code_mac: MacKey::new(*key("code-mac")?),
            proof_mac: MacKey::new(*key("proof-mac")?),
            pepper: MacKey::new(*key("pepper")?),
            name_tag: MacKey::new(*key("name-tag")?),
            decoy: MacKey::new(*key("decoy")?),
            csrf: MacKey::new(*key("csrf")?),
            device: MacKey::new(*key("device")?),
            human: MacKey::new(*key("human")?),
            root,
        })
    }

    /// Keys that nobody keeps: for `keymend demo` and for tests.
    ///
    /// # Errors
    ///
    /// [`KeyFault`] if there was no randomness or the library failed.
    pub fn generate_ephemeral(entropy: &dyn Entropy) -> Result<Self, KeyFault> {
        let root = RootKey::fresh(entropy).map_err(|_| KeyFault)?;
        Self::derive(&root, "ephemeral")
    }

    /// The keys of flows and of counters.
    #[must_use]
    pub fn for_flows(&self) -> FlowKeys {
        FlowKeys {
            code: self.code_mac.clone(),
            name: self.name_tag.clone(),
        }
    }

    /// The seal of one table of the store.
    ///
    /// # Errors
    ///
    /// [`KeyFault`] if the library fails.
    pub fn seal(&self, table: &'static str) -> Result<Seal, KeyFault> {
        let key = derived(&self.root, &[b"keymend/v1/seal/", table.as_bytes()])?;
        Ok(Seal::new(table, &key))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}

/// How many bytes HKDF is asked for.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// Expands a pseudorandom key to as many bytes as the caller's array has.
fn derived<const BYTES: usize>(
    from: &Prk,
    info: &[&[u8]],
) -> Result<Zeroizing<[u8; BYTES]>, KeyFault> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    from.expand(info, Length(BYTES))
        .and_then(|material| material.fill(bytes.as_mut()))
        .map_err(|_| KeyFault)?;
    Ok(bytes)
}

fn key_bytes(text: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    let bytes = Zeroizing::new(match text.len() {
        64 => from_hexadecimal(text)?,
        44 => STANDARD.decode(text).ok()?,
        _ => return None,
    });
    <[u8; KEY_BYTES]>::try_from(bytes.as_slice())
        .ok()
        .map(Zeroizing::new)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hexadecimal(text: &str) -> Option<Vec<u8>> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| {
            let digits = std::str::from_utf8(pair).ok()?;
            let is_plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            is_plain
                .then(|| u8::from_str_radix(digits, 16).ok())
                .flatten()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    const ROOT: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    #[test]
    fn a_root_key_reads_in_hexadecimal_and_in_base64() {
        let hexadecimal = RootKey::parse(&format!("{ROOT}\n")).unwrap();
        let base64 = RootKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
        assert_eq!(
            hexadecimal.to_hexadecimal().expose(),
            base64.to_hexadecimal().expose()
        );
    }

    #[test]
    fn short_long_and_regular_keys_are_refused() {
        let refused = |text: &str| RootKey::parse(text).unwrap_err();
        assert_eq!(refused(""), BadRootKey::Shape);
        assert_eq!(refused("changeme"), BadRootKey::Shape);
        assert_eq!(refused(&"+1".repeat(32)), BadRootKey::Shape);
        assert_eq!(refused(&"00".repeat(33)), BadRootKey::Shape);
        assert_eq!(refused(&"00".repeat(32)), BadRootKey::NotRandom);
        assert_eq!(refused(&"deadbeef".repeat(8)), BadRootKey::NotRandom);
    }

    #[test]
    fn hkdf_gives_what_rfc_5869_says() {
        // RFC 5869, A.1.
        let salt = from_hexadecimal("000102030405060708090a0b0c").unwrap();
        let info = from_hexadecimal("f0f1f2f3f4f5f6f7f8f9").unwrap();
        let extracted = Salt::new(HKDF_SHA256, &salt).extract(&[0x0b; 22]);
        let expanded: Zeroizing<[u8; 42]> = derived(&extracted, &[&info]).unwrap();
        assert_eq!(
            hexadecimal(expanded.as_ref()),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        );
    }

    #[test]
    fn every_label_and_every_installation_has_its_own_keys() {
        let root = RootKey::parse(ROOT).unwrap();
        let keys = Keys::derive(&root, "one").unwrap();
        let other = Keys::derive(&root, "two").unwrap();
        let tags: std::collections::BTreeSet<String> = [
            &keys.code_mac,
            &keys.proof_mac,
            &keys.pepper,
            &keys.name_tag,
            &keys.decoy,
            &keys.csrf,
            &keys.device,
            &keys.human,
            &other.code_mac,
        ]
        .iter()
        .map(|key| key.tag(&[b"same"]).short())
        .collect();
        assert_eq!(tags.len(), 9);
    }

    #[test]
    fn the_same_root_gives_the_same_keys_for_ever() {
        // Frozen: if this changes, every code, cookie and sealed row out there becomes void.
        let keys = Keys::derive(&RootKey::parse(ROOT).unwrap(), "installation").unwrap();
        assert_eq!(keys.code_mac.tag(&[b"x"]).short(), "150a7e7e75c6ae29");
        assert_eq!(keys.human.tag(&[b"x"]).short(), "e871d78cd1f4ad81");
    }

    #[test]
    fn keys_do_not_print() {
        let root = RootKey::fresh(&SystemEntropy).unwrap();
        let keys = Keys::derive(&root, "x").unwrap();
        assert_eq!(format!("{root:?} {keys:?}"), "RootKey(..) Keys(..)");
    }
}
