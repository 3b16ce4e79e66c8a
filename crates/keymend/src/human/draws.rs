//! A stream of numbers that looks random and follows from a key and a seed.

use keymend_domain::code::MacKey;

/// Numbers that whoever lacks the key cannot foretell, and that are the same each time.
pub(super) struct Draws {
    key: MacKey,
    seed: [u8; 32],
    block: [u8; 32],
    used: usize,
    counter: u64,
}

impl Draws {
    /// The stream of this seed.
    pub(super) fn new(key: &MacKey, seed: &[&[u8]]) -> Self {
        Self {
            key: key.clone(),
            seed: *key.tag(seed).bytes(),
            block: [0; 32],
            used: 32,
            counter: 0,
        }
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> u8 {
        if self.used >= self.block.len() {
            let counter = self.counter.to_be_bytes();
            self.block = *self.key.tag(&[b"draws", &self.seed, &counter]).bytes();
            self.counter = self.counter.wrapping_add(1);
            self.used = 0;
        }
        let byte = self.block.get(self.used).copied().unwrap_or(0);
        self.used += 1;
        byte
    }

    /// A digit from 0 to 9, each as likely as the others.
    pub(super) fn digit(&mut self) -> u8 {
        // Bound: 64 bytes above 249 in a row do not happen (2^-343).
        for _ in 0..64 {
            let byte = self.byte();
            if byte < 250 {
                return byte % 10;
            }
        }
        0
    }

    /// A number from `low` to `high`, in 65,536 steps.
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        let step = u16::from_be_bytes([self.byte(), self.byte()]);
        low + (high - low) * f32::from(step) / f32::from(u16::MAX)
    }

    /// A whole number from 0 to `end`, `end` not included; for mixing, not for codes.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let number = usize::from(u16::from_be_bytes([self.byte(), self.byte()]));
        number.checked_rem(end).unwrap_or(0)
    }
}
