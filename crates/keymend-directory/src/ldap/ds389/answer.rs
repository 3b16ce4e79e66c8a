//! What this server's answers mean, where they differ from OpenLDAP's.

use keymend_domain::account::AccountState;
use keymend_domain::directory::{NoMatch, RuleBroken, SignIn};

use crate::ldap::connect::{Answer, Failure};
use crate::ldap::control::PolicyError;
use crate::ldap::verdict::{self, Expected, Verdict};

/// Judges the answer to a password modify operation.
///
/// "Fails the quality check" stands for everything that is checked in the password itself: its
/// length, its kinds of characters, the person's names in it.  Which it was is worked out.  The
/// current password is refused without a word.
pub(in crate::ldap) fn of_write(answer: &Answer, expected: &Expected) -> Verdict {
    match (answer.rc, answer.policy.error) {
        (19, Some(PolicyError::Quality)) if !expected.predicted.is_empty() => {
            Verdict::Refused(expected.predicted.clone())
        }
        (19, None) if expected.rules.history > 0 && expected.predicted.is_empty() => {
            Verdict::Refused(vec![RuleBroken::History {
                remembered: expected.rules.history,
            }])
        }
        _ => verdict::of_password_modify(answer, expected),
    }
}

/// Judges the answer to a bind.
pub(in crate::ldap) fn of_sign_in(
    answer: &Answer,
    state: &AccountState,
) -> Result<SignIn, Failure> {
    match (answer.rc, answer.policy.error) {
        // "Exceed password retry limit", whatever the password.
        (19, _) => Ok(SignIn::NoMatch(NoMatch::Locked)),
        // "Account inactivated", whatever the password, so that nothing follows for it.
        (53, _) => Ok(SignIn::NoMatch(NoMatch::Disabled)),
        _ => verdict::of_bind(answer, state.is_disabled, state.lock.is_some()),
    }
}

#[cfg(test)]
mod tests {
    use keymend_domain::directory::{MustChange, PasswordRules};

    use super::*;
    use crate::ldap::control::PolicyAnswer;

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

    #[test]
    fn refusals_are_worked_out() {
        let short = RuleBroken::Short {
            least: 10,
            typed: 4,
        };
        let mut expected = Expected {
            rules: PasswordRules {
                history: 5,
                ..PasswordRules::default()
            },
            predicted: vec![short.clone()],
            ..Expected::default()
        };
        let quality = answer(19, Some(PolicyError::Quality));
        assert_eq!(of_write(&quality, &expected), Verdict::Refused(vec![short]));
        expected.predicted.clear();
        let unsaid = Verdict::Refused(vec![RuleBroken::Unsaid]);
        assert_eq!(of_write(&quality, &expected), unsaid);
        let history = RuleBroken::History { remembered: 5 };
        let silent = answer(19, None);
        assert_eq!(
            of_write(&silent, &expected),
            Verdict::Refused(vec![history.clone()])
        );
        let named = answer(19, Some(PolicyError::InHistory));
        assert_eq!(of_write(&named, &expected), Verdict::Refused(vec![history]));
        expected.rules.history = 0;
        assert_eq!(of_write(&silent, &expected), unsaid);
    }

    #[test]
    fn only_an_unclouded_success_is_a_success() {
        for rc in 0..200 {
            let written = of_write(&answer(rc, None), &Expected::default()) == Verdict::Written;
            assert_eq!(written, rc == 0, "{rc}");
            let clouded = answer(rc, Some(PolicyError::Quality));
            assert_ne!(of_write(&clouded, &Expected::default()), Verdict::Written);
        }
    }

    #[test]
    fn sign_ins_are_told_apart() {
        let check = |rc, error, said| {
            let state = AccountState::default();
            assert_eq!(of_sign_in(&answer(rc, error), &state), Ok(said), "{rc}");
        };
        check(0, None, SignIn::Accepted);
        let demanded = SignIn::MustChange(MustChange::Demanded);
        check(0, Some(PolicyError::ChangeAfterReset), demanded);
        let locked = SignIn::NoMatch(NoMatch::Locked);
        check(19, Some(PolicyError::AccountLocked), locked);
        check(19, None, locked);
        let disabled = SignIn::NoMatch(NoMatch::Disabled);
        check(53, Some(PolicyError::AccountLocked), disabled);
        check(53, None, disabled);
        let expired = SignIn::MustChange(MustChange::Expired);
        check(49, Some(PolicyError::PasswordExpired), expired);
        check(49, None, SignIn::NoMatch(NoMatch::Wrong));
    }
}
