//! Whether a person may change the password, from the entry's own access list.
//!
//! "User cannot change password" is no flag: the bit in `userAccountControl` is for show, and
//! what counts is a denial of the right *Change Password* to the person or to everyone
//! (MS-ADTS 5.1.3.2.1, `User-Change-Password`).

use super::sid::Sid;

/// The right to change a password by proving the old one, `ab721a53-1e2f-11d0-9819-00aa0040529b`.
const CHANGE_PASSWORD: [u8; 16] = [
    0x53, 0x1a, 0x72, 0xab, 0x2f, 0x1e, 0xd0, 0x11, 0x98, 0x19, 0x00, 0xaa, 0x00, 0x40, 0x52, 0x9b,
];
/// `ADS_RIGHT_DS_CONTROL_ACCESS` (MS-ADTS 5.1.3.2).
const CONTROL_ACCESS: u32 = 0x100;
/// The entry is for entries below only (MS-DTYP 2.4.4.1).
const INHERIT_ONLY: u8 = 0x08;
const ALLOWED: u8 = 0;
const DENIED: u8 = 1;
const ALLOWED_OBJECT: u8 = 5;
const DENIED_OBJECT: u8 = 6;
/// An object type follows (MS-DTYP 2.4.4.3).
const HAS_OBJECT_TYPE: u32 = 1;
/// An inherited object type follows.
const HAS_INHERITED_TYPE: u32 = 2;

/// Whether the descriptor keeps its owner, the person `own`, from changing the password; `None`
/// if it cannot be read.  The first entry of the list that speaks of it decides.
pub(super) fn denies_change(descriptor: &[u8], own: &Sid) -> Option<bool> {
    let start = usize::try_from(number(descriptor, 16)?).ok()?;
    if start == 0 {
        // No list at all means that everybody may do everything.
        return Some(false);
    }
    let list = descriptor.get(start..)?;
    let count = u16::from_le_bytes(list.get(4..6)?.try_into().ok()?);
    let person = [Sid::nt(&[10]), Sid::everyone(), Sid::nt(&[11]), own.clone()];
    let mut rest = list.get(8..)?;
    for _ in 0..count {
        let size = u16::from_le_bytes(rest.get(2..4)?.try_into().ok()?);
        let (entry, after) = rest.split_at_checked(usize::from(size).max(4))?;
        if let Some(denies) = speaks(entry, &person) {
            return Some(denies);
        }
        rest = after;
    }
    Some(false)
}

/// What one entry says of the right: denied, allowed, or nothing.
fn speaks(entry: &[u8], person: &[Sid]) -> Option<bool> {
    let ([kind, flags, _, _], _) = entry.split_first_chunk::<4>()?;
    let covers_right = number(entry, 4)? & CONTROL_ACCESS != 0;
    if flags & INHERIT_ONLY != 0 || !covers_right {
        return None;
    }
    let (denies, sid) = match *kind {
        ALLOWED => (false, entry.get(8..)?),
        DENIED => (true, entry.get(8..)?),
        ALLOWED_OBJECT => (false, sid_of_object_entry(entry)?),
        DENIED_OBJECT => (true, sid_of_object_entry(entry)?),
        _ => return None,
    };
    let (sid, _) = Sid::first_of(sid)?;
    person.contains(&sid).then_some(denies)
}

/// Whom an object entry is about, if it is about this right or about all of them.
fn sid_of_object_entry(entry: &[u8]) -> Option<&[u8]> {
    let flags = number(entry, 8)?;
    let mut rest = entry.get(12..)?;
    if flags & HAS_OBJECT_TYPE != 0 {
        let (kind, after) = rest.split_at_checked(16)?;
        if kind != CHANGE_PASSWORD {
            return None;
        }
        rest = after;
    }
    if flags & HAS_INHERITED_TYPE != 0 {
        rest = rest.get(16..)?;
    }
    Some(rest)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn own() -> Sid {
        Sid::nt(&[21, 1, 2, 3, 1105])
    }

    fn object_entry(kind: u8, flags: u8, right: [u8; 16], sid: &Sid) -> Vec<u8> {
        let mut entry = vec![kind, flags, 0, 0];
        entry.extend(CONTROL_ACCESS.to_le_bytes());
        entry.extend(HAS_OBJECT_TYPE.to_le_bytes());
        entry.extend(right);
        entry.extend(sid.to_bytes());
        let size = u16::try_from(entry.len()).unwrap().to_le_bytes();
        entry[2..4].copy_from_slice(&size);
        entry
    }

    fn descriptor(entries: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = vec![1, 0, 4, 0x84];
        bytes.extend([0; 12]);
        bytes.extend(20_u32.to_le_bytes());
        let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
        bytes.extend([4, 0, 0, 0, count[0], count[1], 0, 0]);
        bytes.extend(entries.concat());
        bytes
    }

    #[test]
    fn a_denial_to_the_person_or_to_everyone_counts() {
        let own_self = Sid::nt(&[10]);
        let deny = |sid: &Sid| object_entry(DENIED_OBJECT, 0, CHANGE_PASSWORD, sid);
        let allow = object_entry(ALLOWED_OBJECT, 0, CHANGE_PASSWORD, &own_self);
        let check = |entries: &[Vec<u8>], denies| {
            assert_eq!(denies_change(&descriptor(entries), &own()), Some(denies));
        };
        check(&[deny(&own_self), allow.clone()], true);
        check(&[deny(&Sid::everyone())], true);
        check(&[deny(&own())], true);
        check(&[deny(&Sid::nt(&[21, 1, 2, 3, 9]))], false);
        // An allowance in front of an inherited denial wins, as it does in Windows.
        check(&[allow.clone(), deny(&own_self)], false);
        check(&[], false);
    }

    #[test]
    fn other_rights_and_entries_for_those_below_say_nothing() {
        let own_self = Sid::nt(&[10]);
        let reset = object_entry(DENIED_OBJECT, 0, [7; 16], &own_self);
        let below = object_entry(DENIED_OBJECT, INHERIT_ONLY, CHANGE_PASSWORD, &own_self);
        assert_eq!(
            denies_change(&descriptor(&[reset, below]), &own()),
            Some(false)
        );
    }

    #[test]
    fn what_is_cut_short_is_not_known() {
        assert_eq!(denies_change(&[1, 0, 4], &own()), None);
        let whole = descriptor(&[object_entry(DENIED_OBJECT, 0, CHANGE_PASSWORD, &own())]);
        assert_eq!(denies_change(&whole[..40], &own()), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = denies_change(&bytes, &own());
            let _ = denies_change(&descriptor(&[bytes]), &own());
        }
    }
}
