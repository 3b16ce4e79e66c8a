//! The password policy control (draft-behera-ldap-password-policy-11 §6.2).

use ldap3::controls::{Control, RawControl};

const OID: &str = "1.3.6.1.4.1.42.2.27.8.5.1";

/// The error that the control names (§6.2, `error` of `PasswordPolicyResponseValue`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PolicyError {
    PasswordExpired,
    AccountLocked,
    ChangeAfterReset,
    ModNotAllowed,
    MustSupplyOld,
    Quality,
    TooShort,
    TooYoung,
    InHistory,
    /// OpenLDAP's extension for `pwdMaxLength`.
    TooLong,
    /// A number this adapter does not know.
    Unfamiliar(u32),
}

impl PolicyError {
    fn from_number(number: u32) -> Self {
        match number {
            0 => Self::PasswordExpired,
            1 => Self::AccountLocked,
            2 => Self::ChangeAfterReset,
            3 => Self::ModNotAllowed,
            4 => Self::MustSupplyOld,
            5 => Self::Quality,
            6 => Self::TooShort,
            7 => Self::TooYoung,
            8 => Self::InHistory,
            9 => Self::TooLong,
            other => Self::Unfamiliar(other),
        }
    }
}

/// What the server said about the password policy beside its result code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PolicyAnswer {
    /// Seconds until the password expires.
    pub(super) expires_in_secs: Option<u32>,
    /// Sign-ins left although the password has expired.
    pub(super) grace_left: Option<u32>,
    /// The error, if one was named.
    pub(super) error: Option<PolicyError>,
}

/// A response control that cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the password policy control is malformed")]
pub(super) struct Malformed;

/// The request control.  Not critical: a server without policies simply ignores it.
pub(super) fn request() -> RawControl {
    RawControl {
        ctype: OID.to_owned(),
        crit: false,
        val: None,
    }
}

/// The answer among a result's controls; the empty answer if the server sent none.
pub(super) fn answer(controls: &[Control]) -> Result<PolicyAnswer, Malformed> {
    controls
        .iter()
        .find(|Control(_, raw)| raw.ctype == OID)
        .map_or(Ok(PolicyAnswer::default()), |Control(_, raw)| {
            decode(raw.val.as_deref().unwrap_or_default())
        })
}

/// Decodes the control's value.  An empty value means that there is nothing to say.
pub(super) fn decode(value: &[u8]) -> Result<PolicyAnswer, Malformed> {
    let mut answer = PolicyAnswer::default();
    if value.is_empty() {
        return Ok(answer);
    }
    let (sequence, rest) = element(value, 0x30)?;
    if !rest.is_empty() {
        return Err(Malformed);
    }
    let mut rest = sequence;
    if rest.first() == Some(&0xA0) {
        let (warning, after) = element(rest, 0xA0)?;
        match warning.first() {
            Some(0x80) => answer.expires_in_secs = Some(number(only(warning, 0x80)?)?),
            Some(0x81) => answer.grace_left = Some(number(only(warning, 0x81)?)?),
            _ => return Err(Malformed),
        }
        rest = after;
    }
    if !rest.is_empty() {
        answer.error = Some(PolicyError::from_number(number(only(rest, 0x81)?)?));
    }
    Ok(answer)
}

/// One element with the given tag, and what follows it.  389 Directory Server writes lengths in
/// four bytes however small they are, which BER allows (X.690 §8.1.3.5).
fn element(bytes: &[u8], tag: u8) -> Result<(&[u8], &[u8]), Malformed> {
    let (length, rest) = match bytes {
        [found, length, rest @ ..] if *found == tag && *length < 0x80 => (u32::from(*length), rest),
        [found, 0x81, one, rest @ ..] if *found == tag => (u32::from(*one), rest),
        [found, 0x82, a, b, rest @ ..] if *found == tag => {
            (u32::from(u16::from_be_bytes([*a, *b])), rest)
        }
        [found, 0x84, a, b, c, d, rest @ ..] if *found == tag => {
            (u32::from_be_bytes([*a, *b, *c, *d]), rest)
        }
        _ => return Err(Malformed),
    };
    let length = usize::try_from(length).map_err(|_| Malformed)?;
    rest.split_at_checked(length).ok_or(Malformed)
}

fn only(bytes: &[u8], tag: u8) -> Result<&[u8], Malformed> {
    match element(bytes, tag)? {
        (content, []) => Ok(content),
        _ => Err(Malformed),
    }
}

fn number(content: &[u8]) -> Result<u32, Malformed> {
    let significant = match content {
        [0, rest @ ..] => rest,
        whole => whole,
    };
    let is_negative = content.first().is_some_and(|byte| byte & 0x80 != 0);
    if content.is_empty() || is_negative || significant.len() > 4 {
        return Err(Malformed);
    }
    Ok(significant
        .iter()
        .fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_openldap_sends_is_understood() {
        let check = |bytes: &[u8], expires, grace, error| {
            let expected = PolicyAnswer {
                expires_in_secs: expires,
                grace_left: grace,
                error,
            };
            assert_eq!(decode(bytes), Ok(expected), "{bytes:02x?}");
        };
        check(&[], None, None, None);
        check(&[0x30, 0], None, None, None);
        check(
            &[0x30, 3, 0x81, 1, 0],
            None,
            None,
            Some(PolicyError::PasswordExpired),
        );
        check(
            &[0x30, 3, 0x81, 1, 1],
            None,
            None,
            Some(PolicyError::AccountLocked),
        );
        check(
            &[0x30, 3, 0x81, 1, 8],
            None,
            None,
            Some(PolicyError::InHistory),
        );
        check(
            &[0x30, 3, 0x81, 1, 77],
            None,
            None,
            Some(PolicyError::Unfamiliar(77)),
        );
        check(
            &[0x30, 6, 0xA0, 4, 0x80, 2, 3, 0xE8],
            Some(1000),
            None,
            None,
        );
        check(
            &[0x30, 8, 0xA0, 3, 0x81, 1, 2, 0x81, 1, 2],
            None,
            Some(2),
            Some(PolicyError::ChangeAfterReset),
        );
    }

    #[test]
    fn what_389_sends_is_understood() {
        let quality = decode(&[0x30, 0x84, 0, 0, 0, 3, 0x81, 1, 5]).unwrap();
        assert_eq!(quality.error, Some(PolicyError::Quality));
        assert_eq!(decode(&[0x30, 0x81, 3, 0x81, 1, 5]), Ok(quality));
        assert_eq!(decode(&[0x30, 0x82, 0, 3, 0x81, 1, 5]), Ok(quality));
    }

    #[test]
    fn what_is_malformed_is_not_taken_for_silence() {
        for bytes in [
            &[0x30][..],
            &[0x30, 3, 0x81, 1],
            &[0x30, 3, 0x81, 0, 0],
            &[0x30, 3, 0x82, 1, 1],
            &[0x30, 0x80, 0x81, 1, 1],
            &[0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x81, 1, 1],
            &[0x30, 0x84, 0, 0, 0, 2, 0x81, 1, 1],
            &[0x30, 0, 0],
            &[0x30, 3, 0x81, 1, 0xFF],
            &[0x04, 0],
        ] {
            assert_eq!(decode(bytes), Err(Malformed), "{bytes:02x?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = decode(&bytes);
        }
    }
}
