//! What an entry's access list lets somebody do (MS-DTYP 2.4.4 to 2.4.6, MS-ADTS 5.1.3).
//!
//! Read and never tried: nothing is written to find out.

use super::sid::Sid;

/// `ADS_RIGHT_DS_WRITE_PROP` (MS-ADTS 5.1.3.2).
const WRITE_PROPERTY: u32 = 0x20;
/// `ADS_RIGHT_DS_SELF`: a write that the server checks, named by what it is about.
const VALIDATED_WRITE: u32 = 0x8;
/// `ADS_RIGHT_DS_CONTROL_ACCESS`.
const CONTROL_ACCESS: u32 = 0x100;
const WRITE_DAC: u32 = 0x4_0000;
const WRITE_OWNER: u32 = 0x8_0000;
const GENERIC_WRITE: u32 = 0x4000_0000;
const GENERIC_ALL: u32 = 0x1000_0000;
/// What the generic rights stand for on directory objects (MS-ADTS 5.1.3.2).
const ALL: u32 = 0xF_01FF;
const WRITES: u32 = 0x2_0028;

/// The entry is for entries below only (MS-DTYP 2.4.4.1).
const INHERIT_ONLY: u8 = 0x08;
const ALLOWED: u8 = 0;
const DENIED: u8 = 1;
const ALLOWED_OBJECT: u8 = 5;
const DENIED_OBJECT: u8 = 6;
/// Lines with a condition (MS-DTYP 2.4.4.6 and 2.4.4.8), which is not worked out here.
const ALLOWED_IF: u8 = 9;
const ALLOWED_OBJECT_IF: u8 = 11;
/// An object type follows, and an inherited object type (MS-DTYP 2.4.4.3).
const HAS_OBJECT_TYPE: u32 = 1;
const HAS_INHERITED_TYPE: u32 = 2;

/// A right, an attribute or a class, as lists name them.
type Guid = [u8; 16];

/// The right to set a password without the old one, `00299570-246d-11d0-a768-00aa006e0529`
/// (MS-ADTS 5.1.3.2.1, `User-Force-Change-Password`).
const RESET_PASSWORD: Guid = [
    0x70, 0x95, 0x29, 0x00, 0x6d, 0x24, 0xd0, 0x11, 0xa7, 0x68, 0x00, 0xaa, 0x00, 0x6e, 0x05, 0x29,
];
/// The attribute `member`, `bf9679c0-0de6-11d0-a285-00aa003049e2` (MS-ADA2).
const MEMBER: Guid = [
    0xc0, 0x79, 0x96, 0xbf, 0xe6, 0x0d, 0xd0, 0x11, 0xa2, 0x85, 0x00, 0xaa, 0x00, 0x30, 0x49, 0xe2,
];

/// The property set Membership, `bc0ac240-79a9-11d0-9020-00c04fc2d4cf` (MS-ADTS 3.1.1.2.3.3); the
/// attribute `member` is in it (MS-ADA2, `attributeSecurityGuid`).
const MEMBERSHIP: Guid = [
    0x40, 0xc2, 0x0a, 0xbc, 0xa9, 0x79, 0xd0, 0x11, 0x90, 0x20, 0x00, 0xc0, 0x4f, 0xc2, 0xd4, 0xcf,
];
/// The rights Replicating Directory Changes and Replicating Directory Changes All,
/// `1131f6aa-9c07-11d1-f79f-00c04fc2dcd2` and `1131f6ad-9c07-11d1-f79f-00c04fc2dcd2`
/// (MS-ADTS 5.1.3.2.1).
const REPLICATION: [Guid; 2] = [
    [
        0xaa, 0xf6, 0x31, 0x11, 0x07, 0x9c, 0xd1, 0x11, 0xf7, 0x9f, 0x00, 0xc0, 0x4f, 0xc2, 0xdc,
        0xd2,
    ],
    [
        0xad, 0xf6, 0x31, 0x11, 0x07, 0x9c, 0xd1, 0x11, 0xf7, 0x9f, 0x00, 0xc0, 0x4f, 0xc2, 0xdc,
        0xd2,
    ],
];
/// The validated write Self-Membership (MS-ADTS 5.1.3.2.2) has the number of the attribute.
const SELF_MEMBERSHIP: Guid = MEMBER;

/// One line of a list that counts for the entry itself.
struct Line {
    denies: bool,
    /// Whether it allows no more than under a condition.
    is_conditional: bool,
    mask: u32,
    object: Option<Guid>,
    sid: Sid,
}

/// Who owns an entry, and who may do what with it.
pub(super) struct AccessList {
    owner: Option<Sid>,
    /// `None` means that everybody may do everything.
    lines: Option<Vec<Line>>,
}

impl AccessList {
    /// Reads a self-relative security descriptor; `None` if it is not one.
    pub(super) fn parse(descriptor: &[u8]) -> Option<Self> {
        let owner = match usize::try_from(number(descriptor, 4)?).ok()? {
            0 => None,
            start => Some(Sid::first_of(descriptor.get(start..)?)?.0),
        };
        let lines = match usize::try_from(number(descriptor, 16)?).ok()? {
            0 => None,
            start => Some(lines(descriptor.get(start..)?)?),
        };
        Some(Self { owner, lines })
    }

    /// Whether these identities may set the password without knowing the old one, be it under a
    /// condition.
    pub(super) fn lets_reset(&self, token: &[Sid]) -> bool {
        self.allows(token, CONTROL_ACCESS, &[RESET_PASSWORD])
    }

    /// The same without conditions: what can be relied on.
    pub(super) fn surely_lets_reset(&self, token: &[Sid]) -> bool {
        let is_sure = |line: &Line| !line.is_conditional;
        self.decides(token, (CONTROL_ACCESS, &[RESET_PASSWORD]), is_sure)
    }

    /// Whether they may read everything there is by replication, passwords included.
    pub(super) fn lets_replicate(&self, token: &[Sid]) -> bool {
        self.allows(token, CONTROL_ACCESS, &REPLICATION)
    }

    /// Whether they may change the list itself, and so give themselves anything.
    pub(super) fn lets_rewrite(&self, token: &[Sid]) -> bool {
        let owns = self.owner.as_ref().is_some_and(|own| token.contains(own));
        owns || self.allows(token, WRITE_DAC, &[]) || self.allows(token, WRITE_OWNER, &[])
    }

    /// Whether they may write every attribute.
    pub(super) fn lets_write_all(&self, token: &[Sid]) -> bool {
        self.allows(token, WRITE_PROPERTY, &[])
    }

    /// Whether they may change who is in the group, be it by adding themselves alone.
    pub(super) fn lets_add_members(&self, token: &[Sid]) -> bool {
        self.allows(token, WRITE_PROPERTY, &[MEMBER, MEMBERSHIP])
            || self.allows(token, VALIDATED_WRITE, &[SELF_MEMBERSHIP])
    }

    /// The first line that speaks of the right and of one of these identities decides.  `objects`
    /// are the names under which a line may mean it; a line without a name means everything.
    /// What is allowed under a condition counts as allowed, for nobody knows when it holds.
    fn allows(&self, token: &[Sid], right: u32, objects: &[Guid]) -> bool {
        self.decides(token, (right, objects), |_| true)
    }

    fn decides(
        &self,
        token: &[Sid],
        (right, objects): (u32, &[Guid]),
        counts: impl Fn(&Line) -> bool,
    ) -> bool {
        let Some(lines) = &self.lines else {
            return true;
        };
        let speaks = |line: &&Line| {
            let is_meant = line.object.is_none_or(|object| objects.contains(&object));
            line.mask & right != 0 && is_meant && token.contains(&line.sid) && counts(line)
        };
        lines
            .iter()
            .find(speaks)
            .is_some_and(|decides| !decides.denies)
    }
}

fn lines(list: &[u8]) -> Option<Vec<Line>> {
    let count = u16::from_le_bytes(list.get(4..6)?.try_into().ok()?);
    let mut rest = list.get(8..)?;
    let mut lines = Vec::new();
    for _ in 0..count {
        let size = u16::from_le_bytes(rest.get(2..4)?.try_into().ok()?);
        let (entry, after) = rest.split_at_checked(usize::from(size).max(4))?;
        lines.extend(line(entry));
        rest = after;
    }
    Some(lines)
}

/// `None` for lines that are for entries below, of a kind that allows and denies nothing, or that
/// deny under a condition: nobody can rely on those.
fn line(entry: &[u8]) -> Option<Line> {
    let ([kind, flags, _, _], _) = entry.split_first_chunk::<4>()?;
    if flags & INHERIT_ONLY != 0 {
        return None;
    }
    let denies = matches!(*kind, DENIED | DENIED_OBJECT);
    let (object, sid) = match *kind {
        ALLOWED | DENIED | ALLOWED_IF => (None, entry.get(8..)?),
        ALLOWED_OBJECT | DENIED_OBJECT | ALLOWED_OBJECT_IF => object_and_sid(entry)?,
        _ => return None,
    };
    Some(Line {
        denies,
        is_conditional: matches!(*kind, ALLOWED_IF | ALLOWED_OBJECT_IF),
        mask: specific(number(entry, 4)?),
        object,
        sid: Sid::first_of(sid)?.0,
    })
}

fn object_and_sid(entry: &[u8]) -> Option<(Option<Guid>, &[u8])> {
    let flags = number(entry, 8)?;
    let mut rest = entry.get(12..)?;
    let mut object = None;
    if flags & HAS_OBJECT_TYPE != 0 {
        let (guid, after) = rest.split_first_chunk::<16>()?;
        object = Some(*guid);
        rest = after;
    }
    // A line that was inherited for another class of entries is marked "for entries below".
    if flags & HAS_INHERITED_TYPE != 0 {
        rest = rest.get(16..)?;
    }
    Some((object, rest))
}

fn specific(mask: u32) -> u32 {
    let mut all = mask;
    if mask & GENERIC_ALL != 0 {
        all |= ALL;
    }
    if mask & GENERIC_WRITE != 0 {
        all |= WRITES;
    }
    all
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn service() -> Sid {
        Sid::nt(&[21, 1, 2, 3, 1105])
    }

    fn entry(kind: u8, mask: u32, object: Option<Guid>, sid: &Sid) -> Vec<u8> {
        let mut entry = vec![kind, 0, 0, 0];
        entry.extend(mask.to_le_bytes());
        if matches!(kind, 5..=8 | 11 | 12) {
            entry.extend(u32::from(object.is_some()).to_le_bytes());
            entry.extend(object.into_iter().flatten());
        }
        entry.extend(sid.to_bytes());
        let size = u16::try_from(entry.len()).unwrap().to_le_bytes();
        entry[2..4].copy_from_slice(&size);
        entry
    }

    fn list(owner: &Sid, entries: &[Vec<u8>]) -> AccessList {
        let owner = owner.to_bytes();
        let start = 20 + u32::try_from(owner.len()).unwrap();
        let mut bytes = vec![1, 0, 4, 0x84];
        bytes.extend(20_u32.to_le_bytes());
        bytes.extend([0; 8]);
        bytes.extend(start.to_le_bytes());
        bytes.extend(owner);
        let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
        bytes.extend([4, 0, 0, 0, count[0], count[1], 0, 0]);
        bytes.extend(entries.concat());
        AccessList::parse(&bytes).unwrap()
    }

    fn domain_admins() -> Sid {
        Sid::nt(&[21, 1, 2, 3, 512])
    }

    #[test]
    fn a_delegated_right_is_the_right_it_names_and_no_other() {
        let reset = entry(
            ALLOWED_OBJECT,
            CONTROL_ACCESS,
            Some(RESET_PASSWORD),
            &service(),
        );
        let list = list(&domain_admins(), &[reset]);
        let token = [service(), Sid::nt(&[11])];
        assert!(list.lets_reset(&token));
        assert!(!list.lets_write_all(&token) && !list.lets_rewrite(&token));
        assert!(!list.lets_reset(&[Sid::nt(&[11])]));
    }

    #[test]
    fn whoever_owns_an_entry_or_holds_all_rights_may_do_everything() {
        let owned = list(&service(), &[]);
        assert!(owned.lets_rewrite(&[service()]) && !owned.lets_reset(&[service()]));
        for mask in [GENERIC_ALL, ALL] {
            let all = list(&domain_admins(), &[entry(ALLOWED, mask, None, &service())]);
            let token = [service()];
            assert!(all.lets_reset(&token) && all.lets_rewrite(&token));
            assert!(all.lets_write_all(&token) && all.lets_add_members(&token));
        }
        let writes = entry(ALLOWED, GENERIC_WRITE, None, &service());
        let writes = list(&domain_admins(), &[writes]);
        assert!(writes.lets_add_members(&[service()]) && !writes.lets_reset(&[service()]));
    }

    #[test]
    fn every_way_into_a_group_is_seen() {
        let other = [7; 16];
        let lets = |mask: u32, object: Option<Guid>| {
            let kind = if object.is_some() {
                ALLOWED_OBJECT
            } else {
                ALLOWED
            };
            let entries = [entry(kind, mask, object, &service())];
            list(&domain_admins(), &entries).lets_add_members(&[service()])
        };
        assert!(lets(WRITE_PROPERTY, Some(MEMBER)));
        assert!(lets(WRITE_PROPERTY, Some(MEMBERSHIP)));
        assert!(lets(WRITE_PROPERTY, None));
        assert!(lets(VALIDATED_WRITE, Some(SELF_MEMBERSHIP)));
        assert!(lets(VALIDATED_WRITE, None));
        assert!(lets(GENERIC_WRITE, None) && lets(GENERIC_ALL, None));
        assert!(!lets(WRITE_PROPERTY, Some(other)));
        assert!(!lets(VALIDATED_WRITE, Some(MEMBERSHIP)));
        assert!(!lets(CONTROL_ACCESS, None));
    }

    #[test]
    fn the_first_line_that_speaks_of_it_decides() {
        let deny = entry(DENIED, CONTROL_ACCESS, None, &service());
        let allow = entry(
            ALLOWED_OBJECT,
            CONTROL_ACCESS,
            Some(RESET_PASSWORD),
            &service(),
        );
        let (first, second) = (deny.clone(), allow.clone());
        assert!(!list(&domain_admins(), &[first, second]).lets_reset(&[service()]));
        assert!(list(&domain_admins(), &[allow, deny]).lets_reset(&[service()]));
    }

    #[test]
    fn what_is_allowed_under_a_condition_is_feared_and_not_relied_on() {
        for (kind, object, is_feared) in [
            (ALLOWED_IF, None, true),
            (10, None, false),
            (ALLOWED_OBJECT_IF, Some(RESET_PASSWORD), true),
            (12, Some(RESET_PASSWORD), false),
        ] {
            let mut line = entry(kind, CONTROL_ACCESS, object, &service());
            // The condition stands behind the identity.
            line.extend(*b"artx");
            let size = u16::try_from(line.len()).unwrap().to_le_bytes();
            line[2..4].copy_from_slice(&size);
            let list = list(&domain_admins(), &[line]);
            assert_eq!(list.lets_reset(&[service()]), is_feared, "{kind}");
            assert!(!list.surely_lets_reset(&[service()]), "{kind}");
        }
        // A denial that may not hold takes nothing back.
        let denied = entry(10, CONTROL_ACCESS, None, &service());
        let allowed = entry(ALLOWED, CONTROL_ACCESS, None, &service());
        assert!(list(&domain_admins(), &[denied, allowed]).lets_reset(&[service()]));
    }

    #[test]
    fn replication_is_a_right_of_its_own() {
        for right in REPLICATION {
            let line = entry(ALLOWED_OBJECT, CONTROL_ACCESS, Some(right), &service());
            assert!(list(&domain_admins(), &[line]).lets_replicate(&[service()]));
        }
        let reset = entry(
            ALLOWED_OBJECT,
            CONTROL_ACCESS,
            Some(RESET_PASSWORD),
            &service(),
        );
        assert!(!list(&domain_admins(), &[reset]).lets_replicate(&[service()]));
    }

    #[test]
    fn lines_for_entries_below_do_not_count() {
        let mut below = entry(ALLOWED, GENERIC_ALL, None, &service());
        below[1] = INHERIT_ONLY;
        assert!(!list(&domain_admins(), &[below]).lets_reset(&[service()]));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..160)) {
            if let Some(list) = AccessList::parse(&bytes) {
                let _ = list.lets_reset(&[service()]);
            }
        }
    }
}
