//! Identifiers: each kind of thing has its own, and none of them is a secret.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::{Entropy, Moment, NoEntropy};

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Twenty-six Crockford base-32 signs: 48 bits of time, then 80 random bits, so that ids sort
/// by age (the ULID layout).
fn ulid(now: Moment, entropy: &dyn Entropy) -> Result<String, NoEntropy> {
    let mut random = [0_u8; 10];
    entropy.fill(&mut random)?;
    let stamp = u64::try_from(now.0.max(0)).unwrap_or(0) & 0xFFFF_FFFF_FFFF;
    let mut value = u128::from(stamp) << 80;
    for (place, byte) in random.iter().enumerate() {
        value |= u128::from(*byte) << (72 - 8 * place);
    }
    Ok((0..26)
        .map(|place| {
            let sign = ((value >> (125 - 5 * place)) & 31) as usize;
            char::from(*CROCKFORD.get(sign).unwrap_or(&b'0'))
        })
        .collect())
}

macro_rules! id_kind {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A fresh id.
            ///
            /// # Errors
            ///
            /// [`NoEntropy`] if the random source failed.
            pub fn fresh(now: Moment, entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
                ulid(now, entropy).map(Self)
            }

            /// An id read back from the store or from a log.
            #[must_use]
            pub fn stored(text: String) -> Self {
                Self(text)
            }

            /// The text of the id.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id_kind!(
    /// One attempt to get back in.
    FlowId
);
id_kind!(
    /// One write to a directory.
    OrderId
);
id_kind!(
    /// One registered method.
    MethodId
);
id_kind!(
    /// One message waiting to be delivered.
    NoticeId
);
id_kind!(
    /// One journey: all its audit events carry it.
    CorrelationId
);

impl CorrelationId {
    /// The short form shown on pages: the last eight signs, in two groups of four.
    #[must_use]
    pub fn reference(&self) -> String {
        let signs: Vec<char> = self.0.chars().rev().take(8).collect();
        let text: String = signs.into_iter().rev().collect();
        match text.split_at_checked(4) {
            Some((head, tail)) => format!("{head}-{tail}"),
            None => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);
    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
            bytes.fill(self.0);
            Ok(())
        }
    }

    #[test]
    fn ids_sort_by_age_and_have_26_signs() {
        let early = FlowId::fresh(Moment(1_000), &Fixed(0xFF)).unwrap();
        let late = FlowId::fresh(Moment(2_000), &Fixed(0x00)).unwrap();
        assert_eq!(early.as_str().len(), 26);
        assert!(early < late);
        assert!(early.as_str().ends_with("ZZZZZZZZZZZZZZZZ"));
    }

    #[test]
    fn a_reference_is_two_groups_of_four() {
        let id = CorrelationId::stored("01ARZ3NDEKTSV4RRFFQ69G5FAV".into());
        assert_eq!(id.reference(), "Q69G-5FAV");
    }
}
