//! Short codes: drawing them, and the keyed hash that is all the store ever holds.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use serde::{Deserialize, Serialize};

use crate::secret::Secret;
use crate::time::{Entropy, NoEntropy};

/// A key for one purpose, derived from the root key by the service; wiped on drop.
#[derive(Clone)]
pub struct MacKey(Zeroizing<[u8; 32]>);

impl MacKey {
    /// Takes 32 derived bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// HMAC-SHA-256 (RFC 2104) over parts, each preceded by its length in eight bytes, so that
    /// no two lists of parts give the same input.
    #[must_use]
    pub fn tag(&self, parts: &[&[u8]]) -> Tag {
        let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(self.0.as_ref()) else {
            // HMAC takes keys of any length (RFC 2104 §2); this arm exists for the type alone,
            // and a tag that nothing matches is the safe answer.
            return Tag([0; 32]);
        };
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        Tag(mac.finalize().into_bytes().into())
    }
}

impl std::fmt::Debug for MacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MacKey(..)")
    }
}

/// A keyed hash.  Compared in constant time.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Tag([u8; 32]);

impl Tag {
    /// Whether two tags are equal, in constant time.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// The first eight bytes in hexadecimal: enough to key a counter or to recognise a name in
    /// the log without the name.
    #[must_use]
    pub fn short(&self) -> String {
        let (half, _) = self.0.split_at(8);
        hexadecimal(half)
    }

    /// All 32 bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Draws a code of `digits` decimal digits, each uniform by rejection sampling.
///
/// # Errors
///
/// [`NoEntropy`] if the random source failed; no code exists then.
pub fn draw(digits: u32, entropy: &dyn Entropy) -> Result<Secret, NoEntropy> {
    let wanted = usize::try_from(digits).unwrap_or(0);
    let mut code = String::with_capacity(wanted);
    let mut pool = Zeroizing::new([0_u8; 32]);
    // Bound: each of the 64 rounds fails to add a digit with probability below 2^-170.
    for _ in 0..64 {
        entropy.fill(pool.as_mut())?;
        for byte in pool.iter().filter(|byte| **byte < 250) {
            if code.len() < wanted {
                code.push(char::from(b'0' + byte % 10));
            }
        }
        if code.len() >= wanted {
            return Ok(Secret::new(code));
        }
    }
    Err(NoEntropy)
}

/// Draws a handle of 256 random bits as 64 hexadecimal digits: for cookies and links.
///
/// # Errors
///
/// [`NoEntropy`] if the random source failed.
pub fn handle(entropy: &dyn Entropy) -> Result<Secret, NoEntropy> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    entropy.fill(bytes.as_mut())?;
    Ok(Secret::new(hexadecimal(bytes.as_ref())))
}

/// Two digits for each byte, in one allocation: a secret leaves no copies behind.
fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(half), 16));
        }
    }
    text
}

/// What a person typed into a code field: blanks and dashes dropped, full-width digits folded.
/// Gives `None` if anything but 1 to 10 digits is left.
#[must_use]
pub fn typed(text: &str) -> Option<Secret> {
    if text.len() > 64 {
        return None;
    }
    // Never longer than what was typed: the buffer does not move, and leaves no copy behind.
    let mut digits = Zeroizing::new(String::with_capacity(text.len()));
    for sign in text
        .chars()
        .filter(|sign| !sign.is_whitespace() && !matches!(sign, '-' | '–'))
    {
        let value = match sign {
            '０'..='９' => char::from_digit(sign as u32 - '０' as u32, 10)?,
            other => other,
        };
        if !value.is_ascii_digit() {
            return None;
        }
        digits.push(value);
    }
    (1..=10)
        .contains(&digits.len())
        .then(|| Secret::new(std::mem::take(&mut *digits)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::sync::Mutex;

    struct Counting(Mutex<Cell<u8>>);
    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
            let state = self.0.lock().unwrap();
            for byte in bytes {
                let next = state.get().wrapping_add(1);
                state.set(next);
                *byte = next;
            }
            Ok(())
        }
    }

    #[test]
    fn every_digit_is_equally_likely_over_all_bytes() {
        let entropy = Counting(Mutex::new(Cell::new(255)));
        let mut seen = [0_u32; 10];
        for _ in 0..400 {
            for digit in draw(10, &entropy).unwrap().expose().bytes() {
                seen[usize::from(digit - b'0')] += 1;
            }
        }
        let (least, most) = (seen.iter().min().unwrap(), seen.iter().max().unwrap());
        assert!(most - least < 80, "{seen:?}");
    }

    #[test]
    fn a_failing_source_gives_no_code() {
        struct Broken;
        impl Entropy for Broken {
            fn fill(&self, _: &mut [u8]) -> Result<(), NoEntropy> {
                Err(NoEntropy)
            }
        }
        assert!(draw(6, &Broken).is_err());
        struct Biased;
        impl Entropy for Biased {
            fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
                bytes.fill(255);
                Ok(())
            }
        }
        assert!(draw(6, &Biased).is_err());
    }

    #[test]
    fn parts_are_bound_by_their_lengths() {
        let key = MacKey::new([7; 32]);
        assert!(!key.tag(&[b"ab", b"c"]).matches(&key.tag(&[b"a", b"bc"])));
        assert!(key.tag(&[b"ab"]).matches(&key.tag(&[b"ab"])));
    }

    #[test]
    fn typed_codes_forgive_blanks_and_full_width_digits() {
        assert_eq!(typed(" 123 456 ").unwrap().expose(), "123456");
        assert_eq!(typed("123-456").unwrap().expose(), "123456");
        assert_eq!(typed("１２３４５６").unwrap().expose(), "123456");
        for text in ["", "12a456", "12345678901", "１２x", &"1".repeat(100)] {
            assert!(typed(text).is_none(), "{text}");
        }
    }
}
