//! Security identifiers (MS-DTYP 2.4.2).

use std::fmt;

/// `S-1-5-21-…`: who somebody is to Windows.  Never given to anybody else, unlike names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::ldap) struct Sid {
    authority: u64,
    parts: Vec<u32>,
}

/// The NT authority, under which everything here lives.
const NT: u64 = 5;
/// The first part of every identifier that a domain gave out.
const DOMAIN: u32 = 21;
/// The first part of the groups that every domain has from birth.
const BUILTIN: u32 = 32;

impl Sid {
    /// Reads the binary form (MS-DTYP 2.4.2.2); `None` if it is anything else.
    pub(in crate::ldap) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (sid, rest) = Self::first_of(bytes)?;
        rest.is_empty().then_some(sid)
    }

    /// Reads the identifier at the start, and says what follows it.
    pub(super) fn first_of(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let ([1, count, high @ ..], rest) = bytes.split_first_chunk::<8>()? else {
            return None;
        };
        let authority = high.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let (parts, rest) = rest.split_at_checked(usize::from(*count) * 4)?;
        let parts = parts
            .chunks_exact(4)
            .filter_map(|part| part.try_into().ok().map(u32::from_le_bytes))
            .collect();
        Some((Self { authority, parts }, rest))
    }

    /// An identifier of the NT authority.
    pub(super) fn nt(parts: &[u32]) -> Self {
        Self {
            authority: NT,
            parts: parts.to_vec(),
        }
    }

    /// Everyone, signed in or not (`S-1-1-0`).
    pub(super) fn everyone() -> Self {
        Self {
            authority: 1,
            parts: vec![0],
        }
    }

    /// The binary form, for filters.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let count = u8::try_from(self.parts.len()).unwrap_or(u8::MAX);
        let mut bytes = vec![1, count];
        bytes.extend(self.authority.to_be_bytes().into_iter().skip(2));
        for part in &self.parts {
            bytes.extend(part.to_le_bytes());
        }
        bytes
    }

    /// The number that a domain gave out; `None` if no domain did.
    pub(super) fn domain_number(&self) -> Option<u32> {
        let is_domain = self.authority == NT && self.parts.first() == Some(&DOMAIN);
        self.parts.last().copied().filter(|_| is_domain)
    }

    /// The identifier with another number of the same domain; `None` if no domain gave it out.
    pub(super) fn sibling(&self, number: u32) -> Option<Self> {
        self.domain_number()?;
        let mut other = self.clone();
        *other.parts.last_mut()? = number;
        Some(other)
    }

    /// Whether a domain gave it out.
    pub(in crate::ldap) fn is_of_domain(&self) -> bool {
        self.domain_number().is_some()
    }

    /// The number of a group that every domain has from birth; `None` for all others.
    pub(super) fn builtin_number(&self) -> Option<u32> {
        match (self.authority, self.parts.as_slice()) {
            (NT, [BUILTIN, number]) => Some(*number),
            _ => None,
        }
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S-1-{}", self.authority)?;
        self.parts.iter().try_for_each(|part| write!(f, "-{part}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_binary_form_is_read_and_written() {
        let administrators = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0];
        let sid = Sid::from_bytes(&administrators).unwrap();
        assert_eq!(sid.to_string(), "S-1-5-32-544");
        assert_eq!(sid.builtin_number(), Some(544));
        assert_eq!(sid.domain_number(), None);
        assert_eq!(sid.to_bytes(), administrators);
        let admins = Sid::nt(&[21, 1, 2, 3, 512]);
        assert_eq!(admins.domain_number(), Some(512));
        assert_eq!(Sid::from_bytes(&admins.to_bytes()), Some(admins));
        assert_eq!(Sid::everyone().to_string(), "S-1-1-0");
    }

    #[test]
    fn what_is_cut_short_or_goes_on_is_no_identifier() {
        for bytes in [
            &[][..],
            &[1, 1, 0, 0, 0, 0, 0, 5],
            &[2, 0, 0, 0, 0, 0, 0, 5],
            &[1, 0, 0, 0, 0, 0, 0, 5, 0],
        ] {
            assert_eq!(Sid::from_bytes(bytes), None, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Some(sid) = Sid::from_bytes(&bytes) {
                prop_assert_eq!(sid.to_bytes(), bytes);
            }
        }
    }
}
