//! Tokens: kind, bits, expiry and 16 random bytes under a keyed hash, in base64url.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keymend_domain::code::MacKey;
use keymend_domain::time::{Entropy, Moment, NoEntropy};
use subtle::ConstantTimeEq;

const RANDOM_BYTES: usize = 16;
const BODY_BYTES: usize = 1 + 1 + 8 + RANDOM_BYTES;
const MAC_BYTES: usize = 16;
const TEXT_BYTES: usize = (BODY_BYTES + MAC_BYTES) * 4 / 3;

/// What a token is for.  The numbers are on the wire: never use one again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Work = 1,
    Queue = 2,
    Picture = 3,
}

/// What a token carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) bits: u8,
    pub(super) expires_at: Moment,
    pub(super) random: [u8; RANDOM_BYTES],
}

impl Token {
    pub(super) fn fresh(
        kind: Kind,
        bits: u8,
        expires_at: Moment,
        entropy: &dyn Entropy,
    ) -> Result<Self, NoEntropy> {
        let mut random = [0; RANDOM_BYTES];
        entropy.fill(&mut random)?;
        Ok(Self {
            kind,
            bits,
            expires_at,
            random,
        })
    }

    /// The token as it travels: 56 signs that need no escaping anywhere.
    pub(super) fn sealed(&self, key: &MacKey) -> String {
        let body = self.body();
        let mac = tag(key, &body);
        let mut bytes = [0; BODY_BYTES + MAC_BYTES];
        for (place, byte) in bytes.iter_mut().zip(body.into_iter().chain(mac)) {
            *place = byte;
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The token behind a text, if this key made it.
    pub(super) fn opened(text: &str, key: &MacKey) -> Option<Self> {
        if text.len() != TEXT_BYTES {
            return None;
        }
        let mut bytes = [0; BODY_BYTES + MAC_BYTES];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        let (body, mac) = bytes.get(..length)?.split_first_chunk::<BODY_BYTES>()?;
        let wanted = tag(key, body);
        if !bool::from(wanted.get(..MAC_BYTES)?.ct_eq(mac)) {
            return None;
        }
        let ([kind, bits], rest) = body.split_first_chunk::<2>()?;
        let (expires_at, random) = rest.split_first_chunk::<8>()?;
        Some(Self {
            kind: Kind::numbered(*kind)?,
            bits: *bits,
            expires_at: Moment(i64::from_be_bytes(*expires_at)),
            random: random.try_into().ok()?,
        })
    }

    /// The name under which a used token is remembered.
    pub(super) fn name(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.random)
    }

    fn body(&self) -> [u8; BODY_BYTES] {
        let mut body = [0; BODY_BYTES];
        let parts = [self.kind as u8, self.bits]
            .into_iter()
            .chain(self.expires_at.0.to_be_bytes())
            .chain(self.random);
        for (place, byte) in body.iter_mut().zip(parts) {
            *place = byte;
        }
        body
    }
}

impl Kind {
    fn numbered(number: u8) -> Option<Self> {
        [Self::Work, Self::Queue, Self::Picture]
            .into_iter()
            .find(|kind| *kind as u8 == number)
    }
}

fn tag(key: &MacKey, body: &[u8]) -> [u8; 32] {
    *key.tag(&[b"token", body]).bytes()
}
