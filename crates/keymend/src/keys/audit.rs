//! The key that signs the heads of the audit chain: a key of its own, not derived from the root,
//! so that a stolen root cannot sign and a lost signing key loses no data.

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use keymend_domain::secret::Secret;
use keymend_domain::time::Entropy;
use zeroize::Zeroizing;

use super::{KEY_BYTES, key_bytes};

/// Signs heads of the audit chain (Ed25519, RFC 8032).
pub struct AuditSigner {
    pair: Ed25519KeyPair,
}

/// The audit signing key could not be made or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an audit signing key of 32 bytes in hexadecimal or base64")]
pub struct AuditKeyFault;

impl AuditSigner {
    /// Draws a new key and gives it together with the text for its file.
    ///
    /// # Errors
    ///
    /// [`AuditKeyFault`] if there was no randomness.
    pub fn fresh(entropy: &dyn Entropy) -> Result<(Self, Secret), AuditKeyFault> {
        let mut seed = Zeroizing::new([0; KEY_BYTES]);
        entropy.fill(seed.as_mut()).map_err(|_| AuditKeyFault)?;
        let text = Secret::new(super::hexadecimal(seed.as_ref()));
        Ok((Self::parse(text.expose())?, text))
    }

    /// Reads the key from the text of its file.
    ///
    /// # Errors
    ///
    /// [`AuditKeyFault`]: the file is damaged; restore it, or make a new one, which the audit
    /// trail will show.
    pub fn parse(text: &str) -> Result<Self, AuditKeyFault> {
        let seed = key_bytes(text.trim()).ok_or(AuditKeyFault)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_ref()).map_err(|_| AuditKeyFault)?;
        Ok(Self { pair })
    }

    /// The signature of `head`, 64 bytes.
    #[must_use]
    pub fn sign(&self, head: &[u8]) -> Vec<u8> {
        self.pair.sign(head).as_ref().to_vec()
    }

    /// The public key, 32 bytes, for whoever verifies.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }
}

impl fmt::Debug for AuditSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditSigner(..)")
    }
}

/// Whether `signature` was made over `head` by the owner of `public_key`.
#[must_use]
pub fn verify_audit(public_key: &[u8], head: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public_key)
        .verify(head, signature)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn a_signature_is_that_of_rfc_8032() {
        // RFC 8032 §7.1, test 2.
        let signer =
            AuditSigner::parse("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
                .unwrap();
        let public: String = signer
            .public_key()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            public,
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
        );
        assert!(signer.sign(&[0x72]).starts_with(&[0x92, 0xa0, 0x09, 0xa9]));
    }

    #[test]
    fn a_signature_holds_for_its_head_and_its_key_alone() {
        let (signer, text) = AuditSigner::fresh(&SystemEntropy).unwrap();
        let (stranger, _) = AuditSigner::fresh(&SystemEntropy).unwrap();
        let signature = AuditSigner::parse(text.expose()).unwrap().sign(b"head");
        assert!(verify_audit(signer.public_key(), b"head", &signature));
        assert!(!verify_audit(signer.public_key(), b"other", &signature));
        assert!(!verify_audit(stranger.public_key(), b"head", &signature));
        assert!(!verify_audit(b"short", b"head", &signature));
    }
}
