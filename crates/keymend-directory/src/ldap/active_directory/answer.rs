//! What a domain controller's answers mean.
//!
//! The result code of one and the same refusal differs between servers and versions; the number
//! in front of the text does not.  It is a Windows error code (MS-ERREF 2.2), or for a sign-in
//! the one behind `data`.  Samba says in words which password rule was broken; Windows does not.

use keymend_domain::directory::{MustChange, NoMatch, NotDone, RuleBroken, SignIn};

use crate::ldap::connect::{Answer, Failure, Step};
use crate::ldap::verdict::{Expected, Verdict};

/// Windows error codes (MS-ERREF 2.2).
mod code {
    pub(super) const ACCESS_DENIED: u32 = 0x5;
    pub(super) const INVALID_PASSWORD: u32 = 0x56;
    pub(super) const PASSWORD_RESTRICTION: u32 = 0x52D;
    pub(super) const ACCOUNT_LOCKED_OUT: u32 = 0x775;
    pub(super) const NO_SUCH_OBJECT: u32 = 0x2030;
    pub(super) const ENCRYPTION_WANTED: u32 = 0x2077;
    pub(super) const GEN_FAILURE: u32 = 0x1F;
    pub(super) const INSUFFICIENT_RIGHTS: u32 = 0x2098;
}

/// The number in front of a diagnostic text: eight hexadecimal digits and a colon.
fn code(text: &str) -> Option<u32> {
    let (digits, _) = text.split_once(':')?;
    let is_code = digits.len() == 8 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| is_code)
}

/// The number behind `data` in the text of a refused sign-in.
fn data(text: &str) -> Option<u32> {
    let (_, after) = text.split_once(", data ")?;
    let digits = after.split([',', ' ']).next()?;
    u32::from_str_radix(digits, 16).ok()
}

/// Judges the answer to a person's bind.
///
/// 530 to 533, 701 and 773 are said for the right password alone, 775 for any.
pub(in crate::ldap) fn of_sign_in(answer: &Answer) -> Result<SignIn, Failure> {
    let sign_in = match (answer.rc, data(&answer.text)) {
        (0, _) => SignIn::Accepted,
        (49, Some(0x530 | 0x531)) => SignIn::NotHere,
        (49, Some(0x532)) => SignIn::MustChange(MustChange::Expired),
        (49, Some(0x533 | 0x701)) => SignIn::Unusable,
        (49, Some(0x773)) => SignIn::MustChange(MustChange::Demanded),
        (49, Some(0x775)) => SignIn::NoMatch(NoMatch::Locked),
        (49, Some(0x52E)) => SignIn::NoMatch(NoMatch::Wrong),
        (32 | 49 | 53, _) => SignIn::NoMatch(NoMatch::Unsaid),
        (51 | 52, _) => return Err(Failure::down(Step::SignIn, format!("result {}", answer.rc))),
        (rc, _) => return Err(Failure::strange(Step::SignIn, format!("result {rc}"))),
    };
    Ok(sign_in)
}

/// Why the service account was not let in, as far as the text of the answer tells; what is said
/// of a wrong password is said of an unknown name too.
pub(in crate::ldap) fn why_not_let_in(text: &str) -> Option<&'static str> {
    Some(match data(text)? {
        0x52E => "its name or its password is wrong (data 52e)",
        0x530 => "it may not sign in at this time (data 530)",
        0x531 => "it may not sign in from this machine (data 531)",
        0x532 => "its password has expired (data 532)",
        0x533 => "it is disabled (data 533)",
        0x701 => "it has expired (data 701)",
        0x773 => "it must change its password first (data 773)",
        0x775 => "it is locked by wrong passwords (data 775)",
        _ => return None,
    })
}

/// Judges the answer to a password write.
pub(in crate::ldap) fn of_write(answer: &Answer, expected: &Expected) -> Verdict {
    match (answer.rc, code(&answer.text)) {
        (0, _) => Verdict::Written,
        (_, Some(code::PASSWORD_RESTRICTION)) => {
            Verdict::Refused(vec![broken(&answer.text, expected)])
        }
        (_, Some(code::INVALID_PASSWORD | code::ACCOUNT_LOCKED_OUT)) if expected.is_change => {
            Verdict::NotDone(NotDone::WrongCurrent)
        }
        (_, Some(code::GEN_FAILURE | code::ENCRYPTION_WANTED)) => Verdict::NotDone(NotDone::Rights),
        // The policy hints were offered when the connection was made, and are not any more.
        (12, _) => Verdict::NotDone(NotDone::Down),
        // A password filter may refuse with a number of its own.
        (19, _) => Verdict::Refused(vec![RuleBroken::Unsaid]),
        _ => other(answer),
    }
}

/// Judges the answer to the removal of a lock.
pub(in crate::ldap) fn of_unlock(answer: &Answer) -> Verdict {
    match answer.rc {
        0 => Verdict::Written,
        _ => other(answer),
    }
}

/// What any write may be answered with.
fn other(answer: &Answer) -> Verdict {
    match (answer.rc, code(&answer.text)) {
        (_, Some(code::ACCESS_DENIED | code::INSUFFICIENT_RIGHTS)) | (8 | 13 | 48 | 49 | 50, _) => {
            Verdict::NotDone(NotDone::Rights)
        }
        (32, _) | (_, Some(code::NO_SUCH_OBJECT)) => Verdict::NotDone(NotDone::Gone),
        // 10: a controller that only reads names another one.
        (10 | 51 | 52, _) => Verdict::NotDone(NotDone::Down),
        _ => Verdict::Doubtful,
    }
}

/// The rule that was broken: as the text says it, else as the known rules let it be told.
fn broken(text: &str, expected: &Expected) -> RuleBroken {
    let rules = &expected.rules;
    let short = RuleBroken::Short {
        least: rules.length_min,
        typed: expected.typed,
    };
    let young = RuleBroken::Young {
        from: expected.next_change_from,
    };
    let classes = RuleBroken::Classes {
        needed: rules.classes_min,
        used: expected.classes,
    };
    let is_simple = expected.classes < rules.classes_min;
    if text.contains("too short") {
        short
    } else if text.contains("too young") {
        young
    } else if text.contains("already used") {
        RuleBroken::History {
            remembered: rules.history,
        }
    } else if text.contains("complexity") {
        // A filter of the installer's own is reported in the same words.
        if is_simple {
            classes
        } else {
            RuleBroken::Unsaid
        }
    } else if expected.typed < rules.length_min {
        short
    } else if expected.next_change_from.is_some() {
        young
    } else if is_simple {
        classes
    } else {
        RuleBroken::Unsaid
    }
}

#[cfg(test)]
mod tests {
    use keymend_domain::directory::PasswordRules;
    use keymend_domain::time::Moment;

    use super::*;

    fn answer(rc: u32, text: &str) -> Answer {
        Answer {
            rc,
            text: text.to_owned(),
            policy: Default::default(),
        }
    }

    fn expected() -> Expected {
        Expected {
            rules: PasswordRules {
                length_min: 10,
                classes_min: 3,
                history: 5,
                ..PasswordRules::default()
            },
            typed: 12,
            classes: 4,
            predicted: Vec::new(),
            next_change_from: None,
            is_change: false,
        }
    }

    fn windows(number: &str) -> Answer {
        let text =
            format!("{number}: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0");
        answer(53, &text)
    }

    #[test]
    fn the_number_decides_and_not_the_result_code() {
        let check = |text: &str, found| assert_eq!(code(text), found, "{text}");
        check(
            "0000052D: Constraint violation - check_password",
            Some(0x52D),
        );
        check("0000052d: SvcErr", Some(0x52D));
        check("80090308: LdapErr: DSID-0C0903A9", Some(0x8009_0308));
        check("error in module acl: insufficient access rights", None);
        check("+000052D: x", None);
        check("", None);
        for rc in [19, 53] {
            let text = "0000052D: Unwilling to perform - check_password_restrictions: the password was already used (in history)!";
            let history = Verdict::Refused(vec![RuleBroken::History { remembered: 5 }]);
            assert_eq!(of_write(&answer(rc, text), &expected()), history);
        }
    }

    #[test]
    fn a_rule_is_named_by_the_text_or_by_what_is_known() {
        let check = |text: &str, expected: Expected, rule: RuleBroken| {
            let verdict = of_write(&answer(19, text), &expected);
            assert_eq!(verdict, Verdict::Refused(vec![rule]), "{text}");
        };
        let from = Some(Moment(7));
        let young = || Expected {
            next_change_from: from,
            ..expected()
        };
        let short = || Expected {
            typed: 4,
            ..expected()
        };
        let simple = || Expected {
            classes: 2,
            ..expected()
        };
        let is_short = RuleBroken::Short {
            least: 10,
            typed: 4,
        };
        let is_simple = RuleBroken::Classes { needed: 3, used: 2 };
        check(
            "0000052D: x: password is too young to change!",
            young(),
            RuleBroken::Young { from },
        );
        check(
            "0000052D: x: the password is too short.",
            short(),
            is_short.clone(),
        );
        let complexity = "0000052D: x: the password does not meet the complexity criteria!";
        check(complexity, simple(), is_simple.clone());
        check(complexity, expected(), RuleBroken::Unsaid);
        let silent = "0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0";
        check(silent, short(), is_short);
        check(silent, young(), RuleBroken::Young { from });
        check(silent, simple(), is_simple);
        check(silent, expected(), RuleBroken::Unsaid);
    }

    #[test]
    fn other_refusals_are_told_apart() {
        let check = |answer: &Answer, is_change, verdict: Verdict| {
            let expected = Expected {
                is_change,
                ..expected()
            };
            assert_eq!(of_write(answer, &expected), verdict, "{answer:?}");
        };
        let rights = || Verdict::NotDone(NotDone::Rights);
        let old = answer(19, "00000056: The old password specified doesn't match!");
        check(&old, true, Verdict::NotDone(NotDone::WrongCurrent));
        check(&windows("0000001F"), false, rights());
        check(&windows("00000005"), false, rights());
        check(
            &answer(50, "00002098: Object has no write property access"),
            false,
            rights(),
        );
        check(
            &answer(50, "error in module acl: insufficient access rights"),
            false,
            rights(),
        );
        check(
            &answer(32, "00002030: No such object"),
            false,
            Verdict::NotDone(NotDone::Gone),
        );
        check(&answer(12, ""), false, Verdict::NotDone(NotDone::Down));
        check(
            &answer(10, "0000202B: RefErr"),
            false,
            Verdict::NotDone(NotDone::Down),
        );
        check(
            &answer(19, "deadbeef"),
            false,
            Verdict::Refused(vec![RuleBroken::Unsaid]),
        );
        check(&windows("00002035"), false, Verdict::Doubtful);
        check(&answer(1, ""), false, Verdict::Doubtful);
    }

    #[test]
    fn only_a_success_is_a_success() {
        for rc in 1..200 {
            for text in ["", "0000052D: x", "00000000: x", "00000056: x"] {
                let answer = answer(rc, text);
                assert_ne!(of_write(&answer, &expected()), Verdict::Written);
                assert_ne!(of_unlock(&answer), Verdict::Written);
                assert_ne!(of_sign_in(&answer), Ok(SignIn::Accepted));
            }
        }
    }

    #[test]
    fn sign_ins_are_told_apart_by_their_sub_code() {
        let check = |data: &str, sign_in| {
            let text = format!(
                "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data {data}, v1db1"
            );
            assert_eq!(of_sign_in(&answer(49, &text)), Ok(sign_in), "{data}");
        };
        check("52e", SignIn::NoMatch(NoMatch::Wrong));
        check("525", SignIn::NoMatch(NoMatch::Unsaid));
        check("530", SignIn::NotHere);
        check("531", SignIn::NotHere);
        check("532", SignIn::MustChange(MustChange::Expired));
        check("533", SignIn::Unusable);
        check("701", SignIn::Unusable);
        check("773", SignIn::MustChange(MustChange::Demanded));
        check("775", SignIn::NoMatch(NoMatch::Locked));
        check("8", SignIn::NoMatch(NoMatch::Unsaid));
        assert_eq!(of_sign_in(&answer(0, "")), Ok(SignIn::Accepted));
        assert!(of_sign_in(&answer(52, "")).is_err());
        assert!(of_sign_in(&answer(8, "")).is_err());
    }
}
