//! What result codes mean.  Every list is closed: what is not in it is never a success.

use keymend_domain::account::AccountState;
use keymend_domain::directory::{
    DirectoryError, MustChange, NoMatch, NotDone, PasswordRules, RuleBroken, SignIn,
};
use keymend_domain::time::Moment;

use super::active_directory;
use super::connect::{Answer, Failure, Step};
use super::control::PolicyError;
use super::dialect::Dialect;
use super::ds389;

/// What a server's answer to a password write means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It says that it wrote.
    Written,
    /// It did not like the new password.
    Refused(Vec<RuleBroken>),
    /// It did not write, for another reason.
    NotDone(NotDone),
    /// It says something from which nothing follows; the entry must be read.
    Doubtful,
}

/// What is known beforehand, for naming the rule that was broken.
#[derive(Debug, Clone, Default)]
pub(super) struct Expected {
    pub(super) rules: PasswordRules,
    /// Code points of the new password.
    pub(super) typed: u32,
    /// Kinds of characters in it, of the five that Active Directory tells apart.
    pub(super) classes: u32,
    /// Rules that the new password breaks by our own reckoning.
    pub(super) predicted: Vec<RuleBroken>,
    pub(super) next_change_from: Option<Moment>,
    /// Whether the person acts, who has just signed in with the current password.
    pub(super) is_change: bool,
}

/// Judges the answer to a password write.
pub(super) fn of_write(dialect: Dialect, answer: &Answer, expected: &Expected) -> Verdict {
    match dialect {
        Dialect::ActiveDirectory => active_directory::of_write(answer, expected),
        Dialect::Ds389 => ds389::of_write(answer, expected),
        _ => of_password_modify(answer, expected),
    }
}

/// Judges the answer to the removal of a lock.
pub(super) fn of_unlock(dialect: Dialect, answer: &Answer) -> Verdict {
    match dialect {
        Dialect::ActiveDirectory => active_directory::of_unlock(answer),
        _ => of_lock_removal(answer.rc),
    }
}

/// Judges the answer to a person's bind.
///
/// `state` is that of the entry: OpenLDAP without `ppolicy_use_lockout` does not say that an
/// account is locked.
pub(super) fn of_sign_in(
    dialect: Dialect,
    answer: &Answer,
    state: &AccountState,
) -> Result<SignIn, Failure> {
    match dialect {
        Dialect::ActiveDirectory => active_directory::of_sign_in(answer),
        Dialect::Ds389 => ds389::of_sign_in(answer, state),
        _ => of_bind(answer, state.is_disabled, state.lock.is_some()),
    }
}

/// Judges the answer to a password modify operation.
pub(super) fn of_password_modify(answer: &Answer, expected: &Expected) -> Verdict {
    match (answer.rc, answer.policy.error) {
        // A success that names a broken rule contradicts itself.
        (0, None | Some(PolicyError::ChangeAfterReset)) => Verdict::Written,
        (0, Some(_)) => Verdict::Doubtful,
        // The server has answered and says that it cannot serve.
        (10 | 51 | 52, _) => Verdict::NotDone(NotDone::Down),
        (19 | 53, Some(error)) => refused(error, expected),
        (19 | 53, None) => Verdict::Refused(vec![RuleBroken::Unsaid]),
        (32, _) => Verdict::NotDone(NotDone::Gone),
        (49, _) if expected.is_change => Verdict::NotDone(NotDone::WrongCurrent),
        // 8, 13: the connection is not safe enough for the server; 48, 49: the sign-in of the
        // service account is not valid any more; 50: the right is missing.
        (8 | 13 | 48 | 49 | 50, _) => Verdict::NotDone(NotDone::Rights),
        _ => Verdict::Doubtful,
    }
}

fn refused(error: PolicyError, expected: &Expected) -> Verdict {
    let rules = &expected.rules;
    let broken = match error {
        PolicyError::TooShort => RuleBroken::Short {
            least: rules.length_min,
            typed: expected.typed,
        },
        PolicyError::TooLong => RuleBroken::Long {
            most: rules.length_max.unwrap_or(expected.typed),
        },
        PolicyError::InHistory => RuleBroken::History {
            remembered: rules.history,
        },
        PolicyError::TooYoung => RuleBroken::Young {
            from: expected.next_change_from,
        },
        PolicyError::Quality | PolicyError::Unfamiliar(_) => RuleBroken::Unsaid,
        PolicyError::ModNotAllowed => return Verdict::NotDone(NotDone::Protected),
        PolicyError::MustSupplyOld => return Verdict::NotDone(NotDone::Rights),
        // These are said to sign-ins, not to writes.
        PolicyError::PasswordExpired
        | PolicyError::AccountLocked
        | PolicyError::ChangeAfterReset => return Verdict::Doubtful,
    };
    Verdict::Refused(vec![broken])
}

/// Judges the answer to the removal of `pwdAccountLockedTime`.
fn of_lock_removal(rc: u32) -> Verdict {
    match rc {
        0 => Verdict::Written,
        10 | 51 | 52 => Verdict::NotDone(NotDone::Down),
        // noSuchAttribute: somebody else was quicker.
        16 => Verdict::NotDone(NotDone::NotLocked),
        32 => Verdict::NotDone(NotDone::Gone),
        8 | 13 | 48 | 49 | 50 => Verdict::NotDone(NotDone::Rights),
        _ => Verdict::Doubtful,
    }
}

/// Judges the answer to a bind by the control that came with it.
pub(super) fn of_bind(
    answer: &Answer,
    is_disabled: bool,
    is_locked: bool,
) -> Result<SignIn, Failure> {
    let error = answer.policy.error;
    let sign_in = match (answer.rc, error) {
        (0, Some(PolicyError::ChangeAfterReset)) => SignIn::MustChange(MustChange::Demanded),
        (0, Some(PolicyError::PasswordExpired)) => SignIn::MustChange(MustChange::Expired),
        (0, None) if answer.policy.grace_left.is_some() => SignIn::MustChange(MustChange::Expired),
        (0, None) => SignIn::Accepted,
        // OpenLDAP says this for the right password alone.
        (49, Some(PolicyError::PasswordExpired)) => SignIn::MustChange(MustChange::Expired),
        (49, _) if is_disabled => SignIn::NoMatch(NoMatch::Disabled),
        (49, Some(PolicyError::AccountLocked)) => SignIn::NoMatch(NoMatch::Locked),
        (49, _) if is_locked => SignIn::NoMatch(NoMatch::Locked),
        (49, None) => SignIn::NoMatch(NoMatch::Wrong),
        // 48: the entry has no password; 53: the server will not let this entry sign in.
        (32 | 48 | 53, _) => SignIn::NoMatch(NoMatch::Unsaid),
        (51 | 52, _) => return Err(Failure::down(Step::SignIn, format!("result {}", answer.rc))),
        (rc, _) => return Err(Failure::strange(Step::SignIn, format!("result {rc}"))),
    };
    Ok(sign_in)
}

/// Judges the result code of a search; `sizeLimitExceeded` still brings entries.
pub(super) fn of_search(rc: u32) -> Result<(), Failure> {
    match rc {
        0 | 4 => Ok(()),
        32 | 50 => Err(Failure::rights(
            Step::Search,
            format!("search below the base (result {rc})"),
        )),
        51 | 52 => Err(Failure::down(Step::Search, format!("result {rc}"))),
        10 => Err(Failure::strange(
            Step::Search,
            "the base is on another server (result 10); correct base",
        )),
        _ => Err(Failure::strange(Step::Search, format!("result {rc}"))),
    }
}

/// What a failure before anything was sent means for an order.
pub(super) fn of_failure(error: &DirectoryError) -> NotDone {
    match error {
        DirectoryError::Rights { .. } => NotDone::Rights,
        DirectoryError::Down { .. }
        | DirectoryError::Trust { .. }
        | DirectoryError::Strange { .. } => NotDone::Down,
    }
}

#[cfg(test)]
mod tests {
    use super::super::control::PolicyAnswer;
    use super::*;

    fn answer(rc: u32, error: Option<PolicyError>) -> Answer {
        let policy = PolicyAnswer {
            error,
            ..PolicyAnswer::default()
        };
        Answer {
            rc,
            text: String::new(),
            policy,
        }
    }

    fn expected() -> Expected {
        let rules = PasswordRules {
            length_min: 10,
            history: 5,
            ..PasswordRules::default()
        };
        Expected {
            rules,
            typed: 4,
            classes: 1,
            predicted: Vec::new(),
            next_change_from: Some(Moment(7)),
            is_change: false,
        }
    }

    #[test]
    fn only_an_unclouded_success_is_a_success() {
        for rc in 0..200 {
            for error in (0..12).map(error_of) {
                let is_written =
                    of_password_modify(&answer(rc, error), &expected()) == Verdict::Written;
                let may_be = rc == 0 && matches!(error, None | Some(PolicyError::ChangeAfterReset));
                assert_eq!(is_written, may_be, "{rc} {error:?}");
            }
            assert_eq!(of_lock_removal(rc) == Verdict::Written, rc == 0);
        }
    }

    fn error_of(number: u8) -> Option<PolicyError> {
        let value = [0x30, 3, 0x81, 1, number];
        if number == 11 {
            None
        } else {
            super::super::control::decode(&value).unwrap().error
        }
    }

    #[test]
    fn a_broken_rule_is_named() {
        let check = |error, broken: RuleBroken| {
            let verdict = of_password_modify(&answer(19, Some(error)), &expected());
            assert_eq!(verdict, Verdict::Refused(vec![broken]), "{error:?}");
        };
        check(
            PolicyError::TooShort,
            RuleBroken::Short {
                least: 10,
                typed: 4,
            },
        );
        check(
            PolicyError::InHistory,
            RuleBroken::History { remembered: 5 },
        );
        let from = Some(Moment(7));
        check(PolicyError::TooYoung, RuleBroken::Young { from });
        check(PolicyError::Quality, RuleBroken::Unsaid);
        check(PolicyError::Unfamiliar(40), RuleBroken::Unsaid);
    }

    #[test]
    fn other_answers_to_a_write() {
        let check = |rc, is_change, verdict: Verdict| {
            let expected = Expected {
                is_change,
                ..expected()
            };
            assert_eq!(
                of_password_modify(&answer(rc, None), &expected),
                verdict,
                "{rc}"
            );
        };
        check(53, false, Verdict::Refused(vec![RuleBroken::Unsaid]));
        check(49, true, Verdict::NotDone(NotDone::WrongCurrent));
        check(49, false, Verdict::NotDone(NotDone::Rights));
        check(50, false, Verdict::NotDone(NotDone::Rights));
        check(51, false, Verdict::NotDone(NotDone::Down));
        check(10, false, Verdict::NotDone(NotDone::Down));
        check(32, false, Verdict::NotDone(NotDone::Gone));
        for rc in [1, 2, 3, 11, 16, 65, 80, 4096] {
            check(rc, false, Verdict::Doubtful);
        }
    }

    #[test]
    fn sign_ins_are_told_apart() {
        let check = |rc, error, sign_in| {
            assert_eq!(
                of_bind(&answer(rc, error), false, false),
                Ok(sign_in),
                "{rc} {error:?}"
            );
        };
        check(0, None, SignIn::Accepted);
        let demanded = SignIn::MustChange(MustChange::Demanded);
        check(0, Some(PolicyError::ChangeAfterReset), demanded);
        let expired = SignIn::MustChange(MustChange::Expired);
        check(49, Some(PolicyError::PasswordExpired), expired);
        check(49, None, SignIn::NoMatch(NoMatch::Wrong));
        let locked = SignIn::NoMatch(NoMatch::Locked);
        check(49, Some(PolicyError::AccountLocked), locked);
        assert_eq!(of_bind(&answer(49, None), false, true), Ok(locked));
        let disabled = SignIn::NoMatch(NoMatch::Disabled);
        assert_eq!(of_bind(&answer(49, None), true, true), Ok(disabled));
        check(48, None, SignIn::NoMatch(NoMatch::Unsaid));
        assert!(of_bind(&answer(51, None), false, false).is_err());
        assert!(of_bind(&answer(80, None), false, false).is_err());
        assert!(of_bind(&answer(0, Some(PolicyError::AccountLocked)), false, false).is_err());
    }
}
